//! What a caller sends: a message's body and attributes, checked, with the digests that SDKs
//! compare.

use std::collections::BTreeMap;

use cumulet_core::{AccountId, AwsError, Blob, Timestamp};
use cumulet_escape::hex;
use md5::{Digest, Md5};
use sha2::Sha256;

use crate::api::{MessageAttributeValue, MessageSystemAttributeValue};
use crate::errors;
use crate::texts::Texts;

/// Attributes of one message, at most.
const ATTRIBUTES_MAX: usize = 10;
/// Bytes of an attribute's name and of its type, at most.
const NAME_MAX: usize = 256;

/// A sent message, as it never changes.
#[derive(Clone, Debug)]
pub(crate) struct Contents {
    pub(crate) id: [u8; 16],
    pub(crate) texts: Texts,
    pub(crate) sent: Timestamp,
    pub(crate) sender: AccountId,
    /// How often it was received from the queues that it was in before this one.
    pub(crate) carried: u32,
    /// Boxed: most messages have none.
    pub(crate) attributes: Option<Box<Attributes>>,
}

impl Contents {
    /// Sets a system attribute, or takes it away.
    pub(crate) fn set_system(&mut self, name: &str, value: Option<String>) {
        let attributes = self.attributes.get_or_insert_default();
        match value {
            Some(value) => {
                let value = AttributeValue::String(value);
                let attribute = Attribute { data_type: "String".to_owned(), value };
                attributes.system.insert(name.to_owned(), attribute);
            }
            None => drop(attributes.system.remove(name)),
        }
        if attributes.user.is_empty() && attributes.system.is_empty() {
            self.attributes = None;
        }
    }

    /// The text of a system attribute.
    pub(crate) fn system(&self, name: &str) -> Option<&str> {
        match &self.attributes.as_ref()?.system.get(name)?.value {
            AttributeValue::String(text) => Some(text),
            AttributeValue::Binary(_) => None,
        }
    }
}

/// A message's attributes and those for SQS itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attributes {
    pub(crate) user: BTreeMap<String, Attribute>,
    pub(crate) system: BTreeMap<String, Attribute>,
}

/// One attribute.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Attribute {
    pub(crate) data_type: String,
    pub(crate) value: AttributeValue,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum AttributeValue {
    String(String),
    Binary(Blob),
}

impl AttributeValue {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::String(text) => text.as_bytes(),
            Self::Binary(Blob(bytes)) => bytes,
        }
    }
}

impl From<Attribute> for MessageAttributeValue {
    fn from(attribute: Attribute) -> Self {
        let mut out = Self { data_type: Some(attribute.data_type), ..Self::default() };
        match attribute.value {
            AttributeValue::String(text) => out.string_value = Some(text),
            AttributeValue::Binary(blob) => out.binary_value = Some(blob),
        }
        out
    }
}

/// `MD5OfBody`.
pub(crate) fn md5_of_body(body: &str) -> String {
    hex(&Md5::digest(body))
}

/// The deduplication id of a body, where it is the contents that count.
pub(crate) fn sha256_of_body(body: &str) -> String {
    hex(&Sha256::digest(body))
}

