//! Reads CBOR: definite and indefinite lengths, tags, all sizes of numbers.

use bytes::Bytes;
use cumulet_core::codec::{ReadEntry, ReadError, ReadItem, ReadMember};
use cumulet_core::{Reader, Schema, Timestamp, Value};

use crate::null::Null;
use crate::place::{MAX_DEPTH, Place, find};
use crate::text;

/// Gives `read` a reader of `body`.
pub(crate) fn read<T>(
    body: &[u8],
    place: Place,
    millis: bool,
    read: impl FnOnce(&mut dyn Reader) -> Result<T, ReadError>,
) -> Result<T, ReadError> {
    let mut input = Input { rest: body };
    let value = read(&mut Cbor { input: &mut input, place, millis, read: false })?;
    Ok(value)
}

fn wrong<T>(wanted: &str) -> Result<T, ReadError> {
    Err(ReadError::new(["The CBOR is not ", wanted].concat()))
}

/// The first byte of a data item with its argument.
struct Head {
    major: u8,
    /// The low five bits.
    info: u8,
    argument: u64,
}

impl Head {
    const INDEFINITE: u8 = 31;

    fn is_null(&self) -> bool {
        self.major == 7 && matches!(self.info, 22 | 23)
    }

    fn is_break(&self) -> bool {
        self.major == 7 && self.info == Self::INDEFINITE
    }

    fn number(&self) -> Option<Number> {
        Some(match (self.major, self.info) {
            (0, _) => Number::Integer(i128::from(self.argument)),
            (1, _) => Number::Integer(-1 - i128::from(self.argument)),
            (7, 25) => Number::Float(half(self.argument)),
            (7, 26) => Number::Float(f64::from(f32::from_bits(u32::try_from(self.argument).ok()?))),
            (7, 27) => Number::Float(f64::from_bits(self.argument)),
            _ => return None,
        })
    }
}

enum Number {
    Integer(i128),
    Float(f64),
}

/// A half-precision number: ten bits of fraction, five of exponent.
fn half(bits: u64) -> f64 {
    let fraction = f64::from(u16::try_from(bits & 0x3ff).unwrap_or(0));
    let exponent = i32::try_from(bits >> 10 & 0x1f).unwrap_or(0);
    let value = match exponent {
        0 => fraction * 2_f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * 2_f64.powi(exponent - 25),
    };
    if bits & 0x8000 == 0 { value } else { -value }
}

struct Input<'a> {
    rest: &'a [u8],
}

