//! Subscription attributes: their rules; `GetSubscriptionAttributes`, `SetSubscriptionAttributes`.

use std::collections::BTreeMap;
use std::sync::Arc;

use cumulet_core::{Arn, AwsError, Cx};
use cumulet_patterns::{Dialect, Pattern, check_json};
use serde_json::Value;

use crate::api::{GetSubscriptionAttributesResponse, input, output};
use crate::arn::{SubscriptionRef, is_fifo};
use crate::state::{Filter, Subscription, Topic};
use crate::topic_attributes::{Refusal, truth};
use crate::{Sns, delivery_policy, errors, replay};

/// Bytes of a filter policy, at most (SNS Developer Guide, "Filter policy constraints").
const POLICY_MAX: usize = 262_144;

/// Checks an attribute and puts it into a subscription.
pub(crate) fn apply(
    topic: &Topic,
    subscription: &mut Subscription,
    name: &str,
    mut value: String,
) -> Result<(), Refusal> {
    match name {
        "RawMessageDelivery" => truth(name, &mut value)?,
        "FilterPolicyScope" if !matches!(value.as_str(), "MessageAttributes" | "MessageBody") => {
            let text = "Please use either MessageBody or MessageAttributes";
            return Err(Refusal::Value(format!("{name}: Invalid value [{value}]. {text}")));
        }
        "RedrivePolicy" if !value.is_empty() => check_redrive(topic, subscription, &value)?,
        "DeliveryPolicy" if !value.is_empty() => {
            delivery_policy::check(&value).map_err(Refusal::Other)?;
        }
        "ReplayPolicy" if !topic.fifo => {
            let text = "ReplayPolicy: is only supported for subscriptions to FIFO topics";
            return Err(Refusal::Value(text.to_owned()));
        }
        "ReplayPolicy" if !value.is_empty() && replay::window(&value).is_none() => {
            return Err(Refusal::Value("ReplayPolicy: failed to parse JSON.".to_owned()));
        }
        "FilterPolicy"
        | "FilterPolicyScope"
        | "RedrivePolicy"
        | "DeliveryPolicy"
        | "ReplayPolicy"
        | "SubscriptionRoleArn" => {}
        _ => return Err(Refusal::Name),
    }
    if value.is_empty() {
        subscription.attributes.remove(name);
    } else {
        subscription.attributes.insert(name.to_owned(), value);
    }
    if name.starts_with("FilterPolicy") {
        subscription.filter = filter(subscription)?;
    }
    Ok(())
}

/// The filter that the attributes ask for.
fn filter(subscription: &Subscription) -> Result<Option<Filter>, Refusal> {
    let Some(policy) = subscription.attributes.get("FilterPolicy") else { return Ok(None) };
    if policy.len() > POLICY_MAX {
        return Err(Refusal::Value("FilterPolicy: Filter policy is too large".to_owned()));
    }
    let body = is_over_body(&subscription.attributes);
    let pattern = Pattern::parse(Dialect::Filter { nested: body }, policy);
    let pattern = pattern.map_err(|error| Refusal::Value(errors::filter_policy(&error)))?;
    Ok(Some(Filter { pattern: Arc::new(pattern), body }))
}

fn is_over_body(attributes: &BTreeMap<String, String>) -> bool {
    attributes.get("FilterPolicyScope").is_some_and(|scope| scope == "MessageBody")
}

fn check_redrive(topic: &Topic, subscription: &Subscription, value: &str) -> Result<(), Refusal> {
    let refused = |text: String| Err(Refusal::Value(format!("RedrivePolicy: {text}")));
    if let Err(error) = check_json(value) {
        return refused(format!("failed to parse JSON. {error}"));
    }
    let Some(queue) = dead_letter_queue(value) else {
        return refused("deadLetterTargetArn is an invalid arn".to_owned());
    };
    if topic.fifo && is_fifo(&subscription.endpoint) && !is_fifo(&queue) {
        let text = "must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic.";
        return refused(text.to_owned());
    }
    Ok(())
}

