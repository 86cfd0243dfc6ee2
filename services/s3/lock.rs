//! Object lock: how long and how firmly a version may not be deleted, and by whose wish.

use std::sync::Arc;
use std::time::Duration;

use cumulet_core::{AwsError, Cx, Timestamp};

use crate::attributes::Attributes;
use crate::errors;
use crate::state::{Bucket, Version};

/// How firmly a version is retained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Who says that they mean it may delete it.
    Governance,
    /// Nobody may.
    Compliance,
}

impl Mode {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "GOVERNANCE" => Some(Self::Governance),
            "COMPLIANCE" => Some(Self::Compliance),
            _ => None,
        }
    }

    pub(crate) fn name(self) -> String {
        match self {
            Self::Governance => "GOVERNANCE".into(),
            Self::Compliance => "COMPLIANCE".into(),
        }
    }
}

/// A retention, which may have run out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Retention {
    pub(crate) mode: Mode,
    pub(crate) until: Timestamp,
}

/// What keeps a version from being deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lock {
    pub(crate) retention: Option<Retention>,
    /// The legal hold, once it was set on or off.
    pub(crate) hold: Option<bool>,
}

/// The lock of a bucket that has one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct BucketLock {
    /// What objects get that bring no retention.
    pub(crate) default: Option<(Mode, Period)>,
}

/// How long objects are retained by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Period {
    Days(u16),
    Years(u16),
}

impl Period {
    fn duration(self) -> Duration {
        let days = match self {
            Self::Days(days) => u64::from(days),
            Self::Years(years) => u64::from(years) * 365,
        };
        Duration::from_hours(24 * days)
    }
}

impl Lock {
    /// Reads the headers of a write.
    pub(crate) fn parse(
        mode: Option<&str>,
        until: Option<Timestamp>,
        hold: Option<&str>,
    ) -> Result<Self, AwsError> {
        let (mode_name, until_name) =
            ("x-amz-object-lock-mode", "x-amz-object-lock-retain-until-date");
        let both = |missing| {
            let message = format!("{until_name} and {mode_name} must both be supplied");
            errors::invalid_argument_named(message, missing)
        };
        let retention = match (mode, until) {
            (None, None) => None,
            (Some(_), None) => return Err(both(until_name)),
            (None, Some(_)) => return Err(both(mode_name)),
            (Some(mode), Some(until)) => {
                let unknown =
                    || errors::invalid_argument("Unknown wormMode directive.", mode_name, mode);
                Some(Retention { mode: Mode::parse(mode).ok_or_else(unknown)?, until })
            }
        };
        let hold = hold.map(|status| {
            let message = "Legal Hold must be either of 'ON' or 'OFF'";
            let name = "x-amz-object-lock-legal-hold";
            on_or_off(status).ok_or_else(|| errors::invalid_argument(message, name, status))
        });
        Ok(Self { retention, hold: hold.transpose()? })
    }

    /// Whether a version with this lock may be deleted.
    pub(crate) fn check_delete(&self, now: Timestamp, bypass: bool) -> Result<(), AwsError> {
        let retained = self
            .retention
            .is_some_and(|r| r.until > now && !(bypass && r.mode == Mode::Governance));
        if retained || self.hold == Some(true) {
            return Err(errors::object_locked());
        }
        Ok(())
    }

    /// Whether the retention may become `new`: more is always fine, less only as deleting is.
    pub(crate) fn check_retention(
        &self,
        new: Option<Retention>,
        now: Timestamp,
        bypass: bool,
    ) -> Result<(), AwsError> {
        let Some(old) = self.retention else { return Ok(()) };
        let more = new.is_some_and(|new| {
            new.until >= old.until && (new.mode == old.mode || new.mode == Mode::Compliance)
        });
        if more {
            return Ok(());
        }
        Self { retention: self.retention, hold: None }.check_delete(now, bypass)
    }
}

pub(crate) fn on_or_off(status: &str) -> Option<bool> {
    match status {
        "ON" => Some(true),
        "OFF" => Some(false),
        _ => None,
    }
}

