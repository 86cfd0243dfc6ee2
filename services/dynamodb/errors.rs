//! The wording of DynamoDB's errors. Texts are AWS's own, where it is known what AWS says.

use std::fmt::Display;

use cumulet_core::{AwsError, Value};

fn bad(code: &str, message: impl Into<String>) -> AwsError {
    AwsError::new(code, 400, message)
}

pub(crate) fn validation(message: impl Into<String>) -> AwsError {
    bad("ValidationException", message)
}

/// One or more parameter values were invalid.
pub(crate) fn invalid(reason: impl Display) -> AwsError {
    validation(format!("One or more parameter values were invalid: {reason}"))
}

/// Refuses the first member that is given, and that nothing here would act on.
pub(crate) fn check_unsupported(members: &[(&str, bool)]) -> Result<(), AwsError> {
    match members.iter().find(|(_, given)| *given) {
        Some((name, _)) => Err(invalid(format!("{name} is not supported here"))),
        None => Ok(()),
    }
}

/// What operations on items say of a table that is not there.
pub(crate) fn not_found() -> AwsError {
    bad("ResourceNotFoundException", "Requested resource not found")
}

pub(crate) fn table_not_found(name: &str) -> AwsError {
    let message = format!("Requested resource not found: Table: {name} not found");
    bad("ResourceNotFoundException", message)
}

pub(crate) fn index_not_found(table: &str, index: &str) -> AwsError {
    let message =
        format!("Requested resource not found: Index: {index} of table: {table} not found");
    bad("ResourceNotFoundException", message)
}

/// The missing letter is AWS's.
pub(crate) fn arn_not_found(arn: &str) -> AwsError {
    let message = format!("Requested resource not found: ResourcArn: {arn} not found");
    bad("ResourceNotFoundException", message)
}

pub(crate) fn table_exists(name: &str) -> AwsError {
    bad("ResourceInUseException", format!("Table already exists: {name}"))
}

/// A table that is still being imported cannot be deleted.
pub(crate) fn being_created(name: &str) -> AwsError {
    in_use("created", name)
}

pub(crate) fn being_updated(name: &str) -> AwsError {
    in_use("updated", name)
}

fn in_use(how: &str, name: &str) -> AwsError {
    let text = "Attempt to change a resource which is still in use: Table is being";
    bad("ResourceInUseException", format!("{text} {how}: {name}"))
}

pub(crate) fn protected() -> AwsError {
    let message = "Resource cannot be deleted as it is currently protected against deletion. \
                   Disable deletion protection first.";
    validation(message)
}

/// What a member of a global table says instead.
pub(crate) fn replica_protected(name: &str, region: &str) -> AwsError {
    validation(format!(
        "Cannot delete table {name} in region {region} because it has deletion protection enabled. \
         Disable deletion protection first."
    ))
}

/// What operations on a table's past say of one that is not there.
pub(crate) fn no_table(name: &str) -> AwsError {
    bad("TableNotFoundException", format!("Table not found: {name}"))
}

/// What restoring says instead of `table_exists`.
pub(crate) fn table_already_exists(name: &str) -> AwsError {
    bad("TableAlreadyExistsException", format!("Table already exists: {name}"))
}

pub(crate) fn backup_not_found(arn: &str) -> AwsError {
    bad("BackupNotFoundException", format!("Backup not found: {arn}"))
}

pub(crate) fn no_recovery(name: &str) -> AwsError {
    let message = format!("Point in time recovery is not enabled for table '{name}'");
    bad("PointInTimeRecoveryUnavailableException", message)
}

pub(crate) fn restore_time() -> AwsError {
    let message = "An invalid restore time was specified. RestoreDateTime must be between \
                   EarliestRestorableDateTime and LatestRestorableDateTime.";
    bad("InvalidRestoreTimeException", message)
}

pub(crate) fn export_time() -> AwsError {
    let message = "The specified ExportTime is outside of the point in time recovery window.";
    bad("InvalidExportTimeException", message)
}

pub(crate) fn export_not_found(arn: &str) -> AwsError {
    bad("ExportNotFoundException", format!("Export not found: {arn}"))
}

