//! DynamoDB's numbers: decimals of at most 38 significant digits, exact, from 1E-130 to
//! 9.99…E+125 and their negatives. No floating point anywhere.

use std::cmp::Ordering;
use std::fmt;

use cumulet_core::{Encode, Writer};

/// Significant digits at most.
const DIGITS: u32 = 38;
/// The place of the first digit, as a power of ten.
const HIGHEST: i32 = 125;
const LOWEST: i32 = -130;
/// What is added to the place of the first digit in the byte form, so that the least is 1.
const BIAS: i32 = 131;
/// The header of zero in the byte form; those of positive numbers are above it.
const ZERO: u16 = 0x8000;

/// A number in normal form: `±mantissa × 10^exponent`, the mantissa without trailing zeros; zero
/// has no sign.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Number {
    // Halves, so that the alignment (and with it every attribute value) stays at 8.
    high: u64,
    low: u64,
    exponent: i16,
    negative: bool,
}

/// Why a text or a sum is no number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NumberError {
    /// Above 9.99…E+125.
    Overflow,
    /// Nearer to zero than 1E-130.
    Underflow,
    /// More than 38 digits.
    Precision,
    /// No number at all.
    Text(String),
}

impl fmt::Display for NumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overflow => f.write_str(
                "Number overflow. Attempting to store a number with magnitude larger than \
                 supported range",
            ),
            Self::Underflow => f.write_str(
                "Number underflow. Attempting to store a number with magnitude smaller than \
                 supported range",
            ),
            Self::Precision => {
                f.write_str("Attempting to store more than 38 significant digits in a Number")
            }
            Self::Text(text) if text.is_empty() => {
                f.write_str("The parameter cannot be converted to a numeric value")
            }
            Self::Text(text) => {
                write!(f, "The parameter cannot be converted to a numeric value: {text}")
            }
        }
    }
}

impl Number {
    /// Nothing.
    pub(crate) const ZERO: Self = Self { high: 0, low: 0, exponent: 0, negative: false };

    /// Reads `-12.5e3` and its like; no blanks, no digit groups, no `NaN`.
    pub(crate) fn parse(text: &str) -> Result<Self, NumberError> {
        let wrong = || NumberError::Text(text.to_owned());
        let (negative, unsigned) = signed(text.as_bytes());
        let mut parts = unsigned.splitn(2, |b| matches!(b, b'e' | b'E'));
        let decimal = parts.next().unwrap_or_default();
        let power = parts.next().map_or(Some(0), power).ok_or_else(wrong)?;
        let mut digits = Digits::default();
        let mut point = false;
        let mut any = false;
        for byte in decimal {
            match byte {
                b'0'..=b'9' => {
                    digits.push(byte - b'0', point);
                    any = true;
                }
                b'.' if !point => point = true,
                _ => return Err(wrong()),
            }
        }
        if !any {
            return Err(wrong());
        }
        if digits.count > DIGITS {
            return Err(NumberError::Precision);
        }
        Self::new(negative, digits.mantissa, digits.exponent.saturating_add(power))
    }

    /// Brings to normal form.
    fn new(negative: bool, mut mantissa: u128, mut exponent: i32) -> Result<Self, NumberError> {
        if mantissa == 0 {
            return Ok(Self::ZERO);
        }
        while mantissa.is_multiple_of(10) {
            mantissa /= 10;
            exponent = exponent.saturating_add(1);
        }
        let len = length(mantissa);
        let first = exponent.saturating_add(len.cast_signed() - 1);
        if first > HIGHEST {
            return Err(NumberError::Overflow);
        }
        if first < LOWEST {
            return Err(NumberError::Underflow);
        }
        if len > DIGITS {
            return Err(NumberError::Precision);
        }
        Ok(Self::of(negative, mantissa, exponent))
    }

    #[expect(clippy::cast_possible_truncation, reason = "halves; the exponent is bounded")]
    fn of(negative: bool, mantissa: u128, exponent: i32) -> Self {
        let (high, low) = ((mantissa >> 64) as u64, mantissa as u64);
        Self { high, low, exponent: exponent as i16, negative }
    }

    fn mantissa(self) -> u128 {
        u128::from(self.high) << 64 | u128::from(self.low)
    }

    fn exponent(self) -> i32 {
        i32::from(self.exponent)
    }

    /// The place of the first digit, as a power of ten.
    fn first(self) -> i32 {
        self.exponent() + length(self.mantissa()).cast_signed() - 1
    }

