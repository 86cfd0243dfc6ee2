//! Versions of objects.

use cumulet_core::{AwsError, Value};
use cumulet_testkit::{TestCloud, at, text, value};

use crate::calls::{cloud, get, member, object};

async fn versioning(cloud: &TestCloud, status: &str) {
    let input = value!({"Bucket": "bbb", "VersioningConfiguration": {"Status": status}});
    cloud.call("s3.PutBucketVersioning", input).await;
}

/// A cloud whose bucket keeps versions.
async fn versioned() -> TestCloud {
    let cloud = cloud().await;
    versioning(&cloud, "Enabled").await;
    cloud
}

/// Puts an object; its version, if the answer says one.
async fn put(cloud: &TestCloud, key: &str, body: &'static str) -> String {
    let (answer, _) = cloud.send("s3.PutObject", object(key, &[]), body).await.unwrap();
    answer.get("VersionId").and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn of(id: &str) -> [(&'static str, Value); 1] {
    [("VersionId", id.into())]
}

async fn list(cloud: &TestCloud, more: &[(&str, Value)]) -> Value {
    let bucket = [("Bucket", "bbb".into())];
    let input = Value::map(bucket.into_iter().chain(more.iter().cloned()));
    cloud.call("s3.ListObjectVersions", input).await
}

/// Key, id and whether it is the latest, of each row.
fn rows<'a>(answer: &'a Value, list: &str) -> Vec<(&'a str, &'a str, bool)> {
    let row = |v: &'a Value| {
        (text(v, "Key"), text(v, "VersionId"), at(v, "IsLatest") == &Value::Boolean(true))
    };
    at(answer, list).items().iter().map(row).collect()
}

fn header<'a>(error: &'a AwsError, name: &str) -> Option<&'a str> {
    error.headers().iter().find(|(n, _)| *n == name).map(|(_, value)| value.as_str())
}

#[tokio::test]
async fn a_bucket_says_whether_it_keeps_versions() {
    let cloud = cloud().await;
    let status = async || {
        let answer = cloud.call("s3.GetBucketVersioning", value!({"Bucket": "bbb"})).await;
        answer.get("Status").and_then(Value::as_str).map(str::to_owned)
    };
    assert_eq!(status().await, None);
    for named in ["Suspended", "Enabled"] {
        versioning(&cloud, named).await;
        assert_eq!(status().await.as_deref(), Some(named));
    }
    let bad = value!({"Bucket": "bbb", "VersioningConfiguration": {"Status": "enabled"}});
    assert_eq!(cloud.fail("s3.PutBucketVersioning", bad).await.code(), "MalformedXML");
    let empty = value!({"Bucket": "bbb", "VersioningConfiguration": {}});
    let error = cloud.fail("s3.PutBucketVersioning", empty).await;
    assert_eq!(error.code(), "IllegalVersioningConfigurationException");
}

#[tokio::test]
async fn every_write_makes_a_version() {
    let cloud = versioned().await;
    let (old, new) = (put(&cloud, "k", "old").await, put(&cloud, "k", "new").await);
    assert_eq!((old.len(), new.len()), (32, 32));
    let (answer, body) = get(&cloud, "k", &[]).await.unwrap();
    assert_eq!((body.as_str(), text(&answer, "VersionId")), ("new", new.as_str()));
    let (answer, body) = get(&cloud, "k", &of(&old)).await.unwrap();
    assert_eq!((body.as_str(), text(&answer, "VersionId")), ("old", old.as_str()));
    let answer = list(&cloud, &[]).await;
    assert_eq!(rows(&answer, "Versions"), [("k", &*new, true), ("k", &*old, false)]);
    let keys = cloud.call("s3.ListObjectsV2", value!({"Bucket": "bbb"})).await;
    assert_eq!(at(&keys, "KeyCount").as_i64(), Some(1));
}

