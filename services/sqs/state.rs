//! What SQS stores in one account and region.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

use cumulet_core::tags::Tags;
use cumulet_core::{AwsError, Cx, Timestamp};
use cumulet_store::{Table, indexes, tables};

use crate::contents::Contents;
use crate::fifo::{Attempt, Duplicate, Key, KeyIndexes};
use crate::index::{Hidden, MessageIndexes};
use crate::move_task::{Task, TaskId, TaskIndexes};
use crate::redrive::Redrive;
use crate::{Sqs, errors};

/// A queue's identity: a queue made again under the same name is another one.
pub(crate) type QueueId = u64;
/// A message's place in its queue: by the time it was sent, see [`Tables::next_key`].
pub(crate) type MessageKey = (QueueId, u64);

tables! {
    /// All of SQS in one scope.
    pub(crate) struct Tables {
        /// By name.
        pub(crate) queues: Table<String, Arc<Queue>, QueueIndexes>,
        /// Messages that were sent and neither deleted nor expired.
        pub(crate) messages: Table<MessageKey, Message, MessageIndexes>,
        /// When to look next for messages of a queue that outlived its retention period: not later
        /// than the first one does.
        pub(crate) expiries: Table<QueueId, Timestamp, ExpiryIndexes>,
        /// Deduplication ids of FIFO queues that were seen in the last five minutes.
        pub(crate) duplicates: Table<Key, Duplicate, KeyIndexes>,
        /// Attempts to receive from FIFO queues, likewise.
        pub(crate) attempts: Table<Key, Attempt, KeyIndexes>,
        /// The last sequence number that a FIFO queue gave out.
        pub(crate) sequences: Table<QueueId, u64>,
        /// Tasks that move messages out of dead-letter queues.
        pub(crate) tasks: Table<TaskId, Arc<Task>, TaskIndexes>,
        /// When to tell CloudWatch next how the queues are.
        pub(crate) gauges: Table<(), Timestamp>,
        /// When a queue of this name was deleted, where the settings ask for a pause after that.
        pub(crate) deleted: Table<String, Timestamp>,
    }
    next_due = |t| {
        let expiry = t.expiries.by().at.first().map(|(at, _)| *at);
        let task = t.tasks.by().due.first().map(|(at, _)| *at);
        let gauges = t.gauges.get(&()).copied();
        expiry.into_iter().chain(task).chain(gauges).min()
    };
}

indexes! {
    /// Which queue is to be looked at next.
    pub(crate) struct ExpiryIndexes of QueueId => Timestamp {
        at: Timestamp = |_id, at| Some(*at);
    }
}

indexes! {
    /// How queues are found, but by name.
    pub(crate) struct QueueIndexes of String => Arc<Queue> {
        /// By the name of their dead-letter queue.
        pub(crate) dead_letter: String = |_name, queue| queue.redrive.as_ref().map(|r| r.queue.clone());
    }
}

/// A queue without its messages.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    pub(crate) id: QueueId,
    pub(crate) created: Timestamp,
    pub(crate) modified: Timestamp,
    /// Attributes that a user can set, as set or by default.
    pub(crate) attributes: BTreeMap<String, String>,
    /// Those of them that every message asks for.
    pub(crate) numbers: Numbers,
    pub(crate) tags: Tags,
    pub(crate) purged: Option<Timestamp>,
    pub(crate) is_fifo: bool,
    /// Duplicates are found within a group only. As the queue was made: AWS takes no notice of a
    /// later change of `DeduplicationScope`.
    pub(crate) group_dedup: bool,
    /// What `RedrivePolicy` says.
    pub(crate) redrive: Option<Redrive>,
}

/// Numeric attributes, read.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Numbers {
    pub(crate) delay: Duration,
    pub(crate) size: u32,
    pub(crate) retention: Duration,
    pub(crate) wait: Duration,
    pub(crate) hide: Duration,
}

