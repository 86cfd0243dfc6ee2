//! SNS to SQS, in process: what a service asks of another one.

#![expect(clippy::unwrap_used, reason = "a test ends where it goes wrong")]

use std::time::Duration;

use cumulet_core::Value;
use cumulet_store::Platform;
use cumulet_testkit::{TestCloud, at, text, value};

fn cloud() -> TestCloud {
    let platform = Platform::default();
    TestCloud::new([cumulet_sns::service(&platform), cumulet_sqs::service(&platform)])
}

async fn queue(cloud: &TestCloud, name: &str) -> String {
    let fifo = if name.contains(".fifo") { value!({"FifoQueue": "true"}) } else { value!({}) };
    cloud.call("sqs.CreateQueue", value!({"QueueName": name, "Attributes": fifo})).await;
    format!("arn:aws:sqs:us-east-1:000000000000:{name}")
}

async fn topic(cloud: &TestCloud, name: &str, attributes: Value) -> String {
    let asked = value!({"Name": name, "Attributes": attributes});
    text(&cloud.call("sns.CreateTopic", asked).await, "TopicArn").to_owned()
}

async fn subscribe(cloud: &TestCloud, topic: &str, queue: &str, attributes: Value) -> String {
    let asked =
        value!({"TopicArn": topic, "Protocol": "sqs", "Endpoint": queue, "Attributes": attributes});
    text(&cloud.call("sns.Subscribe", asked).await, "SubscriptionArn").to_owned()
}

async fn publish(cloud: &TestCloud, topic: &str, message: &str, more: Value) -> Value {
    let Value::Map(mut input) = more else { return Value::Null };
    input.extend([("TopicArn".into(), topic.into()), ("Message".into(), message.into())]);
    cloud.call("sns.Publish", Value::Map(input)).await
}

/// Receives and deletes.
async fn take(cloud: &TestCloud, queue: &str) -> Vec<Value> {
    let url = format!("/000000000000/{}", queue.rsplit(':').next().unwrap());
    let asked = value!({"QueueUrl": (url.as_str()), "MaxNumberOfMessages": 10,
        "AttributeNames": ["All"], "MessageAttributeNames": ["All"]});
    let got = cloud.call("sqs.ReceiveMessage", asked).await;
    let messages = got.get("Messages").map(|m| m.items().to_vec()).unwrap_or_default();
    for message in &messages {
        let handle = text(message, "ReceiptHandle");
        let gone = value!({"QueueUrl": (url.as_str()), "ReceiptHandle": handle});
        cloud.call("sqs.DeleteMessage", gone).await;
    }
    messages
}

async fn bodies(cloud: &TestCloud, queue: &str) -> Vec<String> {
    take(cloud, queue).await.iter().map(|m| text(m, "Body").to_owned()).collect()
}

fn raw() -> Value {
    value!({"RawMessageDelivery": "true"})
}

/// The names in a message's JSON, in order.
fn fields(body: &str) -> Vec<&str> {
    let lines = body.lines().filter_map(|line| line.trim().split_once("\" : "));
    lines.map(|(name, _)| name.trim_start_matches('"')).collect()
}

