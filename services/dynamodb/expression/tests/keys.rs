//! Key conditions.

use super::*;
use crate::expression::{Comparison, KeyCondition, KeyRange, KeyTest};
use crate::schema::{KeyPart, Kind as KeyKind, Schema};

fn parse(text: &str) -> Result<KeyCondition, String> {
    with_placeholders(Kind::KeyCondition, text, |p| p.key_condition(text))
}

fn schema(hash: &[(&str, KeyKind)], range: &[(&str, KeyKind)]) -> Schema {
    let parts = |all: &[(&str, KeyKind)]| {
        all.iter().map(|(name, kind)| KeyPart { name: (*name).to_owned(), kind: *kind }).collect()
    };
    Schema { hash: parts(hash), range: parts(range) }
}

fn bind(text: &str) -> Result<KeyRange, String> {
    let schema = schema(&[("pk", KeyKind::S)], &[("sk", KeyKind::N)]);
    parse(text)?.bind(&schema).map_err(|error| error.message().to_owned())
}

#[test]
fn key_conditions_in_any_order_and_direction() {
    let whole = KeyRange { hash: vec![s("x")], range: vec![n(5)], last: None };
    assert_eq!(bind("pk = :s AND sk = :n"), Ok(whole.clone()));
    assert_eq!(bind("(:n = sk) AND (:s = pk)"), Ok(whole));
    assert_eq!(bind("pk = :s"), Ok(KeyRange { hash: vec![s("x")], range: vec![], last: None }));
    let last = |text: &str| bind(&format!("pk = :s AND {text}")).unwrap().last.unwrap();
    assert_eq!(last(":n < sk"), KeyTest::Compare(Comparison::Greater, n(5)));
    assert_eq!(last("sk BETWEEN :n AND :ten"), KeyTest::Between(n(5), n(10)));
}

#[test]
fn keys_of_many_parts() {
    let schema = schema(
        &[("h1", KeyKind::S), ("h2", KeyKind::N)],
        &[("r1", KeyKind::S), ("r2", KeyKind::N)],
    );
    let bind = |text: &str| parse(text).unwrap().bind(&schema).map_err(|e| e.message().to_owned());
    let found = bind("h2 = :n AND h1 = :s AND r1 = :s AND r2 > :n").unwrap();
    assert_eq!((found.hash, found.range), (vec![s("x"), n(5)], vec![s("x")]));
    assert_eq!(found.last, Some(KeyTest::Compare(Comparison::Greater, n(5))));
    let missed = |part: &str| Err(format!("Query condition missed key schema element: {part}"));
    assert_eq!(bind("h1 = :s"), missed("h2"));
    let gap = "RANGE key attributes r1 must have equality conditions specified in the query because \
               a condition is present on key attribute r2";
    for text in ["r2 = :n", "r1 > :s AND r2 = :n"] {
        assert_eq!(bind(&format!("h1 = :s AND h2 = :n AND {text}")), Err(gap.to_owned()));
    }
}

#[test]
fn what_is_wrong_with_a_key_condition() {
    let invalid = |reason: &str| format!("Invalid KeyConditionExpression: {reason}");
    let clause = |reason: &str| format!("Invalid condition in KeyConditionExpression: {reason}");
    for (text, error) in [
        ("", invalid("The expression can not be empty;")),
        ("pk = :s OR sk = :n", invalid("Invalid operator used in KeyConditionExpression: OR")),
        ("NOT pk = :s", invalid("Invalid operator used in KeyConditionExpression: NOT")),
        ("pk IN (:s)", invalid("Invalid operator used in KeyConditionExpression: IN")),
        ("pk <> :s", invalid("Invalid operator used in KeyConditionExpression: <>")),
        ("contains(pk, :s)", invalid("Invalid operator used in KeyConditionExpression: contains")),
        ("size(pk) = :n", invalid("KeyConditionExpressions cannot contain nested operations")),
        ("pk.a = :s", invalid("KeyConditionExpressions cannot have conditions on nested attributes")),
        ("pk = sk", clause("Multiple attribute names used in one condition")),
        (":s = :n", clause("No key attribute specified")),
        ("begins_with(:s, pk)", clause("begins_with operator must have the key attribute as its first operand")),
        ("pk = :s AND sk > :n AND sk < :ten", invalid("KeyConditionExpressions must only contain one condition per key")),
        ("pk = :s AND begins_with(sk, :n)", invalid("Incorrect operand type for operator or function; operator or function: begins_with, operand type: N")),
        ("pk = :s AND sk < :t", invalid("Incorrect operand type for operator or function; operator or function: <, operand type: BOOL")),
        ("pk = :s AND sk > :n AND extra = :n", "The number of query conditions (3) exceeds the number of key attributes defined in the schema (2)".to_owned()),
        ("sk = :n", "Query condition missed key schema element: pk".to_owned()),
        ("pk = :s AND extra = :n", "Query condition missed key schema element: sk".to_owned()),
        ("pk > :s", "Query key condition not supported".to_owned()),
        ("pk = :s AND sk = :s", "One or more parameter values were invalid: Condition parameter type does not match schema type".to_owned()),
        ("pk = :s AND sk = :t", "One or more parameter values were invalid: Condition parameter type does not match schema type".to_owned()),
    ] {
        assert_eq!(bind(text).unwrap_err(), error, "{text}");
    }
}
