//! Functions, whose arguments stand each in its own way; CAST and CASE.

use cumulet_core::AwsError;

use super::Parser;
use crate::select::ast::{Aggregate, Expr, Function, Side, Total, Type};
use crate::select::errors::{self, error};
use crate::select::lexer::{Kind, is_among};
use crate::select::moment::Part;
use crate::select::value::{Number, Value};

/// Keywords that are functions; the others have names that are none.
pub(super) const CALLED: &str = "avg case cast char_length character_length coalesce count extract \
    lower max min nullif substring sum trim upper";

const TOTALS: [(&str, Total); 5] = [
    ("avg", Total::Avg),
    ("count", Total::Count),
    ("max", Total::Max),
    ("min", Total::Min),
    ("sum", Total::Sum),
];

/// With nothing between their arguments but commas: how many they take.
const PLAIN: [(&str, Function, usize, usize); 9] = [
    ("char_length", Function::CharLength, 1, 1),
    ("character_length", Function::CharLength, 1, 1),
    ("coalesce", Function::Coalesce, 1, usize::MAX),
    ("lower", Function::Lower, 1, 1),
    ("nullif", Function::NullIf, 2, 2),
    ("to_string", Function::ToString, 2, 2),
    ("to_timestamp", Function::ToTimestamp, 1, 1),
    ("upper", Function::Upper, 1, 1),
    ("utcnow", Function::UtcNow, 0, 0),
];

impl Parser {
    /// A function whose name has just been read.
    pub(super) fn function(&mut self, name: &str) -> Result<(), AwsError> {
        let base = self.operands.len();
        if name == "case" {
            return self.case(base);
        }
        self.expect(
            "(",
            if name == "cast" {
                errors::EXPECTED_LEFT_PAREN_AFTER_CAST
            } else {
                errors::EXPECTED_LEFT_PAREN
            },
        )?;
        if let Some((_, total)) = TOTALS.iter().find(|(word, _)| *word == name) {
            return self.aggregate(*total);
        }
        let function = match name {
            "cast" => self.cast()?,
            "extract" => {
                let part = self.part(Part::ZoneMinute)?;
                self.expect("from", errors::EXPECTED_KEYWORD)?;
                self.expression(0)?;
                Function::Extract(part)
            }
            "date_add" | "date_diff" => {
                let part = self.part(Part::Second)?;
                self.expect(",", errors::EXPECTED_ARGUMENT_DELIMITER)?;
                self.expression(0)?;
                self.expect(",", errors::EXPECTED_ARGUMENT_DELIMITER)?;
                self.expression(0)?;
                if name == "date_add" { Function::DateAdd(part) } else { Function::DateDiff(part) }
            }
            "trim" => self.trim()?,
            "substring" => {
                self.expression(0)?;
                let words = self.take("from");
                if !words {
                    self.expect(",", errors::EXPECTED_ARGUMENT_DELIMITER)?;
                }
                self.expression(0)?;
                if self.take(if words { "for" } else { "," }) {
                    self.expression(0)?;
                }
                Function::Substring
            }
            _ => return self.plain(name, base),
        };
        self.expect(")", errors::EXPECTED_RIGHT_PAREN)?;
        self.call(function, base);
        Ok(())
    }

    fn aggregate(&mut self, function: Total) -> Result<(), AwsError> {
        let before = self.query.aggregates.len();
        let mut of = None;
        if self.is("*") {
            if function != Total::Count {
                return self.fail(errors::UNSUPPORTED_CALL_WITH_STAR);
            }
            self.skip();
        } else {
            self.expression(0)?;
            of = self.operands.pop();
        }
        self.expect(")", errors::NON_UNARY_AGGREGATE)?;
        if self.query.aggregates.len() > before {
            return Err(error(errors::UNSUPPORTED_STRUCTURE, ""));
        }
        self.query.aggregates.push(Aggregate { function, of });
        self.operands.push(Expr::Aggregate(before));
        Ok(())
    }

    fn plain(&mut self, name: &str, base: usize) -> Result<(), AwsError> {
        let Some((_, function, least, most)) = PLAIN.iter().find(|(word, ..)| *word == name) else {
            return Err(error(errors::UNSUPPORTED_FUNCTION, name));
        };
        if !self.take(")") {
            self.list(")")?;
        }
        if (*least..=*most).contains(&(self.operands.len() - base)) {
            self.call(*function, base);
            return Ok(());
        }
        Err(error(errors::ARGUMENTS, &name.to_ascii_uppercase()))
    }

    fn cast(&mut self) -> Result<Function, AwsError> {
        self.expression(0)?;
        self.expect("as", errors::EXPECTED_KEYWORD)?;
        let of_type =
            if self.token().kind == Kind::Keyword { type_named(&self.token().text) } else { None };
        let Some(of_type) = of_type else {
            return self.fail(errors::EXPECTED_TYPE_NAME).map(|()| Function::Cast(Type::String));
        };
        self.skip();
        // Precision and scale are read, and without effect, as AWS's are.
        if self.take("(") {
            loop {
                if !matches!(self.token().value, Value::Number(Number::Int(_))) {
                    self.fail(errors::INVALID_TYPE_PARAM)?;
                }
                self.skip();
                if !self.take(",") {
                    break;
                }
            }
            self.expect(")", errors::EXPECTED_TOKEN)?;
        }
        Ok(Function::Cast(of_type))
    }

    /// A part of a date, none finer than the last in its list.
    fn part(&mut self, last: Part) -> Result<Part, AwsError> {
        let part = Part::parse(&self.token().text).filter(|part| *part <= last);
        let Some(part) = part else {
            return self.fail(errors::EXPECTED_DATE_PART).map(|()| last);
        };
        self.skip();
        Ok(part)
    }

    fn trim(&mut self) -> Result<Function, AwsError> {
        let side = match self.token().text.as_str() {
            _ if !self.is_any("both leading trailing") => None,
            "leading" => Some(Side::Leading),
            "trailing" => Some(Side::Trailing),
            _ => Some(Side::Both),
        };
        if side.is_some() {
            self.skip();
        }
        let mut from = self.take("from");
        if !from {
            self.expression(0)?;
            from = self.take("from");
        }
        if from {
            self.expression(0)?;
        }
        Ok(Function::Trim(side.unwrap_or(Side::Both)))
    }

    fn case(&mut self, base: usize) -> Result<(), AwsError> {
        if self.is("when") {
            // A condition is compared with what it must be.
            self.operands.push(Expr::Literal(Value::Bool(true)));
        } else {
            self.expression(0)?;
        }
        if !self.is("when") {
            return self.fail(errors::EXPECTED_WHEN);
        }
        while self.take("when") {
            self.expression(0)?;
            self.expect("then", errors::EXPECTED_KEYWORD)?;
            self.expression(0)?;
        }
        if self.take("else") {
            self.expression(0)?;
        }
        self.expect("end", errors::EXPECTED_KEYWORD)?;
        self.call(Function::Case, base);
        Ok(())
    }
}

pub(super) fn type_named(word: &str) -> Option<Type> {
    let types = [
        ("bool boolean", Type::Bool),
        ("dec decimal numeric", Type::Decimal),
        ("double float real", Type::Float),
        ("int integer smallint", Type::Int),
        ("char character string varchar", Type::String),
        ("timestamp", Type::Timestamp),
    ];
    types.into_iter().find(|(words, _)| is_among(words, word)).map(|(_, found)| found)
}
