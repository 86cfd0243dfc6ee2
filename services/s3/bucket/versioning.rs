//! Whether a bucket keeps the versions of its objects.

use cumulet_core::codec::Empty;
use cumulet_core::{AwsError, Cx};

use crate::api::{self, input, output};
use crate::state::S3;
use crate::versions::Versioning;
use crate::{errors, named, refuse};

pub(crate) fn put_bucket_versioning(
    s3: &S3,
    cx: &Cx,
    input: input::PutBucketVersioning,
) -> Result<Empty, AwsError> {
    refuse!(input, mfa: "x-amz-mfa");
    let (name, owner) = named!(input);
    s3.write(cx, |t| {
        let is_locked = t.bucket(name, owner)?.lock.is_some();
        let given = input.versioning_configuration.ok_or_else(errors::missing_request_body)?;
        match given.mfa_delete.as_deref() {
            None | Some("Disabled") => {}
            Some("Enabled") => return Err(errors::header_not_implemented("x-amz-mfa")),
            Some(_) => return Err(errors::malformed_xml()),
        }
        let versioning = match given.status.as_deref() {
            Some("Enabled") => Versioning::Enabled,
            Some("Suspended") => Versioning::Suspended,
            Some(_) => return Err(errors::malformed_xml()),
            None => return Err(errors::illegal_versioning_configuration()),
        };
        if is_locked && versioning == Versioning::Suspended {
            return Err(errors::invalid_bucket_state(
                "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.",
            ));
        }
        let replicated = t.is_configured::<api::ReplicationConfiguration>(name);
        if replicated && versioning == Versioning::Suspended {
            return Err(errors::invalid_bucket_state(
                "A replication configuration is present on this bucket, so the versioning state cannot be changed.",
            ));
        }
        t.buckets.update(name, |bucket| bucket.versioning = versioning);
        Ok(Empty {})
    })
}

pub(crate) fn get_bucket_versioning(
    s3: &S3,
    cx: &Cx,
    input: input::GetBucketVersioning,
) -> Result<output::GetBucketVersioning, AwsError> {
    let (name, owner) = named!(input);
    let versioning = s3.read(cx, |t| Ok::<_, AwsError>(t.bucket(name, owner)?.versioning))?;
    let status = match versioning {
        Versioning::Never => None,
        Versioning::Enabled => Some("Enabled".to_owned()),
        Versioning::Suspended => Some("Suspended".to_owned()),
    };
    Ok(output::GetBucketVersioning { status, ..Default::default() })
}
