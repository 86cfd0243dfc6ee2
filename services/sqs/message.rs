//! `SendMessage` and its batch.

use cumulet_core::ids::hyphenated;
use cumulet_core::{AwsError, Cx, Timestamp};

use crate::api::{
    SendMessageBatchRequestEntry, SendMessageBatchResult, SendMessageBatchResultEntry,
    SendMessageResult, input, output,
};
use crate::draft::Draft;
use crate::fifo::{message_id, sequence_number};
use crate::metrics::Metric;
use crate::state::{Queue, Tables};
use crate::url::QueueRef;
use crate::{Sqs, batch, errors};

/// Bytes of all messages of one batch together, at most (SQS Developer Guide, "Message quotas").
const BATCH_BYTES_MAX: usize = 1_048_576;

/// What the sender is told of its message. One that was sent before keeps its first identity, but
/// the digests are of what came now: SDKs compare them.
fn send(
    tx: &mut Tables,
    cx: &Cx,
    queue: &Queue,
    mut draft: Draft,
    now: Timestamp,
) -> Result<SendMessageResult, AwsError> {
    let [body, user, system] = std::mem::take(&mut draft.digests);
    let seen = draft.key(queue)?;
    let before = seen.as_ref().and_then(|seen| tx.duplicate(seen, now));
    let key = before.map_or_else(|| tx.next_key(queue, now), |place| (queue.id, place));
    let id = if queue.is_fifo { message_id(key) } else { cx.ids().uuid_bytes() };
    if before.is_none() {
        tx.put(queue, key, draft.into_message(cx, queue, id, now));
        if let Some(seen) = seen {
            tx.sent_under(seen, key.1, now);
        }
    }
    Ok(SendMessageResult {
        md5_of_message_body: body,
        md5_of_message_attributes: user,
        md5_of_message_system_attributes: system,
        message_id: Some(hyphenated(&id)),
        sequence_number: queue.is_fifo.then(|| sequence_number(key.1)),
    })
}

pub(crate) fn send_message(
    sqs: &Sqs,
    cx: &Cx,
    input: input::SendMessage,
) -> Result<output::SendMessage, AwsError> {
    let at = QueueRef::parse(cx, input.queue_url.as_deref())?;
    let entry = SendMessageBatchRequestEntry {
        id: None,
        message_body: input.message_body,
        delay_seconds: input.delay_seconds,
        message_attributes: input.message_attributes,
        message_system_attributes: input.message_system_attributes,
        message_deduplication_id: input.message_deduplication_id,
        message_group_id: input.message_group_id,
    };
    let draft = Draft::parse(cx, entry, at.is_fifo())?;
    let size = draft.size();
    let told = sqs.store.write(cx, at.scope, |tx| {
        let queue = tx.queue(&at.name)?;
        draft.fits(&queue, errors::message_too_long)?;
        send(tx, cx, &queue, draft, cx.now())
    })?;
    sqs.wake(&at, 1);
    sqs.measure(cx, &at, Metric::Sent, 1, size);
    Ok(told)
}

pub(crate) fn send_message_batch(
    sqs: &Sqs,
    cx: &Cx,
    input: input::SendMessageBatch,
) -> Result<output::SendMessageBatch, AwsError> {
    let at = QueueRef::parse(cx, input.queue_url.as_deref())?;
    let queue = sqs.store.read(cx, at.scope, |t| t.queue(&at.name))?;
    let entries = input.entries.unwrap_or_default();
    batch::check(&entries, "SendMessageBatchRequestEntry", |e| e.id.as_deref())?;
    check_ids(&queue, &entries)?;
    let (drafts, mut failed) = batch::each(
        entries,
        |entry| entry.id.take(),
        |entry| Draft::parse(cx, entry, queue.is_fifo),
        |id, draft| (id, draft),
    );
    let drafts = drafts.unwrap_or_default();
    let bytes: usize = drafts.iter().map(|(_, draft)| draft.size()).sum();
    if bytes > BATCH_BYTES_MAX {
        return Err(errors::batch_too_long(BATCH_BYTES_MAX, bytes));
    }
    let (successful, unfit) = sqs.store.write(cx, at.scope, |tx| {
        let queue = tx.queue(&at.name)?;
        let now = cx.now();
        Ok::<_, AwsError>(batch::each(
            drafts,
            |(id, _)| id.take(),
            |(_, draft)| {
                draft.fits(&queue, errors::entry_too_long)?;
                send(tx, cx, &queue, draft, now)
            },
            of_entry,
        ))
    })?;
    let sent = successful.as_ref().map_or(0, Vec::len);
    sqs.wake(&at, sent);
    sqs.measure(cx, &at, Metric::Sent, sent, bytes);
    if let Some(unfit) = unfit {
        failed.get_or_insert_default().extend(unfit);
    }
    Ok(SendMessageBatchResult { successful, failed })
}

/// What every message of a FIFO queue needs fails the whole batch, not an entry.
fn check_ids(queue: &Queue, entries: &[SendMessageBatchRequestEntry]) -> Result<(), AwsError> {
    if !queue.is_fifo {
        return Ok(());
    }
    if entries.iter().any(|entry| entry.message_group_id.is_none()) {
        return Err(errors::no_group_in_batch());
    }
    let by_contents = queue.is_on("ContentBasedDeduplication");
    if !by_contents && entries.iter().any(|entry| entry.message_deduplication_id.is_none()) {
        return Err(errors::no_deduplication_id());
    }
    Ok(())
}

fn of_entry(id: Option<String>, told: SendMessageResult) -> SendMessageBatchResultEntry {
    SendMessageBatchResultEntry {
        id,
        message_id: told.message_id,
        md5_of_message_body: told.md5_of_message_body,
        md5_of_message_attributes: told.md5_of_message_attributes,
        md5_of_message_system_attributes: told.md5_of_message_system_attributes,
        sequence_number: told.sequence_number,
    }
}
