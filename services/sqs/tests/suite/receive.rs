//! Receiving, hiding and deleting messages.

use super::*;

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
async fn a_long_poll_ends_when_a_message_arrives() {
    let cloud = cloud();
    let url = queue(&cloud, value!({})).await;
    let asked = value!({"QueueUrl": (url.as_str()), "WaitTimeSeconds": 20});
    let poll = cloud.call("sqs.ReceiveMessage", asked);
    let (answer, ()) = tokio::join!(poll, send(&cloud, &url, "here"));
    assert_eq!(text(&answer, "Messages.0.Body"), "here");
}

#[tokio::test]
async fn a_long_poll_gets_what_another_receiver_did_not_delete() {
    let cloud = cloud();
    let url = queue(&cloud, value!({"VisibilityTimeout": "2"})).await;
    let asked = value!({"QueueUrl": (url.as_str()), "WaitTimeSeconds": 20});
    let poll = || cloud.call("sqs.ReceiveMessage", asked.clone());
    let later = async {
        send(&cloud, &url, "m").await;
        // Both polls look before the time goes on.
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        cloud.advance(secs(2)).await;
    };
    let (first, second, ()) = tokio::join!(poll(), poll(), later);
    for answer in [first, second] {
        assert_eq!(text(&answer, "Messages.0.Body"), "m");
    }
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
async fn visibility_can_be_changed_as_long_as_the_message_is_there() {
    let cloud = cloud();
    let url = queue(&cloud, value!({})).await;
    send(&cloud, &url, "m").await;
    let got = receive(&cloud, &url).await;
    hide(&cloud, &url, &got[0], 100).await;
    cloud.advance(secs(99)).await;
    assert!(bodies(&cloud, &url).await.is_empty());
    hide(&cloud, &url, &got[0], 0).await;
    hide(&cloud, &url, &got[0], 10).await;
    assert!(bodies(&cloud, &url).await.is_empty());
    hide(&cloud, &url, &got[0], 0).await;
    assert_eq!(bodies(&cloud, &url).await, ["m"]);
    delete(&cloud, &url, &got[0]).await;
    let late = with_handle(&url, &got[0], Some(10));
    let error = cloud.fail("sqs.ChangeMessageVisibility", late).await;
    assert_eq!(error.code(), "InvalidParameterValue");
}

#[tokio::test]
async fn a_message_is_hidden_for_twelve_hours_at_most() {
    let cloud = cloud();
    let url = queue(&cloud, value!({})).await;
    send(&cloud, &url, "m").await;
    let got = receive(&cloud, &url).await;
    cloud.advance(secs(10)).await;
    let much = with_handle(&url, &got[0], Some(43_200));
    let error = cloud.fail("sqs.ChangeMessageVisibility", much).await;
    assert!(error.message().ends_with("is beyond the limit [43200 seconds]"), "{error}");
    hide(&cloud, &url, &got[0], 43_190).await;
}

#[tokio::test]
async fn standard_queues_have_a_limit_in_flight_where_it_is_asked_for() {
    let cloud = cloud_with(&[("SQS_MAX_IN_FLIGHT_STANDARD", "2")]);
    let url = queue(&cloud, value!({})).await;
    for body in ["a", "b", "c"] {
        send(&cloud, &url, body).await;
    }
    receive_hiding(&cloud, &url, 2, None).await;
    let error = cloud.fail("sqs.ReceiveMessage", value!({"QueueUrl": (url.as_str())})).await;
    assert_eq!(error.code(), "OverLimit");
    let asked = value!({"QueueUrl": (url.as_str()), "WaitTimeSeconds": 1});
    let poll = cloud.call("sqs.ReceiveMessage", asked);
    let (answer, ()) = tokio::join!(poll, cloud.advance(secs(1)));
    assert_eq!(answer.get("Messages"), None);
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
