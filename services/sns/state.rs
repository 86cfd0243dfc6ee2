//! What SNS stores in one account and region.

use std::collections::BTreeMap;
use std::sync::Arc;

use cumulet_core::tags::Tags;
use cumulet_core::{AccountId, AwsError, Timestamp};
use cumulet_patterns::Pattern;
use cumulet_store::{Table, indexes, tables};

use crate::errors;
use crate::message::Message;

/// A subscription's place: its topic's name, then the order of subscribing.
pub(crate) type SubscriptionKey = (Arc<str>, u64);
/// A deduplication id's place: its topic's name, then the id.
pub(crate) type DeduplicationKey = (Arc<str>, String);
/// A message's place in its topic's archive: the topic's name, then its sequence number.
pub(crate) type ArchiveKey = (Arc<str>, u128);

tables! {
    /// All of SNS in one scope.
    pub(crate) struct Tables {
        /// By name.
        pub(crate) topics: Table<Arc<str>, Arc<Topic>>,
        pub(crate) subscriptions: Table<SubscriptionKey, Arc<Subscription>, SubscriptionIndexes>,
        /// What a FIFO topic must not deliver again yet.
        pub(crate) seen: Table<DeduplicationKey, Arc<Seen>, SeenIndexes>,
        pub(crate) archive: Table<ArchiveKey, Arc<Message>, ArchiveIndexes>,
        /// Deliveries that failed and will be tried again.
        pub(crate) retries: Table<u64, Arc<Retry>, RetryIndexes>,
        /// Mobile applications, by `app/PLATFORM/NAME`.
        pub(crate) applications: Table<String, Arc<Application>>,
        /// Mobile devices, by `endpoint/PLATFORM/NAME/ID`.
        pub(crate) endpoints: Table<String, Arc<Endpoint>>,
        /// Those who left and may come back, by the token that they were given.
        pub(crate) departed: Table<String, Arc<Departed>>,
        /// What left for where nobody is: to be looked at. By order of leaving.
        pub(crate) outbox: Table<u64, Arc<Sent>>,
        pub(crate) sms_attributes: Table<String, String>,
        /// Phone numbers that want no more messages.
        pub(crate) opted_out: Table<String, ()>,
        /// Phone numbers of the sandbox, and whether they are verified.
        pub(crate) sandbox: Table<String, bool>,
    }
    next_due = |t| {
        let seen = t.seen.by().until.first().map(|(at, _)| *at);
        let archived = t.archive.by().until.first().map(|(at, _)| *at);
        let retry = t.retries.by().at.first().map(|(at, _)| *at);
        [seen, archived, retry].into_iter().flatten().min()
    };
}

indexes! {
    /// How subscriptions are found.
    pub(crate) struct SubscriptionIndexes of SubscriptionKey => Arc<Subscription> {
        pub(crate) id: String = |_key, s| Some(s.id.clone());
        /// By topic, protocol and endpoint.
        pub(crate) endpoint: (Arc<str>, String, String) =
            |key, s| Some((key.0.clone(), s.protocol.clone(), s.endpoint.clone()));
        pub(crate) token: String = |_key, s| s.token.clone();
    }
}

indexes! {
    /// When deduplication ends.
    pub(crate) struct SeenIndexes of DeduplicationKey => Arc<Seen> {
        pub(crate) until: Timestamp = |_key, seen| Some(seen.until);
    }
}

indexes! {
    /// When an archived message goes.
    pub(crate) struct ArchiveIndexes of ArchiveKey => Arc<Message> {
        pub(crate) until: Timestamp = |_key, message| message.archived_until;
    }
}

indexes! {
    /// What is to be tried again, by time.
    pub(crate) struct RetryIndexes of u64 => Arc<Retry> {
        pub(crate) at: Timestamp = |_key, retry| Some(retry.at);
    }
}

/// A topic.
#[derive(Clone, Debug)]
pub(crate) struct Topic {
    pub(crate) fifo: bool,
    /// As set; defaults are not among them.
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) tags: Tags,
    pub(crate) data_protection: Option<String>,
    /// Subscriptions that went.
    pub(crate) deleted: u64,
    /// The last sequence number, of a FIFO topic.
    pub(crate) sequence: u128,
    /// Since when messages are archived.
    pub(crate) archive_since: Option<Timestamp>,
}

impl Topic {
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.attribute(name) == Some("true")
    }
}

/// A subscription.
#[derive(Clone, Debug)]
pub(crate) struct Subscription {
    pub(crate) id: String,
    pub(crate) arn: String,
    pub(crate) owner: AccountId,
    pub(crate) protocol: String,
    pub(crate) endpoint: String,
    /// As set; defaults are not among them.
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) filter: Option<Filter>,
    pub(crate) confirmed: bool,
    /// Confirmed by the owner of the endpoint, signed in.
    pub(crate) authenticated: bool,
    /// Only who is signed in may unsubscribe it.
    pub(crate) guarded: bool,
    /// With which it can be confirmed.
    pub(crate) token: Option<String>,
    /// How far the last replay has come, as `ReplayStatus` says it.
    pub(crate) replay: Option<&'static str>,
}

