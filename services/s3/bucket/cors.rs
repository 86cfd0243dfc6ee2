//! CORS: a bucket's rules, and what they say to web pages. Only preflights are refused; a request
//! that no rule matches runs, and its answer has no header that lets the page read it, as on AWS.
//!
//! One thing is stricter than AWS: a `POST` of another site's page needs a rule, because browsers
//! send form posts without asking, to servers on the visitor's own machine too.

use std::any::Any;
use std::sync::Arc;

use cumulet_core::{AwsError, Cx, State, Verdict};
use http::Method;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;

use super::stored::checked;
use crate::api;
use crate::state::{Bucket, S3, Tables};
use crate::{configuration, errors, website};

/// Rules of a bucket, at most.
const RULES_MAX: usize = 100;
const VARY: HeaderValue = HeaderValue::from_static(
    "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
);

configuration! { CORSConfiguration
    put put_bucket_cors checked(rules);
    get get_bucket_cors members, missing |bucket| Err(errors::no_such_cors_configuration(bucket));
    delete delete_bucket_cors;
}

fn rules(_: &Tables, _: &Bucket, given: &mut api::CORSConfiguration) -> Result<(), AwsError> {
    let rules = given.cors_rules.as_deref().unwrap_or_default();
    if rules.len() > RULES_MAX {
        return Err(errors::invalid_request(format!(
            "The number of CORS rules should not exceed allowed limit of {RULES_MAX} rules."
        )));
    }
    let wildcards = |text: &String| text.matches('*').count();
    for rule in rules {
        for method in rule.allowed_methods.iter().flatten() {
            if !matches!(method.as_str(), "GET" | "PUT" | "POST" | "DELETE" | "HEAD") {
                return Err(errors::invalid_request(format!(
                    "Found unsupported HTTP method in CORS config. Unsupported method is {method}"
                )));
            }
        }
        for (what, texts) in
            [("AllowedOrigin", &rule.allowed_origins), ("AllowedHeader", &rule.allowed_headers)]
        {
            if let Some(text) = texts.iter().flatten().find(|text| wildcards(text) > 1) {
                return Err(errors::invalid_request(format!(
                    "{what} \"{text}\" can not have more than one wildcard."
                )));
            }
        }
        if let Some(text) = rule.expose_headers.iter().flatten().find(|text| wildcards(text) > 0) {
            return Err(errors::invalid_request(format!(
                "ExposeHeader \"{text}\" contains wildcard. We currently do not support wildcard for ExposeHeader."
            )));
        }
    }
    Ok(())
}

/// What S3 says to the request of a web page, and to every `OPTIONS`.
pub(crate) fn verdict(state: &Arc<dyn State>, cx: &Cx, parts: &Parts) -> Verdict {
    let state: &dyn Any = &**state;
    let Some(s3) = state.downcast_ref::<S3>() else { return Verdict::Gateway };
    let path = parts.uri.path().trim_start_matches('/');
    let (bucket, key) = match website::bucket(parts) {
        Some(bucket) => (bucket, path),
        None => path.split_once('/').map_or((path.to_owned(), ""), |(b, key)| (b.to_owned(), key)),
    };
    if bucket.is_empty() {
        return Verdict::Gateway;
    }
    let asks = parts.method == Method::OPTIONS;
    let Some(origin) = text(parts, header::ORIGIN) else {
        return if asks { Verdict::Refuse(errors::origin_needed()) } else { unheard(parts) };
    };
    let method = text(parts, header::ACCESS_CONTROL_REQUEST_METHOD);
    let method = method.unwrap_or(parts.method.as_str());
    let rules = s3.read(cx, |t| {
        let bucket = t.buckets.get(&*bucket)?;
        Some(t.configuration::<api::CORSConfiguration>(&bucket.name).and_then(|c| c.cors_rules))
    });
    let headers = text(parts, header::ACCESS_CONTROL_REQUEST_HEADERS);
    let rule = rules
        .iter()
        .flatten()
        .flatten()
        .find_map(|rule| Some((rule, allows(rule, origin, method, headers)?)));
    match (rule, asks) {
        (Some((rule, pattern)), true) => Verdict::Welcome(shown(rule, pattern, origin, headers)),
        (Some((rule, pattern)), false) => Verdict::Pass(shown(rule, pattern, origin, headers)),
        // No rule can ever have allowed a page to make a bucket.
        (None, false) if rules.is_none() && parts.method == Method::PUT => Verdict::Gateway,
        (None, false) => unheard(parts),
        (None, true) => Verdict::Refuse(match rules {
            None => errors::access_forbidden("Bucket not found", method, "BUCKET"),
            Some(None) => {
                errors::access_forbidden("CORS is not enabled for this bucket.", method, "BUCKET")
            }
            Some(Some(_)) => errors::access_forbidden(
                "This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.",
                method,
                if key.is_empty() { "BUCKET" } else { "OBJECT" },
            ),
        }),
    }
}

