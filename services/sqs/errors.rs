//! The wording of SQS's errors. Codes are the model's shape names; the protocols know their
//! query spellings. Texts are AWS's own.

use std::fmt::Display;

use cumulet_core::AwsError;

fn bad(code: &str, message: impl Into<String>) -> AwsError {
    AwsError::new(code, 400, message)
}

/// Its shape is in no public model.
fn bad_parameter(message: impl Into<String>) -> AwsError {
    bad("InvalidParameterValue", message).shaped("InvalidParameterValueException")
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
    bad_parameter(message)
}

pub(crate) fn missing(parameter: &str) -> AwsError {
    let message = format!("The request must contain the parameter {parameter}.");
    bad("MissingParameter", message).shaped("MissingRequiredParameterException")
}

pub(crate) fn parameter(value: impl Display, name: &str, reason: &str) -> AwsError {
    let message = format!("Value {value} for parameter {name} is invalid. Reason: {reason}");
    bad_parameter(message)
}

pub(crate) fn message_too_long(limit: u32) -> AwsError {
    let reason = format!("Reason: Message must be shorter than {limit} bytes.");
    bad_parameter(format!("One or more parameters are invalid. {reason}"))
}

/// The same in a batch.
pub(crate) fn entry_too_long(limit: u32) -> AwsError {
    let reason = format!("Reason: Message must be shorter than {limit} bytes.");
    bad_parameter(format!("One or more parameters cannot be validated. {reason}"))
}

pub(crate) fn invalid(message: impl Into<String>) -> AwsError {
    bad_parameter(message)
}

pub(crate) fn unknown_attribute(name: &str) -> AwsError {
    bad("InvalidAttributeName", format!("Unknown Attribute {name}."))
}

pub(crate) fn fifo_only(name: &str) -> AwsError {
    let message = format!("You can specify the {name} only when FifoQueue is set to true.");
    bad("InvalidAttributeName", message)
}

pub(crate) fn attribute_value(name: &str) -> AwsError {
    bad("InvalidAttributeValue", format!("Invalid value for the parameter {name}."))
}

pub(crate) fn attribute_reason(name: &str, reason: &str) -> AwsError {
    let message = format!("Invalid value for the parameter {name}. Reason: {reason}");
    bad("InvalidAttributeValue", message)
}

pub(crate) fn two_encryptions() -> AwsError {
    let message = "You can use one type of server-side encryption (SSE) at one time. \
                   You can either enable KMS SSE or SQS SSE.";
    bad("InvalidAttributeName", message)
}

pub(crate) fn fifo_queue_name() -> AwsError {
    let message = "The name of a FIFO queue can only include alphanumeric characters, hyphens, or \
                   underscores, must end with .fifo suffix and be 1 to 80 in length.";
    bad_parameter(message)
}

pub(crate) fn deleted_recently() -> AwsError {
    let message = "You must wait 60 seconds after deleting a queue before you can create another \
                   with the same name.";
    bad("QueueDeletedRecently", message)
}

/// A parameter of the other kind of queue.
pub(crate) fn not_for_this_queue(value: impl Display, name: &str) -> AwsError {
    let reason = "The request include parameter that is not valid for this queue type.";
    parameter(value, name, reason)
}

pub(crate) fn no_deduplication_id() -> AwsError {
    let message = "The queue should either have ContentBasedDeduplication enabled or \
                   MessageDeduplicationId provided explicitly";
    bad_parameter(message)
}

/// A message alone has `MissingParameter` here.
pub(crate) fn no_group_in_batch() -> AwsError {
    invalid(missing("MessageGroupId").message())
}

pub(crate) fn over_limit() -> AwsError {
    let message = "The maximum number of in flight messages is reached.";
    AwsError::new("OverLimit", 403, message)
}

pub(crate) fn receipt_handle_expired(handle: &str) -> AwsError {
    parameter(handle, "ReceiptHandle", "The receipt handle has expired.")
}

pub(crate) fn hidden_too_long(timeout: i32) -> AwsError {
    let reason = "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]";
    parameter(timeout, "VisibilityTimeout", reason)
}

/// `member` is `SourceArn` or `DestinationArn`.
pub(crate) fn no_such_resource(member: &str) -> AwsError {
    let message =
        format!("The resource that you specified for the {member} parameter doesn't exist.");
    AwsError::new("ResourceNotFoundException", 404, message)
}

pub(crate) fn arn_format(member: &str) -> AwsError {
    let format = "arn:<partition>:<service>:<region>:<account-id>:<resource-id>";
    invalid(format!("You must use this format to specify the {member}: {format}"))
}

pub(crate) fn no_such_task() -> AwsError {
    AwsError::new("ResourceNotFoundException", 404, "Task does not exist.")
}

pub(crate) fn task_handle() -> AwsError {
    invalid("Value for parameter TaskHandle is invalid.")
}

pub(crate) fn no_dead_letter_queue() -> AwsError {
    invalid("Source queue must be configured as a Dead Letter Queue.")
}

pub(crate) fn task_running() -> AwsError {
    let message = "There is already a task running. Only one active task is allowed for a source \
                   queue arn at a given time.";
    invalid(message)
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

pub(crate) fn too_many_actions(sent: usize, limit: usize) -> AwsError {
    let message = format!("{sent} Actions were found, maximum allowed is {limit}.");
    AwsError::new("OverLimit", 403, message)
}

pub(crate) fn too_many_statements(limit: usize) -> AwsError {
    let message = format!("A policy can have at most {limit} statements.");
    AwsError::new("OverLimit", 403, message)
}

/// LocalStack's, where only a look at messages is to be had.
pub(crate) fn receives_only() -> AwsError {
    bad("InvalidRequest", "This endpoint only accepts ReceiveMessage calls")
}

pub(crate) fn invalid_address(address: &str) -> AwsError {
    AwsError::new(
        "InvalidAddress",
        404,
        format!("The address {address} is not valid for this endpoint."),
    )
}

/// Operations on no queue are not to be had at a queue's address.
pub(crate) fn not_at_a_queue(action: &str) -> AwsError {
    bad("InvalidAction", format!("The action {action} is not valid for this endpoint."))
}
