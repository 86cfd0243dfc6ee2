//! Presigned URLs carry headers in their query: what they name there counts as a header.

use http::header::{HeaderMap, HeaderName};
use http::request::Parts;
use percent_encoding::percent_decode_str;

use crate::metadata;

/// Makes headers of a presigned URL's parameters that stand for them, where there is none yet.
pub(crate) fn hoist(parts: &mut Parts) {
    let Some(query) = parts.uri.query() else { return };
    let pairs = || query.split('&').filter_map(|pair| pair.split_once('='));
    if !pairs().any(|(name, _)| matches!(name, "X-Amz-Signature" | "Signature")) {
        return;
    }
    let mut headers = HeaderMap::new();
    for (name, value) in pairs() {
        let value = percent_decode_str(value).decode_utf8_lossy();
        let name = HeaderName::from_bytes(name.to_ascii_lowercase().as_bytes());
        if let Ok(name) = name
            && let Some(value) = metadata::header(name.as_str(), &value)
            && stands_for_header(name.as_str())
            && !parts.headers.contains_key(&name)
        {
            headers.append(name, value);
        }
    }
    parts.headers.extend(headers);
}

fn stands_for_header(name: &str) -> bool {
    let of_signature = [
        "x-amz-algorithm",
        "x-amz-credential",
        "x-amz-date",
        "x-amz-expires",
        "x-amz-signedheaders",
        "x-amz-signature",
        "x-amz-security-token",
    ];
    // SDKs put the checksum of the body that they sign without into the URL; S3 passes over it there
    // (aws/aws-sdk#480).
    let is_checksum = name.starts_with("x-amz-checksum-") || name == "x-amz-sdk-checksum-algorithm";
    let conditions = ["if-match", "if-none-match", "if-modified-since", "if-unmodified-since"];
    let is_amz = name.starts_with("x-amz-") && !is_checksum && !of_signature.contains(&name);
    is_amz || conditions.contains(&name)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn hoisted(uri: &str) -> Vec<(String, String)> {
        let request = http::Request::put(uri).header("x-amz-meta-b", "header").body(()).unwrap();
        let (mut parts, ()) = request.into_parts();
        hoist(&mut parts);
        let text = |v: &HeaderValue| v.to_str().unwrap().to_owned();
        let mut all: Vec<_> = parts.headers.iter().map(|(n, v)| (n.to_string(), text(v))).collect();
        all.sort();
        all
    }

    #[test]
    fn a_presigned_url_may_have_headers_in_its_query() {
        let query = "X-Amz-Signature=s&X-Amz-Date=d&x-amz-meta-a=1%202&x-amz-meta-b=query\
                     &If-None-Match=%2A&prefix=p&x-amz-checksum-crc32=AAAAAA%3D%3D";
        let own = ("x-amz-meta-b".to_owned(), "header".to_owned());
        assert_eq!(
            hoisted(&format!("/b/k?{query}")),
            [
                ("if-none-match".to_owned(), "*".to_owned()),
                ("x-amz-meta-a".to_owned(), "1 2".to_owned()),
                own.clone(),
            ]
        );
        assert_eq!(hoisted("/b/k?x-amz-meta-a=1"), [own]);
    }
}
