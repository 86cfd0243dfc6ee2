//! DynamoDB's expressions: parsed once per request into trees without placeholders, with AWS's
//! texts for what is wrong; then matched, projected or applied.
//!
//! A request's expressions share their placeholders, so they are parsed through one
//! [`Placeholders`], which in the end refuses those that nobody used.

mod apply;
mod condition;
mod key;
pub(crate) mod legacy;
mod matching;
mod node;
mod path;
mod placeholders;
mod projection;
mod reserved;
mod token;
mod update;

#[cfg(test)]
mod tests;

pub(crate) use condition::{Comparison, Condition, Operand, check_clause};
pub(crate) use key::{KeyCondition, KeyRange, KeyTest, key_test};
pub(crate) use path::{Attributes, Path, Step};
pub(crate) use placeholders::{Kind, Placeholders};
pub(crate) use projection::Projection;
pub(crate) use update::{Action, Source, Update};
