//! What can be wrong with a signature. How AWS says it is in `wording.rs`; the facts that go into
//! those texts are given here.

use crate::key::hex;
use crate::wording::{self as words, Row};
use crate::{MAX_SKEW, Place, date};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cumulet_core::{Protocol, Timestamp};
use sha2::{Digest as _, Sha256};

/// Whose words an error is told in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// S3 and its siblings.
    S3,
    /// Any other service: by the protocol that the caller speaks.
    Other(Protocol),
}

/// An error as it goes onto the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// `SignatureDoesNotMatch`
    pub code: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// For people.
    pub message: String,
    /// S3's further members, in its order; none elsewhere.
    pub members: Vec<(&'static str, String)>,
}

/// What is wrong with a request's signature. Texts inside are the client's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignatureError {
    /// There is none, and one is required. (For callers: nothing here requires one.)
    Missing,
    /// No such access key. (For callers: nothing here knows the keys.)
    UnknownKey { access_key: String },
    /// The session token is not the key's. (For callers, as is the next.)
    Token { token: String },
    /// The session is over.
    TokenExpired { token: String },
    /// The `Authorization` header is of another kind.
    UnsupportedType { authorization: String },
    /// A header and a presigned URL at once.
    TwoMechanisms { authorization: String },
    /// Not `AWS key:signature`.
    HeaderV2 { authorization: String },
    /// A part of the header is no `name=value`.
    HeaderComponent { component: String },
    /// The header lacks some of `Credential`, `Signature`, `SignedHeaders`.
    HeaderIncomplete { missing: Vec<&'static str>, authorization: String },
    /// Neither `x-amz-date` nor `Date`, or no date in it.
    Date { authorization: String },
    /// Too few parts.
    Credential { place: Place, credential: String },
    /// The credential's day is not `yyyyMMdd`.
    CredentialDate { place: Place, date: String },
    /// The credential does not end in `aws4_request`.
    CredentialTerminal { place: Place, terminal: String },
    /// The credential's day is not the request's.
    DateMismatch { place: Place, scope: String, signed_at: Timestamp },
    /// A presigned URL lacks parameters.
    QueryIncomplete { missing: Vec<&'static str> },
    /// `X-Amz-Algorithm` is unknown.
    QueryAlgorithm { algorithm: String },
    /// `X-Amz-Date` is no date.
    QueryDate { date: String },
    /// `X-Amz-Expires` is not a number.
    ExpiresNumber,
    /// `X-Amz-Expires` is below zero.
    ExpiresNegative,
    /// `X-Amz-Expires` is more than a week.
    ExpiresTooLong,
    /// A presigned URL of version 2 lacks parameters.
    QueryV2Incomplete,
    /// `Expires` of version 2 is not a number.
    ExpiresV2 { expires: String },
    /// A POST form lacks a field.
    FormField { field: &'static str },
    /// S3 wants `x-amz-content-sha256`.
    ContentSha256Missing,
    /// `x-amz-content-sha256` is neither a hash nor a known word.
    ContentSha256 { value: String },
    /// The payload is not what `x-amz-content-sha256` says.
    ContentSha256Mismatch { declared: String, computed: String },
    /// The request's time is too far from ours.
    Skewed { signed_at: Timestamp, now: Timestamp },
    /// A presigned URL from the future.
    NotYetValid { signed_at: Timestamp, expires_at: Timestamp, now: Timestamp },
    /// A presigned URL has ended.
    Expired { signed_at: Option<Timestamp>, expires_at: Timestamp, now: Timestamp },
    /// The host is not among the signed headers.
    HostNotSigned,
    /// S3 wants these headers signed.
    HeadersNotSigned { names: String },
    /// The signature is another's, or of another request.
    Mismatch(Box<Mismatch>),
}

/// What was compared when signatures differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The key's id.
    pub access_key: String,
    /// What the client should have signed.
    pub string_to_sign: String,
    /// What it sent.
    pub provided: String,
    /// Version 4 only, and not of forms.
    pub canonical_request: Option<String>,
}

/// A fact of an error by its name: the texts' placeholders and S3's members refer to it.
type Facts = Vec<(&'static str, String)>;

impl SignatureError {
    /// The error in a service's own words.
    pub fn shape(&self, dialect: Dialect) -> Shape {
        let row = self.row();
        let facts = self.facts();
        if let Dialect::Other(protocol) = dialect {
            let (code, status) = row.class.code(protocol);
            let text = if row.text == words::SAME { row.s3_text } else { row.text };
            return Shape { code, status, message: fill(text, &facts), members: Vec::new() };
        }
        let in_query = self.place() != Place::Header && row.s3_code == words::HEADER;
        let code = if in_query { words::QUERY } else { row.s3_code };
        let fact = |name: &&'static str| {
            facts.iter().find(|(known, _)| known == name).map(|(_, fact)| (*name, fact.clone()))
        };
        let members = row.s3_members.iter().filter_map(fact).collect();
        Shape { code, status: row.s3_status, message: fill(row.s3_text, &facts), members }
    }

    fn row(&self) -> &'static Row {
        match self {
            Self::Missing => &words::MISSING,
            Self::UnknownKey { .. } => &words::UNKNOWN_KEY,
            Self::Token { .. } => &words::TOKEN,
            Self::TokenExpired { .. } => &words::TOKEN_EXPIRED,
            Self::UnsupportedType { .. } => &words::UNSUPPORTED_TYPE,
            Self::TwoMechanisms { .. } => &words::TWO_MECHANISMS,
            Self::HeaderV2 { .. } => &words::HEADER_V2,
            Self::HeaderComponent { .. } => &words::HEADER_COMPONENT,
            Self::HeaderIncomplete { .. } => &words::HEADER_INCOMPLETE,
            Self::Date { .. } => &words::DATE,
            Self::Credential { .. } => &words::CREDENTIAL,
            Self::CredentialDate { .. } => &words::CREDENTIAL_DATE,
            Self::CredentialTerminal { .. } => &words::CREDENTIAL_TERMINAL,
            Self::DateMismatch { .. } => &words::DATE_MISMATCH,
            Self::QueryIncomplete { .. } => &words::QUERY_INCOMPLETE,
            Self::QueryAlgorithm { .. } => &words::QUERY_ALGORITHM,
            Self::QueryDate { .. } => &words::QUERY_DATE,
            Self::ExpiresNumber => &words::EXPIRES_NUMBER,
            Self::ExpiresNegative => &words::EXPIRES_NEGATIVE,
            Self::ExpiresTooLong => &words::EXPIRES_TOO_LONG,
            Self::QueryV2Incomplete => &words::QUERY_V2_INCOMPLETE,
            Self::ExpiresV2 { .. } => &words::EXPIRES_V2,
            Self::FormField { .. } => &words::FORM_FIELD,
            Self::ContentSha256Missing => &words::CONTENT_SHA256_MISSING,
            Self::ContentSha256 { .. } => &words::CONTENT_SHA256,
            Self::ContentSha256Mismatch { .. } => &words::CONTENT_SHA256_MISMATCH,
            Self::Skewed { signed_at, now } if signed_at > now => &words::SKEWED_AHEAD,
            Self::Skewed { .. } => &words::SKEWED,
            Self::NotYetValid { .. } => &words::NOT_YET_VALID,
            Self::Expired { .. } => &words::EXPIRED,
            Self::HostNotSigned => &words::HOST_NOT_SIGNED,
            Self::HeadersNotSigned { .. } => &words::HEADERS_NOT_SIGNED,
            Self::Mismatch(_) => &words::MISMATCH,
        }
    }

    /// Where the part stands that is wrong, if there is a choice.
    fn place(&self) -> Place {
        match self {
            Self::Credential { place, .. }
            | Self::CredentialDate { place, .. }
            | Self::CredentialTerminal { place, .. }
            | Self::DateMismatch { place, .. } => *place,
            _ => Place::Header,
        }
    }

    fn facts(&self) -> Facts {
        let mut facts = match self {
            Self::UnsupportedType { authorization: value }
            | Self::TwoMechanisms { authorization: value }
            | Self::HeaderV2 { authorization: value } => argument("Authorization", value),
            Self::FormField { field } => argument(field, ""),
            Self::ContentSha256 { value } => argument("x-amz-content-sha256", value),
            Self::UnknownKey { access_key } => vec![("AWSAccessKeyId", access_key.clone())],
            Self::Token { token } | Self::TokenExpired { token } => {
                vec![("Token-0", token.clone())]
            }
            Self::HeaderComponent { component: got }
            | Self::Credential { credential: got, .. }
            | Self::CredentialDate { date: got, .. }
            | Self::CredentialTerminal { terminal: got, .. }
            | Self::QueryAlgorithm { algorithm: got }
            | Self::QueryDate { date: got }
            | Self::ExpiresV2 { expires: got }
            | Self::DateMismatch { scope: got, .. } => vec![("got", got.clone())],
            Self::HeaderIncomplete { missing, authorization } => vec![
                ("missing", each(missing, "Authorization header requires '{}' parameter. ")),
                ("hash", hashed(authorization)),
            ],
            Self::Date { authorization } => vec![("hash", hashed(authorization))],
            Self::QueryIncomplete { missing } => {
                vec![("missing", each(missing, "AWS query-string parameters must include '{}'. "))]
            }
            Self::ContentSha256Mismatch { declared, computed } => vec![
                ("ClientComputedContentSHA256", declared.clone()),
                ("S3ComputedContentSHA256", computed.clone()),
            ],
            Self::HostNotSigned => vec![("HeadersNotSigned", "host".to_owned())],
            Self::HeadersNotSigned { names } => vec![("HeadersNotSigned", names.clone())],
            Self::Mismatch(mismatch) => mismatch.facts(),
            _ => Vec::new(),
        };
        let query = self.place() != Place::Header;
        let prefix = if query { words::QUERY_PREFIX } else { words::HEADER_PREFIX };
        facts.push(("prefix", prefix.to_owned()));
        facts.extend(self.times());
        facts
    }

    fn times(&self) -> Facts {
        let signed = |at: Timestamp| [("signed", date::basic(at)), ("day", date::day(at))];
        let server = |now: Timestamp| {
            let skew = i64::try_from(MAX_SKEW.as_millis()).unwrap_or_default();
            let earliest = Timestamp::from_millis(now.millis() - skew);
            [
                ("now", date::basic(now)),
                ("ServerTime", date::extended(now)),
                ("earliest", date::basic(earliest)),
                ("latest", date::basic(now.plus(MAX_SKEW))),
                ("MaxAllowedSkewMilliseconds", skew.to_string()),
            ]
        };
        let mut facts = Vec::new();
        match *self {
            Self::DateMismatch { signed_at, .. } => facts.extend(signed(signed_at)),
            Self::Skewed { signed_at, now } => {
                facts.extend(signed(signed_at));
                facts.push(("RequestTime", date::basic(signed_at)));
                facts.extend(server(now));
            }
            Self::NotYetValid { signed_at, expires_at, now } => {
                facts.extend(signed(signed_at));
                // In milliseconds since 1970: so does AWS.
                facts.push(("X-Amz-Date", signed_at.millis().to_string()));
                facts.push(("Expires", date::extended(expires_at)));
                facts.extend(server(now));
            }
            Self::Expired { signed_at, expires_at, now } => {
                let seconds = signed_at.map(|at| expires_at.since(at).as_secs().to_string());
                facts.extend(seconds.map(|seconds| ("X-Amz-Expires", seconds)));
                facts.push(("Expires", date::extended(expires_at)));
                facts.push(("end", date::basic(expires_at)));
                facts.extend(server(now));
            }
            _ => {}
        }
        facts
    }
}

