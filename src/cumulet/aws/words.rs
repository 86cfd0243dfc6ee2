//! Words of a command line as an operation's input: names in small letters with dashes, JSON, the
//! shorthand `Name=x,Values=a,b`, flags. What a word means is said by the shape that it is for.

use bytes::Bytes;
use cumulet_core::model::{Kind, OperationModel, ShapeId};
use cumulet_core::time::Timestamp;
use cumulet_core::{Model, Value};
use serde_json::Value as Json;

/// How deep shapes of an input are followed.
const DEPTH_MAX: usize = 32;

/// Whether `CreateDBInstance` is meant by `create-db-instance`.
pub(super) fn same(name: &str, word: &str) -> bool {
    let letters = |text: &str| {
        let letters = text.chars().filter(char::is_ascii_alphanumeric);
        letters.map(|c| c.to_ascii_lowercase()).collect::<String>()
    };
    letters(name) == letters(word)
}

/// The input that the words come to.
///
/// # Errors
/// What is wrong with them.
pub(super) fn input(
    model: &Model,
    operation: &OperationModel,
    mut words: &[&str],
) -> Result<Value, String> {
    let members = operation.input.map_or(&[][..], |input| &model.shape(input).members);
    let mut entries = Vec::new();
    while let [first, rest @ ..] = words {
        let (name, inline) = match first.strip_prefix("--") {
            Some(option) => option.split_once('=').map_or((option, None), |(n, v)| (n, Some(v))),
            None => return Err(format!("unexpected argument {first}")),
        };
        let count = rest.iter().take_while(|word| !is_option(word)).count();
        let (values, rest) = rest.split_at(if inline.is_some() { 0 } else { count });
        let values: Vec<_> = inline.into_iter().chain(values.iter().copied()).collect();
        words = rest;
        if name == "cli-input-json" {
            let input = operation.input.ok_or("the operation takes no input")?;
            let json = values.first().ok_or("--cli-input-json takes JSON")?;
            let json = serde_json::from_str(json).map_err(|error| error.to_string())?;
            if let Value::Map(more) = typed(model, input, &json, DEPTH_MAX)? {
                entries.extend(more);
            }
            continue;
        }
        let plain = members.iter().find(|member| same(member.name, name)).map(|m| (m, true));
        let negated = || {
            let name = name.strip_prefix("no-")?;
            Some((members.iter().find(|member| same(member.name, name))?, false))
        };
        let Some((member, said)) = plain.or_else(negated) else {
            let names: Vec<_> = members.iter().map(|member| member.name).collect();
            return Err(format!("{} has no --{name}; it has {}", operation.name, names.join(", ")));
        };
        let value = match (model.shape(member.shape).kind, values.as_slice()) {
            (Kind::Boolean, []) => Value::Boolean(said),
            (_, []) => return Err(format!("--{name} takes a value")),
            (_, values) => {
                typed(model, member.shape, &json(model, member.shape, values)?, DEPTH_MAX)
                    .map_err(|error| format!("--{name}: {error}"))?
            }
        };
        entries.push((member.name.to_owned(), value));
    }
    Ok(Value::Map(entries))
}

/// Negative numbers are values.
fn is_option(word: &str) -> bool {
    word.strip_prefix("--").is_some_and(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()))
}

/// The words of one parameter as JSON, whose scalars may all be text.
fn json(model: &Model, shape: ShapeId, values: &[&str]) -> Result<Json, String> {
    let shape = model.shape(shape);
    let whole = values.join(" ");
    let is_json = whole.trim_start().starts_with(['{', '[']);
    match shape.kind {
        Kind::List | Kind::Map | Kind::Structure | Kind::Union | Kind::Document if is_json => {
            serde_json::from_str(&whole).map_err(|error| error.to_string())
        }
        Kind::List => {
            let element = shape.value.as_ref().map_or(Kind::String, |v| model.shape(v.shape).kind);
            let is_flat = !matches!(element, Kind::Structure | Kind::Union | Kind::Map);
            Ok(values.iter().map(|v| if is_flat { Json::from(*v) } else { shorthand(v) }).collect())
        }
        Kind::Map | Kind::Structure | Kind::Union => Ok(shorthand(&values.join(","))),
        _ => Ok(whole.into()),
    }
}

