//! Items as files of exports and imports have them: DynamoDB's JSON, a line each, and CSV.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use cumulet_core::{AwsError, Value};
use serde_json::Value as Json;

use crate::expression::Kind;
use crate::number::Number;
use crate::schema;
use crate::state::TableRow;
use crate::transfer::load::{Parts, unreadable};
use crate::value::{AttributeValue, Item, LEVELS, byte_set, number_set, text_set};
use crate::write::shown;

/// `{"Item": …}` and the end of the line.
pub(crate) fn line(item: &Item) -> String {
    format!("{}\n", serde_json::json!({ "Item": item_json(item) }))
}

/// An item in DynamoDB's JSON.
pub(crate) fn item_json(item: &Item) -> Json {
    json(&shown(item))
}

fn json(value: &Value) -> Json {
    match value {
        Value::Boolean(value) => (*value).into(),
        Value::String(text) => text.as_str().into(),
        Value::Blob(bytes) => BASE64.encode(bytes).into(),
        Value::List(items) => items.iter().map(json).collect(),
        Value::Map(entries) => {
            Json::Object(entries.iter().map(|(name, value)| (name.clone(), json(value))).collect())
        }
        _ => Json::Null,
    }
}

/// What a line has.
pub(crate) fn parts_of_line(line: &str) -> Result<Parts, AwsError> {
    let line: Json = serde_json::from_str(line).map_err(|_| unreadable())?;
    let text = |json: &Json| json.as_str().map(str::to_owned);
    let names = |json: &Json| {
        let all = json.as_object()?.iter();
        all.map(|(name, json)| Some((name.clone(), text(json)?))).collect()
    };
    let map = |json: &Json| item(json, 1);
    Ok(Parts {
        item: optional(&line, "Item", map)?.ok_or_else(unreadable)?,
        condition: optional(&line, Kind::Condition.name(), text)?,
        names: optional(&line, "ExpressionAttributeNames", names)?,
        values: optional(&line, "ExpressionAttributeValues", map)?,
    })
}

/// A member that may be missing, but not wrong.
fn optional<T>(
    json: &Json,
    name: &str,
    read: impl Fn(&Json) -> Option<T>,
) -> Result<Option<T>, AwsError> {
    json.get(name).map(|json| read(json).ok_or_else(unreadable)).transpose()
}

fn item(json: &Json, level: usize) -> Option<Item> {
    let entries = json.as_object()?.iter();
    entries.map(|(name, json)| Some((name.clone(), value(json, level)?))).collect()
}

fn value(json: &Json, level: usize) -> Option<AttributeValue> {
    type V = AttributeValue;
    let mut entries = json.as_object()?.iter();
    let ((kind, json), None) = (entries.next()?, entries.next()) else { return None };
    let text = |json: &Json| json.as_str().map(str::to_owned);
    let bytes = |json: &Json| BASE64.decode(json.as_str()?).ok().map(Bytes::from);
    let texts = || json.as_array()?.iter().map(text).collect::<Option<Vec<_>>>();
    if level > LEVELS {
        return None;
    }
    Some(match kind.as_str() {
        "S" => V::S(text(json)?),
        "N" => V::N(Number::parse(json.as_str()?).ok()?),
        "B" => V::B(bytes(json)?),
        "SS" => text_set(&texts()?),
        "NS" => number_set(&texts()?),
        "BS" => byte_set(&json.as_array()?.iter().map(bytes).collect::<Option<Vec<_>>>()?),
        "M" => V::M(item(json, level + 1)?),
        "L" => {
            let items = json.as_array()?.iter();
            V::L(items.map(|json| value(json, level + 1)).collect::<Option<_>>()?)
        }
        "BOOL" => V::Bool(json.as_bool()?),
        "NULL" => V::Null,
        _ => return None,
    })
}

/// The item of a CSV file's record: all is text but for attributes of keys, and what is empty is not
/// there.
pub(crate) fn item_of_cells(
    table: &TableRow,
    names: &[String],
    cells: Vec<String>,
) -> Option<Item> {
    if cells.len() != names.len() {
        return None;
    }
    let cells = names.iter().zip(cells).filter(|(_, text)| !text.is_empty());
    let attributes = cells.map(|(name, text)| {
        let kind = table.attributes.iter().find(|(known, _)| known == name);
        let value = match kind.map(|(_, kind)| *kind) {
            Some(schema::Kind::N) => AttributeValue::N(Number::parse(&text).ok()?),
            Some(schema::Kind::B) => AttributeValue::B(BASE64.decode(text).ok()?.into()),
            Some(schema::Kind::S) | None => AttributeValue::S(text),
        };
        Some((name.clone(), value))
    });
    attributes.collect()
}

/// The next record of a CSV file (RFC 4180) from a place on, which moves behind it. An empty line is no
/// record.
pub(crate) fn csv_record(
    text: &str,
    delimiter: char,
    at: &mut usize,
) -> Option<(Range<usize>, Vec<String>)> {
    while *at < text.len() {
        let start = *at;
        let (length, cells) = csv_line(text.get(start..)?, delimiter);
        *at += length;
        if cells.iter().any(|cell| !cell.is_empty()) {
            return Some((start..*at, cells));
        }
    }
    None
}

/// The cells of a record, and how long it is.
fn csv_line(text: &str, delimiter: char) -> (usize, Vec<String>) {
    let (mut cells, mut cell) = (Vec::new(), String::new());
    let mut is_quoted = false;
    let mut chars = text.chars().peekable();
    let mut length = text.len();
    let mut read = 0;
    while let Some(c) = chars.next() {
        read += c.len_utf8();
        match c {
            '"' if is_quoted && chars.next_if_eq(&'"').is_some() => {
                read += 1;
                cell.push('"');
            }
            '"' if is_quoted || cell.is_empty() => is_quoted = !is_quoted,
            _ if is_quoted => cell.push(c),
            _ if c == delimiter => cells.push(std::mem::take(&mut cell)),
            '\r' if chars.peek() == Some(&'\n') => {}
            '\n' => {
                length = read;
                break;
            }
            _ => cell.push(c),
        }
    }
    cells.push(cell);
    (length, cells)
}
