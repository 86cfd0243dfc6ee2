//! Tasks that move messages out of a dead-letter queue: start, cancel, list, and the moving, which
//! is due work by the clock.
//!
//! Invariant: a task is due as long as it runs, and one task at most runs on a queue.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cumulet_core::ids::hyphenated;
use cumulet_core::{AwsError, Cx, Timestamp};
use cumulet_store::indexes;
use serde_json::{Value, json};

use crate::api::{
    CancelMessageMoveTaskResult, ListMessageMoveTasksResult, ListMessageMoveTasksResultEntry,
    StartMessageMoveTaskResult, input, output,
};
use crate::redrive::{reborn, source_of};
use crate::state::{MessageKey, QueueId, Tables};
use crate::url::QueueRef;
use crate::{Sqs, errors};

/// `MaxNumberOfMessagesPerSecond`, at most.
const RATE_MAX: i32 = 500;
/// Tasks that are kept and listed of one queue, at most.
const TASKS_MAX: usize = 10;
/// Messages that a task without a rate moves at a time.
const AT_ONCE: usize = 1000;
/// A task with a rate moves messages so often at most.
const PACE: Duration = Duration::from_millis(100);

pub(crate) type TaskId = [u8; 16];

/// A task.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    id: TaskId,
    queue: QueueId,
    source: QueueRef,
    /// None moves each message back to where it came from.
    destination: Option<QueueRef>,
    /// Messages a second.
    rate: Option<u32>,
    started: Timestamp,
    to_move: usize,
    moved: usize,
    state: State,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// Goes on at this time.
    Running(Timestamp),
    Completed,
    Cancelled,
    Failed(&'static str),
}

indexes! {
    /// How tasks are found.
    pub(crate) struct TaskIndexes of TaskId => Arc<Task> {
        /// Running ones, by the time they go on.
        pub(crate) due: Timestamp = |_id, task| match task.state {
            State::Running(at) => Some(at),
            _ => None,
        };
        /// By queue, in the order they were started.
        of_queue: (QueueId, Timestamp) = |_id, task| Some((task.queue, task.started));
    }
}

impl Task {
    /// `{"taskId": …, "sourceArn": …}` in base64, as AWS's.
    fn handle(&self) -> String {
        let id = hyphenated(&self.id);
        STANDARD.encode(json!({"taskId": id, "sourceArn": self.source.arn()}).to_string())
    }

    /// How many messages it may move at `now`.
    fn allowance(&self, now: Timestamp) -> usize {
        let Some(rate) = self.rate else { return AT_ONCE };
        let by_now = now.since(self.started).as_millis() * u128::from(rate) / 1000;
        usize::try_from(by_now).unwrap_or(usize::MAX).saturating_sub(self.moved)
    }

    /// When it goes on after `now`.
    fn next(&self, now: Timestamp) -> Timestamp {
        let Some(rate) = self.rate else { return now };
        let millis = (self.moved as u64 + 1).saturating_mul(1000).div_ceil(u64::from(rate).max(1));
        self.started.plus(Duration::from_millis(millis)).max(now.plus(PACE))
    }

    fn entry(&self) -> ListMessageMoveTasksResultEntry {
        let (status, failure) = match self.state {
            State::Running(_) => ("RUNNING", None),
            State::Completed => ("COMPLETED", None),
            State::Cancelled => ("CANCELLED", None),
            State::Failed(reason) => ("FAILED", Some(reason.to_owned())),
        };
        ListMessageMoveTasksResultEntry {
            task_handle: (status == "RUNNING").then(|| self.handle()),
            status: Some(status.to_owned()),
            source_arn: Some(self.source.arn()),
            destination_arn: self.destination.as_ref().map(QueueRef::arn),
            max_number_of_messages_per_second: self.rate.and_then(|rate| rate.try_into().ok()),
            approximate_number_of_messages_moved: self.moved.try_into().ok(),
            approximate_number_of_messages_to_move: self.to_move.try_into().ok(),
            failure_reason: failure,
            started_timestamp: Some(self.started.millis()),
        }
    }
}

/// The queue of an ARN in a call, which must be in the caller's own account and region.
fn parse_arn(cx: &Cx, arn: &str, member: &str) -> Result<QueueRef, AwsError> {
    let at = QueueRef::of_arn(cx, arn).ok_or_else(|| errors::arn_format(member))?;
    if at.scope == cx.scope() { Ok(at) } else { Err(errors::no_such_resource(member)) }
}

