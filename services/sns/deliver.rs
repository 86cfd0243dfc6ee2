//! Deliveries: a message to a topic's subscriptions, once or again, and what cannot be delivered to
//! the dead-letter queue.
//!
//! What stays in this process (queues, the outbox) is delivered before the publisher gets its
//! answer; functions, streams and other hosts get theirs afterwards.

use std::sync::Arc;

use cumulet_core::{AccountId, Arn, AwsError, Body, Cx, Region, Value};

use crate::arn::{TopicRef, is_fifo};
use crate::delivery_policy::Delivery;
use crate::http_delivery::{self, Failure};
use crate::message::{Attribute, AttributeValue, Candidate, Message};
use crate::state::{Retry, Sent, Subscription, SubscriptionKey, Topic};
use crate::subscription_attributes::dead_letter_queue;
use crate::{Sns, envelope, outbox};

/// A topic with those who listen to it.
pub(crate) type Audience = (Arc<Topic>, Vec<(SubscriptionKey, Arc<Subscription>)>);

/// Gives a message to all who want it.
pub(crate) async fn fan_out(
    sns: &Sns,
    cx: &Cx,
    at: &TopicRef,
    audience: &Audience,
    message: Arc<Message>,
) {
    let (topic, subscriptions) = audience;
    let wanted: Vec<_> = {
        let candidate = Candidate::new(Arc::clone(&message));
        subscriptions.iter().filter(|(_, s)| candidate.passes(s.filter.as_ref())).collect()
    };
    for (key, subscription) in wanted {
        let delivery = Box::new(One {
            sns: sns.clone(),
            cx: cx.clone(),
            at: at.clone(),
            topic: Arc::clone(topic),
            key: key.clone(),
            subscription: Arc::clone(subscription),
            message: Arc::clone(&message),
            attempts: 1,
        });
        delivery.begin().await;
    }
}

/// One message on its way to one subscription.
pub(crate) struct One {
    pub(crate) sns: Sns,
    pub(crate) cx: Cx,
    pub(crate) at: TopicRef,
    pub(crate) topic: Arc<Topic>,
    pub(crate) key: SubscriptionKey,
    pub(crate) subscription: Arc<Subscription>,
    pub(crate) message: Arc<Message>,
    /// This one included.
    pub(crate) attempts: u32,
}

impl One {
    /// Delivers here and now what stays in this process, the rest in the background.
    pub(crate) async fn begin(self: Box<Self>) {
        let far =
            matches!(self.subscription.protocol.as_str(), "http" | "https" | "lambda" | "firehose");
        if far {
            let cx = self.cx.clone();
            cx.spawn(async move { self.run().await });
        } else {
            self.run().await;
        }
    }

    async fn run(self: Box<Self>) {
        let outcome = self.attempt().await;
        let Err(failure) = outcome else { return self.log_status(None) };
        let wait = if failure.permanent || !self.subscription.protocol.starts_with("http") {
            None
        } else {
            Delivery::of(&self.topic, &self.subscription).wait(self.attempts)
        };
        let (arn, reason) = (&self.subscription.arn, &failure.reason);
        let Some(wait) = wait else {
            log::info!("sns: {arn} did not get {}: {reason}", self.message.id);
            self.log_status(Some(&failure));
            return self.bury().await;
        };
        let retry = Retry {
            at: self.cx.now().plus(wait),
            attempts: self.attempts,
            subscription: self.key.clone(),
            id: self.subscription.id.clone(),
            message: Arc::clone(&self.message),
        };
        let kept: Result<(), AwsError> = self.sns.store.write(&self.cx, self.at.scope, |tx| {
            let next = tx.retries.last().map_or(0, |(key, _)| key + 1);
            tx.retries.insert(next, Arc::new(retry));
            Ok(())
        });
        if let Err(error) = kept {
            log::error!("sns: {error}");
        }
    }

    /// As SNS, for the topic.
    pub(crate) fn service(&self) -> Cx {
        self.cx.as_service("sns.amazonaws.com", self.message.topic_arn.as_str())
    }

