"""ListObjects, the first and the second: order, prefixes, delimiters, paging, encoding."""

import xml.etree.ElementTree as ET
from urllib.parse import unquote_plus

import pytest

from program import call, credential

TREE = ["a.txt", "photos/2024/x.jpg", "photos/2025/y.jpg", "photos/index", "z.txt"]
NAMESPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"


@pytest.fixture
def tree(s3, bucket):
    for key in reversed(TREE):
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    return bucket


@pytest.fixture(params=["list_objects", "list_objects_v2"])
def listing(request, s3):
    """Both versions where they agree."""
    return getattr(s3, request.param)


def names(page):
    return [o["Key"] for o in page.get("Contents", [])]


def prefixes(page):
    return [p["Prefix"] for p in page.get("CommonPrefixes", [])]


def test_everything_in_order(listing, tree):
    page = listing(Bucket=tree)
    assert names(page) == TREE
    assert (page["IsTruncated"], page["Name"], page["MaxKeys"], page["Prefix"]) == (False, tree, 1000, "")
    first = page["Contents"][0]
    assert (first["Size"], first["StorageClass"]) == (len("a.txt"), "STANDARD")
    assert first["ETag"].startswith('"') and first["LastModified"].year >= 2026


def test_order_is_that_of_utf_8_bytes(listing, s3, bucket):
    keys = ["B", "a", "a ", "a!", "aa", "é", "日", "\uffff", "🎈"]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    assert names(listing(Bucket=bucket)) == sorted(keys, key=str.encode)


def test_an_empty_bucket(listing, bucket):
    page = listing(Bucket=bucket)
    assert "Contents" not in page and page["IsTruncated"] is False


def test_prefix(listing, tree):
    assert names(listing(Bucket=tree, Prefix="photos/20")) == TREE[1:3]
    assert names(listing(Bucket=tree, Prefix="none")) == []


def test_delimiter(listing, tree):
    page = listing(Bucket=tree, Delimiter="/")
    assert (names(page), prefixes(page)) == (["a.txt", "z.txt"], ["photos/"])
    page = listing(Bucket=tree, Delimiter="/", Prefix="photos/")
    assert (names(page), prefixes(page)) == (["photos/index"], ["photos/2024/", "photos/2025/"])
    page = listing(Bucket=tree, Delimiter=".jpg", Prefix="photos/2024/")
    assert (names(page), prefixes(page)) == ([], ["photos/2024/x.jpg"])


@pytest.mark.parametrize("operation", ["list_objects", "list_objects_v2"])
@pytest.mark.parametrize("delimiter", ["", "/"])
@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_pages_add_up_to_the_whole(s3, tree, operation, delimiter, size):
    whole = getattr(s3, operation)(Bucket=tree, Delimiter=delimiter)
    pages = list(s3.get_paginator(operation).paginate(Bucket=tree, Delimiter=delimiter, PaginationConfig={"PageSize": size}))
    assert sum((names(p) for p in pages), []) == names(whole)
    assert sum((prefixes(p) for p in pages), []) == prefixes(whole)
    assert all(len(names(p) + prefixes(p)) <= size for p in pages)


def test_v2_counts_and_continues(s3, tree):
    page = s3.list_objects_v2(Bucket=tree, MaxKeys=2, Delimiter="/")
    assert (page["KeyCount"], page["IsTruncated"], names(page), prefixes(page)) == (2, True, ["a.txt"], ["photos/"])
    token = page["NextContinuationToken"]
    page = s3.list_objects_v2(Bucket=tree, ContinuationToken=token, Delimiter="/")
    assert (page["KeyCount"], page["IsTruncated"], names(page)) == (1, False, ["z.txt"])
    assert page["ContinuationToken"] == token


def test_v2_starts_after(s3, tree):
    page = s3.list_objects_v2(Bucket=tree, StartAfter="photos/2024/x.jpg")
    assert (names(page), page["StartAfter"]) == (TREE[2:], "photos/2024/x.jpg")


def test_v2_names_the_owner_when_asked(s3, tree):
    assert "Owner" not in s3.list_objects_v2(Bucket=tree)["Contents"][0]
    assert s3.list_objects_v2(Bucket=tree, FetchOwner=True)["Contents"][0]["Owner"]["ID"]


def test_v1_marks_the_next_page_only_with_a_delimiter(s3, tree):
    page = s3.list_objects(Bucket=tree, MaxKeys=2)
    assert page["IsTruncated"] and "NextMarker" not in page
    page = s3.list_objects(Bucket=tree, MaxKeys=2, Delimiter="/")
    assert page["NextMarker"] == "photos/"
    assert names(s3.list_objects(Bucket=tree, Delimiter="/", Marker="photos/")) == ["z.txt"]


def test_no_keys_asked_for(listing, tree):
    page = listing(Bucket=tree, MaxKeys=0)
    assert (names(page), page["IsTruncated"]) == ([], False)


def test_at_most_a_thousand(s3, bucket):
    for i in range(1001):
        s3.put_object(Bucket=bucket, Key=f"{i:04}", Body=b"")
    page = s3.list_objects_v2(Bucket=bucket, MaxKeys=5000)
    assert (page["KeyCount"], page["IsTruncated"], page["MaxKeys"]) == (1000, True, 1000)


def test_a_bad_token(s3, bucket, refused):
    assert refused(s3.list_objects_v2, Bucket=bucket, ContinuationToken="never issued") == (
        400,
        "InvalidArgument",
        "The continuation token provided is incorrect",
    )


def test_encoding_type(program, s3, bucket):
    key = "a b+ü/\x01"
    s3.put_object(Bucket=bucket, Key=key, Body=b"")
    answer = call(program.netloc, "GET", f"/{bucket}?list-type=2&encoding-type=url", credential("s3"))
    root = ET.fromstring(answer.body)
    listed = root.find(f"{NAMESPACE}Contents/{NAMESPACE}Key").text
    assert root.find(f"{NAMESPACE}EncodingType").text == "url"
    assert listed != key and listed.isascii() and "/" in listed
    assert unquote_plus(listed) == key


def test_an_encoding_type_that_is_none(program, bucket):
    answer = call(program.netloc, "GET", f"/{bucket}?encoding-type=base64", credential("s3"))
    root = ET.fromstring(answer.body)
    assert (answer.status, root.findtext("Code")) == (400, "InvalidArgument")
    assert root.findtext("Message") == "Invalid Encoding Method specified in Request"
