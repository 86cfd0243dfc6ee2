//! What an expression is worth for one row.

use std::cell::Cell;

use cumulet_core::{AwsError, Timestamp};

use super::ast::{Expr, Function, Path, Step};
use super::errors::{self, error};
use super::function::{self, operate, truth};
use super::value::Value;

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

/// Bytes that a query may copy out of one row: a short one can name a long field many times.
pub(super) const COPIES_MAX: usize = 64 << 20;

/// Everything that an expression may ask for.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) row: Row<'a>,
    /// What the aggregates have come to.
    pub(super) totals: &'a [Value],
    pub(super) now: Timestamp,
    /// Bytes that may still be copied.
    pub(super) room: &'a Cell<usize>,
}

impl Scope<'_> {
    /// Values are small beside the row that they are from, so they are copied.
    pub(super) fn evaluate(&self, expr: &Expr) -> Result<Value, AwsError> {
        let found = match (expr, self.row) {
            (Expr::Call(function, args), _) => return self.call(*function, args),
            (Expr::Literal(value), _) => Some(value),
            (Expr::Aggregate(at), _) => self.totals.get(*at),
            (Expr::Path(at), Row::Fields(fields, columns)) => {
                columns.get(*at).copied().flatten().and_then(|column| fields.get(column))
            }
            (Expr::Path(at), Row::Value(value, paths)) => match paths.get(*at) {
                Some(path) => follow(value, &path.steps)?,
                None => None,
            },
            (Expr::Path(_), Row::None) => None,
        };
        found.map_or(Ok(Value::Missing), |value| self.copy(value))
    }

    pub(super) fn copy(&self, value: &Value) -> Result<Value, AwsError> {
        self.make_room(value.size())?;
        Ok(value.clone())
    }

    pub(super) fn make_room(&self, bytes: usize) -> Result<(), AwsError> {
        let room = self.room.get().checked_sub(bytes);
        self.room.set(room.ok_or_else(|| error(errors::EXTERNAL_EVAL, ""))?);
        Ok(())
    }

    fn call(&self, function: Function, args: &[Expr]) -> Result<Value, AwsError> {
        match function {
            Function::And => return self.all(args, false),
            Function::Or => return self.all(args, true),
            Function::Case => return self.case(args),
            _ => {}
        }
        let is_operator = matches!(
            function,
            Function::Equal
                | Function::NotEqual
                | Function::Less
                | Function::LessEqual
                | Function::Greater
                | Function::GreaterEqual
                | Function::Concat
                | Function::Math(_)
        );
        let mut values = Vec::new();
        for arg in args {
            let mut value = self.evaluate(arg)?;
            if function == Function::Coalesce && !value.is_unknown() {
                return Ok(value);
            }
            if is_operator && let Some(left) = values.pop() {
                value = operate(function, left, &value)?;
            }
            values.push(value);
        }
        match values.pop() {
            Some(value) if is_operator => Ok(value),
            last => {
                values.extend(last);
                function::call(function, &values, self.now)
            }
        }
    }

    fn case(&self, args: &[Expr]) -> Result<Value, AwsError> {
        let Some((operand, mut rest)) = args.split_first() else { return Ok(Value::Null) };
        let operand = self.evaluate(operand)?;
        while let [when, then, more @ ..] = rest {
            if operand.equals(&self.evaluate(when)?) {
                return self.evaluate(then);
            }
            rest = more;
        }
        rest.first().map_or(Ok(Value::Null), |otherwise| self.evaluate(otherwise))
    }

    /// AND is over at the first false, OR at the first true; what is unknown leaves it open.
    fn all(&self, args: &[Expr], over: bool) -> Result<Value, AwsError> {
        let mut open = false;
        for arg in args {
            match truth(&self.evaluate(arg)?) {
                Some(result) if result == over => return Ok(Value::Bool(over)),
                known => open |= known.is_none(),
            }
        }
        Ok(if open { Value::Null } else { Value::Bool(!over) })
    }
}

/// The value that a path leads to.
fn follow<'a>(mut value: &'a Value, steps: &[Step]) -> Result<Option<&'a Value>, AwsError> {
    for step in steps {
        let found = match (step, value) {
            (Step::Name(name), Value::Nested(true, members)) => {
                let mut named = members.iter().filter(|(key, _)| name.is(key));
                let found = named.next();
                if named.next().is_some() && !name.exact {
                    return Err(error(errors::AMBIGUOUS_FIELD_NAME, ""));
                }
                found
            }
            (Step::Index(index), Value::Nested(false, items)) => items.get(*index),
            _ => None,
        };
        let Some((_, found)) = found else { return Ok(None) };
        value = found;
    }
    Ok(Some(value))
}
