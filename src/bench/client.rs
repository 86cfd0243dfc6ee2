//! One keep-alive HTTP/1.1 connection: sends a signed request, reads the whole reply and checks it.
//!
//! Written on the bare socket, because a client library's work would be measured with the server's.
//! Not for other servers than those on the same machine: nothing is tried again.

use std::borrow::Cow;
use std::error::Error;
use std::net::SocketAddr;

use bytes::{Buf, BytesMut};
use httparse::Status;
use memchr::memmem;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::pattern;
use crate::sign::{Signer, hex};

pub(crate) type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

/// How much of a reply is kept to be looked at; a page of 1,000 keys has about 230 KB.
const KEPT: usize = 1 << 20;
/// A body up to this size leaves in one write with its head.
const SMALL: u64 = 64 << 10;
/// Headers of a reply.
const HEADERS: usize = 64;

/// Whom the requests go to.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Server {
    /// An AWS-shaped server, whose replies are checked.
    Aws,
    /// `limit`, which is told how much to answer, and whether to hash the upload.
    Limit { md5: bool },
}

/// What a request carries: these bytes, over and over up to a length, and their name in signatures.
pub(crate) struct Payload {
    bytes: Cow<'static, [u8]>,
    length: u64,
    sha256: Cow<'static, str>,
}

impl Payload {
    pub(crate) const NONE: &Self = &Self {
        bytes: Cow::Borrowed(&[]),
        length: 0,
        sha256: Cow::Borrowed("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    };

    /// `sha256` is the hash, or the word that stands in its place.
    pub(crate) fn named(bytes: Vec<u8>, sha256: impl Into<Cow<'static, str>>) -> Self {
        Self { length: bytes.len() as u64, bytes: bytes.into(), sha256: sha256.into() }
    }

    pub(crate) fn bytes(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        let sha256 = hex(&Sha256::digest(&bytes));
        Self::named(bytes, sha256)
    }

    pub(crate) fn pattern(length: u64) -> Self {
        let mut payload = Self::unsigned_pattern(length);
        let mut sha256 = Sha256::new();
        payload.blocks().for_each(|block| sha256.update(block));
        payload.sha256 = hex(&sha256.finalize()).into();
        payload
    }

    /// The pattern, with a signature that does not cover it.
    pub(crate) fn unsigned_pattern(length: u64) -> Self {
        let (bytes, sha256) = (pattern::head(length).into(), "UNSIGNED-PAYLOAD".into());
        Self { bytes, length, sha256 }
    }

    fn blocks(&self) -> impl Iterator<Item = &[u8]> {
        let block = |start| match usize::try_from(self.length - start) {
            Ok(left) => self.bytes.get(..left).unwrap_or(&self.bytes),
            Err(_) => &self.bytes,
        };
        (0..self.length).step_by(self.bytes.len().max(1)).map(block)
    }
}

/// What a reply must be, besides a success.
pub(crate) enum Expect {
    Success,
    /// Contains this text in its first `KEPT` bytes.
    Text(&'static str),
    /// Is so many bytes of the pattern.
    Pattern(u64),
}

pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    /// Encoded as it is signed and sent.
    pub(crate) path: &'a str,
    /// Encoded, in order of name, without the question mark.
    pub(crate) query: &'a str,
    /// In lower case.
    pub(crate) headers: &'a [(&'a str, &'a str)],
    pub(crate) payload: &'a Payload,
    /// About how many bytes AWS answers, which is what `limit` is to answer.
    pub(crate) answer: u64,
    pub(crate) expect: Expect,
}

impl Default for Request<'_> {
    fn default() -> Self {
        Self {
            method: "GET",
            path: "/",
            query: "",
            headers: &[],
            payload: Payload::NONE,
            answer: 0,
            expect: Expect::Success,
        }
    }
}

/// A connection, dialled at the first request.
pub(crate) struct Client {
    address: SocketAddr,
    host: String,
    pub(crate) server: Server,
    signer: Signer,
    tcp: Option<TcpStream>,
    out: Vec<u8>,
    input: BytesMut,
    reply: Reply,
}

impl Client {
    pub(crate) fn new(address: SocketAddr, server: Server, service: &'static str) -> Self {
        Self {
            address,
            host: address.to_string(),
            server,
            signer: Signer::new(service),
            tcp: None,
            out: Vec::new(),
            input: BytesMut::new(),
            reply: Reply::default(),
        }
    }

