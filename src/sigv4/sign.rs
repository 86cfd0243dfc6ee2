//! Makes signatures of version 4: a header, or a presigned URL. The client's side, in the same
//! canonical form that [`crate::verify()`] checks.

use crate::key::SigningKey;
use crate::signature::{Credential, Version};
use crate::{UNSIGNED_PAYLOAD, canonical, date, parse};
use cumulet_core::Timestamp;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Uri, header};
use std::time::Duration;

/// Never signed: what a hop on the way may change, and the signature itself.
const UNSIGNED: [&str; 7] = [
    "authorization",
    "connection",
    "expect",
    "transfer-encoding",
    "user-agent",
    "x-amzn-trace-id",
    "accept-encoding",
];

/// A key, and what it signs for.
#[derive(Debug, Clone, Copy)]
pub struct Signer<'a> {
    /// The access key's id.
    pub access_key: &'a str,
    /// Its secret.
    pub secret: &'a str,
    /// Of temporary credentials.
    pub session_token: Option<&'a str>,
    /// `us-east-1`
    pub region: &'a str,
    /// The signing name.
    pub service: &'a str,
}

impl Signer<'_> {
    /// Adds the headers of a signature made at `now`. `payload` is the body's SHA-256 in
    /// hexadecimal, or what stands for it. The host is the `host` header or the URI's.
    pub fn sign(
        &self,
        parts: &mut Parts,
        payload: &str,
        now: Timestamp,
    ) -> Result<(), http::Error> {
        let credential = self.credential(now);
        let headers = &mut parts.headers;
        headers.insert("x-amz-date", HeaderValue::from_str(&date::basic(now))?);
        if let Some(token) = self.session_token {
            headers.insert("x-amz-security-token", HeaderValue::from_str(token)?);
        }
        if credential.is_s3() {
            headers.insert("x-amz-content-sha256", HeaderValue::from_str(payload)?);
        }
        let signed_headers = signed_headers(parts);
        let signature = self.signature(parts, &credential, &signed_headers, payload, now);
        let authorization = format!(
            "{} Credential={}, SignedHeaders={signed_headers}, Signature={signature}",
            parse::V4,
            credential.text
        );
        parts.headers.insert(header::AUTHORIZATION, HeaderValue::from_str(&authorization)?);
        Ok(())
    }

    /// Adds the query parameters of a signature made at `now` that ends after `expires`.
    /// All headers present become part of it.
    pub fn presign(
        &self,
        parts: &mut Parts,
        expires: Duration,
        now: Timestamp,
    ) -> Result<(), http::Error> {
        let credential = self.credential(now);
        let signed_headers = signed_headers(parts);
        let mut query = format!(
            "X-Amz-Algorithm={}&X-Amz-Credential={}&X-Amz-Date={}&X-Amz-Expires={}\
             &X-Amz-SignedHeaders={}",
            parse::V4,
            canonical::encode(credential.text.as_bytes()),
            date::basic(now),
            expires.as_secs(),
            canonical::encode(signed_headers.as_bytes()),
        );
        if let Some(own) = parts.uri.query() {
            query = format!("{own}&{query}");
        }
        if let Some(token) = self.session_token {
            query.push_str("&X-Amz-Security-Token=");
            query.push_str(&canonical::encode(token.as_bytes()));
        }
        set_query(parts, &query)?;
        let payload = if credential.is_s3() { UNSIGNED_PAYLOAD } else { crate::key::EMPTY_SHA256 };
        let signature = self.signature(parts, &credential, &signed_headers, payload, now);
        set_query(parts, &format!("{query}&X-Amz-Signature={signature}"))
    }

    fn credential(&self, now: Timestamp) -> Credential<'static> {
        let Self { access_key, region, service, .. } = self;
        let text = format!("{access_key}/{}/{region}/{service}/aws4_request", date::day(now));
        Credential { version: Version::V4, text: text.into() }
    }

    fn signature(
        &self,
        parts: &Parts,
        credential: &Credential<'_>,
        signed_headers: &str,
        payload: &str,
        now: Timestamp,
    ) -> String {
        let request = canonical::request(parts, credential.is_s3(), signed_headers, payload);
        SigningKey::derive(self.secret, &date::day(now), self.region, self.service)
            .sign(canonical::string_to_sign(credential, now, &request).as_bytes())
    }
}

fn signed_headers(parts: &Parts) -> String {
    let names = parts.headers.keys().map(HeaderName::as_str).chain(["host"]);
    let mut names = canonical::sorted(names.filter(|name| !UNSIGNED.contains(name)));
    names.dedup();
    names.join(";")
}

fn set_query(parts: &mut Parts, query: &str) -> Result<(), http::Error> {
    let mut uri = parts.uri.clone().into_parts();
    uri.path_and_query = Some(format!("{}?{query}", parts.uri.path()).try_into()?);
    parts.uri = Uri::from_parts(uri)?;
    Ok(())
}
