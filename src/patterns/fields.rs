//! A pattern as it is matched: a tree of fields.

use serde_json::Value;

use crate::document::Document;
use crate::rules::Rule;
use crate::{Dialect, Invalid, parse};

/// A pattern, ready to be matched. It may be matched by many threads at once.
#[derive(Clone, Debug)]
pub struct Pattern {
    pub(crate) fields: Fields,
    /// The paths of fields that may be absent.
    pub(crate) absentees: Vec<Vec<String>>,
}

/// An object: all fields must match, and of every `$or` one of its objects.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields {
    pub(crate) named: Vec<(String, Field)>,
    pub(crate) either: Vec<Vec<Self>>,
}

#[derive(Clone, Debug)]
pub(crate) enum Field {
    Object(Fields),
    Leaf(Leaf),
}

/// One of the rules must allow a value; or the field must be absent, if it may be.
#[derive(Clone, Debug)]
pub(crate) struct Leaf {
    pub(crate) rules: Vec<Rule>,
    /// Which of the pattern's absentees this is, where it may be one.
    pub(crate) absentee: Option<usize>,
}

impl Pattern {
    /// Reads and checks a pattern.
    ///
    /// # Errors
    /// What AWS says of the first thing that is wrong.
    pub fn parse(dialect: Dialect, text: &str) -> Result<Self, Invalid> {
        parse::pattern(dialect, text)
    }

    /// Whether the pattern matches a document.
    pub fn matches(&self, document: &Document) -> bool {
        let root = &document.0;
        // Absent means nowhere in the document, also in no other element of an array.
        let absent: Vec<bool> = self.absentees.iter().map(|path| !present(root, path)).collect();
        self.fields.match_value(Some(root), &absent)
    }
}

/// Whether there is a value at a path. Objects and empty arrays are none.
fn present(value: &Value, path: &[String]) -> bool {
    match (value, path.split_first()) {
        (Value::Array(items), _) => items.iter().any(|item| present(item, path)),
        (Value::Object(members), Some((name, rest))) => {
            members.get(name).is_some_and(|member| present(member, rest))
        }
        (value, None) => !value.is_object(),
        (_, Some(_)) => false,
    }
}

impl Fields {
    fn match_value(&self, value: Option<&Value>, absent: &[bool]) -> bool {
        match value {
            Some(Value::Array(items)) if !items.is_empty() => {
                items.iter().any(|item| self.match_value(Some(item), absent))
            }
            value => {
                let member = |name: &str| value.and_then(|v| v.get(name));
                self.named.iter().all(|(name, field)| match field {
                    Field::Object(fields) => fields.match_value(member(name), absent),
                    Field::Leaf(leaf) => leaf.matches(member(name), absent),
                }) && self
                    .either
                    .iter()
                    .all(|objects| objects.iter().any(|fields| fields.match_value(value, absent)))
            }
        }
    }
}

impl Leaf {
    fn matches(&self, value: Option<&Value>, absent: &[bool]) -> bool {
        self.absentee.is_some_and(|i| absent.get(i) == Some(&true))
            || value.is_some_and(|value| self.allows(value))
    }

    fn allows(&self, value: &Value) -> bool {
        match value {
            Value::Array(items) => items.iter().any(|item| self.allows(item)),
            Value::Object(_) => false,
            value => self.rules.iter().any(|rule| rule.allows(value)),
        }
    }
}
