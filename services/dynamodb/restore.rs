//! Tables out of the past: `RestoreTableFromBackup` and `RestoreTableToPointInTime`.

use std::collections::BTreeMap;

use cumulet_core::{AwsError, Cx};

use crate::api::{self, input, output};
use crate::description::Phase;
use crate::errors::{self, invalid};
use crate::name::TableRef;
use crate::replica::Group;
use crate::schema::Index;
use crate::space::RowKey;
use crate::state::{Encryption, Restored, TableRow, Tables};
use crate::stored::Stored;
use crate::vector::VectorIndex;
use crate::{DynamoDb, backup, capacity, encryption, key, name, vector};

/// The items of a table at a time, by the keys that they had.
pub(crate) type Image = Vec<(RowKey, Stored)>;

/// What shall be other than it was.
struct Overrides {
    billing: Option<String>,
    globals: Option<Vec<api::GlobalSecondaryIndex>>,
    locals: Option<Vec<api::LocalSecondaryIndex>>,
    vectors: Option<Vec<api::VectorIndex>>,
    provisioned: Option<api::ProvisionedThroughput>,
    on_demand: Option<api::OnDemandThroughput>,
    encryption: Option<api::SSESpecification>,
}

/// Both operations have the same members for it.
macro_rules! overrides {
    ($input:ident) => {
        Overrides {
            billing: $input.billing_mode_override,
            globals: $input.global_secondary_index_override,
            locals: $input.local_secondary_index_override,
            vectors: $input.vector_index_override,
            provisioned: $input.provisioned_throughput_override,
            on_demand: $input.on_demand_throughput_override,
            encryption: $input.sse_specification_override,
        }
    };
}

pub(crate) async fn restore_table_from_backup(
    db: &DynamoDb,
    cx: &Cx,
    input: input::RestoreTableFromBackup,
) -> Result<output::RestoreTableFromBackup, AwsError> {
    let source = backup::find(db, cx, input.backup_arn.as_ref())?;
    let restored = Restored {
        backup: Some(source.arn.clone()),
        table: source.table.arn.clone(),
        at: source.created,
    };
    let name = input.target_table_name.unwrap_or_default();
    let rows = backup::rows_of(&source.rows, source.table.space);
    let image = rows.map(|(at, item)| (at.clone(), item.clone())).collect();
    let table = overrides!(input).apply(cx, &source.table, &name, restored).await?;
    let description = put_in(db, cx, table, image)?;
    Ok(output::RestoreTableFromBackup { table_description: Some(description) })
}

pub(crate) async fn restore_table_to_point_in_time(
    db: &DynamoDb,
    cx: &Cx,
    input: input::RestoreTableToPointInTime,
) -> Result<output::RestoreTableToPointInTime, AwsError> {
    let source = input.source_table_arn.as_ref().or(input.source_table_name.as_ref());
    let at = TableRef::of(cx, source)?;
    let time = match (input.use_latest_restorable_time, input.restore_date_time) {
        (Some(true), Some(_)) | (None | Some(false), None) => {
            return Err(invalid(
                "Exactly one of UseLatestRestorableTime and RestoreDateTime must be given",
            ));
        }
        (Some(true), None) => cx.now(),
        (_, Some(time)) => time,
    };
    let (source, image) = db.store.read(cx, at.scope, |tx| {
        let table = tx.backed_up(at.name)?;
        table.check_time(cx.now(), time, errors::restore_time)?;
        Ok::<_, AwsError>((TableRow::clone(table), tx.image(table, time)))
    })?;
    let restored = Restored { backup: None, table: source.arn.clone(), at: time };
    let name = input.target_table_name.unwrap_or_default();
    let table = overrides!(input).apply(cx, &source, &name, restored).await?;
    let description = put_in(db, cx, table, image)?;
    Ok(output::RestoreTableToPointInTime { table_description: Some(description) })
}

