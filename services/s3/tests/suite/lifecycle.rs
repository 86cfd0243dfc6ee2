//! Lifecycle: what it refuses, what it tells, and what it does as the clock goes.

use std::time::Duration;

use cumulet_core::Value;
use cumulet_testkit::{TestCloud, at, text, value};

use crate::calls::{cloud, get, object, put};

const LIFECYCLE: &str = "s3.PutBucketLifecycleConfiguration";

fn rules(rules: Value) -> Value {
    value!({"Bucket": "bbb", "LifecycleConfiguration": {"Rules": rules}})
}

/// A cloud whose bucket has one rule, made of what is common to all and `more`.
async fn ruled(more: &[(&str, Value)]) -> TestCloud {
    let cloud = cloud().await;
    cloud.call(LIFECYCLE, rules(Value::List(vec![rule(more)]))).await;
    cloud
}

fn rule(more: &[(&str, Value)]) -> Value {
    let common = [("ID", "r".into()), ("Status", "Enabled".into())];
    let filter = ("Filter", value!({"Prefix": "a"}));
    let filter = more.iter().all(|(name, _)| *name != "Filter").then_some(filter);
    Value::map(common.into_iter().chain(filter).chain(more.iter().cloned()))
}

async fn days(cloud: &TestCloud, n: u64) {
    cloud.advance(Duration::from_hours(24 * n)).await;
}

async fn keys(cloud: &TestCloud) -> Vec<String> {
    let list = cloud.call("s3.ListObjectsV2", value!({"Bucket": "bbb"})).await;
    let objects = list.get("Contents").map(|c| c.items().to_vec()).unwrap_or_default();
    objects.iter().map(|o| text(o, "Key").to_owned()).collect()
}

/// Versions and delete markers.
async fn versions(cloud: &TestCloud) -> (usize, usize) {
    let list = cloud.call("s3.ListObjectVersions", value!({"Bucket": "bbb"})).await;
    let count = |name: &str| list.get(name).map_or(0, |rows| rows.items().len());
    (count("Versions"), count("DeleteMarkers"))
}

async fn keep_versions(cloud: &TestCloud) {
    let enabled = value!({"Status": "Enabled"});
    let input = value!({"Bucket": "bbb", "VersioningConfiguration": enabled});
    cloud.call("s3.PutBucketVersioning", input).await;
}

#[tokio::test]
async fn objects_expire_after_days_and_say_so_before() {
    let cloud = ruled(&[("Expiration", value!({"Days": 1}))]).await;
    put(&cloud, "a", "1").await;
    put(&cloud, "b", "1").await;
    let (shown, _) = get(&cloud, "a", &[]).await.unwrap();
    let expiry = r#"expiry-date="Tue, 24 Nov 2026 00:00:00 GMT", rule-id="r""#;
    assert_eq!(text(&shown, "Expiration"), expiry);
    assert_eq!(get(&cloud, "b", &[]).await.unwrap().0.get("Expiration"), None);
    days(&cloud, 1).await;
    assert_eq!(keys(&cloud).await, ["a", "b"]);
    days(&cloud, 1).await;
    assert_eq!(keys(&cloud).await, ["b"]);
}

#[tokio::test]
async fn objects_expire_on_a_date() {
    let date = TestCloud::START.plus(Duration::from_hours(72));
    let cloud = ruled(&[("Expiration", Value::map([("Date", Value::Timestamp(date))]))]).await;
    put(&cloud, "a", "1").await;
    days(&cloud, 2).await;
    assert_eq!(keys(&cloud).await, ["a"]);
    days(&cloud, 1).await;
    assert!(keys(&cloud).await.is_empty());
}

#[tokio::test]
async fn a_disabled_or_deleted_configuration_does_nothing() {
    let cloud = ruled(&[("Expiration", value!({"Days": 1}))]).await;
    put(&cloud, "a", "1").await;
    cloud.call("s3.DeleteBucketLifecycle", value!({"Bucket": "bbb"})).await;
    days(&cloud, 9).await;
    assert_eq!(keys(&cloud).await, ["a"]);
    let error = cloud.fail("s3.GetBucketLifecycleConfiguration", value!({"Bucket": "bbb"})).await;
    assert_eq!(error.code(), "NoSuchLifecycleConfiguration");
}

#[tokio::test]
async fn tags_and_sizes_choose() {
    let and = value!({"And": {
        "Prefix": "a", "Tags": [{"Key": "t", "Value": "1"}], "ObjectSizeGreaterThan": 2}});
    let cloud = ruled(&[("Filter", and), ("Expiration", value!({"Days": 1}))]).await;
    for (key, tags, body) in
        [("a1", "t=1", "123"), ("a2", "t=2", "123"), ("a3", "t=1", "12"), ("b", "t=1", "123")]
    {
        let input = object(key, &[("Tagging", tags.into())]);
        cloud.send("s3.PutObject", input, body).await.unwrap();
    }
    days(&cloud, 2).await;
    assert_eq!(keys(&cloud).await, ["a2", "a3", "b"]);
}

