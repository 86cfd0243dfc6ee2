//! Reads an expression: one SELECT over `S3Object`. Nothing here looks at data.
//!
//! What has been read is pushed, and a call takes what was pushed since it began: so there is
//! nothing to give back where reading ends early.

mod expression;
mod function;

use cumulet_core::AwsError;

use super::ast::{Expr, Function, Item, Name, Query, Step};
use super::errors::{self, Wording, error};
use super::lexer::{Kind, Token, is_among, tokens};
use super::value::{Number, Value};

/// Bytes of an expression.
const EXPRESSION_MAX: usize = 256 * 1024;
/// Expressions inside each other; AWS names no figure.
const DEPTH_MAX: usize = 50;

pub(super) fn parse(text: &str) -> Result<Query, AwsError> {
    if text.len() > EXPRESSION_MAX {
        return Err(error(errors::EXPRESSION_TOO_LONG, ""));
    }
    let (operands, query) = (Vec::new(), Query::default());
    let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0, operands, query };
    parser.query()?;
    Ok(parser.query)
}

struct Parser {
    /// The last is the end, and is never passed.
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    operands: Vec<Expr>,
    query: Query,
}

impl Parser {
    #[expect(clippy::indexing_slicing, reason = "`at` stops at the last token")]
    fn token(&self) -> &Token {
        &self.tokens[self.at]
    }

    fn skip(&mut self) {
        self.at = (self.at + 1).min(self.tokens.len() - 1);
    }

    #[inline(never)]
    fn fail(&self, wording: Wording) -> Result<(), AwsError> {
        Err(error(wording, &self.token().found()))
    }

    /// Does this keyword, operator or sign stand here?
    #[inline(never)]
    fn is(&self, text: &str) -> bool {
        let token = self.token();
        matches!(token.kind, Kind::Keyword | Kind::Operator | Kind::Sign) && token.text == text
    }

    #[inline(never)]
    fn take(&mut self, text: &str) -> bool {
        let found = self.is(text);
        if found {
            self.skip();
        }
        found
    }

    #[inline(never)]
    fn expect(&mut self, text: &str, wording: Wording) -> Result<(), AwsError> {
        if self.take(text) { Ok(()) } else { self.fail(wording) }
    }

    /// A keyword of these?
    fn is_any(&self, keywords: &str) -> bool {
        self.token().kind == Kind::Keyword && is_among(keywords, &self.token().text)
    }

    /// Makes a call of what has been pushed since `base`.
    fn call(&mut self, function: Function, base: usize) {
        let args = self.operands.split_off(base.min(self.operands.len()));
        self.operands.push(Expr::Call(function, args));
    }

    fn query(&mut self) -> Result<(), AwsError> {
        self.expect("select", errors::UNEXPECTED_TOKEN)?;
        if self.is_any("distinct all") {
            return Err(error(errors::UNSUPPORTED_STRUCTURE, ""));
        }
        self.items()?;
        self.expect("from", errors::MISSING_FROM)?;
        let row = self.table()?;
        let totals = self.query.aggregates.len();
        if self.take("where") {
            self.expression(0)?;
            self.query.filter = self.operands.pop();
        }
        // Paths outside of aggregates have no one row to come from.
        let of_row = |item: &Item| item.of.as_ref().is_none_or(Expr::has_path);
        let mixed = totals > 0 && self.query.items.iter().any(of_row);
        if self.query.aggregates.len() > totals || mixed {
            return Err(error(errors::UNSUPPORTED_STRUCTURE, ""));
        }
        if self.take("limit") {
            self.limit()?;
        }
        if self.is_any("group order having") {
            return Err(error(errors::UNSUPPORTED_STRUCTURE, ""));
        }
        self.take(";");
        if self.token().kind != Kind::End {
            return self.fail(errors::UNEXPECTED_TOKEN);
        }
        let whole = self.query.from.is_empty();
        for path in &mut self.query.paths {
            strip_row(&mut path.steps, &row, whole);
        }
        Ok(())
    }

    fn limit(&mut self) -> Result<(), AwsError> {
        let negative = self.take("-");
        let Value::Number(Number::Int(limit)) = self.token().value else {
            return self.fail(errors::EXPECTED_NUMBER);
        };
        if negative {
            return Err(error(errors::NEGATIVE_LIMIT, ""));
        }
        self.query.limit = u64::try_from(limit).ok();
        self.skip();
        Ok(())
    }

