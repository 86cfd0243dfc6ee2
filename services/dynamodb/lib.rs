//! DynamoDB: what this service is. Its streams are a second service of AWS's on the same state, in
//! `streams`.

mod backup;
mod batch;
mod capacity;
mod consumed;
mod description;
mod encoded;
mod encryption;
mod errors;
mod expression;
mod global;
mod insights;
mod interchange;
mod item;
mod key;
mod kinesis;
mod limits;
mod name;
mod number;
mod operations;
mod page;
mod partiql;
mod policy;
mod query;
mod recovery;
mod replica;
mod restore;
mod scaling;
mod schema;
mod search;
mod space;
mod state;
mod stored;
mod stream;
mod streams;
mod table;
mod tags;
mod throttle;
mod transaction;
mod transfer;
mod ttl;
mod update;
mod value;
mod vector;
mod view;
mod write;

#[cfg(test)]
mod number_tests;
#[cfg(test)]
mod value_tests;

cumulet_core::api!();

use std::sync::Arc;

use cumulet_core::{Cx, Description, DueWork, Kept, Service, State};
use cumulet_protocol::validate;
use cumulet_store::{Platform, Store};

static DESCRIPTION: Description = Description {
    validate,
    server: Some("Server"),
    crc32: true,
    routes: &[ttl::ROUTE],
    ..Description::new("dynamodb", api::model, operations::OPERATIONS)
};

/// DynamoDB's state and settings.
pub struct DynamoDb {
    store: Arc<Store<state::Tables>>,
    throttle: throttle::Throttle,
}

/// DynamoDB and its streams, to be registered.
pub fn services(platform: &Platform) -> Vec<Service> {
    let store = Arc::new(Store::new());
    let streams = streams::service(&store);
    let throttle = throttle::Throttle::read(&platform.settings);
    vec![Service::new(&DESCRIPTION, DynamoDb { store, throttle }), streams]
}

impl State for DynamoDb {
    fn kept(&self) -> &dyn Kept {
        &*self.store
    }

    fn run_due(&self, cx: Cx) -> DueWork<'_> {
        Box::pin(async move {
            self.do_chores(&cx);
            self.send_to_kinesis(&cx).await;
            self.do_jobs(&cx).await;
        })
    }
}
