//! Topic attributes: their rules; `GetTopicAttributes`, `SetTopicAttributes`; data-protection
//! policies.

use std::collections::BTreeMap;

use cumulet_core::{AwsError, Cx};
use serde_json::Value;

use crate::api::{GetDataProtectionPolicyResponse, GetTopicAttributesResponse, input, output};
use crate::arn::TopicRef;
use crate::state::{Tables, Topic};
use crate::{Sns, delivery_policy, errors, permission};

/// Why an attribute is refused. AWS words it differently for one that is set and for one that
/// something is made with.
pub(crate) enum Refusal {
    /// There is no such attribute, or none that can be set.
    Name,
    /// The whole reason, the attribute's name in front.
    Value(String),
    /// Worded on its own.
    Other(AwsError),
}

impl Refusal {
    pub(crate) fn on_creation(self) -> AwsError {
        match self {
            Self::Name => errors::reason("Attributes", "Invalid attribute name"),
            Self::Value(text) => errors::reason("Attributes", text),
            Self::Other(error) => error,
        }
    }

    pub(crate) fn on_change(self) -> AwsError {
        match self {
            Self::Name => errors::invalid("AttributeName"),
            Self::Value(text) => errors::invalid(text),
            Self::Other(error) => error,
        }
    }
}

/// `true` or `false`, in any case; lower from then on.
pub(crate) fn truth(name: &str, value: &mut String) -> Result<(), Refusal> {
    let lower = value.to_ascii_lowercase();
    if !matches!(lower.as_str(), "true" | "false") {
        let text = format!("{name}: Invalid value [{value}]. Must be true or false.");
        return Err(Refusal::Value(text));
    }
    *value = lower;
    Ok(())
}

/// `SQSSuccessFeedbackRoleArn` and its kin.
fn is_feedback(name: &str) -> bool {
    ["Application", "Firehose", "HTTP", "Lambda", "SQS"].iter().any(|protocol| {
        name.strip_prefix(protocol).is_some_and(|rest| {
            matches!(
                rest,
                "SuccessFeedbackRoleArn" | "FailureFeedbackRoleArn" | "SuccessFeedbackSampleRate"
            )
        })
    })
}

/// Checks an attribute that a user sets; nothing takes one away.
pub(crate) fn check(name: &str, value: &mut String, fifo: bool) -> Result<(), Refusal> {
    let wrong = |text: &str| Err(Refusal::Value(format!("{name}: {text}")));
    let one_of = |allowed: &[&str]| {
        if allowed.contains(&value.as_str()) {
            Ok(())
        } else {
            wrong(&format!("Invalid value [{value}]. Must be one of {}", allowed.join(", ")))
        }
    };
    match name {
        "DisplayName" if value.chars().count() > 100 => {
            wrong("must be at most 100 characters long")
        }
        "DisplayName" | "KmsMasterKeyId" => Ok(()),
        "Policy" | "DeliveryPolicy" if value.is_empty() => Ok(()),
        "Policy" => match serde_json::from_str(value) {
            Ok(Value::Object(_)) => Ok(()),
            _ => wrong("Error on parsing policy"),
        },
        "DeliveryPolicy" => delivery_policy::check(value).map(|_| ()).map_err(Refusal::Other),
        "SignatureVersion" => one_of(&["1", "2"]),
        "TracingConfig" => one_of(&["PassThrough", "Active"]),
        "ContentBasedDeduplication" if fifo => truth(name, value),
        "FifoThroughputScope" if fifo => one_of(&["Topic", "MessageGroup"]),
        "ArchivePolicy" if fifo && (ends_archive(value) || retention(value).is_some()) => Ok(()),
        "ArchivePolicy" if fifo => wrong("MessageRetentionPeriod must be between 1 and 365"),
        _ if is_feedback(name) && name.ends_with("SampleRate") => {
            match value.parse::<u8>().ok().filter(|rate| *rate <= 100) {
                Some(_) => Ok(()),
                None => wrong("must be between 0 and 100"),
            }
        }
        _ if is_feedback(name) => Ok(()),
        _ => Err(Refusal::Name),
    }
}

/// `{}` and nothing end an archive.
fn ends_archive(policy: &str) -> bool {
    policy.is_empty() || policy.split_whitespace().eq(["{}"])
}

/// Days for which an archive policy keeps messages.
pub(crate) fn retention(policy: &str) -> Option<u64> {
    let policy: Value = serde_json::from_str(policy).ok()?;
    let days = match policy.get("MessageRetentionPeriod")? {
        Value::String(text) => text.parse().ok()?,
        number => number.as_u64()?,
    };
    (1..=365).contains(&days).then_some(days)
}

