//! SNS: topics, standard and FIFO, their subscriptions, and how messages reach them.

mod arn;
mod confirmation;
mod deliver;
mod delivery_policy;
mod delivery_status;
mod endpoint_form;
mod envelope;
mod errors;
mod fifo;
mod http_delivery;
mod message;
mod operations;
mod outbox;
mod permission;
mod platform;
mod publish;
mod replay;
mod routes;
mod sms;
mod state;
mod subscription;
mod subscription_attributes;
mod tags;
mod topic;
mod topic_attributes;

cumulet_core::api!();

use std::sync::Arc;

use cumulet_core::{Cx, Description, DueWork, Kept, Service, State};
use cumulet_store::{Platform, Store};

static DESCRIPTION: Description = Description {
    routes: routes::ROUTES,
    ..Description::new("sns", api::model, operations::OPERATIONS)
};

/// SNS's state and settings. Cheap to clone: deliveries outlive the calls that began them.
#[derive(Clone)]
pub struct Sns {
    store: Arc<Store<state::Tables>>,
    turns: Arc<fifo::Turns>,
    /// A host for the URL of the signing certificate, for clients that insist on AWS's.
    certificate_host: Option<Arc<str>>,
}

/// SNS, to be registered.
pub fn service(platform: &Platform) -> Service {
    let sns = Sns {
        store: Arc::new(Store::new()),
        turns: Arc::default(),
        certificate_host: platform.settings.get("SNS_CERT_URL_HOST").map(Arc::from),
    };
    Service::new(&DESCRIPTION, sns)
}

impl Sns {
    fn links<'a>(&'a self, cx: &'a Cx) -> envelope::Links<'a> {
        let certificate_host = self.certificate_host.as_deref();
        envelope::Links { endpoint: cx.endpoint(), certificate_host }
    }
}

impl State for Sns {
    fn kept(&self) -> &dyn Kept {
        &*self.store
    }

    fn run_due(&self, cx: Cx) -> DueWork<'_> {
        Box::pin(async move {
            deliver::retry(self, &cx).await;
            fifo::expire(self, &cx);
        })
    }
}