impl Overrides {
    /// The table to be, without places for its items. Tags, policies, streams and protection do not
    /// come along.
    async fn apply(
        self,
        cx: &Cx,
        source: &TableRow,
        name: &str,
        restored: Restored,
    ) -> Result<TableRow, AwsError> {
        name::check(name, "targetTableName", "TargetTableName")?;
        let was_by_request = source.capacity.provisioned.is_none();
        let by_request =
            self.billing.as_deref().map_or(was_by_request, |mode| mode == "PAY_PER_REQUEST");
        let given = capacity::Given {
            provisioned: self.provisioned.as_ref(),
            on_demand: self.on_demand.as_ref(),
            warm: None,
        };
        let stays = by_request == was_by_request && self.provisioned.is_none();
        let capacity = if stays && self.on_demand.is_none() {
            source.capacity.clone()
        } else {
            let units = source.capacity.units();
            let given = match given.provisioned {
                None if !by_request && !was_by_request => {
                    capacity::Given { provisioned: Some(&units), ..given }
                }
                _ => given,
            };
            given.parse(by_request, None)?
        };
        let indexes = self.indexes(source, by_request)?;
        let vectors = self.vectors(source)?;
        let encryption: Option<Encryption> = match &self.encryption {
            Some(given) => encryption::choose(cx, Some(given)).await?,
            None => source.encryption.clone(),
        };
        let at = TableRef { scope: cx.scope(), name };
        let mut table = TableRow {
            name: name.to_owned(),
            arn: at.arn(),
            id: cx.ids().uuid(),
            created: cx.now(),
            space: 0,
            attributes: Vec::new(),
            key: source.key.clone(),
            indexes,
            vectors,
            capacity,
            by_request_since: by_request.then_some(cx.now()),
            stream: None,
            encryption,
            class: source.class.clone(),
            is_protected: false,
            tags: cumulet_core::tags::Tags::new(),
            policy: None,
            stream_policy: None,
            recovery: None,
            ttl: None,
            destinations: Vec::new(),
            insights: BTreeMap::new(),
            restored: Some(restored),
            group: Group::default(),
        };
        let used = source.attributes.iter().filter(|(name, _)| table.defines(name));
        table.attributes = used.cloned().collect();
        vector::check_table(&table)?;
        Ok(table)
    }

    /// The vector indexes that are asked for, of those that there were.
    fn vectors(&self, source: &TableRow) -> Result<Vec<VectorIndex>, AwsError> {
        let mut kept = source.vectors.clone();
        if let Some(wanted) = &self.vectors {
            let wanted = names(wanted.iter().map(|vector| &vector.index_name));
            let is_known = |name: &str| kept.iter().any(|vector| vector.index.name == name);
            if let Some(name) = wanted.iter().find(|name| !is_known(name)) {
                return Err(unknown_index(name));
            }
            kept.retain(|vector| wanted.contains(&vector.index.name.as_str()));
        }
        Ok(kept)
    }

    /// Those that are asked for, of those that there were.
    fn indexes(&self, source: &TableRow, by_request: bool) -> Result<Vec<Index>, AwsError> {
        let globals = self.globals.as_ref().map(|list| names(list.iter().map(|i| &i.index_name)));
        let locals = self.locals.as_ref().map(|list| names(list.iter().map(|i| &i.index_name)));
        for (wanted, global) in [(&globals, true), (&locals, false)] {
            let is_known = |name: &str| source.index(name).is_some_and(|i| i.is_global() == global);
            if let Some(name) = wanted.iter().flatten().find(|name| !is_known(name)) {
                return Err(unknown_index(name));
            }
        }
        let mut kept = Vec::new();
        for index in &source.indexes {
            let wanted = if index.is_global() { &globals } else { &locals };
            if wanted.as_ref().is_some_and(|names| !names.contains(&index.name.as_str())) {
                continue;
            }
            let mut index = index.clone();
            let given = self.globals.iter().flatten();
            let given = given.clone().find(|given| given.index_name.as_ref() == Some(&index.name));
            let given = given.map(capacity::Given::of_index).unwrap_or_default();
            if let Some(capacity) = index.capacity.as_mut() {
                match (by_request, given.provisioned) {
                    (true, Some(_)) => return Err(capacity::no_units()),
                    (true, None) => capacity.provisioned = None,
                    (false, None) if capacity.provisioned.is_some() => {}
                    (false, units) => {
                        capacity.provisioned = Some(capacity::units(units, Some(&index.name))?);
                        capacity.most = None;
                    }
                }
                capacity.set_rest(given);
            }
            kept.push(index);
        }
        Ok(kept)
    }
}

fn unknown_index(name: &str) -> AwsError {
    invalid(format!("The source table does not have the specified index: {name}"))
}

fn names<'a>(given: impl Iterator<Item = &'a Option<String>>) -> Vec<&'a str> {
    given.map(|name| name.as_deref().unwrap_or_default()).collect()
}

fn put_in(
    db: &DynamoDb,
    cx: &Cx,
    mut table: TableRow,
    image: Image,
) -> Result<api::TableDescription, AwsError> {
    db.store.write_here(cx, |tx| {
        if tx.tables.contains(&table.name) {
            return Err(errors::table_already_exists(&table.name));
        }
        tx.give_spaces(&mut table);
        let description = tx.describe(&table, Phase::Creating);
        tx.fill_in(cx, &table, image);
        tx.put(table);
        Ok(description)
    })
}

impl Tables {
    /// Places for a new table's items.
    pub(crate) fn give_spaces(&mut self, table: &mut TableRow) {
        table.space = self.new_space();
        for index in table.every_index_mut() {
            index.space = self.new_space();
            index.is_backfilling = false;
        }
    }

    /// Items of another table of the same keys become this one's.
    pub(crate) fn fill_in(&mut self, cx: &Cx, table: &TableRow, image: Image) {
        for (at, item) in image {
            self.write_item(cx, table, &key::moved(&at, table.space), Some(item));
        }
    }
}