#[tokio::test]
async fn versions_and_markers_go_in_their_turn() {
    let cloud = ruled(&[
        ("Expiration", value!({"Days": 10})),
        (
            "NoncurrentVersionExpiration",
            value!({"NoncurrentDays": 1, "NewerNoncurrentVersions": 1}),
        ),
    ])
    .await;
    keep_versions(&cloud).await;
    for body in ["1", "2", "3"] {
        put(&cloud, "a", body).await;
    }
    assert_eq!(versions(&cloud).await, (3, 0));
    days(&cloud, 2).await;
    assert_eq!(versions(&cloud).await, (2, 0));
    days(&cloud, 9).await;
    assert_eq!(versions(&cloud).await, (2, 1));
    assert!(keys(&cloud).await.is_empty());
}

#[tokio::test]
async fn a_delete_marker_with_nothing_behind_it_goes() {
    let marker = value!({"ExpiredObjectDeleteMarker": true});
    let cloud = ruled(&[("Expiration", marker)]).await;
    keep_versions(&cloud).await;
    put(&cloud, "a2", "1").await;
    for key in ["a1", "a2"] {
        cloud.call("s3.DeleteObject", object(key, &[])).await;
    }
    assert_eq!(versions(&cloud).await, (1, 2));
    days(&cloud, 1).await;
    assert_eq!(versions(&cloud).await, (1, 1));
}

#[tokio::test]
async fn large_objects_change_their_class() {
    let moves = value!([{"Days": 30, "StorageClass": "STANDARD_IA"}, {"Days": 60, "StorageClass": "GLACIER"}]);
    let cloud = ruled(&[("Transitions", moves)]).await;
    put(&cloud, "a small", "1").await;
    let large = "x".repeat(128 << 10);
    cloud.send("s3.PutObject", object("a large", &[]), large).await.unwrap();
    for (after, class) in [(31, Some("STANDARD_IA")), (30, Some("GLACIER"))] {
        days(&cloud, after).await;
        let head = cloud.call("s3.HeadObject", object("a large", &[])).await;
        assert_eq!(head.get("StorageClass").and_then(Value::as_str), class);
    }
    let head = cloud.call("s3.HeadObject", object("a small", &[])).await;
    assert_eq!(head.get("StorageClass"), None);
}

#[tokio::test]
async fn uploads_are_given_up() {
    let abort = value!({"DaysAfterInitiation": 1});
    let cloud = ruled(&[("AbortIncompleteMultipartUpload", abort)]).await;
    let begun = cloud.call("s3.CreateMultipartUpload", object("a", &[])).await;
    assert_eq!(text(&begun, "AbortRuleId"), "r");
    let uploads = || async {
        let list = cloud.call("s3.ListMultipartUploads", value!({"Bucket": "bbb"})).await;
        list.get("Uploads").map_or(0, |u| u.items().len())
    };
    days(&cloud, 1).await;
    assert_eq!(uploads().await, 1);
    days(&cloud, 1).await;
    assert_eq!(uploads().await, 0);
}

#[tokio::test]
async fn the_smallest_size_is_told_back() {
    let cloud = ruled(&[("Expiration", value!({"Days": 1}))]).await;
    let shown = cloud.call("s3.GetBucketLifecycleConfiguration", value!({"Bucket": "bbb"})).await;
    assert_eq!(text(&shown, "TransitionDefaultMinimumObjectSize"), "all_storage_classes_128K");
    assert_eq!(*at(&shown, "Rules.0.Expiration.Days"), 1.into());
    let input = value!({"Bucket": "bbb", "TransitionDefaultMinimumObjectSize": "value",
        "LifecycleConfiguration": {"Rules": []}});
    let error = cloud.fail(LIFECYCLE, input).await;
    assert_eq!(error.message(), "Invalid TransitionDefaultMinimumObjectSize found: value");
}

#[tokio::test]
async fn a_rule_has_its_rules() {
    let cloud = cloud().await;
    let day = ("Expiration", value!({"Days": 1}));
    let noon = Value::Timestamp(TestCloud::START.plus(Duration::from_hours(12)));
    let twice = value!([{"Key": "k", "Value": "1"}, {"Key": "k", "Value": "2"}]);
    for (more, code) in [
        (vec![], "InvalidRequest"),
        (vec![day.clone(), ("Prefix", "a".into())], "MalformedXML"),
        (vec![day.clone(), ("Status", "On".into())], "MalformedXML"),
        (vec![("Expiration", value!({"Days": 0}))], "InvalidArgument"),
        (vec![("Expiration", Value::map([("Date", noon)]))], "InvalidArgument"),
        (
            vec![("Expiration", value!({"Days": 1, "ExpiredObjectDeleteMarker": true}))],
            "MalformedXML",
        ),
        (vec![day.clone(), ("NoncurrentVersionExpiration", value!({}))], "MalformedXML"),
        (vec![day.clone(), ("Filter", value!({"And": {"Tags": twice}}))], "InvalidRequest"),
        (vec![day, ("Filter", value!({"Prefix": "", "ObjectSizeGreaterThan": 1}))], "MalformedXML"),
        (
            vec![("Transitions", value!([{"Days": 29, "StorageClass": "STANDARD_IA"}]))],
            "InvalidArgument",
        ),
    ] {
        let mut more = more;
        let given = match more.iter().position(|(name, _)| *name == "Status") {
            Some(i) => Value::map([more.swap_remove(i), ("Filter", value!({})), more.remove(0)]),
            None => rule(&more),
        };
        let error = cloud.fail(LIFECYCLE, rules(Value::List(vec![given]))).await;
        assert_eq!(error.code(), code, "{more:?}: {error}");
    }
}
