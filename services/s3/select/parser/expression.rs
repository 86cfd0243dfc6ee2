//! Expressions: operators by precedence, predicates, operands.

use cumulet_core::AwsError;

use super::function::type_named;
use super::{DEPTH_MAX, Parser};
use crate::select::ast::{Expr, Function, Op, Path, Step};
use crate::select::errors;
use crate::select::lexer::{Kind, Token};
use crate::select::value::Value;

/// Predicates bind closer than comparisons and looser than sums.
const PREDICATE: u8 = 5;
const NOT: u8 = 3;

impl Parser {
    /// What binds at least as close as `min`.
    pub(super) fn expression(&mut self, min: u8) -> Result<Expr, AwsError> {
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
    pub(super) fn arguments(&mut self, args: &mut Vec<Expr>) -> Result<(), AwsError> {
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
}

pub(super) fn call<const N: usize>(function: Function, args: [Expr; N]) -> Expr {
    Expr::Call(function, args.into())
}
