//! SQS in process, on a turned clock.

#[cfg(test)]
mod fifo;
#[cfg(test)]
mod message;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod move_task;
#[cfg(test)]
mod peek;
#[cfg(test)]
mod policy;
#[cfg(test)]
mod queue;
#[cfg(test)]
mod receive;
#[cfg(test)]
mod redrive;
#[cfg(test)]
mod stress;

use std::time::Duration;

use cumulet_core::Value;
use cumulet_store::Platform;
use cumulet_testkit::{TestCloud, at, text, value};

fn cloud() -> TestCloud {
    TestCloud::new([cumulet_sqs::service(&Platform::default())])
}

/// A cloud with these settings.
fn cloud_with(settings: &[(&str, &str)]) -> TestCloud {
    let settings = settings.iter().copied().collect();
    TestCloud::new([cumulet_sqs::service(&Platform { settings, ..Platform::default() })])
}

async fn make(cloud: &TestCloud, name: &str, attributes: Value) -> String {
    let asked = value!({"QueueName": name, "Attributes": attributes});
    text(&cloud.call("sqs.CreateQueue", asked).await, "QueueUrl").to_owned()
}

async fn queue(cloud: &TestCloud, attributes: Value) -> String {
    make(cloud, "q", attributes).await
}

fn arn(name: &str) -> String {
    format!("arn:aws:sqs:us-east-1:000000000000:{name}")
}

async fn send(cloud: &TestCloud, url: &str, body: &str) {
    cloud.call("sqs.SendMessage", value!({"QueueUrl": url, "MessageBody": body})).await;
}

async fn receive(cloud: &TestCloud, url: &str) -> Vec<Value> {
    receive_hiding(cloud, url, 10, None).await
}

/// Receives, and hides for so many seconds.
async fn receive_hiding(
    cloud: &TestCloud,
    url: &str,
    most: i32,
    seconds: Option<i32>,
) -> Vec<Value> {
    let hide = seconds.map_or(Value::Null, Value::from);
    let asked = value!({"QueueUrl": url, "MaxNumberOfMessages": most, "VisibilityTimeout": hide,
        "MessageSystemAttributeNames": ["All"]});
    let answer = cloud.call("sqs.ReceiveMessage", asked).await;
    answer.get("Messages").map(|m| m.items().to_vec()).unwrap_or_default()
}

async fn bodies(cloud: &TestCloud, url: &str) -> Vec<String> {
    bodies_of(&receive(cloud, url).await)
}

fn bodies_of(messages: &[Value]) -> Vec<String> {
    messages.iter().map(|m| text(m, "Body").to_owned()).collect()
}

/// A receipt's call on the queue: `DeleteMessage` or, with seconds, `ChangeMessageVisibility`.
fn with_handle(url: &str, message: &Value, seconds: Option<i32>) -> Value {
    let handle = text(message, "ReceiptHandle");
    let hide = seconds.map_or(Value::Null, Value::from);
    value!({"QueueUrl": url, "ReceiptHandle": handle, "VisibilityTimeout": hide})
}

async fn delete(cloud: &TestCloud, url: &str, message: &Value) {
    cloud.call("sqs.DeleteMessage", with_handle(url, message, None)).await;
}

async fn hide(cloud: &TestCloud, url: &str, message: &Value, seconds: i32) {
    cloud.call("sqs.ChangeMessageVisibility", with_handle(url, message, Some(seconds))).await;
}

async fn attributes(cloud: &TestCloud, url: &str) -> Value {
    let asked = value!({"QueueUrl": url, "AttributeNames": ["All"]});
    at(&cloud.call("sqs.GetQueueAttributes", asked).await, "Attributes").clone()
}

async fn count(cloud: &TestCloud, url: &str, name: &str) -> String {
    text(&attributes(cloud, url).await, name).to_owned()
}

fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}
