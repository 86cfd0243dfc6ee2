//! How messages are found: by the time they show, by group, and how many of them are hidden.
//!
//! Invariants:
//! - Each group of a FIFO queue that has messages has a number, and one entry in `heads`: its first
//!   message, under the time that it shows. A group can be received from when its head shows.
//! - `hidden` counts messages by the second in which they show (again): those that were received,
//!   and those that were sent with a delay. What lies in the past hides nothing any more.

use std::cmp::Ordering;
use std::sync::Arc;

use cumulet_core::Timestamp;
use cumulet_store::{Comparable, Equivalent, Index, Indexes, Map};

use crate::state::{Message, MessageKey, QueueId};

/// A FIFO queue's group: a number, as long as it has messages.
type GroupId = u64;

/// A group by its name.
struct Named<'a>(QueueId, &'a str);

impl Equivalent<(QueueId, Arc<str>)> for Named<'_> {
    fn equivalent(&self, key: &(QueueId, Arc<str>)) -> bool {
        self.compare(key).is_eq()
    }
}

impl Comparable<(QueueId, Arc<str>)> for Named<'_> {
    fn compare(&self, (queue, name): &(QueueId, Arc<str>)) -> Ordering {
        (self.0, self.1).cmp(&(*queue, &**name))
    }
}

/// All indexes of messages.
#[derive(Clone, Debug, Default)]
pub(crate) struct MessageIndexes {
    /// By the time they show, but for messages of FIFO queues that were never hidden.
    pub(crate) visible: Index<(QueueId, Timestamp), MessageKey>,
    /// Each group and the place of its first message, by the time that shows.
    pub(crate) heads: Index<(QueueId, Timestamp), (GroupId, u64)>,
    /// When messages of FIFO queues show, by group and place.
    groups: Map<(GroupId, u64), Timestamp>,
    names: Map<(QueueId, Arc<str>), GroupId>,
    /// The last number that a group was given.
    last_group: GroupId,
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

    /// Places and times of a group's messages, in order.
    pub(crate) fn group(&self, group: GroupId) -> impl Iterator<Item = (u64, Timestamp)> {
        let from =
            self.groups.range((group, 0)..).map(|((group, place), at)| (*group, *place, *at));
        from.take_while(move |(of, ..)| *of == group).map(|(_, place, at)| (place, at))
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

    /// The number of a group, which it is given if it has none.
    fn number(&mut self, queue: QueueId, name: &str) -> GroupId {
        if let Some(group) = self.names.get(&Named(queue, name)) {
            return *group;
        }
        self.last_group += 1;
        self.names.insert((queue, name.into()), self.last_group);
        self.last_group
    }

    /// The message at this place of a group shows at another time, or is gone.
    fn regroup(&mut self, (queue, place): MessageKey, name: &str, new: Option<Timestamp>) {
        let group = self.number(queue, name);
        let head = self.group(group).next();
        match new {
            Some(at) => drop(self.groups.insert((group, place), at)),
            None => drop(self.groups.remove(&(group, place))),
        }
        let next = self.group(group).next();
        if next.is_none() {
            self.names.remove(&Named(queue, name));
        }
        if head != next {
            if let Some((place, at)) = head {
                self.heads.update(&(group, place), Some((queue, at)), None);
            }
            if let Some((place, at)) = next {
                self.heads.update(&(group, place), None, Some((queue, at)));
            }
        }
    }
}

impl Indexes<MessageKey, Message> for MessageIndexes {
    fn update(&mut self, key: &MessageKey, old: Option<&Message>, new: Option<&Message>) {
        let queue = key.0;
        let listed = |message: &&Message| {
            let fifo = message.contents.texts.fifo_group().is_some();
            !fifo || message.visible > message.contents.sent
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
        if let Some(group) = new.or(old).and_then(|message| message.contents.texts.fifo_group()) {
            self.regroup(*key, group, new.map(|message| message.visible));
        }
    }
}
