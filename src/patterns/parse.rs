//! From text to pattern. Where AWS names the place of a fault, so does this; the order of checks
//! and the texts are those of AWS's own matcher, as recorded responses show them.

use crate::fields::{Field, Fields, Leaf, Pattern};
use crate::json::{self, Fault, Kind, Node};
use crate::rules::{Rule, TextRule};
use crate::values::{Bound, Cidr, Number, Wildcard};
use crate::{Dialect, Invalid};

/// Combinations of values that a filter policy may ask for, at most; and its keys (SNS Developer
/// Guide, "Filter policy constraints").
const COMBINATIONS_MAX: usize = 150;
const KEYS_MAX: usize = 5;

/// An object with one of these is no branch of an `$or`.
const OPERATORS: [&str; 9] = [
    "anything-but",
    "cidr",
    "equals-ignore-case",
    "exactly",
    "exists",
    "numeric",
    "prefix",
    "suffix",
    "wildcard",
];

pub(crate) fn pattern(dialect: Dialect, text: &str) -> Result<Pattern, Invalid> {
    let shown = dialect == Dialect::Event;
    let root = json::parse(text).map_err(|fault| syntax(text, &fault, shown))?;
    let mut parser = Parser { dialect, absentees: Vec::new(), path: Vec::new() };
    let parsed = match (&root.kind, dialect) {
        // A filter policy that asks for nothing gets everything.
        (Kind::Object(members), Dialect::Filter { .. }) if members.is_empty() => {
            Ok(Fields::default())
        }
        (Kind::Object(members), _) => parser.object(&root, members),
        _ => Err(Wrong::at(root.at, "Filter is not an object")),
    };
    let fields = parsed.map_err(|wrong| wrong.words(text))?;
    if let Dialect::Filter { .. } = dialect {
        check_size(&root)?;
    }
    Ok(Pattern { fields, absentees: parser.absentees })
}

pub(crate) fn syntax(text: &str, fault: &Fault, shown: bool) -> Invalid {
    let source = if shown {
        format!("(String)\"{text}\"")
    } else {
        "REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled)".to_owned()
    };
    let place = json::line_and_column(text, fault.at);
    Invalid::Syntax(format!("{}\n at [Source: {source}; {place}]", fault.message))
}

/// What is wrong with a pattern, before its text is at hand.
enum Wrong {
    At(String, usize),
    Somewhere(String),
    Nested,
}

impl Wrong {
    fn at(at: usize, message: impl Into<String>) -> Self {
        Self::At(message.into(), at)
    }

    fn words(self, text: &str) -> Invalid {
        match self {
            Self::At(message, at) => {
                let place = json::line_and_column(text, at);
                Invalid::Pattern(format!("{message}\n at [Source: (String)\"{text}\"; {place}]"))
            }
            Self::Somewhere(message) => Invalid::Pattern(message),
            Self::Nested => Invalid::Nested,
        }
    }
}

struct Parser {
    dialect: Dialect,
    absentees: Vec<Vec<String>>,
    path: Vec<String>,
}

impl Parser {
    fn object(&mut self, node: &Node, members: &[(String, Node)]) -> Result<Fields, Wrong> {
        if members.is_empty() {
            return Err(Wrong::at(node.end, "Empty objects are not allowed"));
        }
        let mut fields = Fields::default();
        for (name, node) in members {
            if let Some(branches) = branches(name, node) {
                let parsed: Result<Vec<_>, _> =
                    branches.map(|(node, members)| self.object(node, members)).collect();
                fields.either.push(parsed?);
                continue;
            }
            let steps: Vec<String> = name.split('.').map(str::to_owned).collect();
            self.path.extend(steps.iter().cloned());
            let field = self.field(name, node)?;
            self.path.truncate(self.path.len().saturating_sub(steps.len()));
            fields.put(steps.into_iter(), field);
        }
        Ok(fields)
    }

    fn field(&mut self, name: &str, node: &Node) -> Result<Field, Wrong> {
        match &node.kind {
            Kind::Object(members) => {
                let field = Field::Object(self.object(node, members)?);
                match self.dialect {
                    Dialect::Filter { nested: false } => Err(Wrong::Nested),
                    _ => Ok(field),
                }
            }
            Kind::Array(items) => Ok(Field::Leaf(self.leaf(node, items)?)),
            _ => Err(Wrong::at(node.at, format!("\"{name}\" must be an object or an array"))),
        }
    }

