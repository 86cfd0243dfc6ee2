//! How AWS spells the names of headers on HTTP/1.1: `ETag`, not `etag`. Both are the same name, but scripts look for
//! it as AWS writes it. SDKs do not, so answers to requests that are signed in a header are spared the microsecond.
//!
//! hyper writes names in small letters, unless an answer brings along how they are spelled, which only a message
//! does that hyper has read. So the server reads one at its start: its own.

use std::sync::OnceLock;

use http::request::Parts;
use http::{Extensions, Response};

static NAMES: OnceLock<Extensions> = OnceLock::new();

const PATH: &str = "/_cumulet/spelling";
/// The message. What is not in it has small letters with AWS, too, such as `x-amz-request-id`.
pub(crate) const MESSAGE: &[u8] = b"GET /_cumulet/spelling HTTP/1.1\r\n\
Accept-Ranges:\r\nAccess-Control-Allow-Credentials:\r\nAccess-Control-Allow-Headers:\r\n\
Access-Control-Allow-Methods:\r\nAccess-Control-Allow-Origin:\r\nAccess-Control-Expose-Headers:\r\n\
Access-Control-Max-Age:\r\nAllow:\r\nCache-Control:\r\nConnection: close\r\nContent-Disposition:\r\n\
Content-Encoding:\r\nContent-Language:\r\nContent-Length: 0\r\nContent-Range:\r\nContent-Type:\r\nDate:\r\n\
ETag:\r\nExpires:\r\nLast-Modified:\r\nLocation:\r\nServer:\r\nVary:\r\nx-amzn-RequestId:\r\n\r\n";

/// True if this is the message; then its names are known from now on. The first one counts, which comes before any
/// client's.
pub(crate) fn learn(parts: &mut Parts) -> bool {
    NAMES.get().is_none()
        && parts.uri.path() == PATH
        && NAMES.set(std::mem::take(&mut parts.extensions)).is_ok()
}

/// Has an answer's names spelled as AWS does.
pub(crate) fn spell<B>(answer: &mut Response<B>) {
    if let Some(names) = NAMES.get() {
        answer.extensions_mut().extend(names.clone());
    }
}