impl Mismatch {
    fn facts(&self) -> Facts {
        let spaced = |text: &str| text.bytes().map(|b| hex(&[b])).collect::<Vec<_>>().join(" ");
        let mut facts = vec![
            ("AWSAccessKeyId", self.access_key.clone()),
            ("StringToSign", self.string_to_sign.clone()),
            ("SignatureProvided", self.provided.clone()),
            ("StringToSignBytes", spaced(&self.string_to_sign)),
        ];
        if let Some(request) = &self.canonical_request {
            facts.push(("CanonicalRequest", request.clone()));
            facts.push(("CanonicalRequestBytes", spaced(request)));
        }
        facts
    }
}

fn argument(name: &str, value: &str) -> Facts {
    vec![("ArgumentName", name.to_owned()), ("ArgumentValue", value.to_owned())]
}

fn each(names: &[&str], text: &str) -> String {
    names.iter().map(|name| text.replace("{}", name)).collect()
}

/// AWS shows the header without telling it.
fn hashed(authorization: &str) -> String {
    STANDARD.encode(Sha256::digest(authorization))
}

/// Puts the facts into a text, each where it says `{name}`.
fn fill(text: &str, facts: &Facts) -> String {
    let mut pieces = text.split('{');
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, rest) = piece.split_once('}').unwrap_or(("", piece));
        out.extend(facts.iter().find(|(known, _)| *known == name).map(|(_, fact)| fact.as_str()));
        out.push_str(rest);
    }
    out
}
