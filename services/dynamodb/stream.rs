//! What streams keep: which ones there are, and their records. Reading them is in `streams`.
//!
//! A stream is cut into shards by the clock alone: one follows the other every four hours, so an
//! item's changes are in order across them, and nothing has to be stored about a shard.
//!
//! Invariants:
//! - A record is written in the section that changed its item.
//! - A sequence number is the time in milliseconds, then six digits that count; it only grows, also
//!   when the clock is turned back.

use std::sync::Arc;
use std::time::Duration;

use cumulet_core::{Cx, Principal, Timestamp};
use cumulet_store::{Table, indexes};
use sha2::{Digest, Sha256};

use crate::schema::Schema;
use crate::space::{Change, SpaceId};
use crate::state::{TableRow, Tables};

/// A table's name and the stream's label.
pub(crate) type StreamKey = (String, String);
/// All streams of a scope.
pub(crate) type Streams = Table<StreamKey, Arc<StreamRow>, StreamIndexes>;
/// All records of a scope, by the stream's number and the sequence number.
pub(crate) type Records = Table<(SpaceId, u64), Arc<Record>>;

/// How long a record can be read, and a stream after its end.
pub(crate) const KEPT: Duration = Duration::from_hours(24);
/// How long a shard is written to.
const SHARD: Duration = Duration::from_hours(4);
const SHARD_MILLIS: i64 = 4 * 3_600_000;
/// Sequence numbers of a millisecond.
const PER_MILLI: u64 = 1_000_000;
/// What sequence numbers begin at in texts, which have at least 21 digits.
const TEXT_BASE: u128 = 100_000_000_000_000_000_000;
/// Who deletes what has expired.
pub(crate) const DELETER: &str = "dynamodb.amazonaws.com";

/// A stream, until it is forgotten a day after its end.
#[derive(Clone, Debug)]
pub(crate) struct StreamRow {
    /// Where its records are.
    pub(crate) id: SpaceId,
    pub(crate) arn: String,
    pub(crate) view: String,
    pub(crate) created: Timestamp,
    /// When it was disabled, or its table deleted.
    pub(crate) closed: Option<Timestamp>,
    /// That of the table, which may be gone.
    pub(crate) key: Schema,
    /// When old records are taken out again.
    pub(crate) trim_at: Timestamp,
}

indexes! {
    /// Which stream has old records to lose.
    pub(crate) struct StreamIndexes of StreamKey => Arc<StreamRow> {
        pub(crate) trim_at: Timestamp = |_key, stream| Some(stream.trim_at);
    }
}

/// One change of an item.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) change: Change,
    /// The item had expired.
    pub(crate) is_expiry: bool,
}

impl Record {
    pub(crate) fn event(&self) -> &'static str {
        match (&self.change.old, &self.change.new) {
            (None, _) => "INSERT",
            (_, None) => "REMOVE",
            _ => "MODIFY",
        }
    }
}

/// A part of a stream: the numbers from `start` up to `end`, which an open one lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shard {
    /// The time that names it.
    pub(crate) begun: Timestamp,
    pub(crate) start: u64,
    pub(crate) end: Option<u64>,
    pub(crate) parent: Option<Timestamp>,
}

/// The first sequence number of a point in time.
pub(crate) fn sequence_at(at: Timestamp) -> u64 {
    u64::try_from(at.millis()).unwrap_or(0).saturating_mul(PER_MILLI)
}

pub(crate) fn time_of(sequence: u64) -> Timestamp {
    Timestamp::from_millis(i64::try_from(sequence / PER_MILLI).unwrap_or(i64::MAX))
}

pub(crate) fn sequence_text(sequence: u64) -> String {
    (TEXT_BASE + u128::from(sequence)).to_string()
}

pub(crate) fn parse_sequence(text: &str) -> Option<u64> {
    let number: u128 = text.parse().ok()?;
    u64::try_from(number.checked_sub(TEXT_BASE)?).ok()
}

/// What is the same for the same change, and for no other.
pub(crate) fn digest(of: impl AsRef<[u8]>) -> [u8; 16] {
    Sha256::digest(of).first_chunk().copied().unwrap_or_default()
}

/// Before this, everything has been forgotten.
pub(crate) fn horizon(now: Timestamp) -> Timestamp {
    Timestamp::from_millis(now.millis() - i64::try_from(KEPT.as_millis()).unwrap_or(0))
}

