//! Global tables of the version of 2017: tables that are there already, empty and alike, are made one.
//! Each stays a table with settings of its own; only items are shared, and have attributes that tell
//! who wrote them when.
//!
//! Nothing is stored about a global table but in its tables' `Group`.

pub(crate) mod settings;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cumulet_core::{AwsError, Cx, Region, Timestamp};
use cumulet_store::Sections;

use crate::DynamoDb;
use crate::api::{self, input, output};
use crate::errors::{invalid, validation};
use crate::name::{TableRef, arn_of_global};
use crate::number::Number;
use crate::replica::{Group, bring_all, everywhere, region, there};
use crate::schema::Index;
use crate::state::{TableRow, Tables};
use crate::stored::Stored;
use crate::value::AttributeValue;

/// Global tables that one answer lists.
const PAGE: usize = 100;

/// A global table's tables.
type Members = BTreeMap<Region, Arc<TableRow>>;

fn error(code: &str, what: &str, rest: &str) -> AwsError {
    AwsError::new(code, 400, format!("{what}: {rest}"))
}

fn not_found(name: &str) -> AwsError {
    let text = format!("Global table with name: '{name}' does not exist.");
    error("GlobalTableNotFoundException", "Global table not found", &text)
}

/// What says that a table is in a global table.
pub(crate) fn exists_text(table: &TableRow, home: Region) -> String {
    let regions = table.group.regions(home);
    let regions: Vec<_> = regions.iter().map(Region::as_str).collect();
    let (name, list) = (&table.name, regions.join(", "));
    format!("Global table with name: '{name}' already exists with replicas in regions: '{list}'.")
}

/// An item as it is in all regions, with who wrote it and when.
pub(crate) fn stamped(item: &Stored, region: Region, time: Timestamp) -> Stored {
    let mut item = item.item();
    let (seconds, millis) = (time.millis().div_euclid(1000), time.millis().rem_euclid(1000));
    if let Ok(time) = Number::parse(&format!("{seconds}.{millis:03}001")) {
        item.insert("aws:rep:updatetime".to_owned(), AttributeValue::N(time));
    }
    let region = AttributeValue::S(region.to_string());
    item.insert("aws:rep:updateregion".to_owned(), region);
    item.insert("aws:rep:deleting".to_owned(), AttributeValue::Bool(false));
    Stored::new(&item)
}

impl DynamoDb {
    /// All global tables of the caller's account, wherever it calls.
    fn global_tables(&self, cx: &Cx) -> BTreeMap<String, Members> {
        let mut found: BTreeMap<String, Members> = BTreeMap::new();
        self.store.read_all(cx, |scope, tx| {
            if scope.account != cx.account() {
                return;
            }
            let tables = tx.tables.iter().map(|(_, table)| table);
            for table in tables.filter(|table| table.group.legacy.is_some()) {
                let members = found.entry(table.name.clone()).or_default();
                members.insert(scope.region, Arc::clone(table));
            }
        });
        found
    }

    fn global_table(&self, cx: &Cx, name: &str) -> Option<Members> {
        self.global_tables(cx).remove(name)
    }
}

fn group_of<'a>(regions: impl Iterator<Item = &'a Region>) -> Vec<api::Replica> {
    let replica = |region: &Region| api::Replica { region_name: Some(region.to_string()) };
    regions.map(replica).collect()
}

fn describe<'a>(
    cx: &Cx,
    name: &str,
    regions: impl Iterator<Item = &'a Region>,
    since: Option<Timestamp>,
    status: &str,
) -> api::GlobalTableDescription {
    let replica = |region: &Region| api::ReplicaDescription {
        region_name: Some(region.to_string()),
        ..api::ReplicaDescription::default()
    };
    api::GlobalTableDescription {
        replication_group: Some(regions.map(replica).collect()),
        global_table_arn: Some(arn_of_global(cx, &[name.to_owned()])),
        creation_date_time: since,
        global_table_status: Some(status.to_owned()),
        global_table_name: Some(name.to_owned()),
    }
}

