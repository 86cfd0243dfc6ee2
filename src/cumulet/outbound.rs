//! The way to other hosts: one HTTP client for all services.
//!
//! - Link-local addresses, where clouds keep their machines' credentials, are never connected to:
//!   looked at after resolution, and again at every redirect.
//! - Requests to this server's own names are answered in process.
//! - `CUMULET_OUTBOUND` is `on`, `off`, or a list of the hosts that may be reached.
//! - `OUTBOUND_HTTP_PROXY` (or `HTTP_PROXY`) is asked instead of hosts other than this machine.
//! - `https` needs the feature `tls`; without it there is no answer, and the reason says so. Servers are
//!   known by Mozilla's authorities and those in `REQUESTS_CA_BUNDLE`.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, OnceLock, Weak};

use bytes::Bytes;
use cumulet_core::outbound::{Bounds, Outbound, Unreachable};
use cumulet_core::world::BoxFuture;
use cumulet_core::{AwsError, Body};
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST, LOCATION};
use http::uri::Scheme;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use crate::config::Config;
use crate::gateway::Gateway;
use crate::identity::is_under;
use crate::stream::{Stream, plain};
#[cfg(feature = "tls")]
use crate::tls::Trust;
use crate::upload::receive;

/// Redirects that are followed, at most.
const REDIRECTS_MAX: usize = 5;

/// The client, to be shared.
#[derive(Clone, Debug)]
pub struct Client(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    policy: Policy,
    proxy: Option<(String, u16)>,
    #[cfg(feature = "tls")]
    secure_proxy: Option<(String, u16)>,
    #[cfg(feature = "tls")]
    trust: Trust,
    public_host: Option<String>,
    ports: Vec<u16>,
    gateway: OnceLock<Weak<Gateway>>,
}

#[derive(Debug, PartialEq, Eq)]
enum Policy {
    On,
    Off,
    Only(Vec<String>),
}

impl Policy {
    fn parse(setting: Option<&str>) -> Self {
        match setting.map(str::trim) {
            None | Some("" | "on" | "1" | "true") => Self::On,
            Some("off" | "0" | "false") => Self::Off,
            Some(list) => {
                Self::Only(list.split(',').map(|host| host.trim().to_ascii_lowercase()).collect())
            }
        }
    }

    fn allows(&self, host: &str) -> bool {
        match self {
            Self::On => true,
            Self::Off => false,
            Self::Only(hosts) => hosts.iter().any(|allowed| is_under(host, allowed)),
        }
    }
}

fn refused<T>(why: impl Into<String>) -> Result<T, Unreachable> {
    Err(Unreachable(why.into()))
}

impl Client {
    /// A client as the configuration asks for; `ports` are this server's own.
    pub fn new(config: &Config, ports: &[u16]) -> Self {
        let variable = |name: &str| config.variables.get(name).map(String::as_str);
        let proxy = |names: [&str; 2]| {
            let set = names.into_iter().filter_map(variable).find(|proxy| !proxy.is_empty());
            set.and_then(host_and_port)
        };
        Self(Arc::new(Inner {
            policy: Policy::parse(variable("CUMULET_OUTBOUND")),
            proxy: proxy(["OUTBOUND_HTTP_PROXY", "HTTP_PROXY"]),
            #[cfg(feature = "tls")]
            secure_proxy: proxy(["OUTBOUND_HTTPS_PROXY", "HTTPS_PROXY"]),
            #[cfg(feature = "tls")]
            trust: Trust::new(config),
            public_host: config.public_host.clone(),
            ports: ports.to_vec(),
            gateway: OnceLock::new(),
        }))
    }

    /// Says who answers for this server's own names.
    pub fn answer_own(&self, gateway: &Arc<Gateway>) {
        // The gateway knows the cloud, which knows this client.
        let _ = self.0.gateway.set(Arc::downgrade(gateway));
    }
}

