//! The bare server that `scripts/bench` gives every figure as a ratio to: hyper 1 on two tokio
//! workers, which reads a request whole and answers as many bytes as the request asks for.
//!
//! It routes, stores and checks nothing, so no server that does can pass it on the same machine.
//! `limit ADDRESS` prints `Ready.` once it listens. `x-limit-size: N` asks for a body of N bytes;
//! `x-limit-md5: 1` has the upload hashed too, which every `PutObject` owes its `ETag`.

mod pattern;

use std::convert::Infallible;
use std::error::Error;
use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::header::{ETAG, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::TokioIo;
use md5::{Digest, Md5};
use tokio::net::TcpListener;

/// The pattern, repeated until so many bytes are sent.
struct Pattern(u64);

impl Body for Pattern {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let block = pattern::head(self.0);
        self.0 -= block.len() as u64;
        Poll::Ready((!block.is_empty()).then(|| Ok(Frame::data(Bytes::from_static(block)))))
    }

    fn is_end_stream(&self) -> bool {
        self.0 == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0)
    }
}

fn number(headers: &HeaderMap, name: &str) -> u64 {
    headers.get(name).and_then(|v| v.to_str().ok()?.parse().ok()).unwrap_or(0)
}

async fn answer(request: Request<Incoming>) -> Result<Response<Pattern>, hyper::Error> {
    let size = number(request.headers(), "x-limit-size");
    let mut md5 = (number(request.headers(), "x-limit-md5") > 0).then(Md5::new);
    let mut body = request.into_body();
    while let Some(frame) = body.frame().await {
        if let (Some(md5), Some(data)) = (&mut md5, frame?.data_ref()) {
            md5.update(data);
        }
    }
    let mut response = Response::new(Pattern(size));
    if let Some(md5) = md5 {
        // A use of the hash, so that it cannot be left out; which bytes of it does not matter.
        let sum = md5.finalize().iter().fold(0, |sum, &byte| sum << 1 ^ u64::from(byte));
        response.headers_mut().insert(ETAG, HeaderValue::from(sum));
    }
    Ok(response)
}

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).ok_or("usage: limit ADDRESS")?;
    let listener = TcpListener::bind(&address).await?;
    writeln!(std::io::stdout(), "Ready.")?;
    loop {
        let (tcp, _) = listener.accept().await?;
        tcp.set_nodelay(true)?;
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(tcp), service_fn(answer)));
    }
}
