//! CSV: the fields of a record, and a record of fields.

use cumulet_core::AwsError;

use super::errors::{CSV_PARSING_ERROR, CSV_UNESCAPED_QUOTE, error};
use super::value::Value;

/// How CSV is read or written.
pub(super) struct Dialect {
    pub(super) field_delimiter: String,
    pub(super) record_delimiter: String,
    /// ASCII, so that it cannot be cut in two; `None` where nothing is quoted.
    pub(super) quote: Option<u8>,
    pub(super) escape: u8,
    /// May record delimiters be quoted?
    pub(super) multiline: bool,
}

impl Dialect {
    /// The fields of one record, without its delimiter.
    pub(super) fn fields(&self, record: &str) -> Result<Vec<Value>, AwsError> {
        let mut fields = Vec::new();
        let mut rest = Some(record);
        while let Some(text) = rest {
            let mut field = String::new();
            let quoted = text.as_bytes().first().copied().filter(|b| Some(*b) == self.quote);
            let text = match quoted {
                Some(_) => self.quoted(text.get(1..).unwrap_or(""), &mut field)?,
                None => text,
            };
            let (plain, after) = match text.split_once(self.field_delimiter.as_str()) {
                Some((plain, after)) => (plain, Some(after)),
                None => (text, None),
            };
            field.push_str(plain);
            fields.push(Value::Text(field));
            rest = after;
        }
        Ok(fields)
    }

    /// Reads up to the quote that closes; gives what is behind it.
    fn quoted<'a>(&self, text: &'a str, field: &mut String) -> Result<&'a str, AwsError> {
        let special = |c| Some(c) == self.quote || c == self.escape;
        let mut rest = text;
        while let Some(at) = rest.bytes().position(special) {
            let (plain, after) = rest.split_at_checked(at).unwrap_or((rest, ""));
            field.push_str(plain);
            let (this, next) = (after.as_bytes().first(), after.as_bytes().get(1));
            let escapes = this == Some(&self.escape) && next.is_some_and(|next| special(*next));
            if !escapes && this.copied() == self.quote {
                return Ok(after.get(1..).unwrap_or(""));
            }
            let kept = usize::from(escapes);
            field.push_str(after.get(kept..=kept).unwrap_or(""));
            rest = after.get(kept + 1..).unwrap_or("");
        }
        let wording = if self.multiline { CSV_PARSING_ERROR } else { CSV_UNESCAPED_QUOTE };
        Err(error(wording, ""))
    }

    /// Adds a record to `out`. What is null or missing is an empty field.
    pub(super) fn write(&self, out: &mut Vec<u8>, always: bool, fields: &[(String, Value)]) {
        for (i, (_, field)) in fields.iter().enumerate() {
            if i > 0 {
                out.extend_from_slice(self.field_delimiter.as_bytes());
            }
            let text = field.text();
            let quote = self.quote.filter(|_| always || self.needs_quotes(&text));
            out.extend(quote);
            for byte in text.bytes() {
                if quote.is_some_and(|quote| byte == quote || byte == self.escape) {
                    out.push(self.escape);
                }
                out.push(byte);
            }
            out.extend(quote);
        }
        out.extend_from_slice(self.record_delimiter.as_bytes());
    }

    fn needs_quotes(&self, text: &str) -> bool {
        text.contains(self.field_delimiter.as_str())
            || text.contains(self.record_delimiter.as_str())
            || text.bytes().any(|b| Some(b) == self.quote || matches!(b, b'\n' | b'\r'))
    }
}
