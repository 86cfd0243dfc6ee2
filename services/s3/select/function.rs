//! The functions, and the operators that are written like none.

use std::borrow::Cow;
use std::fmt::Write as _;

use cumulet_core::AwsError;

use super::ast::{Function, Op, Side, Type};
use super::errors;
use super::evaluate::{binary, truth};
use super::like::like;
use super::moment::Moment;
use super::value::{Number, Value};

type Args<'a> = [Cow<'a, Value>];

pub(super) fn call(function: Function, args: &Args<'_>) -> Result<Value, AwsError> {
    let Some(first) = args.first().map(Cow::as_ref) else { return Ok(Value::Null) };
    let answer = |known: Option<bool>| Ok(known.map_or(Value::Null, Value::Bool));
    match function {
        Function::IsNull => return answer(Some(first.is_unknown())),
        Function::IsMissing => return answer(Some(*first == Value::Missing)),
        Function::Not => return answer(truth(first).map(|b| !b)),
        Function::In => return answer(is_in(first, args)),
        Function::NullIf => {
            let same = args.get(1).is_some_and(|second| first.equals_strictly(second));
            let null = same || first.is_unknown();
            return Ok(if null { Value::Null } else { first.clone() });
        }
        _ => {}
    }
    if args.iter().any(|arg| arg.is_unknown()) {
        return Ok(Value::Null);
    }
    match (function, args.get(1).map(Cow::as_ref), args.get(2).map(Cow::as_ref)) {
        (Function::Between, Some(low), Some(high)) => {
            let over = binary(Op::GreaterEqual, first, low)?;
            let under = binary(Op::LessEqual, first, high)?;
            answer(match (truth(&over), truth(&under)) {
                (Some(over), Some(under)) => Some(over && under),
                _ => None,
            })
        }
        (Function::Like, Some(pattern), escape) => like(first, pattern, escape).map(Value::Bool),
        (Function::Cast(to), ..) => cast(first, to),
        (Function::Negate, ..) => match first {
            Value::Number(n) => Number::Int(0).calculate('-', *n).map(Value::Number),
            _ => Err(errors::arguments("-")),
        },
        (Function::Substring, Some(start), length) => substring(first, start, length),
        (Function::Trim(side), chars, _) => trim(first, side, chars),
        (Function::CharLength, ..) => Ok(Value::int(text(first, "CHAR_LENGTH")?.chars().count())),
        (Function::Lower, ..) => Ok(Value::Text(text(first, "LOWER")?.to_lowercase())),
        (Function::Upper, ..) => Ok(Value::Text(text(first, "UPPER")?.to_uppercase())),
        _ => date(function, first, args.get(1).map(Cow::as_ref)),
    }
}

fn is_in(first: &Value, args: &Args<'_>) -> Option<bool> {
    let others = args.get(1..).unwrap_or(&[]);
    if first.is_unknown() {
        return None;
    }
    if others.iter().any(|other| first.equals(other)) {
        return Some(true);
    }
    if others.iter().any(|other| other.is_unknown()) { None } else { Some(false) }
}

fn text<'a>(value: &'a Value, function: &str) -> Result<&'a str, AwsError> {
    if let Value::Text(text) = value { Ok(text) } else { Err(errors::arguments(function)) }
}

fn whole(value: &Value, function: &str) -> Result<i64, AwsError> {
    match value {
        Value::Number(Number::Int(n)) => Ok(*n),
        _ => Err(errors::arguments(function)),
    }
}

/// The first character is 1; what lies before it counts, and is not there.
fn substring(value: &Value, start: &Value, length: Option<&Value>) -> Result<Value, AwsError> {
    let name = "SUBSTRING";
    let (text, start) = (text(value, name)?, whole(start, name)?);
    let end = match length.map(|length| whole(length, name)).transpose()? {
        Some(length) if length < 0 => return Err(errors::arguments(name)),
        Some(length) => start.saturating_add(length),
        None => i64::MAX,
    };
    let index = |n: i64| usize::try_from(n.max(1) - 1).unwrap_or(usize::MAX);
    let (skip, end) = (index(start), index(end));
    Ok(Value::Text(text.chars().skip(skip).take(end.saturating_sub(skip)).collect()))
}

fn trim(value: &Value, side: Side, chars: Option<&Value>) -> Result<Value, AwsError> {
    let mut text = text(value, "TRIM")?;
    let chars = chars.map_or(Ok(" "), |chars| self::text(chars, "TRIM"))?;
    if side != Side::Trailing {
        text = text.trim_start_matches(|c| chars.contains(c));
    }
    if side != Side::Leading {
        text = text.trim_end_matches(|c| chars.contains(c));
    }
    Ok(Value::Text(text.to_owned()))
}

