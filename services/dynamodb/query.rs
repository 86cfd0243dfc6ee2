//! Many items by their keys: Query; and all of them: Scan.

use cumulet_core::{AwsError, Cx};

use crate::api::{input, output};
use crate::consumed::{Report, Sort};
use crate::errors::{invalid, validation};
use crate::expression::{
    Comparison, Condition, KeyCondition, KeyRange, KeyTest, Kind, Placeholders, legacy,
};
use crate::name::TableRef;
use crate::page::{Range, Request};
use crate::space::SpaceId;
use crate::throttle::Access;
use crate::value::AttributeValue;
use crate::view::View;
use crate::{DynamoDb, key};

pub(crate) fn query(
    db: &DynamoDb,
    cx: &Cx,
    mut input: input::Query,
) -> Result<output::Query, AwsError> {
    db.admit(cx, Access::Read)?;
    let (key, filter, view) = parse_query(&mut input)?;
    let at = TableRef::of(cx, input.table_name.as_ref())?;
    let filtered =
        if input.filter_expression.is_some() { "Filter Expression" } else { "QueryFilter" };
    let request = Request {
        operation: "Query",
        index: input.index_name.as_deref(),
        select: input.select.as_deref(),
        filter,
        view,
        start: input.exclusive_start_key,
        limit: input.limit,
        consistent: input.consistent_read.unwrap_or(false),
        backward: input.scan_index_forward == Some(false),
    };
    request.check()?;
    let report = Report::parse(input.return_consumed_capacity.as_deref());
    db.store.read(cx, at.scope, |tx| {
        let table = tx.table(at.name)?;
        let index = request.index(table)?;
        let (space, schema) = index.map_or((table.space, &table.key), |i| (i.space, &i.key));
        if let Some(filter) = &request.filter {
            let keys = schema.parts().map(|part| part.name.as_str());
            filter.check_no_keys(filtered, keys)?;
        }
        let range = range(space, &key.bind(schema)?)?;
        let page = request.read(tx, table, index, &range, || {
            validation(
                "The provided starting key is outside query boundaries based on provided conditions",
            )
        })?;
        Ok(output::Query {
            items: page.items,
            count: Some(page.count),
            scanned_count: Some(page.scanned),
            last_evaluated_key: page.last,
            consumed_capacity: page.units.describe(&table.name, report, Sort::Plain),
        })
    })
}

type Parsed = (KeyCondition, Option<Condition>, View);

fn parse_query(input: &mut input::Query) -> Result<Parsed, AwsError> {
    let (before, attributes) = (input.key_conditions.take(), input.attributes_to_get.take());
    let (filtered, operator) = (input.query_filter.take(), input.conditional_operator.as_deref());
    let key = input.key_condition_expression.as_deref();
    let filter = input.filter_expression.as_deref();
    let view = input.projection_expression.as_deref();
    let takes = [(Kind::Filter, filter), (Kind::Projection, view), (Kind::KeyCondition, key)];
    let others = [
        ("AttributesToGet", attributes.is_some()),
        ("QueryFilter", filtered.is_some()),
        ("ConditionalOperator", operator.is_some()),
        ("KeyConditions", before.is_some()),
    ];
    legacy::check_mix(&others, &takes.map(|(kind, text)| (kind, text.is_some())))?;
    let names = input.expression_attribute_names.as_ref();
    let values = input.expression_attribute_values.as_ref();
    let mut placeholders = Placeholders::new(names, values, &takes)?;
    let (filter, view) = parse_shown(&mut placeholders, filter, view, attributes)?;
    let key = key.map(|text| placeholders.key_condition(text)).transpose()?;
    let Some(key) = key.or(legacy::key_conditions(before)?) else {
        let text = "Either the KeyConditions or KeyConditionExpression parameter must be specified \
                    in the request.";
        return Err(validation(text));
    };
    placeholders.finish()?;
    Ok((key, filter.or(legacy::filter(filtered, operator)?), view))
}

/// Which of the items that are read an answer shows, and what of them.
fn parse_shown(
    placeholders: &mut Placeholders<'_>,
    filter: Option<&str>,
    view: Option<&str>,
    attributes: Option<Vec<String>>,
) -> Result<(Option<Condition>, View), AwsError> {
    let filter = filter.map(|text| placeholders.condition(Kind::Filter, text)).transpose()?;
    let view = View::of_expression(placeholders, view)?;
    let names = legacy::attributes_to_get(attributes, None)?;
    Ok((filter, names.map_or(view, |names| View::Names(names.into()))))
}

