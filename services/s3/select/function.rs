//! Functions, and operators, whose arguments are known.

use std::cmp::Ordering;

use cumulet_core::{AwsError, Timestamp};

use super::ast::{Function, Side, Type};
use super::errors::{self, error};
use super::like::like;
use super::moment::Moment;
use super::pattern::format;
use super::value::{Number, Value};

pub(super) fn call(function: Function, args: &[Value], now: Timestamp) -> Result<Value, AwsError> {
    let (first, rest) = match args.split_first() {
        Some(split) => split,
        None if function == Function::UtcNow => return Ok(Value::Moment(now.into())),
        None => (&Value::Null, args),
    };
    let known = match function {
        Function::IsNull => Some(first.is_unknown()),
        Function::IsMissing => Some(matches!(first, Value::Missing)),
        Function::Not => truth(first).map(|b| !b),
        Function::In if rest.iter().any(|other| first.equals(other)) => Some(true),
        Function::In => {
            let open = args.iter().any(Value::is_unknown);
            if open { None } else { Some(false) }
        }
        Function::NullIf => {
            let same = rest.first().is_some_and(|second| first.equals_strictly(second));
            return Ok(if same || first.is_unknown() { Value::Null } else { first.clone() });
        }
        Function::Coalesce => return Ok(Value::Null),
        Function::List => {
            let items = args.iter().map(|item| (String::new(), item.clone()));
            return Ok(Value::Nested(false, items.collect()));
        }
        _ if args.iter().any(Value::is_unknown) => None,
        Function::Between => {
            let compare = |index| rest.get(index).and_then(|bound| first.compare(bound));
            let (low, high): (Option<Ordering>, _) = (compare(0), compare(1));
            low.zip(high).map(|(low, high)| low.is_ge() && high.is_le())
        }
        _ => return of_known(function, first, rest),
    };
    Ok(known.map_or(Value::Null, Value::Bool))
}

/// Nothing is null or missing here.
fn of_known(function: Function, first: &Value, rest: &[Value]) -> Result<Value, AwsError> {
    let wrong = |name: &str| error(errors::ARGUMENTS, name);
    let unparsed = || error(errors::VALUE_PARSE_FAILURE, "");
    match (function, first, rest) {
        (Function::Like, _, [pattern, escape @ ..]) => {
            like(first, pattern, escape.first()).map(Value::Bool)
        }
        (Function::Cast(to), ..) => cast(first, to),
        (Function::Negate, Value::Number(n), _) => {
            Number::Int(0).calculate('-', *n).map(Value::Number)
        }
        (Function::Negate, ..) => Err(wrong("-")),
        (
            Function::Substring,
            Value::Text(text),
            [Value::Number(Number::Int(start)), length @ ..],
        ) => substring(text, *start, length),
        (Function::Substring, ..) => Err(wrong("SUBSTRING")),
        (Function::Trim(side), Value::Text(text), []) => Ok(trim(text, " ", side)),
        (Function::Trim(side), Value::Text(chars), [Value::Text(text)]) => {
            Ok(trim(text, chars, side))
        }
        (Function::Trim(_), ..) => Err(wrong("TRIM")),
        (Function::CharLength, Value::Text(text), _) => Ok(Value::int(text.chars().count())),
        (Function::CharLength, ..) => Err(wrong("CHAR_LENGTH")),
        (Function::Lower, Value::Text(text), _) => Ok(Value::Text(text.to_lowercase())),
        (Function::Lower, ..) => Err(wrong("LOWER")),
        (Function::Upper, Value::Text(text), _) => {
            Ok(Value::Text(text.chars().flat_map(char::to_uppercase).collect()))
        }
        (Function::Upper, ..) => Err(wrong("UPPER")),
        (Function::DateAdd(part), Value::Number(Number::Int(count)), [Value::Moment(moment)]) => {
            moment.plus(part, *count).map(Value::Moment).ok_or_else(unparsed)
        }
        (Function::DateAdd(_), ..) => Err(wrong("DATE_ADD")),
        (Function::DateDiff(part), Value::Moment(from), [Value::Moment(to)]) => {
            Ok(Value::int(from.until(to, part)))
        }
        (Function::DateDiff(_), ..) => Err(wrong("DATE_DIFF")),
        (Function::Extract(part), Value::Moment(moment), _) => Ok(Value::int(moment.part(part))),
        (Function::Extract(_), ..) => Err(wrong("EXTRACT")),
        (Function::ToString, Value::Moment(moment), [Value::Text(pattern)]) => {
            format(moment, pattern).map(Value::Text)
        }
        (Function::ToString, ..) => Err(wrong("TO_STRING")),
        (Function::ToTimestamp, Value::Text(text), _) => {
            Moment::parse(text).map(Value::Moment).ok_or_else(unparsed)
        }
        _ => Err(wrong("TO_TIMESTAMP")),
    }
}

