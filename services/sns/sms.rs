//! Text messages: their settings, who wants none, and the sandbox.

use cumulet_core::{AwsError, Cx};

use crate::api::{
    CheckIfPhoneNumberIsOptedOutResponse, GetSMSAttributesResponse,
    GetSMSSandboxAccountStatusResult, ListOriginationNumbersResult,
    ListPhoneNumbersOptedOutResponse, ListSMSSandboxPhoneNumbersResult, SMSSandboxPhoneNumber,
    input, output,
};
use crate::endpoint_form::is_number;
use crate::topic::{PAGE, page, position};
use crate::{Sns, errors};

/// Settings that there are (`SetSMSAttributes`, API reference).
const NAMES: [&str; 6] = [
    "DefaultSMSType",
    "DefaultSenderID",
    "DeliveryStatusIAMRole",
    "DeliveryStatusSuccessSamplingRate",
    "MonthlySpendLimit",
    "UsageReportS3Bucket",
];

/// No message reaches a phone here, so neither does a password: this one is always right.
const ONE_TIME_PASSWORD: &str = "123456";

fn number(given: Option<String>) -> Result<String, AwsError> {
    let well_formed = given.filter(|number| is_number(number));
    well_formed.ok_or_else(|| errors::reason("PhoneNumber", "input incorrectly formatted"))
}

pub(crate) fn set_sms_attributes(
    sns: &Sns,
    cx: &Cx,
    input: input::SetSMSAttributes,
) -> Result<output::SetSMSAttributes, AwsError> {
    let attributes = input.attributes.ok_or_else(|| errors::null("attributes"))?;
    for (name, value) in &attributes {
        if !NAMES.contains(&name.as_str()) {
            return Err(errors::plain(format!("{name} is not a valid attribute")));
        }
        let valid = match name.as_str() {
            "DefaultSMSType" => matches!(value.as_str(), "Promotional" | "Transactional"),
            "DefaultSenderID" => {
                value.len() <= 11
                    && value.bytes().all(|b| b.is_ascii_alphanumeric())
                    && value.bytes().any(|b| b.is_ascii_alphabetic())
            }
            _ => true,
        };
        if !valid {
            return Err(errors::plain(format!("{name} is invalid")));
        }
    }
    sns.store.write_here(cx, |tx| {
        for (name, value) in attributes {
            tx.sms_attributes.insert(name, value);
        }
        Ok::<_, AwsError>(())
    })?;
    Ok(output::SetSMSAttributes::default())
}

#[expect(clippy::unnecessary_wraps, reason = "handlers can fail, this one never does")]
pub(crate) fn get_sms_attributes(
    sns: &Sns,
    cx: &Cx,
    input: input::GetSMSAttributes,
) -> Result<output::GetSMSAttributes, AwsError> {
    let asked = input.attributes.unwrap_or_default();
    let mut all: std::collections::BTreeMap<String, String> = sns.store.read_here(cx, |t| {
        t.sms_attributes.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
    });
    all.entry("MonthlySpendLimit".to_owned()).or_insert_with(|| "1".to_owned());
    all.retain(|name, _| asked.is_empty() || asked.contains(name));
    Ok(GetSMSAttributesResponse { attributes: Some(all) })
}

pub(crate) fn check_if_phone_number_is_opted_out(
    sns: &Sns,
    cx: &Cx,
    input: input::CheckIfPhoneNumberIsOptedOut,
) -> Result<output::CheckIfPhoneNumberIsOptedOut, AwsError> {
    let number = number(input.phone_number)?;
    let out = sns.store.read_here(cx, |t| t.opted_out.contains(&number));
    Ok(CheckIfPhoneNumberIsOptedOutResponse { is_opted_out: Some(out) })
}

pub(crate) fn list_phone_numbers_opted_out(
    sns: &Sns,
    cx: &Cx,
    input: input::ListPhoneNumbersOptedOut,
) -> Result<output::ListPhoneNumbersOptedOut, AwsError> {
    let after = position(input.next_token.as_deref())?;
    let (numbers, next_token) = sns.store.read_here(cx, |t| {
        let numbers = t.opted_out.range(after.clone()..).map(|(number, ())| number.clone());
        page(numbers.filter(|number| *number > after), PAGE, |number| number)
    });
    Ok(ListPhoneNumbersOptedOutResponse { phone_numbers: Some(numbers), next_token })
}

