//! Items in a compact form: one byte string, in which one attribute is found without building a
//! tree, and which is written to the wire as it is.
//!
//! An item is its attributes in the order of their names, each a name (length and UTF-8) and a
//! value. A value is a tag and what the type needs; all lengths are LEB128. Containers begin with
//! their length in bytes, so that what nobody asked for is stepped over.
//!
//! Bytes that were not written here give an item with fewer attributes, never a panic.

use bytes::Bytes;
use cumulet_core::{Encode, Writer};

use crate::number::Number;
use crate::value::{AttributeValue, Item};

const NULL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const N: u8 = 3;
const S: u8 = 4;
const B: u8 = 5;
const SS: u8 = 6;
const NS: u8 = 7;
const BS: u8 = 8;
const L: u8 = 9;
const M: u8 = 10;

/// Attributes that are written without a list of them on the heap.
const FEW: usize = 12;

/// The compact form of an item.
pub(crate) fn encode(item: &Item) -> Vec<u8> {
    let mut out = Vec::with_capacity(crate::value::item_size(item) + 4 * item.len());
    push_entries(&mut out, item);
    out
}

/// The item of a compact form.
pub(crate) fn decode(bytes: &[u8]) -> Item {
    attributes(bytes).map(|(name, value)| (name.to_owned(), value.decode())).collect()
}

/// One top-level attribute.
pub(crate) fn get<'a>(bytes: &'a [u8], name: &str) -> Option<EncodedValue<'a>> {
    // Names are sorted: one that is beyond means there is none.
    attributes(bytes).find(|(found, _)| *found >= name).filter(|(n, _)| *n == name).map(|(_, v)| v)
}

/// The attributes in the order of their names.
pub(crate) fn attributes(bytes: &[u8]) -> impl Iterator<Item = (&str, EncodedValue<'_>)> {
    let mut at = Cursor(bytes);
    std::iter::from_fn(move || {
        let name = str::from_utf8(at.sized()?).ok()?;
        Some((name, EncodedValue(at.value()?)))
    })
}

/// What DynamoDB counts for some attributes of an item.
pub(crate) fn size_of(bytes: &[u8], names: &[String]) -> usize {
    let part = attributes(bytes).filter(|(name, _)| names.iter().any(|n| n == name));
    part.map(|(name, value)| name.len() + value.decode().size()).sum()
}

/// Writes the item of a compact form.
pub(crate) fn write(bytes: &[u8], w: &mut dyn Writer) {
    let mut entries = [("", EncodedValue(&[])); FEW];
    let mut attributes = attributes(bytes);
    let mut count = 0;
    for (place, attribute) in entries.iter_mut().zip(&mut attributes) {
        *place = attribute;
        count += 1;
    }
    let mut few = entries.iter().take(count).map(|(name, value)| (*name, value as &dyn Encode));
    match attributes.next() {
        None => w.map(&mut few),
        Some(more) => {
            let more: Vec<_> = std::iter::once(more).chain(attributes).collect();
            let more = more.iter().map(|(name, value)| (*name, value as &dyn Encode));
            w.map(&mut few.chain(more));
        }
    }
}

/// A value inside a compact form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EncodedValue<'a>(&'a [u8]);

impl<'a> EncodedValue<'a> {
    /// The value.
    pub(crate) fn decode(self) -> AttributeValue {
        self.read().unwrap_or(AttributeValue::Null)
    }

    /// The bytes of a `B`.
    pub(crate) fn bytes(self) -> &'a [u8] {
        self.cursor().0
    }

    fn read(self) -> Option<AttributeValue> {
        type V = AttributeValue;
        let (tag, rest) = self.0.split_first()?;
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
        Some(match *tag {
            FALSE => V::Bool(false),
            TRUE => V::Bool(true),
            N => V::N(Number::read_ordered(rest)?.0),
            S => V::S(text(Cursor(rest).sized()?)?),
            B => V::B(Bytes::copy_from_slice(Cursor(rest).sized()?)),
            SS => V::Ss(self.strings().map(text).collect::<Option<_>>()?),
            NS => V::Ns(self.numbers().collect()),
            BS => V::Bs(self.strings().map(Bytes::copy_from_slice).collect()),
            L => V::L(self.elements().map(Self::decode).collect()),
            M => V::M(decode(Cursor(rest).sized()?)),
            _ => V::Null,
        })
    }

    fn cursor(self) -> Cursor<'a> {
        Cursor(self.0.get(1..).and_then(|rest| Cursor(rest).sized()).unwrap_or_default())
    }

    fn strings(self) -> impl Iterator<Item = &'a [u8]> {
        let mut at = self.cursor();
        std::iter::from_fn(move || at.sized())
    }

    fn numbers(self) -> impl Iterator<Item = Number> {
        let mut at = self.cursor();
        std::iter::from_fn(move || {
            let (number, rest) = Number::read_ordered(at.0)?;
            at.0 = rest;
            Some(number)
        })
    }

    fn elements(self) -> impl Iterator<Item = Self> {
        let mut at = self.cursor();
        std::iter::from_fn(move || at.value().map(Self))
    }
}

