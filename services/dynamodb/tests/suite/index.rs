//! Secondary indexes.

use cumulet_core::Value;
use cumulet_testkit::{TestCloud, at, value};

use crate::{cloud, definition, element, item, key, n, put, refusal, s, table};

/// The sort keys and the whole page of a query of an index.
async fn query(cloud: &TestCloud, index: &str, condition: &str, values: Value) -> Value {
    let asked = value!({
        "TableName": "table",
        "IndexName": index,
        "KeyConditionExpression": condition,
        "ExpressionAttributeValues": values,
    });
    cloud.call("dynamodb.Query", asked).await
}

#[tokio::test]
async fn an_index_is_sparse_and_follows_its_items() {
    let cloud = cloud();
    table(&cloud).await;
    let of = |g: &str| value!({":g": (s(g))});
    put(&cloud, item("a", 1, vec![("g", s("x")), ("kept", n(1)), ("left", n(1))])).await;
    put(&cloud, item("a", 2, vec![])).await;
    let found = query(&cloud, "global", "g = :g", of("x")).await;
    let projected = item("a", 1, vec![("g", s("x")), ("kept", n(1))]);
    assert_eq!(at(&found, "Items").items().len(), 1);
    for name in ["pk", "sk", "g", "kept"] {
        assert_eq!(at(&found, "Items.0").get(name), projected.get(name));
    }
    assert_eq!(at(&found, "Items.0").get("left"), None);
    put(&cloud, item("a", 1, vec![("g", s("y"))])).await;
    assert_eq!(at(&query(&cloud, "global", "g = :g", of("x")).await, "Count").as_i64(), Some(0));
    assert_eq!(at(&query(&cloud, "global", "g = :g", of("y")).await, "Count").as_i64(), Some(1));
    cloud.call("dynamodb.DeleteItem", value!({"TableName": "table", "Key": (key("a", 1))})).await;
    assert_eq!(at(&query(&cloud, "global", "g = :g", of("y")).await, "Count").as_i64(), Some(0));
}

#[tokio::test]
async fn cursors_of_an_index_hold_across_ties() {
    let cloud = cloud();
    table(&cloud).await;
    for number in 0..25 {
        put(&cloud, item(&format!("p{number}"), number, vec![("g", s("same"))])).await;
    }
    let (mut seen, mut start) = (Vec::new(), Value::Null);
    loop {
        let asked = value!({
            "TableName": "table",
            "IndexName": "global",
            "KeyConditionExpression": "g = :g",
            "ExpressionAttributeValues": {":g": (s("same"))},
            "Limit": 4,
            "ExclusiveStartKey": start,
        });
        let page = cloud.call("dynamodb.Query", asked).await;
        seen.extend(at(&page, "Items").items().iter().map(|item| at(item, "pk.S").clone()));
        start = page.get("LastEvaluatedKey").cloned().unwrap_or_default();
        if start == Value::Null {
            break;
        }
        assert!(start.get("pk").is_some() && start.get("g").is_some(), "{start:?}");
    }
    let mut names: Vec<_> = seen.iter().filter_map(Value::as_str).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!((seen.len(), names.len()), (25, 25));
}

