//! Backups that somebody asks for, and the one that a deleted table leaves behind. What makes a table
//! of one is in `restore`.
//!
//! A backup has the scope's rows as they were, which share all that has not changed since: making
//! one copies nothing.

use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

use cumulet_core::{AwsError, Cx, Timestamp};

use crate::api::{self, input, output};
use crate::errors;
use crate::name::TableRef;
use crate::space::Rows;
use crate::state::{TableRow, Tables};
use crate::vector::VectorIndex;
use crate::{DynamoDb, key};

/// How long AWS keeps what it has made by itself.
const KEPT: Duration = Duration::from_hours(35 * 24);
/// Backups that one answer lists.
const PAGE: i32 = 100;

/// A table as it was.
#[derive(Clone, Debug)]
pub(crate) struct Backup {
    pub(crate) arn: String,
    pub(crate) name: String,
    pub(crate) created: Timestamp,
    /// DynamoDB's own go away.
    pub(crate) expires: Option<Timestamp>,
    pub(crate) table: TableRow,
    pub(crate) rows: Rows,
}

impl Backup {
    fn kind(&self) -> &'static str {
        if self.expires.is_some() { "SYSTEM" } else { "USER" }
    }

    fn is_there(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|expires| expires > now)
    }

    fn details(&self, status: &str) -> api::BackupDetails {
        api::BackupDetails {
            backup_arn: Some(self.arn.clone()),
            backup_name: Some(self.name.clone()),
            backup_size_bytes: i64::try_from(self.rows.by().of(self.table.space).1).ok(),
            backup_status: Some(status.to_owned()),
            backup_type: Some(self.kind().to_owned()),
            backup_creation_date_time: Some(self.created),
            backup_expiry_date_time: self.expires,
        }
    }

    fn summary(&self) -> api::BackupSummary {
        let details = self.details("AVAILABLE");
        api::BackupSummary {
            table_name: Some(self.table.name.clone()),
            table_id: Some(self.table.id.clone()),
            table_arn: Some(self.table.arn.clone()),
            backup_arn: details.backup_arn,
            backup_name: details.backup_name,
            backup_creation_date_time: details.backup_creation_date_time,
            backup_expiry_date_time: details.backup_expiry_date_time,
            backup_status: details.backup_status,
            backup_type: details.backup_type,
            backup_size_bytes: details.backup_size_bytes,
        }
    }

    fn describe(&self, status: &str) -> api::BackupDescription {
        let table = &self.table;
        let (items, bytes) = self.rows.by().of(table.space);
        api::BackupDescription {
            backup_details: Some(self.details(status)),
            source_table_details: Some(api::SourceTableDetails {
                table_name: Some(table.name.clone()),
                table_id: Some(table.id.clone()),
                table_arn: Some(table.arn.clone()),
                table_size_bytes: i64::try_from(bytes).ok(),
                key_schema: Some(table.key.describe()),
                table_creation_date_time: Some(table.created),
                provisioned_throughput: Some(table.capacity.units()),
                on_demand_throughput: table.capacity.describe_most(),
                item_count: i64::try_from(items).ok(),
                billing_mode: Some(table.capacity.billing_mode()),
            }),
            source_table_feature_details: Some(features(table)),
        }
    }
}

fn features(table: &TableRow) -> api::SourceTableFeatureDetails {
    let of = |global: bool| table.indexes.iter().filter(move |index| index.is_global() == global);
    let locals = of(false).map(|index| api::LocalSecondaryIndexInfo {
        index_name: Some(index.name.clone()),
        key_schema: Some(index.key.describe()),
        projection: Some(index.projection.describe()),
    });
    let globals = of(true).map(|index| {
        let capacity = index.capacity.clone().unwrap_or_default();
        api::GlobalSecondaryIndexInfo {
            index_name: Some(index.name.clone()),
            key_schema: Some(index.key.describe()),
            projection: Some(index.projection.describe()),
            provisioned_throughput: Some(capacity.units()),
            on_demand_throughput: capacity.describe_most(),
        }
    });
    let vectors =
        table.vectors.iter().map(VectorIndex::describe).map(|vector| api::VectorIndexInfo {
            index_name: vector.index_name,
            vector_attribute: vector.vector_attribute,
            search_schema: vector.search_schema,
            projection: vector.projection,
            dimensions: vector.dimensions,
            distance_function: vector.distance_function,
        });
    let (locals, globals): (Vec<_>, Vec<_>) = (locals.collect(), globals.collect());
    let vectors: Vec<_> = vectors.collect();
    let stream = table.stream.as_ref().filter(|stream| stream.is_enabled);
    api::SourceTableFeatureDetails {
        local_secondary_indexes: Some(locals).filter(|list| !list.is_empty()),
        global_secondary_indexes: Some(globals).filter(|list| !list.is_empty()),
        vector_indexes: Some(vectors).filter(|list| !list.is_empty()),
        stream_description: stream.map(|stream| api::StreamSpecification {
            stream_enabled: Some(true),
            stream_view_type: Some(stream.view.clone()),
        }),
        sse_description: crate::description::encryption(table),
        time_to_live_description: table.ttl.as_ref().map(|name| api::TimeToLiveDescription {
            time_to_live_status: Some("ENABLED".to_owned()),
            attribute_name: Some(name.clone()),
        }),
    }
}

