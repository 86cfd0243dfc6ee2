//! `AssumeRoleWithWebIdentity`.

use cumulet_core::{AwsError, Cx};

use crate::api::{AssumeRoleWithWebIdentityResponse, input, output};
use crate::jwt::Jwt;
use crate::policy::Limits;
use crate::role::{DEFAULT_SECONDS, Role, RoleArn, assumed};
use crate::state::{Asked, Kind, Session};
use crate::{Sts, errors, tags};

pub(crate) async fn assume_role_with_web_identity(
    sts: &Sts,
    cx: &Cx,
    input: input::AssumeRoleWithWebIdentity,
) -> Result<output::AssumeRoleWithWebIdentity, AwsError> {
    let text = input.role_arn.unwrap_or_default();
    let arn = RoleArn::parse(&text, || errors::not_authorized_to("sts:AssumeRoleWithWebIdentity"))?;
    let token = input.web_identity_token.unwrap_or_default();
    // What has no dots is the access token of a provider that does not speak OpenID Connect: only
    // that provider could read it.
    let jwt = token.contains('.').then(|| Jwt::parse(&token, cx.now())).transpose()?;
    let (session_tags, transitive) = jwt.as_ref().map(Jwt::tags).unwrap_or_default();
    let tags = tags::parse(session_tags, &transitive, None)?;
    let limits = Limits::parse(input.policy, input.policy_arns)?;
    let packed = limits.packed(&tags)?;
    let source_identity = jwt.as_ref().and_then(|jwt| jwt.claim("source_identity")?.as_str());
    let source_identity = source_identity.map(str::to_owned);
    let seconds = input.duration_seconds.unwrap_or(DEFAULT_SECONDS);
    let role = Role::find(cx, &arn).await;
    role.check(seconds)?;
    let identity = arn.identity(&role, &input.role_session_name.unwrap_or_default());
    let session = Session {
        limits,
        tags,
        role: Some(arn.text.to_owned()),
        source_identity: source_identity.clone(),
        ..Session::new(identity.clone(), Kind::Role)
    };
    let asked = Asked { seconds, token_size: input.minimum_session_token_size };
    let issued = sts.issue(cx, &asked, session);
    let (subject, audience, provider) = match jwt {
        Some(jwt) => (Some(jwt.subject), Some(jwt.audience), Some(jwt.issuer)),
        None => (None, None, input.provider_id),
    };
    Ok(AssumeRoleWithWebIdentityResponse {
        credentials: issued.credentials,
        subject_from_web_identity_token: subject,
        assumed_role_user: Some(assumed(&identity)),
        packed_policy_size: packed,
        provider,
        audience,
        source_identity,
        session_token_utilization: issued.token_utilization,
        session_token_size: issued.token_size,
    })
}
