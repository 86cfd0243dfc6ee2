//! Exports of tables into buckets: as they were at a time, or what has changed between two times. The
//! operations are in `export_operations`.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use cumulet_core::{AwsError, Cx, Timestamp};
use md5::{Digest, Md5};
use serde_json::{Value as Json, json};

use super::bucket::{Target, file_name};
use super::ion;
use super::{Job, Status, Step};
use crate::expression::{Condition, Kind, Placeholders};
use crate::page;
use crate::recovery::{self, Changed, History};
use crate::space::Rows;
use crate::state::TableRow;
use crate::stored::Stored;
use crate::value::Item;
use crate::view::View;
use crate::{interchange, key, query};

/// Bytes of a file, before it is packed, when it is long enough.
const FILE_BYTES: usize = 16 << 20;

/// An export, and how far it is.
#[derive(Clone, Debug)]
pub(super) struct Export {
    pub(super) target: Target,
    pub(super) format: Format,
    pub(super) period: Period,
    pub(super) filter: Option<Filter>,
    /// All that was there when the export was asked for, until its records are known.
    pub(super) past: Option<(Rows, History)>,
    records: Arc<[Changed]>,
    /// Records that are written.
    at: usize,
    /// What the manifest says of each file.
    files: Vec<String>,
    pub(super) items: usize,
    pub(super) bytes: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    Ion,
}

/// What of a table's past is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Period {
    /// The items as they were at a time.
    At(Timestamp),
    /// The items that have changed from a time on, before another; and whether they are shown as
    /// they were before, too.
    Between { from: Timestamp, to: Timestamp, with_old: bool },
}

/// Which items are exported and what of them, as it was given.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    pub(super) key: Option<String>,
    pub(super) condition: Option<String>,
    pub(super) view: Option<String>,
    pub(super) names: Option<BTreeMap<String, String>>,
    pub(super) values: Option<Item>,
}

impl Format {
    pub(super) fn name(self) -> String {
        if self == Self::Ion { "ION" } else { "DYNAMODB_JSON" }.to_owned()
    }

    fn suffix(self) -> &'static str {
        if self == Self::Ion { "ion.gz" } else { "json.gz" }
    }
}

impl Period {
    pub(super) fn name(self) -> String {
        if self.is_incremental() { "INCREMENTAL_EXPORT" } else { "FULL_EXPORT" }.to_owned()
    }

    fn is_incremental(self) -> bool {
        matches!(self, Self::Between { .. })
    }

    pub(super) fn view_type(with_old: bool) -> &'static str {
        if with_old { "NEW_AND_OLD_IMAGES" } else { "NEW_IMAGE" }
    }
}

/// A filter that was understood.
struct Parsed {
    keys: Option<page::Range>,
    filter: Option<Condition>,
    view: View,
}

impl Filter {
    fn parse(&self, table: &TableRow) -> Result<Parsed, AwsError> {
        let takes = [
            (Kind::Filter, self.condition.as_deref()),
            (Kind::Projection, self.view.as_deref()),
            (Kind::KeyCondition, self.key.as_deref()),
        ];
        let mut p = Placeholders::new(self.names.as_ref(), self.values.as_ref(), &takes)?;
        let filter = self.condition.as_deref().map(|text| p.condition(Kind::Filter, text));
        let filter = filter.transpose()?;
        let view = View::of_expression(&mut p, self.view.as_deref())?;
        let key = self.key.as_deref().map(|text| p.key_condition(text)).transpose()?;
        p.finish()?;
        if let (Some(filter), Some(_)) = (&filter, &key) {
            let keys = table.key.parts().map(|part| part.name.as_str());
            filter.check_no_keys("Filter Expression", keys)?;
        }
        let keys = key.map(|key| query::range(table.space, &key.bind(&table.key)?)).transpose()?;
        Ok(Parsed { keys, filter, view })
    }

    /// Refuses what makes no sense for a table.
    pub(super) fn check(&self, table: &TableRow) -> Result<(), AwsError> {
        self.parse(table).map(drop)
    }
}

impl Export {
    pub(super) fn new(
        target: Target,
        format: Format,
        period: Period,
        filter: Option<Filter>,
        past: (Rows, History),
    ) -> Self {
        let (past, records, files) = (Some(past), Arc::from([]), Vec::new());
        let (at, items, bytes) = (0, 0, 0);
        Self { target, format, period, filter, past, records, at, files, items, bytes }
    }

    /// Lets go of the items.
    pub(super) fn close(&mut self) {
        (self.past, self.records) = (None, Arc::from([]));
    }

    /// Where everything about an export is.
    fn folder(&self, job: &Job) -> String {
        format!("{}{}/", self.target.folder(), job.id())
    }

    pub(super) fn manifest(&self, job: &Job) -> String {
        format!("{}manifest-summary.json", self.folder(job))
    }

    /// Writes the next file, and after the last one what tells of them.
    pub(super) async fn step(&mut self, cx: &Cx, job: &Job) -> Result<Step, AwsError> {
        if let Some(past) = self.past.take() {
            self.target.put(cx, &format!("{}_started", self.folder(job)), Vec::new()).await?;
            self.records = self.read(&job.table, &past)?;
        }
        self.write_file(cx, job).await?;
        if self.at < self.records.len() {
            return Ok(Step::More);
        }
        let files_key = format!("{}manifest-files.json", self.folder(job));
        self.put_manifest(cx, &files_key, self.files.concat()).await?;
        let summary = self.summary(cx.now(), job, &files_key);
        self.put_manifest(cx, &self.manifest(job), summary.to_string()).await?;
        Ok(Step::End(Status::Completed))
    }

