//! Writes XML straight into the body.

use cumulet_core::codec::{Field, encode_field};
use cumulet_core::model::{Member, TimestampFormat};
use cumulet_core::{Encode, Schema, Timestamp, Value, Writer};
use cumulet_escape::{push_element, push_integer, push_xml, push_xml_attribute};

use super::frame::Frame;
use super::{flat_item_name, name};
use crate::place::Place;
use crate::spare;
use crate::text::{Part, Sink, show_timestamp};

/// What differs between the protocols.
#[derive(Clone, Copy)]
pub(crate) struct Style {
    /// Members go by the names that they have in query.
    pub(crate) query: bool,
    /// Timestamps always have milliseconds.
    pub(crate) millis: bool,
}

/// rest-xml's: S3 writes its times with milliseconds, always.
pub(crate) const STYLE: Style = Style { query: false, millis: true };

/// A writer of the elements of a structure's members, into an element that is open.
pub(crate) fn members(out: &mut Vec<u8>, place: Place, style: Style) -> impl Writer {
    element(out, place, style, Name::NONE)
}

/// A writer of an element.
pub(crate) fn element(out: &mut Vec<u8>, place: Place, style: Style, name: Name) -> impl Writer {
    Xml { out, place, style, name, frame: None }
}

/// Name and namespace (URI and prefix) of an element.
#[derive(Clone, Copy)]
pub(crate) struct Name {
    pub(crate) text: &'static str,
    pub(crate) namespace: (&'static str, &'static str),
}

impl Name {
    pub(crate) const NONE: Self = Self { text: "", namespace: ("", "") };

    pub(super) fn of(member: &Member, text: &'static str) -> Self {
        Self { text, namespace: (member.xml_namespace, member.xml_prefix) }
    }

    /// A start tag without its end: attributes may follow.
    fn open(self, out: &mut Vec<u8>) {
        out.push(b'<');
        out.extend_from_slice(self.text.as_bytes());
        let (uri, prefix) = self.namespace;
        if uri.is_empty() {
            return;
        }
        out.extend_from_slice(b" xmlns");
        if !prefix.is_empty() {
            out.push(b':');
            out.extend_from_slice(prefix.as_bytes());
        }
        out.extend_from_slice(b"=\"");
        out.extend_from_slice(uri.as_bytes());
        out.push(b'"');
    }

    pub(crate) fn start(self, out: &mut Vec<u8>) {
        self.open(out);
        out.push(b'>');
    }

    pub(crate) fn end(self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"</");
        out.extend_from_slice(self.text.as_bytes());
        out.push(b'>');
    }

    fn around(self, out: &mut Vec<u8>, text: impl FnOnce(&mut Vec<u8>)) {
        self.start(out);
        text(out);
        self.end(out);
    }

    /// The element without anything in it.
    pub(crate) fn empty(self, out: &mut Vec<u8>) {
        self.open(out);
        out.extend_from_slice(b"/>");
    }
}

/// The most room that is made at once for a list, as if all items were about as long as its first.
const LIST_MAX: usize = 1 << 20;

struct Xml<'a> {
    out: &'a mut Vec<u8>,
    place: Place,
    style: Style,
    name: Name,
    /// What the items of a list have in common.
    frame: Option<&'a mut Frame>,
}

impl Xml<'_> {
    fn text(&mut self, text: &str) {
        if self.name.namespace.0.is_empty() {
            push_element(self.out, self.name.text, text);
        } else {
            self.name.around(self.out, |out| push_xml(out, text));
        }
    }

    fn child(&mut self, place: Place, name: Name) -> Xml<'_> {
        Xml { out: &mut *self.out, place, style: self.style, name, frame: None }
    }
}

/// The name of the items of a list that is called `list`.
pub(super) fn item_name(place: Place, list: Name) -> Option<(Place, Name)> {
    let item = place.shape().value.as_ref()?;
    if place.is_flattened() {
        let text = flat_item_name(place).unwrap_or(list.text);
        let namespaced = if item.xml_namespace.is_empty() { place.member } else { Some(&**item) };
        return Some((place.of(item), namespaced.map_or(list, |m| Name::of(m, text))));
    }
    let text = if item.wire.is_empty() { "member" } else { item.wire };
    Some((place.of(item), Name::of(item, text)))
}

