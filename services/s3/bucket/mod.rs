//! Buckets: head, location, list, delete. How they come about is in `create`; what is configured
//! of them is in the other files.

pub(crate) mod access;
pub(crate) mod cors;
pub(crate) mod create;
pub(crate) mod lifecycle;
pub(crate) mod lock;
pub(crate) mod notification;
pub(crate) mod policy;
pub(crate) mod replication;
pub(crate) mod reports;
pub(crate) mod settings;
pub(crate) mod stored;
pub(crate) mod tagging;
pub(crate) mod versioning;
pub(crate) mod website;

use std::ops::Bound;

use cumulet_core::codec::Empty;
use cumulet_core::{AccountId, AwsError, Cx, Region, paging};
use cumulet_escape::hex;
use sha2::{Digest as _, Sha256};

use crate::api::{self, input, output};
use crate::errors;
use crate::listing::position;
use crate::state::{At, Bucket, S3};
use crate::versions::Versioning;

/// Buckets of a page, at most and if nothing is said.
const BUCKETS_MAX: i32 = 10_000;

pub(crate) fn head_bucket(
    s3: &S3,
    cx: &Cx,
    input: input::HeadBucket,
) -> Result<output::HeadBucket, AwsError> {
    create::check_scope(cx)?;
    let expected = input.expected_bucket_owner.as_deref();
    let bucket = s3.read(cx, |t| t.bucket(&input.bucket, expected).cloned())?;
    cx.answer_header("content-type", "application/xml");
    Ok(output::HeadBucket {
        bucket_arn: Some(arn(&bucket)),
        bucket_region: Some(bucket.region.to_string()),
        access_point_alias: Some(false),
        ..Default::default()
    })
}

pub(crate) fn get_bucket_location(
    s3: &S3,
    cx: &Cx,
    input: input::GetBucketLocation,
) -> Result<output::GetBucketLocation, AwsError> {
    let expected = input.expected_bucket_owner.as_deref();
    let bucket = s3.read(cx, |t| t.bucket(&input.bucket, expected).cloned())?;
    Ok(output::GetBucketLocation { location_constraint: bucket.location.clone() })
}

pub(crate) fn delete_bucket(
    s3: &S3,
    cx: &Cx,
    input: input::DeleteBucket,
) -> Result<Empty, AwsError> {
    let name = input.bucket.as_str();
    s3.write(cx, |t| {
        let versioning = t.bucket(name, input.expected_bucket_owner.as_deref())?.versioning;
        if t.versions_in(name, Bound::Included(At(name, "", 0))).next().is_some() {
            return Err(match versioning {
                Versioning::Never => errors::bucket_not_empty(name),
                _ => errors::bucket_has_versions(name),
            });
        }
        let uploads = t.uploads_in(name, Bound::Included(At(name, "", ""))).map(|(k, _)| k);
        let uploads: Vec<_> = uploads.cloned().collect();
        for key in &uploads {
            t.end_upload(key);
        }
        t.forget_configurations(name);
        t.buckets.remove(name);
        Ok(Empty {})
    })
}

pub(crate) fn list_buckets(
    s3: &S3,
    cx: &Cx,
    input: input::ListBuckets,
) -> Result<output::ListBuckets, AwsError> {
    // Directory buckets are listed at the same address, with a signature for their own service.
    if cx.header("authorization").is_some_and(|header| header.contains("/s3express/")) {
        return Err(AwsError::not_implemented("s3", "ListDirectoryBuckets"));
    }
    let max = input.max_buckets.unwrap_or(BUCKETS_MAX);
    let limit = usize::try_from(max).ok().filter(|_| (1..=BUCKETS_MAX).contains(&max));
    let limit = limit.ok_or_else(|| {
        let message =
            format!("Argument max-buckets must be an integer between 1 and {BUCKETS_MAX}");
        errors::invalid_argument(message, "max-buckets", max)
    })?;
    let region = input.bucket_region.as_deref().map(region).transpose()?;
    let token = input.continuation_token.as_deref().filter(|t| !t.is_empty());
    let after = token.map(position).transpose()?;
    let prefix = input.prefix.as_deref().unwrap_or_default();
    let start = match after.as_deref() {
        Some(after) if after >= prefix => Bound::Excluded(after),
        _ => Bound::Included(prefix),
    };
    let (page, next) = s3.read(cx, |t| {
        let rows = t.buckets.range::<str, _>((start, Bound::Unbounded)).map(|(_, b)| b);
        let rows = rows
            .take_while(|b| b.name.starts_with(prefix))
            .filter(|b| b.owner == cx.account() && region.is_none_or(|r| r == b.region))
            .cloned();
        paging::page(rows, limit, |b| &b.name)
    });
    Ok(output::ListBuckets {
        buckets: Some(page.iter().map(|bucket| shown(bucket)).collect()),
        owner: Some(owner(cx.account())),
        continuation_token: next,
        prefix: input.prefix,
    })
}

fn shown(bucket: &Bucket) -> api::Bucket {
    api::Bucket {
        name: Some(bucket.name.to_string()),
        creation_date: Some(bucket.created),
        bucket_region: Some(bucket.region.to_string()),
        bucket_arn: Some(arn(bucket)),
    }
}

fn region(name: &str) -> Result<Region, AwsError> {
    Region::parse(name).filter(|r| create::is_location(r.as_str())).ok_or_else(|| {
        let message = format!("Argument value {name} is not a valid AWS Region");
        errors::invalid_argument_named(message, "bucket-region")
    })
}

pub(crate) fn arn(bucket: &Bucket) -> String {
    format!("arn:{}:s3:::{}", bucket.region.partition(), bucket.name)
}

/// An account as owner: S3 calls it by a canonical user id of 64 hexadecimal digits.
pub(crate) fn owner(account: AccountId) -> api::Owner {
    api::Owner { id: Some(canonical_id(account)), ..Default::default() }
}

/// The same as who began an upload.
pub(crate) fn initiator(account: AccountId) -> api::Initiator {
    let id = canonical_id(account);
    api::Initiator { display_name: Some(account.to_string()), id: Some(id) }
}

pub(crate) fn canonical_id(account: AccountId) -> String {
    hex(&Sha256::digest(account.as_str()))
}
