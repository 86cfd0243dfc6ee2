//! Key conditions: what a Query asks of the key of a table or an index.

use cumulet_core::AwsError;

use super::condition::{Comparison, Condition, Operand};
use super::node::{self, Node};
use super::placeholders::Placeholders;
use crate::errors::{invalid, validation};
use crate::schema::{KeyPart, Kind, Schema};
use crate::value::AttributeValue;

/// A key condition, not yet bound to a key: each attribute with what is asked of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct KeyCondition {
    pub(crate) tests: Vec<(String, KeyTest)>,
}

/// What is asked of one attribute of a key.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum KeyTest {
    /// Never `Unequal`.
    Compare(Comparison, AttributeValue),
    Between(AttributeValue, AttributeValue),
    BeginsWith(AttributeValue),
}

/// A key condition bound to a key.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct KeyRange {
    /// The values of all attributes that are hashed by.
    pub(crate) hash: Vec<AttributeValue>,
    /// The values of the first attributes that are sorted by.
    pub(crate) range: Vec<AttributeValue>,
    /// What is asked of the attribute after those, if anything.
    pub(crate) last: Option<KeyTest>,
}

impl KeyTest {
    fn values(&self) -> impl Iterator<Item = &AttributeValue> {
        let (a, b) = match self {
            Self::Compare(_, value) | Self::BeginsWith(value) => (value, None),
            Self::Between(low, high) => (low, Some(high)),
        };
        std::iter::once(a).chain(b)
    }

    /// Are its values of the type of a key's attribute?
    pub(crate) fn is_of(&self, kind: Kind) -> bool {
        self.values().all(|value| value.type_name() == kind.name())
            && !matches!(self, Self::Compare(Comparison::Unequal, _))
    }

    fn equal(&self) -> Option<&AttributeValue> {
        match self {
            Self::Compare(Comparison::Equal, value) => Some(value),
            _ => None,
        }
    }
}

impl KeyCondition {
    pub(super) fn parse(placeholders: &mut Placeholders<'_>, text: &str) -> Result<Self, String> {
        let node = node::parse(text)?;
        let mut condition = Self::default();
        condition.add(placeholders, &node)?;
        let mut names: Vec<_> = condition.tests.iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        if names.is_sorted_by(|a, b| a < b) {
            return Ok(condition);
        }
        Err("KeyConditionExpressions must only contain one condition per key".to_owned())
    }

    fn add(&mut self, p: &mut Placeholders<'_>, node: &Node<'_>) -> Result<(), String> {
        match node {
            Node::And(two) => two.iter().try_for_each(|n| self.add(p, n)),
            Node::Parens(inner) => self.add(p, inner),
            _ => {
                check_operator(node)?;
                check_operands(node)?;
                let test = key_test(Condition::resolve(p, node)?)?;
                self.tests.push(test);
                Ok(())
            }
        }
    }

    /// Binds it to the key of a table or an index.
    pub(crate) fn bind(mut self, schema: &Schema) -> Result<KeyRange, AwsError> {
        let (given, parts) = (self.tests.len(), schema.parts().count());
        if given > parts {
            return Err(validation(format!(
                "The number of query conditions ({given}) exceeds the number of key attributes \
                 defined in the schema ({parts})"
            )));
        }
        let unsupported = || validation("Query key condition not supported");
        let mut hash = Vec::new();
        for part in &schema.hash {
            let test = self.take(part)?.ok_or_else(|| missed(part))?;
            hash.push(test.equal().ok_or_else(unsupported)?.clone());
        }
        let (mut range, mut last) = (Vec::new(), None);
        for part in &schema.range {
            let test = self.take(part)?;
            if let Some(value) = test.as_ref().and_then(KeyTest::equal) {
                range.push(value.clone());
                continue;
            }
            // One that comes later needs an equality here.
            if let Some((later, _)) = self.tests.iter().find(|(name, _)| schema.has(name)) {
                return Err(validation(format!(
                    "RANGE key attributes {} must have equality conditions specified in the \
                     query because a condition is present on key attribute {later}",
                    part.name
                )));
            }
            if test.is_none() && !self.tests.is_empty() {
                return Err(missed(part));
            }
            last = test;
            break;
        }
        if self.tests.is_empty() { Ok(KeyRange { hash, range, last }) } else { Err(unsupported()) }
    }

