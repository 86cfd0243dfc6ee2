//! Server access logs: a line for each request to a bucket that has them on, put into its target
//! bucket ten seconds after the first. Forms and websites write none, and so does S3 itself.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use cumulet_core::{Body, Cx, Principal, State, Timestamp, Value};
use http::request::Parts;
use http::{HeaderMap, Response};

use crate::api;
use crate::bucket::canonical_id;
use crate::delivery::on_behalf;
use crate::events::address;
use crate::state::{Bucket, S3, Tables};

const DELAY: Duration = Duration::from_secs(10);

/// A line that is to be delivered.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    bucket: Arc<Bucket>,
    at: Timestamp,
    text: String,
}

impl Tables {
    fn logging(&self, bucket: &str) -> Option<api::LoggingEnabled> {
        self.configuration::<api::BucketLoggingStatus>(bucket)?.logging_enabled
    }

    /// When the lines are to be delivered.
    pub(crate) fn delivery(&self) -> Option<Timestamp> {
        self.lines.iter().next().map(|(_, line)| line.at.plus(DELAY))
    }
}

/// Notes a request that was answered.
pub(crate) fn note(
    state: &Arc<dyn State>,
    cx: &Cx,
    operation: &str,
    error: Option<&str>,
    answer: &Response<Body>,
) {
    let state: &dyn Any = &**state;
    let s3 = state.downcast_ref::<S3>().filter(|s3| s3.logs.load(Relaxed));
    let (Some(s3), Some(parts)) = (s3, cx.http()) else { return };
    let path = parts.uri.path().get(1..).unwrap_or_default();
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    let _ = s3.write(cx, |t| {
        if let Some(bucket) = t.buckets.get(bucket).cloned()
            && t.logging(&bucket.name).is_some()
        {
            let text = line(cx, &bucket, key, parts, operation, error, answer);
            let number = t.next_number(cx);
            t.lines.insert(number, Arc::new(Line { bucket, at: cx.now(), text }));
        }
        Ok(())
    });
}

/// S3 User Guide, "Amazon S3 server access log format".
fn line(
    cx: &Cx,
    bucket: &Bucket,
    key: &str,
    parts: &Parts,
    operation: &str,
    error: Option<&str>,
    answer: &Response<Body>,
) -> String {
    let or = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
    let header = |headers: &HeaderMap, name: &str| {
        or(headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default())
    };
    let asked = |name| header(&parts.headers, name);
    let told = |name| header(answer.headers(), name);
    let requester = match cx.principal() {
        Principal::Anonymous => or(""),
        _ => canonical_id(cx.account()),
    };
    let (query, authorization) = (parts.uri.query().unwrap_or_default(), asked("authorization"));
    let signature = match () {
        () if authorization.starts_with("AWS4") => "SigV4 - AuthHeader",
        () if authorization.starts_with("AWS ") => "SigV2 - AuthHeader",
        () if query.contains("X-Amz-Signature=") => "SigV4 - QueryString",
        () if query.contains("Signature=") => "SigV2 - QueryString",
        () => "- - -",
    };
    let sent = answer.body().len().map_or_else(|| told("content-length"), |n| n.to_string());
    let size = match told("content-range").rsplit_once('/') {
        Some((_, size)) => size.to_owned(),
        None if operation == "PutObject" => asked("content-length"),
        None if operation.ends_with("tObject") && error.is_none() => sent.clone(),
        None => or(""),
    };
    let sent = if parts.method == http::Method::HEAD || sent == "0" { or("") } else { sent };
    let date = cx.now().http_date();
    let mut date = date.split(' ').skip(1);
    let mut date = || date.next().unwrap_or_default();
    format!(
        "{} {} [{}/{}/{}:{} +0000] {} {requester} {} REST.{}.{} {} \"{} {} {:?}\" {} {} {sent} {size} - - \"{}\" \"{}\" {} {} {signature} {} - - -\n",
        canonical_id(bucket.owner),
        bucket.name,
        date(),
        date(),
        date(),
        date(),
        address(cx),
        told("x-amz-request-id"),
        if operation.contains("Copy") { "COPY" } else { parts.method.as_str() },
        resource(operation),
        or(key),
        parts.method,
        parts.uri,
        parts.version,
        answer.status().as_u16(),
        error.unwrap_or("-"),
        asked("referer"),
        asked("user-agent"),
        told("x-amz-version-id"),
        told("x-amz-id-2"),
        asked("host"),
    )
}

