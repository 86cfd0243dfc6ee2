//! FIFO topics: what their messages need, sequence numbers, deduplication, the archive.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cumulet_core::{AwsError, Cx};

use crate::arn::TopicRef;
use crate::message::{Draft, Message};
use crate::state::{Seen, Topic};
use crate::topic_attributes::retention;
use crate::{Sns, errors};

/// How long a deduplication id counts (SNS Developer Guide, "Message deduplication for FIFO topics").
const WINDOW: Duration = Duration::from_secs(300);

/// Whose turn it is to publish to a FIFO topic. A waiter's matter, so not in tables.
#[derive(Debug, Default)]
pub(crate) struct Turns(Mutex<BTreeMap<TopicRef, Arc<tokio::sync::Mutex<()>>>>);

impl Turns {
    pub(crate) fn of(&self, at: &TopicRef) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Turns that nobody takes or waits for are forgotten.
        turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        Arc::clone(turns.entry(at.clone()).or_default())
    }
}

/// Checks what a message must have for its topic.
pub(crate) fn check(topic: &Topic, draft: &Draft) -> Result<(), AwsError> {
    match (topic.fifo, &draft.group, &draft.deduplication) {
        (true, None, _) => Err(errors::no_group()),
        (true, _, None) if !topic.is_true("ContentBasedDeduplication") => {
            Err(errors::no_deduplication())
        }
        (false, _, Some(_)) => Err(errors::fifo_only("MessageDeduplicationId")),
        _ => Ok(()),
    }
}

/// Numbers a message and remembers it; or the one before that it repeats.
pub(crate) fn admit(
    sns: &Sns,
    cx: &Cx,
    at: &TopicRef,
    message: &mut Message,
) -> Result<Option<Arc<Seen>>, AwsError> {
    let id = message.deduplication.get_or_insert_with(|| message.text.digest()).clone();
    sns.store.write(cx, at.scope, |tx| {
        let topic = tx.topic(&at.name)?;
        let by_group = topic.attribute("FifoThroughputScope") == Some("MessageGroup");
        let group = message.group.as_deref().filter(|_| by_group).unwrap_or_default();
        let key = (at.name.clone(), format!("{group}\n{id}"));
        let now = cx.now();
        if let Some(seen) = tx.seen.get(&key).filter(|seen| seen.until > now) {
            return Ok(Some(Arc::clone(seen)));
        }
        let sequence = topic.sequence + 1;
        message.sequence = Some(sequence);
        tx.topics.update(&at.name, |topic| topic.sequence = sequence);
        let message_id = message.id.clone();
        tx.seen.insert(key, Arc::new(Seen { message_id, sequence, until: now.plus(WINDOW) }));
        if let Some(days) = topic.attribute("ArchivePolicy").and_then(retention) {
            message.archived_until = Some(now.plus(Duration::from_secs(days * 86_400)));
            tx.archive.insert((at.name.clone(), sequence), Arc::new(message.clone()));
        }
        Ok(None)
    })
}

/// Forgets what has been remembered long enough.
pub(crate) fn expire(sns: &Sns, cx: &Cx) {
    for scope in sns.store.due(cx) {
        let done: Result<(), AwsError> = sns.store.write(cx, scope, |tx| {
            let now = cx.now();
            let seen = tx.seen.by().until.range(..=now).map(|(_, key)| key.clone());
            for key in seen.collect::<Vec<_>>() {
                tx.seen.remove(&key);
            }
            let archived = tx.archive.by().until.range(..=now).map(|(_, key)| key.clone());
            for key in archived.collect::<Vec<_>>() {
                tx.archive.remove(&key);
            }
            Ok(())
        });
        if let Err(error) = done {
            log::error!("sns: {error}");
        }
    }
}
