//! What browsers see of buckets: CORS and websites.

use cumulet_core::{Body, Value, Verdict};
use cumulet_testkit::{TestCloud, value};
use http::request::Parts;
use http::{HeaderMap, Request, Response};

use crate::calls::{cloud, object, put};

const SITE: &str = "bbb.s3-website.localhost:4566";

fn request(line: &str, headers: &[(&str, &str)]) -> Parts {
    let (method, path) = line.split_once(' ').unwrap();
    let headers = headers.iter().copied();
    let request = Request::builder().method(method).uri(path);
    let request = headers.fold(request, |request, (name, value)| request.header(name, value));
    request.body(()).unwrap().into_parts().0
}

fn verdict(cloud: &TestCloud, line: &str, headers: &[(&str, &str)]) -> Verdict {
    let service = cloud.cloud().service("s3").unwrap();
    let policy = service.description().browser_policy.unwrap();
    policy(service.state(), &cloud.cx(), &request(line, headers))
}

fn shown(verdict: Verdict) -> HeaderMap {
    match verdict {
        Verdict::Pass(headers) | Verdict::Welcome(headers) => headers,
        other => panic!("{other:?}"),
    }
}

async fn allow(cloud: &TestCloud, rule: Value) {
    let rules = value!({"CORSRules": [rule]});
    cloud.call("s3.PutBucketCors", value!({"Bucket": "bbb", "CORSConfiguration": rules})).await;
}

#[tokio::test]
async fn a_rule_lets_a_page_in() {
    let cloud = cloud().await;
    let rule = value!({
        "AllowedMethods": ["GET", "PUT"], "AllowedOrigins": ["https://*.a.test"],
        "AllowedHeaders": ["X-Amz-*"], "ExposeHeaders": ["etag"], "MaxAgeSeconds": 3000
    });
    allow(&cloud, rule).await;
    let origin = ("origin", "https://b.a.test");
    let method = ("access-control-request-method", "PUT");
    let ask = |headers| ("access-control-request-headers", headers);
    let answer = verdict(&cloud, "OPTIONS /bbb/k", &[origin, method, ask("x-amz-A,X-Amz-b")]);
    assert!(matches!(answer, Verdict::Welcome(_)));
    let headers = shown(answer);
    assert_eq!(headers["access-control-allow-origin"], "https://b.a.test");
    assert_eq!(headers["access-control-allow-credentials"], "true");
    assert_eq!(headers["access-control-allow-methods"], "GET, PUT");
    assert_eq!(headers["access-control-allow-headers"], "x-amz-a, x-amz-b");
    assert_eq!(headers["access-control-expose-headers"], "etag");
    assert_eq!(headers["access-control-max-age"], "3000");
    let headers = shown(verdict(&cloud, "GET /bbb/k", &[origin]));
    assert_eq!(headers["access-control-allow-origin"], "https://b.a.test");
    let hosted = [("host", SITE), origin];
    assert_eq!(shown(verdict(&cloud, "GET /k", &hosted)).len(), headers.len());
}

#[tokio::test]
async fn without_a_rule_a_page_reads_nothing() {
    let cloud = cloud().await;
    let origin = ("origin", "https://evil.test");
    let refused = |line: &str, headers: &[(&str, &str)]| match verdict(&cloud, line, headers) {
        Verdict::Refuse(error) => error.message().to_owned(),
        other => panic!("{other:?}"),
    };
    let message = "Insufficient information. Origin request header needed.";
    assert_eq!(refused("OPTIONS /bbb/k", &[]), message);
    assert_eq!(refused("OPTIONS /none/k", &[origin]), "CORSResponse: Bucket not found");
    let message = "CORSResponse: CORS is not enabled for this bucket.";
    assert_eq!(refused("OPTIONS /bbb/k", &[origin]), message);
    allow(&cloud, value!({"AllowedMethods": ["PUT"], "AllowedOrigins": ["https://a.test"]})).await;
    let message = refused("OPTIONS /bbb/k", &[origin, ("access-control-request-method", "PUT")]);
    assert!(message.starts_with("CORSResponse: This CORS request is not allowed."), "{message}");
    assert!(shown(verdict(&cloud, "GET /bbb/k", &[origin])).is_empty());
    // No preflight stands before these.
    assert!(matches!(verdict(&cloud, "POST /bbb", &[origin]), Verdict::Gateway));
    assert!(matches!(verdict(&cloud, "GET /", &[origin]), Verdict::Gateway));
}

