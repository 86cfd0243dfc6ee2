//! Work on a table that goes on after its answer: exports, imports and bulk puts.
//!
//! Each is a row, which has all that is left to be done. The driver of due work does it step by step, so
//! that others get their turn in between. A step waits for S3 outside of any section; then it is
//! taken into the row, unless somebody else was faster.

mod bucket;
pub(crate) mod bulk;
mod export;
pub(crate) mod export_operations;
pub(crate) mod import;
mod ion;
#[cfg(test)]
mod ion_tests;
pub(crate) mod load;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cumulet_core::{AwsError, Cx, Scope, Timestamp};
use cumulet_store::indexes;

use self::bulk::BulkPut;
use self::export::Export;
use self::import::Import;
use self::load::Batch;
use crate::errors::{self, validation};
use crate::name::TableRef;
use crate::state::{TableRow, Tables};
use crate::stream::DELETER;
use crate::{DynamoDb, backup};

/// How long a job is known.
const KEPT: Duration = Duration::from_hours(90 * 24);
/// How long a caller's token stands for its job.
const TOKEN_LIFE: Duration = Duration::from_hours(8);
/// Bytes of a token for the next page, at least and in groups of, as the model wants them.
const PAGE_TOKEN_MIN: usize = 56;
const PAGE_TOKEN_GROUP: usize = 8;

#[derive(Clone, Debug)]
pub(crate) struct Job {
    arn: String,
    /// As it was when the job began.
    table: Arc<TableRow>,
    token: String,
    /// What a request with the same token must have, too.
    digest: [u8; 32],
    started: Timestamp,
    ended: Option<Timestamp>,
    status: Status,
    /// Code and message.
    failure: Option<(String, String)>,
    /// Steps that were done.
    steps: u64,
    task: Task,
}

indexes! {
    /// Which job goes on, and whose token it is.
    pub(crate) struct JobIndexes of String => Arc<Job> {
        pub(crate) running: () = |_, job| job.is_running().then_some(());
        token: String = |_, job| Some(job.token.clone());
        /// Which tables get items, and whether they are being made of them.
        loading: (String, bool) = |_, job| job.loading();
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    InProgress,
    Completed,
    CompletedWithErrors,
    Cancelling,
    Cancelled,
    Failed,
}

impl Status {
    fn name(self) -> String {
        match self {
            Self::InProgress => "IN_PROGRESS",
            Self::Completed => "COMPLETED",
            Self::CompletedWithErrors => "COMPLETED_WITH_ERRORS",
            Self::Cancelling => "CANCELLING",
            Self::Cancelled => "CANCELLED",
            Self::Failed => "FAILED",
        }
        .to_owned()
    }
}

/// What a job does.
#[derive(Clone, Debug)]
enum Task {
    Export(Box<Export>),
    Import(Box<Import>),
    BulkPut(Box<BulkPut>),
}

impl Task {
    /// How its ARN names it.
    fn kind(&self) -> &'static str {
        match self {
            Self::Export(_) => "export",
            Self::Import(_) => "import",
            Self::BulkPut(_) => "bulk-operation",
        }
    }

    async fn step(&mut self, cx: &Cx, job: &Job) -> Result<Step, AwsError> {
        match self {
            Self::Export(export) => export.step(cx, job).await,
            Self::Import(import) => import.step(cx, job).await,
            Self::BulkPut(bulk) => bulk.step(cx, job).await,
        }
    }
}

/// What comes of a step.
#[derive(Debug)]
enum Step {
    More,
    /// Records are to be put into the table.
    Put(Batch),
    End(Status),
}

impl Job {
    fn is_running(&self) -> bool {
        self.ended.is_none()
    }

    fn is_there(&self, now: Timestamp) -> bool {
        self.started.plus(KEPT) > now
    }

    /// Whether it is of this table, if one is wanted.
    fn is_of(&self, table: Option<&String>) -> bool {
        table.is_none_or(|arn| *arn == self.table.arn)
    }

    fn loading(&self) -> Option<(String, bool)> {
        let is_import = match self.task {
            Task::Export(_) => return None,
            Task::Import(_) => true,
            Task::BulkPut(_) => false,
        };
        self.is_running().then(|| (self.table.name.clone(), is_import))
    }

