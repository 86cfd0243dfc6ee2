//! Mobile platforms: applications and their devices.

use std::collections::BTreeMap;
use std::sync::Arc;

use cumulet_core::{AwsError, Cx};

use crate::api::{
    CreateEndpointResponse, CreatePlatformApplicationResponse, Endpoint as ListedEndpoint,
    GetEndpointAttributesResponse, GetPlatformApplicationAttributesResponse,
    ListEndpointsByPlatformApplicationResponse, ListPlatformApplicationsResponse,
    PlatformApplication, input, output,
};
use crate::state::{Application, Endpoint};
use crate::topic::{PAGE, page, position};
use crate::{Sns, arn, errors};

/// Push services that SNS speaks to, and whether they ask for a principal too.
const PLATFORMS: [(&str, bool); 9] = [
    ("ADM", true),
    ("APNS", true),
    ("APNS_SANDBOX", true),
    ("APNS_VOIP", true),
    ("APNS_VOIP_SANDBOX", true),
    ("BAIDU", true),
    ("GCM", false),
    ("MPNS", true),
    ("WNS", true),
];

type Attributes = BTreeMap<String, String>;

fn check_name(name: &str) -> Result<(), AwsError> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    if name.is_empty() {
        Err(errors::reason(name, "cannot be empty"))
    } else if name.len() > 256 {
        Err(errors::reason(name, "must be at most 256 characters long"))
    } else if !name.bytes().all(allowed) {
        let text = "must contain only characters 'a'-'z', 'A'-'Z', '0'-'9', '_', '-', and '.'";
        Err(errors::reason(name, text))
    } else {
        Ok(())
    }
}

fn some(attributes: Option<Attributes>) -> Result<Attributes, AwsError> {
    attributes.filter(|a| !a.is_empty()).ok_or_else(|| errors::null("attributes"))
}

/// Secrets never come back.
fn shown(attributes: &Attributes) -> Attributes {
    let secret = |name: &str| matches!(name, "PlatformCredential" | "PlatformPrincipal");
    let open = attributes.iter().filter(|(name, _)| !secret(name));
    open.map(|(name, value)| (name.clone(), value.clone())).collect()
}

pub(crate) fn create_platform_application(
    sns: &Sns,
    cx: &Cx,
    input: input::CreatePlatformApplication,
) -> Result<output::CreatePlatformApplication, AwsError> {
    let name = input.name.unwrap_or_default();
    check_name(&name)?;
    let platform = input.platform.unwrap_or_default();
    let known = PLATFORMS.iter().find(|(known, _)| *known == platform);
    let (_, principal) =
        known.ok_or_else(|| errors::reason("Platform", format!("{platform} is not supported")))?;
    let mut attributes = some(input.attributes)?;
    let has = |name: &str| attributes.contains_key(name);
    let lacks = |there: &str, lacking: &str| {
        let text = format!("{there} attribute provided without {lacking}");
        Err(errors::reason("Attributes", text))
    };
    match (has("PlatformPrincipal"), has("PlatformCredential")) {
        (true, false) => return lacks("PlatformPrincipal", "PlatformCredential"),
        (false, true) if *principal => return lacks("PlatformCredential", "PlatformPrincipal"),
        _ => {}
    }
    attributes.entry("Enabled".to_owned()).or_insert_with(|| "true".to_owned());
    let key = format!("app/{platform}/{name}");
    sns.store.write_here(cx, |tx| {
        if !tx.applications.contains(&key) {
            tx.applications.insert(key.clone(), Arc::new(Application { attributes }));
        }
        Ok::<_, AwsError>(())
    })?;
    let arn = Some(arn::here(cx, &key));
    Ok(CreatePlatformApplicationResponse { platform_application_arn: arn })
}