/// The keys that a condition is about.
pub(crate) fn range(space: SpaceId, bound: &KeyRange) -> Result<Range, AwsError> {
    let mut prefix = key::partition(space, &bound.hash);
    for value in &bound.range {
        value.push_key(&mut prefix);
    }
    let at = |value: &AttributeValue| {
        let mut key = prefix.clone();
        value.push_key(&mut key);
        key
    };
    let end = || key::after(&prefix);
    Ok(match &bound.last {
        None => (prefix.clone(), end()),
        Some(KeyTest::Compare(comparison, value)) => match comparison {
            Comparison::Less => (prefix.clone(), at(value)),
            Comparison::LessOrEqual => (prefix.clone(), key::after(&at(value))),
            Comparison::Greater => (key::after(&at(value)), end()),
            Comparison::GreaterOrEqual => (at(value), end()),
            Comparison::Equal | Comparison::Unequal => (at(value), key::after(&at(value))),
        },
        Some(KeyTest::Between(low, high)) => {
            let (low, high) = (at(low), at(high));
            if low > high {
                return Err(validation(
                    "Invalid KeyConditionExpression: The BETWEEN operator requires upper bound to \
                     be greater than or equal to lower bound",
                ));
            }
            (low, key::after(&high))
        }
        Some(KeyTest::BeginsWith(value)) => {
            let mut first = prefix.clone();
            value.push_key_prefix(&mut first);
            let after = key::after(&first);
            (first, after)
        }
    })
}

pub(crate) fn scan(
    db: &DynamoDb,
    cx: &Cx,
    mut input: input::Scan,
) -> Result<output::Scan, AwsError> {
    db.admit(cx, Access::Read)?;
    let (filter, view) = parse_scan(&mut input)?;
    let at = TableRef::of(cx, input.table_name.as_ref())?;
    let segment = segment(input.segment, input.total_segments)?;
    let request = Request {
        operation: "Scan",
        index: input.index_name.as_deref(),
        select: input.select.as_deref(),
        filter,
        view,
        start: input.exclusive_start_key,
        limit: input.limit,
        consistent: input.consistent_read.unwrap_or(false),
        backward: false,
    };
    request.check()?;
    let report = Report::parse(input.return_consumed_capacity.as_deref());
    db.store.read(cx, at.scope, |tx| {
        let table = tx.table(at.name)?;
        let index = request.index(table)?;
        let space = index.map_or(table.space, |index| index.space);
        let range = match segment {
            None => (key::space(space), key::space(space + 1)),
            Some((part, parts)) => {
                (key::segment(space, part, parts), key::segment(space, part + 1, parts))
            }
        };
        let page = request.read(tx, table, index, &range, || {
            let (segment, total) = segment.unwrap_or_default();
            validation(format!(
                "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use \
                 ExclusiveStartKey with correct Segment. TotalSegments: {total} Segment: {segment}"
            ))
        })?;
        Ok(output::Scan {
            items: page.items,
            count: Some(page.count),
            scanned_count: Some(page.scanned),
            last_evaluated_key: page.last,
            consumed_capacity: page.units.describe(&table.name, report, Sort::Plain),
        })
    })
}

fn parse_scan(input: &mut input::Scan) -> Result<(Option<Condition>, View), AwsError> {
    let (filtered, attributes) = (input.scan_filter.take(), input.attributes_to_get.take());
    let operator = input.conditional_operator.as_deref();
    let filter = input.filter_expression.as_deref();
    let view = input.projection_expression.as_deref();
    let takes = [(Kind::Filter, filter), (Kind::Projection, view)];
    let others = [
        ("AttributesToGet", attributes.is_some()),
        ("ScanFilter", filtered.is_some()),
        ("ConditionalOperator", operator.is_some()),
    ];
    legacy::check_mix(&others, &takes.map(|(kind, text)| (kind, text.is_some())))?;
    let names = input.expression_attribute_names.as_ref();
    let values = input.expression_attribute_values.as_ref();
    let mut placeholders = Placeholders::new(names, values, &takes)?;
    let (filter, view) = parse_shown(&mut placeholders, filter, view, attributes)?;
    placeholders.finish()?;
    Ok((filter.or(legacy::filter(filtered, operator)?), view))
}

/// Which of how many parts of a table.
fn segment(part: Option<i32>, parts: Option<i32>) -> Result<Option<(u32, u32)>, AwsError> {
    match (part, parts) {
        (None, None) => Ok(None),
        (Some(_), None) => Err(validation(
            "The TotalSegments parameter is required but was not present in the request when \
             Segment parameter is present",
        )),
        (None, Some(_)) => Err(validation(
            "The Segment parameter is required but was not present in the request when parameter \
             TotalSegments is present",
        )),
        (Some(part), Some(parts)) if part >= parts => Err(validation(format!(
            "The Segment parameter is zero-based and must be less than parameter TotalSegments: \
             Segment: {part} is not less than TotalSegments: {parts}"
        ))),
        (Some(part), Some(parts)) => {
            let unsigned = |n: i32| u32::try_from(n).map_err(|_| invalid("Segment"));
            Ok(Some((unsigned(part)?, unsigned(parts)?)))
        }
    }
}