#[tokio::test]
async fn an_object_from_before_is_the_null_version() {
    let cloud = cloud().await;
    assert_eq!(put(&cloud, "k", "before").await, "");
    assert_eq!(get(&cloud, "k", &of("null")).await.unwrap().0.get("VersionId"), None);
    versioning(&cloud, "Enabled").await;
    let id = put(&cloud, "k", "after").await;
    let (answer, body) = get(&cloud, "k", &of("null")).await.unwrap();
    assert_eq!((body.as_str(), text(&answer, "VersionId")), ("before", "null"));
    versioning(&cloud, "Suspended").await;
    for body in ["x", "suspended"] {
        assert_eq!(put(&cloud, "k", body).await, "");
    }
    let answer = list(&cloud, &[]).await;
    assert_eq!(rows(&answer, "Versions"), [("k", "null", true), ("k", &*id, false)]);
    assert_eq!(get(&cloud, "k", &of("null")).await.unwrap().1, "suspended");
    let gone = cloud.call("s3.DeleteObject", object("k", &[])).await;
    assert_eq!(text(&gone, "VersionId"), "null");
    let answer = list(&cloud, &[]).await;
    assert_eq!(rows(&answer, "Versions"), [("k", &*id, false)]);
    assert_eq!(rows(&answer, "DeleteMarkers"), [("k", "null", true)]);
}

#[tokio::test]
async fn a_deletion_leaves_a_marker() {
    let cloud = versioned().await;
    let id = put(&cloud, "k", "x").await;
    let gone = cloud.call("s3.DeleteObject", object("k", &[])).await;
    let marker = text(&gone, "VersionId");
    assert_eq!(at(&gone, "DeleteMarker"), &Value::Boolean(true));
    let error = get(&cloud, "k", &[]).await.unwrap_err();
    assert_eq!((error.code(), header(&error, "x-amz-delete-marker")), ("NoSuchKey", Some("true")));
    assert_eq!(header(&error, "x-amz-version-id"), Some(marker));
    let error = get(&cloud, "k", &of(marker)).await.unwrap_err();
    assert_eq!((error.code(), error.status().as_u16()), ("MethodNotAllowed", 405));
    assert_eq!(member(&error, "ResourceType"), Some("DeleteMarker"));
    assert_eq!(header(&error, "allow"), Some("DELETE"));
    assert!(header(&error, "last-modified").is_some());
    let copy = object("c", &[("CopySource", format!("bbb/k?versionId={marker}").into())]);
    assert_eq!(cloud.fail("s3.CopyObject", copy).await.code(), "InvalidRequest");
    let keys = cloud.call("s3.ListObjectsV2", value!({"Bucket": "bbb"})).await;
    assert_eq!(at(&keys, "KeyCount").as_i64(), Some(0));
    let undone = cloud.call("s3.DeleteObject", object("k", &of(marker))).await;
    assert_eq!(at(&undone, "DeleteMarker"), &Value::Boolean(true));
    assert_eq!(text(&get(&cloud, "k", &[]).await.unwrap().0, "VersionId"), id);
}

#[tokio::test]
async fn a_version_is_deleted_for_good() {
    let cloud = versioned().await;
    let (old, new) = (put(&cloud, "k", "old").await, put(&cloud, "k", "new").await);
    for id in [&new, &new] {
        let gone = cloud.call("s3.DeleteObject", object("k", &of(id))).await;
        assert_eq!((text(&gone, "VersionId"), gone.get("DeleteMarker")), (id.as_str(), None));
    }
    assert_eq!(text(&get(&cloud, "k", &[]).await.unwrap().0, "VersionId"), old);
    let error = get(&cloud, "k", &of(&new)).await.unwrap_err();
    assert_eq!((error.code(), member(&error, "VersionId")), ("NoSuchVersion", Some(&*new)));
    let error = cloud.fail("s3.DeleteObject", object("k", &of("made-up"))).await;
    assert_eq!(error.message(), "Invalid version id specified");
    let error = cloud.fail("s3.DeleteBucket", value!({"Bucket": "bbb"})).await;
    assert!(error.message().ends_with("You must delete all versions in the bucket."));
}

#[tokio::test]
async fn many_versions_go_at_once() {
    let cloud = versioned().await;
    let id = put(&cloud, "k", "x").await;
    let delete = async |objects: Value| {
        let input = value!({"Bucket": "bbb", "Delete": {"Objects": objects}});
        cloud.call("s3.DeleteObjects", input).await
    };
    let gone = delete(value!([{"Key": "k"}])).await;
    let marker = text(&gone, "Deleted.0.DeleteMarkerVersionId");
    assert_eq!(at(&gone, "Deleted.0").get("VersionId"), None);
    let gone = delete(value!([
        {"Key": "k", "VersionId": marker},
        {"Key": "k", "VersionId": (id.as_str())},
        {"Key": "k", "VersionId": "HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD"},
    ]))
    .await;
    assert_eq!(text(&gone, "Deleted.0.DeleteMarkerVersionId"), marker);
    assert_eq!(at(&gone, "Deleted.1").get("DeleteMarker"), None);
    assert_eq!(text(&gone, "Errors.0.Code"), "NoSuchVersion");
    assert!(rows(&list(&cloud, &[]).await, "Versions").is_empty());
}

