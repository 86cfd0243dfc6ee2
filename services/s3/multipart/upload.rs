//! `CreateMultipartUpload` and `AbortMultipartUpload`, and what an upload is called.

use std::sync::Arc;

use cumulet_core::{AwsError, Cx};
use cumulet_escape::hex;
use sha2::{Digest as _, Sha256};

use crate::api::{input, output};
use crate::checksum::{Algorithm, Kind};
use crate::object::check_key;
use crate::state::{S3, Tables, Upload, UploadKey, whole_second};
use crate::{attributes, errors, refuse, show_encryption_and_key};

pub(crate) async fn create_multipart_upload(
    s3: &S3,
    cx: &Cx,
    mut input: input::CreateMultipartUpload,
) -> Result<output::CreateMultipartUpload, AwsError> {
    let expected = input.expected_bucket_owner.as_deref();
    let by_default = s3.read(cx, |t| t.default_encryption(&input.bucket, expected))?;
    check_key(&input.key)?;
    let attributes = Arc::new(attributes!(cx, input, by_default));
    attributes.encryption.check_key(s3, cx).await?;
    let checksum = checksum(input.checksum_algorithm.as_deref(), input.checksum_type.as_deref())?;
    let upload = Upload {
        initiated: whole_second(cx),
        owner: cx.account(),
        attributes: Arc::clone(&attributes),
        checksum,
        disturbed: false,
    };
    let initiated = upload.initiated;
    let (id, end) = s3.write(cx, |t| {
        let expected = input.expected_bucket_owner.as_deref();
        let bucket = t.bucket(&input.bucket, expected)?;
        t.admit(cx, bucket, &attributes)?;
        let bucket = Arc::clone(&bucket.name);
        let id: Arc<str> = new_id(t, cx, &bucket, &input.key).into();
        let end = t.abortion(&bucket, &input.key, initiated);
        let key = UploadKey { bucket, key: input.key.as_str().into(), id: Arc::clone(&id) };
        t.uploads.insert(key, Arc::new(upload));
        Ok((id, end))
    })?;
    let (abort_date, abort_rule_id) = end.unzip();
    let mut shown = output::CreateMultipartUpload {
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(id.to_string()),
        abort_date,
        abort_rule_id: abort_rule_id.flatten(),
        checksum_algorithm: checksum.map(|(algorithm, _)| algorithm.name().to_owned()),
        checksum_type: checksum.map(|(_, kind)| kind.name().to_owned()),
        ..Default::default()
    };
    show_encryption_and_key!(shown, attributes.encryption);
    Ok(shown)
}

/// The checksum that an upload is to have. Hashes can only be composite, CRC64NVME cannot be.
fn checksum(
    algorithm: Option<&str>,
    kind: Option<&str>,
) -> Result<Option<(Algorithm, Kind)>, AwsError> {
    let Some(algorithm) = algorithm else {
        return match kind {
            None => Ok(None),
            Some(_) => Err(errors::invalid_request(
                "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.",
            )),
        };
    };
    let algorithm = Algorithm::parse(algorithm)?;
    let only = match algorithm {
        Algorithm::Crc64Nvme => Some(Kind::FullObject),
        Algorithm::Crc32 | Algorithm::Crc32c => None,
        // A hash of the whole cannot be made of those of the parts.
        _ => Some(Kind::Composite),
    };
    let kind = kind.map(Kind::parse).transpose()?;
    match (kind, only) {
        (Some(kind), Some(only)) if kind != only => Err(errors::invalid_request(format!(
            "The {} checksum type cannot be used with the {} checksum algorithm.",
            kind.name(),
            algorithm.lower()
        ))),
        (kind, only) => Ok(Some((algorithm, kind.or(only).unwrap_or(Kind::Composite)))),
    }
}

pub(crate) fn abort_multipart_upload(
    s3: &S3,
    cx: &Cx,
    input: input::AbortMultipartUpload,
) -> Result<output::AbortMultipartUpload, AwsError> {
    refuse!(input, if_match_initiated_time: "x-amz-if-match-initiated-time");
    s3.write(cx, |t| {
        t.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
        let id = input.upload_id.as_deref().unwrap_or_default();
        let key = t.upload(&input.bucket, &input.key, id)?.0.clone();
        t.end_upload(&key);
        Ok(output::AbortMultipartUpload::default())
    })
}

/// Digits of an id that put a key's uploads in the order of their beginning.
const ORDER: usize = 16;
/// Digits of an id that tell which key it is for.
const MARK: usize = 16;

/// An id: what orders it, what tells its key, and chance.
fn new_id(t: &Tables, cx: &Cx, bucket: &str, key: &str) -> String {
    // In 1024ths of a millisecond, so that uploads of one moment stay in order.
    let now = cx.now().millis().cast_unsigned() << 10;
    let last = t.uploads_of(bucket, key).last();
    let last = last.and_then(|(k, _)| u64::from_str_radix(k.id.get(..ORDER)?, 16).ok());
    let order = last.map_or(now, |last| now.max(last + 1));
    format!("{order:0ORDER$x}{}{}", mark(bucket, key), cx.ids().hex(64))
}

fn mark(bucket: &str, key: &str) -> String {
    let mut mark = hex(&Sha256::digest(format!("{bucket}/{key}")));
    mark.truncate(MARK);
    mark
}

/// Whether this could be the id of an upload to this key, also of one that has ended.
pub(crate) fn is_id_of(id: &str, bucket: &str, key: &str) -> bool {
    id.get(ORDER..ORDER + MARK) == Some(&mark(bucket, key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_algorithm_has_its_types() {
        let of = |a: Option<&str>, k: Option<&str>| checksum(a, k);
        assert_eq!(of(None, None).unwrap(), None);
        assert_eq!(of(Some("CRC32"), None).unwrap(), Some((Algorithm::Crc32, Kind::Composite)));
        let nvme = Some((Algorithm::Crc64Nvme, Kind::FullObject));
        assert_eq!(of(Some("CRC64NVME"), None).unwrap(), nvme);
        for (a, k) in [
            (None, Some("COMPOSITE")),
            (Some("SHA1"), Some("FULL_OBJECT")),
            (Some("CRC64NVME"), Some("COMPOSITE")),
            (Some("MD4"), None),
        ] {
            assert_eq!(of(a, k).unwrap_err().code(), "InvalidRequest", "{a:?} {k:?}");
        }
    }
}
