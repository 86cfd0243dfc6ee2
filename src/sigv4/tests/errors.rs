//! What malformed and wrong signatures are told, and that no input makes the parsers panic.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use cumulet_core::{Protocol, Timestamp};
use cumulet_sigv4::{
    Check, Dialect, Payload, Shape, SignatureError, Signer, Version, check_expiry, credential,
    parse, sha256_hex, verify,
};
use http::request::Parts;
use proptest::prelude::*;
use std::time::Duration;

const NOW: Timestamp = Timestamp::from_secs(1_369_353_600);

fn later(seconds: i64) -> Timestamp {
    Timestamp::from_secs(NOW.secs() + seconds)
}

const SIGNER: Signer<'_> = Signer {
    access_key: "AKID",
    secret: "secret",
    session_token: None,
    region: "eu-west-1",
    service: "s3",
};

fn request(uri: &str, headers: &[(&str, &str)]) -> Parts {
    let mut request = http::Request::builder().uri(uri).header("host", "localhost:4566");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

fn header(authorization: &str) -> Parts {
    request("/", &[("authorization", authorization), ("x-amz-date", "20130524T000000Z")])
}

fn s3(parts: &Parts) -> Shape {
    parse(parts).unwrap_err().shape(Dialect::S3)
}

fn signed(service: &str) -> Parts {
    let mut parts = request("/bucket/key", &[("x-amz-meta-a", "b")]);
    Signer { service, ..SIGNER }.sign(&mut parts, &sha256_hex(b""), NOW).unwrap();
    parts
}

fn checked(parts: &Parts, secret: &str, now: Timestamp) -> Result<(), SignatureError> {
    let signature = parse(parts).unwrap().unwrap();
    let payload = Payload::Declared;
    verify(&signature, parts, &Check { secret, now, payload, host_bucket: None })
}

const CREDENTIAL: &str = "Credential=AKID/20130524/eu-west-1/s3/aws4_request";

#[test]
fn headers_are_read_with_any_spacing() {
    for (comma, equals) in [(",", "="), (", ", "="), (" ,\t", "="), (",  ", " = ")] {
        let parts = header(
            &[
                "AWS4-HMAC-SHA256 Credential=AKID/20130524/eu-west-1/s3/aws4_request",
                "SignedHeaders=host",
                "Signature=00",
            ]
            .join(comma)
            .replace('=', equals),
        );
        let signature = parse(&parts).unwrap().unwrap();
        assert_eq!(signature.credential.access_key(), "AKID");
        assert_eq!((&*signature.signed_headers, &*signature.signature), ("host", "00"));
    }
}

#[test]
fn no_signature_is_none() {
    assert_eq!(parse(&request("/?a=b&Expires=1&x-amz-security-token=t", &[])), Ok(None));
}

#[test]
fn an_access_key_may_hold_slashes() {
    let parts = header(
        "AWS4-HMAC-SHA256 Credential=a/b/20130524/eu-west-1/sqs/aws4_request, SignedHeaders=host, Signature=00",
    );
    let found = parse(&parts).unwrap().unwrap().credential;
    assert_eq!(found.access_key(), "a/b");
    assert_eq!((found.region(), found.service()), (Some("eu-west-1"), Some("sqs")));
}

#[test]
fn version_4a_is_known_by_its_key_and_passes_unverified() {
    let parts = header(
        "AWS4-ECDSA-P256-SHA256 Credential=AKID/20130524/s3/aws4_request, SignedHeaders=host;x-amz-region-set, Signature=3045",
    );
    let signature = parse(&parts).unwrap().unwrap();
    assert_eq!(signature.version, Version::V4a);
    assert_eq!(signature.credential.access_key(), "AKID");
    assert_eq!((signature.credential.region(), signature.credential.service()), (None, Some("s3")));
    assert_eq!(checked(&parts, "any", NOW), Ok(()));
}

#[test]
fn malformed_headers_are_told_as_s3_does() {
    for (authorization, code, message) in [
        ("Bearer x", "InvalidArgument", "Unsupported Authorization Type"),
        (
            "AWS AKID",
            "InvalidArgument",
            "AWS authorization header is invalid.  Expected AwsAccessKeyId:signature",
        ),
        (
            "AWS4-HMAC-SHA256",
            "AuthorizationHeaderMalformed",
            "The authorization header is malformed; the authorization header requires three components: Credential, SignedHeaders, and Signature.",
        ),
        (
            "AWS4-HMAC-SHA256 Credential",
            "AuthorizationHeaderMalformed",
            "The authorization header is malformed; the authorization component \"Credential\" is malformed.",
        ),
        (
            "AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=host, Signature=0",
            "AuthorizationHeaderMalformed",
            "The authorization header is malformed; the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".",
        ),
        (
            "AWS4-HMAC-SHA256 Credential=a/today/r/s3/aws4_request, SignedHeaders=host, Signature=0",
            "AuthorizationHeaderMalformed",
            "The authorization header is malformed; incorrect date format \"today\". This date in the credential must be in the format \"yyyyMMdd\".",
        ),
        (
            "AWS4-HMAC-SHA256 Credential=a/20130524/r/s3/aws5, SignedHeaders=host, Signature=0",
            "AuthorizationHeaderMalformed",
            "The authorization header is malformed; incorrect terminal \"aws5\". This endpoint uses \"aws4_request\".",
        ),
    ] {
        let shape = s3(&header(authorization));
        assert_eq!((shape.code, shape.status, &*shape.message), (code, 400, message));
    }
    let undated = request("/", &[("authorization", "AWS AKID:c2ln")]);
    assert_eq!(
        s3(&undated).message,
        "AWS authentication requires a valid Date or x-amz-date header"
    );
}

#[test]
fn other_services_have_codes_of_their_protocol() {
    let parts = header(&format!("AWS4-HMAC-SHA256 {CREDENTIAL}"));
    let error = parse(&parts).unwrap_err();
    for (dialect, code, status) in [
        (Dialect::Other(Protocol::Query), "IncompleteSignature", 400),
        (Dialect::Other(Protocol::Json), "IncompleteSignatureException", 400),
        (Dialect::Other(Protocol::RestJson), "IncompleteSignatureException", 403),
        (Dialect::Other(Protocol::Ec2), "AuthFailure", 401),
    ] {
        let shape = error.shape(dialect);
        assert_eq!((shape.code, shape.status), (code, status));
        assert!(shape.message.starts_with(
            "Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. (Hashed"
        ));
        assert!(!shape.message.contains("AKID"));
    }
    let shape = SignatureError::Missing.shape(Dialect::Other(Protocol::Json));
    assert_eq!(shape.code, "MissingAuthenticationTokenException");
}

#[test]
fn malformed_presigned_urls_are_told_as_s3_does() {
    let url = |change: &[(&str, &str)]| {
        let mut url = "/b/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F20130524%2Feu-west-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=00".to_owned();
        for (from, to) in change {
            url = url.replace(from, to);
        }
        request(&url, &[])
    };
    assert!(parse(&url(&[])).unwrap().is_some());
    let complete = "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.";
    for (from, to, message) in [
        ("&X-Amz-Expires=60", "", complete),
        ("&X-Amz-Date=20130524T000000Z", "", complete),
        (
            "=AWS4-HMAC-SHA256",
            "=AWS5",
            "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256\"",
        ),
        (
            "=20130524T000000Z",
            "=2013-05-24",
            "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"",
        ),
        ("=60", "=soon", "X-Amz-Expires should be a number"),
        ("=60", "=-1", "X-Amz-Expires must be non-negative"),
        (
            "=60",
            "=604801",
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds",
        ),
        (
            "AKID%2F",
            "",
            "Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".",
        ),
    ] {
        let shape = s3(&url(&[(from, to)]));
        assert_eq!((shape.code, shape.status), ("AuthorizationQueryParametersError", 400));
        assert_eq!(shape.message, message);
    }
    assert!(parse(&url(&[("=60", "=604800")])).is_ok());
    // Only S3 insists on an end.
    assert!(parse(&url(&[("&X-Amz-Expires=60", ""), ("s3", "sts")])).is_ok());
    let both = request(
        url(&[]).uri.path_and_query().unwrap().as_str(),
        &[("authorization", "AWS AKID:c2ln")],
    );
    assert!(s3(&both).message.starts_with("Only one auth mechanism allowed"));
}

#[test]
fn malformed_presigned_urls_of_version_2() {
    let shape = s3(&request("/b/k?AWSAccessKeyId=AKID&Expires=1", &[]));
    assert_eq!((shape.code, shape.status), ("AccessDenied", 403));
    let shape = s3(&request("/b/k?AWSAccessKeyId=AKID&Expires=abc&Signature=c2ln", &[]));
    assert_eq!(shape.message, "Invalid date (should be seconds since epoch): abc");
}

#[test]
fn a_malformed_signature_still_names_its_key() {
    for parts in [
        header(&format!("AWS4-HMAC-SHA256 {CREDENTIAL}")),
        request("/", &[("authorization", &format!("AWS4-HMAC-SHA256 {CREDENTIAL}, Signature"))]),
        request("/?X-Amz-Credential=AKID/20130524/eu-west-1/s3/aws4_request", &[]),
    ] {
        assert!(parse(&parts).is_err());
        let found = credential(&parts).unwrap();
        assert_eq!((found.access_key(), found.region()), ("AKID", Some("eu-west-1")));
    }
    for authorization in ["Bearer x", "AWS4-HMAC-SHA256 Credential=a/b", "AWS4-HMAC-SHA256"] {
        assert_eq!(credential(&header(authorization)), None);
    }
    assert_eq!(credential(&header("AWS AKID:sig")).unwrap().access_key(), "AKID");
}

#[test]
fn a_mismatch_shows_s3_clients_what_was_signed() {
    assert_eq!(checked(&signed("s3"), "secret", NOW), Ok(()));
    let shape = checked(&signed("s3"), "other", NOW).unwrap_err().shape(Dialect::S3);
    assert_eq!((shape.code, shape.status), ("SignatureDoesNotMatch", 403));
    let names: Vec<_> = shape.members.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        names,
        [
            "AWSAccessKeyId",
            "StringToSign",
            "SignatureProvided",
            "StringToSignBytes",
            "CanonicalRequest",
            "CanonicalRequestBytes",
        ]
    );
    assert!(
        shape.members[1].1.starts_with(
            "AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/eu-west-1/s3/aws4_request\n"
        )
    );
    assert!(shape.members[3].1.starts_with("41 57 53 34 2d"));
    assert!(shape.members[4].1.starts_with("GET\n/bucket/key\n\nhost:localhost:4566\n"));
    let shape =
        checked(&signed("sqs"), "other", NOW).unwrap_err().shape(Dialect::Other(Protocol::Json));
    assert_eq!((shape.code, shape.status), ("InvalidSignatureException", 400));
}

