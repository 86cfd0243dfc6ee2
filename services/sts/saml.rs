//! `AssumeRoleWithSAML`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cumulet_core::{AwsError, Cx};
use sha1::{Digest, Sha1};

use crate::api::{AssumeRoleWithSAMLResponse, input, output};
use crate::assertion::Assertion;
use crate::policy::Limits;
use crate::role::{DEFAULT_SECONDS, Role, RoleArn, assumed};
use crate::state::{Asked, Kind, Session};
use crate::{Sts, errors, tags};

pub(crate) async fn assume_role_with_saml(
    sts: &Sts,
    cx: &Cx,
    input: input::AssumeRoleWithSAML,
) -> Result<output::AssumeRoleWithSAML, AwsError> {
    let denied = || errors::not_authorized_to("sts:AssumeRoleWithSAML");
    let text = input.role_arn.unwrap_or_default();
    let arn = RoleArn::parse(&text, denied)?;
    let assertion = Assertion::parse(&input.saml_assertion.unwrap_or_default())?;
    if !assertion.grants(arn.text) {
        return Err(denied());
    }
    let name = assertion.session_name()?;
    let tags = tags::parse(assertion.tags(), &assertion.all("TransitiveTagKeys"), None)?;
    let limits = Limits::parse(input.policy, input.policy_arns)?;
    let packed = limits.packed(&tags)?;
    let seconds = input.duration_seconds.unwrap_or(DEFAULT_SECONDS);
    let role = Role::find(cx, &arn).await;
    role.check(seconds)?;
    let identity = arn.identity(&role, &name);
    let source_identity = assertion.first("SourceIdentity");
    let session = Session {
        limits,
        tags,
        role: Some(arn.text.to_owned()),
        source_identity: source_identity.clone(),
        ..Session::new(identity.clone(), Kind::Role)
    };
    let asked = Asked {
        seconds: seconds.min(assertion.seconds().unwrap_or(i32::MAX)),
        token_size: input.minimum_session_token_size,
    };
    let issued = sts.issue(cx, &asked, session);
    let principal = input.principal_arn.unwrap_or_default();
    let provider = principal.rsplit('/').next().unwrap_or_default();
    let qualified = format!("{}{}/{provider}", assertion.issuer, arn.account);
    Ok(AssumeRoleWithSAMLResponse {
        credentials: issued.credentials,
        assumed_role_user: Some(assumed(&identity)),
        packed_policy_size: packed,
        subject: Some(assertion.subject),
        subject_type: Some(assertion.subject_type),
        issuer: Some(assertion.issuer),
        audience: Some(assertion.recipient),
        name_qualifier: Some(STANDARD.encode(Sha1::digest(qualified))),
        source_identity,
        session_token_utilization: issued.token_utilization,
        session_token_size: issued.token_size,
    })
}