impl Subscription {
    pub(crate) fn is_raw(&self) -> bool {
        self.attributes.get("RawMessageDelivery").is_some_and(|raw| raw == "true")
    }
}

/// A subscription that ended and may be taken up again.
#[derive(Clone, Debug)]
pub(crate) struct Departed {
    pub(crate) topic: Arc<str>,
    pub(crate) subscription: Arc<Subscription>,
}

/// A filter policy, ready to be matched.
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    pub(crate) pattern: Arc<Pattern>,
    /// Over the message's body, not its attributes.
    pub(crate) body: bool,
}

/// A message that was published to a FIFO topic within the last minutes.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) message_id: String,
    pub(crate) sequence: u128,
    pub(crate) until: Timestamp,
}

/// A delivery that failed.
#[derive(Clone, Debug)]
pub(crate) struct Retry {
    pub(crate) at: Timestamp,
    /// How often it was tried.
    pub(crate) attempts: u32,
    pub(crate) subscription: SubscriptionKey,
    /// Of that very subscription, not of a later one in its place.
    pub(crate) id: String,
    pub(crate) message: Arc<Message>,
}

/// A mobile application.
#[derive(Clone, Debug)]
pub(crate) struct Application {
    pub(crate) attributes: BTreeMap<String, String>,
}

/// A mobile device.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    pub(crate) attributes: BTreeMap<String, String>,
}

impl Endpoint {
    pub(crate) fn is_enabled(&self) -> bool {
        self.attributes.get("Enabled").is_none_or(|enabled| enabled.eq_ignore_ascii_case("true"))
    }
}

/// Something that left for a phone, a device or a mailbox.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) protocol: String,
    pub(crate) endpoint: String,
    /// None where it was sent without a topic.
    pub(crate) subscription: Option<String>,
    /// As it would have arrived there.
    pub(crate) body: String,
    /// None for a request to confirm.
    pub(crate) message: Option<Arc<Message>>,
}

/// Things in the outbox, at most; the oldest go.
const OUTBOX_MAX: usize = 10_000;
/// Subscriptions that may come back, at most.
const DEPARTED_MAX: usize = 1_000;

impl Tables {
    pub(crate) fn topic(&self, name: &str) -> Result<Arc<Topic>, AwsError> {
        self.topics.get(name).cloned().ok_or_else(errors::no_topic)
    }

    /// A topic's subscriptions, in the order of subscribing.
    pub(crate) fn of_topic(
        &self,
        topic: &Arc<str>,
    ) -> impl DoubleEndedIterator<Item = (&SubscriptionKey, &Arc<Subscription>)> {
        self.subscriptions.range((Arc::clone(topic), 0)..=(Arc::clone(topic), u64::MAX))
    }

    pub(crate) fn subscription(
        &self,
        id: &str,
    ) -> Result<(SubscriptionKey, Arc<Subscription>), AwsError> {
        let key = self.subscriptions.by().id.get(id);
        let found = key.and_then(|key| Some((key.clone(), self.subscriptions.get(key)?.clone())));
        found.ok_or_else(errors::no_subscription)
    }

    /// Forgets a subscription.
    pub(crate) fn unsubscribe(&mut self, key: &SubscriptionKey) {
        if self.subscriptions.remove(key).is_some() {
            self.topics.update(&key.0, |topic| topic.deleted += 1);
        }
    }

    /// Forgets a topic and all that is its own.
    pub(crate) fn delete_topic(&mut self, name: &Arc<str>) {
        self.topics.remove(name);
        let own = || Arc::clone(name);
        self.subscriptions.remove_range((own(), 0)..=(own(), u64::MAX));
        self.archive.remove_range((own(), 0)..=(own(), u128::MAX));
        let seen = self.seen.range((own(), String::new())..).map(|(key, _)| key.clone());
        let seen: Vec<_> = seen.take_while(|(topic, _)| topic == name).collect();
        for key in &seen {
            self.seen.remove(key);
        }
    }

    /// Keeps a subscription that may come back.
    pub(crate) fn depart(&mut self, token: String, departed: Departed) {
        if self.departed.len() < DEPARTED_MAX {
            self.departed.insert(token, Arc::new(departed));
        }
    }

    /// Keeps something that left.
    pub(crate) fn send(&mut self, sent: Sent) {
        let next = self.outbox.last().map_or(0, |(key, _)| key + 1);
        self.outbox.insert(next, Arc::new(sent));
        let oldest = self.outbox.first().map(|(key, _)| *key);
        if let Some(oldest) = oldest.filter(|_| self.outbox.len() > OUTBOX_MAX) {
            self.outbox.remove(&oldest);
        }
    }
}
