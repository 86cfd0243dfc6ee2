//! What requests said before there were expressions: `Expected`, `KeyConditions`, `QueryFilter`,
//! `ScanFilter`, `AttributeUpdates`, `AttributesToGet` and `ConditionalOperator`, as the same trees.

use std::collections::BTreeMap;

use cumulet_core::AwsError;

use super::condition::{Comparison, Condition, Operand};
use super::key::{KeyCondition, KeyTest};
use super::path::Path;
use super::placeholders::Kind;
use super::update::{Action, Source, Update};
use crate::api;
use crate::errors::{invalid, validation};
use crate::value::AttributeValue;

/// Refuses a request that has both expressions and what was there before them.
pub(crate) fn check_mix(
    others: &[(&str, bool)],
    expressions: &[(Kind, bool)],
) -> Result<(), AwsError> {
    let others: Vec<_> = others.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect();
    let expressions: Vec<_> =
        expressions.iter().filter(|(_, given)| *given).map(|(kind, _)| kind.name()).collect();
    if others.is_empty() || expressions.is_empty() {
        return Ok(());
    }
    Err(validation(format!(
        "Can not use both expression and non-expression parameters in the same request: \
         Non-expression parameters: {{{}}} Expression parameters: {{{}}}",
        others.join(", "),
        expressions.join(", ")
    )))
}

/// `Expected`, where there is no `ConditionExpression`.
pub(crate) fn expected(
    expected: Option<BTreeMap<String, api::ExpectedAttributeValue>>,
    operator: Option<&str>,
    expression: Option<&str>,
) -> Result<Option<Condition>, AwsError> {
    let others = [("Expected", expected.is_some()), ("ConditionalOperator", operator.is_some())];
    check_mix(&others, &[(Kind::Condition, expression.is_some())])?;
    let mut all = Vec::new();
    for (name, expected) in expected.unwrap_or_default() {
        all.push(one_expected(name, expected)?);
    }
    combine(all, operator)
}

/// `QueryFilter` or `ScanFilter`.
pub(crate) fn filter(
    filter: Option<BTreeMap<String, api::Condition>>,
    operator: Option<&str>,
) -> Result<Option<Condition>, AwsError> {
    let mut all = Vec::new();
    for (name, condition) in filter.unwrap_or_default() {
        let operator = condition.comparison_operator.unwrap_or_default();
        all.push(comparison(&name, &operator, condition.attribute_value_list.unwrap_or_default())?);
    }
    combine(all, operator)
}

/// `KeyConditions`.
pub(crate) fn key_conditions(
    conditions: Option<BTreeMap<String, api::Condition>>,
) -> Result<Option<KeyCondition>, AwsError> {
    let Some(conditions) = conditions else { return Ok(None) };
    if !matches!(conditions.len(), 1 | 2) {
        return Err(validation("Conditions can be of length 1 or 2 only"));
    }
    let mut tests = Vec::new();
    for (name, condition) in conditions {
        let operator = condition.comparison_operator.unwrap_or_default();
        let values = condition.attribute_value_list.unwrap_or_default();
        let test = match comparison(&name, &operator, values)? {
            Condition::Compare(how, operands) => match *operands {
                [_, Operand::Value(value)] if how != Comparison::Unequal => {
                    Some(KeyTest::Compare(how, value))
                }
                _ => None,
            },
            Condition::Between(operands) => match *operands {
                [_, Operand::Value(low), Operand::Value(high)] => Some(KeyTest::Between(low, high)),
                _ => None,
            },
            Condition::BeginsWith(operands) => match *operands {
                [_, Operand::Value(value)] => Some(KeyTest::BeginsWith(value)),
                _ => None,
            },
            _ => None,
        };
        let not_indexable =
            || validation("Attempted conditional constraint is not an indexable operation");
        tests.push((name, test.ok_or_else(not_indexable)?));
    }
    Ok(Some(KeyCondition { tests }))
}

