//! Auto scaling of the tables and indexes of global tables: settings are kept and told again. Nothing
//! grows or shrinks by itself, because nothing is ever too small; but a table that has fewer units than
//! it should have at least gets them.

use std::collections::{BTreeMap, BTreeSet};

use cumulet_core::{AccountId, AwsError, Region, Timestamp};

use crate::api;
use crate::errors::validation;
use crate::state::{Capacity, TableRow};

/// Units to read or to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    Read,
    Write,
}

/// An index, or the table itself under no name, and which of its units.
pub(crate) type Scaled = (String, Side);

/// Bounds, and what utilization is aimed at.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scaling {
    min: i64,
    max: i64,
    role: String,
    policy: String,
    target: f64,
    keeps: Option<bool>,
    cooldown_in: Option<i32>,
    cooldown_out: Option<i32>,
}

/// One of the settings that somebody asks for.
pub(crate) struct Change<'a> {
    /// Everywhere, if none is said.
    pub(crate) region: Option<Region>,
    /// The index; the table itself under no name.
    pub(crate) index: &'a str,
    pub(crate) side: Side,
    pub(crate) units: Option<i64>,
    pub(crate) scaling: Option<&'a api::AutoScalingSettingsUpdate>,
    /// What AWS calls the member that it came in, in its texts.
    pub(crate) member: &'static str,
}

/// Codes of what the operations that change settings say.
pub(crate) struct Codes {
    pub(crate) replica: &'static str,
    pub(crate) index: &'static str,
}

/// How AWS says that settings cannot be changed.
fn failed(name: &str) -> String {
    format!("Failed to update settings for global table with name: ‘{name}’")
}

/// What says that a region is there twice.
pub(crate) fn twice(name: &str, region: Region) -> AwsError {
    let text = format!("because the regions: ‘[{region}]’ were specified more than once.");
    validation(format!("{} {text}", failed(name)))
}

/// What says that nothing shall be changed.
pub(crate) fn nothing(name: &str, region: Option<Region>) -> AwsError {
    let place = region.map(|region| format!(" for region: ‘{region}’")).unwrap_or_default();
    let text = "because at least one update parameter must be specified";
    validation(format!("{} {text}{place}.", failed(name)))
}

/// Settings that all regions share.
pub(crate) fn of_writes(all: &BTreeMap<Scaled, Scaling>) -> BTreeMap<Scaled, Scaling> {
    let writes = all.iter().filter(|((_, side), _)| *side == Side::Write);
    writes.map(|(scaled, scaling)| (scaled.clone(), scaling.clone())).collect()
}

impl Change<'_> {
    fn is_switched_off(&self) -> bool {
        self.units.is_none() && self.scaling.is_some_and(|s| s.auto_scaling_disabled == Some(true))
    }

    /// What is asked for; nothing where it is switched off.
    fn parse(&self, table: &TableRow, account: AccountId) -> Result<Option<Scaling>, AwsError> {
        let Some(given) = self.scaling else { return Ok(None) };
        let name = &table.name;
        let has = [
            ("MaximumUnits", given.maximum_units.is_some()),
            ("ScalingPolicyUpdate", given.scaling_policy_update.is_some()),
            ("MinimumUnits", given.minimum_units.is_some()),
        ];
        let off = given.auto_scaling_disabled == Some(true);
        let wrong = has.iter().filter(|(_, has)| *has == off).map(|(name, _)| format!("'{name}'"));
        let wrong: Vec<_> = wrong.collect();
        if !wrong.is_empty() {
            let text = if off {
                "must be left blank when disabling auto scaling."
            } else {
                "are required unless auto scaling is being disabled."
            };
            let (failed, wrong) = (failed(name), wrong.join(", "));
            return Err(validation(format!("{failed}: Parameters {wrong} {text}")));
        }
        let (Some(min), Some(max), Some(policy)) =
            (given.minimum_units, given.maximum_units, given.scaling_policy_update.as_ref())
        else {
            return Ok(None);
        };
        if max < min {
            return Err(validation("Maximum capacity cannot be less than minimum capacity"));
        }
        let metric = match self.side {
            Side::Read => "DynamoDBReadCapacityUtilization",
            Side::Write => "DynamoDBWriteCapacityUtilization",
        };
        let tracking = policy.target_tracking_scaling_policy_configuration.as_ref();
        let target = tracking.and_then(|t| t.target_value).unwrap_or_default();
        if !(10.0..=90.0).contains(&target) {
            return Err(validation(format!(
                "For predefined metric type {metric}, target value must be between '10.0' and \
                 '90.0', but was '{target:?}'."
            )));
        }
        let index =
            if self.index.is_empty() { String::new() } else { format!("/index/{}", self.index) };
        let named = policy.policy_name.clone();
        let role = given.auto_scaling_role_arn.clone();
        Ok(Some(Scaling {
            min,
            max,
            role: role.unwrap_or_else(|| default_role(account)),
            policy: named.unwrap_or_else(|| format!("{metric}:table/{name}{index}")),
            target,
            keeps: tracking.and_then(|t| t.disable_scale_in),
            cooldown_in: tracking.and_then(|t| t.scale_in_cooldown),
            cooldown_out: tracking.and_then(|t| t.scale_out_cooldown),
        }))
    }
}

