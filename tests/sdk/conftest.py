"""The program for a whole session, and AWS clients of it."""

import uuid

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from program import Program


@pytest.fixture(scope="session")
def program(tmp_path_factory):
    running = Program(tmp_path_factory.mktemp("program"))
    yield running
    assert running.stop() == 0, running.logged()


@pytest.fixture
def start(tmp_path):
    """start(also=, **settings): a program of the test's own, ended with it."""
    started = []

    def run(**how):
        started.append(Program(tmp_path, **how))
        return started[-1]

    yield run
    for program in started:
        program.stop()


@pytest.fixture(scope="session")
def endpoint(program):
    return program.endpoint


@pytest.fixture(scope="session")
def aws(endpoint):
    """aws(service, region=, account=, url=, **config): a boto3 client that gives up soon and never tries again."""

    def client(service, region="us-east-1", account="test", url=endpoint, **config):
        limits = {"connect_timeout": 5, "read_timeout": 30, "retries": {"total_max_attempts": 1}}
        return boto3.Session().client(
            service,
            endpoint_url=url,
            region_name=region,
            aws_access_key_id=account,
            aws_secret_access_key="test",
            config=Config(**{**limits, **config}),
        )

    return client


@pytest.fixture(scope="session")
def s3(aws):
    return aws("s3")


@pytest.fixture(scope="session")
def sqs(aws):
    return aws("sqs")


@pytest.fixture(scope="session")
def dynamodb(aws):
    return aws("dynamodb")


@pytest.fixture
def name():
    """Good for a bucket and for a queue, and nobody else's."""
    return f"t-{uuid.uuid4().hex[:20]}"


@pytest.fixture
def bucket(s3, name):
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def queue_url(sqs, name):
    return sqs.create_queue(QueueName=name)["QueueUrl"]


@pytest.fixture
def refused():
    """refused(operation, **input): the error, as (status, code, message)."""

    def run(operation, **parameters):
        with pytest.raises(ClientError) as caught:
            operation(**parameters)
        response = caught.value.response
        status = response["ResponseMetadata"]["HTTPStatusCode"]
        return status, response["Error"]["Code"], response["Error"]["Message"]

    return run
