//! `DeleteObject` and `DeleteObjects`.

use std::sync::Arc;

use cumulet_core::{AwsError, Cx};

use crate::api::{self, input, output};
use crate::bucket::versioning::is_mfa;
use crate::conditions::{ETag, WriteCondition};
use crate::events::{Kind, Subject};
use crate::state::{At, Bucket, S3, Tables};
use crate::versions::Row;
use crate::{errors, refuse};

/// Keys of one `DeleteObjects`, at most.
const KEYS_MAX: usize = 1000;

pub(crate) fn delete_object(
    s3: &S3,
    cx: &Cx,
    input: input::DeleteObject,
) -> Result<output::DeleteObject, AwsError> {
    refuse!(input,
        if_match_last_modified_time: "x-amz-if-match-last-modified-time",
        if_match_size: "x-amz-if-match-size",
    );
    let condition = input.if_match.as_deref();
    s3.write(cx, |t| {
        let bucket = Arc::clone(t.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?);
        let rights = Rights::of(&bucket, input.bypass_governance_retention, input.mfa.as_deref())?;
        let said = input.version_id.as_deref();
        let gone = remove(t, cx, (&bucket, rights), &input.key, said, condition)?;
        let (version_id, delete_marker) = (gone.version_id.or(gone.marker_id), gone.is_marker);
        Ok(output::DeleteObject { version_id, delete_marker, ..Default::default() })
    })
}

/// What a deletion did.
struct Gone {
    /// The version that was taken away for good, as it was asked for.
    version_id: Option<String>,
    /// True if a delete marker came or went.
    is_marker: Option<bool>,
    marker_id: Option<String>,
}

/// Deletes one object, or one version of it; no harm if there is none.
fn remove(
    t: &mut Tables,
    cx: &Cx,
    (bucket, rights): (&Arc<Bucket>, Rights),
    key: &str,
    version: Option<&str>,
    condition: Option<&str>,
) -> Result<Gone, AwsError> {
    let current = t.current(&bucket.name, key).map(|v| v.etag);
    check(condition, current, key)?;
    let Some(version) = version else {
        let marker = t.delete(cx, bucket, key);
        // Also where there was nothing to delete.
        match marker {
            Some(id) => {
                t.raise(cx, bucket, Kind::MARK, key, Subject::marker(id));
                t.replicate(cx, bucket, key, id);
            }
            None => t.raise(cx, bucket, Kind::DELETE, key, Subject::default()),
        }
        let marker_id = marker.map(|id| id.to_string());
        return Ok(Gone { version_id: None, is_marker: marker.map(|_| true), marker_id });
    };
    if !rights.mfa {
        return Err(errors::mfa_required());
    }
    let id = t.id(&bucket.name, key, version)?;
    if let Some(Row::Object(version)) = t.versions.get(&At(&bucket.name, key, id.0)) {
        version.attributes.lock.check_delete(cx.now(), rights.bypass)?;
    }
    let is_marker = matches!(t.remove(&bucket.name, key, id), Some(Row::Marker(_)));
    t.raise(cx, bucket, Kind::DELETE, key, Subject::default().called(id));
    let version_id = Some(version.to_owned());
    let marker_id = version_id.clone().filter(|_| is_marker);
    Ok(Gone { version_id, is_marker: is_marker.then_some(true), marker_id })
}

/// `If-Match` of a deletion, which may be `*`.
fn check(condition: Option<&str>, current: Option<ETag>, key: &str) -> Result<(), AwsError> {
    let condition = condition.map_or(WriteCondition::None, |tag| WriteCondition::Match(tag.into()));
    condition.check(current, key)
}

/// What a deletion may pass over.
#[derive(Clone, Copy)]
struct Rights {
    /// Governance.
    bypass: bool,
    /// That versions go with a second factor only.
    mfa: bool,
}

impl Rights {
    /// Without object lock there is nothing to bypass.
    fn of(bucket: &Bucket, bypass: Option<bool>, mfa: Option<&str>) -> Result<Self, AwsError> {
        let name = "x-amz-bypass-governance-retention";
        if bypass.is_some() && bucket.lock.is_none() {
            let message = format!("{name} is only applicable to Object Lock enabled buckets.");
            return Err(errors::invalid_argument_named(message, name));
        }
        let mfa = bucket.mfa_delete != Some(true) || is_mfa(mfa);
        Ok(Self { bypass: bypass == Some(true), mfa })
    }
}

pub(crate) fn delete_objects(
    s3: &S3,
    cx: &Cx,
    input: input::DeleteObjects,
) -> Result<output::DeleteObjects, AwsError> {
    let delete = input.delete.unwrap_or_default();
    let quiet = delete.quiet == Some(true);
    let objects = delete.objects.unwrap_or_default();
    let named =
        |object: &api::ObjectIdentifier| object.key.as_deref().is_some_and(|k| !k.is_empty());
    if objects.is_empty() || objects.len() > KEYS_MAX || !objects.iter().all(named) {
        return Err(errors::malformed_xml());
    }
    s3.write(cx, |t| {
        let bucket = Arc::clone(t.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?);
        let rights = Rights::of(&bucket, input.bypass_governance_retention, input.mfa.as_deref())?;
        let (mut deleted, mut failed) = (Vec::new(), Vec::new());
        for object in objects {
            match remove_one(t, cx, (&bucket, rights), &object) {
                Ok(gone) => deleted.push(api::DeletedObject {
                    key: object.key,
                    version_id: gone.version_id,
                    delete_marker: gone.is_marker,
                    delete_marker_version_id: gone.marker_id,
                }),
                Err(error) => failed.push(api::Error {
                    key: object.key,
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

fn remove_one(
    t: &mut Tables,
    cx: &Cx,
    (bucket, rights): (&Arc<Bucket>, Rights),
    object: &api::ObjectIdentifier,
) -> Result<Gone, AwsError> {
    let key = object.key.as_deref().unwrap_or_default();
    let version = object.version_id.as_deref();
    refuse!(object, last_modified_time: "LastModifiedTime", size: "Size");
    if let Some(id) = version {
        // Here an id that S3 never gave is not there, elsewhere it is malformed.
        t.id(&bucket.name, key, id).map_err(|_| errors::no_such_version(key, id))?;
    }
    remove(t, cx, (bucket, rights), key, version, object.e_tag.as_deref())
}
