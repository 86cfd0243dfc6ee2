//! Messages: what a publisher gives, checked, and what filter policies see of it.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use cumulet_core::{AwsError, Timestamp};
use cumulet_escape::hex;
use cumulet_patterns::Document;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::api::{MessageAttributeValue, PublishBatchRequestEntry};
use crate::errors;
use crate::state::Filter;

/// Bytes of a message and its attributes, at most; of all messages of a batch too.
pub(crate) const BYTES_MAX: usize = 262_144;
/// Characters of a subject, at most.
const SUBJECT_MAX: usize = 100;
/// Bytes of an attribute's name: fewer than 256 by the text, and 256 pass.
const NAME_MAX: usize = 256;

/// A published message. It never changes.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) published: Timestamp,
    /// Empty where it was published to a phone or a device.
    pub(crate) topic_arn: String,
    pub(crate) subject: Option<String>,
    pub(crate) text: Text,
    pub(crate) attributes: BTreeMap<String, Attribute>,
    pub(crate) group: Option<String>,
    pub(crate) deduplication: Option<String>,
    /// Of a FIFO topic.
    pub(crate) sequence: Option<u128>,
    pub(crate) trace: Option<String>,
    /// `1` or `2`.
    pub(crate) signature_version: char,
    /// When it leaves the archive, if it is in there.
    pub(crate) archived_until: Option<Timestamp>,
    /// A second delivery, out of the archive.
    pub(crate) replayed: bool,
}

/// A message's text: one for all, or one by protocol.
#[derive(Clone, Debug)]
pub(crate) enum Text {
    Same(String),
    Structured { default: String, others: BTreeMap<String, String> },
}

impl Text {
    /// As a protocol, or a mobile platform, gets it.
    pub(crate) fn of(&self, protocol: &str) -> &str {
        match self {
            Self::Same(text) => text,
            Self::Structured { default, others } => others.get(protocol).unwrap_or(default),
        }
    }

    /// Whether it differs by protocol.
    pub(crate) fn is_structured(&self) -> bool {
        matches!(self, Self::Structured { .. })
    }

    /// What content-based deduplication goes by: the SHA-256 of the text.
    pub(crate) fn digest(&self) -> String {
        hex(&Sha256::digest(self.of("default")))
    }
}

/// An attribute of a message.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Attribute {
    pub(crate) data_type: String,
    pub(crate) value: AttributeValue,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum AttributeValue {
    String(String),
    Binary(Bytes),
}

impl Attribute {
    /// As the envelope has it.
    pub(crate) fn text(&self) -> String {
        match &self.value {
            AttributeValue::String(text) => text.clone(),
            AttributeValue::Binary(bytes) => STANDARD.encode(bytes),
        }
    }

    fn bytes(&self) -> usize {
        match &self.value {
            AttributeValue::String(text) => text.len(),
            AttributeValue::Binary(bytes) => bytes.len(),
        }
    }

    /// As filter policies see it; bytes are out of their sight.
    fn json(&self) -> Option<Value> {
        let AttributeValue::String(text) = &self.value else { return None };
        let parsed = || serde_json::from_str(text).ok();
        match self.data_type.as_str() {
            "String.Array" => parsed().filter(Value::is_array),
            kind if kind.starts_with("Number") => parsed().filter(Value::is_number),
            _ => Some(Value::String(text.clone())),
        }
    }
}

/// A message that is fit to be published, but for the rules of where it goes to.
pub(crate) struct Draft {
    pub(crate) subject: Option<String>,
    pub(crate) text: Text,
    pub(crate) attributes: BTreeMap<String, Attribute>,
    pub(crate) group: Option<String>,
    pub(crate) deduplication: Option<String>,
    /// Bytes that count towards limits.
    pub(crate) size: usize,
}

impl Draft {
    /// `path` is where the members are, for AWS's text about absent ones; `to_topic` asks for a
    /// default text.
    pub(crate) fn parse(
        entry: PublishBatchRequestEntry,
        path: &str,
        to_topic: bool,
    ) -> Result<Self, AwsError> {
        let message = entry.message.ok_or_else(|| errors::null(&format!("{path}message")))?;
        if message.is_empty() {
            return Err(errors::invalid("Empty message"));
        }
        if let Some(subject) = &entry.subject {
            let length = subject.chars().count();
            if length == 0 || length > SUBJECT_MAX || subject.chars().any(char::is_control) {
                return Err(errors::invalid("Subject"));
            }
        }
        let attributes = attributes(entry.message_attributes, path)?;
        let each = |(name, a): (&String, &Attribute)| name.len() + a.data_type.len() + a.bytes();
        let size = message.len() + attributes.iter().map(each).sum::<usize>();
        let text = match entry.message_structure.as_deref() {
            None | Some("") => Text::Same(message),
            Some("json") => structured(&message, to_topic)?,
            Some(_) => return Err(errors::invalid("Message Structure")),
        };
        Ok(Self {
            subject: entry.subject,
            text,
            attributes,
            group: entry.message_group_id.map(|id| check_id("MessageGroupId", id)).transpose()?,
            deduplication: entry
                .message_deduplication_id
                .map(|id| check_id("MessageDeduplicationId", id))
                .transpose()?,
            size,
        })
    }
}

