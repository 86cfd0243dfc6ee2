//! Items that expire.

use std::time::Duration;

use cumulet_core::{AwsError, Body, Value};
use cumulet_testkit::{TestCloud, at, text, value};
use http::{Method, Request};

use crate::streams::{records, stream};
use crate::{cloud, get, item, key, n, put, refusal, s, table};

const MINUTE: Duration = Duration::from_mins(1);

/// A point in time as items have it.
fn in_seconds(seconds: i64) -> Value {
    n(TestCloud::START.secs() + seconds)
}

fn specification(enabled: bool, attribute: &str) -> Value {
    value!({"TimeToLiveSpecification": {"Enabled": enabled, "AttributeName": attribute}})
}

async fn enable(cloud: &TestCloud) {
    let asked = value!({
        "TableName": "table",
        "TimeToLiveSpecification": {"Enabled": true, "AttributeName": "until"},
    });
    cloud.call("dynamodb.UpdateTimeToLive", asked).await;
}

#[tokio::test]
async fn what_is_over_goes_a_minute_later_and_its_record_says_who_deleted_it() {
    let cloud = cloud();
    table(&cloud).await;
    put(&cloud, item("before", 1, vec![("until", in_seconds(60))])).await;
    enable(&cloud).await;
    put(&cloud, item("after", 1, vec![("until", in_seconds(60))])).await;
    put(&cloud, item("later", 1, vec![("until", in_seconds(61))])).await;
    put(&cloud, item("moved", 1, vec![("until", in_seconds(60))])).await;
    put(&cloud, item("moved", 1, vec![("until", in_seconds(600))])).await;
    put(&cloud, item("text", 1, vec![("until", s("1"))])).await;
    let arn = stream(&cloud, "KEYS_ONLY").await;
    cloud.advance(Duration::from_secs(119)).await;
    assert_ne!(get(&cloud, key("after", 1)).await, Value::Null);
    cloud.advance(Duration::from_secs(1)).await;
    for (pk, stays) in
        [("before", false), ("after", false), ("later", true), ("moved", true), ("text", true)]
    {
        assert_eq!(get(&cloud, key(pk, 1)).await != Value::Null, stays, "{pk}");
    }
    let records = records(&cloud, &arn).await;
    assert_eq!(records.len(), 2);
    assert_eq!(text(&records[0], "eventName"), "REMOVE");
    assert_eq!(text(&records[0], "userIdentity.Type"), "Service");
    assert_eq!(text(&records[0], "userIdentity.PrincipalId"), "dynamodb.amazonaws.com");
}

#[tokio::test]
async fn what_was_over_five_years_ago_stays() {
    let cloud = cloud();
    table(&cloud).await;
    enable(&cloud).await;
    let years = 5 * 365 * 24 * 3600;
    put(&cloud, item("old", 1, vec![("until", in_seconds(-years))])).await;
    put(&cloud, item("over", 1, vec![("until", in_seconds(1 - years))])).await;
    cloud.settle().await;
    assert_ne!(get(&cloud, key("old", 1)).await, Value::Null);
    assert_eq!(get(&cloud, key("over", 1)).await, Value::Null);
}

#[tokio::test]
async fn nothing_goes_once_it_is_disabled() {
    let cloud = cloud();
    table(&cloud).await;
    enable(&cloud).await;
    put(&cloud, item("a", 1, vec![("until", in_seconds(1))])).await;
    let disable = value!({
        "TableName": "table",
        "TimeToLiveSpecification": {"Enabled": false, "AttributeName": "until"},
    });
    cloud.call("dynamodb.UpdateTimeToLive", disable).await;
    cloud.advance(10 * MINUTE).await;
    assert_ne!(get(&cloud, key("a", 1)).await, Value::Null);
    enable(&cloud).await;
    cloud.settle().await;
    assert_eq!(get(&cloud, key("a", 1)).await, Value::Null);
}

#[tokio::test]
async fn it_is_described_and_refuses_what_it_is_already() {
    let cloud = cloud();
    table(&cloud).await;
    let seen = cloud.call("dynamodb.DescribeTimeToLive", value!({"TableName": "table"})).await;
    assert_eq!(at(&seen, "TimeToLiveDescription"), &value!({"TimeToLiveStatus": "DISABLED"}));
    let (_, message) = refusal(&cloud, "UpdateTimeToLive", specification(false, "until")).await;
    assert_eq!(message, "TimeToLive is already disabled");
    enable(&cloud).await;
    let seen = cloud.call("dynamodb.DescribeTimeToLive", value!({"TableName": "table"})).await;
    assert_eq!(text(&seen, "TimeToLiveDescription.TimeToLiveStatus"), "ENABLED");
    assert_eq!(text(&seen, "TimeToLiveDescription.AttributeName"), "until");
    let (code, message) = refusal(&cloud, "UpdateTimeToLive", specification(true, "until")).await;
    assert_eq!((&*code, &*message), ("ValidationException", "TimeToLive is already enabled"));
    let (_, message) = refusal(&cloud, "UpdateTimeToLive", specification(true, "other")).await;
    assert_eq!(
        message,
        "TimeToLive is active on a different AttributeName: current AttributeName is until"
    );
}

#[tokio::test]
async fn localstacks_page_deletes_at_once() {
    let cloud = cloud();
    table(&cloud).await;
    enable(&cloud).await;
    put(&cloud, item("over", 1, vec![("until", in_seconds(-10))])).await;
    put(&cloud, item("later", 1, vec![("until", in_seconds(10))])).await;
    let asked = || {
        let request = Request::builder().method(Method::DELETE).uri("/_aws/dynamodb/expired");
        request.body(Body::default()).unwrap()
    };
    let service = cloud.cloud().service("dynamodb").unwrap();
    let (parts, _) = asked().into_parts();
    let mut routes = service.description().routes.iter();
    let route = routes.find(|route| (route.matches)(&parts)).unwrap();
    for expected in ["{\"ExpiredItems\": 1}", "{\"ExpiredItems\": 0}"] {
        let answer = (route.answer)(service.state().clone(), cloud.cx(), asked()).await;
        let mut body = answer.into_body();
        let bytes = body.collect(100, || AwsError::internal("long")).await.unwrap();
        assert_eq!(bytes, expected);
    }
    assert_eq!(get(&cloud, key("over", 1)).await, Value::Null);
    assert_ne!(get(&cloud, key("later", 1)).await, Value::Null);
}
