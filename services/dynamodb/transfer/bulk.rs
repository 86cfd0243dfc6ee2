//! Bulk puts: `StartBulkPutItems` and its kin. Objects of a bucket become items of a table that there
//! is; what does not is reported in another bucket.
//!
//! The model says what is reported and not how: the layout of a report is ours, and so is where a
//! record has its condition. The README tells both.

use std::collections::BTreeMap;
use std::sync::Arc;

use cumulet_core::{AwsError, Cx, Timestamp};
use serde_json::{Value as Json, json};

use super::bucket::{Bucket, Target, file_name};
use super::load::{Batch, Format, Load, Outcome, Refusal};
use super::{Job, Request, Status, Step, Task, limit, place};
use crate::api::{self, input, output};
use crate::errors::{self, invalid, validation};
use crate::name::TableRef;
use crate::state::{TableRow, Tables};
use crate::{DynamoDb, consumed, interchange};

/// Operations that one answer lists, unless it is asked for another number.
const PAGE: usize = 10;
/// Bytes of a report's file, before it is packed, when it is long enough.
const REPORT_BYTES: usize = 1 << 20;

/// A bulk put, and how far it is.
#[derive(Clone, Debug)]
pub(super) struct BulkPut {
    /// As it was given.
    table: String,
    pub(super) load: Load,
    target: Target,
    reports: Vec<Report>,
    files: Vec<Json>,
    /// Items whose conditions did not hold.
    unmet: i64,
    most_units: Option<i64>,
    tier: String,
    bytes: i64,
    locals: BTreeMap<String, i64>,
    globals: BTreeMap<String, i64>,
    vectors: BTreeMap<String, i64>,
}

/// What was not put in, of one kind, that is in no file yet.
#[derive(Clone, Debug)]
struct Report {
    kind: String,
    lines: Vec<Arc<str>>,
}

impl Report {
    fn bytes(&self) -> usize {
        self.lines.iter().map(|line| line.len()).sum()
    }
}

impl BulkPut {
    pub(super) async fn step(&mut self, cx: &Cx, job: &Job) -> Result<Step, AwsError> {
        let is_cancelled = job.status == Status::Cancelling;
        let is_over = is_cancelled || self.load.is_done();
        for i in 0..self.reports.len() {
            self.write_report(cx, job, i, is_over).await?;
        }
        if !is_over {
            return self.load.next(cx, &job.table).await.map(Step::Put);
        }
        let status = match self.load.wrong {
            _ if is_cancelled => Status::Cancelled,
            0 => Status::Completed,
            _ => Status::CompletedWithErrors,
        };
        let key = format!("{}manifest.json", self.folder(job));
        let manifest = self.manifest(cx.now(), job, status).to_string();
        self.target.put(cx, &key, manifest.into_bytes()).await?;
        Ok(Step::End(status))
    }

    /// Lets go of what is being read, and of what nobody will report any more.
    pub(super) fn close(&mut self) {
        self.load.close();
        for report in &mut self.reports {
            report.lines = Vec::new();
        }
    }

    /// Where its report is.
    fn folder(&self, job: &Job) -> String {
        format!("{}{}/", self.target.folder(), job.id())
    }

    /// Writes a file of what is to be reported, if that is enough or all.
    async fn write_report(
        &mut self,
        cx: &Cx,
        job: &Job,
        i: usize,
        all: bool,
    ) -> Result<(), AwsError> {
        let folder = self.folder(job);
        let Some(report) = self.reports.get_mut(i) else { return Ok(()) };
        if report.lines.is_empty() || !(all || report.bytes() >= REPORT_BYTES) {
            return Ok(());
        }
        let lines = std::mem::take(&mut report.lines);
        let data = cumulet_compress::pack(lines.concat().as_bytes());
        let name = file_name(job, self.files.len());
        let key = format!("{folder}{}/{name}.json.gz", report.kind.to_lowercase());
        self.files.push(json!({"outputType": report.kind, "itemCount": lines.len(), "s3Key": key}));
        self.target.put(cx, &key, data).await
    }

    fn manifest(&self, now: Timestamp, job: &Job, status: Status) -> Json {
        json!({
            "bulkOperationArn": job.arn, "bulkOperationStatus": status.name(),
            "tableArn": job.table.arn, "tableId": job.table.id,
            "startTime": job.started.iso8601_millis(), "endTime": now.iso8601_millis(),
            "processedItemCount": self.load.seen, "failedItemCount": self.load.wrong,
            "conditionCheckFailureCount": self.unmet, "files": self.files,
        })
    }

