//! Several items at once, all or none: `TransactWriteItems`, `TransactGetItems`.
//!
//! A transaction runs in one section over all of its tables' scopes, so nobody ever sees a part of
//! one and none is in another's way: AWS's `TransactionConflict` does not happen here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use cumulet_core::{AwsError, Cx, Scope, Timestamp, Value};
use cumulet_store::{Sections, indexes};
use sha2::{Digest, Sha256};

use crate::api::{self, input, output};
use crate::consumed::{self, Report, Sort, Units};
use crate::errors::{self, validation};
use crate::expression::{Kind, Placeholders};
use crate::item::{condition, shows};
use crate::name::TableRef;
use crate::state::{TableRow, Tables};
use crate::stored::Stored;
use crate::throttle::Access;
use crate::value::Item;
use crate::view::View;
use crate::write::{Action, Decision, Failure, Write, shown};
use crate::{DynamoDb, key};

/// How long a token stands for its transaction.
const TOKEN_LIFE: Duration = Duration::from_secs(600);
/// Bytes of all items of a transaction.
const BYTES_MAX: usize = 4 << 20;

/// A transaction that was done under a token.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    until: Timestamp,
    digest: [u8; 32],
    /// What it took, by table, and what reading that again takes.
    consumed: BTreeMap<String, (Units, f64)>,
}

indexes! {
    /// Which token is over first.
    pub(crate) struct TokenIndexes of String => Arc<Token> {
        until: Timestamp = |_, token| Some(token.until);
    }
}

/// A write, and where.
pub(crate) struct Place<'a> {
    pub(crate) at: TableRef<'a>,
    pub(crate) write: Write,
}

pub(crate) fn transact_write_items(
    db: &DynamoDb,
    cx: &Cx,
    input: input::TransactWriteItems,
) -> Result<output::TransactWriteItems, AwsError> {
    db.admit(cx, Access::Write)?;
    let items = input.transact_items.unwrap_or_default();
    let report = Report::parse(input.return_consumed_capacity.as_deref());
    let metrics = input.return_item_collection_metrics.as_deref();
    let mut places = Vec::with_capacity(items.len());
    for item in &items {
        places.push(place(cx, item)?);
    }
    let token = input.client_request_token.as_deref().map(|token| (token, digest(&items)));
    write_all(db, cx, &places, token, report, metrics)
}

/// What a token's transaction is told apart by.
pub(crate) fn digest(items: &impl std::fmt::Debug) -> [u8; 32] {
    Sha256::digest(format!("{items:?}").as_bytes()).into()
}

