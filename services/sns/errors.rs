//! The wording of SNS's errors. Codes are the model's shape names; the protocol knows their query
//! spellings. Texts are AWS's own.

use cumulet_core::AwsError;
use cumulet_patterns::Invalid;

fn bad(code: &str, message: impl Into<String>) -> AwsError {
    AwsError::new(code, 400, message)
}

/// `Invalid parameter: …`.
pub(crate) fn invalid(what: impl AsRef<str>) -> AwsError {
    plain(format!("Invalid parameter: {}", what.as_ref()))
}

/// Archives go first, topics then (SNS Developer Guide, "Message archiving for FIFO topic owners").
pub(crate) fn archive_is_active() -> AwsError {
    let message = "Invalid state: message archiving is active for this topic";
    bad("InvalidStateException", message)
}

/// `InvalidParameter` with a text that has no such beginning.
pub(crate) fn plain(message: impl Into<String>) -> AwsError {
    bad("InvalidParameterException", message)
}

/// `Invalid parameter: NAME Reason: …`.
pub(crate) fn reason(name: &str, reason: impl AsRef<str>) -> AwsError {
    invalid(format!("{name} Reason: {}", reason.as_ref()))
}

pub(crate) fn missing(name: &str) -> AwsError {
    reason(name, "no value for required parameter")
}

/// What a member that must be there is called in a text of the framework before SNS.
pub(crate) fn null(path: &str) -> AwsError {
    let text = format!(
        "1 validation error detected: Value null at '{path}' failed to satisfy constraint: \
         Member must not be null"
    );
    bad("ValidationError", text)
}

pub(crate) fn arn_elements(name: &str, count: usize) -> AwsError {
    reason(name, format!("An ARN must have at least 6 elements, not {count}"))
}

fn not_found(what: &str) -> AwsError {
    AwsError::new("NotFoundException", 404, format!("{what} does not exist"))
}

pub(crate) fn no_topic() -> AwsError {
    not_found("Topic")
}

pub(crate) fn no_subscription() -> AwsError {
    not_found("Subscription")
}

pub(crate) fn no_application() -> AwsError {
    not_found("PlatformApplication")
}

pub(crate) fn no_endpoint() -> AwsError {
    not_found("Endpoint")
}

pub(crate) fn no_resource() -> AwsError {
    AwsError::new("ResourceNotFoundException", 404, "Resource does not exist")
}

pub(crate) fn guarded() -> AwsError {
    let text = "Not authorized: unsubscribing this subscription requires authentication";
    AwsError::new("AuthorizationErrorException", 403, text)
}

/// About a message attribute.
pub(crate) fn value(text: impl Into<String>) -> AwsError {
    bad("InvalidParameterValueException", text)
}

pub(crate) fn endpoint_disabled() -> AwsError {
    bad("EndpointDisabledException", "Endpoint is disabled")
}

pub(crate) fn filter_policy(error: &Invalid) -> String {
    match error {
        Invalid::Syntax(text) => format!("FilterPolicy: failed to parse JSON. {text}"),
        Invalid::Pattern(text) => format!("FilterPolicy: {text}"),
        Invalid::Nested => error.to_string(),
    }
}

pub(crate) fn no_group() -> AwsError {
    invalid("The MessageGroupId parameter is required for FIFO topics")
}

pub(crate) fn no_deduplication() -> AwsError {
    invalid(
        "The topic should either have ContentBasedDeduplication enabled or \
         MessageDeduplicationId provided explicitly",
    )
}

pub(crate) fn fifo_only(parameter: &str) -> AwsError {
    let text =
        format!("The request includes {parameter} parameter that is not valid for this topic type");
    reason(parameter, text)
}

pub(crate) fn too_many_entries() -> AwsError {
    let text = "The batch request contains more entries than permissible.";
    bad("TooManyEntriesInBatchRequestException", text)
}

pub(crate) fn empty_batch() -> AwsError {
    bad("EmptyBatchRequestException", "The batch request doesn't contain any entries.")
}

pub(crate) fn same_ids() -> AwsError {
    let text = "Two or more batch entries in the request have the same Id.";
    bad("BatchEntryIdsNotDistinctException", text)
}

pub(crate) fn batch_id(id: &str) -> AwsError {
    let what = if id.len() > 80 { "is too long" } else { "contains an impermissible character" };
    let text = format!("The Id of a batch entry in the batch request {what}: {id}");
    bad("InvalidBatchEntryIdException", text)
}

pub(crate) fn batch_too_long() -> AwsError {
    let text = "The length of all the messages put together is more than the limit.";
    bad("BatchRequestTooLongException", text)
}

pub(crate) fn tag_limit() -> AwsError {
    let text = "Could not complete request: tag quota of per resource exceeded";
    bad("TagLimitExceededException", text)
}

pub(crate) fn wrong_password() -> AwsError {
    bad("VerificationException", "The one-time password that you entered is not valid.")
}
