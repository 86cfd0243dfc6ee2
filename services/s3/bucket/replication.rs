//! Replication configurations: stored and checked. The copying is in `crate::replicas`.

use cumulet_core::codec::Empty;
use cumulet_core::{AwsError, Cx};

use super::stored;
use crate::api::{self, input};
use crate::replicas::{Filter, destination};
use crate::state::{Bucket, S3, Tables};
use crate::versions::Versioning;
use crate::{configuration, errors, named};

/// Rules of a bucket, at most.
const RULES_MAX: usize = 1000;

pub(crate) fn put_bucket_replication(
    s3: &S3,
    cx: &Cx,
    input: input::PutBucketReplication,
) -> Result<Empty, AwsError> {
    let (named, given) = (named!(input), input.replication_configuration.as_ref());
    stored::put(s3, cx, named, given, |t, bucket, given| check(t, cx, bucket, given))
}

configuration! { ReplicationConfiguration
    get get_bucket_replication whole, missing |bucket| Err(errors::replication_configuration_not_found(bucket));
    delete delete_bucket_replication;
}

fn check(
    t: &Tables,
    cx: &Cx,
    bucket: &Bucket,
    given: &mut api::ReplicationConfiguration,
) -> Result<(), AwsError> {
    if bucket.versioning != Versioning::Enabled {
        return Err(errors::invalid_request(
            "Versioning must be 'Enabled' on the bucket to apply a replication configuration",
        ));
    }
    let rules = given.rules.as_deref_mut().unwrap_or_default();
    if rules.is_empty() || rules.len() > RULES_MAX {
        return Err(errors::malformed_xml());
    }
    for rule in rules {
        check_rule(t, bucket, rule)?;
        rule.id.get_or_insert_with(|| cx.ids().uuid());
    }
    Ok(())
}

fn check_rule(t: &Tables, bucket: &Bucket, rule: &api::ReplicationRule) -> Result<(), AwsError> {
    let guide = "Please refer to S3 Developer Guide for more information.";
    if rule.filter.is_some() {
        let markers = rule.delete_marker_replication.as_ref();
        for (name, missing) in
            [("Priority", rule.priority.is_none()), ("DeleteMarkerReplication", markers.is_none())]
        {
            if missing {
                return Err(errors::invalid_request(format!(
                    "{name} must be specified for this version of Cross Region Replication configuration schema. {guide}"
                )));
            }
        }
        let replicated = markers.and_then(|m| m.status.as_deref()) == Some("Enabled");
        if replicated && !Filter::of(rule).tags.is_empty() {
            return Err(errors::invalid_request(format!(
                "Delete marker replication is not supported if any Tag filter is specified. {guide}"
            )));
        }
    }
    let name = destination(rule).ok_or_else(errors::malformed_xml)?;
    if name == &*bucket.name {
        let message = "Destination bucket cannot be the same as the source bucket.";
        return Err(errors::invalid_request(message));
    }
    if t.buckets.get(name).is_none_or(|to| to.versioning != Versioning::Enabled) {
        let message = "Destination bucket must have versioning enabled.";
        return Err(errors::invalid_request(message));
    }
    Ok(())
}
