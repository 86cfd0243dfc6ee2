//! TLS: what the server shows whoever calls it by https. Which provider of cryptography, and why:
//! `src/README.md`. Not here: HTTP; whom the client to other hosts trusts is in `trust.rs`.

mod certificate;
#[cfg(feature = "outbound")]
mod trust;

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::config::Config;
use crate::stream::Stream;

#[cfg(feature = "outbound")]
pub(crate) use trust::Trust;

/// A certificate of our own is made anew when it is so old: shortly before it ends.
const AGE_MAX: Duration = Duration::from_secs((certificate::DAYS - 30) * 86_400);

/// What the server needs for https.
pub(crate) struct Tls(TlsAcceptor);

impl Tls {
    /// With the operator's certificate, else with our own, which is kept in `folder` where that can
    /// be written to. None where the processor lacks what the cryptography needs.
    ///
    /// # Errors
    /// The operator's certificate cannot be used.
    pub(crate) fn open(config: &Config, folder: &Path) -> io::Result<Option<Self>> {
        let Some(provider) = provider() else {
            log::warn!("https is off: this processor has no AES, AVX2, ADX or CLMUL instructions");
            return Ok(None);
        };
        let path = config.variables.get("CUSTOM_SSL_CERT_PATH").filter(|path| !path.is_empty());
        let pem = match path {
            Some(path) => fs::read(path).map_err(|error| about(path, &error))?,
            None => own(config, folder),
        };
        let server = server(provider, &pem)
            .map_err(|error| about(path.map_or("our own certificate", String::as_str), &error))?;
        Ok(Some(Self(TlsAcceptor::from(Arc::new(server)))))
    }

    /// The stream in it, and whether HTTP/2 was agreed upon.
    pub(crate) async fn accept(&self, stream: TcpStream) -> io::Result<(Stream, bool)> {
        let stream = self.0.accept(stream).await?;
        let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        Ok((Stream::Secure(Box::new(stream.into())), is_http2))
    }
}

/// Whether a connection that begins with this byte is one of TLS: a handshake record.
pub(crate) fn is_hello(first: u8) -> bool {
    first == 0x16
}

fn about(what: &str, error: &dyn std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{what}: {error}"))
}

fn provider() -> Option<Arc<CryptoProvider>> {
    graviola::util::is_cpu_supported().then(|| Arc::new(rustls_graviola::default_provider()))
}

fn server(provider: Arc<CryptoProvider>, pem: &[u8]) -> io::Result<ServerConfig> {
    let broken = |error: &dyn std::fmt::Display| io::Error::other(error.to_string());
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let chain = chain.map_err(|error| broken(&error))?;
    let key = PrivateKeyDer::from_pem_slice(pem).map_err(|error| broken(&error))?;
    let builder =
        ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| broken(&error))?.with_no_client_auth();
    let mut server = builder.with_single_cert(chain, key).map_err(|error| broken(&error))?;
    server.alpn_protocols = vec![b"http/1.1".to_vec()];
    if cfg!(feature = "http2") {
        server.alpn_protocols.insert(0, b"h2".to_vec());
    }
    Ok(server)
}

/// Our own certificate and its key: that in the folder as long as it is good, else a new one.
fn own(config: &Config, folder: &Path) -> Vec<u8> {
    let (shown, kept) = (folder.join("cert.pem"), folder.join("key.pem"));
    let names = certificate::names(config);
    let set =
        |name: &str| config.variables.get(name).is_some_and(|v| matches!(v.trim(), "1" | "true"));
    if !set("REMOVE_SSL_CERT")
        && let (Ok(certificate), Ok(key)) = (fs::read(&shown), fs::read(&kept))
        && is_young(&shown)
        && certificate::is_for(&certificate, &names)
    {
        log::info!("https: the certificate is {}", shown.display());
        return [certificate, key].concat();
    }
    let Some((certificate, key)) = certificate::make(&names) else {
        log::error!("https: no certificate can be made");
        return Vec::new();
    };
    let written = fs::create_dir_all(folder)
        .and_then(|()| write(&kept, key.as_bytes(), 0o600))
        .and_then(|()| write(&shown, certificate.as_bytes(), 0o644));
    match written {
        Ok(()) => log::info!("https: a new certificate is in {}", shown.display()),
        Err(error) => log::info!("https: the certificate ends with this process: {error}"),
    }
    [certificate, key].concat().into_bytes()
}

fn is_young(path: &Path) -> bool {
    let written = fs::metadata(path).and_then(|about| about.modified());
    written.is_ok_and(|written| written.elapsed().is_ok_and(|age| age < AGE_MAX))
}

#[cfg_attr(not(unix), expect(unused_variables, reason = "modes are Unix's"))]
fn write(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    // A key that others may read would keep its mode if it were only written over.
    let _ = fs::remove_file(path);
    let mut options = fs::OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    let mut file = options.write(true).create_new(true).open(path)?;
    io::Write::write_all(&mut file, bytes)
}

#[cfg(test)]
mod tests;
