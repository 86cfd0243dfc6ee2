//! Objects: what is put is got back, or refused.

use cumulet_core::{Body, Value};
use cumulet_testkit::{TestCloud, at, text, value};

use crate::calls::{cloud, get, member, object, put};

#[tokio::test]
async fn an_object_comes_back_as_it_was_put() {
    let cloud = cloud().await;
    let metadata = value!({"Color": "blue", "name": "ÄÖ and more"});
    let more = [
        ("Metadata", metadata),
        ("ContentType", "text/plain".into()),
        ("ContentEncoding", "aws-chunked,gzip".into()),
        ("CacheControl", "no-cache".into()),
        ("Expires", "tomorrow".into()),
        ("StorageClass", "STANDARD_IA".into()),
        ("Tagging", "a=1&b=2".into()),
    ];
    cloud.send("s3.PutObject", object("a/b c", &more), "hello").await.unwrap();
    let (answer, body) = get(&cloud, "a/b c", &[]).await.unwrap();
    assert_eq!(body, "hello");
    assert_eq!(text(&answer, "ETag"), "\"5d41402abc4b2a76b9719d911017c592\"");
    assert_eq!(at(&answer, "ContentLength").as_i64(), Some(5));
    assert_eq!(at(&answer, "LastModified"), &Value::Timestamp(TestCloud::START));
    assert_eq!(text(&answer, "ContentType"), "text/plain");
    assert_eq!(text(&answer, "ContentEncoding"), "gzip");
    assert_eq!(text(&answer, "Expires"), "tomorrow");
    assert_eq!(text(&answer, "StorageClass"), "STANDARD_IA");
    assert_eq!(text(&answer, "ServerSideEncryption"), "AES256");
    assert_eq!(at(&answer, "TagCount").as_i64(), Some(2));
    assert_eq!(text(&answer, "Metadata.color"), "blue");
    assert_eq!(text(&answer, "Metadata.name"), "=?UTF-8?Q?=C3=84=C3=96_and_more?=");
    let head = cloud.call("s3.HeadObject", object("a/b c", &[])).await;
    assert_eq!(text(&head, "CacheControl"), "no-cache");
}

#[tokio::test]
async fn a_new_object_takes_the_place_of_the_old() {
    let cloud = cloud().await;
    put(&cloud, "k", "old").await;
    put(&cloud, "k", "new").await;
    let (answer, body) = get(&cloud, "k", &[]).await.unwrap();
    assert_eq!((body.as_str(), text(&answer, "ContentType")), ("new", "binary/octet-stream"));
}

#[tokio::test]
async fn what_is_not_there_has_a_name() {
    let cloud = cloud().await;
    let error = get(&cloud, "missing", &[]).await.unwrap_err();
    assert_eq!((error.code(), member(&error, "Key")), ("NoSuchKey", Some("missing")));
    let error = cloud.fail("s3.GetObject", value!({"Bucket": "none", "Key": "k"})).await;
    assert_eq!((error.code(), member(&error, "BucketName")), ("NoSuchBucket", Some("none")));
    let error = get(&cloud, "k", &[("VersionId", "abc".into())]).await.unwrap_err();
    assert_eq!(error.message(), "Invalid version id specified");
}

#[tokio::test]
async fn a_range_is_a_part_of_the_bytes() {
    let cloud = cloud().await;
    put(&cloud, "k", "0123456789").await;
    let range = |r: &'static str| [("Range", r.into()), ("ChecksumMode", "ENABLED".into())];
    let (answer, body) = get(&cloud, "k", &range("bytes=-2")).await.unwrap();
    assert_eq!((body.as_str(), text(&answer, "ContentRange")), ("89", "bytes 8-9/10"));
    assert_eq!(answer.get("ChecksumCRC64NVME"), None);
    let (answer, body) = get(&cloud, "k", &range("bytes=0-100")).await.unwrap();
    assert_eq!((body.as_str(), text(&answer, "ContentRange")), ("0123456789", "bytes 0-9/10"));
    assert!(answer.get("ChecksumCRC64NVME").is_some());
    let (answer, body) = get(&cloud, "k", &range("bytes=0-1,3-4")).await.unwrap();
    assert_eq!((body.len(), answer.get("ContentRange")), (10, None));
    let error = get(&cloud, "k", &range("bytes=100-200")).await.unwrap_err();
    assert_eq!((error.code(), error.status().as_u16()), ("InvalidRange", 416));
    assert_eq!(member(&error, "ActualObjectSize"), Some("10"));
}

