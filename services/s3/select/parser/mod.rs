//! Reads an expression: one SELECT over `S3Object`. Nothing here looks at data.

mod expression;
mod function;

use std::fmt::Display;

use cumulet_core::AwsError;

use super::ast::{Aggregate, Expr, Item, Name, Path, Query, Step};
use super::errors::{self, Unexpected};
use super::lexer::{Kind, Token, tokens};
use super::value::{Number, Value};

/// Bytes of an expression.
const EXPRESSION_MAX: usize = 256 * 1024;
/// Expressions inside each other; AWS names no figure.
const DEPTH_MAX: usize = 50;

pub(super) fn parse(text: &str) -> Result<Query, AwsError> {
    if text.len() > EXPRESSION_MAX {
        return Err(errors::expression_too_long());
    }
    let mut parser = Parser {
        tokens: tokens(text)?,
        at: 0,
        depth: 0,
        paths: Vec::new(),
        aggregates: Vec::new(),
    };
    parser.query()
}

struct Parser {
    /// The last is the end, and is never passed.
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    paths: Vec<Path>,
    aggregates: Vec<Aggregate>,
}

impl Parser {
    #[expect(clippy::indexing_slicing, reason = "`at` stops at the last token")]
    fn token(&self) -> &Token {
        &self.tokens[self.at]
    }

    fn kind(&self) -> &Kind {
        &self.token().kind
    }

    fn next(&mut self) -> Kind {
        let kind = self.kind().clone();
        self.skip();
        kind
    }

    fn skip(&mut self) {
        self.at = (self.at + 1).min(self.tokens.len() - 1);
    }

    fn fail<T>(&self, error: Unexpected) -> Result<T, AwsError> {
        Err(error(self.token() as &dyn Display))
    }

    fn is_keyword(&self, word: &str) -> bool {
        matches!(self.kind(), Kind::Keyword(k) if k == word)
    }

    fn keyword(&mut self, word: &str) -> bool {
        let found = self.is_keyword(word);
        if found {
            self.skip();
        }
        found
    }

    fn sign(&mut self, sign: char) -> bool {
        let found = *self.kind() == Kind::Sign(sign);
        if found {
            self.skip();
        }
        found
    }

    fn expect_sign(&mut self, sign: char, error: Unexpected) -> Result<(), AwsError> {
        if self.sign(sign) { Ok(()) } else { self.fail(error) }
    }

    fn expect_keyword(&mut self, word: &str) -> Result<(), AwsError> {
        if self.keyword(word) { Ok(()) } else { self.fail(errors::expected_keyword) }
    }

    fn query(&mut self) -> Result<Query, AwsError> {
        if !self.keyword("select") {
            return self.fail(errors::unexpected_token);
        }
        if self.is_keyword("distinct") || self.is_keyword("all") {
            return Err(errors::unsupported_structure());
        }
        let items = self.items()?;
        if !self.keyword("from") {
            return self.fail(errors::missing_from);
        }
        let (from, row) = self.table()?;
        let totals = self.aggregates.len();
        let filter = if self.keyword("where") { Some(self.expression(0)?) } else { None };
        // Paths outside of aggregates have no one row to come from.
        let mixed = totals > 0
            && items.iter().any(|item| match item {
                Item::All => true,
                Item::Named(expr, _) => has_path(expr),
            });
        if self.aggregates.len() > totals || mixed {
            return Err(errors::unsupported_structure());
        }
        let limit = if self.keyword("limit") { Some(self.limit()?) } else { None };
        if ["group", "order", "having"].iter().any(|word| self.is_keyword(word)) {
            return Err(errors::unsupported_structure());
        }
        if *self.kind() != Kind::End {
            return self.fail(errors::unexpected_token);
        }
        let aggregates = std::mem::take(&mut self.aggregates);
        let mut paths = std::mem::take(&mut self.paths);
        for path in &mut paths {
            strip_row(&mut path.steps, &row, from.is_empty());
        }
        Ok(Query { items, from, filter, limit, paths, aggregates })
    }

    fn limit(&mut self) -> Result<u64, AwsError> {
        let Kind::Literal(Value::Number(Number::Int(n))) = self.kind() else {
            return self.fail(errors::expected_number);
        };
        let limit = u64::try_from(*n).unwrap_or(0);
        self.skip();
        Ok(limit)
    }

    fn items(&mut self) -> Result<Vec<Item>, AwsError> {
        if self.sign('*') {
            if *self.kind() == Kind::Sign(',') {
                return self.fail(errors::asterisk_not_alone);
            }
            return Ok(vec![Item::All]);
        }
        if self.is_keyword("from") {
            return self.fail(errors::empty_select);
        }
        let mut items = Vec::new();
        loop {
            if *self.kind() == Kind::Sign('*') {
                return self.fail(errors::asterisk_not_alone);
            }
            items.push(self.item(items.len() + 1)?);
            if !self.sign(',') {
                return Ok(items);
            }
        }
    }

