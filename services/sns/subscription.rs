//! Subscriptions: subscribe, unsubscribe, list.

use std::sync::Arc;

use cumulet_core::{AwsError, Cx, Principal};

use crate::api::{
    ListSubscriptionsByTopicResponse, ListSubscriptionsResponse, SubscribeResponse,
    Subscription as Listed, input, output,
};
use crate::arn::{SubscriptionRef, TopicRef};
use crate::state::{Departed, Subscription, SubscriptionKey, Tables, Topic};
use crate::subscription_attributes::{apply, same};
use crate::topic::{PAGE, page, position};
use crate::topic_attributes::Refusal;
use crate::{Sns, confirmation, endpoint_form, errors, replay};

pub(crate) fn subscribe(
    sns: &Sns,
    cx: &Cx,
    input: input::Subscribe,
) -> Result<output::Subscribe, AwsError> {
    let at = TopicRef::parse(cx, "TopicArn", input.topic_arn.as_deref())?;
    let protocol = input.protocol.ok_or_else(|| errors::null("protocol"))?;
    let endpoint = input.endpoint.unwrap_or_default();
    endpoint_form::check(&protocol, &endpoint)?;
    let given = input.attributes.unwrap_or_default();
    let mut new = None;
    let (topic, subscription) = sns.store.write(cx, at.scope, |tx| {
        let topic = tx.topic(&at.name)?;
        endpoint_form::check_topic(tx, &topic, &protocol, &endpoint)?;
        let mut asked = draft(cx, &at, &protocol, &endpoint);
        let names: Vec<String> = given.keys().cloned().collect();
        // The scope first: a filter policy is read by it.
        let mut given: Vec<(String, String)> = given.into_iter().collect();
        given.sort_by_key(|(name, _)| name != "FilterPolicyScope");
        for (name, value) in given {
            apply(&topic, &mut asked, &name, value).map_err(Refusal::on_creation)?;
        }
        let place = (at.name.clone(), protocol.clone(), endpoint.clone());
        let there = tx.subscriptions.by().endpoint.get(&place);
        if let Some(there) = there.and_then(|key| tx.subscriptions.get(key)) {
            if !same(there, &asked, &names) {
                let text = "Subscription already exists with different attributes";
                return Err(errors::reason("Attributes", text));
            }
            return Ok((topic, Arc::clone(there)));
        }
        let (key, subscription) = (next_key(tx, &at.name), Arc::new(asked));
        tx.subscriptions.insert(key.clone(), Arc::clone(&subscription));
        new = Some(key);
        Ok((topic, subscription))
    })?;
    if let Some(key) = new {
        replay::start(sns, cx, &at, &key);
    }
    if !subscription.confirmed {
        confirmation::ask(sns, cx, &at, &topic, &subscription);
    }
    let shown = subscription.confirmed || input.return_subscription_arn == Some(true);
    let arn = if shown { subscription.arn.clone() } else { "pending confirmation".to_owned() };
    Ok(SubscribeResponse { subscription_arn: Some(arn) })
}

fn draft(cx: &Cx, at: &TopicRef, protocol: &str, endpoint: &str) -> Subscription {
    let id = cx.ids().uuid();
    let pending = endpoint_form::must_confirm(protocol);
    Subscription {
        arn: format!("{}:{id}", at.arn()),
        id,
        owner: cx.account(),
        protocol: protocol.to_owned(),
        endpoint: endpoint.to_owned(),
        attributes: std::collections::BTreeMap::new(),
        filter: None,
        confirmed: !pending,
        authenticated: !pending,
        guarded: false,
        token: pending.then(|| confirmation::token(cx)),
        replay: None,
    }
}

/// The place of a topic's next subscription.
pub(crate) fn next_key(tables: &Tables, topic: &Arc<str>) -> SubscriptionKey {
    let next = tables.of_topic(topic).next_back().map_or(0, |((_, n), _)| n + 1);
    (Arc::clone(topic), next)
}

