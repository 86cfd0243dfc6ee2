//! Amazon Ion's text form, as far as items need it: exports write it, imports and bulk puts read it.
//!
//! Not here: Ion's binary form, symbol tables, and the types that DynamoDB has nothing for (symbols,
//! timestamps, clobs, S-expressions). What has one of those is no item.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use cumulet_core::AwsError;

use super::load::{Parts, unreadable};
use crate::expression::Kind;
use crate::number::Number;
use crate::value::{AttributeValue, Item, LEVELS};

/// What begins every line of a file.
const VERSION: &str = "$ion_1_0";
/// A record and its item are around an item's values.
const DEPTH: usize = LEVELS + 2;

/// Appends a line with a struct of these members.
pub(crate) fn push_line(out: &mut String, members: impl FnOnce(&mut String)) {
    out.push_str(VERSION);
    out.push_str(" {");
    members(out);
    out.push_str("}\n");
}

/// Appends an item as a struct.
pub(crate) fn push(out: &mut String, item: &Item) {
    push_all(out, '{', item, '}', |out, (name, value)| {
        push_name(out, name);
        out.push(':');
        push_value(out, value);
    });
}

fn push_all<T>(
    out: &mut String,
    open: char,
    all: impl IntoIterator<Item = T>,
    close: char,
    push: impl Fn(&mut String, T),
) {
    out.push(open);
    for (i, one) in all.into_iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        push(out, one);
    }
    out.push(close);
}

fn push_value(out: &mut String, value: &AttributeValue) {
    type V = AttributeValue;
    match value {
        V::S(text) => push_text(out, '"', text),
        V::N(number) => push_number(out, number),
        V::B(bytes) => push_blob(out, bytes),
        V::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        V::Null | V::Invalid(_) => out.push_str("null"),
        V::M(map) => push(out, map),
        V::L(list) => push_all(out, '[', list, ']', push_value),
        V::Ss(set) => {
            out.push_str("$dynamodb_SS::");
            push_all(out, '[', set, ']', |out, text| push_text(out, '"', text));
        }
        V::Ns(set) => {
            out.push_str("$dynamodb_NS::");
            push_all(out, '[', set, ']', push_number);
        }
        V::Bs(set) => {
            out.push_str("$dynamodb_BS::");
            push_all(out, '[', set, ']', push_blob);
        }
    }
}

fn push_name(out: &mut String, name: &str) {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
    let is_first = |c: char| c.is_ascii_alphabetic() || c == '_';
    let is_keyword = matches!(name, "null" | "true" | "false" | "nan");
    if name.starts_with(is_first) && name.chars().all(is_word) && !is_keyword {
        out.push_str(name);
    } else {
        push_text(out, '\'', name);
    }
}

fn push_text(out: &mut String, quote: char, text: &str) {
    out.push(quote);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            c if c == quote => out.extend(['\\', c]),
            c if c.is_control() => {
                let code = format!("\\u{:04x}", u32::from(c));
                out.push_str(&code);
            }
            c => out.push(c),
        }
    }
    out.push(quote);
}

/// A decimal in Ion's canonical form: `103.`, `6d2`, `1.5`.
fn push_number(out: &mut String, number: &Number) {
    let text = number.to_string();
    out.push_str(&text);
    if text.contains('.') {
        return;
    }
    let digits = text.trim_end_matches('0').len();
    match text.len() - digits {
        zeros if zeros > 0 && digits > 0 => {
            out.truncate(out.len() - zeros);
            out.extend(["d", &zeros.to_string()]);
        }
        _ => out.push('.'),
    }
}

fn push_blob(out: &mut String, bytes: &Bytes) {
    out.push_str("{{");
    BASE64.encode_string(bytes, out);
    out.push_str("}}");
}

