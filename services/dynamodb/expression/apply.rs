//! Updates applied. All that an update reads is read from the item as it was; then the new values
//! are put in, then what goes is removed, so that places in lists mean those of the old lists.

use cumulet_core::AwsError;

use super::path::{Path, Step};
use super::update::{Action, Source, Update};
use crate::errors::validation;
use crate::number::Number;
use crate::value::{AttributeValue, Item};

type Outcome<T> = Result<T, String>;

impl Update {
    /// Changes the item. What was touched is [`Self::paths`].
    pub(crate) fn apply(&self, item: &mut Item) -> Result<(), AwsError> {
        self.try_apply(item).map_err(|reason| {
            let mismatch = self.is_legacy && reason == WRONG_OPERAND;
            validation(if mismatch {
                "Type mismatch for attribute to update".to_owned()
            } else {
                reason
            })
        })
    }

    /// The paths of all its actions: with a projection on them, what was and what is now there.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.actions.iter().map(Action::path)
    }

    fn try_apply(&self, item: &mut Item) -> Outcome<()> {
        let mut puts = Vec::new();
        let mut removals = Vec::new();
        for action in &self.actions {
            match new_value(action, item)? {
                New::Put(value) => puts.push((action.path(), value)),
                New::Remove => removals.push(action.path()),
                New::Leave => {}
            }
        }
        // Elements behind a list's end are appended in the order of their places; what is removed
        // goes from the back, so that nothing moves that is still to be found.
        puts.sort_by_key(|(path, _)| places(path));
        removals.sort_by_key(|path| std::cmp::Reverse(places(path)));
        for (path, value) in puts {
            put(item, path, value)?;
        }
        removals.into_iter().try_for_each(|path| remove(item, path))?;
        // A value may go deeper than it was given.
        let inside = self.paths().filter(|path| !path.steps.is_empty());
        inside.filter_map(|path| item.get(&path.root)).try_for_each(AttributeValue::check)
    }
}

/// A path's places in lists.
fn places(path: &Path) -> Vec<usize> {
    let place = |step: &Step| if let Step::Index(index) = step { *index } else { 0 };
    path.steps.iter().map(place).collect()
}

enum New {
    Put(AttributeValue),
    Remove,
    Leave,
}

const WRONG_OPERAND: &str = "An operand in the update expression has an incorrect data type";

fn wrong_operand() -> String {
    WRONG_OPERAND.to_owned()
}

fn new_value(action: &Action, item: &Item) -> Outcome<New> {
    match action {
        Action::Set(_, source) => value_of(source, item).map(New::Put),
        Action::Remove(_) => Ok(New::Remove),
        Action::Add(path, value) => match path.of(item) {
            None => Ok(New::Put(value.clone())),
            Some(old) => sum(old, value).map(New::Put),
        },
        Action::Delete(path, value) => match path.of(item) {
            None => Ok(New::Leave),
            Some(old) => difference(old, value),
        },
    }
}

fn value_of(source: &Source, item: &Item) -> Outcome<AttributeValue> {
    match source {
        Source::Value(value) => Ok(value.clone()),
        Source::Path(path) => path.of(item).ok_or_else(|| {
            "The provided expression refers to an attribute that does not exist in the item"
                .to_owned()
        }),
        Source::IfNotExists(path, otherwise) => match path.of(item) {
            Some(value) => Ok(value),
            None => value_of(otherwise, item),
        },
        Source::Plus(operands) => arithmetic(operands, item, Number::plus),
        Source::Minus(operands) => arithmetic(operands, item, Number::minus),
        Source::ListAppend(operands) => {
            let [a, b] = &**operands;
            match (value_of(a, item)?, value_of(b, item)?) {
                (AttributeValue::L(mut a), AttributeValue::L(b)) => {
                    a.extend(b);
                    Ok(AttributeValue::L(a))
                }
                _ => Err(wrong_operand()),
            }
        }
    }
}

