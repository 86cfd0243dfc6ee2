//! `ReceiveMessage` with its long polls.

use std::time::Duration;

use cumulet_core::{AwsError, Cx, Timestamp};
use cumulet_store::Waiter;

use crate::api::{ReceiveMessageResult, input, output};
use crate::draft::check_id;
use crate::fifo::Key;
use crate::metrics::Metric;
use crate::receipt::reception;
use crate::received::Show;
use crate::state::{Message, MessageKey, Queue, Tables};
use crate::url::QueueRef;
use crate::visibility::VISIBILITY_MAX;
use crate::{Sqs, errors};

const RECEIVE_MAX: i32 = 10;
const WAIT_SECONDS_MAX: i32 = 20;
/// Messages in flight in a FIFO queue, at most (SQS Developer Guide, "FIFO queue quotas").
const FIFO_IN_FLIGHT_MAX: usize = 120_000;

/// LocalStack's: receives so many messages, past AWS's limit.
const OVERRIDE_COUNT: &str = "x-localstack-sqs-override-message-count";
/// LocalStack's: waits so many seconds, past AWS's limit, until as many messages came as are asked for.
const OVERRIDE_WAIT: &str = "x-localstack-sqs-override-wait-time-seconds";

/// A checked `ReceiveMessage`.
struct Wish {
    count: usize,
    /// Goes on waiting until there are `count` messages.
    fill: bool,
    /// Absent ones are the queue's.
    hide: Option<Duration>,
    wait: Option<Duration>,
    attempt: Option<String>,
    show: Show,
}

impl Wish {
    fn parse(
        sqs: &Sqs,
        cx: &Cx,
        at: &QueueRef,
        input: input::ReceiveMessage,
    ) -> Result<Self, AwsError> {
        let count = input.max_number_of_messages.unwrap_or(1);
        let most = if sqs.settings.receive_unlimited { i32::MAX } else { RECEIVE_MAX };
        if !(1..=most).contains(&count) {
            let reason = "Must be between 1 and 10, if provided.";
            return Err(errors::parameter(count, "MaxNumberOfMessages", reason));
        }
        let seconds = |value: Option<i32>, most: i32, name: &str, reason: &str| {
            let check = |n: i32| {
                let fits = u64::try_from(n).ok().filter(|_| n <= most).map(Duration::from_secs);
                fits.ok_or_else(|| errors::parameter(n, name, reason))
            };
            value.map(check).transpose()
        };
        let reason = "Must be >= 0 and <= 20, if provided.";
        let wait = seconds(input.wait_time_seconds, WAIT_SECONDS_MAX, "WaitTimeSeconds", reason)?;
        let reason = "Must be >= 0 and <= 43200, if provided.";
        let hide = seconds(input.visibility_timeout, VISIBILITY_MAX, "VisibilityTimeout", reason)?;
        let attempt = input.receive_request_attempt_id;
        let attempt = attempt.map(|id| check_id(id, "ReceiveRequestAttemptId")).transpose()?;
        if let (Some(id), false) = (&attempt, at.is_fifo()) {
            return Err(errors::not_for_this_queue(id, "ReceiveRequestAttemptId"));
        }
        let mut system = input.attribute_names.unwrap_or_default();
        system.extend(input.message_system_attribute_names.unwrap_or_default());
        let user = input.message_attribute_names.unwrap_or_default();
        let given_count = cx.header(OVERRIDE_COUNT).and_then(|n| n.parse().ok());
        let given_wait = cx.header(OVERRIDE_WAIT).and_then(|n| n.parse().ok());
        Ok(Self {
            count: given_count.unwrap_or(usize::try_from(count).unwrap_or(1)),
            fill: given_wait.is_some(),
            hide,
            wait: given_wait.map(Duration::from_secs).or(wait),
            attempt,
            show: Show { system, user },
        })
    }
}

/// What one look at a queue gave.
struct Look {
    taken: Vec<(MessageKey, Message)>,
    /// How many messages went to the dead-letter queue of this name.
    buried: Option<(String, usize)>,
    /// How long to wait for more in all, and when the next hidden message shows.
    wait: Duration,
    next: Option<Timestamp>,
}