impl<'a> Input<'a> {
    fn take(&mut self, len: u64) -> Result<&'a [u8], ReadError> {
        let split = usize::try_from(len).ok().and_then(|len| self.rest.split_at_checked(len));
        let Some((taken, rest)) = split else { return wrong("complete") };
        self.rest = rest;
        Ok(taken)
    }

    fn raw_head(&mut self) -> Result<Head, ReadError> {
        let first = self.take(1)?.first().copied().unwrap_or(0);
        let (major, info) = (first >> 5, first & 31);
        let argument = match info {
            0..24 => u64::from(info),
            24..28 => {
                let bytes = self.take(1 << (info - 24))?;
                bytes.iter().fold(0, |n, byte| n << 8 | u64::from(*byte))
            }
            Head::INDEFINITE if matches!(major, 2..=5 | 7) => 0,
            _ => return wrong("well formed"),
        };
        Ok(Head { major, info, argument })
    }

    /// The head of the next value. Tags say nothing that the schema does not.
    fn head(&mut self) -> Result<Head, ReadError> {
        loop {
            let head = self.raw_head()?;
            if head.major != 6 {
                return Ok(head);
            }
        }
    }

    fn peek(&self) -> Result<Head, ReadError> {
        Input { rest: self.rest }.head()
    }

    /// Text or bytes, in one piece or in chunks.
    fn bytes(&mut self, head: &Head) -> Result<Vec<u8>, ReadError> {
        if head.info != Head::INDEFINITE {
            return self.take(head.argument).map(<[u8]>::to_vec);
        }
        let mut all = Vec::new();
        loop {
            let chunk = self.raw_head()?;
            if chunk.is_break() {
                return Ok(all);
            }
            if chunk.major != head.major || chunk.info == Head::INDEFINITE {
                return wrong("well formed");
            }
            all.extend_from_slice(self.take(chunk.argument)?);
        }
    }

    fn text(&mut self, head: &Head) -> Result<String, ReadError> {
        if head.major != 3 {
            return wrong("a text");
        }
        let bytes = self.bytes(head)?;
        String::from_utf8(bytes).or_else(|_| wrong("UTF-8"))
    }

    /// True while there are more items in the list or map that began with `head`; counts them.
    fn more(&mut self, head: &Head, done: &mut u64) -> Result<bool, ReadError> {
        if head.info == Head::INDEFINITE {
            if self.raw_peek() == Some(0xff) {
                self.raw_head()?;
                return Ok(false);
            }
        } else if *done == head.argument {
            return Ok(false);
        }
        *done += 1;
        Ok(true)
    }

    fn raw_peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// Passes over one value.
    fn skip(&mut self, depth: usize) -> Result<(), ReadError> {
        if depth > MAX_DEPTH {
            return wrong("shallow enough");
        }
        let head = self.head()?;
        match head.major {
            2 | 3 => self.bytes(&head).map(drop),
            4 | 5 => {
                let mut done = 0;
                while self.more(&head, &mut done)? {
                    self.skip(depth + 1)?;
                    if head.major == 5 {
                        self.skip(depth + 1)?;
                    }
                }
                Ok(())
            }
            _ if head.is_break() => wrong("well formed"),
            _ => Ok(()),
        }
    }

    fn document(&mut self, depth: usize) -> Result<Value, ReadError> {
        if depth > MAX_DEPTH {
            return wrong("shallow enough");
        }
        let head = self.head()?;
        Ok(match head.major {
            2 => Value::Blob(self.bytes(&head)?.into()),
            3 => Value::String(self.text(&head)?),
            4 => {
                let (mut items, mut done) = (Vec::new(), 0);
                while self.more(&head, &mut done)? {
                    items.push(self.document(depth + 1)?);
                }
                Value::List(items)
            }
            5 => {
                let (mut entries, mut done) = (Vec::new(), 0);
                while self.more(&head, &mut done)? {
                    let key = self.head()?;
                    entries.push((self.text(&key)?, self.document(depth + 1)?));
                }
                Value::Map(entries)
            }
            _ => match (head.number(), head.info) {
                (Some(Number::Integer(n)), _) => {
                    Value::Integer(i64::try_from(n).or_else(|_| wrong("a 64-bit integer"))?)
                }
                (Some(Number::Float(n)), _) => Value::Float(n),
                (None, 20) => Value::Boolean(false),
                (None, 21) => Value::Boolean(true),
                _ if head.is_null() => Value::Null,
                _ => return wrong("a document"),
            },
        })
    }
}

struct Cbor<'x, 'a> {
    input: &'x mut Input<'a>,
    place: Place,
    millis: bool,
    read: bool,
}

impl Cbor<'_, '_> {
    fn head(&mut self) -> Result<Head, ReadError> {
        self.read = true;
        self.input.head()
    }

    /// Gives `give` a reader of the next value unless it is null and `sparse` is false.
    fn child(
        &mut self,
        place: Place,
        sparse: bool,
        give: &mut dyn FnMut(&mut dyn Reader) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        if self.input.peek()?.is_null() {
            self.input.head()?;
            return if sparse { give(&mut Null(place)) } else { Ok(()) };
        }
        let mut child = Cbor { input: &mut *self.input, place, millis: self.millis, read: false };
        give(&mut child)?;
        if child.read { Ok(()) } else { self.input.skip(place.depth) }
    }
}

impl Reader for Cbor<'_, '_> {
    fn schema(&self) -> Schema {
        self.place.schema
    }

