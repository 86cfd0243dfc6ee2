//! Streams: what is recorded, in which shard, and for how long.

use std::time::Duration;

use cumulet_core::Value;
use cumulet_testkit::{TestCloud, at, text, value};

use crate::{cloud, item, key, put, s, table};

const HOUR: Duration = Duration::from_hours(1);

/// Gives `table` a stream; its ARN.
pub(crate) async fn stream(cloud: &TestCloud, view: &str) -> String {
    let enable = value!({
        "TableName": "table",
        "StreamSpecification": {"StreamEnabled": true, "StreamViewType": view},
    });
    let made = cloud.call("dynamodb.UpdateTable", enable).await;
    text(&made, "TableDescription.LatestStreamArn").to_owned()
}

async fn disable(cloud: &TestCloud) {
    let disable = value!({"TableName": "table", "StreamSpecification": {"StreamEnabled": false}});
    cloud.call("dynamodb.UpdateTable", disable).await;
}

async fn shards(cloud: &TestCloud, arn: &str) -> Vec<Value> {
    let described = cloud.call("dynamodbstreams.DescribeStream", value!({"StreamArn": arn})).await;
    at(&described, "StreamDescription.Shards").items().to_vec()
}

/// An iterator of a stream's shard.
async fn iterator(cloud: &TestCloud, arn: &str, shard: usize, kind: &str) -> String {
    let shards = shards(cloud, arn).await;
    let id = text(&shards[shard], "ShardId");
    let asked = value!({"StreamArn": arn, "ShardId": id, "ShardIteratorType": kind});
    let got = cloud.call("dynamodbstreams.GetShardIterator", asked).await;
    text(&got, "ShardIterator").to_owned()
}

async fn read(cloud: &TestCloud, iterator: &str) -> Value {
    cloud.call("dynamodbstreams.GetRecords", value!({"ShardIterator": iterator})).await
}

/// All records of a stream's first shard.
pub(crate) async fn records(cloud: &TestCloud, arn: &str) -> Vec<Value> {
    let iterator = iterator(cloud, arn, 0, "TRIM_HORIZON").await;
    at(&read(cloud, &iterator).await, "Records").items().to_vec()
}

/// Makes an item, changes it, leaves it as it is, and takes it away.
async fn write(cloud: &TestCloud) {
    put(cloud, item("a", 1, vec![])).await;
    put(cloud, item("a", 1, vec![("x", s("y"))])).await;
    put(cloud, item("a", 1, vec![("x", s("y"))])).await;
    let delete = value!({"TableName": "table", "Key": (key("a", 1))});
    cloud.call("dynamodb.DeleteItem", delete.clone()).await;
    cloud.call("dynamodb.DeleteItem", delete).await;
}

#[tokio::test]
async fn every_change_is_recorded_as_the_view_has_it() {
    // A key of 3 + 4 bytes with its names, and 2 for `x`.
    let cases = [
        ("KEYS_ONLY", [false, false], [7, 7, 7]),
        ("NEW_IMAGE", [false, true], [14, 16, 7]),
        ("OLD_IMAGE", [true, false], [7, 14, 16]),
        ("NEW_AND_OLD_IMAGES", [true, true], [14, 23, 16]),
    ];
    for (view, [old, new], sizes) in cases {
        let cloud = cloud();
        table(&cloud).await;
        let arn = stream(&cloud, view).await;
        write(&cloud).await;
        let records = records(&cloud, &arn).await;
        let events: Vec<_> = records.iter().map(|r| text(r, "eventName")).collect();
        assert_eq!(events, ["INSERT", "MODIFY", "REMOVE"], "{view}");
        let found: Vec<_> = records.iter().map(|r| at(r, "dynamodb.SizeBytes").as_i64()).collect();
        assert_eq!(found, sizes.map(Some), "{view}");
        let modify = at(&records[1], "dynamodb");
        assert_eq!(at(modify, "Keys"), &key("a", 1));
        assert_eq!(modify.get("OldImage"), old.then(|| key("a", 1)).as_ref());
        let changed = item("a", 1, vec![("x", s("y"))]);
        assert_eq!(modify.get("NewImage").is_some(), new);
        assert!(modify.get("NewImage").is_none_or(|image| image.get("x") == changed.get("x")));
        assert_eq!(text(modify, "StreamViewType"), view);
        assert_eq!(records[1].get("userIdentity"), None);
    }
}

#[tokio::test]
async fn an_iterator_begins_where_it_is_told() {
    let cloud = cloud();
    table(&cloud).await;
    let arn = stream(&cloud, "KEYS_ONLY").await;
    put(&cloud, item("a", 1, vec![])).await;
    let latest = iterator(&cloud, &arn, 0, "LATEST").await;
    put(&cloud, item("a", 2, vec![])).await;
    put(&cloud, item("a", 3, vec![])).await;
    let all = records(&cloud, &arn).await;
    assert_eq!(all.len(), 3);
    assert_eq!(at(&read(&cloud, &latest).await, "Records").items(), &all[1..]);
    let shard = text(&shards(&cloud, &arn).await[0], "ShardId").to_owned();
    for (kind, left) in [("AT_SEQUENCE_NUMBER", 2), ("AFTER_SEQUENCE_NUMBER", 1)] {
        let asked = value!({
            "StreamArn": (arn.as_str()), "ShardId": (shard.as_str()), "ShardIteratorType": kind,
            "SequenceNumber": (text(&all[1], "dynamodb.SequenceNumber")),
        });
        let got = cloud.call("dynamodbstreams.GetShardIterator", asked).await;
        let found = read(&cloud, text(&got, "ShardIterator")).await;
        assert_eq!(at(&found, "Records").items(), &all[3 - left..], "{kind}");
    }
}

