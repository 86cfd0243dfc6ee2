//! Websites: buckets served to browsers at `<bucket>.s3-website[.-]…`, with index and error
//! documents, redirects, and errors as pages. Only `GET` and `HEAD`; nothing is authorised.

use std::any::Any;
use std::sync::Arc;

use cumulet_core::{AwsError, Body, BoxFuture, Cx, Route, State, Timestamp};
use cumulet_escape::push_xml;
use http::header::{self, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use percent_encoding::percent_decode_str;

use crate::api::{self, input, output};
use crate::object::get::get_object;
use crate::state::S3;
use crate::{address, errors};

pub(crate) const ROUTE: Route = Route { matches: |parts| bucket(parts).is_some(), answer };

/// The bucket whose website a request's host names.
pub(crate) fn bucket(parts: &Parts) -> Option<String> {
    named(parts.headers.get(header::HOST)?.to_str().ok()?)
}

fn named(host: &str) -> Option<String> {
    let host = address::without_port(host).to_ascii_lowercase();
    let is_website = |rest: &str| rest.is_empty() || rest.starts_with(['.', '-']);
    host.match_indices(".s3-website").find_map(|(at, label)| {
        let bucket = host.get(..at).filter(|bucket| !bucket.is_empty())?;
        let rest = host.get(at + label.len()..)?;
        is_website(rest).then(|| bucket.to_owned())
    })
}

fn answer(state: Arc<dyn State>, cx: Cx, request: Request<Body>) -> BoxFuture<Response<Body>> {
    Box::pin(async move {
        let (parts, _) = request.into_parts();
        let state: Arc<dyn Any + Send + Sync> = state;
        match (state.downcast::<S3>(), bucket(&parts)) {
            (Ok(s3), Some(bucket)) => {
                let visit = Visit { s3: &s3, cx: &cx, parts: &parts, bucket: &bucket };
                visit.answer()
            }
            _ => Response::default(),
        }
    })
}

/// One request to a website.
struct Visit<'a> {
    s3: &'a S3,
    cx: &'a Cx,
    parts: &'a Parts,
    bucket: &'a str,
}

