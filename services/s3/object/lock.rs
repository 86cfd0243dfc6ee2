//! Retention and legal hold of a version.

use std::sync::Arc;

use cumulet_core::{AwsError, Cx};

use crate::api::{self, input, output};
use crate::bucket::stored::Named;
use crate::lock::{Lock, Mode, Retention, on_or_off, pacific};
use crate::state::S3;
use crate::{errors, named, refuse};

pub(crate) fn put_object_retention(
    s3: &S3,
    cx: &Cx,
    input: input::PutObjectRetention,
) -> Result<output::PutObjectRetention, AwsError> {
    let bypass = input.bypass_governance_retention == Some(true);
    let given = input.retention.unwrap_or_default();
    refuse!(given, event_hold: "EventHold", event_hold_duration: "EventHoldDuration");
    let retention = match (given.mode.as_deref(), given.retain_until_date) {
        (None, None) => None,
        (Some(mode), Some(until)) => {
            let mode = Mode::parse(mode).ok_or_else(errors::malformed_xml);
            Some(mode.map(|mode| Retention { mode, until }))
        }
        _ => Some(Err(errors::malformed_xml())),
    };
    let said = input.version_id.as_deref();
    change(s3, cx, named!(input), &input.key, said, |lock| {
        let retention = retention.transpose()?;
        if let Some(past) = retention.filter(|r| r.until <= cx.now()) {
            return Err(errors::retention_in_past("RetainUntilDate", pacific(past.until)));
        }
        lock.check_retention(retention, cx.now(), bypass)?;
        lock.retention = retention;
        Ok(())
    })?;
    Ok(output::PutObjectRetention::default())
}

pub(crate) fn put_object_legal_hold(
    s3: &S3,
    cx: &Cx,
    input: input::PutObjectLegalHold,
) -> Result<output::PutObjectLegalHold, AwsError> {
    let status = input.legal_hold.as_ref().and_then(|h| h.status.as_deref());
    let hold = status.and_then(on_or_off).ok_or_else(errors::malformed_xml)?;
    let said = input.version_id.as_deref();
    change(s3, cx, named!(input), &input.key, said, |lock| {
        lock.hold = Some(hold);
        Ok(())
    })?;
    Ok(output::PutObjectLegalHold::default())
}

pub(crate) fn get_object_retention(
    s3: &S3,
    cx: &Cx,
    input: input::GetObjectRetention,
) -> Result<output::GetObjectRetention, AwsError> {
    let lock = get(s3, cx, named!(input), &input.key, input.version_id.as_deref())?;
    let retention = lock.retention.ok_or_else(errors::no_such_object_lock_configuration)?;
    Ok(output::GetObjectRetention {
        retention: Some(api::ObjectLockRetention {
            mode: Some(retention.mode.name()),
            retain_until_date: Some(retention.until),
            ..Default::default()
        }),
    })
}

pub(crate) fn get_object_legal_hold(
    s3: &S3,
    cx: &Cx,
    input: input::GetObjectLegalHold,
) -> Result<output::GetObjectLegalHold, AwsError> {
    let lock = get(s3, cx, named!(input), &input.key, input.version_id.as_deref())?;
    let hold = lock.hold.ok_or_else(errors::no_such_object_lock_configuration)?;
    let status = Some(if hold { "ON" } else { "OFF" }.to_owned());
    Ok(output::GetObjectLegalHold { legal_hold: Some(api::ObjectLockLegalHold { status }) })
}

fn get(
    s3: &S3,
    cx: &Cx,
    (bucket, owner): Named<'_>,
    key: &str,
    said: Option<&str>,
) -> Result<Lock, AwsError> {
    s3.read(cx, |t| {
        t.bucket(bucket, owner)?.lock()?;
        let (id, row) = t.version(bucket, key, said)?;
        Ok(row.object(id, "GET")?.attributes.lock)
    })
}

fn change(
    s3: &S3,
    cx: &Cx,
    (bucket, owner): Named<'_>,
    key: &str,
    said: Option<&str>,
    act: impl FnOnce(&mut Lock) -> Result<(), AwsError>,
) -> Result<(), AwsError> {
    s3.write(cx, |t| {
        let bucket = Arc::clone(t.bucket(bucket, owner)?);
        bucket.lock()?;
        let (id, row) = t.version(&bucket.name, key, said)?;
        let mut lock = row.object(id, "PUT")?.attributes.lock;
        act(&mut lock)?;
        t.change(&bucket.name, key, id, |attributes| attributes.lock = lock);
        Ok(())
    })
}