    pub(super) fn put(&mut self, cx: &Cx, tx: &mut Tables, table: &Arc<TableRow>, batch: Batch) {
        let long = |size: usize| i64::try_from(size).unwrap_or(i64::MAX);
        let Outcome { written, refused } = self.load.put(cx, tx, table, batch);
        for item in &written {
            self.bytes += long(item.size());
            for (index, size) in consumed::index_sizes(table, item) {
                let map = if index.is_global() { &mut self.globals } else { &mut self.locals };
                *map.entry(index.name.clone()).or_default() += long(size);
            }
            for (vector, size) in consumed::vector_sizes(table, item) {
                *self.vectors.entry(vector.index.name.clone()).or_default() += long(size);
            }
        }
        for refusal in refused {
            let (kind, line) = line(&refusal);
            self.unmet += i64::from(matches!(refusal, Refusal::Condition { .. }));
            if let Some(report) = self.reports.iter_mut().find(|report| report.kind == kind) {
                report.lines.push(format!("{line}\n").into());
            }
        }
    }

    fn usage(&self) -> api::BulkOperationUsage {
        let each = |map: &BTreeMap<String, i64>| {
            let bytes = |bytes: &i64| api::BulkOperationBytes { bulk_put_bytes: Some(*bytes) };
            let all = map.iter().map(|(name, of)| (name.clone(), bytes(of))).collect();
            Some(all).filter(|_| !map.is_empty())
        };
        let vectors = self.vectors.iter().map(|(name, bytes)| {
            let bytes = api::BulkOperationVectorBytes { bulk_put_vector_bytes: Some(*bytes) };
            (name.clone(), bytes)
        });
        let indexes: i64 = self.locals.values().chain(self.globals.values()).sum();
        api::BulkOperationUsage {
            table_name: Some(self.table.clone()),
            bulk_put_bytes: Some(self.bytes + indexes),
            table: Some(api::BulkOperationBytes { bulk_put_bytes: Some(self.bytes) }),
            local_secondary_indexes: each(&self.locals),
            global_secondary_indexes: each(&self.globals),
            vector_indexes: Some(vectors.collect()).filter(|_| !self.vectors.is_empty()),
        }
    }

    fn describe(&self, job: &Job) -> api::BulkOperationDescription {
        let (load, target) = (&self.load, &self.target);
        let whole = |number: usize| i64::try_from(number).ok();
        api::BulkOperationDescription {
            bulk_operation_arn: Some(job.arn.clone()),
            bulk_operation_status: Some(job.status.name()),
            table_details: Some(vec![api::BulkOperationTableDetail {
                table_name: Some(self.table.clone()),
                table_id: Some(job.table.id.clone()),
            }]),
            client_token: Some(job.token.clone()),
            input_s3_configuration: Some(api::InputS3Configuration {
                s3_bucket_owner: load.bucket.owner.clone(),
                s3_bucket: Some(load.bucket.name.clone()),
                s3_key_prefix: load.bucket.prefix.clone(),
                input_format: Some(load.format.name()),
                input_compression_type: Some(load.compression.clone()),
            }),
            output_s3_configuration: Some(api::OutputS3Configuration {
                s3_bucket_owner: target.bucket.owner.clone(),
                s3_bucket: Some(target.bucket.name.clone()),
                s3_key_prefix: target.bucket.prefix.clone(),
                s3_sse_algorithm: target.encryption.clone(),
                s3_sse_kms_key_id: target.key.clone(),
                output_type: Some(self.reports.iter().map(|r| r.kind.clone()).collect()),
            }),
            start_time: Some(job.started),
            end_time: job.ended,
            processed_item_count: Some(load.seen),
            processed_input_bytes: whole(load.bytes),
            total_input_bytes: load.total().and_then(whole),
            bulk_operation_usage: Some(vec![self.usage()]),
            failed_item_count: Some(load.wrong),
            failure_code: job.failure_code(),
            failure_message: job.failure_message(),
            max_write_request_units: self.most_units,
            performance_tier: Some(self.tier.clone()),
        }
    }
}

/// Which kind of report a refusal is in, and what it says there.
fn line(refusal: &Refusal) -> (&'static str, Json) {
    match refusal {
        Refusal::Wrong { key, record, error } => {
            let line = json!({
                "S3Key": key, "Record": record,
                "ErrorCode": error.code(), "ErrorMessage": error.message(),
            });
            ("ERROR", line)
        }
        Refusal::Condition { item, existing } => {
            let existing = existing.as_ref().map(|item| interchange::item_json(&item.item()));
            let mut line = json!({"Item": interchange::item_json(item)});
            if let (Some(line), Some(existing)) = (line.as_object_mut(), existing) {
                line.insert("ExistingItem".to_owned(), existing);
            }
            ("CONDITION_CHECK_FAILURE", line)
        }
    }
}

fn of(job: &Job) -> Option<&BulkPut> {
    if let Task::BulkPut(bulk) = &job.task { Some(bulk) } else { None }
}

