//! Objects as records, and records as items of a table: what imports and bulk puts have in common.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::ops::Range;
use std::sync::Arc;

use cumulet_core::{AwsError, Cx};
use ruzstd::decoding::StreamingDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};

use super::bucket::{Bucket, OBJECT_MAX};
use super::ion;
use crate::errors::validation;
use crate::space::ROWS_AT_ONCE;
use crate::state::{TableRow, Tables};
use crate::stored::Stored;
use crate::value::Item;
use crate::write::{Action, Failure, Write};
use crate::{interchange, item};

/// Bytes of records that are read before others get their turn.
const BYTES_AT_ONCE: usize = 4 << 20;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Format {
    Json,
    Ion,
    /// With the names of its columns, unless each file says them.
    Csv {
        delimiter: char,
        names: Option<Arc<[String]>>,
    },
}

impl Format {
    pub(super) fn name(&self) -> String {
        match self {
            Self::Json => "DYNAMODB_JSON",
            Self::Ion => "ION",
            Self::Csv { .. } => "CSV",
        }
        .to_owned()
    }
}

/// How far the objects of a bucket have been read.
#[derive(Clone, Debug)]
pub(super) struct Load {
    pub(super) bucket: Bucket,
    pub(super) format: Format,
    /// As AWS names it.
    pub(super) compression: String,
    /// Keys and sizes; not known at the beginning.
    objects: Option<Arc<[(String, usize)]>>,
    /// Objects that were opened.
    opened: usize,
    open: Option<Object>,
    /// Bytes that were read.
    pub(super) bytes: usize,
    /// Records that were read.
    pub(super) seen: i64,
    /// Records that are no items of the table.
    pub(super) wrong: i64,
}

/// An object that is read.
#[derive(Clone, Debug)]
struct Object {
    text: Arc<str>,
    at: usize,
    /// The columns of CSV.
    names: Option<Arc<[String]>>,
}

/// Where a record is, and what it wants to be put.
type Record = (Range<usize>, Result<Write, AwsError>);

/// Some records of an object, in order.
#[derive(Debug)]
pub(super) struct Batch {
    key: String,
    text: Arc<str>,
    records: Vec<Record>,
    /// Of a file that cannot be read.
    pub(super) error: Option<AwsError>,
}

/// What has become of a batch.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) written: Vec<Stored>,
    pub(super) refused: Vec<Refusal>,
}

/// What was not put in.
#[derive(Debug)]
pub(super) enum Refusal {
    /// A record, or a whole object, that is no item of the table.
    Wrong { key: String, record: Option<String>, error: AwsError },
    /// An item whose condition does not hold, and what stands in its place.
    Condition { item: Item, existing: Option<Stored> },
}

impl Load {
    pub(super) fn new(bucket: Bucket, format: Format, compression: Option<String>) -> Self {
        let compression = compression.unwrap_or_else(|| "NONE".to_owned());
        let (objects, open) = (None, None);
        Self { bucket, format, compression, objects, opened: 0, open, bytes: 0, seen: 0, wrong: 0 }
    }

    /// Bytes of all objects, once that is known.
    pub(super) fn total(&self) -> Option<usize> {
        Some(self.objects.as_ref()?.iter().map(|(_, size)| size).sum())
    }

    pub(super) fn is_done(&self) -> bool {
        let all = self.objects.as_ref().map(|objects| objects.len());
        self.open.is_none() && all.is_some_and(|all| self.opened >= all)
    }

    /// Lets go of what is being read.
    pub(super) fn close(&mut self) {
        self.open = None;
    }

    /// The records that come next.
    pub(super) async fn next(&mut self, cx: &Cx, table: &TableRow) -> Result<Batch, AwsError> {
        let objects = match &self.objects {
            Some(objects) => Arc::clone(objects),
            None => self.bucket.list(cx).await?.into(),
        };
        self.objects = Some(Arc::clone(&objects));
        if self.open.is_none()
            && let Some((key, _)) = objects.get(self.opened)
        {
            self.opened += 1;
            let bytes = self.bucket.get(cx, key).await?;
            self.bytes += bytes.len();
            let Some(text) = unpack(&self.compression, bytes) else {
                let error = Some(validation("The object cannot be read"));
                let (key, text) = (key.clone(), Arc::from(""));
                return Ok(Batch { key, text, records: Vec::new(), error });
            };
            self.open = Some(Object { text: text.into(), at: 0, names: None });
        }
        let key = objects.get(self.opened.saturating_sub(1)).map(|(key, _)| key.clone());
        Ok(self.read(table, key.unwrap_or_default()))
    }

