"""Checksums: every algorithm in a header and in a trailer, kept, told, and refused when wrong."""

import base64
import hashlib
import xml.etree.ElementTree as ET

import pytest

from program import call, credential

# The check values of the catalogues: every algorithm over the same nine bytes.
BODY = b"123456789"
DIGESTS = {
    "CRC32": "y/Q5Jg==",
    "CRC32C": "4waSgw==",
    "CRC64NVME": "rosUhgp5mIg=",
    "MD5": "JfnnlDI7RTiF9RgfG2JNCw==",
    "SHA1": "98O8HYCOBHMq32eZZczDTKeuNEE=",
    "SHA256": "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=",
    "SHA512": "2eZ2LdHI6vbWGzxhkvxAjU1tXxF20MKRabwk5xw/J0rSf81YEbMT1oH35V7ALXPUmclUVba1u1A6z1dPuo/+hQ==",
    "XXHASH3": "ctyxi2ehff8=",
    "XXHASH64": "jLhB20DmroM=",
    "XXHASH128": "MxGUd+3l3NXpcWQnaB1YYA==",
}
every_algorithm = pytest.mark.parametrize("algorithm", DIGESTS)


def header(algorithm):
    return f"x-amz-checksum-{algorithm.lower()}"


def other(digest):
    """As long as `digest`, and not it."""
    raw = bytearray(base64.b64decode(digest))
    raw[0] ^= 1
    return base64.b64encode(raw).decode()


def chunked(*chunks, trailer=""):
    framed = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return framed + b"0\r\n" + trailer.encode() + b"\r\n"


def put(program, bucket, headers, body):
    """(status, code, message) of a PUT that no SDK has touched."""
    answer = call(program.netloc, "PUT", f"/{bucket}/k", {**credential("s3"), **headers}, body)
    if answer.status == 200:
        return 200, None, None
    root = ET.fromstring(answer.body)
    return answer.status, root.findtext("Code"), root.findtext("Message")


def put_trailer(program, bucket, algorithm, digest, chunks=(BODY[:4], BODY[4:])):
    headers = {
        "content-encoding": "aws-chunked",
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "x-amz-decoded-content-length": str(sum(map(len, chunks))),
        "x-amz-trailer": header(algorithm),
    }
    return put(program, bucket, headers, chunked(*chunks, trailer=f"{header(algorithm)}:{digest}\r\n"))


@every_algorithm
def test_in_a_header(s3, program, bucket, algorithm):
    digest = DIGESTS[algorithm]
    assert put(program, bucket, {header(algorithm): digest}, BODY) == (200, None, None)
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert (head[f"Checksum{algorithm}"], head["ChecksumType"]) == (digest, "FULL_OBJECT")
    assert f"Checksum{algorithm}" not in s3.head_object(Bucket=bucket, Key="k")


@every_algorithm
def test_in_a_trailer(s3, program, bucket, algorithm):
    digest = DIGESTS[algorithm]
    assert put_trailer(program, bucket, algorithm, digest) == (200, None, None)
    got = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert (got["Body"].read(), got[f"Checksum{algorithm}"]) == (BODY, digest)
    assert got.get("ContentEncoding", "") == ""


@every_algorithm
def test_a_wrong_one_is_refused_and_nothing_stored(s3, program, bucket, algorithm):
    wrong = other(DIGESTS[algorithm])
    mismatch = (400, "BadDigest", f"The {algorithm} you specified did not match the calculated checksum.")
    assert put(program, bucket, {header(algorithm): wrong}, BODY) == mismatch
    assert put_trailer(program, bucket, algorithm, wrong) == mismatch
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


@every_algorithm
@pytest.mark.parametrize("value", ["not base64!", "AAA="])
def test_one_that_cannot_be_is_refused(program, bucket, algorithm, value):
    assert put(program, bucket, {header(algorithm): value}, BODY) == (
        400,
        "InvalidRequest",
        f"Value for {header(algorithm)} header is invalid.",
    )