/// `Key=a,Values=b,c,Deep={X=1},List=[d,e]`.
fn shorthand(text: &str) -> Json {
    let mut entries: Vec<(String, Vec<Json>)> = Vec::new();
    for part in split(text) {
        let is_name = |name: &str| !name.is_empty() && !name.contains(['"', '{', '[', '\'']);
        match part.split_once('=').filter(|(name, _)| is_name(name)) {
            Some((name, value)) => entries.push((plain(name), vec![nested(value)])),
            None => {
                if let Some((_, values)) = entries.last_mut() {
                    values.push(nested(part));
                }
            }
        }
    }
    let one_or_all = |mut values: Vec<Json>| match (values.len(), values.pop()) {
        (1, Some(value)) => value,
        (_, last) => values.into_iter().chain(last).collect(),
    };
    Json::Object(entries.into_iter().map(|(name, values)| (name, one_or_all(values))).collect())
}

fn nested(text: &str) -> Json {
    let text = text.trim();
    if let Some(inner) = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
        return shorthand(inner);
    }
    match text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        Some(inner) => split(inner).into_iter().map(nested).collect(),
        None => plain(text).into(),
    }
}

fn plain(text: &str) -> String {
    let text = text.trim();
    let quoted = ['"', '\''].iter().find_map(|q| text.strip_prefix(*q)?.strip_suffix(*q));
    quoted.unwrap_or(text).to_owned()
}

/// At commas that are in no brackets and no quotes.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut from, mut depth, mut quote) = (Vec::new(), 0, 0_usize, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => {
                parts.extend(text.get(from..at));
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.extend(text.get(from..).filter(|rest| !rest.is_empty()));
    parts
}

/// JSON as the shape has it.
fn typed(model: &Model, id: ShapeId, json: &Json, depth: usize) -> Result<Value, String> {
    let shape = model.shape(id);
    let depth = depth.checked_sub(1).ok_or("too deep")?;
    let wrong = || format!("{json} is no {:?}", shape.kind).to_lowercase();
    let number = || match json {
        Json::String(text) => text.parse::<f64>().ok(),
        other => other.as_f64(),
    };
    Ok(match (shape.kind, json) {
        (_, Json::Null) => Value::Null,
        (Kind::Structure | Kind::Union, Json::Object(entries)) => {
            let mut out = Vec::new();
            for (name, value) in entries {
                let member = shape.members.iter().find(|member| same(member.name, name));
                let member = member.ok_or_else(|| format!("{} has no {name}", shape.name))?;
                out.push((member.name.to_owned(), typed(model, member.shape, value, depth)?));
            }
            Value::Map(out)
        }
        (Kind::Map, Json::Object(entries)) => {
            let value = shape.value.as_ref().map_or(id, |value| value.shape);
            let typed =
                |(name, json): (&String, _)| Ok((name.clone(), typed(model, value, json, depth)?));
            Value::Map(entries.iter().map(typed).collect::<Result<_, String>>()?)
        }
        (Kind::List, json) => {
            let element = shape.value.as_ref().map_or(id, |value| value.shape);
            // In shorthand one value is a list, too.
            let items = json.as_array().map_or(std::slice::from_ref(json), Vec::as_slice);
            let items = items.iter().map(|item| typed(model, element, item, depth));
            Value::List(items.collect::<Result<_, _>>()?)
        }
        (Kind::Boolean, Json::Bool(it)) => Value::Boolean(*it),
        (Kind::Boolean, Json::String(it)) => {
            Value::Boolean(it.to_ascii_lowercase().parse().map_err(|_| wrong())?)
        }
        (Kind::Integer | Kind::Long, Json::String(it)) => {
            Value::Integer(it.parse().map_err(|_| wrong())?)
        }
        (Kind::Integer | Kind::Long, json) => Value::Integer(json.as_i64().ok_or_else(wrong)?),
        (Kind::Float | Kind::Double, _) => Value::Float(number().ok_or_else(wrong)?),
        (Kind::Timestamp, Json::String(it)) => match it.parse::<i64>() {
            Ok(seconds) => Value::Timestamp(Timestamp::from_secs(seconds)),
            Err(_) => Value::Timestamp(Timestamp::parse_iso8601(it).ok_or_else(wrong)?),
        },
        (Kind::Timestamp, json) => {
            Value::Timestamp(Timestamp::from_secs(json.as_i64().ok_or_else(wrong)?))
        }
        (Kind::Blob, Json::String(it)) => Value::Blob(Bytes::from(it.clone().into_bytes())),
        (Kind::String, Json::String(it)) => Value::String(it.clone()),
        // A policy may be written as the JSON that it is.
        (Kind::String, other) => Value::String(other.to_string()),
        (Kind::Document, json) => document(json, depth)?,
        _ => return Err(wrong()),
    })
}

