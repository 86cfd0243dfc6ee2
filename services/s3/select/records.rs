//! Cuts a stream of bytes into records, whatever pieces it arrives in. A record is held whole, and
//! nothing else.

use std::ops::Range;

use cumulet_core::AwsError;

use super::errors::{INVALID_TEXT_ENCODING, OVER_MAX_RECORD_SIZE, error};

/// What ends a record.
pub(super) enum Framing {
    /// A delimiter. Where records may have it in quotes, also what opens a quoted field.
    Delimited { delimiter: String, quoting: Option<Quoting> },
    /// The end of a JSON value.
    Document,
}

/// Quotes as far as delimiters in them count; all but the field delimiter is ASCII.
pub(super) struct Quoting {
    pub(super) quote: u8,
    pub(super) escape: u8,
    pub(super) field_delimiter: String,
}

pub(super) struct Records {
    framing: Framing,
    /// Bytes that a record may have.
    max: usize,
    buffer: Vec<u8>,
    /// Where the buffer begins in the stream.
    base: u64,
    /// Where the record begins that is being looked for, and how far it has been looked at.
    start: usize,
    seen: usize,
    ended: bool,
    state: State,
}

#[derive(Clone, Copy, Default)]
struct State {
    in_quotes: bool,
    in_field: bool,
    depth: usize,
}

impl Records {
    pub(super) fn new(framing: Framing, max: usize) -> Self {
        let (buffer, state) = (Vec::new(), State::default());
        Self { framing, max, buffer, base: 0, start: 0, seen: 0, ended: false, state }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.start);
        self.base += self.start as u64;
        self.seen -= self.start;
        self.start = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// No more bytes will come.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    pub(super) fn is_ended(&self) -> bool {
        self.ended
    }

    /// The next record that is there whole, and its place in the stream.
    pub(super) fn next(&mut self) -> Result<Option<(u64, Range<usize>)>, AwsError> {
        let start = self.start;
        let found = match self.framing {
            Framing::Delimited { .. } => self.delimited(),
            Framing::Document => self.document(),
        };
        let found = found.or_else(|| {
            let last = self.ended && self.start < self.buffer.len();
            last.then_some((self.buffer.len(), self.buffer.len()))
        });
        let begin = self.start.max(start);
        let end = found.map_or(self.seen, |(end, _)| end);
        if end.saturating_sub(begin) > self.max {
            return Err(error(OVER_MAX_RECORD_SIZE, ""));
        }
        let Some((end, next)) = found else { return Ok(None) };
        self.start = next;
        self.seen = next;
        self.state = State::default();
        Ok(Some((self.base + begin as u64, begin..end)))
    }

    /// A record's text.
    pub(super) fn text(&self, record: Range<usize>) -> Result<&str, AwsError> {
        let position = self.base + record.start as u64;
        let bytes = self.buffer.get(record).unwrap_or(&[]);
        let text = std::str::from_utf8(bytes).map_err(|e| {
            error(INVALID_TEXT_ENCODING, &grouped(position + e.valid_up_to() as u64))
        })?;
        // A byte order mark is no part of the first field's name.
        Ok(if position == 0 { text.strip_prefix('\u{feff}').unwrap_or(text) } else { text })
    }

    fn delimited(&mut self) -> Option<(usize, usize)> {
        let Framing::Delimited { delimiter, quoting } = &self.framing else { return None };
        let State { in_quotes, in_field, .. } = &mut self.state;
        loop {
            let rest = self.buffer.get(self.seen..)?;
            let first = *rest.first()?;
            let second = rest.get(1).copied();
            let quote = quoting.as_ref().map(|q| q.quote);
            if let Some(q) = quoting
                && *in_quotes
            {
                if second.is_none() && !self.ended && (first == q.escape || first == q.quote) {
                    return None;
                }
                let escapes = first == q.escape && (second == quote || q.escape != q.quote);
                *in_quotes = escapes || first != q.quote;
                self.seen += if escapes && second.is_some() { 2 } else { 1 };
                *in_field = true;
                continue;
            }
            let field_delimiter = quoting.as_ref().map_or("", |q| &q.field_delimiter).as_bytes();
            let begins = |d: &[u8]| d.len() > rest.len() && d.starts_with(rest) && !self.ended;
            if rest.starts_with(delimiter.as_bytes()) {
                return Some((self.seen, self.seen + delimiter.len()));
            }
            if begins(delimiter.as_bytes()) || begins(field_delimiter) {
                return None;
            }
            if !field_delimiter.is_empty() && rest.starts_with(field_delimiter) {
                self.seen += field_delimiter.len();
                *in_field = false;
                continue;
            }
            *in_quotes = Some(first) == quote && !*in_field;
            *in_field = true;
            self.seen += 1;
        }
    }

    fn document(&mut self) -> Option<(usize, usize)> {
        let State { in_quotes, depth, .. } = &mut self.state;
        loop {
            let first = *self.buffer.get(self.seen)?;
            self.seen += 1;
            let here = Some((self.seen, self.seen));
            match first {
                b'\\' if *in_quotes => {
                    if self.seen == self.buffer.len() && !self.ended {
                        self.seen -= 1;
                        return None;
                    }
                    self.seen = (self.seen + 1).min(self.buffer.len());
                }
                b'"' => {
                    *in_quotes = !*in_quotes;
                    if !*in_quotes && *depth == 0 {
                        return here;
                    }
                }
                _ if *in_quotes => {}
                b'{' | b'[' => *depth += 1,
                b'}' | b']' => {
                    *depth = depth.saturating_sub(1);
                    if *depth == 0 {
                        return here;
                    }
                }
                b' ' | b'\t' | b'\r' | b'\n' if *depth == 0 => {
                    if self.seen - 1 > self.start {
                        return here;
                    }
                    self.start = self.seen;
                }
                _ => {}
            }
        }
    }
}

/// `8,192`, as AWS writes a position.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
