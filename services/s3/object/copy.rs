//! `CopyObject`, and the source of a copy. Bytes are shared, not copied; they are read only where
//! the copy's MD5 or checksum is not known yet.

use std::ops::Range;
use std::sync::Arc;

use cumulet_core::{AwsError, Cx};
use percent_encoding::percent_decode_str;

use super::check_key;
use crate::api::{self, input, output};
use crate::attributes::Attributes;
use crate::checksum::{Algorithm, Checksum};
use crate::conditions::{ETag, ReadConditions, WriteCondition};
use crate::errors::{self, UPLOAD_MAX};
use crate::events::Kind;
use crate::intake::digest;
use crate::state::{S3, Version, whole_second};
use crate::versions::{Row, VersionId};
use crate::{attributes, show_checksum, show_encryption_and_key, source};

pub(crate) async fn copy_object(
    s3: &S3,
    cx: &Cx,
    mut input: input::CopyObject,
) -> Result<output::CopyObject, AwsError> {
    let expected = input.expected_bucket_owner.take();
    let by_default = s3.read(cx, |t| t.default_encryption(&input.bucket, expected.as_deref()))?;
    check_key(&input.key)?;
    let condition = WriteCondition::parse(input.if_match.take(), input.if_none_match.take())?;
    let (place, id, source) = source!(s3, cx, input)?;
    check_size(source.body.len())?;
    let replaces = directive(input.metadata_directive.as_deref(), "metadata")?;
    let retags = directive(input.tagging_directive.as_deref(), "tagging")?;
    let is_current = place.version_id.is_none();
    let in_place = is_current && place.bucket == input.bucket && place.key == input.key;
    let changes = replaces
        || input.storage_class.is_some()
        || input.website_redirect_location.is_some()
        || input.server_side_encryption.is_some()
        || input.sse_customer_algorithm.is_some()
        || by_default.is_some();
    let given = attributes!(cx, input, by_default);
    given.encryption.check_key(s3, cx).await?;
    let from = &source.attributes;
    if in_place && !changes && given.encryption == from.encryption {
        return Err(errors::invalid_request(
            "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
        ));
    }
    let attributes = Arc::new(Attributes {
        headers: if replaces { given.headers } else { from.headers.clone() },
        user: if replaces { given.user } else { from.user.clone() },
        tags: if retags { given.tags } else { from.tags.clone() },
        ..given
    });
    let algorithm = input.checksum_algorithm.as_deref().map(Algorithm::parse).transpose()?;
    let algorithm = algorithm.unwrap_or(source.checksum.value.algorithm);
    let (md5, checksum) = known_or_read(&source, 0..source.body.len(), algorithm).await?;
    let etag = ETag::of(md5);
    let modified = whole_second(cx);
    let mut result = api::CopyObjectResult {
        e_tag: Some(etag.quoted()),
        last_modified: Some(modified),
        checksum_type: Some("FULL_OBJECT".into()),
        ..Default::default()
    };
    show_checksum!(result, algorithm, checksum.text());
    let mut shown = output::CopyObject {
        copy_object_result: Some(result),
        copy_source_version_id: id.written(),
        ..Default::default()
    };
    show_encryption_and_key!(shown, attributes.encryption);
    let version = Version {
        body: source.body.clone(),
        etag,
        checksum: checksum.into(),
        tells_checksum: true,
        modified,
        owner: cx.account(),
        attributes,
        parts: Arc::default(),
        upload: None,
    };
    s3.write(cx, |t| {
        let bucket = Arc::clone(t.bucket(&input.bucket, expected.as_deref())?);
        t.admit(cx, &bucket, &version.attributes)?;
        condition.check(t.current(&bucket.name, &input.key).map(|v| v.etag), &input.key)?;
        let id = t.write(cx, Kind::COPY, &bucket, &input.key, version);
        shown.expiration = t.expiration_of(&bucket.name, &input.key);
        shown.version_id = bucket.shows(id);
        Ok(shown)
    })
}

/// Larger objects are copied in parts.
fn check_size(size: u64) -> Result<(), AwsError> {
    if size <= UPLOAD_MAX {
        return Ok(());
    }
    let message =
        "The specified copy source is larger than the maximum allowable size for a copy source";
    Err(errors::invalid_request(format!("{message}: {UPLOAD_MAX}")))
}

/// `COPY` or `REPLACE`; true for the latter.
fn directive(given: Option<&str>, of: &str) -> Result<bool, AwsError> {
    match given {
        None | Some("COPY") => Ok(false),
        Some("REPLACE") => Ok(true),
        Some(other) => {
            let message = format!("Unknown {of} directive.");
            Err(errors::invalid_argument(message, format!("x-amz-{of}-directive"), other))
        }
    }
}