#[tokio::test]
async fn a_queue_gets_the_envelope_in_awss_order() {
    let cloud = cloud();
    let (topic, queue) = (topic(&cloud, "t", value!({})).await, queue(&cloud, "q").await);
    subscribe(&cloud, &topic, &queue, value!({})).await;
    let more = value!({"Subject": "s", "MessageAttributes": {"n": {"DataType": "Number", "StringValue": "1"}}});
    publish(&cloud, &topic, "hello", more).await;
    let body = &bodies(&cloud, &queue).await[0];
    assert_eq!(
        fields(body),
        [
            "Type",
            "MessageId",
            "TopicArn",
            "Subject",
            "Message",
            "Timestamp",
            "SignatureVersion",
            "Signature",
            "SigningCertURL",
            "UnsubscribeURL",
            "MessageAttributes"
        ]
    );
    assert!(body.contains(r#""Message" : "hello""#));
    assert!(body.contains(r#"{"n":{"Type":"Number","Value":"1"}}"#));
}

#[tokio::test]
async fn raw_delivery_hands_text_and_attributes_over() {
    let cloud = cloud();
    let (topic, queue) = (topic(&cloud, "t", value!({})).await, queue(&cloud, "q").await);
    subscribe(&cloud, &topic, &queue, raw()).await;
    let more = value!({"MessageGroupId": "g", "MessageAttributes": {"n": {"DataType": "String.x", "StringValue": "1"}}});
    publish(&cloud, &topic, "hello", more).await;
    let got = &take(&cloud, &queue).await[0];
    assert_eq!(text(got, "Body"), "hello");
    assert_eq!(text(got, "MessageAttributes.n.DataType"), "String.x");
    assert_eq!(text(got, "Attributes.MessageGroupId"), "g");
}

#[tokio::test]
async fn a_filter_policy_decides_by_attributes_or_body() {
    let cloud = cloud();
    let topic = topic(&cloud, "t", value!({})).await;
    let (by_attributes, by_body) = (queue(&cloud, "a").await, queue(&cloud, "b").await);
    let policy = r#"{"store": ["a", {"numeric": [">", 5]}]}"#;
    for (queue, scope) in [(&by_attributes, "MessageAttributes"), (&by_body, "MessageBody")] {
        let attributes = value!({"FilterPolicy": policy, "FilterPolicyScope": scope, "RawMessageDelivery": "true"});
        subscribe(&cloud, &topic, queue, attributes).await;
    }
    for (message, kind, attribute) in [
        ("text", "String", "a"),
        ("array", "String.Array", r#"["b", "a"]"#),
        ("number", "Number", "6"),
        ("small", "Number", "5"),
        (r#"{"store": "a"}"#, "String", "b"),
        (r#"{"store": [1, 6]}"#, "Binary", ""),
    ] {
        let attribute = match kind {
            "Binary" => value!({"DataType": "Binary", "BinaryValue": (Value::Blob("a".into()))}),
            _ => value!({"DataType": kind, "StringValue": attribute}),
        };
        let more = value!({"MessageAttributes": {"store": attribute}});
        publish(&cloud, &topic, message, more).await;
    }
    assert_eq!(bodies(&cloud, &by_attributes).await, ["text", "array", "number"]);
    assert_eq!(bodies(&cloud, &by_body).await, [r#"{"store": "a"}"#, r#"{"store": [1, 6]}"#]);
}

#[tokio::test]
async fn each_protocol_has_its_text() {
    let cloud = cloud();
    let (topic, queue) = (topic(&cloud, "t", value!({})).await, queue(&cloud, "q").await);
    subscribe(&cloud, &topic, &queue, raw()).await;
    let json = value!({"MessageStructure": "json"});
    publish(&cloud, &topic, r#"{"default": "d", "sqs": "s"}"#, json.clone()).await;
    // What is no text does not count (recorded from AWS).
    publish(&cloud, &topic, r#"{"default": "d", "sqs": {"a": 1}}"#, json).await;
    assert_eq!(bodies(&cloud, &queue).await, ["s", "d"]);
}

#[tokio::test]
async fn what_a_queue_cannot_take_goes_to_the_dead_letters() {
    let cloud = cloud();
    let topic = topic(&cloud, "t", value!({})).await;
    let (lost, dead) = (queue(&cloud, "lost").await, queue(&cloud, "dead").await);
    let arn = subscribe(&cloud, &topic, &lost, raw()).await;
    cloud.call("sqs.DeleteQueue", value!({"QueueUrl": "/000000000000/lost"})).await;
    publish(&cloud, &topic, "nowhere", value!({})).await;
    let policy = format!(r#"{{"deadLetterTargetArn": "{dead}"}}"#);
    let set = value!({"SubscriptionArn": (arn.as_str()), "AttributeName": "RedrivePolicy",
        "AttributeValue": (policy.as_str())});
    cloud.call("sns.SetSubscriptionAttributes", set).await;
    publish(&cloud, &topic, "kept", value!({})).await;
    assert_eq!(bodies(&cloud, &dead).await, ["kept"]);
}

#[tokio::test]
async fn an_http_endpoint_that_stays_away_feeds_the_dead_letters() {
    let cloud = cloud();
    let (topic, dead) = (topic(&cloud, "t", value!({})).await, queue(&cloud, "dead").await);
    let policy = format!(r#"{{"deadLetterTargetArn": "{dead}"}}"#);
    let asked = value!({"TopicArn": (topic.as_str()), "Protocol": "http", "Endpoint": "http://a.test",
        "Attributes": {"RedrivePolicy": (policy.as_str()), "RawMessageDelivery": "true"}});
    cloud.call("sns.Subscribe", asked).await;
    cloud.settle().await;
    let body: Vec<u8> = cloud.outbound().take()[0].body().to_vec();
    let body = String::from_utf8(body).unwrap();
    let token = body.split("\"Token\" : \"").nth(1).unwrap().split('"').next().unwrap();
    let confirm = value!({"TopicArn": (topic.as_str()), "Token": token});
    cloud.call("sns.ConfirmSubscription", confirm).await;
    cloud.outbound().answer([None, None, None, None]);
    publish(&cloud, &topic, "m", value!({})).await;
    cloud.settle().await;
    for _ in 0..3 {
        assert!(bodies(&cloud, &dead).await.is_empty());
        cloud.advance(Duration::from_secs(20)).await;
    }
    assert_eq!(bodies(&cloud, &dead).await, ["m"]);
}

fn group(group: &str, id: &str) -> Value {
    value!({"MessageGroupId": group, "MessageDeduplicationId": id})
}

#[tokio::test]
async fn a_fifo_topic_keeps_order_and_drops_repetitions() {
    let cloud = cloud();
    let topic = topic(&cloud, "t.fifo", value!({"FifoTopic": "true"})).await;
    let (fifo, standard) = (queue(&cloud, "q.fifo").await, queue(&cloud, "q").await);
    subscribe(&cloud, &topic, &fifo, value!({})).await;
    subscribe(&cloud, &topic, &standard, raw()).await;
    let first = publish(&cloud, &topic, "1", group("g", "a")).await;
    publish(&cloud, &topic, "2", group("g", "b")).await;
    let again = publish(&cloud, &topic, "1", group("h", "a")).await;
    assert_eq!(again, first);
    assert_eq!(text(&first, "SequenceNumber").len(), 20);
    let got = take(&cloud, &fifo).await;
    let names = fields(text(&got[0], "Body"));
    let unsigned = [
        "Type",
        "MessageId",
        "SequenceNumber",
        "TopicArn",
        "Message",
        "Timestamp",
        "UnsubscribeURL",
    ];
    assert_eq!(names, unsigned);
    assert_eq!(text(&got[1], "Attributes.MessageDeduplicationId"), "b");
    assert_eq!(bodies(&cloud, &standard).await, ["1", "2"]);
    cloud.advance(Duration::from_secs(300)).await;
    publish(&cloud, &topic, "1", group("g", "a")).await;
    assert_eq!(bodies(&cloud, &standard).await, ["1"]);
}

#[tokio::test]
async fn content_is_an_id_where_the_topic_says_so() {
    let cloud = cloud();
    let attributes = value!({"FifoTopic": "true", "ContentBasedDeduplication": "true"});
    let topic = topic(&cloud, "t.fifo", attributes).await;
    let queue = queue(&cloud, "q.fifo").await;
    subscribe(&cloud, &topic, &queue, raw()).await;
    for _ in 0..2 {
        publish(&cloud, &topic, "Test", value!({"MessageGroupId": "g"})).await;
    }
    let got = take(&cloud, &queue).await;
    assert_eq!(got.len(), 1);
    let id = text(&got[0], "Attributes.MessageDeduplicationId");
    assert_eq!(id, "532eaabd9574880dbf76b9b8cc00832c20a6ec113d682299550d7a6e0f345e25");
}

#[tokio::test]
async fn fifo_topics_have_rules_of_their_own() {
    let cloud = cloud();
    let fifo = topic(&cloud, "t.fifo", value!({"FifoTopic": "true"})).await;
    let standard = topic(&cloud, "t", value!({})).await;
    let refused = value!({"TopicArn": (fifo.as_str()), "Message": "m"});
    let error = cloud.fail("sns.Publish", refused).await;
    assert!(error.message().contains("MessageGroupId parameter is required"));
    let refused = value!({"TopicArn": (fifo.as_str()), "Message": "m", "MessageGroupId": "g"});
    let error = cloud.fail("sns.Publish", refused).await;
    assert!(error.message().contains("ContentBasedDeduplication"));
    let queue = queue(&cloud, "q.fifo").await;
    let refused =
        value!({"TopicArn": (standard.as_str()), "Protocol": "sqs", "Endpoint": (queue.as_str())});
    let error = cloud.fail("sns.Subscribe", refused).await;
    assert!(error.message().ends_with("can not be subscribed to standard SNS topics"));
}

#[tokio::test]
async fn a_replay_delivers_the_archive_again() {
    let cloud = cloud();
    let archive =
        value!({"FifoTopic": "true", "ArchivePolicy": r#"{"MessageRetentionPeriod":"1"}"#});
    let topic = topic(&cloud, "t.fifo", archive).await;
    let queue = queue(&cloud, "q.fifo").await;
    let arn = subscribe(&cloud, &topic, &queue, raw()).await;
    publish(&cloud, &topic, "early", group("g", "a")).await;
    cloud.advance(Duration::from_secs(600)).await;
    publish(&cloud, &topic, "late", group("g", "b")).await;
    assert_eq!(bodies(&cloud, &queue).await, ["early", "late"]);
    let replay = async || {
        let policy = r#"{"PointType":"Timestamp","StartingPoint":"2026-11-22T00:05:00Z"}"#;
        let set = value!({"SubscriptionArn": (arn.as_str()), "AttributeName": "ReplayPolicy", "AttributeValue": policy});
        cloud.call("sns.SetSubscriptionAttributes", set).await;
        cloud.settle().await;
        bodies(&cloud, &queue).await
    };
    cloud.advance(Duration::from_secs(600)).await;
    assert_eq!(replay().await, ["late"]);
    cloud.advance(Duration::from_secs(90_000)).await;
    assert!(replay().await.is_empty());
}

#[tokio::test]
async fn queues_of_other_accounts_and_regions_are_reached() {
    let cloud = cloud();
    let topic = topic(&cloud, "t", value!({})).await;
    let other = cloud.from("111122223333", "eu-west-1");
    other.call("sqs.CreateQueue", value!({"QueueName": "q"})).await;
    subscribe(&cloud, &topic, "arn:aws:sqs:eu-west-1:111122223333:q", raw()).await;
    publish(&cloud, &topic, "far", value!({})).await;
    let got = other.call("sqs.ReceiveMessage", value!({"QueueUrl": "/111122223333/q"})).await;
    assert_eq!(text(&got, "Messages.0.Body"), "far");
    assert_eq!(at(&got, "Messages").items().len(), 1);
}

#[tokio::test]
async fn publishers_at_once_keep_one_order_for_every_queue() {
    let cloud = cloud();
    let topic = topic(&cloud, "t.fifo", value!({"FifoTopic": "true"})).await;
    let queues = [queue(&cloud, "a.fifo").await, queue(&cloud, "b.fifo").await];
    for queue in &queues {
        subscribe(&cloud, &topic, queue, raw()).await;
    }
    let ids: Vec<String> = (0..10).map(|i| i.to_string()).collect();
    let batch = |half: &[String]| {
        let entry = |id: &String| {
            value!({"Id": (id.as_str()), "Message": (id.as_str()),
            "MessageGroupId": "g", "MessageDeduplicationId": (id.as_str())})
        };
        let entries = Value::List(half.iter().map(entry).collect());
        Value::map([("TopicArn", topic.as_str().into()), ("PublishBatchRequestEntries", entries)])
    };
    tokio::join!(
        cloud.call("sns.PublishBatch", batch(&ids[..5])),
        cloud.call("sns.PublishBatch", batch(&ids[5..])),
    );
    let (first, second) = (bodies(&cloud, &queues[0]).await, bodies(&cloud, &queues[1]).await);
    assert_eq!(first.len(), 10);
    assert_eq!(first, second);
}
