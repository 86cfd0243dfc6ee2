//! Tables: how they are described, changed and found.

use cumulet_core::Value;
use cumulet_testkit::{at, text, value};

use crate::{cloud, definition, element, item, put, refusal, table};

fn simple(name: &str) -> Value {
    value!({
        "TableName": name,
        "KeySchema": [(element("id", "HASH"))],
        "AttributeDefinitions": [(definition("id", "S"))],
        "ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
    })
}

#[tokio::test]
async fn a_table_is_creating_in_the_answer_and_active_at_the_next_look() {
    let cloud = cloud();
    let made = cloud.call("dynamodb.CreateTable", simple("one")).await;
    assert_eq!(text(&made, "TableDescription.TableStatus"), "CREATING");
    assert_eq!(at(&made, "TableDescription").get("WarmThroughput"), None);
    let seen = cloud.call("dynamodb.DescribeTable", value!({"TableName": "one"})).await;
    assert_eq!(text(&seen, "Table.TableStatus"), "ACTIVE");
    assert_eq!(at(&seen, "Table.WarmThroughput.ReadUnitsPerSecond").as_i64(), Some(5));
    assert_eq!(at(&seen, "Table").get("BillingModeSummary"), None);
    let arn = text(&seen, "Table.TableArn").to_owned();
    assert_eq!(arn, "arn:aws:dynamodb:us-east-1:000000000000:table/one");
    let by_arn = cloud.call("dynamodb.DescribeTable", value!({"TableName": arn})).await;
    assert_eq!(text(&by_arn, "Table.TableId"), text(&seen, "Table.TableId"));
}

#[tokio::test]
async fn tables_are_listed_by_name_in_pages() {
    let cloud = cloud();
    for name in ["ccc", "aaa", "bbb"] {
        cloud.call("dynamodb.CreateTable", simple(name)).await;
    }
    let page = cloud.call("dynamodb.ListTables", value!({"Limit": 2})).await;
    assert_eq!(at(&page, "TableNames").items(), ["aaa".into(), "bbb".into()]);
    let last = text(&page, "LastEvaluatedTableName");
    let rest = cloud.call("dynamodb.ListTables", value!({"ExclusiveStartTableName": last})).await;
    assert_eq!(at(&rest, "TableNames").items(), ["ccc".into()]);
    assert_eq!(rest.get("LastEvaluatedTableName"), None);
    let elsewhere = cloud.from("000000000000", "eu-west-1");
    assert!(
        at(&elsewhere.call("dynamodb.ListTables", value!({})).await, "TableNames")
            .items()
            .is_empty()
    );
}

#[tokio::test]
async fn a_protected_table_stays() {
    let cloud = cloud();
    table(&cloud).await;
    let protect = |on: bool| value!({"TableName": "table", "DeletionProtectionEnabled": on});
    cloud.call("dynamodb.UpdateTable", protect(true)).await;
    let (_, message) = refusal(&cloud, "DeleteTable", value!({})).await;
    assert!(message.contains("currently protected against deletion"), "{message}");
    cloud.call("dynamodb.UpdateTable", protect(false)).await;
    cloud.call("dynamodb.DeleteTable", value!({"TableName": "table"})).await;
    let (code, message) = refusal(&cloud, "DescribeTable", value!({})).await;
    assert_eq!(code, "ResourceNotFoundException");
    assert_eq!(message, "Requested resource not found: Table: table not found");
}

#[tokio::test]
async fn a_table_made_again_is_empty() {
    let cloud = cloud();
    table(&cloud).await;
    for n in 0..1_500 {
        put(&cloud, item("a", n, vec![])).await;
    }
    cloud.call("dynamodb.DeleteTable", value!({"TableName": "table"})).await;
    table(&cloud).await;
    let found = cloud.call("dynamodb.Scan", value!({"TableName": "table"})).await;
    assert_eq!(at(&found, "Count").as_i64(), Some(0));
    cloud.settle().await;
    put(&cloud, item("a", 1, vec![])).await;
    let seen = cloud.call("dynamodb.DescribeTable", value!({"TableName": "table"})).await;
    assert_eq!(at(&seen, "Table.ItemCount").as_i64(), Some(1));
}

