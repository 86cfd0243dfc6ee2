//! What is attached to a version and changes without it: tags, access control lists, restored
//! copies.

use std::time::Duration;

use cumulet_core::Value;
use cumulet_testkit::{TestCloud, at, text, value};

use crate::calls::{cloud, get, member, object, put};

async fn versioned() -> TestCloud {
    let cloud = cloud().await;
    let input = value!({"Bucket": "bbb", "VersioningConfiguration": {"Status": "Enabled"}});
    cloud.call("s3.PutBucketVersioning", input).await;
    cloud
}

fn tags(tags: Value) -> (&'static str, Value) {
    ("Tagging", value!({"TagSet": tags}))
}

#[tokio::test]
async fn each_version_has_its_own_tags() {
    let cloud = versioned().await;
    let tagged = object("k", &[("Tagging", "a=1&b".into())]);
    let (old, _) = cloud.send("s3.PutObject", tagged, "old").await.unwrap();
    let old = ("VersionId", at(&old, "VersionId").clone());
    put(&cloud, "k", "new").await;
    let found = cloud.call("s3.GetObjectTagging", object("k", std::slice::from_ref(&old))).await;
    assert_eq!(
        at(&found, "TagSet"),
        &value!([{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}])
    );
    assert_eq!(found.get("VersionId"), Some(&old.1));
    let set = object("k", &[tags(value!([{"Key": "c", "Value": "3"}]))]);
    cloud.call("s3.PutObjectTagging", set).await;
    let head = cloud.call("s3.HeadObject", object("k", &[])).await;
    assert_eq!(at(&head, "TagCount").as_i64(), Some(1));
    cloud.call("s3.DeleteObjectTagging", object("k", std::slice::from_ref(&old))).await;
    let found = cloud.call("s3.GetObjectTagging", object("k", &[old])).await;
    assert_eq!(at(&found, "TagSet").items().len(), 0);
    cloud.call("s3.DeleteObject", object("k", &[])).await;
    let error = cloud.fail("s3.GetObjectTagging", object("k", &[])).await;
    assert_eq!((error.code(), member(&error, "Method")), ("MethodNotAllowed", Some("GET")));
}

#[tokio::test]
async fn tags_of_objects_have_rules() {
    let cloud = cloud().await;
    put(&cloud, "k", "x").await;
    let many: Vec<_> = (0..11).map(|i| value!({"Key": (format!("k{i}")), "Value": ""})).collect();
    for (given, code, message) in [
        (
            value!([{"Key": "aws:x", "Value": ""}]),
            "InvalidTag",
            "Your TagKey cannot be prefixed with aws:",
        ),
        (
            value!([{"Key": "a", "Value": ""}, {"Key": "a", "Value": ""}]),
            "InvalidTag",
            "Cannot provide multiple Tags with the same key",
        ),
        (Value::List(many), "BadRequest", "Object tags cannot be greater than 10"),
    ] {
        let error = cloud.fail("s3.PutObjectTagging", object("k", &[tags(given)])).await;
        assert_eq!((error.code(), error.message()), (code, message));
    }
    let error = cloud.fail("s3.GetObjectTagging", object("none", &[])).await;
    assert_eq!(member(&error, "Key"), Some("bbb/none"));
}

#[tokio::test]
async fn lists_of_access_count_where_the_bucket_lets_them() {
    let cloud = cloud().await;
    let public = object("k", &[("ACL", "public-read".into())]);
    let error = cloud.send("s3.PutObject", public.clone(), "x").await.unwrap_err();
    assert_eq!(error.code(), "AccessControlListNotSupported");
    let owned = object("k", &[("ACL", "bucket-owner-full-control".into())]);
    cloud.send("s3.PutObject", owned, "x").await.unwrap();
    assert_eq!(
        cloud.fail("s3.PutObjectAcl", public.clone()).await.message(),
        "The bucket does not allow ACLs"
    );
    let rules = value!({"Rules": [{"ObjectOwnership": "ObjectWriter"}]});
    let input = value!({"Bucket": "bbb", "OwnershipControls": rules});
    cloud.call("s3.PutBucketOwnershipControls", input).await;
    cloud.call("s3.PutObjectAcl", public).await;
    let list = cloud.call("s3.GetObjectAcl", object("k", &[])).await;
    assert_eq!(text(&list, "Grants.0.Permission"), "FULL_CONTROL");
    assert_eq!(
        text(&list, "Grants.1.Grantee.URI"),
        "http://acs.amazonaws.com/groups/global/AllUsers"
    );
    let upload =
        object("mp", &[("GrantRead", "uri=http://acs.amazonaws.com/groups/s3/LogDelivery".into())]);
    cloud.send("s3.PutObject", upload, "x").await.unwrap();
    let list = cloud.call("s3.GetObjectAcl", object("mp", &[])).await;
    assert_eq!(
        (text(&list, "Grants.0.Permission"), at(&list, "Grants").items().len()),
        ("READ", 1)
    );
}

#[tokio::test]
async fn an_archived_object_is_restored_for_some_days() {
    let cloud = cloud().await;
    let archived = object("k", &[("StorageClass", "GLACIER".into())]);
    cloud.send("s3.PutObject", archived, "x").await.unwrap();
    let error = get(&cloud, "k", &[]).await.unwrap_err();
    assert_eq!(
        (error.code(), member(&error, "StorageClass")),
        ("InvalidObjectState", Some("GLACIER"))
    );
    let request = value!({"Days": 2, "GlacierJobParameters": {"Tier": "Standard"}});
    let restore = object("k", &[("RestoreRequest", request)]);
    cloud.call("s3.RestoreObject", restore.clone()).await;
    assert_eq!(
        cloud.fail("s3.RestoreObject", restore.clone()).await.code(),
        "RestoreAlreadyInProgress"
    );
    let head = cloud.call("s3.HeadObject", object("k", &[])).await;
    assert_eq!(text(&head, "Restore"), "ongoing-request=\"true\"");
    let list = value!({"Bucket": "bbb", "OptionalObjectAttributes": ["RestoreStatus"]});
    let listed = cloud.call("s3.ListObjectsV2", list.clone()).await;
    let status = value!({"IsRestoreInProgress": true});
    assert_eq!(at(&listed, "Contents.0.RestoreStatus"), &status);
    cloud.advance(Duration::from_hours(5)).await;
    let (answer, body) = get(&cloud, "k", &[]).await.unwrap();
    assert_eq!(body, "x");
    assert!(text(&answer, "Restore").starts_with("ongoing-request=\"false\", expiry-date=\""));
    let listed = cloud.call("s3.ListObjectVersions", list).await;
    assert_eq!(at(&listed, "Versions.0.RestoreStatus.IsRestoreInProgress"), &false.into());
    cloud.call("s3.CopyObject", object("copy", &[("CopySource", "bbb/k".into())])).await;
    assert_eq!(get(&cloud, "copy", &[]).await.unwrap().1, "x");
    cloud.advance(Duration::from_hours(72)).await;
    assert_eq!(get(&cloud, "k", &[]).await.unwrap_err().code(), "InvalidObjectState");
    let error = cloud
        .fail(
            "s3.RestoreObject",
            object(
                "copy",
                &[restore.get("RestoreRequest").map(|r| ("RestoreRequest", r.clone())).unwrap()],
            ),
        )
        .await;
    assert_eq!(error.code(), "InvalidObjectState");
}
