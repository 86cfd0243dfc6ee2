//! Which service a request is for: the signature's scope narrows to candidates, and target,
//! protocol, version and path decide between them. Unsigned requests go by target, host, `Action`
//! and `Version`, path, and at last to the service that takes what nobody else claims.
//!
//! Not here: which operation it is; that is `protocol`'s matter.

use cumulet_core::{AwsError, Cloud, Protocol};
use http::Method;
use http::header::CONTENT_TYPE;
use http::request::Parts;

use crate::catalog::{CATALOG, Entry};
use crate::identity::service_host;

/// Finds the service. `scope` is the signature's signing name, `form` a form post's body.
///
/// # Errors
/// The request names no service that exists, or two at once.
pub(crate) fn detect(
    cloud: &Cloud,
    parts: &Parts,
    scope: Option<&str>,
    form: &[u8],
) -> Result<&'static Entry, AwsError> {
    let clues = Clues::of(parts, form);
    let Some(scope) = scope else {
        return unsigned(cloud, parts, &clues).ok_or_else(|| unknown("this request"));
    };
    let candidates = CATALOG.signing(scope);
    let targeted = clues.target.map_or(&[][..], |target| CATALOG.targeted(target));
    if let Some(first) = targeted.first()
        && !candidates.is_empty()
        && !candidates.iter().any(|c| targeted.iter().any(|t| t.name == c.name))
    {
        return Err(AwsError::new(
            "InvalidSignatureException",
            400,
            format!("Credential should be scoped to correct service: '{}'. ", first.signing_name),
        ));
    }
    let named = narrow(cloud, parts, &clues, candidates);
    // A name that AWS does not have hides nothing that a service knows as its own.
    named
        .or_else(|| claimed(cloud, parts).filter(|_| candidates.is_empty()))
        .ok_or_else(|| unknown(&format!("'{scope}', which the request is signed for")))
}

fn unknown(what: &str) -> AwsError {
    AwsError::new("NotImplemented", 501, format!("There is no service here for {what}."))
}

/// Whether the request posts a form, in whose body the query protocols name their operation.
pub(crate) fn is_form(parts: &Parts) -> bool {
    parts.method == Method::POST
        && parts
            .headers
            .get(CONTENT_TYPE)
            .is_some_and(|value| value.as_bytes().starts_with(b"application/x-www-form-urlencoded"))
}

/// What a request says of its service and operation outside its path.
#[derive(Debug, Default)]
pub(crate) struct Clues<'a> {
    /// The service's part of `X-Amz-Target` or of Smithy RPC's path.
    target: Option<&'a str>,
    /// The operation, as those or `Action` name it.
    pub(crate) operation: Option<&'a str>,
    /// `Version` of the query protocols.
    version: Option<&'a str>,
}

impl<'a> Clues<'a> {
    pub(crate) fn of(parts: &'a Parts, form: &'a [u8]) -> Self {
        let header = parts.headers.get("x-amz-target").and_then(|value| value.to_str().ok());
        if let Some((target, operation)) = header.and_then(|value| value.rsplit_once('.')) {
            return Self { target: Some(target), operation: Some(operation), version: None };
        }
        if let Some((service, operation)) = smithy_rpc(parts.uri.path()) {
            return Self { target: Some(service), operation: Some(operation), version: None };
        }
        let mut clues = Self::default();
        clues.read(parts.uri.query().unwrap_or_default());
        if clues.operation.is_none() {
            clues.read(std::str::from_utf8(form).unwrap_or_default());
        }
        clues
    }

    /// Neither value has anything to percent-encode.
    fn read(&mut self, form: &'a str) {
        for pair in form.split('&') {
            match pair.split_once('=') {
                Some(("Action", value)) => self.operation = Some(value),
                Some(("Version", value)) => self.version = Some(value),
                _ => {}
            }
        }
    }
}

/// `/service/SERVICE/operation/OPERATION`, after any prefix.
fn smithy_rpc(path: &str) -> Option<(&str, &str)> {
    let (rest, operation) = path.rsplit_once("/operation/")?;
    let (_, service) = rest.rsplit_once("/service/")?;
    // Smithy allows the shape's full name, namespace in front.
    Some((service.rsplit('.').next().unwrap_or(service), operation))
}

