//! Whether a request's signature stands in its way. What a signature is made of is `sigv4`'s; whose
//! secret it is held against is the service's to say.

use cumulet_core::time::real_now;
use cumulet_core::{Service, Timestamp};
use cumulet_sigv4::{Chain, Check, Payload, SignatureError};
use http::request::Parts;

/// Refuses a presigned URL that is malformed or has ended, and, where the service has signatures
/// verified, one that is wrong. A request without a signature passes. The chain is for a body whose
/// chunks are signed too.
pub(crate) fn sign_off(
    service: &Service,
    parts: &Parts,
    now: Timestamp,
) -> Result<Option<Chain>, SignatureError> {
    let facts = service.description().signing.and_then(|facts| facts(service.state(), parts));
    let query = parts.uri.query().unwrap_or_default();
    let presigned = ["Signature=", "Amz-", "amz-"].iter().any(|name| query.contains(name));
    if facts.is_none() && !presigned {
        return Ok(None);
    }
    let Some(signature) = cumulet_sigv4::parse(parts)? else { return Ok(None) };
    cumulet_sigv4::check_expiry(&signature, now)?;
    let Some(facts) = facts else { return Ok(None) };
    let check = Check {
        secret: &facts.secret,
        now: real_now(),
        payload: Payload::Declared,
        host_bucket: facts.host_bucket.as_deref(),
    };
    cumulet_sigv4::verify(&signature, parts, &check)?;
    Ok(Chain::new(&signature, &facts.secret))
}