impl Outbound for Client {
    fn send(
        &self,
        request: Request<Bytes>,
        bounds: Bounds,
    ) -> BoxFuture<Result<Response<Bytes>, Unreachable>> {
        let inner = Arc::clone(&self.0);
        Box::pin(async move {
            match timeout(bounds.timeout, inner.follow(request, bounds.body)).await {
                Ok(answer) => answer,
                Err(_) => refused(format!("no answer within {} s", bounds.timeout.as_secs())),
            }
        })
    }
}

impl Inner {
    /// Sends a request, and those that answers redirect it to.
    async fn follow(
        &self,
        mut request: Request<Bytes>,
        limit: usize,
    ) -> Result<Response<Bytes>, Unreachable> {
        for _ in 0..=REDIRECTS_MAX {
            let again =
                (request.method().clone(), request.uri().clone(), request.headers().clone());
            let body = request.body().clone();
            let answer = self.once(request, limit).await?;
            match redirected(&answer, again, body) {
                Some(next) => request = next,
                None => return Ok(answer),
            }
        }
        refused(format!("more than {REDIRECTS_MAX} redirects"))
    }

    async fn once(
        &self,
        mut request: Request<Bytes>,
        limit: usize,
    ) -> Result<Response<Bytes>, Unreachable> {
        let uri = request.uri().clone();
        let Some(host) = uri.host().map(str::to_ascii_lowercase) else {
            return refused("the address has no host");
        };
        let name = host.trim_start_matches('[').trim_end_matches(']');
        let secure = uri.scheme() == Some(&Scheme::HTTPS);
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let authority = uri.authority().map_or("", |a| a.as_str());
        let authority = authority.rsplit('@').next().unwrap_or_default();
        if let Ok(value) = HeaderValue::from_str(authority) {
            request.headers_mut().entry(HOST).or_insert(value);
        }
        if self.is_own(name, port)
            && let Some(gateway) = self.gateway.get().and_then(Weak::upgrade)
        {
            return in_process(&gateway, request, limit).await;
        }
        if !self.policy.allows(name) {
            return refused(format!("requests to {name} are off (CUMULET_OUTBOUND)"));
        }
        if secure {
            let stream = self.connect_securely(name, port, &mut request).await?;
            return exchange(stream, request, limit).await;
        }
        let stream = self.connect(name, port, &mut request).await?;
        exchange(plain(stream), request, limit).await
    }

    #[cfg(not(feature = "tls"))]
    #[expect(clippy::unused_async, reason = "with the feature it connects")]
    async fn connect_securely(
        &self,
        _: &str,
        _: u16,
        _: &mut Request<Bytes>,
    ) -> Result<Stream, Unreachable> {
        refused("https is not supported by this build")
    }

    /// A connection through which only the host itself can read; also when a proxy hands it on.
    #[cfg(feature = "tls")]
    async fn connect_securely(
        &self,
        name: &str,
        port: u16,
        request: &mut Request<Bytes>,
    ) -> Result<Stream, Unreachable> {
        let Reach { addresses, here, error } = reach(name, port).await?;
        origin_form(request);
        let stream = match self.secure_proxy.as_ref().filter(|_| !here) {
            Some((host, at)) => tunnel(host, *at, name, port)
                .await
                .or_else(|error| refused(format!("the proxy {host}:{at}: {error}")))?,
            None => direct(name, port, &addresses, error).await?,
        };
        self.trust.connect(name, stream).await.map_err(|why| Unreachable(format!("{name}: {why}")))
    }

    /// Whether a request would come back to this server.
    fn is_own(&self, name: &str, port: u16) -> bool {
        let under = |own: &str| is_under(name, own);
        let local = name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
            || under("localhost")
            || under("localhost.localstack.cloud");
        let public = self.public_host.as_deref().and_then(host_and_port);
        local && self.ports.contains(&port)
            || public.is_some_and(|(host, at)| under(&host.to_ascii_lowercase()) && at == port)
    }