/// `AttributesToGet`, where there is no `ProjectionExpression`.
pub(crate) fn attributes_to_get(
    names: Option<Vec<String>>,
    expression: Option<&str>,
) -> Result<Option<Vec<String>>, AwsError> {
    let others = [("AttributesToGet", names.is_some())];
    check_mix(&others, &[(Kind::Projection, expression.is_some())])?;
    let Some(names) = names else { return Ok(None) };
    let mut sorted: Vec<_> = names.iter().collect();
    sorted.sort_unstable();
    match sorted.windows(2).find_map(|two| two.first().filter(|first| two.last() == Some(first))) {
        Some(name) => Err(invalid(format!("Duplicate value in attribute name: {name}"))),
        None => Ok(Some(names)),
    }
}

/// `AttributeUpdates`.
pub(crate) fn attribute_updates(
    updates: Option<BTreeMap<String, api::AttributeValueUpdate>>,
) -> Result<Option<Update>, AwsError> {
    let Some(updates) = updates else { return Ok(None) };
    let mut actions = Vec::new();
    for (name, update) in updates {
        actions.push(action(name, update)?);
    }
    Ok(Some(Update { actions, is_legacy: true }))
}

fn action(name: String, update: api::AttributeValueUpdate) -> Result<Action, AwsError> {
    type V = AttributeValue;
    let path = Path::top(name);
    let action = update.action.as_deref().unwrap_or("PUT");
    let Some(value) = update.value else {
        if action == "DELETE" {
            return Ok(Action::Remove(path));
        }
        return Err(invalid("Only DELETE action is allowed when no attribute value is specified"));
    };
    value.check().map_err(validation)?;
    let is_set = matches!(value, V::Ss(_) | V::Ns(_) | V::Bs(_));
    let type_name = value.type_name();
    match action {
        "ADD" if is_set || matches!(value, V::N(_) | V::L(_)) => Ok(Action::Add(path, value)),
        "ADD" => Err(invalid(format!("ADD action is not supported for the type {type_name}"))),
        "DELETE" if is_set => Ok(Action::Delete(path, value)),
        "DELETE" => Err(invalid(format!(
            "DELETE action with value is not supported for the type {type_name}"
        ))),
        _ => Ok(Action::Set(path, Source::Value(value))),
    }
}

fn combine(all: Vec<Condition>, operator: Option<&str>) -> Result<Option<Condition>, AwsError> {
    match (operator, all.len()) {
        (Some(_), 0) => {
            return Err(invalid("ConditionalOperator cannot be used without Filter or Expected"));
        }
        (Some(_), 1) => {
            return Err(invalid(
                "ConditionalOperator can only be used when Filter or Expected has two or more \
                 elements",
            ));
        }
        _ => {}
    }
    let both = if operator == Some("OR") { Condition::Or } else { Condition::And };
    Ok(all.into_iter().reduce(|a, b| both(Box::new([a, b]))))
}

fn one_expected(
    name: String,
    expected: api::ExpectedAttributeValue,
) -> Result<Condition, AwsError> {
    let wrong = |what: &str| Err(invalid(format!("{what} for Attribute: {name}")));
    let api::ExpectedAttributeValue { value, exists, comparison_operator, attribute_value_list } =
        expected;
    if value.is_some() && attribute_value_list.is_some() {
        return wrong("Value and AttributeValueList cannot be used together");
    }
    if let Some(operator) = comparison_operator {
        if exists.is_some() {
            return wrong("Exists and ComparisonOperator cannot be used together");
        }
        let without = matches!(operator.as_str(), "NULL" | "NOT_NULL");
        let values = attribute_value_list.or_else(|| value.map(|value| vec![value]));
        if values.is_none() && !without {
            return wrong(&format!(
                "Value or AttributeValueList must be used with ComparisonOperator: {operator}"
            ));
        }
        return comparison(&name, &operator, values.unwrap_or_default());
    }
    if attribute_value_list.is_some() {
        return wrong("AttributeValueList can only be used with a ComparisonOperator");
    }
    match (exists, value) {
        (Some(false), Some(_)) => wrong("Value cannot be used when Exists is false"),
        (Some(false), None) => Ok(Condition::NotExists(Operand::Path(Path::top(name)))),
        (Some(true), None) => wrong("Value must be provided when Exists is true"),
        (None, None) => wrong("Value must be provided when Exists is null"),
        (_, Some(value)) => {
            value.check().map_err(validation)?;
            Ok(compare(&name, Comparison::Equal, value))
        }
    }
}

