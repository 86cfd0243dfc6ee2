//! `PutObject`.

use std::sync::Arc;

use cumulet_core::{AwsError, Cx};
use cumulet_escape::hex;
use http::Method;

use super::check_key;
use crate::api::{input, output};
use crate::checksum::{Algorithm, Claim};
use crate::conditions::{ETag, WriteCondition};
use crate::events::Kind;
use crate::intake::{Claims, receive};
use crate::state::{S3, Version, whole_second};
use crate::{attributes, given, refuse, show_checksum, show_encryption_and_key};

pub(crate) async fn put_object(
    s3: &S3,
    cx: &Cx,
    mut input: input::PutObject,
) -> Result<output::PutObject, AwsError> {
    refuse!(input, write_offset_bytes: "x-amz-write-offset-bytes");
    let expected = input.expected_bucket_owner.take();
    let by_default = s3.read(cx, |t| t.default_encryption(&input.bucket, expected.as_deref()))?;
    check_key(&input.key)?;
    let condition = WriteCondition::parse(input.if_match.take(), input.if_none_match.take())?;
    let attributes = attributes!(cx, input, by_default);
    attributes.encryption.check_key(s3, cx).await?;
    let attributes = s3.share(attributes);
    let claim = Claim::read(cx, given!(input), input.checksum_algorithm.as_deref())?;
    let claims = Claims::read(cx, input.content_md5.as_deref(), hex, claim)?;
    let algorithm = claims.checksum.algorithm.unwrap_or(Algorithm::Crc64Nvme);
    let received = receive(s3, cx, std::mem::take(&mut input.body), &claims, algorithm).await?;
    let etag = ETag::of(received.md5);
    let mut shown = output::PutObject {
        e_tag: Some(etag.quoted()),
        checksum_type: Some("FULL_OBJECT".into()),
        ..Default::default()
    };
    show_checksum!(shown, algorithm, received.checksum.text());
    show_encryption_and_key!(shown, attributes.encryption);
    let version = Version {
        body: received.body,
        etag,
        checksum: received.checksum.into(),
        tells_checksum: true,
        modified: whole_second(cx),
        owner: cx.account(),
        attributes,
        parts: Arc::default(),
        upload: None,
    };
    s3.write(cx, |t| {
        let bucket = Arc::clone(t.bucket(&input.bucket, expected.as_deref())?);
        t.admit(cx, &bucket, &version.attributes)?;
        condition.check(t.current(&bucket.name, &input.key).map(|v| v.etag), &input.key)?;
        // A form is put too.
        let is_form = cx.http().is_some_and(|http| http.method == Method::POST);
        let kind = if is_form { Kind::POST } else { Kind::PUT };
        let id = t.write(cx, kind, &bucket, &input.key, version);
        shown.expiration = t.expiration_of(&bucket.name, &input.key);
        shown.version_id = id.written();
        Ok(shown)
    })
}
