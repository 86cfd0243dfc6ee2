//! JSON: a reader that goes along a path and builds nothing beside it, and a writer. By hand,
//! because a path through a large document must not cost the document's size twice over, and
//! because numbers keep their digits.

use cumulet_core::AwsError;
use cumulet_escape::push_json;

use super::RECORD_MAX;
use super::ast::Step;
use super::errors::{AMBIGUOUS_FIELD_NAME, JSON_PARSING_ERROR, OVER_MAX_RECORD_SIZE, error};
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
    if reader.at == text.len() { Ok(()) } else { Err(malformed()) }
}

#[inline(never)]
fn malformed() -> AwsError {
    error(JSON_PARSING_ERROR, "")
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
        if self.take(byte) { Ok(()) } else { Err(malformed()) }
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
            return Err(malformed());
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
                if found && !matches!(step, Step::Each) {
                    return Err(error(AMBIGUOUS_FIELD_NAME, ""));
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
                return Err(error(OVER_MAX_RECORD_SIZE, ""));
            }
            self.at = start;
        }
        self.value(true)
    }

    /// Reads a value; builds it only if it is to be kept.
    fn value(&mut self, keep: bool) -> Result<Value, AwsError> {
        match self.peek() {
            Some(b'"') => self.string(keep).map(Value::Text),
            Some(first @ (b'{' | b'[')) => {
                let mut members = Vec::new();
                self.members(keep, &mut |reader, _, key| {
                    let value = reader.value(keep)?;
                    if keep {
                        members.push((key, value));
                    }
                    Ok(true)
                })?;
                Ok(Value::Nested(first == b'{', members))
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
            number => Number::parse(number).map(Value::Number).ok_or_else(malformed),
        }
    }

    fn string(&mut self, keep: bool) -> Result<String, AwsError> {
        self.expect(b'"')?;
        let mut text = String::new();
        loop {
            let rest = self.rest();
            let plain = rest.find(['"', '\\']).ok_or_else(malformed)?;
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
            _ => return Err(malformed()),
        })
    }

    fn hex(&mut self) -> Result<u32, AwsError> {
        let digits = self.rest().get(..4).filter(|digits| !digits.starts_with('+'));
        self.at += 4;
        digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).ok_or_else(malformed)
    }
}

/// Adds a value as JSON; members that are missing are left out.
pub(super) fn write(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Text(text) => push_json(out, text),
        Value::Moment(moment) => push_json(out, &moment.text()),
        Value::Nested(named, members) => {
            out.push(if *named { b'{' } else { b'[' });
            let mut first = true;
            for (name, value) in members {
                if *named && matches!(value, Value::Missing) {
                    continue;
                }
                if !std::mem::take(&mut first) {
                    out.push(b',');
                }
                if *named {
                    push_json(out, name);
                    out.push(b':');
                }
                write(out, value);
            }
            out.push(if *named { b'}' } else { b']' });
        }
        Value::Missing | Value::Null => out.extend_from_slice(b"null"),
        // JSON has no infinite numbers.
        Value::Number(Number::Float(f)) if !f.is_finite() => out.extend_from_slice(b"null"),
        Value::Bool(_) | Value::Number(_) => out.extend_from_slice(value.text().as_bytes()),
    }
}
