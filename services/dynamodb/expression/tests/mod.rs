//! What expressions do and what they refuse.

mod conditions;
mod keys;
mod projections;
mod reference;
mod updates;

use std::collections::BTreeMap;

use super::{Condition, Kind, Placeholders};
use crate::number::Number;
use crate::value::{AttributeValue, Item};

fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn n(number: i64) -> AttributeValue {
    AttributeValue::N(Number::from(number))
}

fn ss(texts: &[&str]) -> AttributeValue {
    AttributeValue::Ss(texts.iter().map(|t| (*t).to_owned()).collect())
}

fn l(values: &[AttributeValue]) -> AttributeValue {
    AttributeValue::L(values.to_vec())
}

fn m<const N: usize>(entries: [(&str, AttributeValue); N]) -> AttributeValue {
    AttributeValue::M(item(entries))
}

fn item<const N: usize>(entries: [(&str, AttributeValue); N]) -> Item {
    entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// `#n` is `name`, `#k` is `a.b`; `:s`, `:n`, `:ss`, `:l`, `:m`, `:t`, `:b` have a value of their type.
fn with_placeholders<T>(
    kind: Kind,
    text: &str,
    parse: impl FnOnce(&mut Placeholders<'_>) -> Result<T, cumulet_core::AwsError>,
) -> Result<T, String> {
    let names =
        BTreeMap::from([("#n".to_owned(), "name".to_owned()), ("#k".to_owned(), "a.b".to_owned())]);
    let values = item([
        (":s", s("x")),
        (":n", n(5)),
        (":ten", n(10)),
        (":ss", ss(&["x", "y"])),
        (":l", l(&[n(1)])),
        (":m", m([])),
        (":t", AttributeValue::Bool(true)),
        (":b", AttributeValue::B(vec![1].into())),
    ]);
    let mut placeholders = Placeholders::new(
        Some(&names),
        Some(&values),
        &[(kind, Some(text)), (Kind::Filter, Some(text))],
    )
    .unwrap();
    parse(&mut placeholders).map_err(|error| {
        assert_eq!(error.code(), "ValidationException");
        error.message().to_owned()
    })
}

fn condition(text: &str) -> Result<Condition, String> {
    with_placeholders(Kind::Condition, text, |p| p.condition(Kind::Condition, text))
}

/// Of names, values and one condition.
fn placeholders(names: &[(&str, &str)], values: Option<&Item>, text: Option<&str>) -> String {
    let names: BTreeMap<String, String> =
        names.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let names = (!names.is_empty()).then_some(&names);
    let outcome = Placeholders::new(names, values, &[(Kind::Condition, text)]).and_then(|mut p| {
        p.condition(Kind::Condition, text.unwrap_or("a = b"))?;
        p.finish()
    });
    outcome.unwrap_err().message().to_owned()
}

#[test]
fn placeholders_are_checked_before_any_expression() {
    assert_eq!(
        placeholders(&[("n", "x")], None, Some("a =")),
        "ExpressionAttributeNames contains invalid key: Syntax error; key: \"n\""
    );
    assert_eq!(
        placeholders(&[], Some(&item([("v", s("x"))])), Some("a = :v")),
        "ExpressionAttributeValues contains invalid key: Syntax error; key: \"v\""
    );
    assert_eq!(
        placeholders(&[], Some(&Item::new()), Some("a = b")),
        "ExpressionAttributeValues must not be empty"
    );
    let empty = AttributeValue::Invalid("Supplied AttributeValue is empty".into());
    assert_eq!(
        placeholders(&[], Some(&item([(":v", empty)])), Some("a = :v")),
        "ExpressionAttributeValues contains invalid value: Supplied AttributeValue is empty for \
         key :v"
    );
}

#[test]
fn placeholders_need_an_expression() {
    assert_eq!(
        placeholders(&[("#n", "x")], None, None),
        "ExpressionAttributeNames can only be specified when using expressions"
    );
    assert_eq!(
        placeholders(&[], Some(&item([(":v", s("x"))])), None),
        "ExpressionAttributeValues can only be specified when using expressions: \
         ConditionExpression is null"
    );
}

#[test]
fn unused_placeholders() {
    assert_eq!(
        placeholders(&[("#a", "x"), ("#b", "y"), ("#c", "z")], None, Some("#b = z")),
        "Value provided in ExpressionAttributeNames unused in expressions: keys: {#a, #c}"
    );
    assert_eq!(
        placeholders(&[], Some(&item([(":v", s("x"))])), Some("a = b")),
        "Value provided in ExpressionAttributeValues unused in expressions: keys: {:v}"
    );
}
