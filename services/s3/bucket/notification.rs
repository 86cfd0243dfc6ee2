//! Notification configurations: who is to be told of which events.

use cumulet_core::codec::Empty;
use cumulet_core::{Arn, AwsError, Cx, Value};

use super::stored;
use crate::api::{self, input, output};
use crate::events::{Rule, covers, region_of, rules};
use crate::state::{Bucket, S3};
use crate::{delivery, errors, named, records};

/// Bytes of a prefix or suffix, at most.
const FILTER_MAX: usize = 1024;

pub(crate) fn get_bucket_notification_configuration(
    s3: &S3,
    cx: &Cx,
    input: input::GetBucketNotificationConfiguration,
) -> Result<output::GetBucketNotificationConfiguration, AwsError> {
    let found = stored::get::<api::NotificationConfiguration>(s3, cx, named!(input))?;
    let found = found.unwrap_or_default();
    Ok(output::GetBucketNotificationConfiguration {
        topic_configurations: found.topic_configurations,
        queue_configurations: found.queue_configurations,
        lambda_function_configurations: found.lambda_function_configurations,
        event_bridge_configuration: found.event_bridge_configuration,
    })
}

pub(crate) async fn put_bucket_notification_configuration(
    s3: &S3,
    cx: &Cx,
    input: input::PutBucketNotificationConfiguration,
) -> Result<Empty, AwsError> {
    let (bucket, owner) = named!(input);
    let bucket = s3.read(cx, |t| t.bucket(bucket, owner).cloned())?;
    let mut given = input.notification_configuration.unwrap_or_default();
    for rule in rules(&given) {
        check(&bucket, rule)?;
    }
    check_overlap(&rules(&given))?;
    if input.skip_destination_validation != Some(true) {
        check_targets(cx, &bucket, &rules(&given)).await?;
    }
    complete(cx, &mut given);
    s3.write(cx, |t| {
        let bucket = t.bucket(&bucket.name, owner)?.name.clone();
        if rules(&given).is_empty() && given.event_bridge_configuration.is_none() {
            t.unconfigure(&bucket, "NotificationConfiguration", "");
        } else {
            t.configure(&bucket, "", &given);
        }
        Ok(Empty {})
    })
}

fn check(bucket: &Bucket, rule: Rule<'_>) -> Result<(), AwsError> {
    if rule.arn.is_empty() || rule.events.is_empty() {
        return Err(errors::malformed_xml());
    }
    let unreadable =
        || errors::invalid_argument("The ARN could not be parsed", rule.member, rule.arn);
    let arn = Arn::parse(rule.arn).ok_or_else(unreadable)?;
    if arn.service != rule.service {
        return Err(unreadable());
    }
    if region_of(rule.arn) != Some(bucket.region) {
        return Err(errors::invalid_argument(
            "The notification destination service region is not valid for the bucket location constraint",
            rule.member,
            rule.arn,
        ));
    }
    let model = api::model();
    let known = model.shapes.iter().find(|s| s.name == "Event").map_or(&[][..], |s| &s.values);
    if let Some(event) = rule.events.iter().find(|event| !known.contains(&event.as_str())) {
        let message = "The event is not supported for notifications";
        return Err(errors::invalid_argument(message, "Event", event));
    }
    check_filter(rule.filter)
}

fn check_filter(filter: Option<&api::NotificationConfigurationFilter>) -> Result<(), AwsError> {
    let rules = filter.and_then(|f| f.key.as_ref()).and_then(|k| k.filter_rules.as_deref());
    let mut seen = Vec::new();
    for rule in rules.unwrap_or_default() {
        let (Some(name), Some(value)) = (&rule.name, &rule.value) else {
            return Err(errors::malformed_xml());
        };
        let lower = name.to_ascii_lowercase();
        let message = if !matches!(lower.as_str(), "prefix" | "suffix") {
            "filter rule name must be either prefix or suffix".to_owned()
        } else if seen.contains(&lower) {
            format!("Cannot specify more than one {lower} rule in a filter.")
        } else if value.len() > FILTER_MAX {
            let message =
                "Size of filter rule value cannot exceed 1024 bytes in UTF-8 representation";
            return Err(errors::invalid_argument(message, "FilterRule.Value", value));
        } else {
            seen.push(lower);
            continue;
        };
        return Err(errors::invalid_argument(message, "FilterRule.Name", name));
    }
    Ok(())
}