pub(crate) fn import_not_found(arn: &str) -> AwsError {
    bad("ImportNotFoundException", format!("Import not found: {arn}"))
}

/// The token of an export was used with other parameters.
pub(crate) fn export_conflict() -> AwsError {
    bad("ExportConflictException", TOKEN_CONFLICT)
}

pub(crate) fn import_conflict() -> AwsError {
    bad("ImportConflictException", TOKEN_CONFLICT)
}

const TOKEN_CONFLICT: &str = "The ClientToken was used with other parameters before";

pub(crate) fn arn_format(arn: &str) -> AwsError {
    validation(format!("Invalid TableArn: Invalid ResourceArn provided as input {arn}"))
}

pub(crate) fn name_length(member: &str) -> AwsError {
    let bounds = "must be at least 3 characters long and at most 255 characters long";
    validation(format!("{member} {bounds}"))
}

pub(crate) fn name_pattern(value: &str, member: &str) -> AwsError {
    let constraint = "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+";
    constraint_broken(value, member, constraint)
}

/// A constraint that the model has no words for, in the words of those that it has.
pub(crate) fn constraint_broken(value: impl Display, path: &str, constraint: &str) -> AwsError {
    let value = format!("Value '{value}' at '{path}' failed to satisfy constraint: {constraint}");
    validation(format!("1 validation error detected: {value}"))
}

pub(crate) fn policy_not_found(arn: &str) -> AwsError {
    let message = format!("Resource-based policy not found for the provided ResourceArn: {arn}");
    bad("PolicyNotFoundException", message)
}

pub(crate) fn policy_revision() -> AwsError {
    let message = "The revision ID specified does not match the current revision ID of the policy.";
    bad("PolicyNotFoundException", message)
}

pub(crate) fn key_schema() -> AwsError {
    validation("The provided key element does not match the schema")
}

pub(crate) fn starting_key() -> AwsError {
    validation("The provided starting key is invalid")
}

pub(crate) fn no_index(name: &str) -> AwsError {
    validation(format!("The table does not have the specified index: {name}"))
}

pub(crate) fn wrong_index(operation: &str) -> AwsError {
    validation(format!("{operation} operation not supported on this index type."))
}

pub(crate) fn one_index_at_a_time() -> AwsError {
    let message = "Subscriber limit exceeded: Only 1 online index can be created or deleted \
                   simultaneously per table";
    bad("LimitExceededException", message)
}

const CONDITION_FAILED: &str = "The conditional request failed";

pub(crate) fn condition_failed() -> AwsError {
    bad("ConditionalCheckFailedException", CONDITION_FAILED)
}

/// With an item AWS calls the message `Message`, and not as its model has it.
pub(crate) fn condition_failed_on(item: Value) -> AwsError {
    bad("ConditionalCheckFailedException", "").with("Message", CONDITION_FAILED).with("Item", item)
}

pub(crate) fn duplicate_item() -> AwsError {
    bad("DuplicateItemException", DUPLICATE_ITEM)
}

pub(crate) const DUPLICATE_ITEM: &str = "Duplicate primary key exists in table";

pub(crate) fn transaction_cancelled(codes: &[&str]) -> AwsError {
    let text = "Transaction cancelled, please refer cancellation reasons for specific reasons";
    bad("TransactionCanceledException", format!("{text} [{}]", codes.join(", ")))
}

pub(crate) fn token_mismatch() -> AwsError {
    let message = "Idempotent parameter mismatch: the request has the same client token as one \
                   with other parameters";
    bad("IdempotentParameterMismatchException", message)
}

/// What an operation says of a global table that is not there, with a code of its own.
pub(crate) fn no_global_table(code: &str, name: &str) -> AwsError {
    bad(code, format!("Global table with name: '{name}' does not exist."))
}

pub(crate) fn throughput_exceeded() -> AwsError {
    let message = "The level of configured provisioned throughput for the table was exceeded. \
                   Consider increasing your provisioning level with the UpdateTable API";
    bad("ProvisionedThroughputExceededException", message)
}
