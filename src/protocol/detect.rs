//! Which of a service's protocols a request speaks.

use cumulet_core::{Model, Protocol};
use http::HeaderMap;
use http::request::Parts;

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// The protocol of a request for this service: what path, headers and query string show, if the
/// model lists it, else the model's first.
pub fn detect(model: &'static Model, parts: &Parts) -> Protocol {
    let listed = &model.metadata.protocols;
    let first = listed.first().copied().unwrap_or_default();
    if listed.len() < 2 {
        return first;
    }
    let content_type = header(&parts.headers, "content-type");
    let is_rpc = header(&parts.headers, "smithy-protocol") == "rpc-v2-cbor"
        || parts.uri.path().starts_with("/service/");
    let is_form = content_type.starts_with("application/x-www-form-urlencoded")
        || parts.uri.query().is_some_and(|q| q.split('&').any(|p| p.starts_with("Action=")));
    let shown: &[Protocol] = if is_rpc {
        &[Protocol::RpcV2Cbor]
    } else if content_type.starts_with("application/x-amz-cbor") {
        &[Protocol::Cbor]
    } else if parts.headers.contains_key("x-amz-target") {
        &[Protocol::Json]
    } else if is_form {
        &[Protocol::Query, Protocol::Ec2]
    } else {
        &[]
    };
    shown.iter().copied().find(|p| listed.contains(p)).unwrap_or(first)
}
