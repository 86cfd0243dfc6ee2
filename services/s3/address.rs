//! Buckets in the host's name: `bucket.s3.eu-west-1.amazonaws.com/key` becomes `/bucket/key`.

use http::header::HOST;
use http::request::Parts;
use http::uri::{PathAndQuery, Uri};

/// Puts the bucket that the host names in front of the path.
pub(crate) fn address(parts: &mut Parts) {
    let host = parts.headers.get(HOST).and_then(|h| h.to_str().ok());
    let Some(host) = host.or_else(|| parts.uri.host()) else { return };
    let Some(bucket) = bucket(host) else { return };
    let path = parts.uri.path();
    let path = if path == "/" { "" } else { path };
    let rewritten = match parts.uri.query() {
        Some(query) => format!("/{bucket}{path}?{query}"),
        None => format!("/{bucket}{path}"),
    };
    let Ok(rewritten) = PathAndQuery::try_from(rewritten) else { return };
    let mut uri = std::mem::take(&mut parts.uri).into_parts();
    uri.path_and_query = Some(rewritten);
    parts.uri = Uri::from_parts(uri).unwrap_or_default();
}

/// The bucket that a host names; `None` where the path does.
pub(crate) fn bucket(host: &str) -> Option<String> {
    let host = without_port(host).to_ascii_lowercase();
    let is_address = host.starts_with('[') || host.parse::<std::net::IpAddr>().is_ok();
    if is_address || host.split('.').any(is_elsewhere) {
        return None;
    }
    let bucket = match before_s3(&host) {
        Some(before) => before.to_owned(),
        None => host.strip_suffix(".localhost")?.to_owned(),
    };
    (!bucket.is_empty()).then_some(bucket)
}

pub(crate) fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

/// What stands before the last label that is S3's own (`s3`, `s3-eu-west-1`, `s3-accelerate`);
/// empty for the bare endpoint. Buckets may have such a label too, so the last one counts.
fn before_s3(host: &str) -> Option<&str> {
    let mut at = host.len();
    for label in host.rsplit('.') {
        at = at.checked_sub(label.len())?;
        if is_endpoint(label) {
            return host.get(..at).map(|before| before.strip_suffix('.').unwrap_or(before));
        }
        at = at.saturating_sub(1);
    }
    None
}

fn is_endpoint(label: &str) -> bool {
    label == "s3" || label.starts_with("s3-")
}

/// Websites, access points and the control API have hosts of their own.
fn is_elsewhere(label: &str) -> bool {
    ["s3-website", "s3-control", "s3-accesspoint", "s3-object-lambda", "s3-outposts"]
        .iter()
        .any(|prefix| label.starts_with(prefix))
}

/// Whether a host is that of functions, APIs and the like, whose paths name no buckets.
pub(crate) fn serves_others(host: &str) -> bool {
    let others = ["execute-api", "lambda-url", "cloudfront", "elb", "appsync-api", "opensearch"];
    without_port(host).split('.').any(|label| is_elsewhere(label) || others.contains(&label))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_names_a_bucket() {
        for (host, named) in [
            ("bucket.localhost:4566", "bucket"),
            ("bucket.s3.localhost.localstack.cloud:4566", "bucket"),
            ("bucket.s3.eu-west-1.localhost.localstack.cloud", "bucket"),
            ("my.dotted.bucket.s3.amazonaws.com", "my.dotted.bucket"),
            ("my.s3.bucket.s3.us-east-1.amazonaws.com", "my.s3.bucket"),
            ("bucket.s3-eu-west-1.amazonaws.com", "bucket"),
            ("bucket.s3.localhost", "bucket"),
            ("Bucket.S3.example.org", "bucket"),
        ] {
            assert_eq!(bucket(host).as_deref(), Some(named), "{host}");
        }
    }

    #[test]
    fn other_hosts_name_none() {
        for host in [
            "localhost:4566",
            "127.0.0.1:4566",
            "[::1]:4566",
            "s3.localhost.localstack.cloud:4566",
            "s3.amazonaws.com",
            "s3-eu-west-1.amazonaws.com",
            "localstack:4566",
            "bucket.s3-website.localhost",
            "bucket.s3-website-eu-west-1.amazonaws.com",
            "000000000000.s3-control.localhost",
            "localhost",
            "",
        ] {
            assert_eq!(bucket(host), None, "{host}");
        }
    }

    #[test]
    fn the_path_keeps_its_slashes_and_query() {
        let rewrite = |uri: &str| {
            let request = http::Request::get(uri).header(HOST, "b.s3.localhost").body(());
            let (mut parts, ()) = request.unwrap().into_parts();
            address(&mut parts);
            parts.uri.to_string()
        };
        assert_eq!(rewrite("/"), "/b");
        assert_eq!(rewrite("/?list-type=2"), "/b?list-type=2");
        assert_eq!(rewrite("//a//b?x=%2F"), "/b//a//b?x=%2F");
    }
}
