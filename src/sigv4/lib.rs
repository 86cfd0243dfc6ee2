//! AWS request signatures on the server's side: who signed, whether the signature is right, and
//! what an aws-chunked body holds. Also makes signatures, for tests, load and outbound calls.
//!
//! Works on `http` types and bytes only: no sockets, no clock (the caller passes the time), no
//! store of secrets, no state.
//!
//! A server's way through it:
//! 1. [`parse()`] (or, for a POST form, [`parse_form`]) says who signed, for which region and service.
//!    Where signatures are not checked, [`credential`] still finds the name in a malformed one.
//! 2. [`check_expiry`] always: a presigned URL has its end, whether or not signatures are checked.
//! 3. [`verify()`] (or [`verify_form`]) when signatures are checked.
//! 4. [`chunked::Decoder`] for a body that is aws-chunked; [`decoded`] makes one of a `Body`.
//! 5. An error gets its code, status and text from [`SignatureError::shape`], in the words of S3 or
//!    of the other services.

mod body;
mod canonical;
mod chain;
pub mod chunked;
mod date;
mod errors;
mod form;
mod key;
mod parse;
mod sign;
mod signature;
mod v2;
mod verify;
mod wording;

use std::time::Duration;

pub use body::decoded;
pub use chain::Chain;
pub use errors::{Dialect, Shape, SignatureError};
pub use form::{parse_form, verify_form};
pub use key::{SigningKey, sha256_hex};
pub use parse::{credential, parse};
pub use sign::Signer;
pub use signature::{Credential, Place, Signature, Version, check_expiry, check_session};
pub use verify::{Check, Payload, verify};

/// The `x-amz-content-sha256` of a body that its signature does not cover.
pub const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";
/// How far a client's clock may be from ours.
pub const MAX_SKEW: Duration = Duration::from_mins(15);
/// The longest life of a presigned URL: a week.
pub const MAX_EXPIRES: Duration = Duration::from_hours(7 * 24);
