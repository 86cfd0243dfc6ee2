//! `DescribeGlobalTableSettings` and `UpdateGlobalTableSettings`: what the tables of a global table of the
//! version of 2017 can take, region by region.

use std::collections::BTreeSet;

use cumulet_core::world::Scope;
use cumulet_core::{AwsError, Cx, Region, Timestamp};

use super::Members;
use crate::api::{self, input, output};
use crate::description::{Phase, billing, class};
use crate::replica::{everywhere, region};
use crate::scaling::{self, Change, Codes, Side};
use crate::state::{Class, Provisioned, TableRow};
use crate::{DynamoDb, capacity, errors, vector};

const CODES: Codes = Codes { replica: "ReplicaNotFoundException", index: "IndexNotFoundException" };

/// The tables whose settings somebody asks for.
fn members(db: &DynamoDb, cx: &Cx, name: &str) -> Result<Members, AwsError> {
    let found = db.global_table(cx, name);
    found.ok_or_else(|| errors::no_global_table("GlobalTableNotFoundException", name))
}

pub(crate) fn describe_global_table_settings(
    db: &DynamoDb,
    cx: &Cx,
    input: input::DescribeGlobalTableSettings,
) -> Result<output::DescribeGlobalTableSettings, AwsError> {
    let name = input.global_table_name.unwrap_or_default();
    let members = members(db, cx, &name)?;
    Ok(output::DescribeGlobalTableSettings {
        global_table_name: Some(name),
        replica_settings: Some(describe_all(&members, "ACTIVE")),
    })
}

fn describe_all(members: &Members, status: &str) -> Vec<api::ReplicaSettingsDescription> {
    members.iter().map(|(region, table)| describe(*region, table, status)).collect()
}

fn describe(region: Region, table: &TableRow, status: &str) -> api::ReplicaSettingsDescription {
    let units = table.capacity.provisioned.as_ref();
    let indexes = table.indexes.iter().filter(|index| index.is_global());
    let indexes = indexes.map(|index| {
        let units = index.capacity.as_ref().and_then(|capacity| capacity.provisioned.as_ref());
        let settings = |side| Some(scaling::describe(table, &index.name, side));
        api::ReplicaGlobalSecondaryIndexSettingsDescription {
            index_name: Some(index.name.clone()),
            index_status: Some("ACTIVE".to_owned()),
            provisioned_read_capacity_units: units.map(|units| units.read),
            provisioned_read_capacity_auto_scaling_settings: settings(Side::Read),
            provisioned_write_capacity_units: units.map(|units| units.write),
            provisioned_write_capacity_auto_scaling_settings: settings(Side::Write),
        }
    });
    let indexes: Vec<_> = indexes.collect();
    let settings = |side| Some(scaling::describe(table, "", side));
    api::ReplicaSettingsDescription {
        region_name: Some(region.to_string()),
        replica_status: Some(status.to_owned()),
        replica_billing_mode_summary: billing(table, Phase::Active),
        replica_provisioned_read_capacity_units: Some(units.map_or(0, |units| units.read)),
        replica_provisioned_read_capacity_auto_scaling_settings: settings(Side::Read),
        replica_provisioned_write_capacity_units: Some(units.map_or(0, |units| units.write)),
        replica_provisioned_write_capacity_auto_scaling_settings: settings(Side::Write),
        replica_global_secondary_index_settings: Some(indexes).filter(|list| !list.is_empty()),
        replica_table_class_summary: class(table),
    }
}

pub(crate) fn update_global_table_settings(
    db: &DynamoDb,
    cx: &Cx,
    input: input::UpdateGlobalTableSettings,
) -> Result<output::UpdateGlobalTableSettings, AwsError> {
    let name = input.global_table_name.clone().unwrap_or_default();
    let members = members(db, cx, &name)?;
    let regions: BTreeSet<Region> = members.keys().copied().collect();
    let asked = Asked::parse(&input, &name)?;
    if let Some(table) = members.values().next() {
        scaling::check(table, &regions, &asked.changes, &CODES)?;
    }
    db.change_all(cx, &everywhere(cx.scope(), &regions), &name, |table, scope| {
        asked.change(table, &regions, scope, cx.now())
    })?;
    let members = db.global_table(cx, &name).unwrap_or_default();
    Ok(output::UpdateGlobalTableSettings {
        global_table_name: Some(name),
        replica_settings: Some(describe_all(&members, "UPDATING")),
    })
}

struct Asked<'a> {
    billing: Option<&'a str>,
    changes: Vec<Change<'a>>,
    classes: Vec<(Region, &'a str)>,
}

