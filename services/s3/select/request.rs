//! What a request asks for, checked: the query, and how records are read and written.

use cumulet_compress::Format;
use cumulet_core::AwsError;

use super::ast::{Path, Query, Step};
use super::csv::Dialect;
use super::errors::{self, error};
use super::parser;
use super::records::{Framing, Quoting, Records};
use super::{DOCUMENT_MAX, RECORD_MAX};
use crate::api::{CSVInput, CSVOutput, InputSerialization, OutputSerialization};
use crate::api::{ScanRange, SelectObjectContentRequest};

pub(crate) struct Request {
    pub(super) query: Query,
    pub(super) input: Input,
    pub(super) output: Output,
    pub(super) progress: bool,
    pub(super) compression: Option<Format>,
    scan: Option<ScanRange>,
}

pub(super) enum Input {
    Csv(CsvInput),
    /// One value per line, or values wherever they end.
    Json {
        lines: bool,
    },
}

pub(super) struct CsvInput {
    pub(super) dialect: Dialect,
    pub(super) comments: String,
    pub(super) header: Header,
    /// No record delimiter was asked for, so lines may end with `\r\n` as well.
    pub(super) any_newline: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Header {
    None,
    Ignore,
    Use,
}

pub(super) enum Output {
    Csv { dialect: Dialect, always: bool },
    Json { record_delimiter: String },
}

impl Request {
    // Out of the handler's future, where the same code is larger.
    #[inline(never)]
    pub(crate) fn parse(input: &SelectObjectContentRequest) -> Result<Self, AwsError> {
        let expression = required("Expression", input.expression.as_ref())?;
        if required("ExpressionType", input.expression_type.as_ref())? != "SQL" {
            return Err(error(errors::INVALID_EXPRESSION_TYPE, ""));
        }
        let from = required("InputSerialization", input.input_serialization.as_ref())?;
        let to = required("OutputSerialization", input.output_serialization.as_ref())?;
        let compression = compression(from)?;
        let (from, output) = (Input::parse(from)?, Output::parse(to)?);
        let range = input.scan_range.clone();
        if range.is_some() && (compression.is_some() || !from.may_be_entered()) {
            return Err(error(errors::UNSUPPORTED_SCAN_RANGE, ""));
        }
        let query = parser::parse(expression)?;
        if let Input::Csv(csv) = &from {
            if !query.from.is_empty() {
                return Err(error(errors::INVALID_KEY_PATH, ""));
            }
            if csv.header != Header::Use {
                columns(&query.paths, None)?;
            }
        }
        let progress = input.request_progress.as_ref().and_then(|p| p.enabled).unwrap_or(false);
        Ok(Self { query, input: from, output, progress, compression, scan: range })
    }

    pub(super) fn records(&self) -> Records {
        let delimited = |delimiter: &str, quoting| Framing::Delimited {
            delimiter: delimiter.to_owned(),
            quoting,
        };
        match &self.input {
            Input::Json { lines: true } => Records::new(delimited("\n", None), RECORD_MAX),
            Input::Json { lines: false } => Records::new(Framing::Document, DOCUMENT_MAX),
            Input::Csv(csv) => {
                let quote = csv.dialect.quote.filter(|_| csv.dialect.multiline);
                let quoting = quote.map(|quote| Quoting {
                    quote,
                    escape: csv.dialect.escape,
                    field_delimiter: csv.dialect.field_delimiter.clone(),
                });
                Records::new(delimited(&csv.dialect.record_delimiter, quoting), RECORD_MAX)
            }
        }
    }

    /// Where records must begin that are to be looked at: the first and the last byte.
    pub(super) fn range(&self, size: u64) -> Result<(u64, u64), AwsError> {
        let Some(range) = &self.scan else { return Ok((0, u64::MAX)) };
        let place = |at: Option<i64>| at.map(u64::try_from).transpose();
        let places = (place(range.start), place(range.end));
        match places {
            (Ok(Some(first)), Ok(Some(last))) if first <= last => Ok((first, last)),
            (Ok(Some(first)), Ok(None)) => Ok((first, u64::MAX)),
            // Only an end means that many bytes from the end.
            (Ok(None), Ok(Some(count))) => Ok((size.saturating_sub(count), u64::MAX)),
            _ => Err(error(errors::INVALID_SCAN_RANGE, "")),
        }
    }
}

fn required<'a, T>(name: &str, value: Option<&'a T>) -> Result<&'a T, AwsError> {
    value.ok_or_else(|| error(errors::MISSING_REQUIRED_PARAMETER, name))
}

fn compression(input: &InputSerialization) -> Result<Option<Format>, AwsError> {
    match input.compression_type.as_deref() {
        None | Some("" | "NONE") => Ok(None),
        Some("GZIP") => Ok(Some(Format::Gzip)),
        Some("BZIP2") => Ok(Some(Format::Bzip2)),
        Some(_) => Err(error(errors::INVALID_COMPRESSION, "")),
    }
}

impl Input {
    fn parse(input: &InputSerialization) -> Result<Self, AwsError> {
        match (&input.csv, &input.json, &input.parquet) {
            (Some(csv), None, None) => CsvInput::parse(csv).map(Self::Csv),
            (None, Some(json), None) => {
                let lines = match required("Type", json.r#type.as_ref())?.as_str() {
                    "DOCUMENT" => false,
                    "LINES" => true,
                    _ => return Err(error(errors::INVALID_JSON_TYPE, "")),
                };
                Ok(Self::Json { lines })
            }
            (None, None, Some(_)) => Err(errors::parquet()),
            (None, None, None) => Err(error(errors::INVALID_DATA_SOURCE, "")),
            _ => Err(error(errors::OBJECT_SERIALIZATION_CONFLICT, "")),
        }
    }