    /// The exact sum.
    pub(crate) fn plus(self, other: Self) -> Result<Self, NumberError> {
        let (a, b) = if self.exponent >= other.exponent { (self, other) } else { (other, self) };
        if a == Self::ZERO {
            return Ok(b);
        }
        if b == Self::ZERO {
            return Ok(a);
        }
        // The last digit of `b` is no zero and stays the sum's last one. So a mantissa of `a` that
        // does not fit at `b`'s exponent means a sum of more than 38 digits.
        let scaled = u32::try_from(a.exponent() - b.exponent())
            .ok()
            .and_then(|by| 10_u128.checked_pow(by))
            .and_then(|by| a.mantissa().checked_mul(by))
            .ok_or(NumberError::Precision)?;
        let (negative, sum) = if a.negative == b.negative {
            let sum = scaled.checked_add(b.mantissa()).ok_or(NumberError::Precision)?;
            (a.negative, sum)
        } else if scaled >= b.mantissa() {
            (a.negative, scaled - b.mantissa())
        } else {
            (b.negative, b.mantissa() - scaled)
        };
        Self::new(negative, sum, b.exponent())
    }

    /// The exact difference.
    pub(crate) fn minus(self, other: Self) -> Result<Self, NumberError> {
        self.plus(other.negated())
    }

    fn negated(self) -> Self {
        Self { negative: !self.negative && self != Self::ZERO, ..self }
    }

    /// The whole number that this is, if it is one.
    pub(crate) fn to_i64(self) -> Option<i64> {
        let power = 10_i128.checked_pow(u32::try_from(self.exponent()).ok()?)?;
        let wide = i128::try_from(self.mantissa()).ok()?.checked_mul(power)?;
        i64::try_from(if self.negative { -wide } else { wide }).ok()
    }

    /// The 32-bit float next to it; `None` where it is beyond all of them.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "the nearest float is what is asked for"
    )]
    pub(crate) fn to_f32(self) -> Option<f32> {
        // Powers of ten up to 22 are exact, so nearly all numbers are rounded once before the last time.
        let (mantissa, power) = (self.mantissa() as f64, 10_f64.powi(self.exponent().abs()));
        let wide = if self.exponent < 0 { mantissa / power } else { mantissa * power };
        let float = if self.negative { -wide } else { wide } as f32;
        float.is_finite().then_some(float)
    }

    /// What DynamoDB counts for it: a byte, one for a minus, and one per two digits, those before
    /// the point and those behind it apart. Zeros at either end do not count.
    pub(crate) fn size(self) -> usize {
        let digits = length(self.mantissa());
        let behind = u32::try_from(-self.exponent()).unwrap_or(0).min(digits);
        let pairs = (digits - behind).div_ceil(2) + behind.div_ceil(2);
        1 + usize::from(self.negative) + usize::try_from(pairs).unwrap_or(0)
    }

    /// Appends bytes that sort as the numbers do and tell their own end: two of sign and power,
    /// one per two digits, an end. What follows a negative number's header is upside down.
    pub(crate) fn push_ordered(self, out: &mut Vec<u8>) {
        if self == Self::ZERO {
            out.extend_from_slice(&ZERO.to_be_bytes());
            return;
        }
        let place = u16::try_from(self.first() + BIAS).unwrap_or(0);
        let flip = if self.negative { 0xff } else { 0 };
        let header = if self.negative { ZERO - place } else { ZERO + place };
        out.extend_from_slice(&header.to_be_bytes());
        let mut mantissa = self.mantissa();
        let mut len = length(mantissa);
        if len % 2 == 1 {
            mantissa = mantissa.wrapping_mul(10);
            len += 1;
        }
        let start = out.len();
        for _ in 0..len / 2 {
            let pair = u8::try_from(mantissa % 100).unwrap_or(0);
            out.push((pair + 1) ^ flip);
            mantissa /= 100;
        }
        if let Some(pairs) = out.get_mut(start..) {
            pairs.reverse();
        }
        out.push(flip);
    }

    /// Reads what [`Self::push_ordered`] wrote, and gives what comes after it.
    pub(crate) fn read_ordered(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (header, pairs, rest) = split_ordered(bytes)?;
        if header == ZERO {
            return Some((Self::ZERO, rest));
        }
        let negative = header < ZERO;
        let flip = if negative { 0xff } else { 0 };
        let place = i32::from(header.abs_diff(ZERO)) - BIAS;
        let pair = |byte: &u8| (byte ^ flip).wrapping_sub(1);
        // Most numbers fit into 64 bits, which are far quicker than 128.
        let mantissa = if pairs.len() <= 9 {
            u128::from(pairs.iter().fold(0_u64, |sum, byte| sum * 100 + u64::from(pair(byte))))
        } else {
            let add = |sum: u128, byte| sum.checked_mul(100)?.checked_add(u128::from(pair(byte)));
            pairs.iter().try_fold(0, add)?
        };
        let digits = i32::try_from(2 * pairs.len()).ok()?;
        // The first pair may be 0x; it never is for what was written here.
        let number = Self::new(negative, mantissa, place + 1 - digits).ok()?;
        Some((number, rest))
    }

    /// What comes after what [`Self::push_ordered`] wrote.
    pub(crate) fn skip_ordered(bytes: &[u8]) -> Option<&[u8]> {
        split_ordered(bytes).map(|(.., rest)| rest)
    }
}

