//! `GetObject` and `HeadObject`: the same answer, with and without the bytes. Their inputs and
//! outputs are different types with the same members, hence the two macros.

use std::ops::Range;
use std::sync::Arc;

use cumulet_core::{AwsError, Cx, Timestamp};

use super::check_part_number;
use crate::api::{input, output};
use crate::attributes::{DEFAULT_TYPE, Headers};
use crate::checksum::{Checksum, Kind};
use crate::conditions::{Failed, ReadConditions};
use crate::encryption::CustomerKey;
use crate::state::{S3, Version};
use crate::{customer_key, errors, range, show_checksum, show_encryption_and_key};

/// What a read asks for.
struct Asked<'a> {
    method: &'static str,
    bucket: &'a str,
    key: &'a str,
    version_id: Option<&'a str>,
    expected_owner: Option<&'a str>,
    conditions: ReadConditions<'a>,
    range: Option<&'a str>,
    part_number: Option<i32>,
    wants_checksum: bool,
    customer_key: CustomerKey<'a>,
    /// `response-*`: what the answer's headers are to be.
    overrides: Headers,
}

macro_rules! asked {
    ($method:literal, $input:expr) => {
        Asked {
            method: $method,
            bucket: &$input.bucket,
            key: &$input.key,
            version_id: $input.version_id.as_deref(),
            expected_owner: $input.expected_bucket_owner.as_deref(),
            conditions: ReadConditions {
                matches: $input.if_match.as_deref(),
                none_match: $input.if_none_match.as_deref(),
                modified_since: $input.if_modified_since,
                unmodified_since: $input.if_unmodified_since,
            },
            range: $input.range.as_deref(),
            part_number: $input.part_number,
            wants_checksum: $input.checksum_mode.as_deref() == Some("ENABLED"),
            customer_key: customer_key!($input),
            overrides: Headers {
                cache_control: $input.response_cache_control.clone(),
                content_disposition: $input.response_content_disposition.clone(),
                content_encoding: $input.response_content_encoding.clone(),
                content_language: $input.response_content_language.clone(),
                content_type: $input.response_content_type.clone(),
                expires: $input.response_expires.map(Timestamp::http_date),
            },
        }
    };
}

/// What a read found.
struct Found {
    now: Timestamp,
    version_id: Option<String>,
    expiration: Option<String>,
    version: Arc<Version>,
    bytes: Range<u64>,
    /// Not everything was asked for.
    content_range: Option<String>,
    parts_count: Option<i32>,
    /// The checksum as text.
    checksum: Option<(Checksum, Kind, String)>,
    headers: Headers,
}

macro_rules! shown {
    ($found:expr, $output:ty) => {{
        let found = $found;
        let (version, attributes) = (&found.version, &found.version.attributes);
        let headers = found.headers;
        let mut shown = <$output>::default();
        shown.version_id = found.version_id;
        shown.expiration = found.expiration;
        shown.accept_ranges = Some("bytes".into());
        shown.last_modified = Some(version.modified);
        shown.content_length = i64::try_from(found.bytes.end - found.bytes.start).ok();
        shown.content_range = found.content_range;
        shown.e_tag = Some(version.etag.quoted());
        shown.cache_control = headers.cache_control;
        shown.content_disposition = headers.content_disposition;
        shown.content_encoding = headers.content_encoding;
        shown.content_language = headers.content_language;
        shown.content_type = headers.content_type;
        shown.expires = headers.expires;
        shown.website_redirect_location.clone_from(&attributes.redirect);
        shown.metadata = Some(attributes.user.clone());
        shown.storage_class = attributes.storage_class.header();
        shown.parts_count = found.parts_count;
        shown.tag_count = i32::try_from(attributes.tags.len()).ok().filter(|n| *n > 0);
        shown.replication_status = attributes.replication.map(str::to_owned);
        shown.restore = attributes.restored.and_then(|r| r.header(found.now));
        let lock = attributes.lock;
        shown.object_lock_mode = lock.retention.map(|r| r.mode.name());
        shown.object_lock_retain_until_date = lock.retention.map(|r| r.until);
        shown.object_lock_legal_hold_status =
            lock.hold.map(|on| if on { "ON" } else { "OFF" }.to_owned());
        show_encryption_and_key!(shown, attributes.encryption);
        if let Some((checksum, kind, text)) = found.checksum {
            show_checksum!(shown, checksum.algorithm, text);
            shown.checksum_type = Some(kind.name().into());
        }
        shown
    }};
}

pub(crate) fn get_object(
    s3: &S3,
    cx: &Cx,
    input: input::GetObject,
) -> Result<output::GetObject, AwsError> {
    let found = find(s3, cx, asked!("GET", input))?;
    let version = Arc::clone(&found.version);
    if !version.attributes.is_readable(cx.now()) {
        return Err(errors::invalid_object_state(version.attributes.storage_class));
    }
    let body = version.body.read(found.bytes.clone());
    let mut shown = shown!(found, output::GetObject);
    shown.body = body;
    Ok(shown)
}