impl Numbers {
    /// All of them are set from a queue's creation on.
    pub(crate) fn of(attributes: &BTreeMap<String, String>) -> Self {
        let number = |name| attributes.get(name).and_then(|v| v.parse().ok()).unwrap_or(0_u32);
        let seconds = |name| Duration::from_secs(number(name).into());
        Self {
            delay: seconds("DelaySeconds"),
            size: number("MaximumMessageSize"),
            retention: seconds("MessageRetentionPeriod"),
            wait: seconds("ReceiveMessageWaitTimeSeconds"),
            hide: seconds("VisibilityTimeout"),
        }
    }
}

impl Queue {
    /// An attribute that is `true` or `false`.
    pub(crate) fn is_on(&self, attribute: &str) -> bool {
        self.attributes.get(attribute).is_some_and(|value| value == "true")
    }
}

/// A message in a queue. What was sent is shared by all states that the message goes through.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) contents: Arc<Contents>,
    /// When it can be received (again).
    pub(crate) visible: Timestamp,
    /// How often it was received.
    pub(crate) received: u32,
    /// When it was received first.
    pub(crate) first_received: Timestamp,
    /// Stands in the latest receipt handle.
    pub(crate) reception: u64,
}

impl Message {
    /// A message that nobody has received, yet or in this queue.
    pub(crate) fn new(contents: Contents, visible: Timestamp) -> Self {
        Self {
            contents: Arc::new(contents),
            visible,
            received: 0,
            first_received: Timestamp::default(),
            reception: 0,
        }
    }
}

/// How many messages a queue has, by what can be done with them.
pub(crate) struct Counts {
    pub(crate) available: usize,
    pub(crate) hidden: Hidden,
}

/// So far a standard queue looks for its oldest message: it does its best at the order of sending.
const LOOK_AHEAD: usize = 32;
/// Places of messages that were sent in the same millisecond, as a power of two.
const PLACES: u32 = 20;

/// The first place for what is sent at `sent`.
fn first_place(sent: Timestamp) -> u64 {
    u64::try_from(sent.millis()).unwrap_or(0) << PLACES
}

impl Tables {
    /// The queue, if there is one of this name.
    pub(crate) fn queue(&self, name: &str) -> Result<Arc<Queue>, AwsError> {
        self.queues.get(name).cloned().ok_or_else(errors::queue_does_not_exist)
    }

    /// At most `most` messages that can be received at `now`: in a standard queue those that are
    /// visible the longest, and of the first of these the oldest; in a FIFO queue group by group,
    /// each up to its first hidden message.
    pub(crate) fn receivable(&self, queue: &Queue, now: Timestamp, most: usize) -> Vec<MessageKey> {
        let by = self.messages.by();
        let range = (queue.id, Timestamp::default())..=(queue.id, now);
        if !queue.is_fifo {
            let keys = by.visible.range(range).map(|(_, key)| *key);
            let mut keys: Vec<_> = keys.take(most.max(LOOK_AHEAD)).collect();
            keys.sort_unstable();
            keys.truncate(most);
            return keys;
        }
        let groups = by.heads.range(range).flat_map(|(_, (group, _))| {
            let visible = by.group(*group).take_while(|(_, at)| *at <= now);
            visible.map(|(place, _)| (queue.id, place))
        });
        groups.take(most).collect()
    }

    /// When the next hidden message shows, or the next hidden group.
    pub(crate) fn next_visible(&self, queue: &Queue, now: Timestamp) -> Option<Timestamp> {
        let by = self.messages.by();
        let index = if queue.is_fifo { &by.heads } else { &by.visible };
        let later = (Bound::Excluded((queue.id, now)), end_of(queue.id));
        index.range(later).next().map(|((_, at), _)| *at)
    }

    /// Counts a queue's messages: at the cost of those that show within this second, not of all.
    pub(crate) fn counts(&self, queue: QueueId, now: Timestamp) -> Counts {
        let mut hidden = self.messages.by().hidden_later(queue, now);
        let next_second = (queue, Timestamp::from_secs(now.secs() + 1));
        let soon = (Bound::Excluded((queue, now)), Bound::Excluded(next_second));
        for (_, key) in self.messages.by().visible.range(soon) {
            match self.messages.get(key) {
                Some(message) if message.received > 0 => hidden.in_flight += 1,
                _ => hidden.delayed += 1,
            }
        }
        let all = self.messages.by().len(queue);
        Counts { available: all.saturating_sub(hidden.in_flight + hidden.delayed), hidden }
    }

