"""The AWS SDK for JavaScript: it streams with aws-chunked framing and CRC32 trailers by itself."""

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from test_s3_checksum import DIGESTS

HERE = Path(__file__).resolve().parent

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")


@pytest.fixture
def script(endpoint, name):
    """script(file): what it reports when run against the program with a fresh name."""

    def run(file):
        environment = {"PATH": os.environ["PATH"], "AWS_EC2_METADATA_DISABLED": "true"}
        done = subprocess.run(
            ["node", file, endpoint, name], cwd=HERE, env=environment, capture_output=True, text=True, timeout=90
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def test_objects(script, s3, name):
    got = script("js_objects.mjs")
    assert got["etag"] == f'"{hashlib.md5("hello ü".encode()).hexdigest()}"'
    assert (got["text"], got["part"]) == ("hello ü", "xxxxx")
    assert got["streamed"] == [600_000, "", True]
    assert got["sums"] == {a: ["123456789", DIGESTS[a]] for a in ("CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256")}
    assert (got["putStatus"], got["byUrl"]) == (200, "by url")
    assert got["listed"] == [f"sum {a}" for a in sorted(got["sums"])] and got["deleted"] == 5
    assert got["missing"] == ["NoSuchKey", 404]
    assert s3.get_object(Bucket=name, Key="stream")["Body"].read() == b"x" * 600_000


def test_upload_in_parts(script):
    got = script("js_upload.mjs")
    assert got["etag"].endswith('-3"')
    assert (got["length"], got["same"]) == (13 * 1024 * 1024, True)


def test_messages(script):
    assert script("js_messages.mjs") == {
        "sent": 2,
        "bodies": ["body a", "body b", "ünï"],
        "bytes": [0, 255],
        "deleted": 3,
        "missing": "QueueDoesNotExist",
    }


def test_a_consumer(script):
    assert script("js_consumer.mjs") == {
        "handled": list(range(50)),
        "failures": 1,
        "events": ["message_processed", "processing_error"],
        "left": {"ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesNotVisible": "0"},
    }


def test_items(script):
    got = script("js_items.mjs")
    nested = {"list": [1, "two", None, False, {"deep": -0.25}]}
    assert got["got"] == {"pk": "a", "sk": 1.5, "tags": ["x", "y"], "bytes": [0, 255], "nested": nested}
    assert (got["first"], got["tags"]) == (42, ["x", "y", "z"])
    assert got["pages"] == [[5, 6, 7, 8, 9, 10, 11, 12], [13, 14, 15, 16, 17, 18, 19, 20], [21, 22, 23, 24]]
    assert got["cancelled"] == ["TransactionCanceledException", ["None", "ConditionalCheckFailed"]]
