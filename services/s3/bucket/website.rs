//! A bucket's website configuration: its rules. Serving the site is `crate::website`'s.

use cumulet_core::AwsError;

use super::stored::checked;
use crate::api;
use crate::state::{Bucket, Tables};
use crate::{configuration, errors};

/// Routing rules of a website, at most.
const RULES_MAX: usize = 50;

configuration! { WebsiteConfiguration
    put put_bucket_website checked(site);
    get get_bucket_website members, missing |bucket| Err(errors::no_such_website_configuration(bucket));
    delete delete_bucket_website;
}

fn site(_: &Tables, _: &Bucket, given: &mut api::WebsiteConfiguration) -> Result<(), AwsError> {
    if let Some(to) = &given.redirect_all_requests_to {
        if given.index_document.is_some()
            || given.error_document.is_some()
            || given.routing_rules.is_some()
        {
            return Err(errors::invalid_argument(
                "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.",
                "RedirectAllRequestsTo",
                "not null",
            ));
        }
        return protocol(to.protocol.as_deref());
    }
    let index = given.index_document.as_ref().ok_or_else(|| {
        errors::invalid_argument(
            "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty",
            "IndexDocument",
            "null",
        )
    })?;
    let suffix = index.suffix.as_deref().unwrap_or_default();
    if suffix.is_empty() || suffix.contains('/') {
        let message = "The IndexDocument Suffix is not well formed";
        return Err(errors::invalid_argument(message, "IndexDocument", suffix));
    }
    match given.routing_rules.as_deref() {
        None => Ok(()),
        Some([]) => Err(errors::malformed_xml()),
        Some(rules) if rules.len() > RULES_MAX => Err(errors::invalid_request(format!(
            "{} routing rules provided, the number of routing rules in a website configuration is limited to {RULES_MAX}.",
            rules.len()
        ))),
        Some(rules) => rules.iter().try_for_each(rule),
    }
}

fn rule(rule: &api::RoutingRule) -> Result<(), AwsError> {
    let redirect = rule.redirect.as_ref().ok_or_else(errors::malformed_xml)?;
    protocol(redirect.protocol.as_deref())?;
    if redirect.replace_key_prefix_with.is_some() && redirect.replace_key_with.is_some() {
        return Err(errors::invalid_request(
            "You can only define ReplaceKeyPrefix or ReplaceKey but not both.",
        ));
    }
    let code = redirect.http_redirect_code.as_deref().map(str::parse::<u16>);
    if !matches!(code, None | Some(Ok(301..=305 | 307 | 308))) {
        let code = redirect.http_redirect_code.as_deref().unwrap_or_default();
        return Err(errors::invalid_request(format!(
            "The provided HTTP redirect code ({code}) is not valid. Valid codes are 3XX except 300."
        )));
    }
    match &rule.condition {
        Some(condition)
            if condition.http_error_code_returned_equals.is_none()
                && condition.key_prefix_equals.is_none() =>
        {
            Err(errors::invalid_request(
                "Condition cannot be empty. To redirect all requests without a condition, the condition element shouldn't be present.",
            ))
        }
        _ => Ok(()),
    }
}

fn protocol(given: Option<&str>) -> Result<(), AwsError> {
    if matches!(given, None | Some("http" | "https")) {
        return Ok(());
    }
    Err(errors::invalid_request(
        "Invalid protocol, protocol can be http or https. If not defined the protocol will be selected automatically.",
    ))
}
