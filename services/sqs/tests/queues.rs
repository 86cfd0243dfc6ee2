//! SQS in process, on a turned clock.

use std::time::Duration;

use cumulet_core::Value;
use cumulet_store::Platform;
use cumulet_testkit::{TestCloud, at, text, value};

fn cloud() -> TestCloud {
    TestCloud::new([cumulet_sqs::service(&Platform::default())])
}

async fn queue(cloud: &TestCloud, attributes: Value) -> String {
    let asked = value!({"QueueName": "q", "Attributes": attributes});
    text(&cloud.call("sqs.CreateQueue", asked).await, "QueueUrl").to_owned()
}

async fn send(cloud: &TestCloud, url: &str, body: &str) {
    cloud.call("sqs.SendMessage", value!({"QueueUrl": url, "MessageBody": body})).await;
}

async fn receive(cloud: &TestCloud, url: &str) -> Vec<Value> {
    let asked = value!({"QueueUrl": url, "MaxNumberOfMessages": 10});
    let answer = cloud.call("sqs.ReceiveMessage", asked).await;
    answer.get("Messages").map(|m| m.items().to_vec()).unwrap_or_default()
}

async fn bodies(cloud: &TestCloud, url: &str) -> Vec<String> {
    receive(cloud, url).await.iter().map(|m| text(m, "Body").to_owned()).collect()
}

fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

#[tokio::test]
async fn a_message_is_hidden_while_it_is_in_flight_and_comes_back() {
    let cloud = cloud();
    let url = queue(&cloud, value!({})).await;
    send(&cloud, &url, "hello").await;
    assert_eq!(bodies(&cloud, &url).await, ["hello"]);
    cloud.advance(secs(29)).await;
    assert!(bodies(&cloud, &url).await.is_empty());
    cloud.advance(secs(1)).await;
    assert_eq!(bodies(&cloud, &url).await, ["hello"]);
}

#[tokio::test]
async fn a_deleted_message_never_comes_back() {
    let cloud = cloud();
    let url = queue(&cloud, value!({})).await;
    send(&cloud, &url, "once").await;
    let handle = text(&receive(&cloud, &url).await[0], "ReceiptHandle").to_owned();
    let asked = value!({"QueueUrl": (url.as_str()), "ReceiptHandle": (handle.as_str())});
    cloud.call("sqs.DeleteMessage", asked.clone()).await;
    cloud.call("sqs.DeleteMessage", asked).await;
    cloud.advance(secs(60)).await;
    assert!(bodies(&cloud, &url).await.is_empty());
}

#[tokio::test]
async fn delays_come_from_the_message_or_the_queue() {
    let cloud = cloud();
    let url = queue(&cloud, value!({"DelaySeconds": "5"})).await;
    send(&cloud, &url, "late").await;
    let now = value!({"QueueUrl": (url.as_str()), "MessageBody": "now", "DelaySeconds": 0});
    cloud.call("sqs.SendMessage", now).await;
    assert_eq!(bodies(&cloud, &url).await, ["now"]);
    cloud.advance(secs(5)).await;
    assert_eq!(bodies(&cloud, &url).await, ["late"]);
}

#[tokio::test]
async fn a_long_poll_ends_when_a_message_arrives() {
    let cloud = cloud();
    let url = queue(&cloud, value!({})).await;
    let asked = value!({"QueueUrl": (url.as_str()), "WaitTimeSeconds": 20});
    let poll = cloud.call("sqs.ReceiveMessage", asked);
    let (answer, ()) = tokio::join!(poll, send(&cloud, &url, "here"));
    assert_eq!(text(&answer, "Messages.0.Body"), "here");
}

#[tokio::test]
async fn a_long_poll_ends_empty_after_its_time_and_with_its_queue() {
    let cloud = cloud();
    let url = queue(&cloud, value!({"ReceiveMessageWaitTimeSeconds": "10"})).await;
    let asked = value!({"QueueUrl": (url.as_str())});
    let (answer, ()) =
        tokio::join!(cloud.call("sqs.ReceiveMessage", asked.clone()), cloud.advance(secs(10)));
    assert_eq!(answer.get("Messages"), None);
    let (error, _) = tokio::join!(
        cloud.fail("sqs.ReceiveMessage", asked.clone()),
        cloud.call("sqs.DeleteQueue", asked)
    );
    assert_eq!(error.code(), "QueueDoesNotExist");
}

