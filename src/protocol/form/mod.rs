//! Forms: query strings, and the requests of query and ec2.

#[cfg(feature = "form")]
pub(crate) mod read;

use std::borrow::Cow;

use percent_encoding::percent_decode;

/// Names and values, percent-decoded, in the order given. Bytes that are not UTF-8 are replaced.
pub fn pairs(text: &[u8]) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    encoded(text).map(|(name, value)| (decode(name), decode(value)))
}

fn encoded(text: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    text.split(|b| *b == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
        let at = pair.iter().position(|b| *b == b'=').unwrap_or(pair.len());
        let (name, value) = pair.split_at(at);
        (name, value.get(1..).unwrap_or_default())
    })
}

fn decode(text: &[u8]) -> Cow<'_, str> {
    // All of it is looked at, many bytes at a time.
    if text.iter().fold(true, |plain, b| plain & !matches!(b, b'+' | b'%')) {
        let valid = std::str::from_utf8(text);
        return valid.map_or_else(|_| String::from_utf8_lossy(text), Cow::Borrowed);
    }
    let spaced: Vec<u8> = text.iter().map(|b| if *b == b'+' { b' ' } else { *b }).collect();
    let decoded: Vec<u8> = percent_decode(&spaced).collect();
    String::from_utf8(decoded)
        .unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned())
        .into()
}

/// The last value of the parameter called `name`.
pub(crate) fn find<'a>(text: &'a [u8], name: &str) -> Option<Cow<'a, str>> {
    encoded(text).filter(|(n, _)| decode(n) == name).last().map(|(_, value)| decode(value))
}

pub(crate) type Pair<'a> = (Cow<'a, str>, Cow<'a, str>);