fn compare(name: &str, how: Comparison, value: AttributeValue) -> Condition {
    let path = Operand::Path(Path::top(name));
    Condition::Compare(how, Box::new([path, Operand::Value(value)]))
}

/// Types that an operator takes, and how many values: none is any number but none.
fn operands(operator: &str) -> (&'static [&'static str], Option<usize>) {
    const SETS: &[&str] = &["S", "N", "B", "SS", "NS", "BS", "L", "M", "BOOL", "NULL"];
    const SCALARS: &[&str] = &["S", "N", "B"];
    match operator {
        "NULL" | "NOT_NULL" => (SETS, Some(0)),
        "EQ" | "NE" => (SETS, Some(1)),
        "LE" | "LT" | "GE" | "GT" => (SCALARS, Some(1)),
        "CONTAINS" | "NOT_CONTAINS" => (&["S", "N", "B", "BOOL", "NULL", "L", "M"], Some(1)),
        "BEGINS_WITH" => (&["S", "B"], Some(1)),
        "BETWEEN" => (SCALARS, Some(2)),
        _ => (SCALARS, None),
    }
}

fn comparison(
    name: &str,
    operator: &str,
    values: Vec<AttributeValue>,
) -> Result<Condition, AwsError> {
    let (types, wanted) = operands(operator);
    values.iter().try_for_each(AttributeValue::check).map_err(validation)?;
    if wanted.map_or(values.is_empty(), |wanted| values.len() != wanted) {
        return Err(invalid(format!(
            "Invalid number of argument(s) for the {operator} ComparisonOperator"
        )));
    }
    let mut kinds = values.iter().map(AttributeValue::type_name);
    if let Some(first) = kinds.next() {
        if kinds.any(|kind| kind != first) {
            return Err(invalid("AttributeValues inside AttributeValueList must be of same type"));
        }
        if !types.contains(&first) {
            return Err(invalid(format!(
                "ComparisonOperator {operator} is not valid for {first} AttributeValue type"
            )));
        }
    }
    let path = || Operand::Path(Path::top(name));
    let mut given = values.into_iter();
    let condition = match (operator, given.next(), given.next()) {
        ("NULL", ..) => Condition::NotExists(path()),
        ("NOT_NULL", ..) => Condition::Exists(path()),
        ("BETWEEN", Some(low), Some(high)) => {
            if low.compare(&high).is_some_and(std::cmp::Ordering::is_gt) {
                return Err(validation(
                    "The BETWEEN condition was provided a range where the lower bound is greater \
                     than the upper bound",
                ));
            }
            Condition::Between(Box::new([path(), Operand::Value(low), Operand::Value(high)]))
        }
        ("IN", first, second) => {
            let all = first.into_iter().chain(second).chain(given);
            Condition::In(path(), all.map(Operand::Value).collect())
        }
        ("BEGINS_WITH", Some(value), None) => {
            Condition::BeginsWith(Box::new([path(), Operand::Value(value)]))
        }
        ("CONTAINS", Some(value), None) => {
            Condition::Contains(Box::new([path(), Operand::Value(value)]))
        }
        ("NOT_CONTAINS", Some(value), None) => {
            let contains = Condition::Contains(Box::new([path(), Operand::Value(value)]));
            let not = Condition::Not(Box::new(contains));
            Condition::And(Box::new([Condition::Exists(path()), not]))
        }
        ("NE", Some(value), None) => compare(name, Comparison::Unequal, value),
        ("LT", Some(value), None) => compare(name, Comparison::Less, value),
        ("LE", Some(value), None) => compare(name, Comparison::LessOrEqual, value),
        ("GT", Some(value), None) => compare(name, Comparison::Greater, value),
        ("GE", Some(value), None) => compare(name, Comparison::GreaterOrEqual, value),
        (_, Some(value), None) => compare(name, Comparison::Equal, value),
        // The number of values is right by now.
        _ => return Err(invalid("ComparisonOperator")),
    };
    Ok(condition)
}
