//! JSON: the bodies of json 1.0, json 1.1 and rest-json.

#[cfg(feature = "json")]
pub(crate) mod read;
pub(crate) mod write;
