//! Object lock: what may not be deleted, and until when.

use std::time::Duration;

use cumulet_core::{Timestamp, Value};
use cumulet_store::Platform;
use cumulet_testkit::{TestCloud, at, text, value};

use crate::calls::{member, object};

const PROTECTED: &str = "Access Denied because object protected by object lock.";

/// A cloud whose bucket has object lock.
async fn locked() -> TestCloud {
    let cloud = TestCloud::new([cumulet_s3::service(&Platform::default())]);
    let input = value!({"Bucket": "bbb", "ObjectLockEnabledForBucket": true});
    cloud.call("s3.CreateBucket", input).await;
    cloud
}

fn hours(hours: i64) -> Value {
    Value::Timestamp(Timestamp::from_secs(TestCloud::START.secs() + hours * 3600))
}

fn retention(mode: &str, until: i64) -> (&'static str, Value) {
    ("Retention", Value::map([("Mode", mode.into()), ("RetainUntilDate", hours(until))]))
}

/// Puts an object; its version as a member of more input.
async fn put(cloud: &TestCloud, more: &[(&str, Value)]) -> (&'static str, Value) {
    let (answer, _) = cloud.send("s3.PutObject", object("k", more), "x").await.unwrap();
    ("VersionId", at(&answer, "VersionId").clone())
}

#[tokio::test]
async fn a_retained_version_stays_until_its_time() {
    for (mode, bypassed) in [("GOVERNANCE", true), ("COMPLIANCE", false)] {
        let cloud = locked().await;
        let lock = [("ObjectLockMode", mode.into()), ("ObjectLockRetainUntilDate", hours(2))];
        let id = put(&cloud, &lock).await;
        let head = cloud.call("s3.HeadObject", object("k", &[])).await;
        assert_eq!(
            (text(&head, "ObjectLockMode"), head.get("ObjectLockLegalHoldStatus")),
            (mode, None)
        );
        let delete = object("k", std::slice::from_ref(&id));
        let error = cloud.fail("s3.DeleteObject", delete.clone()).await;
        assert_eq!((error.code(), error.message()), ("AccessDenied", PROTECTED));
        let bypass = [id.clone(), ("BypassGovernanceRetention", true.into())];
        let outcome = cloud.try_call("s3.DeleteObject", object("k", &bypass)).await;
        assert_eq!(outcome.is_ok(), bypassed);
        cloud.call("s3.DeleteObject", object("k", &[])).await;
        cloud.advance(Duration::from_hours(2)).await;
        cloud.call("s3.DeleteObject", delete).await;
    }
}

#[tokio::test]
async fn a_legal_hold_stays_until_it_is_taken_off() {
    let cloud = locked().await;
    let id = put(&cloud, &[]).await;
    let error = cloud.fail("s3.GetObjectLegalHold", object("k", &[])).await;
    assert_eq!(error.code(), "NoSuchObjectLockConfiguration");
    let hold = |status: &str| object("k", &[("LegalHold", value!({"Status": status}))]);
    cloud.call("s3.PutObjectLegalHold", hold("ON")).await;
    let found = cloud.call("s3.GetObjectLegalHold", object("k", &[])).await;
    assert_eq!(text(&found, "LegalHold.Status"), "ON");
    let one = Value::map([("Key", "k".into()), id.clone()]);
    let many = value!({"Bucket": "bbb", "Delete": {"Objects": [one]}});
    let answer = cloud.call("s3.DeleteObjects", many).await;
    assert_eq!(text(&answer, "Errors.0.Message"), PROTECTED);
    cloud.call("s3.PutObjectLegalHold", hold("OFF")).await;
    cloud.call("s3.DeleteObject", object("k", &[id])).await;
    assert_eq!(cloud.fail("s3.PutObjectLegalHold", hold("on")).await.code(), "MalformedXML");
}

