//! Messages before they are sent: what all of them must fulfil, and what each kind of queue asks.

use std::time::Duration;

use cumulet_core::{AwsError, Cx, Timestamp};

use crate::api::SendMessageBatchRequestEntry;
use crate::contents::{self, Attributes, Contents};
use crate::errors;
use crate::fifo::Key;
use crate::state::{Message, Queue};
use crate::texts::Texts;

/// Where X-Ray's SDKs put their trace, and the system attribute that it becomes.
const TRACE_HEADER: &str = "x-amzn-trace-id";
const TRACE: &str = "AWSTraceHeader";

/// A message that is fit to be sent, but for the queue's own settings.
pub(crate) struct Draft {
    body: String,
    /// What the sender is told: of the body, the attributes, the system attributes.
    pub(crate) digests: [Option<String>; 3],
    attributes: Attributes,
    /// Seconds, where the sender gives them.
    delay: Option<u32>,
    /// For fair queues; a standard queue keeps no order by it.
    group: Option<String>,
    dedup: Option<Dedup>,
}

/// A deduplication id.
enum Dedup {
    Given(String),
    /// By the body, if the queue wants that.
    OfBody(String),
}

impl Draft {
    /// Checks what can be checked without looking at the queue; its kind shows in its name.
    pub(crate) fn parse(
        cx: &Cx,
        entry: SendMessageBatchRequestEntry,
        is_fifo: bool,
    ) -> Result<Self, AwsError> {
        let body = contents::check_body(entry.message_body)?;
        let attributes =
            contents::check_attributes(entry.message_attributes, entry.message_system_attributes)?;
        let delay = entry.delay_seconds.map(check_delay).transpose()?;
        let group = entry.message_group_id.map(|id| check_id(id, "MessageGroupId")).transpose()?;
        let dedup = entry.message_deduplication_id;
        // Sections are short: what takes time is done before.
        let digests = || {
            [
                Some(contents::md5_of_body(&body)),
                contents::md5_of_attributes(attributes.user.iter()),
                contents::md5_of_attributes(attributes.system.iter()),
            ]
        };
        let digests = cx.is_answered().then(digests).unwrap_or_default();
        let mut draft = Self { body, digests, attributes, delay, group, dedup: None };
        if !is_fifo {
            return match dedup {
                Some(id) => Err(errors::not_for_this_queue(id, "MessageDeduplicationId")),
                None => Ok(draft),
            };
        }
        let dedup = dedup.map(|id| check_id(id, "MessageDeduplicationId")).transpose()?;
        draft.dedup = Some(match dedup {
            Some(id) => Dedup::Given(id),
            None => Dedup::OfBody(contents::sha256_of_body(&draft.body)),
        });
        // Zero is no delay of the message's own: the queue's holds.
        match draft.delay.take() {
            Some(delay) if delay > 0 => Err(errors::not_for_this_queue(delay, "DelaySeconds")),
            _ if draft.group.is_none() => Err(errors::missing("MessageGroupId")),
            _ => Ok(draft),
        }
    }

    /// Bytes that count towards limits.
    pub(crate) fn size(&self) -> usize {
        contents::size(&self.body, &self.attributes)
    }

    /// Checks the queue's size limit.
    pub(crate) fn fits(
        &self,
        queue: &Queue,
        too_long: fn(u32) -> AwsError,
    ) -> Result<(), AwsError> {
        let limit = queue.numbers.size;
        if self.size() > limit as usize { Err(too_long(limit)) } else { Ok(()) }
    }

    /// What a FIFO queue knows a duplicate by.
    pub(crate) fn key(&self, queue: &Queue) -> Result<Option<Key>, AwsError> {
        let Some(dedup) = &self.dedup else { return Ok(None) };
        let id = match dedup {
            Dedup::OfBody(_) if !queue.is_on("ContentBasedDeduplication") => {
                return Err(errors::no_deduplication_id());
            }
            Dedup::Given(id) | Dedup::OfBody(id) => id,
        };
        let group = self.group.as_deref().filter(|_| queue.group_dedup);
        Ok(Some(Key::new(queue.id, group, id)))
    }

    /// The message that arrives in the queue at `now`.
    pub(crate) fn into_message(
        self,
        cx: &Cx,
        queue: &Queue,
        id: [u8; 16],
        now: Timestamp,
    ) -> Message {
        let own = |delay: u32| Duration::from_secs(delay.into());
        let delay = self.delay.map_or(queue.numbers.delay, own);
        let plain = self.attributes.user.is_empty() && self.attributes.system.is_empty();
        let dedup = self.dedup.as_ref().map(|id| match id {
            Dedup::Given(id) | Dedup::OfBody(id) => id.as_str(),
        });
        let mut contents = Contents {
            id,
            texts: Texts::new(self.body, self.group.as_deref(), dedup),
            sent: now,
            sender: cx.account(),
            carried: 0,
            attributes: (!plain).then(|| Box::new(self.attributes)),
        };
        // A traced caller need not say so twice.
        if let (Some(trace), None) = (cx.header(TRACE_HEADER), contents.system(TRACE)) {
            contents.set_system(TRACE, Some(trace.to_owned()));
        }
        Message::new(contents, now.plus(delay))
    }
}

fn check_delay(delay: i32) -> Result<u32, AwsError> {
    u32::try_from(delay).ok().filter(|d| *d <= 900).ok_or_else(|| {
        errors::parameter(delay, "DelaySeconds", "DelaySeconds must be >= 0 and <= 900.")
    })
}

/// Group, deduplication and attempt ids have the same form.
pub(crate) fn check_id(id: String, parameter: &str) -> Result<String, AwsError> {
    if (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic()) {
        return Ok(id);
    }
    let reason = format!(
        "{parameter} can only include alphanumeric and punctuation characters. 1 to 128 in length."
    );
    Err(errors::parameter(id, parameter, &reason))
}