/// A date in the past, as the error about it repeats it: in Java's words at Pacific time.
pub(crate) fn pacific(at: Timestamp) -> String {
    let hours_before = |hours: i64| Timestamp::from_secs(at.secs() - 3600 * hours).http_date();
    let winter = hours_before(8);
    let date: Vec<&str> = winter.split([' ', ',']).filter(|word| !word.is_empty()).collect();
    let [weekday, day, month, ..] = date.as_slice() else { return winter };
    let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    let since_sunday = weekdays.iter().position(|w| w == weekday).unwrap_or_default();
    let day = day.parse::<usize>().unwrap_or_default();
    // From March's second Sunday to November's first.
    let is_summer = match *month {
        "Mar" => day >= since_sunday + 8,
        "Nov" => day <= since_sunday,
        month => !["Dec", "Jan", "Feb"].contains(&month),
    };
    let (text, zone) = if is_summer { (hours_before(7), "PDT") } else { (winter, "PST") };
    match text.split([' ', ',']).filter(|word| !word.is_empty()).collect::<Vec<_>>().as_slice() {
        [weekday, day, month, year, time, ..] => {
            format!("{weekday} {month} {day} {time} {zone} {year}")
        }
        _ => text,
    }
}

impl Bucket {
    /// The lock, without which there are no locks of objects.
    pub(crate) fn lock(&self) -> Result<&BucketLock, AwsError> {
        let missing = || errors::invalid_request("Bucket is missing Object Lock Configuration");
        self.lock.as_ref().ok_or_else(missing)
    }

    /// Checks the lock that a new object brings.
    pub(crate) fn check_lock(&self, cx: &Cx, given: &Attributes) -> Result<(), AwsError> {
        if given.lock == Lock::default() {
            return Ok(());
        }
        self.lock()?;
        match given.lock.retention {
            Some(r) if r.until <= cx.now() => Err(errors::retention_in_past(
                "x-amz-object-lock-retain-until-date",
                pacific(r.until),
            )),
            _ => Ok(()),
        }
    }

    /// Gives an object that brings no retention the bucket's.
    pub(crate) fn retain(&self, version: &mut Version) {
        let default = self.lock.and_then(|lock| lock.default);
        if let (Some((mode, period)), None) = (default, version.attributes.lock.retention) {
            let until = version.modified.plus(period.duration());
            let attributes = Arc::make_mut(&mut version.attributes);
            attributes.lock.retention = Some(Retention { mode, until });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_past_date_is_told_at_pacific_time() {
        for (secs, text) in [
            (1_577_836_800, "Tue Dec 31 16:00:00 PST 2019"),
            (1_583_625_600, "Sat Mar 07 16:00:00 PST 2020"),
            (1_583_712_000, "Sun Mar 08 17:00:00 PDT 2020"),
            (1_604_188_800, "Sat Oct 31 17:00:00 PDT 2020"),
            (1_604_275_200, "Sun Nov 01 16:00:00 PST 2020"),
        ] {
            assert_eq!(pacific(Timestamp::from_secs(secs)), text);
        }
    }

    #[test]
    fn a_retention_may_grow_but_not_shrink() {
        let at = Timestamp::from_secs;
        let retention = |mode, until| Some(Retention { mode, until: at(until) });
        let (g, c) = (Mode::Governance, Mode::Compliance);
        for (old, new, now, bypass, allowed) in [
            (None, retention(g, 5), 1, false, true),
            (retention(g, 5), retention(g, 6), 1, false, true),
            (retention(g, 5), retention(c, 5), 1, false, true),
            (retention(g, 5), retention(g, 4), 1, false, false),
            (retention(g, 5), retention(g, 4), 1, true, true),
            (retention(g, 5), None, 1, false, false),
            (retention(g, 5), None, 5, false, true),
            (retention(c, 5), retention(c, 6), 1, false, true),
            (retention(c, 5), retention(g, 6), 1, true, false),
            (retention(c, 5), None, 1, true, false),
        ] {
            let lock = Lock { retention: old, hold: Some(true) };
            let outcome = lock.check_retention(new, at(now), bypass);
            assert_eq!(outcome.is_ok(), allowed, "{old:?} {new:?} {now} {bypass}");
        }
    }
}
