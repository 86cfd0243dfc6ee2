//! SELECT outside of batches and transactions: partition by partition, or all of a table, in pages.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use cumulet_core::{AwsError, Cx};
use sha2::{Digest, Sha256};

use super::plan;
use super::statement::{Order, Select, shown_name};
use crate::api::{input, output};
use crate::consumed::{self, Report, Sort, Units};
use crate::encoded;
use crate::errors::{invalid, starting_key, validation};
use crate::expression::{Condition, KeyRange, Path};
use crate::name::TableRef;
use crate::page::{Range, Request};
use crate::schema::{Index, Schema};
use crate::state::TableRow;
use crate::stored::Attributes;
use crate::value::Item;
use crate::view::View;
use crate::{DynamoDb, key, query};

pub(super) fn run(
    db: &DynamoDb,
    cx: &Cx,
    select: &Select,
    input: &input::ExecuteStatement,
) -> Result<output::ExecuteStatement, AwsError> {
    let at = TableRef::parse(cx, &select.table)?;
    let digest = digest(input);
    let mut place = match &input.next_token {
        Some(token) => Place::parse(token, digest)?,
        None => Place::default(),
    };
    let report = Report::parse(input.return_consumed_capacity.as_deref());
    let mut items: Vec<Attributes> = Vec::new();
    let mut units = Units::default();
    let mut limit = input.limit;
    let table = db.store.read(cx, at.scope, |tx| {
        let table = tx.table(at.name)?;
        let mut request = Request {
            operation: "SELECT",
            index: select.index.as_deref(),
            select: None,
            filter: select.condition.clone(),
            view: view(select),
            start: None,
            limit,
            consistent: input.consistent_read.unwrap_or(false),
            backward: false,
        };
        let index = check_index(&request, select, table)?;
        let (space, schema) = index.map_or((table.space, &table.key), |i| (i.space, &i.key));
        let mut ranges = plan::ranges(select.condition.as_ref(), schema)?;
        if let Some(order) = &select.order {
            request.backward = check_order(select, order, schema, ranges.as_ref())?;
        }
        if request.backward
            && let Some(ranges) = &mut ranges
        {
            ranges.reverse();
        }
        loop {
            let (range, is_last) = range(space, ranges.as_deref(), place.ordinal)?;
            request.start = place.start.take();
            request.limit = limit;
            let page = request.read(tx, table, index, &range, starting_key)?;
            items.extend(page.items.unwrap_or_default());
            units.add(&page.units);
            limit = limit.map(|limit| limit - page.scanned);
            place.start = page.last;
            if place.start.is_some() {
                break;
            }
            if is_last {
                place.is_end = true;
                break;
            }
            place.ordinal += 1;
            if limit.is_some_and(|limit| limit <= 0) {
                break;
            }
        }
        Ok::<_, AwsError>(table.name.clone())
    })?;
    Ok(output::ExecuteStatement {
        items: Some(shown(items, select.paths.as_deref())),
        next_token: (!place.is_end).then(|| place.token(digest)),
        last_evaluated_key: place.start,
        consumed_capacity: units.describe(&table, report, Sort::Plain),
    })
}

/// What SELECT says of an index otherwise than Query does.
fn check_index<'t>(
    request: &Request<'_>,
    select: &Select,
    table: &'t TableRow,
) -> Result<Option<&'t Index>, AwsError> {
    let Some(name) = request.index else { return Ok(None) };
    let found = table.index(name);
    let index = found.ok_or_else(|| validation("The table does not have the specified index"))?;
    if index.key.hash.len() > 1 || index.key.range.len() > 1 {
        return Err(validation(
            "PartiQL statements cannot be executed on tables with multi-attribute HASH keys or \
             multi-attribute RANGE keys.",
        ));
    }
    if request.consistent && index.is_global() {
        let text = "Strongly consistent read is not supported on Global Secondary Indexes";
        return Err(validation(text));
    }
    let filtered = select.condition.iter().flat_map(Condition::roots);
    if let Some(has) = consumed::names(table, index) {
        let is_missing = |name: &&str| !has.iter().any(|has| has == name);
        let missing: Vec<_> = filtered.filter(is_missing).collect();
        if !missing.is_empty() {
            return Err(invalid(format!(
                "Secondary index {name} does not project one or more filter attributes: [{}]",
                missing.join(", ")
            )));
        }
    }
    request.index(table)
}

