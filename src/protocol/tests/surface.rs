//! What AWS's services show beside the protocols' own test cases: S3's sub-resources, errors in
//! every form, events, and the words of validation.

#![cfg(test)]

use std::sync::LazyLock;

use bytes::Bytes;
use cumulet_core::body::{Event, Events};
use cumulet_core::{AwsError, Body, Encode, Model, Protocol, Schema, Timestamp, Value};
use cumulet_protocol::{
    decode_event, encode_event, encode_exception, find_operation, violations, write_error,
    write_output,
};
use http::Response;

fn model(json: &str) -> &'static Model {
    let packed = cumulet_codegen::pack(json).unwrap();
    Box::leak(Box::new(Model::unpack(packed.leak())))
}

static S3: LazyLock<&'static Model> =
    LazyLock::new(|| model(include_str!("../../../services/s3/model.json")));
static SQS: LazyLock<&'static Model> =
    LazyLock::new(|| model(include_str!("../../../services/sqs/model.json")));

fn operation(model: &Model, name: &str) -> usize {
    model.operation(name).unwrap()
}

fn text(answer: Response<Body>) -> String {
    String::from_utf8(bytes(answer).to_vec()).unwrap()
}

fn bytes(answer: Response<Body>) -> Bytes {
    let mut body = answer.into_body();
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(body.collect(usize::MAX, || unreachable!())).poll(&mut cx) {
        std::task::Poll::Ready(bytes) => bytes.unwrap(),
        std::task::Poll::Pending => panic!("a body that is not at hand"),
    }
}

/// The operation and labels of a request to S3.
fn s3(request: &str) -> Result<String, AwsError> {
    let mut words = request.split(' ');
    let (method, uri) = (words.next().unwrap(), words.next().unwrap());
    let mut builder = http::Request::builder().method(method).uri(uri);
    for header in words {
        builder = builder.header(header, "x");
    }
    let parts = builder.body(()).unwrap().into_parts().0;
    let found = find_operation(Protocol::RestXml, *S3, &parts, b"")?;
    let labels: Vec<_> = found.labels.into_iter().map(|(_, text)| text).collect();
    Ok(format!("{} {}", S3.operations[found.operation].name, labels.join(" ")).trim().to_owned())
}

#[test]
fn s3s_operations_are_told_apart() {
    for (request, wanted) in [
        ("GET /", "ListBuckets"),
        ("GET /b", "ListObjects b"),
        ("GET /b/", "ListObjects b"),
        ("GET /b?list-type=2", "ListObjectsV2 b"),
        ("GET /b?location", "GetBucketLocation b"),
        ("GET /b?uploads", "ListMultipartUploads b"),
        ("GET /b?versions&prefix=a", "ListObjectVersions b"),
        ("GET /b?lifecycle", "GetBucketLifecycleConfiguration b"),
        ("GET /b?inventory&id=1", "GetBucketInventoryConfiguration b"),
        ("GET /b?inventory", "ListBucketInventoryConfigurations b"),
        ("GET /b/k?uploadId=1", "ListParts b k"),
        ("GET /b/k?tagging", "GetObjectTagging b k"),
        ("GET /b/k?x-id=GetObject&partNumber=1", "GetObject b k"),
        ("GET /b//a%20b//c/", "GetObject b /a b//c/"),
        ("HEAD /b", "HeadBucket b"),
        ("PUT /b", "CreateBucket b"),
        ("PUT /b?requestPayment", "PutBucketRequestPayment b"),
        ("DELETE /b?replication", "DeleteBucketReplication b"),
        ("PUT /b/k", "PutObject b k"),
        ("PUT /b/k x-amz-copy-source", "CopyObject b k"),
        ("PUT /b/k?partNumber=1&uploadId=2", "UploadPart b k"),
        ("PUT /b/k?partNumber=1&uploadId=2 x-amz-copy-source", "UploadPartCopy b k"),
        ("POST /b/k?uploads", "CreateMultipartUpload b k"),
        ("POST /b/k?uploadId=1", "CompleteMultipartUpload b k"),
        ("POST /b?delete", "DeleteObjects b"),
        ("DELETE /b/k", "DeleteObject b k"),
        ("DELETE /b/k?uploadId=1", "AbortMultipartUpload b k"),
    ] {
        assert_eq!(s3(request).unwrap(), wanted, "{request}");
    }
    assert_eq!(s3("PATCH /b").unwrap_err().code(), "MethodNotAllowed");
    // A part of a bucket that has no such method is not the bucket.
    for part in ["DELETE /b?location", "PUT /b?uploads", "DELETE /b/k?acl="] {
        assert_eq!(s3(part).unwrap_err().code(), "MethodNotAllowed", "{part}");
    }
    assert_eq!(s3("GET /b/%ff").unwrap_err().code(), "InvalidURI");
}

