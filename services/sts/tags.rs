//! Session tags, and those of them that go on into the sessions which are begun from a session.

use std::collections::BTreeSet;

use cumulet_core::AwsError;
use cumulet_core::tags::{TagError, Tags, check};

use crate::api::Tag;
use crate::errors;
use crate::state::Session;

/// Tags of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionTags {
    /// All of them.
    pub tags: Tags,
    /// Keys of those that go on.
    pub transitive: BTreeSet<String>,
}

/// Keys are the same in any case.
fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b) || a.to_lowercase() == b.to_lowercase()
}

/// Checks the tags of a new session; `before` is the session that it is begun from.
pub(crate) fn parse(
    tags: impl IntoIterator<Item = (String, String)>,
    transitive: &[String],
    before: Option<&Session>,
) -> Result<SessionTags, AwsError> {
    let mut all = Tags::new();
    for (key, value) in tags {
        checked(&key, &value)?;
        if all.keys().any(|other| same(other, &key)) {
            return Err(errors::duplicate_tags());
        }
        all.insert(key, value);
    }
    if transitive.iter().any(|key| !all.keys().any(|other| same(other, key))) {
        return Err(errors::transitive_tag_absent());
    }
    let goes_on = |key: &&String| transitive.iter().any(|wanted| same(wanted, key));
    let mut transitive: BTreeSet<String> = all.keys().filter(goes_on).cloned().collect();
    let before = before.map(|session| &session.tags);
    for (before, key) in before.iter().flat_map(|b| b.transitive.iter().map(move |key| (b, key))) {
        if all.keys().any(|other| same(other, key)) {
            return Err(errors::transitive_tag_conflict());
        }
        if let Some(value) = before.tags.get(key) {
            all.insert(key.clone(), value.clone());
            transitive.insert(key.clone());
        }
    }
    Ok(SessionTags { tags: all, transitive })
}

/// What the model's patterns say, which have Unicode classes, and what they do not.
fn checked(key: &str, value: &str) -> Result<(), AwsError> {
    let pattern = |part: &str, repeat| {
        let pattern = format!("[\\p{{L}}\\p{{Z}}\\p{{N}}_.:/=+\\-@]{repeat}");
        let constraint = format!("Member must satisfy regular expression pattern: {pattern}");
        errors::constraint(part, "tags", &constraint)
    };
    match check(key, value) {
        Ok(()) => Ok(()),
        Err(TagError::Reserved) => Err(errors::reserved_tag()),
        Err(_) if check(key, "").is_err() => Err(pattern(key, '+')),
        Err(_) => Err(pattern(value, '*')),
    }
}

/// The tags of an input.
pub(crate) fn of(tags: Option<Vec<Tag>>) -> impl Iterator<Item = (String, String)> {
    let pair = |tag: Tag| (tag.key.unwrap_or_default(), tag.value.unwrap_or_default());
    tags.unwrap_or_default().into_iter().map(pair)
}
