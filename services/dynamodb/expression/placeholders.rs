//! `#name` and `:value`: checked as they came in, looked up by expressions, and refused where no
//! expression used them.

use std::collections::{BTreeMap, BTreeSet};

use cumulet_core::AwsError;

use super::condition::Condition;
use super::key::KeyCondition;
use super::node::Part;
use super::path::{Path, Step};
use super::projection::Projection;
use super::reserved::is_reserved;
use super::update::Update;
use crate::errors::validation;
use crate::value::{AttributeValue, Item};

/// An expression's length in bytes at most.
const LENGTH: usize = 4096;
/// The elements of a path at most.
const PATH_LENGTH: usize = 32;

/// Which parameter an expression is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Condition,
    Filter,
    KeyCondition,
    Projection,
    Search,
    Update,
}

impl Kind {
    /// The parameter's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Condition => "ConditionExpression",
            Self::Filter => "FilterExpression",
            Self::KeyCondition => "KeyConditionExpression",
            Self::Projection => "ProjectionExpression",
            Self::Search => "SearchConditionExpression",
            Self::Update => "UpdateExpression",
        }
    }
}

/// A request's placeholders.
pub(crate) struct Placeholders<'a> {
    names: Option<&'a BTreeMap<String, String>>,
    values: Option<&'a Item>,
    used: BTreeSet<&'a str>,
}

impl<'a> Placeholders<'a> {
    /// Checks what came in. `takes` are the expressions that the operation takes, with what it got.
    pub(crate) fn new(
        names: Option<&'a BTreeMap<String, String>>,
        values: Option<&'a Item>,
        takes: &[(Kind, Option<&str>)],
    ) -> Result<Self, AwsError> {
        let given = takes.iter().any(|(_, text)| text.is_some());
        check(names, values, given, takes).map_err(validation)?;
        Ok(Self { names, values, used: BTreeSet::new() })
    }

    /// Parses a condition or a filter.
    pub(crate) fn condition(&mut self, kind: Kind, text: &str) -> Result<Condition, AwsError> {
        self.parse(kind, text, Condition::parse)
    }

    /// Parses a key condition.
    pub(crate) fn key_condition(&mut self, text: &str) -> Result<KeyCondition, AwsError> {
        self.parse(Kind::KeyCondition, text, KeyCondition::parse)
    }

    /// Parses a projection.
    pub(crate) fn projection(&mut self, text: &str) -> Result<Projection, AwsError> {
        self.parse(Kind::Projection, text, Projection::parse)
    }

    /// Parses an update.
    pub(crate) fn update(&mut self, text: &str) -> Result<Update, AwsError> {
        self.parse(Kind::Update, text, Update::parse)
    }

    /// Refuses what no expression has used.
    pub(crate) fn finish(self) -> Result<(), AwsError> {
        let unused = |what: &str, all: &mut dyn Iterator<Item = &String>| {
            let left: Vec<_> = all.map(String::as_str).filter(|k| !self.used.contains(k)).collect();
            if left.is_empty() {
                return Ok(());
            }
            let keys = left.join(", ");
            Err(validation(format!(
                "Value provided in {what} unused in expressions: keys: {{{keys}}}"
            )))
        };
        unused("ExpressionAttributeNames", &mut self.names.iter().flat_map(|n| n.keys()))?;
        unused("ExpressionAttributeValues", &mut self.values.iter().flat_map(|v| v.keys()))
    }

    fn parse<T>(
        &mut self,
        kind: Kind,
        text: &str,
        parse: impl FnOnce(&mut Self, &str) -> Result<T, String>,
    ) -> Result<T, AwsError> {
        let result = if text.is_empty() {
            Err("The expression can not be empty;".to_owned())
        } else if text.len() > LENGTH {
            let tail = if kind == Kind::Update {
                String::new()
            } else {
                format!(" expression size: {}", text.len())
            };
            Err(format!("Expression size has exceeded the maximum allowed size;{tail}"))
        } else {
            parse(self, text)
        };
        result.map_err(|reason| {
            // What is wrong with one clause of a key condition says so itself.
            let whole = reason.starts_with("Invalid condition in ");
            let prefix = if whole { String::new() } else { format!("Invalid {}: ", kind.name()) };
            validation(prefix + &reason)
        })
    }