fn check_id(name: &str, id: String) -> Result<String, AwsError> {
    if (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic()) {
        return Ok(id);
    }
    let text = format!(
        "{name} can only include alphanumeric and punctuation characters. 1 to 128 in length"
    );
    Err(errors::reason(name, text))
}

/// `MessageStructure` json: texts by protocol. Entries that are no text do not count.
fn structured(message: &str, to_topic: bool) -> Result<Text, AwsError> {
    let parsed: Result<Map<String, Value>, _> = serde_json::from_str(message);
    let parsed = parsed
        .map_err(|_| errors::invalid("Message Structure - JSON message body failed to parse"))?;
    let text = |(name, value)| match value {
        Value::String(text) => Some((name, text)),
        _ => None,
    };
    let mut others: BTreeMap<String, String> = parsed.into_iter().filter_map(text).collect();
    match others.remove("default") {
        Some(default) => Ok(Text::Structured { default, others }),
        None if to_topic || others.is_empty() => {
            Err(errors::invalid("Message Structure - No default entry in JSON message body"))
        }
        None => Ok(Text::Structured { default: String::new(), others }),
    }
}

fn attributes(
    given: Option<BTreeMap<String, MessageAttributeValue>>,
    path: &str,
) -> Result<BTreeMap<String, Attribute>, AwsError> {
    let given = given.unwrap_or_default();
    let one = |(name, value): (String, MessageAttributeValue)| {
        let place = format!("{path}messageAttributes.{name}.member.dataType");
        let data_type = value.data_type.clone().ok_or_else(|| errors::null(&place))?;
        check_name(&name)?;
        let attribute = attribute(&name, data_type, value)?;
        Ok((name, attribute))
    };
    given.into_iter().map(one).collect()
}

fn check_name(name: &str) -> Result<(), AwsError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let text = if name.len() > NAME_MAX {
        "Length of message attribute name must be less than 256 bytes.".to_owned()
    } else if name.is_empty() {
        "The message attribute name must not be empty.".to_owned()
    } else if let Some(odd) = name.chars().find(|c| !allowed(*c)) {
        format!(
            "Invalid non-alphanumeric character '#x{:X}' was found in the message attribute name. \
             Can only include alphanumeric characters, hyphens, underscores, or dots.",
            u32::from(odd)
        )
    } else if name.starts_with('.') {
        "Invalid message attribute name starting with character '.' was found.".to_owned()
    } else if name.ends_with('.') {
        "Invalid message attribute name ending with character '.' was found.".to_owned()
    } else if name.contains("..") {
        "Message attribute name can not have successive '.' character.".to_owned()
    } else {
        return Ok(());
    };
    Err(errors::value(text))
}

fn attribute(
    name: &str,
    data_type: String,
    value: MessageAttributeValue,
) -> Result<Attribute, AwsError> {
    let (base, suffix) = match data_type.split_once('.') {
        Some((base, suffix)) => (base, Some(suffix)),
        None => (data_type.as_str(), None),
    };
    let known = matches!(base, "String" | "Number" | "Binary");
    if !known || suffix == Some("") {
        return Err(errors::value(format!(
            "The message attribute '{name}' has an invalid message attribute type, the set of \
             supported type prefixes is Binary, Number, and String."
        )));
    }
    let field = if base == "Binary" { "Binary" } else { "String" };
    let text = value.string_value.filter(|text| !text.is_empty());
    let bytes = value.binary_value.map(|blob| blob.0).filter(|bytes| !bytes.is_empty());
    let (right, wrong) = match field {
        "Binary" => (bytes.map(AttributeValue::Binary), text.is_some()),
        _ => (text.map(AttributeValue::String), bytes.is_some()),
    };
    if wrong {
        return Err(errors::value(format!(
            "The message attribute '{name}' with type '{data_type}' must use field '{field}'."
        )));
    }
    let value = right.ok_or_else(|| {
        errors::value(format!(
            "The message attribute '{name}' must contain non-empty message attribute value for \
             message attribute type '{data_type}'."
        ))
    })?;
    if let (AttributeValue::String(text), "Number") = (&value, base)
        && text.trim().parse::<f64>().is_err()
    {
        return Err(errors::value(format!(
            "Could not cast message attribute '{name}' value to number."
        )));
    }
    Ok(Attribute { data_type, value })
}

/// A message before filter policies. What they look at is made once, when the first one asks.
pub(crate) struct Candidate {
    pub(crate) message: Arc<Message>,
    attributes: OnceCell<Document>,
    body: OnceCell<Option<Document>>,
}

impl Candidate {
    pub(crate) fn new(message: Arc<Message>) -> Self {
        Self { message, attributes: OnceCell::new(), body: OnceCell::new() }
    }

    /// Whether a subscription wants the message. A body that is no JSON object passes no policy.
    pub(crate) fn passes(&self, filter: Option<&Filter>) -> bool {
        let Some(filter) = filter else { return true };
        if filter.body {
            let body = self.body.get_or_init(|| {
                let parsed = serde_json::from_str(self.message.text.of("default")).ok();
                parsed.filter(Value::is_object).map(Document::new)
            });
            return body.as_ref().is_some_and(|body| filter.pattern.matches(body));
        }
        let attributes = self.attributes.get_or_init(|| {
            let each = self.message.attributes.iter();
            let json = each.filter_map(|(name, a)| Some((name.clone(), a.json()?)));
            Document::new(Value::Object(json.collect()))
        });
        filter.pattern.matches(attributes)
    }
}
