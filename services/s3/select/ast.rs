//! What an expression means: a query with its paths and aggregates in tables of their own, so that
//! both are bound once and not row by row.

use super::lexer::Place;
use super::moment::Part;
use super::value::Value;

#[derive(Debug)]
pub(super) struct Query {
    pub(super) items: Vec<Item>,
    /// Where rows are found in a JSON record.
    pub(super) from: Vec<Step>,
    pub(super) filter: Option<Expr>,
    pub(super) limit: Option<u64>,
    /// What [`Expr::Path`] points into.
    pub(super) paths: Vec<Path>,
    /// What [`Expr::Aggregate`] points into.
    pub(super) aggregates: Vec<Aggregate>,
}

#[derive(Debug)]
pub(super) enum Item {
    /// Everything of the row.
    All,
    Named(Expr, String),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Name {
    pub(super) text: String,
    /// In double quotes, so big and small letters differ.
    pub(super) exact: bool,
}

impl Name {
    pub(super) fn is(&self, other: &str) -> bool {
        if self.exact { self.text == other } else { self.text.eq_ignore_ascii_case(other) }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    Name(Name),
    Index(usize),
    /// `[*]` or `.*`.
    Each,
}

/// A reference to a part of the row, without the row's own name.
#[derive(Debug)]
pub(super) struct Path {
    pub(super) steps: Vec<Step>,
    pub(super) place: Place,
}

#[derive(Debug)]
pub(super) struct Aggregate {
    pub(super) function: Total,
    /// `None` for `COUNT(*)`.
    pub(super) of: Option<Expr>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Total {
    Avg,
    Count,
    Max,
    Min,
    Sum,
}

#[derive(Debug)]
pub(super) enum Expr {
    Literal(Value),
    Path(usize),
    Aggregate(usize),
    /// Operators of one precedence, from left to right: a long chain is no deep tree.
    Chain(Box<Self>, Vec<(Op, Self)>),
    Call(Function, Vec<Self>),
    Case {
        operand: Option<Box<Self>>,
        arms: Vec<(Self, Self)>,
        otherwise: Option<Box<Self>>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Concat,
    /// One of `+ - * / %`.
    Math(char),
}

impl Op {
    /// The higher, the closer it binds.
    pub(super) fn precedence(self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And => 2,
            Self::Math('+' | '-') | Self::Concat => 6,
            Self::Math(_) => 7,
            _ => 4,
        }
    }
}

/// Functions, and the operators that are no chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Between,
    Cast(Type),
    CharLength,
    Coalesce,
    DateAdd(Part),
    DateDiff(Part),
    Extract(Part),
    In,
    IsMissing,
    IsNull,
    Like,
    Lower,
    Negate,
    Not,
    NullIf,
    Substring,
    ToString,
    ToTimestamp,
    Trim(Side),
    Upper,
    UtcNow,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Both,
    Leading,
    Trailing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Bool,
    Decimal,
    Float,
    Int,
    String,
    Timestamp,
}
