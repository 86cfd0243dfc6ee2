//! What a table says of itself: the fields that Terraform, CDK and waiters look at.
//!
//! AWS's tables are made, changed and deleted within seconds to minutes; ours at once. So the answer
//! to a change has the state that AWS's answer has, and the next look finds the change done; only
//! a large backfill of an index takes its time.

use crate::api::{
    self, BillingModeSummary, GlobalSecondaryIndexDescription,
    GlobalSecondaryIndexWarmThroughputDescription, LocalSecondaryIndexDescription, SSEDescription,
    TableClassSummary, TableDescription, TableWarmThroughputDescription, VectorIndexDescription,
};
use crate::schema::{self, Index};
use crate::state::{Capacity, TableRow, Tables};
use crate::vector::VectorIndex;

/// What is being done to a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Creating,
    Active,
    Updating,
}

impl Phase {
    fn status(self) -> String {
        match self {
            Self::Creating => "CREATING",
            Self::Active => "ACTIVE",
            Self::Updating => "UPDATING",
        }
        .to_owned()
    }
}

fn long(number: u64) -> Option<i64> {
    i64::try_from(number).ok()
}

impl Tables {
    pub(crate) fn describe(&self, table: &TableRow, phase: Phase) -> TableDescription {
        let (items, bytes) = self.rows.by().of(table.space);
        let indexes = |global: bool| table.indexes.iter().filter(move |i| i.is_global() == global);
        let locals: Vec<_> = indexes(false).map(|i| self.describe_local(table, i)).collect();
        let globals: Vec<_> =
            indexes(true).map(|i| self.describe_global(table, i, phase)).collect();
        let vectors: Vec<_> =
            table.vectors.iter().map(|v| self.describe_vector(table, v, phase)).collect();
        let stream = table.stream.as_ref();
        let enabled = stream.filter(|s| s.is_enabled);
        let mut description = TableDescription {
            attribute_definitions: Some(schema::describe_definitions(&table.attributes)),
            table_name: Some(table.name.clone()),
            key_schema: Some(table.key.describe()),
            table_status: Some(phase.status()),
            creation_date_time: Some(table.created),
            provisioned_throughput: Some(table.capacity.describe()),
            table_size_bytes: long(bytes),
            item_count: long(items),
            table_arn: Some(table.arn.clone()),
            table_id: Some(table.id.clone()),
            billing_mode_summary: billing(table, phase),
            local_secondary_indexes: Some(locals).filter(|l| !l.is_empty()),
            global_secondary_indexes: Some(globals).filter(|g| !g.is_empty()),
            vector_indexes: Some(vectors).filter(|v| !v.is_empty()),
            stream_specification: enabled.map(|stream| api::StreamSpecification {
                stream_enabled: Some(true),
                stream_view_type: Some(stream.view.clone()),
            }),
            latest_stream_label: stream.map(|s| s.label.clone()),
            latest_stream_arn: table.stream_arn(),
            sse_description: encryption(table),
            table_class_summary: class(table),
            deletion_protection_enabled: Some(table.is_protected),
            on_demand_throughput: table.capacity.describe_most(),
            warm_throughput: warm(&table.capacity, phase).map(|(read, write)| {
                TableWarmThroughputDescription {
                    read_units_per_second: Some(read),
                    write_units_per_second: Some(write),
                    status: Some(if phase == Phase::Active { "ACTIVE" } else { "UPDATING" }.into()),
                }
            }),
            restore_summary: table.restored.as_ref().map(|from| api::RestoreSummary {
                source_backup_arn: from.backup.clone(),
                source_table_arn: Some(from.table.clone()),
                restore_date_time: Some(from.at),
                restore_in_progress: Some(phase == Phase::Creating),
            }),
            ..TableDescription::default()
        };
        table.group.describe(&mut description);
        description
    }

    /// AWS says less of a table that goes.
    pub(crate) fn describe_deleted(&self, table: &TableRow) -> TableDescription {
        let whole = self.describe(table, Phase::Active);
        TableDescription {
            table_name: whole.table_name,
            table_status: Some("DELETING".to_owned()),
            provisioned_throughput: whole.provisioned_throughput,
            table_size_bytes: whole.table_size_bytes,
            item_count: whole.item_count,
            table_arn: whole.table_arn,
            table_id: whole.table_id,
            billing_mode_summary: whole.billing_mode_summary,
            deletion_protection_enabled: whole.deletion_protection_enabled,
            ..TableDescription::default()
        }
    }

