//! Session policies: what a session may do at most. They are kept for whoever enforces them.

use cumulet_core::{Arn, AwsError};
use serde_json::Value;

use crate::api::PolicyDescriptorType;
use crate::errors;
use crate::tags::SessionTags;

/// Managed policies of a session, at most (IAM User Guide, "IAM and AWS STS quotas").
const ARNS_MAX: usize = 10;
/// Characters of policies and tags that fit. AWS packs them, in a way that it does not tell; what
/// fits unpacked fits there too.
const SPACE: usize = 2048;

/// Session policies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// The inline policy, as it was given.
    pub policy: Option<String>,
    /// ARNs of managed policies.
    pub arns: Vec<String>,
}

impl Limits {
    /// Checks the policies of an input.
    pub(crate) fn parse(
        policy: Option<String>,
        arns: Option<Vec<PolicyDescriptorType>>,
    ) -> Result<Self, AwsError> {
        if let Some(policy) = &policy {
            check(policy)?;
        }
        let arns: Vec<String> = arns.into_iter().flatten().filter_map(|p| p.arn).collect();
        if arns.len() > ARNS_MAX {
            let shown = format!("[{}]", arns.join(", "));
            let constraint = format!("Member must have length less than or equal to {ARNS_MAX}");
            return Err(errors::constraint(&shown, "policyArns", &constraint));
        }
        if let Some(wrong) = arns.iter().find(|arn| !is_policy(arn)) {
            return Err(errors::invalid_arn(wrong));
        }
        Ok(Self { policy, arns })
    }

    /// How much of the allotted space policies and tags take, in percent; `None` without any.
    pub(crate) fn packed(&self, tags: &SessionTags) -> Result<Option<i32>, AwsError> {
        let texts = self.policy.iter().chain(&self.arns);
        let texts = texts.chain(tags.tags.iter().flat_map(|(key, value)| [key, value]));
        let chars: usize = texts.map(|text| text.chars().count()).sum();
        let percent = i32::try_from((chars * 100).div_ceil(SPACE)).unwrap_or(i32::MAX);
        match percent {
            0 => Ok(None),
            1..=100 => Ok(Some(percent)),
            _ => Err(errors::packed_policy_too_large(percent)),
        }
    }
}

fn check(policy: &str) -> Result<(), AwsError> {
    let policy: Value = serde_json::from_str(policy).map_err(|_| errors::policy_is_no_json())?;
    let is_statement = |statement: &Value| {
        let effect = statement.get("Effect").and_then(Value::as_str);
        matches!(effect, Some("Allow" | "Deny"))
            && (statement.get("Action").is_some() || statement.get("NotAction").is_some())
            && (statement.get("Resource").is_some() || statement.get("NotResource").is_some())
    };
    let is_policy = match policy.get("Statement") {
        Some(Value::Array(statements)) => statements.iter().all(is_statement),
        Some(statement) => is_statement(statement),
        None => false,
    };
    is_policy.then_some(()).ok_or_else(errors::policy_syntax)
}

fn is_policy(arn: &str) -> bool {
    Arn::parse(arn).is_some_and(|arn| arn.service == "iam" && arn.resource.starts_with("policy/"))
}
