//! HTTP endpoints, phones and devices, in process; other hosts are played by the testkit.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test ends where it goes wrong"
)]

use std::time::Duration;

use cumulet_core::Value;
use cumulet_store::Platform;
use cumulet_testkit::{TestCloud, at, text, value};

fn cloud() -> TestCloud {
    TestCloud::new([cumulet_sns::service(&Platform::default())])
}

async fn topic(cloud: &TestCloud) -> String {
    text(&cloud.call("sns.CreateTopic", value!({"Name": "t"})).await, "TopicArn").to_owned()
}

async fn subscribe(cloud: &TestCloud, topic: &str, protocol: &str, endpoint: &str) -> String {
    let asked = value!({"TopicArn": topic, "Protocol": protocol, "Endpoint": endpoint, "ReturnSubscriptionArn": true});
    text(&cloud.call("sns.Subscribe", asked).await, "SubscriptionArn").to_owned()
}

async fn publish(cloud: &TestCloud, topic: &str, message: &str) {
    cloud.call("sns.Publish", value!({"TopicArn": topic, "Message": message})).await;
    cloud.settle().await;
}

/// The value of a field in a message's JSON.
fn field(body: &[u8], name: &str) -> String {
    let body: serde_json::Value = serde_json::from_slice(body).unwrap();
    body[name].as_str().unwrap_or_default().to_owned()
}

/// A topic with a confirmed HTTP endpoint.
async fn confirmed(cloud: &TestCloud) -> (String, String) {
    let topic = topic(cloud).await;
    let arn = subscribe(cloud, &topic, "http", "http://user:pw@example.test/in?a=b").await;
    cloud.settle().await;
    let asked = cloud.outbound().take();
    assert_eq!(asked[0].uri(), "http://example.test/in?a=b");
    assert_eq!(asked[0].headers()["authorization"], "Basic dXNlcjpwdw==");
    assert_eq!(asked[0].headers()["x-amz-sns-message-type"], "SubscriptionConfirmation");
    let token = field(asked[0].body(), "Token");
    let confirm = value!({"TopicArn": (topic.as_str()), "Token": (token.as_str())});
    let got = cloud.call("sns.ConfirmSubscription", confirm.clone()).await;
    assert_eq!(text(&got, "SubscriptionArn"), arn);
    assert_eq!(cloud.call("sns.ConfirmSubscription", confirm).await, got);
    (topic, arn)
}

#[tokio::test]
async fn an_endpoint_gets_messages_once_it_has_confirmed() {
    let cloud = cloud();
    let topic = topic(&cloud).await;
    let asked =
        value!({"TopicArn": (topic.as_str()), "Protocol": "http", "Endpoint": "http://a.test"});
    let pending = cloud.call("sns.Subscribe", asked).await;
    assert_eq!(text(&pending, "SubscriptionArn"), "pending confirmation");
    let list = cloud.call("sns.ListSubscriptions", value!({})).await;
    assert_eq!(text(&list, "Subscriptions.0.SubscriptionArn"), "PendingConfirmation");
    cloud.settle().await;
    cloud.outbound().take();
    publish(&cloud, &topic, "m").await;
    assert!(cloud.outbound().take().is_empty());
}

#[tokio::test]
async fn a_notification_carries_what_clients_verify() {
    let cloud = cloud();
    let (topic, arn) = confirmed(&cloud).await;
    publish(&cloud, &topic, "hello").await;
    let sent = cloud.outbound().take();
    let headers = sent[0].headers();
    assert_eq!(headers["x-amz-sns-subscription-arn"], arn.as_str());
    assert_eq!(headers["content-type"], "text/plain; charset=UTF-8");
    assert_eq!(field(sent[0].body(), "Message"), "hello");
    assert_eq!(field(sent[0].body(), "SignatureVersion"), "1");
    assert!(field(sent[0].body(), "SigningCertURL").contains("/SimpleNotificationService-"));
    assert!(field(sent[0].body(), "UnsubscribeURL").ends_with(&arn));
    let body = std::str::from_utf8(sent[0].body()).unwrap();
    let (message, signature) = (body.find("\"Message\"").unwrap(), body.find("\"Signature\""));
    assert!(message < signature.unwrap());
}

