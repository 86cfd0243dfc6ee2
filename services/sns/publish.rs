//! `Publish` and `PublishBatch`.

use std::collections::BTreeSet;
use std::sync::Arc;

use cumulet_core::{AwsError, Cx};

use crate::api::{
    BatchResultErrorEntry, PublishBatchRequestEntry, PublishBatchResponse, PublishBatchResultEntry,
    PublishResponse, input, output,
};
use crate::arn::TopicRef;
use crate::deliver::{self, Audience};
use crate::envelope::sequence_number;
use crate::message::{BYTES_MAX, Draft, Message};
use crate::state::Topic;
use crate::{Sns, arn, endpoint_form, errors, fifo, outbox};

/// Entries of one batch, at most.
const ENTRIES_MAX: usize = 10;

/// What a publisher is told.
struct Receipt {
    message_id: String,
    sequence: Option<u128>,
}

pub(crate) async fn publish(
    sns: &Sns,
    cx: &Cx,
    input: input::Publish,
) -> Result<output::Publish, AwsError> {
    let (topic, target, phone) = (input.topic_arn, input.target_arn, input.phone_number);
    let entry = PublishBatchRequestEntry {
        id: None,
        message: input.message,
        subject: input.subject,
        message_structure: input.message_structure,
        message_attributes: input.message_attributes,
        message_deduplication_id: input.message_deduplication_id,
        message_group_id: input.message_group_id,
    };
    let device = target.as_deref().filter(|arn| arn.contains(":endpoint/"));
    let fits = |draft: Draft| {
        if draft.size > BYTES_MAX { Err(errors::invalid("Message too long")) } else { Ok(draft) }
    };
    let receipt = if let Some(number) = phone {
        to_phone(sns, cx, &number, fits(Draft::parse(entry, "", true)?)?)?
    } else if let (None, Some(arn)) = (&topic, device) {
        to_device(sns, cx, arn, fits(Draft::parse(entry, "", false)?)?)?
    } else {
        let (parameter, arn) = match (&topic, &target) {
            (Some(topic), _) => ("TopicArn", topic),
            (None, Some(target)) => ("TargetArn", target),
            (None, None) => return Err(errors::missing("TopicArn or TargetArn")),
        };
        let at = TopicRef::parse(cx, parameter, Some(arn))?;
        let draft = Draft::parse(entry, "", true);
        // Who publishes nowhere is told so before what is wrong with the message.
        let audience = audience(sns, cx, &at)?;
        let draft = fits(draft?)?;
        fifo::check(&audience.0, &draft)?;
        let mut receipts = to_topic(sns, cx, &at, audience, vec![draft]).await?;
        receipts.pop().ok_or_else(|| AwsError::internal("a message without a receipt"))?
    };
    Ok(PublishResponse {
        message_id: Some(receipt.message_id),
        sequence_number: receipt.sequence.map(sequence_number),
    })
}

pub(crate) async fn publish_batch(
    sns: &Sns,
    cx: &Cx,
    input: input::PublishBatch,
) -> Result<output::PublishBatch, AwsError> {
    let at = TopicRef::parse(cx, "TopicArn", input.topic_arn.as_deref())?;
    let audience = audience(sns, cx, &at)?;
    let entries = input.publish_batch_request_entries.unwrap_or_default();
    let ids = check_ids(&entries)?;
    let mut drafts = Vec::new();
    for (i, entry) in entries.into_iter().enumerate() {
        let path = format!("publishBatchRequestEntries.{}.member.", i + 1);
        let draft = Draft::parse(entry, &path, true)?;
        fifo::check(&audience.0, &draft)?;
        drafts.push(draft);
    }
    if drafts.iter().map(|draft| draft.size).sum::<usize>() > BYTES_MAX {
        return Err(errors::batch_too_long());
    }
    let receipts = to_topic(sns, cx, &at, audience, drafts).await?;
    let told = ids.into_iter().zip(receipts).map(|(id, receipt)| PublishBatchResultEntry {
        id: Some(id),
        message_id: Some(receipt.message_id),
        sequence_number: receipt.sequence.map(sequence_number),
    });
    let failed: Vec<BatchResultErrorEntry> = Vec::new();
    Ok(PublishBatchResponse { successful: Some(told.collect()), failed: Some(failed) })
}

