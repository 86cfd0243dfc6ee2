//! What a web page may do: nothing, unless its origin is allowed. Any site can make a visitor's
//! browser send requests to this machine, and a name that resolves anew to 127.0.0.1 reads the
//! answers too; so browsers are held to a list of origins and a list of hosts.
//!
//! Requests without a browser's headers (SDKs, curl) are never looked at.

use std::net::IpAddr;

use http::header::{HeaderMap, HeaderName, HeaderValue, ORIGIN, REFERER, USER_AGENT, VARY};
use http::request::Parts;
use http::{Method, Response, StatusCode, header};

use cumulet_core::Body;

use crate::answer;
use crate::config::{Config, Cors};
use crate::identity::{host, is_under, without_port};

const FETCH_SITE: &str = "sec-fetch-site";
const PRIVATE_NETWORK_ASKED: &str = "access-control-request-private-network";
const PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-allow-private-network");
/// What scripts may read of an answer beside the simple headers.
const EXPOSED: &str = "etag,x-amz-version-id,x-amz-request-id,x-amzn-requestid,x-amzn-errortype";
const METHODS: HeaderValue = HeaderValue::from_static("HEAD,GET,PUT,POST,DELETE,OPTIONS,PATCH");

/// What a request's headers say of the browser behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Visitor {
    /// No browser, or a page of our own.
    Nobody,
    /// A page of an allowed origin.
    Allowed(HeaderValue),
    /// A page of another site.
    Stranger(String),
    /// A browser that knows us by a name which is not ours.
    WrongHost(String),
}

/// The policy.
#[derive(Debug)]
pub(crate) struct Browsers {
    cors: Cors,
    origins: Vec<String>,
    public_host: Option<String>,
    exposed: HeaderValue,
}

impl Browsers {
    pub(crate) fn new(config: &Config, ports: &[u16]) -> Self {
        let mut origins: Vec<String> =
            ["https://app.localstack.cloud", "http://app.localstack.cloud"]
                .into_iter()
                .map(str::to_owned)
                .collect();
        let names = ["localhost", "127.0.0.1", "[::1]", "localhost.localstack.cloud"];
        for scheme in ["http", "https"] {
            for name in names {
                origins.extend(ports.iter().map(|port| format!("{scheme}://{name}:{port}")));
            }
            origins.extend(config.public_host.iter().map(|host| format!("{scheme}://{host}")));
        }
        origins.extend(config.cors.extra_origins.iter().cloned());
        let exposed = [EXPOSED, &config.cors.extra_exposed].join(",");
        Self {
            cors: config.cors.clone(),
            origins,
            public_host: config.public_host.clone(),
            exposed: HeaderValue::from_str(exposed.trim_end_matches(','))
                .unwrap_or(HeaderValue::from_static(EXPOSED)),
        }
    }

    /// Looks at a request.
    pub(crate) fn judge(&self, parts: &Parts) -> Visitor {
        let headers = &parts.headers;
        let origin = headers.get(ORIGIN);
        let site = headers.get(FETCH_SITE).map(HeaderValue::as_bytes);
        let referer = headers.get(REFERER);
        let is_browser = origin.is_some()
            || site.is_some()
            || referer.is_some()
            // A page may hide its referrer, and on plain http nothing else tells of it.
            || headers.get(USER_AGENT).is_some_and(|agent| agent.as_bytes().starts_with(b"Mozilla/"));
        if !is_browser {
            return Visitor::Nobody;
        }
        let host = host(headers).unwrap_or_default();
        if !self.cors.checks_off && !self.is_own_host(without_port(host)) {
            return Visitor::WrongHost(host.to_owned());
        }
        if let Some(origin) = origin {
            let text = origin.to_str().unwrap_or("null");
            let allowed = self.cors.checks_off || self.is_allowed(text) || is_at(text, host);
            return if allowed {
                Visitor::Allowed(origin.clone())
            } else {
                Visitor::Stranger(text.to_owned())
            };
        }
        let page = referer.and_then(|r| r.to_str().ok()).map(origin_of);
        let own = match (site, page) {
            (Some(b"same-origin" | b"none"), _) | (None, None) => true,
            (_, Some(page)) => self.is_allowed(page) || (site.is_none() && is_at(page, host)),
            (Some(_), None) => false,
        };
        if own || self.cors.checks_off {
            Visitor::Nobody
        } else {
            Visitor::Stranger(page.unwrap_or("another site").to_owned())
        }
    }

    fn is_allowed(&self, origin: &str) -> bool {
        self.origins.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin))
    }

    /// Names under which only this machine, its containers' network or AWS itself is known.
    fn is_own_host(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        let under = |name: &str| is_under(&host, name);
        let address = host.trim_start_matches('[').trim_end_matches(']');
        !host.contains('.')
            || address.parse::<IpAddr>().is_ok()
            || ["localhost", "localhost.localstack.cloud", "amazonaws.com", "amazonaws.com.cn"]
                .into_iter()
                .any(under)
            || self.public_host.as_deref().is_some_and(|own| under(without_port(own)))
    }

    /// The answer to a preflight of an allowed origin; `None` for everything else.
    pub(crate) fn preflight(&self, parts: &Parts, visitor: &Visitor) -> Option<Response<Body>> {
        let asks = parts.headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        if parts.method != Method::OPTIONS || !asks || !matches!(visitor, Visitor::Allowed(_)) {
            return None;
        }
        let mut answer = Response::new(Body::empty());
        *answer.status_mut() = StatusCode::NO_CONTENT;
        if !self.cors.headers_off {
            let headers = answer.headers_mut();
            headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
            if let Some(asked) = parts.headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
                headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
            }
            if parts.headers.contains_key(PRIVATE_NETWORK_ASKED) {
                headers.insert(PRIVATE_NETWORK, HeaderValue::from_static("true"));
            }
        }
        Some(answer)
    }

    /// Lets the page of an allowed origin read the answer, unless the service has said who may.
    pub(crate) fn allow(&self, visitor: &Visitor, headers: &mut HeaderMap) {
        let Visitor::Allowed(origin) = visitor else { return };
        if self.cors.headers_off || headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN) {
            return;
        }
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, self.exposed.clone());
        headers.append(VARY, HeaderValue::from_static("Origin"));
    }
}

impl Visitor {
    /// The answer for a browser that is refused; `None` if the visitor is welcome.
    pub(crate) fn refusal(&self) -> Option<Response<Body>> {
        let text = match self {
            Self::Nobody | Self::Allowed(_) => return None,
            Self::Stranger(origin) => format!(
                "Refused: a browser sent this for a page of {origin}, which is not an allowed origin.\n\
                 EXTRA_CORS_ALLOWED_ORIGINS takes a list of origins to allow.\n"
            ),
            Self::WrongHost(host) => format!(
                "Refused: a browser asked for the host '{host}', which is not one of this server.\n\
                 LOCALSTACK_HOST sets the name that it is known by.\n"
            ),
        };
        Some(answer::text(StatusCode::FORBIDDEN, text))
    }
}

/// Scheme and host of a URL.
fn origin_of(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url.get(start..).and_then(|rest| rest.find('/')).map_or(url.len(), |at| start + at);
    url.get(..end).unwrap_or(url)
}

/// Whether a page of this origin was served by the very host that is asked now.
fn is_at(origin: &str, host: &str) -> bool {
    origin.split_once("://").is_some_and(|(_, at)| !at.is_empty() && at.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests;
