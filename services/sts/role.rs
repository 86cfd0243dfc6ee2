//! `AssumeRole`, and what the other ways to a role share with it.

use cumulet_core::{AccountId, Arn, AwsError, Cx, Value};
use sha2::{Digest, Sha256};

use crate::api::{AssumeRoleResponse, AssumedRoleUser, input, output};
use crate::caller::{Identity, caller};
use crate::policy::Limits;
use crate::state::{Asked, Kind, Session, mfa};
use crate::{Sts, errors, tags};

/// Seconds of a session where nothing else is said.
pub(crate) const DEFAULT_SECONDS: i32 = 3600;
/// The longest session of a role that was assumed by another one.
const CHAINED_SECONDS: i32 = 3600;

/// A role as its ARN names it.
pub(crate) struct RoleArn<'a> {
    pub(crate) text: &'a str,
    pub(crate) partition: &'a str,
    pub(crate) account: AccountId,
    /// Without its path.
    pub(crate) name: &'a str,
}

impl<'a> RoleArn<'a> {
    /// What is no ARN is invalid; an ARN of something else nobody may assume.
    pub(crate) fn parse(text: &'a str, denied: impl Fn() -> AwsError) -> Result<Self, AwsError> {
        let arn = Arn::parse(text).ok_or_else(|| errors::invalid_arn(text))?;
        let account = AccountId::parse(arn.account).ok_or_else(&denied)?;
        let path = arn.resource.strip_prefix("role/").ok_or_else(&denied)?;
        let name = path.rsplit('/').next().filter(|name| !name.is_empty()).ok_or_else(&denied)?;
        Ok(Self { text, partition: arn.partition, account, name })
    }

    /// Its holder in a session.
    pub(crate) fn identity(&self, role: &Role, session: &str) -> Identity {
        let Self { partition, account, name, .. } = self;
        Identity {
            account: self.account,
            arn: format!("arn:{partition}:sts::{account}:assumed-role/{name}/{session}"),
            user_id: format!("{}:{session}", role.id),
        }
    }
}

/// What IAM knows of a role.
pub(crate) struct Role {
    pub(crate) id: String,
    max_seconds: Option<i64>,
}

impl Role {
    /// Asks IAM. A role that it does not know, or without an IAM to ask, is there all the same:
    /// its id is always the same then.
    pub(crate) async fn find(cx: &Cx, arn: &RoleArn<'_>) -> Self {
        let asked = Value::map([("RoleName", arn.name.into())]);
        let answer = cx.to(arn.account, cx.region()).call("iam", "GetRole", asked).await.ok();
        let role = answer.as_ref().and_then(|answer| answer.get("Role"));
        let member = |name| role.and_then(|role| role.get(name));
        Self {
            id: member("RoleId").and_then(Value::as_str).map_or_else(
                || made_up_id("AROA", &format!("{}/{}", arn.account, arn.name)),
                str::to_owned,
            ),
            max_seconds: member("MaxSessionDuration").and_then(Value::as_i64),
        }
    }

    /// Checks the length of a session.
    pub(crate) fn check(&self, seconds: i32) -> Result<(), AwsError> {
        match self.max_seconds {
            Some(max) if i64::from(seconds) > max => Err(errors::max_session_duration()),
            _ => Ok(()),
        }
    }
}

/// The unique id of a principal that IAM does not know: always the same for the same name.
pub(crate) fn made_up_id(prefix: &str, name: &str) -> String {
    const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let digest = Sha256::digest(name);
    let digits = digest.iter().filter_map(|byte| BASE32.get(usize::from(byte & 31)));
    prefix.chars().chain(digits.take(17).map(|digit| char::from(*digit))).collect()
}

/// The holder of a new session of a role, as answers show it.
pub(crate) fn assumed(identity: &Identity) -> AssumedRoleUser {
    let (id, arn) = (identity.user_id.clone(), identity.arn.clone());
    AssumedRoleUser { assumed_role_id: Some(id), arn: Some(arn) }
}

pub(crate) async fn assume_role(
    sts: &Sts,
    cx: &Cx,
    input: input::AssumeRole,
) -> Result<output::AssumeRole, AwsError> {
    let text = input.role_arn.unwrap_or_default();
    let caller = caller(sts, cx).await?;
    let denied = |action| errors::not_authorized(&caller.identity.arn, action, &text);
    let arn = RoleArn::parse(&text, || denied("sts:AssumeRole"))?;
    let before = caller.session.as_deref();
    let is_chained = before.is_some_and(|session| session.kind == Kind::Role);
    let seconds = input.duration_seconds.unwrap_or(DEFAULT_SECONDS);
    if is_chained && seconds > CHAINED_SECONDS {
        return Err(errors::chained_duration());
    }
    let limits = Limits::parse(input.policy, input.policy_arns)?;
    let transitive = input.transitive_tag_keys.unwrap_or_default();
    let tags = tags::parse(tags::of(input.tags), &transitive, before)?;
    let packed = limits.packed(&tags)?;
    // Once set, a source identity goes through all sessions of a chain and cannot be changed.
    let inherited = before.and_then(|session| session.source_identity.clone());
    if inherited.is_some() && input.source_identity.is_some() && inherited != input.source_identity
    {
        return Err(denied("sts:SetSourceIdentity"));
    }
    let contexts = input.provided_contexts.unwrap_or_default().into_iter();
    let mfa = mfa(input.serial_number, input.token_code.as_ref())?;
    let role = Role::find(cx, &arn).await;
    role.check(seconds)?;
    let identity = arn.identity(&role, &input.role_session_name.unwrap_or_default());
    let session = Session {
        limits,
        tags,
        role: Some(arn.text.to_owned()),
        source_identity: inherited.or(input.source_identity),
        external_id: input.external_id,
        mfa,
        contexts: contexts
            .map(|c| (c.provider_arn.unwrap_or_default(), c.context_assertion.unwrap_or_default()))
            .collect(),
        ..Session::new(identity.clone(), Kind::Role)
    };
    let source_identity = session.source_identity.clone();
    let asked = Asked { seconds, token_size: input.minimum_session_token_size };
    let issued = sts.issue(cx, &asked, session);
    Ok(AssumeRoleResponse {
        credentials: issued.credentials,
        assumed_role_user: Some(assumed(&identity)),
        packed_policy_size: packed,
        source_identity,
        session_token_utilization: issued.token_utilization,
        session_token_size: issued.token_size,
    })
}
