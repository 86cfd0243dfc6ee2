//! What the policy of an upload form allows: its end, and conditions on the fields and the size.

use std::ops::RangeInclusive;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cumulet_core::{AwsError, Timestamp};
use serde_json::Value;

use super::fields::Fields;
use crate::errors;

/// Fields that need no condition: the policy cannot speak of its own signature.
const FREE: [&str; 5] = ["policy", "file", "signature", "x-amz-signature", "awsaccesskeyid"];

/// A form's policy.
#[derive(Debug)]
pub(crate) struct Policy {
    expiration: Timestamp,
    conditions: Vec<Condition>,
}

#[derive(Debug)]
struct Condition {
    /// As errors show it.
    text: String,
    rule: Rule,
}

#[derive(Debug)]
enum Rule {
    Equals(String, String),
    StartsWith(String, String),
    Length(RangeInclusive<u64>),
    /// Nothing meets it.
    Never,
}

impl Policy {
    /// Reads the field: JSON in base64.
    pub(crate) fn parse(field: &str) -> Result<Self, AwsError> {
        let field: String = field.split_ascii_whitespace().collect();
        let json = STANDARD.decode(field);
        let json = json.map_err(|_| errors::invalid_policy("Invalid Base64 Encoding."))?;
        let policy: Value =
            serde_json::from_slice(&json).map_err(|_| errors::invalid_policy("Invalid JSON."))?;
        let expiration = policy.get("expiration");
        let expiration =
            expiration.ok_or_else(|| errors::invalid_policy("Policy missing expiration."))?;
        let time = expiration.as_str().and_then(Timestamp::parse_iso8601);
        let time = time.ok_or_else(|| {
            let shown = expiration.as_str().unwrap_or_default();
            errors::invalid_policy(format!("Invalid 'expiration' value: '{shown}'"))
        })?;
        let conditions = policy.get("conditions").and_then(Value::as_array);
        let conditions =
            conditions.ok_or_else(|| errors::invalid_policy("Policy missing conditions."))?;
        let conditions = conditions.iter().map(Condition::parse).collect::<Result<_, _>>()?;
        Ok(Self { expiration: time, conditions })
    }

    /// Whether it allows a form with these fields now; the sizes that it allows a file.
    pub(crate) fn check(
        &self,
        now: Timestamp,
        fields: &Fields,
    ) -> Result<Option<RangeInclusive<u64>>, AwsError> {
        if now > self.expiration {
            return Err(errors::against_policy("Policy expired."));
        }
        let mut sizes = None;
        for Condition { text, rule } in &self.conditions {
            let met = match rule {
                Rule::Equals(field, value) => fields.get(field) == Some(value),
                Rule::StartsWith(field, start) => {
                    fields.get(field).is_some_and(|value| value.starts_with(start))
                }
                Rule::Length(range) => {
                    sizes = Some(range.clone());
                    true
                }
                Rule::Never => false,
            };
            if !met {
                return Err(errors::against_policy(format!("Policy Condition failed: {text}")));
            }
        }
        let extra: Vec<_> = fields.names().filter(|name| !self.mentions(name)).collect();
        if extra.is_empty() {
            return Ok(sizes);
        }
        Err(errors::against_policy(format!("Extra input fields: {}", extra.join(", "))))
    }

    fn mentions(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        FREE.contains(&name.as_str())
            || name == "bucket"
            || name.starts_with("x-ignore-")
            || self.conditions.iter().any(|condition| match &condition.rule {
                Rule::Equals(field, _) | Rule::StartsWith(field, _) => {
                    field.eq_ignore_ascii_case(&name)
                }
                _ => false,
            })
    }
}

