//! S3 to SQS and SNS, in process: what a bucket's queues and topics are told.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test ends where it goes wrong"
)]

use std::time::Duration;

use cumulet_core::Value;
use cumulet_store::Platform;
use cumulet_testkit::{TestCloud, text, value};
use serde_json::Value as Json;

const QUEUE: &str = "arn:aws:sqs:us-east-1:000000000000:q";

async fn cloud() -> TestCloud {
    let platform = Platform::default();
    let cloud = TestCloud::new([
        cumulet_s3::service(&platform),
        cumulet_sns::service(&platform),
        cumulet_sqs::service(&platform),
    ]);
    cloud.call("s3.CreateBucket", value!({"Bucket": "bbb"})).await;
    cloud.call("sqs.CreateQueue", value!({"QueueName": "q"})).await;
    cloud
}

fn asked(rules: Value) -> Value {
    value!({"Bucket": "bbb", "NotificationConfiguration": {"QueueConfigurations": rules}})
}

/// A cloud whose bucket tells the queue of these events.
async fn listening(events: Value, filter: Value) -> TestCloud {
    let cloud = cloud().await;
    let rules = value!([{"Id": "i", "QueueArn": QUEUE, "Events": events, "Filter": filter}]);
    cloud.call("s3.PutBucketNotificationConfiguration", asked(rules)).await;
    assert_eq!(told(&cloud).await[0]["Event"], "s3:TestEvent");
    cloud
}

/// What the queue has been told.
async fn told(cloud: &TestCloud) -> Vec<Json> {
    cloud.advance(Duration::ZERO).await;
    let input = value!({"QueueUrl": "/000000000000/q", "MaxNumberOfMessages": 10});
    let got = cloud.call("sqs.ReceiveMessage", input).await;
    let messages = got.get("Messages").map(|m| m.items().to_vec()).unwrap_or_default();
    for message in &messages {
        let handle = text(message, "ReceiptHandle");
        let gone = value!({"QueueUrl": "/000000000000/q", "ReceiptHandle": handle});
        cloud.call("sqs.DeleteMessage", gone).await;
    }
    messages.iter().map(|m| serde_json::from_str(text(m, "Body")).unwrap()).collect()
}

async fn names(cloud: &TestCloud) -> Vec<String> {
    let record = |message: &Json| {
        let record = &message["Records"][0];
        let key = &record["s3"]["object"]["key"];
        format!("{} {}", record["eventName"].as_str().unwrap(), key.as_str().unwrap())
    };
    let mut names: Vec<_> = told(cloud).await.iter().map(record).collect();
    names.sort();
    names
}

async fn put(cloud: &TestCloud, key: &str) {
    cloud.send("s3.PutObject", value!({"Bucket": "bbb", "Key": key}), "hello").await.unwrap();
}

#[tokio::test]
async fn a_record_says_what_happened() {
    let cloud = listening(value!(["s3:ObjectCreated:*"]), Value::Null).await;
    put(&cloud, "a b/ü").await;
    let message = told(&cloud).await.remove(0);
    let record = &message["Records"][0];
    assert_eq!(record["eventVersion"], "2.1");
    assert_eq!(record["eventName"], "ObjectCreated:Put");
    assert_eq!(record["eventTime"], "2026-11-22T00:00:00.000Z");
    assert_eq!(record["awsRegion"], "us-east-1");
    assert_eq!(record["s3"]["configurationId"], "i");
    assert_eq!(record["s3"]["bucket"]["arn"], "arn:aws:s3:::bbb");
    let object = &record["s3"]["object"];
    assert_eq!(object["key"], "a+b/%C3%BC");
    assert_eq!(object["size"], 5);
    assert_eq!(object["eTag"], "5d41402abc4b2a76b9719d911017c592");
    assert_eq!(object["sequencer"].as_str().unwrap().len(), 18);
}

