//! The object lock of a bucket.

use cumulet_core::{AwsError, Cx};

use crate::api::{self, input, output};
use crate::lock::{BucketLock, Mode, Period};
use crate::state::S3;
use crate::versions::Versioning;
use crate::{errors, named, refuse};

pub(crate) fn put_object_lock_configuration(
    s3: &S3,
    cx: &Cx,
    input: input::PutObjectLockConfiguration,
) -> Result<output::PutObjectLockConfiguration, AwsError> {
    let (name, owner) = named!(input);
    s3.write(cx, |t| {
        let versioning = t.bucket(name, owner)?.versioning;
        let lock = parse(input.object_lock_configuration.unwrap_or_default())?;
        if versioning != Versioning::Enabled {
            return Err(errors::invalid_bucket_state(
                "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
            ));
        }
        t.buckets.update(name, |bucket| bucket.lock = Some(lock));
        Ok(output::PutObjectLockConfiguration::default())
    })
}

pub(crate) fn get_object_lock_configuration(
    s3: &S3,
    cx: &Cx,
    input: input::GetObjectLockConfiguration,
) -> Result<output::GetObjectLockConfiguration, AwsError> {
    let (name, owner) = named!(input);
    let lock = s3.read(cx, |t| Ok::<_, AwsError>(t.bucket(name, owner)?.lock))?;
    let lock = lock.ok_or_else(|| errors::no_object_lock_configuration(name))?;
    let rule = lock.default.map(|(mode, period)| {
        let (days, years) = match period {
            Period::Days(days) => (Some(days.into()), None),
            Period::Years(years) => (None, Some(years.into())),
        };
        let mode = Some(mode.name());
        let default = api::DefaultRetention { mode, days, years, ..Default::default() };
        api::ObjectLockRule { default_retention: Some(default) }
    });
    Ok(output::GetObjectLockConfiguration {
        object_lock_configuration: Some(api::ObjectLockConfiguration {
            object_lock_enabled: Some("Enabled".into()),
            rule,
        }),
    })
}

fn parse(given: api::ObjectLockConfiguration) -> Result<BucketLock, AwsError> {
    if given.object_lock_enabled.as_deref() != Some("Enabled") {
        return Err(errors::malformed_xml());
    }
    let Some(rule) = given.rule else { return Ok(BucketLock::default()) };
    let default = rule.default_retention.ok_or_else(errors::malformed_xml)?;
    refuse!(default, default_event_hold: "DefaultEventHold");
    let mode = default.mode.as_deref().and_then(Mode::parse).ok_or_else(errors::malformed_xml)?;
    let period = match (default.days, default.years) {
        (Some(days), None) => u16::try_from(days).ok().filter(|n| *n > 0).map(Period::Days),
        (None, Some(years)) => u16::try_from(years).ok().filter(|n| *n > 0).map(Period::Years),
        _ => return Err(errors::malformed_xml()),
    };
    let period = period.ok_or_else(|| {
        let message = "Default retention period must be a positive integer value.";
        AwsError::new("InvalidArgument", 400, message)
    })?;
    Ok(BucketLock { default: Some((mode, period)) })
}
