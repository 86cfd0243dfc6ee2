//! Tags of topics.

use cumulet_core::tags::{TAGS_MAX, Tags, check};
use cumulet_core::{AwsError, Cx};

use crate::api::{ListTagsForResourceResponse, Tag, input, output};
use crate::arn::TopicRef;
use crate::{Sns, errors};

/// Tags as a request gives them.
pub(crate) fn read(given: Option<Vec<Tag>>) -> Result<Tags, AwsError> {
    let mut tags = Tags::new();
    for Tag { key, value } in given.unwrap_or_default() {
        let key = key.ok_or_else(|| errors::null("tags.1.member.key"))?;
        let value = value.ok_or_else(|| errors::null("tags.1.member.value"))?;
        check(&key, &value).map_err(|_| errors::invalid("Tag"))?;
        if tags.insert(key, value).is_some() {
            return Err(errors::invalid("Duplicated keys are not allowed."));
        }
    }
    if tags.len() > TAGS_MAX { Err(errors::tag_limit()) } else { Ok(tags) }
}

fn topic(cx: &Cx, arn: Option<&str>) -> Result<TopicRef, AwsError> {
    TopicRef::parse(cx, "ResourceArn", arn)
}

pub(crate) fn tag_resource(
    sns: &Sns,
    cx: &Cx,
    input: input::TagResource,
) -> Result<output::TagResource, AwsError> {
    let at = topic(cx, input.resource_arn.as_deref())?;
    let tags = read(input.tags)?;
    sns.store.write(cx, at.scope, |tx| {
        let topic = tx.topics.update(&at.name, |topic| topic.tags.extend(tags));
        let topic = topic.ok_or_else(errors::no_resource)?;
        if topic.tags.len() > TAGS_MAX { Err(errors::tag_limit()) } else { Ok(()) }
    })?;
    Ok(output::TagResource::default())
}

pub(crate) fn untag_resource(
    sns: &Sns,
    cx: &Cx,
    input: input::UntagResource,
) -> Result<output::UntagResource, AwsError> {
    let at = topic(cx, input.resource_arn.as_deref())?;
    let keys = input.tag_keys.unwrap_or_default();
    sns.store.write(cx, at.scope, |tx| {
        let change = |topic: &mut crate::state::Topic| {
            topic.tags.retain(|key, _| !keys.contains(key));
        };
        tx.topics.update(&at.name, change).map(|_| ()).ok_or_else(errors::no_resource)
    })?;
    Ok(output::UntagResource::default())
}

pub(crate) fn list_tags_for_resource(
    sns: &Sns,
    cx: &Cx,
    input: input::ListTagsForResource,
) -> Result<output::ListTagsForResource, AwsError> {
    let at = topic(cx, input.resource_arn.as_deref())?;
    let topic = sns.store.read(cx, at.scope, |t| t.topics.get(&at.name).cloned());
    let tags = topic.ok_or_else(errors::no_resource)?.tags.clone();
    let tag = |(key, value)| Tag { key: Some(key), value: Some(value) };
    Ok(ListTagsForResourceResponse { tags: Some(tags.into_iter().map(tag).collect()) })
}
