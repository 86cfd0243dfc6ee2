//! Queue attributes: their rules and defaults; `SetQueueAttributes` and `GetQueueAttributes`.

use std::collections::BTreeMap;
use std::sync::Arc;

use cumulet_core::{AwsError, Cx};

use crate::api::{GetQueueAttributesResult, input, output};
use crate::redrive::Redrive;
use crate::state::{Numbers, Queue, Tables};
use crate::url::QueueRef;
use crate::{Sqs, errors, policy, redrive};

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

/// Attributes that only FIFO queues have, with their values; the first is the default.
const FIFO: [(&str, [&str; 2]); 4] = [
    ("ContentBasedDeduplication", ["false", "true"]),
    ("DeduplicationScope", ["queue", "messageGroup"]),
    ("FifoQueue", ["true", "false"]),
    ("FifoThroughputLimit", ["perQueue", "perMessageGroupId"]),
];

/// Other attributes that a user can set.
const OTHERS: [&str; 5] =
    ["KmsMasterKeyId", "Policy", "RedriveAllowPolicy", "RedrivePolicy", "SqsManagedSseEnabled"];

const KEY: &str = "KmsMasterKeyId";
const KEY_REUSE: &str = "KmsDataKeyReusePeriodSeconds";
const OWN_KEY: &str = "SqsManagedSseEnabled";

