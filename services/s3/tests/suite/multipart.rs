//! Multipart uploads.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use cumulet_core::{AwsError, Body, Value};
use cumulet_testkit::{TestCloud, at, text, value};
use http_body::Frame;

use crate::calls::{cloud, get, member, object, put};

const MIB: usize = 1 << 20;

async fn begin(cloud: &TestCloud, key: &str, more: &[(&str, Value)]) -> String {
    let answer = cloud.call("s3.CreateMultipartUpload", object(key, more)).await;
    text(&answer, "UploadId").to_owned()
}

/// Uploads a part; its tag.
async fn part(cloud: &TestCloud, key: &str, id: &str, number: i64, body: Vec<u8>) -> String {
    let more = [("UploadId", id.into()), ("PartNumber", number.into())];
    let (answer, _) = cloud.send("s3.UploadPart", object(key, &more), body).await.unwrap();
    text(&answer, "ETag").to_owned()
}

async fn complete(
    cloud: &TestCloud,
    key: &str,
    id: &str,
    parts: &[(i64, &str)],
    more: &[(&str, Value)],
) -> Result<Value, AwsError> {
    let part = |(number, tag): &(i64, &str)| {
        Value::map([("PartNumber", Value::from(*number)), ("ETag", (*tag).into())])
    };
    let parts = Value::List(parts.iter().map(part).collect());
    let mut all = vec![("UploadId", id.into()), ("MultipartUpload", value!({"Parts": parts}))];
    all.extend(more.iter().cloned());
    cloud.try_call("s3.CompleteMultipartUpload", object(key, &all)).await
}

#[tokio::test]
async fn parts_become_an_object() {
    let cloud = cloud().await;
    let id = begin(&cloud, "k", &[("ContentType", "text/plain".into())]).await;
    let a = part(&cloud, "k", &id, 1, vec![b'a'; 5 * MIB + 1]).await;
    let replaced = part(&cloud, "k", &id, 7, b"zzz".to_vec()).await;
    let b = part(&cloud, "k", &id, 7, b"b".to_vec()).await;
    assert_ne!(replaced, b);
    let answer = complete(&cloud, "k", &id, &[(1, &a), (7, &b)], &[]).await.unwrap();
    assert!(text(&answer, "ETag").ends_with("-2\""));
    assert_eq!(text(&answer, "ChecksumType"), "FULL_OBJECT");
    assert_eq!(text(&answer, "Location"), "http://localhost:4566/bbb/k");
    let all = [("ChecksumMode", "ENABLED".into())];
    let (whole, body) = get(&cloud, "k", &all).await.unwrap();
    assert_eq!((body.len(), text(&whole, "ContentType")), (5 * MIB + 2, "text/plain"));
    let checksum = text(&answer, "ChecksumCRC64NVME");
    assert_eq!(text(&whole, "ChecksumCRC64NVME"), checksum);
    let (second, body) = get(&cloud, "k", &[("PartNumber", 2.into())]).await.unwrap();
    assert_eq!((body.as_str(), at(&second, "PartsCount").as_i64()), ("b", Some(2)));
    assert_eq!(text(&second, "ContentRange"), "bytes 5242881-5242881/5242882");
    let error = get(&cloud, "k", &[("PartNumber", 3.into())]).await.unwrap_err();
    assert_eq!((error.code(), member(&error, "ActualPartCount")), ("InvalidPartNumber", Some("2")));

    // A copy is one piece: its tag and its checksum are those of its bytes.
    let copied = cloud.call("s3.CopyObject", object("copy", &[("CopySource", "bbb/k".into())]));
    let copied = copied.await;
    assert_eq!(text(&copied, "CopyObjectResult.ChecksumCRC64NVME"), checksum);
    assert!(!text(&copied, "CopyObjectResult.ETag").contains('-'));
}

#[tokio::test]
async fn completion_is_exact_about_its_parts() {
    let cloud = cloud().await;
    let id = begin(&cloud, "k", &[]).await;
    let a = part(&cloud, "k", &id, 1, b"small".to_vec()).await;
    let b = part(&cloud, "k", &id, 2, b"last".to_vec()).await;
    let cases: [(&[(i64, &str)], &str); 5] = [
        (&[], "InvalidRequest"),
        (&[(2, &b), (1, &a)], "InvalidPartOrder"),
        (&[(1, &a), (3, &b)], "EntityTooSmall"),
        (&[(1, &b)], "InvalidPart"),
        (&[(3, &b)], "InvalidPart"),
    ];
    for (parts, code) in cases {
        let error = complete(&cloud, "k", &id, parts, &[]).await.unwrap_err();
        assert_eq!(error.code(), code, "{parts:?}");
    }
    let error = complete(&cloud, "k", &id, &[(1, &a), (2, &b)], &[]).await.unwrap_err();
    assert_eq!(member(&error, "ProposedSize"), Some("5"));
    let size = [("MpuObjectSize", 6.into())];
    let error = complete(&cloud, "k", &id, &[(1, &a)], &size).await.unwrap_err();
    assert!(error.message().ends_with("value 6 does not match what was computed: 5"));
    let first = complete(&cloud, "k", &id, &[(1, &a)], &[]).await.unwrap();
    assert_eq!(complete(&cloud, "k", &id, &[(1, &a)], &[]).await.unwrap(), first);
    put(&cloud, "k", "other").await;
    let error = complete(&cloud, "k", &id, &[(1, &a)], &[]).await.unwrap_err();
    assert_eq!(error.code(), "NoSuchUpload");
}