async fn site(cloud: &TestCloud, site: Value) {
    let input = value!({"Bucket": "bbb", "WebsiteConfiguration": site});
    cloud.call("s3.PutBucketWebsite", input).await;
}

async fn visit(
    cloud: &TestCloud,
    line: &str,
    headers: &[(&str, &str)],
) -> (u16, HeaderMap, String) {
    let parts = request(line, &[&[("host", SITE)], headers].concat());
    let service = cloud.cloud().service("s3").unwrap();
    let route = &service.description().routes[0];
    assert!((route.matches)(&parts));
    let request = Request::from_parts(parts, Body::empty());
    let answer = (route.answer)(service.state().clone(), cloud.cx(), request).await;
    let (parts, mut body): (http::response::Parts, Body) = Response::into_parts(answer);
    let body = body.collect(1 << 20, || cumulet_core::AwsError::internal("large")).await.unwrap();
    (parts.status.as_u16(), parts.headers, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn a_website_has_index_and_error_documents() {
    let cloud = cloud().await;
    let (status, _, page) = visit(&cloud, "GET /", &[]).await;
    assert_eq!(status, 404);
    assert!(page.contains("<li>Code: NoSuchWebsiteConfiguration</li>"), "{page}");
    let index = value!({"Suffix": "index.html"});
    site(&cloud, value!({"IndexDocument": index, "ErrorDocument": {"Key": "error.html"}})).await;
    let etag = put(&cloud, "index.html", "home").await;
    put(&cloud, "a/index.html", "a").await;
    assert_eq!(visit(&cloud, "GET /", &[]).await.2, "home");
    assert_eq!(visit(&cloud, "GET /a/", &[]).await.2, "a");
    let (status, headers, _) = visit(&cloud, "GET /a", &[]).await;
    assert_eq!((status, &headers["location"]), (302, &"/a/".parse().unwrap()));
    assert_eq!(visit(&cloud, "GET /", &[("if-none-match", &etag)]).await.0, 304);
    let (status, headers, page) = visit(&cloud, "GET /", &[("range", "bytes=1-2")]).await;
    assert_eq!((status, page.as_str(), &headers["etag"]), (206, "om", &etag.parse().unwrap()));
    let (status, _, page) = visit(&cloud, "GET /%3Cb%3E", &[]).await;
    assert!(status == 404 && page.contains("<li>Key: &lt;b&gt;</li>"), "{page}");
    assert!(page.contains("<li>Key: error.html</li>"), "{page}");
    put(&cloud, "error.html", "sorry").await;
    let (status, _, page) = visit(&cloud, "GET /none", &[]).await;
    assert_eq!((status, page.as_str()), (404, "sorry"));
    assert_eq!(visit(&cloud, "POST /", &[]).await.0, 405);
}

#[tokio::test]
async fn a_website_redirects() {
    let cloud = cloud().await;
    let to = async |line: &str| {
        let (status, headers, _) = visit(&cloud, line, &[]).await;
        (status, headers["location"].to_str().unwrap().to_owned())
    };
    site(&cloud, value!({"RedirectAllRequestsTo": {"HostName": "a.test", "Protocol": "https"}}))
        .await;
    assert_eq!(to("GET /x?y").await, (301, "https://a.test/x?y".into()));
    let old = value!({
        "Condition": {"KeyPrefixEquals": "old/"},
        "Redirect": {"ReplaceKeyPrefixWith": "new/", "HttpRedirectCode": "307"}
    });
    let none = value!({
        "Condition": {"HttpErrorCodeReturnedEquals": "404"}, "Redirect": {"HostName": "a.test"}
    });
    site(&cloud, value!({"IndexDocument": {"Suffix": "i"}, "RoutingRules": [old, none]})).await;
    assert_eq!(to("GET /old/x").await, (307, format!("http://{SITE}/new/x")));
    assert_eq!(to("GET /none").await, (301, "http://a.test/none".into()));
    let input = object("i", &[("WebsiteRedirectLocation", "/there".into())]);
    cloud.send("s3.PutObject", input, "").await.unwrap();
    assert_eq!(to("GET /").await, (301, "/there".into()));
}
