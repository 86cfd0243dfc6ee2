//! Transactions: all or nothing, once per token.

use std::time::Duration;

use cumulet_core::Value;
use cumulet_testkit::{at, value};

use crate::{cloud, get, item, key, n, put, s, table};

fn put_in(item: Value) -> Value {
    value!({"Put": {"TableName": "table", "Item": item}})
}

fn check(key: Value, condition: &str) -> Value {
    value!({"ConditionCheck": {
        "TableName": "table",
        "Key": key,
        "ConditionExpression": condition,
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }})
}

#[tokio::test]
async fn a_transaction_that_fails_says_why_for_every_item_and_changes_nothing() {
    let cloud = cloud();
    table(&cloud).await;
    put(&cloud, item("a", 1, vec![("text", s("x"))])).await;
    let add = value!({"Update": {
        "TableName": "table",
        "Key": (key("a", 1)),
        "UpdateExpression": "SET #t = #t + :n",
        "ExpressionAttributeNames": {"#t": "text"},
        "ExpressionAttributeValues": {":n": (n(1))},
    }});
    let first = put(&cloud, item("c", 1, vec![]));
    first.await;
    let items = vec![put_in(key("b", 1)), check(key("c", 1), "attribute_not_exists(pk)"), add];
    let error = cloud.fail("dynamodb.TransactWriteItems", value!({"TransactItems": items})).await;
    assert_eq!(error.code(), "TransactionCanceledException");
    assert!(
        error.message().ends_with("[None, ConditionalCheckFailed, ValidationError]"),
        "{error}"
    );
    let (_, reasons) = error.members().first().expect("reasons");
    let [none, failed, invalid] = reasons.items() else { panic!("{reasons:?}") };
    assert_eq!((at(none, "Code"), none.get("Message")), (&"None".into(), None));
    assert_eq!(at(failed, "Item.pk"), &s("c"));
    assert_eq!(
        at(invalid, "Message"),
        &"An operand in the update expression has an incorrect data type".into()
    );
    assert_eq!(get(&cloud, key("b", 1)).await, Value::Null);
}

#[tokio::test]
async fn a_token_stands_for_its_transaction_for_ten_minutes() {
    let cloud = cloud();
    table(&cloud).await;
    let add = |amount: i64| {
        value!({
            "ClientRequestToken": "token",
            "ReturnConsumedCapacity": "TOTAL",
            "TransactItems": [{"Update": {
                "TableName": "table",
                "Key": (key("a", 1)),
                "UpdateExpression": "ADD c :n",
                "ExpressionAttributeValues": {":n": (n(amount))},
            }}],
        })
    };
    let count = || async { at(&get(&cloud, key("a", 1)).await, "c").clone() };
    let first = cloud.call("dynamodb.TransactWriteItems", add(1)).await;
    assert_eq!(at(&first, "ConsumedCapacity.0.WriteCapacityUnits"), &Value::Float(2.0));
    let again = cloud.call("dynamodb.TransactWriteItems", add(1)).await;
    assert_eq!(at(&again, "ConsumedCapacity.0.ReadCapacityUnits"), &Value::Float(2.0));
    assert_eq!(count().await, n(1));
    let other = cloud.fail("dynamodb.TransactWriteItems", add(2)).await;
    assert_eq!(other.code(), "IdempotentParameterMismatchException");
    cloud.advance(Duration::from_secs(600)).await;
    cloud.call("dynamodb.TransactWriteItems", add(2)).await;
    assert_eq!(count().await, n(3));
}

#[tokio::test]
async fn an_item_is_written_once_in_a_transaction() {
    let cloud = cloud();
    table(&cloud).await;
    let items = value!([(put_in(key("a", 1))), (check(key("a", 1), "attribute_exists(pk)"))]);
    let error = cloud.fail("dynamodb.TransactWriteItems", value!({"TransactItems": items})).await;
    assert_eq!(
        (error.code(), error.message()),
        (
            "ValidationException",
            "Transaction request cannot include multiple operations on one item"
        )
    );
}

#[tokio::test]
async fn what_is_read_together_belongs_together() {
    let cloud = cloud();
    table(&cloud).await;
    put(&cloud, item("a", 1, vec![("c", n(1)), ("d", n(2))])).await;
    let get = |key: Value| value!({"Get": {"TableName": "table", "Key": key, "ProjectionExpression": "c"}});
    let asked = value!({"TransactItems": [(get(key("a", 1))), (get(key("a", 2)))]});
    let found = cloud.call("dynamodb.TransactGetItems", asked).await;
    assert_eq!(at(&found, "Responses").items(), [value!({"Item": {"c": (n(1))}}), value!({})]);
}