    fn leaf(&mut self, node: &Node, items: &[Node]) -> Result<Leaf, Wrong> {
        if items.is_empty() {
            return Err(Wrong::at(node.end, "Empty arrays are not allowed"));
        }
        let mut leaf = Leaf { rules: Vec::new(), absentee: None };
        for item in items {
            match self.rule(item)? {
                Some(rule) => leaf.rules.push(rule),
                None if leaf.absentee.is_some() => {}
                None => {
                    leaf.absentee = Some(self.absentees.len());
                    self.absentees.push(self.path.clone());
                }
            }
        }
        Ok(leaf)
    }

    /// A rule; `None` is `exists: false`.
    fn rule(&self, node: &Node) -> Result<Option<Rule>, Wrong> {
        let text = "Match value must be String, number, true, false, or null";
        let members = match &node.kind {
            Kind::Object(members) => members,
            Kind::Array(_) => return Err(Wrong::at(node.at, text)),
            _ => return exact(node).map(Some),
        };
        let Some(((name, value), more)) = members.split_first() else {
            return Err(Wrong::at(node.end, "Empty objects are not allowed"));
        };
        let rule = match (name.as_str(), &value.kind) {
            ("exists", Kind::Boolean(true)) => Some(Rule::Exists),
            ("exists", Kind::Boolean(false)) => None,
            ("exists", _) => {
                let text = "exists match pattern must be either true or false.";
                return Err(Wrong::at(value.at, text));
            }
            ("numeric", _) => Some(numeric(value)?),
            ("cidr", _) => {
                // AWS says prefix here (recorded).
                let block = Cidr::parse(string(value, "prefix")?).map_err(Wrong::Somewhere)?;
                Some(Rule::Cidr(block))
            }
            ("anything-but", _) => Some(self.anything_but(value)?),
            (name, _) => Some(Rule::Text(self.text_rule(name, value)?)),
        };
        match more.first() {
            Some((_, second)) => {
                Err(Wrong::at(second.at, "Only one key allowed in match expression"))
            }
            None => Ok(rule),
        }
    }

    fn text_rule(&self, name: &str, value: &Node) -> Result<TextRule, Wrong> {
        let events = self.dialect == Dialect::Event;
        if let ("prefix" | "suffix", Kind::Object(members), true) = (name, &value.kind, events)
            && let [(inner, value)] = members.as_slice()
            && inner == "equals-ignore-case"
        {
            let text = string(value, inner)?.to_lowercase();
            return Ok(if name == "prefix" {
                TextRule::PrefixIgnoreCase(text)
            } else {
                TextRule::SuffixIgnoreCase(text)
            });
        }
        Ok(match name {
            "prefix" => TextRule::Prefix(string(value, name)?.to_owned()),
            "suffix" => TextRule::Suffix(string(value, name)?.to_owned()),
            "equals-ignore-case" => TextRule::EqualsIgnoreCase(string(value, name)?.to_lowercase()),
            "wildcard" if events => TextRule::Wildcard(wildcard(value)?),
            _ => return Err(Wrong::at(value.at, format!("Unrecognized match type {name}"))),
        })
    }

    fn anything_but(&self, node: &Node) -> Result<Rule, Wrong> {
        let rules = match &node.kind {
            Kind::String(_) | Kind::Number(_) => vec![exact(node)?],
            Kind::Array(items) if !items.is_empty() => {
                let text = "Inside anything but list, start|null|boolean is not supported.";
                let allowed = |n: &&Node| matches!(n.kind, Kind::String(_) | Kind::Number(_));
                let one = |n: &Node| {
                    Some(n).filter(allowed).ok_or_else(|| Wrong::at(n.at, text)).and_then(exact)
                };
                items.iter().map(one).collect::<Result<_, _>>()?
            }
            Kind::Object(members) if !members.is_empty() => {
                let ((name, value), more) = members.split_first().ok_or(Wrong::Nested)?;
                if let Some((_, second)) = more.first() {
                    return Err(Wrong::at(second.at, "Only one key allowed in match expression"));
                }
                self.none_of(name, value)?
            }
            _ => return Err(Wrong::at(node.at, ANYTHING_BUT)),
        };
        Ok(Rule::AnythingBut(rules))
    }

