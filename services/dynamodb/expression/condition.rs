//! Conditions and filters with their placeholders looked up and their operands checked, clause by
//! clause in the order in which they were written.

use std::collections::BTreeSet;
use std::fmt;

use cumulet_core::AwsError;

use super::node::{self, Node};
use super::path::Path;
use super::placeholders::Placeholders;
use crate::errors::validation;
use crate::value::AttributeValue;

/// What an `IN` may compare with at most.
const IN_MAX: usize = 100;

/// A condition on an item.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Condition {
    And(Box<[Self; 2]>),
    Or(Box<[Self; 2]>),
    Not(Box<Self>),
    Compare(Comparison, Box<[Operand; 2]>),
    /// The operand, the lower and the upper bound.
    Between(Box<[Operand; 3]>),
    In(Operand, Vec<Operand>),
    Exists(Operand),
    NotExists(Operand),
    Type(Operand, Operand),
    BeginsWith(Box<[Operand; 2]>),
    Contains(Box<[Operand; 2]>),
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    /// By its symbol.
    pub(crate) fn parse(symbol: &str) -> Self {
        match symbol {
            "<>" => Self::Unequal,
            "<" => Self::Less,
            "<=" => Self::LessOrEqual,
            ">" => Self::Greater,
            ">=" => Self::GreaterOrEqual,
            _ => Self::Equal,
        }
    }

    /// The same with its sides swapped.
    pub(crate) fn swapped(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            same => same,
        }
    }
}

/// What conditions are about.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Operand {
    Path(Path),
    Value(AttributeValue),
    Size(Box<Self>),
}

impl Operand {
    /// The type, where it is known without an item.
    fn type_name(&self) -> Option<&'static str> {
        match self {
            Self::Path(_) => None,
            Self::Value(value) => Some(value.type_name()),
            Self::Size(_) => Some("N"),
        }
    }

    fn paths<'a>(&'a self, out: &mut Vec<&'a Path>) {
        match self {
            Self::Path(path) => out.push(path),
            Self::Size(inner) => inner.paths(out),
            Self::Value(_) => {}
        }
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => path.fmt(f),
            Self::Size(inner) => inner.fmt(f),
            Self::Value(value) => write!(f, "AttributeValue: {}", Shown(value)),
        }
    }
}

/// A value as AWS's messages show it.
pub(crate) struct Shown<'a>(pub(crate) &'a AttributeValue);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.0.type_name();
        match self.0 {
            AttributeValue::S(text) => write!(f, "{{{name}:{text}}}"),
            AttributeValue::N(number) => write!(f, "{{{name}:{number}}}"),
            AttributeValue::Bool(value) => write!(f, "{{{name}:{value}}}"),
            other => write!(f, "{{{name}:{other:?}}}"),
        }
    }
}

impl Condition {
    pub(super) fn parse(placeholders: &mut Placeholders<'_>, text: &str) -> Result<Self, String> {
        Self::resolve(placeholders, &node::parse(text)?)
    }

