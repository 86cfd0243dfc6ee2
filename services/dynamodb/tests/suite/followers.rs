//! Streams of Kinesis as destinations, and contributor insights.

use cumulet_core::Value;
use cumulet_testkit::{at, text, value};

use crate::{cloud, refusal, table};

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
