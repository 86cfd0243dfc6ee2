//! Sending messages.

use super::*;

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
async fn a_message_whose_sender_wants_no_answer_is_as_any_other() {
    let cloud = cloud();
    let url = queue(&cloud, value!({})).await;
    let message = value!({"QueueUrl": (&*url), "MessageBody": "hello"});
    cloud.cx().tell("sqs", "SendMessage", message).await.unwrap();
    let taken = receive(&cloud, &url).await;
    assert_eq!(text(&taken[0], "Body"), "hello");
    assert_eq!(text(&taken[0], "MD5OfBody"), "5d41402abc4b2a76b9719d911017c592");
    let nobody = value!({"QueueUrl": "/000000000000/none", "MessageBody": "hello"});
    let refused = cloud.cx().tell("sqs", "SendMessage", nobody).await.unwrap_err();
    assert_eq!(refused.code(), "QueueDoesNotExist");
}
