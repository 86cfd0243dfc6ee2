//! Tags of buckets, whose keeper S3 is.

use cumulet_core::tags::{self, Tags};
use cumulet_core::{Arn, AwsError, Cx, Value};

use crate::api::{
    ListTagsForResourceResult, Tag, TagResourceResult, UntagResourceResult, input, output,
};
use crate::{Control, check_account, errors};

pub(crate) async fn list_tags_for_resource(
    _: &Control,
    cx: &Cx,
    input: input::ListTagsForResource,
) -> Result<output::ListTagsForResource, AwsError> {
    let bucket = bucket(cx, input.account_id.as_deref(), &input.resource_arn)?;
    let tag = |(key, value)| Tag { key: Some(key), value: Some(value) };
    let tags = current(cx, bucket).await?.into_iter().map(tag).collect();
    Ok(ListTagsForResourceResult { tags: Some(tags) })
}

pub(crate) async fn tag_resource(
    _: &Control,
    cx: &Cx,
    input: input::TagResource,
) -> Result<output::TagResource, AwsError> {
    let bucket = bucket(cx, input.account_id.as_deref(), &input.resource_arn)?;
    let mut given = Tags::new();
    for tag in input.tags.unwrap_or_default() {
        let (Some(key), Some(value)) = (tag.key, tag.value) else {
            return Err(errors::malformed_xml());
        };
        tags::check(&key, &value).map_err(errors::invalid_tag)?;
        if given.insert(key, value).is_some() {
            return Err(errors::duplicate_tag());
        }
    }
    let mut all = current(cx, bucket).await?;
    all.extend(given);
    keep(cx, bucket, all).await?;
    Ok(TagResourceResult {})
}

pub(crate) async fn untag_resource(
    _: &Control,
    cx: &Cx,
    input: input::UntagResource,
) -> Result<output::UntagResource, AwsError> {
    let bucket = bucket(cx, input.account_id.as_deref(), &input.resource_arn)?;
    let mut all = current(cx, bucket).await?;
    let keys = input.tag_keys.unwrap_or_default();
    all.retain(|key, _| !keys.contains(key));
    keep(cx, bucket, all).await?;
    Ok(UntagResourceResult {})
}

/// The bucket that an ARN names; nothing else has tags here.
fn bucket<'a>(cx: &Cx, account: Option<&str>, arn: &'a str) -> Result<&'a str, AwsError> {
    check_account(cx, account)?;
    let bucket = Arn::parse(arn).filter(|arn| arn.service == "s3" && arn.region.is_empty());
    bucket.map(|arn| arn.resource).ok_or_else(errors::no_such_resource)
}

async fn current(cx: &Cx, bucket: &str) -> Result<Tags, AwsError> {
    let input = Value::map([("Bucket", bucket.into())]);
    let found = match cx.call("s3", "GetBucketTagging", input).await {
        Err(error) if error.code() == "NoSuchTagSet" => return Ok(Tags::new()),
        found => found.map_err(absent)?,
    };
    let text = |tag: &Value, name| tag.get(name).and_then(Value::as_str).map(str::to_owned);
    let tags = found.get("TagSet").map(Value::items).unwrap_or_default().iter();
    Ok(tags.filter_map(|tag| Some((text(tag, "Key")?, text(tag, "Value")?))).collect())
}

async fn keep(cx: &Cx, bucket: &str, tags: Tags) -> Result<(), AwsError> {
    let tag = |(key, value): (String, String)| {
        Value::map([("Key", Value::from(key)), ("Value", value.into())])
    };
    let tags = Value::List(tags.into_iter().map(tag).collect());
    let tagging = Value::map([("TagSet", tags)]);
    let input = Value::map([("Bucket", bucket.into()), ("Tagging", tagging)]);
    cx.tell("s3", "PutBucketTagging", input).await.map_err(absent)
}

fn absent(error: AwsError) -> AwsError {
    if error.code() == "NoSuchBucket" { errors::no_such_resource() } else { error }
}