fn arithmetic(
    operands: &[Source; 2],
    item: &Item,
    combine: fn(Number, Number) -> Result<Number, crate::number::NumberError>,
) -> Outcome<AttributeValue> {
    let [a, b] = operands;
    match (value_of(a, item)?, value_of(b, item)?) {
        (AttributeValue::N(a), AttributeValue::N(b)) => {
            combine(a, b).map(AttributeValue::N).map_err(|error| error.to_string())
        }
        _ => Err(wrong_operand()),
    }
}

fn sum(old: AttributeValue, value: &AttributeValue) -> Outcome<AttributeValue> {
    type V = AttributeValue;
    Ok(match (old, value) {
        (V::N(a), V::N(b)) => V::N(a.plus(*b).map_err(|error| error.to_string())?),
        (V::Ss(a), V::Ss(b)) => V::Ss(union(a, b)),
        (V::Ns(a), V::Ns(b)) => V::Ns(union(a, b)),
        (V::Bs(a), V::Bs(b)) => V::Bs(union(a, b)),
        // Only `AttributeUpdates` adds lists.
        (V::L(mut a), V::L(b)) => {
            a.extend_from_slice(b);
            V::L(a)
        }
        _ => return Err(wrong_operand()),
    })
}

fn union<T: Clone + Ord>(mut a: Vec<T>, b: &[T]) -> Vec<T> {
    a.extend_from_slice(b);
    a.sort_unstable();
    a.dedup();
    a
}

fn difference(old: AttributeValue, value: &AttributeValue) -> Outcome<New> {
    type V = AttributeValue;
    fn without<T: Ord>(mut a: Vec<T>, b: &[T], set: fn(Vec<T>) -> V) -> New {
        a.retain(|element| b.binary_search(element).is_err());
        if a.is_empty() { New::Remove } else { New::Put(set(a)) }
    }
    Ok(match (old, value) {
        (V::Ss(a), V::Ss(b)) => without(a, b, V::Ss),
        (V::Ns(a), V::Ns(b)) => without(a, b, V::Ns),
        (V::Bs(a), V::Bs(b)) => without(a, b, V::Bs),
        _ => return Err(wrong_operand()),
    })
}

fn invalid_path() -> String {
    "The document path provided in the update expression is invalid for update".to_owned()
}

/// What holds a path's last element, and that element; nothing for a whole attribute.
fn parent<'i, 'p>(
    item: &'i mut Item,
    path: &'p Path,
) -> Outcome<Option<(&'i mut AttributeValue, &'p Step)>> {
    let Some((end, before)) = path.steps.split_last() else { return Ok(None) };
    let mut value = item.get_mut(&path.root).ok_or_else(invalid_path)?;
    for step in before {
        value = match (value, step) {
            (AttributeValue::M(map), Step::Key(key)) => map.get_mut(key),
            (AttributeValue::L(list), Step::Index(index)) => list.get_mut(*index),
            _ => None,
        }
        .ok_or_else(invalid_path)?;
    }
    Ok(Some((value, end)))
}

fn put(item: &mut Item, path: &Path, value: AttributeValue) -> Outcome<()> {
    match parent(item, path)? {
        None => drop(item.insert(path.root.clone(), value)),
        Some((AttributeValue::M(map), Step::Key(key))) => drop(map.insert(key.clone(), value)),
        Some((AttributeValue::L(list), Step::Index(index))) => match list.get_mut(*index) {
            Some(place) => *place = value,
            None => list.push(value),
        },
        Some(_) => return Err(invalid_path()),
    }
    Ok(())
}

fn remove(item: &mut Item, path: &Path) -> Outcome<()> {
    match parent(item, path)? {
        None => drop(item.remove(&path.root)),
        Some((AttributeValue::M(map), Step::Key(key))) => drop(map.remove(key)),
        Some((AttributeValue::L(list), Step::Index(index))) => {
            if *index < list.len() {
                list.remove(*index);
            }
        }
        Some(_) => return Err(invalid_path()),
    }
    Ok(())
}
