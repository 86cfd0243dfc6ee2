//! Exports of tables into buckets, as they were at a time. They are written before the answer, which
//! has AWS's first state; the next look finds them completed, or failed.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use cumulet_core::{AwsError, Body, Cx, Timestamp, Value, paging};
use md5::{Digest, Md5};
use serde_json::json;

use crate::api::{self, input, output};
use crate::errors::{self, validation};
use crate::name::TableRef;
use crate::{DynamoDb, backup, interchange};

/// Exports that one answer lists.
const PAGE: usize = 25;

/// An export that was tried.
#[derive(Clone, Debug)]
pub(crate) struct Export {
    arn: String,
    table_arn: String,
    table_id: String,
    token: Option<String>,
    started: Timestamp,
    ended: Timestamp,
    /// The time that it shows.
    at: Timestamp,
    bucket: String,
    owner: Option<String>,
    prefix: Option<String>,
    encryption: Option<String>,
    key: Option<String>,
    items: usize,
    bytes: usize,
    /// Where the summary is.
    manifest: String,
    failure: Option<(String, String)>,
}

impl Export {
    fn status(&self) -> String {
        if self.failure.is_some() { "FAILED" } else { "COMPLETED" }.to_owned()
    }

    fn describe(&self) -> api::ExportDescription {
        let failure = self.failure.clone();
        let whole = |number: usize| i64::try_from(number).ok().filter(|_| failure.is_none());
        api::ExportDescription {
            export_arn: Some(self.arn.clone()),
            export_status: Some(self.status()),
            end_time: Some(self.ended),
            export_manifest: Some(self.manifest.clone()).filter(|_| failure.is_none()),
            billed_size_bytes: whole(self.bytes),
            item_count: whole(self.items),
            failure_code: failure.as_ref().map(|(code, _)| code.clone()),
            failure_message: failure.as_ref().map(|(_, message)| message.clone()),
            ..self.describe_begun()
        }
    }

    /// As AWS's first answer has it.
    fn describe_begun(&self) -> api::ExportDescription {
        api::ExportDescription {
            export_arn: Some(self.arn.clone()),
            export_status: Some("IN_PROGRESS".to_owned()),
            start_time: Some(self.started),
            table_arn: Some(self.table_arn.clone()),
            table_id: Some(self.table_id.clone()),
            export_time: Some(self.at),
            client_token: self.token.clone(),
            s3_bucket: Some(self.bucket.clone()),
            s3_bucket_owner: self.owner.clone(),
            s3_prefix: self.prefix.clone(),
            s3_sse_algorithm: self.encryption.clone(),
            s3_sse_kms_key_id: self.key.clone(),
            export_format: Some("DYNAMODB_JSON".to_owned()),
            export_type: Some("FULL_EXPORT".to_owned()),
            ..api::ExportDescription::default()
        }
    }

    async fn put(&self, cx: &Cx, key: &str, bytes: Vec<u8>) -> Result<(), AwsError> {
        let mut input = vec![("Bucket", self.bucket.as_str().into()), ("Key", key.into())];
        if let Some(owner) = &self.owner {
            input.push(("ExpectedBucketOwner", owner.as_str().into()));
        }
        if let Some(algorithm) = &self.encryption {
            let name = if algorithm == "KMS" { "aws:kms" } else { "AES256" };
            input.push(("ServerSideEncryption", name.into()));
        }
        if let Some(key) = &self.key {
            input.push(("SSEKMSKeyId", key.as_str().into()));
        }
        cx.call_with("s3", "PutObject", Value::map(input), Some(Body::from(bytes))).await?;
        Ok(())
    }

    /// A manifest, and its checksum beside it.
    async fn put_manifest(&self, cx: &Cx, key: &str, text: String) -> Result<(), AwsError> {
        let sum = BASE64.encode(Md5::digest(&text));
        self.put(cx, key, text.into_bytes()).await?;
        self.put(cx, &key.replace(".json", ".md5"), sum.into_bytes()).await
    }

    async fn write(&mut self, cx: &Cx, lines: &str) -> Result<(), AwsError> {
        let folder = self.manifest.trim_end_matches("manifest-summary.json").to_owned();
        self.put(cx, &format!("{folder}_started"), Vec::new()).await?;
        let data = cumulet_compress::pack(lines.as_bytes());
        let sum = Md5::digest(&data);
        let key = format!(
            "{folder}data/{}.json.gz",
            cx.ids().text(26, b"abcdefghijklmnopqrstuvwxyz234567")
        );
        self.put(cx, &key, data).await?;
        let files = json!({
            "itemCount": self.items, "md5Checksum": BASE64.encode(sum), "etag": format!("{:x}", Bytes::copy_from_slice(&sum)),
            "dataFileS3Key": key,
        });
        let files_key = format!("{folder}manifest-files.json");
        self.put_manifest(cx, &files_key, format!("{files}\n")).await?;
        self.ended = cx.now();
        let summary = json!({
            "version": "2020-06-30", "exportArn": self.arn,
            "startTime": self.started.iso8601_millis(), "endTime": self.ended.iso8601_millis(),
            "tableArn": self.table_arn, "tableId": self.table_id,
            "exportTime": self.at.iso8601_millis(), "s3Bucket": self.bucket,
            "s3Prefix": self.prefix, "s3SseAlgorithm": self.encryption.as_deref().unwrap_or("AES256"),
            "s3SseKmsKeyId": self.key, "manifestFilesS3Key": files_key,
            "billedSizeBytes": self.bytes, "itemCount": self.items,
            "outputFormat": "DYNAMODB_JSON", "exportType": "FULL_EXPORT",
        });
        self.put_manifest(cx, &self.manifest, summary.to_string()).await
    }
}

