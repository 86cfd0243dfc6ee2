//! `/_aws/sns/…`, as LocalStack has it: the signing certificate, what left for phones and devices,
//! confirmation tokens, opting out. `/_aws/sns/outbox` is our own: all that left for where nobody is.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use cumulet_core::world::BoxFuture;
use cumulet_core::{AccountId, AwsError, Body, Cx, Region, Route, State};
use cumulet_openkey::certificate;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use crate::Sns;
use crate::arn::SubscriptionRef;
use crate::envelope::CERTIFICATE_PATH;
use crate::message::{Attribute, AttributeValue};
use crate::state::Sent;

const DEVICES: &str = "/_aws/sns/platform-endpoint-messages";
const PHONES: &str = "/_aws/sns/sms-messages";
const OUTBOX: &str = "/_aws/sns/outbox";
const TOKENS: &str = "/_aws/sns/subscription-tokens/";
const OPT_OUTS: &str = "/_aws/sns/phone-opt-outs";

/// Bytes of a posted body, at most.
const BODY_MAX: usize = 65_536;

pub(crate) const ROUTES: &[Route] = &[
    Route { matches: |p| p.uri.path() == CERTIFICATE_PATH, answer: signing_certificate },
    Route { matches: |p| p.uri.path() == DEVICES, answer: devices },
    Route { matches: |p| p.uri.path() == PHONES, answer: phones },
    Route { matches: |p| p.uri.path() == OUTBOX, answer: outbox },
    Route { matches: |p| p.uri.path().starts_with(TOKENS), answer: tokens },
    Route { matches: |p| p.uri.path() == OPT_OUTS, answer: opt_outs },
];

type Answering = BoxFuture<Response<Body>>;

fn text(status: StatusCode, kind: &'static str, body: impl Into<Body>) -> Response<Body> {
    let mut answer = Response::new(body.into());
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}

fn json_answer(status: StatusCode, value: &Value) -> Response<Body> {
    text(status, "application/json", value.to_string())
}

fn done() -> Response<Body> {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::NO_CONTENT;
    answer
}

fn refused(status: StatusCode, error: &str) -> Response<Body> {
    json_answer(status, &json!({ "error": error }))
}

/// The state behind a route.
fn own(state: Arc<dyn State>) -> Option<Sns> {
    let state: Arc<dyn std::any::Any + Send + Sync> = state;
    state.downcast::<Sns>().ok().map(|sns| Sns::clone(&sns))
}

fn signing_certificate(_: Arc<dyn State>, _: Cx, _: Request<Body>) -> Answering {
    // AWS's are for this host.
    static PEM: LazyLock<String> = LazyLock::new(|| certificate::pem("sns.amazonaws.com"));
    Box::pin(async move { text(StatusCode::OK, "application/x-pem-file", PEM.as_str()) })
}

