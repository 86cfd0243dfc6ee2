//! `CreateBucket`: the rules of names and places.

use std::collections::HashSet;
use std::net::Ipv4Addr;
use std::sync::Arc;

use cumulet_core::tags::Tags;
use cumulet_core::{AwsError, Cx, Region};

use super::{access, tagging};
use crate::api::{self, input, output};
use crate::lock::BucketLock;
use crate::state::{Bucket, S3, whole_second};
use crate::versions::Versioning;
use crate::{acl, asked_acl, errors, refuse};

pub(crate) fn create_bucket(
    s3: &S3,
    cx: &Cx,
    mut input: input::CreateBucket,
) -> Result<output::CreateBucket, AwsError> {
    refuse!(input, bucket_namespace: "x-amz-bucket-namespace");
    check_scope(cx)?;
    check_name(&input.bucket)?;
    let configuration = input.create_bucket_configuration.unwrap_or_default();
    if configuration.bucket.is_some() || configuration.location.is_some() {
        let message = "Directory buckets are not here.";
        return Err(AwsError::new("NotImplemented", 501, message));
    }
    let location = configuration.location_constraint.filter(|l| !l.is_empty());
    let region = place(cx.region(), location.as_deref())?;
    let list = asked_acl!(input, None, grant_write).list(cx.account())?;
    let ownership = ownership(input.object_ownership)?;
    if ownership == access::ENFORCED && list.as_ref().is_some_and(|list| !acl::is_private(list)) {
        return Err(errors::acl_with_ownership());
    }
    let is_locked = input.object_lock_enabled_for_bucket == Some(true);
    let bucket = Bucket {
        name: input.bucket.into(),
        owner: cx.account(),
        region,
        location,
        created: whole_second(cx),
        tags: tags(configuration.tags)?,
        mfa_delete: None,
        versioning: if is_locked { Versioning::Enabled } else { Versioning::Never },
        lock: is_locked.then(BucketLock::default),
    };
    let name = Arc::clone(&bucket.name);
    let shown = output::CreateBucket {
        location: Some(if region == Region::US_EAST_1 {
            format!("/{name}")
        } else {
            format!("http://{name}.s3.amazonaws.com/")
        }),
        bucket_arn: Some(super::arn(&bucket)),
    };
    s3.write(cx, |t| {
        match t.buckets.get(&*name) {
            None => {
                t.keep(&name, access::OWNERSHIP, "", access::owned(ownership));
                t.keep(&name, access::BLOCK, "", access::block());
                if let Some(list) = &list {
                    t.configure(&name, "", list);
                }
                t.buckets.insert(Arc::clone(&name), Arc::new(bucket));
            }
            Some(there) if there.owner != bucket.owner => {
                return Err(errors::bucket_already_exists(&name));
            }
            // An old promise of us-east-1: who owns a bucket may create it again.
            Some(there)
                if there.region == Region::US_EAST_1
                    && region == there.region
                    && bucket.tags.is_empty() => {}
            Some(_) => return Err(errors::bucket_already_owned_by_you(&name)),
        }
        Ok(shown)
    })
}

/// Refuses the region by which SDKs mean the global endpoint: they sign again with the one that the
/// error names.
pub(crate) fn check_scope(cx: &Cx) -> Result<(), AwsError> {
    let region = "aws-global";
    match cx.header("authorization") {
        Some(signed) if is_scoped(signed, region) => {
            Err(errors::authorization_header_malformed(region, Region::US_EAST_1))
        }
        _ => Ok(()),
    }
}

/// Whether `Credential=KEY/DATE/REGION/s3/aws4_request` has this region.
fn is_scoped(authorization: &str, region: &str) -> bool {
    let credential = authorization.split_once("Credential=").map(|(_, credential)| credential);
    credential.and_then(|c| c.split('/').nth(2)) == Some(region)
}

/// The region that a bucket comes into: the endpoint's; that of us-east-1 serves all.
fn place(endpoint: Region, constraint: Option<&str>) -> Result<Region, AwsError> {
    let eu = "eu-west-1";
    if endpoint == Region::US_EAST_1 {
        let Some(constraint) = constraint else { return Ok(endpoint) };
        let region = if constraint == "EU" { eu } else { constraint };
        let region = Region::parse(region).filter(|r| *r != endpoint && is_location(r.as_str()));
        return region.ok_or_else(|| errors::invalid_location_constraint(constraint));
    }
    match constraint {
        Some(name) if name == endpoint.as_str() => Ok(endpoint),
        Some("EU") if endpoint.as_str() == eu => Ok(endpoint),
        other => Err(errors::illegal_location_constraint(other.unwrap_or("unspecified"))),
    }
}

