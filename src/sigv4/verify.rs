//! Whether a request's signature is right.

use crate::errors::{Mismatch, SignatureError};
use crate::key::{EMPTY_SHA256, SigningKey, hex};
use crate::signature::{Place, Signature, Version};
use crate::{MAX_SKEW, UNSIGNED_PAYLOAD, canonical, v2};
use cumulet_core::Timestamp;
use http::HeaderName;
use http::request::Parts;

/// What the payload is known to be.
#[derive(Debug, Clone, Copy)]
pub enum Payload<'a> {
    /// Not read yet: what the request declares stands for it. The way of S3, which checks the body
    /// against its declaration as it comes.
    Declared,
    /// The SHA-256 of the whole body. The way of the other services, whose clients mostly declare
    /// nothing.
    Sha256(&'a [u8; 32]),
}

/// What a signature is held against.
#[derive(Clone, Copy)]
pub struct Check<'a> {
    /// The secret of the credential's access key.
    pub secret: &'a str,
    /// The real time, not the world's.
    pub now: Timestamp,
    /// The body.
    pub payload: Payload<'a>,
    /// The bucket, if the host names it rather than the path: version 2 signs it.
    pub host_bucket: Option<&'a str>,
}

/// Whether the signature is right: date, clock, coverage, and the signature itself, compared in
/// constant time. Not the end of a presigned URL, which [`crate::check_expiry()`] judges by another
/// clock. Version 4a passes unverified.
pub fn verify(
    signature: &Signature<'_>,
    parts: &Parts,
    check: &Check<'_>,
) -> Result<(), SignatureError> {
    check_clock(signature, check.now)?;
    match signature.version {
        Version::V4a => Ok(()),
        Version::V2 => v2::verify(signature, parts, check),
        Version::V4 => verify_v4(signature, parts, check),
    }
}

fn check_clock(signature: &Signature<'_>, now: Timestamp) -> Result<(), SignatureError> {
    let Some(signed_at) = signature.signed_at else { return Ok(()) };
    match signature.expires_at {
        Some(expires_at) if signed_at > now.plus(MAX_SKEW) => {
            Err(SignatureError::NotYetValid { signed_at, expires_at, now })
        }
        None if signed_at.since(now).max(now.since(signed_at)) > MAX_SKEW => {
            Err(SignatureError::Skewed { signed_at, now })
        }
        _ => Ok(()),
    }
}

fn verify_v4(
    signature: &Signature<'_>,
    parts: &Parts,
    check: &Check<'_>,
) -> Result<(), SignatureError> {
    let credential = &signature.credential;
    let signed_at = signature.signed_at.unwrap_or_default();
    let day = credential.date().unwrap_or_default();
    if day != crate::date::day(signed_at) {
        let (place, scope) = (signature.place, day.to_owned());
        return Err(SignatureError::DateMismatch { place, scope, signed_at });
    }
    check_coverage(signature, parts)?;
    let computed = match check.payload {
        Payload::Declared => None,
        Payload::Sha256(hash) => Some(hex(hash)),
    };
    let payload = payload_line(signature, computed.as_deref())?;
    let s3 = credential.is_s3();
    let request = canonical::request(parts, s3, &signature.signed_headers, payload);
    let string_to_sign = canonical::string_to_sign(credential, signed_at, &request);
    let key = SigningKey::derive(
        check.secret,
        day,
        credential.region().unwrap_or_default(),
        credential.service().unwrap_or_default(),
    );
    if !key.verify(string_to_sign.as_bytes(), &signature.signature) {
        return Err(SignatureError::Mismatch(Box::new(Mismatch {
            access_key: credential.access_key().to_owned(),
            string_to_sign,
            provided: signature.signature.to_string(),
            canonical_request: Some(String::from_utf8_lossy(&request).into_owned()),
        })));
    }
    match &computed {
        Some(computed) if s3 && is_hash(payload) && payload != computed => {
            let (declared, computed) = (payload.to_owned(), computed.clone());
            Err(SignatureError::ContentSha256Mismatch { declared, computed })
        }
        _ => Ok(()),
    }
}

/// The canonical request's last line.
fn payload_line<'a>(
    signature: &'a Signature<'_>,
    computed: Option<&'a str>,
) -> Result<&'a str, SignatureError> {
    let declared = signature.content_sha256.as_deref();
    if signature.credential.is_s3() {
        return match declared {
            Some(value) if is_hash(value) || is_word(value) => Ok(value),
            Some(value) => Err(SignatureError::ContentSha256 { value: value.to_owned() }),
            None if signature.place == Place::Query => Ok(UNSIGNED_PAYLOAD),
            None => Err(SignatureError::ContentSha256Missing),
        };
    }
    Ok(match (declared, computed) {
        (Some(value), _) if !is_hash(value) => value,
        (_, Some(computed)) => computed,
        (Some(value), None) => value,
        (None, None) => EMPTY_SHA256,
    })
}

fn is_hash(value: &str) -> bool {
    value.len() == 64 && value.bytes().all(|b| b.is_ascii_hexdigit())
}

fn is_word(value: &str) -> bool {
    value == UNSIGNED_PAYLOAD || crate::chunked::is_streaming(value)
}

/// The host must be signed; S3 also wants each `x-amz-` header signed but the payload's hash.
fn check_coverage(signature: &Signature<'_>, parts: &Parts) -> Result<(), SignatureError> {
    let signed = |name: &str| signature.signed_headers.split(';').any(|header| header == name);
    if !signed("host") {
        return Err(SignatureError::HostNotSigned);
    }
    if !signature.credential.is_s3() {
        return Ok(());
    }
    let names = parts.headers.keys().map(HeaderName::as_str);
    let names = names.filter(|name| name.starts_with("x-amz-") && *name != "x-amz-content-sha256");
    let unsigned = canonical::sorted(names.filter(|name| !signed(name)));
    if unsigned.is_empty() {
        return Ok(());
    }
    Err(SignatureError::HeadersNotSigned { names: unsigned.join(", ") })
}
