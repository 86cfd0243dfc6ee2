//! `ChangeMessageVisibility` and its batch.

use std::time::Duration;

use cumulet_core::{AwsError, Cx};

use crate::api::{
    ChangeMessageVisibilityBatchResult, ChangeMessageVisibilityBatchResultEntry, input, output,
};
use crate::receipt::Receipt;
use crate::state::Tables;
use crate::url::QueueRef;
use crate::{Sqs, batch, errors};

/// Twelve hours, in seconds.
pub(crate) const VISIBILITY_MAX: i32 = 43_200;

pub(crate) async fn change_message_visibility(
    sqs: &Sqs,
    cx: &Cx,
    input: input::ChangeMessageVisibility,
) -> Result<output::ChangeMessageVisibility, AwsError> {
    let at = QueueRef::parse(cx, input.queue_url.as_deref())?;
    sqs.store.write(cx, at.scope, |tx| {
        let queue = tx.queue(&at.name)?;
        change(tx, cx, queue.id, input.receipt_handle.as_deref(), input.visibility_timeout)
    })?;
    sqs.wake_all(&at);
    Ok(output::ChangeMessageVisibility::default())
}

pub(crate) async fn change_message_visibility_batch(
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
            |entry| entry.id.clone(),
            |entry, id| {
                let handle = entry.receipt_handle.as_deref();
                change(tx, cx, queue.id, handle, entry.visibility_timeout)?;
                Ok(ChangeMessageVisibilityBatchResultEntry { id })
            },
        );
        Ok::<_, AwsError>(ChangeMessageVisibilityBatchResult { successful, failed })
    })?;
    sqs.wake_all(&at);
    Ok(answer)
}

/// Hides a message that is in flight for a new time from now on, or shows it again.
fn change(
    tx: &mut Tables,
    cx: &Cx,
    queue: u64,
    handle: Option<&str>,
    timeout: Option<i32>,
) -> Result<(), AwsError> {
    let timeout = timeout.ok_or_else(|| errors::missing("VisibilityTimeout"))?;
    let reason = "VisibilityTimeout must be an integer between 0 and 43200";
    let seconds = u64::try_from(timeout).ok().filter(|_| timeout <= VISIBILITY_MAX);
    let seconds = seconds.ok_or_else(|| errors::parameter(timeout, "VisibilityTimeout", reason))?;
    let receipt = Receipt::parse(queue, handle)?;
    let now = cx.now();
    let found = tx.messages.get(&receipt.key);
    let found = found.filter(|m| m.contents.id == receipt.message && m.visible > now);
    let mut message =
        found.cloned().ok_or_else(|| errors::not_in_flight(handle.unwrap_or_default()))?;
    message.visible = now.plus(Duration::from_secs(seconds));
    tx.messages.insert(receipt.key, message);
    Ok(())
}