#[test]
fn clocks_may_differ_by_a_quarter_of_an_hour() {
    for now in [later(-900), later(900)] {
        assert_eq!(checked(&signed("s3"), "secret", now), Ok(()));
    }
    let shape = checked(&signed("s3"), "secret", later(901)).unwrap_err().shape(Dialect::S3);
    assert_eq!((shape.code, shape.status), ("RequestTimeTooSkewed", 403));
    assert_eq!(shape.members[1], ("ServerTime", "2013-05-24T00:15:01Z".to_owned()));
    let late = checked(&signed("sqs"), "secret", later(901))
        .unwrap_err()
        .shape(Dialect::Other(Protocol::Query));
    assert_eq!(
        late.message,
        "Signature expired: 20130524T000000Z is now earlier than 20130524T000001Z (20130524T001501Z - 15 min.)"
    );
}

#[test]
fn a_presigned_url_has_its_time() {
    let mut parts = request("/b/k", &[]);
    SIGNER.presign(&mut parts, Duration::from_mins(1), NOW).unwrap();
    let signature = parse(&parts).unwrap().unwrap();
    assert_eq!(check_expiry(&signature, later(60)), Ok(()));
    let shape = check_expiry(&signature, later(61)).unwrap_err().shape(Dialect::S3);
    assert_eq!((shape.code, &*shape.message), ("AccessDenied", "Request has expired"));
    assert_eq!(
        shape.members,
        [
            ("X-Amz-Expires", "60".to_owned()),
            ("Expires", "2013-05-24T00:01:00Z".to_owned()),
            ("ServerTime", "2013-05-24T00:01:01Z".to_owned()),
        ]
    );
    // Long after: the end is `check_expiry`'s alone.
    assert_eq!(checked(&parts, "secret", later(10_000)), Ok(()));
    let shape = checked(&parts, "secret", later(-901)).unwrap_err().shape(Dialect::S3);
    assert_eq!(shape.message, "Request is not yet valid");
    assert_eq!(shape.members[0].1, "1369353600000");
}

