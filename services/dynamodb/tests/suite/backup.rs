//! Backups and restores, to the backup and to a point in time.

use std::time::Duration;

use cumulet_core::Value;
use cumulet_testkit::{TestCloud, at, text, value};

use crate::{cloud, get, item, key, n, put, s, table};

async fn back_up(cloud: &TestCloud, name: &str) -> String {
    let asked = value!({"TableName": "table", "BackupName": name});
    let made = cloud.call("dynamodb.CreateBackup", asked).await;
    assert_eq!(text(&made, "BackupDetails.BackupStatus"), "CREATING");
    text(&made, "BackupDetails.BackupArn").to_owned()
}

async fn restore(cloud: &TestCloud, arn: &str, more: Vec<(&str, Value)>) -> Value {
    let mut asked = vec![("BackupArn", arn.into()), ("TargetTableName", "second".into())];
    asked.extend(more);
    cloud.call("dynamodb.RestoreTableFromBackup", Value::map(asked)).await
}

async fn scan(cloud: &TestCloud, table: &str) -> Vec<Value> {
    let found = cloud.call("dynamodb.Scan", value!({"TableName": table})).await;
    at(&found, "Items").items().to_vec()
}

#[tokio::test]
async fn a_backup_is_as_the_table_was() {
    let cloud = cloud();
    table(&cloud).await;
    put(&cloud, item("a", 1, vec![("g", s("x")), ("kept", n(1))])).await;
    let arn = back_up(&cloud, "one").await;
    put(&cloud, item("a", 1, vec![("g", s("y"))])).await;
    put(&cloud, item("b", 2, vec![])).await;

    let seen = cloud.call("dynamodb.DescribeBackup", value!({"BackupArn": (arn.clone())})).await;
    assert_eq!(text(&seen, "BackupDescription.BackupDetails.BackupStatus"), "AVAILABLE");
    assert_eq!(at(&seen, "BackupDescription.SourceTableDetails.ItemCount").as_i64(), Some(1));
    let made = restore(&cloud, &arn, vec![]).await;
    assert_eq!(text(&made, "TableDescription.TableStatus"), "CREATING");
    assert_eq!(text(&made, "TableDescription.RestoreSummary.SourceBackupArn"), arn);
    let items = scan(&cloud, "second").await;
    assert_eq!(items, [value!({"g": (s("x")), "kept": (n(1)), "pk": (s("a")), "sk": (n(1))})]);
    let asked = value!({
        "TableName": "second", "IndexName": "global", "KeyConditionExpression": "g = :g",
        "ExpressionAttributeValues": {":g": (s("x"))}
    });
    let found = cloud.call("dynamodb.Query", asked).await;
    assert_eq!(at(&found, "Count").as_i64(), Some(1));
    assert_eq!(at(&get(&cloud, key("a", 1)).await, "g.S").as_str(), Some("y"));
}

#[tokio::test]
async fn a_restore_may_leave_indexes_out_and_be_paid_otherwise() {
    let cloud = cloud();
    table(&cloud).await;
    let arn = back_up(&cloud, "one").await;
    let units = value!({"ReadCapacityUnits": 3, "WriteCapacityUnits": 4});
    let overrides = vec![
        ("BillingModeOverride", "PROVISIONED".into()),
        ("ProvisionedThroughputOverride", units),
        ("GlobalSecondaryIndexOverride", value!([])),
    ];
    let made = restore(&cloud, &arn, overrides).await;
    let table = at(&made, "TableDescription");
    assert_eq!(at(table, "ProvisionedThroughput.WriteCapacityUnits").as_i64(), Some(4));
    assert_eq!(table.get("GlobalSecondaryIndexes"), None);
    assert_eq!(at(table, "LocalSecondaryIndexes").items().len(), 1);
    let again = value!({"BackupArn": (arn), "TargetTableName": "second"});
    let error = cloud.fail("dynamodb.RestoreTableFromBackup", again).await;
    assert_eq!(error.code(), "TableAlreadyExistsException");
}

#[tokio::test]
async fn a_restored_index_has_the_bounds_that_are_asked_for() {
    let cloud = cloud();
    table(&cloud).await;
    let arn = back_up(&cloud, "one").await;
    let index = value!({
        "IndexName": "global",
        "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["kept"]},
        "OnDemandThroughput": {"MaxReadRequestUnits": 7},
    });
    let overrides = vec![("GlobalSecondaryIndexOverride", value!([index]))];
    let made = restore(&cloud, &arn, overrides).await;
    let bounds = at(&made, "TableDescription.GlobalSecondaryIndexes.0.OnDemandThroughput");
    assert_eq!(at(bounds, "MaxReadRequestUnits").as_i64(), Some(7));
}

