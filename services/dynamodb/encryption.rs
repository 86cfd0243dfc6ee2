//! The key that a table is encrypted with. Nothing is encrypted; the choice is stored and shown.

use cumulet_core::{AwsError, Cx, Value};

use crate::api::SSESpecification;
use crate::errors::invalid;
use crate::state::Encryption;

/// The key of AWS's own for tables.
pub(crate) const DEFAULT_KEY: &str = "alias/aws/dynamodb";

/// What is asked for; `None` is the key of DynamoDB's own, of which AWS says nothing.
pub(crate) async fn choose(
    cx: &Cx,
    given: Option<&SSESpecification>,
) -> Result<Option<Encryption>, AwsError> {
    let Some(given) = given else { return Ok(None) };
    if !given.enabled.unwrap_or(false) {
        if given.kms_master_key_id.is_some() || given.sse_type.is_some() {
            return Err(invalid(
                "KMSMasterKeyId and SSEType cannot be specified if SSE is not enabled",
            ));
        }
        return Ok(None);
    }
    if given.sse_type.as_deref() == Some("AES256") {
        return Err(invalid("SSEType AES256 is not supported"));
    }
    let key = given.kms_master_key_id.as_deref().unwrap_or(DEFAULT_KEY);
    Ok(Some(of_key(cx, key).await))
}

/// A key of the customer's, or AWS's for tables.
pub(crate) async fn of_key(cx: &Cx, key: &str) -> Encryption {
    Encryption { key_arn: key_arn(cx, key).await, is_customers: key != DEFAULT_KEY }
}

/// As KMS knows it; where KMS is not compiled in or does not know it, it is taken as it is.
async fn key_arn(cx: &Cx, key: &str) -> String {
    let known = cx.call("kms", "DescribeKey", Value::map([("KeyId", key.into())])).await;
    let arn = known
        .ok()
        .and_then(|answer| Some(answer.get("KeyMetadata")?.get("Arn")?.as_str()?.to_owned()));
    if let Some(arn) = arn {
        return arn;
    }
    if key.starts_with("arn:") {
        return key.to_owned();
    }
    let id = if key == DEFAULT_KEY { cx.ids().uuid() } else { key.to_owned() };
    let (region, account) = (cx.region(), cx.account());
    format!("arn:{}:kms:{region}:{account}:key/{id}", region.partition())
}
