//! The canonical form of a request, which client and server hash alike (version 4).

use crate::key::sha256_hex;
use crate::signature::Credential;
use crate::{date, parse};
use cumulet_core::Timestamp;
use http::HeaderMap;
use http::request::Parts;
use percent_encoding::{
    AsciiSet, NON_ALPHANUMERIC, percent_decode, percent_decode_str, percent_encode,
};
use std::borrow::Cow;

const NAME: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
const PATH: &AsciiSet = &NAME.remove(b'/');

/// The canonical request. `payload` is its last line: the payload's hash or what stands for it.
/// Bytes, because header values need not be UTF-8.
pub(crate) fn request(parts: &Parts, s3: bool, signed_headers: &str, payload: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    let mut line = |text: &[u8]| {
        out.extend_from_slice(text);
        out.push(b'\n');
    };
    line(parts.method.as_str().as_bytes());
    line(path(parts.uri.path(), s3).as_bytes());
    line(query(parts.uri.query().unwrap_or_default()).as_bytes());
    for name in signed_headers.split(';') {
        line(&header(parts, name));
    }
    line(b"");
    line(signed_headers.as_bytes());
    out.extend_from_slice(payload.as_bytes());
    out
}

pub(crate) fn string_to_sign(
    credential: &Credential<'_>,
    signed_at: Timestamp,
    request: &[u8],
) -> String {
    format!(
        "{}\n{}\n{}\n{}",
        parse::V4,
        date::basic(signed_at),
        credential.scope(),
        sha256_hex(request)
    )
}

/// S3 signs the path as it is meant: encoded once, dots and double slashes kept. The others sign
/// the path as it is sent, simplified and encoded once more.
fn path(path: &str, s3: bool) -> String {
    if s3 {
        let path: Cow<'_, [u8]> = percent_decode_str(path).into();
        return encode_path(&path);
    }
    let mut segments = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            other => segments.push(other),
        }
    }
    let slash = if path.ends_with('/') && !segments.is_empty() { "/" } else { "" };
    encode_path(format!("/{}{slash}", segments.join("/")).as_bytes())
}

fn encode_path(path: &[u8]) -> String {
    if path.is_empty() { "/".to_owned() } else { percent_encode(path, PATH).to_string() }
}

/// Decoded, encoded anew and sorted; without the signature itself.
fn query(query: &str) -> String {
    // With the end of text between name and value, which sorts before all that a name may have.
    let pairs = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .filter(|(name, _)| !name.eq_ignore_ascii_case("X-Amz-Signature"))
        .map(|(name, value)| format!("{}\0{}", recoded(name), recoded(value)));
    sorted(pairs).join("&").replace('\0', "=")
}

/// The one sort of texts that there is here: each type of element would have its own.
pub(crate) fn sorted<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Vec<String> {
    let mut texts: Vec<String> = texts.into_iter().map(Into::into).collect();
    texts.sort_unstable();
    texts
}

/// A query's plus sign is a space.
fn recoded(text: &str) -> String {
    let text = text.replace('+', " ");
    let bytes: Cow<'_, [u8]> = percent_decode(text.as_bytes()).into();
    encode(&bytes)
}

pub(crate) fn encode(bytes: &[u8]) -> String {
    percent_encode(bytes, NAME).to_string()
}

/// `name:value`, several values joined by commas, white space within them collapsed.
fn header(parts: &Parts, name: &str) -> Vec<u8> {
    let mut line = name.as_bytes().to_vec();
    line.push(b':');
    if name == "host" && !parts.headers.contains_key("host") {
        // HTTP/2 has the host in the URI.
        line.extend(parts.uri.authority().map_or("", |host| host.as_str()).bytes());
        return line;
    }
    line.extend(values(&parts.headers, name, |value| {
        let words = value.split(u8::is_ascii_whitespace);
        words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(&b' ')
    }));
    line
}

/// A header's values, each as `tidy` leaves it, joined by commas.
pub(crate) fn values(headers: &HeaderMap, name: &str, tidy: fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let values = headers.get_all(name).iter().map(|value| tidy(value.as_bytes()));
    values.collect::<Vec<_>>().join(&b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s3_keeps_a_path_and_encodes_once() {
        for (sent, canonical) in [
            ("/a/../b//c/.", "/a/../b//c/."),
            ("/a%20b%2Fc+d!é", "/a%20b/c%2Bd%21%C3%A9"),
            ("/caf%c3%a9~_-.", "/caf%C3%A9~_-."),
            ("", "/"),
        ] {
            assert_eq!(path(sent, true), canonical);
        }
    }

    #[test]
    fn others_simplify_a_path_and_encode_twice() {
        for (sent, canonical) in [
            ("/a/../b//c/.", "/b/c"),
            ("/functions/arn%3Aaws", "/functions/arn%253Aaws"),
            ("//example//", "/example/"),
            ("/../..", "/"),
            ("/./", "/"),
        ] {
            assert_eq!(path(sent, false), canonical);
        }
    }

    #[test]
    fn a_query_is_recoded_and_sorted() {
        assert_eq!(query("b=2&a=x+y&acl&a=%2f&&X-Amz-Signature=0"), "a=%2F&a=x%20y&acl=&b=2");
    }
}
