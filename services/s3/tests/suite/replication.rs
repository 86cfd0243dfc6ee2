//! Replication: what arrives where, and what each end says of it.

use cumulet_core::Value;
use cumulet_testkit::{TestCloud, text, value};

use crate::calls::{cloud, object, put};

/// Two buckets with versions; `rule` replicates from `bbb` to `ccc`.
async fn replicating(markers: &str, filter: Value) -> TestCloud {
    let cloud = cloud().await;
    let there = value!({"LocationConstraint": "eu-west-1"});
    let input = value!({"Bucket": "ccc", "CreateBucketConfiguration": there});
    cloud.call("s3.CreateBucket", input).await;
    for bucket in ["bbb", "ccc"] {
        let enabled = value!({"Status": "Enabled"});
        let input = value!({"Bucket": bucket, "VersioningConfiguration": enabled});
        cloud.call("s3.PutBucketVersioning", input).await;
    }
    cloud.call("s3.PutBucketReplication", rule(markers, filter)).await;
    cloud
}

fn rule(markers: &str, filter: Value) -> Value {
    let rule = value!({
        "Status": "Enabled", "Priority": 1, "Filter": filter,
        "DeleteMarkerReplication": {"Status": markers},
        "Destination": {"Bucket": "arn:aws:s3:::ccc", "StorageClass": "STANDARD_IA"}});
    let configuration = value!({"Role": "arn:aws:iam::000000000000:role/r", "Rules": [rule]});
    value!({"Bucket": "bbb", "ReplicationConfiguration": configuration})
}

async fn head(cloud: &TestCloud, bucket: &str, key: &str) -> Option<Value> {
    cloud.try_call("s3.HeadObject", value!({"Bucket": bucket, "Key": key})).await.ok()
}

#[tokio::test]
async fn a_replica_is_the_same_version_in_its_own_class() {
    let cloud = replicating("Disabled", value!({"Prefix": "a"})).await;
    put(&cloud, "a", "1").await;
    put(&cloud, "b", "1").await;
    let source = head(&cloud, "bbb", "a").await.unwrap();
    let replica = head(&cloud, "ccc", "a").await.unwrap();
    assert_eq!(text(&source, "ReplicationStatus"), "COMPLETED");
    assert_eq!(text(&replica, "ReplicationStatus"), "REPLICA");
    assert_eq!(text(&replica, "StorageClass"), "STANDARD_IA");
    assert_eq!(text(&source, "VersionId"), text(&replica, "VersionId"));
    assert_eq!(head(&cloud, "bbb", "b").await.unwrap().get("ReplicationStatus"), None);
    assert!(head(&cloud, "ccc", "b").await.is_none());
}

#[tokio::test]
async fn delete_markers_follow_if_the_rule_says_so() {
    for (markers, follows) in [("Enabled", true), ("Disabled", false)] {
        let cloud = replicating(markers, value!({"Prefix": ""})).await;
        put(&cloud, "a", "1").await;
        cloud.call("s3.DeleteObject", object("a", &[])).await;
        assert_eq!(head(&cloud, "ccc", "a").await.is_none(), follows);
    }
}

#[tokio::test]
async fn tags_choose_and_follow() {
    let tag = value!({"Key": "t", "Value": "1"});
    let cloud = replicating("Disabled", value!({"Tag": (tag.clone())})).await;
    put(&cloud, "a", "1").await;
    assert!(head(&cloud, "ccc", "a").await.is_none());
    let input = object("a", &[("Tagging", value!({"TagSet": [tag]}))]);
    cloud.call("s3.PutObjectTagging", input).await;
    assert!(head(&cloud, "ccc", "a").await.is_some());
}

#[tokio::test]
async fn both_ends_keep_versions() {
    let cloud = cloud().await;
    let error = cloud.fail("s3.PutBucketReplication", rule("Disabled", value!({}))).await;
    assert!(error.message().starts_with("Versioning must be 'Enabled'"), "{error}");
    let input = value!({"Bucket": "bbb"});
    let error = cloud.fail("s3.GetBucketReplication", input).await;
    assert_eq!(error.code(), "ReplicationConfigurationNotFoundError");

    let enabled = value!({"Status": "Enabled"});
    let input = value!({"Bucket": "bbb", "VersioningConfiguration": enabled});
    cloud.call("s3.PutBucketVersioning", input).await;
    let error = cloud.fail("s3.PutBucketReplication", rule("Disabled", value!({}))).await;
    assert_eq!(error.message(), "Destination bucket must have versioning enabled.");

    let cloud = replicating("Disabled", value!({})).await;
    let suspended = value!({"Status": "Suspended"});
    let input = value!({"Bucket": "bbb", "VersioningConfiguration": suspended});
    let error = cloud.fail("s3.PutBucketVersioning", input).await;
    assert_eq!(error.code(), "InvalidBucketState");
}