    /// A connection of its own to another service of the same server.
    pub(crate) fn to(&self, service: &'static str) -> Self {
        Self::new(self.address, self.server, service)
    }

    /// Sends the request: the first bytes of its reply, up to `KEPT`, when that is whole and right.
    pub(crate) async fn send(&mut self, request: &Request<'_>) -> Result<&[u8]> {
        self.write_head(request);
        if self.tcp.is_none() {
            let tcp = TcpStream::connect(self.address).await?;
            tcp.set_nodelay(true)?;
            self.tcp = Some(tcp);
        }
        let tcp = self.tcp.as_mut().ok_or("no connection")?;
        let sent = upload(tcp, &mut self.out, request.payload).await;
        let answered = self.reply.read(tcp, &mut self.input).await;
        // A refusal may come before the upload's end, and says more than the broken pipe.
        if answered.is_err() {
            sent?;
        }
        answered?;
        self.reply.check(request, self.server).map_err(|wrong| {
            let Request { method, path, .. } = request;
            let text = String::from_utf8_lossy(&self.reply.kept);
            let text: String = text.chars().take(400).collect();
            format!("{method} {path}: {wrong}: {} {text}", self.reply.status)
        })?;
        Ok(&self.reply.kept)
    }

    /// The last reply's `ETag`.
    pub(crate) fn etag(&self) -> &str {
        &self.reply.etag
    }

    fn write_head(&mut self, request: &Request<'_>) {
        let Request { method, path, query, payload, .. } = *request;
        let date = self.signer.date();
        let mut headers = vec![
            ("host", self.host.as_str()),
            ("x-amz-content-sha256", &payload.sha256),
            ("x-amz-date", &date),
        ];
        headers.extend(request.headers);
        headers.sort_unstable();
        let signed = self.signer.authorization([method, path, query], &headers, &payload.sha256);
        let (length, answer) = (payload.length.to_string(), request.answer.to_string());
        headers.push(("authorization", &signed));
        if payload.length > 0 || method == "PUT" {
            headers.push(("content-length", &length));
        }
        if let Server::Limit { md5 } = self.server {
            headers.push(("x-limit-size", &answer));
            headers.push(("x-limit-md5", if md5 { "1" } else { "0" }));
        }
        self.out.clear();
        let mark = if query.is_empty() { "" } else { "?" };
        for text in [method, " ", path, mark, query, " HTTP/1.1\r\n"] {
            self.out.extend_from_slice(text.as_bytes());
        }
        for (name, value) in headers {
            for text in [name, ": ", value, "\r\n"] {
                self.out.extend_from_slice(text.as_bytes());
            }
        }
        self.out.extend_from_slice(b"\r\n");
    }
}

/// Sends the head and the payload, in one write where the payload is small.
async fn upload(tcp: &mut TcpStream, head: &mut Vec<u8>, payload: &Payload) -> Result<()> {
    if payload.length <= SMALL {
        head.extend_from_slice(&payload.bytes);
        return Ok(tcp.write_all(head).await?);
    }
    tcp.write_all(head).await?;
    for block in payload.blocks() {
        tcp.write_all(block).await?;
    }
    Ok(())
}

/// What has been read of a reply.
#[derive(Default)]
struct Reply {
    status: u16,
    etag: String,
    length: u64,
    kept: Vec<u8>,
    /// Up to here the body is the pattern.
    alike: u64,
}

/// How a body's end is found.
enum Framing {
    Length(u64),
    Chunked,
}

impl Reply {
    async fn read(&mut self, tcp: &mut TcpStream, input: &mut BytesMut) -> Result<()> {
        let framing = loop {
            if let Some(framing) = self.head(input)? {
                break framing;
            }
            more(tcp, input).await?;
        };
        match framing {
            Framing::Length(length) => self.take(tcp, input, length).await,
            Framing::Chunked => loop {
                let Status::Complete((at, size)) =
                    httparse::parse_chunk_size(input).map_err(|_| "a bad chunk size")?
                else {
                    more(tcp, input).await?;
                    continue;
                };
                input.advance(at);
                self.take(tcp, input, size).await?;
                while input.len() < 2 {
                    more(tcp, input).await?;
                }
                input.advance(2); // the line's end; no server here sends trailers
                if size == 0 {
                    break Ok(());
                }
            },
        }
    }

