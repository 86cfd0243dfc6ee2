//! Single items and batches.

use cumulet_core::Value;
use cumulet_testkit::{at, text, value};

use crate::{cloud, get, item, key, n, put, refusal, s, table};

#[tokio::test]
async fn what_is_put_is_got_in_normal_form() {
    let cloud = cloud();
    table(&cloud).await;
    let odd = value!({
        "N": "1.50",
    });
    let more = vec![
        ("number", odd),
        ("empty", s("")),
        ("set", value!({"SS": ["b", "a"]})),
        ("map", value!({"M": {"list": {"L": [{"NULL": true}, {"BOOL": false}]}}})),
    ];
    put(&cloud, item("a", 1, more)).await;
    let found = get(&cloud, key("a", 1)).await;
    assert_eq!(at(&found, "number"), &value!({"N": "1.5"}));
    assert_eq!(at(&found, "empty"), &s(""));
    assert_eq!(at(&found, "set"), &value!({"SS": ["a", "b"]}));
    assert_eq!(at(&found, "map.M.list.L.1"), &value!({"BOOL": false}));
    assert_eq!(get(&cloud, key("a", 2)).await, Value::Null);
}

#[tokio::test]
async fn keys_have_rules() {
    let cloud = cloud();
    table(&cloud).await;
    let schema = "The provided key element does not match the schema";
    let put = |item: Value| value!({"Item": item});
    let get = |key: Value| value!({"Key": key});
    let long = "x".repeat(2049);
    let cases = [
        (
            "PutItem",
            put(value!({"pk": {"S": "a"}})),
            "One or more parameter values were invalid: Missing the key sk in the item",
        ),
        (
            "PutItem",
            put(value!({"pk": {"S": "a"}, "sk": {"S": "1"}})),
            "One or more parameter values were invalid: Type mismatch for key sk expected: N actual: S",
        ),
        (
            "PutItem",
            put(item("", 1, vec![])),
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot \
             contain an empty string value. Key: pk",
        ),
        (
            "PutItem",
            put(item(&long, 1, vec![])),
            "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes",
        ),
        (
            "PutItem",
            put(item("a", 1, vec![("g", n(1))])),
            "One or more parameter values were invalid: Type mismatch for Index Key g Expected: S Actual: N IndexName: global",
        ),
        ("GetItem", get(value!({"pk": {"S": "a"}})), schema),
        ("GetItem", get(item("a", 1, vec![("more", n(1))])), schema),
        ("DeleteItem", get(value!({"pk": {"N": "1"}, "sk": {"N": "1"}})), schema),
        (
            "GetItem",
            get(value!({"pk": {"S": "a"}, "sk": {"N": "x"}})),
            "The parameter cannot be converted to a numeric value: x",
        ),
    ];
    for (operation, asked, expected) in cases {
        let (code, message) = refusal(&cloud, operation, asked).await;
        assert_eq!((code.as_str(), message.as_str()), ("ValidationException", expected));
    }
}

#[tokio::test]
async fn an_item_has_400_kilobytes_at_most() {
    let cloud = cloud();
    table(&cloud).await;
    // Names count too: pk, a, sk, and two bytes of the number; "data" and its text are the rest.
    let room = 400 * 1024 - (2 + 1 + 2 + 2 + 4);
    put(&cloud, item("a", 1, vec![("data", s(&"x".repeat(room)))])).await;
    let more = item("a", 1, vec![("data", s(&"x".repeat(room + 1)))]);
    let (_, message) = refusal(&cloud, "PutItem", value!({"Item": more})).await;
    assert_eq!(message, "Item size has exceeded the maximum allowed size");
}