    fn string(&mut self) -> Result<String, ReadError> {
        let head = self.head()?;
        self.input.text(&head)
    }

    fn boolean(&mut self) -> Result<bool, ReadError> {
        match self.head()? {
            Head { major: 7, info: 20, .. } => Ok(false),
            Head { major: 7, info: 21, .. } => Ok(true),
            _ => wrong("a boolean"),
        }
    }

    fn integer(&mut self) -> Result<i64, ReadError> {
        match self.head()?.number() {
            Some(Number::Integer(n)) => i64::try_from(n).or_else(|_| wrong("a 64-bit integer")),
            #[expect(clippy::cast_possible_truncation, reason = "bounded here")]
            Some(Number::Float(n)) if n.fract() == 0.0 && n.abs() < 9.0e18 => Ok(n as i64),
            _ => wrong("an integer"),
        }
    }

    fn float(&mut self) -> Result<f64, ReadError> {
        match self.head()?.number() {
            #[expect(clippy::cast_precision_loss, reason = "a float member given a whole number")]
            Some(Number::Integer(n)) => Ok(n as f64),
            Some(Number::Float(n)) => Ok(n),
            None => wrong("a number"),
        }
    }

    fn blob(&mut self) -> Result<Bytes, ReadError> {
        let head = self.head()?;
        if head.major == 2 { self.input.bytes(&head).map(Bytes::from) } else { wrong("bytes") }
    }

    fn timestamp(&mut self) -> Result<Timestamp, ReadError> {
        let head = self.head()?;
        let at = match head.number() {
            Some(Number::Integer(n)) => {
                let n = i64::try_from(n).ok();
                n.map(if self.millis { Timestamp::from_millis } else { Timestamp::from_secs })
            }
            Some(Number::Float(n)) => text::from_seconds(n),
            None if head.major == 3 => return text::timestamp(&self.input.text(&head)?),
            None => None,
        };
        at.map_or_else(|| wrong("a timestamp"), Ok)
    }

    fn document(&mut self) -> Result<Value, ReadError> {
        self.read = true;
        self.input.document(self.place.depth)
    }

    fn structure(&mut self, each: &mut ReadMember<'_>) -> Result<(), ReadError> {
        self.place.check_depth()?;
        let (place, head) = (self.place, self.head()?);
        if head.is_null() {
            return Ok(());
        }
        if head.major != 5 {
            return wrong("a map");
        }
        let members = &place.shape().members;
        let (mut last, mut done) = (0, 0);
        while self.input.more(&head, &mut done)? {
            let key = self.input.head()?;
            let key = self.input.text(&key)?;
            let found = find(members, &mut last, |m| m.wire_name() == key);
            match found.and_then(|i| members.get(i).map(|m| (i, m))) {
                Some((i, m)) => self.child(place.of(m), false, &mut |r| each(i, r))?,
                None => self.input.skip(place.depth)?,
            }
        }
        Ok(())
    }

    fn list(&mut self, each: &mut ReadItem<'_>) -> Result<(), ReadError> {
        self.place.check_depth()?;
        let (place, sparse, head) = (self.place.item()?, self.place.shape().sparse, self.head()?);
        if head.major != 4 {
            return wrong("a list");
        }
        let mut done = 0;
        while self.input.more(&head, &mut done)? {
            self.child(place, sparse, each)?;
        }
        Ok(())
    }

    fn map(&mut self, each: &mut ReadEntry<'_>) -> Result<(), ReadError> {
        self.place.check_depth()?;
        let (place, sparse, head) = (self.place.item()?, self.place.shape().sparse, self.head()?);
        if head.major != 5 {
            return wrong("a map");
        }
        let mut done = 0;
        while self.input.more(&head, &mut done)? {
            let key = self.input.head()?;
            let key = self.input.text(&key)?;
            self.child(place, sparse, &mut |r| each(key.clone(), r))?;
        }
        Ok(())
    }
}
