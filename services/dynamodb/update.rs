//! `UpdateTable`: what can be changed about a table that is there.

use cumulet_core::{AwsError, Cx, Timestamp};

use crate::api::{self, input, output};
use crate::description::Phase;
use crate::errors::{self, invalid, validation};
use crate::name::TableRef;
use crate::schema::{self, Index};
use crate::state::{Class, Encryption, Provisioned, TableRow, Tables, label};
use crate::{DynamoDb, capacity, encryption, replica, table, vector};

pub(crate) async fn update_table(
    db: &DynamoDb,
    cx: &Cx,
    input: input::UpdateTable,
) -> Result<output::UpdateTable, AwsError> {
    let at = TableRef::of(cx, input.table_name.as_ref())?;
    check_something(&input)?;
    if input.replica_updates.is_some() {
        let description = db.update_replicas(cx, &at, &input).await?;
        return Ok(output::UpdateTable { table_description: Some(description) });
    }
    if let Some(on) = input.disassociation_protection_enabled {
        let description = db.protect_replica(cx, &at, on)?;
        return Ok(output::UpdateTable { table_description: Some(description) });
    }
    let encryption = encryption::choose(cx, input.sse_specification.as_ref()).await?;
    let (mut description, before, after) = db.store.write(cx, at.scope, |tx| {
        let before = tx.named(at.name)?.clone();
        let mut table = TableRow::clone(&before);
        set_capacity(&mut table, &input, cx.now())?;
        set_rest(&mut table, &input, cx.now())?;
        if input.sse_specification.is_some() {
            replica::check_encryption(&before, encryption.as_ref())?;
            table.encryption = encryption;
        }
        for change in input.global_secondary_index_updates.iter().flatten() {
            change_index(tx, &mut table, change, &input, cx.now())?;
        }
        if let Some(updates) = &input.vector_index_updates {
            define(&mut table, &input)?;
            vector::change(tx, &mut table, updates, changed_globals(&input))?;
        }
        vector::check_table(&table)?;
        // Definitions may come along with an index, and those of a deleted one may go.
        let mut attributes = std::mem::take(&mut table.attributes);
        attributes.retain(|(name, _)| table.defines(name));
        table.attributes = attributes;
        let mut description = tx.describe(&table, Phase::Updating);
        if let Some(sse) = description.sse_description.as_mut()
            && before.encryption.is_none()
        {
            sse.status = Some("UPDATING".to_owned());
        } else if let (None, Some(Encryption { key_arn, .. })) =
            (&description.sse_description, &before.encryption)
        {
            description.sse_description = Some(api::SSEDescription {
                status: Some("UPDATING".to_owned()),
                sse_type: Some("KMS".to_owned()),
                kms_master_key_arn: Some(key_arn.clone()),
                ..api::SSEDescription::default()
            });
        }
        if input.stream_specification.is_some() {
            tx.close_stream(&before, cx.now());
        }
        let after = table.clone();
        tx.put_changed(&before, table);
        Ok::<_, AwsError>((description, before, after))
    })?;
    db.follow(cx, &at, &before, &after);
    if let Some(given) = &input.sse_specification {
        db.follow_encryption(cx, &at, &after, given).await?;
    }
    description.replicas = db.describe_replicas(cx, at.scope, &after);
    Ok(output::UpdateTable { table_description: Some(description) })
}

fn check_something(input: &input::UpdateTable) -> Result<(), AwsError> {
    let given = [
        input.provisioned_throughput.is_some(),
        input.billing_mode.is_some(),
        input.stream_specification.is_some(),
        input.global_secondary_index_updates.is_some(),
        input.vector_index_updates.is_some(),
        input.sse_specification.is_some(),
        input.table_class.is_some(),
        input.deletion_protection_enabled.is_some(),
        input.on_demand_throughput.is_some(),
        input.warm_throughput.is_some(),
        input.global_table_settings_replication_mode.is_some(),
    ];
    let is_other = given.contains(&true);
    if replica::check_alone(input, is_other)? {
        return Ok(());
    }
    Err(validation(
        "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, \
         GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is required",
    ))
}

