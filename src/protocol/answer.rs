//! Answers: the HTTP response of a success.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use cumulet_core::model::{OperationModel, ShapeId};
use cumulet_core::{AwsError, Body, Encode, Model, Protocol, Schema};
use cumulet_escape::push_element;
use http::header::{CONTENT_RANGE, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use http_body::{Body as HttpBody, Frame};

use crate::bind::write::{XML_DECLARATION, put};
use crate::event::{Messages, encode_initial_response};
use crate::place::Place;
use crate::xml::write::{Name, Style, members};
use crate::{bind, cbor, json, spare};

/// The HTTP answer of a success: status, headers, body. A streaming body was taken from the output
/// beforehand, by `output.take_body()`; events in it become messages here.
pub fn write_output(
    protocol: Protocol,
    model: &'static Model,
    operation: usize,
    output: &dyn Encode,
    body: Option<Body>,
    request_id: &str,
) -> Response<Body> {
    let Some(operation) = model.operations.get(operation) else { return Response::default() };
    let mut body = body.unwrap_or_default();
    let stream = event_stream(model, operation.output);
    if let Some(stream) = stream
        && let Some(events) = body.take_events()
    {
        body = Body::stream(Messages { protocol, model, stream, events: Some(events) });
    }
    let mut answer = Response::new(body);
    let status = StatusCode::from_u16(operation.status).unwrap_or(StatusCode::OK);
    *answer.status_mut() = status;
    let schema = operation.output.map(|shape| Schema { model, shape });
    match (protocol, schema) {
        (Protocol::RestJson | Protocol::RestXml, Some(schema)) => {
            let place = Place::bound_root(schema);
            let namespace = namespace(model);
            let root = root(operation, schema, namespace);
            let parts = bind::write::write(protocol, place, root, namespace, output);
            if let Some(status) = parts.status {
                *answer.status_mut() = status;
            }
            if parts.headers.get(CONTENT_RANGE).is_some_and(|range| !range.is_empty()) {
                // RFC 9110, section 15.3.7; models have no status for it.
                *answer.status_mut() = StatusCode::PARTIAL_CONTENT;
            }
            *answer.headers_mut() = parts.headers;
            if answer.status() == StatusCode::NO_CONTENT {
                answer.headers_mut().remove(CONTENT_TYPE);
            } else if !parts.body.is_empty() {
                *answer.body_mut() = spare::bytes(parts.body).into();
            }
        }
        (Protocol::RestJson | Protocol::RestXml, None) => {}
        (_, Some(schema)) if stream.is_some() => {
            let first = encode_initial_response(protocol, schema, output);
            let rest = std::mem::take(answer.body_mut());
            *answer.body_mut() = Body::stream(Chain { first: Some(first), rest });
        }
        _ => {
            // Most answers are short.
            let mut out = Vec::with_capacity(512);
            match protocol {
                Protocol::Query | Protocol::Ec2 => {
                    xml(&mut out, protocol, model, operation, output, request_id);
                }
                _ => {
                    if let Some(schema) = schema {
                        document(&mut out, protocol, schema, output);
                    }
                }
            }
            if !out.is_empty() || protocol == Protocol::Json {
                answer.headers_mut().insert(CONTENT_TYPE, content_type(protocol, Some(model)));
            }
            *answer.body_mut() = spare::bytes(out).into();
        }
    }
    if stream.is_some() {
        let media_type = HeaderValue::from_static("application/vnd.amazon.eventstream");
        answer.headers_mut().insert(CONTENT_TYPE, media_type);
    }
    put_ids(answer.headers_mut(), protocol, request_id);
    answer
}

/// A body before another.
struct Chain {
    first: Option<Bytes>,
    rest: Body,
}

impl HttpBody for Chain {
    type Data = Bytes;
    type Error = AwsError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, AwsError>>> {
        match self.first.take() {
            Some(first) => Poll::Ready(Some(Ok(Frame::data(first)))),
            None => Pin::new(&mut self.rest).poll_frame(cx),
        }
    }
}

/// The event stream among a message's members.
pub(crate) fn event_stream(model: &'static Model, message: Option<ShapeId>) -> Option<ShapeId> {
    let members = &model.shape(message?).members;
    members.iter().map(|m| m.shape).find(|id| model.shape(*id).event_stream)
}

/// The body of a message in the protocols without bindings and without XML.
pub(crate) fn document(out: &mut Vec<u8>, protocol: Protocol, schema: Schema, value: &dyn Encode) {
    let place = Place::root(schema);
    match protocol {
        Protocol::Cbor | Protocol::RpcV2Cbor => {
            cbor::write::write(out, place, protocol == Protocol::Cbor, value);
        }
        _ => json::write::write(out, place, value),
    }
}

/// The namespace of XML answers. Models of rest-xml give it with their inputs only.
pub(crate) fn namespace(model: &'static Model) -> &'static str {
    if !model.metadata.xml_namespace.is_empty() {
        return model.metadata.xml_namespace;
    }
    let mut inputs = model.operations.iter().map(|o| o.input_namespace);
    inputs.find(|namespace| !namespace.is_empty()).unwrap_or_default()
}

/// The root element of a rest-xml answer without a payload.
fn root(operation: &OperationModel, schema: Schema, namespace: &'static str) -> Name {
    let shape = schema.shape();
    let names = [operation.result_wrapper, shape.wire, shape.name];
    let text = names.into_iter().find(|name| !name.is_empty()).unwrap_or_default();
    let own = shape.xml_namespace;
    Name { text, namespace: (if own.is_empty() { namespace } else { own }, "") }
}

pub(crate) fn content_type(protocol: Protocol, model: Option<&'static Model>) -> HeaderValue {
    HeaderValue::from_static(match protocol {
        Protocol::Query => "text/xml",
        Protocol::Ec2 => "text/xml;charset=UTF-8",
        Protocol::Json if model.is_some_and(|m| m.metadata.json_version == "1.1") => {
            "application/x-amz-json-1.1"
        }
        Protocol::Json => "application/x-amz-json-1.0",
        Protocol::RestJson => "application/json",
        Protocol::RestXml => "application/xml",
        Protocol::Cbor => "application/x-amz-cbor-1.1",
        Protocol::RpcV2Cbor => "application/cbor",
    })
}

/// The request's id, where the protocol's clients look for it.
pub fn put_ids(headers: &mut HeaderMap, protocol: Protocol, request_id: &str) {
    if protocol == Protocol::RestXml {
        put(headers, "x-amz-request-id", request_id);
        put(headers, "x-amz-id-2", &host_id(request_id));
    } else {
        put(headers, "x-amzn-requestid", request_id);
    }
    if protocol == Protocol::RpcV2Cbor {
        let dialect = HeaderValue::from_static("rpc-v2-cbor");
        headers.insert(HeaderName::from_static("smithy-protocol"), dialect);
    }
}

/// S3's second id: which of its machines answered. Here it says no more than the first.
pub(crate) fn host_id(request_id: &str) -> String {
    base64::Engine::encode(&crate::text::BASE64, request_id.repeat(2))
}

/// Query: members in `<OpResult>`, then the id; ec2: the id, then the members.
fn xml(
    out: &mut Vec<u8>,
    protocol: Protocol,
    model: &'static Model,
    operation: &OperationModel,
    output: &dyn Encode,
    request_id: &str,
) {
    let is_query = protocol == Protocol::Query;
    let style = Style { query: is_query, millis: !is_query };
    let open = |out: &mut Vec<u8>, parts: &[&str]| {
        for part in parts {
            out.extend_from_slice(part.as_bytes());
        }
    };
    let name = operation.name;
    if !is_query {
        out.extend_from_slice(XML_DECLARATION);
    }
    let namespace = model.metadata.xml_namespace;
    open(out, &["<", name, "Response"]);
    if !namespace.is_empty() {
        // EC2's answers end it with a slash, which the model has not.
        let slash = if is_query || namespace.ends_with('/') { "" } else { "/" };
        open(out, &[" xmlns=\"", namespace, slash, "\""]);
    }
    out.push(b'>');
    if !is_query {
        push_element(out, "requestId", request_id);
    }
    if let Some(shape) = operation.output {
        let place = Place::root(Schema { model, shape });
        let wrapper = match operation.result_wrapper {
            "" => [name, "Result"],
            wrapper => [wrapper, ""],
        };
        if is_query {
            open(out, &["<", wrapper[0], wrapper[1], ">"]);
        }
        output.encode(&mut members(out, place, style));
        if is_query {
            open(out, &["</", wrapper[0], wrapper[1], ">"]);
        }
    }
    if is_query {
        out.extend_from_slice(b"<ResponseMetadata>");
        push_element(out, "RequestId", request_id);
        out.extend_from_slice(b"</ResponseMetadata>");
    }
    open(out, &["</", name, "Response>"]);
}
