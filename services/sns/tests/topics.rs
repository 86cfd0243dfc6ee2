//! Topics, subscriptions and their rules, in process.

use cumulet_core::Value;
use cumulet_store::Platform;
use cumulet_testkit::{TestCloud, at, text, value};

fn cloud() -> TestCloud {
    TestCloud::new([cumulet_sns::service(&Platform::default())])
}

async fn topic(cloud: &TestCloud, name: &str, attributes: Value) -> String {
    let asked = value!({"Name": name, "Attributes": attributes});
    text(&cloud.call("sns.CreateTopic", asked).await, "TopicArn").to_owned()
}

async fn subscribe(cloud: &TestCloud, topic: &str, endpoint: &str, attributes: Value) -> String {
    let asked = value!({"TopicArn": topic, "Protocol": "sms", "Endpoint": endpoint, "Attributes": attributes});
    text(&cloud.call("sns.Subscribe", asked).await, "SubscriptionArn").to_owned()
}

async fn refusal(cloud: &TestCloud, operation: &str, input: Value) -> String {
    cloud.fail(operation, input).await.message().to_owned()
}

#[tokio::test]
async fn a_topic_has_awss_defaults() {
    let cloud = cloud();
    let arn = topic(&cloud, "t", value!({"FifoTopic": "false"})).await;
    assert_eq!(arn, "arn:aws:sns:us-east-1:000000000000:t");
    let got = cloud.call("sns.GetTopicAttributes", value!({"TopicArn": (arn.as_str())})).await;
    let effective = r#"{"http":{"defaultHealthyRetryPolicy":{"#;
    assert!(text(&got, "Attributes.EffectiveDeliveryPolicy").starts_with(effective));
    assert!(text(&got, "Attributes.Policy").contains(r#""AWS:SourceOwner":"000000000000""#));
    assert_eq!(text(&got, "Attributes.DisplayName"), "");
    assert_eq!(at(&got, "Attributes").get("FifoTopic"), None);
}

#[tokio::test]
async fn names_have_rules() {
    let cloud = cloud();
    for (name, fifo) in [("", "false"), ("a.fifo", "false"), ("a", "true"), ("a b", "false")] {
        let asked = value!({"Name": name, "Attributes": {"FifoTopic": fifo}});
        let said = refusal(&cloud, "sns.CreateTopic", asked).await;
        assert_eq!(said, "Invalid parameter: Topic Name", "{name}");
    }
    assert!(topic(&cloud, "a.fifo", value!({"FifoTopic": "true"})).await.ends_with(":a.fifo"));
}

#[tokio::test]
async fn a_topic_is_made_again_with_what_it_has_only() {
    let cloud = cloud();
    topic(&cloud, "t", value!({"DisplayName": "a"})).await;
    topic(&cloud, "t", value!({})).await;
    topic(&cloud, "t", value!({"DisplayName": "a"})).await;
    let other = value!({"Name": "t", "Attributes": {"DisplayName": "b"}});
    let said = refusal(&cloud, "sns.CreateTopic", other).await;
    assert_eq!(
        said,
        "Invalid parameter: Attributes Reason: Topic already exists with different attributes"
    );
    let tagged = value!({"Name": "t", "Tags": [{"Key": "k", "Value": "v"}]});
    let said = refusal(&cloud, "sns.CreateTopic", tagged).await;
    assert_eq!(said, "Invalid parameter: Tags Reason: Topic already exists with different tags");
}

#[tokio::test]
async fn arns_are_looked_at_first() {
    let cloud = cloud();
    for (arn, text) in [
        ("x", "TopicArn Reason: An ARN must have at least 6 elements, not 1"),
        (
            "arn:aws:sns:us-east-1:random",
            "TopicArn Reason: An ARN must have at least 6 elements, not 5",
        ),
        ("arn:aws:sns:eu-west-1:000000000000:t", "TopicArn"),
    ] {
        let said = refusal(&cloud, "sns.GetTopicAttributes", value!({"TopicArn": arn})).await;
        assert_eq!(said, format!("Invalid parameter: {text}"));
    }
    let gone = value!({"TopicArn": "arn:aws:sns:us-east-1:000000000000:t"});
    assert_eq!(cloud.fail("sns.Publish", gone).await.code(), "NotFoundException");
}

#[tokio::test]
async fn a_subscription_has_attributes_with_rules() {
    let cloud = cloud();
    let topic = topic(&cloud, "t", value!({})).await;
    let arn = subscribe(&cloud, &topic, "+123123123", value!({"RawMessageDelivery": "TrUe"})).await;
    let set = |name: &str, to: &str| value!({"SubscriptionArn": (arn.as_str()), "AttributeName": name, "AttributeValue": to});
    for (name, to, text) in [
        ("Fake", "x", "AttributeName"),
        ("RawMessageDelivery", "", "RawMessageDelivery: Invalid value []. Must be true or false."),
        (
            "RedrivePolicy",
            r#"{"deadLetterTargetArn":"x"}"#,
            "RedrivePolicy: deadLetterTargetArn is an invalid arn",
        ),
        (
            "FilterPolicy",
            r#"{"a":{"b":["c"]}}"#,
            "Filter policy scope MessageAttributes does not support nested filter policy",
        ),
        (
            "FilterPolicy",
            r#"{"a":[]}"#,
            "FilterPolicy: Empty arrays are not allowed\n at [Source: (String)\"{\"a\":[]}\"; line: 1, column: 8]",
        ),
    ] {
        let said = refusal(&cloud, "sns.SetSubscriptionAttributes", set(name, to)).await;
        assert_eq!(said, format!("Invalid parameter: {text}"));
    }
    cloud.call("sns.SetSubscriptionAttributes", set("FilterPolicyScope", "MessageBody")).await;
    let get = value!({"SubscriptionArn": (arn.as_str())});
    let got = cloud.call("sns.GetSubscriptionAttributes", get.clone()).await;
    assert_eq!(at(&got, "Attributes").get("FilterPolicyScope"), None);
    assert_eq!(text(&got, "Attributes.RawMessageDelivery"), "true");
    cloud.call("sns.SetSubscriptionAttributes", set("FilterPolicy", r#"{"a":{"b":["c"]}}"#)).await;
    let got = cloud.call("sns.GetSubscriptionAttributes", get).await;
    assert_eq!(text(&got, "Attributes.FilterPolicyScope"), "MessageBody");
}

#[tokio::test]
async fn subscribing_again_changes_nothing() {
    let cloud = cloud();
    let topic = topic(&cloud, "t", value!({})).await;
    let first = subscribe(&cloud, &topic, "+1", value!({"RawMessageDelivery": "true"})).await;
    let default = value!({"FilterPolicyScope": "MessageAttributes"});
    assert_eq!(subscribe(&cloud, &topic, "+1", default).await, first);
    let other = value!({"TopicArn": (topic.as_str()), "Protocol": "sms", "Endpoint": "+1",
        "Attributes": {"RawMessageDelivery": "false"}});
    assert!(refusal(&cloud, "sns.Subscribe", other).await.ends_with("with different attributes"));
    let gone = value!({"SubscriptionArn": (first.as_str())});
    cloud.call("sns.Unsubscribe", gone.clone()).await;
    cloud.call("sns.Unsubscribe", gone.clone()).await;
    let said = refusal(&cloud, "sns.GetSubscriptionAttributes", gone).await;
    assert_eq!(said, "Subscription does not exist");
}

#[tokio::test]
async fn lists_come_in_pages_of_a_hundred() {
    let cloud = cloud();
    let arn = topic(&cloud, "t", value!({})).await;
    for i in 0..101 {
        topic(&cloud, &format!("p{i}"), value!({})).await;
        subscribe(&cloud, &arn, &format!("+1{i}"), value!({})).await;
    }
    for (operation, list, input) in [
        ("sns.ListTopics", "Topics", value!({})),
        ("sns.ListSubscriptions", "Subscriptions", value!({})),
        ("sns.ListSubscriptionsByTopic", "Subscriptions", value!({"TopicArn": (arn.as_str())})),
    ] {
        let first = cloud.call(operation, input).await;
        assert_eq!(at(&first, list).items().len(), 100);
        let next = value!({"TopicArn": (arn.as_str()), "NextToken": (text(&first, "NextToken"))});
        let second = cloud.call(operation, next).await;
        assert!((1..=2).contains(&at(&second, list).items().len()), "{operation}");
        assert_eq!(second.get("NextToken"), None);
    }
}

#[tokio::test]
async fn permissions_are_statements_of_the_policy() {
    let cloud = cloud();
    let arn = topic(&cloud, "t", value!({})).await;
    let add = |label: &str, action: &str| value!({"TopicArn": (arn.as_str()), "Label": label, "AWSAccountId": ["123456789012"], "ActionName": [action]});
    cloud.call("sns.AddPermission", add("l", "Publish")).await;
    let get = value!({"TopicArn": (arn.as_str())});
    let got = cloud.call("sns.GetTopicAttributes", get.clone()).await;
    assert!(text(&got, "Attributes.Policy").contains(r#""Action":"SNS:Publish""#));
    let said = refusal(&cloud, "sns.AddPermission", add("l", "Publish")).await;
    assert_eq!(said, "Invalid parameter: Statement already exists");
    let said = refusal(&cloud, "sns.AddPermission", add("m", "Nothing")).await;
    assert_eq!(said, "Invalid parameter: Policy statement action out of service scope!");
    let remove = value!({"TopicArn": (arn.as_str()), "Label": "l"});
    cloud.call("sns.RemovePermission", remove).await;
    let got = cloud.call("sns.GetTopicAttributes", get).await;
    assert!(!text(&got, "Attributes.Policy").contains("123456789012"));
}

#[tokio::test]
async fn tags_go_with_their_topic() {
    let cloud = cloud();
    let arn = topic(&cloud, "t", value!({})).await;
    let tags = value!([{"Key": "k", "Value": "1"}, {"Key": "l", "Value": "2"}]);
    let add = Value::map([("ResourceArn", arn.as_str().into()), ("Tags", tags)]);
    cloud.call("sns.TagResource", add).await;
    let untag = value!({"ResourceArn": (arn.as_str()), "TagKeys": ["k"]});
    cloud.call("sns.UntagResource", untag).await;
    let list = value!({"ResourceArn": (arn.as_str())});
    let got = cloud.call("sns.ListTagsForResource", list.clone()).await;
    assert_eq!(at(&got, "Tags"), &value!([{"Key": "l", "Value": "2"}]));
    cloud.call("sns.DeleteTopic", value!({"TopicArn": (arn.as_str())})).await;
    let error = cloud.fail("sns.ListTagsForResource", list).await;
    assert_eq!(error.code(), "ResourceNotFoundException");
}

#[tokio::test]
async fn messages_have_rules() {
    let cloud = cloud();
    let arn = topic(&cloud, "t", value!({})).await;
    let mut cases = vec![
        (value!({"Message": ""}), "Invalid parameter: Empty message"),
        (value!({"Message": "m", "Subject": ""}), "Invalid parameter: Subject"),
        (
            value!({"Message": r#"{"sqs": "x"}"#, "MessageStructure": "json"}),
            "Invalid parameter: Message Structure - No default entry in JSON message body",
        ),
        (
            value!({"Message": "{", "MessageStructure": "json"}),
            "Invalid parameter: Message Structure - JSON message body failed to parse",
        ),
        (
            value!({"Message": "m", "MessageAttributes": {"a": {"StringValue": "v"}}}),
            "1 validation error detected: Value null at 'messageAttributes.a.member.dataType' failed to satisfy constraint: Member must not be null",
        ),
        (
            value!({"Message": "m", "MessageAttributes": {"a": {"DataType": "String.", "StringValue": "v"}}}),
            "The message attribute 'a' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.",
        ),
        (
            value!({"Message": "m", "MessageAttributes": {"a^": {"DataType": "String", "StringValue": "v"}}}),
            "Invalid non-alphanumeric character '#x5E' was found in the message attribute name. Can only include alphanumeric characters, hyphens, underscores, or dots.",
        ),
        (
            value!({"Message": "m", "MessageDeduplicationId": "d"}),
            "Invalid parameter: MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type",
        ),
    ];
    let long = "m".repeat(262_145);
    cases.push((value!({"Message": (long.as_str())}), "Invalid parameter: Message too long"));
    for (input, text) in cases {
        let Value::Map(mut entries) = input else { unreachable!() };
        entries.push(("TopicArn".into(), arn.as_str().into()));
        assert_eq!(refusal(&cloud, "sns.Publish", Value::Map(entries)).await, text);
    }
}

#[tokio::test]
async fn batches_have_rules() {
    let cloud = cloud();
    let arn = topic(&cloud, "t", value!({})).await;
    let batch = |ids: &[&str]| {
        let entry = |id: &&str| value!({"Id": (*id), "Message": "m"});
        let entries = Value::List(ids.iter().map(entry).collect());
        Value::map([("TopicArn", arn.as_str().into()), ("PublishBatchRequestEntries", entries)])
    };
    let eleven = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10"];
    for (ids, code) in [
        (&["a.b"][..], "InvalidBatchEntryIdException"),
        (&["a", "a"], "BatchEntryIdsNotDistinctException"),
        (&[], "EmptyBatchRequestException"),
        (&eleven, "TooManyEntriesInBatchRequestException"),
    ] {
        assert_eq!(cloud.fail("sns.PublishBatch", batch(ids)).await.code(), code);
    }
    let done = cloud.call("sns.PublishBatch", batch(&["a", "b"])).await;
    assert_eq!(text(&done, "Successful.1.Id"), "b");
    assert!(at(&done, "Failed").items().is_empty());
}

#[tokio::test]
async fn an_archive_is_replayed_and_keeps_its_topic() {
    let cloud = cloud();
    let fifo = value!({"FifoTopic": "true", "ContentBasedDeduplication": "true",
        "ArchivePolicy": "{\"MessageRetentionPeriod\": 1}"});
    let arn = topic(&cloud, "a.fifo", fifo).await;
    let publish = value!({"TopicArn": (arn.as_str()), "Message": "m", "MessageGroupId": "g"});
    cloud.call("sns.Publish", publish).await;
    let policy = format!(
        "{{\"PointType\": \"Timestamp\", \"StartingPoint\": \"{}\"}}",
        TestCloud::START.iso8601()
    );
    let queue = "arn:aws:sqs:us-east-1:000000000000:q.fifo";
    let asked = value!({"TopicArn": (arn.as_str()), "Protocol": "sqs", "Endpoint": queue,
        "Attributes": {"ReplayPolicy": policy}});
    let subscribed = cloud.call("sns.Subscribe", asked).await;
    let subscription = text(&subscribed, "SubscriptionArn");
    cloud.settle().await;
    let asked = value!({"SubscriptionArn": subscription});
    let got = cloud.call("sns.GetSubscriptionAttributes", asked).await;
    assert_eq!(text(&got, "Attributes.ReplayStatus"), "Completed");
    let delete = value!({"TopicArn": (arn.as_str())});
    let error = cloud.fail("sns.DeleteTopic", delete.clone()).await;
    assert_eq!(error.code(), "InvalidStateException");
    let end = value!({"TopicArn": (arn.as_str()), "AttributeName": "ArchivePolicy",
        "AttributeValue": "{}"});
    cloud.call("sns.SetTopicAttributes", end).await;
    cloud.call("sns.DeleteTopic", delete).await;
}
