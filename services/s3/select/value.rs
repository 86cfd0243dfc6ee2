//! The values of an expression: SQL's, and JSON's lists and structures. What they are worth
//! against each other is here; what functions make of them is in `function`.

use std::cmp::Ordering;
use std::fmt;

use cumulet_core::AwsError;

use super::errors;
use super::moment::Moment;

/// A value; `Missing` is what a name that is not there is worth.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Missing,
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    Moment(Moment),
    List(Vec<Self>),
    Struct(Vec<(String, Self)>),
}

/// A number: AWS's INT, DECIMAL and FLOAT.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    Int(i64),
    /// Digits, and how many of them are behind the point.
    Decimal(i128, u32),
    Float(f64),
}

/// Digits of a DECIMAL at most; what i128 surely holds.
const DIGITS_MAX: u32 = 38;

impl Value {
    pub(super) fn is_unknown(&self) -> bool {
        matches!(self, Self::Missing | Self::Null)
    }

    pub(super) fn int(n: impl TryInto<i64>) -> Self {
        Self::Number(Number::Int(n.try_into().unwrap_or(i64::MAX)))
    }

    /// What errors call its type.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Missing => "MISSING",
            Self::Null => "NULL",
            Self::Bool(_) => "BOOL",
            Self::Number(Number::Int(_)) => "INT",
            Self::Number(Number::Decimal(..)) => "DECIMAL",
            Self::Number(Number::Float(_)) => "FLOAT",
            Self::Text(_) => "STRING",
            Self::Moment(_) => "TIMESTAMP",
            Self::List(_) => "LIST",
            Self::Struct(_) => "STRUCT",
        }
    }

    /// How two values stand to each other; `None` if they do not compare. Fields of CSV are text
    /// whatever they hold, so text that is a number compares with numbers.
    pub(super) fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(b)),
            (Self::Number(a), Self::Number(b)) => a.compare(*b),
            (Self::Number(a), Self::Text(b)) => a.compare(Number::parse(b.trim())?),
            (Self::Text(a), Self::Number(b)) => Number::parse(a.trim())?.compare(*b),
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            (Self::Moment(a), Self::Moment(b)) => Some(a.instant().cmp(&b.instant())),
            (Self::List(_), Self::List(_)) | (Self::Struct(_), Self::Struct(_)) => {
                (self == other).then_some(Ordering::Equal)
            }
            _ => None,
        }
    }

    /// Equal, and no text taken for a number.
    pub(super) fn equals_strictly(&self, other: &Self) -> bool {
        matches!(self, Self::Text(_)) == matches!(other, Self::Text(_)) && self.equals(other)
    }

    pub(super) fn equals(&self, other: &Self) -> bool {
        self.compare(other) == Some(Ordering::Equal)
    }
}

/// As text, without quotes: a field of CSV. Lists and structures are JSON.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing | Self::Null => Ok(()),
            Self::Bool(b) => write!(f, "{b}"),
            Self::Number(n) => write!(f, "{n}"),
            Self::Text(text) => f.write_str(text),
            Self::Moment(moment) => write!(f, "{moment}"),
            Self::List(_) | Self::Struct(_) => f.write_str(&super::json::text(self)),
        }
    }
}

fn power(n: u32) -> Option<i128> {
    10_i128.checked_pow(n)
}

