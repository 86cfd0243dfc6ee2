//! Whether a bucket keeps the versions of its objects.

use cumulet_core::codec::Empty;
use cumulet_core::{AwsError, Cx};

use crate::api::{self, input, output};
use crate::state::S3;
use crate::versions::Versioning;
use crate::{errors, named};

pub(crate) fn put_bucket_versioning(
    s3: &S3,
    cx: &Cx,
    input: input::PutBucketVersioning,
) -> Result<Empty, AwsError> {
    let (name, owner) = named!(input);
    s3.write(cx, |t| {
        let bucket = t.bucket(name, owner)?;
        let (is_locked, before) = (bucket.lock.is_some(), bucket.mfa_delete);
        let given = input.versioning_configuration.ok_or_else(errors::missing_request_body)?;
        let mfa_delete = match given.mfa_delete.as_deref() {
            None => before,
            Some("Disabled") => Some(false),
            Some("Enabled") => Some(true),
            Some(_) => return Err(errors::malformed_xml()),
        };
        let versioning = match given.status.as_deref() {
            Some("Enabled") => Versioning::Enabled,
            Some("Suspended") => Versioning::Suspended,
            Some(_) => return Err(errors::malformed_xml()),
            None => return Err(errors::illegal_versioning_configuration()),
        };
        if [before, mfa_delete].contains(&Some(true)) && !is_mfa(input.mfa.as_deref()) {
            return Err(errors::mfa_required());
        }
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
        t.buckets.update(name, |bucket| {
            (bucket.versioning, bucket.mfa_delete) = (versioning, mfa_delete);
        });
        Ok(Empty {})
    })
}

pub(crate) fn get_bucket_versioning(
    s3: &S3,
    cx: &Cx,
    input: input::GetBucketVersioning,
) -> Result<output::GetBucketVersioning, AwsError> {
    let (name, owner) = named!(input);
    let bucket = s3.read(cx, |t| t.bucket(name, owner).cloned())?;
    let status = match bucket.versioning {
        Versioning::Never => None,
        Versioning::Enabled => Some("Enabled".to_owned()),
        Versioning::Suspended => Some("Suspended".to_owned()),
    };
    let mfa_delete = bucket.mfa_delete.map(|on| if on { "Enabled" } else { "Disabled" }.to_owned());
    Ok(output::GetBucketVersioning { status, mfa_delete })
}

/// Whether `x-amz-mfa` has a device and six digits, which are not looked at: there is no device.
pub(crate) fn is_mfa(header: Option<&str>) -> bool {
    header.and_then(|header| header.trim().rsplit_once(' ')).is_some_and(|(device, code)| {
        !device.is_empty() && code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit())
    })
}