fn set_capacity(
    table: &mut TableRow,
    input: &input::UpdateTable,
    now: Timestamp,
) -> Result<(), AwsError> {
    let was_by_request = table.capacity.provisioned.is_none();
    let by_request = match input.billing_mode.as_deref() {
        Some(mode) => mode == "PAY_PER_REQUEST",
        None => was_by_request,
    };
    if by_request && !was_by_request {
        table.by_request_since = Some(now);
        for capacity in table.indexes.iter_mut().filter_map(|index| index.capacity.as_mut()) {
            capacity.provisioned = None;
        }
    }
    let given = capacity::Given {
        provisioned: input.provisioned_throughput.as_ref(),
        on_demand: input.on_demand_throughput.as_ref(),
        warm: input.warm_throughput.as_ref(),
    };
    // A table that stays provisioned need not say it again.
    let is_said = given.provisioned.is_some() || by_request != was_by_request;
    let before = table.capacity.clone();
    if is_said || by_request {
        let mut next = given.parse(by_request, None)?.provisioned;
        if let (Some(next), Some(before)) = (&mut next, &before.provisioned) {
            change_units(next, before, now, input.billing_mode.is_none())?;
        }
        table.capacity.provisioned = next;
    }
    table.capacity.set_rest(given);
    if was_by_request && !by_request {
        let missing = table.indexes.iter().find(|index| {
            let updates = input.global_secondary_index_updates.iter().flatten();
            let mut names = updates.filter_map(|u| u.update.as_ref()?.index_name.as_deref());
            index.is_global() && !names.any(|name| name == index.name)
        });
        if let Some(index) = missing {
            let text = "ProvisionedThroughput must be specified for index";
            return Err(invalid(format!("{text}: {}", index.name)));
        }
    }
    Ok(())
}

fn change_units(
    next: &mut Provisioned,
    before: &Provisioned,
    now: Timestamp,
    must_differ: bool,
) -> Result<(), AwsError> {
    let (read, write) = (next.read, next.write);
    if must_differ && (read, write) == (before.read, before.write) {
        return Err(validation(format!(
            "The provisioned throughput for the table will not change. The requested value equals \
             the current value. Current ReadCapacityUnits provisioned for the table: {}. Requested \
             ReadCapacityUnits: {read}. Current WriteCapacityUnits provisioned for the table: {}. \
             Requested WriteCapacityUnits: {write}. Refer to the Amazon DynamoDB Developer Guide \
             for current limits and how to request higher limits.",
            before.read, before.write
        )));
    }
    next.clone_from(before);
    next.set(read, write, now);
    Ok(())
}

fn set_rest(
    table: &mut TableRow,
    input: &input::UpdateTable,
    now: Timestamp,
) -> Result<(), AwsError> {
    if let Some(class) = &input.table_class {
        table.class = Some(Class { name: class.clone(), updated: Some(now) });
    }
    if let Some(on) = input.deletion_protection_enabled {
        table.is_protected = on;
    }
    if let Some(mode) = &input.global_table_settings_replication_mode {
        table.group.set_mode(mode)?;
    }
    let Some(given) = &input.stream_specification else { return Ok(()) };
    let is_on = table.stream.as_ref().is_some_and(|stream| stream.is_enabled);
    if given.stream_enabled != Some(true) && table.group.needs_stream() {
        return Err(invalid("Disabling Stream is not allowed for a Global Table replica."));
    }
    if given.stream_enabled == Some(true) {
        if is_on {
            let text = "Table already has an enabled stream: TableName";
            return Err(validation(format!("{text}: {}", table.name)));
        }
        table.stream = table::stream(Some(given), label(now))?;
    } else {
        let Some(stream) = table.stream.as_mut().filter(|stream| stream.is_enabled) else {
            return Err(validation("Table has no stream to disable"));
        };
        stream.is_enabled = false;
    }
    Ok(())
}

