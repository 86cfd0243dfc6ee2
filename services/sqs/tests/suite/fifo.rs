//! FIFO queues: order and blocking of groups, deduplication, attempts.

use super::*;

async fn fifo(cloud: &TestCloud, more: &[(&str, &str)]) -> String {
    let mut all = vec![("FifoQueue", "true".into()), ("ContentBasedDeduplication", "true".into())];
    all.extend(more.iter().map(|(name, value)| (*name, (*value).into())));
    make(cloud, "q.fifo", Value::map(all)).await
}

/// Sends `g:body` to group `g`.
async fn put(cloud: &TestCloud, url: &str, message: &str) -> Value {
    let group = message.split(':').next().unwrap();
    let asked = value!({"QueueUrl": url, "MessageBody": message, "MessageGroupId": group});
    cloud.call("sqs.SendMessage", asked).await
}

/// Sends under a deduplication id.
async fn put_as(cloud: &TestCloud, url: &str, group: &str, id: &str) -> Value {
    let asked = value!({"QueueUrl": url, "MessageBody": id, "MessageGroupId": group,
        "MessageDeduplicationId": id});
    cloud.call("sqs.SendMessage", asked).await
}

async fn some(cloud: &TestCloud, url: &str, most: i32) -> Vec<Value> {
    receive_hiding(cloud, url, most, None).await
}

#[tokio::test]
async fn a_receive_gives_group_after_group_in_order() {
    let cloud = cloud();
    let url = fifo(&cloud, &[]).await;
    for message in ["a:1", "b:1", "a:2", "b:2", "a:3"] {
        put(&cloud, &url, message).await;
    }
    assert_eq!(bodies(&cloud, &url).await, ["a:1", "a:2", "a:3", "b:1", "b:2"]);
}

#[tokio::test]
async fn a_group_is_blocked_from_its_first_hidden_message_on() {
    let cloud = cloud();
    let url = fifo(&cloud, &[]).await;
    for message in ["a:1", "a:2", "a:3"] {
        put(&cloud, &url, message).await;
    }
    let taken = some(&cloud, &url, 2).await;
    put(&cloud, &url, "b:1").await;
    assert_eq!(bodies(&cloud, &url).await, ["b:1"]);
    hide(&cloud, &url, &taken[0], 0).await;
    let again = receive(&cloud, &url).await;
    assert_eq!(bodies_of(&again), ["a:1"], "a:2 is hidden still, and a:3 behind it");
    delete(&cloud, &url, &again[0]).await;
    assert!(bodies(&cloud, &url).await.is_empty());
    delete(&cloud, &url, &taken[1]).await;
    assert_eq!(bodies(&cloud, &url).await, ["a:3"]);
}

#[tokio::test]
async fn a_longer_hidden_message_holds_back_those_after_it_only() {
    let cloud = cloud();
    let url = fifo(&cloud, &[("VisibilityTimeout", "1")]).await;
    for message in ["a:1", "a:2", "a:3"] {
        put(&cloud, &url, message).await;
    }
    let taken = receive(&cloud, &url).await;
    hide(&cloud, &url, &taken[1], 10).await;
    cloud.advance(secs(2)).await;
    assert_eq!(bodies(&cloud, &url).await, ["a:1"]);
    cloud.advance(secs(8)).await;
    assert_eq!(bodies(&cloud, &url).await, ["a:1", "a:2", "a:3"]);
}

#[tokio::test]
async fn a_group_that_shows_again_stands_behind_those_that_waited() {
    let cloud = cloud();
    let url = fifo(&cloud, &[]).await;
    for message in ["a:1", "b:1", "b:2", "c:1", "a:2"] {
        put(&cloud, &url, message).await;
    }
    cloud.advance(secs(1)).await;
    let first = receive_hiding(&cloud, &url, 3, Some(0)).await;
    assert_eq!(bodies_of(&first), ["a:1", "a:2", "b:1"]);
    assert_eq!(bodies(&cloud, &url).await, ["c:1", "a:1", "a:2", "b:1", "b:2"]);
}