/// What logs call an operation's object: `REST.GET.OBJECT_TAGGING`.
fn resource(operation: &str) -> String {
    let known = match operation {
        "CreateMultipartUpload" | "ListMultipartUploads" => "UPLOADS",
        "CompleteMultipartUpload" | "AbortMultipartUpload" | "ListParts" => "UPLOAD",
        "UploadPart" | "UploadPartCopy" => "PART",
        "DeleteObjects" => "MULTI_OBJECT_DELETE",
        "GetBucketLogging" | "PutBucketLogging" => "LOGGING_STATUS",
        "GetBucketPolicy" | "PutBucketPolicy" | "DeleteBucketPolicy" => "BUCKETPOLICY",
        "GetObjectAcl" | "PutObjectAcl" => "ACL",
        "ListObjects" | "ListObjectsV2" => "BUCKET",
        "ListObjectVersions" => "BUCKETVERSIONS",
        _ => "",
    };
    if !known.is_empty() {
        return known.to_owned();
    }
    let verb = operation.bytes().skip(1).position(|b| b.is_ascii_uppercase()).map_or(0, |n| n + 1);
    let noun = operation.get(verb..).unwrap_or_default();
    let noun = noun.strip_prefix("Bucket").filter(|rest| !rest.is_empty()).unwrap_or(noun);
    let mut out = String::new();
    for letter in noun.chars() {
        if letter.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(letter.to_ascii_uppercase());
    }
    out
}

/// Delivers what is due.
pub(crate) async fn run(s3: &S3, cx: &Cx) {
    let taken = s3.write(cx, |t| {
        let is_due = t.delivery().is_some_and(|at| at <= cx.now());
        let numbers: Vec<_> = t.lines.iter().filter(|_| is_due).map(|(n, _)| *n).collect();
        Ok(numbers.iter().filter_map(|number| t.lines.remove(number)).collect::<Vec<_>>())
    });
    let mut lines = taken.unwrap_or_default();
    while let Some(bucket) = lines.first().map(|line| Arc::clone(&line.bucket)) {
        let (own, rest): (Vec<_>, _) =
            lines.into_iter().partition(|l| l.bucket.name == bucket.name);
        deliver(s3, cx, &own).await;
        lines = rest;
    }
}

async fn deliver(s3: &S3, cx: &Cx, lines: &[Arc<Line>]) {
    let Some(first) = lines.first() else { return };
    let Some(to) = s3.read(cx, |t| t.logging(&first.bucket.name)) else { return };
    let cx = on_behalf(cx, &first.bucket, first.bucket.owner, first.bucket.region);
    let grants = |permission: &str| {
        let all = to.target_grants.iter().flatten();
        let all = all.filter(|g| g.permission.as_deref() == Some(permission));
        let grantee = |g: &api::TargetGrant| {
            let to = g.grantee.as_ref()?;
            let names = [("id", &to.id), ("uri", &to.uri), ("emailAddress", &to.email_address)];
            names.iter().find_map(|(name, to)| Some(format!("{name}=\"{}\"", to.as_deref()?)))
        };
        let all = all.filter_map(grantee).collect::<Vec<_>>().join(",");
        if all.is_empty() { Value::Null } else { all.into() }
    };
    let text: String = lines.iter().map(|line| line.text.as_str()).collect();
    let mut input = vec![
        ("Bucket", to.target_bucket.clone().unwrap_or_default().into()),
        ("Key", key(&cx, &first.bucket, first.at, &to).into()),
        ("ContentType", "text/plain".into()),
    ];
    let plain = Value::map(input.clone());
    input.extend([("GrantRead", grants("READ")), ("GrantFullControl", grants("FULL_CONTROL"))]);
    // Where lists of access are off, grants are passed over.
    for input in [Value::map(input), plain] {
        let body = Some(Body::from(text.clone()));
        if cx.call_with("s3", "PutObject", input, body).await.is_ok() {
            return;
        }
    }
}

/// `prefix2026-11-22-07-15-00-0123456789ABCDEF`, with places by account, region and day if asked for.
fn key(cx: &Cx, bucket: &Bucket, event: Timestamp, to: &api::LoggingEnabled) -> String {
    let prefix = to.target_prefix.as_deref().unwrap_or_default();
    let chance = cx.ids().text(16, b"0123456789ABCDEF");
    let stamp =
        |at: Timestamp| at.iso8601_millis().get(..19).unwrap_or_default().replace(['T', ':'], "-");
    let format = to.target_object_key_format.as_ref();
    let Some(parts) = format.and_then(|f| f.partitioned_prefix.as_ref()) else {
        return format!("{prefix}{}-{chance}", stamp(cx.now()));
    };
    let by_event = parts.partition_date_source.as_deref() == Some("EventTime");
    let stamp = stamp(if by_event { event } else { cx.now() });
    let day = stamp.get(..10).unwrap_or_default();
    let time = if by_event { "-00-00-00" } else { stamp.get(10..).unwrap_or_default() };
    let (owner, region, name, days) =
        (bucket.owner, bucket.region, &bucket.name, day.replace('-', "/"));
    format!("{prefix}{owner}/{region}/{name}/{days}/{day}{time}-{chance}")
}
