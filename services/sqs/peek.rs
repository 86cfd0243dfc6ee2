//! LocalStack's look at a queue's messages that receives none: `/_aws/sqs/messages`.
//!
//! Two forms: SDKs that have this address as their endpoint call `ReceiveMessage` here and are
//! answered in their protocol; others `GET` it with `QueueUrl`, or with region, account and name
//! in the path, and are answered with XML, or with its members in JSON if they accept that.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use cumulet_core::{
    AccountId, AwsError, Body, BoxFuture, Cx, Decode, Protocol, Region, Route, Scope, State,
};
use http::request::Parts;
use http::{Method, Request, Response};

use crate::api::{self, Message as Received, ReceiveMessageResult, input};
use crate::received::Show;
use crate::state::{Message, MessageKey, Queue, Tables};
use crate::url::QueueRef;
use crate::{Sqs, errors};

const PATH: &str = "/_aws/sqs/messages";
/// Bytes of a call's body, at most.
const BODY_MAX: usize = 65_536;
/// Messages in an answer, at most.
const MESSAGES_MAX: usize = 10_000;
/// What stands for a receipt handle: nothing was received.
const NO_HANDLE: &str = "SQS/BACKDOOR/ACCESS";

pub(crate) const ROUTE: Route = Route { matches, answer };

fn matches(parts: &Parts) -> bool {
    let rest = parts.uri.path().strip_prefix(PATH);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn answer(state: Arc<dyn State>, cx: Cx, request: Request<Body>) -> BoxFuture<Response<Body>> {
    Box::pin(async move {
        let state: Arc<dyn std::any::Any + Send + Sync> = state;
        let Ok(sqs) = state.downcast::<Sqs>() else { return Response::default() };
        let (parts, body) = request.into_parts();
        if parts.method == Method::GET && !parameters(&parts).any(|(name, _)| name == "Action") {
            page(&sqs, &cx, &parts).await
        } else {
            call(&sqs, &cx, &parts, body).await
        }
    })
}

/// The parameters after the question mark.
fn parameters(parts: &Parts) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    cumulet_protocol::pairs(parts.uri.query().unwrap_or_default().as_bytes())
}

/// Which messages are shown beside those that can be received.
#[derive(Clone, Copy, Debug, Default)]
struct Flags {
    invisible: bool,
    delayed: bool,
}

impl Flags {
    fn of(parts: &Parts) -> Self {
        let is_on = |flag: &str| {
            let on = |value: &str| value == "1" || value.eq_ignore_ascii_case("true");
            parameters(parts).any(|(name, value)| name == flag && on(&value))
        };
        Self { invisible: is_on("ShowInvisible"), delayed: is_on("ShowDelayed") }
    }
}

/// A call of an SDK.
async fn call(sqs: &Sqs, cx: &Cx, parts: &Parts, mut body: Body) -> Response<Body> {
    let model = api::model();
    let protocol = cumulet_protocol::detect(model, parts);
    let answered: Result<_, AwsError> = async {
        let body = body.collect(BODY_MAX, || errors::invalid("The request is too large.")).await?;
        let matched = cumulet_protocol::find_operation(protocol, model, parts, &body)?;
        if model.operation("ReceiveMessage") != Some(matched.operation) {
            return Err(errors::receives_only());
        }
        let read = |r: &mut dyn cumulet_core::Reader| input::ReceiveMessage::decode(r);
        let input = cumulet_protocol::read_input(protocol, model, &matched, parts, &body, read);
        let input = input.map_err(|error| cumulet_protocol::malformed(protocol, &error))?;
        let at = QueueRef::parse(cx, input.queue_url.as_deref())?;
        let show = Show {
            system: vec!["All".to_owned()],
            user: input.message_attribute_names.unwrap_or_default(),
        };
        Ok((matched, peek(sqs, cx, &at, &show, Flags::of(parts))?))
    }
    .await;
    match answered {
        Ok((matched, messages)) => {
            let output = ReceiveMessageResult { messages: Some(messages) };
            let (id, operation) = (cx.request_id(), matched.operation);
            cumulet_protocol::write_output(protocol, model, operation, &output, None, id)
        }
        Err(error) => fail(protocol, cx, &error),
    }
}

