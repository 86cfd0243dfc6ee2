//! `CompleteMultipartUpload`: from parts to an object, without copying a byte.

use std::sync::Arc;

use cumulet_core::{AwsError, Cx};
use cumulet_store::Blob;
use md5::{Digest as _, Md5};

use super::part::algorithm;
use crate::api::{self, input, output};
use crate::checksum::{Algorithm, Checksum, Kind, ObjectChecksum};
use crate::conditions::{ETag, WriteCondition, unquoted};
use crate::errors::{self, PART_SIZE_MIN};
use crate::events;
use crate::listing::Encoding;
use crate::state::{Bucket, Part, PartOf, S3, Tables, Upload, UploadKey, Version, whole_second};
use crate::{customer_key, given, show_checksum, show_encryption};

pub(crate) fn complete_multipart_upload(
    s3: &S3,
    cx: &Cx,
    mut input: input::CompleteMultipartUpload,
) -> Result<output::CompleteMultipartUpload, AwsError> {
    let condition = WriteCondition::parse(input.if_match.take(), input.if_none_match.take())?;
    let named = input.multipart_upload.take().and_then(|m| m.parts).unwrap_or_default();
    s3.write(cx, |t| {
        let bucket = t.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
        let bucket = Arc::clone(bucket);
        let id = input.upload_id.as_deref().unwrap_or_default();
        let (key, upload) = match t.upload(&bucket.name, &input.key, id) {
            Ok((key, upload)) => (key.clone(), Arc::clone(upload)),
            Err(error) => return completed(t, cx, &bucket, &input.key, id).ok_or(error),
        };
        if !customer_key!(input).is_absent() {
            upload.attributes.encryption.continues(&customer_key!(input))?;
        }
        check_kind(&upload, input.checksum_type.as_deref())?;
        let parts = chosen(t, &key, &upload, &named)?;
        let version = assemble(cx, &key, &upload, &parts);
        if upload.checksum.is_some() || input.checksum_crc64_nvme.is_some() {
            check_checksum(&version, given!(input), input.checksum_type.as_deref())?;
        }
        check_size(&version, input.mpu_object_size)?;
        let current = t.current(&bucket.name, &input.key).map(|v| v.etag);
        condition.check(current, &input.key)?;
        if upload.disturbed && condition != WriteCondition::None {
            return Err(errors::conditional_request_conflict(condition.name(), &input.key));
        }
        let mut shown = shown(cx, &bucket.name, &input.key, &version);
        t.end_upload(&key);
        let id = t.write(cx, events::Kind::COMPLETE, &bucket, &input.key, version);
        shown.expiration = t.expiration_of(&bucket.name, &input.key);
        shown.version_id = id.written();
        Ok(shown)
    })
}

/// The parts that a request names, if they are what it says they are.
fn chosen(
    t: &Tables,
    key: &UploadKey,
    upload: &Upload,
    named: &[api::CompletedPart],
) -> Result<Vec<Arc<Part>>, AwsError> {
    if named.is_empty() {
        return Err(errors::invalid_request("You must specify at least one part"));
    }
    let numbers = named.iter().map(|p| p.part_number.unwrap_or_default());
    if !numbers.is_sorted_by(|a, b| a < b) {
        return Err(errors::invalid_part_order(&key.id));
    }
    let mut parts: Vec<Arc<Part>> = Vec::with_capacity(named.len());
    for (i, said) in named.iter().enumerate() {
        let number = said.part_number.unwrap_or_default();
        let etag = unquoted(said.e_tag.as_deref().unwrap_or_default());
        let invalid = || errors::invalid_part(&key.id, number, etag);
        let row = (Arc::clone(&key.id), u16::try_from(number).map_err(|_| invalid())?);
        let part = t.parts.get(&row).ok_or_else(invalid)?;
        if ETag::of(part.md5).to_string() != etag {
            return Err(invalid());
        }
        check_part_checksum(upload, part, said, number)?.then_some(()).ok_or_else(invalid)?;
        if part.body.len() < PART_SIZE_MIN && i + 1 < named.len() {
            return Err(errors::entity_too_small(part.body.len(), number, etag));
        }
        parts.push(Arc::clone(part));
    }
    Ok(parts)
}

/// Whether what a request says about a part's checksum is true; an error where it had to say
/// something else.
fn check_part_checksum(
    upload: &Upload,
    part: &Part,
    said: &api::CompletedPart,
    number: i32,
) -> Result<bool, AwsError> {
    let given = given!(said).into_iter().find_map(|(a, value)| Some((a, value?)));
    match (upload.checksum, given) {
        (Some((algorithm, Kind::Composite)), None) => Err(errors::invalid_request(format!(
            "The upload was created using a {} checksum. The complete request must include the checksum for each part. It was missing for part {number} in the request.",
            algorithm.lower()
        ))),
        (_, None) => Ok(true),
        (None, Some(_)) => Ok(false),
        (Some((expected, _)), Some((algorithm, _))) if algorithm != expected => {
            Err(errors::bad_part_checksum(algorithm.lower(), number))
        }
        (Some(_), Some((_, value))) => Ok(part.checksum.text() == value),
    }
}

