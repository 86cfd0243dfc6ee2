//! SAML assertions, as far as they can be read without their issuer's certificate. Signature and
//! times are not verified.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cumulet_core::AwsError;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use crate::errors;

/// Before the names of the attributes that AWS acts on.
const AWS: &str = "https://aws.amazon.com/SAML/Attributes/";
/// Before the formats of a subject's name.
const FORMAT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:";
/// Elements inside each other, at most.
const DEPTH_MAX: usize = 64;

/// What an assertion says.
#[derive(Debug, Default)]
pub(crate) struct Assertion {
    pub(crate) issuer: String,
    pub(crate) subject: String,
    /// `persistent`, `transient`, or the whole name of another format.
    pub(crate) subject_type: String,
    /// Whom the assertion was made for: AWS's `Audience`.
    pub(crate) recipient: String,
    /// Names and values, in the order given.
    attributes: Vec<(String, String)>,
}

impl Assertion {
    /// Reads a response in base64.
    pub(crate) fn parse(encoded: &str) -> Result<Self, AwsError> {
        let packed: String = encoded.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        let xml = STANDARD.decode(packed).ok().and_then(|xml| String::from_utf8(xml).ok());
        let xml = xml.ok_or_else(|| errors::invalid_token("Invalid base64 SAMLResponse"))?;
        let assertion = read(&xml).ok_or_else(|| errors::invalid_token("Invalid SAML response"))?;
        for (value, what) in [
            (&assertion.issuer, "Issuer"),
            (&assertion.subject, "Subject"),
            (&assertion.recipient, "Recipient"),
        ] {
            if value.is_empty() {
                return Err(errors::invalid_token(format!("{what} is required in AuthnResponse")));
            }
        }
        Ok(assertion)
    }

    /// All values of one of AWS's attributes.
    pub(crate) fn all(&self, name: &str) -> Vec<String> {
        let values = self.attributes.iter().filter(|(n, _)| n.strip_prefix(AWS) == Some(name));
        values.map(|(_, value)| value.clone()).collect()
    }

    /// The first value of one of AWS's attributes.
    pub(crate) fn first(&self, name: &str) -> Option<String> {
        self.all(name).into_iter().next()
    }

    /// Whether the subject may have this role: pairs of role and provider, in either order.
    pub(crate) fn grants(&self, role: &str) -> bool {
        self.all("Role").iter().any(|pair| pair.split(',').any(|arn| arn.trim() == role))
    }

    pub(crate) fn session_name(&self) -> Result<String, AwsError> {
        let name = self
            .first("RoleSessionName")
            .ok_or_else(|| errors::invalid_token("RoleSessionName is required in AuthnResponse"))?;
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b);
        if (2..=64).contains(&name.len()) && name.bytes().all(allowed) {
            return Ok(name);
        }
        Err(errors::invalid_token(
            "RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}",
        ))
    }

    /// The longest that a session may be.
    pub(crate) fn seconds(&self) -> Option<i32> {
        self.first("SessionDuration")?.parse().ok().filter(|seconds| *seconds > 0)
    }

    pub(crate) fn tags(&self) -> Vec<(String, String)> {
        let tag = |(name, value): &(String, String)| {
            let key = name.strip_prefix(AWS)?.strip_prefix("PrincipalTag:")?;
            Some((key.to_owned(), value.clone()))
        };
        self.attributes.iter().filter_map(tag).collect()
    }
}

/// `None` for what is no XML, or has no assertion.
fn read(xml: &str) -> Option<Assertion> {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().expand_empty_elements = true;
    let mut assertion = None;
    let mut path: Vec<String> = Vec::new();
    let (mut attribute, mut text) = (String::new(), String::new());
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                path.push(start.local_name().as_ref().to_owned());
                (path.len() <= DEPTH_MAX).then_some(())?;
                text.clear();
                begin(&path, &start, &mut assertion, &mut attribute)?;
            }
            Event::Text(more) => text.push_str(&more.xml10_content()),
            Event::CData(more) => text.push_str(&more.xml10_content()),
            Event::GeneralRef(entity) => match entity.resolve_char_ref().ok()? {
                Some(c) => text.push(c),
                None => text.push_str(resolve_predefined_entity(&entity)?),
            },
            Event::End(_) => {
                end(&path, text.trim(), &mut assertion, &attribute);
                path.pop();
                text.clear();
            }
            Event::DocType(_) => return None,
            Event::Eof => return assertion.filter(|_| path.is_empty()),
            _ => {}
        }
    }
}

/// The element that a path ends in, below the assertion: its last two names.
fn place(path: &[String]) -> (&str, &str) {
    let mut names = path.iter().rev().map(String::as_str);
    let last = names.next().unwrap_or_default();
    (names.next().unwrap_or_default(), last)
}

/// What the attributes of an element say.
fn begin(
    path: &[String],
    start: &BytesStart<'_>,
    assertion: &mut Option<Assertion>,
    attribute: &mut String,
) -> Option<()> {
    let value = |name: &str| {
        let found = start.attributes().flatten().find(|a| a.key.local_name().as_ref() == name)?;
        Some(found.normalized_value(XmlVersion::Implicit1_0).ok()?.into_owned())
    };
    match (place(path), assertion) {
        // The first one counts.
        ((_, "Assertion"), assertion @ None) => *assertion = Some(Assertion::default()),
        (("Subject", "NameID"), Some(assertion)) => {
            let format = value("Format").unwrap_or_default();
            format.strip_prefix(FORMAT).unwrap_or(&format).clone_into(&mut assertion.subject_type);
        }
        ((_, "SubjectConfirmationData"), Some(assertion)) => {
            assertion.recipient = value("Recipient").unwrap_or_default();
        }
        (("AttributeStatement", "Attribute"), Some(_)) => *attribute = value("Name")?,
        _ => {}
    }
    Some(())
}

/// What the text of an element says.
fn end(path: &[String], text: &str, assertion: &mut Option<Assertion>, attribute: &str) {
    let Some(assertion) = assertion else { return };
    match place(path) {
        ("Assertion", "Issuer") => text.clone_into(&mut assertion.issuer),
        ("Subject", "NameID") => text.clone_into(&mut assertion.subject),
        ("Attribute", "AttributeValue") => {
            assertion.attributes.push((attribute.to_owned(), text.to_owned()));
        }
        _ => {}
    }
}