    async fn attempt(&self) -> Result<(), Failure> {
        let s = &self.subscription;
        match s.protocol.as_str() {
            "sqs" => self.to_queue(&s.endpoint).await,
            "lambda" => self.to_function().await,
            "firehose" => self.to_stream().await,
            "http" | "https" => http_delivery::send(self.cx.cloud(), self.request()).await,
            "application" => self.to_device(),
            "sms" => self.to_phone(),
            _ => {
                self.to_outbox(self.body());
                Ok(())
            }
        }
    }

    /// The bare text, or the JSON around it.
    fn body(&self) -> String {
        let (s, protocol) = (&self.subscription, self.subscription.protocol.as_str());
        if s.is_raw() || matches!(protocol, "sms" | "email") {
            return self.message.text.of(protocol).to_owned();
        }
        envelope::notification(&self.message, protocol, &s.arn, self.sns.links(&self.cx))
    }

    fn to_outbox(&self, body: String) {
        let cx = self.cx.to(self.at.scope.account, self.at.scope.region);
        let (s, message) = (&self.subscription, Some(Arc::clone(&self.message)));
        outbox::put(&self.sns, &cx, &s.protocol, s, body, message);
    }

    /// To a queue: the subscribed one or that for dead letters.
    async fn to_queue(&self, queue_arn: &str) -> Result<(), Failure> {
        let Some((cx, queue)) = target(&self.service(), queue_arn) else {
            return Err(Failure::permanent("not the ARN of a queue"));
        };
        let mut input = vec![("QueueUrl", queue.into()), ("MessageBody", self.body().into())];
        let message = &self.message;
        if self.subscription.is_raw() && !message.attributes.is_empty() {
            let attributes = message.attributes.iter().map(|(n, a)| (n.clone(), attribute(a)));
            input.push(("MessageAttributes", Value::Map(attributes.collect())));
        }
        if let Some(trace) = &message.trace {
            let header = [("DataType", "String".into()), ("StringValue", trace.as_str().into())];
            let header = Value::map([("AWSTraceHeader", Value::map(header))]);
            input.push(("MessageSystemAttributes", header));
        }
        let fifo_queue = is_fifo(queue);
        // A standard queue keeps the group of a standard topic's message only (recorded from AWS).
        if let Some(group) = message.group.as_deref().filter(|_| fifo_queue || !self.topic.fifo) {
            input.push(("MessageGroupId", group.into()));
        }
        if let Some(id) = message.deduplication.as_deref().filter(|_| fifo_queue) {
            input.push(("MessageDeduplicationId", id.into()));
        }
        cx.tell("sqs", "SendMessage", Value::map(input)).await.map_err(Failure::permanent)
    }

    async fn to_function(&self) -> Result<(), Failure> {
        let s = &self.subscription;
        let event = envelope::lambda_event(&self.message, &s.arn, self.sns.links(&self.cx));
        if self.cx.cloud().service("lambda").is_none() {
            self.to_outbox(event);
            return Ok(());
        }
        let Some((cx, _)) = target(&self.service(), &s.endpoint) else {
            return Err(Failure::permanent("not the ARN of a function"));
        };
        let input =
            [("FunctionName", s.endpoint.as_str().into()), ("InvocationType", "Event".into())];
        let body = Some(Body::from(event));
        let called = cx.call_with("lambda", "Invoke", Value::map(input), body).await;
        called.map(|_| ()).map_err(Failure::permanent)
    }

    async fn to_stream(&self) -> Result<(), Failure> {
        let body = self.body();
        if self.cx.cloud().service("firehose").is_none() {
            self.to_outbox(body);
            return Ok(());
        }
        let Some((cx, resource)) = target(&self.service(), &self.subscription.endpoint) else {
            return Err(Failure::permanent("not the ARN of a delivery stream"));
        };
        let stream = resource.strip_prefix("deliverystream/").unwrap_or(resource);
        let record = Value::map([("Data", Value::Blob(body.into_bytes().into()))]);
        let input = Value::map([("DeliveryStreamName", stream.into()), ("Record", record)]);
        cx.tell("firehose", "PutRecord", input).await.map_err(Failure::permanent)
    }

    fn to_phone(&self) -> Result<(), Failure> {
        let number = self.subscription.endpoint.as_str();
        if self.sns.store.read(&self.cx, self.at.scope, |t| t.opted_out.contains(number)) {
            return Err(Failure::permanent("the phone number is opted out"));
        }
        self.to_outbox(self.body());
        Ok(())
    }