impl Visit<'_> {
    fn answer(&self) -> Response<Body> {
        let site = match self.site() {
            Ok(site) => site,
            Err(error) => return self.page(&error, None),
        };
        if let Some(to) = &site.redirect_all_requests_to {
            let path = self.parts.uri.path_and_query().map_or("/", |p| p.as_str());
            return self.redirect(301, to.protocol.as_deref(), to.host_name.as_deref(), path);
        }
        if !matches!(self.parts.method, Method::GET | Method::HEAD) {
            let error = errors::method_not_allowed(&self.parts.method, "OBJECT");
            return self.page(&error, None);
        }
        let path = percent_decode_str(self.parts.uri.path()).decode_utf8_lossy();
        let asked = path.strip_prefix('/').unwrap_or(&path);
        if let Some(answer) = self.routed(&site, asked, None) {
            return answer;
        }
        let suffix = site.index_document.as_ref().and_then(|i| i.suffix.as_deref());
        let suffix = suffix.unwrap_or_default();
        let is_folder = asked.is_empty() || asked.ends_with('/');
        let key = if is_folder { format!("{asked}{suffix}") } else { asked.to_owned() };
        let error = match self.object(&key, false) {
            Ok(object) => return found(object, StatusCode::OK),
            Err(error) => error,
        };
        let status = error.status();
        if !status.is_client_error() {
            return self.page(&error, None);
        }
        if !is_folder && self.has(&format!("{asked}/{suffix}")) {
            let to = format!("{}/", self.parts.uri.path());
            return moved(StatusCode::FOUND, &to);
        }
        if let Some(answer) = self.routed(&site, asked, Some(status.as_str())) {
            return answer;
        }
        let Some(key) = site.error_document.and_then(|e| e.key) else {
            return self.page(&error, None);
        };
        match self.object(&key, true) {
            Ok(object) => found(object, status),
            Err(second) => self.page(&error, Some(&second)),
        }
    }

    fn site(&self) -> Result<api::WebsiteConfiguration, AwsError> {
        self.s3.read(self.cx, |t| {
            t.bucket(self.bucket, None)?;
            let site = t.configuration(self.bucket);
            site.ok_or_else(|| errors::no_such_website_configuration(self.bucket))
        })
    }

    fn has(&self, key: &str) -> bool {
        self.s3.read(self.cx, |t| t.current(self.bucket, key).is_some())
    }

    /// The object as `GetObject` gives it, conditions and range of the request included; an error
    /// document comes whole.
    fn object(&self, key: &str, whole: bool) -> Result<output::GetObject, AwsError> {
        let header = |name: HeaderName| {
            let value = self.parts.headers.get(name).filter(|_| !whole)?;
            Some(value.to_str().ok()?.to_owned())
        };
        let date = |name: HeaderName| Timestamp::parse_http_date(&header(name)?);
        let input = input::GetObject {
            bucket: self.bucket.to_owned(),
            key: key.to_owned(),
            if_match: header(header::IF_MATCH),
            if_none_match: header(header::IF_NONE_MATCH),
            if_modified_since: date(header::IF_MODIFIED_SINCE),
            if_unmodified_since: date(header::IF_UNMODIFIED_SINCE),
            range: header(header::RANGE),
            ..Default::default()
        };
        get_object(self.s3, self.cx, input)
    }

    /// The answer of the first routing rule for a key, before the object is looked for or, with
    /// its status, after that failed.
    fn routed(
        &self,
        site: &api::WebsiteConfiguration,
        key: &str,
        status: Option<&str>,
    ) -> Option<Response<Body>> {
        let (prefix, redirect) = site.routing_rules.iter().flatten().find_map(|rule| {
            let condition = rule.condition.clone().unwrap_or_default();
            let prefix = condition.key_prefix_equals.unwrap_or_default();
            let wanted = condition.http_error_code_returned_equals;
            let applies = wanted.as_deref() == status && key.starts_with(&prefix);
            Some((prefix, rule.redirect.as_ref().filter(|_| applies)?))
        })?;
        let key = match (&redirect.replace_key_with, &redirect.replace_key_prefix_with) {
            (Some(whole), _) => whole.clone(),
            (None, Some(start)) => {
                format!("{start}{}", key.get(prefix.len()..).unwrap_or_default())
            }
            (None, None) => key.to_owned(),
        };
        let code = redirect.http_redirect_code.as_deref().and_then(|code| code.parse().ok());
        let (protocol, host) = (redirect.protocol.as_deref(), redirect.host_name.as_deref());
        Some(self.redirect(code.unwrap_or(301), protocol, host, &format!("/{}", encoded(&key))))
    }

    fn redirect(
        &self,
        code: u16,
        protocol: Option<&str>,
        host: Option<&str>,
        path: &str,
    ) -> Response<Body> {
        let own = self.cx.endpoint().split_once("://").map_or("http", |(scheme, _)| scheme);
        let asked = self.parts.headers.get(header::HOST).and_then(|h| h.to_str().ok());
        let host = host.or(asked).unwrap_or_default();
        let status = StatusCode::from_u16(code).unwrap_or(StatusCode::MOVED_PERMANENTLY);
        moved(status, &format!("{}://{host}{path}", protocol.unwrap_or(own)))
    }

    /// An error as a page; `second` is what went wrong with the error document.
    fn page(&self, error: &AwsError, second: Option<&AwsError>) -> Response<Body> {
        let status = error.status();
        let body = if status == StatusCode::NOT_MODIFIED {
            String::new()
        } else {
            let ids = [("RequestId", self.cx.request_id()), ("HostId", self.cx.request_id())];
            let (title, first) = (escaped(&status.to_string()), items(error, &ids));
            let second = second.map_or_else(String::new, |second| {
                let list = items(second, &[]);
                format!(
                    "<h3>An Error Occurred While Attempting to Retrieve a Custom Error Document</h3>\n{list}"
                )
            });
            format!(
                "<html>\n<head><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n{first}{second}<hr/>\n</body>\n</html>\n"
            )
        };
        let mut answer = Response::new(Body::from(body));
        *answer.status_mut() = status;
        if status != StatusCode::NOT_MODIFIED {
            put(&mut answer, "content-type", Some("text/html; charset=utf-8".into()));
            put(&mut answer, "x-amz-error-code", Some(error.code().to_owned()));
            put(&mut answer, "x-amz-error-message", Some(error.message().to_owned()));
        }
        for (name, value) in error.headers() {
            put(&mut answer, name, Some(value.clone()));
        }
        answer
    }
}

