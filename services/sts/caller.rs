//! Who calls.

use cumulet_core::{AccountId, AwsError, Cx};

use crate::Sts;
use crate::api::{GetAccessKeyInfoResponse, GetCallerIdentityResponse, input, output};

pub(crate) async fn get_caller_identity(
    _: &Sts,
    cx: &Cx,
    _: input::GetCallerIdentity,
) -> Result<output::GetCallerIdentity, AwsError> {
    let (account, partition) = (cx.account(), cx.region().partition());
    Ok(GetCallerIdentityResponse {
        user_id: Some(account.to_string()),
        account: Some(account.to_string()),
        arn: Some(format!("arn:{partition}:iam::{account}:root")),
    })
}

pub(crate) async fn get_access_key_info(
    _: &Sts,
    _: &Cx,
    input: input::GetAccessKeyInfo,
) -> Result<output::GetAccessKeyInfo, AwsError> {
    let key = input.access_key_id.unwrap_or_default();
    let account = AccountId::of_access_key(&key).unwrap_or(AccountId::DEFAULT);
    Ok(GetAccessKeyInfoResponse { account: Some(account.to_string()) })
}