#[test]
fn an_error_is_written_in_every_form() {
    let error = || AwsError::new("QueueDoesNotExist", 400, "The <queue> is gone.");
    let write = |protocol, bare| write_error(protocol, Some(*SQS), &error(), "id-1", bare);
    let json = write(Protocol::Json, false);
    assert_eq!(
        json.headers()["x-amzn-query-error"],
        "AWS.SimpleQueueService.NonExistentQueue;Sender"
    );
    assert_eq!(json.headers()["x-amzn-requestid"], "id-1");
    assert_eq!(text(json), r#"{"__type":"QueueDoesNotExist","message":"The <queue> is gone."}"#);
    let query = text(write(Protocol::Query, false));
    assert!(query.contains("<Code>AWS.SimpleQueueService.NonExistentQueue</Code>"), "{query}");
    assert!(query.contains("<Message>The &lt;queue&gt; is gone.</Message>"), "{query}");
    assert!(query.contains("<RequestId>id-1</RequestId></ErrorResponse>"), "{query}");
    let ec2 = text(write(Protocol::Ec2, false));
    assert!(ec2.ends_with("</Error></Errors><RequestID>id-1</RequestID></Response>"), "{ec2}");
    let rest = write(Protocol::RestJson, false);
    assert_eq!(rest.headers()["x-amzn-errortype"], "QueueDoesNotExist");
    assert_eq!(text(rest), r#"{"message":"The <queue> is gone."}"#);
}

#[test]
fn s3s_errors_stand_alone() {
    let error =
        AwsError::new("NoSuchKey", 404, "The specified key does not exist.").with("Key", "a\r");
    let answer = write_error(Protocol::RestXml, Some(*S3), &error, "id", true);
    assert_eq!(answer.headers()["x-amz-request-id"], "id");
    let host_id = answer.headers()["x-amz-id-2"].to_str().unwrap().to_owned();
    assert_eq!(
        text(answer),
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchKey</Code><Message>The \
             specified key does not exist.</Message><Key>a&#xD;</Key><RequestId>id</RequestId>\
             <HostId>{host_id}</HostId></Error>"
        )
    );
}

#[test]
fn an_answer_of_s3_has_its_own_root_namespace_and_times() {
    let page = Value::map([
        ("Name", Value::from("b")),
        (
            "Contents",
            Value::List(vec![Value::map([
                ("Key", Value::from("k\u{1}")),
                ("LastModified", Value::Timestamp(Timestamp::from_secs(1))),
                ("ETag", Value::from("\"e\"")),
            ])]),
        ),
    ]);
    let index = operation(*S3, "ListObjectsV2");
    let answer = text(write_output(Protocol::RestXml, *S3, index, &page, None, "id"));
    assert_eq!(
        answer,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult \
         xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>b</Name><Contents><Key>k&#x1;</Key>\
         <LastModified>1970-01-01T00:00:01.000Z</LastModified><ETag>&quot;e&quot;</ETag></Contents>\
         </ListBucketResult>"
    );
    let place = Value::map([("LocationConstraint", Value::from("eu-west-1"))]);
    let index = operation(*S3, "GetBucketLocation");
    let answer = text(write_output(Protocol::RestXml, *S3, index, &place, None, "id"));
    assert!(answer.ends_with("2006-03-01/\">eu-west-1</LocationConstraint>"), "{answer}");
}

#[test]
fn a_header_never_breaks_its_line() {
    let object = Value::map([("Metadata", Value::map([("a", Value::from("x\r\nset-cookie: y"))]))]);
    let index = operation(*S3, "GetObject");
    let answer =
        write_output(Protocol::RestXml, *S3, index, &object, Some(Body::from("abc")), "id");
    assert_eq!(answer.headers()["x-amz-meta-a"], "x  set-cookie: y");
    assert_eq!(text(answer), "abc");
}

#[test]
fn events_go_both_ways() {
    let output = S3.operations[operation(*S3, "SelectObjectContent")].output.unwrap();
    let mut members = S3.shape(output).members.iter().map(|m| m.shape);
    let stream = members.find(|id| S3.shape(*id).event_stream).unwrap();
    let schema = Schema { model: *S3, shape: stream };
    assert!(schema.shape().members.iter().any(|m| m.name == "Records"));
    let records = Value::map([("Payload", Value::Blob("1,2\n".into()))]);
    let event = |value: &dyn Encode| encode_event(Protocol::RestXml, *S3, stream, value);
    let mut wire = event(&Value::map([("Records", records)])).to_vec();
    wire.extend(event(&Value::map([("End", Value::Map(Vec::new()))])));
    wire.extend(encode_exception(Protocol::RestXml, *S3, &AwsError::new("Oops", 500, "no")));
    let mut wire = Bytes::from(wire);
    let mut seen = Vec::new();
    while let Some(message) = decode_event(&mut wire).unwrap() {
        seen.push((
            message.headers[1].1.clone(),
            String::from_utf8(message.payload.to_vec()).unwrap(),
        ));
    }
    let wanted = [("Records", "1,2\n"), ("End", ""), ("Oops", "")];
    assert_eq!(seen, wanted.map(|(name, payload)| (name.to_owned(), payload.to_owned())));
    let mut broken = event(&Value::map([("End", Value::Map(Vec::new()))])).to_vec();
    broken[14] ^= 1;
    assert!(decode_event(&mut Bytes::from(broken)).is_err());
}

#[test]
fn events_of_a_handler_become_messages() {
    async fn next(n: usize) -> Option<(Result<Event, AwsError>, usize)> {
        let end = Box::new(Value::map([("End", Value::Map(Vec::new()))]));
        Some((if n < 2 { Ok(end) } else { Err(AwsError::new("Oops", 400, "no")) }, n + 1))
    }
    let source = Events::from_source(0, next);
    let index = operation(*S3, "SelectObjectContent");
    let (output, body) = (Value::Map(Vec::new()), Some(Body::events(source)));
    let answer = write_output(Protocol::RestXml, *S3, index, &output, body, "id");
    assert_eq!(answer.headers()["content-type"], "application/vnd.amazon.eventstream");
    let mut wire = bytes(answer);
    let mut next = || decode_event(&mut wire).unwrap().map(|m| m.headers[1].1.clone());
    assert_eq!([next(), next()], [Some("End".into()), Some("End".into())]);
    assert_eq!([next(), next()], [Some("Oops".into()), None]);
}

#[test]
fn violations_are_told_in_awss_words() {
    let model = model(
        r#"{"metadata": {"protocols": ["json"]},
        "operations": {"Op": {"http": {}, "input": {"shape": "In"}}},
        "shapes": {
            "In": {"type": "structure", "required": ["Name", "Size"], "members": {
                "Name": {"shape": "Name"}, "Size": {"shape": "Size"}, "Kind": {"shape": "Kind"},
                "Names": {"shape": "Names"}, "Tags": {"shape": "Tags"}}},
            "Name": {"type": "string", "min": 1, "max": 3, "pattern": "[a-z]*"},
            "Size": {"type": "integer", "min": 1, "max": 9},
            "Kind": {"type": "string", "enum": ["a", "b"]},
            "Names": {"type": "list", "member": {"shape": "Name"}, "max": 2},
            "Tags": {"type": "list", "member": {"shape": "Tag"}},
            "Tag": {"type": "structure", "required": ["Key"], "members": {"Key": {"shape": "Name"}}}
        }}"#,
    );
    let told = |value: Value| -> Vec<String> {
        violations(model, "Op", &value).iter().map(cumulet_protocol::Violation::message).collect()
    };
    let good = Value::map([("Name", Value::from("abc")), ("Size", Value::from(9))]);
    assert_eq!(told(good), [""; 0]);
    let bad = Value::map([
        ("Name", Value::from("ABCD")),
        ("Kind", Value::from("c")),
        ("Names", Value::List(vec!["a".into(), "".into()])),
        (
            "Tags",
            Value::List(vec![
                Value::map([("Key", Value::from("b"))]),
                Value::map([("Other", Value::Null)]),
            ]),
        ),
    ]);
    assert_eq!(
        told(bad),
        [
            "Value 'ABCD' at 'name' failed to satisfy constraint: Member must have length less than or equal to 3",
            "Value 'ABCD' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-z]*",
            "Value null at 'size' failed to satisfy constraint: Member must not be null",
            "Value 'c' at 'kind' failed to satisfy constraint: Member must satisfy enum value set: [a, b]",
            "Value '[a, ]' at 'names' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 3, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [a-z]*]",
            "Value null at 'tags.2.member.key' failed to satisfy constraint: Member must not be null",
        ]
    );
}

#[test]
fn kinesis_times_are_milliseconds() {
    let model = model(
        r#"{"metadata": {"protocols": ["json", "cbor"]},
        "operations": {"Op": {"http": {}, "output": {"shape": "Out"}}},
        "shapes": {"Out": {"type": "structure", "members": {"At": {"shape": "Time"}}},
            "Time": {"type": "timestamp"}}}"#,
    );
    let output = Value::map([("At", Value::Timestamp(Timestamp::from_millis(1_700_000_000_123)))]);
    let answer = write_output(Protocol::Cbor, model, 0, &output, None, "id");
    assert_eq!(answer.headers()["content-type"], "application/x-amz-cbor-1.1");
    let tagged = [&[0xc1, 0x1b][..], &1_700_000_000_123_u64.to_be_bytes()].concat();
    let wanted = [b"\xbf\x62At", &*tagged, b"\xff"].concat();
    assert_eq!(bytes(answer), wanted);
}