    /// A connection to a host or the proxy, for which the request gets the form that it needs.
    async fn connect(
        &self,
        name: &str,
        port: u16,
        request: &mut Request<Bytes>,
    ) -> Result<TcpStream, Unreachable> {
        let Reach { addresses, here, error } = reach(name, port).await?;
        if let Some((host, at)) = self.proxy.as_ref().filter(|_| !here) {
            return TcpStream::connect((host.as_str(), *at))
                .await
                .or_else(|error| refused(format!("the proxy {host}:{at}: {error}")));
        }
        origin_form(request);
        direct(name, port, &addresses, error).await
    }
}

/// Where a host is.
struct Reach {
    addresses: Vec<SocketAddr>,
    /// It is this machine, which no proxy reaches for us.
    here: bool,
    /// Why there are no addresses; a proxy may know some.
    error: Option<io::Error>,
}

async fn reach(name: &str, port: u16) -> Result<Reach, Unreachable> {
    let (addresses, error) = match lookup_host((name, port)).await {
        Ok(all) => (permitted(name, &all.collect::<Vec<_>>())?, None),
        Err(error) => (Vec::new(), Some(error)),
    };
    let here = addresses.iter().any(|address| address.ip().is_loopback());
    Ok(Reach { addresses, here, error })
}

/// Only a proxy wants more than the path in a request's first line.
fn origin_form(request: &mut Request<Bytes>) {
    let path = request.uri().path_and_query().cloned();
    *request.uri_mut() = path.map(Uri::from).unwrap_or_default();
}

async fn direct(
    name: &str,
    port: u16,
    addresses: &[SocketAddr],
    error: Option<io::Error>,
) -> Result<TcpStream, Unreachable> {
    if let Some(error) = error {
        return refused(format!("{name}: {error}"));
    }
    let stream = TcpStream::connect(addresses).await;
    let stream = stream.or_else(|error| refused(format!("{name}:{port}: {error}")))?;
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

/// A connection that a proxy hands on to a host.
#[cfg(feature = "tls")]
async fn tunnel(proxy: &str, at: u16, name: &str, port: u16) -> io::Result<TcpStream> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let mut stream = TcpStream::connect((proxy, at)).await?;
    let host =
        if name.contains(':') { format!("[{name}]:{port}") } else { format!("{name}:{port}") };
    let request = format!("CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == TUNNEL_HEAD_MAX {
            return Err(io::Error::other("its answer does not end"));
        }
        // One by one: what comes after the head is the host's.
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head);
    match head.split(' ').nth(1) {
        Some("200") => Ok(stream),
        _ => Err(io::Error::other(head.lines().next().unwrap_or_default().to_owned())),
    }
}

/// The longest head of a proxy's answer to CONNECT.
#[cfg(feature = "tls")]
const TUNNEL_HEAD_MAX: usize = 16 << 10;

/// Those of a host's addresses that may be connected to; an error if there is none.
fn permitted(name: &str, all: &[SocketAddr]) -> Result<Vec<SocketAddr>, Unreachable> {
    let permitted: Vec<_> = all.iter().copied().filter(|a| !is_forbidden(a.ip())).collect();
    if permitted.is_empty() {
        return refused(format!("{name} is at an address that nothing here may connect to"));
    }
    Ok(permitted)
}

/// Link-local addresses, metadata services that are elsewhere, and what is no host at all.
fn is_forbidden(ip: IpAddr) -> bool {
    /// Metadata services by IPv6: AWS, Google.
    const METADATA: [Ipv6Addr; 2] = [
        Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x254),
        Ipv6Addr::new(0xfd20, 0x0ce, 0, 0, 0, 0, 0, 0x254),
    ];
    match ip {
        IpAddr::V4(ip) => {
            ip.is_link_local()
                || ip.is_multicast()
                || ip.is_broadcast()
                || ip.octets() == [100, 100, 100, 200]
                || ip.octets() == [168, 63, 129, 16]
        }
        IpAddr::V6(ip) => match ip.to_ipv4_mapped().or_else(|| translated(ip)) {
            Some(v4) => is_forbidden(IpAddr::V4(v4)),
            None => ip.is_unicast_link_local() || ip.is_multicast() || METADATA.contains(&ip),
        },
    }
}