impl Encode for EncodedValue<'_> {
    fn encode(&self, w: &mut dyn Writer) {
        let Some((tag, rest)) = self.0.split_first() else { return };
        let sized = || Cursor(rest).sized().unwrap_or_default();
        let text = |bytes| str::from_utf8(bytes).unwrap_or_default();
        // The model's order: S, N, B, SS, NS, BS, M, L, NULL, BOOL.
        match *tag {
            S => w.member(0, &text(sized())),
            N => w.member(1, &Number::read_ordered(rest).map_or(Number::ZERO, |(n, _)| n)),
            B => w.member(2, &sized()),
            SS => w.member(3, &self.strings().map(text).collect::<Vec<_>>()),
            NS => w.member(4, &self.numbers().collect::<Vec<_>>()),
            BS => w.member(5, &self.strings().collect::<Vec<_>>()),
            M => w.member(6, &EncodedItem(sized())),
            L => w.member(7, &self.elements().collect::<Vec<_>>()),
            NULL => w.member(8, &true),
            _ => w.member(9, &(*tag == TRUE)),
        }
    }
}

struct EncodedItem<'a>(&'a [u8]);

impl Encode for EncodedItem<'_> {
    fn encode(&self, w: &mut dyn Writer) {
        write(self.0, w);
    }
}

struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn length(&mut self) -> Option<usize> {
        let mut length = 0;
        for shift in (0..usize::BITS).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            length |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(length);
            }
        }
        None
    }

    /// A byte string behind its length.
    fn sized(&mut self) -> Option<&'a [u8]> {
        let length = self.length()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    /// A whole value.
    fn value(&mut self) -> Option<&'a [u8]> {
        let start = self.0;
        let (tag, rest) = start.split_first()?;
        self.0 = rest;
        match *tag {
            NULL | FALSE | TRUE => {}
            N => self.0 = Number::skip_ordered(rest)?,
            _ => drop(self.sized()?),
        }
        start.get(..start.len() - self.0.len())
    }
}

fn push_length(out: &mut Vec<u8>, mut length: usize) {
    while length >= 0x80 {
        out.push(u8::try_from(length & 0x7f).unwrap_or(0) | 0x80);
        length >>= 7;
    }
    out.push(u8::try_from(length).unwrap_or(0));
}

fn push_sized(out: &mut Vec<u8>, bytes: &[u8]) {
    push_length(out, bytes.len());
    out.extend_from_slice(bytes);
}

fn push_entries(out: &mut Vec<u8>, item: &Item) {
    for (name, value) in item {
        push_sized(out, name.as_bytes());
        push_value(out, value);
    }
}

/// A tag and the byte string of what is inside.
fn push_inside(out: &mut Vec<u8>, tag: u8, inside: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = Vec::new();
    inside(&mut bytes);
    out.push(tag);
    push_sized(out, &bytes);
}

fn push_value(out: &mut Vec<u8>, value: &AttributeValue) {
    type V = AttributeValue;
    match value {
        V::Null | V::Invalid(_) => out.push(NULL),
        V::Bool(value) => out.push(if *value { TRUE } else { FALSE }),
        V::N(number) => {
            out.push(N);
            number.push_ordered(out);
        }
        V::S(text) => {
            out.push(S);
            push_sized(out, text.as_bytes());
        }
        V::B(bytes) => {
            out.push(B);
            push_sized(out, bytes);
        }
        V::Ss(set) => {
            push_inside(out, SS, |out| set.iter().for_each(|s| push_sized(out, s.as_bytes())));
        }
        V::Ns(set) => push_inside(out, NS, |out| set.iter().for_each(|n| n.push_ordered(out))),
        V::Bs(set) => push_inside(out, BS, |out| set.iter().for_each(|b| push_sized(out, b))),
        V::L(list) => push_inside(out, L, |out| list.iter().for_each(|v| push_value(out, v))),
        V::M(map) => push_inside(out, M, |out| push_entries(out, map)),
    }
}