/// One event of one key goes to one target only.
fn check_overlap(rules: &[Rule<'_>]) -> Result<(), AwsError> {
    for (i, a) in rules.iter().enumerate() {
        for b in rules.iter().skip(i + 1) {
            let same =
                |x: &String| b.events.iter().any(|y| covers(x, bare(y)) || covers(y, bare(x)));
            let (pa, pb) = (a.part("prefix"), b.part("prefix"));
            let (sa, sb) = (a.part("suffix"), b.part("suffix"));
            let prefixes = pa.starts_with(pb) || pb.starts_with(pa);
            let suffixes = sa.ends_with(sb) || sb.ends_with(sa);
            if prefixes && suffixes && a.events.iter().any(same) {
                return Err(AwsError::new(
                    "InvalidArgument",
                    400,
                    "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are overlapping for the same event type.",
                ));
            }
        }
    }
    Ok(())
}

fn bare(event: &str) -> &str {
    event.strip_prefix("s3:").unwrap_or(event)
}

/// Sends every queue and topic a test event; functions are only looked for.
async fn check_targets(cx: &Cx, bucket: &Bucket, rules: &[Rule<'_>]) -> Result<(), AwsError> {
    let mut failed = Vec::new();
    for rule in rules {
        let refused = if rule.service == "lambda" {
            let cx = delivery::on_behalf(cx, bucket, cx.account(), bucket.region);
            let input = Value::map([("FunctionName", rule.arn.into())]);
            cx.call("lambda", "GetFunction", input).await.err()
        } else {
            let test = records::test_event(cx, bucket).to_string();
            delivery::send(cx, bucket, rule.arn, test, None).await.err()
        };
        failed.extend(refused.map(|error| (rule, error)));
    }
    if failed.is_empty() {
        return Ok(());
    }
    let message = "Unable to validate the following destination configurations";
    let mut error = AwsError::new("InvalidArgument", 400, message);
    for (i, (rule, why)) in (1..).zip(&failed) {
        let (name, value) = words(rule, why);
        error = error.with(format!("ArgumentName{i}"), name);
        error = error.with(format!("ArgumentValue{i}"), value);
    }
    Err(error)
}

/// What AWS says of a target that it cannot use.
fn words(rule: &Rule<'_>, why: &AwsError) -> (String, String) {
    let arn = rule.arn;
    if rule.service == "lambda" {
        return (format!("{arn}, null"), format!("Not authorized to invoke function [{arn}]"));
    }
    let what = if rule.service == "sqs" { "queue" } else { "topic" };
    let value = if why.status() == http::StatusCode::FORBIDDEN {
        format!(
            "Permissions on the destination {what} do not allow S3 to publish notifications from this bucket"
        )
    } else {
        format!("The destination {what} does not exist")
    };
    (arn.to_owned(), value)
}

/// Gives ids to rules without one, and filters the names that AWS shows.
fn complete(cx: &Cx, given: &mut api::NotificationConfiguration) {
    macro_rules! complete {
        ($($list:ident)*) => {$(
            for rule in given.$list.iter_mut().flatten() {
                if rule.id.as_deref().is_none_or(str::is_empty) {
                    rule.id = Some(cx.ids().uuid());
                }
                let key = rule.filter.as_mut().and_then(|f| f.key.as_mut());
                for part in key.into_iter().flat_map(|k| k.filter_rules.iter_mut().flatten()) {
                    let is_prefix = part.name.as_deref().is_some_and(|n| n.eq_ignore_ascii_case("prefix"));
                    part.name = Some(if is_prefix { "Prefix" } else { "Suffix" }.to_owned());
                }
            }
        )*};
    }
    complete!(queue_configurations topic_configurations lambda_function_configurations);
}
