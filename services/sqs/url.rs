//! Queue URLs: all shapes are understood; the one given out is a setting.

use cumulet_core::{AccountId, Arn, AwsError, Body, Cx, Region, Route, Scope};
use http::request::Parts;
use http::{Method, Response};

use crate::errors;

/// How names of FIFO queues end.
pub(crate) const FIFO: &str = ".fifo";

/// The shape of queue URLs in answers, as LocalStack's `SQS_ENDPOINT_STRATEGY` names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strategy {
    /// As [`Strategy::Dynamic`], but under `localhost.localstack.cloud` as [`Strategy::Standard`].
    Caller,
    /// The scheme and host that the caller used, then `/ACCOUNT/NAME`.
    Dynamic,
    /// `http://HOST/ACCOUNT/NAME`, without a region.
    Off,
    /// `http://sqs.REGION.HOST/ACCOUNT/NAME`.
    Standard,
    /// `http://REGION.queue.HOST/ACCOUNT/NAME`.
    Domain,
    /// `http://HOST/queue/REGION/ACCOUNT/NAME`.
    Path,
}

impl Strategy {
    /// Without a setting the caller's host serves: no name to resolve, no port to guess.
    pub(crate) fn parse(setting: &str) -> Self {
        match setting {
            "dynamic" => Self::Dynamic,
            "off" => Self::Off,
            "standard" => Self::Standard,
            "domain" => Self::Domain,
            "path" => Self::Path,
            _ => Self::Caller,
        }
    }

    /// The URL of a queue of this caller's account and region.
    pub(crate) fn url(self, cx: &Cx, name: &str) -> String {
        let (scheme, host) = cx.endpoint().split_once("://").unwrap_or(("http", cx.endpoint()));
        let (account, region) = (cx.account(), cx.region());
        let (given, bare) = split_region(host);
        match self {
            // A host that already names the region stays; another region's is replaced. Under
            // LocalStack's domain every name resolves, so the region can be told.
            Self::Caller if given == Some(region) || given.is_none() && !is_wildcard(bare) => {
                format!("{scheme}://{host}/{account}/{name}")
            }
            Self::Dynamic if given.is_none_or(|given| given == region) => {
                format!("{scheme}://{host}/{account}/{name}")
            }
            Self::Off => format!("{scheme}://{bare}/{account}/{name}"),
            Self::Caller | Self::Dynamic | Self::Standard => {
                format!("{scheme}://sqs.{region}.{bare}/{account}/{name}")
            }
            Self::Domain => format!("{scheme}://{region}.queue.{bare}/{account}/{name}"),
            Self::Path => format!("{scheme}://{bare}/queue/{region}/{account}/{name}"),
        }
    }
}

/// Every name under this domain is the local host's (LocalStack's DNS).
fn is_wildcard(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    name == "localhost.localstack.cloud"
}

/// The region in a host's name, and the host without it.
fn split_region(host: &str) -> (Option<Region>, &str) {
    let standard = host.strip_prefix("sqs.").and_then(|rest| {
        let (region, bare) = rest.split_once('.')?;
        Some((Some(Region::parse(region)?), bare))
    });
    let domain = || {
        let (region, rest) = host.split_once(".queue.")?;
        Some((Some(Region::parse(region)?), rest))
    };
    standard.or_else(domain).unwrap_or((None, host))
}

/// A queue as a request names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct QueueRef {
    pub(crate) scope: Scope,
    pub(crate) name: String,
}

impl QueueRef {
    /// The queue of `QueueUrl`; without one, of the URL that the request itself went to.
    pub(crate) fn parse(cx: &Cx, url: Option<&str>) -> Result<Self, AwsError> {
        if let Some(url) = url.filter(|u| !u.is_empty()) {
            return Self::of_url(cx, url).ok_or_else(errors::queue_does_not_exist);
        }
        let parts = cx.http().filter(|parts| is_queue_url(parts));
        let here = parts.and_then(|parts| {
            let host = parts.headers.get(http::header::HOST).and_then(|h| h.to_str().ok());
            Self::of_url(cx, &format!("http://{}{}", host.unwrap_or(""), parts.uri.path()))
        });
        here.ok_or_else(|| errors::missing("QueueUrl"))
    }

