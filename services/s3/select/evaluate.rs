//! What an expression is worth for one row.

use std::borrow::Cow;
use std::cmp::Ordering;

use cumulet_core::{AwsError, Timestamp};

use super::ast::{Expr, Function, Op, Path, Step};
use super::errors;
use super::function;
use super::value::Value;

static MISSING: Value = Value::Missing;
static NULL: Value = Value::Null;

/// A row, and how the query's paths find their values in it.
#[derive(Clone, Copy)]
pub(super) enum Row<'a> {
    /// CSV: the paths' columns.
    Fields(&'a [Value], &'a [Option<usize>]),
    /// JSON.
    Value(&'a Value, &'a [Path]),
    /// After the last row, when only aggregates are worth anything.
    None,
}

/// Everything that an expression may ask for.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) row: Row<'a>,
    /// What the aggregates have come to.
    pub(super) totals: &'a [Value],
    pub(super) now: Timestamp,
}

impl<'a> Scope<'a> {
    pub(super) fn evaluate_owned(&self, expr: &'a Expr) -> Result<Value, AwsError> {
        self.evaluate(expr).map(Cow::into_owned)
    }

    fn path(&self, at: usize) -> Result<&'a Value, AwsError> {
        let found = match self.row {
            Row::None => None,
            Row::Fields(fields, columns) => {
                columns.get(at).copied().flatten().and_then(|column| fields.get(column))
            }
            Row::Value(value, paths) => match paths.get(at) {
                Some(path) => follow(value, &path.steps)?,
                None => None,
            },
        };
        Ok(found.unwrap_or(&MISSING))
    }

    pub(super) fn evaluate(&self, expr: &'a Expr) -> Result<Cow<'a, Value>, AwsError> {
        match expr {
            Expr::Literal(value) => Ok(Cow::Borrowed(value)),
            Expr::Path(at) => self.path(*at).map(Cow::Borrowed),
            Expr::Aggregate(at) => Ok(Cow::Borrowed(self.totals.get(*at).unwrap_or(&NULL))),
            Expr::Chain(first, rest) => match rest.first() {
                Some((Op::And, _)) => self.all(first, rest, false),
                Some((Op::Or, _)) => self.all(first, rest, true),
                _ => rest.iter().try_fold(self.evaluate(first)?, |left, (op, right)| {
                    binary(*op, &left, &*self.evaluate(right)?).map(Cow::Owned)
                }),
            },
            Expr::Call(Function::Coalesce, args) => {
                for arg in args {
                    let value = self.evaluate(arg)?;
                    if !value.is_unknown() {
                        return Ok(value);
                    }
                }
                Ok(Cow::Borrowed(&NULL))
            }
            Expr::Call(Function::UtcNow, _) => Ok(Cow::Owned(Value::Moment(self.now.into()))),
            Expr::Call(function, args) => {
                let args: Result<Vec<_>, _> = args.iter().map(|arg| self.evaluate(arg)).collect();
                function::call(*function, &args?).map(Cow::Owned)
            }
            Expr::Case { operand, arms, otherwise } => {
                let operand = operand.as_ref().map(|o| self.evaluate(o)).transpose()?;
                for (when, then) in arms {
                    let when = self.evaluate(when)?;
                    let chosen = match &operand {
                        Some(operand) => operand.equals(&when),
                        None => truth(&when) == Some(true),
                    };
                    if chosen {
                        return self.evaluate(then);
                    }
                }
                otherwise.as_ref().map_or(Ok(Cow::Borrowed(&NULL)), |o| self.evaluate(o))
            }
        }
    }

    /// AND is over at the first false, OR at the first true; what is unknown leaves it open.
    fn all(
        &self,
        first: &'a Expr,
        rest: &'a [(Op, Expr)],
        over: bool,
    ) -> Result<Cow<'a, Value>, AwsError> {
        let mut open = false;
        for expr in std::iter::once(first).chain(rest.iter().map(|(_, expr)| expr)) {
            match truth(&*self.evaluate(expr)?) {
                Some(result) if result == over => return Ok(Cow::Owned(Value::Bool(over))),
                known => open |= known.is_none(),
            }
        }
        Ok(Cow::Owned(if open { Value::Null } else { Value::Bool(!over) }))
    }

    /// Only what is surely true holds.
    pub(super) fn holds(&self, expr: &'a Expr) -> Result<bool, AwsError> {
        Ok(truth(&*self.evaluate(expr)?) == Some(true))
    }
}

pub(super) fn truth(value: &Value) -> Option<bool> {
    if let Value::Bool(b) = value { Some(*b) } else { None }
}

pub(super) fn binary(op: Op, left: &Value, right: &Value) -> Result<Value, AwsError> {
    if left.is_unknown() || right.is_unknown() {
        return Ok(Value::Null);
    }
    let ordered = |good: fn(Ordering) -> bool| {
        Ok(left.compare(right).map_or(Value::Null, |o| Value::Bool(good(o))))
    };
    match op {
        Op::Equal => Ok(Value::Bool(left.equals(right))),
        Op::NotEqual => Ok(Value::Bool(!left.equals(right))),
        Op::Less => ordered(Ordering::is_lt),
        Op::LessEqual => ordered(Ordering::is_le),
        Op::Greater => ordered(Ordering::is_gt),
        Op::GreaterEqual => ordered(Ordering::is_ge),
        Op::Concat => match (left, right) {
            (Value::Text(left), Value::Text(right)) => Ok(Value::Text(format!("{left}{right}"))),
            _ => Err(errors::arguments("||")),
        },
        Op::Math(op) => match (left, right) {
            (Value::Number(left), Value::Number(right)) => {
                left.calculate(op, *right).map(Value::Number)
            }
            _ => Err(errors::arguments(op)),
        },
        // Chains of these are evaluated as a whole.
        Op::And | Op::Or => Ok(Value::Null),
    }
}

/// The value that a path leads to.
fn follow<'a>(mut value: &'a Value, steps: &[Step]) -> Result<Option<&'a Value>, AwsError> {
    for step in steps {
        let found = match (step, value) {
            (Step::Name(name), Value::Struct(members)) => {
                let mut named = members.iter().filter(|(key, _)| name.is(key));
                let found = named.next();
                if named.next().is_some() && !name.exact {
                    return Err(errors::ambiguous_field_name());
                }
                found.map(|(_, value)| value)
            }
            (Step::Index(index), Value::List(items)) => items.get(*index),
            _ => None,
        };
        match found {
            Some(found) => value = found,
            None => return Ok(None),
        }
    }
    Ok(Some(value))
}
