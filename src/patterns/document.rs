//! What patterns are matched against.

use serde_json::{Map, Value};

/// A JSON document, ready to be matched by any number of patterns.
#[derive(Clone, Debug)]
pub struct Document(pub(crate) Value);

impl Document {
    /// Takes a document. Names with a dot become a level each, as the patterns' do.
    pub fn new(mut value: Value) -> Self {
        if has_dots(&value) {
            value = undotted(value);
        }
        Self(value)
    }
}

fn has_dots(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.iter().any(|(name, v)| name.contains('.') || has_dots(v)),
        Value::Array(items) => items.iter().any(has_dots),
        _ => false,
    }
}

fn undotted(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(undotted).collect(),
        Value::Object(members) => {
            let mut out = Map::new();
            for (name, value) in members {
                let mut steps = name.rsplit('.');
                let last = steps.next().unwrap_or_default().to_owned();
                // Levels are made from the innermost outwards.
                let (first, value) = steps.fold((last, undotted(value)), |(name, value), step| {
                    (step.to_owned(), Value::Object(Map::from_iter([(name, value)])))
                });
                merge(&mut out, first, value);
            }
            Value::Object(out)
        }
        other => other,
    }
}

/// Two members of one name: objects melt, anything else stands side by side.
fn merge(into: &mut Map<String, Value>, name: String, value: Value) {
    match (into.get_mut(&name), value) {
        (None, value) => {
            into.insert(name, value);
        }
        (Some(Value::Object(there)), Value::Object(more)) => {
            for (name, value) in more {
                merge(there, name, value);
            }
        }
        (Some(Value::Array(there)), value) => there.push(value),
        (Some(there), value) => *there = Value::Array(vec![there.take(), value]),
    }
}