    fn describe_local(&self, table: &TableRow, index: &Index) -> LocalSecondaryIndexDescription {
        let (items, bytes) = self.rows.by().of(index.space);
        LocalSecondaryIndexDescription {
            index_name: Some(index.name.clone()),
            key_schema: Some(index.key.describe()),
            projection: Some(index.projection.describe()),
            index_size_bytes: long(bytes),
            item_count: long(items),
            index_arn: Some(index_arn(table, index)),
        }
    }

    fn describe_global(
        &self,
        table: &TableRow,
        index: &Index,
        phase: Phase,
    ) -> GlobalSecondaryIndexDescription {
        let (items, bytes) = self.rows.by().of(index.space);
        let capacity = index.capacity.clone().unwrap_or_default();
        let status = status(index, phase);
        GlobalSecondaryIndexDescription {
            index_name: Some(index.name.clone()),
            key_schema: Some(index.key.describe()),
            projection: Some(index.projection.describe()),
            index_status: Some(status.to_owned()),
            backfilling: index.is_backfilling.then_some(true),
            provisioned_throughput: Some(capacity.describe()),
            index_size_bytes: long(bytes),
            item_count: long(items),
            index_arn: Some(index_arn(table, index)),
            on_demand_throughput: capacity.describe_most(),
            warm_throughput: warm(&capacity, phase).map(|(read, write)| {
                GlobalSecondaryIndexWarmThroughputDescription {
                    read_units_per_second: Some(read),
                    write_units_per_second: Some(write),
                    status: Some(if status == "CREATING" { "UPDATING" } else { status }.to_owned()),
                }
            }),
        }
    }

    fn describe_vector(
        &self,
        table: &TableRow,
        vector: &VectorIndex,
        phase: Phase,
    ) -> VectorIndexDescription {
        let (index, definition) = (&vector.index, vector.describe());
        let (items, bytes) = self.rows.by().of(index.space);
        VectorIndexDescription {
            index_name: definition.index_name,
            search_schema: definition.search_schema,
            projection: definition.projection,
            vector_attribute: definition.vector_attribute,
            dimensions: definition.dimensions,
            distance_function: definition.distance_function,
            index_status: Some(status(index, phase).to_owned()),
            backfilling: index.is_backfilling.then_some(true),
            index_size_bytes: long(bytes),
            item_count: long(items),
            index_arn: Some(index_arn(table, index)),
        }
    }
}

fn status(index: &Index, phase: Phase) -> &'static str {
    if index.is_backfilling || phase == Phase::Creating { "CREATING" } else { "ACTIVE" }
}

fn index_arn(table: &TableRow, index: &Index) -> String {
    format!("{}/index/{}", table.arn, index.name)
}

/// Not said of a table that is being made, unless it was asked for.
fn warm(capacity: &Capacity, phase: Phase) -> Option<(i64, i64)> {
    (phase != Phase::Creating || capacity.warm.is_some()).then(|| capacity.warmed())
}

/// Not said of a table that always was provisioned.
pub(crate) fn billing(table: &TableRow, phase: Phase) -> Option<BillingModeSummary> {
    let since = table.by_request_since?;
    Some(BillingModeSummary {
        billing_mode: Some(table.capacity.billing_mode()),
        last_update_to_pay_per_request_date_time: Some(since).filter(|_| phase != Phase::Creating),
    })
}

pub(crate) fn class(table: &TableRow) -> Option<TableClassSummary> {
    let class = table.class.as_ref()?;
    Some(TableClassSummary {
        table_class: Some(class.name.clone()),
        last_update_date_time: class.updated,
    })
}

pub(crate) fn encryption(table: &TableRow) -> Option<SSEDescription> {
    let encryption = table.encryption.as_ref()?;
    Some(SSEDescription {
        status: Some("ENABLED".to_owned()),
        sse_type: Some("KMS".to_owned()),
        kms_master_key_arn: Some(encryption.key_arn.clone()),
        inaccessible_encryption_date_time: None,
    })
}