fn all(tables: &Tables, at: &TopicRef, topic: &Topic) -> BTreeMap<String, String> {
    let mut all = topic.attributes.clone();
    let mut put = |name: &str, value: String| all.insert(name.to_owned(), value);
    put("TopicArn", at.arn());
    put("Owner", at.scope.account.to_string());
    let subscriptions = || tables.of_topic(&at.name).map(|(_, s)| s);
    put("SubscriptionsConfirmed", subscriptions().filter(|s| s.confirmed).count().to_string());
    put("SubscriptionsPending", subscriptions().filter(|s| !s.confirmed).count().to_string());
    put("SubscriptionsDeleted", topic.deleted.to_string());
    put("EffectiveDeliveryPolicy", delivery_policy::effective_of_topic(topic));
    if let Some(policy) = delivery_policy::of_topic(topic) {
        put("DeliveryPolicy", policy);
    }
    if topic.fifo {
        put("FifoTopic", "true".to_owned());
    }
    if let Some(since) = topic.archive_since {
        put("BeginningArchiveTime", since.iso8601_millis());
    }
    let defaults = [("DisplayName", ""), ("ContentBasedDeduplication", "false")];
    for (name, value) in
        defaults.into_iter().filter(|(name, _)| topic.fifo || *name == "DisplayName")
    {
        all.entry(name.to_owned()).or_insert_with(|| value.to_owned());
    }
    all.entry("Policy".to_owned()).or_insert_with(|| permission::default_policy(at).to_string());
    all
}

pub(crate) fn get_topic_attributes(
    sns: &Sns,
    cx: &Cx,
    input: input::GetTopicAttributes,
) -> Result<output::GetTopicAttributes, AwsError> {
    let at = TopicRef::parse(cx, "TopicArn", input.topic_arn.as_deref())?;
    let attributes = sns.store.read(cx, at.scope, |t| Ok(all(t, &at, &*t.topic(&at.name)?)))?;
    Ok(GetTopicAttributesResponse { attributes: Some(attributes) })
}

pub(crate) fn set_topic_attributes(
    sns: &Sns,
    cx: &Cx,
    input: input::SetTopicAttributes,
) -> Result<output::SetTopicAttributes, AwsError> {
    let at = TopicRef::parse(cx, "TopicArn", input.topic_arn.as_deref())?;
    let name = input.attribute_name.ok_or_else(|| errors::null("attributeName"))?;
    let mut value = input.attribute_value.unwrap_or_default();
    sns.store.write(cx, at.scope, |tx| {
        let fifo = tx.topic(&at.name)?.fifo;
        check(&name, &mut value, fifo).map_err(Refusal::on_change)?;
        tx.topics.update(&at.name, |topic| {
            if name == "ArchivePolicy" {
                let kept = retention(&value).is_some();
                topic.archive_since = topic.archive_since.or(Some(cx.now())).filter(|_| kept);
            }
            if value.is_empty() || name == "ArchivePolicy" && ends_archive(&value) {
                topic.attributes.remove(&name);
            } else {
                topic.attributes.insert(name, value);
            }
        });
        Ok::<_, AwsError>(())
    })?;
    Ok(output::SetTopicAttributes::default())
}

pub(crate) fn put_data_protection_policy(
    sns: &Sns,
    cx: &Cx,
    input: input::PutDataProtectionPolicy,
) -> Result<output::PutDataProtectionPolicy, AwsError> {
    let at = TopicRef::parse(cx, "ResourceArn", input.resource_arn.as_deref())?;
    let policy = input.data_protection_policy.unwrap_or_default();
    let parsed = serde_json::from_str::<Value>(&policy);
    if !policy.is_empty() && !parsed.is_ok_and(|policy| policy.is_object()) {
        return Err(errors::reason("DataProtectionPolicy", "failed to parse JSON."));
    }
    sns.store.write(cx, at.scope, |tx| {
        let policy = Some(policy).filter(|policy| !policy.is_empty());
        let topic = tx.topics.update(&at.name, |topic| topic.data_protection = policy);
        topic.map(|_| ()).ok_or_else(errors::no_topic)
    })?;
    Ok(output::PutDataProtectionPolicy::default())
}

pub(crate) fn get_data_protection_policy(
    sns: &Sns,
    cx: &Cx,
    input: input::GetDataProtectionPolicy,
) -> Result<output::GetDataProtectionPolicy, AwsError> {
    let at = TopicRef::parse(cx, "ResourceArn", input.resource_arn.as_deref())?;
    let topic = sns.store.read(cx, at.scope, |t| t.topic(&at.name))?;
    Ok(GetDataProtectionPolicyResponse { data_protection_policy: topic.data_protection.clone() })
}
