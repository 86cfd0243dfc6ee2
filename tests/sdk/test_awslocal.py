"""`cumulet aws`, the awslocal of images without Python, beside boto3."""

import json
import os
import subprocess

import pytest

from program import binary

USAGE, SERVICE = 252, 254


@pytest.fixture
def awslocal(program, tmp_path):
    """awslocal(*words): the finished command."""

    def run(*words, stdin=None, **more):
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GATEWAY_LISTEN": program.netloc, **more}
        return subprocess.run([binary(), "aws", *words], env=environment, capture_output=True, text=True, input=stdin, timeout=60)

    return run


def test_buckets_and_objects(awslocal, s3, name, tmp_path):
    assert awslocal("s3", "mb", f"s3://{name}").stdout == f"make_bucket: {name}\n"
    file, back = tmp_path / "a file", tmp_path / "back"
    file.write_bytes(os.urandom(300_000))
    assert awslocal("s3", "cp", str(file), f"s3://{name}/folder/").returncode == 0
    assert s3.get_object(Bucket=name, Key="folder/a file")["Body"].read() == file.read_bytes()
    assert awslocal("s3", "cp", f"s3://{name}/folder/a file", str(back)).returncode == 0
    assert back.read_bytes() == file.read_bytes()
    assert awslocal("s3", "cp", "-", f"s3://{name}/top", stdin="hello").returncode == 0
    assert awslocal("s3", "cp", f"s3://{name}/top", "-").stdout == "hello"
    assert awslocal("s3", "cp", f"s3://{name}/top", f"s3://{name}/copy").returncode == 0
    listed = awslocal("s3", "ls", f"s3://{name}").stdout.splitlines()
    assert [line.split()[-1] for line in listed] == ["folder/", "copy", "top"]
    assert listed[1].split()[-2] == "5"
    assert len(awslocal("s3", "ls", f"s3://{name}", "--recursive").stdout.splitlines()) == 3
    assert name in awslocal("s3", "ls").stdout
    refused = awslocal("s3", "rb", f"s3://{name}")
    assert refused.returncode == SERVICE and "(BucketNotEmpty) when calling the DeleteBucket operation" in refused.stderr
    assert awslocal("s3", "rb", f"s3://{name}", "--force").returncode == 0
    assert name not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]


def test_operations_in_shorthand_and_json(awslocal, sqs, name, program):
    words = ["sqs", "create-queue", "--queue-name", name, "--attributes", "DelaySeconds=5,VisibilityTimeout=7"]
    url = json.loads(awslocal(*words).stdout)["QueueUrl"]
    assert url == f"http://localhost:{program.port}/000000000000/{name}"
    assert awslocal(*words, "--query", "QueueUrl", "--output", "text").stdout == f"{url}\n"
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert (attributes["DelaySeconds"], attributes["VisibilityTimeout"]) == ("5", "7")
    note = json.dumps({"a": {"DataType": "String", "StringValue": "b"}})
    sent = awslocal("sqs", "send-message", "--queue-url", url, "--message-body", "hi", "--delay-seconds", "0", "--message-attributes", note)
    assert sent.returncode == 0, sent.stderr
    got = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"][0]
    assert (got["Body"], got["MessageAttributes"]["a"]["StringValue"]) == ("hi", "b")


def test_files_and_regions(awslocal, aws, s3, bucket, name, tmp_path):
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}]}
    (tmp_path / "policy.json").write_text(json.dumps(policy))
    done = awslocal("s3api", "put-bucket-policy", "--bucket", bucket, "--policy", f"file://{tmp_path}/policy.json")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]) == policy
    assert awslocal("--region", "eu-west-1", "sqs", "create-queue", "--queue-name", name).returncode == 0
    assert aws("sqs", region="eu-west-1").get_queue_url(QueueName=name)["QueueUrl"]


def test_what_makes_no_sense_is_told(awslocal):
    for words, told in [
        (("sqs", "crate-queue"), "no operation crate-queue"),
        (("nothing", "x"), "no service nothing"),
        (("sqs", "create-queue", "--name", "x"), "QueueName"),
        (("s3", "sync", ".", "s3://b"), "mb|rb|ls|cp|rm"),
        (("s3", "cp", "file:///nowhere", "s3://b/k"), "/nowhere"),
    ]:
        done = awslocal(*words)
        assert (done.returncode, told in done.stderr) == (USAGE, True), done.stderr
    missing = awslocal("sqs", "get-queue-url", "--queue-name", "missing")
    assert missing.returncode == SERVICE and "when calling the GetQueueUrl operation" in missing.stderr
    assert awslocal("sts", "get-caller-identity", GATEWAY_LISTEN="127.0.0.1:1").returncode == 255
