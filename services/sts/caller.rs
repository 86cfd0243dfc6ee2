//! Who calls.

use std::sync::Arc;

use cumulet_core::{AccountId, AwsError, Cx, Principal, Value};

use crate::api::{GetAccessKeyInfoResponse, GetCallerIdentityResponse, input, output};
use crate::state::Session;
use crate::{Sts, errors};

/// Somebody with an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The account.
    pub account: AccountId,
    /// The principal's ARN.
    pub arn: String,
    /// The principal's unique id; of an assumed role `AROA…:SESSION`.
    pub user_id: String,
}

impl Identity {
    /// An account's root user.
    pub(crate) fn root(account: AccountId, partition: &str) -> Self {
        let arn = format!("arn:{partition}:iam::{account}:root");
        Self { account, arn, user_id: account.to_string() }
    }
}

/// Who calls, and in which session.
pub(crate) struct Caller {
    pub(crate) identity: Identity,
    pub(crate) session: Option<Arc<Session>>,
}

/// Finds out who calls: by the session of a temporary key, by IAM of a user's key. Whoever has
/// neither is the root user of the key's account.
pub(crate) async fn caller(sts: &Sts, cx: &Cx) -> Result<Caller, AwsError> {
    let Principal::Key(key) = cx.principal() else { return Ok(root(cx)) };
    if is_kind(key, ["ASIA", "LSIA"]) {
        return match sts.session(cx, key) {
            Some(session) if session.expires <= cx.now() => Err(errors::expired_token()),
            Some(session) => {
                Ok(Caller { identity: session.identity.clone(), session: Some(session) })
            }
            None => Ok(root(cx)),
        };
    }
    if is_kind(key, ["AKIA", "LKIA"])
        && let Some(identity) = user(cx, key).await
    {
        return Ok(Caller { identity, session: None });
    }
    Ok(root(cx))
}

fn root(cx: &Cx) -> Caller {
    Caller { identity: Identity::root(cx.account(), cx.region().partition()), session: None }
}

fn is_kind(key: &str, kinds: [&str; 2]) -> bool {
    kinds.iter().any(|kind| key.starts_with(kind))
}

/// The user whose key this is, where there is an IAM to ask.
async fn user(cx: &Cx, key: &str) -> Option<Identity> {
    cx.cloud().service("iam")?;
    let asked = Value::map([("AccessKeyId", key.into())]);
    let used = cx.call("iam", "GetAccessKeyLastUsed", asked).await.ok()?;
    let asked = Value::map([("UserName", used.get("UserName")?.as_str()?.into())]);
    let answer = cx.call("iam", "GetUser", asked).await.ok()?;
    let member = |name| answer.get("User")?.get(name)?.as_str().map(str::to_owned);
    Some(Identity { account: cx.account(), arn: member("Arn")?, user_id: member("UserId")? })
}

pub(crate) async fn get_caller_identity(
    sts: &Sts,
    cx: &Cx,
    _: input::GetCallerIdentity,
) -> Result<output::GetCallerIdentity, AwsError> {
    let Identity { account, arn, user_id } = caller(sts, cx).await?.identity;
    Ok(GetCallerIdentityResponse {
        user_id: Some(user_id),
        account: Some(account.to_string()),
        arn: Some(arn),
    })
}

#[expect(clippy::unnecessary_wraps, reason = "handlers can fail, this one never does")]
pub(crate) fn get_access_key_info(
    _: &Sts,
    _: &Cx,
    input: input::GetAccessKeyInfo,
) -> Result<output::GetAccessKeyInfo, AwsError> {
    let key = input.access_key_id.unwrap_or_default();
    let account = AccountId::of_access_key(&key).unwrap_or(AccountId::DEFAULT);
    Ok(GetAccessKeyInfoResponse { account: Some(account.to_string()) })
}
