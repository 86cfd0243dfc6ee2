//! Connections: what stays open, what is refused, and the end.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::mpsc;
use std::thread;

use super::*;
use crate::config::Config;
use crate::testing::cloud;

/// A server on a port of its own, told to stop when this is dropped.
struct Running {
    address: SocketAddr,
    stop: Stop,
    ended: mpsc::Receiver<()>,
}

impl Running {
    fn start() -> Self {
        let (started, address) = mpsc::channel();
        let (end, ended) = mpsc::channel();
        let stop = Stop::default();
        let told = stop.clone();
        thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                let listeners = bind(&[Listen { host: "127.0.0.1".into(), port: 0 }]).unwrap();
                started.send(listeners[0].local_addr().unwrap()).unwrap();
                let gateway =
                    Gateway::new(cloud(), &Config::default(), &[0], told.clone(), Arc::default());
                serve(listeners, Server::new(Arc::new(gateway), told)).await;
            });
            let _ = end.send(());
        });
        Self { address: address.recv().unwrap(), stop, ended }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.now();
    }
}

/// Sends `request` and reads one answer, whose body has a `Content-Length`.
fn exchange(stream: &mut TcpStream, request: &[u8]) -> String {
    stream.write_all(request).unwrap();
    let (mut answer, mut byte) = (Vec::new(), [0]);
    while !answer.ends_with(b"\r\n\r\n") {
        assert_eq!(stream.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&answer));
        answer.push(byte[0]);
    }
    let head = String::from_utf8(answer).unwrap();
    let lengths = head.lines().filter_map(|line| line.split_once(": "));
    let mut lengths = lengths.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length = lengths.next().map(|(_, length)| length);
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).unwrap();
    head + &String::from_utf8(body).unwrap()
}

fn put(key: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("PUT /{key} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n{body}")
        .into()
}

#[test]
fn a_connection_is_kept_also_after_errors_that_left_the_body_unread() {
    let server = Running::start();
    let mut stream = server.connect();
    let long = "x".repeat(1 << 20);
    for (key, body, status) in
        [("k", "hello", "200"), ("refused", &long, "403"), ("k", "bye", "200")]
    {
        let answer = exchange(&mut stream, &put(key, body));
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    }
    let answer = exchange(&mut stream, b"GET /_localstack/none HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
}

/// botocore waits for ever on a connection that stays open after this.
#[test]
fn a_client_that_expects_100_for_nothing_is_told_that_the_connection_ends() {
    let server = Running::start();
    let head = b"PUT /k HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n";
    let answer = exchange(&mut server.connect(), head);
    assert!(answer.contains("Connection: close"), "{answer}");
}

#[test]
fn a_client_that_expects_100_gets_it() {
    let server = Running::start();
    let mut stream = server.connect();
    let head = b"PUT /k HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
    assert_eq!(exchange(&mut stream, head), "HTTP/1.1 100 Continue\r\n\r\n");
    assert!(exchange(&mut stream, b"hello").ends_with("\r\n\r\nhello"));
}

#[test]
fn what_is_no_http_is_refused() {
    let server = Running::start();
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(1 << 20));
    for odd in [&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..], b"P", long.as_bytes()] {
        let mut stream = server.connect();
        let _ = stream.write_all(odd);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let text = String::from_utf8_lossy(&answer);
        assert!(text.is_empty() || text.starts_with("HTTP/1.1 4"), "{text}");
    }
    let answer = exchange(&mut server.connect(), &put("k", "still here"));
    assert!(answer.ends_with("still here"), "{answer}");
}

#[cfg(feature = "http2")]
#[test]
fn http2_is_spoken_on_the_same_port() {
    let server = Running::start();
    let mut stream = server.connect();
    // The preface and an empty SETTINGS frame; the server's SETTINGS come back.
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").unwrap();
    let mut frame = [0; 9];
    stream.read_exact(&mut frame).unwrap();
    assert_eq!(frame[3], 4);
}

#[test]
fn it_ends_when_told_and_an_idle_connection_does_not_hold_it() {
    let server = Running::start();
    let mut stream = server.connect();
    exchange(&mut stream, &put("k", "x"));
    server.stop.now();
    server.ended.recv_timeout(Duration::from_secs(20)).unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
}

#[test]
fn a_connection_that_says_nothing_does_not_hold_the_end_up() {
    let server = Running::start();
    let mut silent = server.connect();
    // By the time this is answered, the silent one has been accepted.
    exchange(&mut server.connect(), &put("k", "x"));
    server.stop.now();
    server.ended.recv_timeout(Duration::from_secs(20)).unwrap();
    assert_eq!(silent.read(&mut [0]).unwrap(), 0);
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let any = Listen { host: "127.0.0.1".into(), port: 0 };
    let first = bind(&[any]).unwrap();
    let port = first[0].local_addr().unwrap().port();
    let taken = Listen { host: "127.0.0.1".into(), port };
    let error = bind(&[taken]).unwrap_err();
    assert!(error.to_string().contains(&format!("127.0.0.1:{port}")), "{error}");
}

#[tokio::test]
async fn both_families_may_be_listed_with_one_port() {
    let first = bind(&[Listen { host: "127.0.0.1".into(), port: 0 }]).unwrap();
    let port = first[0].local_addr().unwrap().port();
    drop(first);
    let listen = ["0.0.0.0", "::"].map(|host| Listen { host: host.into(), port });
    assert!(!bind(&listen).unwrap().is_empty());
}
