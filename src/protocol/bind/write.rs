//! Writes an answer with HTTP bindings: status, headers and payload.

use base64::Engine as _;
use cumulet_core::model::{Kind, Location, Member, TimestampFormat};
use cumulet_core::{Encode, Protocol, Writer};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::place::Place;
use crate::text::{BASE64, EachItem, Part, Sink};
use crate::xml::write::{Name, STYLE};
use crate::{json, xml};

/// The parts of an answer that come out of a message.
pub(crate) struct Answer {
    pub(crate) status: Option<StatusCode>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// Room for the headers of most answers.
const HEADERS: usize = 16;

/// Splits `value`, the root of an answer, into its parts.
pub(crate) fn write(
    protocol: Protocol,
    place: Place,
    element: Name,
    namespace: &'static str,
    value: &dyn Encode,
) -> Answer {
    let answer =
        Answer { status: None, headers: HeaderMap::with_capacity(HEADERS), body: Vec::new() };
    let mut root = Root { protocol, place, element, namespace, answer };
    let mut take = |part: Part<'_>| {
        if let Part::Structure(member) = part {
            root.message(member);
        }
    };
    value.encode(&mut Sink { place, timestamp: TimestampFormat::Unspecified, take: &mut take });
    root.answer
}

/// Adds the headers of `value`, an error, to others.
pub(crate) fn headers(headers: &mut HeaderMap, place: Place, value: &dyn Encode) {
    let answer = Answer { status: None, headers: std::mem::take(headers), body: Vec::new() };
    let element = Name::NONE;
    let mut root = Root { protocol: Protocol::RestJson, place, element, namespace: "", answer };
    let mut take = |part: Part<'_>| {
        if let Part::Structure(member) = part {
            let members = place.shape().members.iter().enumerate();
            members.for_each(|(i, m)| root.bound(i, m, member));
        }
    };
    value.encode(&mut Sink { place, timestamp: TimestampFormat::Unspecified, take: &mut take });
    *headers = root.answer.headers;
}

/// The media type of a document in this protocol.
pub(crate) fn content_type(protocol: Protocol) -> HeaderValue {
    HeaderValue::from_static(match protocol {
        Protocol::RestXml => "application/xml",
        _ => "application/json",
    })
}

pub(crate) const XML_DECLARATION: &[u8] = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

struct Root {
    protocol: Protocol,
    place: Place,
    /// The root element of a body without a payload.
    element: Name,
    /// The namespace of a payload that has none of its own.
    namespace: &'static str,
    answer: Answer,
}

type Members<'a> = &'a dyn Fn(usize, &mut dyn Writer);

impl Root {
    fn message(&mut self, member: Members<'_>) {
        let shape = self.place.shape();
        for (i, m) in shape.members.iter().enumerate() {
            self.bound(i, m, member);
        }
        match shape.payload.and_then(|i| shape.members.get(i).map(|m| (i, m))) {
            Some((_, m)) if m.streaming => {}
            Some((i, m)) => self.payload(i, m, member),
            // Where nothing is in the body, rest-json writes an empty object and rest-xml nothing.
            None if self.protocol == Protocol::RestJson => self.document(member),
            None if self.place.body_members().next().is_some() => self.document(member),
            None => {}
        }
    }

