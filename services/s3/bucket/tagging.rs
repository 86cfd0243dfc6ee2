//! Tags of buckets, and the rules of tags that come as a list.

use cumulet_core::codec::Empty;
use cumulet_core::tags::{self, TAGS_MAX, TagError, Tags};
use cumulet_core::{AwsError, Cx};

use crate::api::{self, input, output};
use crate::state::S3;
use crate::{errors, named};

pub(crate) fn put_bucket_tagging(
    s3: &S3,
    cx: &Cx,
    input: input::PutBucketTagging,
) -> Result<Empty, AwsError> {
    let (name, owner) = named!(input);
    s3.write(cx, |t| {
        t.bucket(name, owner)?;
        let given = input.tagging.ok_or_else(errors::missing_request_body)?;
        let reserved = |key: String| {
            errors::invalid_tag("System tags cannot be added/updated by requester", key)
        };
        let tags = read(given.tag_set, reserved)?;
        if tags.len() > TAGS_MAX {
            return Err(AwsError::new(
                "BadRequest",
                400,
                format!("Bucket tag count cannot be greater than {TAGS_MAX}"),
            ));
        }
        t.buckets.update(name, |bucket| bucket.tags = tags);
        Ok(Empty {})
    })
}

pub(crate) fn get_bucket_tagging(
    s3: &S3,
    cx: &Cx,
    input: input::GetBucketTagging,
) -> Result<output::GetBucketTagging, AwsError> {
    let (name, owner) = named!(input);
    let tags = s3.read(cx, |t| Ok::<_, AwsError>(t.bucket(name, owner)?.tags.clone()))?;
    if tags.is_empty() {
        return Err(errors::no_such_tag_set(name));
    }
    let tag = |(key, value)| api::Tag { key: Some(key), value: Some(value) };
    Ok(output::GetBucketTagging { tag_set: Some(tags.into_iter().map(tag).collect()) })
}

pub(crate) fn delete_bucket_tagging(
    s3: &S3,
    cx: &Cx,
    input: input::DeleteBucketTagging,
) -> Result<Empty, AwsError> {
    let (name, owner) = named!(input);
    s3.write(cx, |t| {
        t.bucket(name, owner)?;
        t.buckets.update(name, |bucket| bucket.tags = Tags::new());
        Ok(Empty {})
    })
}

/// Reads a list of tags; `reserved` words the error of a key that is AWS's own, which each
/// operation words in its way.
pub(crate) fn read(
    given: Option<Vec<api::Tag>>,
    reserved: impl Fn(String) -> AwsError,
) -> Result<Tags, AwsError> {
    let mut all = Tags::new();
    for tag in given.unwrap_or_default() {
        let (Some(key), Some(value)) = (tag.key, tag.value) else {
            return Err(errors::malformed_xml());
        };
        match tags::check(&key, &value) {
            Ok(()) => {}
            Err(TagError::Reserved) => return Err(reserved(key)),
            Err(_) if tags::check(&key, "").is_err() => {
                return Err(errors::invalid_tag("The TagKey you have provided is invalid", key));
            }
            Err(_) => {
                let message = "The TagValue you have provided is invalid";
                return Err(errors::invalid_tag(message, key).with("TagValue", value));
            }
        }
        if all.contains_key(&key) {
            let message = "Cannot provide multiple Tags with the same key";
            return Err(errors::invalid_tag(message, key));
        }
        all.insert(key, value);
    }
    Ok(all)
}
