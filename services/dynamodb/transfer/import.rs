//! Imports of objects into new tables. The work itself is `load`'s.

use std::sync::Arc;

use cumulet_core::{AwsError, Cx};

use super::bucket::Bucket;
use super::load::{Batch, Format, Load};
use super::{Job, Request, Step, Task, limit, place};
use crate::api::{self, input, output};
use crate::state::{Capacity, TableRow, Tables};
use crate::{DynamoDb, errors, schema, table, vector};

/// Imports that one answer lists.
const PAGE: usize = 25;

/// An import, and how far it is.
#[derive(Clone, Debug)]
pub(super) struct Import {
    pub(super) load: Load,
    /// How its CSV is written, as it was given.
    csv: Option<(Option<String>, Option<Vec<String>>)>,
    imported: i64,
}

impl Import {
    /// A file that cannot be read ends it; a record that cannot is passed over.
    pub(super) async fn step(&mut self, cx: &Cx, job: &Job) -> Result<Step, AwsError> {
        let batch = self.load.next(cx, &job.table).await?;
        match &batch.error {
            Some(error) => Err(AwsError::new("ItemValidationError", 400, error.message())),
            None => Ok(Step::Put(batch)),
        }
    }

    pub(super) fn put(&mut self, cx: &Cx, tx: &mut Tables, table: &Arc<TableRow>, batch: Batch) {
        let written = self.load.put(cx, tx, table, batch).written.len();
        self.imported += i64::try_from(written).unwrap_or(0);
    }

    fn source(&self) -> api::S3BucketSource {
        api::S3BucketSource {
            s3_bucket_owner: self.load.bucket.owner.clone(),
            s3_bucket: Some(self.load.bucket.name.clone()),
            s3_key_prefix: self.load.bucket.prefix.clone(),
        }
    }

    fn describe(&self, job: &Job) -> api::ImportTableDescription {
        let (load, table) = (&self.load, &job.table);
        let csv = self.csv.clone().map(|(delimiter, header_list)| api::InputFormatOptions {
            csv: Some(api::CsvOptions { delimiter, header_list }),
        });
        api::ImportTableDescription {
            import_arn: Some(job.arn.clone()),
            import_status: Some(job.status.name()),
            table_arn: Some(table.arn.clone()),
            table_id: Some(table.id.clone()),
            client_token: Some(job.token.clone()),
            s3_bucket_source: Some(self.source()),
            error_count: Some(load.wrong),
            input_format: Some(load.format.name()),
            input_format_options: csv,
            input_compression_type: Some(load.compression.clone()),
            table_creation_parameters: Some(describe_creation(table)),
            start_time: Some(job.started),
            end_time: job.ended,
            processed_size_bytes: i64::try_from(load.bytes).ok(),
            processed_item_count: Some(load.seen),
            imported_item_count: Some(self.imported),
            failure_code: job.failure_code(),
            failure_message: job.failure_message(),
            ..api::ImportTableDescription::default()
        }
    }

    fn summary(&self, job: &Job) -> api::ImportSummary {
        api::ImportSummary {
            import_arn: Some(job.arn.clone()),
            import_status: Some(job.status.name()),
            table_arn: Some(job.table.arn.clone()),
            s3_bucket_source: Some(self.source()),
            input_format: Some(self.load.format.name()),
            start_time: Some(job.started),
            end_time: job.ended,
            ..api::ImportSummary::default()
        }
    }
}

fn of(job: &Job) -> Option<&Import> {
    if let Task::Import(import) = &job.task { Some(import) } else { None }
}

