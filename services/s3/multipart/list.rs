//! `ListParts` and `ListMultipartUploads`.

use std::ops::Bound;
use std::sync::Arc;

use cumulet_core::{AwsError, Cx};

use super::upload::is_id_of;
use crate::api::{self, input, output};
use crate::bucket::{initiator, owner};
use crate::conditions::ETag;
use crate::listing::{Encoding, Page, Query, limit, page};
use crate::object::list::common_prefixes;
use crate::state::{At, Part, S3, Tables, Upload, UploadKey};
use crate::{errors, show_checksum};

pub(crate) fn list_parts(
    s3: &S3,
    cx: &Cx,
    input: input::ListParts,
) -> Result<output::ListParts, AwsError> {
    let max = limit("max-parts", input.max_parts)?;
    let marker = input.part_number_marker.unwrap_or_default();
    let after = u16::try_from(marker.clamp(0, i32::from(u16::MAX))).unwrap_or(u16::MAX);
    s3.read(cx, |t| {
        t.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
        let id = input.upload_id.as_deref().unwrap_or_default();
        let (key, upload) = t.upload(&input.bucket, &input.key, id)?;
        let id = || Arc::clone(&key.id);
        let range = (Bound::Excluded((id(), after)), Bound::Included((id(), u16::MAX)));
        let mut rows = t.parts.range(range);
        let page: Vec<_> = rows.by_ref().take(max).collect();
        let last = page.last().map_or(0, |((_, number), _)| i32::from(*number));
        let shows_checksum = upload.checksum.is_some();
        let parts = page.iter().map(|((_, number), part)| shown(*number, part, shows_checksum));
        Ok(output::ListParts {
            bucket: Some(input.bucket.clone()),
            key: Some(input.key.clone()),
            upload_id: Some(key.id.to_string()),
            part_number_marker: Some(marker),
            next_part_number_marker: Some(last),
            max_parts: i32::try_from(max).ok(),
            is_truncated: Some(max > 0 && rows.next().is_some()),
            parts: Some(parts.collect()),
            initiator: Some(initiator(upload.owner)),
            owner: Some(owner(upload.owner)),
            storage_class: Some(upload.attributes.storage_class.name()),
            checksum_algorithm: upload.checksum.map(|(a, _)| a.name().to_owned()),
            checksum_type: upload.checksum.map(|(_, kind)| kind.name().to_owned()),
            ..Default::default()
        })
    })
}

fn shown(number: u16, part: &Part, shows_checksum: bool) -> api::Part {
    let mut shown = api::Part {
        part_number: Some(i32::from(number)),
        last_modified: Some(part.modified),
        e_tag: Some(ETag::of(part.md5).quoted()),
        size: i64::try_from(part.body.len()).ok(),
        ..Default::default()
    };
    if shows_checksum {
        show_checksum!(shown, part.checksum.algorithm, part.checksum.text());
    }
    shown
}

pub(crate) fn list_multipart_uploads(
    s3: &S3,
    cx: &Cx,
    input: input::ListMultipartUploads,
) -> Result<output::ListMultipartUploads, AwsError> {
    let encoding = Encoding::parse(input.encoding_type.as_deref())?;
    let (prefix, delimiter) = (input.prefix.as_deref(), input.delimiter.as_deref());
    let query = Query::asked(prefix, delimiter, "max-uploads", input.max_uploads)?;
    let key_marker = input.key_marker.as_deref().unwrap_or_default();
    // Without a key an upload's id is no place to begin.
    let id_marker = input.upload_id_marker.as_deref().filter(|id| !id.is_empty());
    let id_marker = id_marker.filter(|_| !key_marker.is_empty());
    if let Some(id) = id_marker.filter(|id| !is_id_of(id, &input.bucket, key_marker)) {
        let message = "Invalid uploadId marker";
        return Err(errors::invalid_argument(message, "upload-id-marker", id));
    }
    s3.read(cx, |t| {
        t.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
        let page = uploads(t, &input.bucket, query, key_marker, id_marker);
        let show = |text: &str| encoding.show(text);
        let last = page.items.last();
        // AWS names no next marker for a page of common prefixes alone.
        let next = last.map(|(key, _)| page.next.as_deref().unwrap_or(&key.key));
        Ok(output::ListMultipartUploads {
            bucket: Some(input.bucket.clone()),
            key_marker: Some(show(key_marker)),
            upload_id_marker: Some(id_marker.unwrap_or_default().to_owned()),
            next_key_marker: Some(show(next.unwrap_or_default())),
            next_upload_id_marker: Some(last.map_or_else(String::new, |(k, _)| k.id.to_string())),
            prefix: prefix.map(show),
            delimiter: delimiter.filter(|d| !d.is_empty()).map(show),
            max_uploads: i32::try_from(query.max).ok(),
            is_truncated: Some(page.next.is_some()),
            uploads: Some(page.items.iter().map(|(key, u)| begun(key, u, encoding)).collect()),
            common_prefixes: Some(common_prefixes(&page.prefixes, encoding)),
            encoding_type: encoding.name(),
            ..Default::default()
        })
    })
}

type Begun<'a> = (&'a UploadKey, &'a Arc<Upload>);

/// A page of a bucket's uploads: after one of `key`'s uploads, or after all of them.
fn uploads<'a>(
    t: &'a Tables,
    bucket: &'a str,
    query: Query<'a>,
    key: &'a str,
    after: Option<&'a str>,
) -> Page<Begun<'a>> {
    let start = match (key, after) {
        ("", _) => Bound::Unbounded,
        (key, None) => Bound::Excluded(key),
        (key, Some(_)) => Bound::Included(key),
    };
    page(query, start, |from| {
        let from = match (from, after) {
            (Bound::Included(name), Some(id)) if name == key => {
                Bound::Excluded(At(bucket, name, id))
            }
            // Ids are hexadecimal digits.
            _ => At::begin(bucket, from, "", "~"),
        };
        t.uploads_in(bucket, from).map(|(k, u)| (&*k.key, (k, u)))
    })
}

fn begun(key: &UploadKey, upload: &Upload, encoding: Encoding) -> api::MultipartUpload {
    api::MultipartUpload {
        upload_id: Some(key.id.to_string()),
        key: Some(encoding.show(&key.key)),
        initiated: Some(upload.initiated),
        storage_class: Some(upload.attributes.storage_class.name()),
        owner: Some(owner(upload.owner)),
        initiator: Some(initiator(upload.owner)),
        checksum_algorithm: upload.checksum.map(|(a, _)| a.name().to_owned()),
        checksum_type: upload.checksum.map(|(_, kind)| kind.name().to_owned()),
        ..Default::default()
    }
}
