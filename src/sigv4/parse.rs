//! Reads a request's signature from its `Authorization` header or its query string. Hashes nothing
//! and copies only what is percent-encoded: every request passes here.

use crate::errors::SignatureError;
use crate::signature::{Credential, Place, Signature, Version};
use crate::{MAX_EXPIRES, date};
use cumulet_core::Timestamp;
use http::request::Parts;
use http::{HeaderMap, header};
use percent_encoding::percent_decode_str;
use std::borrow::Cow;
use std::time::Duration;

pub(crate) const V4: &str = "AWS4-HMAC-SHA256";
pub(crate) const V4A: &str = "AWS4-ECDSA-P256-SHA256";
const V2: &str = "AWS";
const CONTENT_SHA256: &str = "x-amz-content-sha256";

/// The request's signature, `None` when it has none.
pub fn parse(parts: &Parts) -> Result<Option<Signature<'_>>, SignatureError> {
    let query = Query::read(parts.uri.query().unwrap_or_default());
    let Some(authorization) = parts.headers.get(header::AUTHORIZATION) else {
        return if query.is_v4() {
            query.v4(&parts.headers).map(Some)
        } else if query.is_v2() {
            query.v2(&parts.headers).map(Some)
        } else {
            Ok(None)
        };
    };
    let shown = || String::from_utf8_lossy(authorization.as_bytes()).into_owned();
    if query.is_v4() || query.is_v2() {
        return Err(SignatureError::TwoMechanisms { authorization: shown() });
    }
    let Ok(text) = authorization.to_str() else {
        return Err(SignatureError::UnsupportedType { authorization: shown() });
    };
    match scheme(text) {
        (V4, rest) => header_v4(Version::V4, text, rest, &parts.headers).map(Some),
        (V4A, rest) => header_v4(Version::V4a, text, rest, &parts.headers).map(Some),
        (V2, rest) => header_v2(text, rest, &parts.headers).map(Some),
        _ => Err(SignatureError::UnsupportedType { authorization: text.to_owned() }),
    }
}

/// Whose key the request names, also when the rest of its signature is missing or wrong: enough for
/// a server that does not check signatures to know account, region and service.
pub fn credential(parts: &Parts) -> Option<Credential<'_>> {
    let query = Query::read(parts.uri.query().unwrap_or_default());
    let header = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (version, text) = match header.map(scheme) {
        Some((V4, rest)) => (Version::V4, component(rest, "Credential")?.into()),
        Some((V4A, rest)) => (Version::V4a, component(rest, "Credential")?.into()),
        Some((V2, rest)) => {
            (Version::V2, rest.rsplit_once(':').map_or(rest, |(key, _)| key).into())
        }
        Some(_) => return None,
        None => match (query.credential, query.access_key) {
            (Some(text), _) => (query.version()?, decoded(text)),
            (None, Some(key)) => (Version::V2, decoded(key)),
            (None, None) => return None,
        },
    };
    let credential = Credential { version, text };
    (version == Version::V2 || has_scope(&credential)).then_some(credential)
}

fn scheme(authorization: &str) -> (&str, &str) {
    let authorization = authorization.trim();
    authorization.split_once([' ', '\t']).map_or((authorization, ""), |(s, rest)| (s, rest.trim()))
}

fn components(rest: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    rest.split(',').map(str::trim).filter(|part| !part.is_empty()).map(|part| {
        part.split_once('=').map_or((part, None), |(name, value)| (name.trim(), Some(value.trim())))
    })
}

fn component<'a>(rest: &'a str, name: &str) -> Option<&'a str> {
    components(rest).find(|(n, _)| *n == name).and_then(|(_, value)| value)
}

fn header_v4<'a>(
    version: Version,
    authorization: &str,
    rest: &'a str,
    headers: &'a HeaderMap,
) -> Result<Signature<'a>, SignatureError> {
    if let Some((component, None)) = components(rest).find(|(_, value)| value.is_none()) {
        return Err(SignatureError::HeaderComponent { component: component.to_owned() });
    }
    let [credential, signature, signed_headers] =
        ["Credential", "Signature", "SignedHeaders"].map(|name| component(rest, name));
    let (Some(credential), Some(signature), Some(signed_headers)) =
        (credential, signature, signed_headers)
    else {
        let missing = [
            ("Credential", credential),
            ("Signature", signature),
            ("SignedHeaders", signed_headers),
        ]
        .into_iter()
        .filter_map(|(name, value)| value.is_none().then_some(name))
        .collect();
        return Err(SignatureError::HeaderIncomplete {
            missing,
            authorization: authorization.to_owned(),
        });
    };
    Ok(Signature {
        version,
        place: Place::Header,
        credential: checked(version, Place::Header, credential.into())?,
        signed_headers: signed_headers.into(),
        signature: signature.into(),
        signed_at: Some(request_date(headers, authorization)?),
        expires_at: None,
        session_token: text(headers, "x-amz-security-token"),
        content_sha256: text(headers, CONTENT_SHA256),
    })
}