fn found(object: output::GetObject, status: StatusCode) -> Response<Body> {
    if let Some(to) = &object.website_redirect_location {
        return moved(StatusCode::MOVED_PERMANENTLY, to);
    }
    let part = object.content_range.is_some() && status.is_success();
    let status = if part { StatusCode::PARTIAL_CONTENT } else { status };
    let length = object.content_length.map(|n| n.to_string());
    let modified = object.last_modified.map(Timestamp::http_date);
    let headers = [
        ("accept-ranges", object.accept_ranges),
        ("cache-control", object.cache_control),
        ("content-disposition", object.content_disposition),
        ("content-encoding", object.content_encoding),
        ("content-language", object.content_language),
        ("content-length", length),
        ("content-range", object.content_range),
        ("content-type", object.content_type),
        ("etag", object.e_tag),
        ("expires", object.expires),
        ("last-modified", modified),
        ("x-amz-server-side-encryption", object.server_side_encryption),
        ("x-amz-version-id", object.version_id),
    ];
    let mut answer = Response::new(object.body);
    *answer.status_mut() = status;
    for (name, value) in headers {
        put(&mut answer, name, value);
    }
    for (name, value) in object.metadata.unwrap_or_default() {
        put(&mut answer, &format!("x-amz-meta-{name}"), Some(value));
    }
    answer
}

fn moved(status: StatusCode, to: &str) -> Response<Body> {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = status;
    put(&mut answer, "location", Some(to.to_owned()));
    answer
}

fn put(answer: &mut Response<Body>, name: &str, value: Option<String>) {
    let name = HeaderName::from_bytes(name.as_bytes());
    if let (Ok(name), Some(Ok(value))) = (name, value.map(HeaderValue::try_from)) {
        answer.headers_mut().insert(name, value);
    }
}

/// An error's code, message and members, and more, as a list.
fn items(error: &AwsError, more: &[(&str, &str)]) -> String {
    let members = error.members().iter();
    let members = members.map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default()));
    let first = [("Code", error.code()), ("Message", error.message())];
    let all = first.into_iter().chain(members).chain(more.iter().copied());
    let row =
        |text: String, (name, value)| text + &format!("<li>{name}: {}</li>\n", escaped(value));
    let all = all.fold(String::new(), row);
    format!("<ul>\n{all}</ul>\n")
}

fn escaped(text: &str) -> String {
    let mut out = Vec::new();
    push_xml(&mut out, text);
    String::from_utf8(out).unwrap_or_default()
}

/// A key as a path: no more than what would end it is encoded.
fn encoded(key: &str) -> String {
    use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
    const ODD: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'%').add(b'\\');
    utf8_percent_encode(key, ODD).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_name_websites() {
        for (host, bucket) in [
            ("b.s3-website.localhost.localstack.cloud:4566", Some("b")),
            ("my.b.s3-website-eu-west-1.amazonaws.com", Some("my.b")),
            ("b.s3-website.eu-west-1.localhost", Some("b")),
            ("b.s3.localhost", None),
            ("b.s3-websites.localhost", None),
            ("s3-website.localhost", None),
        ] {
            assert_eq!(named(host).as_deref(), bucket, "{host}");
        }
    }
}
