//! How a service reaches the world outside: one HTTP client, given by whoever runs the cloud.
//!
//! Which addresses may be reached, redirects, proxies and TLS are the client's matter; core has no
//! socket.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use crate::world::BoxFuture;

/// Sends requests to other hosts. It follows redirects itself.
pub trait Outbound: fmt::Debug + Send + Sync {
    /// Sends one request, with an absolute URI, and reads the whole answer.
    ///
    /// # Errors
    /// Why there is no answer. An answer with an error status is an answer.
    fn send(
        &self,
        request: http::Request<Bytes>,
        bounds: Bounds,
    ) -> BoxFuture<Result<http::Response<Bytes>, Unreachable>>;
}

/// What a request may cost.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// From the first attempt to connect to the last byte of the answer, in real time.
    pub timeout: Duration,
    /// Bytes of the answer's body, at most.
    pub body: usize,
}

/// Why there is no answer, in words for a log or a delivery report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreachable(pub String);

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unreachable {}

/// Reaches nobody: what a cloud has that was given no client.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Nowhere;

impl Outbound for Nowhere {
    fn send(
        &self,
        _request: http::Request<Bytes>,
        _bounds: Bounds,
    ) -> BoxFuture<Result<http::Response<Bytes>, Unreachable>> {
        Box::pin(async { Err(Unreachable("requests to other hosts are off".to_owned())) })
    }
}
