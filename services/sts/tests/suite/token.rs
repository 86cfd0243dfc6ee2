//! Who calls, sessions without a role, and messages.

use crate::*;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cumulet_core::authorization_message::encode;
use cumulet_testkit::at;

#[tokio::test]
async fn whoever_has_no_session_is_root() {
    let cloud = cloud();
    for key in ["test", "AKIAIOSFODNN7EXAMPLE", "LSIAQAAAAAAAGGGGGGGG"] {
        let who = who(&cloud, key).await.unwrap();
        assert_eq!(text(&who, "Arn"), "arn:aws:iam::000000000000:root");
        assert_eq!(text(&who, "UserId"), "000000000000");
    }
    let china = cloud.from("123456789012", "cn-north-1");
    let who = china.call("sts.GetCallerIdentity", value!({})).await;
    assert_eq!(text(&who, "Arn"), "arn:aws-cn:iam::123456789012:root");
}

#[tokio::test]
async fn a_session_token_is_for_the_same_caller() {
    let cloud = cloud().from("123456789012", "eu-west-1");
    let answer = cloud.call("sts.GetSessionToken", value!({"MinimumSessionTokenSize": 1000})).await;
    assert_eq!(text(&answer, "Credentials.SessionToken").len(), 1000);
    assert_eq!(at(&answer, "SessionTokenSize"), &1000.into());
    let who = who(&cloud, key(&answer)).await.unwrap();
    assert_eq!(text(&who, "Arn"), "arn:aws:iam::123456789012:root");
    let error = call(&cloud, key(&answer), "GetSessionToken", value!({})).await.unwrap_err();
    assert_eq!(error.message(), "Cannot call GetSessionToken with session credentials");
}

#[tokio::test]
async fn a_federated_user_has_a_name() {
    let cloud = cloud();
    let answer = cloud.call("sts.GetFederationToken", value!({"Name": "Bob"})).await;
    let arn = "arn:aws:sts::000000000000:federated-user/Bob";
    assert_eq!(text(&answer, "FederatedUser.Arn"), arn);
    assert_eq!(at(&answer, "PackedPolicySize"), &0.into());
    let who = who(&cloud, key(&answer)).await.unwrap();
    assert_eq!((text(&who, "Arn"), text(&who, "UserId")), (arn, "000000000000:Bob"));
}

#[tokio::test]
async fn root_is_assumed_for_a_task() {
    let cloud = cloud();
    let assume = |target: &str, task: &str| {
        let task = format!("arn:aws:iam::aws:policy/root-task/{task}");
        value!({"TargetPrincipal": target, "TaskPolicyArn": {"arn": task}})
    };
    let answer = cloud.call("sts.AssumeRoot", assume("111122223333", "S3UnlockBucketPolicy")).await;
    let who = who(&cloud, key(&answer)).await.unwrap();
    assert_eq!(text(&who, "Arn"), "arn:aws:iam::111122223333:root");
    let other = assume("arn:aws:iam::111122223333:root", "Other");
    assert_eq!(cloud.fail("sts.AssumeRoot", other).await.code(), "ValidationError");
    let nobody = assume("arn:aws:iam::111122223333:user/x", "S3UnlockBucketPolicy");
    assert_eq!(cloud.fail("sts.AssumeRoot", nobody).await.code(), "AccessDenied");
}

#[tokio::test]
async fn a_key_says_whose_it_is() {
    let cloud = cloud();
    let asked = value!({"AccessKeyId": "ASIAQNZGKIQY56JQ7WML"});
    let answer = cloud.call("sts.GetAccessKeyInfo", asked).await;
    assert_eq!(text(&answer, "Account"), "029608264753");
    let short = cloud.fail("sts.GetAccessKeyInfo", value!({"AccessKeyId": "short"})).await;
    assert_eq!(short.code(), "ValidationError");
}

