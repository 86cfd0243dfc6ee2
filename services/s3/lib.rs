//! S3: description, state and operations.