#[test]
fn s3_wants_its_headers_signed() {
    let mut parts = signed("s3");
    parts.headers.insert("x-amz-acl", "public-read".try_into().unwrap());
    parts.headers.insert("x-amz-tagging", "a=b".try_into().unwrap());
    parts.headers.insert("x-amzn-trace-id", "Root=1".try_into().unwrap());
    let shape = checked(&parts, "secret", NOW).unwrap_err().shape(Dialect::S3);
    assert_eq!(shape.message, "There were headers present in the request which were not signed");
    assert_eq!(shape.members, [("HeadersNotSigned", "x-amz-acl, x-amz-tagging".to_owned())]);
    let mut parts = signed("sqs");
    parts.headers.insert("x-amz-acl", "public-read".try_into().unwrap());
    assert_eq!(checked(&parts, "secret", NOW), Ok(()));
}

#[test]
fn s3_wants_the_payload_declared_and_true() {
    let mut parts = signed("s3");
    parts.headers.remove("x-amz-content-sha256");
    assert_eq!(checked(&parts, "secret", NOW), Err(SignatureError::ContentSha256Missing));
    parts.headers.insert("x-amz-content-sha256", "HASH".try_into().unwrap());
    let shape = checked(&parts, "secret", NOW).unwrap_err().shape(Dialect::S3);
    assert_eq!((shape.code, shape.status), ("InvalidArgument", 400));

    let parts = signed("s3");
    let signature = parse(&parts).unwrap().unwrap();
    let payload = Payload::Sha256(&[0; 32]);
    let given = Check { secret: "secret", now: NOW, payload, host_bucket: None };
    let shape = verify(&signature, &parts, &given).unwrap_err().shape(Dialect::S3);
    assert_eq!(shape.code, "XAmzContentSHA256Mismatch");
}