#[tokio::test]
async fn own_messages_are_decoded() {
    let cloud = cloud();
    let encoded = encode(r#"{"allowed":false}"#);
    let asked = value!({"EncodedMessage": encoded});
    let answer = cloud.call("sts.DecodeAuthorizationMessage", asked).await;
    assert_eq!(text(&answer, "DecodedMessage"), r#"{"allowed":false}"#);
    for other in ["not base64!", "e30"] {
        let error =
            cloud.fail("sts.DecodeAuthorizationMessage", value!({"EncodedMessage": other})).await;
        assert_eq!(error.code(), "InvalidAuthorizationMessageException");
    }
}

fn claims(token: &str) -> serde_json::Value {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[tokio::test]
async fn a_web_identity_token_tells_who_calls() {
    let cloud = cloud();
    let tags = value!([{"Key": "Team", "Value": "a"}]);
    let session = cloud.call("sts.AssumeRole", with(assume("one"), [("Tags", tags)])).await;
    let asked = value!({"Audience": ["https://api.test"], "SigningAlgorithm": "RS256",
        "Tags": [{"Key": "job", "Value": "7"}]});
    let answer = call(&cloud, key(&session), "GetWebIdentityToken", asked).await.unwrap();
    let end = TestCloud::START.plus(std::time::Duration::from_secs(300));
    assert_eq!(at(&answer, "Expiration"), &Value::Timestamp(end));
    let mut claims = claims(text(&answer, "WebIdentityToken"));
    assert!(claims.as_object_mut().unwrap().remove("jti").is_some());
    let expected = serde_json::json!({
        "iss": "http://localhost:4566/_aws/sts/issuer/111122223333",
        "sub": ROLE,
        "aud": "https://api.test",
        "iat": TestCloud::START.secs(),
        "exp": end.secs(),
        "https://sts.amazonaws.com/": {
            "aws_account": "111122223333",
            "source_region": "us-east-1",
            "principal_tags": {"Team": "a"},
            "request_tags": {"job": "7"},
        },
    });
    assert_eq!(claims, expected);
}

#[tokio::test]
async fn a_web_identity_token_ends_with_its_session() {
    let cloud = cloud();
    let session = with(assume("one"), [("DurationSeconds", 900.into())]);
    let session = cloud.call("sts.AssumeRole", session).await;
    let asked = |algorithm: &str, seconds: i64| {
        value!({"Audience": ["a", "b"], "SigningAlgorithm": algorithm,
            "DurationSeconds": seconds})
    };
    let get = async |input| call(&cloud, key(&session), "GetWebIdentityToken", input).await;
    let token = get(asked("ES384", 900)).await.unwrap();
    assert_eq!(claims(text(&token, "WebIdentityToken"))["aud"], serde_json::json!(["a", "b"]));
    let error = get(asked("ES384", 901)).await.unwrap_err();
    assert_eq!(
        (error.code(), error.status().as_u16()),
        ("SessionDurationEscalationException", 403)
    );
    assert_eq!(get(asked("HS256", 60)).await.unwrap_err().code(), "ValidationError");
}

#[tokio::test]
async fn a_trade_in_token_names_its_principal() {
    let cloud = cloud();
    let now = TestCloud::START.secs();
    let trade = |claims: &str| {
        let [header, claims] = [r#"{"alg":"none"}"#, claims].map(|t| URL_SAFE_NO_PAD.encode(t));
        value!({"TradeInToken": (format!("{header}.{claims}."))})
    };
    let user = "arn:aws:iam::111122223333:user/ann";
    let good = format!(r#"{{"sub":"{user}","exp":{}}}"#, now + 1);
    let answer = cloud.call("sts.GetDelegatedAccessToken", trade(&good)).await;
    assert_eq!(text(&answer, "AssumedPrincipal"), user);
    assert_eq!(text(&who(&cloud, key(&answer)).await.unwrap(), "Arn"), user);
    let fail = async |input| cloud.fail("sts.GetDelegatedAccessToken", input).await;
    let late = format!(r#"{{"sub":"{user}","exp":{now}}}"#);
    assert_eq!(fail(trade(&late)).await.code(), "ExpiredTradeInTokenException");
    let nobody = format!(r#"{{"sub":"ann","exp":{}}}"#, now + 1);
    assert_eq!(fail(trade(&nobody)).await.code(), "ValidationError");
}
