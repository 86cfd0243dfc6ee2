//! Expressions: operators by precedence, predicates, operands.

use cumulet_core::AwsError;

use super::function::{CALLED, type_named};
use super::{DEPTH_MAX, Parser};
use crate::select::ast::{Expr, Function, Path, Step};
use crate::select::errors::{self, error};
use crate::select::lexer::{Kind, Token};
use crate::select::value::Value;

/// How an operator is written, and how close it binds: the higher, the closer.
const OPERATORS: [(&str, Function, u8); 15] = [
    ("or", Function::Or, 1),
    ("and", Function::And, 2),
    ("=", Function::Equal, 4),
    ("<>", Function::NotEqual, 4),
    ("!=", Function::NotEqual, 4),
    ("<", Function::Less, 4),
    ("<=", Function::LessEqual, 4),
    (">", Function::Greater, 4),
    (">=", Function::GreaterEqual, 4),
    ("||", Function::Concat, 6),
    ("+", Function::Math('+'), 6),
    ("-", Function::Math('-'), 6),
    ("*", Function::Math('*'), 7),
    ("/", Function::Math('/'), 7),
    ("%", Function::Math('%'), 7),
];
const NOT: u8 = 3;
/// Predicates bind closer than comparisons and looser than sums.
const PREDICATE: u8 = 5;
const SIGN: u8 = 8;

impl Parser {
    /// Pushes what binds at least as close as `min`.
    pub(super) fn expression(&mut self, min: u8) -> Result<(), AwsError> {
        let depth = self.depth;
        self.deepen()?;
        let base = self.operands.len();
        if self.take("not") {
            self.expression(NOT)?;
            self.call(Function::Not, base);
        } else {
            self.operand()?;
        }
        let mut tested = false;
        loop {
            let operator = OPERATORS.iter().find(|(text, ..)| self.is(text));
            if let Some((_, function, precedence)) = operator
                && *precedence >= min
            {
                self.skip();
                self.expression(precedence + 1)?;
                self.chain(*function)?;
            } else if !tested && PREDICATE >= min && self.is_any("is in like between not") {
                self.predicate(base)?;
                tested = true;
            } else {
                self.depth = depth;
                return Ok(());
            }
        }
    }

    fn deepen(&mut self) -> Result<(), AwsError> {
        self.depth += 1;
        let fits = self.depth <= DEPTH_MAX;
        if fits { Ok(()) } else { Err(error(errors::MAX_OPERATORS_EXCEEDED, "")) }
    }

    /// Puts the last two operands together. The same operator again has one operand more; another
    /// one has the first as an operand, which makes the tree deeper.
    fn chain(&mut self, operator: Function) -> Result<(), AwsError> {
        let base = self.operands.len().saturating_sub(2);
        let right = self.operands.pop();
        if let Some(Expr::Call(function, args)) = self.operands.last_mut()
            && *function == operator
        {
            args.extend(right);
            return Ok(());
        }
        self.operands.extend(right);
        self.call(operator, base);
        self.deepen()
    }

    /// Tests what was pushed at `base`.
    fn predicate(&mut self, base: usize) -> Result<(), AwsError> {
        let mut not = self.take("not");
        let function = if !not && self.take("is") {
            not = self.take("not");
            let Token { kind, text, value, .. } = self.token();
            let function = match (kind, value) {
                (Kind::Literal, Value::Null) => Function::IsNull,
                (Kind::Literal, Value::Missing) => Function::IsMissing,
                (Kind::Keyword, _) if type_named(text).is_some() => {
                    return Err(error(errors::UNSUPPORTED_SYNTAX, ""));
                }
                _ => return self.fail(errors::EXPECTED_TYPE_NAME),
            };
            self.skip();
            function
        } else if self.take("like") {
            self.expression(PREDICATE + 1)?;
            if self.take("escape") {
                self.expression(PREDICATE + 1)?;
            }
            Function::Like
        } else if self.take("between") {
            self.expression(PREDICATE + 1)?;
            self.expect("and", errors::EXPECTED_KEYWORD)?;
            self.expression(PREDICATE + 1)?;
            Function::Between
        } else if self.take("in") {
            self.expect("(", errors::EXPECTED_LEFT_PAREN_VALUE)?;
            self.list(")")?;
            Function::In
        } else {
            return self.fail(errors::UNEXPECTED_KEYWORD);
        };
        self.call(function, base);
        if not {
            self.call(Function::Not, base);
        }
        Ok(())
    }

    /// At least one, and what closes them.
    pub(super) fn list(&mut self, end: &str) -> Result<(), AwsError> {
        loop {
            self.expression(0)?;
            if self.take(end) {
                return Ok(());
            }
            self.expect(",", errors::EXPECTED_ARGUMENT_DELIMITER)?;
        }
    }

    fn operand(&mut self) -> Result<(), AwsError> {
        let Token { kind, text, value, .. } = self.token().clone();
        let base = self.operands.len();
        match (kind, text.as_str()) {
            (Kind::Literal, _) => {
                self.skip();
                self.operands.push(Expr::Literal(value));
                Ok(())
            }
            (Kind::Operator, "-") => {
                self.skip();
                self.expression(SIGN)?;
                self.call(Function::Negate, base);
                Ok(())
            }
            (Kind::Operator, "+") => {
                self.skip();
                self.expression(SIGN)
            }
            (Kind::Operator, _) => self.fail(errors::UNEXPECTED_OPERATOR),
            (Kind::Sign, "(") => {
                self.skip();
                if self.is("select") {
                    return Err(error(errors::UNSUPPORTED_STRUCTURE, ""));
                }
                self.expression(0)?;
                self.expect(")", errors::EXPECTED_TOKEN)
            }
            (Kind::Sign, "[") => {
                self.skip();
                if !self.take("]") {
                    self.list("]")?;
                }
                self.call(Function::List, base);
                Ok(())
            }
            (Kind::Sign, _) => self.fail(errors::UNEXPECTED_TERM),
            (Kind::Name | Kind::Quoted, _) => self.path(),
            (Kind::Keyword, word) if self.is_any(CALLED) => {
                self.skip();
                self.function(word)
            }
            (Kind::Keyword, _) => self.fail(errors::UNEXPECTED_KEYWORD),
            (Kind::End, _) => self.fail(errors::EXPECTED_EXPRESSION),
        }
    }

    /// A name with its steps, or a function that is no keyword.
    fn path(&mut self) -> Result<(), AwsError> {
        let place = self.token().place;
        let Some(name) = self.name() else { return self.fail(errors::UNEXPECTED_TOKEN) };
        if !name.exact && self.is("(") {
            return self.function(&name.text.to_ascii_lowercase());
        }
        let mut steps = self.steps()?;
        let each = steps.iter().filter(|step| matches!(step, Step::Each)).count();
        // Alone in the list, a path may end with `.*`.
        let alone = self.depth == 1 && (self.is(",") || self.is("from"));
        let star = self.tokens.get(self.at.wrapping_sub(1)).is_some_and(|token| token.text == "*");
        if each > usize::from(alone && star) {
            return self.fail(errors::WILDCARD_IN_SELECT_LIST);
        }
        steps.insert(0, Step::Name(name));
        self.query.paths.push(Path { steps, place });
        self.operands.push(Expr::Path(self.query.paths.len() - 1));
        Ok(())
    }
}
