//! Update expressions: SET, REMOVE, ADD and DELETE, with their placeholders looked up.

use cumulet_core::AwsError;

use super::condition::{wrong_number, wrong_type};
use super::node::{self, Node, Part};
use super::path::{Path, check_distinct};
use super::placeholders::Placeholders;
use super::token::{Kind, Tokens};
use crate::errors::invalid;
use crate::value::AttributeValue;

/// An update of an item.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Update {
    pub(crate) actions: Vec<Action>,
    /// It was no expression; so AWS words one error otherwise.
    pub(crate) is_legacy: bool,
}

/// What becomes of one path.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Action {
    Set(Path, Source),
    Remove(Path),
    /// To a number or a set.
    Add(Path, AttributeValue),
    /// From a set.
    Delete(Path, AttributeValue),
}

/// What an attribute is set to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Source {
    Path(Path),
    Value(AttributeValue),
    Plus(Box<[Self; 2]>),
    Minus(Box<[Self; 2]>),
    IfNotExists(Path, Box<Self>),
    ListAppend(Box<[Self; 2]>),
}

impl Action {
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Set(path, _)
            | Self::Remove(path)
            | Self::Add(path, _)
            | Self::Delete(path, _) => path,
        }
    }
}

/// An action as it was written.
enum Written<'a> {
    Set(Vec<Part<'a>>, Node<'a>),
    Remove(Vec<Part<'a>>),
    Add(Vec<Part<'a>>, &'a str),
    Delete(Vec<Part<'a>>, &'a str),
}

impl Update {
    pub(super) fn parse(placeholders: &mut Placeholders<'_>, text: &str) -> Result<Self, String> {
        let written = parse(text)?;
        let actions = written
            .iter()
            .map(|action| resolve(placeholders, action))
            .collect::<Result<Vec<_>, _>>()?;
        Self::new(actions)
    }

    /// The update of these actions, if their paths can stand side by side.
    pub(crate) fn new(actions: Vec<Action>) -> Result<Self, String> {
        check_distinct(actions.iter().map(Action::path))?;
        Ok(Self { actions, is_legacy: false })
    }

    /// Whether it adds nothing: then it makes no item.
    pub(crate) fn only_takes_away(&self) -> bool {
        let takes = |action: &Action| matches!(action, Action::Remove(_) | Action::Delete(..));
        !self.actions.is_empty() && self.actions.iter().all(takes)
    }

    /// Refuses to touch the attributes of a key.
    pub(crate) fn check_keys<'k>(
        &self,
        keys: impl IntoIterator<Item = &'k str>,
    ) -> Result<(), AwsError> {
        match keys.into_iter().find(|key| self.actions.iter().any(|a| a.path().root == *key)) {
            None => Ok(()),
            Some(key) => Err(invalid(format!(
                "Cannot update attribute {key}. This attribute is part of the key"
            ))),
        }
    }
}

const SECTIONS: [&str; 4] = ["SET", "REMOVE", "ADD", "DELETE"];

fn parse(text: &str) -> Result<Vec<Written<'_>>, String> {
    let mut t = Tokens::new(text);
    let mut actions = Vec::new();
    let mut seen = Vec::new();
    while let Some(section) = SECTIONS.into_iter().find(|section| t.keyword(section)) {
        if seen.contains(&section) {
            return Err(format!(
                "The \"{section}\" section can only be used once in an update expression;"
            ));
        }
        seen.push(section);
        loop {
            actions.push(action(&mut t, section)?);
            if !t.symbol(",") {
                break;
            }
        }
    }
    if seen.is_empty() {
        return Err(t.syntax_error());
    }
    t.finish()?;
    Ok(actions)
}

fn action<'a>(t: &mut Tokens<'a>, section: &str) -> Result<Written<'a>, String> {
    let path = node::path(t)?;
    match section {
        "REMOVE" => Ok(Written::Remove(path)),
        "SET" => {
            t.expect("=")?;
            Ok(Written::Set(path, value(t)?))
        }
        _ => {
            let (Kind::Value, value) = t.peek() else { return Err(t.syntax_error()) };
            t.skip();
            t.operator()?;
            Ok(if section == "ADD" {
                Written::Add(path, value)
            } else {
                Written::Delete(path, value)
            })
        }
    }
}

