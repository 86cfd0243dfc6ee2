//! What endpoints get: the JSON around a message, in AWS's order of fields, and the links in it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cumulet_escape::push_json;
use cumulet_openkey::rsa;
use serde_json::{Map, Value};

use crate::message::Message;

/// Where links in messages lead: this server, as its callers reach it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Links<'a> {
    /// Scheme and host.
    pub(crate) endpoint: &'a str,
    /// A host for the certificate's URL alone (`SNS_CERT_URL_HOST`).
    pub(crate) certificate_host: Option<&'a str>,
}

/// The certificate's name, as LocalStack has it.
pub(crate) const CERTIFICATE_PATH: &str =
    "/_aws/sns/SimpleNotificationService-6c6f63616c737461636b69736e696365.pem";

impl Links<'_> {
    fn certificate(self) -> String {
        match self.certificate_host {
            Some(host) => ["https://", host, CERTIFICATE_PATH].concat(),
            None => [self.endpoint, CERTIFICATE_PATH].concat(),
        }
    }

    fn unsubscribe(self, subscription: &str) -> String {
        [self.endpoint, "/?Action=Unsubscribe&SubscriptionArn=", subscription].concat()
    }

    fn confirm(self, topic: &str, token: &str) -> String {
        format!("{}/?Action=ConfirmSubscription&TopicArn={topic}&Token={token}", self.endpoint)
    }
}

/// A field's name and its value, if it is there.
type Field<'a> = (&'static str, Option<Json<'a>>);

