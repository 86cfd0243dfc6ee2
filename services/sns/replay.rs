//! Replays: what a FIFO topic's archive has of a span of time goes to one subscription again.

use std::convert::Infallible;
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

/// Begins the replay that a subscription's policy asks for, in the background. None takes the place
/// of one before.
pub(crate) fn start(sns: &Sns, cx: &Cx, at: &TopicRef, key: &SubscriptionKey) {
    let found = sns.store.read(cx, at.scope, |t| {
        let subscription = t.subscriptions.get(key)?;
        let policy = subscription.attributes.get("ReplayPolicy");
        let Some((from, to)) = policy.and_then(|policy| window(policy)) else {
            return Some((None, Vec::new()));
        };
        let topic = t.topics.get(&key.0)?;
        let all = t.archive.range((key.0.clone(), 0)..=(key.0.clone(), u128::MAX));
        let within = all.filter(|(_, m)| (from..=to).contains(&m.published));
        let messages: Vec<Arc<Message>> = within.map(|(_, m)| Arc::clone(m)).collect();
        let audience = (Arc::clone(topic), vec![(key.clone(), Arc::clone(subscription))]);
        Some((Some(audience), messages))
    });
    let Some((audience, messages)) = found else { return };
    let Some(audience) = audience else { return tell(sns, cx, at, key, None) };
    tell(sns, cx, at, key, Some("In progress"));
    let (sns, at, key) = (sns.clone(), at.clone(), key.clone());
    let (task, turn) = (cx.clone(), sns.turns.of(&at));
    cx.spawn(async move {
        let _turn = turn.lock().await;
        for message in messages {
            let again = Message { replayed: true, ..Message::clone(&message) };
            fan_out(&sns, &task, &at, &audience, Arc::new(again)).await;
        }
        tell(&sns, &task, &at, &key, Some("Completed"));
    });
}

/// Notes how far the replay has come.
fn tell(sns: &Sns, cx: &Cx, at: &TopicRef, key: &SubscriptionKey, status: Option<&'static str>) {
    let Ok(()) = sns.store.write(cx, at.scope, |tx| {
        let is_new = tx.subscriptions.get(key).is_some_and(|s| s.replay != status);
        if is_new {
            tx.subscriptions.update(key, |subscription| subscription.replay = status);
        }
        Ok::<_, Infallible>(())
    });
}