fn cast(value: &Value, to: Type) -> Result<Value, AwsError> {
    let name = format!("{to:?}").to_uppercase();
    let failed = || errors::cast_failed(value, &name);
    let number = match value {
        Value::Number(n) => Some(*n),
        Value::Bool(b) => Some(Number::Int((*b).into())),
        Value::Text(text) => Number::parse(text.trim()),
        _ => None,
    };
    match (to, value) {
        (Type::Bool, Value::Bool(_)) | (Type::Timestamp, Value::Moment(_)) => Ok(value.clone()),
        (Type::Bool, Value::Number(n)) => Ok(Value::Bool(n.float() != 0.0)),
        (Type::Bool, Value::Text(text)) => {
            let bool = text.trim().to_ascii_lowercase().parse();
            bool.map(Value::Bool).map_err(|_| failed())
        }
        (Type::String, Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::Moment(_)) => {
            Ok(Value::Text(value.to_string()))
        }
        (Type::Timestamp, Value::Text(text)) => {
            Moment::parse(text.trim()).map(Value::Moment).ok_or_else(failed)
        }
        (
            Type::Int | Type::Float | Type::Decimal,
            Value::Bool(_) | Value::Number(_) | Value::Text(_),
        ) => {
            let number = number.and_then(|n| match to {
                Type::Float => Some(Number::Float(n.float())),
                Type::Decimal => n.decimal(),
                // Text must be a whole number to become one.
                _ if matches!(
                    (value, n),
                    (Value::Text(_), Number::Decimal(..) | Number::Float(_))
                ) =>
                {
                    None
                }
                _ => n.truncate().map(Number::Int),
            });
            number.map(Value::Number).ok_or_else(failed)
        }
        _ => Err(errors::invalid_cast(value.kind(), &name)),
    }
}

fn date(function: Function, first: &Value, second: Option<&Value>) -> Result<Value, AwsError> {
    let moment = |value: Option<&Value>, name: &str| match value {
        Some(Value::Moment(moment)) => Ok(*moment),
        _ => Err(errors::arguments(name)),
    };
    match function {
        Function::DateAdd(part) => {
            let later = moment(second, "DATE_ADD")?.plus(part, whole(first, "DATE_ADD")?);
            later.map(Value::Moment).ok_or_else(errors::value_parse_failure)
        }
        Function::DateDiff(part) => {
            let (from, to) = (moment(Some(first), "DATE_DIFF")?, moment(second, "DATE_DIFF")?);
            Ok(Value::int(from.until(&to, part)))
        }
        Function::Extract(part) => Ok(Value::int(moment(Some(first), "EXTRACT")?.part(part))),
        Function::ToString => {
            let pattern = second.map_or(Ok(""), |second| text(second, "TO_STRING"))?;
            format(&moment(Some(first), "TO_STRING")?, pattern).map(Value::Text)
        }
        Function::ToTimestamp => Moment::parse(text(first, "TO_TIMESTAMP")?)
            .map(Value::Moment)
            .ok_or_else(errors::value_parse_failure),
        _ => Err(errors::arguments("function")),
    }
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A timestamp by the pattern of `TO_STRING`: runs of one letter, and text in single quotes.
fn format(moment: &Moment, pattern: &str) -> Result<String, AwsError> {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some(letter) = rest.chars().next() {
        let run = rest.find(|c| c != letter).unwrap_or(rest.len());
        let (symbol, after) = rest.split_at_checked(run).unwrap_or((rest, ""));
        rest = after;
        if letter == '\'' {
            // An even run is quotes; the last of an odd one opens a text.
            out.extend(std::iter::repeat_n('\'', run / 2));
            if run % 2 == 1 {
                let closed = rest.split_once('\'');
                let (text, after) =
                    closed.ok_or_else(|| errors::unterminated_timestamp_pattern(pattern))?;
                out.push_str(text);
                rest = after;
            }
        } else if letter.is_ascii_alphabetic() {
            push(&mut out, moment, letter, run).ok_or_else(|| {
                if "yMdahHmsSnXx".contains(letter) {
                    errors::invalid_timestamp_pattern(pattern)
                } else {
                    errors::invalid_timestamp_pattern_symbol(pattern)
                }
            })?;
        } else {
            out.push_str(symbol);
        }
    }
    Ok(out)
}

/// One symbol, `run` letters long; `None` if there is no such.
fn push(out: &mut String, moment: &Moment, letter: char, run: usize) -> Option<()> {
    let c = &moment.local;
    let month = usize::try_from(c.month - 1).ok().and_then(|m| MONTHS.get(m)).copied()?;
    let number = match (letter, run) {
        ('y', 2) => c.year % 100,
        ('y', 1 | 3 | 4) => c.year,
        ('M', 1 | 2) => c.month,
        ('d', 1 | 2) => c.day,
        ('h', 1 | 2) => (c.hour + 11) % 12 + 1,
        ('H', 1 | 2) => c.hour,
        ('m', 1 | 2) => c.minute,
        ('s', 1 | 2) => c.second,
        ('n', 1) => c.milli * 1_000_000,
        (_, _) => {
            let text = match (letter, run) {
                ('M', 3) => month.get(..3)?.to_owned(),
                ('M', 4) => month.to_owned(),
                ('M', 5) => month.get(..1)?.to_owned(),
                ('a', 1) => (if c.hour < 12 { "AM" } else { "PM" }).to_owned(),
                ('S', 1..=9) => format!("{:03}000000", c.milli).get(..run)?.to_owned(),
                ('X' | 'x', 1) => {
                    let minutes = moment.offset.is_some_and(|o| o % 60 != 0);
                    moment.zone(letter == 'X', minutes, "")
                }
                ('X' | 'x', 2 | 4) => moment.zone(letter == 'X', true, ""),
                ('X' | 'x', 3 | 5) => moment.zone(letter == 'X', true, ":"),
                _ => return None,
            };
            out.push_str(&text);
            return Some(());
        }
    };
    let width = if letter == 'y' && run == 3 { 1 } else { run };
    write!(out, "{number:0width$}").ok()
}
