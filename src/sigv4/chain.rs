//! The signatures of a signed aws-chunked body: each covers the one before it.

use crate::chunked::ChunkError;
use crate::date;
use crate::key::{EMPTY_SHA256, SigningKey, sha256_hex};
use crate::signature::{Signature, Version};

/// Signatures in a chain: each covers the one before, the first one the request's.
#[derive(Debug, Clone)]
pub struct Chain {
    key: SigningKey,
    /// Date and scope, the second and third line of what is signed.
    scope: String,
    previous: String,
}

impl Chain {
    /// The chain that begins with a request's signature of version 4; no other has one.
    pub fn new(seed: &Signature<'_>, secret: &str) -> Option<Self> {
        if seed.version != Version::V4 {
            return None;
        }
        let credential = &seed.credential;
        let key = SigningKey::derive(
            secret,
            credential.date()?,
            credential.region()?,
            credential.service()?,
        );
        let scope = format!("{}\n{}", date::basic(seed.signed_at?), credential.scope());
        Some(Self { key, scope, previous: seed.signature.to_string() })
    }

    fn chunk_text(&self, sha256: &str) -> String {
        let Self { scope, previous, .. } = self;
        format!("AWS4-HMAC-SHA256-PAYLOAD\n{scope}\n{previous}\n{EMPTY_SHA256}\n{sha256}")
    }

    fn trailer_text(&self, trailers: &[u8]) -> String {
        let Self { scope, previous, .. } = self;
        format!("AWS4-HMAC-SHA256-TRAILER\n{scope}\n{previous}\n{}", sha256_hex(trailers))
    }

    /// The next chunk's signature.
    pub fn sign_chunk(&mut self, data: &[u8]) -> String {
        self.previous = self.key.sign(self.chunk_text(&sha256_hex(data)).as_bytes());
        self.previous.clone()
    }

    /// The signature of the trailers, each as `name:value` and a line feed.
    pub fn sign_trailers(&self, trailers: &[u8]) -> String {
        self.key.sign(self.trailer_text(trailers).as_bytes())
    }

    pub(crate) fn verify_chunk(&mut self, sha256: &str, signature: &str) -> Result<(), ChunkError> {
        if !self.key.verify(self.chunk_text(sha256).as_bytes(), signature) {
            return Err(ChunkError::Signature);
        }
        signature.clone_into(&mut self.previous);
        Ok(())
    }

    pub(crate) fn verify_trailers(
        &self,
        trailers: &[u8],
        signature: &str,
    ) -> Result<(), ChunkError> {
        let right = self.key.verify(self.trailer_text(trailers).as_bytes(), signature);
        right.then_some(()).ok_or(ChunkError::Signature)
    }
}
