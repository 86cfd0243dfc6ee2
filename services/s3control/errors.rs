//! The wording of S3 Control's errors, as its answers have it.

use cumulet_core::tags::TagError;
use cumulet_core::{AccountId, AwsError};

pub(crate) fn access_denied() -> AwsError {
    AwsError::new("AccessDenied", 403, "Access Denied")
}

pub(crate) fn malformed_xml() -> AwsError {
    let message =
        "The XML you provided was not well-formed or did not validate against our published schema";
    AwsError::new("MalformedXML", 400, message)
}

pub(crate) fn no_block(account: AccountId) -> AwsError {
    let message = "The public access block configuration was not found";
    AwsError::new("NoSuchPublicAccessBlockConfiguration", 404, message)
        .with("AccountId", account.to_string())
}

pub(crate) fn no_configuration() -> AwsError {
    AwsError::new("InvalidRequest", 400, "Must specify at least one configuration.")
}

pub(crate) fn no_such_resource() -> AwsError {
    AwsError::new("NoSuchResource", 404, "The specified resource doesn't exist.")
}

pub(crate) fn invalid_tag(error: TagError) -> AwsError {
    let message = match error {
        TagError::Reserved => {
            "User-defined tag keys can't start with \"aws:\". This prefix is reserved for system tags. Remove \"aws:\" from your tag keys and try again."
        }
        _ => {
            "This request contains a tag key or value that isn't valid. Valid characters include the following: [a-zA-Z+-=._:/]. Tag keys can contain up to 128 characters. Tag values can contain up to 256 characters."
        }
    };
    AwsError::new("InvalidTag", 400, message)
}

pub(crate) fn duplicate_tag() -> AwsError {
    let message = "There are duplicate tag keys in your request. Remove the duplicate tag keys and try again.";
    AwsError::new("InvalidTag", 400, message)
}
