//! Single items: `PutItem`, `GetItem`, `UpdateItem`, `DeleteItem`.

use std::collections::BTreeMap;
use std::sync::Arc;

use cumulet_core::{AwsError, Cx};

use crate::api::{self, input, output};
use crate::consumed::{self, Report, Sort, Units};
use crate::errors::validation;
use crate::expression::{Condition, Kind, Placeholders, Projection, Update, legacy};
use crate::name::TableRef;
use crate::space::Change;
use crate::state::TableRow;
use crate::stored::{Attributes, Stored};
use crate::throttle::Access;
use crate::value::Item;
use crate::view::View;
use crate::write::{Action, Write};
use crate::{DynamoDb, key, value};

pub(crate) fn put_item(
    db: &DynamoDb,
    cx: &Cx,
    mut input: input::PutItem,
) -> Result<output::PutItem, AwsError> {
    let item = input.item.take().unwrap_or_default();
    replace(db, cx, Action::Put(item), input)
}

pub(crate) fn delete_item(
    db: &DynamoDb,
    cx: &Cx,
    input: input::DeleteItem,
) -> Result<output::DeleteItem, AwsError> {
    let same = input::PutItem {
        table_name: input.table_name,
        item: None,
        expected: input.expected,
        conditional_operator: input.conditional_operator,
        condition_expression: input.condition_expression,
        expression_attribute_names: input.expression_attribute_names,
        expression_attribute_values: input.expression_attribute_values,
        return_values: input.return_values,
        return_values_on_condition_check_failure: input.return_values_on_condition_check_failure,
        return_consumed_capacity: input.return_consumed_capacity,
        return_item_collection_metrics: input.return_item_collection_metrics,
    };
    let done = replace(db, cx, Action::Delete(input.key.unwrap_or_default()), same)?;
    Ok(output::DeleteItem {
        attributes: done.attributes,
        consumed_capacity: done.consumed_capacity,
        item_collection_metrics: done.item_collection_metrics,
    })
}

/// `PutItem`, and `DeleteItem`, which has the same members but for the item.
fn replace(
    db: &DynamoDb,
    cx: &Cx,
    action: Action,
    input: input::PutItem,
) -> Result<output::PutItem, AwsError> {
    db.admit(cx, Access::Write)?;
    let returns = input.return_values.as_deref();
    if !matches!(returns, None | Some("NONE" | "ALL_OLD")) {
        return Err(validation("ReturnValues can only be ALL_OLD or NONE"));
    }
    let at = TableRef::of(cx, input.table_name.as_ref())?;
    let (names, values) = (input.expression_attribute_names, input.expression_attribute_values);
    let text = input.condition_expression.as_deref();
    let condition =
        match legacy::expected(input.expected, input.conditional_operator.as_deref(), text)? {
            Some(condition) => Some(condition),
            None => condition(names.as_ref(), values.as_ref(), text)?,
        };
    let mut write = Write::new(action);
    write.condition = condition;
    write.show_on_failure = shows(input.return_values_on_condition_check_failure.as_deref());
    let metrics = input.return_item_collection_metrics.as_deref();
    let done = one(db, cx, &at, &write, input.return_consumed_capacity.as_deref(), metrics)?;
    let old = done.change.old.filter(|_| returns == Some("ALL_OLD"));
    Ok(output::PutItem {
        attributes: old.map(Attributes::Whole),
        consumed_capacity: done.consumed,
        item_collection_metrics: done.metrics,
    })
}

/// Whether a failed condition is answered with the item.
pub(crate) fn shows(returns: Option<&str>) -> bool {
    returns == Some("ALL_OLD")
}

/// A `ConditionExpression` that is alone with its placeholders.
pub(crate) fn condition(
    names: Option<&BTreeMap<String, String>>,
    values: Option<&Item>,
    text: Option<&str>,
) -> Result<Option<Condition>, AwsError> {
    let mut placeholders = Placeholders::new(names, values, &[(Kind::Condition, text)])?;
    let condition = text.map(|text| placeholders.condition(Kind::Condition, text)).transpose()?;
    placeholders.finish()?;
    Ok(condition)
}

struct Done {
    change: Change,
    consumed: Option<api::ConsumedCapacity>,
    metrics: Option<api::ItemCollectionMetrics>,
}