/// How AWS names what belongs to a table and is made now: backups, exports, imports.
pub(crate) fn new_id(cx: &Cx) -> String {
    format!("{:014}-{}", cx.now().millis(), cx.ids().hex(8))
}

impl Tables {
    fn back_up(
        &mut self,
        cx: &Cx,
        table: &TableRow,
        name: String,
        keep: Option<Duration>,
    ) -> Arc<Backup> {
        let created = cx.now();
        let gone = self.backups.iter().filter(|(_, backup)| !backup.is_there(created));
        let gone: Vec<String> = gone.map(|(arn, _)| arn.clone()).collect();
        for arn in &gone {
            self.backups.remove(arn);
        }
        let backup = Arc::new(Backup {
            arn: format!("{}/backup/{}", table.arn, new_id(cx)),
            name,
            created,
            expires: keep.map(|keep| created.plus(keep)),
            table: table.clone(),
            rows: self.rows.clone(),
        });
        self.backups.insert(backup.arn.clone(), Arc::clone(&backup));
        backup
    }

    /// What AWS does when a table goes whose past is kept.
    pub(crate) fn back_up_deleted(&mut self, cx: &Cx, table: &TableRow) {
        if table.recovery.is_some() {
            self.back_up(cx, table, format!("{}$DeletedTableBackup", table.name), Some(KEPT));
        }
    }

    pub(crate) fn backup(&self, cx: &Cx, arn: &str) -> Result<&Arc<Backup>, AwsError> {
        let found = self.backups.get(arn).filter(|backup| backup.is_there(cx.now()));
        found.ok_or_else(|| errors::backup_not_found(arn))
    }
}

pub(crate) fn create_backup(
    db: &DynamoDb,
    cx: &Cx,
    input: input::CreateBackup,
) -> Result<output::CreateBackup, AwsError> {
    let at = TableRef::of(cx, input.table_name.as_ref())?;
    db.store.write(cx, at.scope, |tx| {
        let table = Arc::clone(tx.backed_up(at.name)?);
        let backup = tx.back_up(cx, &table, input.backup_name.unwrap_or_default(), None);
        Ok(output::CreateBackup { backup_details: Some(backup.details("CREATING")) })
    })
}

pub(crate) fn describe_backup(
    db: &DynamoDb,
    cx: &Cx,
    input: input::DescribeBackup,
) -> Result<output::DescribeBackup, AwsError> {
    let backup = find(db, cx, input.backup_arn.as_ref())?;
    Ok(output::DescribeBackup { backup_description: Some(backup.describe("AVAILABLE")) })
}

/// The backup that an ARN names, wherever it is.
pub(crate) fn find(db: &DynamoDb, cx: &Cx, arn: Option<&String>) -> Result<Arc<Backup>, AwsError> {
    let arn = arn.map_or("", String::as_str);
    let at = TableRef::of_arn(cx, arn).ok_or_else(|| errors::backup_not_found(arn))?;
    db.store.read(cx, at.scope, |tx| tx.backup(cx, arn).cloned())
}

pub(crate) fn delete_backup(
    db: &DynamoDb,
    cx: &Cx,
    input: input::DeleteBackup,
) -> Result<output::DeleteBackup, AwsError> {
    let arn = input.backup_arn.unwrap_or_default();
    let at = TableRef::of_arn(cx, &arn).ok_or_else(|| errors::backup_not_found(&arn))?;
    db.store.write(cx, at.scope, |tx| {
        let description = tx.backup(cx, &arn)?.describe("DELETED");
        tx.backups.remove(&arn);
        Ok(output::DeleteBackup { backup_description: Some(description) })
    })
}

/// Oldest first, table by table.
pub(crate) fn list_backups(
    db: &DynamoDb,
    cx: &Cx,
    input: input::ListBackups,
) -> Result<output::ListBackups, AwsError> {
    let table = input.table_name.as_ref().map(|name| TableRef::parse(cx, name)).transpose()?;
    let kind = input.backup_type.as_deref().unwrap_or("USER");
    let after = input.exclusive_start_backup_arn.unwrap_or_default();
    let limit = usize::try_from(input.limit.unwrap_or(PAGE)).unwrap_or(0);
    let (from, to) = (input.time_range_lower_bound, input.time_range_upper_bound);
    db.store.read(cx, table.map_or(cx.scope(), |at| at.scope), |tx| {
        let rest = tx.backups.range::<str, _>((Bound::Excluded(&*after), Bound::Unbounded));
        let mut found = rest.map(|(_, backup)| backup).filter(|backup| {
            backup.is_there(cx.now())
                && table.is_none_or(|at| at.name == backup.table.name)
                && (kind == "ALL" || kind == backup.kind())
                && from.is_none_or(|from| backup.created >= from)
                && to.is_none_or(|to| backup.created < to)
        });
        let page: Vec<_> = found.by_ref().take(limit).map(|backup| backup.summary()).collect();
        let last = found.next().and_then(|_| page.last()?.backup_arn.clone());
        Ok(output::ListBackups { backup_summaries: Some(page), last_evaluated_backup_arn: last })
    })
}

/// All rows of a space.
pub(crate) fn rows_of(
    rows: &Rows,
    space: crate::space::SpaceId,
) -> impl Iterator<Item = (&crate::space::RowKey, &crate::stored::Stored)> {
    let (from, to) = (key::space(space), key::after(&key::space(space)));
    rows.range::<[u8], _>((Bound::Included(&*from), Bound::Excluded(&*to)))
}
