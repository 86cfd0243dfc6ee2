//! What is configured of a bucket: put, read back, deleted, refused.

use cumulet_core::Value;
use cumulet_testkit::{TestCloud, at, text, value};

use crate::calls::{cloud, member, object};

async fn put(cloud: &TestCloud, what: &str, member: &str, configuration: Value) {
    let input = Value::map([("Bucket", "bbb".into()), (member, configuration)]);
    cloud.call(&format!("s3.Put{what}"), input).await;
}

async fn refused(cloud: &TestCloud, what: &str, member: &str, configuration: Value) -> String {
    let input = Value::map([("Bucket", "bbb".into()), (member, configuration)]);
    cloud.fail(&format!("s3.Put{what}"), input).await.code().to_owned()
}

async fn get(cloud: &TestCloud, what: &str) -> Result<Value, String> {
    let answer = cloud.try_call(&format!("s3.Get{what}"), value!({"Bucket": "bbb"})).await;
    answer.map_err(|error| error.code().to_owned())
}

async fn delete(cloud: &TestCloud, what: &str) {
    cloud.call(&format!("s3.Delete{what}"), value!({"Bucket": "bbb"})).await;
}

#[tokio::test]
async fn a_configuration_is_read_as_it_was_put_until_it_is_deleted() {
    let cloud = cloud().await;
    let rule = value!({"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "MaxAgeSeconds": 5});
    for (what, member, configuration, none) in [
        (
            "BucketCors",
            "CORSConfiguration",
            value!({"CORSRules": [rule]}),
            "NoSuchCORSConfiguration",
        ),
        (
            "BucketWebsite",
            "WebsiteConfiguration",
            value!({"IndexDocument": {"Suffix": "index.html"}}),
            "NoSuchWebsiteConfiguration",
        ),
    ] {
        assert_eq!(get(&cloud, what).await.unwrap_err(), none);
        put(&cloud, what, member, configuration.clone()).await;
        assert_eq!(get(&cloud, what).await.unwrap(), configuration);
        delete(&cloud, what).await;
        delete(&cloud, what).await;
        assert_eq!(get(&cloud, what).await.unwrap_err(), none);
    }
}

#[tokio::test]
async fn new_buckets_are_closed_and_encrypted() {
    let cloud = cloud().await;
    let block = get(&cloud, "PublicAccessBlock").await.unwrap();
    assert_eq!(*at(&block, "PublicAccessBlockConfiguration.RestrictPublicBuckets"), true.into());
    let controls = get(&cloud, "BucketOwnershipControls").await.unwrap();
    assert_eq!(text(&controls, "OwnershipControls.Rules.0.ObjectOwnership"), "BucketOwnerEnforced");
    delete(&cloud, "BucketOwnershipControls").await;
    let none = get(&cloud, "BucketOwnershipControls").await.unwrap_err();
    assert_eq!(none, "OwnershipControlsNotFoundError");
    let rule = "ServerSideEncryptionConfiguration.Rules.0";
    let encryption = get(&cloud, "BucketEncryption").await.unwrap();
    assert_eq!(*at(&encryption, &format!("{rule}.BucketKeyEnabled")), false.into());
    let payment = get(&cloud, "BucketRequestPayment").await.unwrap();
    assert_eq!(text(&payment, "Payer"), "BucketOwner");
}

#[tokio::test]
async fn a_configuration_has_the_models_form() {
    let cloud = cloud().await;
    let malformed = "MalformedXML";
    let rules = |rules| Value::map([("Rules", rules)]);
    for (what, member, configuration, code) in [
        (
            "BucketAccelerateConfiguration",
            "AccelerateConfiguration",
            value!({"Status": "on"}),
            malformed,
        ),
        ("BucketRequestPayment", "RequestPaymentConfiguration", value!({}), malformed),
        ("BucketOwnershipControls", "OwnershipControls", rules(value!([])), malformed),
        ("BucketCors", "CORSConfiguration", value!({}), malformed),
        (
            "BucketCors",
            "CORSConfiguration",
            value!({"CORSRules": [{"AllowedMethods": ["LOOK"], "AllowedOrigins": ["*"]}]}),
            "InvalidRequest",
        ),
        (
            "BucketLogging",
            "BucketLoggingStatus",
            value!({"LoggingEnabled": {"TargetBucket": "none", "TargetPrefix": ""}}),
            "InvalidTargetBucketForLogging",
        ),
        ("BucketWebsite", "WebsiteConfiguration", value!({}), "InvalidArgument"),
    ] {
        assert_eq!(refused(&cloud, what, member, configuration).await, code, "{what}");
    }
}

#[tokio::test]
async fn configurations_with_ids_come_in_pages() {
    let cloud = cloud().await;
    for i in 0..101 {
        let id = format!("{i:03}");
        let input = value!({"Bucket": "bbb", "Id": (id.as_str()), "MetricsConfiguration": {"Id": (id.as_str())}});
        cloud.call("s3.PutBucketMetricsConfiguration", input).await;
    }
    let list = "s3.ListBucketMetricsConfigurations";
    let first = cloud.call(list, value!({"Bucket": "bbb"})).await;
    assert_eq!(at(&first, "MetricsConfigurationList").items().len(), 100);
    let token = text(&first, "NextContinuationToken");
    let rest = cloud.call(list, value!({"Bucket": "bbb", "ContinuationToken": token})).await;
    assert_eq!(text(&rest, "MetricsConfigurationList.0.Id"), "100");
    assert_eq!(
        (at(&rest, "IsTruncated"), rest.get("NextContinuationToken")),
        (&false.into(), None)
    );
    let one = value!({"Bucket": "bbb", "Id": "100"});
    cloud.call("s3.DeleteBucketMetricsConfiguration", one.clone()).await;
    let error = cloud.fail("s3.DeleteBucketMetricsConfiguration", one).await;
    assert_eq!(error.code(), "NoSuchConfiguration");
}

#[tokio::test]
async fn a_policy_is_kept_to_the_letter_if_it_is_one() {
    let cloud = cloud().await;
    let statement = r#"{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bbb/*"}"#;
    let policy = format!("{{ \"Statement\":  {statement}}}");
    put(&cloud, "BucketPolicy", "Policy", policy.as_str().into()).await;
    assert_eq!(text(&get(&cloud, "BucketPolicy").await.unwrap(), "Policy"), policy);
    let status = get(&cloud, "BucketPolicyStatus").await.unwrap();
    assert_eq!(*at(&status, "PolicyStatus.IsPublic"), true.into());
    for (policy, message) in [
        ("no", "Policies must be valid JSON and the first byte must be '{'"),
        ("{}", "Missing required field Statement"),
        (&policy.replace("s3:G", "sqs:G"), "Policy has invalid action"),
        (&policy.replace("bbb", "ccc"), "Policy has invalid resource"),
        (&policy.replace("Principal", "P"), "Missing required field Principal"),
    ] {
        let input = value!({"Bucket": "bbb", "Policy": policy});
        let error = cloud.fail("s3.PutBucketPolicy", input).await;
        assert_eq!((error.code(), error.message()), ("MalformedPolicy", message));
    }
}

#[tokio::test]
async fn tags_of_a_bucket() {
    let cloud = cloud().await;
    assert_eq!(get(&cloud, "BucketTagging").await.unwrap_err(), "NoSuchTagSet");
    let tags = value!({"TagSet": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}]});
    put(&cloud, "BucketTagging", "Tagging", tags.clone()).await;
    assert_eq!(get(&cloud, "BucketTagging").await.unwrap(), tags);
    let reserved = value!({"TagSet": [{"Key": "aws:a", "Value": "1"}]});
    let input = value!({"Bucket": "bbb", "Tagging": reserved});
    let error = cloud.fail("s3.PutBucketTagging", input).await;
    assert_eq!(error.message(), "System tags cannot be added/updated by requester");
    put(&cloud, "BucketTagging", "Tagging", value!({"TagSet": []})).await;
    assert_eq!(get(&cloud, "BucketTagging").await.unwrap_err(), "NoSuchTagSet");
}

