//! `UploadPart` and `UploadPartCopy`.

use std::sync::Arc;

use cumulet_core::{AwsError, Cx};

use crate::api::{self, input, output};
use crate::checksum::{Algorithm, Claim};
use crate::conditions::ETag;
use crate::encryption::CustomerKey;
use crate::intake::{Claims, base64, receive};
use crate::object::check_part_number;
use crate::object::copy::known_or_read;
use crate::state::{Part, S3, Upload, whole_second};
use crate::{customer_key, errors, given, range, show_checksum, show_encryption_and_key, source};

/// Which upload a part is for.
struct Target<'a> {
    bucket: &'a str,
    key: &'a str,
    id: &'a str,
    number: u16,
    expected_owner: Option<&'a str>,
    customer_key: CustomerKey<'a>,
}

macro_rules! target {
    ($input:expr) => {
        Target {
            bucket: &$input.bucket,
            key: &$input.key,
            id: $input.upload_id.as_deref().unwrap_or_default(),
            number: check_part_number($input.part_number.unwrap_or_default())?,
            expected_owner: $input.expected_bucket_owner.as_deref(),
            customer_key: customer_key!($input),
        }
    };
}

impl Target<'_> {
    fn find(&self, s3: &S3, cx: &Cx) -> Result<Arc<Upload>, AwsError> {
        let upload = s3.read(cx, |t| {
            t.bucket(self.bucket, self.expected_owner)?;
            t.upload(self.bucket, self.key, self.id).map(|(_, upload)| Arc::clone(upload))
        })?;
        upload.attributes.encryption.continues(&self.customer_key)?;
        Ok(upload)
    }

    /// Keeps a part, in the place of one that has its number.
    fn keep(&self, s3: &S3, cx: &Cx, part: Part) -> Result<(), AwsError> {
        s3.write(cx, |t| {
            let id = Arc::clone(&t.upload(self.bucket, self.key, self.id)?.0.id);
            t.parts.insert((id, self.number), Arc::new(part));
            Ok(())
        })
    }
}

pub(crate) async fn upload_part(
    s3: &S3,
    cx: &Cx,
    mut input: input::UploadPart,
) -> Result<output::UploadPart, AwsError> {
    let body = std::mem::take(&mut input.body);
    let target = target!(input);
    let upload = target.find(s3, cx)?;
    let claim = Claim::read(cx, given!(input), input.checksum_algorithm.as_deref())?;
    if let (Some((expected, _)), Some(actual)) = (upload.checksum, claim.algorithm)
        && expected != actual
    {
        let (expected, actual) = (expected.lower(), actual.lower());
        return Err(errors::invalid_request(format!(
            "Checksum Type mismatch occurred, expected checksum Type: {expected}, actual checksum Type: {actual}"
        )));
    }
    let claims = Claims::read(cx, input.content_md5.as_deref(), base64, claim)?;
    let received = receive(s3, cx, body, &claims, algorithm(&upload)).await?;
    let mut shown =
        output::UploadPart { e_tag: Some(ETag::of(received.md5).quoted()), ..Default::default() };
    let asked = upload.checksum.map(|_| received.checksum);
    if let Some(checksum) = received.claimed.or(asked) {
        show_checksum!(shown, checksum.algorithm, checksum.text());
    }
    show_encryption_and_key!(shown, upload.attributes.encryption);
    let (md5, checksum, modified) = (received.md5, received.checksum, whole_second(cx));
    target.keep(s3, cx, Part { body: received.body, md5, checksum, modified })?;
    Ok(shown)
}

pub(crate) async fn upload_part_copy(
    s3: &S3,
    cx: &Cx,
    input: input::UploadPartCopy,
) -> Result<output::UploadPartCopy, AwsError> {
    let target = target!(input);
    let upload = target.find(s3, cx)?;
    let (_, source_id, source) = source!(s3, cx, input)?;
    let size = source.body.len();
    let asked = input.copy_source_range.as_deref().map(|r| range::copied(r, size)).transpose()?;
    let bytes = asked.unwrap_or(0..size);
    let len = bytes.end - bytes.start;
    if len > errors::UPLOAD_MAX {
        return Err(errors::entity_too_large(len));
    }
    let (md5, checksum) = known_or_read(&source, bytes.clone(), algorithm(&upload)).await?;
    let modified = whole_second(cx);
    let body = source.body.slice(bytes);
    target.keep(s3, cx, Part { body, md5, checksum, modified })?;
    let mut result = api::CopyPartResult {
        e_tag: Some(ETag::of(md5).quoted()),
        last_modified: Some(modified),
        ..Default::default()
    };
    if upload.checksum.is_some() {
        show_checksum!(result, checksum.algorithm, checksum.text());
    }
    let mut shown = output::UploadPartCopy {
        copy_part_result: Some(result),
        copy_source_version_id: source_id.written(),
        ..Default::default()
    };
    show_encryption_and_key!(shown, upload.attributes.encryption);
    Ok(shown)
}

/// What parts are hashed with; S3 gives every object a checksum.
pub(crate) fn algorithm(upload: &Upload) -> Algorithm {
    upload.checksum.map_or(Algorithm::Crc64Nvme, |(algorithm, _)| algorithm)
}