/// The parameters of a query, decoded.
fn parameters(request: &Request<Body>) -> BTreeMap<String, String> {
    let query = request.uri().query().unwrap_or_default();
    let pairs = cumulet_protocol::pairs(query.as_bytes());
    pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

/// Where a page looks: in the default account and region, unless it is told.
fn place(cx: &Cx, given: &BTreeMap<String, String>) -> Option<Cx> {
    let account = given.get("accountId").map_or(Some(AccountId::DEFAULT), |a| AccountId::parse(a));
    let region = given.get("region").map_or(Some(Region::US_EAST_1), |r| Region::parse(r));
    Some(cx.to(account?, region?))
}

/// A page of the outbox: all things, or those of one endpoint, in lists by endpoint.
struct Page {
    protocol: &'static str,
    /// The query parameter that names an endpoint.
    filter: &'static str,
    /// The list's name in the answer.
    list: &'static str,
    show: fn(&Sent) -> Value,
}

impl Page {
    fn answer(self, state: Arc<dyn State>, cx: Cx, request: Request<Body>) -> Answering {
        Box::pin(async move {
            let given = parameters(&request);
            let (Some(sns), Some(cx)) = (own(state), place(&cx, &given)) else {
                return refused(StatusCode::BAD_REQUEST, "accountId or region is malformed");
            };
            let one = given.get(self.filter);
            let shown = |sent: &Sent| {
                sent.protocol == self.protocol && one.is_none_or(|one| sent.endpoint == *one)
            };
            match *request.method() {
                Method::GET => self.show(&sns, &cx, one, shown),
                Method::DELETE => forget(&sns, &cx, shown),
                _ => refused(StatusCode::METHOD_NOT_ALLOWED, "only GET and DELETE"),
            }
        })
    }

    fn show(
        &self,
        sns: &Sns,
        cx: &Cx,
        one: Option<&String>,
        shown: impl Fn(&Sent) -> bool,
    ) -> Response<Body> {
        let mut lists: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        if let Some(one) = one {
            lists.insert(one.clone(), Vec::new());
        }
        sns.store.read_here(cx, |t| {
            for (_, sent) in t.outbox.iter().filter(|(_, sent)| shown(sent)) {
                lists.entry(sent.endpoint.clone()).or_default().push((self.show)(sent));
            }
        });
        let mut all = Map::new();
        all.insert(self.list.to_owned(), json!(lists));
        all.insert("region".to_owned(), cx.region().as_str().into());
        json_answer(StatusCode::OK, &Value::Object(all))
    }
}

fn forget(sns: &Sns, cx: &Cx, shown: impl Fn(&Sent) -> bool) -> Response<Body> {
    let forgotten: Result<(), AwsError> = sns.store.write_here(cx, |tx| {
        let keys = tx.outbox.iter().filter(|(_, sent)| shown(sent)).map(|(key, _)| *key);
        for key in keys.collect::<Vec<_>>() {
            tx.outbox.remove(&key);
        }
        Ok(())
    });
    match forgotten {
        Ok(()) => done(),
        Err(error) => refused(error.status(), error.message()),
    }
}

fn attribute(attribute: &Attribute) -> Value {
    let field = match attribute.value {
        AttributeValue::String(_) => "StringValue",
        AttributeValue::Binary(_) => "BinaryValue",
    };
    let mut value = Map::new();
    value.insert("DataType".to_owned(), attribute.data_type.as_str().into());
    value.insert(field.to_owned(), attribute.text().into());
    Value::Object(value)
}

/// What left, as LocalStack's pages show it; absent things are null.
fn show(sent: &Sent) -> Map<String, Value> {
    let message = sent.message.as_deref();
    let attributes: Map<String, Value> = message
        .into_iter()
        .flat_map(|m| m.attributes.iter().map(|(name, a)| (name.clone(), attribute(a))))
        .collect();
    let topic = message.map(|m| m.topic_arn.as_str()).filter(|arn| !arn.is_empty());
    let all = json!({
        "TopicArn": topic,
        "SubscriptionArn": sent.subscription,
        "MessageId": message.map(|m| m.id.as_str()),
        "Subject": message.and_then(|m| m.subject.as_deref()),
        "MessageAttributes": (!attributes.is_empty()).then_some(attributes),
        "Message": sent.body,
    });
    match all {
        Value::Object(all) => all,
        _ => Map::new(),
    }
}

fn with(mut all: Map<String, Value>, more: Value) -> Value {
    if let Value::Object(more) = more {
        all.extend(more);
    }
    Value::Object(all)
}

fn devices(state: Arc<dyn State>, cx: Cx, request: Request<Body>) -> Answering {
    let page = Page {
        protocol: "application",
        filter: "endpointArn",
        list: "platform_endpoint_messages",
        show: |sent| {
            let structured = sent.message.as_deref().is_some_and(|m| m.text.is_structured());
            let more = json!({
                "TargetArn": sent.endpoint,
                "MessageStructure": structured.then_some("json"),
            });
            with(show(sent), more)
        },
    };
    page.answer(state, cx, request)
}

fn phones(state: Arc<dyn State>, cx: Cx, request: Request<Body>) -> Answering {
    let page = Page {
        protocol: "sms",
        filter: "phoneNumber",
        list: "sms_messages",
        show: |sent| {
            let more = json!({
                "PhoneNumber": sent.endpoint,
                "endpoint": sent.endpoint,
                "MessageStructure": null,
            });
            with(show(sent), more)
        },
    };
    page.answer(state, cx, request)
}

fn outbox(state: Arc<dyn State>, cx: Cx, request: Request<Body>) -> Answering {
    Box::pin(async move {
        let given = parameters(&request);
        let (Some(sns), Some(cx)) = (own(state), place(&cx, &given)) else {
            return refused(StatusCode::BAD_REQUEST, "accountId or region is malformed");
        };
        if *request.method() == Method::DELETE {
            return forget(&sns, &cx, |_| true);
        }
        let all: Vec<Value> = sns.store.read_here(&cx, |t| {
            let one = |sent: &Arc<Sent>| {
                with(show(sent), json!({"Protocol": sent.protocol, "Endpoint": sent.endpoint}))
            };
            t.outbox.iter().map(|(_, sent)| one(sent)).collect()
        });
        json_answer(StatusCode::OK, &json!({"outbox": all, "region": cx.region().as_str()}))
    })
}

fn tokens(state: Arc<dyn State>, cx: Cx, request: Request<Body>) -> Answering {
    Box::pin(async move {
        let arn = request.uri().path().strip_prefix(TOKENS).unwrap_or_default();
        let arn = percent_decode_str(arn).decode_utf8_lossy();
        let refused = |status, error: &str| {
            json_answer(status, &json!({"error": error, "subscription_arn": arn}))
        };
        let region = arn.split(':').nth(3).and_then(Region::parse);
        let at = region.and_then(|region| {
            SubscriptionRef::parse(&cx.to(cx.account(), region), Some(&arn)).ok()
        });
        let (Some(sns), Some(at)) = (own(state), at) else {
            return refused(StatusCode::BAD_REQUEST, "The provided SubscriptionARN is invalid");
        };
        let found = sns.store.read(&cx, at.topic.scope, |t| t.subscription(&at.id)).ok();
        match found.and_then(|(_, s)| s.token.clone()) {
            Some(token) => {
                let found = json!({"subscription_token": token, "subscription_arn": arn});
                json_answer(StatusCode::OK, &found)
            }
            None => refused(StatusCode::NOT_FOUND, "The provided SubscriptionARN is not found"),
        }
    })
}

fn opt_outs(state: Arc<dyn State>, cx: Cx, request: Request<Body>) -> Answering {
    Box::pin(async move {
        if *request.method() != Method::POST {
            return refused(StatusCode::METHOD_NOT_ALLOWED, "only POST");
        }
        let too_large = || AwsError::new("RequestEntityTooLarge", 413, "");
        let body = request.into_body().collect(BODY_MAX, too_large).await.unwrap_or_default();
        let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
        let member = |name: &str| asked.get(name).and_then(Value::as_str).map(str::to_owned);
        let Some(number) = member("phoneNumber") else {
            return refused(StatusCode::BAD_REQUEST, "phoneNumber is missing");
        };
        let given = ["accountId", "region"].into_iter();
        let given = given.filter_map(|name| Some((name.to_owned(), member(name)?))).collect();
        let (Some(sns), Some(cx)) = (own(state), place(&cx, &given)) else {
            return refused(StatusCode::BAD_REQUEST, "accountId or region is malformed");
        };
        let kept: Result<(), AwsError> = sns.store.write_here(&cx, |tx| {
            tx.opted_out.insert(number, ());
            Ok(())
        });
        match kept {
            Ok(()) => json_answer(StatusCode::OK, &json!({})),
            Err(error) => refused(error.status(), error.message()),
        }
    })
}
