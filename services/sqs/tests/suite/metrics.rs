//! What CloudWatch is told, where it is there.

use std::any::Any;
use std::sync::{LazyLock, Mutex};

use cumulet_core::model::{Kind, OperationModel, Shape};
use cumulet_core::{Description, Kept, Model, Operation, Run, Service, State};

use super::*;

/// Keeps what it is told.
#[derive(Default)]
struct Told(Mutex<Vec<Value>>);

impl State for Told {
    fn kept(&self) -> &dyn Kept {
        &()
    }
}

/// A CloudWatch that takes any data.
fn cloudwatch() -> Service {
    const NAME: &str = "PutMetricData";
    static MODEL: LazyLock<Model> = LazyLock::new(|| {
        let mut model = Model::default();
        model.shapes.push(Shape { name: "Any", kind: Kind::Document, ..Shape::default() });
        let operation = OperationModel { name: NAME, input: Some(0), ..OperationModel::default() };
        model.operations.push(operation);
        model
    });
    static OPERATIONS: [Operation; 1] = [Operation {
        name: NAME,
        action: NAME,
        resource: None,
        input: || Box::new(Value::Null),
        run: Run::Sync(|state, cx, input| {
            assert_eq!(cx.source_arn(), Some(&*arn("q")));
            let state: &dyn Any = state;
            let (told, input) = (state.downcast_ref::<Told>().unwrap(), input.into_any());
            told.0.lock().unwrap().push(*input.downcast().unwrap());
            Ok(Box::new(Value::Null))
        }),
    }];
    static DESCRIPTION: Description = Description::new("cloudwatch", || &MODEL, &OPERATIONS);
    Service::new(&DESCRIPTION, Told::default())
}

fn with_cloudwatch(settings: &[(&str, &str)]) -> TestCloud {
    let settings = settings.iter().copied().collect();
    let platform = Platform { settings, ..Platform::default() };
    TestCloud::new([cumulet_sqs::service(&platform), cloudwatch()])
}

/// Names, values and units since the last look.
async fn told(cloud: &TestCloud) -> Vec<String> {
    cloud.settle().await;
    let state: &dyn Any = &**cloud.cloud().service("cloudwatch").unwrap().state();
    let calls = std::mem::take(&mut *state.downcast_ref::<Told>().unwrap().0.lock().unwrap());
    let mut lines = Vec::new();
    for call in &calls {
        assert_eq!(text(call, "Namespace"), "AWS/SQS");
        for datum in at(call, "MetricData").items() {
            assert_eq!(at(datum, "Timestamp"), &Value::Timestamp(cloud.cx().now()));
            assert_eq!(text(datum, "Dimensions.0.Name"), "QueueName");
            assert_eq!(text(datum, "Dimensions.0.Value"), "q");
            let Value::Float(value) = at(datum, "Value") else { panic!("{datum:?}") };
            lines.push(format!("{} {value} {}", text(datum, "MetricName"), text(datum, "Unit")));
        }
    }
    lines
}

fn gauges([visible, hidden, delayed, age]: [u32; 4]) -> Vec<String> {
    vec![
        format!("ApproximateNumberOfMessagesVisible {visible} Count"),
        format!("ApproximateNumberOfMessagesNotVisible {hidden} Count"),
        format!("ApproximateNumberOfMessagesDelayed {delayed} Count"),
        format!("ApproximateAgeOfOldestMessage {age} Seconds"),
    ]
}

#[tokio::test]
async fn what_happens_is_told_at_once() {
    let cloud = with_cloudwatch(&[]);
    let url = queue(&cloud, value!({})).await;
    receive(&cloud, &url).await;
    assert_eq!(told(&cloud).await, ["NumberOfEmptyReceives 1 Count"]);
    send(&cloud, &url, "body").await;
    let sent = ["NumberOfMessagesSent 1 Count", "SentMessageSize 4 Bytes"];
    assert_eq!(told(&cloud).await, sent);
    let taken = receive(&cloud, &url).await;
    assert_eq!(told(&cloud).await, ["NumberOfMessagesReceived 1 Count"]);
    let handle = text(&taken[0], "ReceiptHandle");
    cloud.call("sqs.DeleteMessage", value!({"QueueUrl": (&*url), "ReceiptHandle": handle})).await;
    assert_eq!(told(&cloud).await, ["NumberOfMessagesDeleted 1 Count"]);
}

#[tokio::test]
async fn how_a_queue_is_is_told_every_minute_as_long_as_it_is_there() {
    let cloud = with_cloudwatch(&[]);
    let url = queue(&cloud, value!({"VisibilityTimeout": "70"})).await;
    cloud.advance(Duration::from_secs(50)).await;
    send(&cloud, &url, "first").await;
    receive(&cloud, &url).await;
    send(&cloud, &url, "second").await;
    let delayed = value!({"QueueUrl": (&*url), "MessageBody": "third", "DelaySeconds": 30});
    cloud.call("sqs.SendMessage", delayed).await;
    told(&cloud).await;
    cloud.advance(Duration::from_secs(10)).await;
    assert_eq!(told(&cloud).await, gauges([1, 1, 1, 10]));
    cloud.advance(Duration::from_secs(59)).await;
    assert_eq!(told(&cloud).await, [""; 0]);
    cloud.advance(Duration::from_secs(1)).await;
    assert_eq!(told(&cloud).await, gauges([3, 0, 0, 70]));
    cloud.call("sqs.PurgeQueue", value!({"QueueUrl": (&*url)})).await;
    // Minutes that were skipped are not told one by one.
    cloud.advance(Duration::from_secs(3600)).await;
    assert_eq!(told(&cloud).await, gauges([0, 0, 0, 0]));
    cloud.call("sqs.DeleteQueue", value!({"QueueUrl": url})).await;
    cloud.advance(Duration::from_secs(60)).await;
    assert_eq!(told(&cloud).await, [""; 0]);
    assert_eq!(
        cloud.cloud().service("sqs").unwrap().state().kept().next_due(cloud.world().id()),
        None
    );
}

#[tokio::test]
async fn nothing_is_due_where_nobody_listens() {
    let silent = with_cloudwatch(&[("SQS_DISABLE_CLOUDWATCH_METRICS", "1")]);
    for cloud in [cloud(), silent] {
        queue(&cloud, value!({})).await;
        let sqs = cloud.cloud().service("sqs").unwrap().state();
        assert_eq!(sqs.kept().next_due(cloud.world().id()), None);
    }
}