#[tokio::test]
async fn visibility_can_be_changed_while_in_flight_only() {
    let cloud = cloud();
    let url = queue(&cloud, value!({})).await;
    send(&cloud, &url, "m").await;
    let handle = text(&receive(&cloud, &url).await[0], "ReceiptHandle").to_owned();
    let change = |seconds: i32| value!({"QueueUrl": (url.as_str()), "ReceiptHandle": (handle.as_str()), "VisibilityTimeout": seconds});
    cloud.call("sqs.ChangeMessageVisibility", change(100)).await;
    cloud.advance(secs(99)).await;
    assert!(bodies(&cloud, &url).await.is_empty());
    cloud.call("sqs.ChangeMessageVisibility", change(0)).await;
    let error = cloud.fail("sqs.ChangeMessageVisibility", change(10)).await;
    assert_eq!(error.code(), "InvalidParameterValue");
    assert_eq!(bodies(&cloud, &url).await, ["m"]);
}

#[tokio::test]
async fn messages_go_when_their_retention_is_over() {
    let cloud = cloud();
    let url = queue(&cloud, value!({"MessageRetentionPeriod": "60"})).await;
    send(&cloud, &url, "old").await;
    cloud.advance(secs(30)).await;
    send(&cloud, &url, "young").await;
    cloud.advance(secs(30)).await;
    assert_eq!(bodies(&cloud, &url).await, ["young"]);
    cloud.advance(secs(30)).await;
    assert_eq!(count(&cloud, &url, "ApproximateNumberOfMessagesNotVisible").await, "0");
}

async fn count(cloud: &TestCloud, url: &str, name: &str) -> String {
    let asked = value!({"QueueUrl": url, "AttributeNames": ["All"]});
    let answer = cloud.call("sqs.GetQueueAttributes", asked).await;
    text(at(&answer, "Attributes"), name).to_owned()
}

#[tokio::test]
async fn messages_are_counted_by_what_can_be_done_with_them() {
    let cloud = cloud();
    let url = queue(&cloud, value!({})).await;
    for body in ["a", "b", "c"] {
        send(&cloud, &url, body).await;
    }
    let late = value!({"QueueUrl": (url.as_str()), "MessageBody": "d", "DelaySeconds": 9});
    cloud.call("sqs.SendMessage", late).await;
    cloud.call("sqs.ReceiveMessage", value!({"QueueUrl": (url.as_str())})).await;
    assert_eq!(count(&cloud, &url, "ApproximateNumberOfMessages").await, "2");
    assert_eq!(count(&cloud, &url, "ApproximateNumberOfMessagesNotVisible").await, "1");
    assert_eq!(count(&cloud, &url, "ApproximateNumberOfMessagesDelayed").await, "1");
}

#[tokio::test]
async fn a_queue_is_made_again_only_with_the_same_attributes() {
    let cloud = cloud();
    let url = queue(&cloud, value!({"DelaySeconds": "1"})).await;
    assert_eq!(queue(&cloud, value!({"DelaySeconds": "1"})).await, url);
    let other = value!({"QueueName": "q", "Attributes": {"DelaySeconds": "2"}});
    let error = cloud.fail("sqs.CreateQueue", other).await;
    assert_eq!(error.code(), "QueueNameExists");
    assert!(error.message().ends_with("different value for attribute DelaySeconds"));
}

#[tokio::test]
async fn queues_of_other_accounts_and_regions_are_other_queues() {
    let cloud = cloud();
    queue(&cloud, value!({})).await;
    let abroad = cloud.from("000000000000", "eu-west-1");
    let error = abroad.fail("sqs.GetQueueUrl", value!({"QueueName": "q"})).await;
    assert_eq!(error.code(), "QueueDoesNotExist");
    let other = cloud.from("111111111111", "us-east-1");
    let asked = value!({"QueueName": "q", "QueueOwnerAWSAccountId": "000000000000"});
    let url = other.call("sqs.GetQueueUrl", asked).await;
    assert!(text(&url, "QueueUrl").ends_with("/000000000000/q"));
}

