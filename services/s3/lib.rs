//! S3: buckets, objects, multipart uploads. Bodies are streamed; nothing of them is held in memory
//! but the piece at hand.

mod access_log;
mod acl;
mod address;
mod attributes;
mod bucket;
mod checksum;
mod conditions;
mod delivery;
mod encryption;
mod errors;
mod events;
mod form;
mod intake;
mod lifecycle;
mod listing;
mod lock;
mod metadata;
mod multipart;
mod object;
mod operations;
mod presigned;
mod range;
mod records;
mod replicas;
mod rounds;
mod select;
mod state;
mod versions;
mod website;

cumulet_core::api!();

use std::any::Any;
use std::sync::Arc;

use cumulet_core::{Description, Keys, Service, SigningFacts, State};
use cumulet_store::Platform;
use http::header::{AUTHORIZATION, HOST};
use http::request::Parts;

static DESCRIPTION: Description = Description {
    check_body: Some(intake::check),
    malformed: Some(errors::malformed),
    bare_errors: true,
    server: Some("AmazonS3"),
    catch_all: true,
    signing: Some(signing),
    answered: Some(access_log::note),
    address: |parts| {
        address::address(parts);
        presigned::hoist(parts);
    },
    routes: &[website::ROUTE, form::ROUTE],
    browser_policy: Some(bucket::cors::verdict),
    ..Description::new("s3", api::model, operations::OPERATIONS)
};

/// S3 without a bucket.
pub fn service(platform: &Platform) -> Service {
    Service::new(&DESCRIPTION, state::S3::new(platform))
}

/// Where it isn't said for all requests, only presigned ones have their signatures verified.
fn signing(state: &Arc<dyn State>, parts: &Parts) -> Option<SigningFacts> {
    let state: &dyn Any = &**state;
    let keys = state.downcast_ref::<state::S3>()?.keys;
    if keys == Keys::Known && parts.headers.contains_key(AUTHORIZATION) {
        return None;
    }
    let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
    Some(SigningFacts { keys, host_bucket: host.and_then(address::bucket) })
}
