//! One rule: a test of one value.

use serde_json::Value;

use crate::values::{Bound, Cidr, Number, Wildcard};

/// What a value may have to be. `exists: false` is no test of a value and stands beside these.
#[derive(Clone, Debug)]
pub(crate) enum Rule {
    Null,
    Boolean(bool),
    Number(Number),
    Text(TextRule),
    Range {
        low: Option<Bound>,
        high: Option<Bound>,
    },
    Cidr(Cidr),
    Exists,
    /// None of these.
    AnythingBut(Vec<Self>),
}

/// Tests of text.
#[derive(Clone, Debug)]
pub(crate) enum TextRule {
    Equals(String),
    Prefix(String),
    Suffix(String),
    /// In lower case, as all that ignore case.
    EqualsIgnoreCase(String),
    PrefixIgnoreCase(String),
    SuffixIgnoreCase(String),
    Wildcard(Wildcard),
}

impl Rule {
    /// Whether a value that is neither array nor object passes.
    pub(crate) fn allows(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Exists, _) | (Self::Null, Value::Null) => true,
            (Self::Boolean(a), Value::Bool(b)) => a == b,
            (Self::Number(a), Value::Number(b)) => Number::of(b).is_some_and(|b| a.equals(&b)),
            (Self::Range { low, high }, Value::Number(n)) => {
                Number::of(n).is_some_and(|n| above(low.as_ref(), &n) && below(high.as_ref(), &n))
            }
            (Self::Text(rule), Value::String(text)) => rule.allows(text),
            (Self::Cidr(block), Value::String(text)) => block.contains(text),
            (Self::AnythingBut(rules), value) => !rules.iter().any(|rule| rule.allows(value)),
            _ => false,
        }
    }
}

fn above(low: Option<&Bound>, n: &Number) -> bool {
    let fits =
        |b: &Bound| n.compare(&b.number).is_some_and(|o| o.is_gt() || b.included && o.is_eq());
    low.is_none_or(fits)
}

fn below(high: Option<&Bound>, n: &Number) -> bool {
    let fits =
        |b: &Bound| n.compare(&b.number).is_some_and(|o| o.is_lt() || b.included && o.is_eq());
    high.is_none_or(fits)
}

impl TextRule {
    fn allows(&self, text: &str) -> bool {
        match self {
            Self::Equals(other) => text == other,
            Self::Prefix(prefix) => text.starts_with(prefix),
            Self::Suffix(suffix) => text.ends_with(suffix),
            Self::EqualsIgnoreCase(other) => text.to_lowercase() == *other,
            Self::PrefixIgnoreCase(prefix) => text.to_lowercase().starts_with(prefix),
            Self::SuffixIgnoreCase(suffix) => text.to_lowercase().ends_with(suffix),
            Self::Wildcard(wildcard) => wildcard.matches(text),
        }
    }
}
