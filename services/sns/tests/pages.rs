//! `/_aws/sns/…`, in process.

#![expect(clippy::unwrap_used, reason = "a test ends where it goes wrong")]

use std::sync::Arc;

use cumulet_core::{AwsError, Body};
use cumulet_store::Platform;
use cumulet_testkit::{TestCloud, text, value};
use http::Request;
use serde_json::{Value, json};

fn cloud() -> TestCloud {
    TestCloud::new([cumulet_sns::service(&Platform::default())])
}

/// Status and text of a page.
async fn page(cloud: &TestCloud, method: &str, uri: &str, body: &str) -> (u16, String) {
    let service = cloud.cloud().service("sns").unwrap();
    let request = Request::builder().method(method).uri(uri).body(()).unwrap();
    let (parts, ()) = request.into_parts();
    let route = service.description().routes.iter().find(|r| (r.matches)(&parts)).unwrap();
    let request = Request::from_parts(parts, Body::from(body.to_owned()));
    let answer = (route.answer)(Arc::clone(service.state()), cloud.cx(), request).await;
    let (parts, mut body) = answer.into_parts();
    let body = body.collect(1 << 20, || AwsError::internal("too large")).await.unwrap();
    (parts.status.as_u16(), String::from_utf8(body.to_vec()).unwrap())
}

async fn get(cloud: &TestCloud, uri: &str) -> Value {
    serde_json::from_str(&page(cloud, "GET", uri, "").await.1).unwrap()
}

#[tokio::test]
async fn the_certificate_is_where_messages_say() {
    let path = "/_aws/sns/SimpleNotificationService-6c6f63616c737461636b69736e696365.pem";
    let (status, pem) = page(&cloud(), "GET", path, "").await;
    assert_eq!(status, 200);
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----\nMII"));
}

#[tokio::test]
async fn text_messages_can_be_looked_at_and_forgotten() {
    let cloud = cloud();
    let at = "/_aws/sns/sms-messages";
    for number in ["+1", "+2", "+1"] {
        cloud.call("sns.Publish", value!({"PhoneNumber": number, "Message": "hi"})).await;
    }
    let all = get(&cloud, at).await;
    assert_eq!(all["region"], "us-east-1");
    assert_eq!(all["sms_messages"]["+1"].as_array().unwrap().len(), 2);
    assert_eq!(all["sms_messages"]["+2"][0]["Message"], "hi");
    assert_eq!(get(&cloud, &format!("{at}?region=eu-west-1")).await["sms_messages"], json!({}));
    let one = format!("{at}?phoneNumber=%2B1");
    assert_eq!(page(&cloud, "DELETE", &one, "").await.0, 204);
    assert_eq!(get(&cloud, &one).await["sms_messages"], json!({"+1": []}));
    assert_eq!(get(&cloud, at).await["sms_messages"].as_object().unwrap().len(), 1);
}

#[tokio::test]
async fn devices_get_the_text_of_their_platform() {
    let cloud = cloud();
    let application =
        value!({"Name": "a", "Platform": "GCM", "Attributes": {"PlatformCredential": "c"}});
    let arn = cloud.call("sns.CreatePlatformApplication", application).await;
    let arn = text(&arn, "PlatformApplicationArn");
    let device = value!({"PlatformApplicationArn": arn, "Token": "t"});
    let device = cloud.call("sns.CreatePlatformEndpoint", device).await;
    let device = text(&device, "EndpointArn");
    let message = r#"{"GCM": "{\"data\": 1}"}"#;
    let attribute = value!({"DataType": "String", "StringValue": "v"});
    let publish = value!({"TargetArn": device, "Message": message, "MessageStructure": "json",
        "MessageAttributes": {"a": attribute}});
    cloud.call("sns.Publish", publish).await;
    let all = get(&cloud, "/_aws/sns/platform-endpoint-messages").await;
    let got = &all["platform_endpoint_messages"][device][0];
    assert_eq!(got["Message"], r#"{"data": 1}"#);
    assert_eq!(got["MessageAttributes"], json!({"a": {"DataType": "String", "StringValue": "v"}}));
}

#[tokio::test]
async fn a_phone_that_opts_out_gets_nothing() {
    let cloud = cloud();
    let topic = cloud.call("sns.CreateTopic", value!({"Name": "t"})).await;
    let topic = text(&topic, "TopicArn");
    let subscribe = value!({"TopicArn": topic, "Protocol": "sms", "Endpoint": "+1"});
    cloud.call("sns.Subscribe", subscribe).await;
    let out = r#"{"phoneNumber": "+1"}"#;
    assert_eq!(page(&cloud, "POST", "/_aws/sns/phone-opt-outs", out).await.0, 200);
    cloud.call("sns.Publish", value!({"TopicArn": topic, "Message": "m"})).await;
    assert_eq!(get(&cloud, "/_aws/sns/outbox").await["outbox"], json!([]));
    cloud.call("sns.OptInPhoneNumber", value!({"phoneNumber": "+1"})).await;
    cloud.call("sns.Publish", value!({"TopicArn": topic, "Message": "m"})).await;
    assert_eq!(get(&cloud, "/_aws/sns/outbox").await["outbox"][0]["Endpoint"], "+1");
}

#[tokio::test]
async fn a_mailbox_confirms_with_the_token_that_the_page_shows() {
    let cloud = cloud();
    let topic = cloud.call("sns.CreateTopic", value!({"Name": "t"})).await;
    let topic = text(&topic, "TopicArn");
    let subscribe = value!({"TopicArn": topic, "Protocol": "email", "Endpoint": "a@b.test",
        "ReturnSubscriptionArn": true});
    let arn = cloud.call("sns.Subscribe", subscribe).await;
    let arn = text(&arn, "SubscriptionArn");
    let at = "/_aws/sns/subscription-tokens";
    let shown = get(&cloud, &format!("{at}/{arn}")).await;
    let token = shown["subscription_token"].as_str().unwrap();
    cloud.call("sns.ConfirmSubscription", value!({"TopicArn": topic, "Token": token})).await;
    cloud.call("sns.Publish", value!({"TopicArn": topic, "Message": "m"})).await;
    assert_eq!(get(&cloud, "/_aws/sns/outbox").await["outbox"][1]["Message"], "m");
    let elsewhere = arn.replace("us-east-1", "il-central-1");
    for (arn, status, said) in [
        (elsewhere.as_str(), 404, "The provided SubscriptionARN is not found"),
        ("randomarnhere", 400, "The provided SubscriptionARN is invalid"),
    ] {
        let (got, text) = page(&cloud, "GET", &format!("{at}/{arn}"), "").await;
        let text: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((got, text), (status, json!({"error": said, "subscription_arn": arn})));
    }
}
