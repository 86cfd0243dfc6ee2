//! Event streams: messages with headers, one after the other in a body
//! (`application/vnd.amazon.eventstream`).
//!
//! A message is: its length, the length of its headers, the CRC32 of both; headers; payload; the
//! CRC32 of all before it. All numbers are big-endian.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use cumulet_core::body::Events;
use cumulet_core::model::{Kind, Member, ShapeId, TimestampFormat};
use cumulet_core::{AwsError, Encode, Model, Protocol, ReadError, Schema, Writer};
use http_body::{Body as HttpBody, Frame};

use crate::answer::document;
use crate::error::Fault;
use crate::place::Place;
use crate::text::{Part, Sink};
use crate::xml::write::{Name, STYLE};
use crate::{cbor, json, xml};

/// AWS's own bound of a message; there is no reason to believe a larger one.
const MAX_MESSAGE: usize = 24 * 1024 * 1024;

/// Length, headers' length and checksums: what a message has beside headers and payload.
const FRAME: usize = 16;

/// The message of one event. `stream` is the union's shape, `event` its typed form.
pub fn encode_event(
    protocol: Protocol,
    model: &'static Model,
    stream: ShapeId,
    event: &dyn Encode,
) -> Bytes {
    let place = Place::root(Schema { model, shape: stream });
    let mut out = Vec::new();
    let mut union = |part: Part<'_>| {
        let Part::Structure(member) = part else { return };
        for (i, m) in place.shape().members.iter().enumerate() {
            let place = place.of(m);
            let mut take = |part: Part<'_>| {
                if let Part::Structure(event) = part {
                    write_event(&mut out, protocol, place, m.wire_name(), event);
                }
            };
            member(i, &mut sink(place, &mut take));
        }
    };
    event.encode(&mut sink(place, &mut union));
    out.into()
}

/// The bytes of events that a handler gives, message by message; an error is the last.
pub(crate) struct Messages {
    pub(crate) protocol: Protocol,
    pub(crate) model: &'static Model,
    /// The union's shape.
    pub(crate) stream: ShapeId,
    /// `None` after the last.
    pub(crate) events: Option<Events>,
}

impl HttpBody for Messages {
    type Data = Bytes;
    type Error = AwsError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, AwsError>>> {
        let Some(events) = &mut self.events else { return Poll::Ready(None) };
        let Some((event, rest)) = ready!(Pin::new(events).poll(cx)) else {
            self.events = None;
            return Poll::Ready(None);
        };
        self.events = Some(rest).filter(|_| event.is_ok());
        let bytes = match event {
            Ok(event) => encode_event(self.protocol, self.model, self.stream, &*event),
            Err(error) => encode_exception(self.protocol, self.model, &error),
        };
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }
}

/// The message before all events, with the output's other members: the protocols without HTTP
/// bindings begin with it.
pub(crate) fn encode_initial_response(
    protocol: Protocol,
    schema: Schema,
    output: &dyn Encode,
) -> Bytes {
    let mut payload = Vec::new();
    document(&mut payload, protocol, schema, output);
    let mut headers = Headers::of("event", ":event-type", "initial-response");
    headers.text(":content-type", media_type(protocol));
    message(&headers.0, &payload).into()
}

/// The message of an error, after which the stream ends.
pub fn encode_exception(protocol: Protocol, model: &'static Model, error: &AwsError) -> Bytes {
    let fault = Fault::new(protocol, Some(model), error);
    if !fault.is_modelled() {
        let mut headers = Headers::of("error", ":error-code", error.code());
        headers.text(":error-message", error.message());
        return message(&headers.0, &[]).into();
    }
    let mut headers = Headers::of("exception", ":exception-type", fault.name());
    headers.text(":content-type", media_type(protocol));
    let mut payload = Vec::new();
    match protocol {
        Protocol::RestXml => fault.xml(&mut payload, "", true),
        _ => fault.document(&mut payload),
    }
    message(&headers.0, &payload).into()
}

