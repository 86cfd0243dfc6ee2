//! Queues: create, delete, find, list.

use std::sync::Arc;

use cumulet_core::tags::Tags;
use cumulet_core::{AccountId, AwsError, Cx, paging};

use crate::api::{CreateQueueResult, GetQueueUrlResult, ListQueuesResult, input, output};
use crate::state::Queue;
use crate::url::QueueRef;
use crate::{Sqs, attributes, errors};

/// Queues in an answer, at most.
const LIST_MAX: i32 = 1000;

/// 1 to 80 letters, digits, hyphens and underscores.
fn check_name(name: Option<String>) -> Result<String, AwsError> {
    let name = name.ok_or_else(|| errors::missing("QueueName"))?;
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    let base = name.strip_suffix(".fifo").unwrap_or(&name);
    if base.is_empty() || name.len() > 80 || !base.bytes().all(allowed) {
        return Err(errors::queue_name());
    }
    if base.len() < name.len() {
        return Err(AwsError::new("UnsupportedOperation", 501, "FIFO queues are not implemented."));
    }
    Ok(name)
}

pub(crate) async fn create_queue(
    sqs: &Sqs,
    cx: &Cx,
    input: input::CreateQueue,
) -> Result<output::CreateQueue, AwsError> {
    let name = check_name(input.queue_name)?;
    let asked = input.attributes.unwrap_or_default();
    attributes::check(&asked)?;
    let tags: Tags = input.tags.unwrap_or_default();
    sqs.store.write_here(cx, |tx| {
        let now = cx.now();
        let mut queue = Queue {
            id: u64::from_be_bytes(cx.ids().bytes()),
            created: now,
            modified: now,
            attributes: attributes::defaults(),
            tags,
            purged: None,
        };
        // Made again with the same attributes a queue stays as it is.
        if let Some(there) = tx.queues.get(&name) {
            let same = |name: &String, value: &String| there.attributes.get(name) == Some(value);
            let other = asked.iter().find(|(name, value)| !value.is_empty() && !same(name, value));
            return other.map_or(Ok(()), |(name, _)| Err(errors::queue_name_exists(name)));
        }
        attributes::apply(&mut queue, asked);
        tx.queues.insert(name.clone(), Arc::new(queue));
        Ok(())
    })?;
    Ok(CreateQueueResult { queue_url: Some(sqs.settings.urls.url(cx, &name)) })
}

pub(crate) async fn delete_queue(
    sqs: &Sqs,
    cx: &Cx,
    input: input::DeleteQueue,
) -> Result<output::DeleteQueue, AwsError> {
    let at = QueueRef::parse(cx, input.queue_url.as_deref())?;
    sqs.store.write(cx, at.scope, |tx| {
        let queue = tx.queue(&at.name)?;
        tx.forget_messages(queue.id);
        tx.queues.remove(&at.name);
        Ok::<_, AwsError>(())
    })?;
    sqs.wake_all(&at);
    Ok(output::DeleteQueue::default())
}

pub(crate) async fn get_queue_url(
    sqs: &Sqs,
    cx: &Cx,
    input: input::GetQueueUrl,
) -> Result<output::GetQueueUrl, AwsError> {
    let name = input.queue_name.ok_or_else(|| errors::missing("QueueName"))?;
    let owner = input.queue_owner_aws_account_id.as_deref();
    let owner = owner.map_or(Some(cx.account()), AccountId::parse);
    let owner = cx.to(owner.ok_or_else(errors::queue_does_not_exist)?, cx.region());
    sqs.store.read(cx, owner.scope(), |t| t.queue(&name))?;
    Ok(GetQueueUrlResult { queue_url: Some(sqs.settings.urls.url(&owner, &name)) })
}

pub(crate) async fn list_queues(
    sqs: &Sqs,
    cx: &Cx,
    input: input::ListQueues,
) -> Result<output::ListQueues, AwsError> {
    let limit = input.max_results.unwrap_or(LIST_MAX);
    if !(1..=LIST_MAX).contains(&limit) {
        let reason = "MaxResults must be an integer between 1 and 1000.";
        return Err(errors::parameter(limit, "MaxResults", reason));
    }
    let after = match input.next_token {
        None => None,
        Some(token) => Some(paging::position(&token).ok_or_else(|| {
            errors::parameter(&token, "NextToken", "Invalid or expired next token.")
        })?),
    };
    let prefix = input.queue_name_prefix.unwrap_or_default();
    let (names, token) = sqs.store.read_here(cx, |t| {
        let from = after.as_ref().filter(|a| **a > prefix).unwrap_or(&prefix);
        let names = t.queues.range(from.clone()..).map(|(name, _)| name);
        let names = names.filter(|name| after.as_ref() != Some(name));
        let names = names.take_while(|name| name.starts_with(&prefix)).cloned();
        paging::page(names, usize::try_from(limit).unwrap_or(0), |name| name)
    });
    let urls: Vec<_> = names.iter().map(|name| sqs.settings.urls.url(cx, name)).collect();
    Ok(ListQueuesResult {
        queue_urls: (!urls.is_empty()).then_some(urls),
        // Without MaxResults a list is not paged (ListQueues, API reference).
        next_token: token.filter(|_| input.max_results.is_some()),
    })
}
