//! SQS: description, state and operations.
