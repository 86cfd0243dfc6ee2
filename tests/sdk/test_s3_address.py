"""Where a bucket is found: presigned URLs, path and virtual-host addresses."""

import re
import urllib.error
import urllib.request
import xml.etree.ElementTree as ET
from datetime import datetime, timedelta, timezone

import boto3
import botocore.auth
import pytest
from botocore.config import Config

from program import call, credential


def fetch(url, method="GET", body=None, headers=()):
    request = urllib.request.Request(url, data=body, method=method, headers=dict(headers))
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def presign(s3, operation, seconds=60, **parameters):
    return s3.generate_presigned_url(operation, Params=parameters, ExpiresIn=seconds)


@pytest.fixture(params=["s3v4", "s3"])
def signer(request, aws):
    """A client that presigns in the version 4 way, and one in the version 2 way."""
    return aws("s3", signature_version=request.param)


def test_presigned_put_and_get(signer, bucket):
    put = presign(signer, "put_object", Bucket=bucket, Key="a b/ü")
    assert fetch(put, "PUT", b"hello", {"Content-Type": ""})[0] == 200
    assert fetch(presign(signer, "get_object", Bucket=bucket, Key="a b/ü")) == (200, b"hello")


def test_presigned_parameters_count(signer, s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    url = presign(signer, "get_object", Bucket=bucket, Key="k", ResponseContentType="text/html")
    with urllib.request.urlopen(url, timeout=20) as response:
        assert response.headers["Content-Type"] == "text/html"


def expired(url):
    status, body = fetch(url)
    error = ET.fromstring(body)
    return (status, error.findtext("Code"), error.findtext("Message")) == (403, "AccessDenied", "Request has expired")


def test_presigned_yesterday_for_a_minute(aws, s3, bucket, monkeypatch):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    yesterday = datetime.now(timezone.utc) - timedelta(days=1)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda **_: yesterday.replace(tzinfo=None))
    assert expired(presign(aws("s3", signature_version="s3v4"), "get_object", Bucket=bucket, Key="k"))


