//! `PartiQL`: the statements that DynamoDB documents, as the conditions, updates and projections that
//! expressions are, run by the same functions.

mod execute;
mod parser;
mod plan;
mod select;
mod statement;
mod token;
mod transaction;

#[cfg(test)]
mod tests;

pub(crate) use execute::{batch_execute_statement, execute_statement};
pub(crate) use transaction::execute_transaction;
