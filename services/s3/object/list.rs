//! `ListObjects`, in both versions.

use std::sync::Arc;

use cumulet_core::{AwsError, Cx, paging};

use super::rows::{Objects, Show};
use crate::api::{self, input, output};
use crate::listing::{Encoding, Query, position};
use crate::named;
use crate::object::restore::Restores;
use crate::state::S3;

pub(crate) fn list_objects(
    s3: &S3,
    cx: &Cx,
    input: input::ListObjects,
) -> Result<output::ListObjects, AwsError> {
    let encoding = Encoding::parse(input.encoding_type.as_deref())?;
    let (prefix, delimiter) = (input.prefix.as_deref(), input.delimiter.as_deref());
    let query = Query::asked(prefix, delimiter, "max-keys", input.max_keys)?;
    let marker = input.marker.as_deref().unwrap_or_default();
    let restores = Restores::asked(cx, input.optional_object_attributes.as_deref());
    let shows = Show { encoding, owner: true, restores };
    let contents = objects(s3, cx, named!(input), query, marker, shows)?;
    let page = contents.page();
    let show = |text: &str| encoding.show(text);
    Ok(output::ListObjects {
        is_truncated: Some(page.next.is_some()),
        // Without a delimiter the last key is the next marker.
        next_marker: page.next.as_deref().filter(|_| !query.delimiter.is_empty()).map(show),
        common_prefixes: Some(common_prefixes(&page.prefixes, encoding)),
        marker: Some(show(marker)),
        prefix: Some(show(query.prefix)),
        delimiter: delimiter.filter(|d| !d.is_empty()).map(show),
        max_keys: i32::try_from(query.max).ok(),
        encoding_type: encoding.name(),
        name: Some(input.bucket.clone()),
        contents: Some(contents),
        ..Default::default()
    })
}

pub(crate) fn list_objects_v2(
    s3: &S3,
    cx: &Cx,
    input: input::ListObjectsV2,
) -> Result<output::ListObjectsV2, AwsError> {
    let encoding = Encoding::parse(input.encoding_type.as_deref())?;
    let (prefix, delimiter) = (input.prefix.as_deref(), input.delimiter.as_deref());
    let query = Query::asked(prefix, delimiter, "max-keys", input.max_keys)?;
    let token = input.continuation_token.as_deref();
    let behind = token.map(position).transpose()?;
    let after = behind.as_deref().or(input.start_after.as_deref()).unwrap_or_default();
    let restores = Restores::asked(cx, input.optional_object_attributes.as_deref());
    let shows = Show { encoding, owner: input.fetch_owner == Some(true), restores };
    let contents = objects(s3, cx, named!(input), query, after, shows)?;
    let page = contents.page();
    let show = |text: &str| encoding.show(text);
    Ok(output::ListObjectsV2 {
        is_truncated: Some(page.next.is_some()),
        next_continuation_token: page.next.as_deref().map(paging::token),
        key_count: i32::try_from(page.len()).ok(),
        common_prefixes: Some(common_prefixes(&page.prefixes, encoding)),
        continuation_token: token.map(str::to_owned),
        start_after: input.start_after.as_deref().filter(|_| token.is_none()).map(show),
        prefix: Some(show(query.prefix)),
        delimiter: delimiter.filter(|d| !d.is_empty()).map(show),
        max_keys: i32::try_from(query.max).ok(),
        encoding_type: encoding.name(),
        name: Some(input.bucket.clone()),
        contents: Some(contents),
        ..Default::default()
    })
}

/// The page of a bucket's objects after `after`, which is empty for the beginning.
fn objects(
    s3: &S3,
    cx: &Cx,
    (name, owner): (&str, Option<&str>),
    query: Query<'_>,
    after: &str,
    show: Show,
) -> Result<Objects, AwsError> {
    s3.read(cx, |t| {
        let bucket = t.bucket(name, owner)?;
        cx.answer_header("x-amz-bucket-region", bucket.region.as_str());
        Ok(Objects {
            versions: t.versions.clone(),
            bucket: Arc::clone(&bucket.name),
            prefix: query.prefix.into(),
            delimiter: query.delimiter.into(),
            max: query.max,
            after: after.into(),
            show,
        })
    })
}

pub(crate) fn common_prefixes(prefixes: &[String], encoding: Encoding) -> Vec<api::CommonPrefix> {
    let shown = |prefix: &String| api::CommonPrefix { prefix: Some(encoding.show(prefix)) };
    prefixes.iter().map(shown).collect()
}
