//! Several items at once, each for itself: `BatchGetItem`, `BatchWriteItem`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cumulet_core::{AwsError, Cx, Scope};
use cumulet_store::Sections;

use crate::api::{self, input, output};
use crate::consumed::{self, Report, Sort, Units};
use crate::errors::{self, validation};
use crate::name::TableRef;
use crate::space::RowKey;
use crate::state::{TableRow, Tables};
use crate::stored::{Attributes, Stored};
use crate::throttle::Access;
use crate::transaction::Place;
use crate::view::View;
use crate::write::{Action, Decision, Write};
use crate::{DynamoDb, key};

/// Items that one call reads, and writes.
const READS_MAX: usize = 100;
const WRITES_MAX: usize = 25;
/// Bytes of items in one answer.
const BYTES_MAX: usize = 16 << 20;

fn duplicates() -> AwsError {
    validation("Provided list of item keys contains duplicates")
}

pub(crate) fn batch_get_item(
    db: &DynamoDb,
    cx: &Cx,
    input: input::BatchGetItem,
) -> Result<output::BatchGetItem, AwsError> {
    db.admit(cx, Access::Read)?;
    let wanted = input.request_items.unwrap_or_default();
    let keys = |wanted: &api::KeysAndAttributes| wanted.keys.as_ref().map_or(0, Vec::len);
    if wanted.values().map(keys).sum::<usize>() > READS_MAX {
        return Err(validation("Too many items requested for the BatchGetItem call"));
    }
    let report = Report::parse(input.return_consumed_capacity.as_deref());
    let mut answer = Gathered::default();
    for (name, wanted) in wanted {
        answer.table(db, cx, &name, wanted, report)?;
    }
    Ok(output::BatchGetItem {
        responses: Some(answer.found),
        unprocessed_keys: Some(answer.left),
        consumed_capacity: (report != Report::Nothing).then_some(answer.consumed),
    })
}

#[derive(Default)]
struct Gathered {
    found: BTreeMap<String, Vec<Attributes>>,
    left: BTreeMap<String, api::KeysAndAttributes>,
    consumed: Vec<api::ConsumedCapacity>,
    bytes: usize,
}

impl Gathered {
    fn table(
        &mut self,
        db: &DynamoDb,
        cx: &Cx,
        name: &str,
        mut wanted: api::KeysAndAttributes,
        report: Report,
    ) -> Result<(), AwsError> {
        let at = TableRef::parse(cx, name)?;
        let view = View::parse(
            wanted.projection_expression.as_deref(),
            wanted.attributes_to_get.clone(),
            wanted.expression_attribute_names.as_ref(),
        )?;
        let consistent = wanted.consistent_read.unwrap_or(false);
        let given = wanted.keys.take().unwrap_or_default();
        let mut units = Units::default();
        let mut found = Vec::new();
        let mut left = Vec::new();
        db.store.read(cx, at.scope, |tx| {
            let table = tx.table(at.name)?;
            let keys: Vec<RowKey> =
                given.iter().map(|key| key::of_key(table, key)).collect::<Result<_, _>>()?;
            if keys.iter().collect::<BTreeSet<_>>().len() < keys.len() {
                return Err(duplicates());
            }
            for (key, given) in keys.iter().zip(given) {
                let item = tx.rows.get(&**key);
                let size = item.map_or(0, Stored::size);
                if self.bytes + size > BYTES_MAX {
                    left.push(given);
                    continue;
                }
                self.bytes += size;
                units.add(&Units::of_read(None, consumed::read(size, consistent)));
                found.extend(item.map(|item| view.of(item.clone())));
            }
            Ok(())
        })?;
        self.consumed.extend(units.describe(at.name, report, Sort::Plain));
        self.found.insert(name.to_owned(), found);
        if !left.is_empty() {
            wanted.keys = Some(left);
            self.left.insert(name.to_owned(), wanted);
        }
        Ok(())
    }
}

pub(crate) fn batch_write_item(
    db: &DynamoDb,
    cx: &Cx,
    input: input::BatchWriteItem,
) -> Result<output::BatchWriteItem, AwsError> {
    db.admit(cx, Access::Write)?;
    let requests = input.request_items.unwrap_or_default();
    if requests.values().map(Vec::len).sum::<usize>() > WRITES_MAX {
        return Err(validation("Too many items requested for the BatchWriteItem call"));
    }
    let report = Report::parse(input.return_consumed_capacity.as_deref());
    let metrics = input.return_item_collection_metrics.as_deref();
    let mut writes = Vec::new();
    for (name, requests) in &requests {
        let at = TableRef::parse(cx, name)?;
        for request in requests {
            let write = Write::new(action(request)?);
            write.check()?;
            writes.push(Place { at, write });
        }
    }
    let scopes: Vec<Scope> = writes.iter().map(|place| place.at.scope).collect();
    let (consumed, collections) = db.write_everywhere(cx, &scopes, |sections| {
        let decided = decide(sections, &writes)?;
        let mut consumed: BTreeMap<String, Units> = BTreeMap::new();
        let mut collections: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for (decision, place) in decided.into_iter().zip(&writes) {
            let table = Arc::clone(&decision.table);
            let change = decision.carry_out(cx, sections.of(place.at.scope)?);
            if report != Report::Nothing {
                let units = Units::of_write(&table, &change);
                consumed.entry(table.name.clone()).or_default().add(&units);
            }
            let collection = consumed::collection(&table, metrics, place.write.given());
            if let Some(collection) = collection {
                collections.entry(table.name.clone()).or_default().push(collection);
            }
        }
        Ok::<_, AwsError>((consumed, collections))
    })?;
    let consumed = consumed.iter().filter_map(|(name, u)| u.describe(name, report, Sort::Plain));
    Ok(output::BatchWriteItem {
        unprocessed_items: Some(BTreeMap::new()),
        item_collection_metrics: (metrics == Some("SIZE")).then_some(collections),
        consumed_capacity: (report != Report::Nothing).then(|| consumed.collect()),
    })
}

fn action(request: &api::WriteRequest) -> Result<Action, AwsError> {
    match (&request.put_request, &request.delete_request) {
        (Some(put), None) => Ok(Action::Put(put.item.clone().unwrap_or_default())),
        (None, Some(delete)) => Ok(Action::Delete(delete.key.clone().unwrap_or_default())),
        _ => Err(validation(
            "Supplied AttributeValue has more than one datatypes set, must contain exactly one of \
             the supported datatypes",
        )),
    }
}

fn decide(
    sections: &mut Sections<'_, '_, Tables>,
    writes: &[Place<'_>],
) -> Result<Vec<Decision>, AwsError> {
    let mut seen = BTreeSet::new();
    let mut decided = Vec::with_capacity(writes.len());
    for Place { at, write } in writes {
        let tx = sections.of(at.scope)?;
        let table: Arc<TableRow> = Arc::clone(tx.table(at.name)?);
        if !key::is_in(&table, write.given()) {
            return Err(errors::key_schema());
        }
        let decision = write.decide(tx, &table)?;
        if !seen.insert((at.scope, Arc::clone(&decision.at))) {
            return Err(duplicates());
        }
        decided.push(decision);
    }
    Ok(decided)
}