    fn bound(&mut self, i: usize, m: &'static Member, member: Members<'_>) {
        let place = self.place.of(m);
        match m.location {
            Location::Header => {
                header(&mut self.answer.headers, m.wire_name(), place, &mut |w| member(i, w));
            }
            Location::Headers => self.prefixed(place, &mut |w| member(i, w)),
            Location::StatusCode => {
                let mut take = |part: Part<'_>| {
                    if let Part::Text(text) = part {
                        self.answer.status = text.parse().ok().or(self.answer.status);
                    }
                };
                let timestamp = TimestampFormat::Unspecified;
                member(i, &mut Sink { place, timestamp, take: &mut take });
            }
            Location::Body | Location::Uri | Location::Query => {}
        }
    }

    /// A map whose entries are headers of their own.
    fn prefixed(&mut self, place: Place, value: &mut dyn FnMut(&mut dyn Writer)) {
        let Ok(item) = place.item() else { return };
        // A prefix may be empty: the member's own name never is one.
        let prefix = place.member.map_or("", |m| m.wire);
        let mut take = |part: Part<'_>| {
            let Part::Map(entries) = part else { return };
            entries(&mut |key, value| {
                let name = [prefix, key].concat();
                header(&mut self.answer.headers, &name, item, &mut |w| value.encode(w));
            });
        };
        value(&mut Sink { place, timestamp: TimestampFormat::Rfc822, take: &mut take });
    }

    fn payload(&mut self, i: usize, m: &'static Member, member: Members<'_>) {
        let place = self.place.of(m);
        let body = &mut self.answer.body;
        let default = match place.shape().kind {
            kind @ (Kind::Blob | Kind::String) => {
                let mut take = |part: Part<'_>| match part {
                    Part::Blob(bytes) => body.extend_from_slice(bytes),
                    Part::Text(text) => body.extend_from_slice(text.as_bytes()),
                    _ => {}
                };
                let timestamp = TimestampFormat::Unspecified;
                member(i, &mut Sink { place, timestamp, take: &mut take });
                let plain =
                    if kind == Kind::Blob { "application/octet-stream" } else { "text/plain" };
                HeaderValue::from_static(plain)
            }
            _ if self.protocol == Protocol::RestXml => {
                let shape = place.shape();
                let names = [m.wire, shape.wire, shape.name];
                let text = names.into_iter().find(|name| !name.is_empty()).unwrap_or_default();
                let own = (m.xml_namespace, m.xml_prefix);
                let namespace = if own.0.is_empty() { (self.namespace, "") } else { own };
                body.extend_from_slice(XML_DECLARATION);
                let name = Name { text, namespace };
                member(i, &mut xml::write::element(body, place, STYLE, name));
                if body.len() == XML_DECLARATION.len() {
                    body.clear();
                }
                content_type(self.protocol)
            }
            _ => {
                member(i, &mut json::write::root(body, place, &mut false));
                content_type(self.protocol)
            }
        };
        if !self.answer.body.is_empty() {
            self.answer.headers.entry(CONTENT_TYPE).or_insert(default);
        }
    }

    fn document(&mut self, member: Members<'_>) {
        let (place, body) = (self.place, &mut self.answer.body);
        if self.protocol == Protocol::RestXml {
            body.extend_from_slice(XML_DECLARATION);
            // An element of one name with its only member is that member (S3's GetBucketLocation).
            let mut members = place.body_members();
            if let (Some((i, m)), None) = (members.next(), members.next())
                && m.wire_name() == self.element.text
            {
                let start = body.len();
                member(i, &mut xml::write::element(body, place.of(m), STYLE, self.element));
                if body.len() == start {
                    self.element.empty(body);
                }
            } else {
                xml::write::element(body, place, STYLE, self.element).structure(member);
            }
        } else {
            json::write::root(body, place, &mut false).structure(member);
        }
        self.answer.headers.entry(CONTENT_TYPE).or_insert(content_type(self.protocol));
    }
}

/// Adds a header, a byte for each character if that is possible. A line break would end it, so control
/// characters become spaces.
pub(crate) fn put(headers: &mut HeaderMap, name: &str, text: &str) {
    // A tab at the end is text to S3.
    let text = text.trim_matches([' ', '\r', '\n']);
    let plain = HeaderValue::from_str(text).ok().filter(|_| text.is_ascii());
    let value = plain.map_or_else(
        || {
            let clean = |b: u8| if b < 0x20 || b == 0x7f { b' ' } else { b };
            let bytes = text.chars().map(|c| u8::try_from(c).ok()).collect::<Option<Vec<_>>>();
            let bytes = bytes.unwrap_or_else(|| text.into());
            HeaderValue::from_bytes(&bytes.into_iter().map(clean).collect::<Vec<_>>())
        },
        Ok,
    );
    let name = HeaderName::from_bytes(name.as_bytes());
    if let (Ok(name), Ok(value)) = (name, value) {
        headers.insert(name, value);
    }
}

/// Writes a header: a text, or those of a list.
fn header(
    headers: &mut HeaderMap,
    name: &str,
    place: Place,
    value: &mut dyn FnMut(&mut dyn Writer),
) {
    let mut take = |part: Part<'_>| match part {
        Part::Text(text) if place.member.is_some_and(|m| m.json_value) => {
            put(headers, name, &BASE64.encode(text));
        }
        Part::Text(text) => put(headers, name, text),
        Part::Blob(bytes) => put(headers, name, &BASE64.encode(bytes)),
        Part::List(items) => {
            let texts = texts(place, items);
            if !texts.is_empty() {
                put(headers, name, &texts.join(", "));
            }
        }
        Part::Structure(_) | Part::Map(_) => {}
    };
    value(&mut Sink { place, timestamp: TimestampFormat::Rfc822, take: &mut take });
}

/// The texts of a list's items.
fn texts(place: Place, items: &mut dyn FnMut(EachItem<'_>)) -> Vec<String> {
    let mut texts = Vec::new();
    let Ok(place) = place.item() else { return texts };
    let is_text = place.shape().kind == Kind::String;
    items(&mut |item| {
        let mut take = |part: Part<'_>| {
            if let Part::Text(text) = part {
                let quote = is_text && text.contains([',', '"']);
                texts.push(if quote { quoted(text) } else { text.to_owned() });
            }
        };
        item.encode(&mut Sink { place, timestamp: TimestampFormat::Rfc822, take: &mut take });
    });
    texts
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}
