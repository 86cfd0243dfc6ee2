//! Uploads by HTML forms, over HTTP's own types.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cumulet_core::{Body, Cx, Origin};
use cumulet_testkit::{TestCloud, text};
use http::{Request, Response};

use crate::calls::{cloud, get};

/// A form for the bucket: fields, then a file called `C:\a.txt`.
fn form(fields: &[(&str, &str)], file: &str) -> Request<Body> {
    let part = |(name, value): &(&str, &str)| {
        format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let fields: String = fields.iter().map(part).collect();
    let file = format!(
        "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"C:\\a.txt\"\r\nContent-Type: text/plain\r\n\r\n{file}\r\n--x--\r\n"
    );
    let body = format!("{fields}{file}");
    let request = Request::post("/bbb").header("host", "localhost").header("content-length", "1");
    let request = request.header("content-type", "multipart/form-data; boundary=x");
    request.body(Body::from(body)).unwrap()
}

async fn send(cloud: &TestCloud, request: Request<Body>) -> (Response<()>, String) {
    let service = cloud.cloud().service("s3").unwrap();
    let (parts, body) = request.into_parts();
    let route = service.description().routes.iter().find(|route| (route.matches)(&parts)).unwrap();
    let http = Some(parts.clone().into());
    let cx = Cx::new(cloud.cloud(), cloud.world(), Origin { http, ..Origin::local() });
    let request = Request::from_parts(parts, body);
    let answer = (route.answer)(service.state().clone(), cx, request).await;
    let (parts, mut body) = answer.into_parts();
    let body = body.collect(1 << 20, || unreachable!()).await.unwrap();
    (Response::from_parts(parts, ()), String::from_utf8_lossy(&body).into_owned())
}

#[tokio::test]
async fn a_form_is_an_object() {
    let cloud = cloud().await;
    let fields = [
        ("key", "up/${filename}"),
        ("Content-Type", "text/css"),
        ("x-amz-meta-A", "=?UTF-8?B?YWJj?= é"),
        (
            "tagging",
            "<Tagging><TagSet><Tag><Key>a</Key><Value>b c</Value></Tag></TagSet></Tagging>",
        ),
    ];
    let (answer, body) = send(&cloud, form(&fields, "line\r\n--y\r\n")).await;
    assert_eq!((answer.status().as_u16(), body.as_str()), (204, ""));
    let (got, content) = get(&cloud, "up/a.txt", &[]).await.unwrap();
    assert_eq!((text(&got, "ContentType"), content.as_str()), ("text/css", "line\r\n--y\r\n"));
    assert_eq!(got.get("TagCount"), Some(&1.into()));
    assert_eq!(text(&got, "Metadata.a"), "=?UTF-8?Q?=3D=3FUTF-8=3FB=3FYWJj=3F=3D_=C3=A9?=");
}

#[tokio::test]
async fn a_form_says_what_is_answered() {
    let cloud = cloud().await;
    let status = [("key", "a&b"), ("success_action_status", "201")];
    let (answer, body) = send(&cloud, form(&status, "x")).await;
    assert_eq!(answer.status().as_u16(), 201);
    assert!(
        body.contains("<Key>a&amp;b</Key><ETag>&quot;9dd4e461268c8034f5c8564e155c67a6"),
        "{body}"
    );
    let redirect = [("key", "k"), ("success_action_redirect", "http://a.test/?b=c")];
    let (answer, _) = send(&cloud, form(&redirect, "x")).await;
    let to = answer.headers()["location"].to_str().unwrap();
    assert_eq!(answer.status().as_u16(), 303);
    assert!(to.starts_with("http://a.test/?b=c&bucket=bbb&key=k&etag=%22"), "{to}");
    let relative = [("key", "k"), ("success_action_redirect", "/a")];
    assert_eq!(send(&cloud, form(&relative, "x")).await.0.status().as_u16(), 204);
}

#[tokio::test]
async fn a_policy_is_kept() {
    let cloud = cloud().await;
    let policy = STANDARD.encode(
        r#"{"expiration": "2999-01-01T00:00:00Z", "conditions": [{"bucket": "bbb"}, ["starts-with", "$key", "a/"], ["content-length-range", 2, 3]]}"#,
    );
    let signed = [("AWSAccessKeyId", "a"), ("signature", "x"), ("policy", &policy)];
    let upload = async |key, file| {
        let fields: Vec<_> = [("key", key)].into_iter().chain(signed).collect();
        let (answer, body) = send(&cloud, form(&fields, file)).await;
        (answer.status().as_u16(), body)
    };
    assert_eq!(upload("a/b", "xyz").await.0, 204);
    let (status, error) = upload("b", "xyz").await;
    assert!(status == 403 && error.contains("Policy Condition failed"), "{error}");
    let (status, error) = upload("a/c", "wxyz").await;
    assert!(status == 400 && error.contains("<ProposedSize>4</ProposedSize>"), "{error}");
    assert!(upload("a/c", "x").await.1.contains("<Code>EntityTooSmall</Code>"));
    assert_eq!(get(&cloud, "a/c", &[]).await.unwrap_err().code(), "NoSuchKey");
    let known =
        [("key", "a/b"), ("AWSAccessKeyId", "test"), ("signature", "x"), ("policy", &policy)];
    assert!(send(&cloud, form(&known, "xyz")).await.1.contains("SignatureDoesNotMatch"));
    let unsigned = [("key", "a/b"), ("policy", policy.as_str())];
    assert_eq!(send(&cloud, form(&unsigned, "xyz")).await.0.status().as_u16(), 403);
}

#[tokio::test]
async fn a_form_that_breaks_off_leaves_nothing() {
    let cloud = cloud().await;
    let (parts, mut body) = form(&[("key", "k")], "some text").into_parts();
    let bytes = body.collect(1 << 20, || unreachable!()).await.unwrap();
    let half = Request::from_parts(parts, Body::from(bytes.slice(..bytes.len() - 9)));
    let (answer, error) = send(&cloud, half).await;
    assert!(error.contains("<Code>MalformedPOSTRequest</Code>"), "{error}");
    assert_eq!(answer.status().as_u16(), 400);
    assert_eq!(get(&cloud, "k", &[]).await.unwrap_err().code(), "NoSuchKey");
}