pub(crate) async fn import_table(
    db: &DynamoDb,
    cx: &Cx,
    input: input::ImportTable,
) -> Result<output::ImportTable, AwsError> {
    let request = Request::new(cx, input.client_token.as_ref(), &input);
    let is_import = |task: &Task| matches!(task, Task::Import(_));
    let begun = db.store.read_here(cx, |tx| {
        let begun = tx.begun(cx.now(), &request, is_import, errors::import_conflict)?;
        Ok::<_, AwsError>(begun.cloned())
    })?;
    let answer = |job: &Job| output::ImportTable {
        import_table_description: of(job).map(|import| import.describe(job)),
    };
    if let Some(job) = begun {
        return Ok(answer(&job));
    }
    let csv = input.input_format_options.and_then(|o| o.csv).map(|c| (c.delimiter, c.header_list));
    let format = match input.input_format.as_deref() {
        Some("ION") => Format::Ion,
        Some("CSV") => {
            let (delimiter, names) = csv.clone().unwrap_or_default();
            let delimiter = delimiter.and_then(|text| text.chars().next()).unwrap_or(',');
            Format::Csv { delimiter, names: names.map(Arc::from) }
        }
        _ => Format::Json,
    };
    let source = input.s3_bucket_source.unwrap_or_default();
    let bucket = Bucket::new(source.s3_bucket, source.s3_bucket_owner, source.s3_key_prefix);
    let load = Load::new(bucket, format, input.input_compression_type);
    let import = Task::Import(Box::new(Import { load, csv, imported: 0 }));
    let given = input.table_creation_parameters.unwrap_or_default();
    let name = given.table_name.clone().unwrap_or_default();
    table::create_table(db, cx, creation(given)).await?;
    db.store.write_here(cx, |tx| {
        let table = tx.table(&name)?.clone();
        Ok(answer(&tx.begin_job(cx, request, &table, import)))
    })
}

/// What `creation` has made, as it would be asked for.
fn describe_creation(table: &TableRow) -> api::TableCreationParameters {
    let units = |capacity: &Capacity| capacity.provisioned.as_ref().map(|_| capacity.units());
    let globals = table.indexes.iter().filter_map(|index| {
        let capacity = index.capacity.as_ref()?;
        Some(api::GlobalSecondaryIndex {
            index_name: Some(index.name.clone()),
            key_schema: Some(index.key.describe()),
            projection: Some(index.projection.describe()),
            provisioned_throughput: units(capacity),
            on_demand_throughput: capacity.describe_most(),
            warm_throughput: None,
        })
    });
    let globals: Vec<_> = globals.collect();
    api::TableCreationParameters {
        table_name: Some(table.name.clone()),
        attribute_definitions: Some(schema::describe_definitions(&table.attributes)),
        key_schema: Some(table.key.describe()),
        billing_mode: Some(table.capacity.billing_mode()),
        provisioned_throughput: units(&table.capacity),
        on_demand_throughput: table.capacity.describe_most(),
        sse_specification: table.encryption.as_ref().map(|sse| api::SSESpecification {
            enabled: Some(true),
            sse_type: Some("KMS".to_owned()),
            kms_master_key_id: sse.is_customers.then(|| sse.key_arn.clone()),
        }),
        global_secondary_indexes: Some(globals).filter(|list| !list.is_empty()),
        vector_indexes: vector::describe_all(table),
    }
}

fn creation(given: api::TableCreationParameters) -> input::CreateTable {
    input::CreateTable {
        table_name: given.table_name,
        attribute_definitions: given.attribute_definitions,
        key_schema: given.key_schema,
        billing_mode: given.billing_mode,
        provisioned_throughput: given.provisioned_throughput,
        on_demand_throughput: given.on_demand_throughput,
        sse_specification: given.sse_specification,
        global_secondary_indexes: given.global_secondary_indexes,
        vector_indexes: given.vector_indexes,
        ..input::CreateTable::default()
    }
}

pub(crate) fn describe_import(
    db: &DynamoDb,
    cx: &Cx,
    input: input::DescribeImport,
) -> Result<output::DescribeImport, AwsError> {
    let arn = input.import_arn.unwrap_or_default();
    db.store.read(cx, place(cx, "ImportArn", &arn)?, |tx| {
        let found = tx.job(cx.now(), &arn).and_then(|job| Some(of(job)?.describe(job)));
        let description = found.ok_or_else(|| errors::import_not_found(&arn))?;
        Ok(output::DescribeImport { import_table_description: Some(description) })
    })
}

pub(crate) fn list_imports(
    db: &DynamoDb,
    cx: &Cx,
    input: input::ListImports,
) -> Result<output::ListImports, AwsError> {
    let limit = limit(input.page_size, PAGE);
    let wanted = |job: &Job| of(job).is_some() && job.is_of(input.table_arn.as_ref());
    db.store.read_here(cx, |tx| {
        let token = input.next_token.as_ref();
        let (page, next) = tx.page_of_jobs(cx.now(), wanted, |job| &job.arn, limit, token)?;
        let summaries = page.into_iter().filter_map(|job| Some(of(job)?.summary(job))).collect();
        Ok(output::ListImports { import_summary_list: Some(summaries), next_token: next })
    })
}