impl Number {
    /// Reads `12`, `-1.50` (a decimal) and `1e3` (a float).
    pub(super) fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
            return None;
        }
        if digits.bytes().all(|b| b.is_ascii_digit())
            && let Ok(int) = text.parse()
        {
            return Some(Self::Int(int));
        }
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all = || whole.bytes().chain(fraction.bytes());
        if all().all(|b| b.is_ascii_digit()) && all().count() <= DIGITS_MAX as usize {
            let value: i128 = format!("{whole}{fraction}").parse().ok()?;
            let value = if text.starts_with('-') { -value } else { value };
            return Some(Self::Decimal(value, u32::try_from(fraction.len()).ok()?));
        }
        text.parse().ok().filter(|f: &f64| f.is_finite()).map(Self::Float)
    }

    #[expect(clippy::cast_precision_loss, reason = "a float is what is asked for")]
    pub(super) fn float(self) -> f64 {
        match self {
            Self::Int(n) => n as f64,
            Self::Decimal(n, scale) => n as f64 / 10_f64.powf(f64::from(scale)),
            Self::Float(f) => f,
        }
    }

    /// Without what is behind the point.
    pub(super) fn truncate(self) -> Option<i64> {
        match self {
            Self::Int(n) => Some(n),
            Self::Decimal(n, scale) => i64::try_from(n / power(scale)?).ok(),
            #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
            Self::Float(f) => (f.abs() < 9.2e18).then_some(f as i64),
        }
    }

    pub(super) fn decimal(self) -> Option<Self> {
        match self {
            Self::Int(n) => Some(Self::Decimal(n.into(), 0)),
            Self::Decimal(..) => Some(self),
            Self::Float(f) => match Self::parse(&f.to_string())? {
                Self::Float(_) => None,
                exact => exact.decimal(),
            },
        }
    }

    /// Both with as many digits behind the point, unless one is a float or too long.
    fn aligned(self, other: Self) -> Option<(i128, i128, u32)> {
        let (Self::Decimal(a, x), Self::Decimal(b, y)) = (self.exact()?, other.exact()?) else {
            return None;
        };
        let scale = x.max(y);
        let a = a.checked_mul(power(scale - x)?)?;
        Some((a, b.checked_mul(power(scale - y)?)?, scale))
    }

    fn exact(self) -> Option<Self> {
        if matches!(self, Self::Float(_)) { None } else { self.decimal() }
    }

    pub(super) fn compare(self, other: Self) -> Option<Ordering> {
        match self.aligned(other) {
            Some((a, b, _)) => Some(a.cmp(&b)),
            None => self.float().partial_cmp(&other.float()),
        }
    }

    /// `op` is one of `+ - * / %`. Whole numbers stay whole, decimals exact as far as 38 digits go.
    pub(super) fn calculate(self, op: char, other: Self) -> Result<Self, AwsError> {
        if matches!(op, '/' | '%') && other.compare(Self::Int(0)) == Some(Ordering::Equal) {
            return Err(errors::external_eval());
        }
        if let (Self::Int(a), Self::Int(b)) = (self, other) {
            let result = match op {
                '+' => a.checked_add(b),
                '-' => a.checked_sub(b),
                '*' => a.checked_mul(b),
                '/' => a.checked_div(b),
                _ => a.checked_rem(b),
            };
            return result.map(Self::Int).ok_or_else(errors::integer_overflow);
        }
        let exact = self.aligned(other).and_then(|(a, b, scale)| match op {
            '+' => Some(Self::Decimal(a.checked_add(b)?, scale)),
            '-' => Some(Self::Decimal(a.checked_sub(b)?, scale)),
            '*' => Some(Self::Decimal(a.checked_mul(b)?, scale.checked_mul(2)?).trimmed(scale)),
            '/' => divide(a, b),
            _ => Some(Self::Decimal(a.checked_rem(b)?, scale)),
        });
        let (a, b) = (self.float(), other.float());
        Ok(exact.unwrap_or_else(|| {
            Self::Float(match op {
                '+' => a + b,
                '-' => a - b,
                '*' => a * b,
                '/' => a / b,
                _ => a % b,
            })
        }))
    }

    /// Without zeros at the end, but for `keep` digits behind the point.
    fn trimmed(self, keep: u32) -> Self {
        let Self::Decimal(mut n, mut scale) = self else { return self };
        while scale > keep && n % 10 == 0 {
            n /= 10;
            scale -= 1;
        }
        Self::Decimal(n, scale)
    }
}

/// With as many digits as there is room for.
fn divide(a: i128, b: i128) -> Option<Number> {
    let room = DIGITS_MAX.saturating_sub(a.unsigned_abs().checked_ilog10().unwrap_or(0) + 1);
    let quotient = a.checked_mul(power(room)?)?.checked_div(b)?;
    Some(Number::Decimal(quotient, room).trimmed(0))
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Int(n) => write!(f, "{n}"),
            Self::Decimal(n, 0) => write!(f, "{n}"),
            Self::Decimal(n, scale) => {
                let width = scale as usize + 1;
                let digits = format!("{:0width$}", n.unsigned_abs());
                let (whole, fraction) = digits.split_at(digits.len() - scale as usize);
                let sign = if n < 0 { "-" } else { "" };
                write!(f, "{sign}{whole}.{fraction}")
            }
            Self::Float(float) => write!(f, "{float:?}"),
        }
    }
}
