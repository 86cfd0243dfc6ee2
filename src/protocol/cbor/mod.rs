//! CBOR (RFC 8949) in AWS's two dialects: Kinesis' own and Smithy RPC v2. They differ in their
//! timestamps (tag 1): milliseconds as an integer there, seconds with a fraction here.
//!
//! Written by hand: what AWS needs of the format is smaller than any crate for it.

#[cfg(feature = "cbor")]
pub(crate) mod read;
pub(crate) mod write;
