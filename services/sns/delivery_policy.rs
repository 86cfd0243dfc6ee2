//! Delivery policies: when an HTTP delivery is tried again, and with which content type.

use std::time::Duration;

use cumulet_core::AwsError;
use serde_json::{Map, Value, json};

use crate::errors;
use crate::state::{Subscription, Topic};

/// What an HTTP delivery goes by.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Delivery {
    pub(crate) content_type: String,
    retries: Retries,
}

/// The four phases of retries (SNS Developer Guide, "Message delivery retries"): at once, after the
/// shortest delay, backing off, after the longest delay.
#[derive(Clone, Debug, PartialEq)]
struct Retries {
    min: u64,
    max: u64,
    total: u64,
    at_once: u64,
    shortest: u64,
    longest: u64,
    function: String,
}

const DEFAULT_CONTENT_TYPE: &str = "text/plain; charset=UTF-8";

fn default_retries() -> Value {
    json!({
        "minDelayTarget": 20, "maxDelayTarget": 20, "numRetries": 3, "numMaxDelayRetries": 0,
        "numNoDelayRetries": 0, "numMinDelayRetries": 0, "backoffFunction": "linear",
    })
}

/// Numbers of a retry policy, with least and most (same guide).
const NUMBERS: [(&str, u64, u64); 6] = [
    ("minDelayTarget", 1, 3600),
    ("maxDelayTarget", 1, 3600),
    ("numRetries", 0, 100),
    ("numMaxDelayRetries", 0, 100),
    ("numNoDelayRetries", 0, 100),
    ("numMinDelayRetries", 0, 100),
];

/// Checks `DeliveryPolicy` of a topic or a subscription.
pub(crate) fn check(text: &str) -> Result<Map<String, Value>, AwsError> {
    let bad = |why: &str| errors::invalid(format!("DeliveryPolicy: {why}"));
    let Ok(Value::Object(policy)) = serde_json::from_str(text) else {
        return Err(bad("failed to parse JSON."));
    };
    let http = policy.get("http").and_then(Value::as_object).unwrap_or(&policy);
    for name in ["defaultHealthyRetryPolicy", "healthyRetryPolicy"] {
        let Some(retries) = http.get(name).filter(|v| !v.is_null()) else { continue };
        for (number, least, most) in NUMBERS {
            let Some(value) = retries.get(number) else { continue };
            if !value.as_u64().is_some_and(|n| (least..=most).contains(&n)) {
                let text = format!("{number} must be between {least} and {most}");
                return Err(bad(&text));
            }
        }
        let number = |name: &str| retries.get(name).and_then(Value::as_u64);
        if number("minDelayTarget").unwrap_or(1) > number("maxDelayTarget").unwrap_or(3600) {
            return Err(bad("maxDelayTarget must be greater than or equal to minDelayTarget"));
        }
    }
    Ok(policy)
}

fn over(mut defaults: Value, set: Option<&Value>) -> Value {
    if let (Some(all), Some(Value::Object(set))) = (defaults.as_object_mut(), set) {
        let given = set.iter().filter(|(_, value)| !value.is_null());
        all.extend(given.map(|(name, value)| (name.clone(), value.clone())));
    }
    defaults
}

fn parse(text: Option<&str>) -> Value {
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null)
}

/// `DeliveryPolicy` of a topic as it is read back: what is null is gone.
pub(crate) fn of_topic(topic: &Topic) -> Option<String> {
    let policy = parse(Some(topic.attribute("DeliveryPolicy")?));
    let http = policy.get("http").and_then(Value::as_object)?;
    let mut out = Map::new();
    out.insert("disableSubscriptionOverrides".to_owned(), Value::Bool(false));
    let given = http.iter().filter(|(_, value)| !value.is_null());
    out.extend(given.map(|(name, value)| (name.clone(), value.clone())));
    Some(json!({ "http": out }).to_string())
}

/// `EffectiveDeliveryPolicy` of a topic.
pub(crate) fn effective_of_topic(topic: &Topic) -> String {
    effective(topic).to_string()
}

fn effective(topic: &Topic) -> Value {
    let policy = parse(topic.attribute("DeliveryPolicy"));
    let http = policy.get("http");
    let set = |name: &str| http.and_then(|http| http.get(name)).filter(|v| !v.is_null());
    json!({"http": {
        "defaultHealthyRetryPolicy": over(default_retries(), set("defaultHealthyRetryPolicy")),
        "disableSubscriptionOverrides":
            set("disableSubscriptionOverrides").cloned().unwrap_or(Value::Bool(false)),
        "defaultRequestPolicy":
            over(json!({"headerContentType": DEFAULT_CONTENT_TYPE}), set("defaultRequestPolicy")),
    }})
}

/// `DeliveryPolicy` of a subscription as it is read back.
pub(crate) fn of_subscription(subscription: &Subscription) -> Option<String> {
    let set = parse(Some(subscription.attributes.get("DeliveryPolicy")?));
    let empty = json!({
        "healthyRetryPolicy": null, "sicklyRetryPolicy": null, "throttlePolicy": null,
        "requestPolicy": null, "guaranteed": false,
    });
    Some(over(empty, Some(&set)).to_string())
}

