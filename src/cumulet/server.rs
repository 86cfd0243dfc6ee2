//! The server: listeners, connections and their end. HTTP/1.1, and HTTP/2 by prior knowledge on the
//! same port; bounds on what a client can make it hold.

use std::convert::Infallible;
use std::fmt::Display;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use cumulet_core::{Body, spawn};
use http::header::{AUTHORIZATION, CONNECTION, EXPECT, HeaderValue};
use http::{Request, Response, Version};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::sleep;

use crate::config::Listen;
use crate::gateway::Gateway;
use crate::identity::Secure;
use crate::spelling;
use crate::stream::{Stream, plain};
#[cfg(feature = "tls")]
use crate::tls::{Tls, is_hello};
use crate::upload::receive;

/// How many connections may be open at once; more wait in the listeners' queues.
const CONNECTIONS_MAX: u32 = 16_384;
/// How long a client may take for a request's head, and an idle connection stays open.
const HEAD_TIME: Duration = Duration::from_secs(60);
/// The longest head of a request, and the most that is read ahead of a body.
const HEAD_MAX: usize = 256 << 10;
/// Connections that wait to be accepted.
const BACKLOG: i32 = 1024;

/// Tells the server, or the whole program, to stop, from wherever it is held.
#[derive(Clone, Debug)]
pub struct Stop(watch::Sender<Option<End>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Stop,
    Restart,
}

impl Default for Stop {
    fn default() -> Self {
        Self(watch::Sender::new(None))
    }
}

impl Stop {
    /// Stops for good, also if a restart was wanted before.
    pub fn now(&self) {
        self.0.send_replace(Some(End::Stop));
    }

    /// Stops in order to start anew.
    pub fn restart(&self) {
        self.0.send_if_modified(|end| end.is_none() && end.replace(End::Restart).is_none());
    }

    /// Whether the program is to start anew once it has stopped.
    pub fn restarts(&self) -> bool {
        *self.0.borrow() == Some(End::Restart)
    }

    /// Returns once there is word to stop.
    pub async fn told(&self) {
        // The sender is `self`: it is not gone while this waits.
        let _ = self.0.subscribe().wait_for(Option::is_some).await;
    }
}

/// Opens the listeners. An IPv6 address on a machine without IPv6 is left out.
///
/// # Errors
/// An address is no address, taken, or not ours; or none is left.
pub fn bind(addresses: &[Listen]) -> io::Result<Vec<TcpListener>> {
    let mut resolved = Vec::new();
    for wanted in addresses {
        let found = wanted.addresses();
        if found.is_empty() {
            return Err(cannot(wanted, &io::Error::other("this is no IP address")));
        }
        resolved.extend(found);
    }
    let mut listeners = Vec::new();
    for address in &resolved {
        // `::` takes IPv4 too, unless that has an entry of its own.
        let beside_v4 = resolved.iter().any(|a| a.is_ipv4() && a.port() == address.port());
        match open(*address, beside_v4) {
            Ok(listener) => listeners.push(listener),
            Err(error) if address.is_ipv6() && is_no_ipv6(&error) => {
                log::debug!("no IPv6 here: {address} is left out");
            }
            Err(error) => return Err(cannot(address, &error)),
        }
    }
    if listeners.is_empty() {
        return Err(io::Error::other("no address to listen on"));
    }
    Ok(listeners)
}

fn cannot(address: &dyn Display, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot listen on {address}: {error}"))
}

fn is_no_ipv6(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::AddrNotAvailable | io::ErrorKind::Unsupported)
        || error.raw_os_error() == Some(ADDRESS_FAMILY_NOT_SUPPORTED)
}

/// Linux's EAFNOSUPPORT, which has no kind of its own.
const ADDRESS_FAMILY_NOT_SUPPORTED: i32 = 97;

fn open(address: SocketAddr, only_v6: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(only_v6)?;
    }
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// Serves until `stop` is told; returns when the last request has ended, however long it takes.
pub(crate) async fn serve(listeners: Vec<TcpListener>, server: Server) {
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX as usize));
    let server = Arc::new(server);
    if let Err(error) = Arc::clone(&server).learn_spelling().await {
        log::debug!("names of headers are in small letters: {error}");
    }
    for listener in listeners {
        spawn(accept(listener, Arc::clone(&room), Arc::clone(&server)));
    }
    server.stop.told().await;
    let _ = room.acquire_many(CONNECTIONS_MAX).await;
}

async fn accept(listener: TcpListener, room: Arc<Semaphore>, server: Arc<Server>) {
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else { return };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = server.stop.told() => return,
        };
        match accepted {
            Ok((stream, _)) => drop(spawn(Arc::clone(&server).connection(stream, place))),
            Err(error) => {
                // Out of file descriptors, mostly: wait for some to come back.
                log::warn!("a connection was not accepted: {error}");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

fn http1_builder() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME).max_buf_size(HEAD_MAX);
    builder
}

/// What all connections share.
pub(crate) struct Server {
    gateway: Arc<Gateway>,
    stop: Stop,
    http1: http1::Builder,
    #[cfg(feature = "tls")]
    tls: Option<Tls>,
}

impl Server {
    /// Answers by `gateway` until `stop` is told.
    pub(crate) fn new(gateway: Arc<Gateway>, stop: Stop) -> Self {
        Self {
            gateway,
            stop,
            http1: http1_builder(),
            #[cfg(feature = "tls")]
            tls: None,
        }
    }