/// The body of a client that sends some bytes and vanishes.
struct Vanishing(Option<Bytes>);

impl http_body::Body for Vanishing {
    type Data = Bytes;
    type Error = AwsError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, AwsError>>> {
        let gone = || AwsError::new("IncompleteBody", 400, "gone");
        Poll::Ready(Some(self.0.take().map(Frame::data).ok_or_else(gone)))
    }
}

#[tokio::test]
async fn a_client_that_vanishes_mid_part_leaves_the_part_as_it_was() {
    let cloud = cloud().await;
    let id = begin(&cloud, "k", &[]).await;
    let tag = part(&cloud, "k", &id, 1, b"before".to_vec()).await;
    let more = [("UploadId", id.as_str().into()), ("PartNumber", 1.into())];
    let body = Body::stream(Vanishing(Some(Bytes::from_static(b"half a p"))));
    let error = cloud.send("s3.UploadPart", object("k", &more), body).await.unwrap_err();
    assert_eq!(error.code(), "IncompleteBody");
    complete(&cloud, "k", &id, &[(1, &tag)], &[]).await.unwrap();
    assert_eq!(get(&cloud, "k", &[]).await.unwrap().1, "before");
}

#[tokio::test]
async fn a_composite_checksum_needs_those_of_the_parts() {
    let cloud = cloud().await;
    let id = begin(&cloud, "k", &[("ChecksumAlgorithm", "CRC32".into())]).await;
    let more = [("UploadId", id.as_str().into()), ("PartNumber", 1.into())];
    let (sent, _) = cloud.send("s3.UploadPart", object("k", &more), "123456789").await.unwrap();
    let (tag, crc) = (text(&sent, "ETag"), text(&sent, "ChecksumCRC32"));
    assert_eq!(crc, "y/Q5Jg==");
    let sha = [more[0].clone(), more[1].clone(), ("ChecksumAlgorithm", "SHA1".into())];
    let error = cloud.send("s3.UploadPart", object("k", &sha), "").await.unwrap_err();
    assert_eq!(
        error.message(),
        "Checksum Type mismatch occurred, expected checksum Type: crc32, actual checksum Type: sha1"
    );
    let error = complete(&cloud, "k", &id, &[(1, tag)], &[]).await.unwrap_err();
    assert!(error.message().ends_with("It was missing for part 1 in the request."));
    let parts = value!({"Parts": [{"PartNumber": 1, "ETag": tag, "ChecksumCRC32": crc}]});
    let more = [("UploadId", id.as_str().into()), ("MultipartUpload", parts)];
    let answer = cloud.call("s3.CompleteMultipartUpload", object("k", &more)).await;
    assert!(text(&answer, "ChecksumCRC32").ends_with("==-1"));
    assert_eq!(text(&answer, "ChecksumType"), "COMPOSITE");
    let asked = value!(["ETag", "Checksum", "ObjectParts", "ObjectSize"]);
    let attributes = object("k", &[("ObjectAttributes", asked)]);
    let attributes = cloud.call("s3.GetObjectAttributes", attributes).await;
    assert_eq!(format!("\"{}\"", text(&attributes, "ETag")), text(&answer, "ETag"));
    let composite = format!("{}-1", text(&attributes, "Checksum.ChecksumCRC32"));
    assert_eq!(composite, text(&answer, "ChecksumCRC32"));
    assert_eq!(text(&attributes, "ObjectParts.Parts.0.ChecksumCRC32"), crc);
    assert_eq!(at(&attributes, "ObjectSize").as_i64(), Some(9));
    let first = [("PartNumber", 1.into()), ("ChecksumMode", "ENABLED".into())];
    let (first, _) = get(&cloud, "k", &first).await.unwrap();
    assert_eq!(text(&first, "ChecksumCRC32"), crc);
}

#[tokio::test]
async fn a_part_can_be_copied() {
    let cloud = cloud().await;
    put(&cloud, "from", "0123456789").await;
    let id = begin(&cloud, "k", &[]).await;
    let more = |range: &'static str| {
        let named = [("UploadId", id.as_str().into()), ("PartNumber", 1.into())];
        let source = [("CopySource", "bbb/from".into()), ("CopySourceRange", range.into())];
        object("k", &[named, source].concat())
    };
    let answer = cloud.call("s3.UploadPartCopy", more("bytes=2-4")).await;
    let tag = text(&answer, "CopyPartResult.ETag");
    complete(&cloud, "k", &id, &[(1, tag)], &[]).await.unwrap();
    assert_eq!(get(&cloud, "k", &[]).await.unwrap().1, "234");
}

