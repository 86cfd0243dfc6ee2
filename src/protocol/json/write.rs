//! Writes JSON straight into the body.

use base64::Engine as _;
use cumulet_core::model::TimestampFormat;
use cumulet_core::{Encode, Schema, Timestamp, Value, Writer};
use cumulet_escape::{push_integer, push_json};

use crate::place::Place;
use crate::text::{BASE64, push_seconds, show_float, show_timestamp};

/// Writes `value`, or nothing where it is absent.
pub(crate) fn write(out: &mut Vec<u8>, place: Place, value: &dyn Encode) {
    value.encode(&mut root(out, place, &mut false));
}

/// Writes members as one object: for whoever picks the members of a structure.
pub(crate) fn root<'a>(out: &'a mut Vec<u8>, place: Place, more: &'a mut bool) -> Json<'a> {
    Json { out, place, key: Key::None, more }
}

pub(crate) struct Json<'a> {
    out: &'a mut Vec<u8>,
    place: Place,
    key: Key<'a>,
    /// Something stands before this value in its list or object.
    more: &'a mut bool,
}

#[derive(Clone, Copy)]
enum Key<'a> {
    None,
    /// Needs no escapes.
    Member(&'static str),
    Text(&'a str),
}

impl Json<'_> {
    /// What stands before the value. Not written before it is sure that there is a value.
    fn begin(&mut self) {
        if std::mem::replace(self.more, true) {
            self.out.push(b',');
        }
        match self.key {
            Key::None => return,
            Key::Member(name) => {
                self.out.push(b'"');
                self.out.extend_from_slice(name.as_bytes());
                self.out.push(b'"');
            }
            Key::Text(text) => push_json(self.out, text),
        }
        self.out.push(b':');
    }
}

impl Writer for Json<'_> {
    fn schema(&self) -> Schema {
        self.place.schema
    }

    fn null(&mut self) {
        self.begin();
        self.out.extend_from_slice(b"null");
    }

    fn string(&mut self, value: &str) {
        self.begin();
        push_json(self.out, value);
    }

    fn boolean(&mut self, value: bool) {
        self.begin();
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
    }

    fn integer(&mut self, value: i64) {
        self.begin();
        push_integer(self.out, value);
    }

    fn float(&mut self, value: f64) {
        self.begin();
        push_float(self.out, value);
    }

    fn blob(&mut self, value: &[u8]) {
        self.begin();
        push_json(self.out, &BASE64.encode(value));
    }

    fn timestamp(&mut self, value: Timestamp) {
        self.begin();
        match self.place.timestamp() {
            TimestampFormat::Unspecified | TimestampFormat::Unix => push_seconds(self.out, value),
            format => push_json(self.out, &show_timestamp(value, format, format)),
        }
    }

    fn document(&mut self, value: &Value) {
        self.begin();
        push_document(self.out, value);
    }

    fn structure(&mut self, member: &dyn Fn(usize, &mut dyn Writer)) {
        self.begin();
        self.out.push(b'{');
        let mut more = false;
        for (i, m) in self.place.body_members() {
            let place = self.place.of(m);
            let key = Key::Member(m.wire_name());
            member(i, &mut Json { out: &mut *self.out, place, key, more: &mut more });
        }
        self.out.push(b'}');
    }

    fn member(&mut self, index: usize, value: &dyn Encode) {
        self.begin();
        self.out.push(b'{');
        let member = self.place.shape().members.get(index);
        if let Some(m) = member.filter(|m| self.place.has_in_body(m)) {
            let (place, key) = (self.place.of(m), Key::Member(m.wire_name()));
            value.encode(&mut Json { out: &mut *self.out, place, key, more: &mut false });
        }
        self.out.push(b'}');
    }

    fn list(&mut self, items: &mut dyn Iterator<Item = &dyn Encode>) {
        let Ok(place) = self.place.item() else { return };
        self.begin();
        self.out.push(b'[');
        let mut more = false;
        for item in items {
            item.encode(&mut Json { out: &mut *self.out, place, key: Key::None, more: &mut more });
        }
        self.out.push(b']');
    }

    fn map(&mut self, entries: &mut dyn Iterator<Item = (&str, &dyn Encode)>) {
        let Ok(place) = self.place.item() else { return };
        self.begin();
        self.out.push(b'{');
        let mut more = false;
        for (key, value) in entries {
            let key = Key::Text(key);
            value.encode(&mut Json { out: &mut *self.out, place, key, more: &mut more });
        }
        self.out.push(b'}');
    }
}

fn push_float(out: &mut Vec<u8>, value: f64) {
    let text = show_float(value);
    if value.is_finite() {
        out.extend_from_slice(text.as_bytes());
    } else {
        push_json(out, &text);
    }
}

/// Any value, without a schema.
pub(crate) fn push_document(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Boolean(v) => out.extend_from_slice(if *v { b"true" } else { b"false" }),
        Value::Integer(v) => push_integer(out, *v),
        Value::Float(v) => push_float(out, *v),
        Value::String(v) => push_json(out, v),
        Value::Blob(v) => push_json(out, &BASE64.encode(v)),
        Value::Timestamp(v) => push_seconds(out, *v),
        Value::List(items) => {
            out.push(b'[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                push_document(out, item);
            }
            out.push(b']');
        }
        Value::Map(entries) => {
            out.push(b'{');
            for (i, (name, value)) in entries.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                push_json(out, name);
                out.push(b':');
                push_document(out, value);
            }
            out.push(b'}');
        }
    }
}
