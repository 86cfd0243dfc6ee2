"""Multipart uploads: boto3's transfer manager, and each operation by itself."""

import hashlib
import os

import pytest

MIB = 1024 * 1024
GONE = (
    404,
    "NoSuchUpload",
    "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
)


@pytest.fixture
def upload(s3, bucket):
    started = s3.create_multipart_upload(Bucket=bucket, Key="k", ContentType="text/plain", Metadata={"a": "1"})
    assert (started["Bucket"], started["Key"]) == (bucket, "k")
    return {"Bucket": bucket, "Key": "k", "UploadId": started["UploadId"]}


def put_parts(s3, upload, *bodies):
    etags = [s3.upload_part(**upload, PartNumber=n, Body=body)["ETag"] for n, body in enumerate(bodies, 1)]
    return {"Parts": [{"PartNumber": n, "ETag": etag} for n, etag in enumerate(etags, 1)]}


def test_a_large_file_there_and_back(s3, bucket, tmp_path):
    sent, got = tmp_path / "sent", tmp_path / "got"
    sent.write_bytes(os.urandom(20 * MIB))
    s3.upload_file(str(sent), bucket, "big", ExtraArgs={"Metadata": {"a": "1"}})
    head = s3.head_object(Bucket=bucket, Key="big")
    assert head["ETag"].endswith('-3"') and head["ContentLength"] == 20 * MIB and head["Metadata"] == {"a": "1"}
    s3.download_file(bucket, "big", str(got))
    assert got.read_bytes() == sent.read_bytes()
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_parts_become_one_object(s3, upload):
    first, last = b"1" * (5 * MIB), b"the end"
    done = s3.complete_multipart_upload(**upload, MultipartUpload=put_parts(s3, upload, first, last))
    digest = hashlib.md5(hashlib.md5(first).digest() + hashlib.md5(last).digest()).hexdigest()
    assert done["ETag"] == f'"{digest}-2"'
    assert done["Location"].endswith("/k")
    got = s3.get_object(Bucket=upload["Bucket"], Key="k")
    assert got["Body"].read() == first + last
    assert (got["ETag"], got["ContentType"], got["Metadata"]) == (done["ETag"], "text/plain", {"a": "1"})


def test_a_range_across_parts(s3, upload):
    s3.complete_multipart_upload(**upload, MultipartUpload=put_parts(s3, upload, b"1" * (5 * MIB), b"2345"))
    got = s3.get_object(Bucket=upload["Bucket"], Key="k", Range=f"bytes={5 * MIB - 2}-{5 * MIB + 1}")
    assert got["Body"].read() == b"1123"


def test_nothing_is_there_before_it_is_complete(s3, upload, refused):
    put_parts(s3, upload, b"x")
    assert refused(s3.get_object, Bucket=upload["Bucket"], Key="k")[1] == "NoSuchKey"


def test_the_last_of_a_part_counts_and_parts_may_be_left_out(s3, upload):
    put_parts(s3, upload, b"old", b"left out")
    again = s3.upload_part(**upload, PartNumber=1, Body=b"new")["ETag"]
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": again}]})
    assert s3.get_object(Bucket=upload["Bucket"], Key="k")["Body"].read() == b"new"


def test_abort(s3, upload, refused):
    parts = put_parts(s3, upload, b"x")
    s3.abort_multipart_upload(**upload)
    assert refused(s3.list_parts, **upload) == GONE
    assert refused(s3.upload_part, **upload, PartNumber=1, Body=b"x") == GONE
    assert refused(s3.complete_multipart_upload, **upload, MultipartUpload=parts) == GONE
    assert refused(s3.abort_multipart_upload, **upload) == GONE


def test_list_parts_in_pages(s3, upload):
    for number in (3, 1, 7):
        s3.upload_part(**upload, PartNumber=number, Body=b"x" * number)
    page = s3.list_parts(**upload, MaxParts=2)
    assert [(p["PartNumber"], p["Size"]) for p in page["Parts"]] == [(1, 1), (3, 3)]
    assert (page["IsTruncated"], page["NextPartNumberMarker"], page["MaxParts"]) == (True, 3, 2)
    page = s3.list_parts(**upload, PartNumberMarker=3)
    assert [p["PartNumber"] for p in page["Parts"]] == [7]
    assert (page["IsTruncated"], page["StorageClass"]) == (False, "STANDARD")


def test_list_uploads(s3, bucket):
    started = {key: s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"] for key in ("b/1", "a", "b/2", "c")}
    page = s3.list_multipart_uploads(Bucket=bucket)
    assert [(u["Key"], u["UploadId"]) for u in page["Uploads"]] == sorted(started.items())
    page = s3.list_multipart_uploads(Bucket=bucket, Delimiter="/")
    assert [u["Key"] for u in page["Uploads"]] == ["a", "c"]
    assert [p["Prefix"] for p in page["CommonPrefixes"]] == ["b/"]
    assert [u["Key"] for u in s3.list_multipart_uploads(Bucket=bucket, Prefix="b/")["Uploads"]] == ["b/1", "b/2"]


def test_list_uploads_in_pages(s3, bucket):
    for key in ("a", "b", "b", "c"):
        s3.create_multipart_upload(Bucket=bucket, Key=key)
    paginator = s3.get_paginator("list_multipart_uploads")
    pages = paginator.paginate(Bucket=bucket, PaginationConfig={"PageSize": 1})
    uploads = [u for page in pages for u in page["Uploads"]]
    assert [u["Key"] for u in uploads] == ["a", "b", "b", "c"]
    assert len({u["UploadId"] for u in uploads}) == 4


def test_a_part_that_is_too_small(s3, upload, refused):
    parts = put_parts(s3, upload, b"tiny", b"last")
    assert refused(s3.complete_multipart_upload, **upload, MultipartUpload=parts) == (
        400,
        "EntityTooSmall",
        "Your proposed upload is smaller than the minimum allowed size",
    )
    assert len(s3.list_parts(**upload)["Parts"]) == 2


def test_parts_that_do_not_fit(s3, upload, refused):
    parts = put_parts(s3, upload, b"1" * (5 * MIB), b"2")["Parts"]

    def complete(*listed):
        return refused(s3.complete_multipart_upload, **upload, MultipartUpload={"Parts": list(listed)})[:2]

    assert complete(parts[1], parts[0]) == (400, "InvalidPartOrder")
    assert complete(parts[0], {"PartNumber": 9, "ETag": parts[1]["ETag"]}) == (400, "InvalidPart")
    assert complete({"PartNumber": 1, "ETag": parts[1]["ETag"]}) == (400, "InvalidPart")


@pytest.mark.parametrize("number", [0, -1, 10001])
def test_part_numbers_that_are_none(s3, upload, refused, number):
    assert refused(s3.upload_part, **upload, PartNumber=number, Body=b"x") == (
        400,
        "InvalidArgument",
        "Part number must be an integer between 1 and 10000, inclusive",
    )
