//! Server access logs.

use std::time::Duration;

use cumulet_core::{Body, Cx, Origin};
use cumulet_testkit::{TestCloud, at, text, value};
use http::{Request, Response};

use crate::calls::{cloud, get};

/// A request that the program answered, as S3 hears of it.
fn answered(
    cloud: &TestCloud,
    operation: &str,
    uri: &str,
    error: Option<&str>,
    body: &'static str,
) {
    let request = Request::get(uri).header("user-agent", "me").body(()).unwrap();
    let http = Some(request.into_parts().0.into());
    let cx = Cx::new(cloud.cloud(), cloud.world(), Origin { http, ..Origin::local() });
    let s3 = cloud.cloud().service("s3").unwrap();
    let answer = Response::new(Body::from(body));
    s3.description().answered.unwrap()(s3.state(), &cx, operation, error, &answer);
}

#[tokio::test]
async fn requests_are_logged_where_that_is_on() {
    let cloud = cloud().await;
    cloud.call("s3.CreateBucket", value!({"Bucket": "source"})).await;
    let to = value!({"TargetBucket": "bbb", "TargetPrefix": "logs/"});
    let status = value!({"LoggingEnabled": to});
    cloud
        .call("s3.PutBucketLogging", value!({"Bucket": "source", "BucketLoggingStatus": status}))
        .await;
    answered(&cloud, "GetObject", "/source/a%20b?versionId=c", None, "xyz");
    answered(&cloud, "GetObject", "/bbb/k", None, "not logged");
    answered(&cloud, "GetBucketTagging", "/source?tagging", Some("NoSuchTagSet"), "");
    cloud.advance(Duration::from_secs(10)).await;
    let list = cloud.call("s3.ListObjectsV2", value!({"Bucket": "bbb"})).await;
    let key = text(at(&list, "Contents.0"), "Key").to_owned();
    assert!(key.starts_with("logs/2026-11-22-00-00-10-"), "{key}");
    let (answer, log) = get(&cloud, &key, &[]).await.unwrap();
    assert_eq!(text(&answer, "ContentType"), "text/plain");
    let lines: Vec<_> = log.lines().collect();
    let [get, tagging] = lines[..] else { panic!("{log}") };
    assert!(get.contains(" source [22/Nov/2026:00:00:00 +0000] 127.0.0.1 - "), "{get}");
    assert!(
        get.contains(" REST.GET.OBJECT a%20b \"GET /source/a%20b?versionId=c HTTP/1.1\" 200 - 3 3 - - \"-\" \"me\" "),
        "{get}"
    );
    assert!(tagging.contains(" REST.GET.TAGGING - "), "{tagging}");
    assert!(tagging.contains(" 200 NoSuchTagSet - - - - "), "{tagging}");
}

#[tokio::test]
async fn logs_may_lie_by_account_region_and_day() {
    let cloud = cloud().await;
    let format = value!({"PartitionedPrefix": {"PartitionDateSource": "EventTime"}});
    let to = value!({"TargetBucket": "bbb", "TargetPrefix": "", "TargetObjectKeyFormat": format});
    let status = value!({"LoggingEnabled": to});
    cloud
        .call("s3.PutBucketLogging", value!({"Bucket": "bbb", "BucketLoggingStatus": status}))
        .await;
    answered(&cloud, "HeadBucket", "/bbb", None, "");
    cloud.advance(Duration::from_secs(10)).await;
    let list = cloud.call("s3.ListObjectsV2", value!({"Bucket": "bbb"})).await;
    let key = text(at(&list, "Contents.0"), "Key");
    let place = "000000000000/us-east-1/bbb/2026/11/22/2026-11-22-00-00-00-";
    assert!(key.starts_with(place), "{key}");
}