/// The entries' ids: some, not too many, distinct, of the right form.
fn check_ids(entries: &[PublishBatchRequestEntry]) -> Result<Vec<String>, AwsError> {
    if entries.is_empty() {
        return Err(errors::empty_batch());
    }
    if entries.len() > ENTRIES_MAX {
        return Err(errors::too_many_entries());
    }
    let ids: Vec<String> = entries.iter().map(|e| e.id.clone().unwrap_or_default()).collect();
    if ids.iter().collect::<BTreeSet<_>>().len() < ids.len() {
        return Err(errors::same_ids());
    }
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    let bad = |id: &&String| id.is_empty() || id.len() > 80 || !id.bytes().all(allowed);
    match ids.iter().find(bad) {
        Some(id) => Err(errors::batch_id(id)),
        None => Ok(ids),
    }
}

impl Draft {
    fn into_message(self, cx: &Cx, topic_arn: String, topic: Option<&Topic>) -> Message {
        let version = topic.and_then(|t| t.attribute("SignatureVersion"));
        Message {
            id: cx.ids().uuid(),
            published: cx.now(),
            topic_arn,
            subject: self.subject,
            text: self.text,
            attributes: self.attributes,
            group: self.group,
            deduplication: self.deduplication,
            sequence: None,
            trace: cx.header("x-amzn-trace-id").map(str::to_owned),
            signature_version: version.and_then(|v| v.chars().next()).unwrap_or('1'),
            archived_until: None,
            replayed: false,
        }
    }
}

/// Those who listen to a topic.
fn audience(sns: &Sns, cx: &Cx, at: &TopicRef) -> Result<Audience, AwsError> {
    sns.store.read(cx, at.scope, |t| {
        let topic = t.topic(&at.name)?;
        let confirmed = t.of_topic(&at.name).filter(|(_, s)| s.confirmed);
        Ok((topic, confirmed.map(|(key, s)| (key.clone(), Arc::clone(s))).collect()))
    })
}

async fn to_topic(
    sns: &Sns,
    cx: &Cx,
    at: &TopicRef,
    audience: Audience,
    drafts: Vec<Draft>,
) -> Result<Vec<Receipt>, AwsError> {
    // A FIFO topic's messages are numbered and delivered by one publisher at a time.
    let turn = audience.0.fifo.then(|| sns.turns.of(at));
    let _turn = match &turn {
        Some(turn) => Some(turn.lock().await),
        None => None,
    };
    let mut receipts = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let mut message = draft.into_message(cx, at.arn(), Some(&audience.0));
        if audience.0.fifo
            && let Some(before) = fifo::admit(sns, cx, at, &mut message)?
        {
            let (message_id, sequence) = (before.message_id.clone(), Some(before.sequence));
            receipts.push(Receipt { message_id, sequence });
            continue;
        }
        receipts.push(Receipt { message_id: message.id.clone(), sequence: message.sequence });
        deliver::fan_out(sns, cx, at, &audience, Arc::new(message)).await;
    }
    Ok(receipts)
}

fn to_phone(sns: &Sns, cx: &Cx, number: &str, draft: Draft) -> Result<Receipt, AwsError> {
    if !endpoint_form::is_number(number) {
        return Err(errors::reason("PhoneNumber", format!("{number} is not valid to publish to")));
    }
    if sns.store.read_here(cx, |t| t.opted_out.contains(number)) {
        return Err(errors::reason("PhoneNumber", format!("{number} is opted out")));
    }
    let message = Arc::new(draft.into_message(cx, String::new(), None));
    let receipt = Receipt { message_id: message.id.clone(), sequence: None };
    deliver::to_phone(sns, cx, number, message);
    Ok(receipt)
}

fn to_device(sns: &Sns, cx: &Cx, target: &str, draft: Draft) -> Result<Receipt, AwsError> {
    let none = || errors::reason("TargetArn", "No endpoint found for the target arn specified");
    // A device of another region is none of ours.
    let resource = arn::endpoint(cx, Some(target)).map_err(|_| none())?;
    let endpoint = sns.store.read_here(cx, |t| t.endpoints.get(&resource).cloned());
    if !endpoint.ok_or_else(none)?.is_enabled() {
        return Err(errors::endpoint_disabled());
    }
    let platform = resource.split('/').nth(1).unwrap_or_default();
    let message = Arc::new(draft.into_message(cx, String::new(), None));
    let sent = crate::state::Sent {
        protocol: "application".to_owned(),
        endpoint: target.to_owned(),
        subscription: None,
        body: message.text.of(platform).to_owned(),
        message: Some(Arc::clone(&message)),
    };
    outbox::keep(sns, cx, sent);
    Ok(Receipt { message_id: message.id.clone(), sequence: None })
}
