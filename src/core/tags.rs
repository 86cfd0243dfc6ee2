//! Tags: names and values that most resources carry.

use std::collections::BTreeMap;

/// A resource's tags, by key.
pub type Tags = BTreeMap<String, String>;

/// Tags on one resource, at most (AWS General Reference, "Tag naming limits and requirements").
pub const TAGS_MAX: usize = 50;
/// Characters of a key, at most.
pub const KEY_MAX: usize = 128;
/// Characters of a value, at most.
pub const VALUE_MAX: usize = 256;

/// What is wrong with a tag; each service has its own words for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagError {
    /// The key is empty or longer than [`KEY_MAX`].
    KeyLength,
    /// The value is longer than [`VALUE_MAX`].
    ValueLength,
    /// The key begins with `aws:`, which is AWS's own.
    Reserved,
    /// A character that is no letter, digit, space or one of `_.:/=+-@`.
    Character,
}

/// Checks one tag that a user sets.
pub fn check(key: &str, value: &str) -> Result<(), TagError> {
    if key.is_empty() || key.chars().count() > KEY_MAX {
        return Err(TagError::KeyLength);
    }
    if value.chars().count() > VALUE_MAX {
        return Err(TagError::ValueLength);
    }
    if key.get(..4).is_some_and(|p| p.eq_ignore_ascii_case("aws:")) {
        return Err(TagError::Reserved);
    }
    let allowed = |c: char| c.is_alphanumeric() || c.is_whitespace() || "_.:/=+-@".contains(c);
    if key.chars().chain(value.chars()).all(allowed) { Ok(()) } else { Err(TagError::Character) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_have_rules() {
        assert_eq!(check("team", "a/b + c@d"), Ok(()));
        assert_eq!(check("", "x"), Err(TagError::KeyLength));
        assert_eq!(check("AWS:x", "x"), Err(TagError::Reserved));
        assert_eq!(check("k", "a;b"), Err(TagError::Character));
        assert_eq!(check("k", &"x".repeat(257)), Err(TagError::ValueLength));
    }
}
