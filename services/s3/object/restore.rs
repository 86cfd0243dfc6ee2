//! `RestoreObject`: an archived object gets a copy that can be read, for some days. Whatever the
//! tier, it is there in a second: nobody waits two days for a test.

use std::sync::Arc;
use std::time::Duration;

use cumulet_core::codec::Field;
use cumulet_core::{AwsError, Cx, Encode, Timestamp, Writer};

use crate::api::{input, output};
use crate::attributes::Attributes;
use crate::events::{Kind, Subject};
use crate::state::{S3, Version};
use crate::{errors, named};

const DAY: i64 = 24 * 60 * 60;

/// A restored copy.
#[derive(Clone, Copy, Debug, PartialEq)]
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

/// A restored copy as listings show it.
pub(crate) struct Status(Restored, Timestamp);

impl Encode for Status {
    fn encode(&self, w: &mut dyn Writer) {
        let Self(Restored { ready, until }, now) = self;
        let until = (ready <= now).then_some(*until);
        w.record(&[(0, Field::Other(&(now < ready))), (1, Field::Other(&until))]);
    }
}

/// What listings show of restored copies, where they are asked to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Restores(Option<Timestamp>);

impl Restores {
    pub(crate) fn asked(cx: &Cx, attributes: Option<&[String]>) -> Self {
        let asked = attributes.is_some_and(|a| a.iter().any(|name| name == "RestoreStatus"));
        Self(asked.then(|| cx.now()))
    }

    pub(crate) fn of(self, version: &Version) -> Option<Status> {
        let (restored, now) = (version.attributes.restored?, self.0?);
        (now < restored.until).then_some(Status(restored, now))
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
        check_tier(tier, &class.name())?;
        let (now, before) = (cx.now(), attributes.restored);
        let restored = match before.filter(|r| now < r.until) {
            Some(r) if now < r.ready => return Err(errors::restore_in_progress()),
            // The copy is there already: it stays longer.
            Some(r) => Restored { ready: r.ready, ..Restored::new(now, days) },
            None => Restored::new(now.plus(Duration::from_secs(1)), days),
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

/// Whether a class has a tier; S3 User Guide, "Understanding archive retrieval options".
fn check_tier(tier: &str, class: &str) -> Result<(), AwsError> {
    match (class, tier) {
        ("DEEP_ARCHIVE", "Expedited") => {
            let message = "Retrieval option is not supported by this storage class";
            Err(errors::invalid_argument(message, "Tier", tier))
        }
        (_, "Expedited" | "Standard" | "Bulk") => Ok(()),
        _ => Err(errors::malformed_xml()),
    }
}