#[tokio::test]
async fn an_answers_headers_can_be_overridden() {
    let cloud = cloud().await;
    put(&cloud, "k", "x").await;
    let more = [
        ("ResponseContentType", "text/html".into()),
        ("ResponseExpires", Value::Timestamp(TestCloud::START)),
    ];
    let (answer, _) = get(&cloud, "k", &more).await.unwrap();
    assert_eq!(text(&answer, "ContentType"), "text/html");
    assert_eq!(text(&answer, "Expires"), "Sun, 22 Nov 2026 00:00:00 GMT");
    let error = get(&cloud, "k", &[("ResponseCacheControl", "é —".into())]).await.unwrap_err();
    assert_eq!(member(&error, "ArgumentName"), Some("response-cache-control"));
}

#[tokio::test]
async fn every_object_has_a_checksum() {
    let cloud = cloud().await;
    let (answer, _) = cloud.send("s3.PutObject", object("k", &[]), "123456789").await.unwrap();
    assert_eq!(text(&answer, "ChecksumCRC64NVME"), "rosUhgp5mIg=");
    let more = [("ChecksumMode", "ENABLED".into())];
    let (answer, _) = get(&cloud, "k", &more).await.unwrap();
    assert_eq!(text(&answer, "ChecksumCRC64NVME"), "rosUhgp5mIg=");
    assert_eq!(text(&answer, "ChecksumType"), "FULL_OBJECT");
    let more = [("ChecksumAlgorithm", "SHA1".into())];
    let (answer, _) = cloud.send("s3.PutObject", object("k", &more), "123456789").await.unwrap();
    assert_eq!(text(&answer, "ChecksumSHA1"), "98O8HYCOBHMq32eZZczDTKeuNEE=");
}

#[tokio::test]
async fn a_body_that_is_not_what_was_said_is_not_kept() {
    let cloud = cloud().await;
    for (claim, code, message) in [
        (
            ("ContentMD5", "AAAAAAAAAAAAAAAAAAAAAA=="),
            "BadDigest",
            "The Content-MD5 you specified did not match what we received.",
        ),
        (("ContentMD5", "000"), "InvalidDigest", "The Content-MD5 you specified was invalid."),
        (
            ("ChecksumCRC32", "AAAAAA=="),
            "BadDigest",
            "The CRC32 you specified did not match the calculated checksum.",
        ),
        (
            ("ChecksumCRC32", "AAAA"),
            "InvalidRequest",
            "Value for x-amz-checksum-crc32 header is invalid.",
        ),
    ] {
        let input = object("k", &[(claim.0, claim.1.into())]);
        let error = cloud.send("s3.PutObject", input, "something").await.unwrap_err();
        assert_eq!((error.code(), error.message()), (code, message));
    }
    assert_eq!(get(&cloud, "k", &[]).await.unwrap_err().code(), "NoSuchKey");
}

#[tokio::test]
async fn a_body_that_breaks_off_is_not_kept() {
    let cloud = cloud().await;
    let error = cloud.send("s3.PutObject", object("k", &[]), broken()).await.unwrap_err();
    assert_eq!(error.code(), "IncompleteBody");
    assert_eq!(get(&cloud, "k", &[]).await.unwrap_err().code(), "NoSuchKey");
}

/// A body whose second piece never comes.
fn broken() -> Body {
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use cumulet_core::AwsError;
    use http_body::Frame;

    struct Broken(bool);
    impl http_body::Body for Broken {
        type Data = bytes::Bytes;
        type Error = AwsError;
        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Self::Data>, AwsError>>> {
            let first = !std::mem::replace(&mut self.0, true);
            let error = || AwsError::new("IncompleteBody", 400, "");
            Poll::Ready(Some(if first { Ok(Frame::data("abc".into())) } else { Err(error()) }))
        }
    }
    Body::stream(Broken(false))
}