/// `MD5OfMessageAttributes`: name, type and value of each, in the order of names, each with its
/// length before it; a value's first byte tells text from binary (SQS Developer Guide, "Calculating
/// the MD5 message digest for message attributes"). `None` without attributes.
pub(crate) fn md5_of_attributes<'a>(
    attributes: impl Iterator<Item = (&'a String, &'a Attribute)>,
) -> Option<String> {
    let mut hash = Md5::new();
    let mut any = false;
    let part = |hash: &mut Md5, bytes: &[u8]| {
        hash.update(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
        hash.update(bytes);
    };
    for (name, attribute) in attributes {
        any = true;
        part(&mut hash, name.as_bytes());
        part(&mut hash, attribute.data_type.as_bytes());
        hash.update([if matches!(attribute.value, AttributeValue::String(_)) { 1 } else { 2 }]);
        part(&mut hash, attribute.value.bytes());
    }
    any.then(|| hex(&hash.finalize()))
}

/// Bytes that count towards the size limit of a message.
pub(crate) fn size(body: &str, attributes: &Attributes) -> usize {
    let one =
        |(name, a): (&String, &Attribute)| name.len() + a.data_type.len() + a.value.bytes().len();
    body.len() + attributes.user.iter().map(one).sum::<usize>()
}

/// The body: not empty, and only characters that XML 1.0 has.
pub(crate) fn check_body(body: Option<String>) -> Result<String, AwsError> {
    let body = body.filter(|b| !b.is_empty()).ok_or_else(|| errors::missing("MessageBody"))?;
    if is_valid(&body) { Ok(body) } else { Err(errors::message_contents()) }
}

/// Most texts are plain, which is soon seen: many bytes at a time, so that none ends the look.
fn is_valid(text: &str) -> bool {
    let plain = |b: u8| matches!(b, b'\t' | b'\n' | b'\r' | b' '..=0x7f);
    text.bytes().fold(true, |all, b| all & plain(b)) || text.chars().all(is_valid_char)
}

fn is_valid_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// The attributes of one message.
pub(crate) fn check_attributes(
    user: Option<BTreeMap<String, MessageAttributeValue>>,
    system: Option<BTreeMap<String, MessageSystemAttributeValue>>,
) -> Result<Attributes, AwsError> {
    let user = user.unwrap_or_default();
    if user.len() > ATTRIBUTES_MAX {
        let text = format!(
            "Number of message attributes [{}] exceeds the allowed maximum [10].",
            user.len()
        );
        return Err(errors::invalid(text));
    }
    let mut attributes = Attributes::default();
    for (name, value) in user {
        check_name(&name)?;
        let attribute = check_value(&name, value)?;
        attributes.user.insert(name, attribute);
    }
    for (name, value) in system.unwrap_or_default() {
        let value = MessageAttributeValue {
            string_value: value.string_value,
            binary_value: value.binary_value,
            data_type: value.data_type,
            ..MessageAttributeValue::default()
        };
        let attribute = check_value(&name, value)?;
        if name != "AWSTraceHeader" {
            let text = format!("Message system attribute name '{name}' is invalid.");
            return Err(errors::invalid(text));
        }
        if attribute.data_type != "String" {
            let text = format!(
                "The type of message system attribute '{name}' is invalid. You must use only the following supported type prefixes: String."
            );
            return Err(errors::invalid(text));
        }
        attributes.system.insert(name, attribute);
    }
    Ok(attributes)
}

fn check_name(name: &str) -> Result<(), AwsError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let lower = name.to_ascii_lowercase();
    if name.len() > NAME_MAX {
        let text = "Message (user) attribute names can be up to 256 characters long.";
        return Err(errors::invalid(text));
    }
    if lower.starts_with("aws.") || lower.starts_with("amazon.") {
        let text = "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. These strings are reserved for internal use.";
        return Err(errors::invalid(text));
    }
    if name.is_empty() || !name.chars().all(allowed) {
        let text = "You can use alphanumeric characters, hyphens, underscores and periods in message attribute names.";
        return Err(errors::invalid(text));
    }
    if name.starts_with('.') || name.ends_with('.') || name.contains("..") {
        let text = "You can't use message attribute names beginning or ending with a period, or with successive periods.";
        return Err(errors::invalid(text));
    }
    Ok(())
}

fn check_value(name: &str, value: MessageAttributeValue) -> Result<Attribute, AwsError> {
    let data_type = value.data_type.filter(|t| !t.is_empty()).ok_or_else(|| {
        errors::invalid(format!(
            "The message attribute '{name}' must contain a non-empty message attribute type."
        ))
    })?;
    let base = data_type.split('.').next().unwrap_or_default();
    if !matches!(base, "String" | "Number" | "Binary") || data_type.len() > NAME_MAX {
        return Err(errors::invalid(format!(
            "The message attribute '{name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String."
        )));
    }
    let empty = || {
        let text = "must contain a non-empty value of type";
        errors::invalid(format!("Message (user) attribute '{name}' {text} '{base}'."))
    };
    if value.string_value.is_some() && value.binary_value.is_some() {
        return Err(errors::invalid(format!(
            "The message attribute '{name}' has multiple values."
        )));
    }
    let value = if base == "Binary" {
        AttributeValue::Binary(value.binary_value.filter(|b| !b.0.is_empty()).ok_or_else(empty)?)
    } else {
        let text = value.string_value.filter(|s| !s.is_empty()).ok_or_else(empty)?;
        if !is_valid(&text) {
            return Err(errors::invalid(errors::message_contents().message()));
        }
        if base == "Number" && text.parse::<f64>().is_err() {
            return Err(errors::invalid(format!(
                "Can't cast the value of message (user) attribute '{name}' to a number."
            )));
        }
        AttributeValue::String(text)
    };
    Ok(Attribute { data_type, value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_that_sdks_compute() {
        assert_eq!(md5_of_body("hello"), "5d41402abc4b2a76b9719d911017c592");
        let attribute =
            Attribute { data_type: "String".to_owned(), value: AttributeValue::String("v".into()) };
        let name = "n".to_owned();
        // md5 of 00000001 'n' 00000006 'String' 01 00000001 'v'
        let digest = md5_of_attributes([(&name, &attribute)].into_iter()).unwrap();
        assert_eq!(digest, hex(&Md5::digest(b"\0\0\0\x01n\0\0\0\x06String\x01\0\0\0\x01v")));
        assert_eq!(md5_of_attributes(std::iter::empty()), None);
    }

    #[test]
    fn control_characters_are_no_contents() {
        assert!(check_body(Some("a\tb\r\n\u{10000}".to_owned())).is_ok());
        let error = check_body(Some("\u{1}".to_owned())).unwrap_err();
        assert_eq!(error.code(), "InvalidMessageContents");
        assert_eq!(check_body(None).unwrap_err().code(), "MissingParameter");
    }
}