#[tokio::test]
async fn every_write_is_told_once() {
    let cloud = listening(value!(["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]), Value::Null).await;
    put(&cloud, "a").await;
    let copy = value!({"Bucket": "bbb", "Key": "b", "CopySource": "bbb/a"});
    cloud.call("s3.CopyObject", copy).await;
    cloud.call("s3.DeleteObject", value!({"Bucket": "bbb", "Key": "a"})).await;
    cloud.call("s3.DeleteObject", value!({"Bucket": "bbb", "Key": "c"})).await;
    let named = value!([{"Key": "b"}]);
    let delete = value!({"Bucket": "bbb", "Delete": {"Objects": named}});
    cloud.call("s3.DeleteObjects", delete).await;
    let all = [
        "ObjectCreated:Copy b",
        "ObjectCreated:Put a",
        "ObjectRemoved:Delete a",
        "ObjectRemoved:Delete b",
        "ObjectRemoved:Delete c",
    ];
    assert_eq!(names(&cloud).await, all);
    assert!(names(&cloud).await.is_empty());
}

#[tokio::test]
async fn versions_have_their_ids() {
    let cloud = listening(value!(["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]), Value::Null).await;
    let enabled = value!({"Status": "Enabled"});
    let input = value!({"Bucket": "bbb", "VersioningConfiguration": enabled});
    cloud.call("s3.PutBucketVersioning", input).await;
    put(&cloud, "a").await;
    let answer = cloud.call("s3.DeleteObject", value!({"Bucket": "bbb", "Key": "a"})).await;
    let marker = text(&answer, "VersionId");
    let gone = value!({"Bucket": "bbb", "Key": "a", "VersionId": marker});
    cloud.call("s3.DeleteObject", gone).await;
    let mut records: Vec<Json> =
        told(&cloud).await.iter().map(|m| m["Records"][0].clone()).collect();
    records.sort_by_key(|r| r["s3"]["object"]["sequencer"].as_str().unwrap().to_owned());
    let [put, mark, delete] = &records[..] else { panic!("{records:?}") };
    assert_eq!(put["s3"]["object"]["versionId"].as_str().unwrap().len(), 32);
    assert_eq!(mark["eventName"], "ObjectRemoved:DeleteMarkerCreated");
    assert_eq!(mark["s3"]["object"]["versionId"], marker);
    assert_eq!(mark["s3"]["object"]["eTag"], "d41d8cd98f00b204e9800998ecf8427e");
    assert_eq!(delete["eventName"], "ObjectRemoved:Delete");
    assert_eq!(delete["s3"]["object"]["versionId"], marker);
}

#[tokio::test]
async fn sequencers_grow_within_a_moment() {
    let cloud = listening(value!(["s3:ObjectCreated:*"]), Value::Null).await;
    for key in ["1", "2", "3"] {
        put(&cloud, key).await;
    }
    let object = |m: &Json| m["Records"][0]["s3"]["object"].clone();
    let mut objects: Vec<Json> = told(&cloud).await.iter().map(object).collect();
    objects.sort_by_key(|o| o["sequencer"].as_str().unwrap().to_owned());
    let keys: Vec<_> = objects.iter().map(|o| o["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["1", "2", "3"]);
}

#[tokio::test]
async fn prefix_and_suffix_choose() {
    let rules = value!([{"Name": "prefix", "Value": "in/"}, {"Name": "SUFFIX", "Value": ".txt"}]);
    let filter = value!({"Key": {"FilterRules": rules}});
    let cloud = listening(value!(["s3:ObjectCreated:Put"]), filter).await;
    for key in ["in/a.txt", "in/a.png", "out/a.txt"] {
        put(&cloud, key).await;
    }
    assert_eq!(names(&cloud).await, ["ObjectCreated:Put in/a.txt"]);
    let input = value!({"Bucket": "bbb"});
    let shown = cloud.call("s3.GetBucketNotificationConfiguration", input).await;
    let rule = "QueueConfigurations.0.Filter.Key.FilterRules.1.Name";
    assert_eq!(text(&shown, rule), "Suffix");
}

#[tokio::test]
async fn what_happens_by_the_clock_is_told_then() {
    let cloud = listening(value!(["s3:LifecycleExpiration:*"]), Value::Null).await;
    let rule = value!({"Status": "Enabled", "Prefix": "", "Expiration": {"Days": 1}});
    let input = value!({"Bucket": "bbb", "LifecycleConfiguration": {"Rules": [rule]}});
    cloud.call("s3.PutBucketLifecycleConfiguration", input).await;
    put(&cloud, "a").await;
    assert!(names(&cloud).await.is_empty());
    cloud.advance(Duration::from_hours(48)).await;
    assert_eq!(names(&cloud).await, ["LifecycleExpiration:Delete a"]);
}

#[tokio::test]
async fn a_restored_copy_is_told_of_when_it_is_there() {
    let cloud = listening(value!(["s3:ObjectRestore:*"]), Value::Null).await;
    let input = value!({"Bucket": "bbb", "Key": "a", "StorageClass": "GLACIER"});
    cloud.send("s3.PutObject", input, "hello").await.unwrap();
    let input = value!({"Bucket": "bbb", "Key": "a", "RestoreRequest": {"Days": 1}});
    cloud.call("s3.RestoreObject", input).await;
    assert_eq!(names(&cloud).await, ["ObjectRestore:Post a"]);
    cloud.advance(Duration::from_hours(5)).await;
    let message = told(&cloud).await.remove(0);
    let record = &message["Records"][0];
    assert_eq!(record["eventName"], "ObjectRestore:Completed");
    let restored = &record["glacierEventData"]["restoreEventData"];
    assert_eq!(restored["lifecycleRestoreStorageClass"], "GLACIER");
}

#[tokio::test]
async fn an_empty_configuration_ends_it() {
    let cloud = listening(value!(["s3:ObjectCreated:*"]), Value::Null).await;
    cloud.call("s3.PutBucketNotificationConfiguration", asked(value!([]))).await;
    put(&cloud, "a").await;
    assert!(names(&cloud).await.is_empty());
}

#[tokio::test]
async fn a_topic_is_told_what_its_queues_then_get() {
    let cloud = cloud().await;
    let topic = cloud.call("sns.CreateTopic", value!({"Name": "t"})).await;
    let topic = text(&topic, "TopicArn");
    let asked = value!({"TopicArn": topic, "Protocol": "sqs", "Endpoint": QUEUE});
    cloud.call("sns.Subscribe", asked).await;
    let rules = value!([{"TopicArn": topic, "Events": ["s3:ObjectCreated:*"]}]);
    let input =
        value!({"Bucket": "bbb", "NotificationConfiguration": {"TopicConfigurations": rules}});
    cloud.call("s3.PutBucketNotificationConfiguration", input).await;
    told(&cloud).await;
    put(&cloud, "a").await;
    let message = told(&cloud).await.remove(0);
    assert_eq!(message["Subject"], "Amazon S3 Notification");
    let event: Json = serde_json::from_str(message["Message"].as_str().unwrap()).unwrap();
    assert_eq!(event["Records"][0]["s3"]["object"]["key"], "a");
}

#[tokio::test]
async fn a_queue_that_goes_away_harms_nobody() {
    let cloud = listening(value!(["s3:ObjectCreated:*"]), Value::Null).await;
    cloud.call("sqs.DeleteQueue", value!({"QueueUrl": "/000000000000/q"})).await;
    put(&cloud, "a").await;
    cloud.advance(Duration::ZERO).await;
    cloud.call("s3.HeadObject", value!({"Bucket": "bbb", "Key": "a"})).await;
}

#[tokio::test]
async fn what_cannot_be_told_is_refused() {
    let cloud = cloud().await;
    let events = value!(["s3:ObjectCreated:*"]);
    let other = "arn:aws:sqs:eu-west-1:000000000000:q";
    let absent = "arn:aws:sqs:us-east-1:000000000000:r";
    for (arn, events, message) in [
        ("q", events.clone(), "The ARN could not be parsed"),
        (absent, events.clone(), "Unable to validate the following destination configurations"),
        (QUEUE, value!(["s3:Nothing"]), "The event is not supported for notifications"),
        (
            other,
            events.clone(),
            "The notification destination service region is not valid for the bucket location constraint",
        ),
    ] {
        let rules = value!([{"QueueArn": arn, "Events": events}]);
        let error = cloud.fail("s3.PutBucketNotificationConfiguration", asked(rules)).await;
        assert_eq!((error.code(), error.message()), ("InvalidArgument", message), "{arn}");
    }
    let rule = value!({"QueueArn": QUEUE, "Events": (events.clone())});
    let twice = value!([(rule.clone()), rule]);
    let error = cloud.fail("s3.PutBucketNotificationConfiguration", asked(twice)).await;
    assert!(error.message().starts_with("Configuration is ambiguously defined."));
    let rule = value!({"TopicArn": "arn:aws:sns:us-east-1:000000000000:t", "Events": events});
    let topics = value!({"TopicConfigurations": [rule]});
    let input = value!({"Bucket": "bbb", "NotificationConfiguration": topics});
    let error = cloud.fail("s3.PutBucketNotificationConfiguration", input).await;
    let why = error.members().iter().find(|(name, _)| name == "ArgumentValue1").unwrap();
    assert_eq!(why.1.as_str(), Some("The destination topic does not exist"));
    let shown =
        cloud.call("s3.GetBucketNotificationConfiguration", value!({"Bucket": "bbb"})).await;
    assert_eq!(shown.get("TopicConfigurations").unwrap_or(&Value::Null), &Value::Null);
}
