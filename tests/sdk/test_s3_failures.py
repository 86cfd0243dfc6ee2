"""What goes wrong on the way: clients that vanish, disks that fill up, a program that is killed."""

import signal
import socket
import subprocess
import time

import pytest
from botocore.exceptions import ClientError

from program import call, credential

# A body that is too large to stay in memory.
LARGE = 20 * 1024 * 1024
UNSHARE = ["unshare", "--user", "--map-root-user", "--mount"]


def until(true):
    """Asks again for some seconds: what is seen here happens after the answer, or without one."""
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline


def files(directory):
    return [file for file in directory.glob("cumulet-*/blobs/*") if file.is_file()]


def begin_upload(program, path):
    """A connection on which half of an upload has been sent."""
    connection = socket.create_connection(("127.0.0.1", program.port), timeout=20)
    lines = [f"PUT {path} HTTP/1.1", f"Host: {program.netloc}", f"Content-Length: {2 * LARGE}"]
    lines += [f"{name}: {value}" for name, value in credential("s3").items()]
    lines += ["x-amz-content-sha256: UNSIGNED-PAYLOAD", "x-amz-date: 20260101T000000Z"]
    connection.sendall("\r\n".join([*lines, "", ""]).encode() + bytes(LARGE))
    return connection


def test_half_an_upload_is_none(start, aws, tmp_path):
    program = start()
    s3 = aws("s3", url=program.endpoint)
    s3.create_bucket(Bucket="bbb")
    s3.put_object(Bucket="bbb", Key="k", Body=b"as it was")
    connection = begin_upload(program, "/bbb/k")
    until(lambda: files(tmp_path))
    connection.close()
    until(lambda: not files(tmp_path))
    assert s3.get_object(Bucket="bbb", Key="k")["Body"].read() == b"as it was"


def test_nothing_is_left_of_a_program_that_was_killed(start, aws, tmp_path):
    program = start()
    s3 = aws("s3", url=program.endpoint)
    s3.create_bucket(Bucket="bbb")
    s3.put_object(Bucket="bbb", Key="k", Body=bytes(LARGE))
    with begin_upload(program, "/bbb/half"):
        until(lambda: len(files(tmp_path)) == 2)
        program.stop(signal.SIGKILL)
    assert len(files(tmp_path)) == 2
    start()
    assert files(tmp_path) == []


def can_mount():
    tried = subprocess.run([*UNSHARE, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False)
    return tried.returncode == 0


def test_a_full_disk_is_told_and_keeps_nothing(start, aws, tmp_path):
    try:
        possible = can_mount()
    except FileNotFoundError:
        possible = False
    if not possible:
        pytest.skip("no file system can be mounted here")
    (tmp_path / "small").mkdir()
    mount = f"mount -t tmpfs -o size=30m none {tmp_path}/small && exec \"$0\""
    program = start(under=[*UNSHARE, "sh", "-c", mount], TMPDIR=f"{tmp_path}/small")
    s3 = aws("s3", url=program.endpoint)
    s3.create_bucket(Bucket="bbb")
    s3.put_object(Bucket="bbb", Key="k", Body=bytes(LARGE))
    with pytest.raises(ClientError) as refused:
        s3.put_object(Bucket="bbb", Key="k", Body=bytes(LARGE))
    error = refused.value.response
    assert (error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == ("ServiceUnavailable", 503)
    assert s3.head_object(Bucket="bbb", Key="k")["ContentLength"] == LARGE
    upload = {"Bucket": "bbb", "Key": "m"}
    upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
    with pytest.raises(ClientError, match="no space left"):
        s3.upload_part(**upload, PartNumber=1, Body=bytes(LARGE))
    assert "Parts" not in s3.list_parts(**upload)
    # What went has left its place to others.
    s3.delete_object(Bucket="bbb", Key="k")
    s3.upload_part(**upload, PartNumber=1, Body=bytes(LARGE))
    assert call(program.netloc, path="/_localstack/health").status == 200