#[tokio::test]
async fn a_deletion_wakes_who_waits_for_the_group() {
    let cloud = cloud();
    let url = fifo(&cloud, &[]).await;
    put(&cloud, &url, "a:1").await;
    put(&cloud, &url, "a:2").await;
    let first = some(&cloud, &url, 1).await;
    let asked = value!({"QueueUrl": (url.as_str()), "WaitTimeSeconds": 20});
    let poll = cloud.call("sqs.ReceiveMessage", asked);
    let (answer, ()) = tokio::join!(poll, delete(&cloud, &url, &first[0]));
    assert_eq!(text(&answer, "Messages.0.Body"), "a:2");
}

#[tokio::test]
async fn delays_are_the_queues_only() {
    let cloud = cloud();
    let url = fifo(&cloud, &[("DelaySeconds", "2")]).await;
    let delayed = |seconds: i32| {
        value!({"QueueUrl": (url.as_str()), "MessageBody": "m",
        "MessageGroupId": "a", "DelaySeconds": seconds})
    };
    let error = cloud.fail("sqs.SendMessage", delayed(1)).await;
    let wording = "Value 1 for parameter DelaySeconds is invalid. Reason: The request include \
                   parameter that is not valid for this queue type.";
    assert_eq!(error.message(), wording);
    cloud.call("sqs.SendMessage", delayed(0)).await;
    assert!(bodies(&cloud, &url).await.is_empty());
    cloud.advance(secs(2)).await;
    assert_eq!(bodies(&cloud, &url).await, ["m"]);
}

#[tokio::test]
async fn a_duplicate_is_taken_for_five_minutes_even_when_the_first_is_gone() {
    let cloud = cloud();
    let url = fifo(&cloud, &[]).await;
    let first = put(&cloud, &url, "a:1").await;
    delete(&cloud, &url, &receive(&cloud, &url).await[0]).await;
    cloud.advance(secs(299)).await;
    let again = put(&cloud, &url, "a:1").await;
    assert_eq!(again, first);
    assert!(bodies(&cloud, &url).await.is_empty());
    cloud.advance(secs(1)).await;
    assert_ne!(put(&cloud, &url, "a:1").await, first);
    assert_eq!(bodies(&cloud, &url).await, ["a:1"]);
}

#[tokio::test]
async fn a_duplicates_digest_is_of_what_came_now() {
    let cloud = cloud();
    let url = fifo(&cloud, &[]).await;
    let first = put_as(&cloud, &url, "a", "id").await;
    let asked = value!({"QueueUrl": (url.as_str()), "MessageBody": "other", "MessageGroupId": "a",
        "MessageDeduplicationId": "id"});
    let again = cloud.call("sqs.SendMessage", asked).await;
    assert_eq!(text(&again, "MessageId"), text(&first, "MessageId"));
    assert_ne!(text(&again, "MD5OfMessageBody"), text(&first, "MD5OfMessageBody"));
}

#[tokio::test]
async fn the_scope_of_deduplication_is_the_queues_as_it_was_made() {
    let cloud = cloud();
    let url = fifo(&cloud, &[]).await;
    let by_group = value!({"DeduplicationScope": "messageGroup",
        "FifoThroughputLimit": "perMessageGroupId"});
    let set = value!({"QueueUrl": (url.as_str()), "Attributes": (by_group.clone())});
    cloud.call("sqs.SetQueueAttributes", set).await;
    for group in ["a", "b"] {
        put_as(&cloud, &url, group, "id").await;
    }
    assert_eq!(bodies(&cloud, &url).await, ["id"]);
    let scoped = [("DeduplicationScope", "messageGroup")];
    cloud.call("sqs.DeleteQueue", value!({"QueueUrl": (url.as_str())})).await;
    let url = fifo(&cloud, &scoped).await;
    for group in ["a", "b", "a"] {
        put_as(&cloud, &url, group, "id").await;
    }
    assert_eq!(bodies(&cloud, &url).await, ["id", "id"]);
}