pub(crate) fn opt_in_phone_number(
    sns: &Sns,
    cx: &Cx,
    input: input::OptInPhoneNumber,
) -> Result<output::OptInPhoneNumber, AwsError> {
    let number = number(input.phone_number)?;
    sns.store.write_here(cx, |tx| {
        tx.opted_out.remove(&number);
        Ok::<_, AwsError>(())
    })?;
    Ok(output::OptInPhoneNumber::default())
}

/// There is a sandbox to try its operations, but nobody is kept in it.
#[expect(clippy::unnecessary_wraps, reason = "handlers can fail, this one never does")]
pub(crate) fn get_sms_sandbox_account_status(
    _sns: &Sns,
    _cx: &Cx,
    _input: input::GetSMSSandboxAccountStatus,
) -> Result<output::GetSMSSandboxAccountStatus, AwsError> {
    Ok(GetSMSSandboxAccountStatusResult { is_in_sandbox: Some(false) })
}

pub(crate) fn create_sms_sandbox_phone_number(
    sns: &Sns,
    cx: &Cx,
    input: input::CreateSMSSandboxPhoneNumber,
) -> Result<output::CreateSMSSandboxPhoneNumber, AwsError> {
    let number = number(input.phone_number)?;
    sns.store.write_here(cx, |tx| {
        if tx.sandbox.get(&number) != Some(&true) {
            tx.sandbox.insert(number, false);
        }
        Ok::<_, AwsError>(())
    })?;
    Ok(output::CreateSMSSandboxPhoneNumber::default())
}

pub(crate) fn verify_sms_sandbox_phone_number(
    sns: &Sns,
    cx: &Cx,
    input: input::VerifySMSSandboxPhoneNumber,
) -> Result<output::VerifySMSSandboxPhoneNumber, AwsError> {
    let number = number(input.phone_number)?;
    sns.store.write_here(cx, |tx| {
        if !tx.sandbox.contains(&number) {
            return Err(errors::no_resource());
        }
        if input.one_time_password.as_deref() != Some(ONE_TIME_PASSWORD) {
            return Err(errors::wrong_password());
        }
        tx.sandbox.insert(number, true);
        Ok(())
    })?;
    Ok(output::VerifySMSSandboxPhoneNumber::default())
}

pub(crate) fn delete_sms_sandbox_phone_number(
    sns: &Sns,
    cx: &Cx,
    input: input::DeleteSMSSandboxPhoneNumber,
) -> Result<output::DeleteSMSSandboxPhoneNumber, AwsError> {
    let number = number(input.phone_number)?;
    sns.store.write_here(cx, |tx| {
        tx.sandbox.remove(&number).map(|_| ()).ok_or_else(errors::no_resource)
    })?;
    Ok(output::DeleteSMSSandboxPhoneNumber::default())
}

pub(crate) fn list_sms_sandbox_phone_numbers(
    sns: &Sns,
    cx: &Cx,
    input: input::ListSMSSandboxPhoneNumbers,
) -> Result<output::ListSMSSandboxPhoneNumbers, AwsError> {
    let after = position(input.next_token.as_deref())?;
    let limit = input.max_results.and_then(|n| usize::try_from(n).ok()).unwrap_or(PAGE);
    let (page, next_token) = sns.store.read_here(cx, |t| {
        let all = t.sandbox.range(after.clone()..).filter(|(number, _)| **number != after);
        page(all.map(|(n, v)| (n.clone(), *v)), limit.clamp(1, PAGE), |(n, _)| n)
    });
    let listed = |(number, verified)| SMSSandboxPhoneNumber {
        phone_number: Some(number),
        status: Some(if verified { "Verified" } else { "Pending" }.to_owned()),
    };
    let phone_numbers = Some(page.into_iter().map(listed).collect());
    Ok(ListSMSSandboxPhoneNumbersResult { phone_numbers, next_token })
}

/// No operation of SNS makes an origination number.
#[expect(clippy::unnecessary_wraps, reason = "handlers can fail, this one never does")]
pub(crate) fn list_origination_numbers(
    _sns: &Sns,
    _cx: &Cx,
    _input: input::ListOriginationNumbers,
) -> Result<output::ListOriginationNumbers, AwsError> {
    Ok(ListOriginationNumbersResult { next_token: None, phone_numbers: Some(Vec::new()) })
}
