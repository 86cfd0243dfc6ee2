//! What an endpoint must look like, by protocol.

use cumulet_core::{Arn, AwsError};

use crate::arn::is_fifo;
use crate::errors;
use crate::state::{Tables, Topic};

/// Those who must say that they want messages before they get any.
pub(crate) fn must_confirm(protocol: &str) -> bool {
    matches!(protocol, "http" | "https" | "email" | "email-json")
}

fn is_arn(endpoint: &str, service: &str) -> bool {
    Arn::parse(endpoint).is_some_and(|arn| arn.service == service)
}

/// Checks an endpoint by itself.
pub(crate) fn check(protocol: &str, endpoint: &str) -> Result<(), AwsError> {
    let demand = |holds: bool, text: &str| {
        if holds { Ok(()) } else { Err(errors::invalid(text)) }
    };
    match protocol {
        "sqs" => demand(is_arn(endpoint, "sqs"), "SQS endpoint ARN"),
        "lambda" => demand(is_arn(endpoint, "lambda"), "Lambda endpoint ARN"),
        "firehose" => demand(is_arn(endpoint, "firehose"), "Firehose endpoint ARN"),
        "application" => demand(is_arn(endpoint, "sns"), "Application endpoint arn invalid"),
        "http" | "https" => demand(
            endpoint.strip_prefix(protocol).is_some_and(|rest| rest.starts_with("://")),
            "Endpoint must match the specified protocol",
        ),
        "email" | "email-json" => demand(
            endpoint
                .split_once('@')
                .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty()),
            "Email address",
        ),
        "sms" if is_loose_number(endpoint) => Ok(()),
        "sms" => Err(errors::plain(format!("Invalid SMS endpoint: {endpoint}"))),
        other => Err(errors::invalid(format!(
            "Amazon SNS does not support this protocol string: {other}"
        ))),
    }
}

/// Checks an endpoint against the topic and what else is there.
pub(crate) fn check_topic(
    tables: &Tables,
    topic: &Topic,
    protocol: &str,
    endpoint: &str,
) -> Result<(), AwsError> {
    let refused =
        |text: &str| Err(errors::invalid(format!("Invalid parameter: Endpoint Reason: {text}")));
    if protocol == "sqs" && !topic.fifo && is_fifo(endpoint) {
        return refused("FIFO SQS Queues can not be subscribed to standard SNS topics");
    }
    if protocol != "sqs" && topic.fifo {
        return refused("Please use FIFO SQS queue");
    }
    let resource = Arn::parse(endpoint).map_or("", |arn| arn.resource);
    if protocol == "application" && !tables.endpoints.contains(resource) {
        let text = format!("Endpoint does not exist for endpoint {endpoint}");
        return Err(errors::reason("Endpoint", text));
    }
    Ok(())
}

/// Digits after a plus, single separators between them.
fn is_loose_number(number: &str) -> bool {
    let digits = number.strip_prefix('+').unwrap_or(number);
    let groups = digits.split(['-', '.', '/', ' ']);
    groups.clone().all(|group| !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit()))
        && groups.map(str::len).sum::<usize>() <= 20
}

/// A number as E.164 has it.
pub(crate) fn is_number(number: &str) -> bool {
    let digits = number.strip_prefix('+').unwrap_or_default();
    (1..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phone_numbers_may_have_single_separators() {
        for good in ["+1234567890", "+12/34-567.890", "15551234567"] {
            assert!(check("sms", good).is_ok(), "{good}");
        }
        for bad in ["+15--551234567", "NAA+15551234567", "+15551234567.", "/+15551234567", ""] {
            assert!(check("sms", bad).is_err(), "{bad}");
        }
    }
}
