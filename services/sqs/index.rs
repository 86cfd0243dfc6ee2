//! How messages are found: by the time they show, by group, and how many of them are hidden.
//!
//! Invariants:
//! - `heads` has one entry for each group of a FIFO queue that has messages: its first message,
//!   under the time that it shows. A group can be received from when its head shows.
//! - `hidden` counts messages by the second in which they show (again): those that were received,
//!   and those that were sent with a delay. What lies in the past hides nothing any more.

use std::sync::Arc;

use cumulet_core::Timestamp;
use cumulet_store::{Index, Indexes, Map};

use crate::state::{Message, MessageKey, QueueId};

/// A FIFO queue's group.
type Group = (QueueId, Arc<str>);

/// All indexes of messages.
#[derive(Clone, Debug, Default)]
pub(crate) struct MessageIndexes {
    /// By the time they show, but for messages of FIFO queues that were never hidden.
    pub(crate) visible: Index<(QueueId, Timestamp), MessageKey>,
    /// The first message of each group, by the time it shows.
    pub(crate) heads: Index<(QueueId, Timestamp), MessageKey>,
    /// Messages of FIFO queues by group and place, with the time they show.
    groups: Index<(QueueId, Arc<str>, u64), Timestamp>,
    queues: Map<QueueId, All>,
    hidden: Map<(QueueId, i64), Hidden>,
}

/// All messages of a queue.
#[derive(Clone, Copy, Debug, Default)]
struct All {
    count: usize,
    /// The last place that a message had, since there were none.
    last: u64,
}

/// Messages that can't be received.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hidden {
    pub(crate) in_flight: usize,
    pub(crate) delayed: usize,
}

impl Hidden {
    fn of(message: &Message) -> Self {
        let in_flight = usize::from(message.received > 0);
        let delayed = message.received == 0 && message.visible > message.contents.sent;
        Self { in_flight, delayed: usize::from(delayed) }
    }

    fn plus(self, more: Self) -> Self {
        Self { in_flight: self.in_flight + more.in_flight, delayed: self.delayed + more.delayed }
    }

    fn minus(self, less: Self) -> Self {
        Self {
            in_flight: self.in_flight.saturating_sub(less.in_flight),
            delayed: self.delayed.saturating_sub(less.delayed),
        }
    }
}

impl MessageIndexes {
    /// How many messages a queue has.
    pub(crate) fn len(&self, queue: QueueId) -> usize {
        self.queues.get(&queue).map_or(0, |all| all.count)
    }

    /// Not less than the last place that a message of a queue has.
    pub(crate) fn last_place(&self, queue: QueueId) -> u64 {
        self.queues.get(&queue).map_or(0, |all| all.last)
    }

    /// The hidden messages of a queue that show after the second of `now`.
    pub(crate) fn hidden_later(&self, queue: QueueId, now: Timestamp) -> Hidden {
        let seconds = (queue, now.secs() + 1)..(queue.wrapping_add(1), i64::MIN);
        if seconds.start >= seconds.end {
            return Hidden::default();
        }
        self.hidden.range(seconds).fold(Hidden::default(), |sum, (_, n)| sum.plus(*n))
    }

    /// Keys and times of a group's messages, in order, from `first` on.
    pub(crate) fn group_from(
        &self,
        (queue, group): Group,
        first: u64,
    ) -> impl Iterator<Item = (MessageKey, Timestamp)> {
        let range = (queue, Arc::clone(&group), first)..=(queue, group, u64::MAX);
        self.groups.range(range).map(|((queue, _, place), at)| ((*queue, *place), *at))
    }

    /// A group's name as its messages have it, if there are any.
    pub(crate) fn group_name(&self, queue: QueueId, group: &Arc<str>) -> Option<Arc<str>> {
        let first = (queue, Arc::clone(group), 0)..=(queue, Arc::clone(group), u64::MAX);
        self.groups.range(first).next().map(|((_, name, _), _)| Arc::clone(name))
    }

    fn head(&self, group: &Group) -> Option<(MessageKey, Timestamp)> {
        self.group_from(group.clone(), 0).next()
    }

    fn count(&mut self, (queue, place): MessageKey, is_new: bool) {
        let All { count, last } = self.queues.get(&queue).copied().unwrap_or_default();
        match (is_new, count) {
            (true, _) => {
                self.queues.insert(queue, All { count: count + 1, last: last.max(place) });
            }
            (false, 0 | 1) => drop(self.queues.remove(&queue)),
            (false, _) => drop(self.queues.insert(queue, All { count: count - 1, last })),
        }
    }

    fn hide(&mut self, queue: QueueId, message: &Message, count: fn(Hidden, Hidden) -> Hidden) {
        let hidden = Hidden::of(message);
        if hidden == Hidden::default() {
            return;
        }
        let second = (queue, message.visible.secs());
        let now = count(self.hidden.get(&second).copied().unwrap_or_default(), hidden);
        if now == Hidden::default() {
            self.hidden.remove(&second);
        } else {
            self.hidden.insert(second, now);
        }
    }

    fn regroup(
        &mut self,
        group: &Group,
        place: u64,
        old: Option<Timestamp>,
        new: Option<Timestamp>,
    ) {
        let entry = || Some((group.0, Arc::clone(&group.1), place));
        let head = self.head(group);
        if let Some(at) = old {
            self.groups.update(&at, entry(), None);
        }
        if let Some(at) = new {
            self.groups.update(&at, None, entry());
        }
        let next = self.head(group);
        if head != next {
            if let Some((key, at)) = head {
                self.heads.update(&key, Some((group.0, at)), None);
            }
            if let Some((key, at)) = next {
                self.heads.update(&key, None, Some((group.0, at)));
            }
        }
    }
}

impl Indexes<MessageKey, Message> for MessageIndexes {
    fn update(&mut self, key: &MessageKey, old: Option<&Message>, new: Option<&Message>) {
        let (queue, place) = *key;
        let visible = |message: &Message| message.visible;
        let (was, is) = (old.map(visible), new.map(visible));
        let listed = |message: &&Message| {
            message.contents.fifo().is_none() || message.visible > message.contents.sent
        };
        let at = |message: &Message| (queue, message.visible);
        self.visible.update(key, old.filter(listed).map(at), new.filter(listed).map(at));
        if old.is_some() != new.is_some() {
            self.count(*key, new.is_some());
        }
        if let Some(old) = old {
            self.hide(queue, old, Hidden::minus);
        }
        if let Some(new) = new {
            self.hide(queue, new, Hidden::plus);
        }
        if let Some(fifo) = new.or(old).and_then(|message| message.contents.fifo()) {
            self.regroup(&(queue, Arc::clone(&fifo.group)), place, was, is);
        }
    }
}