pub(crate) fn delete_platform_application(
    sns: &Sns,
    cx: &Cx,
    input: input::DeletePlatformApplication,
) -> Result<output::DeletePlatformApplication, AwsError> {
    let key = arn::application(cx, input.platform_application_arn.as_deref())?;
    sns.store.write_here(cx, |tx| {
        tx.applications.remove(&key);
        let prefix = prefix_of_endpoints(&key);
        let endpoints = tx.endpoints.range(prefix.clone()..).map(|(key, _)| key.clone());
        for key in endpoints.take_while(|key| key.starts_with(&prefix)).collect::<Vec<_>>() {
            tx.endpoints.remove(&key);
        }
        Ok::<_, AwsError>(())
    })?;
    Ok(output::DeletePlatformApplication::default())
}

/// `endpoint/PLATFORM/NAME/` of `app/PLATFORM/NAME`.
fn prefix_of_endpoints(application: &str) -> String {
    format!("endpoint/{}/", application.trim_start_matches("app/"))
}

pub(crate) fn list_platform_applications(
    sns: &Sns,
    cx: &Cx,
    input: input::ListPlatformApplications,
) -> Result<output::ListPlatformApplications, AwsError> {
    let after = position(input.next_token.as_deref())?;
    let (page, next_token) = sns.store.read_here(cx, |t| {
        let all = t.applications.range(after.clone()..).filter(|(key, _)| **key != after);
        page(all.map(|(k, a)| (k.clone(), Arc::clone(a))), PAGE, |(key, _)| key)
    });
    let listed = |(key, a): (String, Arc<Application>)| PlatformApplication {
        platform_application_arn: Some(arn::here(cx, &key)),
        attributes: Some(shown(&a.attributes)),
    };
    let listed = page.into_iter().map(listed).collect();
    Ok(ListPlatformApplicationsResponse { platform_applications: Some(listed), next_token })
}

pub(crate) fn get_platform_application_attributes(
    sns: &Sns,
    cx: &Cx,
    input: input::GetPlatformApplicationAttributes,
) -> Result<output::GetPlatformApplicationAttributes, AwsError> {
    let key = arn::application(cx, input.platform_application_arn.as_deref())?;
    let application = sns.store.read_here(cx, |t| t.applications.get(&key).cloned());
    let application = application.ok_or_else(errors::no_application)?;
    let attributes = Some(shown(&application.attributes));
    Ok(GetPlatformApplicationAttributesResponse { attributes })
}

pub(crate) fn set_platform_application_attributes(
    sns: &Sns,
    cx: &Cx,
    input: input::SetPlatformApplicationAttributes,
) -> Result<output::SetPlatformApplicationAttributes, AwsError> {
    let key = arn::application(cx, input.platform_application_arn.as_deref())?;
    let attributes = some(input.attributes)?;
    sns.store.write_here(cx, |tx| {
        let updated = tx.applications.update(&key, |a| a.attributes.extend(attributes));
        updated.map(|_| ()).ok_or_else(errors::no_application)
    })?;
    Ok(output::SetPlatformApplicationAttributes::default())
}

fn check_endpoint(attributes: &Attributes) -> Result<(), AwsError> {
    for (name, value) in attributes {
        if !matches!(name.as_str(), "CustomUserData" | "Enabled" | "Token") {
            let text = format!("Invalid attribute name: {name}");
            return Err(errors::reason("Attributes", text));
        }
        if name == "CustomUserData" && value.len() > 2048 {
            let text = "Invalid value for attribute: CustomUserData: must be at most 2048 bytes \
                        long in UTF-8 encoding";
            return Err(errors::reason("Attributes", text));
        }
    }
    Ok(())
}

