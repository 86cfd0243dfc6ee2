//! Functions, whose arguments stand each in its own way; CAST and CASE.

use cumulet_core::AwsError;

use super::Parser;
use super::expression::call;
use crate::select::ast::{Aggregate, Expr, Function, Side, Total, Type};
use crate::select::errors;
use crate::select::lexer::Kind;
use crate::select::moment::Part;
use crate::select::value::{Number, Value};

impl Parser {
    /// Is this keyword a function or a CASE?
    pub(super) fn begins_term(&mut self, word: &str) -> bool {
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
    pub(super) fn function(&mut self, name: &str) -> Result<Expr, AwsError> {
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

pub(super) fn type_named(word: &str) -> Option<Type> {
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