pub(crate) async fn export_table_to_point_in_time(
    db: &DynamoDb,
    cx: &Cx,
    input: input::ExportTableToPointInTime,
) -> Result<output::ExportTableToPointInTime, AwsError> {
    errors::check_unsupported(&[
        ("ION", input.export_format.as_deref() == Some("ION")),
        ("INCREMENTAL_EXPORT", input.export_type.as_deref() == Some("INCREMENTAL_EXPORT")),
        ("IncrementalExportSpecification", input.incremental_export_specification.is_some()),
        ("FilterSpecification", input.filter_specification.is_some()),
    ])?;
    let at = TableRef::of(cx, input.table_arn.as_ref())?;
    let time = input.export_time.unwrap_or(cx.now());
    let (table, image, earlier) = db.store.read(cx, at.scope, |tx| {
        let table = tx.backed_up(at.name)?;
        table.check_time(cx.now(), time, errors::export_time)?;
        let mut known = tx.exports.iter().map(|(_, export)| export);
        let earlier = known.find(|e| e.token.is_some() && e.token == input.client_token);
        Ok::<_, AwsError>((Arc::clone(table), tx.image(table, time), earlier.cloned()))
    })?;
    if let Some(earlier) = earlier {
        let description = Some(earlier.describe());
        return Ok(output::ExportTableToPointInTime { export_description: description });
    }
    let id = backup::new_id(cx);
    let prefix = input.s3_prefix.filter(|prefix| !prefix.is_empty());
    let folder = prefix.as_ref().map_or(String::new(), |p| format!("{}/", p.trim_end_matches('/')));
    let mut export = Export {
        arn: format!("{}/export/{id}", table.arn),
        table_arn: table.arn.clone(),
        table_id: table.id.clone(),
        token: input.client_token.or_else(|| Some(cx.ids().uuid())),
        started: cx.now(),
        ended: cx.now(),
        at: time,
        bucket: input.s3_bucket.unwrap_or_default(),
        owner: input.s3_bucket_owner,
        prefix,
        encryption: input.s3_sse_algorithm,
        key: input.s3_sse_kms_key_id,
        items: image.len(),
        bytes: image.iter().map(|(_, item)| item.size()).sum(),
        manifest: format!("{folder}AWSDynamoDB/{id}/manifest-summary.json"),
        failure: None,
    };
    let lines: String = image.iter().map(|(_, item)| interchange::line(&item.item())).collect();
    if let Err(error) = export.write(cx, &lines).await {
        export.failure = Some((format!("S3{}", error.code()), error.message().to_owned()));
    }
    let description = Some(export.describe_begun());
    db.store.write(cx, at.scope, |tx| {
        tx.exports.insert(export.arn.clone(), Arc::new(export));
        Ok(output::ExportTableToPointInTime { export_description: description })
    })
}

pub(crate) fn describe_export(
    db: &DynamoDb,
    cx: &Cx,
    input: input::DescribeExport,
) -> Result<output::DescribeExport, AwsError> {
    let arn = input.export_arn.unwrap_or_default();
    let at = TableRef::of_arn(cx, &arn).ok_or_else(|| validation("Invalid ExportArn"))?;
    db.store.read(cx, at.scope, |tx| {
        let export = tx.exports.get(&arn).ok_or_else(|| errors::export_not_found(&arn))?;
        Ok(output::DescribeExport { export_description: Some(export.describe()) })
    })
}

pub(crate) fn list_exports(
    db: &DynamoDb,
    cx: &Cx,
    input: input::ListExports,
) -> Result<output::ListExports, AwsError> {
    let limit = input.max_results.and_then(|max| usize::try_from(max).ok()).unwrap_or(PAGE);
    let after = input.next_token.as_deref().and_then(paging::position);
    let table = input.table_arn;
    db.store.read_here(cx, |tx| {
        let all = tx.exports.iter().map(|(_, export)| export);
        let wanted = all.filter(|export| {
            table.as_ref().is_none_or(|arn| *arn == export.table_arn)
                && after.as_ref().is_none_or(|after| export.arn > *after)
        });
        let (page, next) = paging::page(wanted, limit, |export| &export.arn);
        let summary = |export: &Arc<Export>| api::ExportSummary {
            export_arn: Some(export.arn.clone()),
            export_status: Some(export.status()),
            export_type: Some("FULL_EXPORT".to_owned()),
        };
        let summaries = page.into_iter().map(summary).collect();
        Ok(output::ListExports { export_summaries: Some(summaries), next_token: next })
    })
}
