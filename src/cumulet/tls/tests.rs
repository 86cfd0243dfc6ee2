//! Handshakes between our two sides, with certificates on disk.

use std::path::PathBuf;

use super::*;
use crate::testing::config;

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("cumulet-tls-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        Self(folder)
    }

    fn read(&self, file: &str) -> Vec<u8> {
        fs::read(self.0.join(file)).unwrap()
    }

    fn text(&self, file: &str) -> String {
        self.0.join(file).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn open(config: &Config, folder: &Folder) -> io::Result<Tls> {
    Tls::open(config, &folder.0).map(|tls| tls.expect("this machine can"))
}

#[test]
fn a_certificate_is_kept_as_long_as_it_is_good() {
    let folder = Folder::new("kept");
    open(&config(&[]), &folder).unwrap();
    let first = folder.read("cert.pem");
    open(&config(&[]), &folder).unwrap();
    assert_eq!(folder.read("cert.pem"), first);
    open(&config(&[("LOCALSTACK_HOST", "other.test")]), &folder).unwrap();
    let second = folder.read("cert.pem");
    assert_ne!(second, first);
    open(&config(&[("LOCALSTACK_HOST", "other.test"), ("REMOVE_SSL_CERT", "1")]), &folder).unwrap();
    assert_ne!(folder.read("cert.pem"), second);
}

#[test]
fn the_operators_certificate_is_used_or_named() {
    let folder = Folder::new("given");
    open(&config(&[]), &folder).unwrap();
    let pem = [folder.read("key.pem"), folder.read("cert.pem")].concat();
    fs::write(folder.0.join("both.pem"), pem).unwrap();
    open(&config(&[("CUSTOM_SSL_CERT_PATH", &folder.text("both.pem"))]), &folder).unwrap();
    for file in ["cert.pem", "none.pem"] {
        let path = folder.text(file);
        let config = config(&[("CUSTOM_SSL_CERT_PATH", &path)]);
        let error = Tls::open(&config, &folder.0).err().unwrap().to_string();
        assert!(error.contains(&path), "{error}");
    }
}

#[cfg(feature = "outbound")]
mod client {
    use cumulet_core::outbound::{Bounds, Outbound as _};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;
    use crate::outbound::Client;

    /// A server that answers one request by https; its port.
    async fn host(tls: Tls) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (mut stream, _) = tls.accept(listener.accept().await.unwrap().0).await.unwrap();
            let _ = stream.read(&mut [0; 4096]).await;
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi").await.unwrap();
        });
        port
    }

    async fn get(variables: &[(&str, &str)], port: u16) -> Result<String, String> {
        let client = Client::new(&config(variables), &[4566]);
        let request =
            http::Request::get(format!("https://localhost:{port}/")).body(bytes::Bytes::new());
        let bounds = Bounds { timeout: Duration::from_secs(20), body: 100 };
        let answer = client.send(request.unwrap(), bounds).await.map_err(|error| error.0)?;
        Ok(String::from_utf8_lossy(answer.body()).into_owned())
    }

    #[tokio::test]
    async fn the_client_believes_those_that_it_trusts_and_nobody_else() {
        let folder = Folder::new("client");
        let server = || open(&config(&[]), &folder).unwrap();
        let port = host(server()).await;
        let trusted = [("REQUESTS_CA_BUNDLE", &*folder.text("cert.pem"))];
        assert_eq!(get(&trusted, port).await.as_deref(), Ok("hi"));
        let error = get(&[], host(server()).await).await.unwrap_err();
        assert!(error.contains("certificate"), "{error}");
    }

    #[tokio::test]
    async fn a_proxy_hands_it_on_and_reads_nothing() {
        let folder = Folder::new("proxy");
        let port = host(open(&config(&[]), &folder).unwrap()).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = format!("http://{}", listener.local_addr().unwrap());
        let asked = tokio::spawn(async move {
            let (mut client, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(client.read_u8().await.unwrap());
            }
            client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").await.unwrap();
            let mut server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            String::from_utf8(head).unwrap()
        });
        // A name that only the proxy knows; our certificate has it.
        let host = [("LOCALSTACK_HOST", "cloud.invalid")];
        drop(open(&config(&host), &folder).unwrap());
        let variables =
            [("OUTBOUND_HTTPS_PROXY", &*proxy), ("REQUESTS_CA_BUNDLE", &*folder.text("cert.pem"))];
        let client = Client::new(&config(&variables), &[4566]);
        let request =
            http::Request::get("https://cloud.invalid/").body(bytes::Bytes::new()).unwrap();
        let bounds = Bounds { timeout: Duration::from_secs(20), body: 100 };
        // The first certificate is shown, which is not for that name.
        let error = client.send(request, bounds).await.unwrap_err();
        assert!(error.0.contains("certificate"), "{error}");
        assert!(asked.await.unwrap().starts_with("CONNECT cloud.invalid:443 HTTP/1.1\r\n"));
    }
}
