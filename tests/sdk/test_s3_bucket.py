"""Buckets as boto3 sees them."""

import pytest


def place(region):
    return {"CreateBucketConfiguration": {"LocationConstraint": region}}


def test_create_head_list_delete(s3, name, refused):
    assert s3.create_bucket(Bucket=name)["Location"] == f"/{name}"
    assert s3.head_bucket(Bucket=name)["BucketRegion"] == "us-east-1"
    listed = {b["Name"]: b for b in s3.list_buckets()["Buckets"]}
    assert listed[name]["CreationDate"].year >= 2026
    s3.delete_bucket(Bucket=name)
    assert refused(s3.head_bucket, Bucket=name)[:2] == (404, "404")


def test_another_region(aws, name):
    s3 = aws("s3", region="eu-west-1")
    s3.create_bucket(Bucket=name, **place("eu-west-1"))
    assert s3.head_bucket(Bucket=name)["BucketRegion"] == "eu-west-1"


def test_us_east_1_may_create_elsewhere(s3, name):
    s3.create_bucket(Bucket=name, **place("ap-southeast-2"))
    assert s3.head_bucket(Bucket=name)["BucketRegion"] == "ap-southeast-2"


@pytest.mark.parametrize(
    ("client_region", "constraint", "code", "message"),
    [
        ("us-east-1", "us-east-1", "InvalidLocationConstraint", "The specified location-constraint is not valid"),
        ("us-east-1", "moon-base-1", "InvalidLocationConstraint", "The specified location-constraint is not valid"),
        (
            "eu-west-1",
            "eu-central-1",
            "IllegalLocationConstraintException",
            "The eu-central-1 location constraint is incompatible for the region specific endpoint this request was sent to.",
        ),
        (
            "eu-west-1",
            None,
            "IllegalLocationConstraintException",
            "The unspecified location constraint is incompatible for the region specific endpoint this request was sent to.",
        ),
    ],
)
def test_location_rules(aws, name, refused, client_region, constraint, code, message):
    s3 = aws("s3", region=client_region)
    extra = place(constraint) if constraint else {}
    assert refused(s3.create_bucket, Bucket=name, **extra) == (400, code, message)
    assert refused(s3.head_bucket, Bucket=name)[0] == 404


def test_creating_ones_own_bucket_again(aws, s3, bucket, name, refused):
    s3.put_object(Bucket=bucket, Key="kept", Body=b"")
    assert s3.create_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1

    elsewhere = aws("s3", region="eu-west-1")
    elsewhere.create_bucket(Bucket=f"{name}-eu", **place("eu-west-1"))
    assert refused(elsewhere.create_bucket, Bucket=f"{name}-eu", **place("eu-west-1")) == (
        409,
        "BucketAlreadyOwnedByYou",
        "Your previous request to create the named bucket succeeded and you already own it.",
    )


def test_a_name_is_taken_for_every_account(aws, bucket, refused):
    other = aws("s3", account="111111111111")
    status, code, _ = refused(other.create_bucket, Bucket=bucket)
    assert (status, code) == (409, "BucketAlreadyExists")
    assert bucket not in {b["Name"] for b in other.list_buckets()["Buckets"]}


def test_delete_refuses_a_bucket_with_objects(s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    assert refused(s3.delete_bucket, Bucket=bucket) == (
        409,
        "BucketNotEmpty",
        "The bucket you tried to delete is not empty",
    )
    s3.delete_object(Bucket=bucket, Key="k")
    s3.delete_bucket(Bucket=bucket)


def test_what_is_not_there(s3, name, refused):
    missing = (404, "NoSuchBucket", "The specified bucket does not exist")
    assert refused(s3.delete_bucket, Bucket=name) == missing
    assert refused(s3.list_objects_v2, Bucket=name) == missing
    assert refused(s3.get_object, Bucket=name, Key="k") == missing
    assert refused(s3.put_object, Bucket=name, Key="k", Body=b"x") == missing


@pytest.mark.parametrize("bad", ["ab", "Capitals", "under_score", "dots..twice", "-dash", "192.168.5.4", "x" * 64])
def test_names_that_are_none(s3, refused, bad):
    assert refused(s3.create_bucket, Bucket=bad) == (400, "InvalidBucketName", "The specified bucket is not valid.")


def test_list_pages(s3, aws, name):
    names = [f"{name}-{i}" for i in range(5)]
    for each in names:
        s3.create_bucket(Bucket=each)
    pages = list(s3.get_paginator("list_buckets").paginate(Prefix=name, PaginationConfig={"PageSize": 2}))
    assert [[b["Name"] for b in page["Buckets"]] for page in pages] == [names[:2], names[2:4], names[4:]]
    assert "ContinuationToken" not in pages[-1]


def test_list_by_region(s3, aws, name):
    s3.create_bucket(Bucket=f"{name}-a", **place("eu-north-1"))
    s3.create_bucket(Bucket=f"{name}-b")
    (found,) = s3.list_buckets(Prefix=name, BucketRegion="eu-north-1")["Buckets"]
    assert (found["Name"], found["BucketRegion"]) == (f"{name}-a", "eu-north-1")


def test_an_operation_that_is_not_there_yet(s3, bucket, refused):
    status, code, message = refused(s3.get_object_torrent, Bucket=bucket, Key="k")
    assert (status, code) == (501, "NotImplemented")
    assert "GetObjectTorrent" in message
