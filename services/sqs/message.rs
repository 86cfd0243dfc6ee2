//! `SendMessage` and its batch.

use std::collections::BTreeMap;
use std::sync::Arc;

use cumulet_core::ids::hyphenated;
use cumulet_core::{AwsError, Cx, Timestamp};

use crate::api::{
    SendMessageBatchRequestEntry, SendMessageBatchResult, SendMessageBatchResultEntry,
    SendMessageResult, input, output,
};
use crate::contents::{self, Attribute, Attributes, Contents};
use crate::state::{Message, Queue};
use crate::url::QueueRef;
use crate::{Sqs, batch, errors};

/// Bytes of all messages of one batch together, at most (SQS Developer Guide, "Message quotas").
const BATCH_BYTES_MAX: usize = 1_048_576;

/// A message that is fit to be sent, but for the queue's own limits.
struct Draft {
    body: String,
    attributes: Attributes,
    /// Seconds, where the sender gives them.
    delay: Option<u32>,
    /// For fair queues; a standard queue keeps no order by it.
    group: Option<String>,
}

impl Draft {
    fn parse(entry: SendMessageBatchRequestEntry) -> Result<Self, AwsError> {
        let body = contents::check_body(entry.message_body)?;
        let attributes =
            contents::check_attributes(entry.message_attributes, entry.message_system_attributes)?;
        let delay = entry.delay_seconds.map(check_delay).transpose()?;
        if let Some(id) = entry.message_deduplication_id {
            let reason = "The request include parameter that is not valid for this queue type";
            return Err(errors::parameter(id, "MessageDeduplicationId", reason));
        }
        let group = entry.message_group_id.map(check_group).transpose()?;
        Ok(Self { body, attributes, delay, group })
    }

    fn size(&self) -> usize {
        contents::size(&self.body, &self.attributes)
    }

    /// Checks the queue's size limit.
    fn fits(&self, queue: &Queue, too_long: fn(u32) -> AwsError) -> Result<(), AwsError> {
        let limit = queue.number("MaximumMessageSize");
        if self.size() > limit as usize { Err(too_long(limit)) } else { Ok(()) }
    }

    fn into_message(self, cx: &Cx, queue: &Queue, now: Timestamp) -> Message {
        let delay = self.delay.unwrap_or_else(|| queue.number("DelaySeconds"));
        let plain = self.attributes.user.is_empty() && self.attributes.system.is_empty();
        let group = self.group.map(String::into_boxed_str);
        let contents = Contents {
            id: cx.ids().uuid_bytes(),
            body: self.body.into_boxed_str(),
            sent: now,
            sender: cx.account(),
            group,
            attributes: (!plain).then(|| Box::new(self.attributes)),
        };
        Message {
            contents: Arc::new(contents),
            visible: now.plus(std::time::Duration::from_secs(u64::from(delay))),
            received: 0,
            first_received: Timestamp::default(),
            reception: 0,
        }
    }
}

fn check_delay(delay: i32) -> Result<u32, AwsError> {
    u32::try_from(delay).ok().filter(|d| *d <= 900).ok_or_else(|| {
        errors::parameter(delay, "DelaySeconds", "DelaySeconds must be >= 0 and <= 900.")
    })
}

fn check_group(group: String) -> Result<String, AwsError> {
    if (1..=128).contains(&group.len()) && group.bytes().all(|b| b.is_ascii_graphic()) {
        return Ok(group);
    }
    let reason = "MessageGroupId can only include alphanumeric and punctuation characters. \
                  1 to 128 in length.";
    Err(errors::parameter(group, "MessageGroupId", reason))
}

/// What the sender is told of its message.
fn receipt(id: Option<String>, contents: &Contents) -> SendMessageBatchResultEntry {
    let digest = |pick: fn(&Attributes) -> &BTreeMap<String, Attribute>| {
        let attributes = contents.attributes.as_deref()?;
        contents::md5_of_attributes(pick(attributes).iter())
    };
    SendMessageBatchResultEntry {
        id,
        message_id: Some(hyphenated(&contents.id)),
        md5_of_message_body: Some(contents::md5_of_body(&contents.body)),
        md5_of_message_attributes: digest(|a| &a.user),
        md5_of_message_system_attributes: digest(|a| &a.system),
        sequence_number: None,
    }
}

pub(crate) async fn send_message(
    sqs: &Sqs,
    cx: &Cx,
    input: input::SendMessage,
) -> Result<output::SendMessage, AwsError> {
    let at = QueueRef::parse(cx, input.queue_url.as_deref())?;
    let draft = Draft::parse(SendMessageBatchRequestEntry {
        id: None,
        message_body: input.message_body,
        delay_seconds: input.delay_seconds,
        message_attributes: input.message_attributes,
        message_system_attributes: input.message_system_attributes,
        message_deduplication_id: input.message_deduplication_id,
        message_group_id: input.message_group_id,
    })?;
    let contents = sqs.store.write(cx, at.scope, |tx| {
        let queue = tx.queue(&at.name)?;
        draft.fits(&queue, errors::message_too_long)?;
        let message = draft.into_message(cx, &queue, cx.now());
        let contents = Arc::clone(&message.contents);
        tx.add(&queue, message);
        Ok::<_, AwsError>(contents)
    })?;
    sqs.wake(&at, 1);
    let told = receipt(None, &contents);
    Ok(SendMessageResult {
        md5_of_message_body: told.md5_of_message_body,
        md5_of_message_attributes: told.md5_of_message_attributes,
        md5_of_message_system_attributes: told.md5_of_message_system_attributes,
        message_id: told.message_id,
        sequence_number: None,
    })
}

pub(crate) async fn send_message_batch(
    sqs: &Sqs,
    cx: &Cx,
    input: input::SendMessageBatch,
) -> Result<output::SendMessageBatch, AwsError> {
    let at = QueueRef::parse(cx, input.queue_url.as_deref())?;
    sqs.store.read(cx, at.scope, |t| t.queue(&at.name))?;
    let entries = input.entries.unwrap_or_default();
    batch::check(&entries, "SendMessageBatchRequestEntry", |e| e.id.as_deref())?;
    let (drafts, mut failed) = batch::each(
        entries,
        |entry| entry.id.clone(),
        |entry, id| Draft::parse(entry).map(|draft| (id, draft)),
    );
    let drafts = drafts.unwrap_or_default();
    let bytes: usize = drafts.iter().map(|(_, draft)| draft.size()).sum();
    if bytes > BATCH_BYTES_MAX {
        return Err(errors::batch_too_long(BATCH_BYTES_MAX, bytes));
    }
    let (sent, unfit) = sqs.store.write(cx, at.scope, |tx| {
        let queue = tx.queue(&at.name)?;
        let now = cx.now();
        Ok::<_, AwsError>(batch::each(
            drafts,
            |(id, _)| id.clone(),
            |(id, draft), _| {
                draft.fits(&queue, errors::entry_too_long)?;
                let message = draft.into_message(cx, &queue, now);
                let contents = Arc::clone(&message.contents);
                tx.add(&queue, message);
                Ok((id, contents))
            },
        ))
    })?;
    let sent = sent.unwrap_or_default();
    for _ in &sent {
        sqs.wake(&at, 1);
    }
    if let Some(unfit) = unfit {
        failed.get_or_insert_default().extend(unfit);
    }
    let successful: Vec<_> = sent.into_iter().map(|(id, c)| receipt(id, &c)).collect();
    Ok(SendMessageBatchResult {
        successful: (!successful.is_empty()).then_some(successful),
        failed,
    })
}