def test_one_at_a_time(program, bucket):
    both = {header(algorithm): DIGESTS[algorithm] for algorithm in ("CRC32", "SHA1")}
    assert put(program, bucket, both, BODY)[:2] == (400, "InvalidRequest")


def test_boto3_sends_and_checks_crc32_by_itself(s3, bucket):
    assert s3.put_object(Bucket=bucket, Key="k", Body=BODY)["ChecksumCRC32"] == DIGESTS["CRC32"]
    got = s3.get_object(Bucket=bucket, Key="k")
    assert (got["ChecksumCRC32"], got["Body"].read()) == (DIGESTS["CRC32"], BODY)


def test_without_one_the_server_reckons_crc64nvme(s3, program, bucket):
    assert put(program, bucket, {}, BODY)[0] == 200
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert head["ChecksumCRC64NVME"] == DIGESTS["CRC64NVME"]


def test_not_told_with_a_range(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=BODY)
    assert "ChecksumCRC32" not in s3.get_object(Bucket=bucket, Key="k", Range="bytes=0-3", ChecksumMode="ENABLED")


def test_content_md5(program, bucket):
    def with_md5(value):
        return put(program, bucket, {"Content-MD5": value}, BODY)

    good = base64.b64encode(hashlib.md5(BODY).digest()).decode()
    assert with_md5(good)[0] == 200
    assert with_md5(other(good)) == (400, "BadDigest", "The Content-MD5 you specified did not match what we received.")
    assert with_md5("AAA=") == (400, "InvalidDigest", "The Content-MD5 you specified was invalid.")


def test_delete_objects_wants_one(program, bucket):
    body = b"<Delete><Object><Key>k</Key></Object></Delete>"
    answer = call(program.netloc, "POST", f"/{bucket}?delete", credential("s3"), body)
    assert (answer.status, ET.fromstring(answer.body).findtext("Code")) == (400, "InvalidRequest")


@pytest.mark.parametrize(
    "body",
    [
        b"zz\r\nabc\r\n0\r\n\r\n",
        b"3\r\nab",
        b"3\r\nabc\r\n",
        b"3\r\nabcd\r\n0\r\n\r\n",
        b"ffffffffffffffffff\r\nabc\r\n0\r\n\r\n",
    ],
    ids=["no number", "cut in a chunk", "cut before the end", "chunk too long", "enormous"],
)
def test_broken_framing_is_refused_and_nothing_stored(s3, program, bucket, body):
    headers = {
        "content-encoding": "aws-chunked",
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "x-amz-decoded-content-length": "3",
    }
    status, code, _ = put(program, bucket, headers, body)
    assert 400 <= status < 500 and code
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_a_decoded_length_that_is_not_true(program, s3, bucket):
    headers = {
        "content-encoding": "aws-chunked",
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "x-amz-decoded-content-length": "4",
    }
    assert put(program, bucket, headers, chunked(b"abc"))[0] == 400
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA256"])
def test_a_multipart_upload_has_one_of_its_parts(s3, bucket, algorithm):
    started = s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm=algorithm, ChecksumType="COMPOSITE")
    upload = {"Bucket": bucket, "Key": "k", "UploadId": started["UploadId"]}
    part = s3.upload_part(**upload, PartNumber=1, Body=BODY, ChecksumAlgorithm=algorithm)
    member = f"Checksum{algorithm}"
    assert part[member] == DIGESTS[algorithm]
    done = s3.complete_multipart_upload(
        **upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"], member: part[member]}]}
    )
    assert (done["ChecksumType"], done[member][-2:]) == ("COMPOSITE", "-1")
    assert done[member] != f"{part[member]}-1"


def test_a_multipart_upload_has_one_of_the_whole(s3, bucket):
    started = s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
    upload = {"Bucket": bucket, "Key": "k", "UploadId": started["UploadId"]}
    part = s3.upload_part(**upload, PartNumber=1, Body=BODY, ChecksumAlgorithm="CRC32")
    listed = [{"PartNumber": 1, "ETag": part["ETag"]}]
    done = s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": listed})
    assert (done["ChecksumType"], done["ChecksumCRC32"]) == ("FULL_OBJECT", DIGESTS["CRC32"])