fn document(json: &Json, depth: usize) -> Result<Value, String> {
    let depth = depth.checked_sub(1).ok_or("too deep")?;
    Ok(match json {
        Json::Null => Value::Null,
        Json::Bool(it) => Value::Boolean(*it),
        Json::Number(it) => {
            it.as_i64().map_or_else(|| Value::Float(it.as_f64().unwrap_or(0.0)), Value::Integer)
        }
        Json::String(it) => Value::String(it.clone()),
        Json::Array(items) => {
            Value::List(items.iter().map(|item| document(item, depth)).collect::<Result<_, _>>()?)
        }
        Json::Object(entries) => Value::Map(
            entries
                .iter()
                .map(|(name, item)| Ok((name.clone(), document(item, depth)?)))
                .collect::<Result<_, String>>()?,
        ),
    })
}

#[cfg(test)]
mod tests {
    use cumulet_core::model::{Member, Shape};

    use super::*;

    /// `Put` with a name, a number, a flag, tags, filters and a map.
    fn model() -> (Model, OperationModel) {
        let shape = |kind| Shape { kind, ..Shape::default() };
        let element = |shape| Some(Box::new(Member { shape, ..Member::default() }));
        let member = |name, shape| Member { name, shape, ..Member::default() };
        let mut model = Model::default();
        model.shapes = vec![
            shape(Kind::String),
            shape(Kind::Integer),
            shape(Kind::Boolean),
            Shape { value: element(0), ..shape(Kind::List) },
            Shape { members: vec![member("Name", 0), member("Values", 3)], ..Shape::default() },
            Shape { value: element(4), ..shape(Kind::List) },
            Shape { value: element(1), ..shape(Kind::Map) },
            Shape {
                members: [
                    ("DBName", 0),
                    ("MaxItems", 1),
                    ("DryRun", 2),
                    ("Tags", 3),
                    ("Filters", 5),
                    ("Counts", 6),
                ]
                .map(|(name, shape)| member(name, shape))
                .into(),
                ..Shape::default()
            },
        ];
        (model, OperationModel { name: "Put", input: Some(7), ..OperationModel::default() })
    }

    fn reads(words: &[&str]) -> Result<Value, String> {
        let (model, operation) = model();
        input(&model, &operation, words)
    }

    #[test]
    fn words_are_what_their_shapes_say() {
        let got = reads(&["--db-name", "7", "--max-items=-7", "--no-dry-run", "--tags", "a", "b"]);
        let tags = Value::List(vec!["a".into(), "b".into()]);
        let wanted = Value::map([
            ("DBName", "7".into()),
            ("MaxItems", Value::Integer(-7)),
            ("DryRun", Value::Boolean(false)),
            ("Tags", tags),
        ]);
        assert_eq!(got.unwrap(), wanted);
    }

    #[test]
    fn shorthand_and_json_are_the_same() {
        let filters = r#"[{"Name":"a","Values":["b","c"]},{"Name":"d","Values":["e"]}]"#;
        let counts = r#"{"x":1,"y":"2"}"#;
        let short = ["--counts", "x=1,y=2", "--filters", "Name=a,Values=b,c", "Name=d,Values=[e]"];
        let short = reads(&short).unwrap();
        assert_eq!(Ok(&short), reads(&["--counts", counts, "--filters", filters]).as_ref());
        let whole = format!(r#"{{"Counts":{counts},"Filters":{filters}}}"#);
        assert_eq!(Ok(&short), reads(&["--cli-input-json", &whole]).as_ref());
        assert_eq!(short.get("Filters").unwrap().items().len(), 2);
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        for (words, told) in [
            (&["--nothing", "x"][..], "Put has no --nothing"),
            (&["x"], "unexpected argument x"),
            (&["--db-name"], "--db-name takes a value"),
            (&["--max-items", "many"], "--max-items: \"many\" is no integer"),
            (&["--filters", "Nam=a"], "has no Nam"),
            (&["--filters", "[{]"], ""),
        ] {
            let error = reads(words).unwrap_err();
            assert!(error.contains(told), "{error}");
        }
    }
}
