//! Errors on the wire.

use cumulet_core::model::Shape;
use cumulet_core::{AwsError, Body, Encode, Model, Protocol, ReadError, Schema, Value, Writer};
use cumulet_escape::{push_element, push_xml_attribute};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Response, StatusCode};

use crate::answer::{content_type, host_id, namespace, put_ids};
use crate::bind::write::{XML_DECLARATION, put};
use crate::place::Place;
use crate::xml::write::{Style, members};
use crate::{bind, cbor, json};

/// The error for a request that does not have its operation's form, in the protocol's words.
pub fn malformed(protocol: Protocol, error: &ReadError) -> AwsError {
    match protocol {
        Protocol::RestXml => AwsError::new(
            "MalformedXML",
            400,
            "The XML you provided was not well-formed or did not validate against our published \
             schema",
        ),
        Protocol::Query | Protocol::Ec2 => {
            AwsError::new("MalformedInput", 400, error.message.as_str())
        }
        _ => AwsError::new("SerializationException", 400, error.message.as_str()),
    }
}

/// The HTTP answer of an error. `model` is `None` for a service that is not here; `bare` is S3's
/// form, without `<ErrorResponse>` around it.
pub fn write_error(
    protocol: Protocol,
    model: Option<&'static Model>,
    error: &AwsError,
    request_id: &str,
    bare: bool,
) -> Response<Body> {
    let fault = Fault::new(protocol, model, error);
    let mut answer = Response::<Body>::default();
    *answer.status_mut() = error.status();
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, content_type(protocol, model));
    fault.headers(headers);
    let mut out = Vec::new();
    match protocol {
        Protocol::Query | Protocol::Ec2 | Protocol::RestXml => {
            fault.xml(&mut out, request_id, bare);
        }
        _ => fault.document(&mut out),
    }
    put_ids(headers, protocol, request_id);
    for (name, value) in error.headers() {
        put(headers, name, value);
    }
    if error.status() == StatusCode::NOT_MODIFIED {
        headers.remove(CONTENT_TYPE);
    } else {
        *answer.body_mut() = out.into();
    }
    answer
}

/// An error with all that its wire form is made of.
pub(crate) struct Fault<'a> {
    protocol: Protocol,
    model: Option<&'static Model>,
    /// The error's shape, where the model has it.
    shape: Option<Schema>,
    error: &'a AwsError,
}

impl<'a> Fault<'a> {
    pub(crate) fn new(
        protocol: Protocol,
        model: Option<&'static Model>,
        error: &'a AwsError,
    ) -> Self {
        let shape = model.and_then(|model| {
            let found = model.error(error.code())?;
            let shape = model.shapes.iter().position(|shape| std::ptr::eq(shape, found))?;
            Some(Schema { model, shape })
        });
        Self { protocol, model, shape, error }
    }

    /// Whether the model has the error.
    pub(crate) fn is_modelled(&self) -> bool {
        self.shape.is_some()
    }