/// The next value of a file from a place on, which moves behind it: its text, and what it is; `None`
/// for what is no value that an item can have, which ends with its line. The brackets and commas of
/// a list around all records are passed over.
pub(crate) fn next<'t>(text: &'t str, at: &mut usize) -> Option<(&'t str, Option<AttributeValue>)> {
    let rest = text.get(*at..)?;
    let mut reader = Reader(rest);
    loop {
        reader.blank();
        if !(reader.eat(VERSION) || reader.eat("[") || reader.eat("]") || reader.eat(",")) {
            break;
        }
    }
    let record = reader.0;
    if record.is_empty() {
        *at = text.len();
        return None;
    }
    let value = reader.value(0);
    let length = match value {
        Some(_) => record.len() - reader.0.len(),
        None => record.find('\n').unwrap_or(record.len()),
    };
    *at += rest.len() - record.len() + length;
    Some((record.get(..length)?, value))
}

/// What a record has.
pub(crate) fn parts(record: AttributeValue) -> Result<Parts, AwsError> {
    let AttributeValue::M(mut record) = record else { return Err(unreadable()) };
    let names = |value| map(value)?.into_iter().map(|(k, v)| Some((k, text(v)?))).collect();
    Ok(Parts {
        item: optional(&mut record, "Item", map)?.ok_or_else(unreadable)?,
        condition: optional(&mut record, Kind::Condition.name(), text)?,
        names: optional(&mut record, "ExpressionAttributeNames", names)?,
        values: optional(&mut record, "ExpressionAttributeValues", map)?,
    })
}

fn text(value: AttributeValue) -> Option<String> {
    if let AttributeValue::S(text) = value { Some(text) } else { None }
}

fn map(value: AttributeValue) -> Option<Item> {
    if let AttributeValue::M(map) = value { Some(map) } else { None }
}

/// A member that may be missing, but not wrong.
fn optional<T>(
    record: &mut Item,
    name: &str,
    read: impl Fn(AttributeValue) -> Option<T>,
) -> Result<Option<T>, AwsError> {
    record.remove(name).map(|value| read(value).ok_or_else(unreadable)).transpose()
}

/// What is left of a text.
struct Reader<'t>(&'t str);

impl<'t> Reader<'t> {
    fn eat(&mut self, start: &str) -> bool {
        self.0.strip_prefix(start).map(|rest| self.0 = rest).is_some()
    }

