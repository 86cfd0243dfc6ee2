//! Dead-letter queues: which queue has which (`RedrivePolicy`), who may have one
//! (`RedriveAllowPolicy`), `ListDeadLetterSourceQueues`, and the way of a message into one.

use std::sync::Arc;

use cumulet_core::{AwsError, Cx, Timestamp};
use serde_json::{Map, Value};

use crate::api::{ListDeadLetterSourceQueuesResult, input, output};
use crate::contents::Contents;
use crate::queue::Page;
use crate::state::{Message, MessageKey, Queue, Tables};
use crate::url::QueueRef;
use crate::{Sqs, errors};

/// The system attribute with the ARN of the queue that a dead letter comes from.
pub(crate) const SOURCE_ARN: &str = "DeadLetterQueueSourceArn";

/// `maxReceiveCount`, at most.
const RECEIVE_COUNT_MAX: u32 = 1000;
/// Queues in `sourceQueueArns`, at most.
const SOURCES_MAX: usize = 10;
/// Messages that one look moves, at most: others wait for the section meanwhile.
const BURIED_MAX: usize = 1000;

/// A queue's dead-letter queue. It is in the same account and region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Redrive {
    /// Its name.
    pub(crate) queue: String,
    /// A message that was received so often is not received any more.
    pub(crate) max_receive_count: u32,
}

impl Redrive {
    /// Reads a `RedrivePolicy` of the queue `at`, whose target must be there and allow it.
    pub(crate) fn parse(
        tx: &Tables,
        cx: &Cx,
        at: &QueueRef,
        policy: &str,
    ) -> Result<Self, AwsError> {
        let fail = |reason: &str| errors::parameter(policy, "RedrivePolicy", reason);
        let unsupported = || {
            fail("Amazon SQS can't create the redrive policy, as it's in an unsupported format.")
        };
        let members = object(policy).ok_or_else(unsupported)?;
        let must = |name: &str| {
            let reason = format!("Redrive policy does not contain mandatory attribute: {name}.");
            members.get(name).ok_or_else(|| fail(&reason))
        };
        let target = must("deadLetterTargetArn")?;
        let count = must("maxReceiveCount")?;
        let text = count.as_str().map_or_else(|| count.to_string(), str::to_owned);
        let counted = text.parse().ok().filter(|n| (1..=RECEIVE_COUNT_MAX).contains(n));
        let max_receive_count = counted.ok_or_else(|| {
            let range = "valid values are from 1 to 1000 both inclusive";
            fail(&format!("Invalid value for maxReceiveCount: {text}, {range}."))
        })?;
        let target = target.as_str().and_then(|arn| QueueRef::of_arn(cx, arn));
        let target = target.ok_or_else(|| fail("Invalid value for deadLetterTargetArn."))?;
        if target.scope.account != at.scope.account {
            return Err(fail("Dead-letter queue must be in the same account as the source."));
        }
        if target.scope.region != at.scope.region {
            return Err(fail("Dead-letter queue must be in the same region as the source."));
        }
        let missing = || fail("Dead letter target does not exist.");
        let queue = tx.queues.get(&target.name).ok_or_else(missing)?;
        if target.is_fifo() != at.is_fifo() {
            return Err(fail("Dead-letter queue must be same type of queue as the source."));
        }
        if !allows(queue, &at.arn()) {
            return Err(fail("Queue does not have permission to use the dead-letter queue."));
        }
        Ok(Self { queue: target.name, max_receive_count })
    }
}

/// A `RedrivePolicy` as AWS shows it: compact, `maxReceiveCount` a number. What is no policy stays
/// as it is, to be refused.
pub(crate) fn normal(policy: String) -> String {
    let Some(mut members) = object(&policy) else { return policy };
    if let Some(count) = members.get_mut("maxReceiveCount")
        && let Some(number) = count.as_str().and_then(|text| text.parse::<u32>().ok())
    {
        *count = number.into();
    }
    Value::Object(members).to_string()
}

/// Checks a `RedriveAllowPolicy`.
pub(crate) fn check_allow(policy: &str) -> Result<(), AwsError> {
    let fail = |reason: &str| Err(errors::parameter(policy, "RedriveAllowPolicy", reason));
    let unsupported =
        "Amazon SQS can't create the redrive allow policy, as it's in an unsupported format.";
    let Some(members) = object(policy) else { return fail(unsupported) };
    let sources = members.get("sourceQueueArns");
    match members.get("redrivePermission").and_then(Value::as_str) {
        Some("allowAll" | "denyAll") if sources.is_none() => Ok(()),
        Some("allowAll" | "denyAll") => {
            fail("sourceQueueArns can be specified only when redrivePermission is byQueue.")
        }
        Some("byQueue") => match sources.and_then(Value::as_array) {
            Some(arns) if (1..=SOURCES_MAX).contains(&arns.len()) => Ok(()),
            Some(arns) if !arns.is_empty() => fail("You can specify up to 10 sourceQueueArns."),
            _ => fail("sourceQueueArns must be specified when redrivePermission is byQueue."),
        },
        _ => fail(unsupported),
    }
}