    fn shape(&self) -> Option<&'static Shape> {
        self.shape.map(Schema::shape)
    }

    /// The error's name where shapes name errors.
    pub(crate) fn name(&self) -> &str {
        self.shape().map_or(self.error.shape_name(), |shape| shape.name)
    }

    /// The error's name where codes do.
    fn code(&self) -> &str {
        match self.shape() {
            Some(shape) if !shape.error_code.is_empty() => shape.error_code,
            Some(shape) => shape.name,
            None => self.error.code(),
        }
    }

    fn party(&self) -> &'static str {
        let is_fault = self.shape().is_some_and(|shape| shape.error_fault);
        if is_fault || self.error.status().is_server_error() { "Receiver" } else { "Sender" }
    }

    fn headers(&self, headers: &mut HeaderMap) {
        match self.protocol {
            Protocol::RestJson => put(headers, "x-amzn-errortype", self.name()),
            Protocol::Json | Protocol::Cbor | Protocol::RpcV2Cbor
                if self.model.is_some_and(|model| model.metadata.query_compatible) =>
            {
                put(headers, "x-amzn-query-error", &[self.code(), ";", self.party()].concat());
            }
            _ => {}
        }
        if let (Protocol::RestJson | Protocol::RestXml, Some(schema)) = (self.protocol, self.shape)
        {
            bind::write::headers(headers, Place::bound_root(schema), self);
        }
    }

    /// Members that the message element or `__type` does not say already.
    fn extras(&self) -> impl Iterator<Item = &(String, Value)> {
        let known = |name: &str| {
            self.shape().is_some_and(|shape| shape.members.iter().any(|m| m.name == name))
        };
        self.error.members().iter().filter(move |(name, _)| !known(name))
    }

    fn has_message_member(&self) -> bool {
        self.shape().is_some_and(|shape| shape.members.iter().any(|m| is_message(m.name)))
    }

    pub(crate) fn xml(&self, out: &mut Vec<u8>, request_id: &str, bare: bool) {
        let namespace = self.model.map_or("", namespace);
        let is_ec2 = self.protocol == Protocol::Ec2;
        if bare || self.protocol != Protocol::Query {
            out.extend_from_slice(XML_DECLARATION);
        }
        let (before, after) = match (bare, is_ec2) {
            (true, _) => ("<Error>", "</Error>"),
            (_, true) => ("<Response><Errors><Error>", "</Response>"),
            _ => ("<ErrorResponse", "</ErrorResponse>"),
        };
        out.extend_from_slice(before.as_bytes());
        if !bare && !is_ec2 {
            if !namespace.is_empty() {
                out.extend_from_slice(b" xmlns=\"");
                push_xml_attribute(out, namespace);
                out.push(b'"');
            }
            out.extend_from_slice(b"><Error>");
            push_element(out, "Type", self.party());
        }
        push_element(out, "Code", self.code());
        let is_query = self.protocol == Protocol::Query;
        let message = if is_query { self.error.query_message() } else { self.error.message() };
        // S3 has the element also where it has nothing to say.
        if bare || !message.is_empty() {
            push_element(out, "Message", message);
        }
        if let Some(schema) = self.shape {
            let style = Style { query: self.protocol == Protocol::Query, millis: false };
            let place = Place::bound_root(schema);
            WithoutMessage(self).encode(&mut members(out, place, style));
        }
        for (name, value) in self.extras() {
            match value {
                Value::String(text) => push_element(out, name, text),
                Value::Integer(number) => push_element(out, name, &number.to_string()),
                Value::Boolean(flag) => {
                    push_element(out, name, if *flag { "true" } else { "false" });
                }
                _ => {}
            }
        }
        if !bare {
            out.extend_from_slice(if is_ec2 { b"</Error></Errors>" } else { b"</Error>" });
        }
        push_element(out, if is_ec2 { "RequestID" } else { "RequestId" }, request_id);
        if bare {
            push_element(out, "HostId", &host_id(request_id));
        }
        out.extend_from_slice(after.as_bytes());
    }

    /// The name, the message if the shape does not have it, other extras, then the shape's members:
    /// what comes before is written by hand and the object of the members joined to it.
    pub(crate) fn document(&self, out: &mut Vec<u8>) {
        let mut own = Vec::new();
        if self.protocol != Protocol::RestJson {
            own.push(("__type".to_owned(), self.name().into()));
        }
        if !self.error.message().is_empty() && !self.has_message_member() {
            own.push(("message".to_owned(), self.error.message().into()));
        }
        own.extend(self.extras().cloned());
        let own = Value::Map(own);
        let mut rest = Vec::new();
        if matches!(self.protocol, Protocol::Cbor | Protocol::RpcV2Cbor) {
            let millis = self.protocol == Protocol::Cbor;
            cbor::write::push_document(out, &own, millis);
            if let Some(schema) = self.shape {
                cbor::write::write(&mut rest, Place::root(schema), millis, self);
            }
        } else {
            json::write::push_document(out, &own);
            if let Some(schema) = self.shape {
                json::write::write(&mut rest, Place::bound_root(schema), self);
            }
        }
        join(out, &rest);
    }
}

/// Makes two objects (each one byte, members, one byte) one.
fn join(out: &mut Vec<u8>, more: &[u8]) {
    let [open, members @ ..] = more else { return };
    let end = out.pop();
    // JSON has a comma between members, CBOR nothing.
    if *open == b'{' && out.len() > 1 && members.len() > 1 {
        out.push(b',');
    }
    if members.is_empty() {
        out.extend(end);
    }
    out.extend_from_slice(members);
}

fn is_message(name: &str) -> bool {
    name.eq_ignore_ascii_case("message")
}

impl Encode for Fault<'_> {
    fn encode(&self, w: &mut dyn Writer) {
        let members = self.shape().map_or(&[][..], |shape| &shape.members);
        w.structure(&|i, w| {
            let Some(member) = members.get(i) else { return };
            match self.error.members().iter().find(|(name, _)| name == member.name) {
                Some((_, value)) => value.encode(w),
                None if is_message(member.name) && !self.error.message().is_empty() => {
                    w.string(self.error.message());
                }
                None => {}
            }
        });
    }
}

/// XML has the message in an element of its own.
struct WithoutMessage<'a>(&'a Fault<'a>);

impl Encode for WithoutMessage<'_> {
    fn encode(&self, w: &mut dyn Writer) {
        let members = self.0.shape().map_or(&[][..], |shape| &shape.members);
        w.structure(&|i, w| {
            let Some(member) = members.get(i).filter(|m| !is_message(m.name)) else { return };
            let given = self.0.error.members().iter().find(|(name, _)| name == member.name);
            if let Some((_, value)) = given {
                value.encode(w);
            }
        });
    }
}
