//! Tables: `CreateTable`, `DescribeTable`, `ListTables`, `DeleteTable`. What a table answers about itself is
//! in `description`, its changes are in `update`.

use std::collections::BTreeMap;
use std::sync::Arc;

use cumulet_core::{AwsError, Cx};
use cumulet_store::Table;

use crate::api::{self, input, output};
use crate::description::Phase;
use crate::errors::{self, check_unsupported, invalid, validation};
use crate::name::{self, TableRef};
use crate::replica::Group;
use crate::schema::{self, Index, Schema};
use crate::space::Chore;
use crate::state::{
    Class, Encryption, Policy, Recovery, Restored, Stream, TableRow, Tables, label,
};
use crate::{DynamoDb, capacity, encryption, policy, replica, tags, vector};

/// Local indexes of a table, as AWS has it. Global ones it limits to 20, which it raises on
/// request: there is no limit here.
const LOCALS_MAX: usize = 5;

pub(crate) async fn create_table(
    db: &DynamoDb,
    cx: &Cx,
    input: input::CreateTable,
) -> Result<output::CreateTable, AwsError> {
    let at = TableRef::of(cx, input.table_name.as_ref())?;
    name::check(at.name, "tableName", "TableName")?;
    let mut table = draft(cx, &at, &input)?;
    table.encryption = encryption::choose(cx, input.sse_specification.as_ref()).await?;
    db.store.write(cx, at.scope, |tx| {
        if tx.tables.contains(at.name) {
            return Err(errors::table_exists(at.name));
        }
        tx.give_spaces(&mut table);
        let description = tx.describe(&table, Phase::Creating);
        tx.put(table);
        Ok(output::CreateTable { table_description: Some(description) })
    })
}

/// The table that is asked for, without places for its items.
fn draft(cx: &Cx, at: &TableRef<'_>, input: &input::CreateTable) -> Result<TableRow, AwsError> {
    let now = cx.now();
    check_unsupported(&[
        ("GlobalTableSourceArn", input.global_table_source_arn.is_some()),
        (
            "GlobalTableSettingsReplicationMode",
            input.global_table_settings_replication_mode.is_some(),
        ),
    ])?;
    let by_request = input.billing_mode.as_deref() == Some("PAY_PER_REQUEST");
    let capacity = capacity::Given {
        provisioned: input.provisioned_throughput.as_ref(),
        on_demand: input.on_demand_throughput.as_ref(),
        warm: input.warm_throughput.as_ref(),
    };
    let capacity = capacity.parse(by_request, None)?;
    let attributes = schema::definitions(input.attribute_definitions.as_deref());
    let elements = input
        .key_schema
        .as_deref()
        .ok_or_else(|| invalid("Invalid KeySchema: Some index key attribute have no definition"))?;
    let key = Schema::parse(elements, &attributes, 1)?;
    let indexes = indexes(input, &key, &attributes, by_request)?;
    let vectors = vector::parse_all(input.vector_indexes.as_deref(), &attributes)?;
    schema::check_definitions(&attributes, &key, &indexes, &vectors)?;
    let table = TableRow {
        name: at.name.to_owned(),
        arn: at.arn(),
        id: cx.ids().uuid(),
        created: now,
        space: 0,
        attributes,
        key,
        indexes,
        vectors,
        capacity,
        by_request_since: by_request.then_some(now),
        stream: stream(input.stream_specification.as_ref(), label(now))?,
        encryption: None::<Encryption>,
        class: input.table_class.clone().map(|name| Class { name, updated: None }),
        is_protected: input.deletion_protection_enabled.unwrap_or(false),
        tags: tags::parse(input.tags.as_deref())?,
        policy: input
            .resource_policy
            .as_deref()
            .map(|document| policy::parse(cx, document))
            .transpose()?,
        stream_policy: None::<Policy>,
        recovery: None::<Recovery>,
        restored: None::<Restored>,
        group: Group::default(),
        ttl: None,
        destinations: Vec::new(),
        insights: BTreeMap::new(),
    };
    vector::check_table(&table)?;
    Ok(table)
}