impl Condition {
    fn parse(condition: &Value) -> Result<Self, AwsError> {
        match condition {
            Value::Object(simple) => {
                let mut entries = simple.iter();
                let (Some((field, value)), None) = (entries.next(), entries.next()) else {
                    return Err(errors::invalid_policy(
                        "Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.",
                    ));
                };
                let value = value.as_str().ok_or_else(|| {
                    errors::invalid_policy("Invalid Simple-Condition: value must be a string.")
                })?;
                let text = shown(&["eq".into(), format!("${field}").into(), value.into()]);
                Ok(Self { text, rule: Rule::Equals(field.clone(), value.to_owned()) })
            }
            Value::Array(items) => Ok(Self { text: shown(items), rule: Rule::parse(items)? }),
            _ => Err(errors::invalid_policy("Invalid Condition.")),
        }
    }
}

impl Rule {
    fn parse(items: &[Value]) -> Result<Self, AwsError> {
        let [operator, first, second] = items else {
            return Err(errors::invalid_policy("Invalid Condition: wrong number of arguments."));
        };
        let operator = operator.as_str().unwrap_or_default().to_ascii_lowercase();
        if operator == "content-length-range" {
            let range = number(first).zip(number(second));
            return Ok(range.map_or(Self::Never, |(min, max)| Self::Length(min..=max)));
        }
        let make = match operator.as_str() {
            "eq" => Self::Equals,
            "starts-with" => Self::StartsWith,
            _ => return Err(errors::invalid_policy("Invalid Condition: unknown operation.")),
        };
        let field = first.as_str().and_then(|field| field.strip_prefix('$'));
        Ok(match (field, second.as_str()) {
            (Some(field), Some(value)) => make(field.to_owned(), value.to_owned()),
            _ => Self::Never,
        })
    }
}

/// Forms write numbers as text too.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn shown(items: &[Value]) -> String {
    let items: Vec<_> = items.iter().map(Value::to_string).collect();
    format!("[{}]", items.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(
        conditions: &str,
        fields: &[(&str, &str)],
    ) -> Result<Option<RangeInclusive<u64>>, String> {
        let json =
            format!(r#"{{"expiration": "2030-01-01T00:00:00Z", "conditions": {conditions}}}"#);
        let fields = fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let policy = Policy::parse(&STANDARD.encode(json)).map_err(|e| e.message().to_owned())?;
        policy.check(Timestamp::from_secs(0), &fields).map_err(|e| e.message().to_owned())
    }

    #[test]
    fn conditions_are_met_or_named() {
        let fields = [("key", "a/b"), ("Content-Type", "text/plain"), ("policy", "…")];
        let met = r#"[["starts-with", "$key", "a/"], {"content-type": "text/plain"}, ["content-length-range", 1, "5"]]"#;
        assert_eq!(check(met, &fields), Ok(Some(1..=5)));
        for (conditions, message) in [
            (
                r#"[["eq", "$key", "A/b"]]"#,
                r#"according to Policy: Policy Condition failed: ["eq", "$key", "A/b"]"#,
            ),
            (r#"[{"key": "c"}]"#, r#"Policy Condition failed: ["eq", "$key", "c"]"#),
            (r#"[["eq", "key", "a/b"]]"#, r#"failed: ["eq", "key", "a/b"]"#),
            (
                r#"[["content-length-range", "x", 5]]"#,
                r#"failed: ["content-length-range", "x", 5]"#,
            ),
            (r#"[["eq", "$absent", ""]]"#, r#"failed: ["eq", "$absent", ""]"#),
            (r#"[["starts-with", "$key", ""]]"#, "Extra input fields: Content-Type"),
            (r#"[{"a": "b", "c": "d"}]"#, "must have exactly one property specified."),
        ] {
            let error = check(conditions, &fields).unwrap_err();
            assert!(error.ends_with(message), "{error}");
        }
    }

    #[test]
    fn a_policy_ends() {
        let json = r#"{"expiration": "1970-01-01T00:00:00Z", "conditions": []}"#;
        let policy = Policy::parse(&STANDARD.encode(json)).unwrap();
        let error = policy.check(Timestamp::from_secs(1), &Fields::default()).unwrap_err();
        assert_eq!(error.message(), "Invalid according to Policy: Policy expired.");
    }
}
