//! The one error that crosses crates: what AWS would answer, and what only the log should see.

use std::fmt;

use http::StatusCode;

use crate::value::Value;

/// An AWS error: code, status and wording. `protocol` alone turns it into bytes.
///
/// The code is the model's shape name (`QueueDoesNotExist`) where the model has the error; the
/// protocols derive the other spellings (`AWS.SimpleQueueService.NonExistentQueue`) from the model.
pub struct AwsError(Box<Inner>);

struct Inner {
    code: String,
    shape: Option<&'static str>,
    status: StatusCode,
    message: String,
    query_message: Option<String>,
    members: Vec<(String, Value)>,
    headers: Vec<(&'static str, String)>,
    source: Option<String>,
}

impl AwsError {
    /// An error with AWS's code, HTTP status and message.
    pub fn new(code: impl Into<String>, status: u16, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            code: code.into(),
            shape: None,
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            message: message.into(),
            query_message: None,
            members: Vec::new(),
            headers: Vec::new(),
            source: None,
        }))
    }

    /// Our own fault: 500 `InternalFailure` for the caller, `source` for the log.
    pub fn internal(source: impl fmt::Display) -> Self {
        let mut error = Self::new(
            "InternalFailure",
            500,
            "The request processing has failed because of an unknown error, exception or failure.",
        );
        error.0.source = Some(source.to_string());
        error
    }

    /// An operation that is not here: 501, naming it.
    pub fn not_implemented(service: &str, operation: &str) -> Self {
        let message = format!("The operation {operation} of {service} is not implemented.");
        Self::new("NotImplemented", 501, message)
    }

    /// Gives the name of the error's shape, where AWS names it otherwise than by its code and its
    /// models lack it (SQS's `InvalidParameterValueException`).
    #[must_use]
    pub fn shaped(mut self, name: &'static str) -> Self {
        self.0.shape = Some(name);
        self
    }

    /// Gives the wording of the query protocol, where AWS words the error otherwise there.
    #[must_use]
    pub fn in_query(mut self, message: impl Into<String>) -> Self {
        self.0.query_message = Some(message.into());
        self
    }

    /// Adds a member beside code and message (`BucketName`, `HeadersNotSigned`).
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.0.members.push((name.into(), value.into()));
        self
    }

    /// Adds a response header.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.0.headers.push((name, value.into()));
        self
    }

    /// The code.
    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// The name of its shape, if no model has it: the code where nothing else was given.
    pub fn shape_name(&self) -> &str {
        self.0.shape.unwrap_or(&self.0.code)
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The message for the caller; may be empty.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The message for callers of the query protocol.
    pub fn query_message(&self) -> &str {
        self.0.query_message.as_deref().unwrap_or(&self.0.message)
    }

    /// Members beside code and message.
    pub fn members(&self) -> &[(String, Value)] {
        &self.0.members
    }

    /// Response headers.
    pub fn headers(&self) -> &[(&'static str, String)] {
        &self.0.headers
    }

    /// What only the log should see.
    pub fn source(&self) -> Option<&str> {
        self.0.source.as_deref()
    }
}

impl fmt::Display for AwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.0.code, self.0.status.as_u16(), self.0.message)
    }
}

impl fmt::Debug for AwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for AwsError {}