#[tokio::test]
async fn a_reader_goes_on_from_page_to_page_and_waits_at_the_end() {
    let cloud = cloud();
    table(&cloud).await;
    let arn = stream(&cloud, "KEYS_ONLY").await;
    let mut next = iterator(&cloud, &arn, 0, "TRIM_HORIZON").await;
    let mut seen = 0;
    for n in 0..7 {
        put(&cloud, item("a", n, vec![])).await;
        if n % 3 == 0 {
            let asked = value!({"ShardIterator": (next.as_str()), "Limit": 2});
            let page = cloud.call("dynamodbstreams.GetRecords", asked).await;
            seen += at(&page, "Records").items().len();
            next = text(&page, "NextShardIterator").to_owned();
        }
    }
    seen += at(&read(&cloud, &next).await, "Records").items().len();
    assert_eq!(seen, 7);
}

#[tokio::test]
async fn a_shard_closes_after_four_hours_and_has_a_child() {
    let cloud = cloud();
    table(&cloud).await;
    let arn = stream(&cloud, "KEYS_ONLY").await;
    put(&cloud, item("a", 1, vec![])).await;
    cloud.advance(4 * HOUR).await;
    put(&cloud, item("a", 2, vec![])).await;
    let shards = shards(&cloud, &arn).await;
    assert_eq!(shards.len(), 2);
    assert_eq!(text(&shards[1], "ParentShardId"), text(&shards[0], "ShardId"));
    assert_eq!(shards[0].get("ParentShardId"), None);
    assert_eq!(at(&shards[1], "SequenceNumberRange").get("EndingSequenceNumber"), None);
    assert!(
        text(&shards[0], "SequenceNumberRange.EndingSequenceNumber")
            < text(&shards[1], "SequenceNumberRange.StartingSequenceNumber")
    );
    for (shard, open) in [(0, false), (1, true)] {
        let iterator = iterator(&cloud, &arn, shard, "TRIM_HORIZON").await;
        let found = read(&cloud, &iterator).await;
        assert_eq!(at(&found, "Records").items().len(), 1);
        assert_eq!(found.get("NextShardIterator").is_some(), open);
    }
    let first = text(&shards[0], "ShardId");
    for input in [
        value!({"StreamArn": (arn.as_str()), "ExclusiveStartShardId": first}),
        value!({"StreamArn": (arn.as_str()), "ShardFilter": {"Type": "CHILD_SHARDS", "ShardId": first}}),
    ] {
        let rest = cloud.call("dynamodbstreams.DescribeStream", input).await;
        assert_eq!(at(&rest, "StreamDescription.Shards").items(), &shards[1..]);
    }
    let one = value!({"StreamArn": (arn.as_str()), "Limit": 1});
    let page = cloud.call("dynamodbstreams.DescribeStream", one).await;
    assert_eq!(text(&page, "StreamDescription.LastEvaluatedShardId"), first);
}

#[tokio::test]
async fn records_are_forgotten_after_a_day() {
    let cloud = cloud();
    table(&cloud).await;
    let arn = stream(&cloud, "KEYS_ONLY").await;
    put(&cloud, item("a", 1, vec![])).await;
    cloud.advance(HOUR).await;
    put(&cloud, item("a", 2, vec![])).await;
    let all = records(&cloud, &arn).await;
    cloud.advance(23 * HOUR + Duration::from_secs(1)).await;
    assert_eq!(records(&cloud, &arn).await, &all[1..]);
    let shard = text(&shards(&cloud, &arn).await[0], "ShardId").to_owned();
    let asked = value!({
        "StreamArn": (arn.as_str()), "ShardId": (shard.as_str()),
        "ShardIteratorType": "AT_SEQUENCE_NUMBER",
        "SequenceNumber": (text(&all[0], "dynamodb.SequenceNumber")),
    });
    let error = cloud.fail("dynamodbstreams.GetShardIterator", asked.clone()).await;
    assert_eq!(error.code(), "TrimmedDataAccessException");
    cloud.advance(5 * HOUR).await;
    let error = cloud.fail("dynamodbstreams.GetShardIterator", asked).await;
    assert_eq!(error.message(), "Requested resource not found: Shard does not exist");
}

