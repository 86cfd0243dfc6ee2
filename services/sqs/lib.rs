//! SQS: what this service is.

mod attributes;
mod batch;
mod contents;
mod delete;
mod draft;
mod errors;
mod fifo;
mod index;
mod message;
mod metrics;
mod move_task;
mod operations;
mod peek;
mod policy;
mod purge;
mod queue;
mod receipt;
mod receive;
mod received;
mod redrive;
mod state;
mod tags;
mod texts;
mod url;
mod visibility;

cumulet_core::api!();

use cumulet_core::{AwsError, Cx, Description, DueWork, Kept, Service, State, WorldId};
use cumulet_store::{Platform, Store, Waiters};

static DESCRIPTION: Description = Description {
    claims: url::is_queue_url,
    routes: &[peek::ROUTE, url::BARE],
    ..Description::new("sqs", api::model, operations::OPERATIONS)
};

/// SQS's state and settings.
pub struct Sqs {
    store: Store<state::Tables>,
    /// Long polls, by queue.
    waiters: Waiters,
    settings: Settings,
}

#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
struct Settings {
    /// How queue URLs look.
    urls: url::Strategy,
    /// A second purge of a queue within 60 seconds is refused.
    purge_delay: bool,
    /// `MaxNumberOfMessages` may be larger than 10.
    receive_unlimited: bool,
    /// A queue cannot be made again within 60 seconds after it was deleted.
    delete_delay: bool,
    /// Messages go when their retention period is over.
    retention: bool,
    /// CloudWatch is told what happens.
    metrics: bool,
    /// Messages in flight in a standard queue, at most.
    in_flight_max: Option<usize>,
}

impl Settings {
    fn read(settings: &cumulet_store::Settings) -> Self {
        let flag = |name, default| settings.flag(name, default);
        let limit = settings.get("SQS_MAX_IN_FLIGHT_STANDARD");
        Self {
            urls: url::Strategy::parse(settings.get("SQS_ENDPOINT_STRATEGY").unwrap_or_default()),
            purge_delay: flag("SQS_DELAY_PURGE_RETRY", false),
            receive_unlimited: flag("SQS_DISABLE_MAX_NUMBER_OF_MESSAGE_LIMIT", false),
            delete_delay: flag("SQS_DELAY_RECENTLY_DELETED", false),
            retention: flag("SQS_ENABLE_MESSAGE_RETENTION_PERIOD", true),
            metrics: !flag("SQS_DISABLE_CLOUDWATCH_METRICS", false),
            in_flight_max: limit.and_then(|limit| limit.parse().ok()),
        }
    }
}

/// SQS, to be registered.
pub fn service(platform: &Platform) -> Service {
    let sqs = Sqs {
        store: Store::new(),
        waiters: Waiters::default(),
        settings: Settings::read(&platform.settings),
    };
    Service::new(&DESCRIPTION, sqs)
}

impl Sqs {
    /// Wakes as many long polls of a queue as messages came.
    fn wake(&self, at: &url::QueueRef, count: usize) {
        self.waiters.wake(at.scope, &at.name, count);
    }

    /// Wakes all long polls of a queue: it changed or went.
    fn wake_all(&self, at: &url::QueueRef) {
        self.waiters.wake_all(at.scope, &at.name);
    }
}

impl State for Sqs {
    fn kept(&self) -> &dyn Kept {
        &self.store
    }

    fn replaced(&self, world: WorldId) {
        self.waiters.wake_world(world);
    }

    fn run_due(&self, cx: Cx) -> DueWork<'_> {
        Box::pin(async move {
            for scope in self.store.due(&cx) {
                let reached = self.store.write(&cx, scope, |tx| {
                    self.expire(&cx, tx);
                    Ok::<_, AwsError>(tx.run_tasks(&cx))
                });
                for queue in reached.unwrap_or_default() {
                    self.wake(&queue, 1);
                }
                self.gauge(&cx, scope);
            }
        })
    }
}