pub(crate) fn create_global_table(
    db: &DynamoDb,
    cx: &Cx,
    input: input::CreateGlobalTable,
) -> Result<output::CreateGlobalTable, AwsError> {
    let name = input.global_table_name.unwrap_or_default();
    let mut regions = BTreeSet::new();
    for replica in input.replication_group.iter().flatten() {
        if !regions.insert(region(replica.region_name.as_ref())?) {
            return Err(invalid("ReplicationGroup has a region more than once"));
        }
    }
    if regions.is_empty() {
        return Err(invalid("ReplicationGroup is empty"));
    }
    let known = db.global_table(cx, &name).and_then(|members| members.into_iter().next());
    if let Some((home, table)) = known {
        let text = exists_text(&table, home);
        let code = "GlobalTableAlreadyExistsException";
        return Err(error(code, "Global table already exists", &text));
    }
    let now = cx.now();
    join(db, cx, &name, &regions, &BTreeSet::new(), now)?;
    let description = describe(cx, &name, regions.iter(), Some(now), "CREATING");
    Ok(output::CreateGlobalTable { global_table_description: Some(description) })
}

/// Makes tables one, of which some may be already.
fn join(
    db: &DynamoDb,
    cx: &Cx,
    name: &str,
    regions: &BTreeSet<Region>,
    leaving: &BTreeSet<Region>,
    since: Timestamp,
) -> Result<(), AwsError> {
    let all = everywhere(cx.scope(), regions.iter().chain(leaving));
    db.store.write_many(cx, &all, |sections| {
        let mut members = Members::new();
        for region in regions {
            let tx = sections.of(there(cx.scope(), *region))?;
            let table = tx.tables.get(name).cloned().ok_or_else(|| {
                let text = format!("Table: '{name}' not found in region: '{region}'.");
                error("TableNotFoundException", "Table not found", &text)
            })?;
            members.insert(*region, table);
        }
        let grows = members.values().any(|table| table.group.legacy.is_none());
        for (region, table) in members.iter().filter(|_| grows) {
            check(sections.of(there(cx.scope(), *region))?, table, *region)?;
            check_alike(members.values().next().unwrap_or(table), table, *region)?;
        }
        bring_all(cx, sections, &all, name)?;
        for region in leaving {
            put(sections, &TableRef { scope: there(cx.scope(), *region), name }, Group::default())?;
        }
        for region in regions {
            let others = regions.iter().filter(|other| *other != region).copied().collect();
            let group = Group { others, legacy: Some(since), ..Group::default() };
            put(sections, &TableRef { scope: there(cx.scope(), *region), name }, group)?;
        }
        Ok(())
    })
}

fn put(
    sections: &mut Sections<'_, '_, Tables>,
    at: &TableRef<'_>,
    group: Group,
) -> Result<(), AwsError> {
    let tx = sections.of(at.scope)?;
    let Some(table) = tx.tables.get(at.name) else { return Ok(()) };
    let mut table = TableRow::clone(table);
    table.group = Group { scaling: std::mem::take(&mut table.group.scaling), ..group };
    tx.put(table);
    Ok(())
}

/// Whether a table can come to a global table, or stay when others come.
fn check(tx: &Tables, table: &TableRow, region: Region) -> Result<(), AwsError> {
    let name = &table.name;
    let wrong = |text: &str| Err(invalid(format!("Table: '{name}' in region: '{region}' {text}")));
    tx.check_not_loading(table)?;
    let stream = table.stream.as_ref().filter(|stream| stream.is_enabled);
    if table.group.is_current() {
        return wrong("is part of a global table of version 2019.11.21");
    }
    if stream.is_none_or(|stream| stream.view != "NEW_AND_OLD_IMAGES") {
        return wrong("must have a stream of NEW_AND_OLD_IMAGES");
    }
    if tx.rows.by().of(table.space).0 > 0 {
        return wrong("must be empty");
    }
    Ok(())
}

