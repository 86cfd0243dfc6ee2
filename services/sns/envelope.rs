//! What endpoints get: the JSON around a message, in AWS's order of fields, and the links in it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cumulet_openkey::rsa;
use serde_json::{Map, Value};

use crate::message::Message;

/// Where links in messages lead: this server, as its callers reach it.
#[derive(Clone, Debug)]
pub(crate) struct Links {
    /// Scheme and host.
    pub(crate) endpoint: String,
    /// A host for the certificate's URL alone (`SNS_CERT_URL_HOST`).
    pub(crate) certificate_host: Option<String>,
}

/// The certificate's name, as LocalStack has it.
pub(crate) const CERTIFICATE_PATH: &str =
    "/_aws/sns/SimpleNotificationService-6c6f63616c737461636b69736e696365.pem";

impl Links {
    fn certificate(&self) -> String {
        match &self.certificate_host {
            Some(host) => format!("https://{host}{CERTIFICATE_PATH}"),
            None => format!("{}{CERTIFICATE_PATH}", self.endpoint),
        }
    }

    fn unsubscribe(&self, subscription: &str) -> String {
        format!("{}/?Action=Unsubscribe&SubscriptionArn={subscription}", self.endpoint)
    }

    fn confirm(&self, topic: &str, token: &str) -> String {
        format!("{}/?Action=ConfirmSubscription&TopicArn={topic}&Token={token}", self.endpoint)
    }
}

/// JSON being written, with the order of fields kept.
struct Fields(Vec<u8>);

impl Fields {
    fn new() -> Self {
        Self(Vec::with_capacity(2048))
    }

    fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        // Text is always written.
        let _ = serde_json::to_writer(&mut self.0, value);
    }

    fn raw(&mut self, name: &str, json: &str) {
        self.name(name);
        self.0.extend_from_slice(json.as_bytes());
    }

    fn name(&mut self, name: &str) {
        self.0.extend_from_slice(if self.0.is_empty() { b"{\n  \"" } else { b",\n  \"" });
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b"\" : ");
    }

    fn end(mut self) -> String {
        self.0.extend_from_slice(b"\n}");
        String::from_utf8(self.0).unwrap_or_default()
    }
}

/// Name and value of each, a line each, in the order of names: what is signed.
fn to_sign(fields: &[(&str, Option<&str>)]) -> String {
    let mut lines = String::with_capacity(512);
    for (name, value) in fields.iter().filter_map(|(name, value)| Some((name, (*value)?))) {
        for part in [name, "\n", value, "\n"] {
            lines.push_str(part);
        }
    }
    lines
}

/// Version 1 is SHA-1 with RSA, version 2 SHA-256 with RSA.
fn sign(text: &str, version: char) -> String {
    let sign = if version == '2' { rsa::sign_sha256 } else { rsa::sign_sha1 };
    STANDARD.encode(sign(text.as_bytes()))
}

fn signature(message: &Message, text: &str, time: &str, version: char) -> String {
    let fields = [
        ("Message", Some(text)),
        ("MessageId", Some(message.id.as_str())),
        ("Subject", message.subject.as_deref()),
        ("Timestamp", Some(time)),
        ("TopicArn", Some(message.topic_arn.as_str())),
        ("Type", Some("Notification")),
    ];
    sign(&to_sign(&fields), version)
}

fn attributes(message: &Message) -> Map<String, Value> {
    let one = |(name, a): (&String, &crate::message::Attribute)| {
        let pair = [("Type", a.data_type.clone()), ("Value", a.text())];
        let value: Map<_, _> = pair.into_iter().map(|(k, v)| (k.to_owned(), v.into())).collect();
        (name.clone(), Value::Object(value))
    };
    message.attributes.iter().map(one).collect()
}

