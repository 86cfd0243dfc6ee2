//! JSON web tokens, as far as they can be read without their issuer's keys: form, claims, times.
//! The signature is not verified.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cumulet_core::{AwsError, Timestamp};
use serde_json::{Map, Value};

use crate::errors;

/// The claims of a token, and which of them the caller may rely on.
pub(crate) struct Jwt {
    pub(crate) issuer: String,
    pub(crate) subject: String,
    pub(crate) audience: String,
    claims: Map<String, Value>,
}

impl Jwt {
    /// Reads a token; one whose time is over is refused.
    pub(crate) fn parse(token: &str, now: Timestamp) -> Result<Self, AwsError> {
        let claims = claims(token).ok_or_else(no_jwt)?;
        let text = |name: &str| {
            let value = claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
            value.map(str::to_owned).ok_or_else(|| missing(name))
        };
        let expires = seconds(&claims, "exp").ok_or_else(|| missing("exp"))?;
        let jwt = Self {
            issuer: text("iss")?,
            subject: text("sub")?,
            audience: audience(&claims)?,
            claims,
        };
        if expires <= now.secs() {
            return Err(errors::expired_web_token(now, expires));
        }
        if seconds(&jwt.claims, "nbf").is_some_and(|at| at > now.secs()) {
            return Err(errors::invalid_token("Token is not valid yet"));
        }
        Ok(jwt)
    }

    /// A claim of AWS's: `principal_tags`, `transitive_tag_keys` or `source_identity`.
    pub(crate) fn claim(&self, name: &str) -> Option<&Value> {
        self.claims.get(&["https://aws.amazon.com/", name].concat())
    }

    /// Session tags: `principal_tags` has lists of one value each.
    pub(crate) fn tags(&self) -> (Vec<(String, String)>, Vec<String>) {
        let tags = self.claim("tags");
        let principal = tags.and_then(|tags| tags.get("principal_tags")?.as_object());
        let pair = |(key, values): (&String, &Value)| {
            let value = values.as_array().and_then(|values| values.first()).unwrap_or(values);
            Some((key.clone(), value.as_str()?.to_owned()))
        };
        let keys = tags.and_then(|tags| tags.get("transitive_tag_keys")?.as_array());
        let keys = keys.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
        (principal.into_iter().flatten().filter_map(pair).collect(), keys.collect())
    }
}

/// What a token claims, if it is one.
pub(crate) fn claims(token: &str) -> Option<Map<String, Value>> {
    let mut parts = token.split('.');
    let (Some(header), Some(claims), Some(_signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    object(header)?.get("alg")?.as_str()?;
    object(claims)
}

/// The party that the token was issued for; where `aud` names several, `azp` says which.
fn audience(claims: &Map<String, Value>) -> Result<String, AwsError> {
    let aud = claims.get("aud").ok_or_else(|| missing("aud"))?;
    let first = aud.as_array().and_then(|all| all.first()).unwrap_or(aud).as_str();
    let azp = claims.get("azp").and_then(Value::as_str);
    azp.or(first).map(str::to_owned).ok_or_else(|| missing("aud"))
}

/// A claim that is a point in time.
pub(crate) fn seconds(claims: &Map<String, Value>, name: &str) -> Option<i64> {
    let value = claims.get(name)?;
    #[expect(clippy::cast_possible_truncation, reason = "saturates")]
    value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64))
}

fn object(part: &str) -> Option<Map<String, Value>> {
    let json = URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&json).ok()
}

fn no_jwt() -> AwsError {
    errors::invalid_token(
        "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access \
         Token)",
    )
}

fn missing(claim: &str) -> AwsError {
    errors::invalid_token(format!("Missing a required claim: {claim}"))
}
