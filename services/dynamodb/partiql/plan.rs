//! Which items a statement is about: its WHERE, taken apart by the key of a table or an index.

use cumulet_core::AwsError;

use super::statement::Statement;
use crate::errors::{invalid, validation};
use crate::expression::{Comparison, Condition, KeyRange, KeyTest, Operand, Path, key_test};
use crate::schema::{KeyPart, Schema};
use crate::state::TableRow;
use crate::value::{AttributeValue, Item};
use crate::write::{Action, Write};

/// All that must hold, one by one.
fn conjuncts(condition: &Condition) -> Vec<&Condition> {
    match condition {
        Condition::And(two) => two.iter().flat_map(conjuncts).collect(),
        other => vec![other],
    }
}

/// What a whole attribute is asked to be.
fn equality(condition: &Condition) -> Option<(&str, &AttributeValue)> {
    let Condition::Compare(Comparison::Equal, operands) = condition else { return None };
    match &**operands {
        [Operand::Path(path), Operand::Value(value)]
        | [Operand::Value(value), Operand::Path(path)]
            if path.steps.is_empty() =>
        {
            Some((&path.root, value))
        }
        _ => None,
    }
}

fn all_of(conditions: impl IntoIterator<Item = Condition>) -> Option<Condition> {
    conditions.into_iter().reduce(|a, b| Condition::And(Box::new([a, b])))
}

/// The key of the one item that a condition is about, and what else it asks of it.
pub(super) fn one_item(
    condition: Option<&Condition>,
    table: &TableRow,
) -> Option<(Item, Option<Condition>)> {
    let mut key = Item::new();
    let mut rest = Vec::new();
    for conjunct in conjuncts(condition?) {
        match equality(conjunct) {
            Some((name, value)) if table.key.has(name) && !key.contains_key(name) => {
                key.insert(name.to_owned(), value.clone());
            }
            _ => rest.push(conjunct.clone()),
        }
    }
    (key.len() == table.key.parts().count()).then(|| (key, all_of(rest)))
}

/// The write that a statement is.
pub(super) fn write(statement: &Statement, table: &TableRow) -> Result<Write, AwsError> {
    let hash = table.key.hash.first().map_or("", |part| &part.name);
    let is_there = Condition::Exists(Operand::Path(Path::top(hash)));
    let is_not_there = Condition::NotExists(Operand::Path(Path::top(hash)));
    let key_and_rest = |condition| {
        one_item(Some(condition), table).ok_or_else(|| {
            validation("Where clause does not contain a mandatory equality on all key attributes")
        })
    };
    match statement {
        Statement::Insert { item, .. } => {
            let mut write = Write::new(Action::Put(item.clone()));
            write.condition = Some(is_not_there);
            write.is_insert = true;
            Ok(write)
        }
        Statement::Update { update, condition, .. } => {
            let (key, rest) = key_and_rest(condition)?;
            let mut write = Write::new(Action::Update(key, update.clone()));
            write.condition = all_of([is_there].into_iter().chain(rest));
            Ok(write)
        }
        Statement::Delete { condition, .. } => {
            let (key, rest) = key_and_rest(condition)?;
            let mut write = Write::new(Action::Delete(key));
            // What is not there is deleted whatever else is asked of it.
            write.condition = rest.map(|rest| Condition::Or(Box::new([is_not_there, rest])));
            Ok(write)
        }
        Statement::Exists(select) | Statement::Select(select) => {
            match one_item(select.condition.as_ref(), table) {
                Some((key, Some(rest))) if select.index.is_none() => {
                    let mut write = Write::new(Action::Check(key));
                    write.condition = all_of([is_there, rest]);
                    Ok(write)
                }
                _ => Err(validation(
                    "EXISTS() must contain a single item read with additional condition",
                )),
            }
        }
    }
}

/// The partitions that a condition is about, in the order in which they are to be read; all of them
/// where it is `None`. The condition itself stays to be asked of every item.
pub(super) fn ranges(
    condition: Option<&Condition>,
    schema: &Schema,
) -> Result<Option<Vec<KeyRange>>, AwsError> {
    let Some(condition) = condition else { return Ok(None) };
    // Statements read no index with more than one such attribute.
    let Some(part) = schema.hash.first() else { return Ok(None) };
    let Some(values) = values(condition, &part.name) else { return Ok(None) };
    if values.iter().any(|value| value.type_name() != part.kind.name()) {
        return Err(invalid("Condition parameter type does not match schema type"));
    }
    let (range, last) = sort(condition, &schema.range);
    let of_value = |value| KeyRange { hash: vec![value], range: range.clone(), last: last.clone() };
    Ok(Some(values.into_iter().map(of_value).collect()))
}

/// The values that an attribute must have one of, sorted.
fn values(condition: &Condition, name: &str) -> Option<Vec<AttributeValue>> {
    let mut found = match condition {
        Condition::And(two) => two.iter().find_map(|c| values(c, name))?,
        Condition::Or(two) => {
            let [a, b] = &**two;
            let mut both = values(a, name)?;
            both.extend(values(b, name)?);
            both
        }
        Condition::In(Operand::Path(path), list) if path.root == name && path.steps.is_empty() => {
            let value = |o: &Operand| match o {
                Operand::Value(value) => Some(value.clone()),
                _ => None,
            };
            list.iter().map(value).collect::<Option<Vec<_>>>()?
        }
        other => match equality(other)? {
            (found, value) if found == name => vec![value.clone()],
            _ => return None,
        },
    };
    found.sort_by(|a, b| a.compare(b).unwrap_or(std::cmp::Ordering::Equal));
    found.dedup();
    Some(found)
}

/// What is asked of the attributes that are sorted by.
fn sort(condition: &Condition, parts: &[KeyPart]) -> (Vec<AttributeValue>, Option<KeyTest>) {
    let conjuncts = conjuncts(condition);
    let mut range = Vec::new();
    for part in parts {
        let test = conjuncts.iter().find_map(|conjunct| {
            let (name, test) = key_test((*conjunct).clone()).ok()?;
            (name == part.name && test.is_of(part.kind)).then_some(test)
        });
        match test {
            Some(KeyTest::Compare(Comparison::Equal, value)) => range.push(value),
            last => return (range, last),
        }
    }
    (range, None)
}