impl Tables {
    /// The stream's shards that can have records, the oldest first.
    pub(crate) fn shards(&self, stream: &StreamRow, now: Timestamp) -> Vec<Shard> {
        let last = self.last_record(stream.id).map_or(now, |sequence| time_of(sequence).max(now));
        let place = |at: Timestamp| {
            let age = at.millis().saturating_sub(stream.created.millis());
            (age / SHARD_MILLIS).max(0)
        };
        let begun = |i: i64| Timestamp::from_millis(stream.created.millis() + i * SHARD_MILLIS);
        let newest = place(stream.closed.unwrap_or(last));
        let shard = |i| Shard {
            begun: begun(i),
            start: sequence_at(begun(i)),
            end: match stream.closed {
                _ if i < newest => Some(sequence_at(begun(i + 1))),
                Some(closed) => Some(sequence_at(closed).saturating_add(PER_MILLI)),
                None => None,
            },
            parent: (i > 0).then(|| begun(i - 1)),
        };
        (place(horizon(last))..=newest).map(shard).collect()
    }

    pub(crate) fn last_record(&self, stream: SpaceId) -> Option<u64> {
        let mut all = self.records.range((stream, 0)..=(stream, u64::MAX));
        all.next_back().map(|((_, sequence), _)| *sequence)
    }

    /// Begins the stream that a table has, unless it runs.
    pub(crate) fn begin_stream(&mut self, table: &mut TableRow) {
        let (name, arn) = (table.name.clone(), table.stream_arn().unwrap_or_default());
        let Some(stream) = table.stream.as_mut().filter(|stream| stream.is_enabled) else { return };
        let key = (name, stream.label.clone());
        if let Some(before) = self.streams.get(&key).cloned() {
            if before.id == stream.id && before.closed.is_none() {
                return;
            }
            // One with the same label, of the same millisecond.
            self.records.remove_range((before.id, 0)..=(before.id, u64::MAX));
        }
        stream.id = self.new_space();
        let created = Timestamp::parse_iso8601(&format!("{}Z", stream.label)).unwrap_or_default();
        let row = StreamRow {
            id: stream.id,
            arn,
            view: stream.view.clone(),
            created,
            closed: None,
            key: table.key.clone(),
            trim_at: created.plus(SHARD),
        };
        self.streams.insert(key, Arc::new(row));
    }

    /// Ends the stream that a table has.
    pub(crate) fn close_stream(&mut self, table: &TableRow, now: Timestamp) {
        let Some(stream) = table.stream.as_ref().filter(|stream| stream.is_enabled) else { return };
        let key = (table.name.clone(), stream.label.clone());
        self.streams.update(&key, |row| row.closed = Some(now));
    }

    /// Tells a table's stream of a change.
    pub(crate) fn record(&mut self, cx: &Cx, table: &TableRow, change: &Change) {
        let Some(stream) = table.stream.as_ref().filter(|stream| stream.is_enabled) else { return };
        if change.old == change.new {
            return;
        }
        let now = sequence_at(cx.now());
        let sequence =
            self.last_record(stream.id).map_or(now, |last| now.max(last.saturating_add(1)));
        let record = Record { change: change.clone(), is_expiry: is_expiry(cx) };
        self.records.insert((stream.id, sequence), Arc::new(record));
    }

    /// Takes out what is too old to be read.
    pub(crate) fn trim_streams(&mut self, now: Timestamp) {
        let due = self.streams.by().trim_at.iter().take_while(|(at, _)| **at <= now);
        let keys: Vec<StreamKey> = due.map(|(_, key)| key.clone()).collect();
        for key in keys {
            let Some(stream) = self.streams.get(&key) else { continue };
            let (id, closed) = (stream.id, stream.closed);
            let end = closed.map(|closed| closed.plus(KEPT));
            if end.is_some_and(|end| end <= now) {
                self.records.remove_range((id, 0)..=(id, u64::MAX));
                self.streams.remove(&key);
                continue;
            }
            self.records.remove_range((id, 0)..(id, sequence_at(horizon(now))));
            let next = now.plus(SHARD);
            self.streams.update(&key, |row| row.trim_at = end.map_or(next, |end| end.min(next)));
        }
    }
}

/// Whether it is DynamoDB itself that deletes, because of an item's age.
pub(crate) fn is_expiry(cx: &Cx) -> bool {
    *cx.principal() == Principal::Service(DELETER)
}
