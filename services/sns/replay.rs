//! Replays: what a FIFO topic's archive has of a span of time goes to one subscription again.

use std::sync::Arc;

use cumulet_core::{Cx, Timestamp};
use serde_json::Value;

use crate::Sns;
use crate::arn::TopicRef;
use crate::deliver::fan_out;
use crate::message::Message;
use crate::state::SubscriptionKey;

/// The span of time of a replay policy; without an end it lasts.
pub(crate) fn window(policy: &str) -> Option<(Timestamp, Timestamp)> {
    let policy: Value = serde_json::from_str(policy).ok()?;
    let text = |name: &str| policy.get(name).and_then(Value::as_str);
    let point = |name: &str| Timestamp::parse_iso8601(text(name)?);
    if text("PointType") != Some("Timestamp") {
        return None;
    }
    let end = match text("EndingPoint") {
        Some(_) => point("EndingPoint")?,
        None => Timestamp::from_millis(i64::MAX),
    };
    Some((point("StartingPoint")?, end))
}

/// Begins a replay in the background.
pub(crate) fn start(
    sns: &Sns,
    cx: &Cx,
    at: &TopicRef,
    key: &SubscriptionKey,
    (from, to): (Timestamp, Timestamp),
) {
    let found = sns.store.read(cx, at.scope, |t| {
        let subscription = t.subscriptions.get(key)?;
        let topic = t.topics.get(&key.0)?;
        let all = t.archive.range((key.0.clone(), 0)..=(key.0.clone(), u128::MAX));
        let within = all.filter(|(_, m)| (from..=to).contains(&m.published));
        let messages: Vec<Arc<Message>> = within.map(|(_, m)| Arc::clone(m)).collect();
        Some((Arc::clone(topic), Arc::clone(subscription), messages))
    });
    let Some((topic, subscription, messages)) = found else { return };
    let audience = (topic, vec![(key.clone(), subscription)]);
    let (sns, at) = (sns.clone(), at.clone());
    let (task, turn) = (cx.clone(), sns.turns.of(&at));
    cx.spawn(async move {
        let _turn = turn.lock().await;
        for message in messages {
            let again = Message { replayed: true, ..Message::clone(&message) };
            fan_out(&sns, &task, &at, &audience, Arc::new(again)).await;
        }
    });
}