/// Does all of these writes, or none.
pub(crate) fn write_all(
    db: &DynamoDb,
    cx: &Cx,
    places: &[Place<'_>],
    token: Option<(&str, [u8; 32])>,
    report: Report,
    metrics: Option<&str>,
) -> Result<output::TransactWriteItems, AwsError> {
    let mut scopes: Vec<Scope> = places.iter().map(|place| place.at.scope).collect();
    scopes.push(cx.scope());
    db.store.write_many(cx, &scopes, |sections| {
        if let Some((name, digest)) = token
            && let Some(done) = sections.of(cx.scope())?.token(name, cx.now())
        {
            if done.digest != digest {
                return Err(errors::token_mismatch());
            }
            let again = done.consumed.iter().filter_map(|(name, (_, units))| {
                Units::of_read(None, *units).describe(name, report, Sort::Read)
            });
            let consumed_capacity = (report != Report::Nothing).then(|| again.collect());
            let item_collection_metrics = None;
            return Ok(output::TransactWriteItems { consumed_capacity, item_collection_metrics });
        }
        let decided = decide(sections, places)?;
        let mut answer = Done::default();
        for (decision, place) in decided.into_iter().zip(places) {
            answer.carry_out(cx, sections, decision, place, metrics)?;
        }
        if let Some((name, digest)) = token {
            let (until, consumed) = (cx.now().plus(TOKEN_LIFE), answer.consumed.clone());
            let token = Arc::new(Token { until, digest, consumed });
            sections.of(cx.scope())?.tokens.insert(name.to_owned(), token);
        }
        Ok(answer.describe(report, metrics))
    })
}

/// What a transaction has done.
#[derive(Default)]
struct Done {
    consumed: BTreeMap<String, (Units, f64)>,
    collections: BTreeMap<String, Vec<api::ItemCollectionMetrics>>,
}

impl Done {
    fn carry_out(
        &mut self,
        cx: &Cx,
        sections: &mut Sections<'_, '_, Tables>,
        decision: Decision,
        place: &Place<'_>,
        metrics: Option<&str>,
    ) -> Result<(), AwsError> {
        let table = Arc::clone(&decision.table);
        let change = decision.carry_out(cx, sections.of(place.at.scope)?);
        let size = change.new.as_ref().or(change.old.as_ref()).map_or(0, Stored::size);
        let (written, read) = self.consumed.entry(table.name.clone()).or_default();
        written.add(&Units::of_write(&table, &change).twice());
        *read += consumed::read(size, true) * 2.0;
        let collection = consumed::collection(&table, metrics, place.write.given());
        if let Some(collection) = collection {
            self.collections.entry(table.name.clone()).or_default().push(collection);
        }
        Ok(())
    }

    fn describe(self, report: Report, metrics: Option<&str>) -> output::TransactWriteItems {
        let each = self.consumed.iter();
        let consumed = each.filter_map(|(name, (u, _))| u.describe(name, report, Sort::Write));
        output::TransactWriteItems {
            consumed_capacity: (report != Report::Nothing).then(|| consumed.collect()),
            item_collection_metrics: (metrics == Some("SIZE")).then_some(self.collections),
        }
    }
}

impl Tables {
    /// What was done under a token, if that still counts. Forgets those that do not.
    fn token(&mut self, name: &str, now: Timestamp) -> Option<Arc<Token>> {
        let over = self.tokens.by().until.range(..=now).map(|(_, name)| name.clone());
        for name in over.collect::<Vec<_>>() {
            self.tokens.remove(&name);
        }
        self.tokens.get(name).cloned()
    }
}

fn place<'a>(cx: &Cx, item: &'a api::TransactWriteItem) -> Result<Place<'a>, AwsError> {
    let api::TransactWriteItem { condition_check, put, delete, update } = item;
    /// All four have the same members for this.
    macro_rules! guarded {
        ($it:ident) => {
            (
                $it.table_name.as_ref(),
                $it.expression_attribute_names.as_ref(),
                $it.expression_attribute_values.as_ref(),
                $it.condition_expression.as_deref(),
                $it.return_values_on_condition_check_failure.as_deref(),
            )
        };
    }
    let ((name, names, values, text, returns), change, action) =
        match (condition_check, put, delete, update) {
            (Some(it), None, None, None) => {
                (guarded!(it), None, Action::Check(it.key.clone().unwrap_or_default()))
            }
            (None, Some(it), None, None) => {
                (guarded!(it), None, Action::Put(it.item.clone().unwrap_or_default()))
            }
            (None, None, Some(it), None) => {
                (guarded!(it), None, Action::Delete(it.key.clone().unwrap_or_default()))
            }
            (None, None, None, Some(it)) => {
                let change = it.update_expression.as_deref();
                (guarded!(it), change, Action::Check(it.key.clone().unwrap_or_default()))
            }
            _ => {
                return Err(validation(
                    "TransactItems can only contain one of Check, Put, Update or Delete",
                ));
            }
        };
    let at = TableRef::of(cx, name)?;
    let mut write = Write::new(action);
    write.show_on_failure = shows(returns);
    if let Some(change) = change {
        let takes = [(Kind::Update, Some(change)), (Kind::Condition, text)];
        let mut placeholders = Placeholders::new(names, values, &takes)?;
        let update = placeholders.update(change)?;
        write.condition =
            text.map(|text| placeholders.condition(Kind::Condition, text)).transpose()?;
        placeholders.finish()?;
        write.action = Action::Update(write.given().clone(), update);
    } else {
        write.condition = condition(names, values, text)?;
    }
    write.check()?;
    Ok(Place { at, write })
}