#[tokio::test]
async fn a_failed_condition_shows_the_item_that_it_failed_on() {
    let cloud = cloud();
    table(&cloud).await;
    put(&cloud, item("a", 1, vec![("data", s("old"))])).await;
    let asked = |show: &str| {
        value!({
            "TableName": "table",
            "Item": (key("a", 1)),
            "ConditionExpression": "attribute_not_exists(pk)",
            "ReturnValuesOnConditionCheckFailure": show,
        })
    };
    let error = cloud.fail("dynamodb.PutItem", asked("ALL_OLD")).await;
    assert_eq!(error.code(), "ConditionalCheckFailedException");
    let (_, shown) = error.members().iter().find(|(name, _)| name == "Item").expect("the item");
    assert_eq!(at(shown, "data"), &s("old"));
    assert!(cloud.fail("dynamodb.PutItem", asked("NONE")).await.members().is_empty());
}

#[tokio::test]
async fn updates_return_what_they_are_asked_for() {
    let cloud = cloud();
    table(&cloud).await;
    let update = |expression: &str, returns: &str| {
        value!({
            "TableName": "table",
            "Key": (key("a", 1)),
            "UpdateExpression": expression,
            "ExpressionAttributeValues": {":n": {"N": "2"}},
            "ReturnValues": returns,
        })
    };
    let first = cloud.call("dynamodb.UpdateItem", update("SET c = :n", "ALL_NEW")).await;
    assert_eq!(at(&first, "Attributes.pk"), &s("a"));
    let more = cloud.call("dynamodb.UpdateItem", update("ADD c :n", "UPDATED_NEW")).await;
    assert_eq!(at(&more, "Attributes"), &value!({"c": {"N": "4"}}));
    let old = cloud.call("dynamodb.UpdateItem", update("ADD c :n", "UPDATED_OLD")).await;
    assert_eq!(at(&old, "Attributes"), &value!({"c": {"N": "4"}}));
    let all = cloud.call("dynamodb.UpdateItem", update("SET d = :n", "ALL_OLD")).await;
    assert_eq!((at(&all, "Attributes.c"), at(&all, "Attributes").get("d")), (&n(6), None));
    let none = cloud.call("dynamodb.UpdateItem", update("SET d = :n", "NONE")).await;
    assert_eq!(none.get("Attributes"), None);
    let (_, message) = refusal(
        &cloud,
        "UpdateItem",
        value!({"Key": (key("a", 1)), "UpdateExpression": "REMOVE pk"}),
    )
    .await;
    assert!(
        message.ends_with("Cannot update attribute pk. This attribute is part of the key"),
        "{message}"
    );
}

#[tokio::test]
async fn capacity_is_counted_by_the_rules() {
    let cloud = cloud();
    table(&cloud).await;
    let consumed = |operation: &'static str, input: Value| {
        let Value::Map(mut entries) = input else { unreachable!() };
        entries.push(("TableName".to_owned(), "table".into()));
        entries.push(("ReturnConsumedCapacity".to_owned(), "INDEXES".into()));
        let cloud = &cloud;
        async move { cloud.call(operation, Value::Map(entries)).await.get("ConsumedCapacity").cloned() }
    };
    let units = |consumed: &Option<Value>, path: &str| {
        let Value::Float(units) = at(consumed.as_ref().expect("capacity"), path) else {
            unreachable!()
        };
        format!("{units:.1}")
    };
    let big = item("a", 1, vec![("g", s("x")), ("data", s(&"x".repeat(5_000)))]);
    let put = consumed("dynamodb.PutItem", value!({"Item": big})).await;
    // 5,0xx bytes are five units in the table; the index projects less than a kilobyte.
    assert_eq!(
        (units(&put, "CapacityUnits"), units(&put, "Table.CapacityUnits")),
        ("6.0".into(), "5.0".into())
    );
    assert_eq!(units(&put, "GlobalSecondaryIndexes.global.CapacityUnits"), "1.0");
    let get = consumed("dynamodb.GetItem", value!({"Key": (key("a", 1))})).await;
    assert_eq!(units(&get, "CapacityUnits"), "1.0");
    let both = value!({"Key": (key("a", 1)), "ConsistentRead": true});
    assert_eq!(units(&consumed("dynamodb.GetItem", both).await, "CapacityUnits"), "2.0");
    let nothing = consumed("dynamodb.GetItem", value!({"Key": (key("b", 1))})).await;
    assert_eq!(units(&nothing, "CapacityUnits"), "0.5");
    let delete = consumed("dynamodb.DeleteItem", value!({"Key": (key("a", 1))})).await;
    assert_eq!(units(&delete, "CapacityUnits"), "6.0");
}

