//! Entity tags, and what requests ask of them and of an object's age.

use std::fmt;

use cumulet_core::{AwsError, Timestamp};
use cumulet_escape::put_hex;

use crate::errors;

/// An object's entity tag: the MD5 of its bytes or, after a multipart upload, of its parts' MD5s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ETag {
    pub(crate) md5: [u8; 16],
    /// The number of parts; none for an object that was put or copied in one piece.
    pub(crate) parts: Option<u16>,
}

impl ETag {
    pub(crate) fn of(md5: [u8; 16]) -> Self {
        Self { md5, parts: None }
    }

    /// In quotes, as headers and XML have it.
    pub(crate) fn quoted(&self) -> String {
        self.with_text(|tag| ["\"", tag, "\""].concat())
    }

    /// Its text for a moment. A page of keys shows 1,000 of them.
    pub(crate) fn with_text<R>(&self, show: impl FnOnce(&str) -> R) -> R {
        let mut digits = [0; 32];
        put_hex(&mut digits, &self.md5);
        let digits = str::from_utf8(&digits).unwrap_or_default();
        match self.parts {
            None => show(digits),
            Some(parts) => show(&format!("{digits}-{parts}")),
        }
    }

    /// Whether a header's value names this tag: quoted or not, one of a list, or `*`.
    pub(crate) fn is_in(&self, header: &str) -> bool {
        let text = self.to_string();
        header.split(',').any(|tag| matches!(unquoted(tag), "*") || unquoted(tag) == text)
    }
}

impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with_text(|tag| f.write_str(tag))
    }
}

/// A tag without its quotes.
pub(crate) fn unquoted(tag: &str) -> &str {
    tag.trim().trim_matches('"')
}

/// The conditions of a read, or of a copy's source.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ReadConditions<'a> {
    pub(crate) matches: Option<&'a str>,
    pub(crate) none_match: Option<&'a str>,
    pub(crate) modified_since: Option<Timestamp>,
    pub(crate) unmodified_since: Option<Timestamp>,
}

/// The condition that did not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failed {
    Precondition(&'static str),
    NotModified(&'static str),
}

impl ReadConditions<'_> {
    /// RFC 9110, section 13.2.2: a tag decides in place of a date. Dates are in whole seconds, and
    /// one in the future is no `If-Modified-Since`.
    pub(crate) fn check(
        &self,
        etag: ETag,
        modified: Timestamp,
        now: Timestamp,
    ) -> Result<(), Failed> {
        let modified = modified.secs();
        if let Some(tags) = self.matches {
            if !etag.is_in(tags) {
                return Err(Failed::Precondition("If-Match"));
            }
        } else if self.unmodified_since.is_some_and(|at| modified > at.secs()) {
            return Err(Failed::Precondition("If-Unmodified-Since"));
        }
        if let Some(tags) = self.none_match {
            if etag.is_in(tags) {
                return Err(Failed::NotModified("If-None-Match"));
            }
        } else if self.modified_since.is_some_and(|at| modified <= at.secs() && at <= now) {
            return Err(Failed::NotModified("If-Modified-Since"));
        }
        Ok(())
    }

    /// The same of a copy's source, where every failure is a 412.
    pub(crate) fn check_source(
        &self,
        etag: ETag,
        modified: Timestamp,
        now: Timestamp,
    ) -> Result<(), AwsError> {
        self.check(etag, modified, now).map_err(|failed| {
            let (Failed::Precondition(name) | Failed::NotModified(name)) = failed;
            errors::precondition_failed(format!("x-amz-copy-source-{name}"))
        })
    }
}

/// The condition of a write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum WriteCondition {
    #[default]
    None,
    /// `If-None-Match: *`
    Absent,
    /// `If-Match`
    Match(String),
}

