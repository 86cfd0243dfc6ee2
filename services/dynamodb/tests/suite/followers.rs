//! Streams of Kinesis as destinations, and contributor insights.

use std::any::Any;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use cumulet_core::{Cx, Description, Empty, Kept, Model, Operation, Run, Service, State, Value};
use cumulet_store::Platform;
use cumulet_testkit::{TestCloud, at, text, value};

use crate::{cloud, item, put, refusal, table};

const STREAM: &str = "arn:aws:kinesis:us-east-1:000000000000:stream/s";

#[tokio::test]
async fn without_kinesis_a_table_has_no_destinations() {
    let cloud = cloud();
    table(&cloud).await;
    let asked = value!({"TableName": "table", "StreamArn": STREAM});
    let error = cloud.fail("dynamodb.EnableKinesisStreamingDestination", asked).await;
    assert_eq!((error.status().as_u16(), error.code()), (501, "NotImplemented"));
    let about = value!({"TableName": "table"});
    let seen = cloud.call("dynamodb.DescribeKinesisStreamingDestination", about).await;
    assert!(at(&seen, "KinesisDataStreamDestinations").items().is_empty());
    let stream = || value!({"StreamArn": STREAM});
    let (_, message) = refusal(&cloud, "DisableKinesisStreamingDestination", stream()).await;
    assert!(message.ends_with("must be ACTIVE to perform DISABLE operation."), "{message}");
    let (_, message) = refusal(&cloud, "UpdateKinesisStreamingDestination", stream()).await;
    assert!(message.ends_with("cannot be null or contain only null values"), "{message}");
    let update = value!({
        "StreamArn": STREAM,
        "UpdateKinesisStreamingConfiguration": {"ApproximateCreationDateTimePrecision": "MICROSECOND"},
    });
    let (code, message) = refusal(&cloud, "UpdateKinesisStreamingDestination", update).await;
    assert_eq!(code, "ValidationException");
    assert!(message.contains(&format!("with streamArn: {STREAM} found for table")), "{message}");
}

/// A Kinesis that takes everything, and counts.
struct Kinesis(Arc<AtomicUsize>);

impl State for Kinesis {
    fn kept(&self) -> &dyn Kept {
        &()
    }
}

fn count(state: &dyn State, cx: &Cx) {
    assert_eq!(cx.region().to_string(), "us-east-1");
    let state: &dyn Any = state;
    let Kinesis(records) = state.downcast_ref().expect("this Kinesis");
    records.fetch_add(1, Ordering::Relaxed);
}

const DESCRIBE: Operation = Operation {
    name: "DescribeStreamSummary",
    action: "DescribeStreamSummary",
    resource: None,
    input: || Box::new(Empty {}),
    run: Run::Sync(|_, _, _| Ok(Box::new(Empty {}))),
};

const PUT: Operation = Operation {
    name: "PutRecord",
    action: "PutRecord",
    run: Run::Sync(|state, cx, _| {
        count(state, cx);
        Ok(Box::new(Empty {}))
    }),
    ..DESCRIBE
};

static KINESIS: Description = Description::new(
    "kinesis",
    || {
        static MODEL: LazyLock<Model> = LazyLock::new(Model::default);
        &MODEL
    },
    &[DESCRIBE, PUT],
);

#[tokio::test]
async fn kinesis_is_told_of_every_change_once() {
    let records = Arc::new(AtomicUsize::new(0));
    let mut services = cumulet_dynamodb::services(&Platform::default());
    services.push(Service::new(&KINESIS, Kinesis(Arc::clone(&records))));
    let cloud = TestCloud::new(services);
    table(&cloud).await;
    put(&cloud, item("a", 0, vec![])).await;
    let asked = value!({"TableName": "table", "StreamArn": STREAM});
    let made = cloud.call("dynamodb.EnableKinesisStreamingDestination", asked.clone()).await;
    assert_eq!(text(&made, "DestinationStatus"), "ENABLING");
    let (_, message) =
        refusal(&cloud, "EnableKinesisStreamingDestination", value!({"StreamArn": STREAM})).await;
    assert!(message.ends_with("to perform ENABLE operation."), "{message}");
    for n in 1..=150 {
        put(&cloud, item("a", n, vec![])).await;
    }
    put(&cloud, item("a", 1, vec![])).await;
    cloud.settle().await;
    assert_eq!(records.load(Ordering::Relaxed), 150);
    cloud.call("dynamodb.DisableKinesisStreamingDestination", asked).await;
    put(&cloud, item("a", 0, vec![("x", value!({"NULL": true}))])).await;
    cloud.settle().await;
    assert_eq!(records.load(Ordering::Relaxed), 150);
    let about = value!({"TableName": "table"});
    let seen = cloud.call("dynamodb.DescribeKinesisStreamingDestination", about).await;
    assert_eq!(text(&seen, "KinesisDataStreamDestinations.0.DestinationStatus"), "DISABLED");
}

#[tokio::test]
async fn contributor_insights_are_read_back() {
    let cloud = cloud();
    table(&cloud).await;
    let about = value!({"TableName": "table", "IndexName": "global"});
    let describe = "dynamodb.DescribeContributorInsights";
    let seen = cloud.call(describe, about.clone()).await;
    assert_eq!(text(&seen, "ContributorInsightsStatus"), "DISABLED");
    assert_eq!(seen.get("ContributorInsightsRuleList"), None);
    let updates = [(None, "DISABLE", "DISABLING"), (Some("global"), "ENABLE", "ENABLING")];
    for (index, action, status) in updates {
        let mut asked = vec![("TableName", "table".into())];
        asked.push(("ContributorInsightsAction", action.into()));
        asked.extend(index.map(|name| ("IndexName", name.into())));
        let answer = cloud.call("dynamodb.UpdateContributorInsights", Value::map(asked)).await;
        assert_eq!(text(&answer, "ContributorInsightsStatus"), status);
    }
    let seen = cloud.call(describe, about).await;
    assert_eq!(text(&seen, "ContributorInsightsStatus"), "ENABLED");
    assert_eq!(at(&seen, "ContributorInsightsRuleList").items().len(), 2);
    let list = "dynamodb.ListContributorInsights";
    let page = cloud.call(list, value!({"MaxResults": 1})).await;
    assert_eq!(text(&page, "ContributorInsightsSummaries.0.ContributorInsightsStatus"), "DISABLED");
    let rest = cloud.call(list, value!({"NextToken": (text(&page, "NextToken"))})).await;
    assert_eq!(text(&rest, "ContributorInsightsSummaries.0.IndexName"), "global");
    assert_eq!(rest.get("NextToken"), None);
    let none = value!({"IndexName": "none", "ContributorInsightsAction": "ENABLE"});
    let (code, _) = refusal(&cloud, "UpdateContributorInsights", none).await;
    assert_eq!(code, "ResourceNotFoundException");
}
