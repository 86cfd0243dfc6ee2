//! Timestamps as Ion has them: a local time, its offset from UTC if that is known, and how much of
//! it was said. Finer than a millisecond there is nothing.

use cumulet_core::Timestamp;
use cumulet_core::time::Civil;

use super::pattern::{format, push_number};

/// A part of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
    ZoneHour,
    ZoneMinute,
}

impl Part {
    pub(super) fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "year" => Self::Year,
            "month" => Self::Month,
            "day" => Self::Day,
            "hour" => Self::Hour,
            "minute" => Self::Minute,
            "second" => Self::Second,
            "timezone_hour" => Self::ZoneHour,
            "timezone_minute" => Self::ZoneMinute,
            _ => return None,
        })
    }

    /// Its length, if it always has the same.
    fn millis(self) -> Option<i64> {
        match self {
            Self::Day => Some(86_400_000),
            Self::Hour => Some(3_600_000),
            Self::Minute => Some(60_000),
            Self::Second => Some(1_000),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) local: Civil,
    /// Minutes; unknown is not the same as UTC.
    pub(super) offset: Option<i64>,
    /// The finest part that is said.
    precision: Part,
    /// Digits of the second's fraction.
    fraction: usize,
}

impl From<Timestamp> for Moment {
    fn from(t: Timestamp) -> Self {
        Self { local: t.into(), offset: Some(0), precision: Part::Second, fraction: 3 }
    }
}

