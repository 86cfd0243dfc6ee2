//! Objects: their key, and what their operations share.

pub(crate) mod access;
pub(crate) mod attributes;
pub(crate) mod copy;
pub(crate) mod delete;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod lock;
pub(crate) mod put;
pub(crate) mod restore;
pub(crate) mod rows;
pub(crate) mod select;
pub(crate) mod tagging;
pub(crate) mod versions;

use cumulet_core::AwsError;

use crate::errors;

/// Parts of an upload, at most.
pub(crate) const PARTS_MAX: u16 = 10_000;

/// Checks a key that is to be written.
pub(crate) fn check_key(key: &str) -> Result<(), AwsError> {
    if key.len() > errors::KEY_MAX { Err(errors::key_too_long(key.len())) } else { Ok(()) }
}

/// Reads the number of a part.
pub(crate) fn check_part_number(number: i32) -> Result<u16, AwsError> {
    let valid = u16::try_from(number).ok().filter(|n| (1..=PARTS_MAX).contains(n));
    valid.ok_or_else(|| {
        let message =
            format!("Part number must be an integer between 1 and {PARTS_MAX}, inclusive");
        errors::invalid_argument(message, "partNumber", number)
    })
}
