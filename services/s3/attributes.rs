//! What an object carries beside its bytes, the same for put, copy and multipart uploads: system
//! headers, user metadata, storage class, tags, encryption, canned ACL.

use std::fmt;
use std::sync::Arc;

use cumulet_core::tags::{self, TagError, Tags};
use cumulet_core::{AwsError, Value};
use percent_encoding::percent_decode_str;

use crate::encryption::Encryption;
use crate::errors;
use crate::lock::Lock;
use crate::metadata::UserMetadata;
use crate::object::restore::Restored;

/// Tags of an object, at most.
const TAGS_MAX: usize = 10;

/// What an object carries beside its bytes.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Attributes {
    pub(crate) headers: Headers,
    pub(crate) user: UserMetadata,
    pub(crate) storage_class: StorageClass,
    pub(crate) redirect: Option<String>,
    pub(crate) tags: Tags,
    pub(crate) encryption: Encryption,
    /// The access control list, by the model's names, unless it is the owner's only.
    pub(crate) acl: Option<Arc<Value>>,
    pub(crate) lock: Lock,
    pub(crate) restored: Option<Restored>,
    /// `COMPLETED`, `FAILED` or, at the other end, `REPLICA`.
    pub(crate) replication: Option<&'static str>,
}

/// HTTP's own headers, given back as they came.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Headers {
    pub(crate) cache_control: Option<String>,
    pub(crate) content_disposition: Option<String>,
    pub(crate) content_encoding: Option<String>,
    pub(crate) content_language: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) expires: Option<String>,
}

/// The type of an object that was given none.
pub(crate) const DEFAULT_TYPE: &str = "binary/octet-stream";

/// `Content-Encoding` without `aws-chunked`, which ends at the gateway.
pub(crate) fn content_encoding(given: Option<String>) -> Option<String> {
    let given = given?;
    if !given.contains("aws-chunked") {
        return Some(given);
    }
    let left = given.split(',').map(str::trim).filter(|e| !e.is_empty() && *e != "aws-chunked");
    let left = left.collect::<Vec<_>>().join(",");
    (!left.is_empty()).then_some(left)
}

/// A storage class of general-purpose buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StorageClass(&'static str);

impl Default for StorageClass {
    fn default() -> Self {
        Self(STANDARD)
    }
}

const STANDARD: &str = "STANDARD";
const STORAGE_CLASSES: [&str; 8] = [
    STANDARD,
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER",
    "GLACIER_IR",
    "DEEP_ARCHIVE",
];

impl StorageClass {
    pub(crate) fn parse(given: Option<&str>) -> Result<Self, AwsError> {
        let Some(given) = given else { return Ok(Self::default()) };
        let found = STORAGE_CLASSES.into_iter().find(|class| *class == given);
        found.map(Self).ok_or_else(|| errors::invalid_storage_class(given))
    }

    /// As listings show it.
    pub(crate) fn text(self) -> &'static str {
        self.0
    }

    /// The same.
    pub(crate) fn name(self) -> String {
        self.0.to_owned()
    }

    /// As headers show it: `STANDARD` is not worth a word.
    pub(crate) fn header(self) -> Option<String> {
        (self.0 != STANDARD).then(|| self.name())
    }

    /// Whether lifecycle may bring an object here from another class: it only goes downhill.
    pub(crate) fn is_colder_than(self, other: Self) -> bool {
        let rank = |class: Self| match class.0 {
            STANDARD | "REDUCED_REDUNDANCY" => 0,
            "STANDARD_IA" => 1,
            "INTELLIGENT_TIERING" => 2,
            "ONEZONE_IA" => 3,
            "GLACIER_IR" => 4,
            "GLACIER" => 5,
            _ => 6,
        };
        rank(self) > rank(other)
    }

    /// Whether S3 Select reads objects of this class.
    pub(crate) fn is_selectable(self) -> bool {
        !self.is_archive() && self.0 != "REDUCED_REDUNDANCY"
    }

    /// Whether the bytes have to be restored before they can be read.
    pub(crate) fn is_archive(self) -> bool {
        matches!(self.0, "GLACIER" | "DEEP_ARCHIVE")
    }
}

