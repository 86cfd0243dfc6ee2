//! Signature version 2 of S3: HMAC-SHA1 over a few headers and the resource. The query services'
//! version 2 is another one and absent: they have long refused it.

use crate::canonical;
use crate::errors::{Mismatch, SignatureError};
use crate::signature::{Place, Signature};
use crate::verify::Check;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::request::Parts;
use percent_encoding::percent_decode_str;
use sha1::Sha1;
use std::collections::BTreeMap;

/// The query parameters that are part of the resource.
const SUB_RESOURCES: [&str; 40] = [
    "accelerate",
    "acl",
    "analytics",
    "cors",
    "delete",
    "encryption",
    "intelligent-tiering",
    "inventory",
    "legal-hold",
    "lifecycle",
    "location",
    "logging",
    "metrics",
    "notification",
    "object-lock",
    "ownershipControls",
    "partNumber",
    "policy",
    "policyStatus",
    "publicAccessBlock",
    "replication",
    "requestPayment",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "restore",
    "retention",
    "select",
    "select-type",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
    "website",
];

pub(crate) fn verify(
    signature: &Signature<'_>,
    parts: &Parts,
    check: &Check<'_>,
) -> Result<(), SignatureError> {
    let text = string_to_sign(signature, parts, check.host_bucket);
    if matches(check.secret, &text, &signature.signature) {
        return Ok(());
    }
    Err(SignatureError::Mismatch(Box::new(Mismatch {
        access_key: signature.credential.access_key().to_owned(),
        string_to_sign: String::from_utf8_lossy(&text).into_owned(),
        provided: signature.signature.to_string(),
        canonical_request: None,
    })))
}

/// Whether `signature` (base64) is `text`'s, compared in constant time.
pub(crate) fn matches(secret: &str, text: &[u8], signature: &str) -> bool {
    STANDARD.decode(signature).is_ok_and(|tag| mac(secret, text).verify_slice(&tag).is_ok())
}

fn mac(secret: &str, text: &[u8]) -> Hmac<Sha1> {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    Hmac::<Sha1>::new_from_slice(secret.as_bytes()).expect("any length").chain_update(text)
}

pub(crate) fn string_to_sign(
    signature: &Signature<'_>,
    parts: &Parts,
    host_bucket: Option<&str>,
) -> Vec<u8> {
    let presigned = signature.place == Place::Query;
    let query = pairs(parts.uri.query().unwrap_or_default());
    // A presigned URL may carry in its query what would be headers.
    let value = |name: &str| match canonical::values(&parts.headers, name, |value| {
        value.trim_ascii().to_vec()
    }) {
        empty if empty.is_empty() && presigned => query
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map_or(empty, |(_, value)| value.clone().into_bytes()),
        value => value,
    };
    let names = parts
        .headers
        .keys()
        .map(|name| name.as_str().to_owned())
        .chain(query.iter().filter(|_| presigned).map(|(name, _)| name.to_ascii_lowercase()))
        .filter(|name| name.starts_with("x-amz-"));
    // Not collected: that brings a sort along.
    let mut amz: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    amz.extend(names.map(|name| (name.clone(), value(&name))));
    let date = match signature.expires_at {
        Some(expires_at) => expires_at.secs().to_string().into_bytes(),
        None if amz.contains_key("x-amz-date") => Vec::new(),
        None => value("date"),
    };
    let mut out = Vec::with_capacity(256);
    for line in
        [parts.method.as_str().as_bytes(), &value("content-md5"), &value("content-type"), &date]
    {
        out.extend_from_slice(line);
        out.push(b'\n');
    }
    while let Some((name, value)) = amz.pop_first() {
        out.extend([name.as_bytes(), b":", &value, b"\n"].concat());
    }
    out.extend(resource(parts.uri.path(), &query, host_bucket).into_bytes());
    out
}

/// `/bucket/key?sub-resources`, the path as it was sent, but for the slash that ends a bucket.
fn resource(path: &str, query: &[(String, String)], host_bucket: Option<&str>) -> String {
    let mut resource = host_bucket.map_or_else(String::new, |bucket| format!("/{bucket}"));
    resource.push_str(path);
    if resource.len() > 1 && resource.rfind('/') == Some(0) {
        resource.push('/');
    }
    let known = query.iter().filter(|(name, _)| SUB_RESOURCES.contains(&name.as_str()));
    // A name that begins another one (`policy`, `select`) has no value, so they are in order with
    // their values, too.
    let known = canonical::sorted(known.map(|(name, value)| {
        if value.is_empty() { name.clone() } else { format!("{name}={value}") }
    }));
    for (index, one) in known.iter().enumerate() {
        resource.push(if index == 0 { '?' } else { '&' });
        resource.push_str(one);
    }
    resource
}

fn pairs(query: &str) -> Vec<(String, String)> {
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}
