//! Hashes, hexadecimal, and the signing key of version 4.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use std::fmt;

pub(crate) const EMPTY_SHA256: &str =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// A secret narrowed to one day, region and service: what version 4 signs with.
#[derive(Clone)]
pub struct SigningKey(Hmac<Sha256>);

impl SigningKey {
    /// `date` is the credential's `yyyyMMdd`, `service` its signing name.
    pub fn derive(secret: &str, date: &str, region: &str, service: &str) -> Self {
        [date, region, service, "aws4_request"]
            .iter()
            .fold(Self::keyed(format!("AWS4{secret}").as_bytes()), |key, part| {
                Self::keyed(&key.mac(part.as_bytes()).finalize().into_bytes())
            })
    }

    fn keyed(key: &[u8]) -> Self {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        Self(Hmac::new_from_slice(key).expect("any length"))
    }

    fn mac(&self, message: &[u8]) -> Hmac<Sha256> {
        self.0.clone().chain_update(message)
    }

    /// The signature of a string to sign, in lower-case hexadecimal.
    pub fn sign(&self, message: &[u8]) -> String {
        hex(&self.mac(message).finalize().into_bytes())
    }

    /// Whether `signature` is the message's, compared in constant time.
    pub(crate) fn verify(&self, message: &[u8], signature: &str) -> bool {
        unhex(signature).is_some_and(|tag| self.mac(message).verify_slice(&tag).is_ok())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey")
    }
}

/// SHA-256 in lower-case hexadecimal, as `x-amz-content-sha256` has it.
pub fn sha256_hex(data: &[u8]) -> String {
    hex(&Sha256::digest(data))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or_default();
    bytes.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect()
}

/// Lower-case hexadecimal only, as AWS compares it.
fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |b: u8| match b {
        b'0'..=b'9' => Some(b - b'0'),
        b'a'..=b'f' => Some(b - b'a' + 10),
        _ => None,
    };
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}