/// An operand, or two with a sign between them.
fn value<'a>(t: &mut Tokens<'a>) -> Result<Node<'a>, String> {
    let first = operand(t)?;
    let (Kind::Symbol, sign @ ("+" | "-")) = t.peek() else { return Ok(first) };
    t.skip();
    t.operator()?;
    Ok(Node::Arithmetic(sign, Box::new([first, operand(t)?])))
}

fn operand<'a>(t: &mut Tokens<'a>) -> Result<Node<'a>, String> {
    let (kind, text) = t.peek();
    match kind {
        Kind::Value => {
            t.skip();
            Ok(Node::Value(text))
        }
        Kind::Word if t.is_call() => node::call(t, text),
        Kind::Symbol if text == "(" => t.nested(|t| {
            t.skip();
            let inner = value(t)?;
            t.expect(")")?;
            Ok(inner)
        }),
        _ => node::path(t).map(Node::Path),
    }
}

fn resolve(p: &mut Placeholders<'_>, action: &Written<'_>) -> Result<Action, String> {
    Ok(match action {
        Written::Set(path, value) => Action::Set(p.path(path)?, source(p, value)?),
        Written::Remove(path) => Action::Remove(p.path(path)?),
        Written::Add(path, value) => {
            let (path, value) = (p.path(path)?, p.value(value)?);
            check_addable(&value, "ADD", matches!(value, AttributeValue::N(_)))?;
            Action::Add(path, value)
        }
        Written::Delete(path, value) => {
            let (path, value) = (p.path(path)?, p.value(value)?);
            check_addable(&value, "DELETE", false)?;
            Action::Delete(path, value)
        }
    })
}

fn source(p: &mut Placeholders<'_>, node: &Node<'_>) -> Result<Source, String> {
    match node {
        Node::Path(parts) => p.path(parts).map(Source::Path),
        Node::Value(name) => p.value(name).map(Source::Value),
        Node::Parens(inner) => source(p, inner),
        Node::Arithmetic(sign, two) => {
            let [first, second] = &**two;
            let operands = [source(p, first)?, source(p, second)?];
            check_literals(sign, &operands, "N")?;
            let both = if *sign == "+" { Source::Plus } else { Source::Minus };
            Ok(both(Box::new(operands)))
        }
        Node::Function(name @ ("if_not_exists" | "list_append"), arguments) => {
            let [a, b] = arguments.as_slice() else {
                return Err(wrong_number(name, arguments.len()));
            };
            let operands = [source(p, a)?, source(p, b)?];
            if *name == "list_append" {
                check_literals(name, &operands, "L")?;
                return Ok(Source::ListAppend(Box::new(operands)));
            }
            match operands {
                [Source::Path(path), other] => Ok(Source::IfNotExists(path, Box::new(other))),
                _ => Err(format!(
                    "Operator or function requires a document path; operator or function: {name}"
                )),
            }
        }
        Node::Function(
            name @ ("attribute_exists"
            | "attribute_not_exists"
            | "attribute_type"
            | "begins_with"
            | "contains"
            | "size"),
            _,
        ) => Err(format!("The function is not allowed in an update expression; function: {name}")),
        Node::Function(name, _) => Err(format!("Invalid function name; function: {name}")),
        // The grammar has nothing else here.
        _ => Err("Syntax error".to_owned()),
    }
}

/// Refuses a given value of another type.
fn check_literals(what: &str, operands: &[Source], wanted: &str) -> Result<(), String> {
    let types = operands.iter().filter_map(|operand| match operand {
        Source::Value(value) => Some(value.type_name()),
        Source::ListAppend(_) => Some("L"),
        _ => None,
    });
    types.into_iter().find(|t| *t != wanted).map_or(Ok(()), |t| Err(wrong_type(what, t)))
}

fn check_addable(value: &AttributeValue, action: &str, number: bool) -> Result<(), String> {
    type V = AttributeValue;
    let name = match value {
        V::Ss(_) | V::Ns(_) | V::Bs(_) => return Ok(()),
        V::N(_) if number => return Ok(()),
        V::S(_) => "STRING",
        V::N(_) => "NUMBER",
        V::B(_) => "BINARY",
        V::M(_) => "MAP",
        V::L(_) => "LIST",
        V::Bool(_) => "BOOLEAN",
        V::Null | V::Invalid(_) => "NULL",
    };
    Err(format!(
        "Incorrect operand type for operator or function; operator: {action}, operand type: \
         {name}, typeSet: ALLOWED_FOR_{action}_OPERAND"
    ))
}