    pub(super) fn resolve(p: &mut Placeholders<'_>, node: &Node<'_>) -> Result<Self, String> {
        let two = |p: &mut Placeholders<'_>, [a, b]: &[Node<'_>; 2]| {
            Ok::<_, String>(Box::new([Self::resolve(p, a)?, Self::resolve(p, b)?]))
        };
        Ok(match node {
            Node::And(nodes) => Self::And(two(p, nodes)?),
            Node::Or(nodes) => Self::Or(two(p, nodes)?),
            Node::Not(inner) => Self::Not(Box::new(Self::resolve(p, inner)?)),
            Node::Parens(inner) => Self::resolve(p, inner)?,
            Node::Compare(symbol, nodes) => {
                let [a, b] = &**nodes;
                let operands = Box::new([operand(p, a)?, operand(p, b)?]);
                check_clause(symbol, Self::Compare(Comparison::parse(symbol), operands))?
            }
            Node::Between(nodes) => {
                let [a, b, c] = &**nodes;
                let operands = Box::new([operand(p, a)?, operand(p, b)?, operand(p, c)?]);
                check_clause("BETWEEN", Self::Between(operands))?
            }
            Node::In(left, nodes) => {
                let left = operand(p, left)?;
                let list = nodes.iter().map(|n| operand(p, n)).collect::<Result<Vec<_>, _>>()?;
                if list.len() > IN_MAX {
                    return Err(wrong_number("IN", list.len()));
                }
                let all: Vec<_> = std::iter::once(left.clone()).chain(list.clone()).collect();
                check_distinct("IN", &all)?;
                Self::In(left, list)
            }
            Node::Function(name, arguments) => Self::resolve_function(p, name, arguments)?,
            // The grammar lets no operand stand here.
            Node::Path(_) | Node::Value(_) | Node::Arithmetic(..) => {
                return Err("Syntax error".to_owned());
            }
        })
    }

    fn resolve_function(
        p: &mut Placeholders<'_>,
        name: &str,
        nodes: &[Node<'_>],
    ) -> Result<Self, String> {
        check_name(name)?;
        if name == "size" {
            return Err(misused(name));
        }
        let operands = nodes.iter().map(|n| operand(p, n)).collect::<Result<Vec<_>, _>>()?;
        Self::function(name, operands)
    }

    /// A function's condition, its operands checked; the name is known to be one.
    pub(crate) fn function(name: &str, mut all: Vec<Operand>) -> Result<Self, String> {
        let wanted = if name.starts_with("attribute") && name != "attribute_type" { 1 } else { 2 };
        if all.len() != wanted {
            return Err(wrong_number(name, all.len()));
        }
        if matches!(name, "begins_with") {
            check_types(name, &all, &["S", "B"])?;
        }
        check_distinct(name, &all)?;
        let (last, first) = (all.pop(), all.pop());
        Ok(match (name, first, last) {
            ("begins_with", Some(a), Some(b)) => Self::BeginsWith(Box::new([a, b])),
            ("contains", Some(a), Some(b)) => Self::Contains(Box::new([a, b])),
            ("attribute_type", Some(a), Some(b)) => {
                check_path(name, &a)?;
                check_type_name(&b)?;
                Self::Type(a, b)
            }
            ("attribute_exists", None, Some(a)) => {
                check_path(name, &a)?;
                Self::Exists(a)
            }
            (_, _, Some(a)) => {
                check_path(name, &a)?;
                Self::NotExists(a)
            }
            (_, _, None) => return Err(wrong_number(name, 0)),
        })
    }

    /// The names of all attributes that it looks at.
    pub(crate) fn roots(&self) -> BTreeSet<&str> {
        self.paths().into_iter().map(|path| path.root.as_str()).collect()
    }

    /// All paths in it.
    pub(crate) fn paths(&self) -> Vec<&Path> {
        let mut out = Vec::new();
        self.collect_paths(&mut out);
        out
    }

    fn collect_paths<'a>(&'a self, out: &mut Vec<&'a Path>) {
        match self {
            Self::And(two) | Self::Or(two) => {
                for condition in &**two {
                    condition.collect_paths(out);
                }
            }
            Self::Not(inner) => inner.collect_paths(out),
            Self::Compare(_, two) | Self::BeginsWith(two) | Self::Contains(two) => {
                for operand in &**two {
                    operand.paths(out);
                }
            }
            Self::Between(three) => {
                for operand in &**three {
                    operand.paths(out);
                }
            }
            Self::In(operand, list) => {
                operand.paths(out);
                for operand in list {
                    operand.paths(out);
                }
            }
            Self::Exists(operand) | Self::NotExists(operand) => operand.paths(out),
            Self::Type(a, b) => {
                a.paths(out);
                b.paths(out);
            }
        }
    }

    /// Refuses a filter of a Query that looks at what the Query's key condition is about. `kind` is
    /// `Filter Expression` or `QueryFilter`.
    pub(crate) fn check_no_keys<'k>(
        &self,
        kind: &str,
        keys: impl IntoIterator<Item = &'k str>,
    ) -> Result<(), AwsError> {
        let roots = self.roots();
        match keys.into_iter().find(|key| roots.contains(key)) {
            None => Ok(()),
            Some(key) => Err(validation(format!(
                "{kind} can only contain non-primary key attributes: Primary key attribute: {key}"
            ))),
        }
    }
}