    /// Can a record be found from the middle of the object?
    fn may_be_entered(&self) -> bool {
        match self {
            Self::Csv(csv) => !csv.dialect.multiline,
            Self::Json { lines } => *lines,
        }
    }
}

impl CsvInput {
    fn parse(csv: &CSVInput) -> Result<Self, AwsError> {
        Ok(Self {
            dialect: dialect(
                [
                    csv.field_delimiter.as_deref(),
                    csv.record_delimiter.as_deref(),
                    csv.quote_character.as_deref(),
                    csv.quote_escape_character.as_deref(),
                ],
                csv.allow_quoted_record_delimiter.unwrap_or(false),
            )?,
            comments: csv.comments.clone().unwrap_or_else(|| "#".to_owned()),
            header: match csv.file_header_info.as_deref() {
                None | Some("" | "NONE") => Header::None,
                Some("IGNORE") => Header::Ignore,
                Some("USE") => Header::Use,
                Some(_) => return Err(error(errors::INVALID_FILE_HEADER_INFO, "")),
            },
            any_newline: csv.record_delimiter.is_none(),
        })
    }
}

impl Output {
    fn parse(output: &OutputSerialization) -> Result<Self, AwsError> {
        match (&output.csv, &output.json) {
            (Some(csv), None) => Self::csv(csv),
            (None, Some(json)) => {
                let record_delimiter = json.record_delimiter.clone().unwrap_or_else(|| "\n".into());
                Ok(Self::Json { record_delimiter })
            }
            (None, None) => Err(error(errors::MISSING_REQUIRED_PARAMETER, "OutputSerialization")),
            _ => Err(error(errors::OBJECT_SERIALIZATION_CONFLICT, "")),
        }
    }

    fn csv(csv: &CSVOutput) -> Result<Self, AwsError> {
        let always = match csv.quote_fields.as_deref() {
            None | Some("" | "ASNEEDED") => false,
            Some("ALWAYS") => true,
            Some(_) => return Err(error(errors::INVALID_QUOTE_FIELDS, "")),
        };
        let given = [
            csv.field_delimiter.as_deref(),
            csv.record_delimiter.as_deref(),
            csv.quote_character.as_deref(),
            csv.quote_escape_character.as_deref(),
        ];
        let dialect = dialect(given, true)?;
        Ok(Self::Csv { dialect, always })
    }
}

/// Characters of a delimiter.
const DELIMITER_MAX: usize = 16;

fn delimiter(name: &str, given: Option<&str>, default: &str) -> Result<String, AwsError> {
    let given = given.filter(|d| !d.is_empty()).unwrap_or(default);
    if given.chars().count() <= DELIMITER_MAX {
        return Ok(given.to_owned());
    }
    Err(error(errors::INVALID_REQUEST_PARAMETER, name))
}

fn character(name: &str, given: Option<&str>) -> Result<Option<u8>, AwsError> {
    match given.unwrap_or("\"").as_bytes() {
        [] => Ok(None),
        [byte] => Ok(Some(*byte)),
        _ => Err(error(errors::INVALID_REQUEST_PARAMETER, name)),
    }
}

/// From the field delimiter, the record delimiter, the quote and what escapes it.
fn dialect(given: [Option<&str>; 4], multiline: bool) -> Result<Dialect, AwsError> {
    let [fields, records, quote, escape] = given;
    Ok(Dialect {
        field_delimiter: delimiter("FieldDelimiter", fields, ",")?,
        record_delimiter: delimiter("RecordDelimiter", records, "\n")?,
        quote: character("QuoteCharacter", quote)?,
        escape: character("QuoteEscapeCharacter", escape)?.unwrap_or(b'"'),
        multiline,
    })
}

/// The column of every path: `_1` and so on, or by the header's names.
pub(super) fn columns(
    paths: &[Path],
    header: Option<&[String]>,
) -> Result<Vec<Option<usize>>, AwsError> {
    let column = |path: &Path| {
        let name = match path.steps.as_slice() {
            [Step::Name(name)] => name,
            [Step::Name(_), Step::Name(_)] => return Err(error(errors::INVALID_TABLE_ALIAS, "")),
            _ => return Err(error(errors::INVALID_KEY_PATH, "")),
        };
        let mut named = header.unwrap_or(&[]).iter().enumerate().filter(|(_, h)| name.is(h));
        if let Some((found, _)) = named.next() {
            return if named.next().is_some() {
                Err(error(errors::AMBIGUOUS_FIELD_NAME, ""))
            } else {
                Ok(Some(found))
            };
        }
        let number = name.text.strip_prefix('_').and_then(|n| n.parse::<usize>().ok());
        match number.and_then(|n| n.checked_sub(1)) {
            Some(column) => Ok(Some(column)),
            None if header.is_some() => Err(error(errors::MISSING_HEADERS, "")),
            None => Err(error(errors::INVALID_COLUMN_INDEX, &path.place.text())),
        }
    };
    paths.iter().map(column).collect()
}
