//! Requests as they were before there were expressions.

use super::*;

async fn asked(cloud: &TestCloud, operation: &str, more: Vec<(&str, Value)>) -> Value {
    let mut entries = vec![("TableName", "table".into())];
    entries.extend(more);
    cloud.call(&format!("dynamodb.{operation}"), Value::map(entries)).await
}

fn compare(operator: &str, values: Vec<Value>) -> Value {
    value!({"ComparisonOperator": operator, "AttributeValueList": (Value::List(values))})
}

async fn with_items() -> TestCloud {
    let cloud = cloud();
    table(&cloud).await;
    for sk in 1..=4 {
        put(&cloud, item("a", sk, vec![("kept", n(sk * 10))])).await;
    }
    cloud
}

#[tokio::test]
async fn what_is_expected_of_an_item() {
    let cloud = with_items().await;
    let matches = |expected: Value| {
        let cloud = &cloud;
        async move {
            let input = value!({
                "TableName": "table", "Item": (item("a", 1, vec![("kept", n(10))])),
                "Expected": expected
            });
            match cloud.try_call("dynamodb.PutItem", input).await {
                Ok(_) => true,
                Err(error) => {
                    assert_eq!(error.code(), "ConditionalCheckFailedException", "{error}");
                    false
                }
            }
        }
    };
    for (expected, holds) in [
        (value!({"kept": {"Value": (n(10))}}), true),
        (value!({"kept": {"Value": (n(11))}}), false),
        (value!({"kept": {"Exists": false}}), false),
        (value!({"none": {"Exists": false}}), true),
        (value!({"kept": (compare("NE", vec![n(11)]))}), true),
        (value!({"kept": (compare("BETWEEN", vec![n(9), n(10)]))}), true),
        (value!({"kept": (compare("IN", vec![n(9), n(8)]))}), false),
        (value!({"kept": {"ComparisonOperator": "NOT_NULL"}}), true),
        (
            value!({"none": {"ComparisonOperator": "NULL"}, "kept": (compare("GT", vec![n(1)]))}),
            true,
        ),
        (value!({"none": (compare("NOT_CONTAINS", vec![n(1)]))}), false),
    ] {
        assert_eq!(matches(expected.clone()).await, holds, "{expected:?}");
    }
}

#[tokio::test]
async fn what_attribute_updates_do() {
    let cloud = with_items().await;
    let updates = value!({
        "kept": {"Action": "ADD", "Value": (n(5))},
        "tags": {"Action": "ADD", "Value": {"SS": ["a", "b"]}},
        "put": {"Value": (s("x"))},
    });
    let more = vec![
        ("Key", key("a", 1)),
        ("AttributeUpdates", updates),
        ("ReturnValues", "UPDATED_NEW".into()),
    ];
    let answer = asked(&cloud, "UpdateItem", more).await;
    let expected = value!({"kept": (n(15)), "put": (s("x")), "tags": {"SS": ["a", "b"]}});
    assert_eq!(answer.get("Attributes"), Some(&expected));
    let updates = value!({
        "put": {"Action": "DELETE"}, "tags": {"Action": "DELETE", "Value": {"SS": ["a"]}}
    });
    asked(&cloud, "UpdateItem", vec![("Key", key("a", 1)), ("AttributeUpdates", updates)]).await;
    let expected = item("a", 1, vec![("kept", n(15)), ("tags", value!({"SS": ["b"]}))]);
    let found = get(&cloud, key("a", 1)).await;
    assert_eq!(found.get("tags"), expected.get("tags"));
    assert_eq!(found.get("put"), None);
    for (updates, message) in [
        (
            value!({"a": {"Action": "PUT"}}),
            "One or more parameter values were invalid: Only DELETE action is allowed when no attribute value is specified",
        ),
        (
            value!({"a": {"Action": "ADD", "Value": (s("x"))}}),
            "One or more parameter values were invalid: ADD action is not supported for the type S",
        ),
        (
            value!({"tags": {"Action": "ADD", "Value": (n(1))}}),
            "Type mismatch for attribute to update",
        ),
    ] {
        let input = value!({"Key": (key("a", 1)), "AttributeUpdates": updates});
        assert_eq!(refusal(&cloud, "UpdateItem", input).await.1, message);
    }
}

