//! What an expression means: a query with its paths and aggregates in tables of their own, so that
//! both are bound once and not row by row.

use super::lexer::Place;
use super::moment::Part;
use super::value::Value;

#[derive(Debug, Default)]
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

/// A column of the answer.
#[derive(Debug)]
pub(super) struct Item {
    /// The row itself where there is none.
    pub(super) of: Option<Expr>,
    /// Without a name it stands for all that is in it, as `s.*` does.
    pub(super) name: Option<String>,
}

#[derive(Clone, Debug)]
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

#[derive(Clone, Debug)]
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

/// Few kinds of nodes: what walks the tree, or drops it, is written once for each.
#[derive(Debug)]
pub(super) enum Expr {
    Literal(Value),
    Path(usize),
    Aggregate(usize),
    Call(Function, Vec<Self>),
}

impl Expr {
    /// Does it speak of the row?
    pub(super) fn has_path(&self) -> bool {
        match self {
            Self::Path(_) => true,
            Self::Literal(_) | Self::Aggregate(_) => false,
            Self::Call(_, args) => args.iter().any(Self::has_path),
        }
    }
}

/// Functions and operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    // Operators, which take any number of operands from left to right: a long chain is no deep tree.
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
    // The rest.
    Between,
    /// What is compared, pairs of WHEN and THEN, and perhaps ELSE.
    Case,
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
    List,
    Lower,
    Negate,
    Not,
    NullIf,
    Substring,
    ToString,
    ToTimestamp,
    /// The characters, if they are given, come before the text.
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

impl Type {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Bool => "BOOL",
            Self::Decimal => "DECIMAL",
            Self::Float => "FLOAT",
            Self::Int => "INT",
            Self::String => "STRING",
            Self::Timestamp => "TIMESTAMP",
        }
    }
}
