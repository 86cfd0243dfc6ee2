//! Whom the client to other hosts trusts by https.

use std::fmt;
use std::sync::{Arc, OnceLock};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::provider;
use crate::config::Config;
use crate::stream::Stream;

/// Mozilla's authorities, and those in the operator's file, which is read when first wanted.
pub(crate) struct Trust {
    file: Option<String>,
    connector: OnceLock<Option<TlsConnector>>,
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trust").field("file", &self.file).finish_non_exhaustive()
    }
}

impl Trust {
    /// As the configuration says.
    pub(crate) fn new(config: &Config) -> Self {
        let names = ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"];
        let file = names.iter().find_map(|name| config.variables.get(*name)).cloned();
        Self { file, connector: OnceLock::new() }
    }

    /// None where the processor lacks what the cryptography needs.
    fn connector(&self) -> Option<&TlsConnector> {
        let make = || {
            let provider = provider()?;
            let mut roots = RootCertStore::empty();
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
            if let Some(path) = &self.file {
                match CertificateDer::pem_file_iter(path) {
                    Ok(found) => {
                        roots.add_parsable_certificates(found.filter_map(Result::ok));
                    }
                    Err(error) => log::warn!("{path}: {error}"),
                }
            }
            let builder = ClientConfig::builder_with_provider(provider);
            let builder = builder.with_safe_default_protocol_versions().ok()?;
            let client = builder.with_root_certificates(roots).with_no_client_auth();
            Some(TlsConnector::from(Arc::new(client)))
        };
        self.connector.get_or_init(make).as_ref()
    }

    /// Makes sure who is at the other end, and that nobody listens.
    ///
    /// # Errors
    /// It is somebody else, or nobody that we trust vouches for it.
    pub(crate) async fn connect(&self, name: &str, stream: TcpStream) -> Result<Stream, String> {
        let Some(connector) = self.connector() else {
            return Err("https is off: this processor lacks instructions for it".to_owned());
        };
        let server = ServerName::try_from(name.to_owned()).map_err(|error| error.to_string())?;
        let stream = connector.connect(server, stream).await.map_err(|error| error.to_string())?;
        Ok(Stream::Secure(Box::new(stream.into())))
    }
}
