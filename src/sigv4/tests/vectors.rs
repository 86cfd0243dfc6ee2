//! The examples that AWS itself publishes: S3's documentation of version 4 and 2, and the version 4
//! test suite.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use cumulet_core::Timestamp;
use cumulet_sigv4::{
    Check, MAX_SKEW, Payload, SignatureError, Signer, check_expiry, parse, parse_form, sha256_hex,
    verify, verify_form,
};
use http::request::Parts;
use sha2::Digest as _;
use std::time::Duration;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const MAY_24: Timestamp = Timestamp::from_secs(1_369_353_600);
const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn request(method: &str, uri: &str, headers: &[(&str, &str)]) -> Parts {
    let mut request = http::Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

fn check(parts: &Parts, now: Timestamp, bucket: Option<&str>) -> Result<(), SignatureError> {
    let signature = parse(parts)?.expect("a signature");
    let payload = Payload::Declared;
    verify(&signature, parts, &Check { secret: SECRET, now, payload, host_bucket: bucket })
}

fn v4(signed: &str, signature: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,\
         SignedHeaders={signed},Signature={signature}"
    )
}

fn get(uri: &str, signature: &str) -> Parts {
    request(
        "GET",
        uri,
        &[
            ("host", "examplebucket.s3.amazonaws.com"),
            ("x-amz-content-sha256", EMPTY),
            ("x-amz-date", "20130524T000000Z"),
            ("authorization", &v4("host;x-amz-content-sha256;x-amz-date", signature)),
        ],
    )
}

#[test]
fn s3_get_object() {
    let signature = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41";
    let authorization = v4("host;range;x-amz-content-sha256;x-amz-date", signature);
    let parts = request(
        "GET",
        "/test.txt",
        &[
            ("host", "examplebucket.s3.amazonaws.com"),
            ("range", "bytes=0-9"),
            ("x-amz-content-sha256", EMPTY),
            ("x-amz-date", "20130524T000000Z"),
            ("authorization", &authorization),
        ],
    );
    assert_eq!(check(&parts, MAY_24, None), Ok(()));
    let signature = parse(&parts).unwrap().unwrap();
    assert_eq!(signature.credential.access_key(), "AKIAIOSFODNN7EXAMPLE");
    assert_eq!(signature.credential.region(), Some("us-east-1"));
    assert_eq!(signature.credential.service(), Some("s3"));
}

#[test]
fn s3_put_object() {
    let signature = "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd";
    let signed = "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class";
    let parts = request(
        "PUT",
        "/test$file.text",
        &[
            ("host", "examplebucket.s3.amazonaws.com"),
            ("date", "Fri, 24 May 2013 00:00:00 GMT"),
            ("authorization", &v4(signed, signature)),
            ("x-amz-date", "20130524T000000Z"),
            ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
            ("x-amz-content-sha256", &sha256_hex(b"Welcome to Amazon S3.")),
        ],
    );
    assert_eq!(check(&parts, MAY_24.plus(MAX_SKEW), None), Ok(()));
}