/// A notification, as queues, HTTP endpoints and Firehose get it. Those of FIFO topics are not signed.
pub(crate) fn notification(
    message: &Message,
    protocol: &str,
    subscription: &str,
    links: &Links,
) -> String {
    let (text, time) = (message.text.of(protocol), message.published.iso8601_millis());
    let mut fields = Fields::new();
    fields.text("Type", "Notification");
    fields.text("MessageId", &message.id);
    if let Some(sequence) = message.sequence {
        fields.text("SequenceNumber", &sequence_number(sequence));
    }
    fields.text("TopicArn", &message.topic_arn);
    if let Some(subject) = &message.subject {
        fields.text("Subject", subject);
    }
    fields.text("Message", text);
    fields.text("Timestamp", &time);
    if message.sequence.is_none() {
        let version = message.signature_version;
        fields.text("SignatureVersion", &version.to_string());
        fields.text("Signature", &signature(message, text, &time, version));
        fields.text("SigningCertURL", &links.certificate());
    }
    fields.text("UnsubscribeURL", &links.unsubscribe(subscription));
    if !message.attributes.is_empty() {
        fields.raw("MessageAttributes", &Value::Object(attributes(message)).to_string());
    }
    if message.replayed {
        fields.raw("Replayed", "true");
    }
    fields.end()
}

/// Lambda's event. It always speaks of version 1, whichever the signature has (recorded from AWS).
pub(crate) fn lambda_event(message: &Message, subscription: &str, links: &Links) -> String {
    let (text, time) = (message.text.of("lambda"), message.published.iso8601_millis());
    let mut fields = Fields::new();
    fields.text("Type", "Notification");
    fields.text("MessageId", &message.id);
    fields.text("TopicArn", &message.topic_arn);
    fields.raw("Subject", &Value::from(message.subject.as_deref()).to_string());
    fields.text("Message", text);
    fields.text("Timestamp", &time);
    fields.text("SignatureVersion", "1");
    fields.text("Signature", &signature(message, text, &time, message.signature_version));
    fields.text("SigningCertUrl", &links.certificate());
    fields.text("UnsubscribeUrl", &links.unsubscribe(subscription));
    fields.raw("MessageAttributes", &Value::Object(attributes(message)).to_string());
    let mut record = Fields::new();
    record.text("EventSource", "aws:sns");
    record.text("EventVersion", "1.0");
    record.text("EventSubscriptionArn", subscription);
    record.raw("Sns", &fields.end());
    format!("{{\"Records\":[{}]}}", record.end())
}

/// What asks an endpoint to confirm, or to take its leave back.
pub(crate) struct Confirmation<'a> {
    /// `SubscriptionConfirmation` or `UnsubscribeConfirmation`.
    pub(crate) kind: &'a str,
    pub(crate) id: &'a str,
    pub(crate) topic_arn: &'a str,
    pub(crate) subscription_arn: &'a str,
    pub(crate) token: &'a str,
    pub(crate) time: String,
    pub(crate) signature_version: char,
}

impl Confirmation<'_> {
    pub(crate) fn json(&self, links: &Links) -> String {
        let text = if self.kind == "SubscriptionConfirmation" {
            format!(
                "You have chosen to subscribe to the topic {}.\nTo confirm the subscription, visit \
                 the SubscribeURL included in this message.",
                self.topic_arn
            )
        } else {
            format!(
                "You have chosen to deactivate subscription {}.\nTo cancel this operation and \
                 restore the subscription, visit the SubscribeURL included in this message.",
                self.subscription_arn
            )
        };
        let url = links.confirm(self.topic_arn, self.token);
        let signed = to_sign(&[
            ("Message", Some(&text)),
            ("MessageId", Some(self.id)),
            ("SubscribeURL", Some(&url)),
            ("Timestamp", Some(&self.time)),
            ("Token", Some(self.token)),
            ("TopicArn", Some(self.topic_arn)),
            ("Type", Some(self.kind)),
        ]);
        let mut fields = Fields::new();
        fields.text("Type", self.kind);
        fields.text("MessageId", self.id);
        fields.text("Token", self.token);
        fields.text("TopicArn", self.topic_arn);
        fields.text("Message", &text);
        fields.text("SubscribeURL", &url);
        fields.text("Timestamp", &self.time);
        fields.text("SignatureVersion", &self.signature_version.to_string());
        fields.text("Signature", &sign(&signed, self.signature_version));
        fields.text("SigningCertURL", &links.certificate());
        fields.end()
    }
}

/// Twenty digits, as AWS's.
pub(crate) fn sequence_number(sequence: u128) -> String {
    format!("{sequence:020}")
}
