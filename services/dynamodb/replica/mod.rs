//! Global tables: copies of a table in other regions, each of which may be read and written.
//!
//! Here is what a table knows of its group, and what describing it tells of the others. Joining and
//! leaving is in `membership`, how items get to the others in `copying`, how settings do in
//! `following`. What is special about groups with strong consistency is in `strong`, and about those of
//! the version of 2017 in `crate::global`.

mod copying;
mod following;
mod membership;
mod own;
pub(crate) mod scaling;
mod strong;
mod wanted;

use std::collections::{BTreeMap, BTreeSet};

use cumulet_core::world::Scope;
use cumulet_core::{AwsError, Cx, Region, Timestamp};

use crate::DynamoDb;
use crate::api;
use crate::errors::validation;
use crate::scaling::{Scaled, Scaling};
use crate::schema::Index;
use crate::state::{Capacity, TableRow};

pub(crate) use copying::{Late, bring_all};
pub(crate) use following::check_encryption;
pub(crate) use strong::{no_expiry, only_whole};
pub(crate) use wanted::{check_alone, region};

/// What binds a table to those of the same name in other regions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Group {
    /// The other regions that it is in.
    pub(crate) others: BTreeSet<Region>,
    /// Since when it is of a global table of the version of 2017.
    pub(crate) legacy: Option<Timestamp>,
    /// Writes are everywhere before they are answered.
    pub(crate) is_strong: bool,
    /// Where a strong group has a witness, which is no table.
    pub(crate) witness: Option<Region>,
    /// It may be taken out of its group.
    pub(crate) is_released: bool,
    /// What somebody has said of the settings of a table without replicas.
    pub(crate) settings: Option<String>,
    /// How it and its indexes would grow and shrink in this region.
    pub(crate) scaling: BTreeMap<Scaled, Scaling>,
}

impl Group {
    /// Those of the version of 2019 that have each other's settings, too.
    pub(crate) fn is_current(&self) -> bool {
        self.legacy.is_none() && !self.others.is_empty()
    }

    /// All regions that it is in, its home among them.
    pub(crate) fn regions(&self, home: Region) -> BTreeSet<Region> {
        self.others.iter().copied().chain([home]).collect()
    }

    fn is_eventual(&self) -> bool {
        self.is_current() && !self.is_strong
    }

    /// Items get to the other regions by a stream on AWS, which cannot be done without.
    pub(crate) fn needs_stream(&self) -> bool {
        !self.others.is_empty() && !self.is_strong
    }

    /// What somebody says of the settings of a table without replicas.
    pub(crate) fn set_mode(&mut self, mode: &str) -> Result<(), AwsError> {
        if mode == MODE || !self.others.is_empty() {
            return Err(validation(format!(
                "Value '{mode}' at 'GlobalTableSettingsReplicationMode' failed to satisfy \
                 constraint: Only ENABLED and DISABLED settings replication are supported for a \
                 Regional Table."
            )));
        }
        self.settings = Some(mode.to_owned());
        Ok(())
    }

    /// Puts what it is into a table's description; the others come with
    /// [`DynamoDb::describe_replicas`].
    pub(crate) fn describe(&self, description: &mut api::TableDescription) {
        let mode = if self.is_current() { Some(MODE.to_owned()) } else { self.settings.clone() };
        description.global_table_settings_replication_mode = mode;
        if self.legacy.is_some() {
            description.global_table_version = Some("2017.11.29".to_owned());
        }
        if !self.is_current() {
            return;
        }
        description.global_table_version = Some("2019.11.21".to_owned());
        description.multi_region_consistency = self.is_strong.then(|| "STRONG".to_owned());
        description.disassociation_protection_enabled =
            self.is_eventual().then_some(!self.is_released);
        description.global_table_witnesses = self.witness.map(|region| {
            vec![api::GlobalTableWitnessDescription {
                region_name: Some(region.to_string()),
                witness_status: Some("ACTIVE".to_owned()),
            }]
        });
    }
}

/// AWS's word for groups whose regions are all of one account.
const MODE: &str = "ENABLED_WITH_OVERRIDES";

/// The same place in another region.
pub(crate) fn there(scope: Scope, region: Region) -> Scope {
    Scope { region, ..scope }
}