impl WriteCondition {
    pub(crate) fn parse(
        if_match: Option<String>,
        if_none_match: Option<String>,
    ) -> Result<Self, AwsError> {
        let refuse = |header, why| {
            Err(errors::header_not_implemented(header).with("additionalMessage", why))
        };
        match (if_match, if_none_match) {
            (None, None) => Ok(Self::None),
            (None, Some(tag)) if tag == "*" => Ok(Self::Absent),
            (None, Some(_)) => refuse(
                "If-None-Match",
                "We don't accept the provided value of If-None-Match header for this API",
            ),
            (Some(tag), None) if tag == "*" => refuse(
                "If-Match",
                "We don't accept the provided value of If-Match header for this API",
            ),
            (Some(tag), None) => Ok(Self::Match(tag)),
            (Some(_), Some(_)) => refuse(
                "If-Match,If-None-Match",
                "Multiple conditional request headers present in the request",
            ),
        }
    }

    /// The header's name; empty without a condition.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::None => "",
            Self::Absent => "If-None-Match",
            Self::Match(_) => "If-Match",
        }
    }

    /// Checks it against the object that is there now.
    pub(crate) fn check(&self, current: Option<ETag>, key: &str) -> Result<(), AwsError> {
        match (self, current) {
            (Self::None, _) | (Self::Absent, None) => Ok(()),
            (Self::Match(_), None) => Err(errors::no_such_key(key)),
            (Self::Match(tag), Some(etag)) if etag.is_in(tag) => Ok(()),
            (Self::Absent | Self::Match(_), Some(_)) => {
                Err(errors::precondition_failed(self.name()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ETAG: ETag = ETag { md5: [0xab; 16], parts: Some(2) };

    #[test]
    fn a_tag_may_be_quoted_and_one_of_many() {
        let text = "abababababababababababababababab-2";
        assert_eq!(ETAG.quoted(), format!("\"{text}\""));
        for header in [text.to_owned(), ETAG.quoted(), format!("\"x\", \"{text}\""), "*".into()] {
            assert!(ETAG.is_in(&header), "{header}");
        }
        assert!(!ETAG.is_in("\"abababababababababababababababab\""));
    }

    #[test]
    fn a_tag_decides_in_place_of_a_date() {
        let (then, now) = (Timestamp::from_millis(5_500), Timestamp::from_secs(10));
        let check = |c: ReadConditions<'_>| c.check(ETAG, then, now);
        let (tag, other) = (Some("*"), Some("\"other\""));
        let at = |secs| Some(Timestamp::from_secs(secs));
        let none = ReadConditions::default();
        let precondition = |name| Err(Failed::Precondition(name));
        let not_modified = |name| Err(Failed::NotModified(name));
        for (conditions, outcome) in [
            (ReadConditions { matches: tag, unmodified_since: at(1), ..none }, Ok(())),
            (ReadConditions { matches: other, ..none }, precondition("If-Match")),
            (
                ReadConditions { unmodified_since: at(4), ..none },
                precondition("If-Unmodified-Since"),
            ),
            (ReadConditions { unmodified_since: at(5), ..none }, Ok(())),
            (ReadConditions { none_match: other, modified_since: at(9), ..none }, Ok(())),
            (ReadConditions { none_match: tag, ..none }, not_modified("If-None-Match")),
            (ReadConditions { modified_since: at(5), ..none }, not_modified("If-Modified-Since")),
            (ReadConditions { modified_since: at(4), ..none }, Ok(())),
            (ReadConditions { modified_since: at(11), ..none }, Ok(())),
        ] {
            assert_eq!(check(conditions), outcome, "{conditions:?}");
        }
    }

    #[test]
    fn a_write_takes_one_condition_of_two_forms() {
        let parse = |a: Option<&str>, b: Option<&str>| {
            WriteCondition::parse(a.map(Into::into), b.map(Into::into))
        };
        assert_eq!(parse(None, Some("*")).unwrap(), WriteCondition::Absent);
        assert_eq!(parse(Some("x"), None).unwrap(), WriteCondition::Match("x".into()));
        for (a, b) in [(Some("*"), None), (None, Some("x")), (Some("x"), Some("*"))] {
            assert_eq!(parse(a, b).unwrap_err().code(), "NotImplemented");
        }
    }
}