/// What is read of every item: whole attributes, or all where places inside are wanted.
pub(super) fn view(select: &Select) -> View {
    match &select.paths {
        Some(paths) if paths.iter().all(|path| path.steps.is_empty()) => {
            View::Names(paths.iter().map(|path| path.root.clone()).collect())
        }
        _ => View::Whole,
    }
}

/// What a path leads to stands under the path's last name.
pub(super) fn shown(items: Vec<Attributes>, paths: Option<&[Path]>) -> Vec<Attributes> {
    match paths {
        Some(paths) if paths.iter().any(|path| !path.steps.is_empty()) => {
            let pick = |item: &Item| -> Item {
                paths.iter().filter_map(|path| Some((shown_name(path), path.of(item)?))).collect()
            };
            items.into_iter().map(|item| Attributes::Item(pick(&item.item()))).collect()
        }
        _ => items,
    }
}

/// Whether the order is that from the end.
fn check_order(
    select: &Select,
    order: &Order,
    schema: &Schema,
    ranges: Option<&Vec<KeyRange>>,
) -> Result<bool, AwsError> {
    if select.condition.is_none() {
        return Err(validation(
            "Must have WHERE clause in the statement when using ORDER BY clause.",
        ));
    }
    if ranges.is_none() {
        return Err(validation(
            "Must have at least one non-optional hash key condition in WHERE clause when using \
             ORDER BY clause.",
        ));
    }
    if !schema.has(&order.by) {
        return Err(validation(format!(
            "Variable reference {} in ORDER BY clause must be part of the primary key",
            order.by
        )));
    }
    Ok(order.backward)
}

/// The range that is next, and whether no other follows.
fn range(
    space: crate::space::SpaceId,
    ranges: Option<&[KeyRange]>,
    ordinal: usize,
) -> Result<(Range, bool), AwsError> {
    let Some(ranges) = ranges else {
        return Ok(((key::space(space), key::space(space + 1)), true));
    };
    let bound = ranges.get(ordinal).ok_or_else(token_mismatch)?;
    Ok((query::range(space, bound)?, ordinal + 1 >= ranges.len()))
}

/// Where the next page begins.
#[derive(Debug, Default)]
struct Place {
    /// In which of the statement's ranges.
    ordinal: usize,
    /// After which key of it.
    start: Option<Item>,
    is_end: bool,
}

fn token_mismatch() -> AwsError {
    validation("NextToken does not match request")
}

/// Which statement a token is of.
fn digest(input: &input::ExecuteStatement) -> [u8; 8] {
    let text = format!("{:?}{:?}", input.statement, input.parameters);
    Sha256::digest(text.as_bytes()).first_chunk().copied().unwrap_or_default()
}

impl Place {
    fn token(&self, digest: [u8; 8]) -> String {
        let mut bytes = digest.to_vec();
        bytes.extend_from_slice(&u32::try_from(self.ordinal).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend(self.start.iter().flat_map(encoded::encode));
        BASE64.encode(bytes)
    }

    fn parse(token: &str, digest: [u8; 8]) -> Result<Self, AwsError> {
        let bytes = BASE64.decode(token).map_err(|_| validation("Invalid NextToken"))?;
        let rest = bytes.strip_prefix(&digest).ok_or_else(token_mismatch)?;
        let (ordinal, start) = rest.split_first_chunk().ok_or_else(token_mismatch)?;
        let ordinal = usize::try_from(u32::from_be_bytes(*ordinal)).unwrap_or(usize::MAX);
        let start = (!start.is_empty()).then(|| encoded::decode(start));
        Ok(Self { ordinal, start, is_end: false })
    }
}
