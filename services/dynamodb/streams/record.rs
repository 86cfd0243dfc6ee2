//! Reading a stream: `GetShardIterator` and `GetRecords`.

use std::sync::Arc;

use cumulet_core::{AwsError, Cx, Timestamp};

use super::Streams;
use super::api::{self, Identity, StreamRecord, input, output};
use super::errors;
use super::iterator::Iterator;
use super::stream::{StreamRef, limit, shard_time};
use crate::state::Tables;
use crate::stored::{Attributes, Stored};
use crate::stream::{
    DELETER, Record, Shard, StreamRow, digest, horizon, parse_sequence, sequence_at, sequence_text,
    time_of,
};
use crate::value;

/// Records of one answer, and their bytes, at most.
const PAGE: usize = 1_000;
const BYTES_MAX: usize = 1 << 20;

pub(super) fn get_shard_iterator(
    streams: &Streams,
    cx: &Cx,
    input: input::GetShardIterator,
) -> Result<output::GetShardIterator, AwsError> {
    let arn = input.stream_arn.clone().unwrap_or_default();
    let at = StreamRef::parse(cx, &arn)?;
    let begun = shard_time(input.shard_id.as_deref())?;
    let now = cx.now();
    let from = streams.store.read(cx, at.scope, |tx| {
        let stream = at.find(tx, now)?;
        let shard = shard(tx, stream, begun, now)?;
        start(tx, stream, &shard, &input, now)
    })?;
    let iterator = Iterator { stream: arn, shard: begun, from, issued: now };
    Ok(output::GetShardIterator { shard_iterator: Some(iterator.text()) })
}

fn shard(
    tx: &Tables,
    stream: &StreamRow,
    begun: Timestamp,
    now: Timestamp,
) -> Result<Shard, AwsError> {
    let mut shards = tx.shards(stream, now).into_iter();
    shards.find(|shard| shard.begun == begun).ok_or_else(errors::shard_not_found)
}

/// Where a reader begins.
fn start(
    tx: &Tables,
    stream: &StreamRow,
    shard: &Shard,
    input: &input::GetShardIterator,
    now: Timestamp,
) -> Result<Option<u64>, AwsError> {
    let kind = input.shard_iterator_type.as_deref().unwrap_or_default();
    match (kind, input.sequence_number.as_deref()) {
        ("TRIM_HORIZON", _) => Ok(None),
        ("LATEST", _) => {
            let next = tx.last_record(stream.id).map_or(0, |last| last.saturating_add(1));
            Ok(Some(next.max(sequence_at(now))))
        }
        ("AT_TIMESTAMP", _) => {
            let at = input.timestamp.ok_or_else(|| errors::invalid("Timestamp"))?;
            Ok((at >= horizon(now)).then(|| sequence_at(at).max(shard.start)))
        }
        ("AT_SEQUENCE_NUMBER" | "AFTER_SEQUENCE_NUMBER", Some(text)) => {
            let at = parse_sequence(text)
                .filter(|at| *at >= shard.start && shard.end.is_none_or(|end| *at < end));
            let at = at.ok_or_else(|| errors::invalid("SequenceNumber"))?;
            if at < sequence_at(horizon(now)) {
                return Err(errors::trimmed());
            }
            Ok(Some(at.saturating_add(u64::from(kind == "AFTER_SEQUENCE_NUMBER"))))
        }
        _ => Err(errors::invalid("SequenceNumber")),
    }
}

pub(super) fn get_records(
    streams: &Streams,
    cx: &Cx,
    input: input::GetRecords,
) -> Result<output::GetRecords, AwsError> {
    let limit = limit(input.limit, PAGE)?;
    let now = cx.now();
    let iterator = Iterator::parse(&input.shard_iterator.unwrap_or_default(), now)?;
    let at = StreamRef::parse(cx, &iterator.stream)?;
    let (records, next) = streams.store.read(cx, at.scope, |tx| {
        let stream = at.find(tx, now)?;
        let oldest = sequence_at(horizon(now));
        if iterator.from.is_some_and(|from| from < oldest) {
            return Err(errors::trimmed());
        }
        let shard = shard(tx, stream, iterator.shard, now)?;
        let from = iterator.from.unwrap_or(oldest.max(shard.start));
        Ok(page(tx, stream, &shard, from, limit, now))
    })?;
    let region = at.scope.region.to_string();
    let shown = records.iter().map(|found| found.show(&region, &iterator.stream)).collect();
    let next = next.map(|from| Iterator { from: Some(from), issued: now, ..iterator.clone() });
    Ok(output::GetRecords {
        records: Some(shown),
        next_shard_iterator: next.map(|iterator| iterator.text()),
    })
}

