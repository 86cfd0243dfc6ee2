//! `ListObjectVersions`.

use std::ops::Bound;
use std::sync::Arc;

use cumulet_core::{AwsError, Cx};

use super::list::common_prefixes;
use super::rows::{Listed, Show, Versions};
use crate::api::{input, output};
use crate::errors;
use crate::listing::{Encoding, Page, Query, page};
use crate::object::restore::Restores;
use crate::state::{At, S3, Tables, VersionKey};
use crate::versions::{Row, VersionId};

pub(crate) fn list_object_versions(
    s3: &S3,
    cx: &Cx,
    input: input::ListObjectVersions,
) -> Result<output::ListObjectVersions, AwsError> {
    let encoding = Encoding::parse(input.encoding_type.as_deref())?;
    let (prefix, delimiter) = (input.prefix.as_deref(), input.delimiter.as_deref());
    let query = Query::asked(prefix, delimiter, "max-keys", input.max_keys)?;
    let key_marker = input.key_marker.as_deref().unwrap_or_default();
    let id_marker = input.version_id_marker.as_deref();
    let restores = Restores::asked(cx, input.optional_object_attributes.as_deref());
    s3.read(cx, |t| {
        t.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
        let age = age(t, &input.bucket, key_marker, id_marker)?;
        let page = versions(t, &input.bucket, query, (key_marker, age));
        let show = |text: &str| encoding.show(text);
        let last = page.items.last().filter(|(at, _)| page.next.as_deref() == Some(&*at.key));
        let rows = entries(t, &page);
        let shows = Show { encoding, owner: true, restores };
        Ok(output::ListObjectVersions {
            is_truncated: Some(page.next.is_some()),
            key_marker: Some(show(key_marker)),
            version_id_marker: Some(id_marker.unwrap_or_default().to_owned()),
            next_key_marker: page.next.as_deref().map(show),
            next_version_id_marker: last.map(|(at, _)| VersionId(at.age).to_string()),
            common_prefixes: Some(common_prefixes(&page.prefixes, encoding)),
            prefix: Some(show(query.prefix)),
            delimiter: delimiter.filter(|d| !d.is_empty()).map(show),
            max_keys: i32::try_from(query.max).ok(),
            encoding_type: encoding.name(),
            name: Some(input.bucket.clone()),
            versions: Some(Versions::objects(Arc::clone(&rows), shows)),
            delete_markers: Some(Versions::markers(rows, shows)),
            ..Default::default()
        })
    })
}

/// The age behind which a page begins among the versions of the marker's key.
fn age(t: &Tables, bucket: &str, key: &str, id: Option<&str>) -> Result<Option<u64>, AwsError> {
    let name = "version-id-marker";
    match id {
        None => Ok(None),
        Some("") => {
            let message = "A version-id marker cannot be empty.";
            Err(errors::invalid_argument(message, name, ""))
        }
        Some(id) if key.is_empty() => {
            let message = "A version-id marker cannot be specified without a key marker.";
            Err(errors::invalid_argument(message, name, id))
        }
        Some(id) => {
            let found = t.id(bucket, key, id);
            let invalid = || errors::invalid_argument("Invalid version id specified", name, id);
            Ok(Some(found.map_err(|_| invalid())?.0))
        }
    }
}

type Entry<'a> = (&'a VersionKey, &'a Row);

fn versions<'a>(
    t: &'a Tables,
    bucket: &'a str,
    query: Query<'a>,
    (key, age): (&str, Option<u64>),
) -> Page<Entry<'a>> {
    let start = if key.is_empty() { Bound::Unbounded } else { Bound::Excluded(key) };
    page(query, start, |from| {
        let from = At::begin(bucket, from, 0, age.unwrap_or(u64::MAX));
        t.versions_in(bucket, from).map(|entry| (&*entry.0.key, entry))
    })
}

/// The rows of a page, as `Versions` and `DeleteMarkers` both hold them.
fn entries(t: &Tables, page: &Page<Entry<'_>>) -> Arc<[Listed]> {
    let mut before: Option<&str> = None;
    let entries = page.items.iter().map(|(at, row)| {
        let is_latest = match before.replace(&at.key) {
            Some(key) => key != &*at.key,
            None => t.newest(&at.bucket, &at.key).is_some_and(|(newest, _)| newest.0 == at.age),
        };
        Listed { at: (*at).clone(), row: (*row).clone(), is_latest }
    });
    entries.collect()
}