/// Whether a queue lets another have it as its dead-letter queue: any, if it does not say.
fn allows(queue: &Queue, source: &str) -> bool {
    let policy = queue.attributes.get("RedriveAllowPolicy").and_then(|policy| object(policy));
    let Some(policy) = policy else { return true };
    match policy.get("redrivePermission").and_then(Value::as_str) {
        Some("denyAll") => false,
        Some("byQueue") => {
            let sources = policy.get("sourceQueueArns").and_then(Value::as_array);
            sources.into_iter().flatten().any(|arn| arn == source)
        }
        _ => true,
    }
}

fn object(text: &str) -> Option<Map<String, Value>> {
    serde_json::from_str(text).ok()
}

impl Tables {
    /// At most `most` messages that can be received at `now`, once those that were received too
    /// often are in the dead-letter queue; and how many went there.
    pub(crate) fn deliverable(
        &mut self,
        at: &QueueRef,
        queue: &Queue,
        now: Timestamp,
        most: usize,
    ) -> (Vec<MessageKey>, usize) {
        let redrive = queue.redrive.as_ref().filter(|redrive| redrive.queue != at.name);
        let target = redrive.and_then(|r| Some((self.queues.get(&r.queue).cloned()?, r)));
        let mut buried = 0;
        loop {
            let keys = self.receivable(queue, now, most);
            let Some((target, redrive)) = &target else { return (keys, 0) };
            let (dead, alive): (Vec<_>, Vec<_>) = keys.into_iter().partition(|key| {
                let message = self.messages.get(key);
                message.is_some_and(|m| m.received >= redrive.max_receive_count)
            });
            if dead.is_empty() || buried >= BURIED_MAX {
                return (alive, buried);
            }
            buried += dead.len();
            for key in dead {
                self.bury(at, target, key, now);
            }
        }
    }

    /// Moves a message to a dead-letter queue. Its age goes on, except in a FIFO queue (SQS
    /// Developer Guide, "Understanding message retention periods for dead-letter queues").
    fn bury(&mut self, from: &QueueRef, target: &Queue, key: MessageKey, now: Timestamp) {
        let Some(message) = self.messages.remove(&key) else { return };
        let mut contents = Contents::clone(&message.contents);
        contents.carried = contents.carried.saturating_add(message.received);
        contents.set_system(SOURCE_ARN, Some(from.arn()));
        if target.is_fifo {
            contents.sent = now;
        }
        let first_received = message.first_received;
        self.add(target, Message { first_received, ..Message::new(contents, now) });
    }

    /// The names of the queues that have `name` as their dead-letter queue.
    pub(crate) fn sources(&self, name: &str) -> impl Iterator<Item = &String> {
        self.queues.by().dead_letter.of(name)
    }
}

pub(crate) fn list_dead_letter_source_queues(
    sqs: &Sqs,
    cx: &Cx,
    input: input::ListDeadLetterSourceQueues,
) -> Result<output::ListDeadLetterSourceQueues, AwsError> {
    let at = QueueRef::parse(cx, input.queue_url.as_deref())?;
    let page = Page::parse(input.max_results, input.next_token)?;
    let (names, next_token) = sqs.store.read(cx, at.scope, |t| {
        t.queue(&at.name)?;
        Ok::<_, AwsError>(page.cut(t.sources(&at.name)))
    })?;
    let owner = cx.to(at.scope.account, at.scope.region);
    let queue_urls = names.iter().map(|name| sqs.settings.urls.url(&owner, name)).collect();
    Ok(ListDeadLetterSourceQueuesResult { queue_urls: Some(queue_urls), next_token })
}

/// Takes what a redriven message had as a dead letter from it: it is a new message (SQS Developer
/// Guide, "Redriven messages reset their retention period").
pub(crate) fn reborn(cx: &Cx, message: &Message, now: Timestamp) -> Message {
    let mut contents = Contents::clone(&message.contents);
    contents.id = cx.ids().uuid_bytes();
    contents.sent = now;
    contents.carried = 0;
    contents.set_system(SOURCE_ARN, None);
    Message::new(contents, now)
}

/// The queue that a dead letter came from.
pub(crate) fn source_of(cx: &Cx, message: &Arc<Contents>) -> Option<QueueRef> {
    QueueRef::of_arn(cx, message.system(SOURCE_ARN)?)
}
