//! `ReceiveMessage` with its long polls, and the deletion of what was received.

use std::collections::BTreeMap;
use std::time::Duration;

use cumulet_core::ids::hyphenated;
use cumulet_core::{AwsError, Cx, Timestamp};
use cumulet_store::Waiter;

use crate::api::{
    DeleteMessageBatchResult, DeleteMessageBatchResultEntry, Message as Received,
    ReceiveMessageResult, input, output,
};
use crate::contents::{self, Attribute, AttributeValue};
use crate::receipt::Receipt;
use crate::state::{Message, MessageKey, Tables};
use crate::url::QueueRef;
use crate::visibility::VISIBILITY_MAX;
use crate::{Sqs, batch, errors};

const RECEIVE_MAX: i32 = 10;
const WAIT_SECONDS_MAX: i32 = 20;

/// A checked `ReceiveMessage`.
struct Wish {
    count: usize,
    /// Absent ones are the queue's.
    hide: Option<Duration>,
    wait: Option<Duration>,
    system: Vec<String>,
    user: Vec<String>,
}

impl Wish {
    fn parse(sqs: &Sqs, input: input::ReceiveMessage) -> Result<Self, AwsError> {
        let count = input.max_number_of_messages.unwrap_or(1);
        let most = if sqs.settings.receive_unlimited { i32::MAX } else { RECEIVE_MAX };
        if !(1..=most).contains(&count) {
            let reason = "Must be between 1 and 10, if provided.";
            return Err(errors::parameter(count, "MaxNumberOfMessages", reason));
        }
        let seconds = |value: Option<i32>, most: i32, name: &str, reason: &str| {
            let check = |n: i32| {
                let fits = u64::try_from(n).ok().filter(|_| n <= most).map(Duration::from_secs);
                fits.ok_or_else(|| errors::parameter(n, name, reason))
            };
            value.map(check).transpose()
        };
        let reason = "Must be >= 0 and <= 20, if provided.";
        let wait = seconds(input.wait_time_seconds, WAIT_SECONDS_MAX, "WaitTimeSeconds", reason)?;
        let reason = "Must be >= 0 and <= 43200, if provided.";
        let hide = seconds(input.visibility_timeout, VISIBILITY_MAX, "VisibilityTimeout", reason)?;
        let mut system = input.attribute_names.unwrap_or_default();
        system.extend(input.message_system_attribute_names.unwrap_or_default());
        let user = input.message_attribute_names.unwrap_or_default();
        Ok(Self { count: usize::try_from(count).unwrap_or(1), hide, wait, system, user })
    }
}

/// What one look at a queue gave.
enum Look {
    Messages(Vec<(MessageKey, Message)>),
    /// Nothing now; the queue's own waiting time, and when the next hidden message shows.
    Nothing {
        wait: Duration,
        next: Option<Timestamp>,
    },
}

pub(crate) async fn receive_message(
    sqs: &Sqs,
    cx: &Cx,
    input: input::ReceiveMessage,
) -> Result<output::ReceiveMessage, AwsError> {
    let at = QueueRef::parse(cx, input.queue_url.as_deref())?;
    let wish = Wish::parse(sqs, input)?;
    let began = cx.now();
    let mut waiter: Option<Waiter> = None;
    loop {
        let look = sqs.store.write(cx, at.scope, |tx| take(tx, cx, &at.name, &wish))?;
        let (wait, next) = match look {
            Look::Messages(messages) => {
                if let Some(waiter) = waiter {
                    waiter.served();
                }
                return Ok(answer(&wish, messages));
            }
            Look::Nothing { wait, next } => (wish.wait.unwrap_or(wait), next),
        };
        let deadline = began.plus(wait);
        if cx.now() >= deadline {
            return Ok(ReceiveMessageResult::default());
        }
        let Some(waiter) = &mut waiter else {
            // Looks once more, because what arrived before the registration wakes nobody.
            waiter = Some(sqs.waiters.wait(at.scope, &at.name));
            continue;
        };
        tokio::select! {
            () = waiter.woken() => {}
            () = cx.clock().sleep_until(next.map_or(deadline, |next| next.min(deadline))) => {}
            () = cx.gone() => return Ok(ReceiveMessageResult::default()),
        }
    }
}

/// Takes what can be received, and hides it.
fn take(tx: &mut Tables, cx: &Cx, name: &str, wish: &Wish) -> Result<Look, AwsError> {
    let queue = tx.queue(name)?;
    let now = cx.now();
    if tx.expiries.get(&queue.id).is_some_and(|at| *at <= now) {
        tx.expire(&queue, now);
    }
    let keys: Vec<_> = tx.available(queue.id, now).take(wish.count).collect();
    if keys.is_empty() {
        let wait = queue.seconds("ReceiveMessageWaitTimeSeconds");
        return Ok(Look::Nothing { wait, next: tx.next_visible(queue.id, now) });
    }
    let hidden_until = now.plus(wish.hide.unwrap_or_else(|| queue.seconds("VisibilityTimeout")));
    let mut messages = Vec::with_capacity(keys.len());
    for key in keys {
        let Some(mut message) = tx.messages.get(&key).cloned() else { continue };
        if message.received == 0 {
            message.first_received = now;
        }
        message.received += 1;
        message.visible = hidden_until;
        message.reception = u64::from_be_bytes(cx.ids().bytes());
        tx.messages.insert(key, message.clone());
        messages.push((key, message));
    }
    Ok(Look::Messages(messages))
}