fn indexes(
    input: &input::CreateTable,
    key: &Schema,
    attributes: &[(String, schema::Kind)],
    by_request: bool,
) -> Result<Vec<Index>, AwsError> {
    let mut indexes: Vec<Index> = Vec::new();
    let empty = |list: &str| invalid(format!("List of {list} is empty"));
    if let Some(locals) = &input.local_secondary_indexes {
        if locals.is_empty() {
            return Err(empty("LocalSecondaryIndexes"));
        }
        if locals.len() > LOCALS_MAX {
            let text = "Number of LocalSecondaryIndexes exceeds per-table limit of";
            return Err(invalid(format!("{text} {LOCALS_MAX}")));
        }
        for given in locals {
            indexes.push(Index::local(given, key, attributes)?);
        }
    }
    if let Some(globals) = &input.global_secondary_indexes {
        if globals.is_empty() {
            return Err(empty("GlobalSecondaryIndexes"));
        }
        for given in globals {
            let capacity = capacity::Given::of_index(given)
                .parse(by_request, Some(given.index_name.as_deref().unwrap_or_default()))?;
            indexes.push(Index::global(given, attributes, capacity)?);
        }
    }
    for (i, index) in indexes.iter().enumerate() {
        if indexes.iter().skip(i + 1).any(|other| other.name == index.name) {
            return Err(invalid(format!("Duplicate index name: {}", index.name)));
        }
    }
    Ok(indexes)
}

/// The stream that is asked for.
pub(crate) fn stream(
    given: Option<&api::StreamSpecification>,
    label: String,
) -> Result<Option<Stream>, AwsError> {
    let enabled = given.and_then(|s| s.stream_enabled).unwrap_or(false);
    match (enabled, given.and_then(|s| s.stream_view_type.clone())) {
        (true, Some(view)) => Ok(Some(Stream { is_enabled: true, view, label, id: 0 })),
        (true, None) => Err(validation(
            "One or more parameter values were invalid: Stream view type is required when the \
             stream is enabled",
        )),
        (false, Some(_)) => Err(validation(
            "One or more parameter values were invalid: Table is being created with stream \
             disabled, but a stream view type is specified",
        )),
        (false, None) => Ok(None),
    }
}

pub(crate) fn describe_table(
    db: &DynamoDb,
    cx: &Cx,
    input: input::DescribeTable,
) -> Result<output::DescribeTable, AwsError> {
    let at = TableRef::of(cx, input.table_name.as_ref())?;
    let (table, mut description) = db.store.read(cx, at.scope, |tx| {
        let table = tx.named(at.name)?;
        let phase = if tx.is_importing(table) { Phase::Creating } else { Phase::Active };
        Ok::<_, AwsError>((Arc::clone(table), tx.describe(table, phase)))
    })?;
    description.replicas = db.describe_replicas(cx, at.scope, &table);
    Ok(output::DescribeTable { table: Some(description) })
}

pub(crate) fn list_tables(
    db: &DynamoDb,
    cx: &Cx,
    input: input::ListTables,
) -> Result<output::ListTables, AwsError> {
    let limit = input.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(100);
    let after = input.exclusive_start_table_name.unwrap_or_default();
    db.store.read_here(cx, |tx| {
        let all: &Table<String, Arc<TableRow>> = &tx.tables;
        let bounds = (std::ops::Bound::Excluded(after.as_str()), std::ops::Bound::Unbounded);
        let mut names = all.range::<str, _>(bounds).map(|(name, _)| name.clone());
        let page: Vec<_> = names.by_ref().take(limit).collect();
        let last = names.next().and_then(|_| page.last().cloned());
        Ok(output::ListTables { table_names: Some(page), last_evaluated_table_name: last })
    })
}

pub(crate) fn delete_table(
    db: &DynamoDb,
    cx: &Cx,
    input: input::DeleteTable,
) -> Result<output::DeleteTable, AwsError> {
    let at = TableRef::of(cx, input.table_name.as_ref())?;
    // What was written here only would be lost to the rest of its group.
    db.replicate(cx, at.scope);
    let (output, group) = db.store.write(cx, at.scope, |tx| {
        let table = Arc::clone(tx.named(at.name)?);
        if table.is_protected && !table.group.others.is_empty() {
            return Err(errors::replica_protected(at.name, at.scope.region.as_str()));
        }
        if table.is_protected {
            return Err(errors::protected());
        }
        if table.group.is_strong {
            return Err(replica::only_whole());
        }
        if tx.is_importing(&table) {
            return Err(errors::being_created(at.name));
        }
        let description = tx.describe_deleted(&table);
        tx.back_up_deleted(cx, &table);
        tx.close_stream(&table, cx.now());
        tx.drop_table(&table);
        let output = output::DeleteTable { table_description: Some(description) };
        Ok((output, table.group.others.clone()))
    })?;
    db.leave_group(cx, &at, &group);
    Ok(output)
}

impl Tables {
    /// Forgets a table, its items and its indexes.
    pub(crate) fn drop_table(&mut self, table: &TableRow) {
        self.tables.remove(&table.name);
        self.strong.remove(&table.name);
        self.forget(table.space);
        let spaces = table.every_index().map(|index| index.space);
        for space in spaces.chain([table.space]) {
            self.begin(space, Chore::Empty);
        }
    }
}