/// AWS's own for it.
fn default_role(account: AccountId) -> String {
    let path = "aws-service-role/dynamodb.application-autoscaling.amazonaws.com";
    let name = "AWSServiceRoleForApplicationAutoScaling_DynamoDBTable";
    format!("arn:aws:iam::{account}:role/{path}/{name}")
}

/// Refuses what cannot be done to a global table, of whose tables each is as the others but for their
/// units.
pub(crate) fn check(
    table: &TableRow,
    regions: &BTreeSet<Region>,
    changes: &[Change<'_>],
    codes: &Codes,
) -> Result<(), AwsError> {
    let failed = failed(&table.name);
    let unknown: Vec<_> = changes
        .iter()
        .filter_map(|change| change.region)
        .filter(|region| !regions.contains(region))
        .map(|region| region.to_string())
        .collect();
    if !unknown.is_empty() {
        let list = unknown.join(", ");
        let text = format!("{failed} because a replica does not exist in regions: ‘[{list}]’.");
        return Err(AwsError::new(codes.replica, 400, text));
    }
    for change in changes {
        let index = change.index;
        if index.is_empty() || table.index(index).is_some_and(crate::schema::Index::is_global) {
            continue;
        }
        let text = match change.region {
            None => format!(
                "{failed} because the global secondary indexes with names: ‘[{index}]’ do not exist."
            ),
            Some(region) => format!(
                "{failed} because a global secondary index with name: ‘{index}’ does not exist in \
                 region: ‘{region}’."
            ),
        };
        return Err(AwsError::new(codes.index, 400, text));
    }
    Ok(())
}

/// Refuses units where there are none.
pub(crate) fn check_units(
    table: &TableRow,
    regions: &BTreeSet<Region>,
    changes: &[Change<'_>],
) -> Result<(), AwsError> {
    let first = changes.iter().find(|change| !change.is_switched_off());
    let (None, Some(first)) = (&table.capacity.provisioned, first) else { return Ok(()) };
    let list: Vec<_> =
        regions.iter().map(|region| format!("'{}'", region.as_str().to_uppercase())).collect();
    let (name, list, member) = (&table.name, list.join(", "), first.member);
    Err(validation(format!(
        "Failed to update global table with name ‘{name}‘. Replicas {list} BillingMode is \
         PayPerRequest. You must convert table's BillingMode to PROVISIONED to set parameters: \
         '{member}'."
    )))
}

/// Does to one region's table what is asked of it.
pub(crate) fn apply(
    table: &mut TableRow,
    account: AccountId,
    region: Region,
    changes: &[Change<'_>],
    now: Timestamp,
) -> Result<(), AwsError> {
    let here = |change: &&Change<'_>| change.region.is_none_or(|r| r == region);
    for change in changes.iter().filter(here) {
        let scaled = (change.index.to_owned(), change.side);
        let scaling = change.parse(table, account)?;
        if change.scaling.is_some() {
            table.group.scaling.remove(&scaled);
        }
        if let Some(units) = change.units {
            set_units(table, change, now, |_| units);
        }
        if let Some(scaling) = scaling {
            let (min, max) = (scaling.min, scaling.max);
            set_units(table, change, now, |units| units.clamp(min, max));
            table.group.scaling.insert(scaled, scaling);
        }
    }
    Ok(())
}

fn set_units(
    table: &mut TableRow,
    change: &Change<'_>,
    now: Timestamp,
    next: impl FnOnce(i64) -> i64,
) {
    let capacity: Option<&mut Capacity> = if change.index.is_empty() {
        Some(&mut table.capacity)
    } else {
        let index = table.indexes.iter_mut().find(|index| index.name == change.index);
        index.and_then(|index| index.capacity.as_mut())
    };
    let Some(units) = capacity.and_then(|capacity| capacity.provisioned.as_mut()) else { return };
    let (read, write) = (units.read, units.write);
    match change.side {
        Side::Read => units.set(next(read), write, now),
        Side::Write => units.set(read, next(write), now),
    }
}

/// What is set of a table or index.
pub(crate) fn describe(
    table: &TableRow,
    index: &str,
    side: Side,
) -> api::AutoScalingSettingsDescription {
    let Some(scaling) = table.group.scaling.get(&(index.to_owned(), side)) else {
        return api::AutoScalingSettingsDescription {
            auto_scaling_disabled: Some(true),
            scaling_policies: Some(Vec::new()),
            ..api::AutoScalingSettingsDescription::default()
        };
    };
    let policy = api::AutoScalingPolicyDescription {
        policy_name: Some(scaling.policy.clone()),
        target_tracking_scaling_policy_configuration: Some(
            api::AutoScalingTargetTrackingScalingPolicyConfigurationDescription {
                disable_scale_in: scaling.keeps,
                scale_in_cooldown: scaling.cooldown_in,
                scale_out_cooldown: scaling.cooldown_out,
                target_value: Some(scaling.target),
            },
        ),
    };
    api::AutoScalingSettingsDescription {
        minimum_units: Some(scaling.min),
        maximum_units: Some(scaling.max),
        // A table that is paid for by request keeps its settings for later.
        auto_scaling_disabled: table.capacity.provisioned.is_none().then_some(true),
        auto_scaling_role_arn: Some(scaling.role.clone()),
        scaling_policies: Some(vec![policy]),
    }
}