pub(crate) fn start_message_move_task(
    sqs: &Sqs,
    cx: &Cx,
    input: input::StartMessageMoveTask,
) -> Result<output::StartMessageMoveTask, AwsError> {
    let source = input.source_arn.ok_or_else(|| errors::missing("SourceArn"))?;
    let source = parse_arn(cx, &source, "SourceArn")?;
    let destination = input.destination_arn;
    let destination = destination.map(|arn| parse_arn(cx, &arn, "DestinationArn")).transpose()?;
    let check_rate = |rate: i32| {
        let reason = "MaxNumberOfMessagesPerSecond must be >= 1 and <= 500.";
        let checked = u32::try_from(rate).ok().filter(|_| (1..=RATE_MAX).contains(&rate));
        checked.ok_or_else(|| errors::parameter(rate, "MaxNumberOfMessagesPerSecond", reason))
    };
    let rate = input.max_number_of_messages_per_second.map(check_rate).transpose()?;
    let handle = sqs.store.write_here(cx, |tx| {
        let now = cx.now();
        let missing = |_| errors::no_such_resource("SourceArn");
        let queue = tx.queue(&source.name).map_err(missing)?;
        if tx.sources(&source.name).next().is_none() {
            return Err(errors::no_dead_letter_queue());
        }
        if let Some(to) = &destination {
            tx.queue(&to.name).map_err(|_| errors::no_such_resource("DestinationArn"))?;
            if to == &source {
                let message = "Source queue arn and destination queue arn must be different.";
                return Err(errors::invalid(message));
            }
            if to.is_fifo() != source.is_fifo() {
                let message = "Source queue and destination queue must be of the same type.";
                return Err(errors::invalid(message));
            }
        }
        if tx.tasks_of(queue.id).any(|task| matches!(task.state, State::Running(_))) {
            return Err(errors::task_running());
        }
        let task = Task {
            id: cx.ids().uuid_bytes(),
            queue: queue.id,
            source,
            destination,
            rate,
            started: now,
            to_move: tx.counts(queue.id, now).available,
            moved: 0,
            state: State::Running(now),
        };
        let handle = task.handle();
        tx.tasks.insert(task.id, Arc::new(task));
        let old: Vec<_> = tx.tasks_of(queue.id).skip(TASKS_MAX).map(|task| task.id).collect();
        for id in old {
            tx.tasks.remove(&id);
        }
        Ok(handle)
    })?;
    Ok(StartMessageMoveTaskResult { task_handle: Some(handle) })
}

pub(crate) fn cancel_message_move_task(
    sqs: &Sqs,
    cx: &Cx,
    input: input::CancelMessageMoveTask,
) -> Result<output::CancelMessageMoveTask, AwsError> {
    let handle = input.task_handle.ok_or_else(|| errors::missing("TaskHandle"))?;
    let (id, source) = parse_handle(&handle).ok_or_else(errors::task_handle)?;
    let source = QueueRef::of_arn(cx, &source).ok_or_else(errors::task_handle)?;
    if source.scope != cx.scope() {
        return Err(errors::no_such_resource("SourceArn"));
    }
    let moved = sqs.store.write_here(cx, |tx| {
        let queue = tx.queue(&source.name);
        let queue = queue.map_err(|_| errors::no_such_resource("SourceArn"))?;
        let task = tx.tasks_of(queue.id).find(|task| hyphenated(&task.id) == id).cloned();
        let task = task.filter(|task| matches!(task.state, State::Running(_)));
        let task = task.ok_or_else(errors::no_such_task)?;
        tx.tasks.update(&task.id, |task| task.state = State::Cancelled);
        Ok::<_, AwsError>(task.moved)
    })?;
    let moved = moved.try_into().ok();
    Ok(CancelMessageMoveTaskResult { approximate_number_of_messages_moved: moved })
}

fn parse_handle(handle: &str) -> Option<(String, String)> {
    let parts: Value = serde_json::from_slice(&STANDARD.decode(handle).ok()?).ok()?;
    let part = |name: &str| parts.get(name)?.as_str().map(str::to_owned);
    Some((part("taskId")?, part("sourceArn")?))
}

