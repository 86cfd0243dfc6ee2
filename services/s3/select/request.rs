//! What a request asks for, checked: the query, and how records are read and written.

use cumulet_compress::Format;
use cumulet_core::AwsError;

use super::ast::{Path, Query, Step};
use super::csv::Dialect;
use super::errors;
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
    quoted_delimiters: bool,
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
    pub(crate) fn parse(input: &SelectObjectContentRequest) -> Result<Self, AwsError> {
        let expression = required("Expression", input.expression.as_ref())?;
        if required("ExpressionType", input.expression_type.as_ref())? != "SQL" {
            return Err(errors::invalid_expression_type());
        }
        let from = required("InputSerialization", input.input_serialization.as_ref())?;
        let to = required("OutputSerialization", input.output_serialization.as_ref())?;
        let compression = compression(from)?;
        let (from, output) = (Input::parse(from)?, Output::parse(to)?);
        let range = input.scan_range.clone();
        if range.is_some() && (compression.is_some() || !from.may_be_entered()) {
            return Err(errors::unsupported_scan_range());
        }
        let query = parser::parse(expression)?;
        if let Input::Csv(csv) = &from {
            if !query.from.is_empty() {
                return Err(errors::invalid_key_path());
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
                let quote = csv.dialect.quote.filter(|_| csv.quoted_delimiters);
                let quoting = quote.and_then(|quote| {
                    Some(Quoting {
                        quote: u8::try_from(quote).ok()?,
                        escape: u8::try_from(csv.dialect.escape).ok()?,
                        field_delimiter: csv.dialect.field_delimiter.clone(),
                    })
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
            _ => Err(errors::invalid_scan_range()),
        }
    }
}

fn required<'a, T>(name: &str, value: Option<&'a T>) -> Result<&'a T, AwsError> {
    value.ok_or_else(|| errors::missing_required_parameter(name))
}

fn compression(input: &InputSerialization) -> Result<Option<Format>, AwsError> {
    match input.compression_type.as_deref() {
        None | Some("" | "NONE") => Ok(None),
        Some("GZIP") => Ok(Some(Format::Gzip)),
        Some("BZIP2") => Ok(Some(Format::Bzip2)),
        Some(_) => Err(errors::invalid_compression()),
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
                    _ => return Err(errors::invalid_json_type()),
                };
                Ok(Self::Json { lines })
            }
            (None, None, Some(_)) => Err(errors::parquet()),
            (None, None, None) => Err(errors::invalid_data_source()),
            _ => Err(errors::object_serialization_conflict()),
        }
    }

    /// Can a record be found from the middle of the object?
    fn may_be_entered(&self) -> bool {
        match self {
            Self::Csv(csv) => !csv.quoted_delimiters,
            Self::Json { lines } => *lines,
        }
    }
}

impl CsvInput {
    fn parse(csv: &CSVInput) -> Result<Self, AwsError> {
        Ok(Self {
            dialect: dialect(
                csv.field_delimiter.as_deref(),
                csv.record_delimiter.as_deref(),
                csv.quote_character.as_deref(),
                csv.quote_escape_character.as_deref(),
            )?,
            comments: csv.comments.clone().unwrap_or_else(|| "#".to_owned()),
            header: match csv.file_header_info.as_deref() {
                None | Some("" | "NONE") => Header::None,
                Some("IGNORE") => Header::Ignore,
                Some("USE") => Header::Use,
                Some(_) => return Err(errors::invalid_file_header_info()),
            },
            any_newline: csv.record_delimiter.is_none(),
            quoted_delimiters: csv.allow_quoted_record_delimiter.unwrap_or(false),
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
            (None, None) => Err(errors::missing_required_parameter("OutputSerialization")),
            _ => Err(errors::object_serialization_conflict()),
        }
    }

    fn csv(csv: &CSVOutput) -> Result<Self, AwsError> {
        let always = match csv.quote_fields.as_deref() {
            None | Some("" | "ASNEEDED") => false,
            Some("ALWAYS") => true,
            Some(_) => return Err(errors::invalid_quote_fields()),
        };
        let dialect = dialect(
            csv.field_delimiter.as_deref(),
            csv.record_delimiter.as_deref(),
            csv.quote_character.as_deref(),
            csv.quote_escape_character.as_deref(),
        )?;
        Ok(Self::Csv { dialect, always })
    }
}

/// Characters of a delimiter.
const DELIMITER_MAX: usize = 16;

fn dialect(
    field_delimiter: Option<&str>,
    record_delimiter: Option<&str>,
    quote: Option<&str>,
    escape: Option<&str>,
) -> Result<Dialect, AwsError> {
    let delimiter = |name: &str, given: Option<&str>, default: &str| {
        let given = given.filter(|d| !d.is_empty()).unwrap_or(default);
        let short = given.chars().count() <= DELIMITER_MAX;
        short.then(|| given.to_owned()).ok_or_else(|| errors::invalid_request_parameter(name))
    };
    // Quotes are ASCII here, so that they cannot be cut in two.
    let character = |name: &str, given: Option<&str>| {
        let mut chars = given.unwrap_or("\"").chars();
        match (chars.next(), chars.next()) {
            (None, _) => Ok(None),
            (Some(c), None) if c.is_ascii() => Ok(Some(c)),
            _ => Err(errors::invalid_request_parameter(name)),
        }
    };
    Ok(Dialect {
        field_delimiter: delimiter("FieldDelimiter", field_delimiter, ",")?,
        record_delimiter: delimiter("RecordDelimiter", record_delimiter, "\n")?,
        quote: character("QuoteCharacter", quote)?,
        escape: character("QuoteEscapeCharacter", escape)?.unwrap_or('"'),
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
            [Step::Name(_), Step::Name(_)] => return Err(errors::invalid_table_alias()),
            _ => return Err(errors::invalid_key_path()),
        };
        let mut named = header.unwrap_or(&[]).iter().enumerate().filter(|(_, h)| name.is(h));
        if let Some((found, _)) = named.next() {
            return if named.next().is_some() {
                Err(errors::ambiguous_field_name())
            } else {
                Ok(Some(found))
            };
        }
        let number = name.text.strip_prefix('_').and_then(|n| n.parse::<usize>().ok());
        match number.and_then(|n| n.checked_sub(1)) {
            Some(column) => Ok(Some(column)),
            None if header.is_some() => Err(errors::missing_headers()),
            None => Err(errors::invalid_column_index(path.place)),
        }
    };
    paths.iter().map(column).collect()
}
