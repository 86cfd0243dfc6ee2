//! What lifecycle configurations say: which objects they are about, and when. How they are stored
//! and checked is in `bucket::lifecycle`, the work itself in `rounds`.

use cumulet_core::{Cx, Timestamp};

use crate::api;
use crate::listing::Encoding;
use crate::state::{Tables, Version};

/// Milliseconds.
pub(crate) const DAY: i64 = 86_400_000;

/// Which objects a rule is about, wherever it says so.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter<'a> {
    pub(crate) prefix: &'a str,
    pub(crate) tags: Vec<(&'a str, &'a str)>,
    pub(crate) larger_than: Option<i64>,
    pub(crate) smaller_than: Option<i64>,
}

impl<'a> Filter<'a> {
    pub(crate) fn of(rule: &'a api::LifecycleRule) -> Self {
        let filter = rule.filter.as_ref();
        let and = filter.and_then(|f| f.and.as_ref());
        let prefix = and.and_then(|a| a.prefix.as_deref());
        let prefix = prefix.or_else(|| filter.and_then(|f| f.prefix.as_deref()));
        let tags = and.and_then(|a| a.tags.as_ref()).into_iter().flatten();
        let tags = tags.chain(filter.and_then(|f| f.tag.as_ref()));
        let text = |text: &'a Option<String>| text.as_deref().unwrap_or_default();
        Self {
            prefix: prefix.or(rule.prefix.as_deref()).unwrap_or_default(),
            tags: tags.map(|tag| (text(&tag.key), text(&tag.value))).collect(),
            larger_than: and
                .and_then(|a| a.object_size_greater_than)
                .or_else(|| filter.and_then(|f| f.object_size_greater_than)),
            smaller_than: and
                .and_then(|a| a.object_size_less_than)
                .or_else(|| filter.and_then(|f| f.object_size_less_than)),
        }
    }

    pub(crate) fn wants(&self, key: &str, version: &Version) -> bool {
        let size = i64::try_from(version.body.len()).unwrap_or(i64::MAX);
        let tags = &version.attributes.tags;
        key.starts_with(self.prefix)
            && self.tags.iter().all(|(k, v)| tags.get(*k).is_some_and(|value| value == v))
            && self.larger_than.is_none_or(|limit| size > limit)
            && self.smaller_than.is_none_or(|limit| size < limit)
    }
}

/// The midnight after so many days have gone by.
fn midnight(from: Timestamp, days: i32) -> Timestamp {
    let at = from.millis() + i64::from(days) * DAY;
    Timestamp::from_millis((at.div_euclid(DAY) + 1) * DAY)
}

/// When something falls due that has a date or a number of days.
pub(crate) fn due(
    from: Timestamp,
    date: Option<Timestamp>,
    days: Option<i32>,
) -> Option<Timestamp> {
    date.or_else(|| days.map(|days| midnight(from, days)))
}

pub(crate) fn enabled(
    of: &api::BucketLifecycleConfiguration,
) -> impl Iterator<Item = &api::LifecycleRule> {
    of.rules.iter().flatten().filter(|rule| rule.status.as_deref() == Some("Enabled"))
}

impl Tables {
    /// Sees to it that a round is made.
    pub(crate) fn begin_rounds(&mut self, cx: &Cx) {
        if !self.rounds.contains(&()) {
            self.rounds.insert((), midnight(cx.now(), 0));
        }
    }

    /// `x-amz-expiration`: when a current object will go, and by which rule.
    pub(crate) fn expiration(&self, bucket: &str, key: &str, version: &Version) -> Option<String> {
        let given = self.configuration::<api::BucketLifecycleConfiguration>(bucket)?;
        let rules = enabled(&given).filter(|rule| Filter::of(rule).wants(key, version));
        let expiries = rules.filter_map(|rule| {
            let expiration = rule.expiration.as_ref()?;
            Some((due(version.modified, expiration.date, expiration.days)?, rule))
        });
        let (at, rule) = expiries.min_by_key(|(at, _)| *at)?;
        let id = Encoding::path(rule.id.as_deref().unwrap_or_default());
        Some(format!("expiry-date=\"{}\", rule-id=\"{id}\"", at.http_date()))
    }

    /// The same of the object that stands there.
    pub(crate) fn expiration_of(&self, bucket: &str, key: &str) -> Option<String> {
        if !self.is_configured::<api::BucketLifecycleConfiguration>(bucket) {
            return None;
        }
        self.expiration(bucket, key, self.current(bucket, key)?)
    }

    /// When an upload that begins now will be given up, and by which rule.
    pub(crate) fn abortion(
        &self,
        bucket: &str,
        key: &str,
        initiated: Timestamp,
    ) -> Option<(Timestamp, Option<String>)> {
        let given = self.configuration::<api::BucketLifecycleConfiguration>(bucket)?;
        let rules = enabled(&given).filter(|rule| key.starts_with(Filter::of(rule).prefix));
        let ends = rules.filter_map(|rule| {
            let days = rule.abort_incomplete_multipart_upload.as_ref()?.days_after_initiation?;
            Some((midnight(initiated, days), rule.id.clone()))
        });
        ends.min_by_key(|(at, _)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_to_the_next_midnight() {
        let at = |text| Timestamp::parse_iso8601(text).unwrap();
        // The example in the S3 User Guide.
        assert_eq!(midnight(at("2014-01-15T10:30:00Z"), 3), at("2014-01-19T00:00:00Z"));
        assert_eq!(midnight(at("2014-01-15T00:00:00Z"), 0), at("2014-01-16T00:00:00Z"));
    }
}
