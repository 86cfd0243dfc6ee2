//! Writes CBOR. Structures, lists and maps have no length up front: what is absent shows late.

use cumulet_core::{Encode, Schema, Timestamp, Value, Writer};

use crate::place::Place;

/// Writes `value`, or nothing where it is absent.
pub(crate) fn write(out: &mut Vec<u8>, place: Place, millis: bool, value: &dyn Encode) {
    value.encode(&mut root(out, place, millis));
}

/// A writer of one value.
pub(crate) fn root(out: &mut Vec<u8>, place: Place, millis: bool) -> Cbor<'_> {
    Cbor { out, place, key: None, millis }
}

fn push_text(out: &mut Vec<u8>, text: &str) {
    head(out, 3, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// The beginning of a map or list without a length.
const MAP: u8 = 0xbf;
const LIST: u8 = 0x9f;
/// The end of one.
const BREAK: u8 = 0xff;
const NULL: u8 = 0xf6;

/// Major type and argument.
fn head(out: &mut Vec<u8>, major: u8, argument: u64) {
    let major = major << 5;
    let [.., e, f, g, h] = argument.to_be_bytes();
    match argument {
        0..24 => out.push(major | h),
        24..0x100 => out.extend_from_slice(&[major | 0x18, h]),
        0x100..0x1_0000 => out.extend_from_slice(&[major | 0x19, g, h]),
        0x1_0000..0x1_0000_0000 => out.extend_from_slice(&[major | 0x1a, e, f, g, h]),
        _ => {
            out.push(major | 0x1b);
            out.extend_from_slice(&argument.to_be_bytes());
        }
    }
}

fn push_integer(out: &mut Vec<u8>, value: i64) {
    if value < 0 {
        head(out, 1, !value.cast_unsigned());
    } else {
        head(out, 0, value.cast_unsigned());
    }
}

fn push_float(out: &mut Vec<u8>, value: f64) {
    out.push(0xfb);
    out.extend_from_slice(&value.to_be_bytes());
}

fn push_bytes(out: &mut Vec<u8>, value: &[u8]) {
    head(out, 2, value.len() as u64);
    out.extend_from_slice(value);
}

fn push_boolean(out: &mut Vec<u8>, value: bool) {
    out.push(if value { 0xf5 } else { 0xf4 });
}

fn push_timestamp(out: &mut Vec<u8>, value: Timestamp, millis: bool) {
    head(out, 6, 1);
    if millis {
        push_integer(out, value.millis());
    } else if value.millis().rem_euclid(1000) == 0 {
        push_integer(out, value.secs());
    } else {
        #[expect(clippy::cast_precision_loss, reason = "exact for ages to come")]
        push_float(out, value.millis() as f64 / 1000.0);
    }
}

pub(crate) struct Cbor<'a> {
    out: &'a mut Vec<u8>,
    place: Place,
    key: Option<&'a str>,
    millis: bool,
}

impl Cbor<'_> {
    fn begin(&mut self) -> &mut Vec<u8> {
        if let Some(key) = self.key {
            push_text(self.out, key);
        }
        self.out
    }
}

impl Writer for Cbor<'_> {
    fn schema(&self) -> Schema {
        self.place.schema
    }

    fn null(&mut self) {
        self.begin().push(NULL);
    }

    fn string(&mut self, value: &str) {
        push_text(self.begin(), value);
    }

    fn boolean(&mut self, value: bool) {
        push_boolean(self.begin(), value);
    }

    fn integer(&mut self, value: i64) {
        push_integer(self.begin(), value);
    }

    fn float(&mut self, value: f64) {
        push_float(self.begin(), value);
    }

    fn blob(&mut self, value: &[u8]) {
        push_bytes(self.begin(), value);
    }

    fn timestamp(&mut self, value: Timestamp) {
        let millis = self.millis;
        push_timestamp(self.begin(), value, millis);
    }

    fn document(&mut self, value: &Value) {
        let millis = self.millis;
        push_document(self.begin(), value, millis);
    }

    fn structure(&mut self, member: &dyn Fn(usize, &mut dyn Writer)) {
        self.begin().push(MAP);
        let millis = self.millis;
        for (i, m) in self.place.body_members() {
            let (place, key) = (self.place.of(m), Some(m.wire_name()));
            member(i, &mut Cbor { out: &mut *self.out, place, key, millis });
        }
        self.out.push(BREAK);
    }

    fn list(&mut self, items: &mut dyn Iterator<Item = &dyn Encode>) {
        let Ok(place) = self.place.item() else { return };
        let millis = self.millis;
        self.begin().push(LIST);
        items.for_each(|item| write(self.out, place, millis, item));
        self.out.push(BREAK);
    }

    fn map(&mut self, entries: &mut dyn Iterator<Item = (&str, &dyn Encode)>) {
        let Ok(place) = self.place.item() else { return };
        let millis = self.millis;
        self.begin().push(MAP);
        for (key, value) in entries {
            value.encode(&mut Cbor { out: &mut *self.out, place, key: Some(key), millis });
        }
        self.out.push(BREAK);
    }
}

/// Any value, without a schema.
pub(crate) fn push_document(out: &mut Vec<u8>, value: &Value, millis: bool) {
    match value {
        Value::Null => out.push(NULL),
        Value::Boolean(v) => push_boolean(out, *v),
        Value::Integer(v) => push_integer(out, *v),
        Value::Float(v) => push_float(out, *v),
        Value::String(v) => push_text(out, v),
        Value::Blob(v) => push_bytes(out, v),
        Value::Timestamp(v) => push_timestamp(out, *v, millis),
        Value::List(items) => {
            out.push(LIST);
            for item in items {
                push_document(out, item, millis);
            }
            out.push(BREAK);
        }
        Value::Map(entries) => {
            out.push(MAP);
            for (name, value) in entries {
                push_text(out, name);
                push_document(out, value, millis);
            }
            out.push(BREAK);
        }
    }
}
