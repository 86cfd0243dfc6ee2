//! Tags of queues.

use cumulet_core::{AwsError, Cx};

use crate::api::{ListQueueTagsResult, input, output};
use crate::url::QueueRef;
use crate::{Sqs, errors};

pub(crate) fn tag_queue(
    sqs: &Sqs,
    cx: &Cx,
    input: input::TagQueue,
) -> Result<output::TagQueue, AwsError> {
    let at = QueueRef::parse(cx, input.queue_url.as_deref())?;
    let tags = input.tags.filter(|t| !t.is_empty()).ok_or_else(|| errors::missing("Tags"))?;
    sqs.store.write(cx, at.scope, |tx| {
        tx.queue(&at.name)?;
        tx.queues.update(&at.name, |queue| queue.tags.extend(tags));
        Ok::<_, AwsError>(())
    })?;
    Ok(output::TagQueue::default())
}

pub(crate) fn untag_queue(
    sqs: &Sqs,
    cx: &Cx,
    input: input::UntagQueue,
) -> Result<output::UntagQueue, AwsError> {
    let at = QueueRef::parse(cx, input.queue_url.as_deref())?;
    let keys =
        input.tag_keys.filter(|t| !t.is_empty()).ok_or_else(|| errors::missing("TagKeys"))?;
    sqs.store.write(cx, at.scope, |tx| {
        tx.queue(&at.name)?;
        tx.queues.update(&at.name, |queue| queue.tags.retain(|key, _| !keys.contains(key)));
        Ok::<_, AwsError>(())
    })?;
    Ok(output::UntagQueue::default())
}

pub(crate) fn list_queue_tags(
    sqs: &Sqs,
    cx: &Cx,
    input: input::ListQueueTags,
) -> Result<output::ListQueueTags, AwsError> {
    let at = QueueRef::parse(cx, input.queue_url.as_deref())?;
    let queue = sqs.store.read(cx, at.scope, |t| t.queue(&at.name))?;
    let tags = (!queue.tags.is_empty()).then(|| queue.tags.clone());
    Ok(ListQueueTagsResult { tags })
}
