//! Points in time and the world's clock, the only source of both.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::Notify;

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From whole seconds.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// From milliseconds.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Whole seconds, rounded down.
    pub const fn secs(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Milliseconds.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// This much later.
    #[must_use]
    pub fn plus(self, later: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(later.as_millis()).unwrap_or(i64::MAX)))
    }

    /// How long after `earlier`; zero if it is not later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// `2026-11-22T03:48:44Z`, with three digits of milliseconds if there are any.
    pub fn iso8601(self) -> String {
        let text = self.iso8601_millis();
        match text.split_once('.') {
            Some((seconds, _)) if self.0.rem_euclid(1000) == 0 => [seconds, "Z"].concat(),
            _ => text,
        }
    }

    /// `2026-11-22T03:48:44.000Z`: always with milliseconds, as S3's XML has it.
    pub fn iso8601_millis(self) -> String {
        String::from_utf8(self.iso8601_bytes().into()).unwrap_or_default()
    }

    /// The same, in ASCII. Digits by hand: a page of a list has a thousand of these.
    pub fn iso8601_bytes(self) -> [u8; 24] {
        let c = Civil::from(self);
        let ([c1, c2], [y1, y2]) =
            (digits(c.year.div_euclid(100).rem_euclid(100)), digits(c.year.rem_euclid(100)));
        let ([m1, m2], [d1, d2]) = (digits(c.month), digits(c.day));
        let ([h1, h2], [n1, n2], [s1, s2]) = (digits(c.hour), digits(c.minute), digits(c.second));
        let ([_, f1], [f2, f3]) = (digits(c.milli / 100), digits(c.milli % 100));
        [
            c1, c2, y1, y2, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', n1, n2, b':', s1, s2,
            b'.', f1, f2, f3, b'Z',
        ]
    }

    /// `Sun, 22 Nov 2026 03:48:44 GMT`, as HTTP's headers have it. Times before 1970 give 1970.
    pub fn http_date(self) -> String {
        let secs = u64::try_from(self.secs()).unwrap_or(0);
        // httpdate ends at the year 9999.
        let time = UNIX_EPOCH + Duration::from_secs(secs.min(253_402_300_799));
        httpdate::fmt_http_date(time)
    }

    /// Reads HTTP's date formats.
    pub fn parse_http_date(text: &str) -> Option<Self> {
        let time = httpdate::parse_http_date(text).ok()?;
        let since = time.duration_since(UNIX_EPOCH).ok()?;
        Some(Self::from_secs(i64::try_from(since.as_secs()).ok()?))
    }

    /// Reads RFC 3339: date, `T`, time, optional fraction, `Z` or an offset (absent means UTC).
    pub fn parse_iso8601(text: &str) -> Option<Self> {
        let (date, time) = text.split_once(['T', 't', ' '])?;
        let mut ymd = date.split('-').map(number);
        let (year, month, day) = (ymd.next()??, ymd.next()??, ymd.next()??);
        let (time, offset) = split_offset(time)?;
        let mut hms = time.splitn(3, ':');
        let (hour, minute, rest) = (number(hms.next()?)?, number(hms.next()?)?, hms.next()?);
        let (second, fraction) = rest.split_once('.').unwrap_or((rest, ""));
        let second = number(second)?;
        let milli = number(format!("{fraction:0<3}").get(..3)?)?;
        let valid = (1..=12).contains(&month) && (1..=31).contains(&day);
        if !valid || hour > 23 || minute > 59 || second > 60 || ymd.next().is_some() {
            return None;
        }
        let days = days_from_civil(year, month, day);
        let secs = ((days * 24 + hour) * 60 + minute) * 60 + second - offset;
        Some(Self(secs * 1000 + milli))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.iso8601())
    }
}

/// Of a number below 100. No division, which is slow in a binary that is built for size.
fn digits(value: i64) -> [u8; 2] {
    let value = u8::try_from(value).unwrap_or(0) % 128;
    let tens = ((u16::from(value) * 103) >> 10).to_le_bytes()[0];
    [b'0' + tens, b'0' + value - 10 * tens]
}

/// At most six digits: no year or offset that has more is meant, and none of them overflows.
fn number(text: &str) -> Option<i64> {
    (text.len() <= 6).then_some(())?;
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
}

/// Cuts `Z` or `+01:00` off; the offset in seconds.
fn split_offset(time: &str) -> Option<(&str, i64)> {
    if let Some(time) = time.strip_suffix(['Z', 'z']) {
        return Some((time, 0));
    }
    let Some(at) = time.find(['+', '-']) else { return Some((time, 0)) };
    let (time, offset) = time.split_at_checked(at)?;
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = offset.get(1..)?.split_once(':')?;
    Some((time, sign * (number(hours)? * 3600 + number(minutes)? * 60)))
}

/// A timestamp in the Gregorian calendar, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    /// Year.
    pub year: i64,
    /// 1 to 12.
    pub month: i64,
    /// 1 to 31.
    pub day: i64,
    /// 0 to 23.
    pub hour: i64,
    /// 0 to 59.
    pub minute: i64,
    /// 0 to 59.
    pub second: i64,
    /// 0 to 999.
    pub milli: i64,
}