fn unsigned(cloud: &Cloud, parts: &Parts, clues: &Clues<'_>) -> Option<&'static Entry> {
    let narrow = |candidates: &[&'static Entry]| narrow(cloud, parts, clues, candidates);
    clues
        .target
        .and_then(|target| narrow(CATALOG.targeted(target)))
        .or_else(|| claimed(cloud, parts))
        .or_else(|| {
            service_host(&parts.headers).and_then(|host| narrow(by_host(host, parts, clues)))
        })
        .or_else(|| by_action(cloud, parts, clues))
        .or_else(|| by_dated_path(cloud, parts))
        .or_else(|| catch_all(cloud))
}

/// `sqs.us-east-1`, `streams.dynamodb`, `bucket.with.dots.s3`: looked for from the right.
fn by_host(host: &str, parts: &Parts, clues: &Clues<'_>) -> &'static [&'static Entry] {
    let mut end = host.len();
    while let Some(label_and_rest) = host.get(..end) {
        let start = label_and_rest.rfind('.').map_or(0, |dot| dot + 1);
        let before = label_and_rest.get(..start.saturating_sub(1)).unwrap_or_default();
        let two = before.rfind('.').map_or(0, |dot| dot + 1);
        for name in [label_and_rest.get(two..), label_and_rest.get(start..)].into_iter().flatten() {
            let found = CATALOG.hosted(name);
            if found.iter().any(|entry| may_be(entry, parts, clues)) {
                return found;
            }
        }
        if start == 0 {
            break;
        }
        end = start - 1;
    }
    &[]
}

/// A `GET` without an action is no call of a service that knows no paths; rather of a bucket whose
/// name is that service's.
fn may_be(entry: &Entry, parts: &Parts, clues: &Clues<'_>) -> bool {
    parts.method == Method::POST || clues.operation.is_some() || speaks_rest(entry)
}

fn speaks_rest(entry: &Entry) -> bool {
    entry.speaks(Protocol::RestJson) || entry.speaks(Protocol::RestXml)
}

/// Query requests: by version, which several services may share, or by the operation alone.
fn by_action(cloud: &Cloud, parts: &Parts, clues: &Clues<'_>) -> Option<&'static Entry> {
    let operation = clues.operation?;
    let knows =
        |name: &str| cloud.service(name).is_some_and(|s| s.model().operation(operation).is_some());
    let Some(version) = clues.version else {
        let mut services = cloud.services().filter(|s| s.model().operation(operation).is_some());
        let entry = services.find_map(|s| {
            let speaks_query = s.model().metadata.protocols.contains(&Protocol::Query);
            speaks_query.then(|| CATALOG.named(s.name())).flatten()
        });
        return entry;
    };
    let versioned: Vec<_> = CATALOG.versioned(version).collect();
    let here = versioned.iter().find(|entry| knows(entry.name));
    here.copied().or_else(|| narrow(cloud, parts, clues, &versioned))
}

/// `/2015-03-31/functions`: no bucket is called like a date, and a service that is here has the path.
fn by_dated_path(cloud: &Cloud, parts: &Parts) -> Option<&'static Entry> {
    let first = first_segment(parts.uri.path());
    let is_date = first.len() == 10
        && first
            .bytes()
            .enumerate()
            .all(|(i, b)| if matches!(i, 4 | 7) { b == b'-' } else { b.is_ascii_digit() });
    if !is_date {
        return None;
    }
    cloud.services().filter(|s| !s.description().catch_all).find_map(|service| {
        let entry = CATALOG.named(service.name()).filter(|entry| speaks_rest(entry))?;
        has_path(service.model(), parts).then_some(entry)
    })
}

fn has_path(model: &'static cumulet_core::Model, parts: &Parts) -> bool {
    let protocols = [Protocol::RestJson, Protocol::RestXml];
    let mut rest = model.metadata.protocols.iter().filter(|p| protocols.contains(p));
    rest.any(|p| cumulet_protocol::find_operation(*p, model, parts, b"").is_ok())
}

/// Services know addresses of their own: queue URLs.
fn claimed(cloud: &Cloud, parts: &Parts) -> Option<&'static Entry> {
    let service = cloud.services().find(|s| (s.description().claims)(parts))?;
    CATALOG.named(service.name())
}

fn catch_all(cloud: &Cloud) -> Option<&'static Entry> {
    let service = cloud.services().find(|s| s.description().catch_all)?;
    CATALOG.named(service.name())
}

/// Decides between services that share a name.
fn narrow(
    cloud: &Cloud,
    parts: &Parts,
    clues: &Clues<'_>,
    candidates: &[&'static Entry],
) -> Option<&'static Entry> {
    if let [] | [_] = candidates {
        return candidates.first().copied();
    }
    let mut left = candidates.to_vec();
    let mut keep = |chosen: &dyn Fn(&Entry) -> bool| {
        if left.iter().any(|entry| chosen(entry)) {
            left.retain(|entry| chosen(entry));
        }
    };
    if let Some(target) = clues.target {
        keep(&|e| e.has_target_prefix(target));
    }
    if let Some(version) = clues.version {
        keep(&|e| e.has_version(version));
    }
    match first_segment(parts.uri.path()) {
        "" => {}
        // `/v2/email/…` of SES, `/v2/apis` of API Gateway.
        "v2" => keep(&|e| e.name.ends_with("v2")),
        segment => keep(&|e| speaks_rest(e) && e.has_version(segment)),
    }
    keep(&|e| e.name == e.signing_name);
    keep(&|e| cloud.service(e.name).is_some());
    left.first().copied()
}

fn first_segment(path: &str) -> &str {
    path.trim_start_matches('/').split('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests;