/// Decides on all writes, each with its item as it is before the transaction.
pub(crate) fn decide(
    sections: &mut Sections<'_, '_, Tables>,
    places: &[Place<'_>],
) -> Result<Vec<Decision>, AwsError> {
    let mut seen = BTreeSet::new();
    let mut outcomes = Vec::with_capacity(places.len());
    let mut bytes = 0;
    for Place { at, write } in places {
        let tx = sections.of(at.scope)?;
        let table: Arc<TableRow> = Arc::clone(tx.table(at.name)?);
        table.check_transactions()?;
        let outcome = write.decide(tx, &table);
        if let Ok(key) = write.place(&table)
            && !seen.insert((at.scope, key))
        {
            let text = "Transaction request cannot include multiple operations on one item";
            return Err(validation(text));
        }
        if let Ok(decision) = &outcome {
            bytes += decision.new.as_ref().map_or(0, Stored::size);
        }
        outcomes.push(outcome);
    }
    if bytes > BYTES_MAX {
        return Err(validation("Transaction request size exceeds the limit of 4 MB"));
    }
    if outcomes.iter().any(Result::is_err) {
        let reasons: Vec<_> = outcomes.into_iter().map(Reason::of).collect();
        return Err(cancelled(&reasons));
    }
    Ok(outcomes.into_iter().filter_map(Result::ok).collect())
}

/// Why one part of a transaction was its end, or not.
pub(crate) struct Reason {
    code: &'static str,
    message: Option<String>,
    item: Option<Item>,
}

impl Reason {
    pub(crate) fn of<T>(outcome: Result<T, Failure>) -> Self {
        match outcome {
            Ok(_) => Self { code: "None", message: None, item: None },
            Err(Failure::Condition(item)) => Self {
                code: "ConditionalCheckFailed",
                message: Some("The conditional request failed".to_owned()),
                item: item.map(|item| item.item()),
            },
            Err(Failure::Duplicate) => Self {
                code: "DuplicateItem",
                message: Some(errors::DUPLICATE_ITEM.to_owned()),
                item: None,
            },
            Err(Failure::Invalid(error)) => Self {
                code: "ValidationError",
                message: Some(error.message().to_owned()),
                item: None,
            },
        }
    }

    fn shown(&self) -> Value {
        let mut members = vec![("Code".to_owned(), self.code.into())];
        members.extend(self.message.as_ref().map(|m| ("Message".to_owned(), m.as_str().into())));
        members.extend(self.item.as_ref().map(|item| ("Item".to_owned(), shown(item))));
        Value::Map(members)
    }
}

pub(crate) fn cancelled(reasons: &[Reason]) -> AwsError {
    let codes: Vec<_> = reasons.iter().map(|reason| reason.code).collect();
    let shown = reasons.iter().map(Reason::shown).collect();
    errors::transaction_cancelled(&codes).with("CancellationReasons", Value::List(shown))
}

pub(crate) fn transact_get_items(
    db: &DynamoDb,
    cx: &Cx,
    input: input::TransactGetItems,
) -> Result<output::TransactGetItems, AwsError> {
    db.admit(cx, Access::Read)?;
    let report = Report::parse(input.return_consumed_capacity.as_deref());
    let items = input.transact_items.unwrap_or_default();
    let mut wanted = Vec::with_capacity(items.len());
    for item in &items {
        let get = item.get.as_ref().ok_or_else(|| validation("Get is required"))?;
        let names = get.expression_attribute_names.as_ref();
        let view = View::parse(get.projection_expression.as_deref(), None, names)?;
        let at = TableRef::of(cx, get.table_name.as_ref())?;
        wanted.push((at, get.key.clone().unwrap_or_default(), view));
    }
    let scopes: Vec<Scope> = wanted.iter().map(|(at, ..)| at.scope).collect();
    db.store.write_many(cx, &scopes, |sections| {
        let mut found = Vec::with_capacity(wanted.len());
        let mut consumed: BTreeMap<String, Units> = BTreeMap::new();
        let mut seen = BTreeSet::new();
        for (at, given, view) in &wanted {
            let tx = sections.of(at.scope)?;
            let table = tx.table(at.name)?;
            table.check_transactions()?;
            let outcome = key::of_key(table, given).map_err(Failure::Invalid);
            if let Ok(key) = &outcome
                && !seen.insert((at.scope, Arc::clone(key)))
            {
                let text = "Transaction request cannot include multiple operations on one item";
                return Err(validation(text));
            }
            let outcome = outcome.map(|key| tx.rows.get(&*key).cloned());
            let size = outcome.as_ref().ok().and_then(Option::as_ref).map_or(0, Stored::size);
            let units = Units::of_read(None, consumed::read(size, true)).twice();
            consumed.entry(table.name.clone()).or_default().add(&units);
            found.push(outcome.map(|item| item.map(|item| view.of(item))));
        }
        if found.iter().any(Result::is_err) {
            let reasons: Vec<_> = found.into_iter().map(Reason::of).collect();
            return Err(cancelled(&reasons));
        }
        let items = found.into_iter().flatten().map(|item| api::ItemResponse { item });
        let consumed = consumed.iter().filter_map(|(name, u)| u.describe(name, report, Sort::Read));
        Ok(output::TransactGetItems {
            consumed_capacity: (report != Report::Nothing).then(|| consumed.collect()),
            responses: Some(items.collect()),
        })
    })
}