fn change_index(
    tx: &mut Tables,
    table: &mut TableRow,
    change: &api::GlobalSecondaryIndexUpdate,
    input: &input::UpdateTable,
    now: Timestamp,
) -> Result<(), AwsError> {
    if let Some(create) = &change.create {
        create_index(tx, table, create, input)?;
    }
    if let Some(update) = &change.update {
        let name = update.index_name.as_deref().unwrap_or_default();
        let by_request = table.capacity.provisioned.is_none();
        let index = table.indexes.iter_mut().find(|index| index.name == name);
        let capacity = index.and_then(|index| index.capacity.as_mut());
        let capacity = capacity.ok_or_else(errors::not_found)?;
        if let Some(given) = update.provisioned_throughput.as_ref() {
            if by_request {
                return Err(capacity::no_units());
            }
            let mut next = capacity::units(Some(given), Some(name))?;
            if let Some(before) = &capacity.provisioned {
                change_units(&mut next, before, now, false)?;
            }
            capacity.provisioned = Some(next);
        }
        capacity.set_rest(capacity::Given {
            provisioned: None,
            on_demand: update.on_demand_throughput.as_ref(),
            warm: update.warm_throughput.as_ref(),
        });
    }
    if let Some(delete) = &change.delete {
        let name = delete.index_name.as_deref().unwrap_or_default();
        let place = table.indexes.iter().position(|i| i.name == name && i.is_global());
        table.indexes.remove(place.ok_or_else(errors::not_found)?);
    }
    Ok(())
}

fn create_index(
    tx: &mut Tables,
    table: &mut TableRow,
    create: &api::CreateGlobalSecondaryIndexAction,
    input: &input::UpdateTable,
) -> Result<(), AwsError> {
    let given = api::GlobalSecondaryIndex {
        index_name: create.index_name.clone(),
        key_schema: create.key_schema.clone(),
        projection: create.projection.clone(),
        provisioned_throughput: create.provisioned_throughput.clone(),
        on_demand_throughput: create.on_demand_throughput.clone(),
        warm_throughput: create.warm_throughput.clone(),
    };
    let name = given.index_name.as_deref().unwrap_or_default();
    if table.every_index().any(|index| index.name == name) {
        return Err(validation("Attempting to create an index which already exists"));
    }
    define(table, input)?;
    let by_request = table.capacity.provisioned.is_none();
    let mut wanted = capacity::Given::of_index(&given);
    if by_request {
        // Where AWS refuses to be told units, LocalStack's users are used to say them.
        wanted.provisioned = None;
    }
    let capacity = wanted.parse(by_request, Some(name))?;
    let mut index = Index::global(&given, &table.attributes, capacity)?;
    index.space = tx.new_space();
    index.is_backfilling = true;
    table.indexes.push(index);
    Ok(())
}

/// Takes in the definitions that come along.
fn define(table: &mut TableRow, input: &input::UpdateTable) -> Result<(), AwsError> {
    for (name, kind) in schema::definitions(input.attribute_definitions.as_deref()) {
        match table.attributes.iter().find(|(known, _)| *known == name) {
            Some((_, known)) if *known != kind => {
                let text = "Attributes cannot be redefined. Please check that your attribute has \
                            the same type as previously defined";
                return Err(invalid(format!("{text}: {name}")));
            }
            Some(_) => {}
            None => table.attributes.push((name, kind)),
        }
    }
    Ok(())
}

/// How many global indexes a request makes and deletes.
fn changed_globals(input: &input::UpdateTable) -> usize {
    let updates = input.global_secondary_index_updates.iter().flatten();
    updates.filter(|update| update.create.is_some() || update.delete.is_some()).count()
}