    /// The last part of its ARN.
    fn id(&self) -> &str {
        self.arn.rsplit('/').next().unwrap_or_default()
    }

    fn failure_code(&self) -> Option<String> {
        self.failure.as_ref().map(|(code, _)| code.clone())
    }

    fn failure_message(&self) -> Option<String> {
        self.failure.as_ref().map(|(_, message)| message.clone())
    }

    /// What is left to be done is done or forgotten.
    fn end(&mut self, now: Timestamp, status: Status) {
        match &mut self.task {
            Task::Export(export) => export.close(),
            Task::Import(import) => import.load.close(),
            Task::BulkPut(bulk) => bulk.close(),
        }
        self.status = status;
        self.ended = Some(now);
        if status == Status::Cancelled {
            self.failure = Some(("Cancelled".to_owned(), "The operation was cancelled".to_owned()));
        }
    }

    fn fail(&mut self, now: Timestamp, error: &AwsError) {
        self.end(now, Status::Failed);
        self.failure = Some((error.code().to_owned(), error.message().to_owned()));
    }
}

/// What a request for a job says of itself.
struct Request {
    token: String,
    digest: [u8; 32],
}

impl Request {
    /// `input` has all members of the request.
    fn new(cx: &Cx, token: Option<&String>, input: &impl std::fmt::Debug) -> Self {
        let token = token.cloned().unwrap_or_else(|| cx.ids().uuid());
        Self { token, digest: crate::transaction::digest(input) }
    }
}

impl Tables {
    /// The job that a request has begun before.
    fn begun(
        &self,
        now: Timestamp,
        request: &Request,
        is_kind: fn(&Task) -> bool,
        mismatch: fn() -> AwsError,
    ) -> Result<Option<&Arc<Job>>, AwsError> {
        let mut all = self.jobs.by().token.of(&request.token).filter_map(|arn| self.jobs.get(arn));
        let found = all.find(|job| is_kind(&job.task) && job.started.plus(TOKEN_LIFE) > now);
        match found {
            Some(job) if job.digest != request.digest => Err(mismatch()),
            found => Ok(found),
        }
    }

    fn begin_job(
        &mut self,
        cx: &Cx,
        request: Request,
        table: &Arc<TableRow>,
        task: Task,
    ) -> Arc<Job> {
        let started = cx.now();
        let gone = self.jobs.iter().filter(|(_, job)| !job.is_there(started));
        for arn in gone.map(|(arn, _)| arn.clone()).collect::<Vec<_>>() {
            self.jobs.remove(&arn);
        }
        let job = Arc::new(Job {
            arn: format!("{}/{}/{}", table.arn, task.kind(), backup::new_id(cx)),
            table: Arc::clone(table),
            token: request.token,
            digest: request.digest,
            started,
            ended: None,
            status: Status::InProgress,
            failure: None,
            steps: 0,
            task,
        });
        self.jobs.insert(job.arn.clone(), Arc::clone(&job));
        job
    }

    fn job(&self, now: Timestamp, arn: &str) -> Option<&Arc<Job>> {
        self.jobs.get(arn).filter(|job| job.is_there(now))
    }

    /// A page of jobs, the last by `key` first, and the token for the next one.
    fn page_of_jobs(
        &self,
        now: Timestamp,
        is_wanted: impl Fn(&Job) -> bool,
        key: fn(&Job) -> &str,
        limit: usize,
        token: Option<&String>,
    ) -> Result<(Vec<&Arc<Job>>, Option<String>), AwsError> {
        let before = token.map(|token| position(token)).transpose()?;
        let all = self.jobs.iter().map(|(_, job)| job).filter(|job| {
            job.is_there(now)
                && is_wanted(job)
                && before.as_ref().is_none_or(|before| key(job) < before.as_str())
        });
        let mut all: Vec<_> = all.collect();
        all.sort_unstable_by(|a, b| key(b).cmp(key(a)));
        let has_more = all.len() > limit;
        all.truncate(limit);
        let next = all.last().filter(|_| has_more).map(|last| page_token(key(last)));
        Ok((all, next))
    }

