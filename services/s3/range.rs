//! Ranges of bytes: the header of a read, which is ignored when it is odd, and that of a part's
//! copy, which is refused.

use std::ops::Range;

use cumulet_core::AwsError;

use crate::errors;

/// The bytes that a `Range` header asks for; `None` where S3 answers with everything: another
/// unit, several ranges, a range from back to front.
pub(crate) fn requested(header: &str, size: u64) -> Result<Option<Range<u64>>, AwsError> {
    let Some((first, last)) = header.strip_prefix("bytes=").and_then(|r| r.split_once('-')) else {
        return Ok(None);
    };
    let range = match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(size),
        (Some(first), None) if last.is_empty() => first..size,
        (None, Some(count)) if first.is_empty() => {
            if count == 0 {
                size..size
            } else {
                size.saturating_sub(count)..size
            }
        }
        _ => return Ok(None),
    };
    if range.start >= size {
        return Err(errors::invalid_range(header, size));
    }
    Ok(Some(range))
}

/// The bytes that `x-amz-copy-source-range` asks for.
pub(crate) fn copied(header: &str, size: u64) -> Result<Range<u64>, AwsError> {
    let name = "x-amz-copy-source-range";
    let malformed = || {
        errors::invalid_argument(
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy",
            name,
            header,
        )
    };
    let parts = header.strip_prefix("bytes=").and_then(|r| r.split_once('-'));
    let (first, last) = parts.ok_or_else(malformed)?;
    match (number(first), number(last)) {
        (Some(first), Some(_)) if first >= size => Err(errors::invalid_request(
            "The specified copy range is invalid for the source object size",
        )),
        (Some(first), Some(last)) if first <= last && last >= size => {
            let message = format!("Range specified is not valid for source object of size: {size}");
            Err(errors::invalid_argument(message, name, header))
        }
        (Some(first), Some(last)) if first <= last => Ok(first..last + 1),
        _ => Err(malformed()),
    }
}

fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    // A number beyond 64 bits is beyond every object too.
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_takes_one_range() {
        for (header, range) in [
            ("bytes=0-8", Some(0..9)),
            ("bytes=1-1", Some(1..2)),
            ("bytes=1-", Some(1..10)),
            ("bytes=-2", Some(8..10)),
            ("bytes=-15", Some(0..10)),
            ("bytes=0-100", Some(0..10)),
            ("bytes=9-99999999999999999999999", Some(9..10)),
            ("bytes=1-0", None),
            ("bytes=-1-", None),
            ("bytes=0--1", None),
            ("bytes=0-1,3-4", None),
            ("bytes=-", None),
            ("0-9", None),
        ] {
            assert_eq!(requested(header, 10).unwrap(), range, "{header}");
        }
    }

    #[test]
    fn a_range_beyond_the_end_is_unsatisfiable() {
        for (header, size) in
            [("bytes=-0", 10), ("bytes=100-200", 10), ("bytes=10-", 10), ("bytes=0-", 0)]
        {
            assert_eq!(requested(header, size).unwrap_err().code(), "InvalidRange", "{header}");
        }
    }

    #[test]
    fn a_copy_refuses_an_odd_range() {
        assert_eq!(copied("bytes=0-9", 10).unwrap(), 0..10);
        for odd in ["0-8", "bytes=1-0", "bytes=1-", "bytes=-2", "bytes=0-1,3-4", "bytes=0-100"] {
            assert_eq!(copied(odd, 10).unwrap_err().code(), "InvalidArgument", "{odd}");
        }
        assert_eq!(copied("bytes=100-200", 10).unwrap_err().code(), "InvalidRequest");
    }
}