    fn items(&mut self) -> Result<(), AwsError> {
        if self.take("*") {
            self.query.items.push(Item { of: None, name: None });
            return if self.is(",") { self.fail(errors::ASTERISK_NOT_ALONE) } else { Ok(()) };
        }
        if self.is("from") {
            return self.fail(errors::EMPTY_SELECT);
        }
        loop {
            if self.is("*") {
                return self.fail(errors::ASTERISK_NOT_ALONE);
            }
            self.item()?;
            if !self.take(",") {
                return Ok(());
            }
        }
    }

    fn item(&mut self) -> Result<(), AwsError> {
        self.expression(0)?;
        let mut of = self.operands.pop();
        let mut name = format!("_{}", self.query.items.len() + 1);
        if let Some(Expr::Path(at)) = of
            && let Some(path) = self.query.paths.get_mut(at)
        {
            if let Some(Step::Each) = path.steps.last() {
                path.steps.pop();
                // `s.*` is all of the row, whatever the row is called.
                if path.steps.len() == 1 {
                    self.query.paths.pop();
                    of = None;
                }
                self.query.items.push(Item { of, name: None });
                return Ok(());
            }
            if let Some(Step::Name(last)) = path.steps.last() {
                name.clone_from(&last.text);
            }
        }
        if let Some(alias) = self.alias()? {
            name = alias.text;
        }
        self.query.items.push(Item { of, name: Some(name) });
        Ok(())
    }

    fn alias(&mut self) -> Result<Option<Name>, AwsError> {
        let said = self.take("as");
        let name = self.name();
        if said && name.is_none() {
            self.fail(errors::EXPECTED_IDENT_FOR_ALIAS)?;
        }
        Ok(name)
    }

    fn name(&mut self) -> Option<Name> {
        let Token { kind, text, .. } = self.token();
        if !matches!(kind, Kind::Name | Kind::Quoted) {
            return None;
        }
        let name = Name { text: text.clone(), exact: *kind == Kind::Quoted };
        self.skip();
        Some(name)
    }

    /// `S3Object`, with `[*]` and a path in JSON; what the row is called.
    fn table(&mut self) -> Result<Name, AwsError> {
        match self.name() {
            Some(name) if name.text.eq_ignore_ascii_case("s3object") => {}
            Some(_) => return Err(error(errors::INVALID_TABLE_ALIAS, "")),
            None => self.fail(errors::UNEXPECTED_TOKEN)?,
        }
        let mut from = self.steps()?;
        if !matches!(from.first(), None | Some(Step::Each)) {
            return Err(error(errors::INVALID_KEY_PATH, ""));
        }
        from.drain(..from.len().min(1));
        let (text, exact) = match from.last() {
            Some(Step::Name(name)) => (name.text.clone(), name.exact),
            Some(_) => ("_1".to_owned(), false),
            None => ("S3Object".to_owned(), false),
        };
        self.query.from = from;
        let row = self.alias()?.unwrap_or(Name { text, exact });
        if self.is("at") {
            return Err(error(errors::UNSUPPORTED_STRUCTURE, ""));
        }
        if self.is(",") || self.is_any("join inner cross left right full natural outer") {
            return Err(error(errors::MULTIPLE_DATA_SOURCES, ""));
        }
        Ok(row)
    }

    /// `.name`, `.*`, `['name']`, `[0]`, `[*]`, as far as they go.
    fn steps(&mut self) -> Result<Vec<Step>, AwsError> {
        let mut steps = Vec::new();
        loop {
            if self.take(".") {
                if self.take("*") {
                    steps.push(Step::Each);
                } else if let Some(name) = self.name() {
                    steps.push(Step::Name(name));
                } else {
                    let token = self.token();
                    let got = [token.name(), ",at ", &token.place.text()].concat();
                    return Err(error(errors::INVALID_PATH_COMPONENT, &got));
                }
            } else if self.take("[") {
                steps.push(match &self.token().value {
                    Value::Text(text) => Step::Name(Name { text: text.clone(), exact: true }),
                    Value::Number(Number::Int(n)) => {
                        Step::Index(usize::try_from(*n).unwrap_or(usize::MAX))
                    }
                    _ if self.is("*") => Step::Each,
                    _ => return Err(error(errors::INVALID_KEY_PATH, "")),
                });
                self.skip();
                self.expect("]", errors::EXPECTED_TOKEN)?;
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