#[tokio::test]
async fn backups_are_listed_in_pages_and_deleted() {
    let cloud = cloud();
    table(&cloud).await;
    let mut arns = Vec::new();
    for name in ["one", "two", "three"] {
        arns.push(back_up(&cloud, name).await);
        cloud.advance(Duration::from_secs(1)).await;
    }
    let page = cloud.call("dynamodb.ListBackups", value!({"Limit": 2})).await;
    let names: Vec<_> =
        at(&page, "BackupSummaries").items().iter().map(|b| text(b, "BackupName")).collect();
    assert_eq!(names, ["one", "two"]);
    let last = text(&page, "LastEvaluatedBackupArn");
    let rest = value!({"ExclusiveStartBackupArn": last});
    let rest = cloud.call("dynamodb.ListBackups", rest).await;
    assert_eq!(text(&rest, "BackupSummaries.0.BackupArn"), arns[2]);
    assert_eq!(rest.get("LastEvaluatedBackupArn"), None);

    let late = Value::Timestamp(TestCloud::START.plus(Duration::from_secs(1)));
    let late = cloud.call("dynamodb.ListBackups", value!({"TimeRangeLowerBound": late})).await;
    assert_eq!(at(&late, "BackupSummaries").items().len(), 2);

    let which = value!({"BackupArn": (arns[0].clone())});
    let gone = cloud.call("dynamodb.DeleteBackup", which.clone()).await;
    assert_eq!(text(&gone, "BackupDescription.BackupDetails.BackupStatus"), "DELETED");
    let error = cloud.fail("dynamodb.DescribeBackup", which).await;
    assert_eq!(error.code(), "BackupNotFoundException");
}

async fn recover(cloud: &TestCloud, on: bool, days: i64) -> Value {
    let asked = value!({
        "TableName": "table",
        "PointInTimeRecoverySpecification":
            {"PointInTimeRecoveryEnabled": on, "RecoveryPeriodInDays": days}
    });
    let answer = cloud.call("dynamodb.UpdateContinuousBackups", asked).await;
    at(&answer, "ContinuousBackupsDescription.PointInTimeRecoveryDescription").clone()
}

fn to_time(seconds: u64) -> Value {
    let time = TestCloud::START.plus(Duration::from_secs(seconds));
    value!({
        "SourceTableName": "table", "TargetTableName": (format!("at-{seconds}")),
        "RestoreDateTime": (Value::Timestamp(time))
    })
}

#[tokio::test]
async fn a_table_comes_back_as_it_was_at_any_time() {
    let cloud = cloud();
    table(&cloud).await;
    put(&cloud, item("a", 1, vec![("n", n(0))])).await;
    let error = cloud.fail("dynamodb.RestoreTableToPointInTime", to_time(0)).await;
    assert_eq!(error.code(), "PointInTimeRecoveryUnavailableException");
    recover(&cloud, true, 1).await;
    for turn in 1..=3 {
        cloud.advance(Duration::from_secs(10)).await;
        put(&cloud, item("a", 1, vec![("n", n(turn))])).await;
        put(&cloud, item("b", turn, vec![])).await;
    }
    cloud.advance(Duration::from_secs(10)).await;
    let gone = value!({"TableName": "table", "Key": (key("a", 1))});
    cloud.call("dynamodb.DeleteItem", gone).await;

    for (seconds, number, items) in [(5, 0, 1), (10, 1, 2), (25, 2, 3), (35, 3, 4)] {
        cloud.call("dynamodb.RestoreTableToPointInTime", to_time(seconds)).await;
        let found = scan(&cloud, &format!("at-{seconds}")).await;
        assert_eq!(found.len(), items, "after {seconds} s");
        assert!(
            found.contains(&value!({"n": (n(number)), "pk": (s("a")), "sk": (n(1))})),
            "after {seconds} s"
        );
    }
    let latest = value!({
        "SourceTableName": "table", "TargetTableName": "now", "UseLatestRestorableTime": true
    });
    cloud.call("dynamodb.RestoreTableToPointInTime", latest).await;
    assert_eq!(scan(&cloud, "now").await.len(), 3);
}

#[tokio::test]
async fn times_outside_of_the_recovery_period_are_refused() {
    let cloud = cloud();
    table(&cloud).await;
    let on = recover(&cloud, true, 1).await;
    assert_eq!(text(&on, "PointInTimeRecoveryStatus"), "ENABLED");
    assert_eq!(at(&on, "EarliestRestorableDateTime"), &Value::Timestamp(TestCloud::START));
    cloud.advance(Duration::from_hours(36)).await;
    for seconds in [11 * 3600, 37 * 3600] {
        let error = cloud.fail("dynamodb.RestoreTableToPointInTime", to_time(seconds)).await;
        assert_eq!(error.code(), "InvalidRestoreTimeException");
    }
    cloud.call("dynamodb.RestoreTableToPointInTime", to_time(13 * 3600)).await;
    let longer = recover(&cloud, true, 35).await;
    let day_before = TestCloud::START.plus(Duration::from_hours(12));
    assert_eq!(at(&longer, "EarliestRestorableDateTime"), &Value::Timestamp(day_before));
    let off = recover(&cloud, false, 1).await;
    assert_eq!(off, value!({"PointInTimeRecoveryStatus": "DISABLED"}));
}

#[tokio::test]
async fn a_deleted_table_with_a_past_leaves_a_backup_for_35_days() {
    let cloud = cloud();
    table(&cloud).await;
    put(&cloud, item("a", 1, vec![])).await;
    recover(&cloud, true, 35).await;
    cloud.call("dynamodb.DeleteTable", value!({"TableName": "table"})).await;
    let list = || cloud.call("dynamodb.ListBackups", value!({"BackupType": "SYSTEM"}));
    let found = list().await;
    assert_eq!(text(&found, "BackupSummaries.0.BackupName"), "table$DeletedTableBackup");
    let arn = text(&found, "BackupSummaries.0.BackupArn").to_owned();
    restore(&cloud, &arn, vec![]).await;
    assert_eq!(scan(&cloud, "second").await, [key("a", 1)]);
    cloud.advance(Duration::from_hours(35 * 24)).await;
    assert_eq!(at(&list().await, "BackupSummaries").items().len(), 0);
}