    /// Whether a table is still being made of files.
    pub(crate) fn is_importing(&self, table: &TableRow) -> bool {
        self.is_loading(table, true)
    }

    fn is_loading(&self, table: &TableRow, is_import: bool) -> bool {
        self.jobs.by().loading.get(&(table.name.clone(), is_import)).is_some()
    }

    /// Refuses a change that a table cannot have while it gets items out of files.
    pub(crate) fn check_not_loading(&self, table: &TableRow) -> Result<(), AwsError> {
        match (self.is_loading(table, true), self.is_loading(table, false)) {
            (true, _) => Err(errors::being_created(&table.name)),
            (_, true) => Err(errors::being_updated(&table.name)),
            _ => Ok(()),
        }
    }
}

/// Where the job is that a member of a request names.
fn place(cx: &Cx, member: &str, arn: &str) -> Result<Scope, AwsError> {
    let table = TableRef::of_arn(cx, arn);
    Ok(table.ok_or_else(|| validation(format!("Invalid {member}")))?.scope)
}

/// How many jobs an answer lists.
fn limit(given: Option<i32>, otherwise: usize) -> usize {
    given.and_then(|given| usize::try_from(given).ok()).unwrap_or(otherwise)
}

fn page_token(position: &str) -> String {
    let length = position.len().next_multiple_of(PAGE_TOKEN_GROUP).max(PAGE_TOKEN_MIN);
    let mut bytes = position.as_bytes().to_vec();
    bytes.resize(length, 0);
    format!("{:x}", Bytes::from(bytes))
}

fn position(token: &str) -> Result<String, AwsError> {
    let wrong = || validation("Invalid NextToken");
    let byte = |i| u8::from_str_radix(token.get(i..i + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..token.len()).step_by(2).map(byte).collect();
    let text = String::from_utf8(bytes.ok_or_else(wrong)?).map_err(|_| wrong())?;
    Ok(text.trim_end_matches('\0').to_owned())
}

impl DynamoDb {
    /// Does a step of every job that goes on.
    pub(crate) async fn do_jobs(&self, cx: &Cx) {
        for scope in self.store.due(cx) {
            let cx = cx.to(scope.account, scope.region);
            let running: Vec<Arc<Job>> = self.store.read(&cx, scope, |tx| {
                let running = tx.jobs.by().running.of(&());
                running.filter_map(|arn| tx.jobs.get(arn)).cloned().collect()
            });
            for job in running {
                self.step(&cx, scope, &job).await;
            }
        }
    }

    async fn step(&self, cx: &Cx, scope: Scope, job: &Arc<Job>) {
        let mut next = Job::clone(job);
        let as_service = cx.as_service(DELETER, job.arn.as_str());
        let step = next.task.step(&as_service, job).await;
        let done = self.store.write(cx, scope, |tx| {
            let Some(current) = tx.jobs.get(&job.arn).filter(|now| now.steps == job.steps) else {
                return Ok::<_, AwsError>(());
            };
            next.status = current.status;
            next.steps += 1;
            match step {
                Ok(Step::More) => {}
                Ok(Step::Put(batch)) => next.put(cx, tx, batch),
                Ok(Step::End(status)) => next.end(cx.now(), status),
                Err(error) => next.fail(cx.now(), &error),
            }
            tx.jobs.insert(next.arn.clone(), Arc::new(next));
            Ok(())
        });
        drop(done);
    }
}

impl Job {
    /// Puts records into the table as it is now.
    fn put(&mut self, cx: &Cx, tx: &mut Tables, batch: Batch) {
        let found = tx.tables.get(&self.table.name).filter(|table| table.id == self.table.id);
        let Some(table) = found.cloned() else {
            return self.fail(cx.now(), &errors::table_not_found(&self.table.name));
        };
        match &mut self.task {
            Task::Export(_) => {}
            Task::Import(import) => {
                import.put(cx, tx, &table, batch);
                if import.load.is_done() {
                    self.end(cx.now(), Status::Completed);
                }
            }
            Task::BulkPut(bulk) => bulk.put(cx, tx, &table, batch),
        }
    }
}
