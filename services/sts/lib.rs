//! STS: what this service is.

mod caller;
mod operations;

cumulet_core::api!();

use cumulet_core::{Description, Service, State, WorldId};
use cumulet_store::Platform;

static DESCRIPTION: Description = Description::new("sts", api::model, operations::OPERATIONS);

/// STS's state and settings.
pub struct Sts;

/// STS, to be registered.
pub fn service(_: &Platform) -> Service {
    Service::new(&DESCRIPTION, Sts)
}

impl State for Sts {
    fn fork(&self, _: WorldId, _: WorldId) {}

    fn reset(&self, _: WorldId) {}
}
