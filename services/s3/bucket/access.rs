//! Who may do what with a bucket, beside its policy: its access control list, whether lists count
//! at all (ownership controls), and the block of public access. Nothing of this is enforced before
//! IAM is, but a list where lists do not count is refused.

use std::sync::Arc;

use cumulet_core::codec::Empty;
use cumulet_core::{AwsError, Cx};

use crate::api::{self, input, output};
use crate::state::{Bucket, S3, Tables};
use crate::{acl, asked_acl, configuration, errors, named};

/// The ownership that new buckets have, with which access control lists do not count.
pub(crate) const ENFORCED: &str = "BucketOwnerEnforced";

configuration! { OwnershipControls
    put put_bucket_ownership_controls PutBucketOwnershipControls ownership_controls ownership_rules;
    get get_bucket_ownership_controls GetBucketOwnershipControls |found, bucket| {
        let found = found.ok_or_else(|| errors::ownership_controls_not_found(bucket))?;
        output::GetBucketOwnershipControls { ownership_controls: Some(found) }
    };
    delete delete_bucket_ownership_controls DeleteBucketOwnershipControls;
}

configuration! { PublicAccessBlockConfiguration
    put put_public_access_block PutPublicAccessBlock public_access_block_configuration blocks;
    get get_public_access_block GetPublicAccessBlock |found, bucket| {
        let found = found.ok_or_else(|| errors::no_such_public_access_block(bucket))?;
        output::GetPublicAccessBlock { public_access_block_configuration: Some(found) }
    };
    delete delete_public_access_block DeletePublicAccessBlock;
}

/// A block in which every switch stands as `on`.
pub(crate) fn block(on: bool) -> api::PublicAccessBlockConfiguration {
    api::PublicAccessBlockConfiguration {
        block_public_acls: Some(on),
        ignore_public_acls: Some(on),
        block_public_policy: Some(on),
        restrict_public_buckets: Some(on),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "every check may fail but this one")]
fn blocks(
    _: &Tables,
    _: &Bucket,
    given: &mut api::PublicAccessBlockConfiguration,
) -> Result<(), AwsError> {
    let off = block(false);
    *given = api::PublicAccessBlockConfiguration {
        block_public_acls: given.block_public_acls.or(off.block_public_acls),
        ignore_public_acls: given.ignore_public_acls.or(off.ignore_public_acls),
        block_public_policy: given.block_public_policy.or(off.block_public_policy),
        restrict_public_buckets: given.restrict_public_buckets.or(off.restrict_public_buckets),
    };
    Ok(())
}

/// Ownership controls of one rule.
pub(crate) fn owned(ownership: String) -> api::OwnershipControls {
    let rule = api::OwnershipControlsRule { object_ownership: Some(ownership) };
    api::OwnershipControls { rules: Some(vec![rule]) }
}

fn ownership_rules(
    t: &Tables,
    bucket: &Bucket,
    given: &mut api::OwnershipControls,
) -> Result<(), AwsError> {
    let [rule] = given.rules.as_deref().unwrap_or_default() else {
        return Err(errors::malformed_xml());
    };
    let list = t.configuration::<api::AccessControlPolicy>(&bucket.name);
    if rule.object_ownership.as_deref() == Some(ENFORCED)
        && list.is_some_and(|list| !acl::is_private(&list))
    {
        return Err(errors::acl_with_ownership());
    }
    Ok(())
}

impl Tables {
    /// Whether access control lists of a bucket and its objects count.
    pub(crate) fn has_acls(&self, bucket: &str) -> bool {
        let controls = self.configuration::<api::OwnershipControls>(bucket);
        let rule = controls.and_then(|c| c.rules?.into_iter().next());
        rule.and_then(|r| r.object_ownership).is_none_or(|ownership| ownership != ENFORCED)
    }
}

pub(crate) fn get_bucket_acl(
    s3: &S3,
    cx: &Cx,
    input: input::GetBucketAcl,
) -> Result<output::GetBucketAcl, AwsError> {
    let (name, owner) = named!(input);
    let list = s3.read(cx, |t| {
        let bucket = t.bucket(name, owner)?;
        Ok::<_, AwsError>(t.configuration(name).unwrap_or_else(|| acl::private(bucket.owner)))
    })?;
    Ok(output::GetBucketAcl { owner: list.owner, grants: list.grants })
}

pub(crate) fn put_bucket_acl(
    s3: &S3,
    cx: &Cx,
    mut input: input::PutBucketAcl,
) -> Result<Empty, AwsError> {
    let asked = asked_acl!(input, input.access_control_policy.take(), grant_write);
    let (name, owner) = named!(input);
    s3.write(cx, |t| {
        let bucket = Arc::clone(t.bucket(name, owner)?);
        let list = asked.list(bucket.owner)?;
        let list = list.ok_or_else(|| errors::missing_security_header("x-amz-acl"))?;
        if !t.has_acls(name) && !acl::is_private(&list) {
            return Err(errors::acl_not_supported());
        }
        t.configure(&bucket.name, "", &list);
        Ok(Empty {})
    })
}
