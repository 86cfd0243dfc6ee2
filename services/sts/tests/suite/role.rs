//! `AssumeRole`.

use std::time::Duration;

use crate::*;
use cumulet_testkit::at;

#[tokio::test]
async fn a_role_of_another_account_is_assumed_with_its_keys() {
    let cloud = cloud();
    let answer = cloud.call("sts.AssumeRole", assume("alice")).await;
    let arn = "arn:aws:sts::111122223333:assumed-role/Reader/alice";
    assert_eq!(text(&answer, "AssumedRoleUser.Arn"), arn);
    assert_eq!(answer.get("PackedPolicySize"), None);
    assert!(key(&answer).starts_with("LSIA"));
    assert_eq!(AccountId::of_access_key(key(&answer)), AccountId::parse("111122223333"));
    let who = who(&cloud, key(&answer)).await.unwrap();
    assert_eq!(text(&who, "Arn"), arn);
    assert_eq!(text(&who, "Account"), "111122223333");
    assert_eq!(text(&who, "UserId"), text(&answer, "AssumedRoleUser.AssumedRoleId"));
    let again = cloud.call("sts.AssumeRole", assume("alice")).await;
    assert_eq!(text(&again, "AssumedRoleUser.AssumedRoleId"), text(&who, "UserId"));
}

#[tokio::test]
async fn keys_have_awss_letters_where_that_is_wanted() {
    let settings = [("PARITY_AWS_ACCESS_KEY_ID", "1")].into_iter().collect();
    let platform = Platform { settings, ..Platform::default() };
    let cloud = TestCloud::new([cumulet_sts::service(&platform)]);
    let answer = cloud.call("sts.AssumeRole", assume("alice")).await;
    assert!(key(&answer).starts_with("ASIA"));
    assert!(text(&who(&cloud, key(&answer)).await.unwrap(), "Arn").ends_with("Reader/alice"));
}

#[tokio::test]
async fn sessions_expire_and_are_forgotten_later() {
    let cloud = cloud();
    let asked = with(assume("alice"), [("DurationSeconds", 900.into())]);
    let answer = cloud.call("sts.AssumeRole", asked).await;
    cloud.advance(Duration::from_secs(899)).await;
    assert!(who(&cloud, key(&answer)).await.is_ok());
    cloud.advance(Duration::from_secs(1)).await;
    let error = who(&cloud, key(&answer)).await.unwrap_err();
    assert_eq!((error.code(), error.status().as_u16()), ("ExpiredToken", 403));
    cloud.advance(Duration::from_secs(24 * 3600)).await;
    let arn = "arn:aws:iam::111122223333:root";
    assert_eq!(text(&who(&cloud, key(&answer)).await.unwrap(), "Arn"), arn);
}

#[tokio::test]
async fn what_is_no_role_is_refused() {
    let cloud = cloud();
    let tried = async |arn: &str| {
        let asked = value!({"RoleArn": arn, "RoleSessionName": "alice"});
        let error = cloud.fail("sts.AssumeRole", asked).await;
        (error.code().to_owned(), error.message().to_owned())
    };
    let invalid = |arn: &str| ("ValidationError".to_owned(), format!("{arn} is invalid"));
    for arn in ["nothing-valid-in-here", "arn::b:::something/test-role", "arn:a:a::aaaaaaaaaa:"] {
        assert_eq!(tried(arn).await, invalid(arn));
    }
    let (code, message) = tried("arn:aws:iam::111122223333:user/alice").await;
    assert_eq!(code, "AccessDenied");
    assert!(message.starts_with("User: arn:aws:iam::000000000000:root is not authorized"));
    let error = cloud.fail("sts.AssumeRole", assume("Session1:2")).await;
    assert_eq!(
        error.message(),
        "1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy \
         constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*"
    );
}

#[tokio::test]
async fn parameters_are_checked() {
    let cloud = cloud();
    let fail = async |name: &str, value: Value| {
        let error = cloud.fail("sts.AssumeRole", with(assume("alice"), [(name, value)])).await;
        error.code().to_owned()
    };
    assert_eq!(fail("DurationSeconds", 899.into()).await, "ValidationError");
    assert_eq!(fail("Policy", "{".into()).await, "MalformedPolicyDocumentException");
    assert_eq!(fail("Policy", "{}".into()).await, "MalformedPolicyDocumentException");
    assert_eq!(
        fail("PolicyArns", value!([{"arn": "arn:aws:iam::aws:role/x"}])).await,
        "ValidationError"
    );
    assert_eq!(fail("TokenCode", "123456".into()).await, "AccessDenied");
    let policy = r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    let fits = with(assume("alice"), [("Policy", policy.into())]);
    let size = cloud.call("sts.AssumeRole", fits).await;
    assert_eq!(at(&size, "PackedPolicySize"), &3.into());
    let long = format!("{policy}{}", " ".repeat(2048));
    assert_eq!(fail("Policy", long.into()).await, "PackedPolicyTooLargeException");
}

#[tokio::test]
async fn tags_go_on_through_a_chain_of_roles() {
    let cloud = cloud();
    let tagged = |session, key: &str, transitive: &str| {
        let tags = value!([{"Key": key, "Value": "v"}]);
        with(assume(session), [("Tags", tags), ("TransitiveTagKeys", value!([transitive]))])
    };
    let fail = async |input| cloud.fail("sts.AssumeRole", input).await.message().to_owned();
    assert_eq!(
        fail(tagged("one", "Team", "Other")).await,
        "The specified transitive tag key must be included in the requested tags."
    );
    let twice = value!([{"Key": "Team", "Value": "a"}, {"Key": "team", "Value": "b"}]);
    assert_eq!(
        fail(with(assume("one"), [("Tags", twice)])).await,
        "Duplicate tag keys found. Please note that Tag keys are case insensitive."
    );
    let first = cloud.call("sts.AssumeRole", tagged("one", "Team", "team")).await;
    let second = call(&cloud, key(&first), "AssumeRole", assume("two")).await.unwrap();
    // The first role's tag went on to the second session, and so to the third.
    for before in [&first, &second] {
        let tags = value!([{"Key": "TEAM", "Value": "w"}]);
        let asked = with(assume("next"), [("Tags", tags)]);
        let error = call(&cloud, key(before), "AssumeRole", asked).await.unwrap_err();
        assert!(error.message().contains("conflicts with a transitive tag key"), "{error}");
    }
    let long = with(assume("two"), [("DurationSeconds", 3601.into())]);
    assert!(call(&cloud, key(&first), "AssumeRole", long).await.is_err());
}

#[tokio::test]
async fn a_source_identity_stays() {
    let cloud = cloud();
    let asked = with(assume("one"), [("SourceIdentity", "alice".into())]);
    let first = cloud.call("sts.AssumeRole", asked).await;
    let second = call(&cloud, key(&first), "AssumeRole", assume("two")).await.unwrap();
    assert_eq!(text(&second, "SourceIdentity"), "alice");
    let other = with(assume("three"), [("SourceIdentity", "bob".into())]);
    let error = call(&cloud, key(&second), "AssumeRole", other).await.unwrap_err();
    assert_eq!(error.code(), "AccessDenied");
}
