"""S3 Select as boto3 sees it: an event stream, and errors before and in it."""

import bz2
import gzip
import random

import pytest
from botocore.exceptions import ClientError, EventStreamError

PEOPLE = b"name,age\nAda,36\nBob,7\n"
CSV = {"CSV": {"FileHeaderInfo": "USE"}}


def select(s3, bucket, expression, body=PEOPLE, source=CSV, to={"CSV": {}}, **more):
    s3.put_object(Bucket=bucket, Key="k", Body=body)
    return s3.select_object_content(
        Bucket=bucket,
        Key="k",
        Expression=expression,
        ExpressionType="SQL",
        InputSerialization=source,
        OutputSerialization=to,
        **more,
    )["Payload"]


def records(events):
    return b"".join(event["Records"]["Payload"] for event in events if "Records" in event)


def test_records_statistics_and_an_end(s3, bucket):
    query = "SELECT s.name FROM S3Object s WHERE CAST(s.age AS INT) > 10"
    events = list(select(s3, bucket, query, RequestProgress={"Enabled": True}))
    assert [next(iter(event)) for event in events] == ["Records", "Progress", "Stats", "End"]
    assert records(events) == b"Ada\n"
    details = {"BytesScanned": len(PEOPLE), "BytesProcessed": len(PEOPLE), "BytesReturned": 4}
    assert events[1]["Progress"]["Details"] == events[2]["Stats"]["Details"] == details


def test_json_in_and_out(s3, bucket):
    source, to = {"JSON": {"Type": "DOCUMENT"}}, {"JSON": {}}
    body = b'{"items": [{"n": 1}, {"n": 2}]}'
    events = select(s3, bucket, "SELECT x.n FROM S3Object[*].items[*] x WHERE x.n > 1", body, source, to)
    assert records(events) == b'{"n":2}\n'


def test_a_large_answer_is_whole(s3, bucket):
    body = b"".join(b"%d,%s\n" % (n, b"x" * 90) for n in range(30_000))
    events = list(select(s3, bucket, "SELECT * FROM S3Object", body, {"CSV": {}}))
    assert records(events) == body
    assert sum("Records" in event for event in events) > 10


@pytest.mark.parametrize(
    "expression, code",
    [
        ("SELECT nope FROM S3Object", "MissingHeaders"),
        ("SELECT * FROM S3Object WHERE", "ParseExpectedExpression"),
        ("SELECT CAST(name AS INT) FROM S3Object", "CastFailed"),
    ],
)
def test_an_error_before_all_records_is_the_answer(s3, bucket, expression, code):
    with pytest.raises(ClientError) as error:
        select(s3, bucket, expression)
    assert error.value.response["Error"]["Code"] == code
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_an_error_after_records_is_an_event(s3, bucket):
    events = iter(select(s3, bucket, "SELECT CAST(age AS INT) FROM S3Object", PEOPLE + b"Cy,x\n"))
    assert next(events)["Records"]["Payload"] == b"36\n7\n"
    with pytest.raises(EventStreamError) as error:
        next(events)
    assert error.value.response["Error"]["Code"] == "CastFailed"


@pytest.mark.parametrize("kind, pack", [("GZIP", gzip.compress), ("BZIP2", bz2.compress)])
def test_compressed_objects(s3, bucket, kind, pack):
    numbers = random.Random(7)
    data = b"".join(b"%d,%d\n" % (n, numbers.randrange(10**9)) for n in range(100_000))
    # Members and streams follow each other.
    body = pack(data[:900_000]) + pack(data[900_000:])
    events = list(select(s3, bucket, "SELECT * FROM S3Object", body, {"CSV": {}, "CompressionType": kind}))
    assert records(events) == data
    stats = events[-2]["Stats"]["Details"]
    assert stats == {"BytesScanned": len(body), "BytesProcessed": len(data), "BytesReturned": len(data)}


def test_an_object_that_is_not_compressed(s3, bucket):
    with pytest.raises(ClientError) as error:
        select(s3, bucket, "SELECT * FROM S3Object", source={"CSV": {}, "CompressionType": "GZIP"})
    assert error.value.response["Error"]["Code"] == "TruncatedInput"


def test_a_storage_class_that_is_not_read(s3, bucket):
    s3.put_object(Bucket=bucket, Key="cold", Body=PEOPLE, StorageClass="GLACIER")
    with pytest.raises(ClientError) as error:
        s3.select_object_content(
            Bucket=bucket,
            Key="cold",
            Expression="SELECT * FROM S3Object",
            ExpressionType="SQL",
            InputSerialization=CSV,
            OutputSerialization={"CSV": {}},
        )
    assert error.value.response["Error"]["Code"] == "UnsupportedStorageClass"


def test_no_key(s3, bucket):
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.select_object_content(
            Bucket=bucket,
            Key="nope",
            Expression="SELECT * FROM S3Object",
            ExpressionType="SQL",
            InputSerialization=CSV,
            OutputSerialization={"CSV": {}},
        )