#[test]
fn s3_sub_resource_and_query() {
    for (uri, signature) in [
        ("/?lifecycle", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        (
            "/?max-keys=2&prefix=J",
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
    ] {
        assert_eq!(check(&get(uri, signature), MAY_24, None), Ok(()), "{uri}");
        assert!(check(&get("/?other", signature), MAY_24, None).is_err());
    }
}

const PRESIGNED: &str = "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256\
    &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
    &X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host\
    &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";

#[test]
fn s3_presigned_url() {
    let parts = request("GET", PRESIGNED, &[("host", "examplebucket.s3.amazonaws.com")]);
    assert_eq!(check(&parts, MAY_24.plus(Duration::from_secs(80_000)), None), Ok(()));
    let signature = parse(&parts).unwrap().unwrap();
    assert_eq!(check_expiry(&signature, MAY_24.plus(Duration::from_secs(86_400))), Ok(()));
    assert!(check_expiry(&signature, MAY_24.plus(Duration::from_secs(86_401))).is_err());
}

#[test]
fn presign_makes_the_documented_url() {
    let signer = Signer {
        access_key: "AKIAIOSFODNN7EXAMPLE",
        secret: SECRET,
        session_token: None,
        region: "us-east-1",
        service: "s3",
    };
    let mut parts = request("GET", "https://examplebucket.s3.amazonaws.com/test.txt", &[]);
    signer.presign(&mut parts, Duration::from_hours(24), MAY_24).unwrap();
    assert_eq!(parts.uri.path_and_query().unwrap(), PRESIGNED);
}

#[test]
fn s3_post_form() {
    let policy = "eyAiZXhwaXJhdGlvbiI6ICIyMDE1LTEyLTMwVDEyOjAwOjAwLjAwMFoiLA0KICAiY29uZGl0aW9ucyI6IFsNCiAgICB7ImJ1Y2tldCI6ICJzaWd2NGV4YW1wbGVidWNrZXQifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRrZXkiLCAidXNlci91c2VyMS8iXSwNCiAgICB7ImFjbCI6ICJwdWJsaWMtcmVhZCJ9LA0KICAgIHsic3VjY2Vzc19hY3Rpb25fcmVkaXJlY3QiOiAiaHR0cDovL3NpZ3Y0ZXhhbXBsZWJ1Y2tldC5zMy5hbWF6b25hd3MuY29tL3N1Y2Nlc3NmdWxfdXBsb2FkLmh0bWwifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRDb250ZW50LVR5cGUiLCAiaW1hZ2UvIl0sDQogICAgeyJ4LWFtei1tZXRhLXV1aWQiOiAiMTQzNjUxMjM2NTEyNzQifSwNCiAgICB7IngtYW16LXNlcnZlci1zaWRlLWVuY3J5cHRpb24iOiAiQUVTMjU2In0sDQogICAgWyJzdGFydHMtd2l0aCIsICIkeC1hbXotbWV0YS10YWciLCAiIl0sDQoNCiAgICB7IngtYW16LWNyZWRlbnRpYWwiOiAiQUtJQUlPU0ZPRE5ON0VYQU1QTEUvMjAxNTEyMjkvdXMtZWFzdC0xL3MzL2F3czRfcmVxdWVzdCJ9LA0KICAgIHsieC1hbXotYWxnb3JpdGhtIjogIkFXUzQtSE1BQy1TSEEyNTYifSwNCiAgICB7IngtYW16LWRhdGUiOiAiMjAxNTEyMjlUMDAwMDAwWiIgfQ0KICBdDQp9";
    let fields = [
        ("policy", policy),
        ("x-amz-algorithm", "AWS4-HMAC-SHA256"),
        ("x-amz-credential", "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request"),
        ("x-amz-date", "20151229T000000Z"),
        ("x-amz-signature", "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e"),
    ];
    let field =
        |name: &str| fields.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| *v);
    let signature = parse_form(field).unwrap().unwrap();
    assert_eq!(verify_form(&signature, policy, SECRET), Ok(()));
    assert!(verify_form(&signature, "e30=", SECRET).is_err());
    let without_date =
        |name: &str| if name.eq_ignore_ascii_case("x-amz-date") { None } else { field(name) };
    assert_eq!(parse_form(without_date), Err(SignatureError::FormField { field: "X-Amz-Date" }));
    assert_eq!(parse_form(|_| None), Ok(None));
}

#[test]
fn s3_post_form_of_version_2() {
    let policy = "eyAiZXhwaXJhdGlvbiI6ICIyMDA3LTEyLTAxVDEyOjAwOjAwLjAwMFoiLAogICJjb25kaXRpb25zIjogWwogICAgeyJidWNrZXQiOiAiam9obnNtaXRoIiB9LAogICAgWyJzdGFydHMtd2l0aCIsICIka2V5IiwgInVzZXIvZXJpYy8iXSwKICAgIHsiYWNsIjogInB1YmxpYy1yZWFkIiB9LAogICAgeyJyZWRpcmVjdCI6ICJodHRwOi8vam9obnNtaXRoLnMzLmFtYXpvbmF3cy5jb20vc3VjY2Vzc2Z1bF91cGxvYWQuaHRtbCIgfSwKICAgIFsic3RhcnRzLXdpdGgiLCAiJENvbnRlbnQtVHlwZSIsICJpbWFnZS8iXSwKICAgIHsieC1hbXotbWV0YS11dWlkIjogIjE0MzY1MTIzNjUxMjc0In0sCiAgICBbInN0YXJ0cy13aXRoIiwgIiR4LWFtei1tZXRhLXRhZyIsICIiXSwKICBdCn0K";
    let fields = [
        ("AWSAccessKeyId", "15B4D3461F177624206A"),
        ("policy", policy),
        ("signature", "2qCp0odXe7A9IYyUVqn0w2adtCA="),
    ];
    let field =
        |name: &str| fields.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| *v);
    let signature = parse_form(field).unwrap().unwrap();
    let secret = "uV3F3YluFJax1cknvbcGwgjvx4QpvB+leU8dUj2o";
    assert_eq!(verify_form(&signature, policy, secret), Ok(()));
}