impl Moment {
    /// Reads `2007T`, `2007-02T`, `2007-02-23`, `2007-02-23T12:14Z`, `2007-02-23T12:14:33.079-08:00`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (date, time) = text.split_once('T').map_or((text, None), |(d, t)| (d, Some(t)));
        let mut parts = date.split('-');
        let year = digits(parts.next()?, 4)?;
        let month = parts.next().map(|m| digits(m, 2));
        let day = parts.next().map(|d| digits(d, 2));
        let precision = match (month, day) {
            (None, _) => Part::Year,
            (_, None) => Part::Month,
            _ => Part::Day,
        };
        let (month, day) = (month.unwrap_or(Some(1))?, day.unwrap_or(Some(1))?);
        let local = Civil { year, month, day, hour: 0, minute: 0, second: 0, milli: 0 };
        let it = Self { local, offset: None, precision, fraction: 0 };
        let it = match time {
            Some("") => it,
            Some(time) if precision == Part::Day => it.with_time(time)?,
            None if precision == Part::Day => it,
            _ => return None,
        };
        // A day that the month does not have comes back as another.
        let sane = year >= 1
            && parts.next().is_none()
            && Civil::from(Timestamp::from(it.local)) == it.local;
        sane.then_some(it)
    }

    fn with_time(mut self, text: &str) -> Option<Self> {
        let (time, offset) = if let Some(time) = text.strip_suffix('Z') {
            (time, Some(0))
        } else {
            let (time, zone) = text.split_at_checked(text.find(['+', '-'])?)?;
            let (hours, minutes) = zone.get(1..)?.split_once(':')?;
            let minutes = digits(hours, 2)? * 60 + digits(minutes, 2)?;
            // RFC 3339: `-00:00` says that the offset is not known.
            let offset = match zone.starts_with('-') {
                true if minutes == 0 => None,
                true => Some(-minutes),
                false => Some(minutes),
            };
            (time, offset)
        };
        let mut parts = time.split(':');
        self.local.hour = digits(parts.next()?, 2)?;
        self.local.minute = digits(parts.next()?, 2)?;
        self.precision = Part::Minute;
        if let Some(seconds) = parts.next() {
            let (second, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
            self.local.second = digits(second, 2)?;
            digits(fraction, fraction.len())?;
            self.fraction = fraction.len().min(3);
            self.local.milli = digits(format!("{fraction:0<3}").get(..3)?, 3)?;
            self.precision = Part::Second;
        }
        self.offset = offset;
        let sane = parts.next().is_none() && offset.is_none_or(|o| o.abs() < 24 * 60);
        sane.then_some(self)
    }

    /// In UTC.
    pub(super) fn instant(&self) -> Timestamp {
        let offset = self.offset.unwrap_or(0) * 60_000;
        Timestamp::from_millis(Timestamp::from(self.local).millis() - offset)
    }

    pub(super) fn part(&self, part: Part) -> i64 {
        match part {
            Part::Year => self.local.year,
            Part::Month => self.local.month,
            Part::Day => self.local.day,
            Part::Hour => self.local.hour,
            Part::Minute => self.local.minute,
            Part::Second => self.local.second,
            Part::ZoneHour => self.offset.unwrap_or(0) / 60,
            Part::ZoneMinute => self.offset.unwrap_or(0) % 60,
        }
    }

    /// `count` parts later; `None` outside the years 1 to 9999. What was not said so far is now.
    pub(super) fn plus(mut self, part: Part, count: i64) -> Option<Self> {
        if let Some(unit) = part.millis() {
            let millis = Timestamp::from(self.local).millis();
            self.local =
                Timestamp::from_millis(millis.checked_add(count.checked_mul(unit)?)?).into();
        } else {
            let months = if part == Part::Year { count.checked_mul(12)? } else { count };
            let months = (self.local.year * 12 + self.local.month - 1).checked_add(months)?;
            self.local.year = months.div_euclid(12);
            self.local.month = months.rem_euclid(12) + 1;
            let day = self.local.day;
            let exists = |day: &i64| {
                let local = Civil { day: *day, ..self.local };
                Civil::from(Timestamp::from(local)).day == *day
            };
            let in_range = (1..=9999).contains(&self.local.year);
            self.local.day = if in_range { (1..=day).rev().find(exists)? } else { day };
        }
        // An hour has minutes: Ion knows no time without them.
        let said = if part == Part::Hour { Part::Minute } else { part };
        self.precision = self.precision.max(said);
        (1..=9999).contains(&self.local.year).then_some(self)
    }

    /// Whole parts from this to `later`.
    pub(super) fn until(&self, later: &Self, part: Part) -> i64 {
        if let Some(unit) = part.millis() {
            return (later.instant().millis() - self.instant().millis()) / unit;
        }
        let (a, b) = (Civil::from(self.instant()), Civil::from(later.instant()));
        let months = (b.year - a.year) * 12 + b.month - a.month;
        let rest = |c: Civil| (c.day, c.hour, c.minute, c.second, c.milli);
        let months = match months {
            1.. if rest(b) < rest(a) => months - 1,
            ..=-1 if rest(b) > rest(a) => months + 1,
            _ => months,
        };
        if part == Part::Year { months / 12 } else { months }
    }

    /// As it was said.
    pub(super) fn text(&self) -> String {
        let pattern = match self.precision {
            Part::Year => "yyyy'T'",
            Part::Month => "yyyy-MM'T'",
            Part::Day => "yyyy-MM-dd",
            Part::Second => match self.fraction {
                0 => "yyyy-MM-dd'T'HH:mm:ssXXX",
                1 => "yyyy-MM-dd'T'HH:mm:ss.SXXX",
                2 => "yyyy-MM-dd'T'HH:mm:ss.SSXXX",
                _ => "yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
            },
            _ => "yyyy-MM-dd'T'HH:mmXXX",
        };
        format(self, pattern).unwrap_or_default()
    }

    /// `Z`, `+08:00`, or without the colon.
    pub(super) fn zone(&self, zulu: bool, minutes: bool, colon: &str) -> String {
        let (sign, offset) = match self.offset {
            Some(0) if zulu => return "Z".to_owned(),
            Some(offset) if offset >= 0 => ("+", offset),
            offset => ("-", offset.unwrap_or(0)),
        };
        let (mut text, offset) = (sign.to_owned(), offset.abs());
        push_number(&mut text, offset / 60, 2);
        if minutes || self.offset.is_none() {
            text.push_str(colon);
            push_number(&mut text, offset % 60, 2);
        }
        text
    }
}

fn digits(text: &str, len: usize) -> Option<i64> {
    let good = text.len() == len && text.bytes().all(|b| b.is_ascii_digit());
    if good && len == 0 {
        return Some(0);
    }
    // A long fraction is checked, not read.
    good.then(|| text.get(..len.min(18))?.parse().ok())?
}