    /// The rules of `{"anything-but": {name: value}}`.
    fn none_of(&self, name: &str, value: &Node) -> Result<Vec<Rule>, Wrong> {
        let known = match self.dialect {
            // SNS refuses `suffix` and the rest here (recorded).
            Dialect::Filter { .. } => name == "prefix",
            Dialect::Event => {
                matches!(name, "prefix" | "suffix" | "equals-ignore-case" | "wildcard")
            }
        };
        if !known {
            let text = format!("Unsupported anything-but pattern: {name}");
            return Err(Wrong::at(value.at, text));
        }
        let values = match &value.kind {
            Kind::Array(items) if !items.is_empty() => items.as_slice(),
            Kind::Array(_) | Kind::Object(_) => return Err(Wrong::at(value.at, ANYTHING_BUT)),
            _ => std::slice::from_ref(value),
        };
        let events = self.dialect == Dialect::Event;
        let one = |node: &Node| {
            Ok(Rule::Text(match name {
                "wildcard" => TextRule::Wildcard(wildcard(node)?),
                "equals-ignore-case" => {
                    let Kind::String(text) = &node.kind else {
                        let text = "Inside anything-but/equals-ignore-case list, \
                                    number|start|null|boolean is not supported.";
                        return Err(Wrong::at(node.at, text));
                    };
                    TextRule::EqualsIgnoreCase(text.to_lowercase())
                }
                name => {
                    let text = string(node, if events { "prefix/suffix" } else { name })?;
                    if text.is_empty() {
                        return Err(Wrong::at(node.end, "Null prefix/suffix not allowed"));
                    }
                    match name {
                        "prefix" => TextRule::Prefix(text.to_owned()),
                        _ => TextRule::Suffix(text.to_owned()),
                    }
                }
            }))
        };
        values.iter().map(one).collect()
    }
}

const ANYTHING_BUT: &str = "Value of anything-but must be an array or single string/number value.";

impl Fields {
    /// Puts a field at a path. The last one of a name counts.
    fn put(&mut self, mut path: std::vec::IntoIter<String>, field: Field) {
        let Some(name) = path.next() else { return };
        let at = self.named.iter().position(|(there, _)| *there == name);
        if path.len() == 0 {
            match (at.and_then(|at| self.named.get_mut(at)), field) {
                (Some((_, there)), field) => *there = field,
                (None, field) => self.named.push((name, field)),
            }
            return;
        }
        if let Some((_, Field::Object(inner))) = at.and_then(|at| self.named.get_mut(at)) {
            return inner.put(path, field);
        }
        let mut inner = Self::default();
        inner.put(path, field);
        self.named.retain(|(there, _)| *there != name);
        self.named.push((name, Field::Object(inner)));
    }
}

/// The branches of an `$or`: at least two objects, none of which is a match expression. Anything
/// else under that name is a field like others.
fn branches<'a>(
    name: &str,
    node: &'a Node,
) -> Option<impl Iterator<Item = (&'a Node, &'a [(String, Node)])>> {
    fn members(node: &Node) -> Option<(&Node, &[(String, Node)])> {
        match &node.kind {
            Kind::Object(members) => Some((node, members)),
            _ => None,
        }
    }
    let Kind::Array(items) = &node.kind else { return None };
    let is_branch = |node: &Node| {
        let operator = |name: &String| OPERATORS.contains(&name.as_str());
        members(node).is_some_and(|(_, m)| !m.is_empty() && !m.iter().any(|(n, _)| operator(n)))
    };
    let holds = name == "$or" && items.len() >= 2 && items.iter().all(is_branch);
    holds.then(|| items.iter().filter_map(members))
}

fn string<'a>(node: &'a Node, operator: &str) -> Result<&'a str, Wrong> {
    match &node.kind {
        Kind::String(text) => Ok(text),
        _ => Err(Wrong::at(node.at, format!("{operator} match pattern must be a string"))),
    }
}

fn wildcard(node: &Node) -> Result<Wildcard, Wrong> {
    Wildcard::parse(string(node, "wildcard")?).map_err(|(message, placed)| {
        if placed { Wrong::at(node.end, message) } else { Wrong::Somewhere(message) }
    })
}

fn exact(node: &Node) -> Result<Rule, Wrong> {
    Ok(match &node.kind {
        Kind::String(text) => Rule::Text(TextRule::Equals(text.clone())),
        Kind::Number(_) => Rule::Number(number(node).ok_or_else(|| {
            Wrong::at(node.at, "Match value must be String, number, true, false, or null")
        })?),
        Kind::Boolean(b) => Rule::Boolean(*b),
        _ => Rule::Null,
    })
}

fn number(node: &Node) -> Option<Number> {
    match &node.kind {
        Kind::Number(written) => Number::parse(written),
        _ => None,
    }
}

