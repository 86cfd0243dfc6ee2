//! Lifecycle configurations: stored and checked. What they do is in `crate::lifecycle`.

use std::collections::HashSet;

use cumulet_core::{AwsError, Cx, Timestamp};

use super::stored;
use crate::api::{self, input, output};
use crate::lifecycle::{DAY, Filter};
use crate::state::S3;
use crate::{configuration, errors, named};

/// Rules of a bucket, at most.
const RULES_MAX: usize = 1000;
/// Characters of a rule's id, at most.
const ID_MAX: usize = 255;
/// Days that an object spends in its first class before it may go to a rarely read one.
const INFREQUENT_DAYS_MIN: i32 = 30;
/// What it is kept as from which size on objects change their class.
pub(crate) const MINIMUM_SIZE: &str = "TransitionDefaultMinimumObjectSize";
/// The same, if nothing is said.
const SIZE_DEFAULT: &str = "all_storage_classes_128K";

pub(crate) fn put_bucket_lifecycle_configuration(
    s3: &S3,
    cx: &Cx,
    input: input::PutBucketLifecycleConfiguration,
) -> Result<output::PutBucketLifecycleConfiguration, AwsError> {
    let size = input.transition_default_minimum_object_size.as_deref().unwrap_or(SIZE_DEFAULT);
    if ![SIZE_DEFAULT, "varies_by_storage_class"].contains(&size) {
        return Err(errors::invalid_request(format!(
            "Invalid TransitionDefaultMinimumObjectSize found: {size}"
        )));
    }
    let named = named!(input);
    let given = input.lifecycle_configuration.as_ref();
    stored::put(s3, cx, named, given, |_, _, given| check(cx, given))?;
    s3.write(cx, |t| {
        let bucket = t.bucket(named.0, named.1)?.name.clone();
        t.keep(&bucket, MINIMUM_SIZE, "", size.into());
        t.begin_rounds(cx);
        Ok(())
    })?;
    Ok(output::PutBucketLifecycleConfiguration {
        transition_default_minimum_object_size: Some(size.to_owned()),
    })
}

pub(crate) fn get_bucket_lifecycle_configuration(
    s3: &S3,
    cx: &Cx,
    input: input::GetBucketLifecycleConfiguration,
) -> Result<output::GetBucketLifecycleConfiguration, AwsError> {
    let found = stored::get::<api::BucketLifecycleConfiguration>(s3, cx, named!(input))?;
    let found = found.ok_or_else(|| errors::no_such_lifecycle_configuration(&input.bucket))?;
    let size = stored::get_value(s3, cx, named!(input), (MINIMUM_SIZE, ""))?;
    Ok(output::GetBucketLifecycleConfiguration {
        rules: found.rules,
        transition_default_minimum_object_size: size
            .and_then(|size| Some(size.as_str()?.to_owned())),
    })
}

configuration! { BucketLifecycleConfiguration
    delete delete_bucket_lifecycle;
}

fn check(cx: &Cx, given: &mut api::BucketLifecycleConfiguration) -> Result<(), AwsError> {
    let rules = given.rules.as_deref_mut().unwrap_or_default();
    if rules.is_empty() || rules.len() > RULES_MAX {
        return Err(errors::malformed_xml());
    }
    let mut ids = HashSet::new();
    for rule in rules {
        check_rule(rule)?;
        let id = rule.id.get_or_insert_with(|| cx.ids().uuid());
        if id.chars().count() > ID_MAX {
            let message = "ID length should not exceed allowed limit of 255";
            return Err(errors::invalid_argument(message, "ID", id));
        }
        if !ids.insert(id.clone()) {
            let message = "Rule ID must be unique. Found same ID for more than one rule";
            return Err(errors::invalid_argument(message, "ID", id));
        }
    }
    Ok(())
}

fn check_rule(rule: &api::LifecycleRule) -> Result<(), AwsError> {
    let filter = Filter::of(rule);
    if rule.prefix.is_some() == rule.filter.is_some() {
        return Err(errors::malformed_xml());
    }
    rule.filter.as_ref().map_or(Ok(()), check_filter)?;
    if filter.smaller_than.is_some_and(|less| less <= filter.larger_than.unwrap_or(-1)) {
        return Err(errors::invalid_request(
            "'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'.",
        ));
    }
    let transitions = rule.transitions.as_deref().unwrap_or_default();
    let later = rule.noncurrent_version_transitions.as_deref().unwrap_or_default();
    if rule.expiration.is_none()
        && rule.noncurrent_version_expiration.is_none()
        && rule.abort_incomplete_multipart_upload.is_none()
        && transitions.is_empty()
        && later.is_empty()
    {
        return Err(errors::invalid_request("At least one action needs to be specified in a rule"));
    }
    transitions.iter().try_for_each(check_transition)?;
    later.iter().try_for_each(check_noncurrent_transition)?;
    check_expiration(rule, &filter)?;
    check_others(rule, &filter)
}

