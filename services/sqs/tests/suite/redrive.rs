//! Dead-letter queues.

use super::*;

fn policy(target: &str, count: &str) -> String {
    format!(r#"{{"deadLetterTargetArn":"{}","maxReceiveCount":{count}}}"#, arn(target))
}

/// A queue and its dead-letter queue.
async fn pair(cloud: &TestCloud) -> (String, String) {
    let dead = make(cloud, "dead", value!({})).await;
    let url = queue(cloud, value!({"RedrivePolicy": (policy("dead", "1"))})).await;
    (url, dead)
}

#[tokio::test]
async fn a_message_received_too_often_goes_to_the_dead_letter_queue_as_it_was_sent() {
    let cloud = cloud();
    let (url, dead) = pair(&cloud).await;
    send(&cloud, &url, "m").await;
    let first = receive_hiding(&cloud, &url, 1, Some(0)).await;
    cloud.advance(secs(5)).await;
    let asked = value!({"QueueUrl": (dead.as_str()), "WaitTimeSeconds": 20,
        "AttributeNames": ["All"]});
    let poll = cloud.call("sqs.ReceiveMessage", asked);
    let (letter, nothing) = tokio::join!(poll, receive(&cloud, &url));
    assert!(nothing.is_empty());
    let letter = at(&letter, "Messages.0");
    assert_eq!(text(letter, "MessageId"), text(&first[0], "MessageId"));
    assert_eq!(text(letter, "Attributes.DeadLetterQueueSourceArn"), arn("q"));
    assert_eq!(text(letter, "Attributes.ApproximateReceiveCount"), "2");
    for kept in ["Attributes.SentTimestamp", "Attributes.ApproximateFirstReceiveTimestamp"] {
        assert_eq!(text(letter, kept), text(&first[0], kept));
    }
}

#[tokio::test]
async fn a_dead_letters_age_goes_on() {
    let cloud = cloud();
    let dead = make(&cloud, "dead", value!({"MessageRetentionPeriod": "60"})).await;
    let url = queue(&cloud, value!({"RedrivePolicy": (policy("dead", "1"))})).await;
    send(&cloud, &url, "old").await;
    cloud.advance(secs(50)).await;
    send(&cloud, &dead, "young").await;
    receive_hiding(&cloud, &url, 1, Some(0)).await;
    receive(&cloud, &url).await;
    assert_eq!(count(&cloud, &dead, "ApproximateNumberOfMessages").await, "2");
    cloud.advance(secs(10)).await;
    assert_eq!(bodies(&cloud, &dead).await, ["young"]);
}

#[tokio::test]
async fn without_its_dead_letter_queue_a_queue_goes_on() {
    let cloud = cloud();
    let (url, dead) = pair(&cloud).await;
    send(&cloud, &url, "m").await;
    cloud.call("sqs.DeleteQueue", value!({"QueueUrl": dead})).await;
    for _ in 0..3 {
        assert_eq!(receive_hiding(&cloud, &url, 1, Some(0)).await.len(), 1);
    }
}

#[tokio::test]
async fn fifo_queues_bury_in_fifo_queues_and_free_the_group() {
    let cloud = cloud();
    let attributes = value!({"FifoQueue": "true"});
    let dead = make(&cloud, "dead.fifo", attributes).await;
    let attributes = value!({"FifoQueue": "true", "ContentBasedDeduplication": "true",
        "RedrivePolicy": (policy("dead.fifo", "1"))});
    let url = make(&cloud, "q.fifo", attributes).await;
    let entry = |body: &str| value!({"Id": body, "MessageBody": body, "MessageGroupId": "g"});
    let entries = value!([(entry("1")), (entry("2"))]);
    let batch = value!({"QueueUrl": (url.as_str()), "Entries": entries});
    cloud.call("sqs.SendMessageBatch", batch).await;
    receive_hiding(&cloud, &url, 1, Some(0)).await;
    assert_eq!(bodies(&cloud, &url).await, ["2"]);
    let letters = receive(&cloud, &dead).await;
    assert_eq!(bodies_of(&letters), ["1"]);
    assert_eq!(text(&letters[0], "Attributes.MessageGroupId"), "g");
}

#[tokio::test]
async fn a_redrive_policy_must_be_right() {
    let cloud = cloud();
    make(&cloud, "dead", value!({})).await;
    make(&cloud, "dead.fifo", value!({"FifoQueue": "true"})).await;
    let deny = value!({"RedriveAllowPolicy": r#"{"redrivePermission":"denyAll"}"#});
    make(&cloud, "shut", deny).await;
    let url = queue(&cloud, value!({})).await;
    for (policy, reason) in [
        ("no json".to_owned(), "unsupported format."),
        (r#"{"maxReceiveCount":1}"#.to_owned(), "mandatory attribute: deadLetterTargetArn."),
        (policy("dead", "0"), "valid values are from 1 to 1000 both inclusive."),
        (policy("dead", "\"many\""), "valid values are from 1 to 1000 both inclusive."),
        (policy("nowhere", "1"), "Dead letter target does not exist."),
        (policy("dead.fifo", "1"), "Dead-letter queue must be same type of queue as the source."),
        (policy("shut", "1"), "Queue does not have permission to use the dead-letter queue."),
    ] {
        let set = value!({"QueueUrl": (url.as_str()), "Attributes": {"RedrivePolicy": policy}});
        let error = cloud.fail("sqs.SetQueueAttributes", set).await;
        assert_eq!(error.code(), "InvalidParameterValue");
        assert!(error.message().ends_with(reason), "{error}");
    }
    let set = value!({"QueueUrl": (url.as_str()),
        "Attributes": {"RedrivePolicy": (policy("dead", "\"42\""))}});
    cloud.call("sqs.SetQueueAttributes", set).await;
    assert_eq!(text(&attributes(&cloud, &url).await, "RedrivePolicy"), policy("dead", "42"));
    let set = value!({"QueueUrl": (url.as_str()), "Attributes": {"RedrivePolicy": ""}});
    cloud.call("sqs.SetQueueAttributes", set).await;
    assert_eq!(attributes(&cloud, &url).await.get("RedrivePolicy"), None);
}

#[tokio::test]
async fn a_dead_letter_queue_lists_its_sources_in_pages() {
    let cloud = cloud();
    let dead = make(&cloud, "dead", value!({})).await;
    for name in ["a", "b", "c"] {
        make(&cloud, name, value!({"RedrivePolicy": (policy("dead", "1"))})).await;
    }
    let asked = value!({"QueueUrl": (dead.as_str()), "MaxResults": 2});
    let page = cloud.call("sqs.ListDeadLetterSourceQueues", asked).await;
    assert!(text(&page, "queueUrls.1").ends_with("/b"));
    let asked =
        value!({"QueueUrl": dead, "MaxResults": 2, "NextToken": (text(&page, "NextToken"))});
    let page = cloud.call("sqs.ListDeadLetterSourceQueues", asked).await;
    assert!(text(&page, "queueUrls.0").ends_with("/c"));
    assert_eq!(page.get("NextToken"), None);
}