    /// What a `:value` stands for.
    pub(super) fn value(&mut self, placeholder: &str) -> Result<AttributeValue, String> {
        let found = self.values.and_then(|values| values.get_key_value(placeholder));
        let (key, value) = found.ok_or_else(|| {
            format!(
                "An expression attribute value used in expression is not defined; attribute \
                 value: {placeholder}"
            )
        })?;
        self.used.insert(key);
        Ok(value.clone())
    }

    /// A path as it was written, its names looked up.
    pub(super) fn path(&mut self, parts: &[Part<'_>]) -> Result<Path, String> {
        if parts.len() > PATH_LENGTH {
            return Err(format!(
                "The document path has too many nesting elements; nesting levels: {}",
                parts.len()
            ));
        }
        let mut path: Option<Path> = None;
        for part in parts {
            let step = match part {
                Part::Index(text) => Step::Index(text.parse().map_err(|_| {
                    format!("List index is not within the allowable range; index: [{text}]")
                })?),
                Part::Word(word) if is_reserved(word) => {
                    return Err(format!(
                        "Attribute name is a reserved keyword; reserved keyword: {word}"
                    ));
                }
                Part::Word(word) => Step::Key((*word).to_owned()),
                Part::Name(name) => Step::Key(self.name(name)?),
            };
            match (&mut path, step) {
                (Some(path), step) => path.steps.push(step),
                (none, Step::Key(root)) => *none = Some(Path::top(root)),
                (_, Step::Index(_)) => {}
            }
        }
        Ok(path.unwrap_or_else(|| Path::top("")))
    }

    fn name(&mut self, placeholder: &str) -> Result<String, String> {
        let found = self.names.and_then(|names| names.get_key_value(placeholder));
        let (key, name) = found.ok_or_else(|| {
            format!(
                "An expression attribute name used in the document path is not defined; \
                 attribute name: {placeholder}"
            )
        })?;
        self.used.insert(key);
        Ok(name.clone())
    }
}

fn check(
    names: Option<&BTreeMap<String, String>>,
    values: Option<&Item>,
    given: bool,
    takes: &[(Kind, Option<&str>)],
) -> Result<(), String> {
    if let Some(names) = names {
        let what = "ExpressionAttributeNames";
        if !given {
            return Err(format!("{what} can only be specified when using expressions"));
        }
        check_keys(what, "#", names.keys())?;
    }
    let Some(values) = values else { return Ok(()) };
    let what = "ExpressionAttributeValues";
    let with_values: Vec<_> = takes.iter().filter(|(kind, _)| *kind != Kind::Projection).collect();
    if with_values.iter().all(|(_, text)| text.is_none()) {
        let kinds: Vec<_> = with_values.iter().map(|(kind, _)| kind.name()).collect();
        let are = if kinds.len() == 1 { "is" } else { "are" };
        return Err(format!(
            "{what} can only be specified when using expressions: {} {are} null",
            kinds.join(" and ")
        ));
    }
    check_keys(what, ":", values.keys())?;
    for (key, value) in values {
        value
            .check()
            .map_err(|reason| format!("{what} contains invalid value: {reason} for key {key}"))?;
    }
    Ok(())
}

fn check_keys<'k>(
    what: &str,
    sign: &str,
    keys: impl ExactSizeIterator<Item = &'k String>,
) -> Result<(), String> {
    if keys.len() == 0 {
        return Err(format!("{what} must not be empty"));
    }
    for key in keys {
        let name = key.strip_prefix(sign).unwrap_or("");
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return Err(format!("{what} contains invalid key: Syntax error; key: \"{key}\""));
        }
    }
    Ok(())
}
