"""Objects as boto3 sees them: what is put is what is got, whole, in part and under conditions."""

import hashlib
import json
from datetime import datetime, timedelta, timezone
from email.header import Header, decode_header, make_header
from urllib.parse import quote

import pytest

from program import call, credential

CONDITION_FAILED = "At least one of the pre-conditions you specified did not hold"
TEN = b"0123456789"


def keys(s3, bucket):
    return [o["Key"] for o in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


@pytest.mark.parametrize("body", [b"", b"x", bytes(range(256)) * 4096], ids=["empty", "byte", "megabyte"])
def test_what_is_put_is_got(s3, bucket, body):
    etag = f'"{hashlib.md5(body).hexdigest()}"'
    assert s3.put_object(Bucket=bucket, Key="k", Body=body)["ETag"] == etag
    got = s3.get_object(Bucket=bucket, Key="k")
    assert got["Body"].read() == body
    assert (got["ETag"], got["ContentLength"]) == (etag, len(body))
    assert (got["ContentType"], got["AcceptRanges"]) == ("binary/octet-stream", "bytes")


def test_head_is_get_without_the_body(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=TEN, ContentType="text/plain", Metadata={"who": "me"})
    head, got = s3.head_object(Bucket=bucket, Key="k"), s3.get_object(Bucket=bucket, Key="k")
    for member in ("ContentLength", "ContentType", "ETag", "LastModified", "Metadata", "AcceptRanges"):
        assert head[member] == got[member]


def test_put_replaces(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"old", Metadata={"a": "1"}, ContentType="text/plain")
    s3.put_object(Bucket=bucket, Key="k", Body=b"new!")
    got = s3.get_object(Bucket=bucket, Key="k")
    assert (got["Body"].read(), got["Metadata"], got["ContentType"]) == (b"new!", {}, "binary/octet-stream")


def test_system_headers(s3, bucket):
    headers = {
        "CacheControl": "max-age=60",
        "ContentDisposition": 'attachment; filename="a b.txt"',
        "ContentEncoding": "identity",
        "ContentLanguage": "de, en",
        "ContentType": "text/plain; charset=utf-8",
        "ExpiresString": "Thu, 01 Jan 2032 00:00:00 GMT",
    }
    given = {**headers, "Expires": datetime(2032, 1, 1, tzinfo=timezone.utc)}
    del given["ExpiresString"]
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", **given)
    got = s3.get_object(Bucket=bucket, Key="k")
    assert {member: got[member] for member in headers} == headers


def test_get_overrides_headers(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", ContentType="text/plain")
    got = s3.get_object(
        Bucket=bucket, Key="k", ResponseContentType="text/html", ResponseContentDisposition="inline", ResponseCacheControl="no-store"
    )
    assert (got["ContentType"], got["ContentDisposition"], got["CacheControl"]) == ("text/html", "inline", "no-store")


def test_user_metadata(s3, bucket):
    metadata = {"plain": "value", "mixed-case": "Kept As Is", "punctuation": "a=b; c, \"d\" 100%", "empty": ""}
    s3.put_object(Bucket=bucket, Key="k", Body=b"", Metadata=metadata)
    assert s3.head_object(Bucket=bucket, Key="k")["Metadata"] == metadata


def test_user_metadata_beyond_ascii(s3, bucket):
    # Clients send such a value as an RFC 2047 word, and AWS answers one, not always spelt the same way.
    s3.put_object(Bucket=bucket, Key="k", Body=b"", Metadata={"greeting": Header("Grüße 🎈", "utf-8").encode()})
    value = s3.head_object(Bucket=bucket, Key="k")["Metadata"]["greeting"]
    assert str(make_header(decode_header(value))) == "Grüße 🎈"


def test_raw_metadata_beyond_ascii_comes_back_encoded(program, bucket):
    path = f"/{bucket}/k"
    assert call(program.netloc, "PUT", path, {"x-amz-meta-greeting": "Grüße".encode()}, b"").status == 200
    value = call(program.netloc, "HEAD", path).headers["x-amz-meta-greeting"]
    assert value.startswith("=?UTF-8?") and value.isascii()


ODD_KEYS = [
    "a b",
    "plus+plus",
    "per%cent",
    "%41",
    "ünï/cödé/日本/🎈",
    "slash//twice",
    "/leading",
    "trailing/",
    "dot/./dot",
    "dot/../dot",
    "..",
    "q?m=1&n#frag",
    "quote'\"<&>",
    "tab\tline\nreturn\r",
    "~tilde!*()[]{}|\\^`;:@=,$",
    "k" * 1024,
]


@pytest.mark.parametrize("key", ODD_KEYS, ids=lambda key: quote(key[:20], safe=""))
def test_odd_keys(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
    assert keys(s3, bucket) == [key]
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": key})
    assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == key.encode()
    deleted = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key}]})["Deleted"]
    assert [d["Key"] for d in deleted] == [key]
    assert keys(s3, bucket) == ["copy"]


