//! Tags of objects, each version's its own.

use std::sync::Arc;

use cumulet_core::tags::Tags;
use cumulet_core::{AwsError, Cx};

use crate::api::{self, input, output};
use crate::attributes::check_count;
use crate::bucket::stored::Named;
use crate::bucket::tagging::read;
use crate::events::{Kind, Subject};
use crate::state::S3;
use crate::{errors, named};

pub(crate) fn put_object_tagging(
    s3: &S3,
    cx: &Cx,
    input: input::PutObjectTagging,
) -> Result<output::PutObjectTagging, AwsError> {
    let given = input.tagging;
    let version_id =
        replace(s3, cx, named!(input), &input.key, input.version_id.as_deref(), "PUT", || {
            let given = given.ok_or_else(errors::missing_request_body)?;
            let reserved =
                |key| errors::invalid_tag("Your TagKey cannot be prefixed with aws:", key);
            let tags = read(given.tag_set, reserved)?;
            check_count(&tags)?;
            Ok(tags)
        })?;
    Ok(output::PutObjectTagging { version_id })
}

pub(crate) fn delete_object_tagging(
    s3: &S3,
    cx: &Cx,
    input: input::DeleteObjectTagging,
) -> Result<output::DeleteObjectTagging, AwsError> {
    let said = input.version_id.as_deref();
    let version_id =
        replace(s3, cx, named!(input), &input.key, said, "DELETE", || Ok(Tags::new()))?;
    Ok(output::DeleteObjectTagging { version_id })
}

pub(crate) fn get_object_tagging(
    s3: &S3,
    cx: &Cx,
    input: input::GetObjectTagging,
) -> Result<output::GetObjectTagging, AwsError> {
    let (name, owner) = named!(input);
    let (version_id, tags) = s3.read(cx, |t| {
        let bucket = t.bucket(name, owner)?;
        if t.newest(name, &input.key).is_none() && input.version_id.is_none() {
            // Only here does S3 call the key by its bucket, too.
            return Err(errors::no_such_key(format!("{name}/{}", input.key)));
        }
        let (id, row) = t.version(name, &input.key, input.version_id.as_deref())?;
        Ok((bucket.shows(id), row.object(id, "GET")?.attributes.tags.clone()))
    })?;
    let tag = |(key, value)| api::Tag { key: Some(key), value: Some(value) };
    Ok(output::GetObjectTagging { version_id, tag_set: Some(tags.into_iter().map(tag).collect()) })
}

/// Gives a version other tags; its id.
fn replace(
    s3: &S3,
    cx: &Cx,
    (bucket, owner): Named<'_>,
    key: &str,
    said: Option<&str>,
    method: &'static str,
    tags: impl FnOnce() -> Result<Tags, AwsError>,
) -> Result<Option<String>, AwsError> {
    s3.write(cx, |t| {
        let bucket = Arc::clone(t.bucket(bucket, owner)?);
        let (id, row) = t.version(&bucket.name, key, said)?;
        let subject = Subject::of(row.object(id, method)?).called(id);
        let tags = tags()?;
        t.change(&bucket.name, key, id, |attributes| attributes.tags = tags);
        let kind = if method == "PUT" { Kind::TAG } else { Kind::UNTAG };
        t.raise(cx, &bucket, kind, key, subject);
        t.replicate(cx, &bucket, key, id);
        Ok(bucket.shows(id))
    })
}
