//! Reads JSON. `serde_json` does the parsing, in one instantiation for all shapes: there is one
//! visitor, which knows what is wanted at the place where it stands.
//!
//! Null members are absent. The last of several members of one name counts, except that a repeated
//! list or map is refused: readers append to them.

use std::fmt;

use bytes::Bytes;
use cumulet_core::codec::{ReadEntry, ReadError, ReadItem, ReadMember};
use cumulet_core::model::{Kind, Member};
use cumulet_core::{Reader, Schema, Timestamp, Value};
use serde::de::{
    DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor,
};

use crate::null::Null;
use crate::place::{Place, find};
use crate::text;

/// Gives `read` a reader of `body`.
pub(crate) fn read<T>(
    body: &[u8],
    place: Place,
    read: impl FnOnce(&mut dyn Reader) -> Result<T, ReadError>,
) -> Result<T, ReadError> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let mut reader = Json { place, rest: Some(&mut json) };
    let value = read(&mut reader)?;
    reader.finish()?;
    json.end().map_err(|e| read_error(&e))?;
    Ok(value)
}

/// Takes off the position that `serde_json` adds at each level that an error passes.
fn read_error(error: &dyn fmt::Display) -> ReadError {
    let text = error.to_string();
    ReadError::new(text.split_once(" at line ").map_or(text.as_str(), |(message, _)| message))
}

struct Json<D> {
    place: Place,
    rest: Option<D>,
}

impl<'de, D: Deserializer<'de>> Json<D> {
    fn visit(&mut self, want: Want<'_, '_>) -> Result<(), ReadError> {
        let rest = self.rest.take().ok_or_else(|| ReadError::new("A value was read twice"))?;
        rest.deserialize_any(Visit { place: self.place, want }).map_err(|e| read_error(&e))
    }

    /// Passes over a value that nobody asked for.
    fn finish(self) -> Result<(), ReadError> {
        let Some(rest) = self.rest else { return Ok(()) };
        rest.deserialize_ignored_any(IgnoredAny).map(drop).map_err(|e| read_error(&e))
    }
}

impl<'de, D: Deserializer<'de>> Reader for Json<D> {
    fn schema(&self) -> Schema {
        self.place.schema
    }

    fn string(&mut self) -> Result<String, ReadError> {
        let mut out = String::new();
        self.visit(Want::String(&mut out)).map(|()| out)
    }

    fn boolean(&mut self) -> Result<bool, ReadError> {
        let mut out = false;
        self.visit(Want::Boolean(&mut out)).map(|()| out)
    }

    fn integer(&mut self) -> Result<i64, ReadError> {
        let mut out = 0;
        self.visit(Want::Integer(&mut out)).map(|()| out)
    }

    fn float(&mut self) -> Result<f64, ReadError> {
        let mut out = 0.0;
        self.visit(Want::Float(&mut out)).map(|()| out)
    }

    fn blob(&mut self) -> Result<Bytes, ReadError> {
        let mut out = Bytes::new();
        self.visit(Want::Blob(&mut out)).map(|()| out)
    }

    fn timestamp(&mut self) -> Result<Timestamp, ReadError> {
        let mut out = Timestamp::default();
        self.visit(Want::Timestamp(&mut out)).map(|()| out)
    }

    fn document(&mut self) -> Result<Value, ReadError> {
        let mut out = Value::Null;
        self.visit(Want::Document(&mut out)).map(|()| out)
    }

    fn structure(&mut self, each: &mut ReadMember<'_>) -> Result<(), ReadError> {
        self.visit(Want::Structure(each))
    }

    fn list(&mut self, each: &mut ReadItem<'_>) -> Result<(), ReadError> {
        self.visit(Want::List(each))
    }

    fn map(&mut self, each: &mut ReadEntry<'_>) -> Result<(), ReadError> {
        self.visit(Want::Map(each))
    }
}