    fn item(&mut self, number: usize) -> Result<Item, AwsError> {
        // `s.*` is all of the row, whatever the row is called.
        if let [Token { kind: Kind::Name(_) | Kind::Quoted(_), .. }, dot, star, ..] =
            self.tokens.get(self.at..).unwrap_or(&[])
            && (&dot.kind, &star.kind) == (&Kind::Sign('.'), &Kind::Sign('*'))
        {
            self.at += 3;
            return Ok(Item::All);
        }
        let expr = self.expression(0)?;
        let name = match self.alias()? {
            Some(alias) => alias.text,
            None => match &expr {
                Expr::Path(at) => match self.paths.get(*at).and_then(|path| path.steps.last()) {
                    Some(Step::Name(name)) => name.text.clone(),
                    _ => format!("_{number}"),
                },
                _ => format!("_{number}"),
            },
        };
        Ok(Item::Named(expr, name))
    }

    fn alias(&mut self) -> Result<Option<Name>, AwsError> {
        let said = self.keyword("as");
        let name = self.name();
        if said && name.is_none() { self.fail(errors::expected_ident_for_alias) } else { Ok(name) }
    }

    fn name(&mut self) -> Option<Name> {
        let name = match self.kind() {
            Kind::Name(text) => Name { text: text.clone(), exact: false },
            Kind::Quoted(text) => Name { text: text.clone(), exact: true },
            _ => return None,
        };
        self.skip();
        Some(name)
    }

    /// `S3Object`, with `[*]` and a path in JSON.
    fn table(&mut self) -> Result<(Vec<Step>, Name), AwsError> {
        match self.name() {
            Some(name) if name.text.eq_ignore_ascii_case("s3object") => {}
            Some(_) => return Err(errors::invalid_table_alias()),
            None => return self.fail(errors::unexpected_token),
        }
        let mut from = self.steps()?;
        let all = from.first() == Some(&Step::Each);
        if !from.is_empty() && !all {
            return Err(errors::invalid_key_path());
        }
        if all {
            from.remove(0);
        }
        if self.is_keyword("at") || *self.kind() == Kind::Sign(',') {
            return Err(errors::unsupported_structure());
        }
        let unnamed = || match from.last() {
            Some(Step::Name(name)) => name.clone(),
            Some(_) => Name { text: "_1".to_owned(), exact: false },
            None => Name { text: "S3Object".to_owned(), exact: false },
        };
        let row = self.alias()?.unwrap_or_else(unnamed);
        Ok((from, row))
    }

    /// `.name`, `.*`, `['name']`, `[0]`, `[*]`, as far as they go.
    fn steps(&mut self) -> Result<Vec<Step>, AwsError> {
        let mut steps = Vec::new();
        loop {
            if self.sign('.') {
                if self.sign('*') {
                    steps.push(Step::Each);
                } else if let Some(name) = self.name() {
                    steps.push(Step::Name(name));
                } else {
                    let Token { kind, place } = self.token();
                    return Err(errors::invalid_path_component(kind.name(), place));
                }
            } else if self.sign('[') {
                steps.push(match self.next() {
                    Kind::Sign('*') => Step::Each,
                    Kind::Literal(Value::Text(text)) => Step::Name(Name { text, exact: true }),
                    Kind::Literal(Value::Number(Number::Int(n))) => {
                        Step::Index(usize::try_from(n).unwrap_or(usize::MAX))
                    }
                    _ => return Err(errors::invalid_key_path()),
                });
                self.expect_sign(']', errors::expected_token)?;
            } else {
                return Ok(steps);
            }
        }
    }
}

/// Takes the row's name from the front of a path: its alias, its last name, or `S3Object`. Where
/// neither a path nor an alias names it, the row is also `_1`, if something of it is asked for.
fn strip_row(steps: &mut Vec<Step>, row: &Name, whole: bool) {
    let Some(Step::Name(first)) = steps.first() else { return };
    let unnamed = whole && row.text == "S3Object";
    let named = first.is(&row.text) || row.is(&first.text) && !first.exact;
    if named || unnamed && first.text == "_1" && steps.len() > 1 {
        steps.remove(0);
    }
}

fn has_path(expr: &Expr) -> bool {
    match expr {
        Expr::Path(_) => true,
        Expr::Literal(_) | Expr::Aggregate(_) => false,
        Expr::Chain(first, rest) => has_path(first) || rest.iter().any(|(_, e)| has_path(e)),
        Expr::Call(_, args) => args.iter().any(has_path),
        Expr::Case { operand, arms, otherwise } => {
            let inner = arms.iter().any(|(when, then)| has_path(when) || has_path(then));
            inner || [operand, otherwise].into_iter().flatten().any(|e| has_path(e))
        }
    }
}
