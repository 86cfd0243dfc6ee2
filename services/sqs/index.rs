//! How messages are found: by the time they show, by group, and how many of them are hidden.
//!
//! Invariants:
//! - `heads` has one entry for each group of a FIFO queue that has messages: its first message,
//!   under the time that it shows. A group can be received from when its head shows.
//! - `tallies` counts messages by the second in which they show (again): those that were received,
//!   and those that were sent with a delay. What lies in the past hides nothing any more. Under
//!   [`ALL`] it counts all messages of a queue.

use std::sync::Arc;

use cumulet_core::Timestamp;
use cumulet_store::{Index, Indexes, OrdMap};

use crate::state::{Message, MessageKey, QueueId};

/// A FIFO queue's group.
type Group = (QueueId, Arc<str>);

/// All indexes of messages.
#[derive(Clone, Debug, Default)]
pub(crate) struct MessageIndexes {
    /// By the time they show.
    pub(crate) visible: Index<(QueueId, Timestamp), MessageKey>,
    /// The first message of each group, by the time it shows.
    pub(crate) heads: Index<(QueueId, Timestamp), MessageKey>,
    /// Messages of FIFO queues by group and place, with the time they show.
    groups: Index<(QueueId, Arc<str>, u64), Timestamp>,
    tallies: OrdMap<(QueueId, i64), Tally>,
}

/// No second: before all of them.
const ALL: i64 = i64::MIN;

/// Messages that can't be received.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hidden {
    pub(crate) in_flight: usize,
    pub(crate) delayed: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    messages: usize,
    hidden: Hidden,
}

impl Tally {
    const ONE: Self = Self { messages: 1, hidden: Hidden { in_flight: 0, delayed: 0 } };

    fn of_hidden(message: &Message) -> Self {
        let in_flight = usize::from(message.received > 0);
        let delayed = message.received == 0 && message.visible > message.contents.sent;
        Self { messages: 0, hidden: Hidden { in_flight, delayed: usize::from(delayed) } }
    }

    fn each(self, other: Self, f: fn(usize, usize) -> usize) -> Self {
        Self {
            messages: f(self.messages, other.messages),
            hidden: Hidden {
                in_flight: f(self.hidden.in_flight, other.hidden.in_flight),
                delayed: f(self.hidden.delayed, other.hidden.delayed),
            },
        }
    }

    fn plus(self, more: Self) -> Self {
        self.each(more, usize::saturating_add)
    }

    fn minus(self, less: Self) -> Self {
        self.each(less, usize::saturating_sub)
    }
}

impl MessageIndexes {
    /// How many messages a queue has.
    pub(crate) fn len(&self, queue: QueueId) -> usize {
        self.tallies.get(&(queue, ALL)).map_or(0, |tally| tally.messages)
    }

    /// The hidden messages of a queue that show after the second of `now`.
    pub(crate) fn hidden_later(&self, queue: QueueId, now: Timestamp) -> Hidden {
        let seconds = (queue, now.secs() + 1)..(queue.wrapping_add(1), ALL);
        if seconds.start >= seconds.end {
            return Hidden::default();
        }
        self.tallies.range(seconds).fold(Tally::default(), |sum, (_, n)| sum.plus(*n)).hidden
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

    fn head(&self, group: &Group) -> Option<(MessageKey, Timestamp)> {
        self.group_from(group.clone(), 0).next()
    }

    fn tally(&mut self, queue: QueueId, old: Option<&Message>, new: Option<&Message>) {
        let mut change = |second, by: Tally, with: fn(Tally, Tally) -> Tally| {
            if by == Tally::default() {
                return;
            }
            let at = (queue, second);
            let now = with(self.tallies.get(&at).copied().unwrap_or_default(), by);
            if now == Tally::default() {
                self.tallies.remove(&at);
            } else {
                self.tallies.insert(at, now);
            }
        };
        match old {
            Some(old) => change(old.visible.secs(), Tally::of_hidden(old), Tally::minus),
            None => change(ALL, Tally::ONE, Tally::plus),
        }
        match new {
            Some(new) => change(new.visible.secs(), Tally::of_hidden(new), Tally::plus),
            None => change(ALL, Tally::ONE, Tally::minus),
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
        self.visible.update(key, was.map(|at| (queue, at)), is.map(|at| (queue, at)));
        self.tally(queue, old, new);
        if let Some(fifo) = new.or(old).and_then(|message| message.contents.fifo()) {
            self.regroup(&(queue, Arc::clone(&fifo.group)), place, was, is);
        }
    }
}
