//! Imports of objects into new tables. They are read before the answer, which has AWS's first state;
//! the next look finds them completed, or failed.

use std::sync::Arc;

use cumulet_compress::{Format, unpack};
use cumulet_core::{AwsError, Cx, Timestamp, Value, paging};

use crate::api::{self, input, output};
use crate::errors;
use crate::name::TableRef;
use crate::state::TableRow;
use crate::value::Item;
use crate::write::{Action, Write};
use crate::{DynamoDb, backup, interchange, schema, table};

/// Bytes of an object, packed and unpacked.
const OBJECT_MAX: usize = 256 << 20;
/// Imports that one answer lists.
const PAGE: usize = 25;

/// An import that was tried.
#[derive(Clone, Debug)]
pub(crate) struct Import {
    arn: String,
    /// As it was made.
    table: Arc<TableRow>,
    token: Option<String>,
    bucket: String,
    owner: Option<String>,
    prefix: Option<String>,
    format: String,
    csv: Option<(Option<String>, Option<Vec<String>>)>,
    compression: String,
    started: Timestamp,
    ended: Timestamp,
    bytes: usize,
    seen: i64,
    imported: i64,
    failure: Option<(String, String)>,
}

impl Import {
    fn status(&self) -> String {
        if self.failure.is_some() { "FAILED" } else { "COMPLETED" }.to_owned()
    }

    fn source(&self) -> api::S3BucketSource {
        api::S3BucketSource {
            s3_bucket_owner: self.owner.clone(),
            s3_bucket: Some(self.bucket.clone()),
            s3_key_prefix: self.prefix.clone(),
        }
    }

    fn describe(&self) -> api::ImportTableDescription {
        api::ImportTableDescription {
            import_status: Some(self.status()),
            end_time: Some(self.ended),
            error_count: Some(self.seen - self.imported),
            processed_size_bytes: i64::try_from(self.bytes).ok(),
            processed_item_count: Some(self.seen),
            imported_item_count: Some(self.imported),
            failure_code: self.failure.as_ref().map(|(code, _)| code.clone()),
            failure_message: self.failure.as_ref().map(|(_, message)| message.clone()),
            ..self.describe_begun()
        }
    }

    /// As AWS's first answer has it.
    fn describe_begun(&self) -> api::ImportTableDescription {
        let table = &self.table;
        let csv = self.csv.clone().map(|(delimiter, header_list)| api::InputFormatOptions {
            csv: Some(api::CsvOptions { delimiter, header_list }),
        });
        let provisioned = table.capacity.provisioned.as_ref();
        api::ImportTableDescription {
            import_arn: Some(self.arn.clone()),
            import_status: Some("IN_PROGRESS".to_owned()),
            table_arn: Some(table.arn.clone()),
            table_id: Some(table.id.clone()),
            client_token: self.token.clone(),
            s3_bucket_source: Some(self.source()),
            input_format: Some(self.format.clone()),
            input_format_options: csv,
            input_compression_type: Some(self.compression.clone()),
            table_creation_parameters: Some(api::TableCreationParameters {
                table_name: Some(table.name.clone()),
                attribute_definitions: Some(schema::describe_definitions(&table.attributes)),
                key_schema: Some(table.key.describe()),
                billing_mode: Some(table.capacity.billing_mode()),
                provisioned_throughput: provisioned.map(|_| table.capacity.units()),
                ..api::TableCreationParameters::default()
            }),
            start_time: Some(self.started),
            ..api::ImportTableDescription::default()
        }
    }

    async fn call(
        &self,
        cx: &Cx,
        operation: &str,
        more: Vec<(&str, Value)>,
    ) -> Result<(Value, Vec<u8>), AwsError> {
        let mut input = vec![("Bucket", self.bucket.as_str().into())];
        input.extend(self.owner.iter().map(|o| ("ExpectedBucketOwner", o.as_str().into())));
        input.extend(more);
        let (answer, body) = cx.call_with("s3", operation, Value::map(input), None).await?;
        let too_large = || AwsError::new("ObjectTooLarge", 400, "An object is too large");
        let bytes = match body {
            Some(mut body) => body.collect(OBJECT_MAX, too_large).await?.to_vec(),
            None => Vec::new(),
        };
        Ok((answer, bytes))
    }

    async fn read(&mut self, db: &DynamoDb, cx: &Cx) -> Result<(), AwsError> {
        let mut token = Value::Null;
        loop {
            let prefix = self.prefix.as_deref().unwrap_or_default().into();
            let page = vec![("Prefix", prefix), ("ContinuationToken", token)];
            let (found, _) = self.call(cx, "ListObjectsV2", page).await?;
            for object in found.get("Contents").map(Value::items).unwrap_or_default() {
                let key = object.get("Key").cloned().unwrap_or_default();
                let (_, bytes) = self.call(cx, "GetObject", vec![("Key", key)]).await?;
                self.bytes += bytes.len();
                self.take(db, cx, bytes)?;
            }
            token = found.get("NextContinuationToken").cloned().unwrap_or_default();
            if token == Value::Null {
                return Ok(());
            }
        }
    }

