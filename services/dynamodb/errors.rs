//! The wording of DynamoDB's errors.

use cumulet_core::AwsError;

pub(crate) fn validation(message: impl Into<String>) -> AwsError {
    AwsError::new("ValidationException", 400, message)
}
