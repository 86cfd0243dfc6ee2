//! Reads an expression: one SELECT over S3Object. Nothing here looks at data.

use std::fmt::Display;

use cumulet_core::AwsError;

use super::ast::{Aggregate, Expr, Function, Item, Name, Op, Path, Query, Side, Step, Total, Type};
use super::errors::{self, Unexpected};
use super::lexer::{Kind, Token, tokens};
use super::moment::Part;
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

/// Predicates bind closer than comparisons and looser than sums.
const PREDICATE: u8 = 5;
const NOT: u8 = 3;

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
        Ok(Query { items, from, row, filter, limit, paths, aggregates })
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

    /// What binds at least as close as `min`.
    fn expression(&mut self, min: u8) -> Result<Expr, AwsError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(errors::unsupported_structure());
        }
        let mut left = if self.keyword("not") {
            call(Function::Not, [self.expression(NOT)?])
        } else {
            self.operand()?
        };
        let mut tested = false;
        loop {
            if let Some(op) = self.chained().filter(|op| op.precedence() >= min) {
                self.skip();
                let right = self.expression(op.precedence() + 1)?;
                left = match left {
                    Expr::Chain(first, mut rest)
                        if rest.first().is_some_and(|(o, _)| o.precedence() == op.precedence()) =>
                    {
                        rest.push((op, right));
                        Expr::Chain(first, rest)
                    }
                    left => Expr::Chain(Box::new(left), vec![(op, right)]),
                };
            } else if !tested && PREDICATE >= min && self.tests() {
                left = self.predicate(left)?;
                tested = true;
            } else {
                self.depth -= 1;
                return Ok(left);
            }
        }
    }

    fn chained(&self) -> Option<Op> {
        Some(match self.kind() {
            Kind::Keyword(word) => match word.as_str() {
                "or" => Op::Or,
                "and" => Op::And,
                _ => return None,
            },
            Kind::Sign('*') => Op::Math('*'),
            Kind::Operator(op) => match *op {
                "=" => Op::Equal,
                "<>" | "!=" => Op::NotEqual,
                "<" => Op::Less,
                "<=" => Op::LessEqual,
                ">" => Op::Greater,
                ">=" => Op::GreaterEqual,
                "||" => Op::Concat,
                "+" => Op::Math('+'),
                "-" => Op::Math('-'),
                "/" => Op::Math('/'),
                _ => Op::Math('%'),
            },
            _ => return None,
        })
    }

    /// Does a predicate stand here?
    fn tests(&self) -> bool {
        ["is", "in", "like", "between", "not"].iter().any(|word| self.is_keyword(word))
    }

    fn predicate(&mut self, left: Expr) -> Result<Expr, AwsError> {
        let mut not = self.keyword("not");
        let test = if !not && self.keyword("is") {
            not = self.keyword("not");
            let function = match self.kind() {
                Kind::Literal(Value::Null) => Function::IsNull,
                Kind::Literal(Value::Missing) => Function::IsMissing,
                Kind::Keyword(word) if type_named(word).is_some() => {
                    return Err(errors::unsupported_syntax());
                }
                _ => return self.fail(errors::expected_type_name),
            };
            self.skip();
            call(function, [left])
        } else if self.keyword("like") {
            let mut args = vec![left, self.expression(PREDICATE + 1)?];
            if self.keyword("escape") {
                args.push(self.expression(PREDICATE + 1)?);
            }
            Expr::Call(Function::Like, args)
        } else if self.keyword("between") {
            let low = self.expression(PREDICATE + 1)?;
            self.expect_keyword("and")?;
            call(Function::Between, [left, low, self.expression(PREDICATE + 1)?])
        } else if self.keyword("in") {
            self.expect_sign('(', errors::expected_left_paren_value)?;
            let mut args = vec![left];
            self.arguments(&mut args)?;
            Expr::Call(Function::In, args)
        } else {
            return self.fail(errors::unexpected_keyword);
        };
        Ok(if not { call(Function::Not, [test]) } else { test })
    }

    /// At least one, and the parenthesis that closes them.
    fn arguments(&mut self, args: &mut Vec<Expr>) -> Result<(), AwsError> {
        loop {
            args.push(self.expression(0)?);
            if self.sign(')') {
                return Ok(());
            }
            self.expect_sign(',', errors::expected_argument_delimiter)?;
        }
    }

    fn operand(&mut self) -> Result<Expr, AwsError> {
        let Token { kind, place } = self.token().clone();
        match kind {
            Kind::Literal(value) => {
                self.skip();
                Ok(Expr::Literal(value))
            }
            Kind::Operator("-") => {
                self.skip();
                Ok(call(Function::Negate, [self.expression(8)?]))
            }
            Kind::Operator("+") => {
                self.skip();
                self.expression(8)
            }
            Kind::Operator(_) => self.fail(errors::unexpected_operator),
            Kind::Sign('(') => {
                self.skip();
                if self.is_keyword("select") {
                    return Err(errors::unsupported_structure());
                }
                let inner = self.expression(0)?;
                self.expect_sign(')', errors::expected_token)?;
                Ok(inner)
            }
            Kind::Name(_) | Kind::Quoted(_) => {
                let Some(name) = self.name() else { return self.fail(errors::unexpected_token) };
                if !name.exact && *self.kind() == Kind::Sign('(') {
                    return self.function(&name.text.to_ascii_lowercase());
                }
                let mut steps = self.steps()?;
                if steps.contains(&Step::Each) {
                    return self.fail(errors::wildcard_in_select_list);
                }
                steps.insert(0, Step::Name(name));
                self.paths.push(Path { steps, place });
                Ok(Expr::Path(self.paths.len() - 1))
            }
            Kind::Keyword(word) => {
                if !self.begins_term(&word) {
                    return self.fail(errors::unexpected_keyword);
                }
                self.function(&word)
            }
            Kind::End => self.fail(errors::expected_expression),
            Kind::Sign(_) => self.fail(errors::unexpected_term),
        }
    }

    /// Is this keyword a function or a CASE?
    fn begins_term(&mut self, word: &str) -> bool {
        let begins = matches!(
            word,
            "avg"
                | "case"
                | "cast"
                | "char_length"
                | "character_length"
                | "coalesce"
                | "count"
                | "extract"
                | "lower"
                | "max"
                | "min"
                | "nullif"
                | "substring"
                | "sum"
                | "trim"
                | "upper"
        );
        if begins {
            self.skip();
        }
        begins
    }

    /// A function whose name has just been read.
    fn function(&mut self, name: &str) -> Result<Expr, AwsError> {
        if name == "case" {
            return self.case();
        }
        let error = if name == "cast" {
            errors::expected_left_paren_after_cast
        } else {
            errors::expected_left_paren
        };
        self.expect_sign('(', error)?;
        let total = match name {
            "avg" => Total::Avg,
            "count" => Total::Count,
            "max" => Total::Max,
            "min" => Total::Min,
            "sum" => Total::Sum,
            "cast" => return self.cast(),
            "extract" => return self.extract(),
            "trim" => return self.trim(),
            "substring" => return self.substring(),
            "date_add" | "date_diff" => return self.date(name == "date_add"),
            _ => return self.plain(name),
        };
        self.aggregate(total)
    }

    fn aggregate(&mut self, function: Total) -> Result<Expr, AwsError> {
        let before = self.aggregates.len();
        let of = if *self.kind() == Kind::Sign('*') {
            if function != Total::Count {
                return self.fail(errors::unsupported_call_with_star);
            }
            self.skip();
            None
        } else {
            Some(self.expression(0)?)
        };
        self.expect_sign(')', errors::non_unary_aggregate)?;
        if self.aggregates.len() > before {
            return Err(errors::unsupported_structure());
        }
        self.aggregates.push(Aggregate { function, of });
        Ok(Expr::Aggregate(before))
    }

    /// Functions with nothing between their arguments but commas.
    fn plain(&mut self, name: &str) -> Result<Expr, AwsError> {
        let (function, arity) = match name {
            "char_length" | "character_length" => (Function::CharLength, 1..=1),
            "coalesce" => (Function::Coalesce, 1..=usize::MAX),
            "lower" => (Function::Lower, 1..=1),
            "nullif" => (Function::NullIf, 2..=2),
            "to_string" => (Function::ToString, 2..=2),
            "to_timestamp" => (Function::ToTimestamp, 1..=1),
            "upper" => (Function::Upper, 1..=1),
            "utcnow" => (Function::UtcNow, 0..=0),
            _ => return Err(errors::unsupported_function(name)),
        };
        let mut args = Vec::new();
        if !self.sign(')') {
            self.arguments(&mut args)?;
        }
        if arity.contains(&args.len()) {
            return Ok(Expr::Call(function, args));
        }
        Err(errors::arguments(name.to_ascii_uppercase()))
    }

    fn cast(&mut self) -> Result<Expr, AwsError> {
        let value = self.expression(0)?;
        self.expect_keyword("as")?;
        let of_type = match self.kind() {
            Kind::Keyword(word) => type_named(word),
            _ => None,
        };
        let Some(of_type) = of_type else { return self.fail(errors::expected_type_name) };
        self.skip();
        // Precision and scale are read, and without effect, as AWS's are.
        if self.sign('(') {
            loop {
                if !matches!(self.kind(), Kind::Literal(Value::Number(Number::Int(_)))) {
                    return self.fail(errors::invalid_type_param);
                }
                self.skip();
                if !self.sign(',') {
                    break;
                }
            }
            self.expect_sign(')', errors::expected_token)?;
        }
        self.expect_sign(')', errors::expected_right_paren)?;
        Ok(call(Function::Cast(of_type), [value]))
    }

    fn part(&mut self) -> Result<Part, AwsError> {
        let part = match self.kind() {
            Kind::Keyword(word) => Part::parse(word),
            _ => None,
        };
        let Some(part) = part else { return self.fail(errors::expected_date_part) };
        self.skip();
        Ok(part)
    }

    fn extract(&mut self) -> Result<Expr, AwsError> {
        let part = self.part()?;
        self.expect_keyword("from")?;
        let of = self.expression(0)?;
        self.expect_sign(')', errors::expected_right_paren)?;
        Ok(call(Function::Extract(part), [of]))
    }

    fn date(&mut self, add: bool) -> Result<Expr, AwsError> {
        let wrong = self.token().clone();
        let part = self.part()?;
        if part > Part::Second {
            return Err(errors::expected_date_part(&wrong));
        }
        self.expect_sign(',', errors::expected_argument_delimiter)?;
        let first = self.expression(0)?;
        self.expect_sign(',', errors::expected_argument_delimiter)?;
        let second = self.expression(0)?;
        self.expect_sign(')', errors::expected_right_paren)?;
        let function = if add { Function::DateAdd(part) } else { Function::DateDiff(part) };
        Ok(call(function, [first, second]))
    }

    fn trim(&mut self) -> Result<Expr, AwsError> {
        let side = match self.kind() {
            Kind::Keyword(word) => match word.as_str() {
                "both" => Some(Side::Both),
                "leading" => Some(Side::Leading),
                "trailing" => Some(Side::Trailing),
                _ => None,
            },
            _ => None,
        };
        if side.is_some() {
            self.skip();
        }
        let function = Function::Trim(side.unwrap_or(Side::Both));
        let mut args = Vec::new();
        if !self.keyword("from") {
            args.push(self.expression(0)?);
            if !self.keyword("from") {
                self.expect_sign(')', errors::expected_right_paren)?;
                return Ok(Expr::Call(function, args));
            }
        }
        args.insert(0, self.expression(0)?);
        self.expect_sign(')', errors::expected_right_paren)?;
        Ok(Expr::Call(function, args))
    }

    fn substring(&mut self) -> Result<Expr, AwsError> {
        let mut args = vec![self.expression(0)?];
        let words = self.keyword("from");
        if !words {
            self.expect_sign(',', errors::expected_argument_delimiter)?;
        }
        args.push(self.expression(0)?);
        if if words { self.keyword("for") } else { self.sign(',') } {
            args.push(self.expression(0)?);
        }
        self.expect_sign(')', errors::expected_right_paren)?;
        Ok(Expr::Call(Function::Substring, args))
    }

    fn case(&mut self) -> Result<Expr, AwsError> {
        let operand =
            if self.is_keyword("when") { None } else { Some(Box::new(self.expression(0)?)) };
        let mut arms = Vec::new();
        while self.keyword("when") {
            let when = self.expression(0)?;
            self.expect_keyword("then")?;
            arms.push((when, self.expression(0)?));
        }
        if arms.is_empty() {
            return self.fail(errors::expected_when);
        }
        let otherwise =
            if self.keyword("else") { Some(Box::new(self.expression(0)?)) } else { None };
        self.expect_keyword("end")?;
        Ok(Expr::Case { operand, arms, otherwise })
    }
}

fn call<const N: usize>(function: Function, args: [Expr; N]) -> Expr {
    Expr::Call(function, args.into())
}

fn type_named(word: &str) -> Option<Type> {
    Some(match word {
        "bool" | "boolean" => Type::Bool,
        "dec" | "decimal" | "numeric" => Type::Decimal,
        "double" | "float" | "real" => Type::Float,
        "int" | "integer" | "smallint" => Type::Int,
        "char" | "character" | "string" | "varchar" => Type::String,
        "timestamp" => Type::Timestamp,
        _ => return None,
    })
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
