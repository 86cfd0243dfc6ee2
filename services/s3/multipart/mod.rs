//! Multipart uploads: begin and abort, parts, completion, listings.

pub(crate) mod complete;
pub(crate) mod list;
pub(crate) mod part;
pub(crate) mod upload;
