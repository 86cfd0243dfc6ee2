//! Access control lists of objects. They count where the bucket's ownership controls let them, and
//! like those of buckets they are not enforced before IAM is.

use std::sync::Arc;

use cumulet_core::{AwsError, Cx, Value};

use crate::api::{self, input, output};
use crate::attributes::Attributes;
use crate::bucket::stored::{kept, typed};
use crate::events::{Kind, Subject};
use crate::state::{Bucket, S3, Tables};
use crate::{acl, asked_acl, errors, named};

/// A list as attributes keep it.
pub(crate) fn stored(list: &api::AccessControlPolicy) -> Arc<Value> {
    Arc::new(kept(list))
}

fn list(attributes: &Attributes) -> Option<api::AccessControlPolicy> {
    typed(attributes.acl.as_deref()?)
}

impl Tables {
    /// Whether a bucket takes an object with these attributes.
    pub(crate) fn admit(
        &self,
        cx: &Cx,
        bucket: &Bucket,
        given: &Attributes,
    ) -> Result<(), AwsError> {
        bucket.check_lock(cx, given)?;
        match list(given) {
            Some(list) => self.check_list(bucket, &list),
            None => Ok(()),
        }
    }

    fn check_list(&self, bucket: &Bucket, list: &api::AccessControlPolicy) -> Result<(), AwsError> {
        if acl::is_private(list) || self.has_acls(&bucket.name) {
            return Ok(());
        }
        Err(errors::acl_not_supported())
    }
}

pub(crate) fn get_object_acl(
    s3: &S3,
    cx: &Cx,
    input: input::GetObjectAcl,
) -> Result<output::GetObjectAcl, AwsError> {
    let (name, owner) = named!(input);
    let list = s3.read(cx, |t| {
        t.bucket(name, owner)?;
        let version = t.object(name, &input.key, input.version_id.as_deref(), "GET")?.1;
        let list = list(&version.attributes);
        Ok::<_, AwsError>(list.unwrap_or_else(|| acl::private(version.owner)))
    })?;
    Ok(output::GetObjectAcl { owner: list.owner, grants: list.grants, ..Default::default() })
}

pub(crate) fn put_object_acl(
    s3: &S3,
    cx: &Cx,
    mut input: input::PutObjectAcl,
) -> Result<output::PutObjectAcl, AwsError> {
    let asked = asked_acl!(input, input.access_control_policy.take(), grant_write);
    let (name, owner) = named!(input);
    s3.write(cx, |t| {
        let bucket = Arc::clone(t.bucket(name, owner)?);
        let (id, row) = t.version(name, &input.key, input.version_id.as_deref())?;
        let version = row.object(id, "PUT")?;
        let subject = Subject::of(version).called(id);
        let list = asked.list(version.owner)?;
        let list = list.ok_or_else(|| errors::missing_security_header("x-amz-acl"))?;
        t.check_list(&bucket, &list)?;
        t.change(&bucket.name, &input.key, id, |a| a.acl = Some(stored(&list)));
        t.raise(cx, &bucket, Kind::ACL, &input.key, subject);
        Ok(output::PutObjectAcl::default())
    })
}
