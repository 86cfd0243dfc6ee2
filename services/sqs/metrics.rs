//! CloudWatch metrics of queues, where CloudWatch is there to take them.
//!
//! Deliberately absent: the gauges that AWS reports by the minute (numbers and ages of messages).

use cumulet_core::{Cx, Value};

use crate::Sqs;
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

impl Sqs {
    /// Tells CloudWatch what happened to `count` messages, of `bytes` in all if they were sent.
    /// Nobody waits for that, and nobody is told if it fails.
    pub(crate) fn measure(
        &self,
        cx: &Cx,
        at: &QueueRef,
        metric: Metric,
        count: usize,
        bytes: usize,
    ) {
        let absent = || cx.cloud().service("cloudwatch").is_none();
        if !self.settings.metrics || count == 0 || absent() {
            return;
        }
        let datum = |name: &str, value: usize, unit: &str| {
            let dimension = [("Name", "QueueName".into()), ("Value", at.name.as_str().into())];
            Value::map([
                ("MetricName", name.into()),
                ("Dimensions", Value::List(vec![Value::map(dimension)])),
                ("Timestamp", Value::Timestamp(cx.now())),
                ("Value", Value::Float(u32::try_from(value).unwrap_or(u32::MAX).into())),
                ("Unit", unit.into()),
            ])
        };
        let mut data = vec![datum(metric.name(), count, "Count")];
        if metric == Metric::Sent {
            data.push(datum("SentMessageSize", bytes / count, "Bytes"));
        }
        let input =
            Value::map([("Namespace", "AWS/SQS".into()), ("MetricData", Value::List(data))]);
        let owner = cx.to(at.scope.account, at.scope.region);
        let owner = owner.as_service("sqs.amazonaws.com", at.arn());
        cx.spawn(async move {
            if let Err(error) = owner.tell("cloudwatch", "PutMetricData", input).await {
                log::debug!("metrics of a queue: {error}");
            }
        });
    }
}