    /// The records, and how many bytes they are.
    fn read(
        &mut self,
        table: &TableRow,
        (rows, history): &(Rows, History),
    ) -> Result<Arc<[Changed]>, AwsError> {
        let records: Vec<Changed> = match self.period {
            Period::At(time) => {
                let filter = self.filter.clone().unwrap_or_default().parse(table)?;
                let image = recovery::image(rows, history, table.space, time).into_iter();
                let wanted = image.filter(|(at, item)| {
                    let in_range = |(from, to): &page::Range| **at >= **from && **at < **to;
                    filter.keys.as_ref().is_none_or(in_range)
                        && filter.filter.as_ref().is_none_or(|f| f.matches(item.bytes()))
                });
                let shown = wanted.map(|(_, item)| match &filter.view {
                    View::Whole => item,
                    view => Stored::new(&view.of(item).item()),
                });
                shown.map(|new| Changed { at: time, old: None, new: Some(new) }).collect()
            }
            Period::Between { from, to, .. } => {
                recovery::changes(rows, history, table.space, from..to)
            }
        };
        let sizes = records.iter().flat_map(|record| [&record.old, &record.new]).flatten();
        (self.items, self.bytes) = (records.len(), sizes.map(Stored::size).sum());
        Ok(records.into())
    }

    async fn write_file(&mut self, cx: &Cx, job: &Job) -> Result<(), AwsError> {
        let (mut text, begin) = (String::new(), self.at);
        while let Some(record) = self.records.get(self.at).filter(|_| text.len() < FILE_BYTES) {
            self.push_line(&mut text, &job.table, record);
            self.at += 1;
        }
        let data = cumulet_compress::pack(text.as_bytes());
        let sum = Md5::digest(&data);
        let folder =
            if self.period.is_incremental() { self.target.folder() } else { self.folder(job) };
        let key =
            format!("{folder}data/{}.{}", file_name(job, self.files.len()), self.format.suffix());
        self.target.put(cx, &key, data).await?;
        let file = json!({
            "itemCount": self.at - begin,
            "md5Checksum": BASE64.encode(sum),
            "etag": format!("{:x}", Bytes::copy_from_slice(&sum)),
            "dataFileS3Key": key,
        });
        self.files.push(format!("{file}\n"));
        Ok(())
    }

    fn push_line(&self, out: &mut String, table: &TableRow, record: &Changed) {
        let Changed { at, old, new } = record;
        let item = |stored: &Stored| stored.item();
        let Period::Between { with_old, .. } = self.period else {
            let item = new.as_ref().map(item).unwrap_or_default();
            match self.format {
                Format::Json => out.push_str(&interchange::line(&item)),
                Format::Ion => ion::push_line(out, |out| {
                    out.push_str("Item:");
                    ion::push(out, &item);
                }),
            }
            return;
        };
        let keys = new.as_ref().or(old.as_ref()).map(|any| key::attributes(table, None, any));
        let old = old.as_ref().filter(|_| with_old).map(item);
        let images = [("Keys", keys), ("OldImage", old), ("NewImage", new.as_ref().map(item))];
        let images = images.iter().filter_map(|(name, item)| Some((*name, item.as_ref()?)));
        let micros = at.millis().saturating_mul(1000);
        match self.format {
            Format::Json => {
                let images =
                    images.map(|(name, item)| (name.to_owned(), interchange::item_json(item)));
                let mut line: serde_json::Map<String, Json> = images.collect();
                let micros = json!({"WriteTimestampMicros": {"N": micros.to_string()}});
                line.insert("Metadata".to_owned(), micros);
                out.extend([Json::from(line).to_string().as_str(), "\n"]);
            }
            Format::Ion => ion::push_line(out, |out| {
                let micros = micros.to_string();
                out.extend(["Record:{Metadata:{WriteTimestampMicros:", &micros, ".}"]);
                for (name, item) in images {
                    out.extend([",", name, ":"]);
                    ion::push(out, item);
                }
                out.push('}');
            }),
        }
    }

    /// A manifest, and its checksum beside it.
    async fn put_manifest(&self, cx: &Cx, key: &str, text: String) -> Result<(), AwsError> {
        let sum = BASE64.encode(Md5::digest(&text));
        self.target.put(cx, key, text.into_bytes()).await?;
        self.target.put(cx, &key.replace(".json", ".md5"), sum.into_bytes()).await
    }

    fn summary(&self, now: Timestamp, job: &Job, files_key: &str) -> Json {
        let target = &self.target;
        let mut summary = json!({
            "version": if self.period.is_incremental() { "2023-08-01" } else { "2020-06-30" },
            "exportArn": job.arn, "tableArn": job.table.arn, "tableId": job.table.id,
            "startTime": job.started.iso8601_millis(), "endTime": now.iso8601_millis(),
            "s3Bucket": target.bucket.name, "s3Prefix": target.bucket.prefix,
            "s3SseAlgorithm": target.encryption.as_deref().unwrap_or("AES256"),
            "s3SseKmsKeyId": target.key, "manifestFilesS3Key": files_key,
            "billedSizeBytes": self.bytes, "itemCount": self.items,
            "outputFormat": self.format.name(), "exportType": self.period.name(),
        });
        let text = |time: Timestamp| time.iso8601_millis();
        let more = match self.period {
            Period::At(time) => vec![("exportTime", text(time))],
            Period::Between { from, to, with_old } => vec![
                ("exportFromTime", text(from)),
                ("exportToTime", text(to)),
                ("outputView", Period::view_type(with_old).to_owned()),
            ],
        };
        if let Some(summary) = summary.as_object_mut() {
            summary.extend(more.into_iter().map(|(name, text)| (name.to_owned(), text.into())));
        }
        summary
    }
}
