//! Scalars as text, for all formats that have nothing but text: XML, forms, headers, labels.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use cumulet_core::codec::{ReadEntry, ReadError, ReadItem, ReadMember};
use cumulet_core::model::TimestampFormat;
use cumulet_core::{Encode, Reader, Schema, Timestamp, Value, Writer};
use cumulet_escape::push_integer;

use crate::place::Place;

/// Standard base64, lenient about missing padding.
pub(crate) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

fn bad<T>(text: &str, what: &str) -> Result<T, ReadError> {
    Err(ReadError::of_text(text, what))
}

pub(crate) fn boolean(text: &str) -> Result<bool, ReadError> {
    match text.trim() {
        t if t.eq_ignore_ascii_case("true") => Ok(true),
        t if t.eq_ignore_ascii_case("false") => Ok(false),
        _ => bad(text, "a boolean"),
    }
}

pub(crate) fn integer(text: &str) -> Result<i64, ReadError> {
    text.trim().parse().or_else(|_| bad(text, "an integer"))
}

pub(crate) fn float(text: &str) -> Result<f64, ReadError> {
    text.trim().parse().or_else(|_| bad(text, "a number"))
}

pub(crate) fn blob(text: &str) -> Result<Bytes, ReadError> {
    let text: Cow<'_, str> = if text.bytes().any(|b| b.is_ascii_whitespace()) {
        text.split_ascii_whitespace().collect()
    } else {
        text.into()
    };
    BASE64.decode(text.as_bytes()).map(Bytes::from).or_else(|_| bad(&text, "base64"))
}

/// Any of the three formats: clients are not all alike, and no two can be confused.
pub(crate) fn timestamp(text: &str) -> Result<Timestamp, ReadError> {
    let text = text.trim();
    Timestamp::parse_iso8601(text)
        .or_else(|| Timestamp::parse_http_date(text))
        .or_else(|| text.parse().ok().and_then(from_seconds))
        .map_or_else(|| bad(text, "a timestamp"), Ok)
}

/// Seconds since 1970, with a fraction.
pub(crate) fn from_seconds(seconds: f64) -> Option<Timestamp> {
    let millis = (seconds * 1000.0).round();
    // Beyond this no double is exact to the millisecond; it is the year 285,000.
    #[expect(clippy::cast_possible_truncation, reason = "just checked")]
    (millis.abs() < 9.0e15).then(|| Timestamp::from_millis(millis as i64))
}

/// `NaN`, `Infinity` and `-Infinity`, as AWS spells them, or a number that JSON has too.
pub(crate) fn show_float(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()
    } else {
        format!("{value:?}")
    }
}

/// In the place's format, or `default` where it asks for none.
pub(crate) fn show_timestamp(
    value: Timestamp,
    format: TimestampFormat,
    default: TimestampFormat,
) -> String {
    let format = if format == TimestampFormat::Unspecified { default } else { format };
    match format {
        TimestampFormat::Iso8601 => value.iso8601(),
        TimestampFormat::Rfc822 => value.http_date(),
        TimestampFormat::Unix | TimestampFormat::Unspecified => {
            let mut out = Vec::new();
            push_seconds(&mut out, value);
            String::from_utf8(out).unwrap_or_default()
        }
    }
}

/// `1764000000` or `1764000000.123`, never in scientific notation: clients stumble over it.
pub(crate) fn push_seconds(out: &mut Vec<u8>, value: Timestamp) {
    let millis = value.millis();
    if millis < 0 {
        out.push(b'-');
    }
    let millis = millis.unsigned_abs();
    push_integer(out, i64::try_from(millis / 1000).unwrap_or(i64::MAX));
    let fraction = millis % 1000;
    if fraction != 0 {
        out.push(b'.');
        for divisor in [100, 10, 1] {
            out.push(b'0' + u8::try_from(fraction / divisor % 10).unwrap_or(0));
        }
    }
}