#[tokio::test]
async fn a_failed_delivery_is_tried_again_by_the_policy() {
    let cloud = cloud();
    let (topic, _) = confirmed(&cloud).await;
    cloud.outbound().answer([Some(503), None, Some(429), Some(500)]);
    publish(&cloud, &topic, "m").await;
    for attempts in [1, 2, 3, 4] {
        assert_eq!(cloud.outbound().take().len(), 1, "attempt {attempts}");
        cloud.advance(Duration::from_secs(19)).await;
        assert!(cloud.outbound().take().is_empty());
        cloud.advance(Duration::from_secs(1)).await;
    }
    // Three retries are all.
    assert!(cloud.outbound().take().is_empty());
}

#[tokio::test]
async fn what_a_client_error_refuses_is_not_tried_again() {
    let cloud = cloud();
    let (topic, _) = confirmed(&cloud).await;
    cloud.outbound().answer([Some(404)]);
    publish(&cloud, &topic, "m").await;
    cloud.advance(Duration::from_secs(60)).await;
    assert_eq!(cloud.outbound().take().len(), 1);
}

#[tokio::test]
async fn raw_delivery_sends_the_bare_text_in_the_wanted_type() {
    let cloud = cloud();
    let (topic, arn) = confirmed(&cloud).await;
    let policy = r#"{"requestPolicy": {"headerContentType": "text/csv"}}"#;
    for (name, to) in [("RawMessageDelivery", "true"), ("DeliveryPolicy", policy)] {
        let set = value!({"SubscriptionArn": (arn.as_str()), "AttributeName": name, "AttributeValue": to});
        cloud.call("sns.SetSubscriptionAttributes", set).await;
    }
    publish(&cloud, &topic, "a,b").await;
    let sent = cloud.outbound().take();
    assert_eq!(sent[0].body(), "a,b");
    assert_eq!(sent[0].headers()["x-amz-sns-rawdelivery"], "true");
    assert_eq!(sent[0].headers()["content-type"], "text/csv");
}

#[tokio::test]
async fn who_is_unsubscribed_may_come_back() {
    let cloud = cloud();
    let (topic, arn) = confirmed(&cloud).await;
    cloud.call("sns.Unsubscribe", value!({"SubscriptionArn": (arn.as_str())})).await;
    cloud.settle().await;
    let goodbye = cloud.outbound().take();
    assert_eq!(field(goodbye[0].body(), "Type"), "UnsubscribeConfirmation");
    let token = field(goodbye[0].body(), "Token");
    let back = value!({"TopicArn": (topic.as_str()), "Token": (token.as_str())});
    let got = cloud.call("sns.ConfirmSubscription", back).await;
    assert_eq!(text(&got, "SubscriptionArn"), arn);
    publish(&cloud, &topic, "m").await;
    assert_eq!(cloud.outbound().take().len(), 1);
}

#[tokio::test]
async fn tokens_are_for_their_region() {
    let cloud = cloud();
    let topic = topic(&cloud).await;
    subscribe(&cloud, &topic, "http", "http://a.test").await;
    cloud.settle().await;
    let token = field(cloud.outbound().take()[0].body(), "Token");
    let elsewhere = topic.replace("us-east-1", "eu-west-1");
    for (topic, token, said) in [
        ("not-an-arn", token.as_str(), "Invalid parameter: Topic"),
        (&elsewhere, &token, "Invalid parameter: Topic"),
        (&topic, "abc123", "Invalid parameter: Token"),
        (&topic, "random", "Invalid token"),
    ] {
        let asked = value!({"TopicArn": topic, "Token": token});
        let error = cloud.fail("sns.ConfirmSubscription", asked).await;
        assert_eq!(error.message(), said);
    }
    // Any topic of that region will do (recorded from AWS).
    let other = format!("{topic}x");
    let asked = value!({"TopicArn": (other.as_str()), "Token": (token.as_str())});
    cloud.call("sns.ConfirmSubscription", asked).await;
}