#[tokio::test]
async fn a_retention_shrinks_only_with_a_bypass() {
    let cloud = locked().await;
    put(&cloud, &[]).await;
    let set =
        |more: &[(&'static str, Value)]| cloud.try_call("s3.PutObjectRetention", object("k", more));
    set(&[retention("GOVERNANCE", 4)]).await.unwrap();
    assert_eq!(set(&[retention("GOVERNANCE", 2)]).await.unwrap_err().message(), PROTECTED);
    set(&[retention("GOVERNANCE", 5)]).await.unwrap();
    let bypass = ("BypassGovernanceRetention", true.into());
    set(&[retention("GOVERNANCE", 2), bypass]).await.unwrap();
    let found = cloud.call("s3.GetObjectRetention", object("k", &[])).await;
    assert_eq!(at(&found, "Retention.RetainUntilDate"), &hours(2));
    let error = set(&[retention("GOVERNANCE", -1)]).await.unwrap_err();
    assert_eq!(error.message(), "The retain until date must be in the future!");
    let half = [("Retention", value!({"Mode": "GOVERNANCE"}))];
    for bad in [retention("X", 9), half[0].clone()] {
        assert_eq!(set(&[bad]).await.unwrap_err().code(), "MalformedXML");
    }
}

#[tokio::test]
async fn a_bucket_retains_by_default() {
    let cloud = locked().await;
    let rule = value!({"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}});
    let configuration = value!({"ObjectLockEnabled": "Enabled", "Rule": rule});
    let input = value!({"Bucket": "bbb", "ObjectLockConfiguration": configuration});
    cloud.call("s3.PutObjectLockConfiguration", input).await;
    let found = cloud.call("s3.GetObjectLockConfiguration", value!({"Bucket": "bbb"})).await;
    let default = at(&found, "ObjectLockConfiguration.Rule.DefaultRetention");
    assert_eq!((text(default, "Mode"), at(default, "Days").as_i64()), ("GOVERNANCE", Some(1)));
    put(&cloud, &[]).await;
    let head = cloud.call("s3.HeadObject", object("k", &[])).await;
    assert_eq!(at(&head, "ObjectLockRetainUntilDate"), &hours(24));
    let copy = object("copy", &[("CopySource", "bbb/k".into())]);
    cloud.advance(Duration::from_hours(1)).await;
    cloud.call("s3.CopyObject", copy).await;
    let head = cloud.call("s3.HeadObject", object("copy", &[])).await;
    assert_eq!(at(&head, "ObjectLockRetainUntilDate"), &hours(25));
}

#[tokio::test]
async fn a_lock_has_rules() {
    let cloud = locked().await;
    for (more, argument) in [
        (vec![("ObjectLockMode", "GOVERNANCE".into())], "x-amz-object-lock-retain-until-date"),
        (vec![("ObjectLockRetainUntilDate", hours(1))], "x-amz-object-lock-mode"),
        (
            vec![("ObjectLockMode", "X".into()), ("ObjectLockRetainUntilDate", hours(1))],
            "x-amz-object-lock-mode",
        ),
    ] {
        let error = cloud.send("s3.PutObject", object("k", &more), "x").await.unwrap_err();
        assert_eq!(member(&error, "ArgumentName"), Some(argument));
    }
    let suspend = value!({"Bucket": "bbb", "VersioningConfiguration": {"Status": "Suspended"}});
    assert_eq!(cloud.fail("s3.PutBucketVersioning", suspend).await.code(), "InvalidBucketState");
    let bad = value!({"Bucket": "bbb", "ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled", "Rule": {}}});
    assert_eq!(cloud.fail("s3.PutObjectLockConfiguration", bad).await.code(), "MalformedXML");
}

#[tokio::test]
async fn a_bucket_without_a_lock_has_no_locked_objects() {
    let cloud = crate::calls::cloud().await;
    let held = object("k", &[("ObjectLockLegalHoldStatus", "ON".into())]);
    let error = cloud.send("s3.PutObject", held, "x").await.unwrap_err();
    assert_eq!(error.message(), "Bucket is missing Object Lock Configuration");
    let error = cloud.fail("s3.GetObjectLockConfiguration", value!({"Bucket": "bbb"})).await;
    assert_eq!(error.code(), "ObjectLockConfigurationNotFoundError");
    let bypass = object("k", &[("BypassGovernanceRetention", false.into())]);
    let error = cloud.fail("s3.DeleteObject", bypass).await;
    assert_eq!(member(&error, "ArgumentName"), Some("x-amz-bypass-governance-retention"));
    let enable =
        value!({"Bucket": "bbb", "ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}});
    let error = cloud.fail("s3.PutObjectLockConfiguration", enable).await;
    assert_eq!(error.code(), "InvalidBucketState");
}

#[tokio::test]
async fn event_holds_are_not_here() {
    let cloud = locked().await;
    let held = object("k", &[("ObjectLockEventHold", "ON".into())]);
    let error = cloud.send("s3.PutObject", held, "x").await.unwrap_err();
    assert_eq!(error.code(), "NotImplemented");
    put(&cloud, &[]).await;
    let held = object("k", &[("Retention", value!({"EventHold": "ON"}))]);
    assert_eq!(cloud.fail("s3.PutObjectRetention", held).await.code(), "NotImplemented");
}
