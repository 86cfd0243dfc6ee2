//! `RestoreObject`: an archived object gets a copy that can be read, for some days, after as long
//! as its retrieval tier takes.

use std::sync::Arc;
use std::time::Duration;

use cumulet_core::{AwsError, Cx, Timestamp};

use crate::api::{input, output};
use crate::attributes::Attributes;
use crate::events::{Kind, Subject};
use crate::state::S3;
use crate::{errors, named};

const DAY: i64 = 24 * 60 * 60;

/// A restored copy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Restored {
    /// When it can be read.
    ready: Timestamp,
    /// When it is gone again.
    until: Timestamp,
}

impl Restored {
    fn new(ready: Timestamp, days: i32) -> Self {
        // It goes at the midnight behind its last day.
        let day = ready.secs().div_euclid(DAY) + i64::from(days) + 1;
        Self { ready, until: Timestamp::from_secs(day.saturating_mul(DAY)) }
    }

    /// `x-amz-restore`.
    pub(crate) fn header(self, now: Timestamp) -> Option<String> {
        if now < self.ready {
            return Some("ongoing-request=\"true\"".to_owned());
        }
        let until = self.until.http_date();
        (now < self.until).then(|| format!("ongoing-request=\"false\", expiry-date=\"{until}\""))
    }

    fn is_there(self, now: Timestamp) -> bool {
        self.ready <= now && now < self.until
    }
}

impl Attributes {
    /// Whether the bytes can be read: they are not archived, or restored.
    pub(crate) fn is_readable(&self, now: Timestamp) -> bool {
        !self.storage_class.is_archive() || self.restored.is_some_and(|r| r.is_there(now))
    }
}

pub(crate) fn restore_object(
    s3: &S3,
    cx: &Cx,
    input: input::RestoreObject,
) -> Result<output::RestoreObject, AwsError> {
    let request = input.restore_request.as_ref().ok_or_else(errors::malformed_xml)?;
    if request.r#type.is_some() || request.output_location.is_some() {
        let message = "Select requests of archived objects are not here.";
        return Err(AwsError::new("NotImplemented", 501, message));
    }
    let days = request.days.filter(|days| *days > 0).ok_or_else(errors::malformed_xml)?;
    let tier = request.glacier_job_parameters.as_ref().and_then(|p| p.tier.as_deref());
    let tier = tier.or(request.tier.as_deref()).unwrap_or("Standard");
    let (name, owner) = named!(input);
    s3.write(cx, |t| {
        let bucket = Arc::clone(t.bucket(name, owner)?);
        let said = input.version_id.as_deref();
        let (id, version) = t.object(name, &input.key, said, "POST")?;
        let attributes = &version.attributes;
        let class = attributes.storage_class;
        if !class.is_archive() {
            return Err(errors::restore_not_allowed(class));
        }
        let wait = hours(tier, &class.name())?;
        let (now, before) = (cx.now(), attributes.restored);
        let restored = match before.filter(|r| now < r.until) {
            Some(r) if now < r.ready => return Err(errors::restore_in_progress()),
            // The copy is there already: it stays longer.
            Some(r) => Restored { ready: r.ready, ..Restored::new(now, days) },
            None => Restored::new(now.plus(wait), days),
        };
        let storage_class = Some(class.name());
        let begun = Subject { storage_class, ..Subject::of(version).called(id) };
        let done = Subject { until: Some(restored.until), ..begun.clone() };
        t.change(&bucket.name, &input.key, id, |a| a.restored = Some(restored));
        t.raise(cx, &bucket, Kind::RESTORE, &input.key, begun);
        t.raise_at(cx, restored.ready, &bucket, Kind::RESTORED, &input.key, done);
        Ok(output::RestoreObject::default())
    })
}

/// How long a retrieval takes at most; S3 User Guide, "Understanding archive retrieval options".
fn hours(tier: &str, class: &str) -> Result<Duration, AwsError> {
    match (class, tier) {
        ("GLACIER", "Expedited") => Ok(Duration::from_mins(5)),
        ("GLACIER", "Standard") => Ok(Duration::from_hours(5)),
        ("GLACIER", "Bulk") | ("DEEP_ARCHIVE", "Standard") => Ok(Duration::from_hours(12)),
        ("DEEP_ARCHIVE", "Bulk") => Ok(Duration::from_hours(48)),
        ("DEEP_ARCHIVE", "Expedited") => {
            let message = "Retrieval option is not supported by this storage class";
            Err(errors::invalid_argument(message, "Tier", tier))
        }
        _ => Err(errors::malformed_xml()),
    }
}