#[tokio::test]
async fn a_batch_tells_each_entry_its_own_fate() {
    let cloud = cloud();
    let url = queue(&cloud, value!({})).await;
    let entries = value!([{"Id": "good", "MessageBody": "x"}, {"Id": "bad", "MessageBody": ""}]);
    let asked = value!({"QueueUrl": (url.as_str()), "Entries": entries});
    let answer = cloud.call("sqs.SendMessageBatch", asked).await;
    assert_eq!(text(&answer, "Successful.0.Id"), "good");
    assert_eq!(text(&answer, "Failed.0.Code"), "MissingParameter");
    let empty = value!({"QueueUrl": (url.as_str()), "Entries": []});
    let error = cloud.fail("sqs.SendMessageBatch", empty).await;
    assert_eq!(error.code(), "EmptyBatchRequest");
}

#[tokio::test]
async fn every_shape_of_queue_url_finds_the_queue() {
    let cloud = cloud();
    queue(&cloud, value!({})).await;
    let abroad = cloud.from("000000000000", "eu-west-1");
    for url in [
        "http://sqs.us-east-1.localhost.localstack.cloud:4566/000000000000/q",
        "http://us-east-1.queue.localhost.localstack.cloud:4566/000000000000/q",
        "http://localhost:4566/queue/us-east-1/000000000000/q",
        "https://sqs.us-east-1.amazonaws.com/000000000000/q",
    ] {
        abroad.call("sqs.PurgeQueue", value!({"QueueUrl": url})).await;
    }
    cloud.call("sqs.PurgeQueue", value!({"QueueUrl": "q"})).await;
    cloud.call("sqs.PurgeQueue", value!({"QueueUrl": "http://any/000000000000/q"})).await;
    let error = cloud.fail("sqs.PurgeQueue", value!({"QueueUrl": "http://any/q"})).await;
    assert_eq!(error.code(), "QueueDoesNotExist");
}

#[tokio::test]
async fn message_attributes_come_back_as_asked_for() {
    let cloud = cloud();
    let url = queue(&cloud, value!({})).await;
    let one = value!({"DataType": "String", "StringValue": "v"});
    let sent = value!({"QueueUrl": (url.as_str()), "MessageBody": "b",
        "MessageAttributes": {"a.x": (one.clone()), "b": (one)}});
    let told = cloud.call("sqs.SendMessage", sent).await;
    assert_eq!(text(&told, "MD5OfMessageAttributes").len(), 32);
    let asked = value!({"QueueUrl": (url.as_str()), "MessageAttributeNames": ["a.*"],
        "MessageSystemAttributeNames": ["ApproximateReceiveCount"]});
    let got = cloud.call("sqs.ReceiveMessage", asked).await;
    let attributes = at(&got, "Messages.0.MessageAttributes");
    assert!(attributes.get("a.x").is_some() && attributes.get("b").is_none());
    assert_eq!(text(&got, "Messages.0.Attributes.ApproximateReceiveCount"), "1");
}

#[tokio::test]
async fn a_fork_goes_its_own_way() {
    let cloud = cloud();
    let url = queue(&cloud, value!({})).await;
    send(&cloud, &url, "shared").await;
    let fork = cloud.fork();
    send(&fork, &url, "fork only").await;
    assert_eq!(bodies(&fork, &url).await, ["shared", "fork only"]);
    assert_eq!(bodies(&cloud, &url).await, ["shared"]);
}

#[tokio::test]
async fn limits_are_refused_in_awss_words() {
    let cloud = cloud();
    let url = queue(&cloud, value!({})).await;
    let many = value!({"QueueUrl": (url.as_str()), "MaxNumberOfMessages": 11});
    let error = cloud.fail("sqs.ReceiveMessage", many).await;
    let wording = "Value 11 for parameter MaxNumberOfMessages is invalid. \
                   Reason: Must be between 1 and 10, if provided.";
    assert_eq!((error.code(), error.message()), ("InvalidParameterValue", wording));
    let odd = value!({"QueueUrl": (url.as_str()), "Attributes": {"VisibilityTimeout": "-1"}});
    let error = cloud.fail("sqs.SetQueueAttributes", odd).await;
    assert_eq!(error.message(), "Invalid value for the parameter VisibilityTimeout.");
    let unknown = value!({"QueueUrl": (url.as_str()), "Attributes": {"Colour": "red"}});
    let error = cloud.fail("sqs.SetQueueAttributes", unknown).await;
    assert_eq!(error.code(), "InvalidAttributeName");
}
