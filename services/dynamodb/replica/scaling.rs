//! `DescribeTableReplicaAutoScaling` and `UpdateTableReplicaAutoScaling`: the settings of all regions at
//! once.

use std::collections::BTreeSet;
use std::sync::Arc;

use cumulet_core::{AwsError, Cx, Region};

use super::{everywhere, there};
use crate::DynamoDb;
use crate::api::{self, input, output};
use crate::errors;
use crate::name::TableRef;
use crate::scaling::{self, Change, Codes, Side};
use crate::state::TableRow;

const CODES: Codes =
    Codes { replica: "ResourceNotFoundException", index: "ResourceNotFoundException" };

/// All regions of a table, and the table in one of them.
fn group(
    db: &DynamoDb,
    cx: &Cx,
    at: &TableRef<'_>,
) -> Result<(Arc<TableRow>, BTreeSet<Region>), AwsError> {
    let found = db.store.read(cx, at.scope, |tx| tx.tables.get(at.name).cloned());
    let table = found
        .filter(|table| table.group.is_current())
        .ok_or_else(|| errors::no_global_table("ResourceNotFoundException", at.name))?;
    let regions = table.group.regions(at.scope.region);
    Ok((table, regions))
}

pub(crate) fn describe_table_replica_auto_scaling(
    db: &DynamoDb,
    cx: &Cx,
    input: input::DescribeTableReplicaAutoScaling,
) -> Result<output::DescribeTableReplicaAutoScaling, AwsError> {
    let at = TableRef::of(cx, input.table_name.as_ref())?;
    let (_, regions) = group(db, cx, &at)?;
    let description = describe(db, cx, &at, &regions, "ACTIVE");
    Ok(output::DescribeTableReplicaAutoScaling {
        table_auto_scaling_description: Some(description),
    })
}

fn describe(
    db: &DynamoDb,
    cx: &Cx,
    at: &TableRef<'_>,
    regions: &BTreeSet<Region>,
    status: &str,
) -> api::TableAutoScalingDescription {
    let mut replicas = Vec::new();
    for region in regions {
        let found =
            db.store.read(cx, there(at.scope, *region), |tx| tx.tables.get(at.name).cloned());
        replicas.extend(found.map(|table| describe_replica(&table, *region)));
    }
    api::TableAutoScalingDescription {
        table_name: Some(at.name.to_owned()),
        table_status: Some(status.to_owned()),
        replicas: Some(replicas),
    }
}

fn describe_replica(table: &TableRow, region: Region) -> api::ReplicaAutoScalingDescription {
    let indexes = table.indexes.iter().filter(|index| index.is_global() && !index.is_backfilling);
    let indexes = indexes.map(|index| api::ReplicaGlobalSecondaryIndexAutoScalingDescription {
        index_name: Some(index.name.clone()),
        index_status: Some("ACTIVE".to_owned()),
        provisioned_read_capacity_auto_scaling_settings: Some(scaling::describe(
            table,
            &index.name,
            Side::Read,
        )),
        provisioned_write_capacity_auto_scaling_settings: Some(scaling::describe(
            table,
            &index.name,
            Side::Write,
        )),
    });
    let settings = |side| Some(scaling::describe(table, "", side));
    api::ReplicaAutoScalingDescription {
        region_name: Some(region.to_string()),
        global_secondary_indexes: Some(indexes.collect()),
        replica_provisioned_read_capacity_auto_scaling_settings: settings(Side::Read),
        replica_provisioned_write_capacity_auto_scaling_settings: settings(Side::Write),
        replica_status: Some("ACTIVE".to_owned()),
    }
}

pub(crate) fn update_table_replica_auto_scaling(
    db: &DynamoDb,
    cx: &Cx,
    input: input::UpdateTableReplicaAutoScaling,
) -> Result<output::UpdateTableReplicaAutoScaling, AwsError> {
    let at = TableRef::of(cx, input.table_name.as_ref())?;
    let (table, regions) = group(db, cx, &at)?;
    let changes = changes(&input, at.name)?;
    scaling::check(&table, &regions, &changes, &CODES)?;
    scaling::check_units(&table, &regions, &changes)?;
    // AWS answers with what there was.
    let description = describe(db, cx, &at, &regions, "UPDATING");
    db.change_all(cx, &everywhere(at.scope, &regions), at.name, |table, scope| {
        scaling::apply(table, scope.account, scope.region, &changes, cx.now())
    })?;
    Ok(output::UpdateTableReplicaAutoScaling { table_auto_scaling_description: Some(description) })
}

fn changes<'a>(
    input: &'a input::UpdateTableReplicaAutoScaling,
    name: &str,
) -> Result<Vec<Change<'a>>, AwsError> {
    let mut changes = Vec::new();
    let mut add = |region, index, side, scaling, member| {
        let scaling: Option<&'a api::AutoScalingSettingsUpdate> = scaling;
        if scaling.is_some() {
            changes.push(Change { region, index, side, units: None, scaling, member });
        }
        scaling.is_some()
    };
    let whole = input.provisioned_write_capacity_auto_scaling_update.as_ref();
    let member = "GlobalTableProvisionedWriteCapacityAutoScalingSettingsUpdate";
    add(None, "", Side::Write, whole, member);
    for update in input.global_secondary_index_updates.iter().flatten() {
        let given = update.provisioned_write_capacity_auto_scaling_update.as_ref();
        let member = "GlobalTableGlobalSecondaryIndexSettingsUpdate";
        let index = update.index_name.as_deref().unwrap_or_default();
        add(None, index, Side::Write, given, member);
    }
    let mut seen = BTreeSet::new();
    for update in input.replica_updates.iter().flatten() {
        let region = super::region(update.region_name.as_ref())?;
        if !seen.insert(region) {
            return Err(scaling::twice(name, region));
        }
        let given = update.replica_provisioned_read_capacity_auto_scaling_update.as_ref();
        let member = "ReplicaProvisionedReadCapacityAutoScalingSettingsUpdate";
        let mut says = add(Some(region), "", Side::Read, given, member);
        for update in update.replica_global_secondary_index_updates.iter().flatten() {
            let given = update.provisioned_read_capacity_auto_scaling_update.as_ref();
            let member = "ReplicaGlobalSecondaryIndexSettingsUpdate";
            let index = update.index_name.as_deref().unwrap_or_default();
            says |= add(Some(region), index, Side::Read, given, member);
        }
        if !says {
            return Err(scaling::nothing(name, Some(region)));
        }
    }
    if changes.is_empty() { Err(scaling::nothing(name, None)) } else { Ok(changes) }
}
