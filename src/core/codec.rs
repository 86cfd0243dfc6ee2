//! How typed values and wire formats meet: a type describes itself once, by [`Encode`] and
//! [`Decode`], and every format is one [`Writer`] and one [`Reader`].
//!
//! Neither side holds names or traits of the wire: both walk the same [`Model`] in lockstep, the
//! type by member index, the format by [`Schema`]. What `codegen` writes for a structure says where
//! its members are, and nothing else:
//!
//! ```ignore
//! impl Structure for Tag {
//!     fn member(&self, i: usize) -> Option<&dyn Slot> {
//!         Some(match i {
//!             0 => &self.key,
//!             1 => &self.value,
//!             _ => return None,
//!         })
//!     }
//!     fn member_mut(&mut self, i: usize) -> Option<&mut dyn Slot> { /* the same */ }
//! }
//! ```
//!
//! where `i` is the member's index in the model. A member is `Option<T>` and writes nothing when
//! it is `None`; labels of the path are always there and plain `T`s. A message's byte or event
//! stream is no such member: it travels beside, by [`Message::take_body`] and
//! [`Message::set_body`]; `codegen` gives the structure a field of the member's name, a [`Body`],
//! and those two methods.
//!
//! `codegen` also writes, for every operation `X` of the table, `pub mod input { pub type X = …; }`
//! and `pub mod output { pub type X = …; }`, with [`Empty`] where the model has none.

use std::any::Any;
use std::collections::BTreeMap;
use std::iter;
use std::ops::Deref;

use bytes::Bytes;

use crate::body::Body;
use crate::model::{Kind, Member, Model, Shape, ShapeId};
use crate::time::Timestamp;
use crate::value::Value;

/// A place in a model.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    /// The model.
    pub model: &'static Model,
    /// The shape that stands at this place.
    pub shape: ShapeId,
}

impl Schema {
    /// The shape that stands here.
    pub fn shape(self) -> &'static Shape {
        self.model.shape(self.shape)
    }

    /// What it is.
    pub fn kind(self) -> Kind {
        self.shape().kind
    }

    /// The same place, one step down.
    #[must_use]
    pub fn of(self, member: &Member) -> Self {
        Self { model: self.model, shape: member.shape }
    }
}

/// A request that does not have its operation's form. As small as a pointer, because every member
/// that is read may return one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError(Box<Malformed>);

/// What a [`ReadError`] tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Malformed {
    /// For the caller: what is wrong and where.
    pub message: String,
    /// The text that is no number, time or whatever stands there.
    pub text: Option<String>,
    /// The header, parameter or label that it stands in, by its name there.
    pub member: Option<&'static str>,
}

impl ReadError {
    /// An error with this text.
    pub fn new(message: impl Into<String>) -> Self {
        Self(Box::new(Malformed { message: message.into(), ..Malformed::default() }))
    }

    /// The error about a text that is not `what` stands there.
    pub fn of_text(text: &str, what: &str) -> Self {
        // Enough of it to recognise it.
        let shown: String = text.chars().take(64).collect();
        let message = ["'", &shown, "' is not ", what].concat();
        Self(Box::new(Malformed { message, text: Some(text.to_owned()), member: None }))
    }

    /// The same error, about the header, parameter or label of this name.
    #[must_use]
    pub fn in_member(mut self, name: &'static str) -> Self {
        self.0.member = Some(name);
        self
    }
}

impl Deref for ReadError {
    type Target = Malformed;

    fn deref(&self) -> &Malformed {
        &self.0
    }
}

