//! `ChangeMessageVisibility` and its batch.

use std::time::Duration;

use cumulet_core::{AwsError, Cx, Timestamp};

use crate::api::{
    ChangeMessageVisibilityBatchResult, ChangeMessageVisibilityBatchResultEntry, input, output,
};
use crate::receipt::{Receipt, received_at};
use crate::state::{Message, Queue, Tables};
use crate::url::QueueRef;
use crate::{Sqs, batch, errors};

/// Twelve hours, in seconds.
pub(crate) const VISIBILITY_MAX: i32 = 43_200;

pub(crate) fn change_message_visibility(
    sqs: &Sqs,
    cx: &Cx,
    input: input::ChangeMessageVisibility,
) -> Result<output::ChangeMessageVisibility, AwsError> {
    let at = QueueRef::parse(cx, input.queue_url.as_deref())?;
    sqs.store.write(cx, at.scope, |tx| {
        let queue = tx.queue(&at.name)?;
        let handle = input.receipt_handle.as_deref();
        change(tx, cx.now(), &queue, handle, input.visibility_timeout)
    })?;
    sqs.wake_all(&at);
    Ok(output::ChangeMessageVisibility::default())
}

pub(crate) fn change_message_visibility_batch(
    sqs: &Sqs,
    cx: &Cx,
    input: input::ChangeMessageVisibilityBatch,
) -> Result<output::ChangeMessageVisibilityBatch, AwsError> {
    let at = QueueRef::parse(cx, input.queue_url.as_deref())?;
    let entries = input.entries.unwrap_or_default();
    let kind = "ChangeMessageVisibilityBatchRequestEntry";
    let answer = sqs.store.write(cx, at.scope, |tx| {
        let queue = tx.queue(&at.name)?;
        batch::check(&entries, kind, |e| e.id.as_deref())?;
        let (successful, failed) = batch::each(
            entries,
            |entry| entry.id.take(),
            |entry| {
                let handle = entry.receipt_handle.as_deref();
                change(tx, cx.now(), &queue, handle, entry.visibility_timeout)
            },
            |id, ()| ChangeMessageVisibilityBatchResultEntry { id },
        );
        Ok::<_, AwsError>(ChangeMessageVisibilityBatchResult { successful, failed })
    })?;
    sqs.wake_all(&at);
    Ok(answer)
}

/// Hides a received message for a new time from now on, or shows it again. In a standard queue
/// that works as long as the message is there; in a FIFO queue as long as it is hidden.
fn change(
    tx: &mut Tables,
    now: Timestamp,
    queue: &Queue,
    handle: Option<&str>,
    timeout: Option<i32>,
) -> Result<(), AwsError> {
    let timeout = timeout.ok_or_else(|| errors::missing("VisibilityTimeout"))?;
    let reason = "VisibilityTimeout must be an integer between 0 and 43200";
    let seconds = u64::try_from(timeout).ok().filter(|_| timeout <= VISIBILITY_MAX);
    let seconds = seconds.ok_or_else(|| errors::parameter(timeout, "VisibilityTimeout", reason))?;
    let receipt = Receipt::parse(queue.id, handle)?;
    let handle = handle.unwrap_or_default();
    let found = receipt.find(tx).ok_or_else(|| errors::not_in_flight(handle))?;
    if queue.is_fifo && receipt.is_over(found, now) {
        return Err(errors::receipt_handle_expired(handle));
    }
    let visible = now.plus(Duration::from_secs(seconds));
    let most = Duration::from_secs(VISIBILITY_MAX.unsigned_abs().into());
    if seconds > 0 && visible > received_at(found.reception).plus(most) {
        return Err(errors::hidden_too_long(timeout));
    }
    let message = Message { visible, ..found.clone() };
    tx.messages.insert(receipt.key, message);
    Ok(())
}