#[tokio::test]
async fn a_copy_has_a_version_of_a_version() {
    let cloud = versioned().await;
    let old = put(&cloud, "k", "old").await;
    put(&cloud, "k", "new").await;
    let source = [("CopySource", format!("bbb/k?versionId={old}").into())];
    let answer = cloud.call("s3.CopyObject", object("k", &source)).await;
    assert_eq!(text(&answer, "CopySourceVersionId"), old);
    let (current, body) = get(&cloud, "k", &[]).await.unwrap();
    assert_eq!((body.as_str(), text(&current, "VersionId")), ("old", text(&answer, "VersionId")));
}

#[tokio::test]
async fn versions_are_listed_page_by_page() {
    let cloud = versioned().await;
    for key in ["a", "a", "b/1", "b/1", "c"] {
        put(&cloud, key, "x").await;
    }
    cloud.call("s3.DeleteObject", object("a", &[])).await;
    let all = list(&cloud, &[]).await;
    assert_eq!(rows(&all, "Versions").len(), 5);
    let mut seen = Vec::new();
    let mut more = vec![("MaxKeys", 1.into()), ("Delimiter", "/".into())];
    loop {
        let page = list(&cloud, &more).await;
        seen.extend(rows(&page, "Versions").iter().map(|(key, ..)| (*key).to_owned()));
        seen.extend(rows(&page, "DeleteMarkers").iter().map(|(key, ..)| format!("-{key}")));
        let prefixes = at(&page, "CommonPrefixes").items().iter();
        seen.extend(prefixes.map(|p| text(p, "Prefix").to_owned()));
        let Some(key) = page.get("NextKeyMarker") else { break };
        more.truncate(2);
        more.push(("KeyMarker", key.clone()));
        more.extend(page.get("NextVersionIdMarker").map(|id| ("VersionIdMarker", id.clone())));
    }
    assert_eq!(seen, ["-a", "a", "a", "b/", "c"]);
    let bad = value!({"Bucket": "bbb", "VersionIdMarker": "x"});
    let error = cloud.fail("s3.ListObjectVersions", bad).await;
    assert_eq!(member(&error, "ArgumentName"), Some("version-id-marker"));
}

#[tokio::test]
async fn a_deleted_object_counts_as_absent() {
    let cloud = versioned().await;
    put(&cloud, "k", "x").await;
    let create = || cloud.send("s3.PutObject", object("k", &[("IfNoneMatch", "*".into())]), "x");
    assert_eq!(create().await.unwrap_err().code(), "PreconditionFailed");
    cloud.call("s3.DeleteObject", object("k", &[])).await;
    create().await.unwrap();
}

#[tokio::test]
async fn versions_may_need_a_second_factor_to_go() {
    let cloud = cloud().await;
    let on = value!({"Status": "Enabled", "MFADelete": "Enabled"});
    let on = value!({"Bucket": "bbb", "VersioningConfiguration": on});
    let with = |input: &Value| match input.clone() {
        Value::Map(mut map) => {
            map.push(("MFA".to_owned(), "arn:aws:iam::000000000000:mfa/me 123456".into()));
            Value::Map(map)
        }
        other => other,
    };
    let refused = cloud.fail("s3.PutBucketVersioning", on.clone()).await;
    assert_eq!(
        (refused.code(), refused.message()),
        ("AccessDenied", "Mfa Authentication must be used for this request")
    );
    cloud.call("s3.PutBucketVersioning", with(&on)).await;
    let versioning = cloud.call("s3.GetBucketVersioning", value!({"Bucket": "bbb"})).await;
    assert_eq!(text(&versioning, "MFADelete"), "Enabled");
    put(&cloud, "k", "x").await;
    let marker = cloud.call("s3.DeleteObject", object("k", &[])).await;
    let id = text(&marker, "VersionId");
    let delete = object("k", &[("VersionId", id.into())]);
    assert_eq!(cloud.fail("s3.DeleteObject", delete.clone()).await.code(), "AccessDenied");
    cloud.call("s3.DeleteObject", with(&delete)).await;
    let off = value!({"Bucket": "bbb", "VersioningConfiguration": {"Status": "Suspended"}});
    assert_eq!(cloud.fail("s3.PutBucketVersioning", off.clone()).await.code(), "AccessDenied");
    cloud.call("s3.PutBucketVersioning", with(&off)).await;
}