/// Does one write.
fn one(
    db: &DynamoDb,
    cx: &Cx,
    at: &TableRef<'_>,
    write: &Write,
    report: Option<&str>,
    metrics: Option<&str>,
) -> Result<Done, AwsError> {
    write.check()?;
    let report = Report::parse(report);
    db.write_items(cx, at.scope, |tx| {
        let table = Arc::clone(tx.table(at.name)?);
        let decision = write.decide(tx, &table)?;
        let change = decision.carry_out(cx, tx);
        let consumed = consumed(&table, &change, report);
        let metrics = consumed::collection(&table, metrics, write.given());
        Ok(Done { change, consumed, metrics })
    })
}

fn consumed(table: &TableRow, change: &Change, report: Report) -> Option<api::ConsumedCapacity> {
    if report == Report::Nothing {
        return None;
    }
    Units::of_write(table, change).describe(&table.name, report, Sort::Plain)
}

pub(crate) fn update_item(
    db: &DynamoDb,
    cx: &Cx,
    input: input::UpdateItem,
) -> Result<output::UpdateItem, AwsError> {
    db.admit(cx, Access::Write)?;
    let at = TableRef::of(cx, input.table_name.as_ref())?;
    let (names, values) = (input.expression_attribute_names, input.expression_attribute_values);
    let (names, values) = (names.as_ref(), values.as_ref());
    let text = input.condition_expression.as_deref();
    let change = input.update_expression.as_deref();
    let others = [
        ("AttributeUpdates", input.attribute_updates.is_some()),
        ("Expected", input.expected.is_some()),
        ("ConditionalOperator", input.conditional_operator.is_some()),
    ];
    let given = [(Kind::Update, change.is_some()), (Kind::Condition, text.is_some())];
    legacy::check_mix(&others, &given)?;
    let takes = [(Kind::Update, change), (Kind::Condition, text)];
    let mut placeholders = Placeholders::new(names, values, &takes)?;
    let update = change.map(|text| placeholders.update(text)).transpose()?;
    let condition = text.map(|text| placeholders.condition(Kind::Condition, text)).transpose()?;
    placeholders.finish()?;
    let before = legacy::attribute_updates(input.attribute_updates)?;
    let update = update.or(before).unwrap_or_default();
    let expected = legacy::expected(input.expected, input.conditional_operator.as_deref(), text)?;
    let mut write = Write::new(Action::Update(input.key.unwrap_or_default(), update));
    write.condition = condition.or(expected);
    write.show_on_failure = shows(input.return_values_on_condition_check_failure.as_deref());
    let metrics = input.return_item_collection_metrics.as_deref();
    let done = one(db, cx, &at, &write, input.return_consumed_capacity.as_deref(), metrics)?;
    let Action::Update(_, update) = &write.action else { return Ok(output::UpdateItem::default()) };
    Ok(output::UpdateItem {
        attributes: returned(update, done.change, input.return_values.as_deref()),
        consumed_capacity: done.consumed,
        item_collection_metrics: done.metrics,
    })
}

/// What an update answers with: nothing where there is nothing to show.
pub(crate) fn returned(
    update: &Update,
    change: Change,
    returns: Option<&str>,
) -> Option<Attributes> {
    let touched = |item: Option<Stored>| {
        let part = Projection::of(update.paths()).project(item?.bytes());
        (!part.is_empty()).then_some(Attributes::Item(part))
    };
    match returns {
        Some("ALL_OLD") => change.old.map(Attributes::Whole),
        Some("ALL_NEW") => change.new.map(Attributes::Whole),
        Some("UPDATED_OLD") => touched(change.old),
        Some("UPDATED_NEW") => touched(change.new),
        _ => None,
    }
}

pub(crate) fn get_item(
    db: &DynamoDb,
    cx: &Cx,
    input: input::GetItem,
) -> Result<output::GetItem, AwsError> {
    db.admit(cx, Access::Read)?;
    let at = TableRef::of(cx, input.table_name.as_ref())?;
    let view = View::parse(
        input.projection_expression.as_deref(),
        input.attributes_to_get,
        input.expression_attribute_names.as_ref(),
    )?;
    let report = Report::parse(input.return_consumed_capacity.as_deref());
    let given = input.key.unwrap_or_default();
    value::check_item(&given)?;
    let (found, consumed) = db.store.read(cx, at.scope, |tx| {
        let table = tx.table(at.name)?;
        let key = key::of_key(table, &given)?;
        let found = tx.rows.get(&*key).cloned();
        let size = found.as_ref().map_or(0, Stored::size);
        let units = consumed::read(size, input.consistent_read.unwrap_or(false));
        let units = Units::of_read(None, units).describe(&table.name, report, Sort::Plain);
        Ok::<_, AwsError>((found, units))
    })?;
    Ok(output::GetItem { item: found.map(|item| view.of(item)), consumed_capacity: consumed })
}