#[tokio::test]
async fn an_aborted_upload_is_gone() {
    let cloud = cloud().await;
    let id = begin(&cloud, "k", &[]).await;
    part(&cloud, "k", &id, 1, b"x".to_vec()).await;
    let named = [("UploadId", id.as_str().into())];
    cloud.call("s3.AbortMultipartUpload", object("k", &named)).await;
    let error = cloud.fail("s3.ListParts", object("k", &named)).await;
    assert_eq!((error.code(), member(&error, "UploadId")), ("NoSuchUpload", Some(id.as_str())));
}

#[tokio::test]
async fn parts_are_listed_in_pages() {
    let cloud = cloud().await;
    let id = begin(&cloud, "k", &[]).await;
    for number in [3, 1, 10] {
        part(&cloud, "k", &id, number, b"x".to_vec()).await;
    }
    let list = |marker: i64| {
        let page = [("PartNumberMarker", marker.into()), ("MaxParts", 2.into())];
        let named = [("UploadId", id.as_str().into())];
        cloud.call("s3.ListParts", object("k", &[&named[..], &page[..]].concat()))
    };
    let (first, rest, none) = (list(0).await, list(3).await, list(99).await);
    let numbers = |v: &Value| -> Vec<_> {
        let parts = v.get("Parts").map(Value::items).unwrap_or_default();
        parts.iter().map(|p| at(p, "PartNumber").as_i64().unwrap()).collect()
    };
    assert_eq!((numbers(&first), numbers(&rest), numbers(&none)), (vec![1, 3], vec![10], vec![]));
    assert_eq!(at(&first, "IsTruncated"), &Value::Boolean(true));
    assert_eq!(at(&first, "NextPartNumberMarker").as_i64(), Some(3));
    assert_eq!(at(&none, "NextPartNumberMarker").as_i64(), Some(0));
}

#[tokio::test]
async fn uploads_are_listed_in_pages() {
    let cloud = cloud().await;
    let mut ids = Vec::new();
    for key in ["a", "a", "b", "dir/x", "dir/y"] {
        ids.push(begin(&cloud, key, &[]).await);
    }
    let mut seen = Vec::new();
    let mut at_end = (String::new(), String::new());
    loop {
        let input = Value::map([
            ("Bucket", "bbb".into()),
            ("MaxUploads", 1.into()),
            ("KeyMarker", at_end.0.as_str().into()),
            ("UploadIdMarker", at_end.1.as_str().into()),
        ]);
        let answer = cloud.call("s3.ListMultipartUploads", input).await;
        seen.push(text(&answer, "Uploads.0.UploadId").to_owned());
        at_end =
            (text(&answer, "NextKeyMarker").into(), text(&answer, "NextUploadIdMarker").into());
        if at(&answer, "IsTruncated") == &Value::Boolean(false) {
            break;
        }
    }
    assert_eq!(seen, ids);
    let folders = value!({"Bucket": "bbb", "Delimiter": "/"});
    let answer = cloud.call("s3.ListMultipartUploads", folders).await;
    assert_eq!(text(&answer, "CommonPrefixes.0.Prefix"), "dir/");
    assert_eq!(at(&answer, "Uploads").items().len(), 3);
    let id = ids[2].as_str();
    let wrong = value!({"Bucket": "bbb", "KeyMarker": "a", "UploadIdMarker": id});
    let error = cloud.fail("s3.ListMultipartUploads", wrong).await;
    assert_eq!(error.message(), "Invalid uploadId marker");
}

#[tokio::test]
async fn a_conditional_completion_minds_writes_since_the_beginning() {
    let cloud = cloud().await;
    let id = begin(&cloud, "k", &[]).await;
    let tag = part(&cloud, "k", &id, 1, b"x".to_vec()).await;
    let absent = [("IfNoneMatch", "*".into())];
    put(&cloud, "k", "meanwhile").await;
    let error = complete(&cloud, "k", &id, &[(1, &tag)], &absent).await.unwrap_err();
    assert_eq!(error.code(), "PreconditionFailed");
    cloud.call("s3.DeleteObject", object("k", &[])).await;
    let error = complete(&cloud, "k", &id, &[(1, &tag)], &absent).await.unwrap_err();
    assert_eq!((error.code(), error.status().as_u16()), ("ConditionalRequestConflict", 409));
    cloud.advance(Duration::from_secs(1)).await;
    let id = begin(&cloud, "k", &[]).await;
    let tag = part(&cloud, "k", &id, 1, b"x".to_vec()).await;
    complete(&cloud, "k", &id, &[(1, &tag)], &absent).await.unwrap();
}