/// MD5 and checksum of some bytes of an object.
pub(crate) async fn known_or_read(
    source: &Version,
    bytes: Range<u64>,
    algorithm: Algorithm,
) -> Result<([u8; 16], Checksum), AwsError> {
    let (etag, checksum) = (source.etag, source.checksum);
    let known = etag.parts.is_none()
        && bytes == (0..source.body.len())
        && checksum.parts.is_none()
        && checksum.value.algorithm == algorithm;
    if known {
        return Ok((etag.md5, checksum.value));
    }
    digest(source.body.read(bytes), algorithm).await
}

/// The object that a copy is made of.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) bucket: String,
    pub(crate) key: String,
    version_id: Option<String>,
}

impl Place {
    /// Reads `x-amz-copy-source`: `bucket/key`, URL-encoded, a slash or a whole URL's host before
    /// it or not, and then maybe `?versionId=`.
    pub(crate) fn parse(header: &str) -> Result<Self, AwsError> {
        let invalid = || {
            let name = "x-amz-copy-source";
            errors::invalid_argument("Invalid copy source object key", name, name)
        };
        let (path, version_id) = match header.split_once("?versionId=") {
            Some((path, id)) => (path, Some(id.to_owned())),
            None => (header, None),
        };
        let host = path.strip_prefix("http://").or_else(|| path.strip_prefix("https://"));
        let path =
            host.map_or(Some(path), |url| Some(url.split_once('/')?.1)).ok_or_else(invalid)?;
        // Some clients write a space as forms do; S3 knows.
        let path = path.replace('+', " ");
        let path = percent_decode_str(&path).decode_utf8().map_err(|_| invalid())?;
        let path = path.strip_prefix('/').unwrap_or(&path);
        let (bucket, key) = path.split_once('/').ok_or_else(invalid)?;
        if bucket.is_empty() || key.is_empty() {
            return Err(invalid());
        }
        Ok(Self { bucket: bucket.into(), key: key.into(), version_id })
    }
}

/// Finds the source of a copy; for [`source!`](crate::source).
pub(crate) fn find(
    s3: &S3,
    cx: &Cx,
    place: &Place,
    expected_owner: Option<&str>,
    conditions: ReadConditions<'_>,
) -> Result<(VersionId, Arc<Version>), AwsError> {
    let (id, version) = s3.read(cx, |t| {
        t.bucket(&place.bucket, expected_owner)?;
        let said = place.version_id.as_deref();
        if let Some(said) = said
            && let (_, Row::Marker(_)) = t.version(&place.bucket, &place.key, Some(said))?
        {
            return Err(errors::invalid_request(
                "The source of a copy request may not specifically refer to a delete marker by version id.",
            ));
        }
        let (id, version) = t.object(&place.bucket, &place.key, said, "GET")?;
        Ok::<_, AwsError>((id, Arc::clone(version)))
    })?;
    conditions.check_source(version.etag, version.modified, cx.now())?;
    if !version.attributes.is_readable(cx.now()) {
        return Err(errors::object_not_in_active_tier());
    }
    Ok((id, version))
}

/// The source in an input of `CopyObject` or `UploadPartCopy`: its place, its id and its version.
#[macro_export]
macro_rules! source {
    ($s3:expr, $cx:expr, $input:expr) => {{
        let conditions = $crate::conditions::ReadConditions {
            matches: $input.copy_source_if_match.as_deref(),
            none_match: $input.copy_source_if_none_match.as_deref(),
            modified_since: $input.copy_source_if_modified_since,
            unmodified_since: $input.copy_source_if_unmodified_since,
        };
        let key = $crate::encryption::CustomerKey {
            algorithm: $input.copy_source_sse_customer_algorithm.as_deref(),
            key: $input.copy_source_sse_customer_key.as_deref(),
            md5: $input.copy_source_sse_customer_key_md5.as_deref(),
        };
        let header = $input.copy_source.as_deref().unwrap_or_default();
        let owner = $input.expected_source_bucket_owner.as_deref();
        let place = $crate::object::copy::Place::parse(header)?;
        $crate::object::copy::find($s3, $cx, &place, owner, conditions).and_then(|(id, version)| {
            version.attributes.encryption.unlock(&key)?;
            Ok((place, id, version))
        })
    }};
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_a_bucket_and_a_key() {
        let place = |header| Place::parse(header).map(|p| (p.bucket, p.key, p.version_id));
        let is = |b: &str, k: &str, v: Option<&str>| (b.into(), k.into(), v.map(Into::into));
        for (header, found) in [
            ("b/k", is("b", "k", None)),
            ("/b/k", is("b", "k", None)),
            ("b//k", is("b", "/k", None)),
            ("http://localhost:4566/b/k", is("b", "k", None)),
            ("b/a%2Bb%20c+d/%3F?versionId=null", is("b", "a+b c d/?", Some("null"))),
        ] {
            assert_eq!(place(header).unwrap(), found, "{header}");
        }
        for bad in ["", "b", "b/", "/b/", "//k", "b/%FF"] {
            assert_eq!(place(bad).unwrap_err().code(), "InvalidArgument", "{bad}");
        }
    }
}