fn effective_value(topic: &Topic, subscription: &Subscription) -> Value {
    let topic = effective(topic);
    let http = |name: &str| topic.get("http").and_then(|http| http.get(name)).cloned();
    let fixed = http("disableSubscriptionOverrides") == Some(Value::Bool(true));
    let set = parse(subscription.attributes.get("DeliveryPolicy").filter(|_| !fixed).map(|s| &**s));
    let member = |name: &str| set.get(name).filter(|v| !v.is_null());
    json!({
        "healthyRetryPolicy": over(
            http("defaultHealthyRetryPolicy").unwrap_or_default(), member("healthyRetryPolicy")),
        "sicklyRetryPolicy": null,
        "throttlePolicy": member("throttlePolicy"),
        "requestPolicy":
            over(http("defaultRequestPolicy").unwrap_or_default(), member("requestPolicy")),
        "guaranteed": false,
    })
}

/// `EffectiveDeliveryPolicy` of a subscription.
pub(crate) fn effective_of_subscription(topic: &Topic, subscription: &Subscription) -> String {
    effective_value(topic, subscription).to_string()
}

impl Delivery {
    pub(crate) fn of(topic: &Topic, subscription: &Subscription) -> Self {
        let policy = effective_value(topic, subscription);
        let member = |group: &str, name: &str| policy.get(group).and_then(|g| g.get(name)).cloned();
        let number = |name: &str| {
            member("healthyRetryPolicy", name).as_ref().and_then(Value::as_u64).unwrap_or(0)
        };
        let text = |group, name| match member(group, name) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        };
        Self {
            content_type: text("requestPolicy", "headerContentType")
                .unwrap_or_else(|| DEFAULT_CONTENT_TYPE.to_owned()),
            retries: Retries {
                min: number("minDelayTarget"),
                max: number("maxDelayTarget"),
                total: number("numRetries"),
                at_once: number("numNoDelayRetries"),
                shortest: number("numMinDelayRetries"),
                longest: number("numMaxDelayRetries"),
                function: text("healthyRetryPolicy", "backoffFunction").unwrap_or_default(),
            },
        }
    }

    /// How long to wait after the `attempts`th attempt failed; `None` is never again.
    pub(crate) fn wait(&self, attempts: u32) -> Option<Duration> {
        let Retries { min, max, total, at_once, shortest, longest, .. } = self.retries;
        let nth = u64::from(attempts);
        if nth > total {
            return None;
        }
        let backing_off = total.saturating_sub(at_once + shortest + longest);
        let seconds = if nth <= at_once {
            0
        } else if nth <= at_once + shortest {
            min
        } else if nth <= at_once + shortest + backing_off {
            self.backoff(nth - at_once - shortest, backing_off)
        } else {
            max
        };
        Some(Duration::from_secs(seconds))
    }

    /// The `nth` of `of` delays that grow from the shortest to the longest.
    fn backoff(&self, nth: u64, of: u64) -> u64 {
        let (min, span) = (self.retries.min, self.retries.max.saturating_sub(self.retries.min));
        let (nth, of) = (nth.saturating_sub(1), of.saturating_sub(1).max(1));
        let part = match self.retries.function.as_str() {
            "arithmetic" => span * nth * (nth + 1) / (of * (of + 1)),
            "geometric" | "exponential" => {
                let doubled = |n: u64| (1_u64 << n.min(32)) - 1;
                span.saturating_mul(doubled(nth)) / doubled(of)
            }
            _ => span * nth / of,
        };
        min + part
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(function: &str) -> Vec<Option<u64>> {
        let retries = Retries {
            min: 1,
            max: 9,
            total: 7,
            at_once: 1,
            shortest: 1,
            longest: 1,
            function: function.to_owned(),
        };
        let delivery = Delivery { content_type: String::new(), retries };
        (1..=8).map(|n| delivery.wait(n).map(|d| d.as_secs())).collect()
    }

    #[test]
    fn retries_have_four_phases() {
        let some = |list: [u64; 7]| list.into_iter().map(Some).chain([None]).collect::<Vec<_>>();
        assert_eq!(waits("linear"), some([0, 1, 1, 3, 6, 9, 9]));
        assert_eq!(waits("arithmetic"), some([0, 1, 1, 2, 5, 9, 9]));
        assert_eq!(waits("exponential"), some([0, 1, 1, 2, 4, 9, 9]));
    }

    #[test]
    fn policies_are_checked() {
        let policy = |retries: &str| format!(r#"{{"healthyRetryPolicy": {retries}}}"#);
        assert!(check(&policy(r#"{"numRetries": 100}"#)).is_ok());
        for bad in [r#"{"numRetries": 101}"#, r#"{"minDelayTarget": 9, "maxDelayTarget": 8}"#] {
            assert_eq!(check(&policy(bad)).unwrap_err().code(), "InvalidParameterException");
        }
        assert!(check("[").is_err());
    }
}
