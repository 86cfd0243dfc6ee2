//! CloudWatch metrics of queues, where CloudWatch is there to take them: what happens is told at
//! once, how many messages there are and how old the oldest is at the end of every minute.
//!
//! Deliberately absent: `NumberOfDeduplicatedSentMessages` and what is counted by group.

use std::convert::Infallible;
use std::sync::Arc;

use cumulet_core::{Cx, Scope, Timestamp, Value};

use crate::Sqs;
use crate::state::{Queue, Tables};
use crate::url::QueueRef;

/// What happened to messages of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Metric {
    Sent,
    Received,
    /// A receive without a message.
    Empty,
    Deleted,
}

impl Metric {
    fn name(self) -> &'static str {
        match self {
            Self::Sent => "NumberOfMessagesSent",
            Self::Received => "NumberOfMessagesReceived",
            Self::Empty => "NumberOfEmptyReceives",
            Self::Deleted => "NumberOfMessagesDeleted",
        }
    }
}

/// A metric's name, its value and the value's unit.
type Datum = (&'static str, u64, &'static str);

impl Sqs {
    /// Tells CloudWatch what happened to `count` messages, of `bytes` in all if they were sent.
    pub(crate) fn measure(
        &self,
        cx: &Cx,
        at: &QueueRef,
        metric: Metric,
        count: usize,
        bytes: usize,
    ) {
        if count == 0 || !self.has_metrics(cx) {
            return;
        }
        let mut data = vec![(metric.name(), count as u64, "Count")];
        if metric == Metric::Sent {
            data.push(("SentMessageSize", (bytes / count) as u64, "Bytes"));
        }
        tell(cx, at, &data);
    }

    fn has_metrics(&self, cx: &Cx) -> bool {
        self.settings.metrics && cx.cloud().service("cloudwatch").is_some()
    }

    /// Plans to look at all queues at the end of this minute.
    pub(crate) fn plan_gauges(&self, cx: &Cx, tx: &mut Tables) {
        if self.has_metrics(cx) && tx.gauges.is_empty() {
            tx.gauges.insert((), next_minute(cx.now()));
        }
    }

    /// Tells CloudWatch how all queues of a scope are, if a minute is over, and plans the next look
    /// as long as there are any.
    pub(crate) fn gauge(&self, cx: &Cx, scope: Scope) {
        let due = |t: &Tables| t.gauges.get(&()).is_some_and(|at| *at <= cx.now());
        if !self.store.read(cx, scope, due) {
            return;
        }
        let queues = self.store.write(cx, scope, |tx| {
            tx.gauges.remove(&());
            if !tx.queues.is_empty() {
                self.plan_gauges(cx, tx);
            }
            let all = tx.queues.iter().map(|(name, queue)| (name.clone(), Arc::clone(queue)));
            Ok::<Vec<_>, Infallible>(all.collect())
        });
        for (name, queue) in queues.unwrap_or_default() {
            let data = self.store.read(cx, scope, |t| t.gauges(&queue, cx.now()));
            tell(cx, &QueueRef { scope, name }, &data);
        }
    }
}

impl Tables {
    fn gauges(&self, queue: &Queue, now: Timestamp) -> [Datum; 4] {
        let counts = self.counts(queue.id, now);
        let oldest = self.messages.range((queue.id, 0)..=(queue.id, u64::MAX)).next();
        let age = oldest.map_or(0, |(_, message)| now.since(message.contents.sent).as_secs());
        let count = |name, count: usize| (name, count as u64, "Count");
        [
            count("ApproximateNumberOfMessagesVisible", counts.available),
            count("ApproximateNumberOfMessagesNotVisible", counts.hidden.in_flight),
            count("ApproximateNumberOfMessagesDelayed", counts.hidden.delayed),
            ("ApproximateAgeOfOldestMessage", age, "Seconds"),
        ]
    }
}

fn next_minute(now: Timestamp) -> Timestamp {
    Timestamp::from_secs((now.secs().div_euclid(60) + 1) * 60)
}

/// Nobody waits for that, and nobody is told if it fails.
fn tell(cx: &Cx, at: &QueueRef, data: &[Datum]) {
    let datum = |(name, value, unit): &Datum| {
        let dimension = [("Name", "QueueName".into()), ("Value", at.name.as_str().into())];
        Value::map([
            ("MetricName", (*name).into()),
            ("Dimensions", Value::List(vec![Value::map(dimension)])),
            ("Timestamp", Value::Timestamp(cx.now())),
            ("Value", Value::Float(u32::try_from(*value).unwrap_or(u32::MAX).into())),
            ("Unit", (*unit).into()),
        ])
    };
    let data = Value::List(data.iter().map(datum).collect());
    let input = Value::map([("Namespace", "AWS/SQS".into()), ("MetricData", data)]);
    let owner = cx.to(at.scope.account, at.scope.region);
    let owner = owner.as_service("sqs.amazonaws.com", at.arn());
    cx.spawn(async move {
        if let Err(error) = owner.tell("cloudwatch", "PutMetricData", input).await {
            log::debug!("metrics of a queue: {error}");
        }
    });
}
