//! Global tables: one table in several regions.

use std::time::Duration;

use cumulet_core::Value;
use cumulet_testkit::{TestCloud, at, text, value};

use crate::{ACCOUNT, cloud, describe, get, item, key, n, put, s, table};

async fn update(cloud: &TestCloud, action: &str, region: &str) -> Result<Value, String> {
    let change = Value::map([(action, value!({"RegionName": region}))]);
    let asked = value!({"TableName": "table", "ReplicaUpdates": [change]});
    let answer = cloud.try_call("dynamodb.UpdateTable", asked).await;
    answer.map_err(|error| error.message().to_owned())
}

async fn regions(cloud: &TestCloud) -> Vec<String> {
    let seen = describe(cloud).await;
    let Some(replicas) = seen.get("Replicas") else { return Vec::new() };
    replicas.items().iter().map(|replica| text(replica, "RegionName").to_owned()).collect()
}

/// A table in Virginia, Ireland and Frankfurt, which has `a` from before.
async fn group() -> [TestCloud; 3] {
    let home = cloud().from(ACCOUNT, "us-east-1");
    table(&home).await;
    put(&home, item("a", 1, vec![("g", s("x"))])).await;
    for region in ["eu-west-1", "eu-central-1"] {
        let made = update(&home, "Create", region).await.expect("a replica");
        assert_eq!(text(&made, "TableDescription.TableStatus"), "UPDATING");
    }
    let (ireland, frankfurt) =
        (home.from(ACCOUNT, "eu-west-1"), home.from(ACCOUNT, "eu-central-1"));
    [home, ireland, frankfurt]
}

#[tokio::test]
async fn a_new_replica_has_the_items_and_the_indexes() {
    let [home, ireland, _] = group().await;
    assert_eq!(regions(&home).await, ["eu-central-1", "eu-west-1"]);
    assert_eq!(regions(&ireland).await, ["eu-central-1", "us-east-1"]);
    let asked = value!({
        "TableName": "table", "IndexName": "global", "KeyConditionExpression": "g = :g",
        "ExpressionAttributeValues": {":g": (s("x"))}
    });
    let found = ireland.call("dynamodb.Query", asked).await;
    assert_eq!(at(&found, "Items").items().len(), 1);
}

#[tokio::test]
async fn writes_go_everywhere() {
    let all = group().await;
    for (i, cloud) in (1..).zip(&all) {
        put(cloud, item("b", i, vec![])).await;
    }
    let gone = value!({"TableName": "table", "Key": (key("a", 1))});
    all[1].call("dynamodb.DeleteItem", gone).await;
    all[0].settle().await;
    for cloud in &all {
        for i in 1..=3 {
            assert_eq!(get(cloud, key("b", i)).await, key("b", i));
        }
        assert_eq!(get(cloud, key("a", 1)).await, Value::Null);
    }
}

#[tokio::test]
async fn the_last_writer_wins() {
    let all = group().await;
    for (i, cloud) in (1..).zip(&all) {
        put(cloud, item("b", 1, vec![("z", n(i))])).await;
        all[0].advance(Duration::from_millis(1)).await;
    }
    all[0].settle().await;
    for cloud in &all {
        assert_eq!(text(&get(cloud, key("b", 1)).await, "z.N"), "3");
    }
}

#[tokio::test]
async fn a_replica_that_is_deleted_is_gone_from_all() {
    let [home, ireland, frankfurt] = group().await;
    update(&home, "Delete", "eu-west-1").await.expect("deleted");
    assert_eq!(regions(&home).await, ["eu-central-1"]);
    let error = ireland.fail("dynamodb.DescribeTable", value!({"TableName": "table"})).await;
    assert_eq!(error.code(), "ResourceNotFoundException");
    let again = update(&home, "Delete", "eu-west-1").await.expect_err("gone");
    assert!(again.contains("were not part of the global table"), "{again}");

    frankfurt.call("dynamodb.DeleteTable", value!({"TableName": "table"})).await;
    assert!(regions(&home).await.is_empty());
}

#[tokio::test]
async fn what_a_replica_has_written_last_outlives_it() {
    let [home, ireland, frankfurt] = group().await;
    put(&ireland, item("b", 1, vec![])).await;
    update(&home, "Delete", "eu-west-1").await.expect("deleted");
    put(&frankfurt, item("c", 1, vec![])).await;
    frankfurt.call("dynamodb.DeleteTable", value!({"TableName": "table"})).await;
    for pk in ["b", "c"] {
        assert_eq!(get(&home, key(pk, 1)).await, key(pk, 1));
    }
}

#[tokio::test]
async fn what_is_under_way_goes_on_in_a_copy_of_the_world() {
    let [home, ireland, _] = group().await;
    put(&home, item("b", 1, vec![])).await;
    let copy = ireland.fork();
    copy.settle().await;
    assert_eq!(get(&copy, key("b", 1)).await, key("b", 1));
    assert_eq!(get(&ireland, key("b", 1)).await, Value::Null);
}

#[tokio::test]
async fn a_replica_takes_no_tables_place() {
    let home = cloud().from(ACCOUNT, "us-east-1");
    table(&home).await;
    table(&home.from(ACCOUNT, "eu-west-1")).await;
    let error = update(&home, "Create", "eu-west-1").await.expect_err("there");
    assert!(error.contains("already existed as tables"), "{error}");
    let error = update(&home, "Create", "us-east-1").await.expect_err("here");
    assert!(error.starts_with("Cannot add or delete the local region"), "{error}");
}

#[tokio::test]
async fn a_replica_has_a_stream_of_its_own() {
    let home = cloud().from(ACCOUNT, "us-east-1");
    table(&home).await;
    put(&home, item("a", 1, vec![])).await;
    let stream = value!({"StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES"});
    crate::update(&home, value!({"StreamSpecification": stream})).await;
    update(&home, "Create", "eu-west-1").await.expect("a replica");
    let ireland = home.from(ACCOUNT, "eu-west-1");
    let seen = describe(&ireland).await;
    let arn = text(&seen, "LatestStreamArn").to_owned();
    assert!(arn.contains(":eu-west-1:"), "{arn}");

    put(&home, item("b", 1, vec![])).await;
    home.settle().await;
    let stream = value!({"StreamArn": (arn.clone())});
    let shards = ireland.call("dynamodbstreams.DescribeStream", stream).await;
    let asked = value!({
        "StreamArn": (arn), "ShardIteratorType": "TRIM_HORIZON",
        "ShardId": (text(&shards, "StreamDescription.Shards.0.ShardId"))
    });
    let from = ireland.call("dynamodbstreams.GetShardIterator", asked).await;
    let asked = value!({"ShardIterator": (text(&from, "ShardIterator"))});
    let read = ireland.call("dynamodbstreams.GetRecords", asked).await;
    let keys: Vec<_> =
        at(&read, "Records").items().iter().map(|r| text(r, "dynamodb.Keys.pk.S")).collect();
    assert_eq!(keys, ["b"]);
}