    /// Puts an object's items in; one that is wrong is counted and passed over.
    fn take(&mut self, db: &DynamoDb, cx: &Cx, bytes: Vec<u8>) -> Result<(), AwsError> {
        let wrong = || AwsError::new("ItemValidationError", 400, "An object cannot be read");
        let bytes = match self.compression.as_str() {
            "GZIP" => unpack(Format::Gzip, &bytes, OBJECT_MAX).map_err(|_| wrong())?,
            _ => bytes,
        };
        let text = String::from_utf8(bytes).map_err(|_| wrong())?;
        let items = self.items(&text);
        let table = Arc::clone(&self.table);
        let all = i64::try_from(items.len()).unwrap_or(i64::MAX);
        let imported = db.store.write_here(cx, |tx| {
            let mut imported = 0;
            for write in items.into_iter().flatten().map(|item| Write::new(Action::Put(item))) {
                if write.check().is_ok()
                    && let Ok(decision) = write.decide(tx, &table)
                {
                    decision.carry_out(cx, tx);
                    imported += 1;
                }
            }
            Ok::<i64, AwsError>(imported)
        })?;
        self.seen += all;
        self.imported += imported;
        Ok(())
    }

    fn items(&self, text: &str) -> Vec<Option<Item>> {
        if self.format != "CSV" {
            let lines = text.lines().filter(|line| !line.trim().is_empty());
            return lines.map(interchange::item_of_line).collect();
        }
        let (delimiter, names) = self.csv.clone().unwrap_or_default();
        let delimiter = delimiter.and_then(|text| text.chars().next()).unwrap_or(',');
        let mut records = interchange::records(text, delimiter).into_iter();
        let Some(names) = names.or_else(|| records.next()) else { return Vec::new() };
        records.map(|record| interchange::item_of_record(&self.table, &names, record)).collect()
    }
}

pub(crate) async fn import_table(
    db: &DynamoDb,
    cx: &Cx,
    input: input::ImportTable,
) -> Result<output::ImportTable, AwsError> {
    let format = input.input_format.unwrap_or_default();
    let compression = input.input_compression_type.unwrap_or_else(|| "NONE".to_owned());
    errors::check_unsupported(&[("ION", format == "ION"), ("ZSTD", compression == "ZSTD")])?;
    let token = input.client_token;
    let earlier = db.store.read_here(cx, |tx| {
        let mut all = tx.imports.iter().map(|(_, import)| import);
        all.find(|import| import.token.is_some() && import.token == token).cloned()
    });
    if let Some(earlier) = earlier {
        let description = Some(earlier.describe());
        return Ok(output::ImportTable { import_table_description: description });
    }
    let given = input.table_creation_parameters.unwrap_or_default();
    let name = given.table_name.clone().unwrap_or_default();
    let creation = input::CreateTable {
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
    };
    table::create_table(db, cx, creation).await?;
    let table = db.store.read_here(cx, |tx| tx.table(&name).cloned())?;
    let source = input.s3_bucket_source.unwrap_or_default();
    let mut import = Import {
        arn: format!("{}/import/{}", table.arn, backup::new_id(cx)),
        table,
        token: token.or_else(|| Some(cx.ids().uuid())),
        bucket: source.s3_bucket.unwrap_or_default(),
        owner: source.s3_bucket_owner,
        prefix: source.s3_key_prefix,
        format,
        csv: input.input_format_options.and_then(|o| o.csv).map(|c| (c.delimiter, c.header_list)),
        compression,
        started: cx.now(),
        ended: cx.now(),
        bytes: 0,
        seen: 0,
        imported: 0,
        failure: None,
    };
    if let Err(error) = import.read(db, cx).await {
        import.failure = Some((format!("S3{}", error.code()), error.message().to_owned()));
    }
    import.ended = cx.now();
    let description = Some(import.describe_begun());
    db.store.write_here(cx, |tx| {
        tx.imports.insert(import.arn.clone(), Arc::new(import));
        Ok(output::ImportTable { import_table_description: description })
    })
}

pub(crate) fn describe_import(
    db: &DynamoDb,
    cx: &Cx,
    input: input::DescribeImport,
) -> Result<output::DescribeImport, AwsError> {
    let arn = input.import_arn.unwrap_or_default();
    let at = TableRef::of_arn(cx, &arn).ok_or_else(|| errors::validation("Invalid ImportArn"))?;
    db.store.read(cx, at.scope, |tx| {
        let import = tx.imports.get(&arn).ok_or_else(|| errors::import_not_found(&arn))?;
        Ok(output::DescribeImport { import_table_description: Some(import.describe()) })
    })
}

pub(crate) fn list_imports(
    db: &DynamoDb,
    cx: &Cx,
    input: input::ListImports,
) -> Result<output::ListImports, AwsError> {
    let limit = input.page_size.and_then(|max| usize::try_from(max).ok()).unwrap_or(PAGE);
    let after = input.next_token.as_deref().and_then(paging::position);
    let table = input.table_arn;
    db.store.read_here(cx, |tx| {
        let all = tx.imports.iter().map(|(_, import)| import);
        let wanted = all.filter(|import| {
            table.as_ref().is_none_or(|arn| *arn == import.table.arn)
                && after.as_ref().is_none_or(|after| import.arn > *after)
        });
        let (page, next) = paging::page(wanted, limit, |import| &import.arn);
        let summary = |import: &Arc<Import>| api::ImportSummary {
            import_arn: Some(import.arn.clone()),
            import_status: Some(import.status()),
            table_arn: Some(import.table.arn.clone()),
            s3_bucket_source: Some(import.source()),
            input_format: Some(import.format.clone()),
            start_time: Some(import.started),
            end_time: Some(import.ended),
            ..api::ImportSummary::default()
        };
        let summaries = page.into_iter().map(summary).collect();
        Ok(output::ListImports { import_summary_list: Some(summaries), next_token: next })
    })
}