    fn read(&mut self, table: &TableRow, key: String) -> Batch {
        let mut batch = Batch { key, text: Arc::from(""), records: Vec::new(), error: None };
        let Some(object) = &mut self.open else { return batch };
        batch.text = Arc::clone(&object.text);
        let end = object.at.saturating_add(BYTES_AT_ONCE);
        while object.at < end && batch.records.len() < ROWS_AT_ONCE {
            let Some(record) = object.next(&self.format, table) else {
                self.open = None;
                break;
            };
            batch.records.push(record);
        }
        batch
    }

    /// Puts records into a table.
    pub(super) fn put(
        &mut self,
        cx: &Cx,
        tx: &mut Tables,
        table: &Arc<TableRow>,
        batch: Batch,
    ) -> Outcome {
        let Batch { key, text, records, error } = batch;
        let mut outcome = Outcome::default();
        let mut wrong = |record: Option<&str>, error| {
            self.wrong += 1;
            Refusal::Wrong { key: key.clone(), record: record.map(str::to_owned), error }
        };
        self.seen += i64::try_from(records.len()).unwrap_or(0);
        outcome.refused.extend(error.map(|error| wrong(None, error)));
        for (place, record) in records {
            let decided = record.map(|write| (write.decide(tx, table), write));
            let error = match decided {
                Ok((Ok(decision), _)) => {
                    outcome.written.extend(decision.carry_out(cx, tx).new);
                    continue;
                }
                Ok((Err(Failure::Condition(existing)), write)) => {
                    let item = write.given().clone();
                    outcome.refused.push(Refusal::Condition { item, existing });
                    continue;
                }
                Ok((Err(failure), _)) => failure.into(),
                Err(error) => error,
            };
            outcome.refused.push(wrong(text.get(place), error));
        }
        outcome
    }
}

impl Object {
    /// The next record.
    fn next(&mut self, format: &Format, table: &TableRow) -> Option<Record> {
        let text = Arc::clone(&self.text);
        match format {
            Format::Json => loop {
                let start = self.at;
                let line = text.get(start..)?.split_inclusive('\n').next()?;
                self.at += line.len();
                if !line.trim().is_empty() {
                    let place = start..start + line.trim_end().len();
                    return Some((place, interchange::parts_of_line(line).and_then(write)));
                }
            },
            Format::Ion => {
                let (raw, value) = ion::next(&text, &mut self.at)?;
                let parts = value.ok_or_else(unreadable).and_then(ion::parts);
                Some((self.at - raw.len()..self.at, parts.and_then(write)))
            }
            Format::Csv { delimiter, names } => {
                let mut next = || interchange::csv_record(&text, *delimiter, &mut self.at);
                let names = match self.names.take().or_else(|| names.clone()) {
                    Some(names) => names,
                    None => next()?.1.into(),
                };
                let (place, cells) = next()?;
                let item = interchange::item_of_cells(table, &names, cells);
                self.names = Some(names);
                let parts = item.map(Parts::from).ok_or_else(unreadable);
                Some((place, parts.and_then(write)))
            }
        }
    }
}

/// What a record has, with the members of a `PutItem`.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    pub(crate) item: Item,
    pub(crate) condition: Option<String>,
    pub(crate) names: Option<BTreeMap<String, String>>,
    pub(crate) values: Option<Item>,
}

impl From<Item> for Parts {
    fn from(item: Item) -> Self {
        Self { item, ..Self::default() }
    }
}

pub(crate) fn unreadable() -> AwsError {
    validation("The record cannot be read as an item")
}

/// The write of a record, checked as far as it can be without a table.
fn write(parts: Parts) -> Result<Write, AwsError> {
    let condition = parts.condition.as_deref();
    let condition = item::condition(parts.names.as_ref(), parts.values.as_ref(), condition)?;
    let put = Write { condition, show_on_failure: true, ..Write::new(Action::Put(parts.item)) };
    put.check().map(|()| put)
}

/// The text of a file; nothing if it is none, or too large.
fn unpack(compression: &str, bytes: Vec<u8>) -> Option<String> {
    let bytes = match compression {
        "GZIP" => {
            cumulet_compress::unpack(cumulet_compress::Format::Gzip, &bytes, OBJECT_MAX).ok()?
        }
        "ZSTD" => unpack_zstd(&bytes)?,
        _ => bytes,
    };
    String::from_utf8(bytes).ok()
}

fn unpack_zstd(mut file: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    while !file.is_empty() {
        match StreamingDecoder::new(&mut file) {
            Ok(frame) => {
                let room = (OBJECT_MAX + 1).checked_sub(out.len())?;
                frame.take(room as u64).read_to_end(&mut out).ok()?;
            }
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length,
                ..
            })) => file = file.get(usize::try_from(length).ok()?..)?,
            Err(_) => return None,
        }
    }
    (out.len() <= OBJECT_MAX).then_some(out)
}
