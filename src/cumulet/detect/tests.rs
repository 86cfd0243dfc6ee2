//! Which service a request is for, as a table of requests.

use super::*;
use crate::testing::cloud;

/// `METHOD URI`, scope, headers as `name: value`, form.
fn detected(line: &str, scope: Option<&str>, headers: &[&str], form: &str) -> String {
    let (method, uri) = line.split_once(' ').unwrap();
    let mut request = http::Request::builder().method(method).uri(uri);
    for header in headers {
        let (name, value) = header.split_once(": ").unwrap();
        request = request.header(name, value);
    }
    let parts = request.body(()).unwrap().into_parts().0;
    match detect(&cloud(), &parts, scope, form.as_bytes()) {
        Ok(entry) => entry.name.to_owned(),
        Err(error) => format!("{} {}", error.status().as_u16(), error.code()),
    }
}

#[test]
fn signed_requests_go_by_scope_and_then_by_what_tells_siblings_apart() {
    let table = [
        ("POST /", "sqs", "x-amz-target: AmazonSQS.SendMessage", "", "sqs"),
        ("PUT /bucket/key", "s3", "host: x", "", "s3"),
        ("GET /v20180820/tags/arn", "s3", "host: x", "", "s3control"),
        ("POST /", "dynamodb", "x-amz-target: DynamoDB_20120810.GetItem", "", "dynamodb"),
        (
            "POST /",
            "dynamodb",
            "x-amz-target: DynamoDBStreams_20120810.GetRecords",
            "",
            "dynamodbstreams",
        ),
        ("GET /2015-01-01/domain", "es", "host: x", "", "es"),
        ("GET /2021-01-01/domain", "es", "host: x", "", "opensearch"),
        ("POST /v2/email/outbound-emails", "ses", "host: x", "", "sesv2"),
        ("POST /", "ses", "host: x", "Action=SendEmail&Version=2010-12-01", "ses"),
        ("GET /restapis", "apigateway", "host: x", "", "apigateway"),
        ("GET /v2/apis", "apigateway", "host: x", "", "apigatewayv2"),
        ("POST /", "elasticloadbalancing", "host: x", "Action=A&Version=2015-12-01", "elbv2"),
        ("POST /", "elasticloadbalancing", "host: x", "Action=A&Version=2012-06-01", "elb"),
        ("POST /", "rds", "host: x", "Action=A&Version=2014-10-31", "rds"),
        (
            "POST /service/GraniteServiceVersion20100801/operation/ListMetrics",
            "monitoring",
            "host: x",
            "",
            "cloudwatch",
        ),
    ];
    for (line, scope, header, form, service) in table {
        assert_eq!(detected(line, Some(scope), &[header], form), service, "{line} {scope}");
    }
}

#[test]
fn a_target_that_contradicts_the_scope_is_refused() {
    let target = ["x-amz-target: DynamoDB_20120810.ListTables"];
    assert_eq!(detected("POST /", Some("sqs"), &target, ""), "400 InvalidSignatureException");
    assert_eq!(detected("POST /", Some("s3"), &target, ""), "400 InvalidSignatureException");
    // A target that nobody has is the operation's matter.
    assert_eq!(detected("POST /", Some("sqs"), &["x-amz-target: Nobody.Nothing"], ""), "sqs");
    assert_eq!(detected("POST /", Some("nothing"), &[], ""), "501 NotImplemented");
}

#[test]
fn unsigned_requests_go_by_what_they_say() {
    let table = [
        ("POST /", "x-amz-target: AWSGlue.GetJobs", "", "glue"),
        ("POST /", "host: localhost", "Action=CreateQueue&Version=2012-11-05", "sqs"),
        ("GET /?Action=ListUsers&Version=2010-05-08", "host: localhost", "", "iam"),
        ("GET /000000000000/r?Action=Echo", "host: localhost", "", "sqs"),
        ("GET /000000000000/q", "host: localhost", "", "sqs"),
        ("POST /", "host: sqs.eu-west-1.localhost.localstack.cloud:4566", "", "sqs"),
        ("POST /", "host: streams.dynamodb.us-east-1.amazonaws.com", "", "dynamodbstreams"),
        ("GET /key", "host: a.bucket.s3.us-east-1.localhost.localstack.cloud:4566", "", "s3"),
        ("GET /key", "host: sqs.localhost:4566", "", "s3"),
        ("GET /functions", "host: lambda.us-east-1.amazonaws.com", "", "lambda"),
        ("GET /bucket/key", "host: localhost:4566", "", "s3"),
        ("GET /bucket/key", "host: sqs:4566", "", "s3"),
        ("GET /2015-03-31/functions", "host: localhost", "", "s3"),
        ("GET /", "host: 127.0.0.1:4566", "", "s3"),
    ];
    for (line, header, form, service) in table {
        assert_eq!(detected(line, None, &[header], form), service, "{line} {header}");
    }
}

#[test]
fn without_a_service_that_takes_the_rest_there_is_none() {
    let none = Cloud::new([], cumulet_core::Clock::default(), cumulet_core::Ids::default());
    let parts = http::Request::get("/bucket").body(()).unwrap().into_parts().0;
    assert_eq!(detect(&none, &parts, None, b"").unwrap_err().code(), "NotImplemented");
}

#[test]
fn clues() {
    let of = |uri: &str, form: &'static str| {
        let parts = http::Request::get(uri).body(()).unwrap().into_parts().0;
        let clues = Clues::of(&parts, form.as_bytes());
        (clues.target.map(str::to_owned), clues.operation.map(str::to_owned))
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(of("/service/com.aws.X/operation/Y", ""), (some("X"), some("Y")));
    assert_eq!(of("/pre/service/X/operation/Y", ""), (some("X"), some("Y")));
    assert_eq!(of("/?Action=A", "Action=B"), (None, some("A")));
    assert_eq!(of("/", "x=1&Action=B"), (None, some("B")));
}