fn header_v2<'a>(
    authorization: &str,
    rest: &'a str,
    headers: &'a HeaderMap,
) -> Result<Signature<'a>, SignatureError> {
    let Some((key, signature)) = rest.rsplit_once(':').filter(|(key, _)| !key.is_empty()) else {
        return Err(SignatureError::HeaderV2 { authorization: authorization.to_owned() });
    };
    Ok(Signature {
        version: Version::V2,
        place: Place::Header,
        credential: Credential { version: Version::V2, text: key.into() },
        signed_headers: "".into(),
        signature: signature.into(),
        signed_at: Some(request_date(headers, authorization)?),
        expires_at: None,
        session_token: text(headers, "x-amz-security-token"),
        content_sha256: text(headers, CONTENT_SHA256),
    })
}

fn request_date(headers: &HeaderMap, authorization: &str) -> Result<Timestamp, SignatureError> {
    text(headers, "x-amz-date")
        .or_else(|| text(headers, "date"))
        .and_then(|value| date::parse(&value))
        .ok_or_else(|| SignatureError::Date { authorization: authorization.to_owned() })
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<Cow<'a, str>> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(Cow::Borrowed)
}

/// A credential whose shape is right.
pub(crate) fn checked(
    version: Version,
    place: Place,
    text: Cow<'_, str>,
) -> Result<Credential<'_>, SignatureError> {
    let credential = Credential { version, text };
    if !has_scope(&credential) {
        let credential = credential.text.into_owned();
        return Err(SignatureError::Credential { place, credential });
    }
    if let Some(terminal) = credential.text.rsplit('/').next().filter(|t| *t != "aws4_request") {
        return Err(SignatureError::CredentialTerminal { place, terminal: terminal.to_owned() });
    }
    let day = credential.date().unwrap_or_default();
    if day.len() != 8 || !day.bytes().all(|b| b.is_ascii_digit()) {
        return Err(SignatureError::CredentialDate { place, date: day.to_owned() });
    }
    Ok(credential)
}

fn has_scope(credential: &Credential<'_>) -> bool {
    let slashes = if credential.version == Version::V4 { 4 } else { 3 };
    credential.text.bytes().filter(|b| *b == b'/').count() >= slashes
        && !credential.access_key().is_empty()
}

/// The query string's parameters that concern signatures, as they stand.
#[derive(Default)]
struct Query<'a> {
    algorithm: Option<&'a str>,
    credential: Option<&'a str>,
    date: Option<&'a str>,
    expires: Option<&'a str>,
    signed_headers: Option<&'a str>,
    signature: Option<&'a str>,
    token: Option<&'a str>,
    content_sha256: Option<&'a str>,
    access_key: Option<&'a str>,
    v2_signature: Option<&'a str>,
    v2_expires: Option<&'a str>,
}

impl<'a> Query<'a> {
    fn read(query: &'a str) -> Self {
        let mut found = Self::default();
        for (name, value) in query.split('&').map(|p| p.split_once('=').unwrap_or((p, ""))) {
            if let Some(slot) = found.slot(name) {
                slot.get_or_insert(value);
            }
        }
        found
    }

