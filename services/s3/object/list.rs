//! `ListObjects`, in both versions.

use std::ops::Bound;
use std::sync::Arc;

use cumulet_core::{AwsError, Cx, paging};

use super::rows::Objects;
use crate::api::{self, input, output};
use crate::listing::{Encoding, Page, Query, page, position};
use crate::object::restore::Restores;
use crate::state::{At, S3, Tables, Version};

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
    s3.read(cx, |t| {
        let bucket = t.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
        cx.answer_header("x-amz-bucket-region", bucket.region.as_str());
        let page = objects(t, &input.bucket, query, marker);
        let show = |text: &str| encoding.show(text);
        Ok(output::ListObjects {
            is_truncated: Some(page.next.is_some()),
            // Without a delimiter the last key is the next marker.
            next_marker: page.next.as_deref().filter(|_| !query.delimiter.is_empty()).map(show),
            contents: Some(Objects::of(&page.items, encoding, true, &restores)),
            common_prefixes: Some(common_prefixes(&page.prefixes, encoding)),
            marker: Some(show(marker)),
            prefix: Some(show(query.prefix)),
            delimiter: delimiter.filter(|d| !d.is_empty()).map(show),
            max_keys: i32::try_from(query.max).ok(),
            encoding_type: encoding.name(),
            name: Some(input.bucket.clone()),
            ..Default::default()
        })
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
    s3.read(cx, |t| {
        let bucket = t.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
        cx.answer_header("x-amz-bucket-region", bucket.region.as_str());
        let page = objects(t, &input.bucket, query, after);
        let show = |text: &str| encoding.show(text);
        Ok(output::ListObjectsV2 {
            is_truncated: Some(page.next.is_some()),
            next_continuation_token: page.next.as_deref().map(paging::token),
            key_count: i32::try_from(page.len()).ok(),
            contents: Some(Objects::of(
                &page.items,
                encoding,
                input.fetch_owner == Some(true),
                &restores,
            )),
            common_prefixes: Some(common_prefixes(&page.prefixes, encoding)),
            continuation_token: token.map(str::to_owned),
            start_after: input.start_after.as_deref().filter(|_| token.is_none()).map(show),
            prefix: Some(show(query.prefix)),
            delimiter: delimiter.filter(|d| !d.is_empty()).map(show),
            max_keys: i32::try_from(query.max).ok(),
            encoding_type: encoding.name(),
            name: Some(input.bucket.clone()),
            ..Default::default()
        })
    })
}

type Object<'a> = (&'a Arc<str>, &'a Arc<Version>);

/// A page of a bucket's objects after `after`, which is empty for the beginning.
fn objects<'a>(t: &'a Tables, bucket: &'a str, query: Query<'a>, after: &str) -> Page<Object<'a>> {
    let start = if after.is_empty() { Bound::Unbounded } else { Bound::Excluded(after) };
    page(query, start, |from| {
        t.objects_in(bucket, At::begin(bucket, from, 0, u64::MAX))
            .map(|(k, v)| (&*k.key, (&k.key, v)))
    })
}

pub(crate) fn common_prefixes(prefixes: &[String], encoding: Encoding) -> Vec<api::CommonPrefix> {
    let shown = |prefix: &String| api::CommonPrefix { prefix: Some(encoding.show(prefix)) };
    prefixes.iter().map(shown).collect()
}
