//! What FIFO queues remember: deduplication ids and attempts to receive, for five minutes each by
//! the clock. They are kept apart from messages, because both outlive them.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use cumulet_core::Timestamp;
use cumulet_core::ids::version_4;
use cumulet_store::{Index, Indexes, Table};
use sha2::{Digest, Sha256};

use crate::state::{MessageKey, QueueId, Tables};

/// The deduplication interval (SQS Developer Guide, "Exactly-once processing").
const INTERVAL: Duration = Duration::from_secs(300);
/// What is over goes with what comes: at most this much at a time, so that nobody waits for it.
const SWEEP: usize = 16;
/// The bits of a key that are its queue's.
const OF_QUEUE: u64 = 0xffff_ffff_0000_0000;

/// A remembered id: a digest of everything, which takes less room and begins with 32 bits of the
/// queue's own id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key(u64, u64);

impl Key {
    /// Without a group the id stands for the whole queue.
    pub(crate) fn new(queue: QueueId, group: Option<&str>, id: &str) -> Self {
        // No id has a line break.
        let digest = Sha256::new().chain_update(queue.to_be_bytes());
        let digest = digest.chain_update(group.unwrap_or_default()).chain_update("\n");
        let digest = digest.chain_update(id).finalize();
        let word = |rest: &[u8]| rest.first_chunk().copied().map_or(0, u64::from_be_bytes);
        let (high, low) = digest.split_at_checked(8).unwrap_or_default();
        Self(queue & OF_QUEUE | word(high) & !OF_QUEUE, word(low))
    }

    /// Everything that a queue remembers. Another queue's, whose id begins alike, is in there once in
    /// four billion times.
    pub(crate) fn all(queue: QueueId) -> RangeInclusive<Self> {
        Self(queue & OF_QUEUE, 0)..=Self(queue | !OF_QUEUE, u64::MAX)
    }
}

/// The place of a message that was sent under a deduplication id.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Duplicate {
    place: u64,
    until: Timestamp,
}

/// What a `ReceiveRequestAttemptId` was answered with.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    taken: Arc<[Taken]>,
    until: Timestamp,
}

/// A message as it was when it was taken: its latest reception, and until when it is hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Taken {
    key: MessageKey,
    reception: u64,
    visible: Timestamp,
}

/// What is remembered for a while.
pub(crate) trait Remembered: Clone {
    fn until(&self) -> Timestamp;
}

impl Remembered for Duplicate {
    fn until(&self) -> Timestamp {
        self.until
    }
}

impl Remembered for Attempt {
    fn until(&self) -> Timestamp {
        self.until
    }
}

/// Ids by the time when they are over.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeyIndexes(Index<Timestamp, Key>);

impl<V: Remembered> Indexes<Key, V> for KeyIndexes {
    fn update(&mut self, key: &Key, old: Option<&V>, new: Option<&V>) {
        self.0.update(key, old.map(V::until), new.map(V::until));
    }
}

fn recall<V: Remembered>(
    table: &Table<Key, V, KeyIndexes>,
    key: &Key,
    now: Timestamp,
) -> Option<V> {
    table.get(key).filter(|row| row.until() > now).cloned()
}

fn remember<V: Remembered>(
    table: &mut Table<Key, V, KeyIndexes>,
    key: Key,
    row: V,
    now: Timestamp,
) {
    let over = table.by().0.range(..=now).map(|(_, key)| *key).take(SWEEP);
    for key in over.collect::<Vec<_>>() {
        table.remove(&key);
    }
    table.insert(key, row);
}

impl Tables {
    /// The place of the message that was sent under this id within the interval.
    pub(crate) fn duplicate(&self, key: &Key, now: Timestamp) -> Option<u64> {
        recall(&self.duplicates, key, now).map(|duplicate| duplicate.place)
    }

    /// Remembers the message that was sent under an id.
    pub(crate) fn sent_under(&mut self, id: Key, place: u64, now: Timestamp) {
        let row = Duplicate { place, until: now.plus(INTERVAL) };
        remember(&mut self.duplicates, id, row, now);
    }

    /// The messages that an earlier attempt took, as long as each is still in flight as it was.
    pub(crate) fn attempted(&self, id: &Key, now: Timestamp) -> Option<Vec<MessageKey>> {
        let attempt = recall(&self.attempts, id, now)?;
        let same = |taken: &Taken| taken.visible > now && self.taken(taken.key) == Some(*taken);
        attempt.taken.iter().all(same).then(|| attempt.taken.iter().map(|t| t.key).collect())
    }

    /// Remembers what an attempt took, if anything.
    pub(crate) fn took(&mut self, id: Key, keys: &[MessageKey], now: Timestamp) {
        let taken: Arc<[Taken]> = keys.iter().filter_map(|key| self.taken(*key)).collect();
        if !taken.is_empty() {
            remember(&mut self.attempts, id, Attempt { taken, until: now.plus(INTERVAL) }, now);
        }
    }

    fn taken(&self, key: MessageKey) -> Option<Taken> {
        let message = self.messages.get(&key)?;
        Some(Taken { key, reception: message.reception, visible: message.visible })
    }
}

/// A message's id follows from its place in a FIFO queue, so that nobody has to remember it for
/// the duplicates of the message.
pub(crate) fn message_id((queue, place): MessageKey) -> [u8; 16] {
    let digest = Sha256::new().chain_update(queue.to_be_bytes()).chain_update(place.to_be_bytes());
    version_4(digest.finalize().first_chunk().copied().unwrap_or_default())
}

/// A sequence number: 20 digits, as AWS's, in the order of arrival.
pub(crate) fn sequence_number(place: u64) -> String {
    format!("1{place:019}")
}
