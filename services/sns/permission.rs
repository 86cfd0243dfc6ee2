//! A topic's policy as `AddPermission` and `RemovePermission` change it. Nobody evaluates policies
//! before IAM is here.

use cumulet_core::{AccountId, AwsError, Cx};
use serde_json::{Value, json};

use crate::api::{input, output};
use crate::arn::TopicRef;
use crate::state::Topic;
use crate::{Sns, errors};

/// What a topic's owner may do by the default policy.
const OWNERS: [&str; 8] = [
    "GetTopicAttributes",
    "SetTopicAttributes",
    "AddPermission",
    "RemovePermission",
    "DeleteTopic",
    "Subscribe",
    "ListSubscriptionsByTopic",
    "Publish",
];

/// What else can be permitted.
const OTHERS: [&str; 3] =
    ["GetDataProtectionPolicy", "PutDataProtectionPolicy", "ListTagsForResource"];

/// The policy of a topic that has no other.
pub(crate) fn default_policy(at: &TopicRef) -> Value {
    json!({
        "Version": "2008-10-17",
        "Id": "__default_policy_ID",
        "Statement": [{
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": OWNERS.map(|action| format!("SNS:{action}")),
            "Resource": at.arn(),
            "Condition": {"StringEquals": {"AWS:SourceOwner": at.scope.account.as_str()}},
        }],
    })
}

/// One or several: a policy has one without a list around it.
fn one_or_list(mut values: Vec<Value>) -> Value {
    if values.len() == 1 { values.remove(0) } else { Value::Array(values) }
}

/// Changes the statements of a topic's policy.
fn change(
    sns: &Sns,
    cx: &Cx,
    arn: Option<&str>,
    act: impl FnOnce(&TopicRef, &mut Vec<Value>) -> Result<(), AwsError>,
) -> Result<(), AwsError> {
    let at = TopicRef::parse(cx, "TopicArn", arn)?;
    sns.store.write(cx, at.scope, |tx| {
        let topic = tx.topic(&at.name)?;
        let mut policy = topic
            .attribute("Policy")
            .and_then(|policy| serde_json::from_str(policy).ok())
            .unwrap_or_else(|| default_policy(&at));
        if let Some(Value::Array(statements)) = policy.get_mut("Statement") {
            act(&at, statements)?;
        }
        let put = |topic: &mut Topic| {
            topic.attributes.insert("Policy".to_owned(), policy.to_string());
        };
        tx.topics.update(&at.name, put);
        Ok(())
    })
}

pub(crate) fn add_permission(
    sns: &Sns,
    cx: &Cx,
    input: input::AddPermission,
) -> Result<output::AddPermission, AwsError> {
    let label = input.label.filter(|label| !label.is_empty());
    let label = label.ok_or_else(|| errors::missing("Label"))?;
    let accounts = input.aws_account_id.unwrap_or_default();
    let actions = input.action_name.unwrap_or_default();
    change(sns, cx, input.topic_arn.as_deref(), |at, statements| {
        if statements.iter().any(|s| s.get("Sid").is_some_and(|sid| *sid == label.as_str())) {
            return Err(errors::invalid("Statement already exists"));
        }
        let known = |action: &String| {
            action == "*" || OWNERS.contains(&action.as_str()) || OTHERS.contains(&action.as_str())
        };
        if actions.is_empty() || !actions.iter().all(known) {
            return Err(errors::invalid("Policy statement action out of service scope!"));
        }
        if accounts.is_empty() || accounts.iter().any(|a| AccountId::parse(a).is_none()) {
            return Err(errors::invalid("Policy Error: PrincipalNotFound"));
        }
        let partition = at.scope.region.partition();
        let root = |account: &String| format!("arn:{partition}:iam::{account}:root").into();
        let action = |action: &String| format!("SNS:{action}").into();
        statements.push(json!({
            "Sid": label,
            "Effect": "Allow",
            "Principal": {"AWS": one_or_list(accounts.iter().map(root).collect())},
            "Action": one_or_list(actions.iter().map(action).collect()),
            "Resource": at.arn(),
        }));
        Ok(())
    })?;
    Ok(output::AddPermission::default())
}

pub(crate) fn remove_permission(
    sns: &Sns,
    cx: &Cx,
    input: input::RemovePermission,
) -> Result<output::RemovePermission, AwsError> {
    let label = input.label.unwrap_or_default();
    change(sns, cx, input.topic_arn.as_deref(), |_, statements| {
        statements.retain(|s| s.get("Sid").is_none_or(|sid| *sid != label.as_str()));
        Ok(())
    })?;
    Ok(output::RemovePermission::default())
}
