//! Roles for users of other identity providers.

use crate::*;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use cumulet_testkit::at;

fn jwt(claims: &str) -> String {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","typ":"JWT"}"#);
    format!("{header}.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
}

fn web(token: &str) -> Value {
    with(assume("pod"), [("WebIdentityToken", token.into())])
}

const CLAIMS: &str = r#""iss":"https://idp.test","sub":"system:pod","aud":["sts.amazonaws.com"]"#;

#[tokio::test]
async fn a_web_identity_is_read_from_its_token() {
    let cloud = cloud();
    let end = TestCloud::START.secs() + 60;
    let tags = r#""https://aws.amazon.com/tags":{"principal_tags":{"Team":["a"]},
        "transitive_tag_keys":["Team"]},"https://aws.amazon.com/source_identity":"alice""#;
    let token = jwt(&format!("{{{CLAIMS},\"exp\":{end},{tags}}}"));
    let answer = cloud.call("sts.AssumeRoleWithWebIdentity", web(&token)).await;
    let shown = ["Provider", "SubjectFromWebIdentityToken", "Audience", "SourceIdentity"];
    let shown = shown.map(|name| text(&answer, name));
    assert_eq!(shown, ["https://idp.test", "system:pod", "sts.amazonaws.com", "alice"]);
    assert!(text(&answer, "AssumedRoleUser.Arn").ends_with(":assumed-role/Reader/pod"));
    let again = with(assume("two"), [("Tags", value!([{"Key": "team", "Value": "b"}]))]);
    let error = call(&cloud, key(&answer), "AssumeRole", again).await.unwrap_err();
    assert!(error.message().contains("transitive"), "{error}");
}

#[tokio::test]
async fn web_identity_tokens_must_be_good() {
    let cloud = cloud();
    let fail = async |token: &str| {
        let error = cloud.fail("sts.AssumeRoleWithWebIdentity", web(token)).await;
        format!("{}: {}", error.code(), error.message())
    };
    let now = TestCloud::START.secs();
    assert_eq!(
        fail(&jwt(&format!("{{{CLAIMS},\"exp\":{now}}}"))).await,
        format!(
            "ExpiredTokenException: Token expired: current date/time {now} must be before the \
             expiration date/time {now}"
        )
    );
    let no_exp = fail(&jwt(&format!("{{{CLAIMS}}}"))).await;
    assert_eq!(no_exp, "InvalidIdentityTokenException: Missing a required claim: exp");
    for token in ["a.b.c", "aa.bb", &jwt("[]")] {
        assert!(fail(token).await.contains("not a valid JWT"), "{token}");
    }
    // An access token that only its provider can read.
    let opaque = with(web("token"), [("ProviderId", "www.amazon.com".into())]);
    let answer = cloud.call("sts.AssumeRoleWithWebIdentity", opaque).await;
    assert_eq!(text(&answer, "Provider"), "www.amazon.com");
}

const PROVIDER: &str = "arn:aws:iam::111122223333:saml-provider/Idp";

fn saml(assertion: &str) -> Value {
    let response = format!(
        "<?xml version=\"1.0\"?><p:Response xmlns:p=\"urn:oasis:names:tc:SAML:2.0:protocol\">\
         <Issuer>outer</Issuer>{assertion}</p:Response>"
    );
    let encoded = STANDARD.encode(response);
    value!({"RoleArn": ROLE, "PrincipalArn": PROVIDER, "SAMLAssertion": encoded})
}

fn assertion(name: &str) -> String {
    let attribute = |name: &str, value: &str| {
        format!(
            "<a:Attribute Name=\"https://aws.amazon.com/SAML/Attributes/{name}\">\
             <a:AttributeValue> {value} </a:AttributeValue></a:Attribute>"
        )
    };
    [
        "<a:Assertion xmlns:a=\"urn:oasis:names:tc:SAML:2.0:assertion\">\
         <a:Issuer>https://idp.test/saml</a:Issuer><a:Subject><a:NameID \
         Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\">a&amp;b</a:NameID>\
         <a:SubjectConfirmation><a:SubjectConfirmationData \
         Recipient=\"https://signin.aws.amazon.com/saml\"/></a:SubjectConfirmation></a:Subject>\
         <a:AttributeStatement>",
        &attribute("RoleSessionName", name),
        &attribute("Role", &format!("{PROVIDER},{ROLE}")),
        &attribute("SessionDuration", "900"),
        &attribute("PrincipalTag:Team", "a"),
        "</a:AttributeStatement></a:Assertion>",
    ]
    .concat()
}

#[tokio::test]
async fn a_saml_assertion_is_read() {
    let cloud = cloud();
    let answer = cloud.call("sts.AssumeRoleWithSAML", saml(&assertion("alice"))).await;
    let shown = ["Issuer", "Subject", "SubjectType", "Audience"].map(|name| text(&answer, name));
    let recipient = "https://signin.aws.amazon.com/saml";
    assert_eq!(shown, ["https://idp.test/saml", "a&b", "persistent", recipient]);
    assert!(text(&answer, "AssumedRoleUser.Arn").ends_with(":assumed-role/Reader/alice"));
    // base64(sha1("https://idp.test/saml" + "111122223333" + "/Idp"))
    assert_eq!(text(&answer, "NameQualifier").len(), 28);
    let end = TestCloud::START.plus(std::time::Duration::from_secs(900));
    assert_eq!(at(&answer, "Credentials.Expiration"), &Value::Timestamp(end));
}

#[tokio::test]
async fn saml_assertions_must_be_good() {
    let cloud = cloud();
    let fail = async |input| {
        let error = cloud.fail("sts.AssumeRoleWithSAML", input).await;
        format!("{}: {}", error.code(), error.message())
    };
    let invalid = |message| format!("InvalidIdentityTokenException: {message}");
    let no_base64 = value!({"RoleArn": ROLE, "PrincipalArn": PROVIDER, "SAMLAssertion": "****"});
    assert_eq!(fail(no_base64).await, invalid("Invalid base64 SAMLResponse"));
    assert_eq!(fail(saml("")).await, invalid("Invalid SAML response"));
    assert_eq!(fail(saml("<Assertion>")).await, invalid("Invalid SAML response"));
    assert_eq!(
        fail(saml(&assertion("a b"))).await,
        invalid("RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}")
    );
    let other = assertion("alice").replace("team/Reader", "team/Writer");
    assert_eq!(
        fail(saml(&other)).await,
        "AccessDenied: Not authorized to perform sts:AssumeRoleWithSAML"
    );
}
