//! The wording of the errors of DynamoDB Streams.

use cumulet_core::AwsError;

fn bad(code: &str, message: impl Into<String>) -> AwsError {
    AwsError::new(code, 400, message)
}

pub(super) fn stream_not_found(arn: &str) -> AwsError {
    let message = format!("Requested resource not found: Stream: {arn} not found");
    bad("ResourceNotFoundException", message)
}

pub(super) fn shard_not_found() -> AwsError {
    bad("ResourceNotFoundException", "Requested resource not found: Shard does not exist")
}

pub(super) fn invalid(member: &str) -> AwsError {
    bad("ValidationException", format!("Invalid {member}"))
}

pub(super) fn expired() -> AwsError {
    bad("ExpiredIteratorException", "The shard iterator is older than 15 minutes")
}

pub(super) fn trimmed() -> AwsError {
    let message = "The data you are trying to access has been trimmed";
    bad("TrimmedDataAccessException", message)
}
