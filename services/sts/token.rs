//! Sessions without a role: `GetSessionToken`, `GetFederationToken`, `AssumeRoot`.

use cumulet_core::{AccountId, Arn, AwsError, Cx};

use crate::api::{
    AssumeRootResponse, FederatedUser, GetFederationTokenResponse, GetSessionTokenResponse, input,
    output,
};
use crate::caller::{Caller, Identity, caller};
use crate::policy::Limits;
use crate::state::{Asked, Kind, Session, mfa};
use crate::{Sts, errors, tags};

/// Seconds of a user's session where nothing else is said.
const DEFAULT_SECONDS: i32 = 43_200;
/// Seconds of a root session, at most and by default.
const ROOT_SECONDS: i32 = 900;

/// What a root session may be begun for (IAM User Guide, "Perform a privileged task").
const ROOT_TASKS: [&str; 5] = [
    "IAMAuditRootUserCredentials",
    "IAMCreateRootUserPassword",
    "IAMDeleteRootUserCredentials",
    "S3UnlockBucketPolicy",
    "SQSUnlockQueuePolicy",
];

/// Only long-term credentials will do.
async fn long_term(sts: &Sts, cx: &Cx, operation: &str) -> Result<Identity, AwsError> {
    match caller(sts, cx).await? {
        Caller { session: Some(_), .. } => Err(errors::session_credentials(operation)),
        Caller { identity, session: None } => Ok(identity),
    }
}

pub(crate) async fn get_session_token(
    sts: &Sts,
    cx: &Cx,
    input: input::GetSessionToken,
) -> Result<output::GetSessionToken, AwsError> {
    let identity = long_term(sts, cx, "GetSessionToken").await?;
    let mfa = mfa(input.serial_number, input.token_code.as_ref())?;
    let asked = Asked {
        seconds: input.duration_seconds.unwrap_or(DEFAULT_SECONDS),
        token_size: input.minimum_session_token_size,
    };
    let issued = sts.issue(cx, &asked, Session { mfa, ..Session::new(identity, Kind::User) });
    Ok(GetSessionTokenResponse {
        credentials: issued.credentials,
        session_token_utilization: issued.token_utilization,
        session_token_size: issued.token_size,
    })
}

pub(crate) async fn get_federation_token(
    sts: &Sts,
    cx: &Cx,
    input: input::GetFederationToken,
) -> Result<output::GetFederationToken, AwsError> {
    let account = long_term(sts, cx, "GetFederationToken").await?.account;
    let name = input.name.unwrap_or_default();
    let tags = tags::parse(tags::of(input.tags), &[], None)?;
    let limits = Limits::parse(input.policy, input.policy_arns)?;
    let packed = limits.packed(&tags)?;
    let identity = Identity {
        account,
        arn: format!("arn:{}:sts::{account}:federated-user/{name}", cx.region().partition()),
        user_id: format!("{account}:{name}"),
    };
    let user = FederatedUser {
        federated_user_id: Some(identity.user_id.clone()),
        arn: Some(identity.arn.clone()),
    };
    let asked = Asked {
        seconds: input.duration_seconds.unwrap_or(DEFAULT_SECONDS),
        token_size: input.minimum_session_token_size,
    };
    let session = Session { limits, tags, ..Session::new(identity, Kind::Federated) };
    let issued = sts.issue(cx, &asked, session);
    Ok(GetFederationTokenResponse {
        credentials: issued.credentials,
        federated_user: Some(user),
        packed_policy_size: Some(packed.unwrap_or(0)),
        session_token_utilization: issued.token_utilization,
        session_token_size: issued.token_size,
    })
}

pub(crate) async fn assume_root(
    sts: &Sts,
    cx: &Cx,
    input: input::AssumeRoot,
) -> Result<output::AssumeRoot, AwsError> {
    let caller = caller(sts, cx).await?;
    let target = input.target_principal.unwrap_or_default();
    let account = root_of(&target)
        .ok_or_else(|| errors::not_authorized(&caller.identity.arn, "sts:AssumeRoot", &target))?;
    let task = input.task_policy_arn.and_then(|task| task.arn).unwrap_or_default();
    if !is_root_task(&task) {
        return Err(errors::invalid_arn(&task));
    }
    let session = Session {
        limits: Limits { policy: None, arns: vec![task] },
        source_identity: caller.session.and_then(|session| session.source_identity.clone()),
        ..Session::new(Identity::root(account, cx.region().partition()), Kind::Root)
    };
    let source_identity = session.source_identity.clone();
    let asked = Asked {
        seconds: input.duration_seconds.unwrap_or(ROOT_SECONDS),
        token_size: input.minimum_session_token_size,
    };
    let issued = sts.issue(cx, &asked, session);
    Ok(AssumeRootResponse {
        credentials: issued.credentials,
        source_identity,
        session_token_utilization: issued.token_utilization,
        session_token_size: issued.token_size,
    })
}

/// An account, by its number or its root user's ARN.
fn root_of(target: &str) -> Option<AccountId> {
    AccountId::parse(target).or_else(|| {
        let arn = Arn::parse(target).filter(|a| a.service == "iam" && a.resource == "root")?;
        AccountId::parse(arn.account)
    })
}

fn is_root_task(arn: &str) -> bool {
    let task = Arn::parse(arn).filter(|arn| (arn.service, arn.account) == ("iam", "aws"));
    let task = task.and_then(|arn| arn.resource.strip_prefix("policy/root-task/"));
    task.is_some_and(|task| ROOT_TASKS.contains(&task))
}