/// Request line, bucket if the host names it, signature, headers by line.
const V2: [(&str, Option<&str>, &str, &str); 9] = [
    (
        "GET /photos/puppy.jpg",
        Some("awsexamplebucket1"),
        "qgk2+6Sv9/oM7G3qLEjTH1a1l1g=",
        "date: Tue, 27 Mar 2007 19:36:42 +0000",
    ),
    (
        "PUT /photos/puppy.jpg",
        Some("awsexamplebucket1"),
        "iqRzw+ileNPu1fhspnRs8nOjjIA=",
        "content-type: image/jpeg\ndate: Tue, 27 Mar 2007 21:15:45 +0000",
    ),
    (
        "GET /?prefix=photos&max-keys=50&marker=puppy",
        Some("awsexamplebucket1"),
        "m0WP8eCtspQl5Ahe6L1SozdX9YA=",
        "user-agent: Mozilla/5.0\ndate: Tue, 27 Mar 2007 19:42:41 +0000",
    ),
    (
        "GET /?acl",
        Some("awsexamplebucket1"),
        "82ZHiFIjc+WbcwFKGUVEQspPn+0=",
        "date: Tue, 27 Mar 2007 19:44:46 +0000",
    ),
    (
        "DELETE /awsexamplebucket1/photos/puppy.jpg",
        None,
        "XbyTlbQdu9Xw5o8P4iMwPktxQd8=",
        "date: Tue, 27 Mar 2007 21:20:26 +0000",
    ),
    (
        "PUT /db-backup.dat.gz",
        Some("static.example.com"),
        "jtBQa0Aq+DkULFI8qrpwIjGEx0E=",
        "content-type: application/x-download\ncontent-md5: 4gJE4saaMU4BqNR0kLY+lw==\n\
         x-amz-acl: public-read\nx-amz-meta-reviewedby: joe@example.com\n\
         x-amz-meta-reviewedby: jane@example.com\nx-amz-meta-filechecksum: 0x02661779\n\
         x-amz-meta-checksumalgorithm: crc32\ndate: Tue, 27 Mar 2007 21:06:08 +0000",
    ),
    ("GET /", None, "qGdzdERIC03wnaRNKh6OqZehG9s=", "date: Wed, 28 Mar 2007 01:29:59 +0000"),
    (
        "GET /dictionary/fran%C3%A7ais/pr%c3%a9f%c3%a8re",
        None,
        "DNEZGsoieTZ92F3bUfSPQcbGmlM=",
        "date: Wed, 28 Mar 2007 01:49:49 +0000",
    ),
    // Not documented: botocore keeps spaces within values and ends a bucket by a slash.
    (
        "GET /b?acl",
        None,
        "jJjOvaLX7YL4RNT+JJq+szsiX/s=",
        "x-amz-meta-a:  x  y \ndate: Tue, 27 Mar 2007 19:36:42 +0000",
    ),
];

#[test]
fn s3_version_2() {
    for (line, bucket, signature, headers) in V2 {
        let (method, uri) = line.split_once(' ').unwrap();
        let authorization = format!("AWS AKIAIOSFODNN7EXAMPLE:{signature}");
        let mut headers: Vec<_> =
            headers.lines().map(|header| header.split_once(": ").unwrap()).collect();
        headers.push(("authorization", &authorization));
        let parts = request(method, uri, &headers);
        let now = parse(&parts).unwrap().unwrap().signed_at.unwrap();
        assert_eq!(check(&parts, now, bucket), Ok(()), "{line}");
        assert!(check(&parts, now, Some("other")).is_err());
    }
}

#[test]
fn s3_presigned_version_2() {
    let uri = "/photos/puppy.jpg?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Expires=1175139620\
               &Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D";
    let parts = request("GET", uri, &[("host", "johnsmith.s3.amazonaws.com")]);
    assert_eq!(check(&parts, MAY_24, Some("johnsmith")), Ok(()));
    let signature = parse(&parts).unwrap().unwrap();
    assert_eq!(check_expiry(&signature, Timestamp::from_secs(1_175_139_620)), Ok(()));
    assert!(check_expiry(&signature, Timestamp::from_secs(1_175_139_621)).is_err());
}

#[test]
fn version_4_test_suite() {
    let key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    let signer = Signer {
        access_key: "AKIDEXAMPLE",
        secret: key,
        session_token: None,
        region: "us-east-1",
        service: "service",
    };
    let form = "application/x-www-form-urlencoded";
    let now = Timestamp::from_secs(1_440_938_160);
    for (method, uri, header, body, signature) in [
        ("GET", "/", None, "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("POST", "/", None, "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        (
            "GET",
            "/example/..",
            None,
            "",
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        ),
        (
            "GET",
            "//example//",
            None,
            "",
            "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84",
        ),
        ("GET", "/ሴ", None, "", "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
        (
            "GET",
            "/?Param2=value2&Param1=value1",
            None,
            "",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
        (
            "GET",
            "/?Param1=value2&Param1=Value1",
            None,
            "",
            "eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df300a15b2382bd1",
        ),
        ("GET", "/", Some(("my-header1", "  value1  ")), "", ""),
        (
            "POST",
            "/",
            Some(("content-type", form)),
            "Param1=value1",
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        ),
    ] {
        let mut headers = vec![("host", "example.amazonaws.com")];
        headers.extend(header);
        let mut parts = request(method, uri, &headers);
        let hash = sha256_hex(body.as_bytes());
        signer.sign(&mut parts, &hash, now).unwrap();
        let made = parse(&parts).unwrap().unwrap();
        assert!(signature.is_empty() || made.signature == signature, "{method} {uri}");
        let hash = sha2::Sha256::digest(body).into();
        let payload = Payload::Sha256(&hash);
        let given = Check { secret: key, now, payload, host_bucket: None };
        assert_eq!(verify(&made, &parts, &given), Ok(()), "{method} {uri}");
    }
}
