//! What SQS stores in one account and region.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

use cumulet_core::tags::Tags;
use cumulet_core::{AwsError, Cx, Timestamp};
use cumulet_store::{Index, Indexes, Table, indexes, tables};

use crate::contents::Contents;
use crate::{Sqs, errors};

/// A queue's identity: a queue made again under the same name is another one.
pub(crate) type QueueId = u64;
/// A message's place in its queue, in the order of arrival.
pub(crate) type MessageKey = (QueueId, u64);

tables! {
    /// All of SQS in one scope.
    pub(crate) struct Tables {
        /// By name.
        pub(crate) queues: Table<String, Arc<Queue>>,
        /// Messages that were sent and neither deleted nor expired.
        pub(crate) messages: Table<MessageKey, Message, MessageIndexes>,
        /// When to look next for messages of a queue that outlived its retention period: not later
        /// than the first one does.
        pub(crate) expiries: Table<QueueId, Timestamp, ExpiryIndexes>,
    }
    next_due = |t| t.expiries.by().at.first().map(|(at, _)| *at);
}

indexes! {
    /// Which queue is to be looked at next.
    pub(crate) struct ExpiryIndexes of QueueId => Timestamp {
        at: Timestamp = |_id, at| Some(*at);
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
    pub(crate) tags: Tags,
    pub(crate) purged: Option<Timestamp>,
}

impl Queue {
    /// A numeric attribute. All of them are set from a queue's creation on.
    pub(crate) fn number(&self, attribute: &str) -> u32 {
        self.attributes.get(attribute).and_then(|v| v.parse().ok()).unwrap_or(0)
    }

    pub(crate) fn seconds(&self, attribute: &str) -> Duration {
        Duration::from_secs(u64::from(self.number(attribute)))
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

/// Messages by the time they become visible, and their number per queue.
#[derive(Clone, Debug, Default)]
pub(crate) struct MessageIndexes {
    pub(crate) visible: Index<(QueueId, Timestamp), MessageKey>,
    pub(crate) count: BTreeMap<QueueId, usize>,
}

impl Indexes<MessageKey, Message> for MessageIndexes {
    fn update(&mut self, key: &MessageKey, old: Option<&Message>, new: Option<&Message>) {
        let place = |message: &Message| (key.0, message.visible);
        self.visible.update(key, old.map(place), new.map(place));
        match (old, new) {
            (None, Some(_)) => *self.count.entry(key.0).or_default() += 1,
            (Some(_), None) => {
                let left = self.count.get(&key.0).map_or(0, |n| n.saturating_sub(1));
                match left {
                    0 => self.count.remove(&key.0),
                    left => self.count.insert(key.0, left),
                };
            }
            _ => {}
        }
    }
}

/// How many messages a queue has, by what can be done with them.
pub(crate) struct Counts {
    pub(crate) available: usize,
    pub(crate) in_flight: usize,
    pub(crate) delayed: usize,
}

impl Tables {
    /// The queue, if there is one of this name.
    pub(crate) fn queue(&self, name: &str) -> Result<Arc<Queue>, AwsError> {
        self.queues.get(name).cloned().ok_or_else(errors::queue_does_not_exist)
    }

    /// Messages that can be received at `now`, the longest visible first.
    pub(crate) fn available(
        &self,
        queue: QueueId,
        now: Timestamp,
    ) -> impl Iterator<Item = MessageKey> {
        let range = (queue, Timestamp::default())..=(queue, now);
        self.messages.by().visible.range(range).map(|(_, key)| *key)
    }

    /// Messages that can't be received before some time after `now`, the soonest first.
    fn hidden(
        &self,
        queue: QueueId,
        now: Timestamp,
    ) -> impl Iterator<Item = (Timestamp, MessageKey)> {
        let range = (
            Bound::Excluded((queue, now)),
            Bound::Excluded((queue.wrapping_add(1), Timestamp::default())),
        );
        self.messages.by().visible.range(range).map(|((_, at), key)| (*at, *key))
    }

    /// When the next hidden message shows.
    pub(crate) fn next_visible(&self, queue: QueueId, now: Timestamp) -> Option<Timestamp> {
        self.hidden(queue, now).next().map(|(at, _)| at)
    }

    /// Counts a queue's messages: at the cost of those that are hidden, not of all.
    pub(crate) fn counts(&self, queue: QueueId, now: Timestamp) -> Counts {
        let (mut in_flight, mut delayed) = (0, 0);
        for (_, key) in self.hidden(queue, now) {
            match self.messages.get(&key) {
                Some(message) if message.received > 0 => in_flight += 1,
                _ => delayed += 1,
            }
        }
        let all = self.messages.by().count.get(&queue).copied().unwrap_or(0);
        Counts { available: all.saturating_sub(in_flight + delayed), in_flight, delayed }
    }

    /// The key of a message that arrives now.
    pub(crate) fn next_key(&self, queue: QueueId) -> MessageKey {
        let last = self.messages.range((queue, 0)..=(queue, u64::MAX)).next_back();
        (queue, last.map_or(0, |((_, seq), _)| seq + 1))
    }

    /// Forgets all messages of a queue.
    pub(crate) fn forget_messages(&mut self, queue: QueueId) {
        self.expiries.remove(&queue);
        self.messages.remove_range((queue, 0)..=(queue, u64::MAX));
    }

    /// Adds a message that arrives now.
    pub(crate) fn add(&mut self, queue: &Queue, message: Message) {
        let expiry = message.contents.sent.plus(queue.seconds("MessageRetentionPeriod"));
        if !self.expiries.contains(&queue.id) {
            self.expiries.insert(queue.id, expiry);
        }
        self.messages.insert(self.next_key(queue.id), message);
    }

    /// Removes the messages of a queue whose retention period is over, and plans the next look.
    pub(crate) fn expire(&mut self, queue: &Queue, now: Timestamp) {
        let retention = queue.seconds("MessageRetentionPeriod");
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
}

impl Sqs {
    /// Removes the messages whose retention period is over.
    pub(crate) fn expire(&self, cx: &Cx) {
        for scope in self.store.due(cx) {
            let done: Result<(), AwsError> = self.store.write(cx, scope, |tx| {
                let due = tx.expiries.by().at.range(..=cx.now()).map(|(_, id)| *id);
                let due: BTreeSet<QueueId> = due.collect();
                let queues = tx.queues.iter().map(|(_, queue)| Arc::clone(queue));
                let queues: Vec<_> = queues.filter(|queue| due.contains(&queue.id)).collect();
                for queue in queues {
                    tx.expire(&queue, cx.now());
                }
                Ok(())
            });
            if let Err(error) = done {
                log::error!("expiring messages: {error}");
            }
        }
    }
}