    /// Whether `limit` messages are in flight, within a second. Cheap for queues with fewer
    /// messages than that.
    pub(crate) fn has_in_flight(&self, queue: QueueId, now: Timestamp, limit: usize) -> bool {
        let by = self.messages.by();
        by.len(queue) >= limit && by.hidden_later(queue, now).in_flight >= limit
    }

    /// The place of a message. In a standard queue it goes by the time of sending, whenever it
    /// came into this one, so that the oldest are first. In a FIFO queue it goes by the order of
    /// arrival and is never given twice: it is the sequence number.
    pub(crate) fn next_key(&mut self, queue: &Queue, sent: Timestamp) -> MessageKey {
        let first = first_place(sent);
        let place = if queue.is_fifo {
            let last = self.sequences.get(&queue.id).copied().unwrap_or(0);
            let next = first.max(last + 1);
            self.sequences.insert(queue.id, next);
            next
        } else {
            let end = first + (1 << PLACES);
            match self.messages.by().last_place(queue.id) {
                last if last < first => first,
                last if last < end => last + 1,
                // What was sent later is here already.
                _ => {
                    let last = self.messages.range((queue.id, first)..(queue.id, end)).next_back();
                    last.map_or(first, |((_, place), _)| place + 1)
                }
            }
        };
        (queue.id, place)
    }

    /// Adds a message.
    pub(crate) fn add(&mut self, queue: &Queue, message: Message) {
        let key = self.next_key(queue, message.contents.sent);
        self.put(queue, key, message);
    }

    /// Puts a message into its place.
    pub(crate) fn put(&mut self, queue: &Queue, key: MessageKey, message: Message) {
        let expiry = message.contents.sent.plus(queue.numbers.retention);
        if self.expiries.get(&queue.id).is_none_or(|at| *at > expiry) {
            self.expiries.insert(queue.id, expiry);
        }
        self.messages.insert(key, message);
    }

    /// Removes the messages of a queue whose retention period is over, and plans the next look.
    pub(crate) fn expire(&mut self, queue: &Queue, now: Timestamp) {
        let retention = queue.numbers.retention;
        let all = (queue.id, 0)..=(queue.id, u64::MAX);
        while let Some((key, first)) = self.messages.range(all.clone()).next() {
            let expiry = first.contents.sent.plus(retention);
            if expiry > now {
                self.expiries.insert(queue.id, expiry);
                return;
            }
            let key = *key;
            self.messages.remove(&key);
        }
        self.expiries.remove(&queue.id);
    }

    /// Forgets all messages of a queue, and which deduplication ids it has seen.
    pub(crate) fn forget_messages(&mut self, queue: QueueId) {
        self.expiries.remove(&queue);
        self.messages.remove_range((queue, 0)..=(queue, u64::MAX));
        self.duplicates.remove_range(Key::all(queue));
        self.attempts.remove_range(Key::all(queue));
    }

    /// Forgets all of a queue but its row.
    pub(crate) fn forget_queue(&mut self, queue: QueueId) {
        self.forget_messages(queue);
        self.sequences.remove(&queue);
        self.forget_tasks(queue);
    }
}

/// Where the entries of a queue end in an index by queue and time.
fn end_of(queue: QueueId) -> Bound<(QueueId, Timestamp)> {
    let next = |queue| Bound::Excluded((queue, Timestamp::from_millis(i64::MIN)));
    queue.checked_add(1).map_or(Bound::Unbounded, next)
}

impl Sqs {
    /// Removes the messages whose retention period is over.
    pub(crate) fn expire(&self, cx: &Cx, tx: &mut Tables) {
        let due = tx.expiries.by().at.range(..=cx.now()).map(|(_, id)| *id);
        let due: BTreeSet<QueueId> = due.collect();
        if due.is_empty() {
            return;
        }
        let queues = tx.queues.iter().map(|(_, queue)| Arc::clone(queue));
        let queues: Vec<_> = queues.filter(|queue| due.contains(&queue.id)).collect();
        for queue in queues {
            if self.settings.retention {
                tx.expire(&queue, cx.now());
            } else {
                tx.expiries.remove(&queue.id);
            }
        }
    }
}
