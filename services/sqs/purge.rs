//! `PurgeQueue`.

use std::time::Duration;

use cumulet_core::{AwsError, Cx};

use crate::api::{input, output};
use crate::url::QueueRef;
use crate::{Sqs, errors};

/// AWS refuses a second purge within this time; here only where the settings ask for it.
const PAUSE: Duration = Duration::from_secs(60);

pub(crate) fn purge_queue(
    sqs: &Sqs,
    cx: &Cx,
    input: input::PurgeQueue,
) -> Result<output::PurgeQueue, AwsError> {
    let at = QueueRef::parse(cx, input.queue_url.as_deref())?;
    sqs.store.write(cx, at.scope, |tx| {
        let queue = tx.queue(&at.name)?;
        let early = queue.purged.is_some_and(|last| cx.now() < last.plus(PAUSE));
        if sqs.settings.purge_delay && early {
            return Err(errors::purge_in_progress(&at.name));
        }
        tx.forget_messages(queue.id);
        tx.queues.update(&at.name, |queue| queue.purged = Some(cx.now()));
        Ok(())
    })?;
    Ok(output::PurgeQueue::default())
}
