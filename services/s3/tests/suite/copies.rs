//! Copies.

use cumulet_core::Value;
use cumulet_testkit::{text, value};

use crate::calls::{cloud, get, member, object, put};

#[tokio::test]
async fn a_copy_has_the_sources_metadata_or_its_own() {
    let cloud = cloud().await;
    let more = [
        ("Metadata", value!({"a": "1"})),
        ("ContentType", "text/plain".into()),
        ("Tagging", "t=1".into()),
    ];
    cloud.send("s3.PutObject", object("from", &more), "hello").await.unwrap();
    let source = ("CopySource", "bbb/from".into());
    let answer = cloud.call("s3.CopyObject", object("to", std::slice::from_ref(&source))).await;
    let tag = "\"5d41402abc4b2a76b9719d911017c592\"";
    assert_eq!(text(&answer, "CopyObjectResult.ETag"), tag);
    let (copy, body) = get(&cloud, "to", &[]).await.unwrap();
    assert_eq!((body.as_str(), text(&copy, "Metadata.a")), ("hello", "1"));
    assert_eq!(text(&copy, "ContentType"), "text/plain");
    let replace = [
        source,
        ("MetadataDirective", "REPLACE".into()),
        ("TaggingDirective", "REPLACE".into()),
        ("Metadata", value!({"b": "2"})),
        ("ChecksumAlgorithm", "SHA1".into()),
    ];
    let answer = cloud.call("s3.CopyObject", object("to", &replace)).await;
    assert_eq!(text(&answer, "CopyObjectResult.ChecksumSHA1"), "qvTGHdzF6KLavt4PO0gs2a6pQ00=");
    let (copy, _) = get(&cloud, "to", &[]).await.unwrap();
    assert_eq!(copy.get("Metadata"), Some(&value!({"b": "2"})));
    assert_eq!((text(&copy, "ContentType"), copy.get("TagCount")), ("binary/octet-stream", None));
}

#[tokio::test]
async fn a_copy_onto_itself_has_to_change_something() {
    let cloud = cloud().await;
    put(&cloud, "k", "x").await;
    let source = ("CopySource", Value::from("/bbb/k"));
    let error = cloud.fail("s3.CopyObject", object("k", std::slice::from_ref(&source))).await;
    assert_eq!(error.code(), "InvalidRequest");
    assert!(error.message().starts_with("This copy request is illegal"));
    for change in [("MetadataDirective", "REPLACE"), ("StorageClass", "STANDARD")] {
        let more = [source.clone(), (change.0, change.1.into())];
        cloud.call("s3.CopyObject", object("k", &more)).await;
    }
}

#[tokio::test]
async fn a_copy_has_conditions_on_both_ends() {
    let cloud = cloud().await;
    put(&cloud, "from", "x").await;
    let source = ("CopySource", Value::from("bbb/from"));
    for condition in [("CopySourceIfMatch", "\"x\""), ("CopySourceIfNoneMatch", "*")] {
        let more = [source.clone(), (condition.0, condition.1.into())];
        let error = cloud.fail("s3.CopyObject", object("to", &more)).await;
        assert_eq!((error.code(), error.status().as_u16()), ("PreconditionFailed", 412));
        assert!(member(&error, "Condition").unwrap().starts_with("x-amz-copy-source-If-"));
    }
    let more = [source, ("IfNoneMatch", "*".into())];
    cloud.call("s3.CopyObject", object("to", &more)).await;
    let error = cloud.fail("s3.CopyObject", object("to", &more)).await;
    assert_eq!(member(&error, "Condition"), Some("If-None-Match"));
}

#[tokio::test]
async fn a_source_has_to_be_there() {
    let cloud = cloud().await;
    for (source, code) in
        [("none/k", "NoSuchBucket"), ("bbb/none", "NoSuchKey"), ("nonsense", "InvalidArgument")]
    {
        let error =
            cloud.fail("s3.CopyObject", object("k", &[("CopySource", source.into())])).await;
        assert_eq!(error.code(), code, "{source}");
    }
}
