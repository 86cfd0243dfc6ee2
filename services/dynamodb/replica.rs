//! Global tables: copies of a table in other regions, each of which may be read and written.
//!
//! A write notes its place in its region's list of what the other regions do not have yet; the
//! driver of due work brings them the item that stands there then. The later of two writes wins: one
//! that comes in takes the place out of its region's own list, or gives way to what stands there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cumulet_core::world::Scope;
use cumulet_core::{AwsError, Cx, Region, Timestamp};

use crate::api::{self, ReplicationGroupUpdate};
use crate::description::Phase;
use crate::errors::{invalid, validation};
use crate::name::TableRef;
use crate::restore::Image;
use crate::space::RowKey;
use crate::state::{Stream, TableRow, Tables, label};
use crate::{DynamoDb, backup, key};

/// What other regions do not have yet: which table's, and since when.
pub(crate) type Late = (String, Timestamp);

/// What is asked for.
#[derive(Debug, Default)]
struct Wanted {
    create: BTreeSet<Region>,
    delete: BTreeSet<Region>,
}

impl Wanted {
    fn parse(updates: &[ReplicationGroupUpdate]) -> Result<Self, AwsError> {
        let region = |name: Option<&String>| {
            let found = name.and_then(|name| Region::parse(name));
            found.ok_or_else(|| invalid("Invalid RegionName of a replica"))
        };
        let mut wanted = Self::default();
        for update in updates {
            if update.update.is_some() || update.disassociate.is_some() {
                return Err(invalid("Replicas can be created and deleted here, not changed"));
            }
            if let Some(create) = &update.create {
                let has_own = create.kms_master_key_id.is_some()
                    || create.provisioned_throughput_override.is_some()
                    || create.on_demand_throughput_override.is_some()
                    || create.global_secondary_indexes.is_some()
                    || create.table_class_override.is_some();
                if has_own {
                    return Err(invalid("Settings of a replica's own are not supported here"));
                }
                wanted.create.insert(region(create.region_name.as_ref())?);
            }
            if let Some(delete) = &update.delete {
                wanted.delete.insert(region(delete.region_name.as_ref())?);
            }
        }
        Ok(wanted)
    }
}

/// The same place in another region.
fn there(scope: Scope, region: Region) -> Scope {
    Scope { region, ..scope }
}

impl DynamoDb {
    /// `UpdateTable`'s `ReplicaUpdates`, everywhere or nowhere.
    pub(crate) fn update_replicas(
        &self,
        cx: &Cx,
        at: &TableRef<'_>,
        updates: &[ReplicationGroupUpdate],
    ) -> Result<api::TableDescription, AwsError> {
        let wanted = Wanted::parse(updates)?;
        let (home, name) = (at.scope, at.name);
        // Who is in the group is read first: one cannot lock more scopes within a section.
        let before = self.store.read(cx, home, |tx| tx.named(name).cloned())?;
        if wanted.create.iter().any(|r| *r == home.region || before.replicas.contains(r)) {
            return Err(already_there(name));
        }
        if !wanted.delete.iter().all(|region| before.replicas.contains(region)) {
            return Err(validation(
                "Update global table operation failed because one or more replicas were not part \
                 of the global table.",
            ));
        }
        let kept = before.replicas.difference(&wanted.delete).chain(&wanted.create).copied();
        let group: BTreeSet<Region> = kept.chain([home.region]).collect();
        let all = group.iter().chain(&wanted.delete).map(|region| there(home, *region));
        let all: Vec<Scope> = all.collect();
        self.store.write_many(cx, &all, |sections| {
            let tx = sections.of(home)?;
            let source = TableRow::clone(tx.named(name)?);
            let rows = backup::rows_of(&tx.rows, source.space);
            let image: Image = rows.map(|(at, item)| (Arc::clone(at), item.clone())).collect();
            for region in &wanted.create {
                let tx = sections.of(there(home, *region))?;
                if tx.tables.contains(name) {
                    return Err(already_there(name));
                }
                tx.make_replica(cx, &source, there(home, *region), image.clone());
            }
            for region in &wanted.delete {
                let tx = sections.of(there(home, *region))?;
                if let Some(gone) = tx.tables.get(name).cloned() {
                    tx.close_stream(&gone, cx.now());
                    tx.drop_table(&gone);
                }
            }
            for region in &group {
                let tx = sections.of(there(home, *region))?;
                let mut table = TableRow::clone(tx.named(name)?);
                table.replicas = group.iter().filter(|other| *other != region).copied().collect();
                tx.put(table);
            }
            let tx = sections.of(home)?;
            let mut description = tx.describe(tx.named(name)?, Phase::Updating);
            let made: Vec<_> = wanted.create.iter().map(Region::to_string).collect();
            for replica in description.replicas.iter_mut().flatten() {
                if replica.region_name.as_ref().is_some_and(|name| made.contains(name)) {
                    replica.replica_status = Some("CREATING".to_owned());
                }
            }
            Ok(description)
        })
    }