/// `[">", 0, "<=", 5]` and its kin.
fn numeric(node: &Node) -> Result<Rule, Wrong> {
    let Kind::Array(items) = &node.kind else {
        return Err(Wrong::at(node.at, "Value of numeric must be an array."));
    };
    // Behind the last element the tokenizer stands at the array's end.
    let at = |i: usize| items.get(i).map_or(node.end, |n| n.at);
    let value = |i: usize, operator: &str| {
        let text = || format!("Value of {operator} must be numeric");
        items.get(i).and_then(number).ok_or_else(|| Wrong::at(at(i), text()))
    };
    let Some(first) = items.first() else {
        return Err(Wrong::at(node.end, "Invalid member in numeric match: ]"));
    };
    let Kind::String(operator) = &first.kind else {
        let text = format!("Invalid member in numeric match: {}", written(first));
        return Err(Wrong::at(first.at, text));
    };
    let operator = operator.as_str();
    let end_at = |i: usize, text: &str| {
        if items.len() > i { Err(Wrong::at(at(i), text)) } else { Ok(()) }
    };
    match operator {
        "=" => {
            let number = value(1, "equals")?;
            end_at(2, "Too many elements in numeric expression")?;
            Ok(Rule::Number(number))
        }
        "<" | "<=" => {
            let high = Bound { number: value(1, operator)?, included: operator == "<=" };
            end_at(2, "Too many elements in numeric expression")?;
            Ok(Rule::Range { low: None, high: Some(high) })
        }
        ">" | ">=" => {
            let low = Bound { number: value(1, operator)?, included: operator == ">=" };
            let Some(second) = items.get(2) else {
                return Ok(Rule::Range { low: Some(low), high: None });
            };
            let Kind::String(operator) = &second.kind else {
                let text = format!("Bad value in numeric range: {}", written(second));
                return Err(Wrong::at(second.at, text));
            };
            if !matches!(operator.as_str(), "<" | "<=") {
                let text = format!("Bad numeric range operator: {operator}");
                return Err(Wrong::at(second.end, text));
            }
            let high = Bound { number: value(3, operator)?, included: operator == "<=" };
            end_at(4, "Too many terms in numeric range expression")?;
            if low.number.compare(&high.number).is_none_or(std::cmp::Ordering::is_ge) {
                return Err(Wrong::at(node.end, "Bottom must be less than top"));
            }
            Ok(Rule::Range { low: Some(low), high: Some(high) })
        }
        _ => {
            let text = format!("Unrecognized numeric range operator: {operator}");
            Err(Wrong::at(at(1), text))
        }
    }
}

/// A value as the tokenizer shows it.
fn written(node: &Node) -> String {
    match &node.kind {
        Kind::Object(_) => "{".to_owned(),
        Kind::Array(_) => "[".to_owned(),
        Kind::String(text) | Kind::Number(text) => text.clone(),
        Kind::Boolean(b) => b.to_string(),
        Kind::Null => "null".to_owned(),
    }
}

/// Keys and combinations of a filter policy.
fn check_size(root: &Node) -> Result<(), Invalid> {
    if keys(root) > KEYS_MAX {
        let text = format!("Filter policy can not have more than {KEYS_MAX} keys");
        return Err(Invalid::Pattern(text));
    }
    if combinations(root, 1) > COMBINATIONS_MAX {
        return Err(Invalid::Pattern("Filter policy is too complex".to_owned()));
    }
    Ok(())
}

/// The product over an object's keys of their values, each times its depth; of an `$or`, the sum
/// over its branches.
fn combinations(node: &Node, depth: usize) -> usize {
    let Kind::Object(members) = &node.kind else { return 1 };
    members.iter().fold(1usize, |all, (name, value)| {
        let here = match (&value.kind, branches(name, value)) {
            (_, Some(branches)) => branches
                .map(|(node, _)| combinations(node, depth))
                .fold(0usize, usize::saturating_add),
            (Kind::Array(items), None) => items.len().saturating_mul(depth),
            _ => combinations(value, depth + 1),
        };
        all.saturating_mul(here)
    })
}

fn keys(node: &Node) -> usize {
    let Kind::Object(members) = &node.kind else { return 0 };
    let of = |(name, value): &(String, Node)| match (&value.kind, branches(name, value)) {
        (_, Some(branches)) => branches.map(|(node, _)| keys(node)).sum(),
        (Kind::Array(_), None) => 1,
        _ => keys(value),
    };
    members.iter().map(of).sum()
}