#[tokio::test]
async fn limits_are_kept() {
    let cloud = cloud().await;
    let refused = |key: String, more: Vec<(&'static str, Value)>| {
        let input = object(&key, &more);
        let sent = cloud.send("s3.PutObject", input, "");
        async { sent.await.unwrap_err().code().to_owned() }
    };
    assert_eq!(refused("k".repeat(1025), vec![]).await, "KeyTooLongError");
    let long = value!({"m": ("x".repeat(2048))});
    assert_eq!(refused("k".into(), vec![("Metadata", long)]).await, "MetadataTooLarge");
    let class = vec![("StorageClass", "OUTPOSTS".into())];
    assert_eq!(refused("k".into(), class).await, "InvalidStorageClass");
    assert!(cloud.send("s3.PutObject", object(&"k".repeat(1024), &[]), "").await.is_ok());
}

#[tokio::test]
async fn an_archived_object_has_a_head_but_no_body() {
    let cloud = cloud().await;
    let class = [("StorageClass", "GLACIER".into())];
    cloud.send("s3.PutObject", object("k", &class), "x").await.unwrap();
    let error = get(&cloud, "k", &[]).await.unwrap_err();
    assert_eq!(
        (error.code(), member(&error, "StorageClass")),
        ("InvalidObjectState", Some("GLACIER"))
    );
    let head = cloud.call("s3.HeadObject", object("k", &[])).await;
    assert_eq!(text(&head, "StorageClass"), "GLACIER");
}

#[tokio::test]
async fn deleting_what_is_not_there_is_no_error() {
    let cloud = cloud().await;
    put(&cloud, "k", "x").await;
    for _ in 0..2 {
        cloud.call("s3.DeleteObject", object("k", &[])).await;
    }
    assert_eq!(get(&cloud, "k", &[]).await.unwrap_err().code(), "NoSuchKey");
}

#[tokio::test]
async fn many_objects_go_at_once() {
    let cloud = cloud().await;
    let tag = put(&cloud, "a", "x").await;
    put(&cloud, "b", "x").await;
    let objects = value!([
        {"Key": "a", "ETag": (tag)}, {"Key": "b", "ETag": "other"}, {"Key": "none"},
        {"Key": "b", "VersionId": "v1"}
    ]);
    let delete = value!({"Objects": objects});
    let answer = cloud.call("s3.DeleteObjects", value!({"Bucket": "bbb", "Delete": delete})).await;
    assert_eq!(text(&answer, "Deleted.0.Key"), "a");
    assert_eq!(text(&answer, "Deleted.1.Key"), "none");
    assert_eq!(text(&answer, "Errors.0.Code"), "PreconditionFailed");
    assert_eq!(text(&answer, "Errors.1.Code"), "NoSuchVersion");
    let nameless = value!({"Objects": [{"Key": "b"}, {"VersionId": "null"}]});
    let error = cloud.fail("s3.DeleteObjects", value!({"Bucket": "bbb", "Delete": nameless})).await;
    assert_eq!(error.code(), "MalformedXML");
    let quiet = value!({"Objects": [{"Key": "b"}], "Quiet": true});
    let answer = cloud.call("s3.DeleteObjects", value!({"Bucket": "bbb", "Delete": quiet})).await;
    assert_eq!(answer.get("Deleted"), None);
    assert_eq!(get(&cloud, "b", &[]).await.unwrap_err().code(), "NoSuchKey");
}

#[tokio::test]
async fn a_fork_goes_its_own_way() {
    let cloud = cloud().await;
    put(&cloud, "k", "before").await;
    let fork = cloud.fork();
    put(&fork, "k", "after").await;
    assert_eq!(get(&cloud, "k", &[]).await.unwrap().1, "before");
    assert_eq!(get(&fork, "k", &[]).await.unwrap().1, "after");
}
