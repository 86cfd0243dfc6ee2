//! Signatures with keys that are no secret, for clients that verify what AWS signs: SNS's messages,
//! STS's web identity tokens. Everybody has these keys; never take such a signature for a proof of
//! anything, and keep the keys away from what must stay secret.

pub mod certificate;
pub mod p384;
pub mod rsa;
