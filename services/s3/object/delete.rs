//! `DeleteObject` and `DeleteObjects`.

use cumulet_core::{AwsError, Cx};

use super::check_version;
use crate::api::{self, input, output};
use crate::conditions::{ETag, WriteCondition};
use crate::state::S3;
use crate::{errors, refuse};

/// Keys of one `DeleteObjects`, at most.
const KEYS_MAX: usize = 1000;

pub(crate) async fn delete_object(
    s3: &S3,
    cx: &Cx,
    input: input::DeleteObject,
) -> Result<output::DeleteObject, AwsError> {
    refuse!(input,
        if_match_last_modified_time: "x-amz-if-match-last-modified-time",
        if_match_size: "x-amz-if-match-size",
    );
    check_bypass(input.bypass_governance_retention)?;
    let condition = input.if_match.as_deref();
    s3.write(cx, |t| {
        t.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
        check_version(input.version_id.as_deref())?;
        let current = t.current(&input.bucket, &input.key).map(|v| v.etag);
        check(condition, current, &input.key)?;
        t.delete(&input.bucket, &input.key);
        Ok(output::DeleteObject::default())
    })
}

/// `If-Match` of a deletion, which may be `*`.
fn check(condition: Option<&str>, current: Option<ETag>, key: &str) -> Result<(), AwsError> {
    let condition = condition.map_or(WriteCondition::None, |tag| WriteCondition::Match(tag.into()));
    condition.check(current, key)
}

/// Without object lock there is nothing to bypass.
fn check_bypass(asked: Option<bool>) -> Result<(), AwsError> {
    let name = "x-amz-bypass-governance-retention";
    if asked.is_none() {
        return Ok(());
    }
    let message = format!("{name} is only applicable to Object Lock enabled buckets.");
    Err(errors::invalid_argument_named(message, name))
}

pub(crate) async fn delete_objects(
    s3: &S3,
    cx: &Cx,
    input: input::DeleteObjects,
) -> Result<output::DeleteObjects, AwsError> {
    check_bypass(input.bypass_governance_retention)?;
    let delete = input.delete.unwrap_or_default();
    let quiet = delete.quiet == Some(true);
    let objects = delete.objects.unwrap_or_default();
    let named =
        |object: &api::ObjectIdentifier| object.key.as_deref().is_some_and(|k| !k.is_empty());
    if objects.is_empty() || objects.len() > KEYS_MAX || !objects.iter().all(named) {
        return Err(errors::malformed_xml());
    }
    s3.write(cx, |t| {
        t.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
        let (mut deleted, mut failed) = (Vec::new(), Vec::new());
        for object in objects {
            let key = object.key.clone().unwrap_or_default();
            let current = t.current(&input.bucket, &key).map(|v| v.etag);
            match allowed(&object, current) {
                Ok(()) => {
                    t.delete(&input.bucket, &key);
                    let version_id = object.version_id;
                    let key = Some(key);
                    deleted.push(api::DeletedObject { key, version_id, ..Default::default() });
                }
                Err(error) => failed.push(api::Error {
                    key: Some(key),
                    version_id: object.version_id,
                    code: Some(error.code().to_owned()),
                    message: Some(error.message().to_owned()),
                }),
            }
        }
        Ok(output::DeleteObjects {
            deleted: Some(deleted).filter(|_| !quiet),
            errors: Some(failed),
            ..Default::default()
        })
    })
}

fn allowed(object: &api::ObjectIdentifier, current: Option<ETag>) -> Result<(), AwsError> {
    let key = object.key.as_deref().unwrap_or_default();
    let version = object.version_id.as_deref();
    check_version(version)
        .map_err(|_| errors::no_such_version(key, version.unwrap_or_default()))?;
    refuse!(object, last_modified_time: "LastModifiedTime", size: "Size");
    check(object.e_tag.as_deref(), current, key)
}