#[test]
fn a_presigned_url_ignores_a_payload_hash_that_it_does_not_sign() {
    let mut parts = request("/b/k", &[]);
    SIGNER.presign(&mut parts, Duration::from_mins(1), NOW).unwrap();
    parts.headers.insert("x-amz-content-sha256", sha256_hex(b"body").try_into().unwrap());
    assert_eq!(checked(&parts, "secret", NOW), Ok(()));
}

#[test]
fn temporary_credentials_carry_their_token() {
    let signer = Signer { session_token: Some("to/ken+="), ..SIGNER };
    let mut parts = request("/b/k?versionId=1", &[]);
    signer.presign(&mut parts, Duration::from_mins(1), NOW).unwrap();
    assert_eq!(parse(&parts).unwrap().unwrap().session_token.unwrap(), "to/ken+=");
    assert_eq!(checked(&parts, "secret", NOW), Ok(()));
    let mut parts = request("/b/k", &[]);
    signer.sign(&mut parts, "UNSIGNED-PAYLOAD", NOW).unwrap();
    assert_eq!(parse(&parts).unwrap().unwrap().session_token.unwrap(), "to/ken+=");
    assert_eq!(checked(&parts, "secret", NOW), Ok(()));
}

proptest! {
    #[test]
    fn any_header_or_query_is_an_answer(
        authorization in "(AWS4-HMAC-SHA256|AWS4-ECDSA-P256-SHA256|AWS|Basic)?[ -~]{0,80}",
        structured in "AWS4-HMAC-SHA256 (Credential=[a-z/0-9]{0,20}/2013052[0-9]/r?/s3/aws4_request|SignedHeaders=[!-~]{0,9}|Signature=[0-9a-f]{0,4}|[,= ]){0,12}",
        date in "(2013[0-9]{4}T[0-9]{6}Z|[ -~]{0,30})",
        query in "((X-Amz-(Date|Credential|Algorithm|Expires|Signature|SignedHeaders)|Expires|Signature|AWSAccessKeyId)=[%A-Za-z0-9/-]{0,12}&){0,8}",
    ) {
        for headers in [
            &[("authorization", &*authorization), ("x-amz-date", &*date)][..],
            &[("authorization", &*structured), ("x-amz-date", &*date)][..],
            &[],
        ] {
            let parts = request(&format!("/?{query}"), headers);
            let _ = credential(&parts);
            match parse(&parts) {
                Ok(None) => {}
                Ok(Some(signature)) => {
                    let given = Check { secret: "", now: NOW, payload: Payload::Declared, host_bucket: None };
                    let _ = verify(&signature, &parts, &given).map_err(|e| e.shape(Dialect::S3));
                    let _ = check_expiry(&signature, NOW).map_err(|e| e.shape(Dialect::Other(Protocol::Json)));
                }
                Err(error) => {
                    for dialect in [Dialect::S3, Dialect::Other(Protocol::Query), Dialect::Other(Protocol::RestJson)] {
                        prop_assert!(!error.shape(dialect).message.is_empty());
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_signed_verifies_and_nothing_else_does(
        path in "(/[a-zA-Z0-9%.+~!$'()*,:@_-]{0,6}){1,4}",
        query in "([a-z%0-9+]{1,4}(=[a-z%0-9+/]{0,4})?&?){0,4}",
        value in "[ -~]{0,20}",
        service in "(s3|sqs)",
        presigned in any::<bool>(),
    ) {
        let mut parts = request(&format!("{path}?{query}"), &[("x-amz-meta-a", &value)]);
        let signer = Signer { service: &service, ..SIGNER };
        if presigned {
            signer.presign(&mut parts, Duration::from_mins(1), NOW).unwrap();
        } else {
            signer.sign(&mut parts, &sha256_hex(b""), NOW).unwrap();
        }
        prop_assert_eq!(checked(&parts, "secret", NOW), Ok(()));
        prop_assert!(checked(&parts, "Secret", NOW).is_err());
        parts.headers.insert("x-amz-meta-a", "another value".try_into().unwrap());
        prop_assert!(checked(&parts, "secret", NOW).is_err());
    }
}