    /// Takes everything up to what no longer fits.
    fn take(&mut self, fits: impl Fn(char) -> bool) -> &'t str {
        let end = self.0.find(|c| !fits(c)).unwrap_or(self.0.len());
        let (taken, rest) = self.0.split_at(end);
        self.0 = rest;
        taken
    }

    /// Takes everything before `end`, and that.
    fn until(&mut self, end: &str) -> Option<&'t str> {
        let (taken, rest) = self.0.split_once(end)?;
        self.0 = rest;
        Some(taken)
    }

    /// Passes over white space and comments.
    fn blank(&mut self) {
        loop {
            self.take(char::is_whitespace);
            if self.eat("//") {
                self.take(|c| c != '\n');
            } else if !(self.eat("/*") && self.until("*/").is_some()) {
                return;
            }
        }
    }

    fn next_is(&mut self, token: &str) -> bool {
        self.blank();
        self.eat(token)
    }

    fn value(&mut self, level: usize) -> Option<AttributeValue> {
        type V = AttributeValue;
        if level > DEPTH {
            return None;
        }
        self.blank();
        if self.eat("{{") {
            let text: String = self.until("}}")?.split_whitespace().collect();
            return Some(V::B(BASE64.decode(text).ok()?.into()));
        }
        if self.eat("{") {
            return self.members(level).map(V::M);
        }
        if self.eat("[") {
            return self.items(level).map(V::L);
        }
        if self.is_text() {
            return self.text().map(V::S);
        }
        if self.0.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
            let text = self.take(|c| c.is_ascii_alphanumeric() || "+-._".contains(c));
            let text = text.replace('_', "").replace(['d', 'D'], "e");
            return Some(V::N(Number::parse(&text).ok()?));
        }
        let word = self.name()?;
        if self.next_is("::") {
            return annotated(&word, self.value(level + 1)?);
        }
        match word.as_str() {
            "true" => Some(V::Bool(true)),
            "false" => Some(V::Bool(false)),
            "null" => {
                if self.eat(".") {
                    self.take(|c| c.is_ascii_alphabetic());
                }
                Some(V::Null)
            }
            _ => None,
        }
    }

    fn members(&mut self, level: usize) -> Option<Item> {
        let mut item = Item::new();
        while !self.next_is("}") {
            let name = if self.is_text() { self.text()? } else { self.name()? };
            if !self.next_is(":") {
                return None;
            }
            item.insert(name, self.value(level + 1)?);
            if !self.next_is(",") {
                return self.next_is("}").then_some(item);
            }
        }
        Some(item)
    }

    fn items(&mut self, level: usize) -> Option<Vec<AttributeValue>> {
        let mut items = Vec::new();
        while !self.next_is("]") {
            items.push(self.value(level + 1)?);
            if !self.next_is(",") {
                return self.next_is("]").then_some(items);
            }
        }
        Some(items)
    }

    /// A word, or one in quotes.
    fn name(&mut self) -> Option<String> {
        if self.eat("'") {
            return self.quoted("'");
        }
        let word = self.take(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$');
        (!word.is_empty()).then(|| word.to_owned())
    }

    fn is_text(&self) -> bool {
        self.0.starts_with('"') || self.0.starts_with("'''")
    }

    /// A text, which may be of several long ones.
    fn text(&mut self) -> Option<String> {
        if !self.0.starts_with("'''") {
            return self.eat("\"").then(|| self.quoted("\""))?;
        }
        let mut whole = String::new();
        while self.next_is("'''") {
            whole.push_str(&self.quoted("'''")?);
        }
        Some(whole)
    }

    fn quoted(&mut self, end: &str) -> Option<String> {
        let mut out = String::new();
        while !self.eat(end) {
            let mut rest = self.0.chars();
            let c = rest.next()?;
            self.0 = rest.as_str();
            match c {
                '\\' => self.push_escaped(&mut out)?,
                '\n' if end.len() == 1 => return None,
                c => out.push(c),
            }
        }
        Some(out)
    }

    /// Appends what is after a backslash; the end of a line is nothing.
    fn push_escaped(&mut self, out: &mut String) -> Option<()> {
        let mut rest = self.0.chars();
        let c = rest.next()?;
        self.0 = rest.as_str();
        out.push(match c {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            '0' => '\0',
            'a' => '\x07',
            'b' => '\x08',
            'f' => '\x0c',
            'v' => '\x0b',
            '"' | '\'' | '\\' | '/' | '?' => c,
            '\n' => return Some(()),
            'x' => char::from_u32(self.code(2)?)?,
            'U' => char::from_u32(self.code(8)?)?,
            'u' => match self.code(4)? {
                first @ 0xd800..0xdc00 => {
                    let second = self.eat("\\u").then(|| self.code(4))??;
                    let pair = [u16::try_from(first).ok()?, u16::try_from(second).ok()?];
                    char::decode_utf16(pair).next()?.ok()?
                }
                code => char::from_u32(code)?,
            },
            _ => return None,
        });
        Some(())
    }

    fn code(&mut self, digits: usize) -> Option<u32> {
        let (code, rest) = self.0.split_at_checked(digits)?;
        self.0 = rest;
        u32::from_str_radix(code, 16).ok()
    }
}

/// A set, or a value whose annotation means nothing to DynamoDB.
fn annotated(name: &str, value: AttributeValue) -> Option<AttributeValue> {
    let (kind, AttributeValue::L(items)) = (name.strip_prefix("$dynamodb_"), &value) else {
        return Some(value);
    };
    let Some(kind) = kind else { return Some(value) };
    let kind = kind.get(..1)?;
    let is_of = |item: &AttributeValue| item.type_name() == kind;
    items.iter().all(is_of).then(|| AttributeValue::set_of(items.clone()))?
}
