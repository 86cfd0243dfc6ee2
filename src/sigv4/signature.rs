//! What a request says about its signature, read but not yet believed.

use crate::errors::SignatureError;
use cumulet_core::{AccessKey, Timestamp};
use std::borrow::Cow;

/// The generation of the signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// HMAC-SHA1, S3 only.
    V2,
    /// HMAC-SHA256 over a canonical request.
    V4,
    /// ECDSA over a canonical request, for several regions: its credential names none. Known, so
    /// that the caller is known; never verified.
    V4a,
}

/// Where in the request the signature stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The `Authorization` header.
    Header,
    /// The query string: a presigned URL.
    Query,
    /// The fields of a POST form.
    Form,
}

/// Whose key signed, and for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential<'a> {
    pub(crate) version: Version,
    /// Version 2: the key's id. Version 4: `key/date/region/service/aws4_request`. Version 4a: the
    /// same without the region.
    pub(crate) text: Cow<'a, str>,
}

impl Credential<'_> {
    /// `index` counts the slashes from the end: a key's id may have some itself.
    fn part(&self, index: usize) -> Option<&str> {
        self.text.rsplit('/').nth(index)
    }

    /// How many parts follow the key's id.
    fn scope_len(&self) -> usize {
        match self.version {
            Version::V2 => 0,
            Version::V4 => 4,
            Version::V4a => 3,
        }
    }

    /// The id of the access key.
    pub fn access_key(&self) -> &str {
        self.text.rsplitn(self.scope_len() + 1, '/').last().unwrap_or_default()
    }

    /// The day, `yyyyMMdd`; none in version 2.
    pub fn date(&self) -> Option<&str> {
        self.part(self.scope_len().checked_sub(1)?)
    }

    /// The region, in version 4 only.
    pub fn region(&self) -> Option<&str> {
        (self.version == Version::V4).then(|| self.part(2)).flatten()
    }

    /// The service's signing name; version 2 is S3's alone.
    pub fn service(&self) -> Option<&str> {
        if self.version == Version::V2 { Some("s3") } else { self.part(1) }
    }

    /// `date/region/service/aws4_request`; empty in version 2.
    pub(crate) fn scope(&self) -> &str {
        self.text.get(self.access_key().len() + 1..).unwrap_or_default()
    }

    /// S3 has canonical rules and errors of its own; its siblings (`s3express`, `s3-outposts`,
    /// `s3-object-lambda`) share them.
    pub fn is_s3(&self) -> bool {
        self.service().is_some_and(|service| service.starts_with("s3"))
    }
}

/// A request's signature as the request states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature<'a> {
    /// Its generation.
    pub version: Version,
    /// Where it was found.
    pub place: Place,
    /// Whose key signed, and for what.
    pub credential: Credential<'a>,
    /// `host;x-amz-date`: the headers that are covered, empty in version 2 and in forms.
    pub signed_headers: Cow<'a, str>,
    /// Hexadecimal in version 4, base64 in version 2.
    pub signature: Cow<'a, str>,
    /// When it was made; a presigned URL of version 2 does not say.
    pub signed_at: Option<Timestamp>,
    /// When it ends, of a presigned URL.
    pub expires_at: Option<Timestamp>,
    /// The session token of temporary credentials.
    pub session_token: Option<Cow<'a, str>>,
    /// `x-amz-content-sha256`: the payload's hash, or what stands for it.
    pub content_sha256: Option<Cow<'a, str>>,
}

/// Whether a presigned URL has come to its end at `now`. Everything else has none and passes.
///
/// Apart from [`crate::verify()`], because it is always asked, and by the world's own clock.
pub fn check_expiry(signature: &Signature<'_>, now: Timestamp) -> Result<(), SignatureError> {
    match signature.expires_at {
        Some(expires_at) if now > expires_at => {
            Err(SignatureError::Expired { signed_at: signature.signed_at, expires_at, now })
        }
        _ => Ok(()),
    }
}

/// A session's key comes with its token, and only while the session lasts.
pub fn check_session(
    signature: &Signature<'_>,
    key: &AccessKey,
    now: Timestamp,
) -> Result<(), SignatureError> {
    let token = || signature.session_token.as_deref().unwrap_or_default().to_owned();
    match (&key.token, key.expires) {
        (Some(own), _) if *own != token() => Err(SignatureError::Token { token: token() }),
        (_, Some(at)) if at <= now => Err(SignatureError::TokenExpired { token: token() }),
        _ => Ok(()),
    }
}