def test_presigned_until_a_minute_ago_in_version_2(aws, s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert expired(presign(aws("s3", signature_version="s3"), "get_object", seconds=-60, Bucket=bucket, Key="k"))


def test_presigned_head_and_delete(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert fetch(presign(s3, "head_object", Bucket=bucket, Key="k"), "HEAD") == (200, b"")
    assert fetch(presign(s3, "delete_object", Bucket=bucket, Key="k"), "DELETE")[0] == 204
    assert fetch(presign(s3, "get_object", Bucket=bucket, Key="k"))[0] == 404


def refused(url, method="GET", body=None, headers=()):
    status, answer = fetch(url, method, body, headers)
    return status, ET.fromstring(answer).findtext("Code") if answer else None


def test_a_presigned_url_is_for_what_was_signed(signer, s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    url = presign(signer, "get_object", Bucket=bucket, Key="k")
    assert refused(url.replace("/k?", "/other?")) == (403, "SignatureDoesNotMatch")
    assert refused(url, "PUT", b"x", {"Content-Type": ""}) == (403, "SignatureDoesNotMatch")


def test_a_presigned_url_in_version_4_covers_the_headers_of_amazon(aws, bucket):
    signer = aws("s3", signature_version="s3v4")
    url = presign(signer, "put_object", Bucket=bucket, Key="k", Metadata={"a": "b"})
    assert refused(url, "PUT", b"x") == (403, "SignatureDoesNotMatch")
    assert refused(url, "PUT", b"x", {"x-amz-meta-a": "b", "x-amz-acl": "private"}) == (403, "AccessDenied")
    assert fetch(url, "PUT", b"x", {"x-amz-meta-a": "b"})[0] == 200


def test_keys_that_nobody_knows_sign_as_they_like(aws, s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    url = presign(aws("s3", account="AKIAIOSFODNN7EXAMPLE"), "get_object", Bucket=bucket, Key="gone")
    assert fetch(url.replace("/gone?", "/k?")) == (200, b"x")


def test_keys_of_sessions_presign_with_their_secret_and_token(aws, s3, bucket, endpoint):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    given = aws("sts").get_session_token()["Credentials"]
    session = boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], "us-east-1")
    signer = session.client("s3", endpoint_url=endpoint, config=Config(signature_version="s3v4"))
    url = presign(signer, "get_object", Bucket=bucket, Key="k")
    assert fetch(url) == (200, b"x")
    assert refused(url.replace("/k?", "/other?")) == (403, "SignatureDoesNotMatch")
    assert refused(re.sub("X-Amz-Security-Token=[^&]*", "X-Amz-Security-Token=a", url)) == (400, "InvalidToken")


def test_signatures_may_be_ignored(start, aws):
    url = start(S3_SKIP_SIGNATURE_VALIDATION="1").endpoint
    s3 = aws("s3", url=url)
    s3.create_bucket(Bucket="bbb")
    s3.put_object(Bucket="bbb", Key="k", Body=b"x")
    assert fetch(presign(s3, "get_object", seconds=-60, Bucket="bbb", Key="k") + "0") == (200, b"x")


HOSTS = [
    "{bucket}.localhost",
    "{bucket}.s3.localhost",
    "{bucket}.s3.localhost.localstack.cloud",
    "{bucket}.s3.eu-west-1.localhost.localstack.cloud",
    "{bucket}.s3.amazonaws.com",
    "{bucket}.s3.us-east-1.amazonaws.com",
]


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("bucket_name", ["{}", "{}.with.dots"], ids=["plain", "dotted"])
def test_virtual_hosts(program, s3, name, host, bucket_name):
    bucket = bucket_name.format(name)
    s3.create_bucket(Bucket=bucket)
    headers = {**credential("s3"), "Host": f"{host.format(bucket=bucket)}:{program.port}"}
    assert call(program.netloc, "PUT", "/a/b", headers, b"hello").status == 200
    assert s3.get_object(Bucket=bucket, Key="a/b")["Body"].read() == b"hello"
    listed = call(program.netloc, "GET", "/?list-type=2", headers)
    assert b"<Key>a/b</Key>" in listed.body


def test_a_virtual_host_by_boto3_itself(program, aws, bucket):
    s3 = aws("s3", s3={"addressing_style": "virtual"})
    hosts = []

    def to_the_program(request, **_):
        hosts.append(request.url)
        request.headers["Host"] = f"{bucket}.s3.localhost.localstack.cloud:{program.port}"
        request.url = f"{program.endpoint}/k"

    s3.meta.events.register("before-send.s3.PutObject", to_the_program)
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert call(program.netloc, "GET", f"/{bucket}/k").body == b"x" and hosts


def test_unsigned_and_by_host_alone(program, s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    host = {"Host": f"{bucket}.s3.localhost.localstack.cloud:{program.port}"}
    assert call(program.netloc, "GET", "/k", host).body == b"x"
    assert call(program.netloc, "GET", f"/{bucket}/k").body == b"x"


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost", "s3.localhost.localstack.cloud", "s3.amazonaws.com"])
def test_hosts_that_name_no_bucket(program, s3, bucket, host):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    headers = {**credential("s3"), "Host": f"{host}:{program.port}"}
    assert call(program.netloc, "GET", f"/{bucket}/k", headers).body == b"x"
    root = ET.fromstring(call(program.netloc, "GET", "/", headers).body)
    assert root.tag.endswith("ListAllMyBucketsResult")


def test_an_error_names_its_request(program, name):
    answer = call(program.netloc, "GET", f"/{name}/k", credential("s3"))
    error = ET.fromstring(answer.body)
    assert (answer.status, answer.headers["Content-Type"]) == (404, "application/xml")
    assert (error.tag, error.findtext("Code"), error.findtext("BucketName")) == ("Error", "NoSuchBucket", name)
    assert error.findtext("RequestId") == answer.headers["x-amz-request-id"]
    assert answer.headers["x-amz-id-2"]


def test_completed_uploads_are_where_the_caller_is(program, s3, bucket):
    upload = {"Bucket": bucket, "Key": "a b", "UploadId": s3.create_multipart_upload(Bucket=bucket, Key="a b")["UploadId"]}
    etag = s3.upload_part(**upload, PartNumber=1, Body=b"x")["ETag"]
    done = s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]})
    assert fetch(done["Location"]) == (200, b"x")
