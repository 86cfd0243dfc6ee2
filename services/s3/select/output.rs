//! What a query makes of its rows: filters, projects, counts, and writes them.

use std::borrow::Cow;

use cumulet_core::{AwsError, Timestamp};

use super::RECORD_MAX;
use super::ast::{Aggregate, Item, Query, Total};
use super::errors;
use super::evaluate::{Row, Scope};
use super::json;
use super::request::Output;
use super::value::{Number, Value};

pub(super) struct Sink {
    output: Output,
    now: Timestamp,
    /// Names of CSV's columns, where there are any.
    pub(super) header: Vec<String>,
    /// Records that nobody has taken yet.
    pub(super) written: String,
    left: Option<u64>,
    totals: Vec<Running>,
}

impl Sink {
    pub(super) fn new(output: Output, query: &Query, now: Timestamp) -> Self {
        let totals = query.aggregates.iter().map(|_| Running::default()).collect();
        Self { output, now, header: Vec::new(), written: String::new(), left: query.limit, totals }
    }

    pub(super) fn wants_more(&self) -> bool {
        self.left != Some(0)
    }

    /// Takes a row; false when it was the last that is wanted.
    pub(super) fn row(&mut self, query: &Query, row: Row<'_>) -> Result<bool, AwsError> {
        let scope = Scope { row, totals: &[], now: self.now };
        if let Some(filter) = &query.filter
            && !scope.holds(filter)?
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
        let pairs = query.aggregates.iter().zip(&self.totals);
        let totals: Result<Vec<_>, _> = pairs.map(|(a, total)| total.value(a.function)).collect();
        self.write(query, &Scope { row: Row::None, totals: &totals?, now: self.now })
    }

    fn write(&mut self, query: &Query, scope: &Scope<'_>) -> Result<(), AwsError> {
        let mut members: Vec<(Cow<'_, str>, Cow<'_, Value>)> = Vec::new();
        for item in &query.items {
            match item {
                Item::Named(expr, name) => members.push((name.into(), scope.evaluate(expr)?)),
                Item::All => match scope.row {
                    Row::Fields(fields, _) => {
                        members.extend(fields.iter().enumerate().map(|(i, field)| {
                            let numbered = || Cow::from(format!("_{}", i + 1));
                            let name = self.header.get(i).map_or_else(numbered, Cow::from);
                            (name, Cow::Borrowed(field))
                        }));
                    }
                    Row::Value(Value::Struct(all), _) => {
                        members.extend(all.iter().map(|(n, v)| (n.into(), Cow::Borrowed(v))));
                    }
                    Row::Value(value, _) => members.push(("_1".into(), Cow::Borrowed(value))),
                    Row::None => {}
                },
            }
        }
        let before = self.written.len();
        match &self.output {
            Output::Csv { dialect, always } => {
                let fields = members.iter().map(|(_, value)| value.as_ref());
                dialect.write(&mut self.written, *always, fields);
            }
            Output::Json { record_delimiter } => {
                let members = members.iter().map(|(name, value)| (name.as_ref(), value.as_ref()));
                json::write_members(&mut self.written, members);
                self.written.push_str(record_delimiter);
            }
        }
        if self.written.len() - before > RECORD_MAX {
            self.written.truncate(before);
            return Err(errors::over_max_record_size());
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
            Some(expr) => scope.evaluate_owned(expr)?,
            None => Value::Bool(true),
        };
        if value.is_unknown() {
            return Ok(());
        }
        self.count += 1;
        let comparable = matches!(value, Value::Number(_) | Value::Moment(_));
        self.value = match (aggregate.function, self.value.take(), value) {
            (Total::Count, ..) => None,
            (Total::Avg | Total::Sum, None, value @ Value::Number(_)) => Some(value),
            (Total::Avg | Total::Sum, Some(Value::Number(sum)), Value::Number(n)) => {
                Some(Value::Number(sum.calculate('+', n)?))
            }
            (Total::Max | Total::Min, None, value) if comparable => Some(value),
            (function @ (Total::Max | Total::Min), Some(best), value) if comparable => {
                let better = match value.compare(&best) {
                    Some(order) => order.is_gt() == (function == Total::Max) && order.is_ne(),
                    None => return Err(errors::illegal_function_argument()),
                };
                Some(if better { value } else { best })
            }
            _ => return Err(errors::illegal_function_argument()),
        };
        Ok(())
    }

    fn value(&self, function: Total) -> Result<Value, AwsError> {
        Ok(match (function, &self.value) {
            (Total::Count, _) => Value::int(self.count),
            (Total::Avg, Some(Value::Number(sum))) => {
                // The average of whole numbers is a decimal.
                let count = Number::Int(i64::try_from(self.count).unwrap_or(i64::MAX));
                Value::Number(sum.decimal().unwrap_or(*sum).calculate('/', count)?)
            }
            (_, Some(value)) => value.clone(),
            (_, None) => Value::Null,
        })
    }
}
