//! Items that expire: `UpdateTimeToLive`, `DescribeTimeToLive`, and the deletion of what is over.

use std::sync::Arc;
use std::time::Duration;

use cumulet_core::{AwsError, Body, BoxFuture, Cx, Route, Scope, State, Timestamp};
use http::{Method, Request, Response};

use crate::api::{TimeToLiveDescription, TimeToLiveSpecification, input, output};
use crate::errors::validation;
use crate::name::TableRef;
use crate::space::{Change, Chore, ROWS_AT_ONCE, RowKey, SpaceId};
use crate::state::{TableRow, Tables};
use crate::stored::Stored;
use crate::stream::DELETER;
use crate::value::AttributeValue;
use crate::{DynamoDb, key, replica};

/// How long after its time an item goes by itself. AWS takes up to days, so readers see items that are
/// over, and have to look.
const LATE: Duration = Duration::from_mins(1);
/// What is over for longer stays: five years.
const TOO_OLD: Duration = Duration::from_hours(5 * 365 * 24);

pub(crate) fn update_time_to_live(
    db: &DynamoDb,
    cx: &Cx,
    input: input::UpdateTimeToLive,
) -> Result<output::UpdateTimeToLive, AwsError> {
    let at = TableRef::of(cx, input.table_name.as_ref())?;
    let asked = input.time_to_live_specification.unwrap_or_default();
    let enabled = asked.enabled.unwrap_or(false);
    let name = asked.attribute_name.unwrap_or_default();
    let (before, after) = db.store.write(cx, at.scope, |tx| {
        let before = Arc::clone(tx.named(at.name)?);
        let mut table = TableRow::clone(&before);
        if enabled && table.group.is_strong {
            return Err(replica::no_expiry());
        }
        match &table.ttl {
            Some(current) if *current != name => {
                let text = "TimeToLive is active on a different AttributeName";
                return Err(validation(format!("{text}: current AttributeName is {current}")));
            }
            Some(_) if enabled => return Err(validation("TimeToLive is already enabled")),
            None if !enabled => return Err(validation("TimeToLive is already disabled")),
            _ => table.ttl = enabled.then(|| name.clone()),
        }
        let (space, after) = (table.space, table.clone());
        tx.put(table);
        if enabled {
            let chore = Chore::Watch { table: at.name.to_owned(), from: key::space(space) };
            tx.begin(space, chore);
        }
        Ok((before, after))
    })?;
    db.follow(cx, &at, &before, &after);
    let now = TimeToLiveSpecification { enabled: Some(enabled), attribute_name: Some(name) };
    Ok(output::UpdateTimeToLive { time_to_live_specification: Some(now) })
}

pub(crate) fn describe_time_to_live(
    db: &DynamoDb,
    cx: &Cx,
    input: input::DescribeTimeToLive,
) -> Result<output::DescribeTimeToLive, AwsError> {
    let at = TableRef::of(cx, input.table_name.as_ref())?;
    db.store.read(cx, at.scope, |tx| {
        let attribute_name = tx.named(at.name)?.ttl.clone();
        let status = if attribute_name.is_some() { "ENABLED" } else { "DISABLED" };
        let time_to_live_status = Some(status.to_owned());
        let description = TimeToLiveDescription { time_to_live_status, attribute_name };
        Ok(output::DescribeTimeToLive { time_to_live_description: Some(description) })
    })
}

/// When an item is over, by the number of seconds in an attribute.
fn expiry(attribute: &str, item: &Stored) -> Option<Timestamp> {
    match item.get(attribute)?.decode() {
        AttributeValue::N(seconds) => seconds.to_i64().map(Timestamp::from_secs),
        _ => None,
    }
}

/// When the first of these items goes by itself.
pub(crate) fn next_due(tx: &Tables) -> Option<Timestamp> {
    tx.expiries.first().map(|((at, _), _)| at.plus(LATE))
}

