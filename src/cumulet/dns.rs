//! A DNS server for containers that want names such as `bucket.s3.localhost.localstack.cloud`: those are
//! here, every other name is asked of the server that this machine asks. UDP and TCP; no cache and no
//! zones. It adds 27 KB to the image; hickory's server alone, which asks nobody, would add 218 KB.

mod message;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use message::{Query, Rcode};
use regex_lite::Regex;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::admin::in_container;
use crate::config::Config;
use crate::identity::is_under;

/// Names that are here, with all names below them.
const SUFFIXES: [&str; 1] = ["localhost.localstack.cloud"];
/// Where Linux keeps the addresses of name servers.
const RESOLV_CONF: &str = "/etc/resolv.conf";
/// How long another name server may take, and a client for its question.
const PATIENCE: Duration = Duration::from_secs(5);
/// Questions that are worked on at once; more are dropped, and asked again.
const ASKED_MAX: usize = 256;
/// The longest message: more than what EDNS clients ask for.
const MESSAGE_MAX: usize = 8192;

/// The server's settings.
#[derive(Debug)]
pub(crate) struct Dns {
    listen: SocketAddr,
    suffixes: Vec<String>,
    /// Names that are asked of others although they have one of our suffixes.
    upstream_names: Vec<Regex>,
    upstream: Option<SocketAddr>,
    /// Where the names are; if not said, the address by which the asker reaches us.
    here: Option<IpAddr>,
}

impl Dns {
    /// As the configuration says; None where no server is wanted. In a container there is one unless it is
    /// switched off, elsewhere only where `DNS_ADDRESS` says so.
    pub(crate) fn new(config: &Config) -> Option<Self> {
        let variable = |name: &str| {
            config.variables.get(name).map(|v| v.trim()).filter(|value| !value.is_empty())
        };
        let address = match variable("DNS_ADDRESS") {
            Some("0" | "false") => return None,
            Some("1" | "true") => Ipv4Addr::UNSPECIFIED.into(),
            Some(text) => text
                .parse()
                .inspect_err(|_| log::warn!("DNS_ADDRESS={text} is no IP address; no DNS server"))
                .ok()?,
            None if in_container() => Ipv4Addr::UNSPECIFIED.into(),
            None => return None,
        };
        let port = variable("DNS_PORT").and_then(|port| port.parse().ok()).unwrap_or(53);
        let listen = SocketAddr::new(address, port);
        let list = |name: &str| -> Vec<String> {
            let items = variable(name).unwrap_or_default().split(',').map(str::trim);
            items.filter(|item| !item.is_empty()).map(str::to_ascii_lowercase).collect()
        };
        let public = config.public_host.as_deref().and_then(|host| host.rsplit_once(':'));
        let mut suffixes: Vec<_> = SUFFIXES.map(str::to_owned).into();
        suffixes.extend(list("CUMULET_DNS_SUFFIXES"));
        suffixes.extend(public.map(|(host, _)| host.to_ascii_lowercase()));
        suffixes.retain(|suffix| suffix != "localhost" && suffix.parse::<IpAddr>().is_err());
        let patterns = list("DNS_NAME_PATTERNS_TO_RESOLVE_UPSTREAM");
        Some(Self {
            listen,
            suffixes,
            upstream_names: patterns.iter().filter_map(|pattern| whole(pattern)).collect(),
            upstream: upstream(variable("DNS_SERVER"), listen),
            here: variable("DNS_RESOLVE_IP").and_then(|ip| ip.parse().ok()),
        })
    }

    /// Answers until the runtime ends; where it cannot listen, the log says so and all else goes on.
    pub(crate) async fn serve(self) {
        let bound = async {
            let udp = UdpSocket::bind(self.listen).await?;
            Ok::<_, io::Error>((TcpListener::bind(udp.local_addr()?).await?, udp))
        };
        match bound.await {
            Ok((tcp, udp)) => {
                log::info!("DNS: *.{} on {}", self.suffixes.join(", *."), self.listen);
                self.answer_all(udp, tcp).await;
            }
            Err(error) => log::warn!("no DNS server on {}: {error}", self.listen),
        }
    }

    async fn answer_all(self, udp: UdpSocket, tcp: TcpListener) {
        let (dns, udp) = (Arc::new(self), Arc::new(udp));
        let room = Arc::new(Semaphore::new(ASKED_MAX));
        let mut packet = [0; MESSAGE_MAX];
        loop {
            tokio::select! {
                received = udp.recv_from(&mut packet) => {
                    let Ok((length, asker)) = received else { continue };
                    let Ok(place) = Arc::clone(&room).try_acquire_owned() else { continue };
                    let question = packet.get(..length).unwrap_or_default().to_vec();
                    let (dns, udp) = (Arc::clone(&dns), Arc::clone(&udp));
                    tokio::spawn(async move {
                        if let Some(answer) = dns.answer(&question, asker, Way::Udp).await {
                            let _ = udp.send_to(&answer, asker).await;
                        }
                        drop(place);
                    });
                }
                accepted = tcp.accept() => {
                    let Ok((stream, asker)) = accepted else { continue };
                    let Ok(place) = Arc::clone(&room).try_acquire_owned() else { continue };
                    let dns = Arc::clone(&dns);
                    tokio::spawn(async move {
                        let _ = timeout(PATIENCE, dns.answer_stream(stream, asker)).await;
                        drop(place);
                    });
                }
            }
        }
    }

