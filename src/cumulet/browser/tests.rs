//! Which requests are taken for a browser's, and which of those may pass.

use super::*;
use crate::testing::config;

fn browsers(variables: &[(&str, &str)]) -> Browsers {
    Browsers::new(&config(variables), &[4566])
}

fn request(method: &str, headers: &[(&str, &str)]) -> Parts {
    let mut request = http::Request::builder().method(method).uri("/");
    if !headers.iter().any(|(name, _)| *name == "host") {
        request = request.header("host", "localhost:4566");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

fn passes(headers: &[(&str, &str)]) -> bool {
    browsers(&[]).judge(&request("POST", headers)).refusal().is_none()
}

const MOZILLA: (&str, &str) = ("user-agent", "Mozilla/5.0 (X11; Linux x86_64)");

#[test]
fn programs_pass_whatever_their_host() {
    assert!(passes(&[]));
    assert!(passes(&[("host", "bucket.of.mine.test"), ("user-agent", "curl/8.9")]));
    assert!(passes(&[("content-type", "application/x-www-form-urlencoded")]));
}

#[test]
fn origins() {
    for own in [
        "http://localhost:4566",
        "https://127.0.0.1:4566",
        "https://app.localstack.cloud",
        "http://localhost.localstack.cloud:4566",
    ] {
        assert!(passes(&[("origin", own)]), "{own}");
    }
    for foreign in ["https://evil.test", "null", "http://localhost:3000", "http://localhost"] {
        assert!(!passes(&[("origin", foreign)]), "{foreign}");
    }
}

#[test]
fn a_page_that_we_served_ourselves_passes_behind_a_mapped_port() {
    assert!(passes(&[("origin", "http://localhost:32768"), ("host", "localhost:32768")]));
    assert!(passes(&[("referer", "http://localhost:32768/x"), ("host", "localhost:32768")]));
    assert!(!passes(&[("origin", "http://evil.test:4566"), ("host", "evil.test:4566")]));
}

#[test]
fn requests_without_an_origin_go_by_site_and_referrer() {
    assert!(passes(&[("sec-fetch-site", "none")]));
    assert!(passes(&[("sec-fetch-site", "same-origin")]));
    assert!(!passes(&[("sec-fetch-site", "cross-site")]));
    assert!(!passes(&[("sec-fetch-site", "same-site"), ("referer", "http://localhost:3000/")]));
    assert!(passes(&[
        ("sec-fetch-site", "cross-site"),
        ("referer", "https://app.localstack.cloud/x")
    ]));
    assert!(!passes(&[("referer", "https://evil.test/page")]));
}

#[test]
fn hosts_of_browsers() {
    for own in [
        "127.0.0.1:4566",
        "[::1]:4566",
        "localhost",
        "bucket.localhost:4566",
        "s3.localhost.localstack.cloud:4566",
        "localstack:4566",
        "sqs.us-east-1.amazonaws.com",
    ] {
        assert!(passes(&[MOZILLA, ("host", own)]), "{own}");
    }
    for foreign in
        ["evil.test:4566", "localhost.evil.test", "notlocalstack.cloud", "evilamazonaws.com"]
    {
        assert!(!passes(&[MOZILLA, ("host", foreign)]), "{foreign}");
    }
}

#[test]
fn the_operator_can_allow_more() {
    let evil = request("POST", &[("origin", "https://my.test")]);
    let extra = browsers(&[("EXTRA_CORS_ALLOWED_ORIGINS", "https://a.test,https://my.test")]);
    let welcome = Visitor::Allowed(HeaderValue::from_static("https://my.test"));
    assert_eq!(extra.judge(&evil), welcome);
    assert_eq!(browsers(&[("DISABLE_CORS_CHECKS", "1")]).judge(&evil), welcome);
    let renamed = browsers(&[("LOCALSTACK_HOST", "aws.test:4566")]);
    assert_eq!(
        renamed.judge(&request("GET", &[MOZILLA, ("host", "s3.aws.test")])),
        Visitor::Nobody
    );
}

#[test]
fn preflight_reflects_what_was_asked_and_only_for_allowed_origins() {
    let ask = |origin| {
        let headers = [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "x-amz-target"),
            ("access-control-request-private-network", "true"),
        ];
        let (browsers, parts) = (browsers(&[]), request("OPTIONS", &headers));
        let visitor = browsers.judge(&parts);
        let mut answer = browsers.preflight(&parts, &visitor)?;
        browsers.allow(&visitor, answer.headers_mut());
        Some(answer)
    };
    let answer = ask("http://localhost:4566").unwrap();
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    assert_eq!(answer.headers()["access-control-allow-origin"], "http://localhost:4566");
    assert_eq!(answer.headers()["access-control-allow-headers"], "x-amz-target");
    assert_eq!(answer.headers()["access-control-allow-private-network"], "true");
    assert!(ask("https://evil.test").is_none());
}

#[test]
fn a_service_that_has_said_who_may_read_is_not_overruled() {
    let browsers = browsers(&[]);
    let visitor = browsers.judge(&request("GET", &[("origin", "http://localhost:4566")]));
    let mut headers = HeaderMap::new();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    browsers.allow(&visitor, &mut headers);
    assert_eq!(headers["access-control-allow-origin"], "*");
}