pub(crate) fn unsubscribe(
    sns: &Sns,
    cx: &Cx,
    input: input::Unsubscribe,
) -> Result<output::Unsubscribe, AwsError> {
    let at = SubscriptionRef::parse(cx, input.subscription_arn.as_deref())?;
    let token = confirmation::token(cx);
    let gone = sns.store.write(cx, at.topic.scope, |tx| {
        let Ok((key, subscription)) = tx.subscription(&at.id) else { return Ok(None) };
        if subscription.guarded && *cx.principal() == Principal::Anonymous {
            return Err(errors::guarded());
        }
        tx.unsubscribe(&key);
        let says_goodbye =
            subscription.confirmed && endpoint_form::must_confirm(&subscription.protocol);
        if says_goodbye {
            let topic = key.0.clone();
            tx.depart(token.clone(), Departed { topic, subscription: Arc::clone(&subscription) });
        }
        let topic: Option<Arc<Topic>> = tx.topics.get(&key.0).cloned().filter(|_| says_goodbye);
        Ok(topic.map(|topic| (topic, subscription)))
    })?;
    if let Some((topic, subscription)) = gone {
        confirmation::say_goodbye(sns, cx, &at.topic, &topic, &subscription, &token);
    }
    Ok(output::Unsubscribe::default())
}

/// One entry of a list, with its place as text for the next token.
fn listed(at: &TopicRef, (key, s): (&SubscriptionKey, &Arc<Subscription>)) -> (String, Listed) {
    let topic = TopicRef { scope: at.scope, name: key.0.clone() };
    let arn = if s.confirmed { s.arn.clone() } else { "PendingConfirmation".to_owned() };
    let entry = Listed {
        subscription_arn: Some(arn),
        owner: Some(s.owner.to_string()),
        protocol: Some(s.protocol.clone()),
        endpoint: Some(s.endpoint.clone()),
        topic_arn: Some(topic.arn()),
    };
    (format!("{}/{}", key.0, key.1), entry)
}

type Page = (Vec<Listed>, Option<String>);

/// The subscriptions behind a token's place; of one topic, if one is given.
fn list(sns: &Sns, cx: &Cx, at: &TopicRef, token: Option<&str>) -> Result<Page, AwsError> {
    let after = position(token)?;
    let place =
        after.rsplit_once('/').and_then(|(topic, n)| Some((Arc::from(topic), n.parse().ok()?)));
    if place.is_none() && !after.is_empty() {
        return Err(errors::invalid("NextToken"));
    }
    let from = place.clone().unwrap_or_else(|| (at.name.clone(), 0_u64));
    sns.store.read(cx, at.scope, |t| {
        if !at.name.is_empty() {
            t.topic(&at.name)?;
        }
        let entries = t.subscriptions.range(from..).filter(|(key, _)| Some(*key) != place.as_ref());
        let entries = entries.take_while(|(key, _)| at.name.is_empty() || key.0 == at.name);
        let entries = entries.map(|entry| listed(at, entry));
        let (page, next) = page(entries, PAGE, |(place, _)| place);
        Ok((page.into_iter().map(|(_, entry)| entry).collect(), next))
    })
}

pub(crate) fn list_subscriptions(
    sns: &Sns,
    cx: &Cx,
    input: input::ListSubscriptions,
) -> Result<output::ListSubscriptions, AwsError> {
    let everywhere = TopicRef::here(cx, "");
    let (page, next_token) = list(sns, cx, &everywhere, input.next_token.as_deref())?;
    Ok(ListSubscriptionsResponse { subscriptions: Some(page), next_token })
}

pub(crate) fn list_subscriptions_by_topic(
    sns: &Sns,
    cx: &Cx,
    input: input::ListSubscriptionsByTopic,
) -> Result<output::ListSubscriptionsByTopic, AwsError> {
    let at = TopicRef::parse(cx, "TopicArn", input.topic_arn.as_deref())?;
    let (page, next_token) = list(sns, cx, &at, input.next_token.as_deref())?;
    Ok(ListSubscriptionsByTopicResponse { subscriptions: Some(page), next_token })
}
