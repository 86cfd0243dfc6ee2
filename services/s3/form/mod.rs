//! Uploads by an HTML form: `POST` to a bucket with `multipart/form-data`. A form is a `PutObject`
//! whose headers are fields, and that its policy allows.

mod fields;
mod policy;

use std::any::Any;
use std::sync::Arc;

use bytes::Bytes;
use cumulet_core::dispatch::dispatch;
use cumulet_core::{AccountId, AwsError, Body, BoxFuture, Cx, Protocol, Route, State};
use cumulet_escape::push_element;
use cumulet_protocol::{Matched, read_input, write_error, write_output};
use cumulet_sigv4::{Dialect, Signature, SignatureError, check_session, parse_form, verify_form};
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST, LOCATION};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri};

use self::fields::{Fields, Form};
use self::policy::Policy;
use crate::api::input;
use crate::intake::base64;
use crate::listing::Encoding;
use crate::metadata::header;
use crate::multipart::complete::location;
use crate::state::S3;
use crate::{address, api, errors};

pub(crate) const ROUTE: Route = Route { matches, answer };

/// A form has its signature in a field; what is signed as other requests are is none.
fn matches(parts: &Parts) -> bool {
    parts.method == Method::POST
        && !parts.headers.contains_key(AUTHORIZATION)
        && parts.uri.query().is_none_or(str::is_empty)
        && ["multipart/", "text/html"].iter().any(|kind| content_type(parts).starts_with(kind))
        && bucket(parts).is_some()
}

fn content_type(parts: &Parts) -> &str {
    parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// The bucket that a form is sent to, by the host or by the path's only segment.
fn bucket(parts: &Parts) -> Option<String> {
    let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let path = parts.uri.path().trim_matches('/');
    match address::bucket(host) {
        Some(bucket) => path.is_empty().then_some(bucket),
        None if address::serves_others(host) => None,
        None => {
            let is_bucket = !path.is_empty() && !path.contains(['/', '_']);
            is_bucket.then(|| path.to_owned())
        }
    }
}

fn answer(state: Arc<dyn State>, cx: Cx, request: Request<Body>) -> BoxFuture<Response<Body>> {
    Box::pin(async move {
        let (parts, body) = request.into_parts();
        let state: Arc<dyn Any + Send + Sync> = state;
        let Ok(s3) = state.downcast::<S3>() else { return Response::default() };
        post(&s3, &cx, &parts, body).await.unwrap_or_else(|error| {
            let model = Some(api::model());
            write_error(Protocol::RestXml, model, &error, cx.request_id(), true)
        })
    })
}

async fn post(s3: &S3, cx: &Cx, parts: &Parts, body: Body) -> Result<Response<Body>, AwsError> {
    let content_type = content_type(parts);
    if !content_type.starts_with("multipart/form-data") {
        return Err(errors::precondition_failed(
            "Bucket POST must be of the enclosure-type multipart/form-data",
        ));
    }
    let bucket = bucket(parts).unwrap_or_default();
    s3.read(cx, |t| t.bucket(&bucket, None).map(|_| ()))?;
    let Form { mut fields, filename, file } = fields::read(content_type, body).await?;
    let file = file.ok_or_else(|| {
        let message = "POST requires exactly one file upload per request.";
        errors::invalid_argument(message, "file", 0)
    })?;
    let wrong = |error: SignatureError| AwsError::from(error.shape(Dialect::S3));
    let signature = parse_form(|name| fields.get(name)).map_err(wrong)?;
    let account = signature.as_ref().and_then(account);
    if let Some(signature) = &signature
        && let Some(key) = s3.keys.find(cx, signature.credential.access_key())
    {
        check_session(signature, &key, cx.now()).map_err(wrong)?;
        let policy = fields.get("policy").unwrap_or_default();
        verify_form(signature, policy, &key.secret).map_err(wrong)?;
    }
    let signed = signature.is_some();
    let key = fields.get("key").ok_or_else(|| wrong(SignatureError::FormField { field: "key" }))?;
    // Without a name of the file the variable stays as it is.
    let replaced =
        if filename.is_empty() { key.to_owned() } else { key.replace("${filename}", &filename) };
    if replaced.is_empty() {
        let message = "User key must have a length greater than 0.";
        return Err(errors::invalid_argument(message, "key", ""));
    }
    fields.set("key", replaced);
    fields.set("bucket", bucket);
    let sizes = match fields.get("policy") {
        Some(_) if !signed => return Err(errors::access_denied()),
        Some(policy) => Policy::parse(policy)?.check(cx.now(), &fields)?,
        None => None,
    };
    let cx = account.map_or_else(|| cx.clone(), |account| cx.to(account, cx.region()));
    let answer = put(&cx, &fields, file.sized(sizes)).await?;
    Ok(told(&cx, &fields, answer))
}

/// The account that an access key stands for, as far as the key says.
fn account(signature: &Signature<'_>) -> Option<AccountId> {
    let key = signature.credential.access_key();
    let issued = key.starts_with("LKIA") || key.starts_with("LSIA");
    AccountId::parse(key).or_else(|| AccountId::of_access_key(key).filter(|_| issued))
}

/// Runs the `PutObject` that the form stands for.
async fn put(cx: &Cx, fields: &Fields, file: Body) -> Result<Response<Body>, AwsError> {
    let model = api::model();
    let service = cx.cloud().service("s3");
    let operation = service.and_then(|s3| s3.operation("PutObject"));
    let index = model.operation("PutObject");
    let (Some(service), Some(operation), Some(index)) = (service, operation, index) else {
        return Err(AwsError::not_implemented("s3", "PutObject"));
    };
    let label =
        |name: &'static str, field| (name, fields.get(field).unwrap_or_default().to_owned());
    let labels = vec![label("Bucket", "bucket"), label("Key", "key")];
    let matched = Matched { operation: index, labels };
    let (mut parts, ()) = Request::new(()).into_parts();
    parts.headers = headers(fields)?;
    let none = Bytes::new();
    let input =
        read_input(Protocol::RestXml, model, &matched, &parts, &none, |r| operation.read(r));
    let mut input = input.map_err(|error| errors::malformed(&error))?;
    input.set_body(file);
    let output = dispatch(cx.clone(), service, operation, input).await?;
    let body = Body::empty();
    let id = cx.request_id();
    let mut answer = write_output(Protocol::RestXml, model, index, &*output, Some(body), id);
    answer.headers_mut().extend(cx.take_answer_headers());
    Ok(answer)
}

/// The fields that are headers of a `PutObject`.
fn headers(fields: &Fields) -> Result<HeaderMap, AwsError> {
    let system = [
        "cache-control",
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-md5",
        "content-type",
        "expires",
    ];
    let mut headers = HeaderMap::new();
    for (name, value) in fields.iter() {
        let name = name.to_ascii_lowercase();
        let (name, value) = match name.as_str() {
            "acl" => ("x-amz-acl", value.to_owned()),
            "tagging" => ("x-amz-tagging", tagging(value)?),
            // Headers decode this form; fields are taken as they are.
            name if name.starts_with("x-amz-meta-") => {
                (name, format!("=?UTF-8?B?{}?=", base64(value.as_bytes())))
            }
            name if name.starts_with("x-amz-") || system.contains(&name) => {
                (name, value.to_owned())
            }
            _ => continue,
        };
        let named = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Some(value)) = (named, header(name, &value)) {
            headers.append(name, value);
        }
    }
    Ok(headers)
}