fn operand(p: &mut Placeholders<'_>, node: &Node<'_>) -> Result<Operand, String> {
    match node {
        Node::Path(parts) => p.path(parts).map(Operand::Path),
        Node::Value(name) => p.value(name).map(Operand::Value),
        Node::Parens(inner) => operand(p, inner),
        Node::Function("size", arguments) => match arguments.as_slice() {
            [one] => {
                let inner = operand(p, one)?;
                check_types("size", std::slice::from_ref(&inner), SIZED)?;
                Ok(Operand::Size(Box::new(inner)))
            }
            other => Err(wrong_number("size", other.len())),
        },
        Node::Function(name, _) => {
            check_name(name)?;
            Err(misused(name))
        }
        _ => Err("Syntax error".to_owned()),
    }
}

const SIZED: &[&str] = &["S", "B", "SS", "NS", "BS", "L", "M"];

fn misused(function: &str) -> String {
    format!(
        "The function is not allowed to be used this way in an expression; function: {function}"
    )
}

fn check_name(function: &str) -> Result<(), String> {
    match function {
        "attribute_exists"
        | "attribute_not_exists"
        | "attribute_type"
        | "begins_with"
        | "contains"
        | "size" => Ok(()),
        "if_not_exists" | "list_append" => Err(format!(
            "The function is not allowed in a condition expression; function: {function}"
        )),
        _ => Err(format!("Invalid function name; function: {function}")),
    }
}

pub(super) fn wrong_number(what: &str, operands: usize) -> String {
    format!(
        "Incorrect number of operands for operator or function; operator or function: {what}, \
         number of operands: {operands}"
    )
}

pub(super) fn wrong_type(what: &str, type_name: &str) -> String {
    format!(
        "Incorrect operand type for operator or function; operator or function: {what}, operand \
         type: {type_name}"
    )
}

fn check_types(what: &str, operands: &[Operand], allowed: &[&str]) -> Result<(), String> {
    let wrong = operands.iter().filter_map(Operand::type_name).find(|t| !allowed.contains(t));
    wrong.map_or(Ok(()), |type_name| Err(wrong_type(what, type_name)))
}

/// The first operand must not stand again among the others.
fn check_distinct(what: &str, operands: &[Operand]) -> Result<(), String> {
    match operands.split_first() {
        Some((first @ Operand::Path(_), rest)) if rest.contains(first) => Err(format!(
            "The first operand must be distinct from the remaining operands for this operator or \
             function; operator: {what}, first operand: {first}"
        )),
        _ => Ok(()),
    }
}

/// Checks the operands of a comparison or of BETWEEN.
pub(crate) fn check_clause(what: &str, condition: Condition) -> Result<Condition, String> {
    match &condition {
        Condition::Compare(how, operands) => {
            if !matches!(how, Comparison::Equal | Comparison::Unequal) {
                check_types(what, &**operands, &["S", "N", "B"])?;
            }
            check_distinct(what, &**operands)?;
        }
        Condition::Between(operands) => {
            check_types(what, &**operands, &["S", "N", "B"])?;
            check_distinct(what, &**operands)?;
            let [_, low, high] = &**operands;
            check_bounds(low, high)?;
        }
        _ => {}
    }
    Ok(condition)
}

fn check_bounds(low: &Operand, high: &Operand) -> Result<(), String> {
    let (Operand::Value(a), Operand::Value(b)) = (low, high) else { return Ok(()) };
    let shown = format!("lower bound operand: {low}, upper bound operand: {high}");
    match a.compare(b) {
        None => Err(format!(
            "The BETWEEN operator requires same data type for lower and upper bounds; {shown}"
        )),
        Some(order) if order.is_gt() => Err(format!(
            "The BETWEEN operator requires upper bound to be greater than or equal to lower \
             bound; {shown}"
        )),
        Some(_) => Ok(()),
    }
}

fn check_path(function: &str, operand: &Operand) -> Result<(), String> {
    match operand {
        Operand::Path(_) => Ok(()),
        _ => Err(format!(
            "Operator or function requires a document path; operator or function: {function}"
        )),
    }
}

fn check_type_name(operand: &Operand) -> Result<(), String> {
    match operand {
        Operand::Path(_) => Ok(()),
        Operand::Value(AttributeValue::S(name)) => match name.as_str() {
            "B" | "NULL" | "SS" | "BOOL" | "L" | "BS" | "N" | "NS" | "S" | "M" => Ok(()),
            _ => Err(format!(
                "Invalid attribute type name found; type: {name}, valid types: \
                 {{B,NULL,SS,BOOL,L,BS,N,NS,S,M}}"
            )),
        },
        other => Err(wrong_type("attribute_type", other.type_name().unwrap_or_default())),
    }
}
