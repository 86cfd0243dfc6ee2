//! Queue policies: whether a text is one, and the statements that `AddPermission` and
//! `RemovePermission` write. Evaluating them is IAM's matter.

use cumulet_core::{AccountId, AwsError, Cx};
use serde_json::{Map, Value, json};

use crate::api::{input, output};
use crate::state::Queue;
use crate::url::QueueRef;
use crate::{Sqs, errors};

/// What `AddPermission` can allow (its page of the SQS API reference, and the Developer Guide's
/// table of actions).
const ACTIONS: [&str; 9] = [
    "*",
    "ChangeMessageVisibility",
    "DeleteMessage",
    "GetQueueAttributes",
    "GetQueueUrl",
    "ListDeadLetterSourceQueues",
    "PurgeQueue",
    "ReceiveMessage",
    "SendMessage",
];
/// Actions in one statement and statements in one policy, at most.
const ACTIONS_MAX: usize = 7;
const STATEMENTS_MAX: usize = 20;

/// Whether a text is a policy: a JSON object with statements, each with an effect, somebody and
/// something.
pub(crate) fn is_policy(text: &str) -> bool {
    let Ok(Value::Object(policy)) = serde_json::from_str(text) else { return false };
    let versions = [None, Some("2008-10-17"), Some("2012-10-17")];
    let versioned = versions.contains(&policy.get("Version").and_then(Value::as_str));
    let statements = match policy.get("Statement") {
        Some(Value::Array(many)) => many.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    versioned && !statements.is_empty() && statements.iter().all(is_statement)
}

fn is_statement(statement: &Value) -> bool {
    let effect = statement.get("Effect").and_then(Value::as_str);
    let has_one_of = |names: [&str; 2]| names.iter().any(|name| statement.get(name).is_some());
    matches!(effect, Some("Allow" | "Deny"))
        && has_one_of(["Principal", "NotPrincipal"])
        && has_one_of(["Action", "NotAction"])
}

/// The policy of a queue; an empty one if it has none.
fn policy_of(queue: &Queue, arn: &str) -> Map<String, Value> {
    let text = queue.attributes.get("Policy");
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_else(|| {
        let id = format!("{arn}/SQSDefaultPolicy");
        Map::from_iter([("Version".to_owned(), json!("2008-10-17")), ("Id".to_owned(), json!(id))])
    })
}

/// Takes the statements out; a single one may stand without a list.
fn take_statements(policy: &mut Map<String, Value>) -> Vec<Value> {
    match policy.remove("Statement") {
        Some(Value::Array(many)) => many,
        Some(one) => vec![one],
        None => Vec::new(),
    }
}

fn has_label(statement: &Value, label: &str) -> bool {
    statement.get("Sid").and_then(Value::as_str) == Some(label)
}

/// One stands alone, several in a list.
fn one_or_more(mut values: Vec<String>) -> Value {
    match values.pop() {
        Some(only) if values.is_empty() => json!(only),
        last => values.into_iter().chain(last).collect(),
    }
}

fn check_label(label: Option<String>) -> Result<String, AwsError> {
    let label = label.filter(|l| !l.is_empty()).ok_or_else(|| errors::missing("Label"))?;
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    if label.len() <= 80 && label.bytes().all(allowed) {
        return Ok(label);
    }
    let reason =
        "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length";
    Err(errors::parameter(label, "Label", reason))
}

pub(crate) fn add_permission(
    sqs: &Sqs,
    cx: &Cx,
    input: input::AddPermission,
) -> Result<output::AddPermission, AwsError> {
    let at = QueueRef::parse(cx, input.queue_url.as_deref())?;
    let label = check_label(input.label)?;
    let accounts = input.aws_account_ids.filter(|ids| !ids.is_empty());
    let accounts = accounts.ok_or_else(|| errors::missing("AWSAccountIds"))?;
    let actions = input.actions.filter(|actions| !actions.is_empty());
    let actions = actions.ok_or_else(|| errors::missing("Actions"))?;
    let partition = at.scope.region.partition();
    let principal = |id: String| {
        let account = AccountId::parse(&id);
        let account = account.map(|account| format!("arn:{partition}:iam::{account}:root"));
        account
            .ok_or_else(|| errors::parameter(format!("[{id}]"), "PrincipalId", "Unable to verify."))
    };
    let principals = accounts.into_iter().map(principal).collect::<Result<Vec<_>, _>>()?;
    if actions.len() > ACTIONS_MAX {
        return Err(errors::too_many_actions(actions.len(), ACTIONS_MAX));
    }
    if let Some(odd) = actions.iter().find(|action| !ACTIONS.contains(&action.as_str())) {
        let reason = "Only the queue owner is allowed to invoke this action.";
        return Err(errors::parameter(format!("SQS:{odd}"), "ActionName", reason));
    }
    let actions = actions.iter().map(|action| format!("SQS:{action}")).collect();
    let arn = at.arn();
    let statement = json!({
        "Sid": label,
        "Effect": "Allow",
        "Principal": {"AWS": one_or_more(principals)},
        "Action": one_or_more(actions),
        "Resource": arn,
    });
    edit(sqs, cx, &at, |statements| {
        if statements.iter().any(|there| has_label(there, &label)) {
            return Err(errors::parameter(label, "Label", "Already exists."));
        }
        if statements.len() >= STATEMENTS_MAX {
            return Err(errors::too_many_statements(STATEMENTS_MAX));
        }
        statements.push(statement);
        Ok(())
    })?;
    Ok(output::AddPermission::default())
}

pub(crate) fn remove_permission(
    sqs: &Sqs,
    cx: &Cx,
    input: input::RemovePermission,
) -> Result<output::RemovePermission, AwsError> {
    let at = QueueRef::parse(cx, input.queue_url.as_deref())?;
    let label = check_label(input.label)?;
    edit(sqs, cx, &at, |statements| {
        let before = statements.len();
        statements.retain(|there| !has_label(there, &label));
        if statements.len() == before {
            return Err(errors::parameter(label, "Label", "can't find label."));
        }
        Ok(())
    })?;
    Ok(output::RemovePermission::default())
}

/// Changes a queue's statements. A policy without any goes.
fn edit(
    sqs: &Sqs,
    cx: &Cx,
    at: &QueueRef,
    change: impl FnOnce(&mut Vec<Value>) -> Result<(), AwsError>,
) -> Result<(), AwsError> {
    sqs.store.write(cx, at.scope, |tx| {
        let queue = tx.queue(&at.name)?;
        let mut policy = policy_of(&queue, &at.arn());
        let mut statements = take_statements(&mut policy);
        change(&mut statements)?;
        let is_empty = statements.is_empty();
        policy.insert("Statement".to_owned(), Value::Array(statements));
        let name = "Policy".to_owned();
        tx.queues.update(&at.name, |queue| {
            if is_empty {
                queue.attributes.remove(&name);
            } else {
                queue.attributes.insert(name, Value::Object(policy).to_string());
            }
            queue.modified = cx.now();
        });
        Ok(())
    })
}
