//! The client against hosts of the tests' own.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::testing::config;

const BOUNDS: Bounds = Bounds { timeout: Duration::from_secs(10), body: 100 };

fn client(variables: &[(&str, &str)]) -> Client {
    Client::new(&config(variables), &[4566])
}

/// A host that gives these answers, one per connection, and then what it was sent.
async fn host(answers: Vec<String>) -> (u16, tokio::task::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let sent = tokio::spawn(async move {
        let mut sent = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut text = Vec::new();
            while !text.ends_with(b"end") && !text.starts_with(b"GET") {
                let mut piece = [0; 4096];
                let read = stream.read(&mut piece).await.unwrap();
                text.extend_from_slice(&piece[..read]);
            }
            sent.push(String::from_utf8(text).unwrap());
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        sent
    });
    (port, sent)
}

fn answer(status: &str, more: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{more}content-length: {}\r\n\r\n{body}", body.len())
}

fn post(uri: &str) -> Request<Bytes> {
    Request::post(uri).header("x-own", "1").body(Bytes::from("the end")).unwrap()
}

#[tokio::test]
async fn a_request_goes_out_and_its_answer_comes_back() {
    let (port, sent) = host(vec![answer("202 Accepted", "", "ok")]).await;
    let got = client(&[]).send(post(&format!("http://127.0.0.1:{port}/a?b=c")), BOUNDS).await;
    let got = got.unwrap();
    assert_eq!((got.status().as_u16(), &got.body()[..]), (202, &b"ok"[..]));
    let sent = sent.await.unwrap().remove(0).to_lowercase();
    assert!(sent.starts_with("post /a?b=c http/1.1\r\n"), "{sent}");
    assert!(sent.contains(&format!("host: 127.0.0.1:{port}\r\n")) && sent.ends_with("the end"));
}

#[tokio::test]
async fn answers_have_a_bound() {
    let (port, _) = host(vec![answer("200 OK", "", &"x".repeat(101))]).await;
    let got = client(&[]).send(post(&format!("http://127.0.0.1:{port}/")), BOUNDS).await;
    assert_eq!(got.unwrap_err().0, "an answer of more than 100 bytes");
}

#[tokio::test]
async fn metadata_is_out_of_reach_also_by_a_redirect() {
    let forbidden = "is at an address that nothing here may connect to";
    for address in [
        "169.254.169.254",
        "[fe80::1]",
        "[::ffff:169.254.169.254]",
        "[64:ff9b::a9fe:a9fe]",
        "[fd00:ec2::254]",
    ] {
        let got = client(&[]).send(post(&format!("http://{address}/latest")), BOUNDS).await;
        assert!(got.unwrap_err().0.ends_with(forbidden), "{address}");
    }
    let away = answer("302 Found", "location: http://169.254.169.254/latest\r\n", "");
    let (port, _) = host(vec![away]).await;
    let got = client(&[]).send(post(&format!("http://127.0.0.1:{port}/")), BOUNDS).await;
    assert!(got.unwrap_err().0.ends_with(forbidden));
}

#[tokio::test]
async fn a_redirect_is_followed_with_the_body_where_it_says_so() {
    let there = answer("307 Temporary Redirect", "location: /there\r\n", "");
    let (port, sent) = host(vec![there, answer("200 OK", "", "")]).await;
    let got = client(&[]).send(post(&format!("http://127.0.0.1:{port}/here")), BOUNDS).await;
    assert_eq!(got.unwrap().status(), 200);
    let sent = sent.await.unwrap();
    assert!(sent[1].starts_with("POST /there ") && sent[1].ends_with("the end"));
}

#[tokio::test]
async fn hosts_can_be_switched_off() {
    let off = client(&[("CUMULET_OUTBOUND", "off")]);
    let some = client(&[("CUMULET_OUTBOUND", "a.test, b.test")]);
    for (client, uri) in [(off, "http://127.0.0.1:1/"), (some, "http://c.test/")] {
        let error = client.send(post(uri), BOUNDS).await.unwrap_err();
        assert!(error.0.ends_with("are off (CUMULET_OUTBOUND)"), "{error}");
    }
    assert!(Policy::parse(Some("a.test")).allows("x.a.test"));
    assert!(!Policy::parse(Some("a.test")).allows("xa.test"));
}

#[cfg(not(feature = "tls"))]
#[tokio::test]
async fn https_says_that_it_is_not_here() {
    let error = client(&[]).send(post("https://a.test/"), BOUNDS).await.unwrap_err();
    assert_eq!(error.0, "https is not supported by this build");
}

#[tokio::test]
async fn a_proxy_gets_the_whole_address_but_not_what_is_here() {
    let (port, sent) = host(vec![answer("200 OK", "", "")]).await;
    let proxy = format!("http://127.0.0.1:{port}");
    let client = client(&[("OUTBOUND_HTTP_PROXY", &proxy)]);
    let got = client.send(post("http://a.invalid/b"), BOUNDS).await;
    assert_eq!(got.unwrap().status(), 200);
    assert!(sent.await.unwrap()[0].starts_with("POST http://a.invalid/b "));
    let (port, sent) = host(vec![answer("200 OK", "", "")]).await;
    client.send(post(&format!("http://127.0.0.1:{port}/b")), BOUNDS).await.unwrap();
    assert!(sent.await.unwrap()[0].starts_with("POST /b "));
}

#[test]
fn own_names_are_known_by_their_port() {
    let client = client(&[("LOCALSTACK_HOST", "aws.test:80")]);
    for (name, port, own) in [
        ("localhost", 4566, true),
        ("127.0.0.1", 4566, true),
        ("sqs.us-east-1.localhost.localstack.cloud", 4566, true),
        ("localhost", 4567, false),
        ("s3.aws.test", 80, true),
        ("a.test", 4566, false),
    ] {
        assert_eq!(client.0.is_own(name, port), own, "{name}:{port}");
    }
}
