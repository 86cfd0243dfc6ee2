//! S3 Control: what S3 has beside buckets and objects. Buckets are asked of S3, as any client would.

mod block;
mod errors;
mod operations;
mod tagging;

cumulet_core::api!();

use cumulet_core::{AccountId, AwsError, Cx, Description, Kept, Service, State};
use cumulet_store::{Platform, Store};

static DESCRIPTION: Description = Description {
    server: Some("AmazonS3"),
    ..Description::new("s3control", api::model, operations::OPERATIONS)
};

/// S3 Control's state.
pub(crate) struct Control {
    store: Store<block::Tables>,
}

/// S3 Control, to be registered.
pub fn service(_: &Platform) -> Service {
    Service::new(&DESCRIPTION, Control { store: Store::new() })
}

impl State for Control {
    fn kept(&self) -> &dyn Kept {
        &self.store
    }
}

/// A request names the account that it is about; it is the caller's own.
fn check_account(cx: &Cx, named: Option<&str>) -> Result<AccountId, AwsError> {
    let own = named.and_then(AccountId::parse).filter(|account| *account == cx.account());
    own.ok_or_else(errors::access_denied)
}
