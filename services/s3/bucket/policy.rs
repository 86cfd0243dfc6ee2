//! Bucket policies: the text as it was put, after a look at its form. They are not enforced.

use cumulet_core::codec::Empty;
use cumulet_core::{AwsError, Cx};
use serde_json::{Map, Value};

use super::arn;
use super::stored;
use crate::api::{self, input, output};
use crate::state::{Bucket, S3};
use crate::{configuration, errors, named};

/// What policies are kept as.
const POLICY: (&str, &str) = ("Policy", "");
/// Bytes of a policy, at most.
const POLICY_MAX: usize = 20 << 10;

pub(crate) fn put_bucket_policy(
    s3: &S3,
    cx: &Cx,
    input: input::PutBucketPolicy,
) -> Result<Empty, AwsError> {
    let named = named!(input);
    let given = input.policy.as_deref().unwrap_or_default().into();
    stored::put_value(s3, cx, named, POLICY, Some(given), &|_, bucket, given| {
        check(given.as_str().unwrap_or_default(), bucket)
    })
}

configuration! { Policy
    get get_bucket_policy whole, missing |bucket| Err(errors::no_such_bucket_policy(bucket));
    delete delete_bucket_policy;
}

pub(crate) fn get_bucket_policy_status(
    s3: &S3,
    cx: &Cx,
    input: input::GetBucketPolicyStatus,
) -> Result<output::GetBucketPolicyStatus, AwsError> {
    let found = stored::get_value(s3, cx, named!(input), POLICY)?;
    let found = found.ok_or_else(|| errors::no_such_bucket_policy(&input.bucket))?;
    let policy: Value =
        serde_json::from_str(found.as_str().unwrap_or_default()).unwrap_or_default();
    let public = several(policy.get("Statement")).any(is_public);
    let status = api::PolicyStatus { is_public: Some(public) };
    Ok(output::GetBucketPolicyStatus { policy_status: Some(status) })
}

/// One value, or those of a list: policies write a list of one without brackets.
fn several(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    let list = value.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let one = value.filter(|v| !v.is_array());
    list.iter().chain(one)
}

/// Whether a statement lets everybody in. Conditions may narrow it to few; AWS looks at which, and
/// counts as private what is bound to fixed accounts, networks or sources, as most are.
fn is_public(statement: &Value) -> bool {
    let everybody = match statement.get("Principal") {
        Some(Value::String(name)) => name == "*",
        Some(Value::Object(by)) => several(by.get("AWS")).any(|name| name == "*"),
        _ => false,
    };
    everybody
        && statement.get("Effect") == Some(&"Allow".into())
        && statement.get("Condition").is_none()
}

fn check(text: &str, bucket: &Bucket) -> Result<(), AwsError> {
    let wrong = |message: &str| Err(errors::malformed_policy(message));
    if text.len() > POLICY_MAX {
        return wrong("Policy exceeds the maximum allowed document size.");
    }
    let parsed = if text.starts_with('{') { serde_json::from_str(text).ok() } else { None };
    let Some(Value::Object(policy)) = parsed else {
        return wrong("Policies must be valid JSON and the first byte must be '{'");
    };
    let version = policy.get("Version").map(Value::as_str);
    if version.is_some_and(|v| !matches!(v, Some("2012-10-17" | "2008-10-17"))) {
        return wrong("The policy must contain a valid version string");
    }
    let Some(statements) = policy.get("Statement") else {
        return wrong("Missing required field Statement");
    };
    let mut any = false;
    for statement in several(Some(statements)) {
        any = true;
        match statement.as_object() {
            Some(statement) => check_statement(statement, bucket)?,
            None => return wrong("Policy has invalid Statement"),
        }
    }
    if any { Ok(()) } else { wrong("Could not parse the policy: Statement is empty!") }
}

fn check_statement(statement: &Map<String, Value>, bucket: &Bucket) -> Result<(), AwsError> {
    let wrong = |message: &str| Err(errors::malformed_policy(message));
    let either = |name: &str| {
        let not = format!("Not{name}");
        let found = statement.get(name).or_else(|| statement.get(&not));
        found.ok_or_else(|| errors::malformed_policy(format!("Missing required field {name}")))
    };
    match statement.get("Effect") {
        None => return wrong("Missing required field Effect"),
        Some(Value::String(effect)) if effect == "Allow" || effect == "Deny" => {}
        Some(other) => {
            let effect = other.as_str().unwrap_or_default();
            return wrong(&format!("Invalid effect: {effect}"));
        }
    }
    if !is_principal(either("Principal")?) {
        return wrong("Invalid principal in policy");
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut actions = several(Some(either("Action")?)).map(text);
    let is_action =
        |name: String| name == "*" || name.get(..3).is_some_and(|s| s.eq_ignore_ascii_case("s3:"));
    if !actions.all(is_action) {
        return wrong("Policy has invalid action");
    }
    let own = arn(bucket);
    let mut resources = several(Some(either("Resource")?)).map(text);
    let is_own = |name: String| {
        let of = name.split('/').next().unwrap_or_default();
        match of.split_once(['*', '?']) {
            Some((start, _)) => own.starts_with(start),
            None => of == own,
        }
    };
    if resources.all(is_own) { Ok(()) } else { wrong("Policy has invalid resource") }
}

fn is_principal(given: &Value) -> bool {
    let kinds = ["AWS", "Service", "Federated", "CanonicalUser"];
    match given {
        Value::String(name) => name == "*",
        Value::Object(by) => {
            !by.is_empty()
                && by.iter().all(|(kind, names)| {
                    kinds.contains(&kind.as_str()) && several(Some(names)).all(Value::is_string)
                })
        }
        _ => false,
    }
}
