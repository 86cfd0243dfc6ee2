//! CSV: the fields of a record, and a record of fields.

use cumulet_core::AwsError;

use super::errors;
use super::value::Value;

/// How CSV is read or written.
#[derive(Clone, Debug)]
pub(super) struct Dialect {
    pub(super) field_delimiter: String,
    pub(super) record_delimiter: String,
    /// `None` where nothing is quoted.
    pub(super) quote: Option<char>,
    pub(super) escape: char,
}

impl Dialect {
    /// The fields of one record, without its delimiter.
    pub(super) fn fields(&self, record: &str) -> Result<Vec<Value>, AwsError> {
        let mut fields = Vec::new();
        let mut rest = record;
        loop {
            let mut field = String::new();
            if let Some(inner) = self.quote.and_then(|quote| rest.strip_prefix(quote)) {
                rest = self.quoted(inner, &mut field)?;
            }
            let (plain, after) = match rest.split_once(self.field_delimiter.as_str()) {
                Some((plain, after)) => (plain, Some(after)),
                None => (rest, None),
            };
            field.push_str(plain);
            fields.push(Value::Text(field));
            match after {
                Some(after) => rest = after,
                None => return Ok(fields),
            }
        }
    }

    /// Reads up to the quote that closes; gives what is behind it.
    fn quoted<'a>(&self, text: &'a str, field: &mut String) -> Result<&'a str, AwsError> {
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            let after = chars.as_str().chars().next();
            if c == self.escape && (after == self.quote || after == Some(self.escape)) {
                field.extend(chars.next());
            } else if Some(c) == self.quote {
                return Ok(chars.as_str());
            } else {
                field.push(c);
            }
        }
        Err(errors::csv_parsing_error())
    }

    /// Adds a record to `out`. What is null or missing is an empty field.
    pub(super) fn write<'a>(
        &self,
        out: &mut String,
        always: bool,
        fields: impl Iterator<Item = &'a Value>,
    ) {
        for (i, field) in fields.enumerate() {
            if i > 0 {
                out.push_str(&self.field_delimiter);
            }
            let text = field.to_string();
            match self.quote.filter(|_| always || self.needs_quotes(&text)) {
                None => out.push_str(&text),
                Some(quote) => {
                    out.push(quote);
                    for c in text.chars() {
                        if c == quote || c == self.escape {
                            out.push(self.escape);
                        }
                        out.push(c);
                    }
                    out.push(quote);
                }
            }
        }
        out.push_str(&self.record_delimiter);
    }

    fn needs_quotes(&self, text: &str) -> bool {
        text.contains(self.field_delimiter.as_str())
            || text.contains(self.record_delimiter.as_str())
            || text.contains(|c| Some(c) == self.quote || c == '\n' || c == '\r')
    }
}