pub(crate) fn head_object(
    s3: &S3,
    cx: &Cx,
    input: input::HeadObject,
) -> Result<output::HeadObject, AwsError> {
    Ok(shown!(find(s3, cx, asked!("HEAD", input))?, output::HeadObject))
}

fn find(s3: &S3, cx: &Cx, asked: Asked<'_>) -> Result<Found, AwsError> {
    if asked.range.is_some() && asked.part_number.is_some() {
        return Err(errors::invalid_request(
            "Cannot specify both Range header and partNumber query parameter",
        ));
    }
    check_overrides(&asked.overrides)?;
    let (version_id, version, expiration) = s3.read(cx, |t| {
        let bucket = t.bucket(asked.bucket, asked.expected_owner)?;
        let (id, version) = t.object(asked.bucket, asked.key, asked.version_id, asked.method)?;
        let current = asked.version_id.is_none();
        let expiration = t.expiration(&bucket.name, asked.key, version).filter(|_| current);
        Ok::<_, AwsError>((bucket.shows(id), Arc::clone(version), expiration))
    })?;
    version.attributes.encryption.unlock(&asked.customer_key)?;
    let (etag, modified) = (version.etag, version.modified);
    asked.conditions.check(etag, modified, cx.now()).map_err(|failed| match failed {
        Failed::Precondition(name) => errors::precondition_failed(name),
        Failed::NotModified(_) => errors::not_modified()
            .with_header("etag", etag.quoted())
            .with_header("last-modified", modified.http_date()),
    })?;
    let size = version.body.len();
    let part = asked.part_number.map(|n| part(&version, n)).transpose()?;
    let requested = match &part {
        Some(part) => Some(part.bytes.clone()),
        None => asked.range.map(|r| range::requested(r, size)).transpose()?.flatten(),
    };
    let bytes = requested.clone().unwrap_or(0..size);
    let whole = bytes == (0..size);
    let checksum = match &part {
        Some(Part { checksum: Some(checksum), .. }) => {
            Some((*checksum, Kind::Composite, checksum.text()))
        }
        _ if whole => {
            let all = version.checksum;
            Some((all.value, all.kind(), all.text()))
        }
        _ => None,
    };
    let show_range = |r: Range<u64>| format!("bytes {}-{}/{size}", r.start, r.end - 1);
    Ok(Found {
        content_range: requested.filter(|r| !r.is_empty()).map(show_range),
        parts_count: part.filter(|p| p.of_many).and(i32::try_from(version.parts.len()).ok()),
        checksum: checksum.filter(|_| asked.wants_checksum && version.tells_checksum),
        headers: overridden(&version.attributes.headers, asked.overrides),
        bytes,
        now: cx.now(),
        version_id,
        expiration,
        version,
    })
}

struct Part {
    bytes: Range<u64>,
    checksum: Option<Checksum>,
    /// The object was made of parts.
    of_many: bool,
}

fn part(version: &Version, number: i32) -> Result<Part, AwsError> {
    let number = usize::from(check_part_number(number)?);
    let parts = &version.parts;
    if parts.is_empty() && number == 1 {
        return Ok(Part { bytes: 0..version.body.len(), checksum: None, of_many: false });
    }
    let part = parts.get(number - 1);
    let part = part.ok_or_else(|| errors::invalid_part_number(number, parts.len().max(1)))?;
    let start = parts.iter().take(number - 1).map(|p| p.size).sum();
    Ok(Part { bytes: start..start + part.size, checksum: part.checksum, of_many: true })
}

/// Text of a header goes no further than ISO-8859-1.
fn check_overrides(asked: &Headers) -> Result<(), AwsError> {
    let all = [
        ("response-cache-control", &asked.cache_control),
        ("response-content-disposition", &asked.content_disposition),
        ("response-content-encoding", &asked.content_encoding),
        ("response-content-language", &asked.content_language),
        ("response-content-type", &asked.content_type),
    ];
    for (name, value) in all {
        if let Some(value) = value.as_ref().filter(|v| v.chars().any(|c| c > '\u{ff}')) {
            let message = "Header value cannot be represented using ISO-8859-1.";
            return Err(errors::invalid_argument(message, name, value));
        }
    }
    Ok(())
}

fn overridden(stored: &Headers, by: Headers) -> Headers {
    let or = |by: Option<String>, stored: &Option<String>| by.or_else(|| stored.clone());
    Headers {
        cache_control: or(by.cache_control, &stored.cache_control),
        content_disposition: or(by.content_disposition, &stored.content_disposition),
        content_encoding: or(by.content_encoding, &stored.content_encoding),
        content_language: or(by.content_language, &stored.content_language),
        content_type: or(by.content_type, &stored.content_type).or(Some(DEFAULT_TYPE.into())),
        expires: or(by.expires, &stored.expires),
    }
}
