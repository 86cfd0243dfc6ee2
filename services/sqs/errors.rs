//! The wording of SQS's errors. Codes are the model's shape names; the protocols know their
//! query spellings. Texts are AWS's own.

use std::fmt::Display;

use cumulet_core::AwsError;

fn bad(code: &str, message: impl Into<String>) -> AwsError {
    AwsError::new(code, 400, message)
}

pub(crate) fn queue_does_not_exist() -> AwsError {
    bad("QueueDoesNotExist", "The specified queue does not exist.")
        .in_query("The specified queue does not exist for this wsdl version.")
}

pub(crate) fn queue_name_exists(attribute: &str) -> AwsError {
    let message = format!(
        "A queue already exists with the same name and a different value for attribute {attribute}"
    );
    bad("QueueNameExists", message)
}

pub(crate) fn queue_name() -> AwsError {
    let message = "Can only include alphanumeric characters, hyphens, or underscores. \
                   1 to 80 in length";
    bad("InvalidParameterValue", message)
}

pub(crate) fn missing(parameter: &str) -> AwsError {
    bad("MissingParameter", format!("The request must contain the parameter {parameter}."))
}

pub(crate) fn parameter(value: impl Display, name: &str, reason: &str) -> AwsError {
    let message = format!("Value {value} for parameter {name} is invalid. Reason: {reason}");
    bad("InvalidParameterValue", message)
}

pub(crate) fn message_too_long(limit: u32) -> AwsError {
    let reason = format!("Reason: Message must be shorter than {limit} bytes.");
    bad("InvalidParameterValue", format!("One or more parameters are invalid. {reason}"))
}

/// The same in a batch.
pub(crate) fn entry_too_long(limit: u32) -> AwsError {
    let reason = format!("Reason: Message must be shorter than {limit} bytes.");
    bad("InvalidParameterValue", format!("One or more parameters cannot be validated. {reason}"))
}

pub(crate) fn invalid(message: impl Into<String>) -> AwsError {
    bad("InvalidParameterValue", message)
}

pub(crate) fn unknown_attribute(name: &str) -> AwsError {
    bad("InvalidAttributeName", format!("Unknown Attribute {name}."))
}

pub(crate) fn fifo_only(name: &str) -> AwsError {
    let message = format!("You can specify the {name} only when FifoQueue is set to true.");
    bad("InvalidAttributeName", message)
}

pub(crate) fn not_implemented(attribute: &str) -> AwsError {
    let message = format!("The queue attribute {attribute} is not implemented.");
    AwsError::new("UnsupportedOperation", 501, message)
}

pub(crate) fn attribute_value(name: &str) -> AwsError {
    bad("InvalidAttributeValue", format!("Invalid value for the parameter {name}."))
}

pub(crate) fn message_contents() -> AwsError {
    let message = "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | \
                   #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF";
    bad("InvalidMessageContents", message)
}

pub(crate) fn receipt_handle(handle: &str) -> AwsError {
    let message = format!("The input receipt handle \"{handle}\" is not a valid receipt handle.");
    bad("ReceiptHandleIsInvalid", message)
}

pub(crate) fn not_in_flight(handle: &str) -> AwsError {
    let reason = "Message does not exist or is not available for visibility timeout change.";
    parameter(handle, "ReceiptHandle", reason)
}

pub(crate) fn empty_batch(entry: &str) -> AwsError {
    bad("EmptyBatchRequest", format!("There should be at least one {entry} in the request."))
}

pub(crate) fn too_many_entries(sent: usize) -> AwsError {
    let message = format!("Maximum number of entries per request are 10. You have sent {sent}.");
    bad("TooManyEntriesInBatchRequest", message)
}

pub(crate) fn ids_not_distinct(id: &str) -> AwsError {
    bad("BatchEntryIdsNotDistinct", format!("Id {id} repeated."))
}

pub(crate) fn batch_entry_id() -> AwsError {
    let message = "A batch entry id can only contain alphanumeric characters, hyphens and \
                   underscores. It can be at most 80 letters long.";
    bad("InvalidBatchEntryId", message)
}

pub(crate) fn batch_too_long(limit: usize, sent: usize) -> AwsError {
    let message =
        format!("Batch requests cannot be longer than {limit} bytes. You have sent {sent} bytes.");
    bad("BatchRequestTooLong", message)
}

pub(crate) fn purge_in_progress(queue: &str) -> AwsError {
    let message = format!("Only one PurgeQueue operation on {queue} is allowed every 60 seconds.");
    AwsError::new("PurgeQueueInProgress", 403, message)
}