/// One wire format being read. Calls on a reader consume its value: one call per reader.
/// Absent and null members are not reported; unknown ones are ignored.
pub trait Reader {
    /// Where in the model this reader stands.
    fn schema(&self) -> Schema;
    /// True for a null in a sparse list or map.
    fn is_null(&self) -> bool {
        false
    }
    /// Text.
    fn string(&mut self) -> Result<String, ReadError>;
    /// True or false.
    fn boolean(&mut self) -> Result<bool, ReadError>;
    /// A whole number.
    fn integer(&mut self) -> Result<i64, ReadError>;
    /// Any number.
    fn float(&mut self) -> Result<f64, ReadError>;
    /// Bytes.
    fn blob(&mut self) -> Result<Bytes, ReadError>;
    /// A point in time.
    fn timestamp(&mut self) -> Result<Timestamp, ReadError>;
    /// Any value.
    fn document(&mut self) -> Result<Value, ReadError>;
    /// The members that are there, by index. A flattened list may be reported item by item.
    fn structure(&mut self, each: &mut ReadMember<'_>) -> Result<(), ReadError>;
    /// The items in order.
    fn list(&mut self, each: &mut ReadItem<'_>) -> Result<(), ReadError>;
    /// The entries in order.
    fn map(&mut self, each: &mut ReadEntry<'_>) -> Result<(), ReadError>;
}

/// Takes a member's index and its reader.
pub type ReadMember<'a> = dyn FnMut(usize, &mut dyn Reader) -> Result<(), ReadError> + 'a;
/// Takes an item's reader.
pub type ReadItem<'a> = dyn FnMut(&mut dyn Reader) -> Result<(), ReadError> + 'a;
/// Takes an entry's key and the reader of its value.
pub type ReadEntry<'a> = dyn FnMut(String, &mut dyn Reader) -> Result<(), ReadError> + 'a;

/// One wire format being written. A value that writes nothing is absent.
pub trait Writer {
    /// Where in the model this writer stands.
    fn schema(&self) -> Schema;
    /// Null in a sparse list or map.
    fn null(&mut self);
    /// Text.
    fn string(&mut self, value: &str);
    /// True or false.
    fn boolean(&mut self, value: bool);
    /// A whole number.
    fn integer(&mut self, value: i64);
    /// Any number.
    fn float(&mut self, value: f64);
    /// Bytes.
    fn blob(&mut self, value: &[u8]);
    /// A point in time.
    fn timestamp(&mut self, value: Timestamp);
    /// Any value.
    fn document(&mut self, value: &Value);
    /// A structure: the format asks for the members it wants, in its own order, by index.
    fn structure(&mut self, member: &dyn Fn(usize, &mut dyn Writer));
    /// A structure of which only the member of this index is there: no format has to ask for all.
    fn member(&mut self, index: usize, value: &dyn Encode) {
        self.structure(&|i, w| {
            if i == index {
                value.encode(w);
            }
        });
    }
    /// A structure whose members are at hand, in the model's order: a format that writes many of
    /// them one after the other need not ask for each.
    fn record(&mut self, fields: &[(usize, Field<'_>)]) {
        self.structure(&|i, w| encode_field(fields, i, w));
    }
    /// A list.
    fn list(&mut self, items: &mut dyn Iterator<Item = &dyn Encode>);
    /// A map.
    fn map(&mut self, entries: &mut dyn Iterator<Item = (&str, &dyn Encode)>);
}

/// The value of a member of a [`Writer::record`].
#[derive(Clone, Copy)]
pub enum Field<'a> {
    /// Text.
    Text(&'a str),
    /// Letters, digits, `_` and `-`: text that no format escapes.
    Word(&'a str),
    /// A word between quotes, as entity tags are.
    Quoted(&'a str),
    /// A word that is the only item of a list.
    Item(&'a str),
    /// A whole number.
    Integer(i64),
    /// A point in time.
    Timestamp(Timestamp),
    /// Anything else.
    Other(&'a dyn Encode),
}

/// Writes the member of this index, if a [`Writer::record`] has it.
pub fn encode_field(fields: &[(usize, Field<'_>)], index: usize, w: &mut dyn Writer) {
    if let Some((_, field)) = fields.iter().find(|(i, _)| *i == index) {
        field.encode(w);
    }
}

impl Encode for Field<'_> {
    fn encode(&self, w: &mut dyn Writer) {
        match self {
            Self::Text(text) | Self::Word(text) => w.string(text),
            Self::Quoted(text) => w.string(&["\"", text, "\""].concat()),
            Self::Item(text) => w.list(&mut iter::once(text as &dyn Encode)),
            Self::Integer(value) => w.integer(*value),
            Self::Timestamp(value) => w.timestamp(*value),
            Self::Other(value) => value.encode(w),
        }
    }
}

/// A value that can be written in every format.
pub trait Encode {
    /// Writes itself, or nothing when it is absent.
    fn encode(&self, w: &mut dyn Writer);
}

/// A value that can be read from every format.
pub trait Decode: Sized {
    /// Reads itself.
    fn decode(r: &mut dyn Reader) -> Result<Self, ReadError>;

    /// Reads itself into the place of a member. Lists and maps grow, because formats report
    /// flattened ones item by item; anything else is replaced.
    fn decode_member(place: &mut Option<Self>, r: &mut dyn Reader) -> Result<(), ReadError> {
        *place = Some(Self::decode(r)?);
        Ok(())
    }
}

/// A structure's member, whatever its type.
pub trait Slot: Encode {
    /// Reads the member's value into this place.
    fn fill(&mut self, r: &mut dyn Reader) -> Result<(), ReadError>;
}

impl<T: Encode + Decode> Slot for Option<T> {
    fn fill(&mut self, r: &mut dyn Reader) -> Result<(), ReadError> {
        T::decode_member(self, r)
    }
}

/// A structure of the model: where its members are, by their indices there. A stream is none.
pub trait Structure {
    /// To be written.
    fn member(&self, index: usize) -> Option<&dyn Slot>;
    /// To be read into.
    fn member_mut(&mut self, index: usize) -> Option<&mut dyn Slot>;
}

/// [`Encode`] of every structure.
pub fn encode_structure(it: &dyn Structure, w: &mut dyn Writer) {
    w.structure(&|i, w| {
        if let Some(member) = it.member(i) {
            member.encode(w);
        }
    });
}

/// [`Decode`] of every structure, into one whose members are absent.
pub fn fill_structure(it: &mut dyn Structure, r: &mut dyn Reader) -> Result<(), ReadError> {
    r.structure(&mut |i, r| it.member_mut(i).map_or(Ok(()), |member| member.fill(r)))
}

/// An operation's input or output.
pub trait Message: Encode + Any + Send {
    /// Reads the members into a message that has none yet.
    fn fill(&mut self, r: &mut dyn Reader) -> Result<(), ReadError>;
    /// The byte or event stream beside the members.
    fn take_body(&mut self) -> Option<Body> {
        None
    }
    /// Puts the byte or event stream beside the members.
    fn set_body(&mut self, _body: Body) {}
    /// For the way back to the handler's own type.
    fn into_any(self: Box<Self>) -> Box<dyn Any + Send>;
}

/// The input or output of an operation that has none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Empty {}

impl Encode for Empty {
    fn encode(&self, w: &mut dyn Writer) {
        w.structure(&|_, _| {});
    }
}

impl Decode for Empty {
    fn decode(_: &mut dyn Reader) -> Result<Self, ReadError> {
        Ok(Self {})
    }
}

impl Message for Empty {
    fn fill(&mut self, _: &mut dyn Reader) -> Result<(), ReadError> {
        Ok(())
    }
    fn into_any(self: Box<Self>) -> Box<dyn Any + Send> {
        self
    }
}

/// Bytes of a message (base64 in text formats).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Blob(pub Bytes);

/// Labels of the path are always there.
macro_rules! label {
    ($type:ty) => {
        impl Slot for $type {
            fn fill(&mut self, r: &mut dyn Reader) -> Result<(), ReadError> {
                *self = Self::decode(r)?;
                Ok(())
            }
        }
    };
}

macro_rules! scalars {
    ($($type:ty: $method:ident, $this:ident => $out:expr, $read:ident => $in:expr;)*) => {$(
        impl Encode for $type {
            fn encode(&self, w: &mut dyn Writer) {
                let $this = self;
                w.$method($out);
            }
        }
        impl Decode for $type {
            fn decode(r: &mut dyn Reader) -> Result<Self, ReadError> {
                let $read = r.$method()?;
                Ok($in)
            }
        }
        label!($type);
    )*};
}

scalars! {
    String: string, v => v, r => r;
    bool: boolean, v => *v, r => r;
    i64: integer, v => *v, r => r;
    f64: float, v => *v, r => r;
    Blob: blob, v => &v.0, r => Self(r);
    Timestamp: timestamp, v => *v, r => r;
}

impl Encode for &str {
    fn encode(&self, w: &mut dyn Writer) {
        w.string(self);
    }
}

impl Encode for &[u8] {
    fn encode(&self, w: &mut dyn Writer) {
        w.blob(self);
    }
}

impl Encode for i32 {
    fn encode(&self, w: &mut dyn Writer) {
        w.integer(i64::from(*self));
    }
}

impl Decode for i32 {
    fn decode(r: &mut dyn Reader) -> Result<Self, ReadError> {
        let wide = r.integer()?;
        Self::try_from(wide).map_err(|_| ReadError::of_text(&wide.to_string(), "a 32-bit integer"))
    }
}

label!(i32);

impl<T: Encode> Encode for Option<T> {
    fn encode(&self, w: &mut dyn Writer) {
        if let Some(value) = self {
            value.encode(w);
        }
    }
}

impl<T: Encode> Encode for Box<T> {
    fn encode(&self, w: &mut dyn Writer) {
        (**self).encode(w);
    }
}

impl<T: Decode> Decode for Box<T> {
    fn decode(r: &mut dyn Reader) -> Result<Self, ReadError> {
        T::decode(r).map(Self::new)
    }
}

impl<T: Encode> Encode for Vec<T> {
    fn encode(&self, w: &mut dyn Writer) {
        w.list(&mut self.iter().map(|item| item as &dyn Encode));
    }
}

impl<T: Encode> Encode for BTreeMap<String, T> {
    fn encode(&self, w: &mut dyn Writer) {
        w.map(&mut self.iter().map(|(k, v)| (k.as_str(), v as &dyn Encode)));
    }
}

/// A null in a sparse list or map.
#[derive(Clone, Debug, PartialEq)]
pub struct Sparse<T>(pub Option<T>);

impl<T: Encode> Encode for Sparse<T> {
    fn encode(&self, w: &mut dyn Writer) {
        match &self.0 {
            Some(value) => value.encode(w),
            None => w.null(),
        }
    }
}

impl<T: Decode> Decode for Sparse<T> {
    fn decode(r: &mut dyn Reader) -> Result<Self, ReadError> {
        Ok(Self(if r.is_null() { None } else { Some(T::decode(r)?) }))
    }
}

impl<T: Decode> Decode for Vec<T> {
    fn decode(r: &mut dyn Reader) -> Result<Self, ReadError> {
        let mut list = None;
        Self::decode_member(&mut list, r)?;
        Ok(list.unwrap_or_default())
    }

    fn decode_member(place: &mut Option<Self>, r: &mut dyn Reader) -> Result<(), ReadError> {
        let list = place.get_or_insert_default();
        r.list(&mut |r| {
            list.push(T::decode(r)?);
            Ok(())
        })
    }
}

impl<T: Decode> Decode for BTreeMap<String, T> {
    fn decode(r: &mut dyn Reader) -> Result<Self, ReadError> {
        let mut map = None;
        Self::decode_member(&mut map, r)?;
        Ok(map.unwrap_or_default())
    }

    fn decode_member(place: &mut Option<Self>, r: &mut dyn Reader) -> Result<(), ReadError> {
        let map = place.get_or_insert_default();
        r.map(&mut |key, r| {
            map.insert(key, T::decode(r)?);
            Ok(())
        })
    }
}