    /// Questions on one connection, one after the other.
    async fn answer_stream(&self, mut stream: TcpStream, asker: SocketAddr) -> io::Result<()> {
        loop {
            let question = read_framed(&mut stream).await?;
            let Some(answer) = self.answer(&question, asker, Way::Tcp).await else { return Ok(()) };
            write_framed(&mut stream, &answer).await?;
        }
    }

    /// None for what is no question at all.
    async fn answer(&self, packet: &[u8], asker: SocketAddr, way: Way) -> Option<Vec<u8>> {
        let query = match Query::read(packet)? {
            Ok(query) => query,
            Err(rcode) => return Some(message::refusal(packet, rcode)),
        };
        if self.is_here(&query.name) {
            let here = match self.here {
                Some(here) => Some(here),
                None => reached_by(asker).await.ok(),
            };
            log::debug!("DNS {} => {here:?}", query.name);
            return Some(query.answer(here));
        }
        match self.ask_upstream(packet, way).await {
            Ok(answer) => Some(answer),
            Err(error) => {
                log::debug!("DNS {}: {error}", query.name);
                Some(message::refusal(packet, Rcode::ServerFailure))
            }
        }
    }

    fn is_here(&self, name: &str) -> bool {
        self.suffixes.iter().any(|suffix| is_under(name, suffix))
            && !self.upstream_names.iter().any(|p| p.is_match(name))
    }

    /// The question as it stands, by the way it came.
    async fn ask_upstream(&self, packet: &[u8], way: Way) -> io::Result<Vec<u8>> {
        let upstream = self.upstream.ok_or_else(|| io::Error::other("no other name server"))?;
        let asked = async {
            match way {
                Way::Tcp => {
                    let mut stream = TcpStream::connect(upstream).await?;
                    write_framed(&mut stream, packet).await?;
                    read_framed(&mut stream).await
                }
                Way::Udp => {
                    let socket = UdpSocket::bind(unspecified(upstream)).await?;
                    socket.connect(upstream).await?;
                    socket.send(packet).await?;
                    let mut answer = vec![0; MESSAGE_MAX];
                    loop {
                        let length = socket.recv(&mut answer).await?;
                        // Something else may come to an open port.
                        if answer.get(..2) == packet.get(..2) {
                            answer.truncate(length);
                            return Ok(answer);
                        }
                    }
                }
            }
        };
        timeout(PATIENCE, asked).await?
    }
}

#[derive(Clone, Copy, Debug)]
enum Way {
    Udp,
    Tcp,
}

/// A pattern for whole names, as LocalStack's are.
fn whole(pattern: &str) -> Option<Regex> {
    Regex::new(&format!("^(?:{pattern})$"))
        .inspect_err(|error| {
            log::warn!("DNS_NAME_PATTERNS_TO_RESOLVE_UPSTREAM: {pattern}: {error}");
        })
        .ok()
}

/// The name server that is asked: the operator's, else this machine's, unless that would be ourselves.
fn upstream(setting: Option<&str>, own: SocketAddr) -> Option<SocketAddr> {
    let parse = |text: &str| {
        let address = text.parse().map(|ip: IpAddr| SocketAddr::new(ip, 53));
        address.or_else(|_| text.parse()).ok()
    };
    if let Some(text) = setting {
        return parse(text);
    }
    let file = std::fs::read_to_string(RESOLV_CONF).unwrap_or_default();
    let mut servers =
        file.lines().filter_map(|line| parse(line.strip_prefix("nameserver")?.trim()));
    let is_own = |server: &SocketAddr| {
        let same = server.ip() == own.ip() || server.ip() == IpAddr::from(Ipv4Addr::LOCALHOST);
        same && server.port() == own.port()
    };
    servers.find(|server| !is_own(server))
}

fn unspecified(like: SocketAddr) -> SocketAddr {
    let any = if like.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    any.parse().unwrap_or(like)
}

/// The address of ours that the asker has in front of it: that from which a packet to it would go.
async fn reached_by(asker: SocketAddr) -> io::Result<IpAddr> {
    let probe = UdpSocket::bind(unspecified(asker)).await?;
    probe.connect(asker).await?;
    Ok(probe.local_addr()?.ip().to_canonical())
}

/// Over TCP a message has its length before it.
async fn read_framed(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let length = usize::from(stream.read_u16().await?);
    if length > MESSAGE_MAX {
        return Err(io::Error::other("the message is too long"));
    }
    let mut message = vec![0; length];
    stream.read_exact(&mut message).await?;
    Ok(message)
}

async fn write_framed(stream: &mut TcpStream, message: &[u8]) -> io::Result<()> {
    let length = u16::try_from(message.len()).map_err(io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes(), message].concat()).await
}

#[cfg(test)]
mod tests;