def test_a_key_that_is_too_long(s3, bucket, refused):
    assert refused(s3.put_object, Bucket=bucket, Key="ü" * 513, Body=b"") == (400, "KeyTooLongError", "Your key is too long")


def test_what_is_not_there(s3, bucket, refused):
    missing = (404, "NoSuchKey", "The specified key does not exist.")
    assert refused(s3.get_object, Bucket=bucket, Key="k") == missing
    assert refused(s3.head_object, Bucket=bucket, Key="k")[:2] == (404, "404")
    assert s3.delete_object(Bucket=bucket, Key="k")["ResponseMetadata"]["HTTPStatusCode"] == 204


@pytest.mark.parametrize(
    ("asked", "part", "content_range"),
    [
        ("bytes=0-3", b"0123", "bytes 0-3/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=-2", b"89", "bytes 8-9/10"),
        ("bytes=-99", TEN, "bytes 0-9/10"),
        ("bytes=8-99", b"89", "bytes 8-9/10"),
    ],
)
def test_ranges(s3, bucket, asked, part, content_range):
    s3.put_object(Bucket=bucket, Key="k", Body=TEN)
    got = s3.get_object(Bucket=bucket, Key="k", Range=asked)
    assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert (got["Body"].read(), got["ContentRange"], got["ContentLength"]) == (part, content_range, len(part))


@pytest.mark.parametrize("asked", ["bytes=5-2", "bytes=0-1,3-4", "bytes=x-"])
def test_ranges_that_say_nothing_give_everything(s3, bucket, asked):
    s3.put_object(Bucket=bucket, Key="k", Body=TEN)
    got = s3.get_object(Bucket=bucket, Key="k", Range=asked)
    assert (got["ResponseMetadata"]["HTTPStatusCode"], got["Body"].read()) == (200, TEN)


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=10-20", "bytes=-0"])
def test_ranges_beyond_the_end(s3, bucket, refused, asked):
    s3.put_object(Bucket=bucket, Key="k", Body=TEN)
    assert refused(s3.get_object, Bucket=bucket, Key="k", Range=asked) == (
        416,
        "InvalidRange",
        "The requested range is not satisfiable",
    )


def test_conditional_reads(s3, bucket, refused):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"x")["ETag"]
    written = s3.head_object(Bucket=bucket, Key="k")["LastModified"]
    it = {"Bucket": bucket, "Key": "k"}
    failed = (412, "PreconditionFailed", CONDITION_FAILED)

    assert s3.get_object(**it, IfMatch=etag)["Body"].read() == b"x"
    assert refused(s3.get_object, **it, IfMatch='"other"') == failed
    assert refused(s3.get_object, **it, IfNoneMatch=etag)[:2] == (304, "304")
    assert s3.get_object(**it, IfNoneMatch='"other"')["Body"].read() == b"x"
    assert refused(s3.get_object, **it, IfModifiedSince=written)[:2] == (304, "304")
    assert refused(s3.get_object, **it, IfUnmodifiedSince=written - timedelta(days=1)) == failed
    # An entity tag outweighs a date (RFC 9110, 13.2.2).
    assert s3.get_object(**it, IfMatch=etag, IfUnmodifiedSince=written - timedelta(days=1))["Body"].read() == b"x"
    assert refused(s3.head_object, **it, IfMatch='"other"')[:2] == (412, "412")


def test_conditional_writes(s3, bucket, refused):
    it = {"Bucket": bucket, "Key": "k"}
    etag = s3.put_object(**it, Body=b"first", IfNoneMatch="*")["ETag"]
    failed = (412, "PreconditionFailed", CONDITION_FAILED)
    assert refused(s3.put_object, **it, Body=b"second", IfNoneMatch="*") == failed
    assert refused(s3.put_object, **it, Body=b"second", IfMatch='"0123456789abcdef0123456789abcdef"') == failed
    assert s3.get_object(**it)["Body"].read() == b"first"
    s3.put_object(**it, Body=b"second", IfMatch=etag)
    assert s3.get_object(**it)["Body"].read() == b"second"
    assert refused(s3.put_object, Bucket=bucket, Key="none", Body=b"", IfMatch=etag)[:2] == (404, "NoSuchKey")


def test_copy_takes_metadata_along_or_replaces_it(s3, bucket):
    s3.put_object(Bucket=bucket, Key="from", Body=b"x", ContentType="text/plain", Metadata={"a": "1"})
    source = {"Bucket": bucket, "Key": "from"}
    result = s3.copy_object(Bucket=bucket, Key="to", CopySource=source)["CopyObjectResult"]
    assert result["ETag"] == s3.head_object(Bucket=bucket, Key="to")["ETag"]
    copied = s3.head_object(Bucket=bucket, Key="to")
    assert (copied["ContentType"], copied["Metadata"]) == ("text/plain", {"a": "1"})

    s3.copy_object(Bucket=bucket, Key="to", CopySource=source, MetadataDirective="REPLACE", Metadata={"b": "2"})
    copied = s3.head_object(Bucket=bucket, Key="to")
    assert (copied["ContentType"], copied["Metadata"]) == ("binary/octet-stream", {"b": "2"})