impl Tables {
    /// Notes when an item that changes is over.
    pub(crate) fn note_expiry(&mut self, table: &TableRow, at: &RowKey, change: &Change) {
        let Some(attribute) = &table.ttl else { return };
        let of = |item: &Option<Stored>| item.as_ref().and_then(|item| expiry(attribute, item));
        let (before, after) = (of(&change.old), of(&change.new));
        if before == after {
            return;
        }
        if let Some(before) = before {
            self.expiries.remove(&(before, Arc::clone(at)));
        }
        if let Some(after) = after {
            self.expiries.insert((after, Arc::clone(at)), table.name.as_str().into());
        }
    }

    /// Notes when items are over that were there before anybody asked, from a place on.
    pub(crate) fn watch(&mut self, space: SpaceId, name: &str, from: &[u8]) {
        let table = self.tables.get(name).filter(|table| table.space == space).cloned();
        self.chores.remove(&space);
        let Some(table) = table else { return };
        let rows = self.rows_of(from);
        for at in &rows {
            let change = Change { old: None, new: self.rows.get(&**at).cloned() };
            self.note_expiry(&table, at, &change);
        }
        if let Some(last) = rows.last().filter(|_| rows.len() == ROWS_AT_ONCE) {
            let chore = Chore::Watch { table: name.to_owned(), from: key::after(last) };
            self.chores.insert(space, chore);
        }
    }

    /// Deletes items that were over at some time; how many. What is noted no longer applies where
    /// the table is another one, or has another attribute: then nothing goes.
    fn expire(&mut self, cx: &Cx, until: Timestamp) -> usize {
        let due = self.expiries.iter().take_while(|((at, _), _)| *at <= until).take(ROWS_AT_ONCE);
        let due: Vec<_> =
            due.map(|((at, row), name)| (*at, Arc::clone(row), name.clone())).collect();
        let mut gone = 0;
        for (at, row, name) in due {
            self.expiries.remove(&(at, Arc::clone(&row)));
            let Some(table) = self.tables.get(&*name).cloned() else { continue };
            let is_over = |item: &Stored| {
                table.ttl.as_ref().and_then(|attribute| expiry(attribute, item)) == Some(at)
            };
            let is_here = row.starts_with(&key::space(table.space));
            let is_old = cx.now().since(at) >= TOO_OLD;
            if is_here && !is_old && self.rows.get(&*row).is_some_and(is_over) {
                self.write_item(cx, &table, &row, None);
                gone += 1;
            }
        }
        gone
    }
}

impl DynamoDb {
    /// Deletes what was over some time ago, in one scope, as DynamoDB itself.
    pub(crate) fn expire_late(&self, cx: &Cx, scope: Scope) {
        self.expire(cx, scope, |at| at.plus(LATE) <= cx.now());
    }

    fn expire(&self, cx: &Cx, scope: Scope, is_due: impl Fn(Timestamp) -> bool) -> usize {
        let cx = cx.to(scope.account, scope.region).as_service(DELETER, "");
        let mut gone = 0;
        loop {
            let done = self.store.write(&cx, scope, |tx| {
                let due = tx.expiries.iter().map(|((at, _), _)| *at).take_while(|at| is_due(*at));
                let last = due.take(ROWS_AT_ONCE).last();
                Ok::<_, AwsError>(last.map(|last| tx.expire(&cx, last)))
            });
            match done {
                Ok(Some(more)) => gone += more,
                _ => return gone,
            }
        }
    }
}

/// LocalStack's way to delete everything that is over now: `DELETE /_aws/dynamodb/expired`.
pub(crate) const ROUTE: Route = Route {
    matches: |parts| parts.uri.path() == "/_aws/dynamodb/expired" && parts.method == Method::DELETE,
    answer,
};

fn answer(state: Arc<dyn State>, cx: Cx, _: Request<Body>) -> BoxFuture<Response<Body>> {
    Box::pin(async move {
        let state: Arc<dyn std::any::Any + Send + Sync> = state;
        let Ok(db) = state.downcast::<DynamoDb>() else { return Response::default() };
        let scopes = db.store.scopes(cx.world().id());
        let expire = |scope| db.expire(&cx, scope, |at| at <= cx.now());
        let gone: usize = scopes.into_iter().map(expire).sum();
        let body = Body::from(format!("{{\"ExpiredItems\": {gone}}}"));
        let answer = Response::builder().header("content-type", "application/json").body(body);
        answer.unwrap_or_default()
    })
}