#[tokio::test]
async fn access_control_lists_count_once_ownership_allows_them() {
    let cloud = cloud().await;
    let canned = || async { refused(&cloud, "BucketAcl", "ACL", "public-read".into()).await };
    assert_eq!(canned().await, "AccessControlListNotSupported");
    delete(&cloud, "BucketOwnershipControls").await;
    put(&cloud, "BucketAcl", "ACL", "public-read".into()).await;
    let list = get(&cloud, "BucketAcl").await.unwrap();
    let (own, all) = (text(&list, "Grants.0.Permission"), text(&list, "Grants.1.Grantee.URI"));
    assert_eq!((own, all), ("FULL_CONTROL", "http://acs.amazonaws.com/groups/global/AllUsers"));
    assert_eq!(text(&list, "Grants.0.Grantee.ID"), text(&list, "Owner.ID"));

    let enforced = value!({"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]});
    let code = refused(&cloud, "BucketOwnershipControls", "OwnershipControls", enforced).await;
    assert_eq!(code, "InvalidBucketAclWithObjectOwnership");
    let owner = at(&list, "Owner").clone();
    let grants = at(&list, "Grants").clone();
    let given = Value::map([("Owner", owner), ("Grants", grants)]);
    put(&cloud, "BucketAcl", "AccessControlPolicy", given).await;
    assert_eq!(get(&cloud, "BucketAcl").await.unwrap(), list);
}

#[tokio::test]
async fn malformed_access_is_refused_as_aws_words_it() {
    let cloud = cloud().await;
    for (member_name, given, code, argument) in [
        ("ACL", value!("fake"), "InvalidArgument", Some("x-amz-acl")),
        ("GrantRead", value!("fake=1"), "InvalidArgument", Some("x-amz-grant-read")),
        ("GrantRead", value!("id=1"), "InvalidArgument", Some("id")),
        ("GrantRead", value!("uri=\"http://x\""), "InvalidArgument", Some("uri")),
        ("AccessControlPolicy", value!({}), "MalformedACLError", None),
    ] {
        let input = Value::map([("Bucket", "bbb".into()), (member_name, given)]);
        let error = cloud.fail("s3.PutBucketAcl", input).await;
        assert_eq!((error.code(), member(&error, "ArgumentName")), (code, argument));
    }
    let error = cloud.fail("s3.PutBucketAcl", value!({"Bucket": "bbb"})).await;
    assert_eq!(error.code(), "MissingSecurityHeader");
}

#[tokio::test]
async fn a_deleted_bucket_leaves_no_configuration() {
    let cloud = cloud().await;
    put(
        &cloud,
        "BucketAccelerateConfiguration",
        "AccelerateConfiguration",
        value!({"Status": "Enabled"}),
    )
    .await;
    cloud.call("s3.DeleteBucket", value!({"Bucket": "bbb"})).await;
    cloud.call("s3.CreateBucket", value!({"Bucket": "bbb"})).await;
    let found = get(&cloud, "BucketAccelerateConfiguration").await.unwrap();
    assert_eq!(found.get("Status"), None);
}

#[tokio::test]
async fn a_buckets_encryption_is_that_of_objects_that_ask_for_none() {
    let cloud = cloud().await;
    let kms = value!({"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "key"});
    let rule = value!({"ApplyServerSideEncryptionByDefault": kms, "BucketKeyEnabled": true});
    let rules = value!({"Rules": [rule]});
    put(&cloud, "BucketEncryption", "ServerSideEncryptionConfiguration", rules).await;
    let (plain, _) = cloud.send("s3.PutObject", object("k", &[]), "").await.unwrap();
    assert_eq!(
        (text(&plain, "ServerSideEncryption"), text(&plain, "SSEKMSKeyId")),
        ("aws:kms", "arn:aws:kms:us-east-1:000000000000:key/key")
    );
    assert_eq!(*at(&plain, "BucketKeyEnabled"), true.into());
    let asked = object("k", &[("ServerSideEncryption", "AES256".into())]);
    let (asked, _) = cloud.send("s3.PutObject", asked, "").await.unwrap();
    assert_eq!((text(&asked, "ServerSideEncryption"), asked.get("SSEKMSKeyId")), ("AES256", None));
    let upload = cloud.call("s3.CreateMultipartUpload", object("k", &[])).await;
    assert_eq!(text(&upload, "SSEKMSKeyId"), "arn:aws:kms:us-east-1:000000000000:key/key");
}