impl From<Timestamp> for Civil {
    /// The algorithm of Howard Hinnant's "chrono-compatible low-level date algorithms".
    fn from(t: Timestamp) -> Self {
        let secs = t.secs();
        let z = secs.div_euclid(86_400) + 719_468;
        let era = z.div_euclid(146_097);
        // Divisions of 32 bits from here on: a page of a list has 20,000 of them.
        let small = |n: i64| u32::try_from(n).unwrap_or_default();
        let (doe, rest) = (small(z.rem_euclid(146_097)), small(secs.rem_euclid(86_400)));
        let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let month = if mp < 10 { mp + 3 } else { mp - 9 };
        Self {
            year: i64::from(yoe) + era * 400 + i64::from(month <= 2),
            month: month.into(),
            day: (doy - (153 * mp + 2) / 5 + 1).into(),
            hour: (rest / 3600).into(),
            minute: (rest / 60 % 60).into(),
            second: (rest % 60).into(),
            milli: t.millis().rem_euclid(1000),
        }
    }
}

impl From<Civil> for Timestamp {
    /// Days beyond a month's end count on into the next.
    fn from(c: Civil) -> Self {
        let days = days_from_civil(c.year, c.month, c.day);
        let secs = ((days * 24 + c.hour) * 60 + c.minute) * 60 + c.second;
        Self(secs * 1000 + c.milli)
    }
}

/// Days from 1970-01-01, by the same source.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let doy = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    era * 146_097 + doe - 719_468
}

/// Real time from the system, for what must not follow a world's clock: signature skew, uptime.
#[expect(clippy::disallowed_methods, reason = "the one place that asks the system")]
pub fn real_now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

const RUNNING: i64 = i64::MIN;

/// A world's clock: real time plus an offset, or frozen at one moment.
///
/// Turning it wakes every sleeper to look again. Whoever wants the work that fell due done as well
/// turns it through the world (`World::advance`).
#[derive(Debug)]
pub struct Clock {
    offset: AtomicI64,
    frozen: AtomicI64,
    turned: Notify,
}

impl Default for Clock {
    fn default() -> Self {
        Self { offset: AtomicI64::new(0), frozen: AtomicI64::new(RUNNING), turned: Notify::new() }
    }
}

impl Clock {
    /// Now, in this world.
    pub fn now(&self) -> Timestamp {
        match self.frozen.load(Ordering::Acquire) {
            RUNNING => Timestamp(real_now().0 + self.offset.load(Ordering::Acquire)),
            at => Timestamp(at),
        }
    }

    /// Stops the clock.
    pub fn freeze(&self) {
        self.frozen.store(self.now().0, Ordering::Release);
        self.turned.notify_waiters();
    }

    /// Lets the clock run on from where it stands.
    pub fn resume(&self) {
        self.offset.store(self.now().0 - real_now().0, Ordering::Release);
        self.frozen.store(RUNNING, Ordering::Release);
        self.turned.notify_waiters();
    }

    /// Puts the clock to a moment; it goes on running, or stays frozen there.
    pub fn set(&self, at: Timestamp) {
        if self.frozen.load(Ordering::Acquire) == RUNNING {
            self.offset.store(at.0 - real_now().0, Ordering::Release);
        } else {
            self.frozen.store(at.0, Ordering::Release);
        }
        self.turned.notify_waiters();
    }

    /// Turns the clock forward.
    pub fn advance(&self, by: Duration) {
        self.set(self.now().plus(by));
    }

    /// A clock that shows the same time and is as frozen as this one: for a forked world.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self {
            offset: AtomicI64::new(self.offset.load(Ordering::Acquire)),
            frozen: AtomicI64::new(self.frozen.load(Ordering::Acquire)),
            turned: Notify::new(),
        }
    }

    /// Waits until this clock shows `at` or later.
    pub async fn sleep_until(&self, at: Timestamp) {
        loop {
            let turned = self.turned.notified();
            let left = at.since(self.now());
            if left.is_zero() {
                return;
            }
            if self.frozen.load(Ordering::Acquire) == RUNNING {
                tokio::select! {
                    () = tokio::time::sleep(left) => {}
                    () = turned => {}
                }
            } else {
                turned.await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iso8601_goes_both_ways() {
        for text in ["1970-01-01T00:00:00Z", "2000-02-29T23:59:59.123Z", "2026-11-22T03:48:44Z"] {
            assert_eq!(Timestamp::parse_iso8601(text).unwrap().iso8601(), text);
        }
        assert_eq!(Timestamp::parse_iso8601("1969-12-31T23:59:59Z").unwrap().secs(), -1);
        let east = Timestamp::parse_iso8601("2026-11-22T04:48:44+01:00").unwrap();
        assert_eq!(east.iso8601(), "2026-11-22T03:48:44Z");
        assert_eq!(east.iso8601_millis(), "2026-11-22T03:48:44.000Z");
    }

    #[test]
    fn nonsense_is_no_time() {
        let far = "999999999999999999-01-01T00:00:00Z";
        for text in
            ["", "T", "2026-13-01T00:00:00Z", "2026-01-01", "2026-01-01T25:00:00Z", "é", far]
        {
            assert_eq!(Timestamp::parse_iso8601(text), None, "{text}");
        }
    }

    #[test]
    fn http_dates_go_both_ways() {
        let text = "Sun, 22 Nov 2026 03:48:44 GMT";
        assert_eq!(Timestamp::parse_http_date(text).unwrap().http_date(), text);
    }

    #[tokio::test]
    async fn a_frozen_clock_moves_only_when_turned() {
        let clock = Clock::default();
        clock.freeze();
        let before = clock.now();
        assert_eq!(clock.now(), before);
        let asleep = clock.sleep_until(before.plus(Duration::from_hours(1)));
        tokio::pin!(asleep);
        let poll = std::future::poll_fn(|cx| std::task::Poll::Ready(asleep.as_mut().poll(cx)));
        assert!(poll.await.is_pending());
        clock.advance(Duration::from_hours(1));
        asleep.await;
        assert_eq!(clock.now().since(before), Duration::from_hours(1));
    }
}