    fn slot(&mut self, name: &str) -> Option<&mut Option<&'a str>> {
        let rest = match name {
            "AWSAccessKeyId" => return Some(&mut self.access_key),
            "Signature" => return Some(&mut self.v2_signature),
            "Expires" => return Some(&mut self.v2_expires),
            _ => name.get(6..)?,
        };
        if !name.get(..6)?.eq_ignore_ascii_case("x-amz-") {
            return None;
        }
        let is = |known: &str| rest.eq_ignore_ascii_case(known);
        match () {
            () if is("algorithm") => Some(&mut self.algorithm),
            () if is("credential") => Some(&mut self.credential),
            () if is("date") => Some(&mut self.date),
            () if is("expires") => Some(&mut self.expires),
            () if is("signedheaders") => Some(&mut self.signed_headers),
            () if is("signature") => Some(&mut self.signature),
            () if is("security-token") => Some(&mut self.token),
            () if is("content-sha256") => Some(&mut self.content_sha256),
            () => None,
        }
    }

    fn is_v4(&self) -> bool {
        self.algorithm.is_some() || self.credential.is_some() || self.signature.is_some()
    }

    fn is_v2(&self) -> bool {
        self.access_key.is_some() || self.v2_signature.is_some()
    }

    fn version(&self) -> Option<Version> {
        match self.algorithm {
            None | Some(V4) => Some(Version::V4),
            Some(V4A) => Some(Version::V4a),
            Some(_) => None,
        }
    }

    fn v4(self, headers: &'a HeaderMap) -> Result<Signature<'a>, SignatureError> {
        let (Some(algorithm), Some(credential), Some(signature), Some(when), Some(signed_headers)) =
            (self.algorithm, self.credential, self.signature, self.date, self.signed_headers)
        else {
            return Err(SignatureError::QueryIncomplete { missing: self.missing() });
        };
        let Some(version) = self.version() else {
            return Err(SignatureError::QueryAlgorithm { algorithm: algorithm.to_owned() });
        };
        let credential = checked(version, Place::Query, decoded(credential))?;
        if credential.is_s3() && self.expires.is_none() {
            return Err(SignatureError::QueryIncomplete { missing: self.missing() });
        }
        let when = decoded(when);
        let Some(signed_at) = date::parse_basic(&when) else {
            return Err(SignatureError::QueryDate { date: when.into_owned() });
        };
        let expires = self.expires.map(expires_in).transpose()?;
        let signed_headers = decoded(signed_headers);
        let header_sha256 = text(headers, CONTENT_SHA256)
            .filter(|_| signed_headers.split(';').any(|name| name == CONTENT_SHA256));
        Ok(Signature {
            version,
            place: Place::Query,
            credential,
            signed_headers,
            signature: decoded(signature),
            signed_at: Some(signed_at),
            expires_at: expires.map(|seconds| signed_at.plus(seconds)),
            session_token: self.token.map(decoded).or(text(headers, "x-amz-security-token")),
            content_sha256: self.content_sha256.map(decoded).or(header_sha256),
        })
    }

    fn missing(&self) -> Vec<&'static str> {
        [
            ("X-Amz-Algorithm", self.algorithm),
            ("X-Amz-Credential", self.credential),
            ("X-Amz-Signature", self.signature),
            ("X-Amz-Date", self.date),
            ("X-Amz-SignedHeaders", self.signed_headers),
            ("X-Amz-Expires", self.expires),
        ]
        .into_iter()
        .filter_map(|(name, value)| value.is_none().then_some(name))
        .collect()
    }

    fn v2(self, headers: &'a HeaderMap) -> Result<Signature<'a>, SignatureError> {
        let (Some(key), Some(signature), Some(expires)) =
            (self.access_key, self.v2_signature, self.v2_expires)
        else {
            return Err(SignatureError::QueryV2Incomplete);
        };
        let Ok(expires_at) = expires.parse().map(Timestamp::from_secs) else {
            return Err(SignatureError::ExpiresV2 { expires: decoded(expires).into_owned() });
        };
        Ok(Signature {
            version: Version::V2,
            place: Place::Query,
            credential: Credential { version: Version::V2, text: decoded(key) },
            signed_headers: "".into(),
            signature: decoded(signature),
            signed_at: None,
            expires_at: Some(expires_at),
            session_token: self.token.map(decoded).or(text(headers, "x-amz-security-token")),
            content_sha256: text(headers, CONTENT_SHA256),
        })
    }
}

fn expires_in(text: &str) -> Result<Duration, SignatureError> {
    let seconds: i64 = text.parse().map_err(|_| SignatureError::ExpiresNumber)?;
    let seconds = u64::try_from(seconds).map_err(|_| SignatureError::ExpiresNegative)?;
    let expires = Duration::from_secs(seconds);
    if expires > MAX_EXPIRES { Err(SignatureError::ExpiresTooLong) } else { Ok(expires) }
}

fn decoded(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}
