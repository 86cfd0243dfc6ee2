//! Items as files of exports and imports have them: DynamoDB's JSON, a line each, and CSV.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use cumulet_core::Value;
use serde_json::Value as Json;

use crate::number::Number;
use crate::schema::Kind;
use crate::state::TableRow;
use crate::value::{AttributeValue, Item, LEVELS, byte_set, number_set, text_set};
use crate::write::shown;

/// `{"Item": …}` and the end of the line.
pub(crate) fn line(item: &Item) -> String {
    let item = json(&shown(item));
    format!("{}\n", serde_json::json!({ "Item": item }))
}

/// An item that is shown, in DynamoDB's JSON.
pub(crate) fn json(value: &Value) -> Json {
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

/// The item of a line; nothing if it is none.
pub(crate) fn item_of_line(line: &str) -> Option<Item> {
    let line: Json = serde_json::from_str(line).ok()?;
    item(line.get("Item")?, 1)
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

/// The item of a CSV file's record: all is text but for attributes of keys.
pub(crate) fn item_of_record(
    table: &TableRow,
    names: &[String],
    record: Vec<String>,
) -> Option<Item> {
    if record.len() != names.len() {
        return None;
    }
    let cells = names.iter().zip(record).map(|(name, text)| {
        let kind = table.attributes.iter().find(|(known, _)| known == name);
        let value = match kind.map(|(_, kind)| *kind) {
            Some(Kind::N) => AttributeValue::N(Number::parse(&text).ok()?),
            Some(Kind::B) => AttributeValue::B(BASE64.decode(text).ok()?.into()),
            Some(Kind::S) | None => AttributeValue::S(text),
        };
        Some((name.clone(), value))
    });
    cells.collect()
}

/// The records of a CSV file (RFC 4180).
pub(crate) fn records(text: &str, delimiter: char) -> Vec<Vec<String>> {
    let (mut records, mut record, mut cell) = (Vec::new(), Vec::new(), String::new());
    let mut is_quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if is_quoted && chars.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' if is_quoted || cell.is_empty() => is_quoted = !is_quoted,
            _ if is_quoted => cell.push(c),
            _ if c == delimiter => record.push(std::mem::take(&mut cell)),
            '\r' if chars.peek() == Some(&'\n') => {}
            '\n' => {
                record.push(std::mem::take(&mut cell));
                records.push(std::mem::take(&mut record));
            }
            _ => cell.push(c),
        }
    }
    if !cell.is_empty() || !record.is_empty() {
        record.push(cell);
        records.push(record);
    }
    // An empty line is no record.
    records.retain(|record| record.iter().any(|cell| !cell.is_empty()));
    records
}
