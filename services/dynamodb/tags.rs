//! Tags of tables.

use cumulet_core::tags::{TAGS_MAX, TagError, Tags, check};
use cumulet_core::{AwsError, Cx};

use crate::DynamoDb;
use crate::api::{self, input, output};
use crate::errors::{self, validation};
use crate::name::TableRef;
use crate::state::{TableRow, Tables};

/// Tags that one answer lists.
const PAGE: usize = 10;

pub(crate) fn parse(given: Option<&[api::Tag]>) -> Result<Tags, AwsError> {
    let mut tags = Tags::new();
    for tag in given.unwrap_or_default() {
        let (key, value) = (tag.key.clone().unwrap_or_default(), tag.value.clone());
        let value = value.unwrap_or_default();
        if check(&key, &value) == Err(TagError::Reserved) {
            return Err(validation(
                "One or more parameter values were invalid: System tags cannot be added or removed \
                 by requester. TagKey with 'aws:' prefix is reserved",
            ));
        }
        tags.insert(key, value);
    }
    Ok(tags)
}

/// Changes the table that a `ResourceArn` names.
pub(crate) fn change(
    db: &DynamoDb,
    cx: &Cx,
    arn: Option<&String>,
    change: impl FnOnce(&mut TableRow) -> Result<(), AwsError>,
) -> Result<(), AwsError> {
    let arn = arn.map_or("", String::as_str);
    let at = TableRef::of_arn(cx, arn).ok_or_else(|| errors::arn_format(arn))?;
    db.store.write(cx, at.scope, |tx| {
        let mut table = TableRow::clone(by_arn(tx, &at, arn)?);
        change(&mut table)?;
        tx.put(table);
        Ok(())
    })
}

pub(crate) fn by_arn<'t>(
    tx: &'t Tables,
    at: &TableRef<'_>,
    arn: &str,
) -> Result<&'t TableRow, AwsError> {
    let table = tx.tables.get(at.name).ok_or_else(|| errors::arn_not_found(arn))?;
    Ok(table)
}

pub(crate) fn tag_resource(
    db: &DynamoDb,
    cx: &Cx,
    input: input::TagResource,
) -> Result<output::TagResource, AwsError> {
    let mut tags = parse(input.tags.as_deref())?;
    if tags.is_empty() {
        return Err(validation("Atleast one Tag needs to be provided as Input."));
    }
    change(db, cx, input.resource_arn.as_ref(), |table| {
        table.tags.append(&mut tags);
        if table.tags.len() > TAGS_MAX {
            let message = format!("Too many tags: the limit is {TAGS_MAX}");
            return Err(validation(message));
        }
        Ok(())
    })?;
    Ok(output::TagResource::default())
}

pub(crate) fn untag_resource(
    db: &DynamoDb,
    cx: &Cx,
    input: input::UntagResource,
) -> Result<output::UntagResource, AwsError> {
    let keys = input.tag_keys.unwrap_or_default();
    if keys.is_empty() {
        return Err(validation("Atleast one Tag Key needs to be provided as Input."));
    }
    change(db, cx, input.resource_arn.as_ref(), |table| {
        table.tags.retain(|key, _| !keys.contains(key));
        Ok(())
    })?;
    Ok(output::UntagResource::default())
}

pub(crate) fn list_tags_of_resource(
    db: &DynamoDb,
    cx: &Cx,
    input: input::ListTagsOfResource,
) -> Result<output::ListTagsOfResource, AwsError> {
    let arn = input.resource_arn.unwrap_or_default();
    let at = TableRef::of_arn(cx, &arn).ok_or_else(|| errors::arn_format(&arn))?;
    let after = input.next_token.as_deref().and_then(cumulet_core::paging::position);
    db.store.read(cx, at.scope, |tx| {
        let tags = &by_arn(tx, &at, &arn)?.tags;
        let rest = tags.iter().filter(|(key, _)| after.as_ref().is_none_or(|after| *key > after));
        let (page, next) = cumulet_core::paging::page(rest, PAGE, |(key, _)| key);
        let tag = |(key, value): (&String, &String)| api::Tag {
            key: Some(key.clone()),
            value: Some(value.clone()),
        };
        let tags = page.into_iter().map(tag).collect();
        Ok(output::ListTagsOfResource { tags: Some(tags), next_token: next })
    })
}