impl<'a> Asked<'a> {
    fn parse(input: &'a input::UpdateGlobalTableSettings, name: &str) -> Result<Self, AwsError> {
        let (mut changes, mut classes) = (Vec::new(), Vec::new());
        let mut add = |region, index, side, units: Option<i64>, scaling, member| {
            let scaling: Option<&'a api::AutoScalingSettingsUpdate> = scaling;
            if units.is_some() || scaling.is_some() {
                changes.push(Change { region, index, side, units, scaling, member });
            }
            units.is_some() || scaling.is_some()
        };
        let units = input.global_table_provisioned_write_capacity_units;
        add(None, "", Side::Write, units, None, "GlobalTableProvisionedWriteCapacityUnits");
        let given = &input.global_table_provisioned_write_capacity_auto_scaling_settings_update;
        let member = "GlobalTableProvisionedWriteCapacityAutoScalingSettingsUpdate";
        add(None, "", Side::Write, None, given.as_ref(), member);
        for update in input.global_table_global_secondary_index_settings_update.iter().flatten() {
            let index = update.index_name.as_deref().unwrap_or_default();
            let units = update.provisioned_write_capacity_units;
            let given = update.provisioned_write_capacity_auto_scaling_settings_update.as_ref();
            let member = "GlobalTableGlobalSecondaryIndexSettingsUpdate";
            add(None, index, Side::Write, units, given, member);
        }
        let mut seen = BTreeSet::new();
        for update in input.replica_settings_update.iter().flatten() {
            let region = region(update.region_name.as_ref())?;
            if !seen.insert(region) {
                return Err(scaling::twice(name, region));
            }
            let units = update.replica_provisioned_read_capacity_units;
            let member = "ReplicaProvisionedReadCapacityUnits";
            let mut says = add(Some(region), "", Side::Read, units, None, member);
            let given = &update.replica_provisioned_read_capacity_auto_scaling_settings_update;
            let member = "ReplicaProvisionedReadCapacityAutoScalingSettingsUpdate";
            says |= add(Some(region), "", Side::Read, None, given.as_ref(), member);
            for update in update.replica_global_secondary_index_settings_update.iter().flatten() {
                let index = update.index_name.as_deref().unwrap_or_default();
                let units = update.provisioned_read_capacity_units;
                let given = update.provisioned_read_capacity_auto_scaling_settings_update.as_ref();
                let member = "ReplicaGlobalSecondaryIndexSettingsUpdate";
                says |= add(Some(region), index, Side::Read, units, given, member);
            }
            classes.extend(update.replica_table_class.as_deref().map(|class| (region, class)));
            if !says && update.replica_table_class.is_none() {
                return Err(scaling::nothing(name, Some(region)));
            }
        }
        let billing = input.global_table_billing_mode.as_deref();
        if billing.is_none() && changes.is_empty() && classes.is_empty() {
            return Err(scaling::nothing(name, None));
        }
        Ok(Self { billing, changes, classes })
    }

    fn change(
        &self,
        table: &mut TableRow,
        regions: &BTreeSet<Region>,
        scope: Scope,
        now: Timestamp,
    ) -> Result<(), AwsError> {
        let was_by_request = table.capacity.provisioned.is_none();
        let by_request = self.billing.map_or(was_by_request, |mode| mode == "PAY_PER_REQUEST");
        if by_request != was_by_request {
            let units = (!by_request).then(|| Provisioned::new(0, 0));
            let indexes = table.indexes.iter_mut().filter_map(|index| index.capacity.as_mut());
            for capacity in indexes.chain([&mut table.capacity]) {
                capacity.provisioned.clone_from(&units);
            }
        }
        if by_request && !was_by_request {
            table.by_request_since = Some(now);
        }
        scaling::check_units(table, regions, &self.changes)?;
        scaling::apply(table, scope.account, scope.region, &self.changes, now)?;
        check_all_said(table)?;
        vector::check_table(table)?;
        let class = self.classes.iter().find(|(region, _)| *region == scope.region);
        if let Some((_, name)) = class {
            table.class = Some(Class { name: (*name).to_owned(), updated: Some(now) });
        }
        Ok(())
    }
}

/// Whether a table that is provisioned now has all of its units.
fn check_all_said(table: &TableRow) -> Result<(), AwsError> {
    let globals = table.indexes.iter().filter_map(|i| Some((Some(&*i.name), i.capacity.as_ref()?)));
    for (index, capacity) in globals.chain([(None, &table.capacity)]) {
        let units = capacity.provisioned.as_ref();
        if units.is_some_and(|units| units.read == 0 || units.write == 0) {
            capacity::units(None, index)?;
        }
    }
    Ok(())
}