    /// Takes a table that is deleted out of its group.
    pub(crate) fn leave_group(&self, cx: &Cx, at: &TableRef<'_>, group: &BTreeSet<Region>) {
        for region in group {
            let done = self.store.write(cx, there(at.scope, *region), |tx| {
                let mut table = TableRow::clone(tx.named(at.name)?);
                table.replicas.remove(&at.scope.region);
                tx.put(table);
                Ok::<_, AwsError>(())
            });
            // Where the table is gone as well, nothing is left to change.
            drop(done);
        }
    }

    /// Brings what was written in one region to the others.
    pub(crate) fn replicate(&self, cx: &Cx, home: Scope) {
        let Some(groups) = self.store.read(cx, home, |tx| {
            if tx.late.is_empty() {
                return None;
            }
            let late = tx.late.iter().filter_map(|(_, (name, _))| tx.tables.get(name));
            Some(late.flat_map(|t| t.replicas.iter().copied()).collect::<BTreeSet<Region>>())
        }) else {
            return;
        };
        let scopes = groups.iter().map(|region| there(home, *region)).chain([home]);
        let scopes: Vec<Scope> = scopes.collect();
        let done = self.store.write_many(cx, &scopes, |sections| {
            let tx = sections.of(home)?;
            let mut late = Vec::new();
            for (at, (name, time)) in tx.late.iter() {
                let Some(table) = tx.tables.get(name) else { continue };
                late.push((at.clone(), Arc::clone(table), *time, tx.rows.get(&**at).cloned()));
            }
            let known: Vec<RowKey> = tx.late.iter().map(|(at, _)| at.clone()).collect();
            for at in &known {
                tx.late.remove(&**at);
            }
            for (at, source, time, item) in late {
                for region in &source.replicas {
                    // A region that has joined since is in the next round.
                    let Ok(tx) = sections.of(there(home, *region)) else { continue };
                    let Some(table) = tx.tables.get(&source.name).cloned() else { continue };
                    let place = key::moved(&at, table.space);
                    if tx.late.get(&*place).is_some_and(|(_, own)| *own > time) {
                        continue;
                    }
                    tx.write_item(cx, &table, &place, item.clone());
                    tx.late.remove(&*place);
                }
            }
            Ok::<_, AwsError>(())
        });
        drop(done);
    }
}

fn already_there(name: &str) -> AwsError {
    validation(format!(
        "Failed to create a the new replica of table with name: '{name}' because one or more \
         replicas already existed as tables."
    ))
}

impl Tables {
    /// Notes that other regions do not have a write yet.
    pub(crate) fn is_late(&mut self, now: Timestamp, table: &TableRow, at: &RowKey) {
        if !table.replicas.is_empty() {
            self.late.insert(Arc::clone(at), (table.name.clone(), now));
        }
    }

    fn make_replica(&mut self, cx: &Cx, source: &TableRow, scope: Scope, image: Image) {
        let at = TableRef { scope, name: &source.name };
        let mut table = TableRow {
            arn: at.arn(),
            id: cx.ids().uuid(),
            created: cx.now(),
            is_protected: false,
            policy: None,
            stream_policy: None,
            stream: None,
            destinations: Vec::new(),
            insights: BTreeMap::new(),
            recovery: None,
            restored: None,
            replicas: BTreeSet::new(),
            ..source.clone()
        };
        self.give_spaces(&mut table);
        for index in &mut table.indexes {
            index.is_backfilling = false;
        }
        self.fill_in(cx, &table, image);
        // The stream begins with what comes then.
        let stream = source.stream.clone().filter(|stream| stream.is_enabled);
        table.stream = stream.map(|stream| Stream { label: label(cx.now()), id: 0, ..stream });
        self.put(table);
    }
}

/// The other regions' tables, as describing one shows them.
pub(crate) fn describe(table: &TableRow) -> Option<Vec<api::ReplicaDescription>> {
    let replica = |region: &Region| api::ReplicaDescription {
        region_name: Some(region.to_string()),
        replica_status: Some("ACTIVE".to_owned()),
        ..api::ReplicaDescription::default()
    };
    let mut replicas: Vec<_> = table.replicas.iter().map(replica).collect();
    replicas.sort_by(|a, b| a.region_name.cmp(&b.region_name));
    Some(replicas).filter(|replicas| !replicas.is_empty())
}