/// The IPv4 address that NAT64 makes of one (RFC 6052, the well-known prefix).
fn translated(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let prefix = u128::from(u32::from_be_bytes([0, 0x64, 0xff, 0x9b])) << 96;
    let rest = ip.to_bits() ^ prefix;
    u32::try_from(rest).ok().map(Ipv4Addr::from_bits)
}

/// `http://host:port`, scheme and port optional.
fn host_and_port(text: &str) -> Option<(String, u16)> {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let uri: Uri = format!("http://{}", rest.trim_end_matches('/')).parse().ok()?;
    Some((uri.host()?.to_owned(), uri.port_u16().unwrap_or(80)))
}

/// The request that an answer asks for instead. What only the first host should know stays behind.
fn redirected(
    answer: &Response<Bytes>,
    (method, from, mut headers): (Method, Uri, HeaderMap),
    body: Bytes,
) -> Option<Request<Bytes>> {
    let keeps = match answer.status() {
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND | StatusCode::SEE_OTHER => false,
        StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => true,
        _ => return None,
    };
    let to = answer.headers().get(LOCATION)?.to_str().ok()?;
    let to: Uri = if to.starts_with('/') {
        format!("{}://{}{to}", from.scheme_str()?, from.authority()?).parse().ok()?
    } else {
        to.parse().ok()?
    };
    headers.remove(HOST);
    if to.host() != from.host() {
        headers.remove(AUTHORIZATION);
    }
    let (method, body) = if keeps {
        (method, body)
    } else {
        headers.remove(CONTENT_LENGTH);
        headers.remove(CONTENT_TYPE);
        (Method::GET, Bytes::new())
    };
    let mut next = Request::new(body);
    (*next.method_mut(), *next.uri_mut(), *next.headers_mut()) = (method, to, headers);
    Some(next)
}

async fn collect(body: &mut Body, limit: usize) -> Result<Bytes, Unreachable> {
    let too_large =
        || AwsError::new("TooLarge", 413, format!("an answer of more than {limit} bytes"));
    body.collect(limit, too_large).await.or_else(|error| refused(error.message()))
}

async fn in_process(
    gateway: &Gateway,
    request: Request<Bytes>,
    limit: usize,
) -> Result<Response<Bytes>, Unreachable> {
    let answer = gateway.answer(request.map(Body::from)).await;
    let (parts, mut body) = answer.into_parts();
    Ok(Response::from_parts(parts, collect(&mut body, limit).await?))
}

/// One request over a fresh connection. Deliveries are rare: none is kept for the next.
async fn exchange(
    stream: Stream,
    request: Request<Bytes>,
    limit: usize,
) -> Result<Response<Bytes>, Unreachable> {
    let broken = |error: hyper::Error| Unreachable(error.to_string());
    let (mut sender, connection) =
        http1::handshake::<_, Body>(TokioIo::new(stream)).await.map_err(broken)?;
    let talk = async {
        let answer = sender.send_request(request.map(Body::from)).await.map_err(broken)?;
        let (parts, incoming) = answer.into_parts();
        let (mut body, _rest) = receive(incoming);
        Ok(Response::from_parts(parts, collect(&mut body, limit).await?))
    };
    // The connection works only while it is polled, and may end before the answer is taken.
    let mut talk = std::pin::pin!(talk);
    tokio::select! {
        answer = &mut talk => answer,
        _ = connection => talk.await,
    }
}

#[cfg(test)]
mod tests;