/// What the reader's owner asked for, and where it goes.
enum Want<'a, 'b> {
    String(&'a mut String),
    Boolean(&'a mut bool),
    Integer(&'a mut i64),
    Float(&'a mut f64),
    Blob(&'a mut Bytes),
    Timestamp(&'a mut Timestamp),
    Document(&'a mut Value),
    Structure(&'a mut ReadMember<'b>),
    List(&'a mut ReadItem<'b>),
    Map(&'a mut ReadEntry<'b>),
}

struct Visit<'a, 'b> {
    place: Place,
    want: Want<'a, 'b>,
}

impl Visit<'_, '_> {
    /// In the words that AWS's JSON services use.
    fn wrong<E: Error>(&self, found: &str) -> E {
        let wanted = match self.want {
            Want::Structure(_) => return E::custom("Unexpected value type in payload"),
            Want::List(_) => return E::custom("Expected list or null"),
            Want::Map(_) => return E::custom("Expected map or null"),
            Want::String(_) => "a String",
            Want::Boolean(_) => "a Boolean",
            Want::Integer(_) => "an Integer",
            Want::Float(_) => "a Double",
            Want::Blob(_) => "a Blob",
            Want::Timestamp(_) => "a Timestamp",
            Want::Document(_) => "a Document",
        };
        E::custom([found, " can not be converted to ", wanted].concat())
    }

    fn put<T, E: Error>(result: Result<T, ReadError>, to: &mut T) -> Result<(), E> {
        *to = result.map_err(|e| E::custom(&e.message))?;
        Ok(())
    }
}

impl<'de> Visitor<'de> for Visit<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        // A null where a message stands is an empty message; nulls elsewhere never come here.
        Ok(())
    }

    fn visit_bool<E: Error>(self, v: bool) -> Result<(), E> {
        match self.want {
            Want::Boolean(out) => *out = v,
            Want::Document(out) => *out = Value::Boolean(v),
            _ => return Err(self.wrong(if v { "TRUE_VALUE" } else { "FALSE_VALUE" })),
        }
        Ok(())
    }

    fn visit_i64<E: Error>(self, v: i64) -> Result<(), E> {
        match self.want {
            Want::Integer(out) => *out = v,
            #[expect(clippy::cast_precision_loss, reason = "JSON has one kind of number")]
            Want::Float(out) => *out = v as f64,
            Want::Timestamp(out) => *out = Timestamp::from_secs(v),
            Want::Document(out) => *out = Value::Integer(v),
            _ => return Err(self.wrong("NUMBER_VALUE")),
        }
        Ok(())
    }

    fn visit_u64<E: Error>(self, v: u64) -> Result<(), E> {
        match i64::try_from(v) {
            Ok(v) => self.visit_i64(v),
            #[expect(clippy::cast_precision_loss, reason = "as large as no member may be")]
            Err(_) => self.visit_f64(v as f64),
        }
    }

    fn visit_f64<E: Error>(self, v: f64) -> Result<(), E> {
        match self.want {
            // 1.0 is a whole number too.
            #[expect(clippy::cast_possible_truncation, reason = "bounded here")]
            Want::Integer(out) if v.fract() == 0.0 && v.abs() < 9.0e18 => *out = v as i64,
            Want::Float(out) => *out = v,
            Want::Timestamp(out) => match text::from_seconds(v) {
                Some(at) => *out = at,
                None => return Err(E::invalid_value(Unexpected::Float(v), &"a timestamp")),
            },
            Want::Document(out) => *out = Value::Float(v),
            _ => return Err(self.wrong("NUMBER_VALUE")),
        }
        Ok(())
    }

    fn visit_str<E: Error>(self, v: &str) -> Result<(), E> {
        match self.want {
            Want::String(out) => v.clone_into(out),
            Want::Document(out) => *out = v.into(),
            Want::Blob(out) => return Self::put(text::blob(v), out),
            Want::Timestamp(out) => return Self::put(text::timestamp(v), out),
            Want::Float(out) if matches!(v, "NaN" | "Infinity" | "-Infinity") => {
                return Self::put(text::float(v), out);
            }
            _ => return Err(self.wrong("STRING_VALUE")),
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        match self.want {
            Want::List(each) => {
                let place = self.place.item().map_err(|e| A::Error::custom(&e.message))?;
                let sparse = self.place.shape().sparse;
                let mut more = true;
                while more {
                    let child = Child { place, sparse, give: Give::Item(&mut *each) };
                    more = seq.next_element_seed(child)?.is_some();
                }
            }
            Want::Document(out) => {
                let mut items = Vec::new();
                let mut item = Value::Null;
                while seq
                    .next_element_seed(Document { place: self.place, out: &mut item })?
                    .is_some()
                {
                    items.push(std::mem::take(&mut item));
                }
                *out = Value::List(items);
            }
            _ => return Err(A::Error::custom("Unexpected list")),
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        match self.want {
            Want::Structure(each) => visit_members(self.place, each, map),
            Want::Map(each) => {
                let place = self.place.item().map_err(|e| A::Error::custom(&e.message))?;
                let sparse = self.place.shape().sparse;
                while let Some(key) = map.next_key::<String>()? {
                    map.next_value_seed(Child { place, sparse, give: Give::Entry(key, each) })?;
                }
                Ok(())
            }
            Want::Document(out) => {
                let mut entries: Vec<(String, Value)> = Vec::new();
                while let Some(key) = map.next_key::<String>()? {
                    let mut value = Value::Null;
                    map.next_value_seed(Document { place: self.place, out: &mut value })?;
                    entries.push((key, value));
                }
                *out = Value::Map(last_wins(entries));
                Ok(())
            }
            _ => Err(A::Error::custom("Start of structure or map found where not expected.")),
        }
    }
}

/// Names in a document's map are unique.
fn last_wins(entries: Vec<(String, Value)>) -> Vec<(String, Value)> {
    let last: std::collections::HashMap<String, usize> =
        entries.iter().enumerate().map(|(i, (name, _))| (name.clone(), i)).collect();
    let kept = entries.into_iter().enumerate().filter(|(i, (name, _))| last.get(name) == Some(i));
    kept.map(|(_, entry)| entry).collect()
}

fn visit_members<'de, A: MapAccess<'de>>(
    place: Place,
    each: &mut ReadMember<'_>,
    mut map: A,
) -> Result<(), A::Error> {
    let mut last = 0;
    let mut seen = 0_u128;
    while let Some(found) = map.next_key_seed(Key { place, last: &mut last })? {
        let Some((i, member)) = found else {
            map.next_value::<IgnoredAny>()?;
            continue;
        };
        let place = place.of(member);
        if matches!(place.shape().kind, Kind::List | Kind::Map) {
            let bit = u32::try_from(i).ok().and_then(|i| 1_u128.checked_shl(i)).unwrap_or(0);
            if seen & bit != 0 {
                return Err(A::Error::custom(["Duplicate member ", member.name].concat()));
            }
            seen |= bit;
        }
        map.next_value_seed(Child { place, sparse: false, give: Give::Member(i, each) })?;
    }
    Ok(())
}

/// Reads a member's name without keeping it.
struct Key<'a> {
    place: Place,
    last: &'a mut usize,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Option<(usize, &'static Member)>;

    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Self::Value, D::Error> {
        d.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Option<(usize, &'static Member)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        let members = &self.place.shape().members;
        let is_it = |m: &Member| m.wire_name() == name && self.place.has_in_body(m);
        let found = find(members, self.last, is_it);
        Ok(found.and_then(|i| members.get(i).map(|m| (i, m))))
    }
}

/// Whom the reader of a value goes to.
enum Give<'a, 'b> {
    Member(usize, &'a mut ReadMember<'b>),
    Item(&'a mut ReadItem<'b>),
    Entry(String, &'a mut ReadEntry<'b>),
}

impl Give<'_, '_> {
    fn give(self, reader: &mut dyn Reader) -> Result<(), ReadError> {
        match self {
            Self::Member(i, each) => each(i, reader),
            Self::Item(each) => each(reader),
            Self::Entry(key, each) => each(key, reader),
        }
    }
}

struct Child<'a, 'b> {
    place: Place,
    sparse: bool,
    give: Give<'a, 'b>,
}

impl<'de> DeserializeSeed<'de> for Child<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for Child<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        // Absent, except in sparse lists and maps.
        if self.sparse {
            self.give.give(&mut Null(self.place)).map_err(|e| E::custom(&e.message))?;
        }
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        let mut reader = Json { place: self.place, rest: Some(d) };
        self.give
            .give(&mut reader)
            .and_then(|()| reader.finish())
            .map_err(|e| D::Error::custom(&e.message))
    }
}

/// A part of a document.
struct Document<'a> {
    place: Place,
    out: &'a mut Value,
}

impl<'de> DeserializeSeed<'de> for Document<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_any(Visit { place: self.place, want: Want::Document(self.out) })
    }
}
