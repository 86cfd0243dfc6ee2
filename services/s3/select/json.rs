//! JSON: a reader that goes along a path and builds nothing beside it, and a writer. By hand,
//! because a path through a large document must not cost the document's size twice over, and
//! because numbers keep their digits.

use std::fmt::Write as _;

use cumulet_core::AwsError;

use super::RECORD_MAX;
use super::ast::Step;
use super::errors;
use super::value::{Number, Value};

/// Lists and structures inside each other.
const DEPTH_MAX: usize = 100;

/// Gives every row that `path` finds in a JSON text to `row`, until that says no. What is not
/// there is one row that is missing.
pub(super) fn rows(
    text: &str,
    path: &[Step],
    row: &mut dyn FnMut(Value) -> Result<bool, AwsError>,
) -> Result<(), AwsError> {
    let mut reader = Reader { text, at: 0, depth: 0 };
    reader.blank();
    if !reader.walk(path, row)? {
        return Ok(());
    }
    reader.blank();
    if reader.at == text.len() { Ok(()) } else { Err(errors::json_parsing_error()) }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8) -> Result<(), AwsError> {
        if self.take(byte) { Ok(()) } else { Err(errors::json_parsing_error()) }
    }

    /// Goes through a list or structure; `each` reads the value at its index and, in a structure,
    /// under its key, and says whether to go on.
    fn members(
        &mut self,
        keep: bool,
        each: &mut dyn FnMut(&mut Self, usize, String) -> Result<bool, AwsError>,
    ) -> Result<bool, AwsError> {
        let named = self.peek() == Some(b'{');
        let end = if named { b'}' } else { b']' };
        self.at += 1;
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(errors::json_parsing_error());
        }
        self.blank();
        let mut index = 0;
        while index > 0 || !self.take(end) {
            let mut key = String::new();
            if named {
                self.blank();
                key = self.string(keep)?;
                self.blank();
                self.expect(b':')?;
            }
            self.blank();
            if !each(self, index, key)? {
                return Ok(false);
            }
            self.blank();
            if self.take(end) {
                break;
            }
            self.expect(b',')?;
            index += 1;
        }
        self.depth -= 1;
        Ok(true)
    }

    /// False when enough rows are found.
    fn walk(
        &mut self,
        path: &[Step],
        row: &mut dyn FnMut(Value) -> Result<bool, AwsError>,
    ) -> Result<bool, AwsError> {
        let Some((step, rest)) = path.split_first() else {
            return self.leaf().and_then(row);
        };
        let fits = match (step, self.peek()) {
            (Step::Each, Some(b'{' | b'[')) => true,
            (Step::Name(_), first) => first == Some(b'{'),
            (_, first) => first == Some(b'['),
        };
        let mut found = false;
        let mut goes_on = true;
        if fits {
            goes_on = self.members(true, &mut |reader, at, key| {
                let here = match step {
                    Step::Each => true,
                    Step::Index(index) => *index == at,
                    Step::Name(name) => name.is(&key),
                };
                if !here {
                    reader.value(false)?;
                    return Ok(true);
                }
                if found && *step != Step::Each {
                    return Err(errors::ambiguous_field_name());
                }
                found = true;
                reader.walk(rest, row)
            })?;
        } else {
            self.value(false)?;
        }
        if goes_on && !found { row(Value::Missing) } else { Ok(goes_on) }
    }

    /// A row, which is a record and as long as one may be.
    fn leaf(&mut self) -> Result<Value, AwsError> {
        if self.text.len() > RECORD_MAX {
            let start = self.at;
            self.value(false)?;
            if self.at - start > RECORD_MAX {
                return Err(errors::over_max_record_size());
            }
            self.at = start;
        }
        self.value(true)
    }

    /// Reads a value; builds it only if it is to be kept.
    fn value(&mut self, keep: bool) -> Result<Value, AwsError> {
        match self.peek() {
            Some(b'"') => self.string(keep).map(Value::Text),
            Some(b'{') => {
                let mut members = Vec::new();
                self.members(keep, &mut |reader, _, key| {
                    let value = reader.value(keep)?;
                    if keep {
                        members.push((key, value));
                    }
                    Ok(true)
                })?;
                Ok(Value::Struct(members))
            }
            Some(b'[') => {
                let mut items = Vec::new();
                self.members(keep, &mut |reader, _, _| {
                    let value = reader.value(keep)?;
                    if keep {
                        items.push(value);
                    }
                    Ok(true)
                })?;
                Ok(Value::List(items))
            }
            _ => self.word(),
        }
    }

    fn word(&mut self) -> Result<Value, AwsError> {
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"+-.".contains(c));
        let word = rest.get(..end.unwrap_or(rest.len())).unwrap_or("");
        self.at += word.len();
        match word {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            "null" => Ok(Value::Null),
            number => {
                Number::parse(number).map(Value::Number).ok_or_else(errors::json_parsing_error)
            }
        }
    }

    fn string(&mut self, keep: bool) -> Result<String, AwsError> {
        self.expect(b'"')?;
        let mut text = String::new();
        loop {
            let rest = self.rest();
            let plain = rest.find(['"', '\\']).ok_or_else(errors::json_parsing_error)?;
            if keep {
                text.push_str(rest.get(..plain).unwrap_or(""));
            }
            self.at += plain;
            if self.take(b'"') {
                return Ok(text);
            }
            self.at += 1;
            let c = self.escaped()?;
            if keep {
                text.push(c);
            }
        }
    }

    /// What follows a backslash.
    fn escaped(&mut self) -> Result<char, AwsError> {
        let escape = self.peek();
        self.at += 1;
        Ok(match escape {
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let unit = self.hex()?;
                // The second half of a pair, if there is one.
                let pair = if self.rest().starts_with("\\u") && (0xd800..0xdc00).contains(&unit) {
                    self.at += 2;
                    let low = self.hex()?;
                    0x1_0000 + ((unit - 0xd800) << 10) + (low.wrapping_sub(0xdc00) & 0x3ff)
                } else {
                    unit
                };
                char::from_u32(pair).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            Some(c @ (b'"' | b'\\' | b'/')) => char::from(c),
            _ => return Err(errors::json_parsing_error()),
        })
    }

    fn hex(&mut self) -> Result<u32, AwsError> {
        let digits = self.rest().get(..4).ok_or_else(errors::json_parsing_error)?;
        self.at += 4;
        u32::from_str_radix(digits, 16).map_err(|_| errors::json_parsing_error())
    }
}

