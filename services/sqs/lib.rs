//! SQS, standard queues: what this service is.
//!
//! Not here yet: FIFO queues, dead-letter queues and move tasks, queue permissions. Attributes
//! that would ask for them are refused.

mod attributes;
mod batch;
mod contents;
mod errors;
mod message;
mod operations;
mod purge;
mod queue;
mod receipt;
mod receive;
mod state;
mod tags;
mod url;
mod visibility;

cumulet_core::api!();

use cumulet_core::{Cx, Description, DueWork, Service, State, Timestamp, WorldId};
use cumulet_store::{Platform, Store, Waiters};

static DESCRIPTION: Description = Description {
    claims: url::is_queue_url,
    ..Description::new("sqs", api::model, operations::OPERATIONS)
};

/// SQS's state and settings.
pub struct Sqs {
    store: Store<state::Tables>,
    /// Long polls, by queue.
    waiters: Waiters,
    settings: Settings,
}

struct Settings {
    /// How queue URLs look.
    urls: url::Strategy,
    /// A second purge of a queue within 60 seconds is refused.
    purge_delay: bool,
    /// `MaxNumberOfMessages` may be larger than 10.
    receive_unlimited: bool,
}

/// SQS, to be registered.
pub fn service(platform: &Platform) -> Service {
    let settings = &platform.settings;
    let sqs = Sqs {
        store: Store::new(),
        waiters: Waiters::default(),
        settings: Settings {
            urls: url::Strategy::parse(settings.get("SQS_ENDPOINT_STRATEGY").unwrap_or_default()),
            purge_delay: settings.flag("SQS_DELAY_PURGE_RETRY", false),
            receive_unlimited: settings.flag("SQS_DISABLE_MAX_NUMBER_OF_MESSAGE_LIMIT", false),
        },
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
    fn fork(&self, from: WorldId, to: WorldId) {
        self.store.fork(from, to);
        self.waiters.wake_world(to);
    }

    fn reset(&self, world: WorldId) {
        self.store.reset(world);
        self.waiters.wake_world(world);
    }

    fn next_due(&self, world: WorldId) -> Option<Timestamp> {
        self.store.next_due(world)
    }

    fn run_due(&self, cx: Cx) -> DueWork<'_> {
        Box::pin(async move { self.expire(&cx) })
    }
}
