//! HTTP and HTTPS endpoints: one request, and what its answer means.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use cumulet_core::Cloud;
use cumulet_core::outbound::Bounds;
use http::{HeaderName, HeaderValue, Request};

/// What an endpoint may take (SNS Developer Guide: 15 seconds), and how much of its answer is read.
const BOUNDS: Bounds = Bounds { timeout: Duration::from_secs(15), body: 65_536 };

/// Why a delivery failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) reason: String,
    /// What the endpoint answered, if it did.
    pub(crate) status: Option<u16>,
    /// Trying again would not help.
    pub(crate) permanent: bool,
}

impl Failure {
    pub(crate) fn permanent(reason: impl fmt::Display) -> Self {
        Self { reason: reason.to_string(), status: None, permanent: true }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

/// A request as SNS's agent makes it. Name and password in the URL become a header.
pub(crate) fn request(
    endpoint: &str,
    body: String,
    headers: &[(&'static str, &str)],
) -> Result<Request<Bytes>, Failure> {
    let (scheme, rest) = endpoint.split_once("://").unwrap_or(("http", endpoint));
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let (login, host) = match authority.rsplit_once('@') {
        Some((login, host)) => (Some(login), host),
        None => (None, authority),
    };
    let mut request = Request::post(format!("{scheme}://{host}{path}"))
        .header("user-agent", "Amazon Simple Notification Service Agent")
        .header("accept-encoding", "gzip,deflate")
        .header("connection", "Keep-Alive");
    if let Some(login) = login {
        request = request.header("authorization", format!("Basic {}", STANDARD.encode(login)));
    }
    for (name, value) in headers {
        let value = HeaderValue::from_str(value).map_err(Failure::permanent)?;
        request = request.header(HeaderName::from_static(name), value);
    }
    request.body(Bytes::from(body)).map_err(Failure::permanent)
}

/// Sends a request. Server errors, 429 and hosts that can't be reached may pass; other refusals stay.
pub(crate) async fn send(
    cloud: &Cloud,
    request: Result<Request<Bytes>, Failure>,
) -> Result<(), Failure> {
    let answer = cloud.outbound().send(request?, BOUNDS).await;
    let answer = answer.map_err(|error| Failure {
        reason: error.to_string(),
        status: None,
        permanent: false,
    })?;
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    let permanent = status.is_client_error() && status.as_u16() != 429;
    let reason = format!("the endpoint answered {status}");
    Err(Failure { reason, status: Some(status.as_u16()), permanent })
}