pub(crate) fn start_bulk_put_items(
    db: &DynamoDb,
    cx: &Cx,
    input: input::StartBulkPutItems,
) -> Result<output::StartBulkPutItems, AwsError> {
    let request = Request::new(cx, input.client_token.as_ref(), &input);
    let name = input.table_name.unwrap_or_default();
    let at = TableRef::parse(cx, &name)?;
    let from = input.input_s3_configuration.unwrap_or_default();
    let is_ion = from.input_format.as_deref() == Some("ION");
    let format = if is_ion { Format::Ion } else { Format::Json };
    let bucket = Bucket::new(from.s3_bucket, from.s3_bucket_owner, from.s3_key_prefix);
    let to = input.output_s3_configuration.unwrap_or_default();
    let kinds = to.output_type.unwrap_or_default();
    if to.s3_bucket.is_none() || kinds.is_empty() {
        return Err(invalid("OutputS3Configuration must have an S3Bucket and an OutputType"));
    }
    let bulk = Task::BulkPut(Box::new(BulkPut {
        table: name.clone(),
        load: Load::new(bucket, format, from.input_compression_type),
        target: Target {
            bucket: Bucket::new(to.s3_bucket, to.s3_bucket_owner, to.s3_key_prefix),
            encryption: to.s3_sse_algorithm,
            key: to.s3_sse_kms_key_id,
        },
        reports: kinds.into_iter().map(|kind| Report { kind, lines: Vec::new() }).collect(),
        files: Vec::new(),
        unmet: 0,
        most_units: input.max_write_request_units,
        tier: input.performance_tier.unwrap_or_else(|| "STANDARD".to_owned()),
        bytes: 0,
        locals: BTreeMap::new(),
        globals: BTreeMap::new(),
        vectors: BTreeMap::new(),
    }));
    db.store.write(cx, at.scope, |tx| {
        let is_bulk = |task: &Task| matches!(task, Task::BulkPut(_));
        let answer = |job: &Job| output::StartBulkPutItems {
            bulk_operation_description: of(job).map(|bulk| bulk.describe(job)),
        };
        if let Some(job) = tx.begun(cx.now(), &request, is_bulk, errors::token_mismatch)? {
            return Ok(answer(job));
        }
        let table = tx.loadable(at.name)?;
        Ok(answer(&tx.begin_job(cx, request, &table, bulk)))
    })
}

impl Tables {
    /// A table that bulk puts can be for.
    fn loadable(&self, name: &str) -> Result<Arc<TableRow>, AwsError> {
        let table = self.table(name)?;
        if self.is_importing(table) {
            return Err(errors::being_created(name));
        }
        if table.every_index().any(|index| index.is_backfilling) {
            return Err(errors::being_updated(name));
        }
        if !table.group.others.is_empty() {
            return Err(validation("Bulk operations are not supported for global tables"));
        }
        Ok(Arc::clone(table))
    }

    fn bulk<'t>(&'t self, cx: &Cx, arn: &str) -> Result<(&'t Job, &'t BulkPut), AwsError> {
        let found = self.job(cx.now(), arn).and_then(|job| Some((&**job, of(job)?)));
        found.ok_or_else(|| errors::arn_not_found(arn))
    }
}

pub(crate) fn describe_bulk_operation(
    db: &DynamoDb,
    cx: &Cx,
    input: input::DescribeBulkOperation,
) -> Result<output::DescribeBulkOperation, AwsError> {
    let arn = input.bulk_operation_arn.unwrap_or_default();
    db.store.read(cx, place(cx, "BulkOperationArn", &arn)?, |tx| {
        let (job, bulk) = tx.bulk(cx, &arn)?;
        let description = Some(bulk.describe(job));
        Ok(output::DescribeBulkOperation { bulk_operation_description: description })
    })
}

pub(crate) fn list_bulk_operations(
    db: &DynamoDb,
    cx: &Cx,
    input: input::ListBulkOperations,
) -> Result<output::ListBulkOperations, AwsError> {
    let limit = limit(input.max_results, PAGE);
    db.store.read_here(cx, |tx| {
        let (is_bulk, token) = (|job: &Job| of(job).is_some(), input.next_token.as_ref());
        let (page, next) = tx.page_of_jobs(cx.now(), is_bulk, Job::id, limit, token)?;
        let summaries = page.into_iter().map(|job| api::BulkOperationSummary {
            bulk_operation_arn: Some(job.arn.clone()),
            bulk_operation_status: Some(job.status.name()),
            start_time: Some(job.started),
            end_time: job.ended,
        });
        let summaries = Some(summaries.collect());
        Ok(output::ListBulkOperations { bulk_operations_summary_list: summaries, next_token: next })
    })
}

pub(crate) fn cancel_bulk_operation(
    db: &DynamoDb,
    cx: &Cx,
    input: input::CancelBulkOperation,
) -> Result<output::CancelBulkOperation, AwsError> {
    let arn = input.bulk_operation_arn.unwrap_or_default();
    db.store.write(cx, place(cx, "BulkOperationArn", &arn)?, |tx| {
        let (job, _) = tx.bulk(cx, &arn)?;
        if !job.is_running() {
            return Err(validation("The bulk operation is not in progress"));
        }
        tx.jobs.update(&arn, |job| job.status = Status::Cancelling);
        Ok(output::CancelBulkOperation {
            bulk_operation_arn: Some(arn.clone()),
            bulk_operation_status: Some(Status::Cancelling.name()),
        })
    })
}
