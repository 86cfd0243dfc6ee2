//! Puts texts into documents: small loops that see every byte of an answer. They are a crate of
//! their own because a binary that is built for size still has these built for speed.

/// Formats in which bytes are escaped, as bits in [`ESCAPES`].
const JSON: u8 = 1;
const XML_TEXT: u8 = 2;
const XML_ATTRIBUTE: u8 = 4;

/// For every byte the formats in which it is escaped: writers look at every byte of every text.
static ESCAPES: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte: u8 = 0;
    // All escapes are below 128.
    while byte < 128 {
        let formats = match byte {
            b'\t' | b'\n' => JSON | XML_ATTRIBUTE,
            0..0x20 | b'"' => JSON | XML_TEXT | XML_ATTRIBUTE,
            b'&' | b'<' | b'>' => XML_TEXT | XML_ATTRIBUTE,
            b'\\' => JSON,
            _ => 0,
        };
        #[expect(clippy::indexing_slicing, reason = "at compile time")]
        {
            table[byte as usize] = formats;
        }
        byte += 1;
    }
    table
};

/// Whether surely no byte is escaped in any format: where it says no, [`ESCAPES`] knows better. All
/// eight at once, by hand: nothing is made vectors of in a binary that is built for size.
fn is_plain(bytes: [u8; 8]) -> bool {
    const ONES: u64 = u64::MAX / 255;
    let all = u64::from_ne_bytes(bytes);
    // The highest bit of a byte is set where it is below `n`, at least of the first that is.
    let below = |x: u64, n: u64| x.wrapping_sub(ONES * n) & !x;
    let is = |x: u64, byte: u8| below(x ^ (ONES * u64::from(byte)), 1);
    let quote_or_and = is(all | (ONES * 4), b'&');
    let angle = is(all | (ONES * 2), b'>');
    (below(all, 0x20) | quote_or_and | angle | is(all, b'\\')) & (ONES * 0x80) == 0
}

/// Copies the beginning of `rest` that needs no escapes; the first byte that does, and what is
/// behind it, where there is one.
fn push_plain<'a>(out: &mut Vec<u8>, rest: &'a [u8], format: u8) -> Option<(u8, &'a [u8])> {
    let is_special = |b: &u8| ESCAPES.get(usize::from(*b)).is_some_and(|f| f & format != 0);
    let has_none = |eight: &[u8; 8]| is_plain(*eight) || !eight.iter().any(is_special);
    let (eights, few) = rest.as_chunks();
    let sure = 8 * eights.iter().take_while(|eight| has_none(eight)).count();
    let at = match rest.last_chunk() {
        // The last few are looked at together with some before them.
        Some(last) if sure + few.len() == rest.len() && has_none(last) => rest.len(),
        _ => {
            let unsure = rest.get(sure..).unwrap_or_default();
            unsure.iter().position(is_special).unwrap_or(unsure.len()) + sure
        }
    };
    let (plain, special) = rest.split_at(at);
    out.extend_from_slice(plain);
    special.split_first().map(|(byte, rest)| (*byte, rest))
}

/// Bytes as they are: one call where a binary that is built for size would make four.
pub fn push(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(bytes);
}

/// Text with what XML cannot hold as references. Control characters go the same way although XML
/// 1.0 knows no such references: S3 writes them so, and its clients read them.
pub fn push_xml(out: &mut Vec<u8>, text: &str) {
    push_references(out, text, XML_TEXT);
}

/// The same between the quotes of an attribute.
pub fn push_xml_attribute(out: &mut Vec<u8>, text: &str) {
    push_references(out, text, XML_ATTRIBUTE);
}

fn push_references(out: &mut Vec<u8>, text: &str, format: u8) {
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = push_plain(out, rest, format) {
        match byte {
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            b'"' => out.extend_from_slice(b"&quot;"),
            byte => {
                let hex = |n: u8| if n < 10 { b'0' + n } else { b'A' + n - 10 };
                out.extend_from_slice(b"&#x");
                if byte > 15 {
                    out.push(hex(byte >> 4));
                }
                out.extend_from_slice(&[hex(byte & 15), b';']);
            }
        }
        rest = after;
    }
}

/// An element without attributes that holds a text.
pub fn push_element(out: &mut Vec<u8>, name: &str, text: &str) {
    out.reserve(2 * name.len() + text.len() + "<></>".len());
    out.push(b'<');
    out.extend_from_slice(name.as_bytes());
    out.push(b'>');
    push_xml(out, text);
    out.extend_from_slice(b"</");
    out.extend_from_slice(name.as_bytes());
    out.push(b'>');
}

/// A whole number.
pub fn push_integer(out: &mut Vec<u8>, value: i64) {
    let mut digits = [0_u8; 20];
    let mut rest = value.unsigned_abs();
    let mut used = 0;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
        used += 1;
        if rest == 0 {
            break;
        }
    }
    if value < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(digits.get(digits.len() - used..).unwrap_or_default());
}

/// A quoted string of JSON. What needs no escape is copied in one piece.
pub fn push_json(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = push_plain(out, rest, JSON) {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            byte => {
                let low = byte & 15;
                let digit = if low < 10 { b'0' + low } else { b'a' + low - 10 };
                out.extend_from_slice(&[b'\\', b'u', b'0', b'0', b'0' + (byte >> 4), digit]);
            }
        }
        rest = after;
    }
    out.push(b'"');
}

/// Two hexadecimal digits in small letters for each byte; what has no room is left out.
pub fn put_hex(to: &mut [u8], bytes: &[u8]) {
    let digit = |n: u8| if n < 10 { b'0' + n } else { b'a' - 10 + n };
    for (to, byte) in to.as_chunks_mut().0.iter_mut().zip(bytes) {
        *to = [digit(byte >> 4), digit(byte & 15)];
    }
}

/// Bytes in hexadecimal digits, small letters.
pub fn hex(bytes: &[u8]) -> String {
    let mut digits = vec![0; 2 * bytes.len()];
    put_hex(&mut digits, bytes);
    String::from_utf8(digits).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pushed(push: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        push(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_format_escapes_what_it_cannot_hold() {
        let text = "a<\"é\"&b>\n\u{1}\\";
        let xml = "a&lt;&quot;é&quot;&amp;b&gt;\n&#x1;\\";
        assert_eq!(pushed(|out| push_xml(out, text)), xml);
        assert_eq!(pushed(|out| push_xml_attribute(out, text)), xml.replace('\n', "&#xA;"));
        assert_eq!(pushed(|out| push_json(out, text)), r#""a<\"é\"&b>\n\u0001\\""#);
        assert_eq!(pushed(|out| push_element(out, "K", text)), format!("<K>{xml}</K>"));
    }

    #[test]
    fn an_escape_is_found_wherever_it_stands() {
        for length in 1..40 {
            let plain = "é".repeat(length);
            assert_eq!(pushed(|out| push_xml(out, &plain)), plain);
            for at in 0..length {
                let text = format!("{}<{}", "n".repeat(at), "\\".repeat(length - at - 1));
                assert_eq!(pushed(|out| push_xml(out, &text)), text.replace('<', "&lt;"));
            }
        }
    }

    #[test]
    fn numbers_are_in_digits() {
        for number in [0, 7, -10, i64::MAX, i64::MIN] {
            assert_eq!(pushed(|out| push_integer(out, number)), number.to_string());
        }
        let mut hex = [b'"'; 6];
        put_hex(&mut hex[1..5], &[0x0a, 0xf9]);
        assert_eq!(&hex, b"\"0af9\"");
        assert_eq!(super::hex(&[0x0a, 0xf9]), "0af9");
    }
}