fn sink(place: Place, take: &mut dyn FnMut(Part<'_>)) -> Sink<'_> {
    Sink { place, timestamp: TimestampFormat::Unspecified, take }
}

fn media_type(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::RestXml | Protocol::Query | Protocol::Ec2 => "text/xml",
        Protocol::Cbor | Protocol::RpcV2Cbor => "application/cbor",
        Protocol::Json | Protocol::RestJson => "application/json",
    }
}

fn write_event(
    out: &mut Vec<u8>,
    protocol: Protocol,
    place: Place,
    name: &str,
    event: &dyn Fn(usize, &mut dyn Writer),
) {
    let members = &place.shape().members;
    let mut headers = Headers::of("event", ":event-type", name);
    let mut payload = Vec::new();
    for (i, m) in members.iter().enumerate().filter(|(_, m)| m.event_header) {
        let place = place.of(m);
        let mut take = |part: Part<'_>| headers.part(m.wire_name(), place.shape().kind, &part);
        event(i, &mut sink(place, &mut take));
    }
    let is_body = |m: &Member| !m.event_header;
    let content_type = if let Some(i) = members.iter().position(|m| m.event_payload) {
        write_payload(&mut payload, protocol, place, i, event)
    } else if members.iter().any(is_body) || protocol != Protocol::RestXml {
        let member = |i: usize, w: &mut dyn Writer| {
            if members.get(i).is_some_and(is_body) {
                event(i, w);
            }
        };
        write_document(&mut payload, protocol, place, &|w| w.structure(&member));
        Some(media_type(protocol))
    } else {
        None
    };
    if let Some(content_type) = content_type {
        headers.text(":content-type", content_type);
    }
    out.extend(message(&headers.0, &payload));
}

/// Writes the member that is the payload; says its media type.
fn write_payload(
    out: &mut Vec<u8>,
    protocol: Protocol,
    place: Place,
    i: usize,
    event: &dyn Fn(usize, &mut dyn Writer),
) -> Option<&'static str> {
    let place = place.of(place.shape().members.get(i)?);
    let content_type = match place.shape().kind {
        Kind::Blob => "application/octet-stream",
        Kind::String => "text/plain",
        _ => {
            write_document(out, protocol, place, &|w| event(i, w));
            return Some(media_type(protocol));
        }
    };
    let mut take = |part: Part<'_>| match part {
        Part::Blob(bytes) => out.extend_from_slice(bytes),
        Part::Text(text) => out.extend_from_slice(text.as_bytes()),
        _ => {}
    };
    event(i, &mut sink(place, &mut take));
    Some(content_type)
}

fn write_document(
    out: &mut Vec<u8>,
    protocol: Protocol,
    place: Place,
    value: &dyn Fn(&mut dyn Writer),
) {
    match protocol {
        Protocol::RestXml | Protocol::Query | Protocol::Ec2 => {
            let name = Name { text: place.shape().name, namespace: ("", "") };
            value(&mut xml::write::element(out, place, STYLE, name));
        }
        Protocol::Cbor | Protocol::RpcV2Cbor => {
            value(&mut cbor::write::root(out, place, protocol == Protocol::Cbor));
        }
        Protocol::Json | Protocol::RestJson => {
            value(&mut json::write::root(out, place, &mut false));
        }
    }
}

/// Headers in their packed form: name, type, value.
struct Headers(Vec<u8>);

impl Headers {
    /// What every message begins with: its type, and the name of what it brings.
    fn of(message_type: &str, name: &str, value: &str) -> Self {
        let mut headers = Self(Vec::new());
        headers.text(":message-type", message_type);
        headers.text(name, value);
        headers
    }

    fn name(&mut self, name: &str, kind: u8) {
        self.0.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
        self.0.extend(name.bytes().take(usize::from(u8::MAX)));
        self.0.push(kind);
    }

    fn text(&mut self, name: &str, value: &str) {
        self.sized(name, 7, value.as_bytes());
    }

    fn sized(&mut self, name: &str, kind: u8, value: &[u8]) {
        let len = u16::try_from(value.len()).unwrap_or(u16::MAX);
        self.name(name, kind);
        self.0.extend_from_slice(&len.to_be_bytes());
        self.0.extend(value.iter().take(usize::from(len)));
    }

