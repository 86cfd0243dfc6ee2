"""Celery with the SQS broker (kombu): a worker of its own does a few hundred real tasks."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
TASKS = 300


@pytest.fixture
def environment(endpoint, name):
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
    return {"PATH": os.environ["PATH"], **keys, "AWS_ENDPOINT_URL": endpoint, "QUEUE_NAME": name}


@pytest.fixture
def worker(environment, tmp_path):
    command = [sys.executable, "-m", "celery", "--app", "celery_tasks", "worker", "--concurrency", "4"]
    with open(tmp_path / "worker.log", "wb") as log:
        running = subprocess.Popen(command, cwd=HERE, env=environment, stdout=log, stderr=subprocess.STDOUT)
    yield running
    running.terminate()
    running.wait(timeout=30)


SEND = f"""
import celery_tasks
celery_tasks.second_time.delay()
for number in range({TASKS}):
    celery_tasks.square.delay(number)
"""


def test_a_worker_does_every_task_once(environment, name, sqs, worker):
    done = sqs.create_queue(QueueName=f"{name}-done")["QueueUrl"]
    subprocess.run([sys.executable, "-c", SEND], cwd=HERE, env=environment, check=True, timeout=60)
    got = Counter()
    while got.total() <= TASKS:
        page = sqs.receive_message(QueueUrl=done, MaxNumberOfMessages=10, WaitTimeSeconds=20)
        assert "Messages" in page, f"no task was done for 20 s, after {got.total()}"
        for message in page["Messages"]:
            got[message["Body"]] += 1
            sqs.delete_message(QueueUrl=done, ReceiptHandle=message["ReceiptHandle"])
    assert got == Counter(["retried", *(str(n * n) for n in range(TASKS))])
    worker.terminate()
    assert worker.wait(timeout=30) == 0
    queue = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    counts = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    left = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=counts)["Attributes"]
    assert left == dict.fromkeys(counts, "0")