    /// The head, once `input` has all of it.
    fn head(&mut self, input: &mut BytesMut) -> Result<Option<Framing>> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS];
        let mut head = httparse::Response::new(&mut headers);
        let Status::Complete(length) = head.parse(input)? else { return Ok(None) };
        *self = Self { kept: std::mem::take(&mut self.kept), ..Self::default() };
        self.kept.clear();
        self.status = head.code.unwrap_or_default();
        let mut framing = (self.status == 204).then_some(Framing::Length(0));
        for header in head.headers {
            if header.name.eq_ignore_ascii_case("content-length") {
                framing = Some(Framing::Length(std::str::from_utf8(header.value)?.parse()?));
            } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
                framing = Some(Framing::Chunked);
            } else if header.name.eq_ignore_ascii_case("etag") {
                std::str::from_utf8(header.value)?.clone_into(&mut self.etag);
            } else if header.name.eq_ignore_ascii_case("connection") && header.value == b"close" {
                return Err("the server closes the connection".into());
            }
        }
        input.advance(length);
        Ok(Some(framing.ok_or("a reply without length")?))
    }

    /// Reads so many bytes of the body.
    async fn take(
        &mut self,
        tcp: &mut TcpStream,
        input: &mut BytesMut,
        mut left: u64,
    ) -> Result<()> {
        while left > 0 {
            if input.is_empty() {
                more(tcp, input).await?;
            }
            let count = input.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            self.body(&input.split_to(count));
            left -= count as u64;
        }
        Ok(())
    }

    fn body(&mut self, mut bytes: &[u8]) {
        let room = KEPT.saturating_sub(self.kept.len());
        self.kept.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        while !bytes.is_empty() {
            let start = usize::try_from(self.length % pattern::BLOCK as u64).unwrap_or(0);
            let block = pattern::head(u64::MAX).get(start..).unwrap_or_default();
            let (part, rest) = bytes.split_at(bytes.len().min(block.len()));
            if self.alike == self.length && block.starts_with(part) {
                self.alike += part.len() as u64;
            }
            self.length += part.len() as u64;
            bytes = rest;
        }
    }

    fn check(&self, request: &Request<'_>, server: Server) -> Result<(), String> {
        if !(200..300).contains(&self.status) {
            return Err("refused".into());
        }
        let right = match request.expect {
            Expect::Text(text) => memmem::find(&self.kept, text.as_bytes()).is_some(),
            Expect::Pattern(length) => self.length == length && self.alike == length,
            Expect::Success => true,
        };
        let limit = matches!(server, Server::Limit { .. }) && self.length == request.answer;
        if right || limit { Ok(()) } else { Err(format!("wrong reply of {} bytes", self.length)) }
    }
}

/// Reads what there is.
async fn more(tcp: &mut TcpStream, input: &mut BytesMut) -> Result<()> {
    input.reserve(pattern::BLOCK);
    if tcp.read_buf(input).await? == 0 {
        return Err("the server ended the connection within a reply".into());
    }
    Ok(())
}
