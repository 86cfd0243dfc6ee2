//! DynamoDB Streams: a service of AWS's on DynamoDB's state. It keeps nothing of its own, so forks,
//! resets and due work are DynamoDB's matter.

mod errors;
mod iterator;
mod operations;
mod record;
mod stream;

cumulet_core::api!("streams");

use std::sync::Arc;

use cumulet_core::{Description, Kept, Service, State};
use cumulet_protocol::validate;
use cumulet_store::Store;

use crate::state::Tables;

static DESCRIPTION: Description = Description {
    validate,
    server: Some("Server"),
    crc32: true,
    ..Description::new("dynamodbstreams", api::model, operations::OPERATIONS)
};

/// The streams of DynamoDB's tables.
pub(crate) struct Streams {
    store: Arc<Store<Tables>>,
}

pub(crate) fn service(store: &Arc<Store<Tables>>) -> Service {
    Service::new(&DESCRIPTION, Streams { store: Arc::clone(store) })
}

impl State for Streams {
    fn kept(&self) -> &dyn Kept {
        &()
    }
}