def test_copy_across_buckets(s3, bucket):
    s3.create_bucket(Bucket=f"{bucket}-2")
    s3.put_object(Bucket=bucket, Key="from", Body=TEN)
    s3.copy({"Bucket": bucket, "Key": "from"}, f"{bucket}-2", "to")
    assert s3.get_object(Bucket=f"{bucket}-2", Key="to")["Body"].read() == TEN


def test_copy_under_conditions(s3, bucket, refused):
    etag = s3.put_object(Bucket=bucket, Key="from", Body=b"x")["ETag"]
    copy = {"Bucket": bucket, "Key": "to", "CopySource": {"Bucket": bucket, "Key": "from"}}
    failed = (412, "PreconditionFailed", CONDITION_FAILED)
    assert refused(s3.copy_object, **copy, CopySourceIfMatch='"other"') == failed
    assert refused(s3.copy_object, **copy, CopySourceIfNoneMatch=etag) == failed
    assert keys(s3, bucket) == ["from"]
    s3.copy_object(**copy, CopySourceIfMatch=etag)


def test_copy_onto_itself_must_change_something(s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    itself = {"Bucket": bucket, "Key": "k", "CopySource": {"Bucket": bucket, "Key": "k"}}
    assert refused(s3.copy_object, **itself) == (
        400,
        "InvalidRequest",
        "This copy request is illegal because it is trying to copy an object to itself without changing the "
        "object's metadata, storage class, website redirect location or encryption attributes.",
    )
    s3.copy_object(**itself, MetadataDirective="REPLACE", Metadata={"now": "different"})
    assert s3.head_object(Bucket=bucket, Key="k")["Metadata"] == {"now": "different"}


def test_copy_of_nothing(s3, bucket, refused):
    missing = refused(s3.copy_object, Bucket=bucket, Key="k", CopySource={"Bucket": bucket, "Key": "none"})
    assert missing == (404, "NoSuchKey", "The specified key does not exist.")


def test_delete_many(s3, bucket):
    for key in ("a", "b", "c"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    doomed = {"Objects": [{"Key": "a"}, {"Key": "b"}, {"Key": "never was"}]}
    result = s3.delete_objects(Bucket=bucket, Delete=doomed)
    assert sorted(d["Key"] for d in result["Deleted"]) == ["a", "b", "never was"]
    assert keys(s3, bucket) == ["c"]
    assert "Deleted" not in s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "c"}], "Quiet": True})
    assert keys(s3, bucket) == []


def test_delete_of_more_than_a_thousand(s3, bucket, refused):
    too_many = {"Objects": [{"Key": str(i)} for i in range(1001)]}
    assert refused(s3.delete_objects, Bucket=bucket, Delete=too_many) == (
        400,
        "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published schema",
    )


def test_buckets_keep_their_objects_apart(s3, bucket, refused):
    s3.create_bucket(Bucket=f"{bucket}-2")
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert refused(s3.get_object, Bucket=f"{bucket}-2", Key="k")[1] == "NoSuchKey"


def test_headers_come_back_byte_by_byte(endpoint, s3, bucket):
    netloc = endpoint.removeprefix("http://")
    for sent in ["naïve".encode("latin-1"), "naïve".encode()]:
        headers = {**credential("s3"), "x-amz-content-sha256": "UNSIGNED-PAYLOAD", "x-amz-date": "20260101T000000Z"}
        assert call(netloc, "PUT", f"/{bucket}/k", {**headers, "Content-Disposition": sent}, b"x").status == 200
        got = call(netloc, path=f"/{bucket}/k", headers=headers).headers["Content-Disposition"]
        assert got.encode("latin-1", "surrogateescape") == sent or got.encode("utf-8", "surrogateescape") == sent


def test_what_a_form_puts_is_told_as_posted(endpoint, s3, sqs, bucket, queue_url):
    queue = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    rule = {"QueueArn": queue, "Events": ["s3:ObjectCreated:Post"]}
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [rule]}, SkipDestinationValidation=True
    )
    form = b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    form = form % (b"key", b"k") + form % (b"file", b"x") + b"--x--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    s3.put_object(Bucket=bucket, Key="put", Body=b"x")
    assert call(endpoint.removeprefix("http://"), "POST", f"/{bucket}", headers, form).status == 204
    told = sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=5)["Messages"]
    records = [json.loads(message["Body"])["Records"][0] for message in told]
    assert [(r["eventName"], r["s3"]["object"]["key"]) for r in records] == [("ObjectCreated:Post", "k")]