impl Writer for Xml<'_> {
    fn schema(&self) -> Schema {
        self.place.schema
    }

    fn null(&mut self) {}

    fn string(&mut self, value: &str) {
        self.text(value);
    }

    fn boolean(&mut self, value: bool) {
        self.text(if value { "true" } else { "false" });
    }

    fn integer(&mut self, value: i64) {
        self.name.around(self.out, |out| push_integer(out, value));
    }

    fn float(&mut self, value: f64) {
        self.text(&crate::text::show_float(value));
    }

    fn blob(&mut self, value: &[u8]) {
        self.text(&base64::Engine::encode(&crate::text::BASE64, value));
    }

    fn timestamp(&mut self, value: Timestamp) {
        self.name.around(self.out, |out| push_timestamp(out, self.place, self.style, value));
    }

    fn document(&mut self, value: &Value) {
        if let Value::String(text) = value {
            self.text(text);
        }
    }

    fn structure(&mut self, member: &dyn Fn(usize, &mut dyn Writer)) {
        let place = self.place;
        let members = || place.body_members();
        if !self.name.text.is_empty() {
            self.name.open(self.out);
            for (i, m) in members().filter(|(_, m)| m.xml_attribute) {
                let timestamp = TimestampFormat::Iso8601;
                let take: &mut dyn FnMut(Part<'_>) = &mut |part| {
                    if let Part::Text(text) = part {
                        push_attribute(self.out, m.wire_name(), text);
                    }
                };
                member(i, &mut Sink { place: place.of(m), timestamp, take });
            }
            self.out.push(b'>');
        }
        for (i, m) in members().filter(|(_, m)| !m.xml_attribute) {
            let name = Name::of(m, name(m, self.style.query));
            member(i, &mut self.child(place.of(m), name));
        }
        if !self.name.text.is_empty() {
            self.name.end(self.out);
        }
    }

    fn record(&mut self, fields: &[(usize, Field<'_>)]) {
        let mut own = Frame::default();
        let frame = self.frame.as_deref_mut().unwrap_or(&mut own);
        if !frame.fits(fields) {
            let Some(new) = Frame::of(self.place, self.style, self.name, fields) else {
                return self.structure(&|i, w| encode_field(fields, i, w));
            };
            *frame = new;
        }
        frame.write(self.out, self.style, fields);
    }

    fn list(&mut self, items: &mut dyn Iterator<Item = &dyn Encode>) {
        let Some((place, name)) = item_name(self.place, self.name) else { return };
        let around = (!self.place.is_flattened()).then_some(self.name);
        around.inspect(|name| name.start(self.out));
        let mut frame = Frame::default();
        let start = self.out.len();
        while let Some(item) = items.next() {
            let is_first = self.out.len() == start;
            let mut child = self.child(place, name);
            child.frame = Some(&mut frame);
            item.encode(&mut child);
            if is_first {
                let one = self.out.len() - start;
                spare::reserve(self.out, LIST_MAX.min((one + one / 8) * items.size_hint().0));
            }
        }
        around.inspect(|name| name.end(self.out));
    }

    fn map(&mut self, entries: &mut dyn Iterator<Item = (&str, &dyn Encode)>) {
        let place = self.place;
        let (Some(key), Some(value)) = (&place.shape().key, &place.shape().value) else { return };
        let part = |m: &'static Member, default: &'static str| {
            Name::of(m, if m.wire.is_empty() { default } else { m.wire })
        };
        let (key_name, value_name) = (part(key, "key"), part(value, "value"));
        let around = (!place.is_flattened()).then_some(self.name);
        let entry = if around.is_some() { Name { text: "entry", ..Name::NONE } } else { self.name };
        around.inspect(|name| name.start(self.out));
        for (text, item) in entries {
            entry.start(self.out);
            self.child(place.of(key), key_name).text(text);
            item.encode(&mut self.child(place.of(value), value_name));
            entry.end(self.out);
        }
        around.inspect(|name| name.end(self.out));
    }
}

/// A point in time as its place asks for it. No format has a character that XML escapes.
pub(super) fn push_timestamp(out: &mut Vec<u8>, place: Place, style: Style, value: Timestamp) {
    match place.timestamp() {
        TimestampFormat::Iso8601 | TimestampFormat::Unspecified if style.millis => {
            out.extend_from_slice(&value.iso8601_bytes());
        }
        format => {
            let text = show_timestamp(value, format, TimestampFormat::Iso8601);
            out.extend_from_slice(text.as_bytes());
        }
    }
}

fn push_attribute(out: &mut Vec<u8>, name: &str, text: &str) {
    out.push(b' ');
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"=\"");
    push_xml_attribute(out, text);
    out.push(b'"');
}
