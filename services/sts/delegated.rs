//! `GetDelegatedAccessToken`. AWS issues trade-in tokens when a customer grants a partner temporary
//! access; nobody issues them here. So a JWT serves, whoever wrote it: `sub` is the principal's ARN,
//! `exp` the token's end.

use cumulet_core::{AccountId, Arn, AwsError, Cx};

use crate::api::{GetDelegatedAccessTokenResponse, input, output};
use crate::caller::Identity;
use crate::role::{DEFAULT_SECONDS, made_up_id};
use crate::state::{Asked, Kind, Session};
use crate::{Sts, errors, jwt};

pub(crate) fn get_delegated_access_token(
    sts: &Sts,
    cx: &Cx,
    input: input::GetDelegatedAccessToken,
) -> Result<output::GetDelegatedAccessToken, AwsError> {
    let claims = jwt::claims(&input.trade_in_token.unwrap_or_default());
    let claims = claims.ok_or_else(errors::no_trade_in_token)?;
    let expires = jwt::seconds(&claims, "exp").ok_or_else(errors::no_trade_in_token)?;
    if expires <= cx.now().secs() {
        return Err(errors::expired_trade_in_token());
    }
    let principal = claims.get("sub").and_then(|sub| identity(sub.as_str()?));
    let identity = principal.ok_or_else(errors::no_trade_in_token)?;
    let asked = Asked { seconds: DEFAULT_SECONDS, token_size: None };
    let assumed_principal = Some(identity.arn.clone());
    let issued = sts.issue(cx, &asked, Session::new(identity, Kind::Delegated));
    Ok(GetDelegatedAccessTokenResponse {
        credentials: issued.credentials,
        packed_policy_size: Some(0),
        assumed_principal,
    })
}

/// A user, role or root of an account.
fn identity(arn: &str) -> Option<Identity> {
    let parsed = Arn::parse(arn).filter(|arn| arn.service == "iam")?;
    let account = AccountId::parse(parsed.account)?;
    let (kind, name) = parsed.resource.split_once('/').unwrap_or((parsed.resource, ""));
    let user_id = match kind {
        "root" => account.to_string(),
        "user" => made_up_id("AIDA", &format!("{account}/{name}")),
        "role" => made_up_id("AROA", &format!("{account}/{name}")),
        _ => return None,
    };
    Some(Identity { account, arn: arn.to_owned(), user_id })
}