/// A request that no rule lets the page read: browsers ask before they send any of these methods
/// but `GET` and `HEAD`, which change nothing.
fn unheard(parts: &Parts) -> Verdict {
    match parts.method {
        Method::GET | Method::HEAD | Method::PUT | Method::DELETE => {
            Verdict::Pass(HeaderMap::new())
        }
        _ => Verdict::Gateway,
    }
}

fn text(parts: &Parts, name: HeaderName) -> Option<&str> {
    parts.headers.get(name)?.to_str().ok()
}

/// Names of headers in a list of them.
fn names(list: &str) -> impl Iterator<Item = String> {
    list.split(',').map(|name| name.trim().to_ascii_lowercase()).filter(|name| !name.is_empty())
}

/// The pattern by which a rule lets an origin in.
fn allows<'a>(
    rule: &'a api::CORSRule,
    origin: &str,
    method: &str,
    headers: Option<&str>,
) -> Option<&'a str> {
    let pattern = rule.allowed_origins.iter().flatten().find(|pattern| fits(pattern, origin))?;
    let method = rule.allowed_methods.iter().flatten().any(|allowed| allowed == method);
    let header = |name: String| {
        let mut allowed = rule.allowed_headers.iter().flatten();
        allowed.any(|pattern| fits(&pattern.to_ascii_lowercase(), &name))
    };
    (method && names(headers.unwrap_or_default()).all(header)).then_some(pattern)
}

/// Whether a text has a pattern's form; one `*` stands for anything.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, end)) => {
            text.len() >= start.len() + end.len() && text.starts_with(start) && text.ends_with(end)
        }
    }
}

fn shown(rule: &api::CORSRule, pattern: &str, origin: &str, asked: Option<&str>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut put = |name: HeaderName, value: String| {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    };
    let join = |list: &Option<Vec<String>>| list.as_deref().unwrap_or_default().join(", ");
    if pattern == "*" {
        put(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*".into());
    } else {
        put(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.to_owned());
        put(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true".into());
    }
    put(header::ACCESS_CONTROL_ALLOW_METHODS, join(&rule.allowed_methods));
    if let Some(asked) = asked {
        let asked = names(asked).collect::<Vec<_>>().join(", ");
        put(header::ACCESS_CONTROL_ALLOW_HEADERS, asked);
    }
    if rule.expose_headers.is_some() {
        put(header::ACCESS_CONTROL_EXPOSE_HEADERS, join(&rule.expose_headers));
    }
    if let Some(seconds) = rule.max_age_seconds {
        put(header::ACCESS_CONTROL_MAX_AGE, seconds.to_string());
    }
    headers.insert(header::VARY, VARY);
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text, outcome) in [
            ("http://*.origin.com", "http://test.origin.com", true),
            ("http://*.origin.com", "http://test.origin.com/", false),
            ("*", "https://a.test", true),
            ("http://a", "http://a", true),
            ("", "http://a", false),
            ("aa*aa", "aaa", false),
        ] {
            assert_eq!(fits(pattern, text), outcome, "{pattern} {text}");
        }
    }
}