/// The header, the pairs of digits, and what comes after the end.
fn split_ordered(bytes: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let (header, rest) = bytes.split_first_chunk::<2>()?;
    let header = u16::from_be_bytes(*header);
    if header == ZERO {
        return Some((header, &[], rest));
    }
    let end = if header < ZERO { 0xff } else { 0 };
    let length = rest.iter().position(|byte| *byte == end)?;
    let (pairs, rest) = rest.split_at_checked(length)?;
    Some((header, pairs, rest.get(1..)?))
}

/// The digits of a decimal as they come, zeros kept back until it is sure that they matter.
#[derive(Default)]
struct Digits {
    mantissa: u128,
    /// Digits in `mantissa`.
    count: u32,
    zeros: u32,
    exponent: i32,
}

impl Digits {
    fn push(&mut self, digit: u8, fraction: bool) {
        if fraction {
            self.exponent = self.exponent.saturating_sub(1);
        }
        if digit == 0 {
            if self.count == 0 {
                return;
            }
            self.zeros = self.zeros.saturating_add(1);
            self.exponent = self.exponent.saturating_add(1);
            return;
        }
        let places = self.zeros.saturating_add(1);
        self.zeros = 0;
        self.exponent = self.exponent.saturating_sub_unsigned(places - 1);
        self.count = self.count.saturating_add(places);
        if self.count <= DIGITS {
            let room = 10_u128.pow(places.min(DIGITS));
            self.mantissa = self.mantissa * room + u128::from(digit);
        }
    }
}

/// Takes the sign off.
fn signed(text: &[u8]) -> (bool, &[u8]) {
    match text.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix(b"+").unwrap_or(text)),
    }
}

/// The digits after an `e`. Beyond all range is as good as any larger one.
fn power(text: &[u8]) -> Option<i32> {
    let (negative, digits) = signed(text);
    if digits.is_empty() {
        return None;
    }
    let mut power = 0_i32;
    for byte in digits {
        if !byte.is_ascii_digit() {
            return None;
        }
        power = power.saturating_mul(10).saturating_add(i32::from(byte - b'0'));
    }
    Some(if negative { -power } else { power })
}

/// How many digits.
fn length(mantissa: u128) -> u32 {
    mantissa.checked_ilog10().map_or(0, |log| log + 1)
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = |n: &Self| if *n == Self::ZERO { 0 } else { 1 - 2 * i32::from(n.negative) };
        let magnitude = || {
            let (a, b) = (self.mantissa(), other.mantissa());
            self.first().cmp(&other.first()).then_with(|| {
                // Of one first digit's place: bring to one length, which is at most 38.
                let (m, n) = (length(a), length(b));
                let grow = |x: u128, by: u32| x.saturating_mul(10_u128.saturating_pow(by));
                grow(a, n.saturating_sub(m)).cmp(&grow(b, m.saturating_sub(n)))
            })
        };
        sign(self).cmp(&sign(other)).then_with(|| match sign(self) {
            0 => Ordering::Equal,
            1 => magnitude(),
            _ => magnitude().reverse(),
        })
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        let mantissa = u128::from(value.unsigned_abs());
        // A 64-bit number is never out of range.
        Self::new(value < 0, mantissa, 0).unwrap_or(Self::ZERO)
    }
}

impl fmt::Display for Number {
    /// All digits in plain notation, however large or small.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.negative {
            f.write_str("-")?;
        }
        let digits = self.mantissa().to_string();
        let zeros = |f: &mut fmt::Formatter<'_>, n: usize| write!(f, "{:0<n$}", "");
        let Ok(behind) = usize::try_from(-self.exponent()) else {
            f.write_str(&digits)?;
            return zeros(f, usize::try_from(self.exponent()).unwrap_or(0));
        };
        match digits.len().checked_sub(behind).and_then(|at| digits.split_at_checked(at)) {
            Some((whole, "")) => f.write_str(whole),
            Some(("", fraction)) => write!(f, "0.{fraction}"),
            Some((whole, fraction)) => write!(f, "{whole}.{fraction}"),
            None => {
                f.write_str("0.")?;
                zeros(f, behind - digits.len())?;
                f.write_str(&digits)
            }
        }
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Encode for Number {
    fn encode(&self, w: &mut dyn Writer) {
        // Most numbers are small and whole, and need no heap to be written.
        let Some(mut left) = self.small() else { return w.string(&self.to_string()) };
        let mut text = [b'0'; 21];
        let mut start = text.len();
        for place in text.iter_mut().rev() {
            *place += u8::try_from(left % 10).unwrap_or(0);
            left /= 10;
            start -= 1;
            if left == 0 {
                break;
            }
        }
        if self.negative {
            start -= 1;
            if let Some(sign) = text.get_mut(start) {
                *sign = b'-';
            }
        }
        w.string(text.get(start..).and_then(|t| str::from_utf8(t).ok()).unwrap_or_default());
    }
}

impl Number {
    /// The whole number without its sign, if it is one of at most 20 digits.
    fn small(self) -> Option<u64> {
        let power = 10_u64.checked_pow(u32::try_from(self.exponent).ok()?)?;
        if self.high == 0 { self.low.checked_mul(power) } else { None }
    }
}
