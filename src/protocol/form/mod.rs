//! Forms: query strings, and the requests of query and ec2.

#[cfg(feature = "form")]
pub(crate) mod read;

use std::borrow::Cow;

use percent_encoding::percent_decode;

/// Names and values, percent-decoded, in the order given. Bytes that are not UTF-8 are replaced.
pub fn pairs(text: &[u8]) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    text.split(|b| *b == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
        let at = pair.iter().position(|b| *b == b'=').unwrap_or(pair.len());
        let (name, value) = pair.split_at(at);
        (decode(name), decode(value.get(1..).unwrap_or_default()))
    })
}

fn decode(text: &[u8]) -> Cow<'_, str> {
    if !text.iter().any(|b| matches!(b, b'+' | b'%')) {
        return String::from_utf8_lossy(text);
    }
    let spaced: Vec<u8> = text.iter().map(|b| if *b == b'+' { b' ' } else { *b }).collect();
    let decoded: Vec<u8> = percent_decode(&spaced).collect();
    String::from_utf8(decoded)
        .unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned())
        .into()
}

/// The last value of the parameter called `name`.
pub(crate) fn find<'a>(text: &'a [u8], name: &str) -> Option<Cow<'a, str>> {
    pairs(text).filter(|(n, _)| n == name).last().map(|(_, value)| value)
}

pub(crate) type Pair<'a> = (Cow<'a, str>, Cow<'a, str>);
