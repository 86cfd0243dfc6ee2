//! User metadata as S3 keeps it: a limit on its size, and text beyond ASCII in RFC 2047's form.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cumulet_core::AwsError;
use http::HeaderValue;

use crate::errors;

/// Names and values of `x-amz-meta-*`, names in small letters.
pub(crate) type UserMetadata = BTreeMap<String, String>;

/// Text as a header carries it: beyond what a byte can tell, metadata go in RFC 2047's form, and of
/// other headers there is left what a byte can tell. Control characters have no place in them.
pub(crate) fn header(name: &str, text: &str) -> Option<HeaderValue> {
    let bytes: Vec<u8> = text.chars().map(|c| u8::try_from(c).unwrap_or(b' ')).collect();
    if name.starts_with("x-amz-meta-") && !text.is_ascii() {
        return HeaderValue::try_from(format!("=?UTF-8?B?{}?=", STANDARD.encode(text))).ok();
    }
    HeaderValue::from_bytes(&bytes).ok()
}

/// What is stored of the metadata that a request brings.
pub(crate) fn user(given: Option<BTreeMap<String, String>>) -> Result<UserMetadata, AwsError> {
    let given = given.unwrap_or_default();
    let size: usize = given.iter().map(|(name, value)| name.len() + value.len()).sum();
    if size > errors::METADATA_MAX {
        return Err(errors::metadata_too_large(size));
    }
    let stored = |(name, value): (String, String)| {
        let value = decoded(value.trim_matches([' ', '\t']));
        (name.to_ascii_lowercase(), header_text(&value))
    };
    // Not collected: that brings a sort along.
    let mut kept = UserMetadata::new();
    kept.extend(given.into_iter().map(stored));
    Ok(kept)
}

/// Text in RFC 2047's form as what it stands for: S3 decodes it when it comes in.
fn decoded(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, word, after)) = next_word(rest) {
        // White space between two encoded words belongs to neither.
        if out.is_empty() || !before.trim().is_empty() {
            out.push_str(before);
        }
        out.push_str(&word);
        rest = after;
    }
    out.push_str(rest);
    out
}

/// What stands before the first encoded word, the word decoded, and what stands behind it.
fn next_word(text: &str) -> Option<(&str, String, &str)> {
    let (before, word) = text.split_once("=?")?;
    let (charset, word) = word.split_once('?')?;
    let (letter, word) = word.split_once('?')?;
    let (word, after) = word.split_once("?=")?;
    if !charset.eq_ignore_ascii_case("utf-8") {
        return None;
    }
    let bytes = match letter {
        "B" | "b" => STANDARD.decode(word).ok()?,
        "Q" | "q" => unquote(word)?,
        _ => return None,
    };
    Some((before, String::from_utf8(bytes).ok()?, after))
}

fn unquote(word: &str) -> Option<Vec<u8>> {
    let mut bytes = word.bytes();
    let mut out = Vec::with_capacity(word.len());
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'_' => b' ',
            b'=' => {
                let digits = [bytes.next()?, bytes.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            byte => byte,
        });
    }
    Some(out)
}

/// Characters per encoded word, at most: 75 without `=?UTF-8?Q?` and `?=`.
const WORD_MAX: usize = 63;

/// Text for a header. S3 shows what is not ASCII as Java's `MimeUtility.encodeText` does: in quoted
/// letters if most of it is ASCII, else in base64; long text in halves.
fn header_text(text: &str) -> String {
    let units = || text.encode_utf16();
    let odd = units().filter(|c| is_odd(*c)).count();
    if odd == 0 {
        return text.to_owned();
    }
    let quoted = units().count() - odd > odd;
    let mut words = Vec::new();
    encode(text, quoted, &mut words);
    words.join(" ")
}

fn is_odd(c: u16) -> bool {
    c >= 0x7f || c < 0x20 && !matches!(c, 0x09 | 0x0a | 0x0d)
}

fn encode(text: &str, quoted: bool, words: &mut Vec<String>) {
    let (letter, word) = if quoted { ('Q', quote(text)) } else { ('B', STANDARD.encode(text)) };
    let middle = text.char_indices().nth(text.chars().count() / 2).map_or(0, |(at, _)| at);
    match text.split_at_checked(middle) {
        Some((first, second)) if word.len() > WORD_MAX && !first.is_empty() => {
            encode(first, quoted, words);
            encode(second, quoted, words);
        }
        _ => words.push(format!("=?UTF-8?{letter}?{word}?=")),
    }
}

fn quote(text: &str) -> String {
    let letter = |b: u8| match b {
        b' ' => "_".to_owned(),
        b'=' | b'_' | b'?' | ..0x20 | 0x7f.. => format!("={b:02X}"),
        _ => char::from(b).to_string(),
    };
    text.bytes().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_beyond_ascii_is_encoded_as_aws_does() {
        for (text, header) in [
            ("plain", "plain"),
            ("ÄMÄZÕÑ S3", "=?UTF-8?Q?=C3=84M=C3=84Z=C3=95=C3=91_S3?="),
            (
                "test_—_file%E2%80%94_é_2👑.pdf",
                "=?UTF-8?Q?test=5F=E2=80=94=5Ffile%E2%80%94=5F=C3=A9=5F2=F0=9F=91=91.pdf?=",
            ),
            ("\0\u{1}\u{2}\u{3}\u{4}", "=?UTF-8?B?AAECAwQ=?="),
        ] {
            assert_eq!(header_text(text), header);
        }
    }

    #[test]
    fn encoded_text_is_decoded_when_it_comes_in() {
        for (header, text) in [
            ("=?UTF-8?B?YWJj?=", "abc"),
            ("=?utf-8?q?=C3=84_b?= =?UTF-8?Q?c?= d", "Ä bc d"),
            ("=?UTF-8?B?=?=", "=?UTF-8?B?=?="),
            ("=?latin1?Q?x?=", "=?latin1?Q?x?="),
            ("a =? b", "a =? b"),
        ] {
            assert_eq!(decoded(header), text);
        }
    }

    #[test]
    fn long_text_becomes_several_words() {
        let header = header_text(&"é".repeat(100));
        assert!(
            header.split(' ').all(|w| w.len() <= 75 && w.starts_with("=?UTF-8?B?")),
            "{header}"
        );
    }

    #[test]
    fn headers_carry_what_bytes_can() {
        let carried = |name, text| header(name, text).map(|value| value.as_bytes().to_vec());
        assert_eq!(carried("expires", "é—"), Some(b"\xe9 ".to_vec()));
        assert_eq!(carried("x-amz-meta-a", "é"), Some(b"=?UTF-8?B?w6k=?=".to_vec()));
        assert_eq!(carried("expires", "\n"), None);
    }

    #[test]
    fn metadata_has_a_limit() {
        let of = |n: usize| Some(BTreeMap::from([("k".to_owned(), "v".repeat(n))]));
        assert_eq!(user(of(2047)).unwrap().len(), 1);
        assert_eq!(user(of(2048)).unwrap_err().code(), "MetadataTooLarge");
    }
}
