//! The grammar of conditions: filters and key conditions have the same. What comes out still has
//! its placeholders.

use super::token::{Kind, Tokens};

/// An element of a path as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part<'a> {
    Word(&'a str),
    Name(&'a str),
    Index(&'a str),
}

/// A condition or an operand as it was written.
#[derive(Debug)]
pub(crate) enum Node<'a> {
    Path(Vec<Part<'a>>),
    Value(&'a str),
    Function(&'a str, Vec<Self>),
    Compare(&'a str, Box<[Self; 2]>),
    Between(Box<[Self; 3]>),
    In(Box<Self>, Vec<Self>),
    And(Box<[Self; 2]>),
    Or(Box<[Self; 2]>),
    Not(Box<Self>),
    Parens(Box<Self>),
    /// A sum or a difference, in updates only.
    Arithmetic(&'a str, Box<[Self; 2]>),
}

impl Node<'_> {
    fn is_operand(&self) -> bool {
        match self {
            Self::Path(_) | Self::Value(_) | Self::Function(..) => true,
            Self::Parens(inner) => inner.is_operand(),
            _ => false,
        }
    }

    fn is_condition(&self) -> bool {
        match self {
            Self::Path(_) | Self::Value(_) => false,
            Self::Parens(inner) => inner.is_condition(),
            _ => true,
        }
    }

    /// Are there parentheses around nothing but parentheses?
    pub(crate) fn has_redundant_parens(&self) -> bool {
        let any = |nodes: &[Self]| nodes.iter().any(Self::has_redundant_parens);
        match self {
            Self::Path(_) | Self::Value(_) => false,
            Self::Function(_, arguments) => any(arguments),
            Self::Compare(_, two) | Self::And(two) | Self::Or(two) | Self::Arithmetic(_, two) => {
                any(&**two)
            }
            Self::Between(three) => any(&**three),
            Self::In(operand, list) => operand.has_redundant_parens() || any(list),
            Self::Not(inner) => inner.has_redundant_parens(),
            Self::Parens(inner) => {
                matches!(**inner, Self::Parens(_)) || inner.has_redundant_parens()
            }
        }
    }
}

/// Parses a whole condition.
pub(crate) fn parse(text: &str) -> Result<Node<'_>, String> {
    let mut tokens = Tokens::new(text);
    let node = or(&mut tokens, false)?;
    tokens.finish()?;
    if node.has_redundant_parens() {
        return Err("The expression has redundant parentheses;".to_owned());
    }
    Ok(node)
}

/// `bare`: an operand alone will do, because parentheses have just been opened.
fn or<'a>(t: &mut Tokens<'a>, bare: bool) -> Result<Node<'a>, String> {
    let mut left = and(t, bare)?;
    while t.keyword("OR") {
        left = Node::Or(Box::new([left, and(t, false)?]));
    }
    Ok(left)
}

fn and<'a>(t: &mut Tokens<'a>, bare: bool) -> Result<Node<'a>, String> {
    let mut left = not(t, bare)?;
    while t.keyword("AND") {
        left = Node::And(Box::new([left, not(t, false)?]));
    }
    Ok(left)
}

fn not<'a>(t: &mut Tokens<'a>, bare: bool) -> Result<Node<'a>, String> {
    if t.keyword("NOT") {
        return t.nested(|t| Ok(Node::Not(Box::new(not(t, false)?))));
    }
    comparison(t, bare)
}

fn comparison<'a>(t: &mut Tokens<'a>, bare: bool) -> Result<Node<'a>, String> {
    let left = primary(t, true)?;
    if left.is_operand() {
        if let (Kind::Symbol, symbol @ ("=" | "<>" | "<" | "<=" | ">" | ">=")) = t.peek() {
            t.skip();
            t.operator()?;
            return Ok(Node::Compare(symbol, Box::new([left, primary(t, false)?])));
        }
        if t.keyword("BETWEEN") {
            t.operator()?;
            let low = primary(t, false)?;
            if !t.keyword("AND") {
                return Err(t.syntax_error());
            }
            return Ok(Node::Between(Box::new([left, low, primary(t, false)?])));
        }
        if t.keyword("IN") {
            t.operator()?;
            t.expect("(")?;
            return Ok(Node::In(Box::new(left), arguments(t)?));
        }
    }
    if left.is_condition() || (bare && t.peek() == (Kind::Symbol, ")")) {
        return Ok(left);
    }
    Err(t.syntax_error())
}

/// A path, a value, a function, or something in parentheses: a condition only where `condition`.
fn primary<'a>(t: &mut Tokens<'a>, condition: bool) -> Result<Node<'a>, String> {
    let (kind, text) = t.peek();
    match kind {
        Kind::Value => {
            t.skip();
            Ok(Node::Value(text))
        }
        Kind::Word if is_keyword(text) => Err(t.syntax_error()),
        Kind::Word if t.is_call() => call(t, text),
        Kind::Word | Kind::Name => Ok(Node::Path(path(t)?)),
        Kind::Symbol if text == "(" => t.nested(|t| {
            t.skip();
            let inner = if condition { or(t, true)? } else { primary(t, false)? };
            t.expect(")")?;
            Ok(Node::Parens(Box::new(inner)))
        }),
        _ => Err(t.syntax_error()),
    }
}

fn is_keyword(word: &str) -> bool {
    ["AND", "OR", "NOT", "BETWEEN", "IN"].iter().any(|k| word.eq_ignore_ascii_case(k))
}

/// A function and its arguments; the name comes next.
pub(crate) fn call<'a>(t: &mut Tokens<'a>, name: &'a str) -> Result<Node<'a>, String> {
    t.skip();
    t.operator()?;
    t.expect("(")?;
    t.nested(|t| Ok(Node::Function(name, arguments(t)?)))
}

/// Operands up to the closing parenthesis.
fn arguments<'a>(t: &mut Tokens<'a>) -> Result<Vec<Node<'a>>, String> {
    let mut all = vec![primary(t, false)?];
    while t.symbol(",") {
        all.push(primary(t, false)?);
    }
    t.expect(")")?;
    Ok(all)
}

/// A document path.
pub(crate) fn path<'a>(t: &mut Tokens<'a>) -> Result<Vec<Part<'a>>, String> {
    let mut parts = vec![name(t)?];
    loop {
        if t.symbol(".") {
            parts.push(name(t)?);
        } else if t.symbol("[") {
            let (Kind::Integer, text) = t.peek() else { return Err(t.syntax_error()) };
            t.skip();
            t.expect("]")?;
            parts.push(Part::Index(text));
        } else {
            return Ok(parts);
        }
    }
}

fn name<'a>(t: &mut Tokens<'a>) -> Result<Part<'a>, String> {
    let part = match t.peek() {
        (Kind::Word, text) => Part::Word(text),
        (Kind::Name, text) => Part::Name(text),
        _ => return Err(t.syntax_error()),
    };
    t.skip();
    Ok(part)
}
