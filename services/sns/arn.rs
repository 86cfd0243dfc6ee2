//! Names of SNS's resources as requests give them.

use std::sync::Arc;

use cumulet_core::{AccountId, Arn, AwsError, Cx, Region, Scope};

use crate::errors;

/// A topic, wherever it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TopicRef {
    pub(crate) scope: Scope,
    pub(crate) name: Arc<str>,
}

/// Splits an ARN; `parameter` is who gets the blame.
fn split<'a>(parameter: &str, arn: &'a str) -> Result<Arn<'a>, AwsError> {
    let elements = arn.split(':').count();
    if elements < 6 {
        return Err(errors::arn_elements(parameter, elements));
    }
    Arn::parse(arn).ok_or_else(|| errors::invalid(parameter))
}

/// Where a resource of an ARN is: in the caller's region, whoever owns it.
fn scope(cx: &Cx, parameter: &str, arn: &Arn<'_>) -> Result<Scope, AwsError> {
    let here = arn.service == "sns" && Region::parse(arn.region) == Some(cx.region());
    let account = AccountId::parse(arn.account).filter(|_| here);
    let account = account.ok_or_else(|| errors::invalid(parameter))?;
    Ok(Scope { account, ..cx.scope() })
}

impl TopicRef {
    /// A topic in the caller's own account and region.
    pub(crate) fn here(cx: &Cx, name: &str) -> Self {
        Self { scope: cx.scope(), name: name.into() }
    }

    /// The topic of a parameter. SNS answers for topics of the region it is asked in only.
    pub(crate) fn parse(cx: &Cx, parameter: &str, arn: Option<&str>) -> Result<Self, AwsError> {
        let arn = split(parameter, arn.ok_or_else(|| errors::missing(parameter))?)?;
        let scope = scope(cx, parameter, &arn)?;
        Ok(Self { scope, name: arn.resource.into() })
    }

    pub(crate) fn arn(&self) -> String {
        arn(self.scope, &self.name)
    }
}

/// A subscription: its topic, and its own id.
pub(crate) struct SubscriptionRef {
    pub(crate) topic: TopicRef,
    pub(crate) id: String,
}

impl SubscriptionRef {
    pub(crate) fn parse(cx: &Cx, arn: Option<&str>) -> Result<Self, AwsError> {
        let parameter = "SubscriptionArn";
        let arn = split(parameter, arn.ok_or_else(|| errors::missing(parameter))?)?;
        let (name, id) =
            arn.resource.split_once(':').ok_or_else(|| errors::invalid("SubscriptionId"))?;
        let topic = TopicRef { scope: scope(cx, parameter, &arn)?, name: name.into() };
        Ok(Self { topic, id: id.to_owned() })
    }
}

/// `app/PLATFORM/NAME` in the caller's own scope.
pub(crate) fn application(cx: &Cx, arn: Option<&str>) -> Result<String, AwsError> {
    let parameter = "PlatformApplicationArn";
    let arn = split(parameter, arn.ok_or_else(|| errors::missing(parameter))?)?;
    scope(cx, parameter, &arn)?;
    let well_formed = arn.resource.starts_with("app/") && arn.resource.split('/').count() == 3;
    if well_formed { Ok(arn.resource.to_owned()) } else { Err(slashes(parameter)) }
}

/// `endpoint/PLATFORM/NAME/ID` in the caller's own scope.
pub(crate) fn endpoint(cx: &Cx, arn: Option<&str>) -> Result<String, AwsError> {
    let parameter = "EndpointArn";
    let arn = split(parameter, arn.ok_or_else(|| errors::missing(parameter))?)?;
    scope(cx, parameter, &arn)?;
    let well_formed = arn.resource.starts_with("endpoint/") && arn.resource.split('/').count() == 4;
    if well_formed { Ok(arn.resource.to_owned()) } else { Err(slashes(parameter)) }
}

fn slashes(parameter: &str) -> AwsError {
    errors::reason(parameter, "Wrong number of slashes in relative portion of the ARN.")
}

/// FIFO topics and queues are called so.
pub(crate) fn is_fifo(name: &str) -> bool {
    name.strip_suffix(".fifo").is_some()
}

/// The ARN of a resource in the caller's own scope.
pub(crate) fn here(cx: &Cx, resource: &str) -> String {
    arn(cx.scope(), resource)
}

fn arn(Scope { account, region, .. }: Scope, resource: &str) -> String {
    let (partition, region, account) = (region.partition(), region.as_str(), account.as_str());
    ["arn:", partition, ":sns:", region, ":", account, ":", resource].concat()
}

/// For authorisation: a topic's ARN as given.
pub(crate) fn given(_cx: &Cx, members: &[String]) -> String {
    members.iter().find(|arn| !arn.is_empty()).cloned().unwrap_or_default()
}

/// For authorisation: the ARN of `Name`.
pub(crate) fn of_name(cx: &Cx, members: &[String]) -> String {
    here(cx, members.first().map_or("", String::as_str))
}
