//! `ExecuteTransaction`: statements that all read, or all write or check, in one section.

use std::collections::BTreeMap;
use std::sync::Arc;

use cumulet_core::{AwsError, Cx, Scope};

use super::execute::{parse, place, shown};
use super::plan;
use super::statement::{Select, Statement};
use crate::DynamoDb;
use crate::api::{self, input, output};
use crate::consumed::{self, Report, Sort, Units};
use crate::errors::validation;
use crate::item::shows;
use crate::name::TableRef;
use crate::stored::Stored;
use crate::throttle::Access;
use crate::transaction::{Place, digest, write_all};

pub(crate) fn execute_transaction(
    db: &DynamoDb,
    cx: &Cx,
    input: input::ExecuteTransaction,
) -> Result<output::ExecuteTransaction, AwsError> {
    db.admit(cx, Access::Write)?;
    let report = Report::parse(input.return_consumed_capacity.as_deref());
    let given = input.transact_statements.unwrap_or_default();
    let mut statements = Vec::with_capacity(given.len());
    for it in &given {
        statements.push(parse(it.statement.as_deref(), it.parameters.as_deref())?);
    }
    let reads: Vec<&Select> = statements
        .iter()
        .filter_map(|s| if let Statement::Select(select) = s { Some(select) } else { None })
        .collect();
    if reads.len() == statements.len() {
        return read_all(db, cx, &reads, report);
    }
    if !reads.is_empty() {
        let text = "Transactions cannot mix statements that read with statements that write";
        return Err(validation(text));
    }
    let mut places = Vec::with_capacity(statements.len());
    for (number, (statement, it)) in statements.iter().zip(&given).enumerate() {
        if statement.returns() {
            let text = "RETURNING clause is not supported in ExecuteTransaction.";
            return Err(numbered(number, &validation(text)));
        }
        let at = TableRef::parse(cx, statement.table())?;
        let table = db.store.read(cx, at.scope, |tx| tx.table(at.name).cloned())?;
        let mut write = plan::write(statement, &table).map_err(|e| numbered(number, &e))?;
        write.show_on_failure = shows(it.return_values_on_condition_check_failure.as_deref());
        write.check()?;
        places.push(Place { at, write });
    }
    let token = input.client_request_token.as_deref();
    let token = token.map(|token| (token, digest(&given)));
    let done = write_all(db, cx, &places, token, report, None)?;
    Ok(output::ExecuteTransaction {
        // Writes answer with nothing, however many they are.
        responses: Some(Vec::new()),
        consumed_capacity: done.consumed_capacity,
    })
}

/// Says which statement it is.
fn numbered(number: usize, error: &AwsError) -> AwsError {
    validation(format!("Validation failed in TransactStatements[{number}]: {}", error.message()))
}

fn read_all(
    db: &DynamoDb,
    cx: &Cx,
    reads: &[&Select],
    report: Report,
) -> Result<output::ExecuteTransaction, AwsError> {
    let mut tables = Vec::with_capacity(reads.len());
    for select in reads {
        tables.push(TableRef::parse(cx, &select.table)?);
    }
    let scopes: Vec<Scope> = tables.iter().map(|at| at.scope).collect();
    db.store.write_many(cx, &scopes, |sections| {
        let mut consumed: BTreeMap<String, Units> = BTreeMap::new();
        let mut responses = Vec::with_capacity(reads.len());
        for (number, (select, at)) in reads.iter().zip(&tables).enumerate() {
            if select.index.is_some() {
                let text = "Reads on indices are not supported within transactions.";
                return Err(numbered(number, &validation(text)));
            }
            let tx = sections.of(at.scope)?;
            let table = Arc::clone(tx.table(at.name)?);
            table.check_transactions()?;
            let key = place(select, &table, "ExecuteTransaction")
                .map_err(|error| numbered(number, &error))?;
            let found = tx.rows.get(&*key).cloned();
            let size = found.as_ref().map_or(0, Stored::size);
            let units = Units::of_read(None, consumed::read(size, true)).twice();
            consumed.entry(table.name.clone()).or_default().add(&units);
            responses.push(api::ItemResponse { item: shown(select, found) });
        }
        let consumed = consumed.iter().filter_map(|(name, u)| u.describe(name, report, Sort::Read));
        Ok(output::ExecuteTransaction {
            responses: Some(responses),
            consumed_capacity: (report != Report::Nothing).then(|| consumed.collect()),
        })
    })
}