    /// Takes out what is asked of an attribute.
    fn take(&mut self, part: &KeyPart) -> Result<Option<KeyTest>, AwsError> {
        let Some(at) = self.tests.iter().position(|(name, _)| *name == part.name) else {
            return Ok(None);
        };
        let (_, test) = self.tests.remove(at);
        if test.values().any(|value| value.type_name() != part.kind.name()) {
            return Err(invalid("Condition parameter type does not match schema type"));
        }
        Ok(Some(test))
    }
}

fn missed(part: &KeyPart) -> AwsError {
    validation(format!("Query condition missed key schema element: {}", part.name))
}

fn check_operator(node: &Node<'_>) -> Result<(), String> {
    let operator = match node {
        Node::Or(_) => "OR",
        Node::Not(_) => "NOT",
        Node::In(..) => "IN",
        Node::Compare("<>", _) => "<>",
        Node::Function(name, _) if is_function(name) && *name != "begins_with" => name,
        _ => return Ok(()),
    };
    Err(format!("Invalid operator used in KeyConditionExpression: {operator}"))
}

fn is_function(name: &str) -> bool {
    matches!(name, "attribute_exists" | "attribute_not_exists" | "attribute_type" | "contains")
}

fn check_operands(node: &Node<'_>) -> Result<(), String> {
    let operands: &[Node<'_>] = match node {
        Node::Compare(_, operands) => &**operands,
        Node::Between(operands) => &**operands,
        Node::Function(_, operands) => operands,
        _ => &[],
    };
    if operands.iter().any(|o| matches!(o, Node::Function("size", _))) {
        return Err("KeyConditionExpressions cannot contain nested operations".to_owned());
    }
    Ok(())
}

/// What a condition asks of one attribute of a key, if that is all that it asks.
pub(crate) fn key_test(condition: Condition) -> Result<(String, KeyTest), String> {
    let clause = |text: &str| format!("Invalid condition in KeyConditionExpression: {text}");
    let two_names = || clause("Multiple attribute names used in one condition");
    let not_first = |what: &str| {
        clause(&format!("{what} operator must have the key attribute as its first operand"))
    };
    let (path, test) = match condition {
        Condition::Compare(comparison, operands) => match *operands {
            [Operand::Path(path), Operand::Value(value)] => {
                (path, KeyTest::Compare(comparison, value))
            }
            [Operand::Value(value), Operand::Path(path)] => {
                (path, KeyTest::Compare(comparison.swapped(), value))
            }
            [Operand::Path(_), Operand::Path(_)] => return Err(two_names()),
            _ => return Err(clause("No key attribute specified")),
        },
        Condition::Between(operands) => match *operands {
            [Operand::Path(path), Operand::Value(low), Operand::Value(high)] => {
                (path, KeyTest::Between(low, high))
            }
            [Operand::Path(_), ..] => return Err(two_names()),
            _ => return Err(not_first("BETWEEN")),
        },
        Condition::BeginsWith(operands) => match *operands {
            [Operand::Path(path), Operand::Value(value)] => (path, KeyTest::BeginsWith(value)),
            [Operand::Path(_), _] => return Err(two_names()),
            _ => return Err(not_first("begins_with")),
        },
        _ => return Err(clause("No key attribute specified")),
    };
    if path.steps.is_empty() {
        return Ok((path.root, test));
    }
    Err("KeyConditionExpressions cannot have conditions on nested attributes".to_owned())
}
