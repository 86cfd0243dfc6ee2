//! [`Value`] as one more format, in both directions: a `Value` can be written to and read from any
//! wire format, and any typed value can be turned into a `Value` and back.

use std::mem::take;

use bytes::Bytes;

use crate::codec::{
    Decode, Empty, Encode, Message, ReadEntry, ReadError, ReadItem, ReadMember, Reader, Schema,
    Writer,
};
use crate::error::AwsError;
use crate::model::Kind;
use crate::service::Operation;
use crate::time::Timestamp;
use crate::value::Value;

/// Reads `value` as the typed form of the shape at `schema`.
pub fn from_value<T: Decode>(schema: Schema, mut value: Value) -> Result<T, ReadError> {
    T::decode(&mut ValueReader { schema, value: &mut value })
}

/// Reads an operation's typed input out of `value`; `schema` is `None` where it has no input.
pub(crate) fn from_value_boxed(
    operation: &Operation,
    schema: Option<Schema>,
    mut value: Value,
) -> Result<Box<dyn Message>, AwsError> {
    let Some(schema) = schema else { return Ok(Box::new(Empty {})) };
    operation
        .read(&mut ValueReader { schema, value: &mut value })
        .map_err(|e| AwsError::new("SerializationException", 400, e.message.clone()))
}

/// Turns a typed value of the shape at `schema` into a [`Value`].
pub fn to_value(schema: Schema, typed: &dyn Encode) -> Value {
    let mut value = Value::Null;
    typed.encode(&mut ValueWriter { schema, out: &mut |v| value = v });
    value
}

impl Encode for Value {
    fn encode(&self, w: &mut dyn Writer) {
        let schema = w.schema();
        if schema.kind() == Kind::Document {
            return w.document(self);
        }
        match self {
            Self::Null => w.null(),
            Self::Boolean(b) => w.boolean(*b),
            #[expect(clippy::cast_precision_loss, reason = "a float member given a whole number")]
            Self::Integer(n) if matches!(schema.kind(), Kind::Float | Kind::Double) => {
                w.float(*n as f64);
            }
            Self::Integer(n) => w.integer(*n),
            Self::Float(n) => w.float(*n),
            Self::String(s) => w.string(s),
            Self::Blob(b) => w.blob(b),
            Self::Timestamp(t) => w.timestamp(*t),
            Self::List(items) => w.list(&mut items.iter().map(|v| v as &dyn Encode)),
            Self::Map(entries) if schema.kind() == Kind::Map => {
                w.map(&mut entries.iter().map(|(k, v)| (k.as_str(), v as &dyn Encode)));
            }
            Self::Map(_) => w.structure(&|i, w| {
                let member = schema.shape().members.get(i).map_or("", |m| m.name);
                match self.get(member) {
                    None | Some(Self::Null) => {}
                    Some(value) => value.encode(w),
                }
            }),
        }
    }
}

impl Decode for Value {
    fn decode(r: &mut dyn Reader) -> Result<Self, ReadError> {
        if r.is_null() {
            return Ok(Self::Null);
        }
        let schema = r.schema();
        Ok(match schema.kind() {
            Kind::Structure | Kind::Union => {
                let members = &schema.shape().members;
                let mut entries: Vec<(String, Self)> = Vec::new();
                r.structure(&mut |i, r| {
                    let Some(member) = members.get(i) else { return Ok(()) };
                    let value = Self::decode(r)?;
                    match entries.iter_mut().find(|(name, _)| name == member.name) {
                        Some((_, before)) => before.grow(value),
                        None => entries.push((member.name.to_owned(), value)),
                    }
                    Ok(())
                })?;
                Self::Map(entries)
            }
            Kind::List => {
                let mut items = Vec::new();
                r.list(&mut |r| {
                    items.push(Self::decode(r)?);
                    Ok(())
                })?;
                Self::List(items)
            }
            Kind::Map => {
                let mut entries = Vec::new();
                r.map(&mut |key, r| {
                    entries.push((key, Self::decode(r)?));
                    Ok(())
                })?;
                Self::Map(entries)
            }
            Kind::String => Self::String(r.string()?),
            Kind::Boolean => Self::Boolean(r.boolean()?),
            Kind::Integer | Kind::Long => Self::Integer(r.integer()?),
            Kind::Float | Kind::Double => Self::Float(r.float()?),
            Kind::Blob => Self::Blob(r.blob()?),
            Kind::Timestamp => Self::Timestamp(r.timestamp()?),
            Kind::Document => r.document()?,
        })
    }
}

impl Value {
    /// A member reported again: the next part of a flattened list or map, else a new value.
    fn grow(&mut self, more: Self) {
        match (self, more) {
            (Self::List(items), Self::List(more)) => items.extend(more),
            (Self::Map(entries), Self::Map(more)) => entries.extend(more),
            (before, more) => *before = more,
        }
    }
}

impl Message for Value {
    fn fill(&mut self, r: &mut dyn Reader) -> Result<(), ReadError> {
        *self = Self::decode(r)?;
        Ok(())
    }
    fn into_any(self: Box<Self>) -> Box<dyn std::any::Any + Send> {
        self
    }
}

/// What is read is taken out of the value, not copied.
struct ValueReader<'a> {
    schema: Schema,
    value: &'a mut Value,
}

