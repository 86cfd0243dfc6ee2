//! Requests from the gateway's door to the answer, without a socket.

use super::*;
use crate::testing::cloud;

const SIGNED: &str = "AWS4-HMAC-SHA256 Credential=111122223333/20261122/eu-west-1/sqs/aws4_request, SignedHeaders=host, Signature=00";

fn gateway() -> Gateway {
    Gateway::new(cloud(), &Config::default(), &[4566], Stop::default(), Arc::default())
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
}

/// `METHOD URI`, headers as `name: value`, body.
async fn call(line: &str, headers: &[&str], body: impl Into<Body>) -> Answer {
    let (method, uri) = line.split_once(' ').unwrap();
    let mut request = Request::builder().method(method).uri(uri);
    for header in headers {
        let (name, value) = header.split_once(": ").unwrap();
        request = request.header(name, value);
    }
    let answer = gateway().answer(request.body(body.into()).unwrap()).await;
    let (parts, mut body) = answer.into_parts();
    let body = body.collect(1 << 20, too_large).await.unwrap();
    Answer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    }
}

async fn sqs(operation: &str, more: &[&str], body: impl Into<Body>) -> Answer {
    let target = format!("x-amz-target: AmazonSQS.{operation}");
    let signed = format!("authorization: {SIGNED}");
    let mut headers = vec![target.as_str(), &signed, "content-type: application/x-amz-json-1.0"];
    headers.extend(more);
    call("POST /", &headers, body).await
}

