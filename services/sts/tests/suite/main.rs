//! STS in process, on a turned clock.

#[cfg(test)]
mod federation;
#[cfg(test)]
mod role;
#[cfg(test)]
mod token;

use cumulet_core::{AccountId, AwsError, Cx, Origin, Principal, Value};
use cumulet_store::Platform;
use cumulet_testkit::{TestCloud, text, value};

const ROLE: &str = "arn:aws:iam::111122223333:role/team/Reader";

fn cloud() -> TestCloud {
    TestCloud::new([cumulet_sts::service(&Platform::default())])
}

/// The context of a call that a key signed.
fn signed(cloud: &TestCloud, key: &str) -> Cx {
    let account = AccountId::of_access_key(key).unwrap_or(AccountId::DEFAULT);
    let origin = Origin { account, principal: Principal::Key(key.to_owned()), ..Origin::local() };
    Cx::new(cloud.cloud(), cloud.world(), origin)
}

async fn call(
    cloud: &TestCloud,
    key: &str,
    operation: &str,
    input: Value,
) -> Result<Value, AwsError> {
    signed(cloud, key).call("sts", operation, input).await
}

async fn who(cloud: &TestCloud, key: &str) -> Result<Value, AwsError> {
    call(cloud, key, "GetCallerIdentity", value!({})).await
}

fn key(answer: &Value) -> &str {
    text(answer, "Credentials.AccessKeyId")
}

fn assume(session: &str) -> Value {
    value!({"RoleArn": ROLE, "RoleSessionName": session})
}

/// The same input with further members.
fn with<const N: usize>(mut input: Value, more: [(&str, Value); N]) -> Value {
    if let Value::Map(entries) = &mut input {
        entries.extend(more.map(|(name, value)| (name.to_owned(), value)));
    }
    input
}