/// A record that is read, and how it is seen.
struct Found {
    sequence: u64,
    record: Arc<Record>,
    view: Arc<str>,
    keys: value::Item,
}

/// Some records, and where to go on: nowhere at the end of a shard that is closed.
fn page(
    tx: &Tables,
    stream: &StreamRow,
    shard: &Shard,
    from: u64,
    limit: usize,
    now: Timestamp,
) -> (Vec<Found>, Option<u64>) {
    let view: Arc<str> = stream.view.as_str().into();
    let end = shard.end.unwrap_or(u64::MAX);
    let mut rest = tx.records.range((stream.id, from)..(stream.id, end));
    let (mut page, mut bytes) = (Vec::new(), 0);
    while page.len() < limit && bytes < BYTES_MAX {
        let Some(((_, sequence), record)) = rest.next() else {
            // So that a reader of a quiet shard does not fall behind what is kept.
            let next = page.last().map_or(from, |last: &Found| last.sequence.saturating_add(1));
            return (page, shard.end.is_none().then(|| next.max(sequence_at(now))));
        };
        let keys = keys(stream, record);
        let found = Found {
            sequence: *sequence,
            record: Arc::clone(record),
            view: Arc::clone(&view),
            keys,
        };
        bytes += found.size();
        page.push(found);
    }
    let next = page.last().map_or(from, |last| last.sequence.saturating_add(1));
    (page, Some(next))
}

fn keys(stream: &StreamRow, record: &Record) -> value::Item {
    let change = &record.change;
    let Some(item) = change.new.as_ref().or(change.old.as_ref()) else {
        return value::Item::default();
    };
    let parts = stream.key.parts();
    parts.filter_map(|part| Some((part.name.clone(), item.get(&part.name)?.decode()))).collect()
}

impl Found {
    fn old_image(&self) -> Option<&Stored> {
        let is_seen = matches!(&*self.view, "OLD_IMAGE" | "NEW_AND_OLD_IMAGES");
        self.record.change.old.as_ref().filter(|_| is_seen)
    }

    fn new_image(&self) -> Option<&Stored> {
        let is_seen = matches!(&*self.view, "NEW_IMAGE" | "NEW_AND_OLD_IMAGES");
        self.record.change.new.as_ref().filter(|_| is_seen)
    }

    /// AWS counts the keys, and what is seen of the item.
    fn size(&self) -> usize {
        let seen = [self.old_image(), self.new_image()].into_iter().flatten();
        value::item_size(&self.keys) + seen.map(Stored::size).sum::<usize>()
    }

    fn show(&self, region: &str, stream: &str) -> api::Record {
        let image = |item: Option<&Stored>| item.map(|item| Attributes::Whole(item.clone()));
        let sequence = sequence_text(self.sequence);
        let id = u128::from_be_bytes(digest(format!("{stream}{sequence}")));
        let identity = self.record.is_expiry.then(|| Identity {
            principal_id: Some(DELETER.to_owned()),
            r#type: Some("Service".to_owned()),
        });
        api::Record {
            event_id: Some(format!("{id:032x}")),
            event_name: Some(self.record.event().to_owned()),
            event_version: Some("1.1".to_owned()),
            event_source: Some("aws:dynamodb".to_owned()),
            aws_region: Some(region.to_owned()),
            dynamodb: Some(StreamRecord {
                approximate_creation_date_time: Some(Timestamp::from_secs(
                    time_of(self.sequence).secs(),
                )),
                keys: Some(Attributes::Item(self.keys.clone())),
                new_image: image(self.new_image()),
                old_image: image(self.old_image()),
                sequence_number: Some(sequence),
                size_bytes: i64::try_from(self.size()).ok(),
                stream_view_type: Some(self.view.to_string()),
            }),
            user_identity: identity,
        }
    }
}
