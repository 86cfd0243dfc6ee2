//! Delivery-status logging (SNS Developer Guide, "Amazon SNS message delivery status"): what came of
//! a delivery goes to CloudWatch Logs, where the topic asks for it and Logs is there to take it.

use cumulet_core::{AwsError, Cx, Value as Input};
use cumulet_escape::hex;
use md5::{Digest, Md5};
use serde_json::{Map, Value, json};

use crate::deliver::One;
use crate::http_delivery::Failure;
use crate::state::Topic;

/// What the names of a protocol's attributes begin with; mail and phones have none.
fn prefix(protocol: &str) -> Option<&'static str> {
    match protocol {
        "application" => Some("Application"),
        "firehose" => Some("Firehose"),
        "http" | "https" => Some("HTTP"),
        "lambda" => Some("Lambda"),
        "sqs" => Some("SQS"),
        _ => None,
    }
}

/// Percent of the outcomes of this kind that are logged.
fn rate(topic: &Topic, protocol: &str, failed: bool) -> u8 {
    let Some(prefix) = prefix(protocol) else { return 0 };
    let set = |name: &str| topic.attribute(&[prefix, name].concat()).filter(|v| !v.is_empty());
    match failed {
        true if set("FailureFeedbackRoleArn").is_some() => 100,
        false if set("SuccessFeedbackRoleArn").is_some() => {
            set("SuccessFeedbackSampleRate").and_then(|rate| rate.parse().ok()).unwrap_or(100)
        }
        _ => 0,
    }
}

impl One {
    /// Logs what came of the delivery.
    pub(crate) fn log_status(&self, failure: Option<&Failure>) {
        if self.cx.cloud().service("logs").is_none() {
            return;
        }
        let rate = rate(&self.topic, &self.subscription.protocol, failure.is_some());
        let [chance] = self.cx.ids().bytes();
        if chance % 100 >= rate {
            return;
        }
        let event = self.status(failure).to_string();
        let (account, region) = (self.at.scope.account, self.at.scope.region);
        let end = if failure.is_some() { "/Failure" } else { "" };
        let group = format!("sns/{region}/{account}/{}{end}", self.at.name);
        let cx = self.service().to(account, region);
        let stream = self.subscription.id.clone();
        self.cx.spawn(async move {
            if let Err(error) = put(&cx, &group, &stream, &event).await {
                log::debug!("sns: {group}: {error}");
            }
        });
    }

    fn status(&self, failure: Option<&Failure>) -> Value {
        let (message, now) = (&self.message, self.cx.now());
        let md5 = Md5::digest(message.text.of(&self.subscription.protocol));
        let code = failure.map_or(Some(200), |failure| failure.status);
        let mut delivery = json!({
            "deliveryId": self.cx.ids().uuid(),
            "destination": self.subscription.endpoint,
            "providerResponse": failure.map_or("OK", |failure| &failure.reason),
            "dwellTimeMs": now.since(message.published).as_millis(),
            "attempts": self.attempts,
        });
        if let (Some(delivery), Some(code)) = (delivery.as_object_mut(), code) {
            delivery.insert("statusCode".to_owned(), code.into());
        }
        let time = message.published.iso8601_millis().replace('T', " ").replace('Z', "");
        let notification = json!({
            "messageMD5Sum": hex(&md5),
            "messageId": message.id,
            "topicArn": message.topic_arn,
            "timestamp": time,
        });
        let status = if failure.is_some() { "FAILURE" } else { "SUCCESS" };
        let all =
            [("notification", notification), ("delivery", delivery), ("status", status.into())];
        Value::Object(all.into_iter().map(|(name, v)| (name.to_owned(), v)).collect::<Map<_, _>>())
    }
}

/// Appends to a log, which is made if it is not there.
async fn put(cx: &Cx, group: &str, stream: &str, event: &str) -> Result<(), AwsError> {
    let place = || [("logGroupName", group.into()), ("logStreamName", stream.into())];
    let event = [("timestamp", cx.now().millis().into()), ("message", event.into())];
    let events = Input::List(vec![Input::map(event)]);
    let input = || Input::map(place().into_iter().chain([("logEvents", events.clone())]));
    if cx.tell("logs", "PutLogEvents", input()).await.is_ok() {
        return Ok(());
    }
    // Either may be there already.
    let group = Input::map([("logGroupName", group.into())]);
    let _ = cx.tell("logs", "CreateLogGroup", group).await;
    let _ = cx.tell("logs", "CreateLogStream", Input::map(place())).await;
    cx.tell("logs", "PutLogEvents", input()).await
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn what_is_logged_is_set_by_protocol_and_outcome() {
        let mut topic = Topic {
            fifo: false,
            attributes: BTreeMap::new(),
            tags: BTreeMap::new(),
            data_protection: None,
            deleted: 0,
            sequence: 0,
            archive_since: None,
        };
        let mut set = |name: &str, value: &str| {
            topic.attributes.insert(name.to_owned(), value.to_owned());
        };
        set("SQSSuccessFeedbackRoleArn", "arn:aws:iam::000000000000:role/logs");
        set("SQSSuccessFeedbackSampleRate", "7");
        set("HTTPFailureFeedbackRoleArn", "arn:aws:iam::000000000000:role/logs");
        assert_eq!((rate(&topic, "sqs", false), rate(&topic, "sqs", true)), (7, 0));
        assert_eq!((rate(&topic, "https", false), rate(&topic, "https", true)), (0, 100));
        assert_eq!(rate(&topic, "email", true), 0);
    }
}
