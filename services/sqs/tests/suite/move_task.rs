//! Tasks that move messages out of dead-letter queues.

use super::*;

/// A queue, its dead-letter queue with `letters` in it, and another queue.
async fn setting(cloud: &TestCloud, letters: usize) -> (String, String, String) {
    let dead = make(cloud, "dead", value!({})).await;
    let policy = format!(r#"{{"deadLetterTargetArn":"{}","maxReceiveCount":"1"}}"#, arn("dead"));
    let url = queue(cloud, value!({"RedrivePolicy": policy})).await;
    for n in 0..letters {
        send(cloud, &url, &format!("{n}")).await;
    }
    receive_hiding(cloud, &url, 10, Some(0)).await;
    receive(cloud, &url).await;
    (url, dead, make(cloud, "other", value!({})).await)
}

async fn start(cloud: &TestCloud, to: Option<&str>, rate: Option<i32>) -> String {
    let to = to.map_or(Value::Null, |to| arn(to).into());
    let rate = rate.map_or(Value::Null, Value::from);
    let asked = value!({"SourceArn": (arn("dead")), "DestinationArn": to,
        "MaxNumberOfMessagesPerSecond": rate});
    text(&cloud.call("sqs.StartMessageMoveTask", asked).await, "TaskHandle").to_owned()
}

async fn latest(cloud: &TestCloud) -> Value {
    let asked = value!({"SourceArn": (arn("dead"))});
    at(&cloud.call("sqs.ListMessageMoveTasks", asked).await, "Results.0").clone()
}

#[tokio::test]
async fn letters_go_back_to_where_they_came_from_as_new_messages() {
    let cloud = cloud();
    let (url, dead, _) = setting(&cloud, 2).await;
    start(&cloud, None, None).await;
    assert_eq!(text(&latest(&cloud).await, "Status"), "RUNNING");
    cloud.advance(secs(1)).await;
    let task = latest(&cloud).await;
    assert_eq!((text(&task, "Status"), task.get("TaskHandle")), ("COMPLETED", None));
    assert_eq!(at(&task, "ApproximateNumberOfMessagesMoved").as_i64(), Some(2));
    let back = receive(&cloud, &url).await;
    assert_eq!(bodies_of(&back), ["0", "1"]);
    assert_eq!(text(&back[0], "Attributes.ApproximateReceiveCount"), "1");
    assert_eq!(at(&back[0], "Attributes").get("DeadLetterQueueSourceArn"), None);
    assert!(bodies(&cloud, &dead).await.is_empty());
}

#[tokio::test]
async fn a_task_keeps_its_rate_and_can_be_cancelled() {
    let cloud = cloud();
    let (_, dead, other) = setting(&cloud, 5).await;
    let handle = start(&cloud, Some("other"), Some(1)).await;
    cloud.advance(secs(1)).await;
    assert_eq!(bodies(&cloud, &other).await, ["0"]);
    cloud.advance(secs(2)).await;
    assert_eq!(bodies(&cloud, &other).await, ["1", "2"]);
    let cancelled = value!({"TaskHandle": (handle.as_str())});
    let told = cloud.call("sqs.CancelMessageMoveTask", cancelled.clone()).await;
    assert_eq!(at(&told, "ApproximateNumberOfMessagesMoved").as_i64(), Some(3));
    cloud.advance(secs(9)).await;
    assert_eq!(text(&latest(&cloud).await, "Status"), "CANCELLED");
    assert_eq!(bodies(&cloud, &dead).await, ["3", "4"]);
    let error = cloud.fail("sqs.CancelMessageMoveTask", cancelled).await;
    assert_eq!(
        (error.code(), error.message()),
        ("ResourceNotFoundException", "Task does not exist.")
    );
}

#[tokio::test]
async fn a_task_fails_with_its_destination_or_for_letters_of_unknown_origin() {
    let cloud = cloud();
    let (_, dead, other) = setting(&cloud, 5).await;
    start(&cloud, Some("other"), Some(1)).await;
    cloud.call("sqs.DeleteQueue", value!({"QueueUrl": other})).await;
    cloud.advance(secs(3)).await;
    let task = latest(&cloud).await;
    assert_eq!(text(&task, "Status"), "FAILED");
    assert_eq!(text(&task, "FailureReason"), "AWS.SimpleQueueService.NonExistentQueue");
    cloud.call("sqs.PurgeQueue", value!({"QueueUrl": (dead.as_str())})).await;
    send(&cloud, &dead, "from nowhere").await;
    start(&cloud, None, None).await;
    cloud.advance(secs(1)).await;
    let task = latest(&cloud).await;
    assert_eq!(text(&task, "FailureReason"), "CouldNotDetermineMessageSource");
    assert_eq!(bodies(&cloud, &dead).await, ["from nowhere"]);
}

#[tokio::test]
async fn what_cannot_be_moved_is_refused() {
    let cloud = cloud();
    setting(&cloud, 1).await;
    for (source, to, message) in [
        ("other", "dead", "Source queue must be configured as a Dead Letter Queue."),
        (
            "dead",
            "x",
            "The resource that you specified for the DestinationArn parameter doesn't exist.",
        ),
        (
            "x",
            "other",
            "The resource that you specified for the SourceArn parameter doesn't exist.",
        ),
    ] {
        let asked = value!({"SourceArn": (arn(source)), "DestinationArn": (arn(to))});
        let error = cloud.fail("sqs.StartMessageMoveTask", asked).await;
        assert_eq!(error.message(), message);
    }
    start(&cloud, Some("other"), Some(1)).await;
    let asked = value!({"SourceArn": (arn("dead"))});
    let error = cloud.fail("sqs.StartMessageMoveTask", asked).await;
    assert!(error.message().starts_with("There is already a task running."), "{error}");
    let error = cloud.fail("sqs.CancelMessageMoveTask", value!({"TaskHandle": "junk"})).await;
    assert_eq!(error.message(), "Value for parameter TaskHandle is invalid.");
}
