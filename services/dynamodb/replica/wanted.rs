//! What `UpdateTable` is asked to do with a table's replicas: one sort of change at a time, and but
//! for strong groups one region.

use std::collections::{BTreeMap, BTreeSet};

use cumulet_core::{AwsError, Region};

use crate::api::{self, input};
use crate::errors::{invalid, validation};

/// What shall become of the group.
#[derive(Debug)]
pub(super) enum Wanted<'a> {
    Create(BTreeMap<Region, Own<'a>>),
    Update(BTreeMap<Region, Own<'a>>),
    Delete(BTreeSet<Region>),
    /// The table shall go on alone.
    Disassociate(Region),
}

/// Settings of a replica's own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Own<'a> {
    pub(super) key: Option<&'a str>,
    pub(super) units: Option<i64>,
    pub(super) most: Option<i64>,
    pub(super) class: Option<&'a str>,
    pub(super) indexes: &'a [api::ReplicaGlobalSecondaryIndex],
}

/// Both actions have the same members for it.
macro_rules! own {
    ($action:expr) => {
        Own {
            key: $action.kms_master_key_id.as_deref(),
            units: $action
                .provisioned_throughput_override
                .as_ref()
                .and_then(|given| given.read_capacity_units),
            most: $action
                .on_demand_throughput_override
                .as_ref()
                .and_then(|given| given.max_read_request_units),
            class: $action.table_class_override.as_deref(),
            indexes: $action.global_secondary_indexes.as_deref().unwrap_or_default(),
        }
    };
}

impl Own<'_> {
    /// Whether it says nothing, of the table or of an index that it names.
    fn is_empty(&self) -> bool {
        let says = |index: &api::ReplicaGlobalSecondaryIndex| {
            index.provisioned_throughput_override.is_some()
                || index.on_demand_throughput_override.is_some()
        };
        let of_table = self.key.is_some()
            || self.units.is_some()
            || self.most.is_some()
            || self.class.is_some();
        !self.indexes.iter().all(says) || (!of_table && self.indexes.is_empty())
    }
}

/// A region by its name.
pub(crate) fn region(name: Option<&String>) -> Result<Region, AwsError> {
    let name = name.map_or("", String::as_str);
    Region::parse(name).ok_or_else(|| validation(format!("Region {name} is not supported.")))
}

fn nothing() -> AwsError {
    validation("There are no actions specified in the Replica Update Action of the request.")
}

pub(super) fn several() -> AwsError {
    validation("Update table operation with more than one type of replica actions not allowed.")
}

impl<'a> Wanted<'a> {
    pub(super) fn parse(input: &'a input::UpdateTable) -> Result<Self, AwsError> {
        let (mut created, mut updated) = (BTreeMap::new(), BTreeMap::new());
        let (mut deleted, mut left) = (BTreeSet::new(), None);
        for update in input.replica_updates.iter().flatten() {
            let kinds = [
                update.create.is_some(),
                update.update.is_some(),
                update.delete.is_some(),
                update.disassociate.is_some(),
            ];
            match kinds.iter().filter(|given| **given).count() {
                0 => return Err(nothing()),
                1 => {}
                _ => return Err(several()),
            }
            if let Some(action) = &update.create {
                created.insert(region(action.region_name.as_ref())?, own!(action));
            }
            if let Some(action) = &update.update {
                let own = own!(action);
                let region = region(action.region_name.as_ref())?;
                if own.is_empty() {
                    return Err(nothing());
                }
                updated.insert(region, own);
            }
            if let Some(action) = &update.delete {
                deleted.insert(region(action.region_name.as_ref())?);
            }
            if let Some(action) = &update.disassociate {
                left = Some(region(action.region_name.as_ref())?);
            }
        }
        match (created.is_empty(), updated.is_empty(), deleted.is_empty(), left) {
            (false, true, true, None) => Ok(Self::Create(created)),
            (true, false, true, None) => Ok(Self::Update(updated)),
            (true, true, false, None) => Ok(Self::Delete(deleted)),
            (true, true, true, Some(region)) => {
                if input.replica_updates.as_ref().is_some_and(|all| all.len() > 1) {
                    return Err(invalid("Disassociate must be the only replica update"));
                }
                Ok(Self::Disassociate(region))
            }
            (true, true, true, None) => Err(nothing()),
            _ => Err(several()),
        }
    }
}

/// Whether there is something to change: replicas, or something else, which never come together.
pub(crate) fn check_alone(input: &input::UpdateTable, is_other: bool) -> Result<bool, AwsError> {
    let has_replicas = input.replica_updates.is_some();
    let is_strong =
        input.multi_region_consistency.is_some() || input.global_table_witness_updates.is_some();
    let protects = input.disassociation_protection_enabled.is_some();
    if is_other && is_strong {
        return Err(invalid(
            "Requests that modify replicas or witnesses must not also modify other fields",
        ));
    }
    if is_other && has_replicas {
        return Err(invalid("Replica modification must be the only operation in the request"));
    }
    if protects && (is_other || has_replicas || is_strong) {
        let text =
            "DisassociationProtection modification must be the only operation in the request";
        return Err(invalid(text));
    }
    Ok(is_other || has_replicas || protects)
}

/// The witness that shall be made or deleted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Witness {
    Create(Region),
    Delete(Region),
}

impl Witness {
    pub(super) fn region(self) -> Region {
        let (Self::Create(region) | Self::Delete(region)) = self;
        region
    }

    pub(super) fn parse(input: &input::UpdateTable) -> Result<Option<Self>, AwsError> {
        let given = input.global_table_witness_updates.as_deref().unwrap_or_default();
        let Some(first) = given.first() else { return Ok(None) };
        match (&first.create, &first.delete) {
            (Some(create), None) => Ok(Some(Self::Create(region(create.region_name.as_ref())?))),
            (None, Some(delete)) => Ok(Some(Self::Delete(region(delete.region_name.as_ref())?))),
            _ => Err(several()),
        }
    }
}