    /// A full URL, a path, or a bare name in the caller's own account and region.
    fn of_url(cx: &Cx, url: &str) -> Option<Self> {
        let after_scheme = url.split_once("://");
        let (host, path) = match after_scheme {
            Some((_, rest)) => rest.split_once('/')?,
            None => ("", url.trim_start_matches('/')),
        };
        let path = path.trim_end_matches('/');
        let mut parts = path.rsplit('/');
        let name = parts.next().filter(|n| !n.is_empty())?;
        let account = match parts.next() {
            Some(account) => AccountId::parse(account)?,
            None if after_scheme.is_none() => cx.account(),
            None => return None,
        };
        let in_path = match (parts.next(), parts.next()) {
            (Some(region), Some("queue")) => Region::parse(region),
            _ => None,
        };
        let region = in_path.or(split_region(host).0).unwrap_or(cx.region());
        let scope = Scope { account, region, ..cx.scope() };
        Some(Self { scope, name: name.to_owned() })
    }

    /// The queue that an ARN names, in the caller's world.
    pub(crate) fn of_arn(cx: &Cx, arn: &str) -> Option<Self> {
        let arn = Arn::parse(arn).filter(|arn| arn.service == "sqs")?;
        let (account, region) = (AccountId::parse(arn.account)?, Region::parse(arn.region)?);
        let scope = Scope { account, region, ..cx.scope() };
        Some(Self { scope, name: arn.resource.to_owned() })
    }

    /// A FIFO queue's name says so.
    pub(crate) fn is_fifo(&self) -> bool {
        self.name.ends_with(FIFO)
    }

    /// `arn:aws:sqs:REGION:ACCOUNT:NAME`.
    pub(crate) fn arn(&self) -> String {
        let Scope { account, region, .. } = self.scope;
        format!("arn:{}:sqs:{region}:{account}:{}", region.partition(), self.name)
    }
}

/// `/ACCOUNT/NAME` and `/queue/REGION/ACCOUNT/NAME`, asked for an action or posted to.
pub(crate) fn is_queue_url(parts: &Parts) -> bool {
    let mut steps = parts.uri.path().trim_matches('/').split('/');
    let mut first = steps.next();
    if first == Some("queue") && steps.next().is_some_and(|r| Region::parse(r).is_some()) {
        first = steps.next();
    }
    let shaped = first.is_some_and(|account| AccountId::parse(account).is_some())
        && steps.next().is_some_and(|name| name.len() <= 80)
        && steps.next().is_none();
    let form = || {
        let kind = parts.headers.get(http::header::CONTENT_TYPE).and_then(|h| h.to_str().ok());
        kind.is_some_and(|k| k.starts_with("application/x-www-form-urlencoded"))
    };
    shaped && (parts.method == Method::GET || form() || has_action(parts))
}

/// Whether a call of the query protocol stands in the address.
fn has_action(parts: &Parts) -> bool {
    parts.uri.query().is_some_and(|query| query.split('&').any(|pair| pair.starts_with("Action=")))
}

/// A visit to a queue's address without a call: AWS answers it outside all its protocols.
pub(crate) const BARE: Route = Route {
    matches: |parts| {
        let query = parts.uri.query().unwrap_or_default();
        let header = parts.headers.get(http::header::AUTHORIZATION).and_then(|h| h.to_str().ok());
        // S3's objects have such paths too; unsigned ones go there with any question.
        let is_ours = match header {
            Some(header) => header.contains("/sqs/aws4_request"),
            None => query.is_empty() || query.contains("%2Fsqs%2Faws4_request"),
        };
        parts.method == Method::GET && is_ours && !has_action(parts) && is_queue_url(parts)
    },
    answer: |_, _, _| {
        let mut answer = Response::new(Body::from("<UnknownOperationException/>\n"));
        *answer.status_mut() = http::StatusCode::NOT_FOUND;
        let kind = http::HeaderValue::from_static("text/xml");
        answer.headers_mut().insert(http::header::CONTENT_TYPE, kind);
        Box::pin(async { answer })
    },
};

/// For authorisation: the ARN of a call's `QueueUrl`.
pub(crate) fn queue_arn_of_url(cx: &Cx, members: &[String]) -> String {
    let url = members.first().map(String::as_str);
    QueueRef::parse(cx, url).map_or_else(|_| String::new(), |queue| queue.arn())
}

/// For authorisation: the ARN of a call's `QueueName`.
pub(crate) fn queue_arn_of_name(cx: &Cx, members: &[String]) -> String {
    let name = members.first().cloned().unwrap_or_default();
    QueueRef { scope: cx.scope(), name }.arn()
}

/// For authorisation: an ARN that stands in a call.
pub(crate) fn queue_arn(_cx: &Cx, members: &[String]) -> String {
    members.first().cloned().unwrap_or_default()
}
