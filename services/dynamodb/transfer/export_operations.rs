//! `ExportTableToPointInTime`, `DescribeExport` and `ListExports`. The work itself is in `export`.

use std::time::Duration;

use cumulet_core::{AwsError, Cx, Timestamp};

use super::bucket::{Bucket, Target};
use super::export::{Export, Filter, Format, Period};
use super::{Job, Request, Status, Task, limit, place};
use crate::api::{self, input, output};
use crate::errors::{self, invalid};
use crate::name::TableRef;
use crate::{DynamoDb, state};

/// Exports that one answer lists.
const PAGE: usize = 25;
/// How long the period of an incremental export is, at least and at most.
const SHORTEST: Duration = Duration::from_mins(15);
const LONGEST: Duration = Duration::from_hours(24);

pub(crate) fn export_table_to_point_in_time(
    db: &DynamoDb,
    cx: &Cx,
    input: input::ExportTableToPointInTime,
) -> Result<output::ExportTableToPointInTime, AwsError> {
    let request = Request::new(cx, input.client_token.as_ref(), &input);
    let at = TableRef::of(cx, input.table_arn.as_ref())?;
    let format =
        if input.export_format.as_deref() == Some("ION") { Format::Ion } else { Format::Json };
    let period = period(cx.now(), &input)?;
    let filter = input.filter_specification.map(|given| Filter {
        key: given.key_condition_expression,
        condition: given.filter_expression,
        view: given.projection_expression,
        names: given.expression_attribute_names,
        values: given.expression_attribute_values,
    });
    let target = Target {
        bucket: Bucket::new(input.s3_bucket, input.s3_bucket_owner, input.s3_prefix),
        encryption: input.s3_sse_algorithm,
        key: input.s3_sse_kms_key_id,
    };
    db.store.write(cx, at.scope, |tx| {
        let is_export = |task: &Task| matches!(task, Task::Export(_));
        let answer = |job: &Job| output::ExportTableToPointInTime {
            export_description: of(job).map(|export| describe(job, export)),
        };
        if let Some(job) = tx.begun(cx.now(), &request, is_export, errors::export_conflict)? {
            return Ok(answer(job));
        }
        let table = tx.backed_up(at.name)?.clone();
        check_period(&table, cx.now(), period)?;
        filter.as_ref().map_or(Ok(()), |filter| filter.check(&table))?;
        let past = (tx.rows.clone(), tx.history.clone());
        let export = Export::new(target, format, period, filter, past);
        Ok(answer(&tx.begin_job(cx, request, &table, Task::Export(Box::new(export)))))
    })
}

fn period(now: Timestamp, input: &input::ExportTableToPointInTime) -> Result<Period, AwsError> {
    let given = input.incremental_export_specification.as_ref();
    if input.export_type.as_deref() != Some("INCREMENTAL_EXPORT") {
        if given.is_some() {
            return Err(invalid("IncrementalExportSpecification is for INCREMENTAL_EXPORT only"));
        }
        return Ok(Period::At(input.export_time.unwrap_or(now)));
    }
    if input.export_time.is_some() || input.filter_specification.is_some() {
        return Err(invalid("ExportTime and FilterSpecification are for FULL_EXPORT only"));
    }
    let from = given.and_then(|given| given.export_from_time);
    let from = from.ok_or_else(|| invalid("INCREMENTAL_EXPORT needs an ExportFromTime"))?;
    let to = given.and_then(|given| given.export_to_time).unwrap_or(now);
    if !(from.plus(SHORTEST)..=from.plus(LONGEST)).contains(&to) {
        return Err(invalid(
            "ExportFromTime and ExportToTime must be from 15 minutes to 24 hours apart",
        ));
    }
    let view = given.and_then(|given| given.export_view_type.as_deref());
    Ok(Period::Between { from, to, with_old: view != Some("NEW_IMAGE") })
}

fn check_period(table: &state::TableRow, now: Timestamp, period: Period) -> Result<(), AwsError> {
    let (first, last) = match period {
        Period::At(time) => (time, time),
        Period::Between { from, to, .. } => (from, to),
    };
    table.check_time(now, first, errors::export_time)?;
    table.check_time(now, last, errors::export_time)
}

fn of(job: &Job) -> Option<&Export> {
    if let Task::Export(export) = &job.task { Some(export) } else { None }
}

fn describe(job: &Job, export: &Export) -> api::ExportDescription {
    let is_done = job.status == Status::Completed;
    let whole = |number: usize| i64::try_from(number).ok().filter(|_| is_done);
    let (time, between) = match export.period {
        Period::At(time) => (Some(time), None),
        Period::Between { from, to, with_old } => (
            None,
            Some(api::IncrementalExportSpecification {
                export_from_time: Some(from),
                export_to_time: Some(to),
                export_view_type: Some(Period::view_type(with_old).to_owned()),
            }),
        ),
    };
    let target = &export.target;
    api::ExportDescription {
        export_arn: Some(job.arn.clone()),
        export_status: Some(job.status.name()),
        start_time: Some(job.started),
        end_time: job.ended,
        export_manifest: is_done.then(|| export.manifest(job)),
        table_arn: Some(job.table.arn.clone()),
        table_id: Some(job.table.id.clone()),
        export_time: time,
        client_token: Some(job.token.clone()),
        s3_bucket: Some(target.bucket.name.clone()),
        s3_bucket_owner: target.bucket.owner.clone(),
        s3_prefix: target.bucket.prefix.clone(),
        s3_sse_algorithm: target.encryption.clone(),
        s3_sse_kms_key_id: target.key.clone(),
        failure_code: job.failure_code(),
        failure_message: job.failure_message(),
        export_format: Some(export.format.name()),
        billed_size_bytes: whole(export.bytes),
        item_count: whole(export.items),
        export_type: Some(export.period.name()),
        incremental_export_specification: between,
        filter_specification: export.filter.clone().map(|filter| api::FilterSpecification {
            key_condition_expression: filter.key,
            filter_expression: filter.condition,
            projection_expression: filter.view,
            expression_attribute_names: filter.names,
            expression_attribute_values: filter.values,
        }),
    }
}

pub(crate) fn describe_export(
    db: &DynamoDb,
    cx: &Cx,
    input: input::DescribeExport,
) -> Result<output::DescribeExport, AwsError> {
    let arn = input.export_arn.unwrap_or_default();
    db.store.read(cx, place(cx, "ExportArn", &arn)?, |tx| {
        let found = tx.job(cx.now(), &arn).and_then(|job| Some(describe(job, of(job)?)));
        let description = found.ok_or_else(|| errors::export_not_found(&arn))?;
        Ok(output::DescribeExport { export_description: Some(description) })
    })
}

pub(crate) fn list_exports(
    db: &DynamoDb,
    cx: &Cx,
    input: input::ListExports,
) -> Result<output::ListExports, AwsError> {
    let limit = limit(input.max_results, PAGE);
    let wanted = |job: &Job| of(job).is_some() && job.is_of(input.table_arn.as_ref());
    db.store.read_here(cx, |tx| {
        let token = input.next_token.as_ref();
        let (page, next) = tx.page_of_jobs(cx.now(), wanted, |job| &job.arn, limit, token)?;
        let summaries = page.into_iter().filter_map(|job| {
            Some(api::ExportSummary {
                export_arn: Some(job.arn.clone()),
                export_status: Some(job.status.name()),
                export_type: Some(of(job)?.period.name()),
            })
        });
        Ok(output::ListExports { export_summaries: Some(summaries.collect()), next_token: next })
    })
}
