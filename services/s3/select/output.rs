//! What a query makes of its rows: filters, projects, counts, and writes them.

use std::cell::Cell;

use cumulet_core::{AwsError, Timestamp};

use super::RECORD_MAX;
use super::ast::{Aggregate, Query, Total};
use super::errors::{self, error};
use super::evaluate::{COPIES_MAX, Row, Scope};
use super::function::truth;
use super::json;
use super::request::Output;
use super::value::{Number, Value};

pub(super) struct Sink {
    output: Output,
    now: Timestamp,
    /// Names of CSV's columns, where there are any.
    pub(super) header: Vec<String>,
    /// Records that nobody has taken yet.
    pub(super) written: Vec<u8>,
    left: Option<u64>,
    totals: Vec<Running>,
}

impl Sink {
    pub(super) fn new(output: Output, query: &Query, now: Timestamp) -> Self {
        let totals = query.aggregates.iter().map(|_| Running::default()).collect();
        Self { output, now, header: Vec::new(), written: Vec::new(), left: query.limit, totals }
    }

    pub(super) fn wants_more(&self) -> bool {
        self.left != Some(0)
    }

    /// Takes a row; false when it was the last that is wanted.
    pub(super) fn row(&mut self, query: &Query, row: Row<'_>) -> Result<bool, AwsError> {
        let room = Cell::new(COPIES_MAX);
        let scope = Scope { row, totals: &[], now: self.now, room: &room };
        // Only what is surely true holds.
        if let Some(filter) = &query.filter
            && truth(&scope.evaluate(filter)?) != Some(true)
        {
            return Ok(true);
        }
        if query.aggregates.is_empty() {
            self.write(query, &scope)?;
            return Ok(self.wants_more());
        }
        for (aggregate, total) in query.aggregates.iter().zip(&mut self.totals) {
            total.add(aggregate, &scope)?;
        }
        Ok(true)
    }

    /// After the last row.
    pub(super) fn end(&mut self, query: &Query) -> Result<(), AwsError> {
        if query.aggregates.is_empty() || !self.wants_more() {
            return Ok(());
        }
        let mut totals = Vec::new();
        for (aggregate, total) in query.aggregates.iter().zip(&self.totals) {
            totals.push(total.value(aggregate.function)?);
        }
        let room = Cell::new(COPIES_MAX);
        self.write(query, &Scope { row: Row::None, totals: &totals, now: self.now, room: &room })
    }

    fn write(&mut self, query: &Query, scope: &Scope<'_>) -> Result<(), AwsError> {
        let mut members = Vec::new();
        for item in &query.items {
            let value = match (&item.of, scope.row) {
                (Some(expr), _) => scope.evaluate(expr)?,
                (None, Row::Value(value, _)) => scope.copy(value)?,
                (None, Row::Fields(fields, _)) => {
                    for (i, field) in fields.iter().enumerate() {
                        let named = self.header.get(i).cloned();
                        let name = named.unwrap_or_else(|| format!("_{}", i + 1));
                        scope.make_room(name.len())?;
                        members.push((name, scope.copy(field)?));
                    }
                    continue;
                }
                (None, Row::None) => continue,
            };
            match (&item.name, value) {
                (Some(name), value) => members.push((name.clone(), value)),
                (None, Value::Nested(true, all)) => members.extend(all),
                (None, value) => members.push(("_1".to_owned(), value)),
            }
        }
        let before = self.written.len();
        match &self.output {
            Output::Csv { dialect, always } => {
                dialect.write(&mut self.written, *always, &members);
            }
            Output::Json { record_delimiter } => {
                json::write(&mut self.written, &Value::Nested(true, members));
                self.written.extend_from_slice(record_delimiter.as_bytes());
            }
        }
        if self.written.len() - before > RECORD_MAX {
            self.written.truncate(before);
            return Err(error(errors::OVER_MAX_RECORD_SIZE, ""));
        }
        self.left = self.left.map(|left| left.saturating_sub(1));
        Ok(())
    }
}

/// An aggregate so far.
#[derive(Default)]
struct Running {
    count: u64,
    /// The sum, or the smallest or largest value.
    value: Option<Value>,
}

impl Running {
    fn add(&mut self, aggregate: &Aggregate, scope: &Scope<'_>) -> Result<(), AwsError> {
        let value = match &aggregate.of {
            Some(expr) => scope.evaluate(expr)?,
            None => Value::Bool(true),
        };
        if value.is_unknown() {
            return Ok(());
        }
        self.count += 1;
        let sums = matches!(aggregate.function, Total::Avg | Total::Sum);
        let fits = matches!(value, Value::Number(_)) || !sums && matches!(value, Value::Moment(_));
        self.value = match (&self.value, value) {
            _ if aggregate.function == Total::Count => None,
            (Some(Value::Number(sum)), Value::Number(n)) if sums => {
                Some(Value::Number(sum.calculate('+', n)?))
            }
            (None, value) if fits => Some(value),
            (Some(best), value) if fits && let Some(order) = value.compare(best) => {
                let better = order.is_ne() && order.is_gt() == (aggregate.function == Total::Max);
                Some(if better { value } else { best.clone() })
            }
            _ => return Err(error(errors::ILLEGAL_FUNCTION_ARGUMENT, "")),
        };
        Ok(())
    }

    fn value(&self, function: Total) -> Result<Value, AwsError> {
        Ok(match (function, &self.value) {
            (Total::Count, _) => Value::int(self.count),
            (Total::Avg, Some(Value::Number(sum))) => {
                let count = Number::Int(i64::try_from(self.count).unwrap_or(i64::MAX));
                // The average of whole numbers is a decimal, that of floats a float.
                let sum =
                    if let Number::Int(n) = sum { Number::Decimal((*n).into(), 0) } else { *sum };
                Value::Number(sum.calculate('/', count)?)
            }
            (_, Some(value)) => value.clone(),
            (_, None) => Value::Null,
        })
    }
}
