//! S3: buckets, objects, multipart uploads. Bodies are streamed; nothing of them is held in memory
//! but the piece at hand.

mod acl;
mod address;
mod attributes;
mod bucket;
mod checksum;
mod conditions;
mod errors;
mod intake;
mod listing;
mod lock;
mod metadata;
mod multipart;
mod object;
mod operations;
mod presigned;
mod range;
mod select;
mod state;
mod versions;
mod website;

cumulet_core::api!();

use cumulet_core::{Description, Service};
use cumulet_store::Platform;

static DESCRIPTION: Description = Description {
    check_body: Some(intake::check),
    malformed: Some(|_| errors::malformed_xml()),
    bare_errors: true,
    catch_all: true,
    address: |parts| {
        address::address(parts);
        presigned::hoist(parts);
    },
    routes: &[website::ROUTE],
    browser_policy: Some(bucket::cors::verdict),
    ..Description::new("s3", api::model, operations::OPERATIONS)
};

/// S3 without a bucket.
pub fn service(platform: &Platform) -> Service {
    Service::new(&DESCRIPTION, state::S3::new(platform.blobs.clone()))
}
