//! Queues: making, finding, their attributes.

use cumulet_core::{Cx, Origin};

use super::*;

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

#[tokio::test]
async fn a_name_tells_a_fifo_queue() {
    let cloud = cloud();
    let bare = value!({"QueueName": "q.fifo"});
    let error = cloud.fail("sqs.CreateQueue", bare).await;
    assert!(error.message().starts_with("Can only include alphanumeric"), "{error}");
    let unsuffixed = value!({"QueueName": "q", "Attributes": {"FifoQueue": "true"}});
    let error = cloud.fail("sqs.CreateQueue", unsuffixed).await;
    assert!(error.message().contains("must end with .fifo suffix"), "{error}");
    let url = make(&cloud, "q.fifo", value!({"FifoQueue": "True"})).await;
    let all = attributes(&cloud, &url).await;
    let shown = ["FifoQueue", "ContentBasedDeduplication", "FifoThroughputLimit"];
    assert_eq!(shown.map(|name| text(&all, name)), ["true", "false", "perQueue"]);
    let set = value!({"QueueUrl": url, "Attributes": {"FifoQueue": "false"}});
    let error = cloud.fail("sqs.SetQueueAttributes", set).await;
    assert!(error.message().ends_with("Modifying queue type is not supported."), "{error}");
}

#[tokio::test]
async fn encryption_is_of_one_kind() {
    let cloud = cloud();
    let url = queue(&cloud, value!({})).await;
    let set = |key: &str, own: Value| {
        value!({"QueueUrl": (url.as_str()),
        "Attributes": {"KmsMasterKeyId": key, "SqsManagedSseEnabled": own}})
    };
    let error = cloud.fail("sqs.SetQueueAttributes", set("k", "true".into())).await;
    assert_eq!(error.code(), "InvalidAttributeName");
    cloud.call("sqs.SetQueueAttributes", set("k", "false".into())).await;
    assert_eq!(text(&attributes(&cloud, &url).await, "KmsDataKeyReusePeriodSeconds"), "300");
    cloud.call("sqs.SetQueueAttributes", set("", "true".into())).await;
    let all = attributes(&cloud, &url).await;
    assert_eq!(text(&all, "SqsManagedSseEnabled"), "true");
    assert_eq!(all.get("KmsDataKeyReusePeriodSeconds"), None);
}

#[tokio::test]
async fn pauses_after_deleting_and_purging_are_a_setting() {
    let cloud = cloud_with(&[("SQS_DELAY_RECENTLY_DELETED", "1"), ("SQS_DELAY_PURGE_RETRY", "1")]);
    let url = queue(&cloud, value!({})).await;
    let it = value!({"QueueUrl": (url.as_str())});
    cloud.call("sqs.PurgeQueue", it.clone()).await;
    let error = cloud.fail("sqs.PurgeQueue", it.clone()).await;
    assert_eq!(error.code(), "PurgeQueueInProgress");
    cloud.call("sqs.DeleteQueue", it).await;
    let again = value!({"QueueName": "q"});
    let error = cloud.fail("sqs.CreateQueue", again.clone()).await;
    assert_eq!(error.code(), "QueueDeletedRecently");
    cloud.advance(secs(60)).await;
    cloud.call("sqs.CreateQueue", again).await;
}

#[tokio::test]
async fn the_strategy_shapes_urls() {
    let url = async |strategy: &str, endpoint: &str| {
        let cloud = cloud_with(&[("SQS_ENDPOINT_STRATEGY", strategy)]);
        let origin = Origin { endpoint: endpoint.into(), ..Origin::local() };
        let cx = Cx::new(cloud.cloud(), cloud.world(), origin);
        let made = cx.call("sqs", "CreateQueue", value!({"QueueName": "q"})).await.unwrap();
        text(&made, "QueueUrl").to_owned()
    };
    let (plain, regional) = ("http://h:1", "http://sqs.us-east-1.localhost.localstack.cloud:1");
    let bare = "http://localhost.localstack.cloud:1";
    for (strategy, endpoint, start) in [
        ("", plain, plain),
        ("", bare, regional),
        ("standard", plain, "http://sqs.us-east-1.h:1"),
        ("domain", plain, "http://us-east-1.queue.h:1"),
        ("path", regional, "http://localhost.localstack.cloud:1/queue/us-east-1"),
        ("dynamic", bare, bare),
        ("dynamic", regional, regional),
        ("off", regional, bare),
    ] {
        let expected = format!("{start}/000000000000/q");
        assert_eq!(url(strategy, endpoint).await, expected, "{strategy} at {endpoint}");
    }
}
