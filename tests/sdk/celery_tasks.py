"""A Celery application with the SQS broker; test_celery.py runs its worker."""

import os
from urllib.parse import urlsplit

import boto3
from celery import Celery

ENDPOINT, NAME = os.environ["AWS_ENDPOINT_URL"], os.environ["QUEUE_NAME"]

app = Celery(broker=f"sqs://test:test@{urlsplit(ENDPOINT).netloc}")
app.conf.update(
    task_default_queue=NAME,
    task_ignore_result=True,
    task_acks_late=True,
    worker_enable_remote_control=False,
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        "region": "us-east-1",
        "is_secure": False,
        "wait_time_seconds": 5,
        "polling_interval": 0,
    },
)


def done(text):
    sqs = boto3.client("sqs")
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName=f"{NAME}-done")["QueueUrl"], MessageBody=text)


@app.task
def square(number):
    done(str(number * number))


@app.task(bind=True, max_retries=1)
def second_time(self):
    if self.request.retries == 0:
        raise self.retry(countdown=0)
    done("retried")
