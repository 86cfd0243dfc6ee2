//! The wording of STS's errors. Codes are the model's shape names where it has them; texts are
//! AWS's own as far as they are known.

use cumulet_core::{AwsError, Timestamp};

pub(crate) fn validation(message: impl Into<String>) -> AwsError {
    AwsError::new("ValidationError", 400, message)
}

pub(crate) fn invalid_arn(arn: &str) -> AwsError {
    validation(format!("{arn} is invalid"))
}

/// Beyond what the model says, in the model's words.
pub(crate) fn constraint(value: &str, member: &str, constraint: &str) -> AwsError {
    validation(format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: \
         {constraint}"
    ))
}

pub(crate) fn max_session_duration() -> AwsError {
    validation("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
}

pub(crate) fn chained_duration() -> AwsError {
    validation(
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role \
         chaining",
    )
}

fn denied(message: impl Into<String>) -> AwsError {
    AwsError::new("AccessDenied", 403, message)
}

pub(crate) fn not_authorized(caller: &str, action: &str, resource: &str) -> AwsError {
    denied(format!("User: {caller} is not authorized to perform: {action} on resource: {resource}"))
}

pub(crate) fn not_authorized_to(action: &str) -> AwsError {
    denied(format!("Not authorized to perform {action}"))
}

pub(crate) fn mfa_incomplete() -> AwsError {
    denied(
        "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass \
         code.",
    )
}

pub(crate) fn session_credentials(operation: &str) -> AwsError {
    denied(format!("Cannot call {operation} with session credentials"))
}

pub(crate) fn expired_token() -> AwsError {
    AwsError::new("ExpiredToken", 403, "The security token included in the request is expired")
}

fn parameter(message: &str) -> AwsError {
    AwsError::new("InvalidParameterValue", 400, message)
}

pub(crate) fn duplicate_tags() -> AwsError {
    parameter("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
}

pub(crate) fn transitive_tag_absent() -> AwsError {
    parameter("The specified transitive tag key must be included in the requested tags.")
}

pub(crate) fn transitive_tag_conflict() -> AwsError {
    parameter(
        "One of the specified transitive tag keys can't be set because it conflicts with a \
         transitive tag key from the calling session.",
    )
}

pub(crate) fn reserved_tag() -> AwsError {
    parameter("Tag keys that begin with aws: are reserved.")
}

pub(crate) fn policy_is_no_json() -> AwsError {
    malformed_policy("The policy is not in the valid JSON format.")
}

pub(crate) fn policy_syntax() -> AwsError {
    malformed_policy("Syntax errors in policy.")
}

fn malformed_policy(message: &str) -> AwsError {
    AwsError::new("MalformedPolicyDocumentException", 400, message)
}

pub(crate) fn packed_policy_too_large(percent: i32) -> AwsError {
    let message =
        format!("Packed policy consumes {percent}% of allotted space, please use smaller policy.");
    AwsError::new("PackedPolicyTooLargeException", 400, message)
}

pub(crate) fn invalid_token(message: impl Into<String>) -> AwsError {
    AwsError::new("InvalidIdentityTokenException", 400, message)
}

pub(crate) fn expired_web_token(now: Timestamp, expires: i64) -> AwsError {
    let message = format!(
        "Token expired: current date/time {} must be before the expiration date/time {expires}",
        now.secs()
    );
    AwsError::new("ExpiredTokenException", 400, message)
}

pub(crate) fn session_duration_escalation() -> AwsError {
    let message = "The requested token duration would extend the session beyond its original expiration time.";
    AwsError::new("SessionDurationEscalationException", 403, message)
}

pub(crate) fn expired_trade_in_token() -> AwsError {
    let message = "The trade-in token provided in the request has expired and can no longer be \
                   exchanged for credentials.";
    AwsError::new("ExpiredTradeInTokenException", 400, message)
}

pub(crate) fn no_trade_in_token() -> AwsError {
    validation("The trade-in token is invalid")
}

pub(crate) fn invalid_message() -> AwsError {
    AwsError::new("InvalidAuthorizationMessageException", 400, "Message is not valid")
}