fn check_filter(filter: &api::LifecycleRuleFilter) -> Result<(), AwsError> {
    let members = [
        filter.prefix.is_some(),
        filter.tag.is_some(),
        filter.object_size_greater_than.is_some(),
        filter.object_size_less_than.is_some(),
        filter.and.is_some(),
    ];
    if members.into_iter().filter(|given| *given).count() > 1 {
        return Err(errors::malformed_xml());
    }
    let tags = filter.and.as_ref().and_then(|and| and.tags.as_deref()).unwrap_or_default();
    let mut keys = HashSet::new();
    if !tags.iter().all(|tag| keys.insert(&tag.key)) {
        return Err(errors::invalid_request("Duplicate Tag Keys are not allowed."));
    }
    Ok(())
}

fn check_expiration(rule: &api::LifecycleRule, filter: &Filter<'_>) -> Result<(), AwsError> {
    let Some(expiration) = &rule.expiration else { return Ok(()) };
    let marker = expiration.expired_object_delete_marker;
    let members = [expiration.date.is_some(), expiration.days.is_some(), marker.is_some()];
    if members.into_iter().filter(|given| *given).count() != 1 {
        return Err(errors::malformed_xml());
    }
    if marker == Some(true) && !filter.tags.is_empty() {
        let message = "ExpiredObjectDeleteMarker cannot be specified with Tags.";
        return Err(errors::invalid_request(message));
    }
    check_date(expiration.date)?;
    let Some(days) = expiration.days else { return Ok(()) };
    positive(days, "Days", "Expiration")?;
    let transitions = rule.transitions.iter().flatten().filter_map(|t| t.days);
    if transitions.max().is_some_and(|last| last >= days) {
        let message = format!(
            "'Days' in the Expiration action for filter '(prefix={})' must be greater than 'Days' in the Transition action",
            filter.prefix
        );
        return Err(errors::invalid_argument(message, "Days", days));
    }
    Ok(())
}

fn check_transition(transition: &api::Transition) -> Result<(), AwsError> {
    let Some(class) = transition.storage_class.as_deref() else {
        return Err(errors::malformed_xml());
    };
    if transition.date.is_some() == transition.days.is_some() {
        return Err(errors::malformed_xml());
    }
    check_date(transition.date)?;
    transition.days.map_or(Ok(()), |days| class_days(days, "Days", "Transition", class))
}

fn check_noncurrent_transition(
    transition: &api::NoncurrentVersionTransition,
) -> Result<(), AwsError> {
    let (Some(class), Some(days)) =
        (transition.storage_class.as_deref(), transition.noncurrent_days)
    else {
        return Err(errors::malformed_xml());
    };
    class_days(days, "NoncurrentDays", "NoncurrentVersionTransition", class)
}

fn class_days(days: i32, name: &str, action: &str, class: &str) -> Result<(), AwsError> {
    let infrequent = matches!(class, "STANDARD_IA" | "ONEZONE_IA");
    let message = if days < 0 {
        format!("'{name}' in {action} action must be nonnegative")
    } else if infrequent && days < INFREQUENT_DAYS_MIN {
        format!(
            "'{name}' in {action} action must be greater than or equal to {INFREQUENT_DAYS_MIN} for storageClass '{class}'"
        )
    } else {
        return Ok(());
    };
    Err(errors::invalid_argument(message, name, days))
}

fn check_others(rule: &api::LifecycleRule, filter: &Filter<'_>) -> Result<(), AwsError> {
    if let Some(expiration) = &rule.noncurrent_version_expiration {
        let days = expiration.noncurrent_days.ok_or_else(errors::malformed_xml)?;
        positive(days, "NoncurrentDays", "NoncurrentVersionExpiration")?;
    }
    if let Some(abort) = &rule.abort_incomplete_multipart_upload {
        let days = abort.days_after_initiation.ok_or_else(errors::malformed_xml)?;
        positive(days, "DaysAfterInitiation", "AbortIncompleteMultipartUpload")?;
        let sized = filter.larger_than.is_some() || filter.smaller_than.is_some();
        let with = if filter.tags.is_empty() { "Object Size" } else { "Tags" };
        if sized || !filter.tags.is_empty() {
            return Err(errors::invalid_request(format!(
                "AbortIncompleteMultipartUpload cannot be specified with {with}."
            )));
        }
    }
    Ok(())
}

fn positive(days: i32, name: &str, action: &str) -> Result<(), AwsError> {
    if days > 0 {
        return Ok(());
    }
    let message = format!("'{name}' for {action} action must be a positive integer");
    Err(errors::invalid_argument(message, name, days))
}

fn check_date(date: Option<Timestamp>) -> Result<(), AwsError> {
    match date {
        Some(date) if date.millis() % DAY != 0 => Err(errors::invalid_argument(
            "'Date' must be at midnight GMT",
            "Date",
            date.iso8601_millis(),
        )),
        _ => Ok(()),
    }
}