/// The ARN of the queue in a redrive policy.
pub(crate) fn dead_letter_queue(policy: &str) -> Option<String> {
    let policy: Value = serde_json::from_str(policy).ok()?;
    let arn = policy.get("deadLetterTargetArn")?.as_str()?;
    Arn::parse(arn).filter(|arn| arn.service == "sqs").map(|_| arn.to_owned())
}

fn all(topic: &Topic, subscription: &Subscription, topic_arn: &str) -> BTreeMap<String, String> {
    let s = subscription;
    let mut all = s.attributes.clone();
    let owner = s.owner;
    let partition = s.arn.split(':').nth(1).unwrap_or("aws");
    for (name, value) in [
        ("ConfirmationWasAuthenticated", s.authenticated.to_string()),
        ("Endpoint", s.endpoint.clone()),
        ("Owner", owner.to_string()),
        ("PendingConfirmation", (!s.confirmed).to_string()),
        ("Protocol", s.protocol.clone()),
        ("SubscriptionArn", s.arn.clone()),
        ("SubscriptionPrincipal", format!("arn:{partition}:iam::{owner}:user/cumulet")),
        ("TopicArn", topic_arn.to_owned()),
    ] {
        all.insert(name.to_owned(), value);
    }
    all.entry("RawMessageDelivery".to_owned()).or_insert_with(|| "false".to_owned());
    // The scope shows with a policy only (recorded from AWS).
    if s.filter.is_none() {
        all.remove("FilterPolicyScope");
    } else {
        all.entry("FilterPolicyScope".to_owned()).or_insert_with(|| "MessageAttributes".to_owned());
    }
    if let Some(status) = s.replay {
        all.insert("ReplayStatus".to_owned(), status.to_owned());
    }
    if let Some(policy) = delivery_policy::of_subscription(s) {
        all.insert("DeliveryPolicy".to_owned(), policy);
    }
    if matches!(s.protocol.as_str(), "http" | "https") {
        let effective = delivery_policy::effective_of_subscription(topic, s);
        all.insert("EffectiveDeliveryPolicy".to_owned(), effective);
    }
    all
}

/// Whether attributes that something is subscribed with again are those that it has: `None` and
/// defaults are the same.
pub(crate) fn same(there: &Subscription, asked: &Subscription, given: &[String]) -> bool {
    let of = |s: &Subscription, name: &str| {
        let default = match name {
            "RawMessageDelivery" => "false",
            "FilterPolicyScope" => "MessageAttributes",
            _ => "",
        };
        s.attributes.get(name).cloned().unwrap_or_else(|| default.to_owned())
    };
    given.iter().all(|name| of(there, name) == of(asked, name))
}

pub(crate) fn get_subscription_attributes(
    sns: &Sns,
    cx: &Cx,
    input: input::GetSubscriptionAttributes,
) -> Result<output::GetSubscriptionAttributes, AwsError> {
    let at = SubscriptionRef::parse(cx, input.subscription_arn.as_deref())?;
    let attributes = sns.store.read(cx, at.topic.scope, |t| {
        let (key, subscription) = t.subscription(&at.id)?;
        Ok::<_, AwsError>(all(&*t.topic(&key.0)?, &subscription, &at.topic.arn()))
    })?;
    Ok(GetSubscriptionAttributesResponse { attributes: Some(attributes) })
}

pub(crate) fn set_subscription_attributes(
    sns: &Sns,
    cx: &Cx,
    input: input::SetSubscriptionAttributes,
) -> Result<output::SetSubscriptionAttributes, AwsError> {
    let at = SubscriptionRef::parse(cx, input.subscription_arn.as_deref())?;
    let name = input.attribute_name.ok_or_else(|| errors::null("attributeName"))?;
    let value = input.attribute_value.unwrap_or_default();
    let key = sns.store.write(cx, at.topic.scope, |tx| {
        let (key, subscription) = tx.subscription(&at.id)?;
        let topic = tx.topic(&key.0)?;
        let mut changed = (*subscription).clone();
        apply(&topic, &mut changed, &name, value).map_err(Refusal::on_change)?;
        tx.subscriptions.insert(key.clone(), Arc::new(changed));
        Ok::<_, AwsError>(key)
    })?;
    if name == "ReplayPolicy" {
        replay::start(sns, cx, &at.topic, &key);
    }
    Ok(output::SetSubscriptionAttributes::default())
}