pub(super) fn truth(value: &Value) -> Option<bool> {
    if let Value::Bool(b) = value { Some(*b) } else { None }
}

/// One of the operators that take what is left of them.
pub(super) fn operate(
    operator: Function,
    mut left: Value,
    right: &Value,
) -> Result<Value, AwsError> {
    if left.is_unknown() || right.is_unknown() {
        return Ok(Value::Null);
    }
    if let (Function::Concat, Value::Text(text), Value::Text(right)) = (operator, &mut left, right)
    {
        text.push_str(right);
        return Ok(left);
    }
    let order = || left.compare(right);
    let known = match (operator, &left, right) {
        (Function::Math(op), Value::Number(left), Value::Number(right)) => {
            return left.calculate(op, *right).map(Value::Number);
        }
        (Function::Concat, ..) => return Err(error(errors::ARGUMENTS, "||")),
        (Function::Math(op), ..) => {
            return Err(error(errors::ARGUMENTS, op.encode_utf8(&mut [0; 4])));
        }
        (Function::Equal, ..) => Some(left.equals(right)),
        (Function::NotEqual, ..) => Some(!left.equals(right)),
        (Function::Less, ..) => order().map(Ordering::is_lt),
        (Function::LessEqual, ..) => order().map(Ordering::is_le),
        (Function::Greater, ..) => order().map(Ordering::is_gt),
        _ => order().map(Ordering::is_ge),
    };
    Ok(known.map_or(Value::Null, Value::Bool))
}

/// The first character is 1; what lies before it counts, and is not there.
fn substring(text: &str, start: i64, length: &[Value]) -> Result<Value, AwsError> {
    let end = match length {
        [] => i64::MAX,
        [Value::Number(Number::Int(length @ 0..)), ..] => start.saturating_add(*length),
        _ => return Err(error(errors::ARGUMENTS, "SUBSTRING")),
    };
    let index = |n: i64| usize::try_from(n.max(1) - 1).unwrap_or(usize::MAX);
    let (skip, end) = (index(start), index(end));
    Ok(Value::Text(text.chars().skip(skip).take(end.saturating_sub(skip)).collect()))
}

fn trim(mut text: &str, chars: &str, side: Side) -> Value {
    if side != Side::Trailing {
        text = text.trim_start_matches(|c| chars.contains(c));
    }
    if side != Side::Leading {
        text = text.trim_end_matches(|c| chars.contains(c));
    }
    Value::Text(text.to_owned())
}

fn cast(value: &Value, to: Type) -> Result<Value, AwsError> {
    let converted = match (to, value) {
        (Type::Bool, Value::Bool(_)) | (Type::Timestamp, Value::Moment(_)) => Some(value.clone()),
        (Type::Bool, Value::Number(n)) => Some(Value::Bool(n.float() != 0.0)),
        (Type::Bool, Value::Text(text)) => match text.trim() {
            text if text.eq_ignore_ascii_case("true") => Some(Value::Bool(true)),
            text if text.eq_ignore_ascii_case("false") => Some(Value::Bool(false)),
            _ => None,
        },
        (Type::String, Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::Moment(_)) => {
            Some(Value::Text(value.text()))
        }
        (Type::Timestamp, Value::Text(text)) => Moment::parse(text.trim()).map(Value::Moment),
        (Type::Int | Type::Float | Type::Decimal, Value::Bool(b)) => {
            number(Some(Number::Int((*b).into())), to)
        }
        (Type::Int | Type::Float | Type::Decimal, Value::Number(n)) => number(Some(*n), to),
        (Type::Int | Type::Float | Type::Decimal, Value::Text(text)) => {
            // Text must be a whole number to become one.
            let whole = |n: &Number| to != Type::Int || matches!(n, Number::Int(_));
            number(Number::parse(text.trim()).filter(whole), to)
        }
        _ => {
            let about = [value.kind(), " to ", to.name()].concat();
            return Err(error(errors::INVALID_CAST, &about));
        }
    };
    converted
        .ok_or_else(|| error(errors::CAST_FAILED, &[&value.text(), " to ", to.name()].concat()))
}

fn number(number: Option<Number>, to: Type) -> Option<Value> {
    let number = number?;
    Some(Value::Number(match to {
        Type::Float => Number::Float(number.float()),
        Type::Decimal => number.decimal()?,
        _ => Number::Int(number.truncate()?),
    }))
}
