//! What a replica may have of its own: its region's key, units to read and their bound, and its class.
//! `ReplicaUpdates` make a replica with these, or change them later.

use std::collections::BTreeMap;

use cumulet_core::world::Scope;
use cumulet_core::{Arn, AwsError, Cx, Region, Timestamp};

use super::membership::not_there;
use super::wanted::Own;
use super::{Group, everywhere};
use crate::api;
use crate::errors::{self, invalid, validation};
use crate::name::TableRef;
use crate::schema::Index;
use crate::state::{Capacity, Class, Encryption, TableRow};
use crate::{DynamoDb, encryption, scaling};

pub(super) fn no_key() -> AwsError {
    invalid("KMSMasterKeyId must be specified for each replica.")
}

impl DynamoDb {
    /// Changes replicas that there are.
    pub(super) fn change(
        &self,
        cx: &Cx,
        at: &TableRef<'_>,
        before: &TableRow,
        changed: &BTreeMap<Region, Own<'_>>,
    ) -> Result<(), AwsError> {
        let is_member = |r: &&Region| **r == at.scope.region || before.group.others.contains(r);
        if !before.group.is_current() {
            not_there("replicas", changed.keys())?;
        }
        not_there("replicas", changed.keys().filter(|region| !is_member(region)))?;
        self.change_all(cx, &everywhere(at.scope, changed.keys()), at.name, |table, scope| {
            let Some(own) = changed.get(&scope.region) else { return Ok(()) };
            check_own(table, own)?;
            override_all(table, own, cx.now());
            Ok(())
        })
    }
}

/// The key of a new replica: of the same sort as the table's, and of the replica's region.
pub(super) async fn replica_key(
    cx: &Cx,
    source: &TableRow,
    region: Region,
    given: Option<&str>,
) -> Result<Option<Encryption>, AwsError> {
    let sort = "All replica keys must either be Customer Managed CMK or AWS Managed CMK.";
    let is_own = given.is_some_and(|key| key != encryption::DEFAULT_KEY);
    let key = match (&source.encryption, given) {
        (None, None) => return Ok(None),
        (None, Some(_)) => return Err(no_key()),
        (Some(sse), None) if sse.is_customers => return Err(no_key()),
        (Some(sse), Some(_)) if sse.is_customers != is_own => return Err(invalid(sort)),
        (Some(_), given) => given.unwrap_or(encryption::DEFAULT_KEY),
    };
    let found = Arn::parse(key).filter(|arn| arn.region != region.as_str());
    if let Some(arn) = found {
        let text = "com.amazonaws.services.kms.model.NotFoundException: Invalid arn";
        let wrong = arn.region;
        return Err(validation(format!(
            "KMS validation error for region {region}: {text} {wrong}"
        )));
    }
    Ok(Some(encryption::of_key(&cx.to(cx.account(), region), key).await))
}

/// Whether a replica can have these settings.
fn check_own(table: &TableRow, own: &Own<'_>) -> Result<(), AwsError> {
    if own.key.is_some() {
        // AWS changes a replica's key in its own region only.
        return Err(no_key());
    }
    let indexes = own.indexes;
    let has_units = own.units.is_some()
        || indexes.iter().any(|index| index.provisioned_throughput_override.is_some());
    let has_most =
        own.most.is_some() || indexes.iter().any(|i| i.on_demand_throughput_override.is_some());
    let mut names = indexes.iter().map(|index| index.index_name.as_deref().unwrap_or_default());
    if let Some(name) = names.find(|name| !table.index(name).is_some_and(Index::is_global)) {
        return Err(errors::index_not_found(&table.name, name));
    }
    let by_request = table.capacity.provisioned.is_none();
    if has_units && by_request {
        return Err(validation(
            "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode \
             is PAY_PER_REQUEST",
        ));
    }
    if has_most && !by_request {
        return Err(validation(
            "MaxReadRequestUnits for OnDemandThroughput cannot be specified when the table \
             BillingMode is PROVISIONED",
        ));
    }
    Ok(())
}

/// Gives a replica what it shall have of its own.
pub(super) fn override_all(table: &mut TableRow, own: &Own<'_>, now: Timestamp) {
    for index in own.indexes {
        let name = index.index_name.as_deref().unwrap_or_default();
        // An index that is not there is passed over, as on AWS.
        let found = table.indexes.iter_mut().find(|index| index.name == name);
        if let Some(capacity) = found.and_then(|index| index.capacity.as_mut()) {
            override_index(capacity, index, now);
        }
    }
    override_capacity(&mut table.capacity, own.units, own.most, now);
    if let Some(name) = own.class {
        table.class = Some(Class { name: name.to_owned(), updated: Some(now) });
    }
}

fn override_index(capacity: &mut Capacity, own: &api::ReplicaGlobalSecondaryIndex, now: Timestamp) {
    let units = own.provisioned_throughput_override.as_ref().and_then(|o| o.read_capacity_units);
    let most = own.on_demand_throughput_override.as_ref().and_then(|o| o.max_read_request_units);
    override_capacity(capacity, units, most, now);
}

/// What does not fit how the table is paid for is passed over where a replica is made, as on AWS.
fn override_capacity(
    capacity: &mut Capacity,
    units: Option<i64>,
    most: Option<i64>,
    now: Timestamp,
) {
    match (&mut capacity.provisioned, units, most) {
        (Some(provisioned), Some(read), _) => {
            let write = provisioned.write;
            provisioned.set(read, write, now);
        }
        (None, _, Some(read)) => {
            let (_, write) = capacity.most.unwrap_or_default();
            capacity.most = Some((Some(read), write));
        }
        _ => {}
    }
}

/// The same table in another region, without items.
pub(super) fn replica_of(cx: &Cx, source: &TableRow, scope: Scope) -> TableRow {
    let at = TableRef { scope, name: &source.name };
    TableRow {
        arn: at.arn(),
        id: cx.ids().uuid(),
        created: cx.now(),
        is_protected: false,
        tags: cumulet_core::tags::Tags::new(),
        policy: None,
        stream_policy: None,
        stream: None,
        destinations: Vec::new(),
        insights: BTreeMap::new(),
        recovery: None,
        restored: None,
        group: Group { scaling: scaling::of_writes(&source.group.scaling), ..Group::default() },
        ..source.clone()
    }
}
