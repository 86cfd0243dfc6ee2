//! Who calls and where: account, region and principal, out of the signature's credential and the
//! host; and the address that the caller used, for URLs in answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cumulet_core::{AccountId, Principal, Region};
use cumulet_sigv4::Credential;
use http::HeaderMap;
use http::header::HOST;

/// On whose behalf a request comes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) account: AccountId,
    pub(crate) region: Region,
    pub(crate) principal: Principal,
}

impl Identity {
    /// An access key of twelve digits is an account, and keys that were issued here carry theirs;
    /// every other key belongs to the default one. With `aws_keys` so do keys of AWS's form.
    /// A region that has no region's form becomes us-east-1.
    pub(crate) fn of(
        credential: Option<&Credential<'_>>,
        headers: &HeaderMap,
        aws_keys: bool,
    ) -> Self {
        let Some(credential) = credential else {
            let region =
                service_host(headers).and_then(|host| host.rsplit('.').find_map(Region::parse));
            return Self {
                account: AccountId::DEFAULT,
                region: region.unwrap_or(Region::US_EAST_1),
                principal: Principal::Anonymous,
            };
        };
        let key = credential.access_key();
        let aws_key = looks_real(key);
        if aws_key && !aws_keys {
            warn_of_real_key();
        }
        let issued = (aws_key && aws_keys) || key.starts_with("LKIA") || key.starts_with("LSIA");
        let account = if issued { AccountId::of_access_key(key) } else { AccountId::parse(key) };
        Self {
            account: account.unwrap_or(AccountId::DEFAULT),
            region: credential.region().and_then(Region::parse).unwrap_or(Region::US_EAST_1),
            principal: Principal::Key(key.to_owned()),
        }
    }
}

/// Real keys are of no use here and should not travel.
fn warn_of_real_key() {
    static WARNED: AtomicBool = AtomicBool::new(false);
    if !WARNED.swap(true, Ordering::Relaxed) {
        log::warn!(
            "a request is signed with what looks like a real AWS access key; any made-up key does"
        );
    }
}

fn looks_real(key: &str) -> bool {
    (key.starts_with("AKIA") || key.starts_with("ASIA"))
        && key.len() == 20
        && key.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        && !key.ends_with("EXAMPLE")
}

/// The request's host as it stands, port included.
pub(crate) fn host(headers: &HeaderMap) -> Option<&str> {
    headers.get(HOST)?.to_str().ok().filter(|host| !host.is_empty())
}

/// A host without its port: `localhost:4566`, `[::1]:4566`.
pub(crate) fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !name.ends_with(':') => {
            name
        }
        _ => host,
    }
}

