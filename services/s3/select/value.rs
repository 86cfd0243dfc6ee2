//! The values of an expression: SQL's, and JSON's lists and structures. What they are worth
//! against each other is here; what functions make of them is in `function`.

use std::cmp::Ordering;

use cumulet_core::AwsError;

use super::errors::{self, error};
use super::moment::Moment;

/// A value; `Missing` is what a name that is not there is worth.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Missing,
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    Moment(Moment),
    /// A structure, or a list (false), whose members have no names.
    Nested(bool, Vec<(String, Self)>),
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

    /// Bytes that a copy takes, about.
    pub(super) fn size(&self) -> usize {
        size_of::<Self>()
            + match self {
                Self::Text(text) => text.len(),
                Self::Nested(_, members) => {
                    members.iter().map(|(name, value)| name.len() + value.size()).sum()
                }
                _ => 0,
            }
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
            Self::Nested(false, _) => "LIST",
            Self::Nested(true, _) => "STRUCT",
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
            (Self::Nested(a, left), Self::Nested(b, right)) => {
                let mut pairs = left.iter().zip(right);
                let same = a == b && left.len() == right.len();
                let same = same && pairs.all(|(a, b)| a.0 == b.0 && a.1.equals(&b.1));
                same.then_some(Ordering::Equal)
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

    /// Without quotes: a field of CSV. Lists and structures are JSON.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Missing | Self::Null => String::new(),
            Self::Bool(b) => (if *b { "true" } else { "false" }).to_owned(),
            Self::Number(n) => n.text(),
            Self::Text(text) => text.clone(),
            Self::Moment(moment) => moment.text(),
            Self::Nested(..) => {
                let mut out = Vec::new();
                super::json::write(&mut out, self);
                String::from_utf8(out).unwrap_or_default()
            }
        }
    }
}

/// std's reading of floats and `powf` are 16 KB of tables.
fn ten_to(n: u32) -> f64 {
    10_f64.powi(i32::try_from(n).unwrap_or(i32::MAX))
}

fn power(n: u32) -> Option<i128> {
    (0..n).try_fold(1, |power, _| times(power, 10))
}

/// Once, and not at every place: it is long.
#[inline(never)]
fn times(a: i128, b: i128) -> Option<i128> {
    a.checked_mul(b)
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
        let (digits, exponent) = match digits.split_once(['e', 'E']) {
            Some((digits, exponent)) => (digits, Some(exponent.parse::<i32>().ok()?)),
            None => (digits, None),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
            return None;
        }
        // What a float does not show is cut off.
        let (whole, cut) = whole.split_at_checked(DIGITS_MAX as usize).unwrap_or((whole, ""));
        let room = (DIGITS_MAX as usize).saturating_sub(whole.len());
        let kept = fraction.get(..room.min(fraction.len()))?;
        let value: i128 = format!("{whole}{kept}").parse().ok()?;
        let value = if text.starts_with('-') { -value } else { value };
        let decimal = Self::Decimal(value, u32::try_from(kept.len()).ok()?);
        if exponent.is_none() && cut.is_empty() && kept.len() == fraction.len() {
            return Some(decimal);
        }
        let exponent = exponent.unwrap_or_default().checked_add(i32::try_from(cut.len()).ok()?)?;
        let step = ten_to(exponent.unsigned_abs());
        let float = if exponent < 0 { decimal.float() / step } else { decimal.float() * step };
        Some(Self::Float(float)).filter(|_| float.is_finite())
    }

    #[expect(clippy::cast_precision_loss, reason = "a float is what is asked for")]
    pub(super) fn float(self) -> f64 {
        match self {
            Self::Int(n) => n as f64,
            Self::Decimal(n, scale) => n as f64 / ten_to(scale),
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
        if let Self::Float(f) = self {
            return Self::parse(&f.to_string()).filter(|n| !matches!(n, Self::Float(_)));
        }
        self.exact().map(|(n, scale)| Self::Decimal(n, scale))
    }

    /// Digits, and how many of them are behind the point.
    fn exact(self) -> Option<(i128, u32)> {
        match self {
            Self::Int(n) => Some((n.into(), 0)),
            Self::Decimal(n, scale) => Some((n, scale)),
            Self::Float(_) => None,
        }
    }

    /// Both with as many digits behind the point, unless one is a float or too long.
    fn aligned(self, other: Self) -> Option<(i128, i128, u32)> {
        let ((a, x), (b, y)) = (self.exact()?, other.exact()?);
        let scale = x.max(y);
        Some((times(a, power(scale - x)?)?, times(b, power(scale - y)?)?, scale))
    }

    pub(super) fn compare(self, other: Self) -> Option<Ordering> {
        match self.aligned(other) {
            Some((a, b, _)) => Some(a.cmp(&b)),
            None => self.float().partial_cmp(&other.float()),
        }
    }

    /// `op` is one of `+ - * / %`. Whole numbers stay whole, decimals exact as far as 38 digits go.
    pub(super) fn calculate(self, op: char, other: Self) -> Result<Self, AwsError> {
        let whole = matches!((self, other), (Self::Int(_), Self::Int(_)));
        let (a, b) = (self.float(), other.float());
        if matches!(op, '/' | '%') && b == 0.0 {
            return Err(error(errors::EXTERNAL_EVAL, ""));
        }
        let exact = self.aligned(other).and_then(|(a, b, scale)| match op {
            '+' => Some(Self::Decimal(a.checked_add(b)?, scale)),
            '-' => Some(Self::Decimal(a.checked_sub(b)?, scale)),
            '*' => Some(Self::Decimal(times(a, b)?, scale * 2).trimmed(scale)),
            '%' => Some(Self::Decimal(a.checked_rem(b)?, scale)),
            _ if whole => Some(Self::Decimal(a.checked_div(b)?, 0)),
            _ => divide(a, b),
        });
        if whole {
            let int = exact.and_then(Self::truncate).map(Self::Int);
            return int.ok_or_else(|| error(errors::INTEGER_OVERFLOW, ""));
        }
        Ok(exact.unwrap_or(Self::Float(match op {
            '+' => a + b,
            '-' => a - b,
            '*' => a * b,
            '/' => a / b,
            _ => a % b,
        })))
    }

    pub(super) fn text(self) -> String {
        match self {
            Self::Int(n) => n.to_string(),
            Self::Decimal(n, scale) => {
                let mut digits = digits(n.unsigned_abs());
                let scale = scale as usize;
                if scale > 0 {
                    let missing = (scale + 1).saturating_sub(digits.len());
                    digits.insert_str(0, &"0".repeat(missing));
                    digits.insert(digits.len() - scale, '.');
                }
                if n < 0 { "-".to_owned() + &digits } else { digits }
            }
            Self::Float(float) => format!("{float:?}"),
        }
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

/// By halves that fit into 64 bits: what formats 128 is 1 KB.
fn digits(n: u128) -> String {
    const HALF: u128 = 10_000_000_000_000_000_000;
    let half = |n: u128| u64::try_from(n).unwrap_or(u64::MAX).to_string();
    if n < HALF {
        return half(n);
    }
    let low = half(n % HALF);
    [half(n / HALF), "0".repeat(19 - low.len()), low].concat()
}

/// With as many digits as there is room for.
fn divide(a: i128, b: i128) -> Option<Number> {
    let room = DIGITS_MAX.saturating_sub(a.unsigned_abs().checked_ilog10().unwrap_or(0) + 1);
    let quotient = times(a, power(room)?)?.checked_div(b)?;
    Some(Number::Decimal(quotient, room).trimmed(0))
}