pub(crate) fn create_platform_endpoint(
    sns: &Sns,
    cx: &Cx,
    input: input::CreatePlatformEndpoint,
) -> Result<output::CreatePlatformEndpoint, AwsError> {
    let application = arn::application(cx, input.platform_application_arn.as_deref())?;
    let token = input.token.filter(|t| !t.is_empty()).ok_or_else(|| errors::missing("Token"))?;
    let mut attributes = input.attributes.unwrap_or_default();
    check_endpoint(&attributes)?;
    if let Some(data) = input.custom_user_data {
        attributes.entry("CustomUserData".to_owned()).or_insert(data);
        check_endpoint(&attributes)?;
    }
    attributes.entry("Enabled".to_owned()).or_insert_with(|| "true".to_owned());
    attributes.insert("Token".to_owned(), token.clone());
    let key = sns.store.write_here(cx, |tx| {
        if !tx.applications.contains(&application) {
            return Err(errors::no_application());
        }
        let prefix = prefix_of_endpoints(&application);
        let mut there = tx.endpoints.range(prefix.clone()..);
        let same = there
            .by_ref()
            .take_while(|(key, _)| key.starts_with(&prefix))
            .find(|(_, e)| e.attributes.get("Token") == Some(&token));
        if let Some((key, endpoint)) = same {
            if endpoint.attributes == attributes {
                return Ok(key.clone());
            }
            let text = format!(
                "Endpoint {} already exists with the same Token, but different attributes.",
                arn::here(cx, key)
            );
            return Err(errors::reason("Token", text));
        }
        let key = format!("{prefix}{}", cx.ids().uuid());
        tx.endpoints.insert(key.clone(), Arc::new(Endpoint { attributes }));
        Ok(key)
    })?;
    Ok(CreateEndpointResponse { endpoint_arn: Some(arn::here(cx, &key)) })
}

pub(crate) fn delete_endpoint(
    sns: &Sns,
    cx: &Cx,
    input: input::DeleteEndpoint,
) -> Result<output::DeleteEndpoint, AwsError> {
    let key = arn::endpoint(cx, input.endpoint_arn.as_deref())?;
    sns.store.write_here(cx, |tx| {
        tx.endpoints.remove(&key);
        Ok::<_, AwsError>(())
    })?;
    Ok(output::DeleteEndpoint::default())
}

pub(crate) fn get_endpoint_attributes(
    sns: &Sns,
    cx: &Cx,
    input: input::GetEndpointAttributes,
) -> Result<output::GetEndpointAttributes, AwsError> {
    let key = arn::endpoint(cx, input.endpoint_arn.as_deref())?;
    let endpoint = sns.store.read_here(cx, |t| t.endpoints.get(&key).cloned());
    let attributes = endpoint.ok_or_else(errors::no_endpoint)?.attributes.clone();
    Ok(GetEndpointAttributesResponse { attributes: Some(attributes) })
}

pub(crate) fn set_endpoint_attributes(
    sns: &Sns,
    cx: &Cx,
    input: input::SetEndpointAttributes,
) -> Result<output::SetEndpointAttributes, AwsError> {
    let key = arn::endpoint(cx, input.endpoint_arn.as_deref())?;
    let attributes = some(input.attributes)?;
    check_endpoint(&attributes)?;
    sns.store.write_here(cx, |tx| {
        let updated = tx.endpoints.update(&key, |e| e.attributes.extend(attributes));
        updated.map(|_| ()).ok_or_else(errors::no_endpoint)
    })?;
    Ok(output::SetEndpointAttributes::default())
}

pub(crate) fn list_endpoints_by_platform_application(
    sns: &Sns,
    cx: &Cx,
    input: input::ListEndpointsByPlatformApplication,
) -> Result<output::ListEndpointsByPlatformApplication, AwsError> {
    let application = arn::application(cx, input.platform_application_arn.as_deref())?;
    let after = position(input.next_token.as_deref())?;
    let prefix = prefix_of_endpoints(&application);
    let from = if after.is_empty() { prefix.clone() } else { after.clone() };
    let page = sns.store.read_here(cx, |t| {
        let there = t.applications.contains(&application).then_some(());
        there.ok_or_else(errors::no_application)?;
        let all = t.endpoints.range(from..).filter(|(key, _)| **key != after);
        let all = all.take_while(|(key, _)| key.starts_with(&prefix));
        let all = all.map(|(key, e)| (key.clone(), Arc::clone(e)));
        Ok::<_, AwsError>(page(all, PAGE, |(key, _)| key))
    });
    let (page, next_token) = page?;
    let listed = |(key, e): (String, Arc<Endpoint>)| ListedEndpoint {
        endpoint_arn: Some(arn::here(cx, &key)),
        attributes: Some(e.attributes.clone()),
    };
    let endpoints = Some(page.into_iter().map(listed).collect());
    Ok(ListEndpointsByPlatformApplicationResponse { endpoints, next_token })
}