    /// A member of an event, in the header type of its kind.
    fn part(&mut self, name: &str, kind: Kind, part: &Part<'_>) {
        match (kind, part) {
            (_, Part::Blob(bytes)) => self.sized(name, 6, bytes),
            (Kind::Boolean, Part::Text(text)) => self.name(name, u8::from(*text != "true")),
            (Kind::Integer, Part::Text(text)) => {
                self.name(name, 4);
                self.0.extend_from_slice(&text.parse().unwrap_or(0_i32).to_be_bytes());
            }
            (Kind::Long, Part::Text(text)) => {
                self.name(name, 5);
                self.0.extend_from_slice(&text.parse().unwrap_or(0_i64).to_be_bytes());
            }
            (Kind::Timestamp, Part::Text(text)) => {
                self.name(name, 8);
                let at = crate::text::timestamp(text).unwrap_or_default();
                self.0.extend_from_slice(&at.millis().to_be_bytes());
            }
            (_, Part::Text(text)) => self.text(name, text),
            _ => {}
        }
    }
}

/// Of 32 bits, so it fits.
fn crc32(bytes: &[u8]) -> u32 {
    u32::try_from(cumulet_crc::CRC32.of(bytes)).unwrap_or_default()
}

fn message(headers: &[u8], payload: &[u8]) -> Vec<u8> {
    let total = FRAME + headers.len() + payload.len();
    let mut out = Vec::with_capacity(total);
    for len in [total, headers.len()] {
        out.extend_from_slice(&u32::try_from(len).unwrap_or(u32::MAX).to_be_bytes());
    }
    out.extend_from_slice(&crc32(&out).to_be_bytes());
    out.extend_from_slice(headers);
    out.extend_from_slice(payload);
    out.extend_from_slice(&crc32(&out).to_be_bytes());
    out
}

/// A message as it came: its headers of text, and its payload.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventMessage {
    /// Names and values; headers of other types are left out.
    pub headers: Vec<(String, String)>,
    /// The payload.
    pub payload: Bytes,
}

/// Takes one message off the front of `input`; `None` while it is not complete.
pub fn decode_event(input: &mut Bytes) -> Result<Option<EventMessage>, ReadError> {
    let broken = || ReadError::new("A broken message in an event stream");
    let word = |at: usize| -> Option<u32> {
        Some(u32::from_be_bytes(input.get(at..at + 4)?.try_into().ok()?))
    };
    let (Some(total), Some(header_len), Some(crc)) = (word(0), word(4), word(8)) else {
        return Ok(None);
    };
    if input.get(..8).map(crc32) != Some(crc) {
        return Err(broken());
    }
    let (total, header_len) = (total as usize, header_len as usize);
    if total > MAX_MESSAGE || total < FRAME + header_len {
        return Err(broken());
    }
    if input.len() < total {
        return Ok(None);
    }
    let crc = word(total - 4);
    let mut message = input.split_to(total);
    message.truncate(total - 4);
    if Some(crc32(&message)) != crc {
        return Err(broken());
    }
    let mut headers = message.split_off(12);
    let payload = headers.split_off(header_len);
    Ok(Some(EventMessage { headers: parse_headers(&headers).ok_or_else(broken)?, payload }))
}

fn parse_headers(mut rest: &[u8]) -> Option<Vec<(String, String)>> {
    let mut headers = Vec::new();
    while let Some((len, after)) = rest.split_first() {
        let (name, after) = after.split_at_checked(usize::from(*len))?;
        let (kind, after) = after.split_first()?;
        let (len, after) = match kind {
            0 | 1 => (0, after),
            2 => (1, after),
            3 => (2, after),
            4 => (4, after),
            5 | 8 => (8, after),
            9 => (16, after),
            6 | 7 => {
                let (len, after) = after.split_at_checked(2)?;
                (u16::from_be_bytes(len.try_into().ok()?), after)
            }
            _ => return None,
        };
        let (value, after) = after.split_at_checked(usize::from(len))?;
        if *kind == 7 {
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
            headers.push((text(name)?, text(value)?));
        }
        rest = after;
    }
    Some(headers)
}