/// The same place in several regions.
pub(crate) fn everywhere<'r>(
    scope: Scope,
    regions: impl IntoIterator<Item = &'r Region>,
) -> Vec<Scope> {
    regions.into_iter().map(|region| there(scope, *region)).collect()
}

impl DynamoDb {
    /// Changes the tables of a name in several places, or none of them.
    pub(crate) fn change_all(
        &self,
        cx: &Cx,
        places: &[Scope],
        name: &str,
        change: impl Fn(&mut TableRow, Scope) -> Result<(), AwsError>,
    ) -> Result<(), AwsError> {
        self.store.write_many(cx, places, |sections| {
            for scope in places {
                let tx = sections.of(*scope)?;
                let mut table = TableRow::clone(tx.named(name)?);
                change(&mut table, *scope)?;
                tx.put(table);
            }
            Ok(())
        })
    }

    /// The other regions' tables, as describing this one shows them.
    pub(crate) fn describe_replicas(
        &self,
        cx: &Cx,
        scope: Scope,
        table: &TableRow,
    ) -> Option<Vec<api::ReplicaDescription>> {
        if !table.group.is_current() {
            return None;
        }
        let mut seen = Vec::new();
        for region in &table.group.others {
            let at = there(scope, *region);
            let theirs = self.store.read(cx, at, |tx| tx.tables.get(&table.name).cloned());
            seen.extend(theirs.map(|theirs| describe(table, *region, &theirs)));
        }
        Some(seen)
    }
}

/// A replica beside the table that is described: what it has of its own is what differs.
fn describe(table: &TableRow, region: Region, theirs: &TableRow) -> api::ReplicaDescription {
    let (read, write) = theirs.capacity.warmed();
    let globals = theirs.indexes.iter().filter(|index| index.is_global());
    let globals: Vec<_> = globals.map(|index| describe_index(table, index)).collect();
    api::ReplicaDescription {
        region_name: Some(region.to_string()),
        replica_status: Some("ACTIVE".to_owned()),
        kms_master_key_id: theirs.encryption.as_ref().map(|sse| sse.key_arn.clone()),
        provisioned_throughput_override: own_units(&table.capacity, &theirs.capacity),
        on_demand_throughput_override: own_most(&table.capacity, &theirs.capacity),
        warm_throughput: Some(api::TableWarmThroughputDescription {
            read_units_per_second: Some(read),
            write_units_per_second: Some(write),
            status: Some("ACTIVE".to_owned()),
        }),
        global_secondary_indexes: Some(globals).filter(|list| !list.is_empty()),
        replica_table_class_summary: crate::description::class(theirs),
        global_table_settings_replication_mode: Some(MODE.to_owned()),
        ..api::ReplicaDescription::default()
    }
}

fn describe_index(table: &TableRow, theirs: &Index) -> api::ReplicaGlobalSecondaryIndexDescription {
    let ours = table.index(&theirs.name).and_then(|index| index.capacity.clone());
    let capacity = theirs.capacity.clone().unwrap_or_default();
    let ours = ours.unwrap_or_else(|| capacity.clone());
    let (read, write) = capacity.warmed();
    api::ReplicaGlobalSecondaryIndexDescription {
        index_name: Some(theirs.name.clone()),
        provisioned_throughput_override: own_units(&ours, &capacity),
        on_demand_throughput_override: own_most(&ours, &capacity),
        warm_throughput: Some(api::GlobalSecondaryIndexWarmThroughputDescription {
            read_units_per_second: Some(read),
            write_units_per_second: Some(write),
            status: Some("ACTIVE".to_owned()),
        }),
    }
}

fn own_units(ours: &Capacity, theirs: &Capacity) -> Option<api::ProvisionedThroughputOverride> {
    let read = theirs.provisioned.as_ref()?.read;
    let is_own = ours.provisioned.as_ref().is_some_and(|units| units.read != read);
    is_own.then_some(api::ProvisionedThroughputOverride { read_capacity_units: Some(read) })
}

fn own_most(ours: &Capacity, theirs: &Capacity) -> Option<api::OnDemandThroughputOverride> {
    let read = |capacity: &Capacity| capacity.most.and_then(|(read, _)| read);
    let most = read(theirs)?;
    (read(ours) != Some(most))
        .then_some(api::OnDemandThroughputOverride { max_read_request_units: Some(most) })
}
