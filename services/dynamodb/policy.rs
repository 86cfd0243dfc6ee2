//! Policies of tables and of their streams: checked, stored and read back; nothing is refused
//! because of them.

use cumulet_core::{AwsError, Cx};

use crate::DynamoDb;
use crate::api::{input, output};
use crate::errors::{self, validation};
use crate::name::TableRef;
use crate::state::{Policy, TableRow};
use crate::tags::{by_arn, change};

/// Bytes of a policy, at most.
const POLICY_MAX: usize = 20 << 10;

/// What a caller says who wants no policy to be there yet.
const NO_POLICY: &str = "NO_POLICY";

pub(crate) fn parse(cx: &Cx, document: &str) -> Result<Policy, AwsError> {
    if document.len() > POLICY_MAX {
        let text = "Resource policy size exceeds the limit of";
        return Err(validation(format!("{text} {POLICY_MAX} bytes")));
    }
    let json: Result<serde_json::Value, _> = serde_json::from_str(document);
    if !json.is_ok_and(|json| json.get("Statement").is_some()) {
        return Err(validation("Invalid policy document: Syntax errors in policy."));
    }
    Ok(Policy { document: document.to_owned(), revision: cx.ids().uuid() })
}

/// The policy that an ARN is about: a stream has one of its own.
fn place<'t>(table: &'t mut TableRow, arn: &str) -> &'t mut Option<Policy> {
    if arn.contains("/stream/") { &mut table.stream_policy } else { &mut table.policy }
}

fn check_revision(policy: Option<&Policy>, expected: Option<&str>) -> Result<(), AwsError> {
    let Some(expected) = expected else { return Ok(()) };
    let is_right = match policy {
        None => expected == NO_POLICY,
        Some(policy) => policy.revision == expected,
    };
    if is_right { Ok(()) } else { Err(errors::policy_revision()) }
}

pub(crate) fn put_resource_policy(
    db: &DynamoDb,
    cx: &Cx,
    input: input::PutResourcePolicy,
) -> Result<output::PutResourcePolicy, AwsError> {
    let policy = parse(cx, input.policy.as_deref().unwrap_or_default())?;
    let mut revision = policy.revision.clone();
    change(db, cx, input.resource_arn.as_ref(), |table| {
        let place = place(table, input.resource_arn.as_deref().unwrap_or_default());
        check_revision(place.as_ref(), input.expected_revision_id.as_deref())?;
        match place {
            // The same policy again changes nothing.
            Some(before) if before.document == policy.document => {
                revision.clone_from(&before.revision);
            }
            _ => *place = Some(policy),
        }
        Ok(())
    })?;
    Ok(output::PutResourcePolicy { revision_id: Some(revision) })
}

pub(crate) fn get_resource_policy(
    db: &DynamoDb,
    cx: &Cx,
    input: input::GetResourcePolicy,
) -> Result<output::GetResourcePolicy, AwsError> {
    let arn = input.resource_arn.unwrap_or_default();
    let at = TableRef::of_arn(cx, &arn).ok_or_else(|| errors::arn_format(&arn))?;
    db.store.read(cx, at.scope, |tx| {
        let mut table = by_arn(tx, &at, &arn)?.clone();
        let policy = place(&mut table, &arn).take();
        let policy = policy.ok_or_else(|| errors::policy_not_found(&arn))?;
        Ok(output::GetResourcePolicy {
            policy: Some(policy.document),
            revision_id: Some(policy.revision),
        })
    })
}

pub(crate) fn delete_resource_policy(
    db: &DynamoDb,
    cx: &Cx,
    input: input::DeleteResourcePolicy,
) -> Result<output::DeleteResourcePolicy, AwsError> {
    let mut revision = None;
    change(db, cx, input.resource_arn.as_ref(), |table| {
        let place = place(table, input.resource_arn.as_deref().unwrap_or_default());
        check_revision(place.as_ref(), input.expected_revision_id.as_deref())?;
        revision = place.take().map(|policy| policy.revision);
        Ok(())
    })?;
    Ok(output::DeleteResourcePolicy { revision_id: revision })
}
