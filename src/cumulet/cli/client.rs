//! One request to a running server, which may be in a container: over HTTP, without a client library.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use crate::config::Config;

/// How long it waits for each step.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest answer that it reads.
const ANSWER_MAX: u64 = 4 << 20;

/// Where the configuration says that the server is.
pub(super) fn address(config: &Config) -> io::Result<SocketAddr> {
    let listen = config.listen.first();
    let first = listen.and_then(|listen| listen.addresses().first().copied());
    let mut address = first.ok_or_else(|| io::Error::other("GATEWAY_LISTEN has no IP address"))?;
    if address.ip().is_unspecified() {
        let v4 = address.is_ipv4();
        address.set_ip(if v4 { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() });
    }
    Ok(address)
}

/// Status and body of the answer.
///
/// # Errors
/// Nobody answers, and at which address.
pub(super) fn ask(
    config: &Config,
    method: &str,
    path: &str,
    body: &str,
) -> io::Result<(u16, String)> {
    let address = address(config)?;
    exchange(address, method, path, body)
        .map_err(|error| io::Error::new(error.kind(), format!("{address}: {error}")))
}

fn exchange(
    address: SocketAddr,
    method: &str,
    path: &str,
    body: &str,
) -> io::Result<(u16, String)> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all([head.as_str(), body].concat().as_bytes())?;
    let mut answer = String::new();
    stream.take(ANSWER_MAX).read_to_string(&mut answer)?;
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| io::Error::other("it answers no HTTP"))?;
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    Ok((status, body.to_owned()))
}
