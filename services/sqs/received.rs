//! A message as its receiver sees it: with the attributes that were asked for.

use std::collections::BTreeMap;

use cumulet_core::ids::hyphenated;

use crate::api::Message as Received;
use crate::contents::{self, Attribute, AttributeValue};
use crate::fifo::sequence_number;
use crate::receipt::Receipt;
use crate::state::{Message, MessageKey};

/// Which attributes a receiver wants.
#[derive(Debug, Default)]
pub(crate) struct Show {
    pub(crate) system: Vec<String>,
    pub(crate) user: Vec<String>,
}

impl Show {
    /// A message for an answer.
    pub(crate) fn message(&self, key: MessageKey, message: &Message) -> Received {
        let contents = &message.contents;
        let receipt = Receipt { key, message: contents.id, reception: message.reception };
        let mut user = BTreeMap::new();
        if let Some(attributes) = &contents.attributes {
            let asked = attributes.user.iter().filter(|(name, _)| asks_for(&self.user, name));
            user.extend(asked.map(|(name, attribute)| (name.clone(), attribute.clone())));
        }
        let system = self.system_attributes(key, message);
        Received {
            message_id: Some(hyphenated(&contents.id)),
            receipt_handle: Some(receipt.handle()),
            md5_of_body: Some(contents::md5_of_body(contents.texts.body())),
            body: Some(contents.texts.body().to_owned()),
            attributes: (!system.is_empty()).then_some(system),
            md5_of_message_attributes: contents::md5_of_attributes(user.iter()),
            message_attributes: (!user.is_empty())
                .then(|| user.into_iter().map(|(name, a)| (name, a.into())).collect()),
        }
    }

    fn system_attributes(&self, key: MessageKey, message: &Message) -> BTreeMap<String, String> {
        let mut all = BTreeMap::new();
        if self.system.is_empty() {
            return all;
        }
        let contents = &message.contents;
        let mut put = |name: &str, value: String| {
            if self.system.iter().any(|a| a == "All" || a == name) {
                all.insert(name.to_owned(), value);
            }
        };
        put("SenderId", contents.sender.to_string());
        put("SentTimestamp", contents.sent.millis().to_string());
        put("ApproximateReceiveCount", (message.received + contents.carried).to_string());
        put("ApproximateFirstReceiveTimestamp", message.first_received.millis().to_string());
        if let Some(group) = contents.texts.group() {
            put("MessageGroupId", group.to_owned());
        }
        if let Some(id) = contents.texts.dedup() {
            put("MessageDeduplicationId", id.to_owned());
            put("SequenceNumber", sequence_number(key.1));
        }
        let system = contents.attributes.iter().flat_map(|a| &a.system);
        for (name, Attribute { value, .. }) in system {
            if let AttributeValue::String(text) = value {
                put(name, text.clone());
            }
        }
        all
    }
}

/// `All`, `*`, `.*`, a name, or `prefix.*` (`ReceiveMessage`, `MessageAttributeNames`).
fn asks_for(asked: &[String], name: &str) -> bool {
    asked.iter().any(|a| {
        a == "All"
            || a == "*"
            || a == name
            || a.strip_suffix(".*").is_some_and(|p| name.starts_with(p))
    })
}