#[tokio::test]
async fn what_a_table_is_made_of_has_rules() {
    let cloud = cloud();
    let with = |name: &str, value: Value| {
        let Value::Map(mut entries) = simple("table") else { unreachable!() };
        entries.retain(|(n, _)| n != name);
        entries.push((name.to_owned(), value));
        Value::Map(entries)
    };
    let hash = |name: &str| value!([(element(name, "HASH"))]);
    let cases = [
        (
            with("BillingMode", "PAY_PER_REQUEST".into()),
            "Neither ReadCapacityUnits nor WriteCapacityUnits",
        ),
        (
            with("ProvisionedThroughput", Value::Null),
            "must both be specified when BillingMode is PROVISIONED",
        ),
        (with("KeySchema", hash("other")), "Some index key attributes are not defined"),
        (
            with("AttributeDefinitions", value!([(definition("id", "S")), (definition("x", "S"))])),
            "Number of attributes in KeySchema does not exactly match",
        ),
        (
            with("GlobalTableSourceArn", "arn:aws:dynamodb:us-east-1:111111111111:table/t".into()),
            "GlobalTableSourceArn is not supported here",
        ),
        (with("TableName", "ab".into()), "must be at least 3 characters long"),
        (with("TableName", "a$bc".into()), "Member must satisfy regular expression pattern"),
        (
            with("AttributeDefinitions", value!([(definition("id", "X"))])),
            "Member must satisfy enum value set: [S, N, B]",
        ),
    ];
    for (asked, expected) in cases {
        let error = cloud.fail("dynamodb.CreateTable", asked).await;
        assert_eq!(error.code(), "ValidationException");
        assert!(error.message().contains(expected), "{}", error.message());
    }
    cloud.call("dynamodb.CreateTable", simple("one")).await;
    let again = cloud.fail("dynamodb.CreateTable", simple("one")).await;
    assert_eq!(
        (again.code(), again.message()),
        ("ResourceInUseException", "Table already exists: one")
    );
}

#[tokio::test]
async fn a_stream_keeps_its_arn_when_it_is_disabled() {
    let cloud = cloud();
    table(&cloud).await;
    let enable = value!({
        "TableName": "table",
        "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_IMAGE"},
    });
    let on = cloud.call("dynamodb.UpdateTable", enable.clone()).await;
    let arn = text(&on, "TableDescription.LatestStreamArn").to_owned();
    assert!(arn.ends_with("table/table/stream/2026-11-22T00:00:00.000"), "{arn}");
    assert_eq!(cloud.fail("dynamodb.UpdateTable", enable).await.code(), "ValidationException");
    let disable = value!({"TableName": "table", "StreamSpecification": {"StreamEnabled": false}});
    let off = cloud.call("dynamodb.UpdateTable", disable).await;
    assert_eq!(text(&off, "TableDescription.LatestStreamArn"), arn);
    assert_eq!(at(&off, "TableDescription").get("StreamSpecification"), None);
    let listed = cloud.call("dynamodbstreams.ListStreams", value!({"TableName": "table"})).await;
    assert_eq!(text(&listed, "Streams.0.StreamArn"), arn);
}

#[tokio::test]
async fn tags_and_policies_are_read_back() {
    let cloud = cloud();
    table(&cloud).await;
    let arn = "arn:aws:dynamodb:us-east-1:000000000000:table/table";
    let tags = value!([{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]);
    cloud.call("dynamodb.TagResource", value!({"ResourceArn": arn, "Tags": tags})).await;
    cloud.call("dynamodb.UntagResource", value!({"ResourceArn": arn, "TagKeys": ["a"]})).await;
    let listed = cloud.call("dynamodb.ListTagsOfResource", value!({"ResourceArn": arn})).await;
    assert_eq!(at(&listed, "Tags").items(), [value!({"Key": "b", "Value": "2"})]);
    let policy = r#"{"Version":"2012-10-17","Statement":[]}"#;
    let about = value!({"ResourceArn": arn});
    assert_eq!(
        cloud.fail("dynamodb.GetResourcePolicy", about.clone()).await.code(),
        "PolicyNotFoundException"
    );
    let put = value!({"ResourceArn": arn, "Policy": policy});
    let revision = cloud.call("dynamodb.PutResourcePolicy", put).await;
    let got = cloud.call("dynamodb.GetResourcePolicy", about).await;
    assert_eq!(
        (text(&got, "Policy"), text(&got, "RevisionId")),
        (policy, text(&revision, "RevisionId"))
    );
    let none = value!({"ResourceArn": "arn:aws:dynamodb:us-east-1:000000000000:table/none"});
    let error = cloud.fail("dynamodb.ListTagsOfResource", none).await;
    assert!(
        error.message().starts_with("Requested resource not found: ResourcArn: arn:"),
        "{error}"
    );
}