impl fmt::Display for StorageClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// The tags of `x-amz-tagging`: a URL query.
pub(crate) fn tagging(header: Option<&str>) -> Result<Tags, AwsError> {
    let mut tags = Tags::new();
    let Some(header) = header else { return Ok(tags) };
    let malformed = || {
        errors::invalid_argument(
            "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
            "x-amz-tagging",
            header,
        )
    };
    for pair in header.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let key = decoded(key).ok_or_else(malformed)?;
        let value = decoded(value).ok_or_else(malformed)?;
        match tags::check(&key, &value) {
            Ok(()) => {}
            Err(TagError::Reserved) => {
                return Err(errors::invalid_tag("Your TagKey cannot be prefixed with aws:", key));
            }
            Err(_) => return Err(malformed()),
        }
        if tags.insert(key, value).is_some() {
            return Err(malformed());
        }
    }
    check_count(&tags)?;
    Ok(tags)
}

/// Whether an object may have as many tags.
pub(crate) fn check_count(tags: &Tags) -> Result<(), AwsError> {
    if tags.len() <= TAGS_MAX {
        return Ok(());
    }
    let message = format!("Object tags cannot be greater than {TAGS_MAX}");
    Err(AwsError::new("BadRequest", 400, message))
}

fn decoded(text: &str) -> Option<String> {
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8().ok().map(Into::into)
}

/// Refuses members that stand for what is not here yet, by the name of their header.
#[macro_export]
macro_rules! refuse {
    ($input:expr, $($member:ident: $header:literal),* $(,)?) => {
        $(if $input.$member.is_some() {
            return Err($crate::errors::header_not_implemented($header));
        })*
    };
}

/// The attributes in an input of `PutObject`, `CopyObject` or `CreateMultipartUpload`, whose
/// members have the same names in three types; `by_default` is the bucket's encryption.
#[macro_export]
macro_rules! attributes {
    ($cx:expr, $input:expr, $by_default:expr) => {{
        $crate::refuse!($input,
            object_lock_event_hold: "x-amz-object-lock-event-hold",
            object_lock_event_hold_duration_days: "x-amz-object-lock-event-hold-duration-days",
            object_lock_event_hold_duration_years: "x-amz-object-lock-event-hold-duration-years",
        );
        $crate::attributes::Attributes {
            headers: $crate::attributes::Headers {
                cache_control: $input.cache_control.take(),
                content_disposition: $input.content_disposition.take(),
                content_encoding: $crate::attributes::content_encoding(
                    $input.content_encoding.take(),
                ),
                content_language: $input.content_language.take(),
                content_type: $input.content_type.take().filter(|t| !t.is_empty()),
                expires: $input.expires.take(),
            },
            user: $crate::metadata::user($input.metadata.take())?,
            storage_class: $crate::attributes::StorageClass::parse(
                $input.storage_class.as_deref(),
            )?,
            redirect: $input.website_redirect_location.take(),
            tags: $crate::attributes::tagging($input.tagging.as_deref())?,
            encryption: $crate::encryption::Encryption::parse(
                $cx,
                $crate::encryption::Wish {
                    algorithm: $input.server_side_encryption.take(),
                    key: $input.ssekms_key_id.take(),
                    bucket_key: $input.bucket_key_enabled,
                    customer: $crate::customer_key!($input),
                },
                $by_default,
            )?,
            acl: $crate::asked_acl!($input, None)
                .list($cx.account())?
                .map(|list| $crate::object::access::stored(&list)),
            lock: $crate::lock::Lock::parse(
                $input.object_lock_mode.as_deref(),
                $input.object_lock_retain_until_date,
                $input.object_lock_legal_hold_status.as_deref(),
            )?,
            restored: None,
            replication: None,
        }
    }};
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aws_chunked_is_no_encoding_of_the_object() {
        let encoding = |text: &str| content_encoding(Some(text.to_owned()));
        assert_eq!(encoding("aws-chunked"), None);
        assert_eq!(encoding("aws-chunked,gzip").as_deref(), Some("gzip"));
        assert_eq!(encoding("gzip, br").as_deref(), Some("gzip, br"));
    }

    #[test]
    fn tags_come_as_a_query() {
        let tags = tagging(Some("a=1&b=x%2Fy+z&c")).unwrap();
        assert_eq!(
            tags,
            Tags::from(
                [("a", "1"), ("b", "x/y z"), ("c", "")]
                    .map(|(k, v)| { (k.to_owned(), v.to_owned()) })
            )
        );
        for bad in ["a=1&a=2", "a=1,b=2", "a=%FF"] {
            assert_eq!(tagging(Some(bad)).unwrap_err().code(), "InvalidArgument", "{bad}");
        }
        assert_eq!(tagging(Some("aws:x=1")).unwrap_err().code(), "InvalidTag");
    }
}
