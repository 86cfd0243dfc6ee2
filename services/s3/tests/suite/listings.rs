//! Listings of objects.

use cumulet_core::Value;
use cumulet_testkit::{TestCloud, at, text, value};

use crate::calls::{cloud, put};

async fn filled(keys: &[&str]) -> TestCloud {
    let cloud = cloud().await;
    for key in keys {
        put(&cloud, key, "x").await;
    }
    cloud
}

async fn list(cloud: &TestCloud, operation: &str, more: &[(&str, Value)]) -> Value {
    let bucket = [("Bucket", "bbb".into())];
    cloud.call(operation, Value::map(bucket.into_iter().chain(more.iter().cloned()))).await
}

fn texts<'a>(answer: &'a Value, list: &str, member: &str) -> Vec<&'a str> {
    at(answer, list).items().iter().map(|item| text(item, member)).collect()
}

const TREE: [&str; 6] = ["a", "dir/a", "dir/sub/x", "dir/sub/y", "dir/z", "e"];

#[tokio::test]
async fn a_delimiter_makes_folders() {
    let cloud = filled(&TREE).await;
    let more = [("Delimiter", "/".into()), ("Prefix", "dir/".into())];
    for operation in ["s3.ListObjects", "s3.ListObjectsV2"] {
        let answer = list(&cloud, operation, &more).await;
        assert_eq!(texts(&answer, "Contents", "Key"), ["dir/a", "dir/z"]);
        assert_eq!(texts(&answer, "CommonPrefixes", "Prefix"), ["dir/sub/"]);
        assert_eq!(at(&answer, "IsTruncated"), &Value::Boolean(false));
        assert_eq!(text(&answer, "Contents.0.ChecksumAlgorithm.0"), "CRC64NVME");
    }
}

#[tokio::test]
async fn the_first_version_goes_on_by_marker() {
    let cloud = filled(&TREE).await;
    let mut seen = Vec::new();
    let mut marker = String::new();
    loop {
        let more =
            [("Delimiter", "/".into()), ("MaxKeys", 1.into()), ("Marker", marker.as_str().into())];
        let answer = list(&cloud, "s3.ListObjects", &more).await;
        seen.extend(texts(&answer, "Contents", "Key").into_iter().map(str::to_owned));
        seen.extend(texts(&answer, "CommonPrefixes", "Prefix").into_iter().map(str::to_owned));
        assert_eq!(text(&answer, "Marker"), marker);
        match answer.get("NextMarker") {
            Some(next) => marker = next.as_str().unwrap().to_owned(),
            None => break,
        }
    }
    assert_eq!(seen, ["a", "dir/", "e"]);
    let answer = list(&cloud, "s3.ListObjects", &[("MaxKeys", 1.into())]).await;
    assert_eq!(at(&answer, "IsTruncated"), &Value::Boolean(true));
    assert_eq!(answer.get("NextMarker"), None);
    assert_eq!(text(&answer, "Contents.0.Owner.ID").len(), 64);
}

#[tokio::test]
async fn the_second_version_goes_on_by_token() {
    let cloud = filled(&TREE).await;
    let first = list(&cloud, "s3.ListObjectsV2", &[("MaxKeys", 4.into())]).await;
    assert_eq!(at(&first, "KeyCount").as_i64(), Some(4));
    assert_eq!(first.get("Marker"), None);
    assert_eq!(at(&first, "Contents.0").get("Owner"), None);
    let token = text(&first, "NextContinuationToken");
    let more = [("ContinuationToken", token.into()), ("StartAfter", "z".into())];
    let rest = list(&cloud, "s3.ListObjectsV2", &more).await;
    assert_eq!(texts(&rest, "Contents", "Key"), ["dir/z", "e"]);
    let more = [("StartAfter", "dir/z".into()), ("FetchOwner", true.into())];
    let rest = list(&cloud, "s3.ListObjectsV2", &more).await;
    assert_eq!(texts(&rest, "Contents", "Key"), ["e"]);
    assert_eq!(text(&rest, "Contents.0.Owner.ID").len(), 64);
    let bad = value!({"Bucket": "bbb", "ContinuationToken": "?"});
    assert_eq!(cloud.fail("s3.ListObjectsV2", bad).await.code(), "InvalidArgument");
}

#[tokio::test]
async fn keys_can_be_encoded() {
    let cloud = filled(&["a b/é%2F", "a b/+"]).await;
    let more = [("EncodingType", "url".into()), ("Prefix", "a b".into())];
    let answer = list(&cloud, "s3.ListObjectsV2", &more).await;
    assert_eq!(texts(&answer, "Contents", "Key"), ["a+b/%2B", "a+b/%C3%A9%252F"]);
    assert_eq!(text(&answer, "Prefix"), "a+b");
}

#[tokio::test]
async fn a_page_has_bounds() {
    let cloud = filled(&["a", "b"]).await;
    let answer = list(&cloud, "s3.ListObjectsV2", &[("MaxKeys", 0.into())]).await;
    assert_eq!(at(&answer, "IsTruncated"), &Value::Boolean(false));
    assert_eq!(
        (at(&answer, "KeyCount").as_i64(), at(&answer, "Contents").items().len()),
        (Some(0), 0)
    );
    let answer = list(&cloud, "s3.ListObjectsV2", &[("MaxKeys", 5000.into())]).await;
    assert_eq!(at(&answer, "MaxKeys").as_i64(), Some(1000));
    let bad = value!({"Bucket": "bbb", "MaxKeys": (-1)});
    assert_eq!(cloud.fail("s3.ListObjects", bad).await.code(), "InvalidArgument");
}

#[tokio::test]
async fn a_bucket_lists_its_own_objects_only() {
    let cloud = filled(&["a"]).await;
    for bucket in ["bba", "bbc"] {
        cloud.call("s3.CreateBucket", value!({"Bucket": bucket})).await;
        let input = value!({"Bucket": bucket, "Key": "other"});
        cloud.send("s3.PutObject", input, "x").await.unwrap();
    }
    assert_eq!(texts(&list(&cloud, "s3.ListObjects", &[]).await, "Contents", "Key"), ["a"]);
}
