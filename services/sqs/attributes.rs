//! Queue attributes: their rules and defaults; `SetQueueAttributes` and `GetQueueAttributes`.

use std::collections::BTreeMap;

use cumulet_core::{AwsError, Cx};

use crate::api::{GetQueueAttributesResult, input, output};
use crate::state::Queue;
use crate::url::QueueRef;
use crate::{Sqs, errors};

/// A number that a user can set: name, default, least, most. From the `SetQueueAttributes` page
/// of the SQS API reference.
const NUMBERS: [(&str, &str, u32, u32); 6] = [
    ("DelaySeconds", "0", 0, 900),
    ("KmsDataKeyReusePeriodSeconds", "300", 60, 86_400),
    ("MaximumMessageSize", "1048576", 1024, 1_048_576),
    ("MessageRetentionPeriod", "345600", 60, 1_209_600),
    ("ReceiveMessageWaitTimeSeconds", "0", 0, 20),
    ("VisibilityTimeout", "30", 0, 43_200),
];

/// Attributes that AWS computes.
const COMPUTED: [&str; 6] = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
    "QueueArn",
];

/// Attributes of dead-letter queues, which are not here: only their absence can be set.
const REDRIVE: [&str; 2] = ["RedriveAllowPolicy", "RedrivePolicy"];

/// Attributes that only FIFO queues have: they can be asked for, and are never there.
const FIFO: [&str; 4] =
    ["ContentBasedDeduplication", "DeduplicationScope", "FifoQueue", "FifoThroughputLimit"];

/// What a queue has that is made without attributes. `KmsDataKeyReusePeriodSeconds` shows only
/// with a key.
pub(crate) fn defaults() -> BTreeMap<String, String> {
    let numbers = NUMBERS.iter().filter(|n| n.0 != "KmsDataKeyReusePeriodSeconds");
    let mut all: BTreeMap<_, _> =
        numbers.map(|(name, value, ..)| ((*name).to_owned(), (*value).to_owned())).collect();
    all.insert("SqsManagedSseEnabled".to_owned(), "true".to_owned());
    all
}

/// Checks attributes that a user sets.
pub(crate) fn check(attributes: &BTreeMap<String, String>) -> Result<(), AwsError> {
    attributes.iter().try_for_each(|(name, value)| check_one(name, value))
}

fn check_one(name: &str, value: &str) -> Result<(), AwsError> {
    if let Some((.., least, most)) = NUMBERS.iter().find(|n| n.0 == name) {
        let number = value.parse::<u32>().ok().filter(|n| (least..=most).contains(&n));
        return number.map(|_| ()).ok_or_else(|| errors::attribute_value(name));
    }
    match name {
        "SqsManagedSseEnabled" if matches!(value, "true" | "false") => Ok(()),
        // An empty policy takes the policy away. Nobody evaluates it before IAM is here.
        "Policy" if value.is_empty() || is_json_object(value) => Ok(()),
        "SqsManagedSseEnabled" | "Policy" => Err(errors::attribute_value(name)),
        "KmsMasterKeyId" => Ok(()),
        _ if REDRIVE.contains(&name) && value.is_empty() => Ok(()),
        _ if REDRIVE.contains(&name) => Err(errors::not_implemented(name)),
        "DeduplicationScope" | "FifoThroughputLimit" => Err(errors::fifo_only(name)),
        _ => Err(errors::unknown_attribute(name)),
    }
}

/// Enough of a look at a policy to refuse what surely is none; reading it is IAM's matter.
fn is_json_object(text: &str) -> bool {
    let text = text.trim();
    text.starts_with('{') && text.ends_with('}')
}

/// Puts checked attributes over those that are there.
pub(crate) fn apply(queue: &mut Queue, attributes: BTreeMap<String, String>) {
    for (name, value) in attributes {
        let gone = value.is_empty();
        // One kind of encryption ends the other (SQS Developer Guide, "Encryption at rest").
        if name == "KmsMasterKeyId" && !gone {
            queue.attributes.insert("SqsManagedSseEnabled".to_owned(), "false".to_owned());
        }
        if gone {
            queue.attributes.remove(&name);
        } else {
            queue.attributes.insert(name, value);
        }
    }
    if queue.attributes.contains_key("KmsMasterKeyId") {
        let reuse = "KmsDataKeyReusePeriodSeconds".to_owned();
        queue.attributes.entry(reuse).or_insert_with(|| "300".to_owned());
    }
}

pub(crate) async fn set_queue_attributes(
    sqs: &Sqs,
    cx: &Cx,
    input: input::SetQueueAttributes,
) -> Result<output::SetQueueAttributes, AwsError> {
    let at = QueueRef::parse(cx, input.queue_url.as_deref())?;
    let attributes = input.attributes.ok_or_else(|| errors::missing("Attributes"))?;
    check(&attributes)?;
    sqs.store.write(cx, at.scope, |tx| {
        tx.queue(&at.name)?;
        let queue = tx.queues.update(&at.name, |queue| {
            apply(queue, attributes);
            queue.modified = cx.now();
        });
        if let Some(queue) = queue {
            tx.expire(&queue, cx.now());
        }
        Ok::<_, AwsError>(())
    })?;
    // Other delays and waits may hold from now on.
    sqs.wake_all(&at);
    Ok(output::SetQueueAttributes::default())
}

pub(crate) async fn get_queue_attributes(
    sqs: &Sqs,
    cx: &Cx,
    input: input::GetQueueAttributes,
) -> Result<output::GetQueueAttributes, AwsError> {
    let at = QueueRef::parse(cx, input.queue_url.as_deref())?;
    let names = input.attribute_names.unwrap_or_default();
    let all = sqs.store.read(cx, at.scope, |t| {
        let queue = t.queue(&at.name)?;
        let mut all = queue.attributes.clone();
        let secs = |time: cumulet_core::Timestamp| time.secs().to_string();
        all.insert("CreatedTimestamp".to_owned(), secs(queue.created));
        all.insert("LastModifiedTimestamp".to_owned(), secs(queue.modified));
        all.insert("QueueArn".to_owned(), at.arn());
        if names.iter().any(|n| n == "All" || n.starts_with("Approximate")) {
            let counts = t.counts(queue.id, cx.now());
            let mut count = |name: &str, n: usize| all.insert(name.to_owned(), n.to_string());
            count("ApproximateNumberOfMessages", counts.available);
            count("ApproximateNumberOfMessagesNotVisible", counts.in_flight);
            count("ApproximateNumberOfMessagesDelayed", counts.delayed);
        }
        Ok::<_, AwsError>(all)
    })?;
    let known = |n: &str| {
        n == "All"
            || COMPUTED.contains(&n)
            || REDRIVE.contains(&n)
            || FIFO.contains(&n)
            || NUMBERS.iter().any(|(name, ..)| *name == n)
            || matches!(n, "Policy" | "KmsMasterKeyId" | "SqsManagedSseEnabled")
    };
    if let Some(odd) = names.iter().find(|n| !known(n)) {
        return Err(errors::unknown_attribute(odd));
    }
    let wanted = |name: &String| names.iter().any(|n| n == "All" || n == name);
    let attributes: BTreeMap<_, _> = all.into_iter().filter(|(name, _)| wanted(name)).collect();
    let attributes = (!attributes.is_empty()).then_some(attributes);
    Ok(GetQueueAttributesResult { attributes })
}