impl ValueReader<'_> {
    fn wrong<T>(&self, wanted: &str) -> Result<T, ReadError> {
        let name = self.schema.shape().name;
        Err(ReadError::new(format!("{name} is not {wanted}")))
    }
}

impl Reader for ValueReader<'_> {
    fn schema(&self) -> Schema {
        self.schema
    }

    fn is_null(&self) -> bool {
        *self.value == Value::Null
    }

    fn string(&mut self) -> Result<String, ReadError> {
        match self.value {
            Value::String(s) => Ok(take(s)),
            _ => self.wrong("a string"),
        }
    }

    fn boolean(&mut self) -> Result<bool, ReadError> {
        match self.value {
            Value::Boolean(b) => Ok(*b),
            _ => self.wrong("a boolean"),
        }
    }

    fn integer(&mut self) -> Result<i64, ReadError> {
        match self.value {
            Value::Integer(n) => Ok(*n),
            _ => self.wrong("a whole number"),
        }
    }

    fn float(&mut self) -> Result<f64, ReadError> {
        match self.value {
            Value::Float(n) => Ok(*n),
            #[expect(clippy::cast_precision_loss, reason = "a float member given a whole number")]
            Value::Integer(n) => Ok(*n as f64),
            _ => self.wrong("a number"),
        }
    }

    fn blob(&mut self) -> Result<Bytes, ReadError> {
        match self.value {
            Value::Blob(b) => Ok(take(b)),
            Value::String(s) => Ok(take(s).into()),
            _ => self.wrong("a blob"),
        }
    }

    fn timestamp(&mut self) -> Result<Timestamp, ReadError> {
        match self.value {
            Value::Timestamp(t) => Ok(*t),
            Value::Integer(n) => Ok(Timestamp::from_secs(*n)),
            _ => self.wrong("a timestamp"),
        }
    }

    fn document(&mut self) -> Result<Value, ReadError> {
        Ok(take(self.value))
    }

    fn structure(&mut self, each: &mut ReadMember<'_>) -> Result<(), ReadError> {
        if !matches!(self.value, Value::Map(_)) {
            return self.wrong("a structure");
        }
        for (i, member) in self.schema.shape().members.iter().enumerate() {
            match self.value.get_mut(member.name) {
                None | Some(Value::Null) => {}
                Some(value) => each(i, &mut ValueReader { schema: self.schema.of(member), value })?,
            }
        }
        Ok(())
    }

    fn list(&mut self, each: &mut ReadItem<'_>) -> Result<(), ReadError> {
        let schema = self.schema;
        let (Value::List(items), Some(item)) = (&mut *self.value, &schema.shape().value) else {
            return self.wrong("a list");
        };
        let schema = schema.of(item);
        items.iter_mut().try_for_each(|value| each(&mut ValueReader { schema, value }))
    }

    fn map(&mut self, each: &mut ReadEntry<'_>) -> Result<(), ReadError> {
        let schema = self.schema;
        let (Value::Map(entries), Some(item)) = (&mut *self.value, &schema.shape().value) else {
            return self.wrong("a map");
        };
        let schema = schema.of(item);
        entries
            .iter_mut()
            .try_for_each(|(key, value)| each(take(key), &mut ValueReader { schema, value }))
    }
}

struct ValueWriter<'a> {
    schema: Schema,
    out: &'a mut dyn FnMut(Value),
}

impl Writer for ValueWriter<'_> {
    fn schema(&self) -> Schema {
        self.schema
    }

    fn null(&mut self) {
        (self.out)(Value::Null);
    }

    fn string(&mut self, value: &str) {
        (self.out)(value.into());
    }

    fn boolean(&mut self, value: bool) {
        (self.out)(Value::Boolean(value));
    }

    fn integer(&mut self, value: i64) {
        (self.out)(Value::Integer(value));
    }

    fn float(&mut self, value: f64) {
        (self.out)(Value::Float(value));
    }

    fn blob(&mut self, value: &[u8]) {
        (self.out)(Value::Blob(Bytes::copy_from_slice(value)));
    }

    fn timestamp(&mut self, value: Timestamp) {
        (self.out)(Value::Timestamp(value));
    }

    fn document(&mut self, value: &Value) {
        (self.out)(value.clone());
    }

    fn structure(&mut self, member: &dyn Fn(usize, &mut dyn Writer)) {
        let mut entries = Vec::new();
        for (i, m) in self.schema.shape().members.iter().enumerate() {
            let mut out = |v| entries.push((m.name.to_owned(), v));
            member(i, &mut ValueWriter { schema: self.schema.of(m), out: &mut out });
        }
        (self.out)(Value::Map(entries));
    }

    fn list(&mut self, items: &mut dyn Iterator<Item = &dyn Encode>) {
        let mut list = Vec::new();
        if let Some(item) = &self.schema.shape().value {
            for value in items {
                let mut out = |v| list.push(v);
                value.encode(&mut ValueWriter { schema: self.schema.of(item), out: &mut out });
            }
        }
        (self.out)(Value::List(list));
    }

    fn map(&mut self, entries: &mut dyn Iterator<Item = (&str, &dyn Encode)>) {
        let mut map = Vec::new();
        if let Some(item) = &self.schema.shape().value {
            for (key, value) in entries {
                let mut out = |v| map.push((key.to_owned(), v));
                value.encode(&mut ValueWriter { schema: self.schema.of(item), out: &mut out });
            }
        }
        (self.out)(Value::Map(map));
    }
}
