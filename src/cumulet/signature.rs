//! Whether a request's signature stands in its way. What a signature is made of is `sigv4`'s; whose
//! secret it is held against is the service's to say.

use cumulet_core::time::real_now;
use cumulet_core::{Cx, Keys, Service};
use cumulet_sigv4::{Chain, Check, Payload, SignatureError};
use http::HeaderValue;
use http::header::HOST;
use http::request::Parts;

use crate::identity::{host, without_port};

/// Refuses a presigned URL that is malformed or has ended, and, where the service has signatures
/// verified, one that is wrong. A request without a signature passes. The chain is for a body whose
/// chunks are signed too.
pub(crate) fn sign_off(
    service: &Service,
    cx: impl FnOnce() -> Cx,
    parts: &Parts,
    port: &str,
) -> Result<Option<Chain>, SignatureError> {
    let facts = service.description().signing.and_then(|facts| facts(service.state(), parts));
    let query = parts.uri.query().unwrap_or_default();
    let presigned = ["Signature=", "Amz-", "amz-"].iter().any(|name| query.contains(name));
    if facts.is_none() && !presigned {
        return Ok(None);
    }
    let Some(signature) = cumulet_sigv4::parse(parts)? else { return Ok(None) };
    let cx = cx();
    if facts.as_ref().is_none_or(|facts| facts.keys != Keys::None) {
        cumulet_sigv4::check_expiry(&signature, cx.now())?;
    }
    let Some(facts) = facts else { return Ok(None) };
    let key = facts.keys.find(&cx, signature.credential.access_key());
    let Some(key) = key else { return Ok(None) };
    cumulet_sigv4::check_session(&signature, &key, cx.now())?;
    let check = Check {
        secret: &key.secret,
        now: real_now(),
        payload: Payload::Declared,
        host_bucket: facts.host_bucket.as_deref(),
    };
    let mut verdict = cumulet_sigv4::verify(&signature, parts, &check);
    // A proxy before us may have changed the port that was signed.
    let name = without_port(host(&parts.headers).unwrap_or_default());
    for port in ["", port] {
        if let Err(SignatureError::Mismatch(_)) = verdict
            && let Ok(host) = HeaderValue::try_from(format!("{name}{port}"))
        {
            let mut signed = parts.clone();
            signed.headers.insert(HOST, host);
            verdict = cumulet_sigv4::verify(&signature, &signed, &check).or(verdict);
        }
    }
    verdict?;
    Ok(Chain::new(&signature, &key.secret))
}