#[tokio::test]
async fn a_call_comes_to_its_handler_and_back() {
    let answer = sqs("Echo", &[], r#"{"Text":"hello"}"#).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.body, r#"{"Text":"111122223333 eu-west-1 hello"}"#);
    assert_eq!(answer.headers["x-localstack"], "true");
    assert!(answer.headers.contains_key("x-amzn-requestid"));
}

#[tokio::test]
async fn the_same_in_a_form_that_nobody_signed() {
    let form = ["content-type: application/x-www-form-urlencoded", "host: localhost"];
    let answer = call("POST /", &form, "Action=Echo&Version=2012-11-05&Text=hello").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(answer.body.contains("<Text>000000000000 us-east-1 hello</Text>"), "{}", answer.body);
}

#[tokio::test]
async fn errors_have_the_protocols_form() {
    let refused = sqs("Echo", &[], "{}").await;
    assert_eq!((refused.status, refused.body.contains("MissingParameter")), (400, true));
    let unknown = sqs("Nothing", &[], "{}").await;
    assert!((400..500).contains(&unknown.status) && unknown.body.contains("__type"));
    let absent = sqs("Absent", &[], "{}").await;
    assert_eq!((absent.status, absent.body.contains("Absent")), (501, true));
    assert_eq!(sqs("Echo", &[], "{").await.status, 400);
    let panicked = sqs("Panic", &[], "{}").await;
    assert_eq!((panicked.status, panicked.body.contains("InternalFailure")), (500, true));
}

#[tokio::test]
async fn a_service_that_is_not_here_is_named_in_its_own_format() {
    let signed = format!("authorization: {}", SIGNED.replace("sqs", "glue"));
    let answer = call("POST /", &[&signed, "x-amz-target: AWSGlue.GetJobs"], "{}").await;
    assert_eq!(answer.status, 501);
    assert!(answer.body.contains("__type") && answer.body.contains("glue"), "{}", answer.body);
}

#[tokio::test]
async fn streams_pass_through_and_leave_their_chunks_behind() {
    assert_eq!(call("PUT /a/key", &[], "hello").await.body, "hello");
    let chunked = [
        "x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "x-amz-decoded-content-length: 5",
        "x-amz-trailer: x-amz-checksum-crc32",
    ];
    let body = "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n";
    assert_eq!(call("PUT /a/key", &chunked, body).await.body, "hello");
    let cut = call("PUT /a/key", &chunked, "5\r\nhel").await;
    assert_eq!((cut.status, cut.body.contains("IncompleteBody")), (400, true));
    let broken = call("PUT /a/key", &chunked[..1], body).await;
    assert_eq!((broken.status, broken.body.contains("MissingContentLength")), (411, true));
}

#[tokio::test]
async fn bodies_that_are_no_stream_are_read_as_they_are_or_refused() {
    assert_eq!(sqs("Echo", &["content-encoding: amz-1.0"], r#"{"Text":"a"}"#).await.status, 200);
    assert_eq!(sqs("Echo", &["content-encoding: br"], r#"{"Text":"a"}"#).await.status, 501);
}

#[tokio::test]
async fn compressed_bodies_are_read() {
    let gzip = "content-encoding: gzip";
    let text = cumulet_compress::pack(br#"{"Text":"hello"}"#);
    let answer = sqs("Echo", &[gzip], text.clone()).await;
    assert!(answer.body.contains("hello"), "{}", answer.body);
    let form = ["content-type: application/x-www-form-urlencoded", "host: localhost", gzip];
    let body = cumulet_compress::pack(b"Action=Echo&Version=2012-11-05&Text=hello");
    let answer = call("POST /", &form, body).await;
    assert!(answer.body.contains("hello"), "{}", answer.body);
    let damaged = sqs("Echo", &[gzip], text[1..].to_vec()).await;
    assert_eq!((damaged.status, damaged.body.contains("GZIP")), (400, true), "{}", damaged.body);
    // A stream keeps what it was given.
    assert_eq!(call("PUT /a/key", &[gzip], "hello").await.body, "hello");
}

#[tokio::test]
async fn presigned_urls_end() {
    let url = "PUT /k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=test%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=00";
    let ended = call(url, &[], "").await;
    assert_eq!((ended.status, ended.body.contains("Request has expired")), (403, true));
    let endless = call(&url.replace("=60", "=9999999"), &[], "").await;
    assert_eq!(
        (endless.status, endless.body.contains("AuthorizationQueryParametersError")),
        (400, true)
    );
}

#[tokio::test]
async fn own_paths_are_never_a_services() {
    for path in ["/_localstack", "/_localstack/none", "/_aws/none", "/_cumulet/none"] {
        for method in ["GET", "PUT"] {
            let answer = call(&format!("{method} {path}"), &[], "").await;
            assert_eq!(
                (answer.status, answer.body.contains("Error")),
                (404, false),
                "{method} {path}"
            );
        }
    }
    let route = call("GET /_aws/sqs/messages", &["host: localhost:4599"], "").await;
    assert_eq!(route.body, "http://localhost:4599");
}

#[tokio::test]
async fn pages_of_other_sites_are_refused_before_anything_runs() {
    let evil = "origin: https://evil.test";
    assert_eq!(sqs("Panic", &[evil], "{}").await.status, 403);
    assert_eq!(call("PUT /key", &[evil], "x").await.status, 403);
    assert_eq!(call("POST /_localstack/state/reset", &[evil], "").await.status, 403);
    assert_eq!(call("POST /_cumulet/aws", &[evil], "{}").await.status, 403);
    assert_eq!(call("GET /_aws/sqs/messages", &[evil], "").await.status, 403);
    assert_eq!(call("POST /", &[evil, "x-amz-target: AWSGlue.GetJobs"], "").await.status, 403);
    let rebound = ["user-agent: Mozilla/5.0", "host: evil.test:4566"];
    assert_eq!(call("PUT /key", &rebound, "x").await.status, 403);
    let own = sqs("Echo", &["origin: http://localhost:4566"], r#"{"Text":"a"}"#).await;
    assert_eq!(own.headers["access-control-allow-origin"], "http://localhost:4566");
}

#[tokio::test]
async fn a_service_may_decide_about_browsers_itself() {
    let friend = call("PUT /key", &["origin: https://friend.test"], "x").await;
    assert_eq!((friend.status, friend.body.as_str()), (200, "x"));
    assert!(!friend.headers.contains_key("access-control-allow-origin"));
    assert_eq!(friend.headers["vary"], "policy");
    let elsewhere = sqs("Echo", &["origin: https://friend.test"], r#"{"Text":"a"}"#).await;
    assert_eq!(elsewhere.status, 403);
}

#[tokio::test]
async fn a_service_may_answer_preflights() {
    let friend = call("OPTIONS /key", &["origin: https://friend.test"], "").await;
    assert_eq!((friend.status, &friend.headers["vary"]), (200, &"policy".parse().unwrap()));
    let evil = call("OPTIONS /key", &["origin: https://evil.test"], "").await;
    assert_eq!(evil.status, 403);
    assert!(evil.body.contains("<Code>AccessForbidden</Code>"), "{}", evil.body);
    // The service's refusal is not the last word on an origin that the operator allows.
    let own = call("OPTIONS /key", &["origin: http://localhost:4566"], "").await;
    assert_eq!((own.status, own.body.as_str()), (200, ""));
    assert_eq!(own.headers["access-control-allow-origin"], "http://localhost:4566");
}

#[tokio::test]
async fn errors_of_head_requests_have_no_body() {
    let answer = call("HEAD /_localstack/none", &[], "").await;
    assert_eq!((answer.status, answer.body.as_str()), (404, ""));
}

#[tokio::test]
async fn a_credential_that_names_nothing_is_nobodys() {
    let odd = "authorization: AWS4-HMAC-SHA256 Credential=/////";
    assert_eq!(call("PUT /key", &[odd], "x").await.status, 200);
}

#[tokio::test]
async fn there_is_one_host() {
    assert_eq!(call("GET /_localstack/info", &["host: a", "host: b"], "").await.status, 400);
    // HTTP/2 and proxies name it in the address.
    let route = call("GET http://aws.test:1/_aws/sqs/messages", &["host: b"], "").await;
    assert_eq!(route.body, "http://aws.test:1");
}

#[tokio::test]
async fn a_service_may_have_signatures_verified() {
    let signer = cumulet_sigv4::Signer {
        access_key: "any",
        secret: "test",
        session_token: None,
        region: "us-east-1",
        service: "s3",
    };
    let request = Request::put("/bucket/verified").header("host", "localhost").body(()).unwrap();
    for (tamper, status) in [(false, 200), (true, 403)] {
        let (mut parts, ()) = request.clone().into_parts();
        let now = cumulet_core::time::real_now();
        signer.sign(&mut parts, cumulet_sigv4::UNSIGNED_PAYLOAD, now).unwrap();
        if tamper {
            parts.uri = "/other/verified".parse().unwrap();
        }
        let request = Request::from_parts(parts, Body::from("x"));
        assert_eq!(gateway().answer(request).await.status().as_u16(), status);
    }
    // Who does not sign is nobody, which is no error of the signature.
    let answer = call("PUT /bucket/verified", &[], "x").await;
    assert_eq!((answer.status, &answer.headers["server"]), (200, &"AmazonS3".parse().unwrap()));
}