/// Tables of one global table have the same keys, indexes and units to write.
fn check_alike(first: &TableRow, other: &TableRow, region: Region) -> Result<(), AwsError> {
    let name = &first.name;
    let wrong = |text: &str| {
        let text = format!("Table: '{name}' in region: '{region}' must have the same {text}");
        Err(invalid(format!("{text} as the other replicas")))
    };
    let write = |units: &crate::state::Capacity| units.provisioned.as_ref().map(|u| u.write);
    let of_index = |index: &Index| {
        let units = index.capacity.as_ref().map(write);
        (index.name.clone(), (index.is_global(), index.key.clone(), units))
    };
    let indexes =
        |table: &TableRow| -> BTreeMap<_, _> { table.indexes.iter().map(of_index).collect() };
    if first.key != other.key {
        return wrong("key schema");
    }
    if write(&first.capacity) != write(&other.capacity) {
        return wrong("write capacity");
    }
    if indexes(first) != indexes(other) {
        return wrong("indexes");
    }
    Ok(())
}

pub(crate) fn describe_global_table(
    db: &DynamoDb,
    cx: &Cx,
    input: input::DescribeGlobalTable,
) -> Result<output::DescribeGlobalTable, AwsError> {
    let name = input.global_table_name.unwrap_or_default();
    let members = db.global_table(cx, &name).ok_or_else(|| not_found(&name))?;
    let since = members.values().find_map(|table| table.group.legacy);
    let description = describe(cx, &name, members.keys(), since, "ACTIVE");
    Ok(output::DescribeGlobalTable { global_table_description: Some(description) })
}

pub(crate) fn list_global_tables(
    db: &DynamoDb,
    cx: &Cx,
    input: input::ListGlobalTables,
) -> Result<output::ListGlobalTables, AwsError> {
    let only = input.region_name.as_ref().map(|name| region(Some(name))).transpose()?;
    let limit = input.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(PAGE);
    let after = input.exclusive_start_global_table_name.unwrap_or_default();
    let all = db.global_tables(cx);
    let is_there = |members: &Members| only.is_none_or(|region| members.contains_key(&region));
    let mut found = all.iter().filter(|(name, members)| **name > after && is_there(members)).map(
        |(name, members)| api::GlobalTable {
            global_table_name: Some(name.clone()),
            replication_group: Some(group_of(members.keys())),
        },
    );
    let page: Vec<_> = found.by_ref().take(limit).collect();
    let last = found.next().and_then(|_| page.last()?.global_table_name.clone());
    Ok(output::ListGlobalTables {
        global_tables: Some(page),
        last_evaluated_global_table_name: last,
    })
}

pub(crate) fn update_global_table(
    db: &DynamoDb,
    cx: &Cx,
    input: input::UpdateGlobalTable,
) -> Result<output::UpdateGlobalTable, AwsError> {
    let name = input.global_table_name.unwrap_or_default();
    let updates = input.replica_updates.unwrap_or_default();
    if updates.is_empty() {
        return Err(validation("One or more parameter values were invalid"));
    }
    let members = db.global_table(cx, &name).ok_or_else(|| not_found(&name))?;
    let mut regions: BTreeSet<Region> = members.keys().copied().collect();
    for update in &updates {
        let (create, delete) = (update.create.as_ref(), update.delete.as_ref());
        let asked = create.and_then(|c| c.region_name.as_ref());
        let region = region(asked.or(delete.and_then(|d| d.region_name.as_ref())))?;
        let rest =
            |text: &str| format!("Replica of global table: '{name}' {text} in region: '{region}'.");
        match (create, delete) {
            (Some(_), None) if !regions.insert(region) => {
                let code = "ReplicaAlreadyExistsException";
                return Err(error(code, "Replica already exists", &rest("already exists")));
            }
            (None, Some(_)) if !regions.remove(&region) => {
                let code = "ReplicaNotFoundException";
                return Err(error(code, "Replica not found", &rest("does not exist")));
            }
            (Some(_), None) | (None, Some(_)) => {}
            _ => return Err(validation("One or more parameter values were invalid")),
        }
    }
    let leaving = members.keys().copied().filter(|region| !regions.contains(region)).collect();
    let since = members.values().find_map(|table| table.group.legacy);
    join(db, cx, &name, &regions, &leaving, since.unwrap_or(cx.now()))?;
    let description = describe(cx, &name, regions.iter(), since, "UPDATING");
    Ok(output::UpdateGlobalTable { global_table_description: Some(description) })
}