#[tokio::test]
async fn purging_forgets_deduplication_ids() {
    let cloud = cloud();
    let url = fifo(&cloud, &[]).await;
    put(&cloud, &url, "a:1").await;
    cloud.call("sqs.PurgeQueue", value!({"QueueUrl": (url.as_str())})).await;
    put(&cloud, &url, "a:1").await;
    assert_eq!(bodies(&cloud, &url).await, ["a:1"]);
}

#[tokio::test]
async fn sequence_numbers_grow_and_come_with_the_message() {
    let cloud = cloud();
    let url = fifo(&cloud, &[]).await;
    let first = put(&cloud, &url, "a:1").await;
    let got = receive(&cloud, &url).await;
    let sequence = text(&first, "SequenceNumber");
    assert_eq!((sequence.len(), text(&got[0], "Attributes.SequenceNumber")), (20, sequence));
    assert_eq!(text(&got[0], "Attributes.MessageGroupId"), "a");
    assert_eq!(text(&got[0], "Attributes.MessageDeduplicationId").len(), 64);
    delete(&cloud, &url, &got[0]).await;
    assert!(text(&put(&cloud, &url, "a:2").await, "SequenceNumber") > sequence);
}

#[tokio::test]
async fn a_receipt_handle_ends_with_its_time() {
    let cloud = cloud();
    let url = fifo(&cloud, &[("VisibilityTimeout", "1")]).await;
    put(&cloud, &url, "a:1").await;
    let got = receive(&cloud, &url).await;
    cloud.advance(secs(1)).await;
    let late = with_handle(&url, &got[0], Some(5));
    for operation in ["sqs.DeleteMessage", "sqs.ChangeMessageVisibility"] {
        let error = cloud.fail(operation, late.clone()).await;
        assert!(error.message().ends_with("Reason: The receipt handle has expired."), "{error}");
    }
}

#[tokio::test]
async fn an_attempt_to_receive_can_be_repeated_until_its_messages_change() {
    let cloud = cloud();
    let url = fifo(&cloud, &[]).await;
    put(&cloud, &url, "a:1").await;
    put(&cloud, &url, "b:1").await;
    let asked = value!({"QueueUrl": (url.as_str()), "ReceiveRequestAttemptId": "try"});
    let first = cloud.call("sqs.ReceiveMessage", asked.clone()).await;
    cloud.advance(secs(20)).await;
    assert_eq!(cloud.call("sqs.ReceiveMessage", asked.clone()).await, first);
    cloud.advance(secs(20)).await;
    assert_eq!(cloud.call("sqs.ReceiveMessage", asked.clone()).await, first);
    delete(&cloud, &url, at(&first, "Messages.0")).await;
    let other = cloud.call("sqs.ReceiveMessage", asked).await;
    assert_eq!(text(&other, "Messages.0.Body"), "b:1");
}

#[tokio::test]
async fn group_and_deduplication_id_are_needed() {
    let cloud = cloud();
    let url = fifo(&cloud, &[("ContentBasedDeduplication", "false")]).await;
    let bare = value!({"QueueUrl": (url.as_str()), "MessageBody": "m"});
    let error = cloud.fail("sqs.SendMessage", bare).await;
    assert_eq!(error.message(), "The request must contain the parameter MessageGroupId.");
    let entries = value!([{"Id": "1", "MessageBody": "m", "MessageGroupId": "a"}]);
    let batch = value!({"QueueUrl": (url.as_str()), "Entries": entries});
    let error = cloud.fail("sqs.SendMessageBatch", batch).await;
    let wording = "The queue should either have ContentBasedDeduplication enabled or \
                   MessageDeduplicationId provided explicitly";
    assert_eq!((error.code(), error.message()), ("InvalidParameterValue", wording));
}

#[tokio::test]
async fn only_what_is_received_is_in_flight() {
    let cloud = cloud();
    let url = fifo(&cloud, &[]).await;
    for message in ["a:1", "a:2", "b:1"] {
        put(&cloud, &url, message).await;
    }
    some(&cloud, &url, 1).await;
    assert_eq!(count(&cloud, &url, "ApproximateNumberOfMessages").await, "2");
    assert_eq!(count(&cloud, &url, "ApproximateNumberOfMessagesNotVisible").await, "1");
}
