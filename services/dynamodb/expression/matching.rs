//! Does an item match a condition? What is not there compares with nothing: only `<>` and
//! `attribute_not_exists` hold of it.

use std::borrow::Cow;

use super::condition::{Comparison, Condition, Operand};
use super::path::Attributes;
use crate::number::Number;
use crate::value::AttributeValue;

type Found<'a> = Option<Cow<'a, AttributeValue>>;

impl Condition {
    /// Does it hold of this item?
    pub(crate) fn matches<A: Attributes + ?Sized>(&self, item: &A) -> bool {
        let of = |operand| value_of(operand, item);
        match self {
            Self::And(two) => two.iter().all(|c| c.matches(item)),
            Self::Or(two) => two.iter().any(|c| c.matches(item)),
            Self::Not(inner) => !inner.matches(item),
            Self::Compare(comparison, operands) => {
                let [a, b] = &**operands;
                compare(*comparison, of(a).as_deref(), of(b).as_deref())
            }
            Self::Between(operands) => {
                let [value, low, high] = &**operands;
                let value = of(value);
                let holds = |how, bound| compare(how, value.as_deref(), of(bound).as_deref());
                holds(Comparison::GreaterOrEqual, low) && holds(Comparison::LessOrEqual, high)
            }
            Self::In(operand, list) => {
                let value = of(operand);
                let value = value.as_deref();
                list.iter().any(|other| compare(Comparison::Equal, value, of(other).as_deref()))
            }
            Self::Exists(operand) => of(operand).is_some(),
            Self::NotExists(operand) => of(operand).is_none(),
            Self::Type(operand, wanted) => match (of(operand), of(wanted).as_deref()) {
                (Some(value), Some(AttributeValue::S(name))) => value.type_name() == name,
                _ => false,
            },
            Self::BeginsWith(operands) => {
                let [value, prefix] = &**operands;
                begins_with(of(value).as_deref(), of(prefix).as_deref())
            }
            Self::Contains(operands) => {
                let [value, part] = &**operands;
                contains(of(value).as_deref(), of(part).as_deref())
            }
        }
    }
}

fn value_of<'a, A: Attributes + ?Sized>(operand: &'a Operand, item: &'a A) -> Found<'a> {
    match operand {
        Operand::Path(path) => item.at(path),
        Operand::Value(value) => Some(Cow::Borrowed(value)),
        Operand::Size(inner) => {
            let size = size(value_of(inner, item)?.as_ref())?;
            Some(Cow::Owned(AttributeValue::N(Number::from(i64::try_from(size).ok()?))))
        }
    }
}

/// The function `size`: not what DynamoDB counts, but what is in the value.
pub(crate) fn size(value: &AttributeValue) -> Option<usize> {
    match value {
        // Java's idea of a text's length.
        AttributeValue::S(text) => Some(text.chars().map(char::len_utf16).sum()),
        AttributeValue::B(bytes) => Some(bytes.len()),
        AttributeValue::Ss(set) => Some(set.len()),
        AttributeValue::Ns(set) => Some(set.len()),
        AttributeValue::Bs(set) => Some(set.len()),
        AttributeValue::L(list) => Some(list.len()),
        AttributeValue::M(map) => Some(map.len()),
        _ => None,
    }
}

/// Compares what may be missing.
pub(crate) fn compare(
    comparison: Comparison,
    a: Option<&AttributeValue>,
    b: Option<&AttributeValue>,
) -> bool {
    let (Some(a), Some(b)) = (a, b) else { return comparison == Comparison::Unequal };
    let order = || a.compare(b);
    match comparison {
        Comparison::Equal => a == b,
        Comparison::Unequal => a != b,
        Comparison::Less => order().is_some_and(std::cmp::Ordering::is_lt),
        Comparison::LessOrEqual => order().is_some_and(std::cmp::Ordering::is_le),
        Comparison::Greater => order().is_some_and(std::cmp::Ordering::is_gt),
        Comparison::GreaterOrEqual => order().is_some_and(std::cmp::Ordering::is_ge),
    }
}

/// Does a text or byte string begin with another?
pub(crate) fn begins_with(a: Option<&AttributeValue>, b: Option<&AttributeValue>) -> bool {
    match (a, b) {
        (Some(AttributeValue::S(a)), Some(AttributeValue::S(b))) => a.starts_with(b.as_str()),
        (Some(AttributeValue::B(a)), Some(AttributeValue::B(b))) => a.starts_with(b),
        _ => false,
    }
}

/// Is something part of a text, a byte string, a set or a list?
pub(crate) fn contains(a: Option<&AttributeValue>, b: Option<&AttributeValue>) -> bool {
    type V = AttributeValue;
    let (Some(a), Some(b)) = (a, b) else { return false };
    match (a, b) {
        (V::S(a), V::S(b)) => a.contains(b.as_str()),
        (V::B(a), V::B(b)) => b.is_empty() || a.windows(b.len()).any(|part| part == b),
        (V::Ss(set), V::S(b)) => set.binary_search(b).is_ok(),
        (V::Ns(set), V::N(b)) => set.binary_search(b).is_ok(),
        (V::Bs(set), V::B(b)) => set.binary_search(b).is_ok(),
        (V::L(list), b) => list.contains(b),
        _ => false,
    }
}