    fn to_device(&self) -> Result<(), Failure> {
        let s = &self.subscription;
        let resource = Arn::parse(&s.endpoint).map_or("", |arn| arn.resource);
        let endpoint =
            self.sns.store.read(&self.cx, self.at.scope, |t| t.endpoints.get(resource).cloned());
        if !endpoint.is_some_and(|endpoint| endpoint.is_enabled()) {
            return Err(Failure::permanent("the platform endpoint is disabled or gone"));
        }
        let platform = resource.split('/').nth(1).unwrap_or_default();
        self.to_outbox(self.message.text.of(platform).to_owned());
        Ok(())
    }

    fn request(&self) -> Result<http::Request<bytes::Bytes>, Failure> {
        let (s, topic_arn) = (&self.subscription, self.at.arn());
        let content_type = Delivery::of(&self.topic, s).content_type;
        let mut headers = vec![
            ("x-amz-sns-message-type", "Notification"),
            ("x-amz-sns-message-id", self.message.id.as_str()),
            ("x-amz-sns-topic-arn", &topic_arn),
            ("x-amz-sns-subscription-arn", &s.arn),
            ("content-type", &content_type),
        ];
        if s.is_raw() {
            headers.push(("x-amz-sns-rawdelivery", "true"));
        }
        http_delivery::request(&s.endpoint, self.body(), &headers)
    }

    /// To the dead-letter queue, if there is one.
    async fn bury(&self) {
        let policy = self.subscription.attributes.get("RedrivePolicy");
        let Some(queue) = policy.and_then(|policy| dead_letter_queue(policy)) else { return };
        if let Err(failure) = self.to_queue(&queue).await {
            log::warn!("sns: {queue} did not take a dead letter: {failure}");
        }
    }
}

/// Where the resource of an ARN is, and what it is called there.
fn target<'a>(cx: &Cx, arn: &'a str) -> Option<(Cx, &'a str)> {
    let arn = Arn::parse(arn)?;
    let (account, region) = (AccountId::parse(arn.account)?, Region::parse(arn.region)?);
    Some((cx.to(account, region), arn.resource))
}

fn attribute(attribute: &Attribute) -> Value {
    let value = match &attribute.value {
        AttributeValue::String(text) => ("StringValue", text.as_str().into()),
        AttributeValue::Binary(bytes) => ("BinaryValue", Value::Blob(bytes.clone())),
    };
    Value::map([("DataType", attribute.data_type.as_str().into()), value])
}

/// Tries again what is due.
pub(crate) async fn retry(sns: &Sns, cx: &Cx) {
    for scope in sns.store.due(cx) {
        let due = sns.store.write(cx, scope, |tx| {
            let keys = tx.retries.by().at.range(..=cx.now()).map(|(_, key)| *key);
            let keys: Vec<u64> = keys.collect();
            let mut due = Vec::new();
            for key in keys {
                let Some(retry) = tx.retries.remove(&key) else { continue };
                let subscription = tx.subscriptions.get(&retry.subscription).cloned();
                let subscription = subscription.filter(|s| s.id == retry.id);
                let topic = tx.topics.get(&retry.subscription.0).cloned();
                due.extend(topic.zip(subscription).map(|(t, s)| (retry, t, s)));
            }
            Ok::<_, AwsError>(due)
        });
        for (retry, topic, subscription) in due.unwrap_or_default() {
            let one = Box::new(One {
                sns: sns.clone(),
                cx: cx.to(scope.account, scope.region),
                at: TopicRef { scope, name: retry.subscription.0.clone() },
                topic,
                key: retry.subscription.clone(),
                subscription,
                message: Arc::clone(&retry.message),
                attempts: retry.attempts + 1,
            });
            one.begin().await;
        }
    }
}

/// Keeps what is published to a phone without a topic.
pub(crate) fn to_phone(sns: &Sns, cx: &Cx, number: &str, message: Arc<Message>) {
    outbox::keep(
        sns,
        cx,
        Sent {
            protocol: "sms".to_owned(),
            endpoint: number.to_owned(),
            subscription: None,
            body: message.text.of("sms").to_owned(),
            message: Some(message),
        },
    );
}