/// What a queue has that is made without attributes. `KmsDataKeyReusePeriodSeconds` shows only
/// with a key.
pub(crate) fn defaults(is_fifo: bool) -> BTreeMap<String, String> {
    let numbers =
        NUMBERS.iter().filter(|n| n.0 != KEY_REUSE).map(|(name, value, ..)| (*name, *value));
    let fifo = FIFO.iter().filter(|_| is_fifo).map(|(name, [default, _])| (*name, *default));
    let all = numbers.chain(fifo).chain([(OWN_KEY, "true")]);
    all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Checks attributes that a user sets, each by itself, and writes them in AWS's way.
pub(crate) fn check(
    attributes: BTreeMap<String, String>,
    is_fifo: bool,
) -> Result<BTreeMap<String, String>, AwsError> {
    let checked = attributes.into_iter().map(|(name, value)| {
        let value = check_one(&name, value, is_fifo)?;
        Ok((name, value))
    });
    let checked: BTreeMap<_, _> = checked.collect::<Result<_, AwsError>>()?;
    let is_set = |name: &str| checked.get(name).is_some_and(|value| !value.is_empty());
    if is_set(KEY) && checked.get(OWN_KEY).is_some_and(|value| value == "true") {
        return Err(errors::two_encryptions());
    }
    Ok(checked)
}

fn check_one(name: &str, value: String, is_fifo: bool) -> Result<String, AwsError> {
    if let Some((.., least, most)) = NUMBERS.iter().find(|n| n.0 == name) {
        let number = value.parse::<u32>().ok().filter(|n| (least..=most).contains(&n));
        return number.map(|n| n.to_string()).ok_or_else(|| errors::attribute_value(name));
    }
    if let Some((_, values)) = FIFO.iter().find(|(fifo, _)| *fifo == name) {
        let value = one_of(values, &value).ok_or_else(|| errors::attribute_value(name));
        return match name {
            _ if is_fifo => value,
            "FifoQueue" | "ContentBasedDeduplication" => Err(errors::unknown_attribute(name)),
            _ => Err(errors::fifo_only(name)),
        };
    }
    match name {
        OWN_KEY => one_of(&["true", "false"], &value).ok_or_else(|| errors::attribute_value(name)),
        // An empty one takes it away.
        "Policy" if value.is_empty() || policy::is_policy(&value) => Ok(value),
        "Policy" => Err(errors::attribute_value(name)),
        "RedrivePolicy" => Ok(redrive::normal(value)),
        "RedriveAllowPolicy" if !value.is_empty() => redrive::check_allow(&value).map(|()| value),
        _ if OTHERS.contains(&name) => Ok(value),
        _ => Err(errors::unknown_attribute(name)),
    }
}

/// The one of `values` that is meant; AWS takes `True` for `true`.
fn one_of(values: &[&str; 2], value: &str) -> Option<String> {
    values.iter().find(|v| v.eq_ignore_ascii_case(value)).map(|v| (*v).to_owned())
}

/// Puts checked attributes over those that are there.
pub(crate) fn apply(
    tx: &Tables,
    cx: &Cx,
    at: &QueueRef,
    queue: &mut Queue,
    attributes: BTreeMap<String, String>,
) -> Result<(), AwsError> {
    for (name, value) in attributes {
        let (is_gone, is_true) = (value.is_empty(), value == "true");
        match name.as_str() {
            "RedrivePolicy" if is_gone => queue.redrive = None,
            "RedrivePolicy" => queue.redrive = Some(Redrive::parse(tx, cx, at, &value)?),
            // One kind of encryption ends the other (SQS Developer Guide, "Encryption at rest").
            KEY if !is_gone => {
                queue.attributes.insert(OWN_KEY.to_owned(), "false".to_owned());
            }
            OWN_KEY if is_true => drop(queue.attributes.remove(KEY)),
            "FifoQueue" if !is_true => {
                let reason = "Modifying queue type is not supported.";
                return Err(errors::attribute_reason(&name, reason));
            }
            _ => {}
        }
        if is_gone {
            queue.attributes.remove(&name);
        } else {
            queue.attributes.insert(name, value);
        }
    }
    let is = |name: &str, value: &str| queue.attributes.get(name).is_some_and(|v| v == value);
    if is("FifoThroughputLimit", "perMessageGroupId") && !is("DeduplicationScope", "messageGroup") {
        let reason = "The perMessageGroupId value is allowed only when the value for \
                      DeduplicationScope is messageGroup.";
        return Err(errors::attribute_reason("FifoThroughputLimit", reason));
    }
    if queue.attributes.contains_key(KEY) {
        queue.attributes.entry(KEY_REUSE.to_owned()).or_insert_with(|| "300".to_owned());
    } else {
        queue.attributes.remove(KEY_REUSE);
    }
    queue.numbers = Numbers::of(&queue.attributes);
    Ok(())
}

pub(crate) fn set_queue_attributes(
    sqs: &Sqs,
    cx: &Cx,
    input: input::SetQueueAttributes,
) -> Result<output::SetQueueAttributes, AwsError> {
    let at = QueueRef::parse(cx, input.queue_url.as_deref())?;
    let attributes = input.attributes.ok_or_else(|| errors::missing("Attributes"))?;
    sqs.store.write(cx, at.scope, |tx| {
        let mut queue = Queue::clone(&*tx.queue(&at.name)?);
        let attributes = check(attributes, queue.is_fifo)?;
        apply(tx, cx, &at, &mut queue, attributes)?;
        queue.modified = cx.now();
        if sqs.settings.retention {
            tx.expire(&queue, cx.now());
        }
        tx.queues.insert(at.name.clone(), Arc::new(queue));
        Ok::<_, AwsError>(())
    })?;
    // Other delays and waits may hold from now on.
    sqs.wake_all(&at);
    Ok(output::SetQueueAttributes::default())
}

pub(crate) fn get_queue_attributes(
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
            count("ApproximateNumberOfMessagesNotVisible", counts.hidden.in_flight);
            count("ApproximateNumberOfMessagesDelayed", counts.hidden.delayed);
        }
        Ok::<_, AwsError>(all)
    })?;
    let known = |n: &str| {
        n == "All"
            || COMPUTED.contains(&n)
            || FIFO.iter().any(|(name, _)| *name == n)
            || NUMBERS.iter().any(|(name, ..)| *name == n)
            || OTHERS.contains(&n)
    };
    if let Some(odd) = names.iter().find(|n| !known(n)) {
        return Err(errors::unknown_attribute(odd));
    }
    let wanted = |name: &String| names.iter().any(|n| n == "All" || n == name);
    let attributes: BTreeMap<_, _> = all.into_iter().filter(|(name, _)| wanted(name)).collect();
    let attributes = (!attributes.is_empty()).then_some(attributes);
    Ok(GetQueueAttributesResult { attributes })
}