#[tokio::test]
async fn batches_write_and_read_many() {
    let cloud = cloud();
    table(&cloud).await;
    let puts: Vec<_> = (0..25).map(|n| value!({"PutRequest": {"Item": (key("a", n))}})).collect();
    let written =
        cloud.call("dynamodb.BatchWriteItem", value!({"RequestItems": {"table": puts}})).await;
    assert_eq!(at(&written, "UnprocessedItems"), &value!({}));
    let delete = value!({"RequestItems": {"table": [{"DeleteRequest": {"Key": (key("a", 3))}}]}});
    cloud.call("dynamodb.BatchWriteItem", delete).await;
    let keys: Vec<_> = (0..30).map(|n| key("a", n)).collect();
    let read = cloud
        .call("dynamodb.BatchGetItem", value!({"RequestItems": {"table": {"Keys": keys}}}))
        .await;
    assert_eq!(at(&read, "Responses.table").items().len(), 24);
    let twice = value!({"RequestItems": {"table": {"Keys": [(key("a", 1)), (key("a", 1))]}}});
    let error = cloud.fail("dynamodb.BatchGetItem", twice).await;
    assert_eq!(error.message(), "Provided list of item keys contains duplicates");
    let wrong = value!({"RequestItems": {"table": [{"PutRequest": {"Item": {"x": {"S": "y"}}}}]}});
    let error = cloud.fail("dynamodb.BatchWriteItem", wrong).await;
    assert_eq!(error.message(), "The provided key element does not match the schema");
    assert_eq!(text(&get(&cloud, key("a", 4)).await, "pk.S"), "a");
}

#[tokio::test]
async fn large_answers_of_batches_leave_keys_over() {
    let cloud = cloud();
    table(&cloud).await;
    for n in 0..50 {
        put(&cloud, item("a", n, vec![("data", s(&"x".repeat(390 << 10)))])).await;
    }
    let keys: Vec<_> = (0..50).map(|n| key("a", n)).collect();
    let read = cloud
        .call("dynamodb.BatchGetItem", value!({"RequestItems": {"table": {"Keys": keys}}}))
        .await;
    let (read, left) = (at(&read, "Responses.table"), at(&read, "UnprocessedKeys.table.Keys"));
    // 16 MB of 390 KB each.
    assert_eq!((read.items().len(), left.items().len()), (42, 8));
}

#[tokio::test]
async fn chance_refuses_as_often_as_it_is_told_to() {
    let settings = [("DYNAMODB_WRITE_ERROR_PROBABILITY", "1")].into_iter().collect();
    let platform = cumulet_store::Platform { settings, ..cumulet_store::Platform::default() };
    let cloud = cumulet_testkit::TestCloud::new(cumulet_dynamodb::services(&platform));
    table(&cloud).await;
    let (code, _) = refusal(&cloud, "PutItem", value!({"Item": (key("a", 1))})).await;
    assert_eq!(code, "ProvisionedThroughputExceededException");
    assert_eq!(get(&cloud, key("a", 1)).await, Value::Null);
}

#[tokio::test]
async fn an_update_makes_an_item_unless_it_only_takes_away() {
    let cloud = cloud();
    table(&cloud).await;
    let update = |sk: i64, expression: Value| value!({"TableName": "table", "Key": (key("a", sk)), "UpdateExpression": expression});
    cloud.call("dynamodb.UpdateItem", update(1, "REMOVE x".into())).await;
    assert_eq!(get(&cloud, key("a", 1)).await, Value::Null);
    cloud.call("dynamodb.UpdateItem", update(1, Value::Null)).await;
    assert_eq!(get(&cloud, key("a", 1)).await, key("a", 1));
}
