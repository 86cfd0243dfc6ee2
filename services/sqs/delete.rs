//! `DeleteMessage` and its batch.

use cumulet_core::{AwsError, Cx, Timestamp};

use crate::api::{DeleteMessageBatchResult, DeleteMessageBatchResultEntry, input, output};
use crate::metrics::Metric;
use crate::receipt::Receipt;
use crate::state::{Queue, Tables};
use crate::url::QueueRef;
use crate::{Sqs, batch, errors};

pub(crate) fn delete_message(
    sqs: &Sqs,
    cx: &Cx,
    input: input::DeleteMessage,
) -> Result<output::DeleteMessage, AwsError> {
    let at = QueueRef::parse(cx, input.queue_url.as_deref())?;
    sqs.store.write(cx, at.scope, |tx| {
        let queue = tx.queue(&at.name)?;
        delete(tx, &queue, input.receipt_handle.as_deref(), cx.now())
    })?;
    after(sqs, cx, &at, 1);
    Ok(output::DeleteMessage::default())
}

pub(crate) fn delete_message_batch(
    sqs: &Sqs,
    cx: &Cx,
    input: input::DeleteMessageBatch,
) -> Result<output::DeleteMessageBatch, AwsError> {
    let at = QueueRef::parse(cx, input.queue_url.as_deref())?;
    let entries = input.entries.unwrap_or_default();
    let (successful, failed) = sqs.store.write(cx, at.scope, |tx| {
        let queue = tx.queue(&at.name)?;
        batch::check(&entries, "DeleteMessageBatchRequestEntry", |e| e.id.as_deref())?;
        Ok::<_, AwsError>(batch::each(
            entries,
            |entry| entry.id.take(),
            |entry| delete(tx, &queue, entry.receipt_handle.as_deref(), cx.now()),
            |id, ()| DeleteMessageBatchResultEntry { id },
        ))
    })?;
    after(sqs, cx, &at, successful.as_ref().map_or(0, Vec::len));
    Ok(DeleteMessageBatchResult { successful, failed })
}

/// A group of a FIFO queue may be free again.
fn after(sqs: &Sqs, cx: &Cx, at: &QueueRef, deleted: usize) {
    if at.is_fifo() {
        sqs.wake(at, deleted);
    }
    sqs.measure(cx, at, Metric::Deleted, deleted, 0);
}

/// Deletes a received message. One that is gone already is no error. An older handle of a message
/// that was received again deletes too, except in a FIFO queue: there a handle ends with the
/// time that its message was hidden for.
fn delete(
    tx: &mut Tables,
    queue: &Queue,
    handle: Option<&str>,
    now: Timestamp,
) -> Result<(), AwsError> {
    let receipt = Receipt::parse(queue.id, handle)?;
    let Some(message) = receipt.find(tx) else { return Ok(()) };
    if queue.is_fifo && receipt.is_over(message, now) {
        return Err(errors::receipt_handle_expired(handle.unwrap_or_default()));
    }
    tx.messages.remove(&receipt.key);
    Ok(())
}