pub(crate) async fn receive_message(
    sqs: &Sqs,
    cx: &Cx,
    input: input::ReceiveMessage,
) -> Result<output::ReceiveMessage, AwsError> {
    let at = QueueRef::parse(cx, input.queue_url.as_deref())?;
    let wish = Wish::parse(sqs, cx, &at, input)?;
    let began = cx.now();
    let mut waiter: Option<Waiter> = None;
    let mut taken = Vec::new();
    loop {
        let most = wish.count.saturating_sub(taken.len());
        let look = sqs.store.write(cx, at.scope, |tx| take(sqs, tx, cx, &at, &wish, most))?;
        if let Some((queue, count)) = look.buried {
            sqs.waiters.wake(at.scope, &queue, count);
        }
        taken.extend(look.taken);
        let enough = if wish.fill { taken.len() >= wish.count } else { !taken.is_empty() };
        let deadline = began.plus(look.wait);
        if enough || cx.now() >= deadline {
            break;
        }
        let Some(waiter) = &mut waiter else {
            // Looks once more, because what arrived before the registration wakes nobody.
            waiter = Some(sqs.waiters.wait(at.scope, &at.name));
            continue;
        };
        tokio::select! {
            () = waiter.woken() => {}
            () = cx.clock().sleep_until(look.next.map_or(deadline, |next| next.min(deadline))) => {}
            () = cx.gone() => break,
        }
    }
    if let Some(waiter) = waiter.filter(|_| !taken.is_empty()) {
        waiter.served();
    }
    // Somebody who waits must know when the next hidden message shows: what was taken here, or what
    // this poll would have taken then.
    sqs.wake(&at, 1);
    let metric = if taken.is_empty() { Metric::Empty } else { Metric::Received };
    sqs.measure(cx, &at, metric, taken.len().max(1), 0);
    let messages = taken.iter().map(|(key, message)| wish.show.message(*key, message));
    let messages = (!taken.is_empty()).then(|| messages.collect());
    Ok(ReceiveMessageResult { messages })
}

/// Takes what can be received, and hides it.
fn take(
    sqs: &Sqs,
    tx: &mut Tables,
    cx: &Cx,
    at: &QueueRef,
    wish: &Wish,
    most: usize,
) -> Result<Look, AwsError> {
    let queue = tx.queue(&at.name)?;
    let now = cx.now();
    if sqs.settings.retention && tx.expiries.get(&queue.id).is_some_and(|at| *at <= now) {
        tx.expire(&queue, now);
    }
    let wait = wish.wait.unwrap_or(queue.numbers.wait);
    let mut look = Look { taken: Vec::new(), buried: None, wait, next: None };
    let attempt = wish.attempt.as_deref().map(|id| Key::new(queue.id, None, id));
    let again = attempt.as_ref().and_then(|id| tx.attempted(id, now));
    let is_again = again.is_some();
    let keys = match again {
        Some(keys) => keys,
        None if is_full(sqs, tx, &queue, now) => {
            // A FIFO queue and a long poll wait until there is room (SQS Developer Guide,
            // "In-flight messages").
            if !queue.is_fifo && wait.is_zero() {
                return Err(errors::over_limit());
            }
            Vec::new()
        }
        None => {
            let (keys, buried) = tx.deliverable(at, &queue, now, most);
            let target = queue.redrive.as_ref().filter(|_| buried > 0);
            look.buried = target.map(|redrive| (redrive.queue.clone(), buried));
            keys
        }
    };
    if keys.is_empty() {
        look.next = tx.next_visible(&queue, now);
        return Ok(look);
    }
    let hidden_until = now.plus(wish.hide.unwrap_or(queue.numbers.hide));
    for key in &keys {
        let Some(mut message) = tx.messages.get(key).cloned() else { continue };
        if !is_again {
            if message.received + message.contents.carried == 0 {
                message.first_received = now;
            }
            message.received += 1;
            message.reception = reception(cx, now);
        }
        message.visible = hidden_until;
        tx.messages.insert(*key, message.clone());
        look.taken.push((*key, message));
    }
    if let Some(attempt) = attempt {
        tx.took(attempt, &keys, now);
    }
    Ok(look)
}

/// Whether as many messages are in flight as may be.
fn is_full(sqs: &Sqs, tx: &Tables, queue: &Queue, now: Timestamp) -> bool {
    let limit = if queue.is_fifo { Some(FIFO_IN_FLIGHT_MAX) } else { sqs.settings.in_flight_max };
    limit.is_some_and(|limit| tx.has_in_flight(queue.id, now, limit))
}
