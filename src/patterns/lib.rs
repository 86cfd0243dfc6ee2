//! The pattern language that SNS filter policies, `EventBridge` patterns and event-source filters
//! share: parsed and validated once, with AWS's own error texts, then matched against documents in
//! time linear in the document. It knows no service and no message; scopes and prefixes of error
//! texts are the service's matter.
//!
//! A pattern is an object of fields; all of them must match, and of a field's rules one. An array
//! in the document matches if one of its elements does, and all that a pattern says below an array
//! is asked of the same element. A dot in a name is the same as one more level, on both sides.
//!
//! ```
//! use cumulet_patterns::{Dialect, Document, Pattern};
//!
//! let policy = r#"{"store": ["example_corp"], "price": [{"numeric": [">=", 100]}]}"#;
//! let pattern = Pattern::parse(Dialect::Filter { nested: false }, policy)?;
//! let message = serde_json::json!({"store": "example_corp", "price": 100.5});
//! assert!(pattern.matches(&Document::new(message)));
//! # Ok::<(), cumulet_patterns::Invalid>(())
//! ```

mod document;
mod fields;
mod json;
mod parse;
mod rules;
mod values;

pub use document::Document;
pub use fields::Pattern;

/// Whose pattern it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// An SNS filter policy; one over message attributes has no nested objects.
    Filter {
        /// Over the body: objects may stand inside each other.
        nested: bool,
    },
    /// An `EventBridge` pattern or the pattern of an event-source filter.
    Event,
}

/// Why a text is no pattern, in AWS's words without the service's words before them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invalid {
    /// No JSON. SNS says `failed to parse JSON. ` before it.
    Syntax(String),
    /// JSON, but no pattern.
    Pattern(String),
    /// A nested object in a policy over attributes. SNS words it without the parameter's name.
    Nested,
}

impl std::fmt::Display for Invalid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Syntax(text) | Self::Pattern(text) => f.write_str(text),
            Self::Nested => f.write_str(
                "Filter policy scope MessageAttributes does not support nested filter policy",
            ),
        }
    }
}

impl std::error::Error for Invalid {}

/// Checks that a text is JSON as AWS's tokenizer reads it.
///
/// # Errors
/// [`Invalid::Syntax`] with the tokenizer's words and place, the text itself left out.
pub fn check_json(text: &str) -> Result<(), Invalid> {
    json::parse(text).map(|_| ()).map_err(|fault| parse::syntax(text, &fault, false))
}

#[cfg(test)]
mod tests;