fn answer(wish: &Wish, messages: Vec<(MessageKey, Message)>) -> ReceiveMessageResult {
    let messages = messages.into_iter().map(|(key, message)| received(wish, key, &message));
    ReceiveMessageResult { messages: Some(messages.collect()) }
}

fn received(wish: &Wish, key: MessageKey, message: &Message) -> Received {
    let contents = &message.contents;
    let receipt = Receipt { key, message: contents.id, reception: message.reception };
    let mut user = BTreeMap::new();
    if let Some(attributes) = &contents.attributes {
        let asked = attributes.user.iter().filter(|(name, _)| asks_for(&wish.user, name));
        user.extend(asked.map(|(name, attribute)| (name.clone(), attribute.clone())));
    }
    let system = system_attributes(&wish.system, message);
    Received {
        message_id: Some(hyphenated(&contents.id)),
        receipt_handle: Some(receipt.handle()),
        md5_of_body: Some(contents::md5_of_body(&contents.body)),
        body: Some(contents.body.to_string()),
        attributes: (!system.is_empty()).then_some(system),
        md5_of_message_attributes: contents::md5_of_attributes(user.iter()),
        message_attributes: (!user.is_empty())
            .then(|| user.into_iter().map(|(name, a)| (name, a.into())).collect()),
    }
}

/// `All`, `.*`, a name, or `prefix.*` (`ReceiveMessage`, `MessageAttributeNames`).
fn asks_for(asked: &[String], name: &str) -> bool {
    asked.iter().any(|a| {
        a == "All" || a == name || a.strip_suffix(".*").is_some_and(|p| name.starts_with(p))
    })
}

fn system_attributes(asked: &[String], message: &Message) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    if asked.is_empty() {
        return all;
    }
    let contents = &message.contents;
    let mut put = |name: &str, value: String| {
        if asked.iter().any(|a| a == "All" || a == name) {
            all.insert(name.to_owned(), value);
        }
    };
    put("SenderId", contents.sender.to_string());
    put("SentTimestamp", contents.sent.millis().to_string());
    put("ApproximateReceiveCount", message.received.to_string());
    put("ApproximateFirstReceiveTimestamp", message.first_received.millis().to_string());
    if let Some(group) = &contents.group {
        put("MessageGroupId", group.to_string());
    }
    let system = contents.attributes.iter().flat_map(|a| &a.system);
    for (name, Attribute { value, .. }) in system {
        if let AttributeValue::String(text) = value {
            put(name, text.clone());
        }
    }
    all
}

pub(crate) async fn delete_message(
    sqs: &Sqs,
    cx: &Cx,
    input: input::DeleteMessage,
) -> Result<output::DeleteMessage, AwsError> {
    let at = QueueRef::parse(cx, input.queue_url.as_deref())?;
    sqs.store.write(cx, at.scope, |tx| {
        let queue = tx.queue(&at.name)?;
        delete(tx, queue.id, input.receipt_handle.as_deref())
    })?;
    Ok(output::DeleteMessage::default())
}

pub(crate) async fn delete_message_batch(
    sqs: &Sqs,
    cx: &Cx,
    input: input::DeleteMessageBatch,
) -> Result<output::DeleteMessageBatch, AwsError> {
    let at = QueueRef::parse(cx, input.queue_url.as_deref())?;
    let entries = input.entries.unwrap_or_default();
    sqs.store.write(cx, at.scope, |tx| {
        let queue = tx.queue(&at.name)?;
        batch::check(&entries, "DeleteMessageBatchRequestEntry", |e| e.id.as_deref())?;
        let (successful, failed) = batch::each(
            entries,
            |entry| entry.id.clone(),
            |entry, id| {
                delete(tx, queue.id, entry.receipt_handle.as_deref())?;
                Ok(DeleteMessageBatchResultEntry { id })
            },
        );
        Ok(DeleteMessageBatchResult { successful, failed })
    })
}

/// Deletes a received message. One that is gone already is no error, and neither is an older
/// handle of a message that was received again: AWS deletes on a best-effort basis then.
fn delete(tx: &mut Tables, queue: u64, handle: Option<&str>) -> Result<(), AwsError> {
    let receipt = Receipt::parse(queue, handle)?;
    if tx.messages.get(&receipt.key).is_some_and(|m| m.contents.id == receipt.message) {
        tx.messages.remove(&receipt.key);
    }
    Ok(())
}