    /// Speaks https too.
    #[cfg(feature = "tls")]
    pub(crate) fn with_tls(self, tls: Option<Tls>) -> Self {
        Self { tls, ..self }
    }

    async fn connection(self: Arc<Self>, stream: TcpStream, _place: OwnedSemaphorePermit) {
        // Head and body of an answer that leave in two writes must not wait for each other.
        let _ = stream.set_nodelay(true);
        #[cfg(any(feature = "http2", feature = "tls"))]
        let start = tokio::select! {
            start = first_bytes(&stream) => start,
            // Who has said nothing yet does not hold the end up.
            () = self.stop.told() => return,
        };
        #[cfg(feature = "tls")]
        if is_hello(start[0]) {
            return self.secure(stream).await;
        }
        #[cfg(feature = "http2")]
        if start == *b"PR" {
            return self.http2(plain(stream), None).await;
        }
        self.http1(&self.http1, plain(stream), None).await;
    }

    /// Reads the message that has the names of headers as AWS spells them, over a connection like any other:
    /// another type would have HTTP compiled a second time.
    #[cfg(unix)]
    async fn learn_spelling(self: Arc<Self>) -> io::Result<()> {
        let (near, far) = std::os::unix::net::UnixStream::pair()?;
        (&near).write_all(spelling::MESSAGE)?;
        far.set_nonblocking(true)?;
        let far = TcpStream::from_std(std::os::fd::OwnedFd::from(far).into())?;
        let mut builder = http1_builder();
        builder.preserve_header_case(true);
        self.http1(&builder, plain(far), None).await;
        Ok(())
    }

    #[cfg(not(unix))]
    async fn learn_spelling(self: Arc<Self>) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    #[cfg(feature = "tls")]
    async fn secure(self: Arc<Self>, stream: TcpStream) {
        let Some(tls) = &self.tls else { return };
        let accepted = tokio::select! {
            accepted = tokio::time::timeout(HEAD_TIME, tls.accept(stream)) => accepted,
            () = self.stop.told() => return,
        };
        match accepted {
            #[cfg(feature = "http2")]
            Ok(Ok((stream, true))) => self.http2(stream, Some(Secure)).await,
            Ok(Ok((stream, _))) => self.http1(&self.http1, stream, Some(Secure)).await,
            Ok(Err(error)) => log::debug!("a connection did not come to TLS: {error}"),
            Err(_) => log::debug!("a connection did not come to TLS in time"),
        }
    }

    async fn http1(&self, builder: &http1::Builder, stream: Stream, secure: Option<Secure>) {
        let service = service_fn(|request| answer(&self.gateway, request, secure));
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        self.carry(connection, http1::Connection::graceful_shutdown).await;
    }

    #[cfg(feature = "http2")]
    async fn http2(self: Arc<Self>, stream: Stream, secure: Option<Secure>) {
        use hyper::server::conn::http2;
        use hyper_util::rt::TokioExecutor;

        let gateway = Arc::clone(&self.gateway);
        let service = service_fn(move |request| {
            let gateway = Arc::clone(&gateway);
            async move { answer(&gateway, request, secure).await }
        });
        let connection = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_header_list_size(64 << 10)
            .initial_stream_window_size(1 << 20)
            .initial_connection_window_size(4 << 20)
            .serve_connection(TokioIo::new(stream), service);
        self.carry(connection, http2::Connection::graceful_shutdown).await;
    }

    /// Sees a connection to its end; once the server stops, `finish` tells it that no request follows.
    async fn carry<C: Future<Output = hyper::Result<()>>>(
        &self,
        connection: C,
        finish: fn(Pin<&mut C>),
    ) {
        let mut connection = pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = self.stop.told() => {
                finish(connection.as_mut());
                connection.await
            }
        };
        if let Err(error) = ended {
            log::debug!("a connection broke off: {error}");
        }
    }
}

/// What a connection begins with, left for whoever reads it. HTTP/2 by prior knowledge begins with
/// `PRI`, and no method of HTTP/1 that AWS knows begins with `PR`.
#[cfg(any(feature = "http2", feature = "tls"))]
async fn first_bytes(stream: &TcpStream) -> [u8; 2] {
    let mut start = [0; 2];
    // Whatever is wrong here will be wrong again when it is read.
    let _ = tokio::time::timeout(HEAD_TIME, stream.peek(&mut start)).await;
    start
}

async fn answer(
    gateway: &Gateway,
    request: Request<Incoming>,
    secure: Option<Secure>,
) -> Result<Response<Body>, Infallible> {
    let (mut parts, incoming) = request.into_parts();
    if spelling::learn(&mut parts) {
        return Ok(Response::new(Body::empty()));
    }
    if let Some(secure) = secure {
        parts.extensions.insert(secure);
    }
    let is_http1 = parts.version < Version::HTTP_2;
    let is_signed = parts.headers.contains_key(AUTHORIZATION);
    // Without a body to ask for, no `100 Continue` goes out. botocore takes the next answer on such
    // a connection for a part of this one, and waits for its end.
    let unasked = parts.headers.contains_key(EXPECT) && incoming.is_end_stream();
    let (body, rest) = receive(incoming);
    let mut answer = gateway.answer(Request::from_parts(parts, body)).await;
    let all_read = rest.drain().await;
    if is_http1 && (unasked || !all_read) {
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    if is_http1 && !is_signed {
        spelling::spell(&mut answer);
    }
    Ok(answer)
}

#[cfg(test)]
mod tests;