/// What is to be written as JSON, and what is JSON already.
#[derive(Clone, Copy)]
enum Json<'a> {
    Text(&'a str),
    Raw(&'a str),
}

fn text<'a>(name: &'static str, value: impl Into<Option<&'a str>>) -> Field<'a> {
    (name, value.into().map(Json::Text))
}

fn raw<'a>(name: &'static str, value: impl Into<Option<&'a str>>) -> Field<'a> {
    (name, value.into().map(Json::Raw))
}

/// A JSON object with the order of fields kept. Most need no escapes: the room for one without any
/// is asked for at once, because a queue keeps it as it is.
fn object(fields: &[Field<'_>]) -> String {
    let there = || fields.iter().filter_map(|(name, value)| Some((name, (*value)?)));
    let room = there().map(|(name, value)| match value {
        Json::Text(text) => name.len() + text.len() + 11,
        Json::Raw(json) => name.len() + json.len() + 9,
    });
    let mut out = Vec::with_capacity(room.sum::<usize>() + 2);
    for (name, value) in there() {
        out.extend_from_slice(if out.is_empty() { b"{\n  \"" } else { b",\n  \"" });
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\" : ");
        match value {
            Json::Text(text) => push_json(&mut out, text),
            Json::Raw(json) => out.extend_from_slice(json.as_bytes()),
        }
    }
    out.extend_from_slice(b"\n}");
    String::from_utf8(out).unwrap_or_default()
}

/// Name and value of each, a line each, in the order of names: what is signed.
fn to_sign(fields: &[(&str, Option<&str>)]) -> String {
    let lines = fields.iter().filter_map(|(name, value)| Some([*name, "\n", (*value)?, "\n"]));
    lines.flatten().collect()
}

/// Version 1 is SHA-1 with RSA, version 2 SHA-256 with RSA.
fn sign(text: &str, version: char) -> String {
    let sign = if version == '2' { rsa::sign_sha256 } else { rsa::sign_sha1 };
    STANDARD.encode(sign(text.as_bytes()))
}

fn signature(message: &Message, body: &str, time: &str, version: char) -> String {
    let fields = [
        ("Message", Some(body)),
        ("MessageId", Some(message.id.as_str())),
        ("Subject", message.subject.as_deref()),
        ("Timestamp", Some(time)),
        ("TopicArn", Some(message.topic_arn.as_str())),
        ("Type", Some("Notification")),
    ];
    sign(&to_sign(&fields), version)
}

fn attributes(message: &Message) -> String {
    let one = |(name, a): (&String, &crate::message::Attribute)| {
        let pair = [("Type", a.data_type.clone()), ("Value", a.text())];
        let value: Map<_, _> = pair.into_iter().map(|(k, v)| (k.to_owned(), v.into())).collect();
        (name.clone(), Value::Object(value))
    };
    Value::Object(message.attributes.iter().map(one).collect()).to_string()
}

/// A notification, as queues, HTTP endpoints and Firehose get it. Those of FIFO topics are not signed.
pub(crate) fn notification(
    message: &Message,
    protocol: &str,
    subscription: &str,
    links: Links<'_>,
) -> String {
    let (body, time) = (message.text.of(protocol), message.published.iso8601_millis());
    let version = message.signature_version;
    let signed = message.sequence.is_none().then(|| {
        (version.to_string(), signature(message, body, &time, version), links.certificate())
    });
    let (version, signature, certificate) = match &signed {
        Some((version, signature, certificate)) => {
            (Some(version.as_str()), Some(signature.as_str()), Some(certificate.as_str()))
        }
        None => (None, None, None),
    };
    let attributes = (!message.attributes.is_empty()).then(|| attributes(message));
    object(&[
        text("Type", "Notification"),
        text("MessageId", message.id.as_str()),
        text("SequenceNumber", message.sequence.map(sequence_number).as_deref()),
        text("TopicArn", message.topic_arn.as_str()),
        text("Subject", message.subject.as_deref()),
        text("Message", body),
        text("Timestamp", time.as_str()),
        text("SignatureVersion", version),
        text("Signature", signature),
        text("SigningCertURL", certificate),
        text("UnsubscribeURL", links.unsubscribe(subscription).as_str()),
        raw("MessageAttributes", attributes.as_deref()),
        raw("Replayed", message.replayed.then_some("true")),
    ])
}

/// Lambda's event. It always speaks of version 1, whichever the signature has (recorded from AWS).
pub(crate) fn lambda_event(message: &Message, subscription: &str, links: Links<'_>) -> String {
    let (body, time) = (message.text.of("lambda"), message.published.iso8601_millis());
    let sns = object(&[
        text("Type", "Notification"),
        text("MessageId", message.id.as_str()),
        text("TopicArn", message.topic_arn.as_str()),
        raw("Subject", Value::from(message.subject.as_deref()).to_string().as_str()),
        text("Message", body),
        text("Timestamp", time.as_str()),
        text("SignatureVersion", "1"),
        text("Signature", signature(message, body, &time, message.signature_version).as_str()),
        text("SigningCertUrl", links.certificate().as_str()),
        text("UnsubscribeUrl", links.unsubscribe(subscription).as_str()),
        raw("MessageAttributes", attributes(message).as_str()),
    ]);
    let record = object(&[
        text("EventSource", "aws:sns"),
        text("EventVersion", "1.0"),
        text("EventSubscriptionArn", subscription),
        raw("Sns", sns.as_str()),
    ]);
    format!("{{\"Records\":[{record}]}}")
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
    pub(crate) fn json(&self, links: Links<'_>) -> String {
        let message = if self.kind == "SubscriptionConfirmation" {
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
            ("Message", Some(&message)),
            ("MessageId", Some(self.id)),
            ("SubscribeURL", Some(&url)),
            ("Timestamp", Some(&self.time)),
            ("Token", Some(self.token)),
            ("TopicArn", Some(self.topic_arn)),
            ("Type", Some(self.kind)),
        ]);
        object(&[
            text("Type", self.kind),
            text("MessageId", self.id),
            text("Token", self.token),
            text("TopicArn", self.topic_arn),
            text("Message", message.as_str()),
            text("SubscribeURL", url.as_str()),
            text("Timestamp", self.time.as_str()),
            text("SignatureVersion", self.signature_version.to_string().as_str()),
            text("Signature", sign(&signed, self.signature_version).as_str()),
            text("SigningCertURL", links.certificate().as_str()),
        ])
    }
}

/// Twenty digits, as AWS's.
pub(crate) fn sequence_number(sequence: u128) -> String {
    format!("{sequence:020}")
}