#[tokio::test]
async fn a_device_is_known_by_its_token() {
    let cloud = cloud();
    let application = value!({"Name": "a", "Platform": "ADM",
        "Attributes": {"PlatformPrincipal": "p", "PlatformCredential": "c"}});
    let got = cloud.call("sns.CreatePlatformApplication", application).await;
    let arn = text(&got, "PlatformApplicationArn").to_owned();
    let get = value!({"PlatformApplicationArn": (arn.as_str())});
    let shown = cloud.call("sns.GetPlatformApplicationAttributes", get).await;
    assert_eq!(at(&shown, "Attributes"), &value!({"Enabled": "true"}));
    let make = |enabled: &str| value!({"PlatformApplicationArn": (arn.as_str()), "Token": "t", "Attributes": {"Enabled": enabled}});
    let device = cloud.call("sns.CreatePlatformEndpoint", make("true")).await;
    assert_eq!(cloud.call("sns.CreatePlatformEndpoint", make("true")).await, device);
    let error = cloud.fail("sns.CreatePlatformEndpoint", make("false")).await;
    assert!(error.message().ends_with("with the same Token, but different attributes."));
    let device = text(&device, "EndpointArn");
    let off = value!({"EndpointArn": device, "Attributes": {"Enabled": "false"}});
    cloud.call("sns.SetEndpointAttributes", off).await;
    let error = cloud.fail("sns.Publish", value!({"TargetArn": device, "Message": "m"})).await;
    assert_eq!(error.code(), "EndpointDisabledException");
}

#[tokio::test]
async fn phones_may_opt_out_by_settings_of_their_account() {
    let cloud = cloud();
    let bad = cloud.fail("sns.Publish", value!({"PhoneNumber": "+1a", "Message": "m"})).await;
    let said = "Invalid parameter: PhoneNumber Reason: +1a is not valid to publish to";
    assert_eq!(bad.message(), said);
    cloud.call("sns.Publish", value!({"PhoneNumber": "+1234", "Message": "m"})).await;
    let unknown = value!({"attributes": {"DefaultSendID": "x"}});
    let error = cloud.fail("sns.SetSMSAttributes", unknown).await;
    assert_eq!(error.message(), "DefaultSendID is not a valid attribute");
    let set = value!({"attributes": {"DefaultSMSType": "Promotional"}});
    cloud.call("sns.SetSMSAttributes", set).await;
    let got = cloud.call("sns.GetSMSAttributes", value!({})).await;
    let both: Value = value!({"DefaultSMSType": "Promotional", "MonthlySpendLimit": "1"});
    assert_eq!(at(&got, "attributes"), &both);
}

#[tokio::test]
async fn a_sandbox_number_is_verified_with_the_password() {
    let cloud = cloud();
    let number = value!({"PhoneNumber": "+1234"});
    cloud.call("sns.CreateSMSSandboxPhoneNumber", number.clone()).await;
    let verify = |otp: &str| value!({"PhoneNumber": "+1234", "OneTimePassword": otp});
    let error = cloud.fail("sns.VerifySMSSandboxPhoneNumber", verify("000000")).await;
    assert_eq!(error.code(), "VerificationException");
    cloud.call("sns.VerifySMSSandboxPhoneNumber", verify("123456")).await;
    let list = cloud.call("sns.ListSMSSandboxPhoneNumbers", value!({})).await;
    assert_eq!(text(&list, "PhoneNumbers.0.Status"), "Verified");
    cloud.call("sns.DeleteSMSSandboxPhoneNumber", number.clone()).await;
    assert_eq!(cloud.fail("sns.DeleteSMSSandboxPhoneNumber", number).await.status(), 404);
}
