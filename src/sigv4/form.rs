//! The signature of a browser's POST form: its string to sign is the policy, as the form has it.
//! What the policy allows is S3's own matter.

use crate::errors::{Mismatch, SignatureError};
use crate::key::SigningKey;
use crate::signature::{Credential, Place, Signature, Version};
use crate::{date, parse, v2};

/// The form's signature, `None` when it has none. `field` finds a field by its name, which it
/// compares without regard to case.
pub fn parse_form<'a>(
    field: impl Fn(&str) -> Option<&'a str>,
) -> Result<Option<Signature<'a>>, SignatureError> {
    let need = |name| field(name).ok_or(SignatureError::FormField { field: name });
    let any = |names: &[&str]| names.iter().any(|name| field(name).is_some());
    let mut found = Signature {
        version: Version::V4,
        place: Place::Form,
        credential: Credential { version: Version::V2, text: "".into() },
        signed_headers: "".into(),
        signature: "".into(),
        signed_at: None,
        expires_at: None,
        session_token: field("x-amz-security-token").map(Into::into),
        content_sha256: None,
    };
    if any(&["x-amz-algorithm", "x-amz-credential", "x-amz-signature"]) {
        need("Policy")?;
        found.version = match need("X-Amz-Algorithm")? {
            parse::V4 => Version::V4,
            parse::V4A => Version::V4a,
            other => return Err(SignatureError::QueryAlgorithm { algorithm: other.to_owned() }),
        };
        let credential = need("X-Amz-Credential")?.into();
        found.credential = parse::checked(found.version, Place::Form, credential)?;
        found.signature = need("X-Amz-Signature")?.into();
        let when = need("X-Amz-Date")?;
        found.signed_at = date::parse_basic(when);
        if found.signed_at.is_none() {
            return Err(SignatureError::QueryDate { date: when.to_owned() });
        }
    } else if any(&["AWSAccessKeyId", "signature"]) {
        need("Policy")?;
        found.version = Version::V2;
        found.credential.text = need("AWSAccessKeyId")?.into();
        found.signature = need("Signature")?.into();
    } else {
        return Ok(None);
    }
    Ok(Some(found))
}

/// Whether the form's signature is `policy`'s, the base64 text of the form.
pub fn verify_form(
    signature: &Signature<'_>,
    policy: &str,
    secret: &str,
) -> Result<(), SignatureError> {
    let credential = &signature.credential;
    let matches = match signature.version {
        Version::V4a => true,
        Version::V2 => v2::matches(secret, policy.as_bytes(), &signature.signature),
        Version::V4 => SigningKey::derive(
            secret,
            credential.date().unwrap_or_default(),
            credential.region().unwrap_or_default(),
            credential.service().unwrap_or_default(),
        )
        .verify(policy.as_bytes(), &signature.signature),
    };
    if matches {
        return Ok(());
    }
    Err(SignatureError::Mismatch(Box::new(Mismatch {
        access_key: credential.access_key().to_owned(),
        string_to_sign: policy.to_owned(),
        provided: signature.signature.to_string(),
        canonical_request: None,
    })))
}