#[tokio::test]
async fn key_conditions_and_filters() {
    let cloud = with_items().await;
    let conditions = value!({
        "pk": (compare("EQ", vec![s("a")])), "sk": (compare("GE", vec![n(2)]))
    });
    let filter = value!({"kept": (compare("IN", vec![n(20), n(40)]))});
    let more = vec![
        ("KeyConditions", conditions),
        ("QueryFilter", filter),
        ("AttributesToGet", value!(["sk"])),
    ];
    let answer = asked(&cloud, "Query", more).await;
    let expected = value!([{"sk": (n(2))}, {"sk": (n(4))}]);
    assert_eq!(answer.get("Items"), Some(&expected));
    let filter = value!({
        "kept": (compare("LT", vec![n(20)])), "sk": (compare("EQ", vec![n(4)]))
    });
    let more = vec![("ScanFilter", filter), ("ConditionalOperator", "OR".into())];
    let answer = asked(&cloud, "Scan", more).await;
    assert_eq!(answer.get("Count"), Some(&Value::Integer(2)));
}

#[tokio::test]
async fn what_is_wrong_with_a_request() {
    let cloud = with_items().await;
    let invalid = |text: &str| format!("One or more parameter values were invalid: {text}");
    let pk = compare("EQ", vec![s("a")]);
    for (operation, input, message) in [
        (
            "PutItem",
            value!({
                "Item": (key("a", 1)), "Expected": {"a": {"Exists": false}}, "ConditionExpression": "a = b"
            }),
            "Can not use both expression and non-expression parameters in the same request: \
             Non-expression parameters: {Expected} Expression parameters: {ConditionExpression}"
                .to_owned(),
        ),
        (
            "PutItem",
            value!({"Item": (key("a", 1)), "Expected": {"a": {}}}),
            invalid("Value must be provided when Exists is null for Attribute: a"),
        ),
        (
            "PutItem",
            value!({"Item": (key("a", 1)), "Expected": {"a": {"Exists": false, "Value": (n(1))}}}),
            invalid("Value cannot be used when Exists is false for Attribute: a"),
        ),
        (
            "PutItem",
            value!({"Item": (key("a", 1)), "Expected": {"a": (compare("BETWEEN", vec![n(1)]))}}),
            invalid("Invalid number of argument(s) for the BETWEEN ComparisonOperator"),
        ),
        (
            "PutItem",
            value!({"Item": (key("a", 1)), "Expected": {"a": (compare("BEGINS_WITH", vec![n(1)]))}}),
            invalid("ComparisonOperator BEGINS_WITH is not valid for N AttributeValue type"),
        ),
        (
            "PutItem",
            value!({
                "Item": (key("a", 1)), "Expected": {"a": {"Exists": false}}, "ConditionalOperator": "OR"
            }),
            invalid(
                "ConditionalOperator can only be used when Filter or Expected has two or more elements",
            ),
        ),
        (
            "Query",
            value!({"KeyConditions": {"pk": (pk.clone()), "sk": (compare("NE", vec![n(1)]))}}),
            "Attempted conditional constraint is not an indexable operation".to_owned(),
        ),
        (
            "Query",
            value!({"KeyConditions": {"pk": pk}, "QueryFilter": {"sk": (compare("EQ", vec![n(1)]))}}),
            "QueryFilter can only contain non-primary key attributes: Primary key attribute: sk"
                .to_owned(),
        ),
        (
            "GetItem",
            value!({"Key": (key("a", 1)), "AttributesToGet": ["a", "a"]}),
            invalid("Duplicate value in attribute name: a"),
        ),
    ] {
        assert_eq!(refusal(&cloud, operation, input).await.1, message, "{operation}");
    }
}
