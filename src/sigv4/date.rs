//! The two date formats that signatures know, to and from seconds since 1970. No clock here.

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAY: i64 = 86_400;

/// Reads `20130524T000000Z` or an HTTP date (`Fri, 24 May 2013 00:00:00 GMT`, zone also `+0000`).
pub(crate) fn parse(text: &str) -> Option<i64> {
    let text = text.trim();
    parse_iso(text).or_else(|| parse_http(text))
}

pub(crate) fn parse_iso(text: &str) -> Option<i64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    if date.len() != 8 || time.len() != 6 {
        return None;
    }
    let part = |text: &str, from: usize, to: usize| text.get(from..to).and_then(number);
    seconds(
        [part(date, 0, 4)?, part(date, 4, 6)?, part(date, 6, 8)?],
        [part(time, 0, 2)?, part(time, 2, 4)?, part(time, 4, 6)?],
    )
}

fn parse_http(text: &str) -> Option<i64> {
    let text = text.split_once(',').map_or(text, |(_weekday, rest)| rest);
    let mut words = text.split_ascii_whitespace();
    let day = number(words.next()?)?;
    let month = words.next()?;
    let month = MONTHS.iter().position(|m| m.eq_ignore_ascii_case(month))?;
    let year = number(words.next()?)?;
    let mut clock = words.next()?.splitn(3, ':').map(number);
    let time = [clock.next()??, clock.next()??, clock.next()??];
    let zone = zone(words.next()?)?;
    let local = seconds([year, i64::try_from(month).ok()? + 1, day], time)?;
    words.next().is_none().then_some(local - zone)
}

/// The offset of `GMT`, `UTC`, `Z` or `+hhmm`, in seconds.
fn zone(text: &str) -> Option<i64> {
    if matches!(text, "GMT" | "UTC" | "Z") {
        return Some(0);
    }
    let offset = |digits: &str| {
        (digits.len() == 4).then(|| number(digits)).flatten().map(|n| n / 100 * 3600 + n % 100 * 60)
    };
    match text.strip_prefix('-') {
        Some(west) => offset(west).map(|n| -n),
        None => offset(text.strip_prefix('+')?),
    }
}

/// Up to four decimal digits and nothing else.
fn number(text: &str) -> Option<i64> {
    let short = (1..=4).contains(&text.len());
    (short && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

fn seconds([year, month, day]: [i64; 3], [hour, minute, second]: [i64; 3]) -> Option<i64> {
    let valid = (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    // Years begin in March, so that a leap day is a year's last.
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days =
        y * 365 + y.div_euclid(4) - y.div_euclid(100) + y.div_euclid(400) + (153 * m + 2) / 5 + day
            - 719_469;
    valid.then_some(days * DAY + hour * 3600 + minute * 60 + second)
}

fn fields(time: i64) -> [i64; 6] {
    let (days, rest) = (time.div_euclid(DAY) + 719_468, time.rem_euclid(DAY));
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let m = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * m + 2) / 5 + 1;
    let month = if m < 10 { m + 3 } else { m - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    [year, month, day, rest / 3600, rest / 60 % 60, rest % 60]
}

/// `20130524T000000Z`
pub(crate) fn basic(time: i64) -> String {
    let [year, month, day, hour, minute, second] = fields(time);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

/// `20130524`
pub(crate) fn day(time: i64) -> String {
    let [year, month, day, ..] = fields(time);
    format!("{year:04}{month:02}{day:02}")
}

/// `2013-05-24T00:00:00Z`
pub(crate) fn extended(time: i64) -> String {
    let [year, month, day, hour, minute, second] = fields(time);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_formats_give_the_same_second() {
        assert_eq!(parse("20130524T000000Z"), Some(1_369_353_600));
        for text in [
            "Fri, 24 May 2013 00:00:00 GMT",
            "24 May 2013 00:00:00 +0000",
            "Fri, 24 May 2013 02:00:00 +0200",
            "Thu, 23 May 2013 19:30:00 -0430",
        ] {
            assert_eq!(parse(text), Some(1_369_353_600), "{text}");
        }
    }

    #[test]
    fn every_day_comes_back() {
        for day in -1000..40_000 {
            let time = day * DAY + 45_296;
            assert_eq!(parse(&basic(time)), Some(time));
        }
        assert_eq!(extended(951_782_400), "2000-02-29T00:00:00Z");
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in ["", "Z", "20130524", "20131324T000000Z", "2013052éT000000Z", "24 May 2013"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
