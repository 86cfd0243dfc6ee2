//! Queues: create, delete, find, list.

use std::sync::Arc;
use std::time::Duration;

use cumulet_core::tags::Tags;
use cumulet_core::{AccountId, AwsError, Cx, paging};

use crate::api::{CreateQueueResult, GetQueueUrlResult, ListQueuesResult, input, output};
use crate::state::{Numbers, Queue};
use crate::url::{FIFO, QueueRef};
use crate::{Sqs, attributes, errors, url};

/// Queues in an answer, at most.
const LIST_MAX: i32 = 1000;
/// Bytes of a queue's name, at most.
const NAME_MAX: usize = 80;

/// A queue cannot be made again so soon after it was deleted, where the settings ask for that.
const DELETED_PAUSE: Duration = Duration::from_secs(60);

/// 1 to 80 letters, digits, hyphens and underscores; `.fifo` at the end if it is a FIFO queue, and
/// only then.
fn check_name(name: Option<String>, is_fifo: bool) -> Result<String, AwsError> {
    let name = name.ok_or_else(|| errors::missing("QueueName"))?;
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    let base = if is_fifo { name.strip_suffix(FIFO) } else { Some(name.as_str()) };
    let base = base.filter(|base| !base.is_empty() && base.bytes().all(allowed));
    match base {
        Some(_) if name.len() <= NAME_MAX => Ok(name),
        _ if is_fifo => Err(errors::fifo_queue_name()),
        _ => Err(errors::queue_name()),
    }
}

pub(crate) fn create_queue(
    sqs: &Sqs,
    cx: &Cx,
    input: input::CreateQueue,
) -> Result<output::CreateQueue, AwsError> {
    if cx.http().is_some_and(url::is_queue_url) {
        return Err(errors::not_at_a_queue("CreateQueue"));
    }
    let asked = input.attributes.unwrap_or_default();
    let is_fifo = asked.get("FifoQueue").is_some_and(|v| v.eq_ignore_ascii_case("true"));
    let name = check_name(input.queue_name, is_fifo)?;
    let at = QueueRef { scope: cx.scope(), name };
    let asked = attributes::check(asked, is_fifo)?;
    let tags: Tags = input.tags.unwrap_or_default();
    sqs.store.write_here(cx, |tx| {
        // Made again with the same attributes a queue stays as it is.
        if let Some(there) = tx.queues.get(&at.name) {
            let same = |name: &String, value: &String| there.attributes.get(name) == Some(value);
            let other = asked.iter().find(|(name, value)| !value.is_empty() && !same(name, value));
            return other.map_or(Ok(()), |(name, _)| Err(errors::queue_name_exists(name)));
        }
        let now = cx.now();
        if tx.deleted.get(&at.name).is_some_and(|then| now < then.plus(DELETED_PAUSE)) {
            return Err(errors::deleted_recently());
        }
        tx.deleted.remove(&at.name);
        let mut queue = Queue {
            id: u64::from_be_bytes(cx.ids().bytes()),
            created: now,
            modified: now,
            attributes: attributes::defaults(is_fifo),
            numbers: Numbers::default(),
            tags,
            purged: None,
            is_fifo,
            group_dedup: false,
            redrive: None,
        };
        attributes::apply(tx, cx, &at, &mut queue, asked)?;
        queue.group_dedup =
            queue.attributes.get("DeduplicationScope").is_some_and(|s| s == "messageGroup");
        tx.queues.insert(at.name.clone(), Arc::new(queue));
        sqs.plan_gauges(cx, tx);
        Ok(())
    })?;
    Ok(CreateQueueResult { queue_url: Some(sqs.settings.urls.url(cx, &at.name)) })
}

pub(crate) fn delete_queue(
    sqs: &Sqs,
    cx: &Cx,
    input: input::DeleteQueue,
) -> Result<output::DeleteQueue, AwsError> {
    let at = QueueRef::parse(cx, input.queue_url.as_deref())?;
    sqs.store.write(cx, at.scope, |tx| {
        let queue = tx.queue(&at.name)?;
        tx.forget_queue(queue.id);
        tx.queues.remove(&at.name);
        if sqs.settings.delete_delay {
            tx.deleted.insert(at.name.clone(), cx.now());
        }
        Ok::<_, AwsError>(())
    })?;
    sqs.wake_all(&at);
    Ok(output::DeleteQueue::default())
}

pub(crate) fn get_queue_url(
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

pub(crate) fn list_queues(
    sqs: &Sqs,
    cx: &Cx,
    input: input::ListQueues,
) -> Result<output::ListQueues, AwsError> {
    if cx.http().is_some_and(url::is_queue_url) {
        return Err(errors::not_at_a_queue("ListQueues"));
    }
    let page = Page::parse(input.max_results, input.next_token)?;
    let prefix = input.queue_name_prefix.unwrap_or_default();
    let (names, next_token) = sqs.store.read_here(cx, |t| {
        let from = page.after.as_ref().filter(|after| **after > prefix).unwrap_or(&prefix);
        let names = t.queues.range(from.clone()..).map(|(name, _)| name);
        page.cut(names.take_while(|name| name.starts_with(&prefix)))
    });
    let urls: Vec<_> = names.iter().map(|name| sqs.settings.urls.url(cx, name)).collect();
    Ok(ListQueuesResult { queue_urls: (!urls.is_empty()).then_some(urls), next_token })
}

/// Which page of a list of queues is wanted.
pub(crate) struct Page {
    limit: usize,
    /// Without `MaxResults` a list is cut but not paged (`ListQueues`, API reference).
    is_paged: bool,
    after: Option<String>,
}

impl Page {
    pub(crate) fn parse(most: Option<i32>, token: Option<String>) -> Result<Self, AwsError> {
        let limit = most.unwrap_or(LIST_MAX);
        if !(1..=LIST_MAX).contains(&limit) {
            let reason = "MaxResults must be an integer between 1 and 1000.";
            return Err(errors::parameter(limit, "MaxResults", reason));
        }
        let position = |token: String| {
            let reason = "Invalid or expired next token.";
            paging::position(&token).ok_or_else(|| errors::parameter(&token, "NextToken", reason))
        };
        let after = token.map(position).transpose()?;
        let limit = usize::try_from(limit).unwrap_or(0);
        Ok(Self { limit, is_paged: most.is_some(), after })
    }

    /// The page of names that come in order, and the token of the next.
    pub(crate) fn cut<'a>(
        &self,
        names: impl Iterator<Item = &'a String>,
    ) -> (Vec<String>, Option<String>) {
        let names = names.filter(|name| self.after.as_ref().is_none_or(|after| *name > after));
        let (names, next) = paging::page(names.cloned(), self.limit, String::as_str);
        (names, next.filter(|_| self.is_paged))
    }
}
