//! Who may do what with a bucket, beside its policy: its access control list, whether lists count
//! at all (ownership controls), and the block of public access. Nothing of this is enforced before
//! IAM is, but a list where lists do not count is refused.

use std::sync::Arc;

use cumulet_core::codec::Empty;
use cumulet_core::{AwsError, Cx, Value};

use super::stored::text;
use crate::api::{self, input, output};
use crate::state::{Bucket, S3, Tables};
use crate::{acl, asked_acl, configuration, errors, named};

/// The ownership that new buckets have, with which access control lists do not count.
pub(crate) const ENFORCED: &str = "BucketOwnerEnforced";

configuration! { OwnershipControls
    put put_bucket_ownership_controls ownership_rules;
    get get_bucket_ownership_controls whole, missing |bucket| Err(errors::ownership_controls_not_found(bucket));
    delete delete_bucket_ownership_controls;
}

configuration! { PublicAccessBlockConfiguration
    put put_public_access_block blocks;
    get get_public_access_block whole, missing |bucket| Err(errors::no_such_public_access_block(bucket));
    delete delete_public_access_block;
}

/// What access blocks are kept as.
pub(crate) const BLOCK: &str = "PublicAccessBlockConfiguration";
/// What ownership controls are kept as.
pub(crate) const OWNERSHIP: &str = "OwnershipControls";
const SWITCHES: [&str; 4] =
    ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"];

/// A block in which every switch is on.
pub(crate) fn block() -> Value {
    Value::map(SWITCHES.map(|switch| (switch, true.into())))
}

#[expect(clippy::unnecessary_wraps, reason = "every check may fail but this one")]
fn blocks(_: &Tables, _: &Bucket, given: &mut Value) -> Result<(), AwsError> {
    for switch in SWITCHES {
        given.set_default(switch, false);
    }
    Ok(())
}

/// Ownership controls of one rule.
pub(crate) fn owned(ownership: String) -> Value {
    let rule = Value::map([("ObjectOwnership", ownership.into())]);
    Value::map([("Rules", Value::List(vec![rule]))])
}

/// The one rule of ownership controls.
fn ownership(controls: &Value) -> Option<&str> {
    controls.get("Rules")?.items().first().and_then(|rule| text(rule, "ObjectOwnership"))
}

fn ownership_rules(t: &Tables, bucket: &Bucket, given: &mut Value) -> Result<(), AwsError> {
    if given.get("Rules").is_none_or(|rules| rules.items().len() != 1) {
        return Err(errors::malformed_xml());
    }
    let list = t.configuration::<api::AccessControlPolicy>(&bucket.name);
    if ownership(given) == Some(ENFORCED) && list.is_some_and(|list| !acl::is_private(&list)) {
        return Err(errors::acl_with_ownership());
    }
    Ok(())
}

impl Tables {
    /// Whether access control lists of a bucket and its objects count.
    pub(crate) fn has_acls(&self, bucket: &str) -> bool {
        self.kept(bucket, OWNERSHIP, "").and_then(ownership) != Some(ENFORCED)
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