fn fail(protocol: Protocol, cx: &Cx, error: &AwsError) -> Response<Body> {
    cumulet_protocol::write_error(protocol, Some(api::model()), error, cx.request_id(), false)
}

/// A `GET` by hand.
async fn page(sqs: &Sqs, cx: &Cx, parts: &Parts) -> Response<Body> {
    let everything = || vec!["All".to_owned()];
    let show = Show { system: everything(), user: everything() };
    let found = address(cx, parts).and_then(|at| peek(sqs, cx, &at, &show, Flags::of(parts)));
    let answer = match found {
        Ok(messages) => {
            let output = ReceiveMessageResult { messages: Some(messages) };
            let (model, id) = (api::model(), cx.request_id());
            let operation = model.operation("ReceiveMessage").unwrap_or(usize::MAX);
            cumulet_protocol::write_output(Protocol::Query, model, operation, &output, None, id)
        }
        Err(error) => fail(Protocol::Query, cx, &error),
    };
    if cumulet_protocol::accepts_json(parts) {
        cumulet_protocol::in_json(answer, api::model()).await
    } else {
        answer
    }
}

/// The queue in the path or in `QueueUrl`.
fn address(cx: &Cx, parts: &Parts) -> Result<QueueRef, AwsError> {
    let path = parts.uri.path().trim_start_matches(PATH).trim_matches('/');
    if !path.is_empty() {
        let mut steps = path.split('/');
        let mut step = || steps.next().unwrap_or_default();
        let (region, account, name) = (Region::parse(step()), AccountId::parse(step()), step());
        let (Some(region), Some(account)) = (region, account) else {
            return Err(errors::invalid_address(path));
        };
        let scope = Scope { account, region, ..cx.scope() };
        return Ok(QueueRef { scope, name: name.to_owned() });
    }
    let url = parameters(parts).find(|(name, _)| name == "QueueUrl").map(|(_, url)| url);
    let url = url.filter(|url| !url.is_empty()).ok_or_else(errors::queue_does_not_exist)?;
    QueueRef::parse(cx, Some(&url)).map_err(|_| errors::invalid_address(&url))
}

/// The messages, and what of them is hidden.
fn peek(
    sqs: &Sqs,
    cx: &Cx,
    at: &QueueRef,
    show: &Show,
    flags: Flags,
) -> Result<Vec<Received>, AwsError> {
    sqs.store.read(cx, at.scope, |t| Ok(shown(t, cx, &*t.queue(&at.name)?, show, flags)))
}

fn shown(t: &Tables, cx: &Cx, queue: &Queue, show: &Show, flags: Flags) -> Vec<Received> {
    let now = cx.now();
    let mut keys = t.receivable(queue, now, MESSAGES_MAX);
    keys.sort_unstable();
    if flags.invisible || flags.delayed {
        let free: BTreeSet<_> = keys.into_iter().collect();
        let all = t.messages.range((queue.id, 0)..=(queue.id, u64::MAX));
        let wanted = all.filter(|(key, message)| {
            let is_delayed = message.received == 0 && message.visible > now;
            free.contains(key) || if is_delayed { flags.delayed } else { flags.invisible }
        });
        keys = wanted.map(|(key, _)| *key).take(MESSAGES_MAX).collect();
    }
    let messages = keys.iter().filter_map(|key| Some((key, t.messages.get(key)?)));
    let one = |(key, message): (&MessageKey, &Message)| {
        let mut one = show.message(*key, message);
        one.receipt_handle = Some(NO_HANDLE.to_owned());
        let is_hidden = message.visible > now;
        let is_delayed = is_hidden && message.received == 0;
        let attributes = one.attributes.get_or_insert_default();
        attributes.insert("IsVisible".to_owned(), (!is_hidden).to_string());
        attributes.insert("IsDelayed".to_owned(), is_delayed.to_string());
        one
    };
    messages.map(one).collect()
}
