"""The AWS CLI, pointed at the program by AWS_ENDPOINT_URL as a user would do it."""

import json
import os
import random
import subprocess
import sys
import urllib.request

import pytest

FILES = 300
LARGE = 12 * 1024 * 1024


@pytest.fixture
def aws_cli(endpoint, tmp_path):
    """aws_cli(*arguments): what it prints; `check=False` gives the finished process instead."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PYTHONUTF8": "1",
        "LC_ALL": "C.UTF-8",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
    }

    def run(*arguments, check=True):
        command = [sys.executable, "-m", "awscli", *map(str, arguments)]
        done = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", timeout=150)
        if not check:
            return done
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def grow(root):
    """Files of many kinds: nested, empty, oddly named, and one that needs a multipart upload."""
    chance = random.Random(1)
    folders = ["", "nested/deep/deeper", "with space", "ünï/cödé", "日本"]
    names = ["plain", "with space", "plus+plus", "per%cent", "hash#tag", "ünï-🎈", "quote'", "amp&equals="]
    for i in range(FILES - 2):
        file = root / folders[i % len(folders)] / f"{names[i % len(names)]}-{i}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(chance.randbytes(chance.randrange(2000)))
    (root / "empty").write_bytes(b"")
    (root / "large").write_bytes(chance.randbytes(LARGE))
    # S3 keeps whole seconds: a file of this very second would look newer than its copy.
    for file in root.rglob("*"):
        os.utime(file, (1_700_000_000, 1_700_000_000))


def contents(root):
    return {str(f.relative_to(root)): f.read_bytes() for f in root.rglob("*") if f.is_file()}


def test_sync_there_and_back(aws_cli, s3, bucket, tmp_path):
    up, down = tmp_path / "up", tmp_path / "down"
    grow(up)
    aws_cli("s3", "sync", up, f"s3://{bucket}/tree", "--only-show-errors")
    aws_cli("s3", "sync", f"s3://{bucket}/tree", down, "--only-show-errors")
    sent, got = contents(up), contents(down)
    assert len(sent) == FILES and got.keys() == sent.keys()
    assert [name for name in sent if got[name] != sent[name]] == []
    # Nothing has changed, so nothing is sent; what has gone goes there too.
    assert aws_cli("s3", "sync", up, f"s3://{bucket}/tree") == ""
    (up / "empty").unlink()
    assert "delete: " in aws_cli("s3", "sync", up, f"s3://{bucket}/tree", "--delete")
    assert s3.head_object(Bucket=bucket, Key="tree/large")["ContentLength"] == LARGE
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket, Prefix="tree/empty")


def test_make_copy_list_remove(aws_cli, name, tmp_path):
    bucket = f"s3://{name}"
    file = tmp_path / "hello.txt"
    file.write_text("hello")
    assert aws_cli("s3", "mb", bucket) == f"make_bucket: {name}\n"
    aws_cli("s3", "cp", file, f"{bucket}/a/one.txt")
    aws_cli("s3", "cp", f"{bucket}/a/one.txt", f"{bucket}/b/two.txt")
    aws_cli("s3", "mv", f"{bucket}/a/one.txt", f"{bucket}/a/three.txt")
    assert aws_cli("s3", "cp", f"{bucket}/b/two.txt", "-") == "hello"

    assert name in aws_cli("s3", "ls")
    assert [line.split() for line in aws_cli("s3", "ls", f"{bucket}/").splitlines()] == [["PRE", "a/"], ["PRE", "b/"]]
    listed = [line.split()[2:] for line in aws_cli("s3", "ls", bucket, "--recursive").splitlines()]
    assert listed == [["5", "a/three.txt"], ["5", "b/two.txt"]]

    assert aws_cli("s3", "rb", bucket, check=False).returncode == 1
    aws_cli("s3", "rm", bucket, "--recursive")
    assert aws_cli("s3", "rb", bucket) == f"remove_bucket: {name}\n"
    assert name not in aws_cli("s3", "ls")


def test_presign(aws_cli, s3, bucket):
    s3.put_object(Bucket=bucket, Key="a b", Body=b"x")
    url = aws_cli("s3", "presign", f"s3://{bucket}/a b").strip()
    with urllib.request.urlopen(url, timeout=20) as response:
        assert response.read() == b"x"


def test_an_error_reads_as_from_aws(aws_cli, name):
    done = aws_cli("s3api", "list-objects-v2", "--bucket", name, check=False)
    assert done.returncode != 0
    assert "(NoSuchBucket) when calling the ListObjectsV2 operation: The specified bucket does not exist" in done.stderr


def test_sqs(aws_cli, endpoint, name):
    def sqs(*arguments):
        # Version 1 has an endpoint of its own for SQS, which the variable does not move.
        printed = aws_cli("sqs", *arguments, "--output", "json", "--endpoint-url", endpoint)
        return json.loads(printed) if printed else None

    url = sqs("create-queue", "--queue-name", name, "--attributes", "VisibilityTimeout=60")["QueueUrl"]
    sent = sqs("send-message", "--queue-url", url, "--message-body", "hello ü")
    (message,) = sqs("receive-message", "--queue-url", url, "--wait-time-seconds", "1")["Messages"]
    assert (message["Body"], message["MessageId"]) == ("hello ü", sent["MessageId"])
    sqs("delete-message", "--queue-url", url, "--receipt-handle", message["ReceiptHandle"])
    got = sqs("get-queue-attributes", "--queue-url", url, "--attribute-names", "All")["Attributes"]
    assert (got["ApproximateNumberOfMessagesNotVisible"], got["VisibilityTimeout"]) == ("0", "60")
    assert sqs("list-queues", "--queue-name-prefix", name)["QueueUrls"] == [url]
    sqs("delete-queue", "--queue-url", url)


def test_tables_and_partiql(aws_cli, name):
    """`aws dynamodb wait` and statements, as tutorials have them."""

    def cli(*arguments):
        return json.loads(aws_cli("dynamodb", *arguments) or "null")

    cli(
        *("create-table", "--table-name", name, "--billing-mode", "PAY_PER_REQUEST"),
        *("--attribute-definitions", "AttributeName=Artist,AttributeType=S", "AttributeName=Song,AttributeType=S"),
        *("--key-schema", "AttributeName=Artist,KeyType=HASH", "AttributeName=Song,KeyType=RANGE"),
    )
    aws_cli("dynamodb", "wait", "table-exists", "--table-name", name)
    insert = f"INSERT INTO \"{name}\" VALUE {{'Artist': 'Acme', 'Song': 'Happy', 'Awards': 1}}"
    cli("execute-statement", "--statement", insert)
    update = f"UPDATE \"{name}\" SET Awards = Awards + 1 WHERE Artist = 'Acme' AND Song = 'Happy'"
    cli("execute-statement", "--statement", update)
    select = f'SELECT Awards FROM "{name}" WHERE Artist = ?'
    parameters = json.dumps([{"S": "Acme"}])
    found = cli("execute-statement", "--statement", select, "--parameters", parameters)
    assert found["Items"] == [{"Awards": {"N": "2"}}]
    cli("delete-table", "--table-name", name)
    aws_cli("dynamodb", "wait", "table-not-exists", "--table-name", name)
