//! Confirmation: tokens, `ConfirmSubscription`, and what endpoints are asked.

use std::sync::Arc;

use cumulet_core::{AccountId, Arn, AwsError, Cx, Principal, Region, Scope};
use cumulet_escape::hex;

use crate::api::{ConfirmSubscriptionResponse, input, output};
use crate::arn::TopicRef;
use crate::envelope::Confirmation;
use crate::state::{Subscription, Topic};
use crate::subscription::next_key;
use crate::{Sns, errors, http_delivery, outbox};

/// A token: hexadecimal digits that hold its region and chance.
pub(crate) fn token(cx: &Cx) -> String {
    format!("{}2f{}", hex(cx.region().as_str().as_bytes()), cx.ids().hex(160))
}

/// The region in a token of ours.
fn region(token: &str) -> Option<Region> {
    let (named, _) = token.split_at_checked(token.len().checked_sub(162)?)?;
    let byte = |i: usize| u8::from_str_radix(named.get(2 * i..2 * i + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..named.len() / 2).map(byte).collect();
    Region::parse(&String::from_utf8(bytes?).ok()?)
}

/// Where the subscription of a token is: in the topic's account, whatever the topic is called.
fn scope(cx: &Cx, topic_arn: Option<&str>, token: &str) -> Result<Scope, AwsError> {
    if !token.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(errors::plain("Invalid token"));
    }
    let no_topic = || errors::invalid("Topic");
    let topic = Arn::parse(topic_arn.unwrap_or_default()).ok_or_else(no_topic)?;
    let account = AccountId::parse(topic.account).ok_or_else(no_topic)?;
    let here = Region::parse(topic.region).ok_or_else(no_topic)?;
    match region(token) {
        None => Err(errors::invalid("Token")),
        Some(region) if region != here => Err(no_topic()),
        Some(region) => Ok(Scope { account, region, ..cx.scope() }),
    }
}

pub(crate) fn confirm_subscription(
    sns: &Sns,
    cx: &Cx,
    input: input::ConfirmSubscription,
) -> Result<output::ConfirmSubscription, AwsError> {
    let token = input.token.ok_or_else(|| errors::null("token"))?;
    let scope = scope(cx, input.topic_arn.as_deref(), &token)?;
    let signed = *cx.principal() != Principal::Anonymous;
    let guard = input.authenticate_on_unsubscribe.is_some_and(|g| g.eq_ignore_ascii_case("true"));
    let arn = sns.store.write(cx, scope, |tx| {
        if let Some(departed) = tx.departed.remove(&token) {
            let key = next_key(tx, &departed.topic);
            tx.topic(&departed.topic)?;
            tx.subscriptions.insert(key, Arc::clone(&departed.subscription));
            return Ok(departed.subscription.arn.clone());
        }
        let key = tx.subscriptions.by().token.get(&token).cloned();
        let confirmed = key.and_then(|key| {
            tx.subscriptions.update(&key, |s| {
                s.confirmed = true;
                s.guarded |= guard && signed;
                s.authenticated |= guard && signed;
            })
        });
        confirmed.map(|s| s.arn.clone()).ok_or_else(|| errors::invalid("Token"))
    })?;
    Ok(ConfirmSubscriptionResponse { subscription_arn: Some(arn) })
}

/// Asks an endpoint whether it wants to be subscribed.
pub(crate) fn ask(
    sns: &Sns,
    cx: &Cx,
    at: &TopicRef,
    topic: &Arc<Topic>,
    subscription: &Arc<Subscription>,
) {
    let token = subscription.token.clone().unwrap_or_default();
    send(sns, cx, at, topic, subscription, "SubscriptionConfirmation", &token);
}

/// Tells an endpoint that it is unsubscribed, and how to come back.
pub(crate) fn say_goodbye(
    sns: &Sns,
    cx: &Cx,
    at: &TopicRef,
    topic: &Arc<Topic>,
    subscription: &Arc<Subscription>,
    token: &str,
) {
    send(sns, cx, at, topic, subscription, "UnsubscribeConfirmation", token);
}

fn send(
    sns: &Sns,
    cx: &Cx,
    at: &TopicRef,
    topic: &Arc<Topic>,
    subscription: &Arc<Subscription>,
    kind: &'static str,
    token: &str,
) {
    let id = cx.ids().uuid();
    let version = topic.attribute("SignatureVersion").and_then(|v| v.chars().next());
    let confirmation = Confirmation {
        kind,
        id: &id,
        topic_arn: &at.arn(),
        subscription_arn: &subscription.arn,
        token,
        time: cx.now().iso8601_millis(),
        signature_version: version.unwrap_or('1'),
    };
    let body = confirmation.json(sns.links(cx));
    if !subscription.protocol.starts_with("http") {
        let cx = cx.to(at.scope.account, at.scope.region);
        return outbox::put(sns, &cx, &subscription.protocol, subscription, body, None);
    }
    let topic_arn = at.arn();
    let request = http_delivery::request(
        &subscription.endpoint,
        body,
        &[
            ("x-amz-sns-message-type", kind),
            ("x-amz-sns-message-id", &id),
            ("x-amz-sns-topic-arn", &topic_arn),
            ("content-type", "text/plain; charset=UTF-8"),
        ],
    );
    let cloud = Arc::clone(cx.cloud());
    cx.spawn(async move {
        if let Err(failure) = http_delivery::send(&cloud, request).await {
            log::warn!("sns: {kind} for {topic_arn}: {failure}");
        }
    });
}
