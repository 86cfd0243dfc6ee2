//! Topics: create, delete, list.

use std::collections::BTreeMap;
use std::sync::Arc;

use cumulet_core::tags::Tags;
use cumulet_core::{AwsError, Cx, paging};

use crate::api::{CreateTopicResponse, ListTopicsResponse, Topic as Listed, input, output};
use crate::arn::{self, TopicRef};
use crate::state::Topic;
use crate::topic_attributes::Refusal;
use crate::{Sns, errors, tags, topic_attributes};

/// Entries of one page of a list.
pub(crate) const PAGE: usize = 100;

/// 1 to 256 letters, digits, hyphens and underscores; `.fifo` at the end says a FIFO topic.
fn check_name(name: Option<String>, fifo: bool) -> Result<String, AwsError> {
    let name = name.ok_or_else(|| errors::null("name"))?;
    let base = name.strip_suffix(".fifo");
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    let well_formed = base.unwrap_or(&name).bytes().all(allowed)
        && !base.unwrap_or(&name).is_empty()
        && name.len() <= 256;
    if well_formed && fifo == base.is_some() {
        Ok(name)
    } else {
        Err(errors::invalid("Topic Name"))
    }
}

pub(crate) fn create_topic(
    sns: &Sns,
    cx: &Cx,
    input: input::CreateTopic,
) -> Result<output::CreateTopic, AwsError> {
    let mut asked = input.attributes.unwrap_or_default();
    let fifo = asked.remove("FifoTopic").is_some_and(|fifo| fifo.eq_ignore_ascii_case("true"));
    let name: Arc<str> = check_name(input.name, fifo)?.into();
    for (name, value) in &mut asked {
        topic_attributes::check(name, value, fifo).map_err(Refusal::on_creation)?;
    }
    let asked_tags = tags::read(input.tags)?;
    let protection = input.data_protection_policy;
    sns.store.write_here(cx, |tx| {
        if let Some(there) = tx.topics.get(&name) {
            return check_same(there, &asked, &asked_tags);
        }
        let topic = Topic {
            fifo,
            archive_since: asked.contains_key("ArchivePolicy").then(|| cx.now()),
            attributes: asked.into_iter().filter(|(_, value)| !value.is_empty()).collect(),
            tags: asked_tags,
            data_protection: protection,
            deleted: 0,
            // AWS's sequence numbers begin high; 20 digits.
            sequence: 10_000_000_000_000_000_000,
        };
        tx.topics.insert(name.clone(), Arc::new(topic));
        Ok(())
    })?;
    Ok(CreateTopicResponse { topic_arn: Some(arn::here(cx, &name)) })
}

/// Made again, a topic stays as it is; what is asked for must be so already.
fn check_same(
    there: &Topic,
    asked: &BTreeMap<String, String>,
    asked_tags: &Tags,
) -> Result<(), AwsError> {
    let differs = |(name, value): (&String, &String)| {
        there.attributes.get(name).map_or("", |v| v.as_str()) != value
    };
    if asked.iter().any(differs) {
        return Err(errors::reason("Attributes", "Topic already exists with different attributes"));
    }
    if asked_tags.iter().any(|(key, value)| there.tags.get(key) != Some(value)) {
        return Err(errors::reason("Tags", "Topic already exists with different tags"));
    }
    Ok(())
}

pub(crate) fn delete_topic(
    sns: &Sns,
    cx: &Cx,
    input: input::DeleteTopic,
) -> Result<output::DeleteTopic, AwsError> {
    let at = TopicRef::parse(cx, "TopicArn", input.topic_arn.as_deref())?;
    sns.store.write(cx, at.scope, |tx| {
        if tx.topics.get(&at.name).is_some_and(|topic| topic.archive_since.is_some()) {
            return Err(errors::archive_is_active());
        }
        tx.delete_topic(&at.name);
        Ok(())
    })?;
    Ok(output::DeleteTopic::default())
}

pub(crate) fn list_topics(
    sns: &Sns,
    cx: &Cx,
    input: input::ListTopics,
) -> Result<output::ListTopics, AwsError> {
    let after: Arc<str> = position(input.next_token.as_deref())?.into();
    let (names, next_token) = sns.store.read_here(cx, |t| {
        let names = t.topics.range(after.clone()..).map(|(name, _)| name.clone());
        page(names.filter(|name| *name > after), PAGE, |name| name)
    });
    let list = |name: Arc<str>| Listed { topic_arn: Some(arn::here(cx, &name)) };
    Ok(ListTopicsResponse { topics: Some(names.into_iter().map(list).collect()), next_token })
}

/// The place after which a list goes on; the beginning without a token.
pub(crate) fn position(token: Option<&str>) -> Result<String, AwsError> {
    let Some(token) = token.filter(|token| !token.is_empty()) else { return Ok(String::new()) };
    paging::position(token.trim_end_matches('=')).ok_or_else(|| errors::invalid("NextToken"))
}

/// One page of a list and the token for the next. SNS's tokens are padded to whole base64.
pub(crate) fn page<T>(
    items: impl IntoIterator<Item = T>,
    limit: usize,
    key: impl Fn(&T) -> &str,
) -> (Vec<T>, Option<String>) {
    let (items, next) = paging::page(items, limit, key);
    let padded =
        |token: String| format!("{token:=<width$}", width = token.len().next_multiple_of(4));
    (items, next.map(padded))
}
