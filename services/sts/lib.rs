//! STS: what this service is.

mod assertion;
mod caller;
mod delegated;
mod errors;
mod jwt;
mod message;
mod operations;
mod outbound;
mod policy;
mod role;
mod saml;
mod state;
mod tags;
mod token;
mod web;

cumulet_core::api!();

use std::any::Any;
use std::sync::Arc;

use cumulet_core::{
    AccessKey, AwsError, Cx, Description, DueWork, Kept, Message, Model, Operation, Service, State,
};
use cumulet_store::{Platform, Store};

pub use caller::Identity;
pub use policy::Limits;
pub use state::{Kind, Session};
pub use tags::SessionTags;

static DESCRIPTION: Description = Description {
    validate,
    access_key: Some(access_key),
    routes: outbound::ROUTES,
    ..Description::new("sts", api::model, operations::OPERATIONS)
};

/// STS's state and settings.
pub struct Sts {
    store: Store<state::Tables>,
    /// The letters that keys of sessions begin with.
    prefix: &'static str,
}

/// STS, to be registered.
pub fn service(platform: &Platform) -> Service {
    // LocalStack's begin with L, so that nobody takes them for real ones.
    let aws_keys = platform.settings.flag("PARITY_AWS_ACCESS_KEY_ID", false);
    let prefix = if aws_keys { "ASIA" } else { "LSIA" };
    Service::new(&DESCRIPTION, Sts { store: Store::new(), prefix })
}

fn access_key(state: &Arc<dyn State>, cx: &Cx, id: &str) -> Option<AccessKey> {
    let state: &dyn Any = &**state;
    let session = state.downcast_ref::<Sts>()?.session(cx, id)?;
    let (secret, token) = (session.secret.clone(), Some(session.token.clone()));
    Some(AccessKey { secret, token, expires: Some(session.expires) })
}

/// All violations in one `ValidationError`: STS's own code for it.
fn validate(
    model: &'static Model,
    operation: &Operation,
    input: &dyn Message,
) -> Result<(), AwsError> {
    cumulet_protocol::validate(model, operation, input)
        .map_err(|error| errors::validation(error.message()))
}

impl State for Sts {
    fn kept(&self) -> &dyn Kept {
        &self.store
    }

    fn run_due(&self, cx: Cx) -> DueWork<'_> {
        Box::pin(async move { self.forget(&cx) })
    }
}