/// Whether a host is `suffix` itself, or a name below it.
pub(crate) fn is_under(host: &str, suffix: &str) -> bool {
    host.strip_suffix(suffix).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Suffixes after which a host's name is a service's.
const SUFFIXES: [&str; 4] =
    [".localhost.localstack.cloud", ".localhost", ".amazonaws.com", ".amazonaws.com.cn"];

/// What stands before a known suffix of the host: `sqs.eu-west-1` of
/// `sqs.eu-west-1.localhost.localstack.cloud:4566`.
pub(crate) fn service_host(headers: &HeaderMap) -> Option<&str> {
    let host = without_port(host(headers)?);
    SUFFIXES.iter().find_map(|suffix| host.strip_suffix(suffix)).filter(|rest| !rest.is_empty())
}

/// Scheme and host for URLs in answers.
#[derive(Debug)]
pub(crate) struct Endpoint {
    /// Set by the operator: always the same.
    fixed: Option<Arc<str>>,
    /// For requests that name no host.
    default: Arc<str>,
}

/// Marks requests that came by https.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Secure;

impl Endpoint {
    pub(crate) fn new(public_host: Option<&str>, port: u16, use_ssl: bool) -> Self {
        let scheme = if use_ssl { "https" } else { "http" };
        Self {
            fixed: public_host.map(|host| format!("{scheme}://{host}").into()),
            default: format!("{scheme}://localhost:{port}").into(),
        }
    }

    /// That of a request.
    pub(crate) fn of(&self, headers: &HeaderMap, secure: Option<&Secure>) -> Arc<str> {
        if let Some(fixed) = &self.fixed {
            return Arc::clone(fixed);
        }
        match host(headers).filter(|host| is_host(host)) {
            Some(host) if secure.is_some() => ["https://", host].concat().into(),
            Some(host) => ["http://", host].concat().into(),
            None => Arc::clone(&self.default),
        }
    }
}

/// Nothing that could break out of a URL in an answer.
fn is_host(host: &str) -> bool {
    host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn headers(host: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(HOST, HeaderValue::from_static(host))])
    }

    fn identity(authorization: Option<&'static str>, host: &'static str) -> (String, String) {
        identity_where(authorization, host, false)
    }

    fn identity_where(
        authorization: Option<&'static str>,
        host: &'static str,
        aws_keys: bool,
    ) -> (String, String) {
        let mut request = http::Request::builder().header(HOST, host);
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        let parts = request.body(()).unwrap().into_parts().0;
        let credential = cumulet_sigv4::credential(&parts);
        let identity = Identity::of(credential.as_ref(), &parts.headers, aws_keys);
        (identity.account.to_string(), identity.region.to_string())
    }

    #[test]
    fn account_and_region_come_from_the_credential() {
        let of = |credential: &str| {
            let text = format!(
                "AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=00"
            );
            identity(Some(text.leak()), "localhost:4566")
        };
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(
            of("111122223333/20261122/eu-west-1/sqs/aws4_request"),
            pair("111122223333", "eu-west-1")
        );
        assert_eq!(of("test/20261122/auto/s3/aws4_request"), pair("000000000000", "us-east-1"));
        assert_eq!(identity(None, "localhost"), pair("000000000000", "us-east-1"));
        assert_eq!(
            identity(None, "sqs.eu-west-2.localhost.localstack.cloud:4566"),
            pair("000000000000", "eu-west-2")
        );
    }

    #[test]
    fn an_issued_key_carries_its_account() {
        let of = |key: &str, aws_keys| {
            let text = format!(
                "AWS4-HMAC-SHA256 Credential={key}/20261122/eu-west-1/sts/aws4_request, \
                 SignedHeaders=host, Signature=00"
            );
            identity_where(Some(text.leak()), "localhost", aws_keys).0
        };
        assert_eq!(of("LSIAQNZGKIQY56JQ7WML", false), "029608264753");
        assert_eq!(of("ASIAQNZGKIQY56JQ7WML", true), "029608264753");
        assert_eq!(of("ASIAQNZGKIQY56JQ7WML", false), "000000000000");
    }

    #[test]
    fn a_real_key_is_known_by_its_form() {
        assert!(looks_real("AKIAQ3EGVTT5LCIQPZDN"));
        for key in ["test", "AKIAIOSFODNN7EXAMPLE", "LKIAQAAAAAAAGGGGGGGG", "AKIA"] {
            assert!(!looks_real(key), "{key}");
        }
    }

    #[test]
    fn urls_in_answers_have_the_callers_host() {
        let endpoint = Endpoint::new(None, 4566, false);
        let of = |host| endpoint.of(&headers(host), None);
        assert_eq!(&*of("localstack:4599"), "http://localstack:4599");
        assert_eq!(&*of("[::1]:4599"), "http://[::1]:4599");
        assert_eq!(&*of("a\"b"), "http://localhost:4566");
        assert_eq!(&*endpoint.of(&HeaderMap::new(), None), "http://localhost:4566");
        assert_eq!(&*endpoint.of(&headers("a:1"), Some(&Secure)), "https://a:1");
        let fixed = Endpoint::new(Some("aws.test:80"), 4566, true);
        assert_eq!(&*fixed.of(&headers("localstack:4599"), None), "https://aws.test:80");
    }

    #[test]
    fn a_port_is_cut_off() {
        assert_eq!(without_port("localhost:4566"), "localhost");
        assert_eq!(without_port("[::1]:4566"), "[::1]");
        assert_eq!(without_port("[::1]"), "[::1]");
        assert_eq!(without_port("localhost"), "localhost");
    }
}
