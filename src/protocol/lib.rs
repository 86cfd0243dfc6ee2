//! AWS's wire formats, in both directions, driven by the API model: query, ec2, json 1.0 and 1.1,
//! rest-json, rest-xml, Kinesis' CBOR and Smithy RPC v2; matching requests to operations; errors;
//! event streams; validation.
//!
//! Every format is one `Reader` and one `Writer` of `core`, over a schema. It knows no state, no
//! socket and no service by name: what is special about a service is in its description or model.

mod answer;
mod bind;
mod cbor;
mod detect;
mod error;
mod event;
mod form;
mod input;
mod json;
mod negotiate;
#[cfg(any(feature = "cbor", feature = "json"))]
mod null;
mod place;
mod route;
mod spare;
mod text;
mod validate;
mod xml;

pub use answer::{put_ids, write_output};
pub use detect::detect;
pub use error::{malformed, write_error};
pub use event::{EventMessage, decode_event, encode_event, encode_exception};
pub use form::pairs;
pub use input::{read_input, streams_input};
pub use negotiate::{accepts_json, in_json};
pub use route::{Matched, find_operation};
pub use validate::{Violation, first_violation, validate, violations};