/// Whether S3 knows a region, by the values that the model has for a location constraint.
pub(crate) fn is_location(name: &str) -> bool {
    let model = api::model();
    let shape = model.shapes.iter().find(|s| s.name == "BucketLocationConstraint");
    name == Region::US_EAST_1.as_str() || shape.is_some_and(|s| s.values.contains(&name))
}

/// The rules in the S3 User Guide, "General purpose bucket naming rules".
fn check_name(name: &str) -> Result<(), AwsError> {
    let edge = |c: Option<u8>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    let inner = |c: u8| edge(Some(c)) || c == b'-' || c == b'.';
    let prefixes = ["xn--", "sthree-", "amzn-s3-demo-"];
    let suffixes = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"];
    let valid = (3..=63).contains(&name.len())
        && name.bytes().all(inner)
        && edge(name.bytes().next())
        && edge(name.bytes().last())
        && !name.contains("..")
        && name.parse::<Ipv4Addr>().is_err()
        && !prefixes.iter().any(|p| name.starts_with(p))
        && !suffixes.iter().any(|s| name.ends_with(s));
    if valid { Ok(()) } else { Err(errors::invalid_bucket_name(name)) }
}

/// Tags as they are checked here, in other words and with another outcome than `PutBucketTagging`'s.
fn tags(given: Option<Vec<api::Tag>>) -> Result<Tags, AwsError> {
    let mut keys = HashSet::new();
    let mut all = given.iter().flatten();
    if all.any(|tag| tag.key.is_some() && !keys.insert(&tag.key)) {
        let message = "We encountered an internal error. Please try again.";
        return Err(AwsError::new("InternalError", 500, message));
    }
    let message = "User-defined tag keys can't start with \"aws:\". This prefix is reserved for system tags. Remove \"aws:\" from your tag keys and try again.";
    tagging::read(given, |_| AwsError::new("InvalidTag", 400, message))
}

fn ownership(given: Option<String>) -> Result<String, AwsError> {
    let known = ["BucketOwnerPreferred", "ObjectWriter", access::ENFORCED];
    match given {
        Some(other) if !known.contains(&other.as_str()) => {
            let message = format!("Invalid x-amz-object-ownership header: {other}");
            Err(errors::invalid_argument_named(message, "x-amz-object-ownership"))
        }
        given => Ok(given.unwrap_or_else(|| access::ENFORCED.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_rules() {
        for good in ["abc", "my.bucket-1", "0123", &"a".repeat(63)] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in [
            "ab",
            "Abc",
            "a_b",
            "-abc",
            "abc-",
            ".abc",
            "a..b",
            "192.168.5.4",
            "xn--abc",
            "abc--x-s3",
            "abc-s3alias",
            "sthree-abc",
            &"a".repeat(64),
            "abc/def",
            "äöü",
        ] {
            assert_eq!(check_name(bad).unwrap_err().code(), "InvalidBucketName", "{bad}");
        }
    }

    #[test]
    fn a_signature_has_a_region() {
        let signed = "AWS4-HMAC-SHA256 Credential=test/20260101/aws-global/s3/aws4_request, Signed";
        assert!(is_scoped(signed, "aws-global") && !is_scoped(signed, "s3"));
        assert!(!is_scoped("AWS test:aws-global", "aws-global"));
    }

    #[test]
    fn a_bucket_comes_into_the_endpoints_region() {
        let place = |endpoint, constraint| {
            let region = place(Region::parse(endpoint).unwrap(), constraint);
            region.map(|r| r.to_string()).map_err(|e| e.code().to_owned())
        };
        let (invalid, illegal) =
            ("InvalidLocationConstraint", "IllegalLocationConstraintException");
        for (endpoint, constraint, outcome) in [
            ("us-east-1", None, Ok("us-east-1")),
            ("us-east-1", Some("us-west-2"), Ok("us-west-2")),
            ("us-east-1", Some("EU"), Ok("eu-west-1")),
            ("us-east-1", Some("us-east-1"), Err(invalid)),
            ("us-east-1", Some("foo"), Err(invalid)),
            ("eu-west-1", Some("eu-west-1"), Ok("eu-west-1")),
            ("eu-west-1", Some("us-west-1"), Err(illegal)),
            ("us-west-2", Some("EU"), Err(illegal)),
            ("us-west-2", None, Err(illegal)),
        ] {
            let outcome = outcome.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(place(endpoint, constraint), outcome, "{endpoint} {constraint:?}");
        }
    }
}
