//! Inputs: from a request to the reader of its operation's input.

use bytes::Bytes;
use cumulet_core::{Model, Protocol, ReadError, Reader, Schema};
use http::request::Parts;

use crate::answer::event_stream;
use crate::bind::read::Request;
#[cfg(feature = "form")]
use crate::form;
use crate::place::Place;
use crate::route::Matched;

/// True if the input's payload is a byte or event stream: then the gateway does not buffer the body
/// and hands it to `Message::set_body`.
pub fn streams_input(model: &'static Model, operation: usize) -> bool {
    let Some(id) = model.operations.get(operation).and_then(|o| o.input) else { return false };
    let shape = model.shape(id);
    let payload = shape.payload.and_then(|i| shape.members.get(i));
    payload.is_some_and(|m| m.streaming || model.shape(m.shape).streaming)
        || event_stream(model, Some(id)).is_some()
}

/// Gives `read` the reader of this request. `body` is empty for streaming inputs.
pub fn read_input<T>(
    protocol: Protocol,
    model: &'static Model,
    matched: &Matched,
    parts: &Parts,
    body: &Bytes,
    read: impl FnOnce(&mut dyn Reader) -> Result<T, ReadError>,
) -> Result<T, ReadError> {
    // One instantiation of everything below, whatever T is.
    let mut read = Some(read);
    let mut value = None;
    let mut once = |r: &mut dyn Reader| {
        if let Some(read) = read.take() {
            value = Some(read(r)?);
        }
        Ok(())
    };
    give_reader(protocol, model, matched, parts, body, &mut once)?;
    value.ok_or_else(|| ReadError::new("The input was not read"))
}

fn give_reader(
    protocol: Protocol,
    model: &'static Model,
    matched: &Matched,
    parts: &Parts,
    body: &Bytes,
    read: &mut dyn FnMut(&mut dyn Reader) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    let Some(operation) = model.operations.get(matched.operation) else { return Ok(()) };
    // An operation without an input reads that of a structure without members.
    let schema = Schema { model, shape: operation.input.unwrap_or(usize::MAX) };
    let place = Place::root(schema);
    match protocol {
        Protocol::RestJson | Protocol::RestXml => {
            let place = Place::bound_root(schema);
            let uri = operation.uri;
            read(&mut Request { protocol, place, matched, uri, parts, body })
        }
        #[cfg(feature = "form")]
        Protocol::Query | Protocol::Ec2 => {
            let query = parts.uri.query().unwrap_or_default();
            form::read::read(query, body, place, protocol == Protocol::Ec2, read)
        }
        // Nothing said is an empty form.
        #[cfg(feature = "form")]
        _ if body.is_empty() => form::read::read("", body, place, false, read),
        _ => parse(protocol, body, place, read),
    }
}

/// Reads a document in the protocol's format.
pub(crate) fn parse(
    protocol: Protocol,
    body: &[u8],
    place: Place,
    read: &mut dyn FnMut(&mut dyn Reader) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    match protocol {
        #[cfg(feature = "xml")]
        Protocol::RestXml => crate::xml::read::read(body, place, read),
        #[cfg(feature = "json")]
        Protocol::Json | Protocol::RestJson => crate::json::read::read(body, place, read),
        #[cfg(feature = "cbor")]
        Protocol::Cbor | Protocol::RpcV2Cbor => {
            crate::cbor::read::read(body, place, protocol == Protocol::Cbor, read)
        }
        _ => {
            let _ = (body, place, read);
            Err(ReadError::new("This format is not compiled in"))
        }
    }
}
