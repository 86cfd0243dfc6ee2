//! HTTP bindings: which members of a message stand in the path, the query string, the headers, the
//! status or the payload (rest-json, rest-xml).

pub(crate) mod read;
pub(crate) mod write;