#[tokio::test]
async fn an_index_of_a_table_that_has_items_is_filled() {
    let cloud = cloud();
    table(&cloud).await;
    for number in 0..2_500 {
        put(&cloud, item("a", number, vec![("h", s("x")), ("i", n(number))])).await;
    }
    let create = value!({
        "TableName": "table",
        "AttributeDefinitions": [(definition("h", "S")), (definition("i", "N"))],
        "GlobalSecondaryIndexUpdates": [{"Create": {
            "IndexName": "later",
            "KeySchema": [(element("h", "HASH")), (element("i", "RANGE"))],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }}],
    });
    cloud.call("dynamodb.UpdateTable", create).await;
    let described = || cloud.call("dynamodb.DescribeTable", value!({"TableName": "table"}));
    let status = |table: &Value| at(table, "Table.GlobalSecondaryIndexes.1.IndexStatus").clone();
    assert_eq!(status(&described().await), "CREATING".into());
    let asked = value!({
        "IndexName": "later",
        "KeyConditionExpression": "h = :h",
        "ExpressionAttributeValues": {":h": (s("x"))},
    });
    let (_, message) = refusal(&cloud, "Query", asked).await;
    assert_eq!(message, "Cannot read from backfilling global secondary index: later");
    // Written while the index fills: behind the place that it has come to, and before it.
    put(&cloud, item("a", 0, vec![("h", s("x")), ("i", n(-5))])).await;
    put(&cloud, item("zz", 0, vec![("h", s("x")), ("i", n(9_999))])).await;
    cloud.settle().await;
    assert_eq!(status(&described().await), "ACTIVE".into());
    let first =
        query(&cloud, "later", "h = :h AND i < :i", value!({":h": (s("x")), ":i": (n(2))})).await;
    assert_eq!(at(&first, "Items.0.i"), &n(-5));
    assert_eq!(at(&first, "Count").as_i64(), Some(2), "0 is not there any more");
    let all = at(&described().await, "Table.GlobalSecondaryIndexes.1.ItemCount").as_i64();
    assert_eq!(all, Some(2_501));
    let delete = value!({
        "TableName": "table",
        "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "later"}}],
    });
    cloud.call("dynamodb.UpdateTable", delete).await;
    let now = described().await;
    assert_eq!(at(&now, "Table.GlobalSecondaryIndexes").items().len(), 1);
    assert_eq!(at(&now, "Table.AttributeDefinitions").items().len(), 4);
}

#[tokio::test]
async fn keys_of_global_indexes_may_have_several_attributes() {
    let cloud = cloud();
    table(&cloud).await;
    let parts = [("a1", "HASH"), ("a2", "HASH"), ("b1", "RANGE"), ("b2", "RANGE")];
    let create = value!({
        "TableName": "table",
        "AttributeDefinitions": (parts.map(|(name, _)| definition(name, "S")).to_vec()),
        "GlobalSecondaryIndexUpdates": [{"Create": {
            "IndexName": "many",
            "KeySchema": (parts.map(|(name, kind)| element(name, kind)).to_vec()),
            "Projection": {"ProjectionType": "ALL"},
        }}],
    });
    cloud.call("dynamodb.UpdateTable", create).await;
    for (number, (b1, b2)) in [("x", "2"), ("x", "1"), ("w", "9"), ("xx", "0")].iter().enumerate() {
        let more = vec![("a1", s("k")), ("a2", s("l")), ("b1", s(b1)), ("b2", s(b2))];
        put(&cloud, item("a", i64::try_from(number).expect("small"), more)).await;
    }
    let values = value!({":a": (s("k")), ":b": (s("l")), ":c": (s("x"))});
    let found = query(&cloud, "many", "a1 = :a AND a2 = :b AND b1 = :c", values).await;
    let order: Vec<_> =
        at(&found, "Items").items().iter().map(|item| at(item, "b2.S").clone()).collect();
    assert_eq!(order, ["1".into(), "2".into()]);
    let asked = value!({
        "IndexName": "many",
        "KeyConditionExpression": "a1 = :a",
        "ExpressionAttributeValues": {":a": (s("k"))},
    });
    let (_, message) = refusal(&cloud, "Query", asked).await;
    assert_eq!(message, "Query condition missed key schema element: a2");
}

#[tokio::test]
async fn what_an_index_has_not_is_asked_for_in_vain() {
    let cloud = cloud();
    table(&cloud).await;
    put(&cloud, item("a", 1, vec![("l", s("x")), ("g", s("x")), ("rest", n(1))])).await;
    let asked = |index: &str, more: Vec<(&str, Value)>| {
        let mut asked = vec![
            ("IndexName", index.into()),
            ("KeyConditionExpression", "g = :g".into()),
            ("ExpressionAttributeValues", value!({":g": (s("x"))})),
        ];
        asked.extend(more);
        Value::map(asked)
    };
    let cases = [
        (
            "global",
            ("Select", "ALL_ATTRIBUTES".into()),
            "is not supported for global secondary index global",
        ),
        ("global", ("ProjectionExpression", "rest".into()), "does not project [rest]"),
        (
            "global",
            ("ConsistentRead", true.into()),
            "Consistent reads are not supported on global secondary",
        ),
        ("nothing", ("Limit", 1.into()), "The table does not have the specified index: nothing"),
    ];
    for (index, more, expected) in cases {
        let (_, message) = refusal(&cloud, "Query", asked(index, vec![more])).await;
        assert!(message.contains(expected), "{message}");
    }
}