/// A value as JSON.
pub(super) fn text(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value);
    out
}

pub(super) fn write(out: &mut String, value: &Value) {
    match value {
        Value::Missing | Value::Null => out.push_str("null"),
        // JSON has no infinite numbers.
        Value::Number(Number::Float(f)) if !f.is_finite() => out.push_str("null"),
        Value::Bool(_) | Value::Number(_) => {
            // Writing to a string does not fail.
            let _ = write!(out, "{value}");
        }
        Value::Text(text) => write_text(out, text),
        Value::Moment(moment) => write_text(out, &moment.to_string()),
        Value::List(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                out.push_str(if i > 0 { "," } else { "" });
                write(out, item);
            }
            out.push(']');
        }
        Value::Struct(members) => {
            write_members(out, members.iter().map(|(name, value)| (name.as_str(), value)));
        }
    }
}

/// A structure; members that are missing are left out.
pub(super) fn write_members<'a>(
    out: &mut String,
    members: impl Iterator<Item = (&'a str, &'a Value)>,
) {
    out.push('{');
    for (i, (name, value)) in members.filter(|(_, v)| **v != Value::Missing).enumerate() {
        out.push_str(if i > 0 { "," } else { "" });
        write_text(out, name);
        out.push(':');
        write(out, value);
    }
    out.push('}');
}

fn write_text(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
