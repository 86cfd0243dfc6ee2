//! What goes back where no operation was run: plain texts and JSON pages, and errors for services
//! that are not here.

use bytes::Bytes;
use cumulet_core::{AwsError, Body, Protocol};
use http::header::{CONTENT_TYPE, HeaderValue};
use http::request::Parts;
use http::{Response, StatusCode};

use crate::catalog::Entry;

/// A line of text.
pub(crate) fn text(status: StatusCode, text: impl Into<Bytes>) -> Response<Body> {
    typed(status, "text/plain; charset=utf-8", text.into())
}

/// A JSON page.
pub(crate) fn json(status: StatusCode, value: &serde_json::Value) -> Response<Body> {
    typed(status, "application/json", value.to_string().into())
}

fn typed(status: StatusCode, content_type: &'static str, body: Bytes) -> Response<Body> {
    let mut answer = Response::new(Body::from(body));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}

/// An error in the protocol that the caller most likely speaks; `entry` is the service's, where
/// that much is known.
pub(crate) fn stray(
    entry: Option<&Entry>,
    parts: &Parts,
    error: &AwsError,
    id: &str,
) -> Response<Body> {
    cumulet_protocol::write_error(guess(entry, parts), None, error, id, false)
}

/// The protocol of a request to a service whose model is not here.
pub(crate) fn guess(entry: Option<&Entry>, parts: &Parts) -> Protocol {
    let header = |name: &str| parts.headers.get(name).map_or(&b""[..], HeaderValue::as_bytes);
    let content_type = header("content-type");
    let hint = if header("smithy-protocol") == b"rpc-v2-cbor" {
        Protocol::RpcV2Cbor
    } else if content_type.starts_with(b"application/x-amz-cbor") {
        Protocol::Cbor
    } else if !header("x-amz-target").is_empty() {
        Protocol::Json
    } else if content_type.starts_with(b"application/x-www-form-urlencoded") {
        if entry.is_some_and(|e| e.speaks(Protocol::Ec2)) { Protocol::Ec2 } else { Protocol::Query }
    } else if content_type.starts_with(b"application/json") {
        Protocol::RestJson
    } else {
        Protocol::RestXml
    };
    match entry {
        Some(entry) if !entry.speaks(hint) => entry.protocols().next().unwrap_or(hint),
        _ => hint,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::CATALOG;

    fn guessed(service: &str, headers: &[(&str, &str)]) -> Protocol {
        let mut request = http::Request::builder();
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        guess(CATALOG.named(service), &request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn a_service_that_is_not_here_is_answered_in_its_protocol() {
        let form = ("content-type", "application/x-www-form-urlencoded; charset=utf-8");
        assert_eq!(guessed("glue", &[("x-amz-target", "AWSGlue.GetJobs")]), Protocol::Json);
        assert_eq!(guessed("mq", &[]), Protocol::RestJson);
        assert_eq!(guessed("cloudfront", &[]), Protocol::RestXml);
        assert_eq!(guessed("elasticache", &[form]), Protocol::Query);
        assert_eq!(guessed("ec2", &[form]), Protocol::Ec2);
        assert_eq!(guessed("cloudwatch", &[form]), Protocol::Query);
        assert_eq!(
            guessed("cloudwatch", &[("smithy-protocol", "rpc-v2-cbor")]),
            Protocol::RpcV2Cbor
        );
    }
}
