//! `GetObjectAttributes`.

use std::sync::Arc;

use cumulet_core::{AwsError, Cx};

use crate::api::{self, input, output};
use crate::listing::limit;
use crate::state::{S3, Version};
use crate::{customer_key, errors, show_checksum};

pub(crate) fn get_object_attributes(
    s3: &S3,
    cx: &Cx,
    input: input::GetObjectAttributes,
) -> Result<output::GetObjectAttributes, AwsError> {
    let asked = input.object_attributes.unwrap_or_default();
    let known = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"];
    if asked.is_empty() || asked.iter().any(|name| !known.contains(&name.as_str())) {
        return Err(errors::invalid_argument_named(
            "Invalid attribute name specified.",
            "x-amz-object-attributes",
        ));
    }
    let max = limit("max-parts", input.max_parts)?;
    let marker = input.part_number_marker.unwrap_or_default();
    let (version_id, version) = s3.read(cx, |t| {
        let bucket = t.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
        let said = input.version_id.as_deref();
        let (id, version) = t.object(&input.bucket, &input.key, said, "GET")?;
        Ok::<_, AwsError>((bucket.shows(id), Arc::clone(version)))
    })?;
    version.attributes.encryption.unlock(&customer_key!(input))?;
    let wants = |name: &str| asked.iter().any(|asked| asked == name);
    Ok(output::GetObjectAttributes {
        last_modified: Some(version.modified),
        version_id,
        e_tag: wants("ETag").then(|| version.etag.to_string()),
        checksum: (wants("Checksum") && version.tells_checksum).then(|| checksum(&version)),
        object_parts: parts(&version, max, marker).filter(|_| wants("ObjectParts")),
        storage_class: wants("StorageClass").then(|| version.attributes.storage_class.name()),
        object_size: i64::try_from(version.body.len()).ok().filter(|_| wants("ObjectSize")),
        ..Default::default()
    })
}

fn checksum(version: &Version) -> api::Checksum {
    let is = version.checksum;
    let kind = Some(is.kind().name().to_owned());
    let mut shown = api::Checksum { checksum_type: kind, ..Default::default() };
    show_checksum!(shown, is.value.algorithm, is.value.text());
    shown
}

/// The parts of a multipart upload: one by one where they have checksums, else their number.
fn parts(version: &Version, max: usize, marker: i32) -> Option<api::GetObjectAttributesParts> {
    let parts = &version.parts;
    let total_parts_count = i32::try_from(parts.len()).ok().filter(|n| *n > 0)?;
    let mut shown = api::GetObjectAttributesParts {
        total_parts_count: Some(total_parts_count),
        ..Default::default()
    };
    if parts.iter().any(|part| part.checksum.is_none()) {
        return Some(shown);
    }
    let numbered = (1..).zip(parts.iter()).filter(|(number, _)| *number > marker);
    let page: Vec<_> = numbered.take(max).collect();
    let last = page.last().map_or(0, |(number, _)| *number);
    shown.part_number_marker = Some(marker);
    shown.next_part_number_marker = Some(last);
    shown.max_parts = i32::try_from(max).ok();
    shown.is_truncated = Some(last > 0 && last < total_parts_count);
    let part = |(number, part): (i32, &crate::state::PartOf)| {
        let size = i64::try_from(part.size).ok();
        let mut shown = api::ObjectPart { part_number: Some(number), size, ..Default::default() };
        if let Some(checksum) = part.checksum {
            show_checksum!(shown, checksum.algorithm, checksum.text());
        }
        shown
    };
    shown.parts = Some(page.into_iter().map(part).collect());
    Some(shown)
}