/// The scalar methods of a `Reader` that has `fn text(&mut self) -> Result<Cow<str>, ReadError>`,
/// all but `blob`.
macro_rules! read_scalars {
    () => {
        fn string(&mut self) -> Result<String, ReadError> {
            self.text().map(std::borrow::Cow::into_owned)
        }

        fn boolean(&mut self) -> Result<bool, ReadError> {
            crate::text::boolean(&self.text()?)
        }

        fn integer(&mut self) -> Result<i64, ReadError> {
            crate::text::integer(&self.text()?)
        }

        fn float(&mut self) -> Result<f64, ReadError> {
            crate::text::float(&self.text()?)
        }

        fn timestamp(&mut self) -> Result<cumulet_core::Timestamp, ReadError> {
            crate::text::timestamp(&self.text()?)
        }

        fn document(&mut self) -> Result<cumulet_core::Value, ReadError> {
            self.text().map(|text| cumulet_core::Value::String(text.into_owned()))
        }
    };
}

pub(crate) use read_scalars;

/// A value that is one text, or a list that is several: an attribute, a label, a header, a
/// parameter.
pub(crate) struct Texts<'a> {
    pub(crate) place: Place,
    pub(crate) texts: Vec<Cow<'a, str>>,
}

impl<'a> Texts<'a> {
    #[expect(clippy::unnecessary_wraps, reason = "what the macro calls")]
    fn text(&mut self) -> Result<Cow<'a, str>, ReadError> {
        Ok(self.texts.pop().unwrap_or_default())
    }
}

impl Reader for Texts<'_> {
    fn schema(&self) -> Schema {
        self.place.schema
    }

    read_scalars!();

    fn blob(&mut self) -> Result<Bytes, ReadError> {
        blob(&self.text()?)
    }

    fn structure(&mut self, _: &mut ReadMember<'_>) -> Result<(), ReadError> {
        Err(ReadError::new("Unexpected structure"))
    }

    fn list(&mut self, each: &mut ReadItem<'_>) -> Result<(), ReadError> {
        let place = self.place.item()?;
        self.texts.drain(..).try_for_each(|text| each(&mut Texts { place, texts: vec![text] }))
    }

    fn map(&mut self, _: &mut ReadEntry<'_>) -> Result<(), ReadError> {
        Err(ReadError::new("Unexpected map"))
    }
}

pub(crate) type EachItem<'a> = &'a mut dyn FnMut(&dyn Encode);
type EachEntry<'a> = &'a mut dyn FnMut(&str, &dyn Encode);

/// What a value writes of itself, with all scalars but blobs as text.
pub(crate) enum Part<'a> {
    Text(&'a str),
    Blob(&'a [u8]),
    Structure(&'a dyn Fn(usize, &mut dyn Writer)),
    /// Calls its argument with every item.
    List(&'a mut dyn FnMut(EachItem<'_>)),
    /// Calls its argument with every entry.
    Map(&'a mut dyn FnMut(EachEntry<'_>)),
}

/// Hands what is written to whoever wants it as text: a header, an attribute, a payload.
pub(crate) struct Sink<'a> {
    pub(crate) place: Place,
    /// For timestamps of which the model says nothing.
    pub(crate) timestamp: TimestampFormat,
    pub(crate) take: &'a mut dyn FnMut(Part<'_>),
}

impl Sink<'_> {
    fn text(&mut self, text: &str) {
        (self.take)(Part::Text(text));
    }
}

impl Writer for Sink<'_> {
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
        let mut digits = Vec::with_capacity(20);
        push_integer(&mut digits, value);
        self.text(std::str::from_utf8(&digits).unwrap_or_default());
    }

    fn float(&mut self, value: f64) {
        self.text(&show_float(value));
    }

    fn blob(&mut self, value: &[u8]) {
        (self.take)(Part::Blob(value));
    }

    fn timestamp(&mut self, value: Timestamp) {
        self.text(&show_timestamp(value, self.place.timestamp(), self.timestamp));
    }

    fn document(&mut self, value: &Value) {
        if let Value::String(text) = value {
            self.text(text);
        }
    }

    fn structure(&mut self, member: &dyn Fn(usize, &mut dyn Writer)) {
        (self.take)(Part::Structure(member));
    }

    fn list(&mut self, items: &mut dyn Iterator<Item = &dyn Encode>) {
        (self.take)(Part::List(&mut |each| items.for_each(&mut *each)));
    }

    fn map(&mut self, entries: &mut dyn Iterator<Item = (&str, &dyn Encode)>) {
        (self.take)(Part::Map(&mut |each| entries.for_each(|(key, value)| each(key, value))));
    }
}