fn check_kind(upload: &Upload, said: Option<&str>) -> Result<(), AwsError> {
    let kind = upload.checksum.map(|(_, kind)| kind.name());
    match said {
        Some(said) if kind != Some(said) => Err(errors::invalid_request(format!(
            "The upload was created using the {} checksum mode. The complete request must use the same checksum mode.",
            kind.unwrap_or("null")
        ))),
        _ => Ok(()),
    }
}

/// Checks the checksum of the whole. Where an algorithm has both kinds, a value without its kind
/// counts as composite.
fn check_checksum(
    version: &Version,
    given: [(Algorithm, Option<&str>); 10],
    kind: Option<&str>,
) -> Result<(), AwsError> {
    let Some((algorithm, said)) = given.into_iter().find_map(|(a, v)| Some((a, v?))) else {
        return Ok(());
    };
    let is = version.checksum;
    let expected = is.value.algorithm;
    let ambiguous = matches!(expected, Algorithm::Crc32 | Algorithm::Crc32c);
    let kind_told = kind.is_some() || is.kind() == Kind::Composite || !ambiguous;
    let said_same = said == is.text() || said == is.value.text();
    if algorithm == expected && kind_told && said_same {
        return Ok(());
    }
    Err(errors::bad_checksum(expected.lower()))
}

fn check_size(version: &Version, said: Option<i64>) -> Result<(), AwsError> {
    let is = version.body.len();
    match said {
        Some(said) if u64::try_from(said) != Ok(is) => Err(errors::invalid_request(format!(
            "The provided 'x-amz-mp-object-size' header value {said} does not match what was computed: {is}"
        ))),
        _ => Ok(()),
    }
}

fn assemble(cx: &Cx, key: &UploadKey, upload: &Upload, parts: &[Arc<Part>]) -> Version {
    let mut md5 = Md5::new();
    for part in parts {
        md5.update(part.md5);
    }
    let kind = upload.checksum.map_or(Kind::FullObject, |(_, kind)| kind);
    let checksums: Vec<_> = parts.iter().map(|p| (p.checksum, p.body.len())).collect();
    let part_of = |part: &Arc<Part>| PartOf {
        size: part.body.len(),
        checksum: Some(part.checksum).filter(|_| kind == Kind::Composite),
    };
    Version {
        body: Blob::concat(parts.iter().map(|p| p.body.clone())),
        etag: ETag { md5: md5.finalize().into(), parts: u16::try_from(parts.len()).ok() },
        checksum: ObjectChecksum::of(kind, &checksums)
            .unwrap_or_else(|| Checksum::of_nothing(algorithm(upload)).into()),
        tells_checksum: upload.checksum.is_some() || upload.attributes.encryption.told().is_some(),
        modified: whole_second(cx),
        owner: upload.owner,
        attributes: Arc::clone(&upload.attributes),
        parts: parts.iter().map(part_of).collect(),
        upload: Some(Arc::clone(&key.id)),
    }
}

/// The answer to a client that did not hear the first one, while the object is still that upload.
fn completed(
    t: &Tables,
    cx: &Cx,
    bucket: &Bucket,
    key: &str,
    id: &str,
) -> Option<output::CompleteMultipartUpload> {
    let (version_id, row) = t.newest(&bucket.name, key)?;
    let version = row.object(version_id, "POST").ok()?;
    (version.upload.as_deref() == Some(id)).then_some(())?;
    let mut shown = shown(cx, &bucket.name, key, version);
    shown.version_id = version_id.written();
    Some(shown)
}

fn shown(cx: &Cx, bucket: &str, key: &str, version: &Version) -> output::CompleteMultipartUpload {
    let mut shown = output::CompleteMultipartUpload {
        location: Some(location(cx.endpoint(), bucket, key)),
        bucket: Some(bucket.to_owned()),
        key: Some(key.to_owned()),
        e_tag: Some(version.etag.quoted()),
        ..Default::default()
    };
    if version.tells_checksum {
        shown.checksum_type = Some(version.checksum.kind().name().to_owned());
        show_checksum!(shown, version.checksum.value.algorithm, version.checksum.text());
    }
    show_encryption!(shown, version.attributes.encryption);
    shown
}

/// The object's URL in the way that the caller used: the bucket in the host or in the path.
pub(crate) fn location(endpoint: &str, bucket: &str, key: &str) -> String {
    let key = Encoding::path(key);
    let host = endpoint.split_once("://").map_or(endpoint, |(_, host)| host);
    if host.strip_prefix(bucket).is_some_and(|rest| rest.starts_with('.')) {
        return format!("{endpoint}/{key}");
    }
    format!("{endpoint}/{bucket}/{key}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_has_the_bucket_once() {
        let location = |endpoint| location(endpoint, "b", "a b/—");
        assert_eq!(location("http://localhost:4566"), "http://localhost:4566/b/a%20b/%E2%80%94");
        assert_eq!(location("http://b.s3.localhost"), "http://b.s3.localhost/a%20b/%E2%80%94");
    }
}
