//! DynamoDB: what this service is.

pub mod encoded;
mod errors;
pub mod number;
pub mod value;

#[cfg(test)]
mod number_tests;
#[cfg(test)]
mod value_tests;