/// The tags of a form, which are XML, as a header has them.
fn tagging(xml: &str) -> Result<String, AwsError> {
    let model = api::model();
    let Some(operation) = model.operation("PutBucketTagging") else { return Ok(String::new()) };
    if !xml.trim_start().starts_with('<') {
        return Err(errors::malformed_xml());
    }
    // What is XML but no tagging counts as no tags.
    if !xml.contains("<Tagging") {
        return Ok(String::new());
    }
    let matched = Matched { operation, labels: Vec::new() };
    let (parts, ()) = Request::new(()).into_parts();
    let body = Bytes::copy_from_slice(xml.as_bytes());
    let input = read_input(Protocol::RestXml, model, &matched, &parts, &body, |r| {
        <input::PutBucketTagging as cumulet_core::Decode>::decode(r)
    });
    let input = input.map_err(|_| errors::malformed_xml())?;
    let tags = input.tagging.and_then(|t| t.tag_set).unwrap_or_default();
    let tag = |tag: api::Tag| {
        let text =
            |text: Option<String>| Encoding::path(&text.unwrap_or_default()).replace('/', "%2F");
        format!("{}={}", text(tag.key), text(tag.value))
    };
    Ok(tags.into_iter().map(tag).collect::<Vec<_>>().join("&"))
}

/// Under this name buckets are hosts, as S3 tells them; other names may not resolve with one more label.
const PUBLIC_NAME: &str = "localhost.localstack.cloud";

/// The answer that the form asks for: a redirect, a status, or nothing.
fn told(cx: &Cx, fields: &Fields, mut answer: Response<Body>) -> Response<Body> {
    let field = |name| fields.get(name).unwrap_or_default();
    let (bucket, key) = (field("bucket"), field("key"));
    let headers = answer.headers_mut();
    let etag = headers.get("etag").and_then(|e| e.to_str().ok()).unwrap_or_default().to_owned();
    headers.remove(CONTENT_LENGTH);
    let local =
        cx.endpoint().strip_prefix("http://localhost").filter(|port| !port.starts_with('.'));
    let public = cx.endpoint().split_once(PUBLIC_NAME).map(|(_, port)| port);
    let place = match public.or(local) {
        Some(port) => {
            format!("http://{bucket}.s3.{PUBLIC_NAME}{port}/{}", Encoding::path(key))
        }
        None => location(cx.endpoint(), bucket, key),
    };
    let redirect = fields.get("success_action_redirect").or_else(|| fields.get("redirect"));
    let redirect = redirect.filter(|url| is_url(url)).map(|url| {
        let sign = if url.contains('?') { '&' } else { '?' };
        let [bucket, key, etag] =
            [bucket, key, &etag].map(|text| Encoding::path(text).replace('/', "%2F"));
        format!("{url}{sign}bucket={bucket}&key={key}&etag={etag}")
    });
    let status = match field("success_action_status") {
        _ if redirect.is_some() => StatusCode::SEE_OTHER,
        "200" => StatusCode::OK,
        "201" => StatusCode::CREATED,
        _ => StatusCode::NO_CONTENT,
    };
    if let Ok(to) = HeaderValue::from_str(redirect.as_ref().unwrap_or(&place)) {
        headers.insert(LOCATION, to);
    }
    if status == StatusCode::CREATED {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
        let mut out = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<PostResponse>".to_vec();
        let shown = [("Location", &*place), ("Bucket", bucket), ("Key", key), ("ETag", &etag)];
        for (name, text) in shown {
            push_element(&mut out, name, text);
        }
        out.extend_from_slice(b"</PostResponse>");
        *answer.body_mut() = out.into();
    }
    *answer.status_mut() = status;
    answer
}

/// Whether a redirect goes to a whole URL; S3 does not look at any other.
fn is_url(text: &str) -> bool {
    let whole = text.parse::<Uri>().is_ok_and(|url| url.host().is_some());
    whole && ["http://", "https://"].iter().any(|s| text.to_ascii_lowercase().starts_with(s))
}