#[tokio::test]
async fn an_iterator_lives_for_fifteen_minutes() {
    let cloud = cloud();
    table(&cloud).await;
    let arn = stream(&cloud, "KEYS_ONLY").await;
    let first = iterator(&cloud, &arn, 0, "TRIM_HORIZON").await;
    cloud.advance(Duration::from_mins(15)).await;
    let next = text(&read(&cloud, &first).await, "NextShardIterator").to_owned();
    cloud.advance(Duration::from_secs(1)).await;
    let input = value!({"ShardIterator": (first.as_str())});
    let error = cloud.fail("dynamodbstreams.GetRecords", input).await;
    assert_eq!(error.code(), "ExpiredIteratorException");
    assert!(at(&read(&cloud, &next).await, "Records").items().is_empty());
}

#[tokio::test]
async fn a_stream_is_read_for_a_day_after_its_end() {
    let cloud = cloud();
    table(&cloud).await;
    let old = stream(&cloud, "KEYS_ONLY").await;
    put(&cloud, item("a", 1, vec![])).await;
    disable(&cloud).await;
    put(&cloud, item("a", 2, vec![])).await;
    cloud.advance(HOUR).await;
    let new = stream(&cloud, "NEW_IMAGE").await;
    put(&cloud, item("a", 3, vec![])).await;
    cloud.call("dynamodb.DeleteTable", value!({"TableName": "table"})).await;
    let listed = cloud.call("dynamodbstreams.ListStreams", value!({"Limit": 1})).await;
    assert_eq!(text(&listed, "Streams.0.StreamArn"), old);
    let rest = value!({"ExclusiveStartStreamArn": (text(&listed, "LastEvaluatedStreamArn"))});
    let listed = cloud.call("dynamodbstreams.ListStreams", rest).await;
    assert_eq!(text(&listed, "Streams.0.StreamArn"), new);
    for arn in [&old, &new] {
        let about = value!({"StreamArn": (arn.as_str())});
        let seen = cloud.call("dynamodbstreams.DescribeStream", about).await;
        assert_eq!(text(&seen, "StreamDescription.StreamStatus"), "DISABLED");
        let iterator = iterator(&cloud, arn, 0, "TRIM_HORIZON").await;
        let found = read(&cloud, &iterator).await;
        assert_eq!(at(&found, "Records").items().len(), 1);
        assert_eq!(found.get("NextShardIterator"), None);
    }
    cloud.advance(23 * HOUR).await;
    let error =
        cloud.fail("dynamodbstreams.DescribeStream", value!({"StreamArn": (old.as_str())})).await;
    let expected = format!("Requested resource not found: Stream: {old} not found");
    assert_eq!((error.code(), error.message()), ("ResourceNotFoundException", expected.as_str()));
    assert_eq!(records(&cloud, &new).await.len(), 1);
}

#[tokio::test]
async fn a_transaction_is_recorded_and_one_that_fails_is_not() {
    let cloud = cloud();
    table(&cloud).await;
    let arn = stream(&cloud, "NEW_IMAGE").await;
    let put = |sk: i64, condition: Value| {
        let put = value!({
            "TableName": "table", "Item": (item("a", sk, vec![])), "ConditionExpression": condition,
        });
        value!({"Put": put})
    };
    let holds = || Value::from("attribute_not_exists(pk)");
    let fails = || Value::from("attribute_exists(pk)");
    let broken = value!({"TransactItems": [(put(1, holds())), (put(2, fails()))]});
    cloud.fail("dynamodb.TransactWriteItems", broken).await;
    let whole = value!({"TransactItems": [(put(1, holds())), (put(2, holds()))]});
    cloud.call("dynamodb.TransactWriteItems", whole).await;
    let sequence: Vec<String> = records(&cloud, &arn)
        .await
        .iter()
        .map(|record| text(record, "dynamodb.SequenceNumber").to_owned())
        .collect();
    assert_eq!(sequence.len(), 2);
    assert!(sequence[0] < sequence[1], "{sequence:?}");
}

#[tokio::test]
async fn sequence_numbers_grow_when_the_clock_is_turned_back() {
    let cloud = cloud();
    table(&cloud).await;
    let arn = stream(&cloud, "KEYS_ONLY").await;
    cloud.advance(HOUR).await;
    put(&cloud, item("a", 1, vec![])).await;
    cloud.cx().clock().set(TestCloud::START);
    put(&cloud, item("a", 2, vec![])).await;
    let keys: Vec<Value> =
        records(&cloud, &arn).await.iter().map(|r| at(r, "dynamodb.Keys").clone()).collect();
    assert_eq!(keys, [key("a", 1), key("a", 2)]);
}

#[tokio::test]
async fn a_stream_made_again_in_the_same_millisecond_is_empty() {
    let cloud = cloud();
    table(&cloud).await;
    let arn = stream(&cloud, "KEYS_ONLY").await;
    put(&cloud, item("a", 1, vec![])).await;
    disable(&cloud).await;
    assert_eq!(stream(&cloud, "NEW_IMAGE").await, arn);
    put(&cloud, item("a", 2, vec![])).await;
    let records = records(&cloud, &arn).await;
    assert_eq!(records.len(), 1);
    assert_eq!(at(&records[0], "dynamodb.NewImage"), &key("a", 2));
}
