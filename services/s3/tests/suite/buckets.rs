//! Buckets.

use cumulet_testkit::{TestCloud, at, text, value};

use crate::calls::{cloud, member, object, put};

#[tokio::test]
async fn a_bucket_is_there_until_it_is_deleted() {
    let cloud = cloud().await;
    let head = cloud.call("s3.HeadBucket", value!({"Bucket": "bbb"})).await;
    assert_eq!(text(&head, "BucketRegion"), "us-east-1");
    put(&cloud, "k", "").await;
    let error = cloud.fail("s3.DeleteBucket", value!({"Bucket": "bbb"})).await;
    assert_eq!((error.code(), member(&error, "BucketName")), ("BucketNotEmpty", Some("bbb")));
    cloud.call("s3.DeleteObject", object("k", &[])).await;
    cloud.call("s3.DeleteBucket", value!({"Bucket": "bbb"})).await;
    let error = cloud.fail("s3.HeadBucket", value!({"Bucket": "bbb"})).await;
    assert_eq!(error.code(), "NoSuchBucket");
}

#[tokio::test]
async fn a_bucket_goes_with_its_uploads() {
    let cloud = cloud().await;
    cloud.call("s3.CreateMultipartUpload", object("k", &[])).await;
    cloud.call("s3.DeleteBucket", value!({"Bucket": "bbb"})).await;
    cloud.call("s3.CreateBucket", value!({"Bucket": "bbb"})).await;
    let uploads = cloud.call("s3.ListMultipartUploads", value!({"Bucket": "bbb"})).await;
    assert_eq!(at(&uploads, "Uploads").items().len(), 0);
}

#[tokio::test]
async fn names_are_shared_by_all_accounts() {
    let cloud = cloud().await;
    cloud.call("s3.CreateBucket", value!({"Bucket": "bbb"})).await;
    let create = |cloud: TestCloud, place: &'static str| async move {
        let at = value!({"LocationConstraint": place});
        let input = value!({"Bucket": "bbb", "CreateBucketConfiguration": at});
        cloud.fail("s3.CreateBucket", input).await.code().to_owned()
    };
    let own = cloud.from("000000000000", "eu-west-1");
    assert_eq!(create(own, "eu-west-1").await, "BucketAlreadyOwnedByYou");
    let other = cloud.from("111111111111", "eu-west-1");
    assert_eq!(create(other, "eu-west-1").await, "BucketAlreadyExists");
}

#[tokio::test]
async fn a_location_is_what_was_asked_for() {
    let cloud = cloud().await;
    for (bucket, constraint, location, region) in
        [("in-eu", "EU", "EU", "eu-west-1"), ("in-west", "us-west-2", "us-west-2", "us-west-2")]
    {
        let at = value!({"LocationConstraint": constraint});
        let input = value!({"Bucket": bucket, "CreateBucketConfiguration": at});
        cloud.call("s3.CreateBucket", input).await;
        let found = cloud.call("s3.GetBucketLocation", value!({"Bucket": bucket})).await;
        assert_eq!(text(&found, "LocationConstraint"), location);
        let head = cloud.call("s3.HeadBucket", value!({"Bucket": bucket})).await;
        assert_eq!(text(&head, "BucketRegion"), region);
    }
    let found = cloud.call("s3.GetBucketLocation", value!({"Bucket": "bbb"})).await;
    assert_eq!(found.get("LocationConstraint"), None);
}

#[tokio::test]
async fn own_buckets_are_listed_in_pages() {
    let cloud = cloud().await;
    for name in ["ccc", "aaa", "aab"] {
        cloud.call("s3.CreateBucket", value!({"Bucket": name})).await;
    }
    cloud
        .from("111111111111", "us-east-1")
        .call("s3.CreateBucket", value!({"Bucket": "aac"}))
        .await;
    let first = cloud.call("s3.ListBuckets", value!({"Prefix": "aa", "MaxBuckets": 1})).await;
    assert_eq!(text(&first, "Buckets.0.Name"), "aaa");
    let token = text(&first, "ContinuationToken");
    let rest = cloud.call("s3.ListBuckets", value!({"Prefix": "aa", "ContinuationToken": token}));
    let rest = rest.await;
    assert_eq!(text(&rest, "Buckets.0.Name"), "aab");
    assert_eq!(at(&rest, "Buckets").items().len(), 1);
    assert_eq!(rest.get("ContinuationToken"), None);
    let error = cloud.fail("s3.ListBuckets", value!({"BucketRegion": "eu-east-1"})).await;
    assert_eq!(error.message(), "Argument value eu-east-1 is not a valid AWS Region");
}

#[tokio::test]
async fn the_expected_owner_is_checked() {
    let cloud = cloud().await;
    let head = |owner: &'static str| {
        let input = value!({"Bucket": "bbb", "ExpectedBucketOwner": owner});
        cloud.try_call("s3.HeadBucket", input)
    };
    assert!(head("000000000000").await.is_ok());
    assert_eq!(head("111111111111").await.unwrap_err().code(), "AccessDenied");
    assert_eq!(head("x").await.unwrap_err().code(), "InvalidBucketOwnerAWSAccountID");
}
