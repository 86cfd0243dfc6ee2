//! The date formats of signatures. Calendar and clock are core's.

use cumulet_core::Timestamp;
use cumulet_core::time::Civil;

/// Reads `20130524T000000Z` or an HTTP date, whose zone may also be `+0000`.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    parse_basic(text).or_else(|| match text.strip_suffix("+0000") {
        Some(date) => Timestamp::parse_http_date(&format!("{date}GMT")),
        None => Timestamp::parse_http_date(text),
    })
}

pub(crate) fn parse_basic(text: &str) -> Option<Timestamp> {
    let bytes: &[u8; 16] = text.as_bytes().try_into().ok()?;
    let [y1, y2, y3, y4, m1, m2, d1, d2, b'T', h1, h2, n1, n2, s1, s2, b'Z'] = *bytes else {
        return None;
    };
    let long = [
        y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', n1, n2, b':', s1, s2, b'Z',
    ];
    Timestamp::parse_iso8601(str::from_utf8(&long).ok()?)
}

/// `20130524T000000Z`
pub(crate) fn basic(time: Timestamp) -> String {
    let Civil { hour, minute, second, .. } = time.into();
    format!("{}T{hour:02}{minute:02}{second:02}Z", day(time))
}

/// `20130524`
pub(crate) fn day(time: Timestamp) -> String {
    let Civil { year, month, day, .. } = time.into();
    format!("{year:04}{month:02}{day:02}")
}

/// `2013-05-24T00:00:00Z`
pub(crate) fn extended(time: Timestamp) -> String {
    Timestamp::from_secs(time.secs()).iso8601()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_formats_give_the_same_second() {
        let time = Some(Timestamp::from_secs(1_369_353_600));
        for text in [
            "20130524T000000Z",
            "Fri, 24 May 2013 00:00:00 GMT",
            " Fri, 24 May 2013 00:00:00 +0000",
        ] {
            assert_eq!(parse(text), time, "{text}");
        }
    }

    #[test]
    fn every_day_comes_back() {
        for day in -1000..40_000 {
            let time = Timestamp::from_secs(day * 86_400 + 45_296);
            assert_eq!(parse(&basic(time)), Some(time));
        }
        assert_eq!(extended(Timestamp::from_millis(951_782_400_999)), "2000-02-29T00:00:00Z");
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in ["", "Z", "20130524", "20131324T000000Z", "2013052éT000000Z", "24 May 2013"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