/// For authorisation: the ARN in a task's handle.
pub(crate) fn queue_arn_of_handle(_cx: &Cx, members: &[String]) -> String {
    let handle = members.first().map_or("", String::as_str);
    parse_handle(handle).map(|(_, source)| source).unwrap_or_default()
}

pub(crate) fn list_message_move_tasks(
    sqs: &Sqs,
    cx: &Cx,
    input: input::ListMessageMoveTasks,
) -> Result<output::ListMessageMoveTasks, AwsError> {
    let source = input.source_arn.ok_or_else(|| errors::missing("SourceArn"))?;
    let source = parse_arn(cx, &source, "SourceArn")?;
    let most = input.max_results.unwrap_or(1);
    let most = usize::try_from(most).ok().filter(|n| (1..=TASKS_MAX).contains(n));
    let reason = "MaxResults must be an integer between 1 and 10.";
    let most = most
        .ok_or_else(|| errors::parameter(input.max_results.unwrap_or(1), "MaxResults", reason))?;
    let results: Vec<_> = sqs.store.read_here(cx, |t| {
        let queue = t.queue(&source.name).map_err(|_| errors::no_such_resource("SourceArn"))?;
        Ok::<_, AwsError>(t.tasks_of(queue.id).take(most).map(|task| task.entry()).collect())
    })?;
    Ok(ListMessageMoveTasksResult { results: (!results.is_empty()).then_some(results) })
}

impl Tables {
    /// A queue's tasks, the latest first.
    fn tasks_of(&self, queue: QueueId) -> impl Iterator<Item = &Arc<Task>> {
        let range = (queue, Timestamp::default())..=(queue, Timestamp::from_millis(i64::MAX));
        let ids = self.tasks.by().of_queue.range(range).rev();
        ids.filter_map(|(_, id)| self.tasks.get(id))
    }

    /// Forgets a queue's tasks.
    pub(crate) fn forget_tasks(&mut self, queue: QueueId) {
        let ids: Vec<_> = self.tasks_of(queue).map(|task| task.id).collect();
        for id in ids {
            self.tasks.remove(&id);
        }
    }

    /// Runs a task as far as it may now; the queues that messages came to.
    fn run(&mut self, cx: &Cx, task: &Task, now: Timestamp) -> Vec<QueueRef> {
        let mut task = task.clone();
        let mut reached = Vec::new();
        let outcome = self.run_on(cx, &mut task, &mut reached, now);
        task.state = match outcome {
            Err(reason) => State::Failed(reason),
            Ok(true) => State::Completed,
            Ok(false) => State::Running(task.next(now)),
        };
        self.tasks.insert(task.id, Arc::new(task));
        reached
    }

    /// True if nothing is left to move.
    fn run_on(
        &mut self,
        cx: &Cx,
        task: &mut Task,
        reached: &mut Vec<QueueRef>,
        now: Timestamp,
    ) -> Result<bool, &'static str> {
        const GONE: &str = "AWS.SimpleQueueService.NonExistentQueue";
        let source = self.queues.get(&task.source.name).cloned().ok_or(GONE)?;
        for key in self.receivable(&source, now, task.allowance(now)) {
            let to = self.destination(cx, task, key).ok_or("CouldNotDetermineMessageSource")?;
            let target = self.queues.get(&to.name).cloned().ok_or(GONE)?;
            let Some(message) = self.messages.remove(&key) else { continue };
            self.add(&target, reborn(cx, &message, now));
            task.moved += 1;
            reached.push(to);
        }
        Ok(self.receivable(&source, now, 1).is_empty())
    }

    fn destination(&self, cx: &Cx, task: &Task, key: MessageKey) -> Option<QueueRef> {
        let came_from = || source_of(cx, &self.messages.get(&key)?.contents);
        task.destination.clone().or_else(came_from).filter(|to| to.scope == task.source.scope)
    }

    /// Runs the tasks that are due; the queues that messages came to.
    pub(crate) fn run_tasks(&mut self, cx: &Cx) -> Vec<QueueRef> {
        let now = cx.now();
        let due = self.tasks.by().due.range(..=now);
        let due: Vec<_> = due.filter_map(|(_, id)| self.tasks.get(id).cloned()).collect();
        due.iter().flat_map(|task| self.run(cx, task, now)).collect()
    }
}
