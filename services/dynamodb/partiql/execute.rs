//! `ExecuteStatement` and `BatchExecuteStatement`: statements one by one.

use std::collections::BTreeMap;
use std::sync::Arc;

use cumulet_core::{AwsError, Cx};

use super::statement::{Returning, Select, Statement};
use super::{plan, select};
use crate::api::{self, input, output};
use crate::consumed::{self, Report, Sort, Units};
use crate::errors::validation;
use crate::item::{returned, shows};
use crate::name::TableRef;
use crate::space::Change;
use crate::state::TableRow;
use crate::stored::{Attributes, Stored};
use crate::throttle::Access;
use crate::value::AttributeValue;
use crate::write::{Action, Failure};
use crate::{DynamoDb, key};

pub(crate) fn execute_statement(
    db: &DynamoDb,
    cx: &Cx,
    input: input::ExecuteStatement,
) -> Result<output::ExecuteStatement, AwsError> {
    db.admit(cx, Access::Write)?;
    let statement = parse(input.statement.as_deref(), input.parameters.as_deref())?;
    match &statement {
        Statement::Select(it) => return select::run(db, cx, it, &input),
        Statement::Exists(_) => {
            return Err(validation("EXISTS() can only be used in ExecuteTransaction"));
        }
        _ => {}
    }
    let report = Report::parse(input.return_consumed_capacity.as_deref());
    let shows = shows(input.return_values_on_condition_check_failure.as_deref());
    let done = write(db, cx, &statement, shows)?;
    Ok(output::ExecuteStatement {
        items: Some(done.item.into_iter().collect()),
        consumed_capacity: done.units.describe(&done.table.name, report, Sort::Plain),
        ..output::ExecuteStatement::default()
    })
}

/// A statement with its parameters.
pub(super) fn parse(
    text: Option<&str>,
    parameters: Option<&[AttributeValue]>,
) -> Result<Statement, AwsError> {
    let statement = Statement::parse(text.unwrap_or(""), parameters.unwrap_or_default());
    statement.map_err(validation)
}

struct Done {
    table: Arc<TableRow>,
    item: Option<Attributes>,
    units: Units,
}

/// Does a statement that writes one item.
fn write(db: &DynamoDb, cx: &Cx, statement: &Statement, shows: bool) -> Result<Done, Failure> {
    let at = TableRef::parse(cx, statement.table())?;
    db.write_items(cx, at.scope, |tx| {
        let table = Arc::clone(tx.table(at.name)?);
        let mut write = plan::write(statement, &table)?;
        write.show_on_failure = shows;
        write.check()?;
        let change = write.decide(tx, &table)?.carry_out(cx, tx);
        let units = Units::of_write(&table, &change);
        Ok(Done { table, item: answer(statement, &write.action, change), units })
    })
}

/// What RETURNING asks for.
fn answer(statement: &Statement, action: &Action, change: Change) -> Option<Attributes> {
    let (Statement::Update { returning, .. } | Statement::Delete { returning, .. }) = statement
    else {
        return None;
    };
    let returns = match (*returning)? {
        Returning::AllOld => "ALL_OLD",
        Returning::AllNew => "ALL_NEW",
        Returning::ModifiedOld => "UPDATED_OLD",
        Returning::ModifiedNew => "UPDATED_NEW",
    };
    match action {
        Action::Update(_, update) => returned(update, change, Some(returns)),
        _ => change.old.map(Attributes::Whole),
    }
}

pub(crate) fn batch_execute_statement(
    db: &DynamoDb,
    cx: &Cx,
    input: input::BatchExecuteStatement,
) -> Result<output::BatchExecuteStatement, AwsError> {
    db.admit(cx, Access::Write)?;
    let report = Report::parse(input.return_consumed_capacity.as_deref());
    let mut consumed: BTreeMap<String, Units> = BTreeMap::new();
    let mut responses = Vec::new();
    for request in input.statements.unwrap_or_default() {
        let mut response = api::BatchStatementResponse::default();
        match one(db, cx, &request) {
            Ok(done) => {
                response.table_name = Some(done.table.name.clone());
                response.item = done.item;
                consumed.entry(done.table.name.clone()).or_default().add(&done.units);
            }
            Err((table, failure)) => {
                response.table_name = table;
                response.error = Some(error(failure));
            }
        }
        responses.push(response);
    }
    let consumed = consumed.iter().filter_map(|(name, u)| u.describe(name, report, Sort::Plain));
    Ok(output::BatchExecuteStatement {
        responses: Some(responses),
        consumed_capacity: (report != Report::Nothing).then(|| consumed.collect()),
    })
}

fn one(
    db: &DynamoDb,
    cx: &Cx,
    request: &api::BatchStatementRequest,
) -> Result<Done, (Option<String>, Failure)> {
    let statement = parse(request.statement.as_deref(), request.parameters.as_deref())
        .map_err(|error| (None, error.into()))?;
    let done = match &statement {
        Statement::Select(select) => {
            get(db, cx, select, request.consistent_read.unwrap_or(false)).map_err(Failure::Invalid)
        }
        other => {
            let shows = shows(request.return_values_on_condition_check_failure.as_deref());
            write(db, cx, other, shows)
        }
    };
    done.map_err(|failure| (Some(statement.table().to_owned()), failure))
}

/// The one item of a SELECT in a batch.
fn get(db: &DynamoDb, cx: &Cx, select: &Select, consistent: bool) -> Result<Done, AwsError> {
    let at = TableRef::parse(cx, &select.table)?;
    db.store.read(cx, at.scope, |tx| {
        let table = Arc::clone(tx.table(at.name)?);
        let place = place(select, &table, "BatchExecuteStatement")?;
        let found = tx.rows.get(&*place).cloned();
        let size = found.as_ref().map_or(0, Stored::size);
        let units = Units::of_read(None, consumed::read(size, consistent));
        Ok(Done { table, item: shown(select, found), units })
    })
}

/// Where the one item of a SELECT stands.
pub(super) fn place(
    select: &Select,
    table: &TableRow,
    operation: &str,
) -> Result<crate::space::RowKey, AwsError> {
    match plan::one_item(select.condition.as_ref(), table) {
        Some((key, None)) if select.index.is_none() => key::of_key(table, &key),
        _ => Err(validation(format!(
            "Select statements within {operation} must specify the primary key in the where clause."
        ))),
    }
}

/// What a SELECT shows of its one item.
pub(super) fn shown(select: &Select, found: Option<Stored>) -> Option<Attributes> {
    let whole = found.map(|item| select::view(select).of(item));
    select::shown(whole.into_iter().collect(), select.paths.as_deref()).pop()
}

fn error(failure: Failure) -> api::BatchStatementError {
    let item = match &failure {
        Failure::Condition(item) => item.clone().map(Attributes::Whole),
        _ => None,
    };
    let error = AwsError::from(failure);
    let code = match error.code() {
        "ValidationException" => "ValidationError",
        other => other.strip_suffix("Exception").unwrap_or(other),
    };
    api::BatchStatementError {
        code: Some(code.to_owned()),
        message: Some(error.message().to_owned()),
        item,
    }
}
