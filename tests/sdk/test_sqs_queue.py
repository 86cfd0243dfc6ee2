"""Queues as boto3 sees them: attributes, tags, names, URLs, and who sees which."""

import uuid

import pytest

from program import call, credential

NOT_THERE = (400, "AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.")


def attributes(sqs, url, *wanted):
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(wanted or ["All"])).get("Attributes", {})


def test_create_find_list_delete(sqs, name, refused):
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    assert sqs.get_queue_url(QueueName=name)["QueueUrl"] == url
    assert url in sqs.list_queues(QueueNamePrefix=name)["QueueUrls"]
    sqs.delete_queue(QueueUrl=url)
    assert "QueueUrls" not in sqs.list_queues(QueueNamePrefix=name)
    assert refused(sqs.get_queue_url, QueueName=name) == NOT_THERE
    assert refused(sqs.send_message, QueueUrl=url, MessageBody="x") == NOT_THERE


def test_the_error_is_the_class_that_boto3_knows(sqs, name):
    with pytest.raises(sqs.exceptions.QueueDoesNotExist) as caught:
        sqs.get_queue_url(QueueName=name)
    assert caught.value.response["Error"]["Type"] == "Sender"


def test_defaults(sqs, queue_url, name):
    got = attributes(sqs, queue_url)
    expected = {
        "ApproximateNumberOfMessages": "0",
        "ApproximateNumberOfMessagesDelayed": "0",
        "ApproximateNumberOfMessagesNotVisible": "0",
        "DelaySeconds": "0",
        "MaximumMessageSize": "1048576",
        "MessageRetentionPeriod": "345600",
        "QueueArn": f"arn:aws:sqs:us-east-1:000000000000:{name}",
        "ReceiveMessageWaitTimeSeconds": "0",
        "SqsManagedSseEnabled": "true",
        "VisibilityTimeout": "30",
    }
    assert expected.items() <= got.items()
    assert got["CreatedTimestamp"] == got["LastModifiedTimestamp"] and got["CreatedTimestamp"].isdigit()
    assert attributes(sqs, queue_url, "DelaySeconds") == {"DelaySeconds": "0"}


def test_attributes_are_kept_and_changed(sqs, name):
    url = sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "7", "DelaySeconds": "3"})["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "900", "MaximumMessageSize": "1024"})
    wanted = {"VisibilityTimeout": "7", "DelaySeconds": "900", "MaximumMessageSize": "1024"}
    assert attributes(sqs, url, *wanted) == wanted


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("VisibilityTimeout", "43201"),
        ("DelaySeconds", "901"),
        ("DelaySeconds", "soon"),
        ("MessageRetentionPeriod", "59"),
        ("ReceiveMessageWaitTimeSeconds", "-1"),
        ("MaximumMessageSize", "1023"),
    ],
)
def test_attribute_values_out_of_bounds(sqs, name, refused, attribute, value):
    status, code, message = refused(sqs.create_queue, QueueName=name, Attributes={attribute: value})
    assert (status, code, message) == (400, "InvalidAttributeValue", f"Invalid value for the parameter {attribute}.")


def test_attributes_that_are_none(sqs, queue_url, refused):
    for operation, extra in (
        (sqs.set_queue_attributes, {"Attributes": {"Colour": "red"}}),
        (sqs.get_queue_attributes, {"AttributeNames": ["Colour"]}),
    ):
        assert refused(operation, QueueUrl=queue_url, **extra) == (400, "InvalidAttributeName", "Unknown Attribute Colour.")


def test_creating_again(sqs, name, queue_url, refused):
    assert sqs.create_queue(QueueName=name)["QueueUrl"] == queue_url
    assert sqs.create_queue(QueueName=name, Attributes={"DelaySeconds": "0"})["QueueUrl"] == queue_url
    assert refused(sqs.create_queue, QueueName=name, Attributes={"DelaySeconds": "1"}) == (
        400,
        "QueueAlreadyExists",
        "A queue already exists with the same name and a different value for attribute DelaySeconds",
    )


@pytest.mark.parametrize("bad", ["with space", "dot.ted", "x" * 81, "ü", ""])
def test_names_that_are_none(sqs, refused, bad):
    assert refused(sqs.create_queue, QueueName=bad)[:2] == (400, "InvalidParameterValue")


def test_tags(sqs, name):
    url = sqs.create_queue(QueueName=name, tags={"a": "1", "b": "2"})["QueueUrl"]
    sqs.tag_queue(QueueUrl=url, Tags={"b": "two", "ü": ""})
    sqs.untag_queue(QueueUrl=url, TagKeys=["a", "never was"])
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"b": "two", "ü": ""}


def test_list_pages(sqs, name):
    urls = sorted(sqs.create_queue(QueueName=f"{name}-{i}")["QueueUrl"] for i in range(5))
    pages = list(sqs.get_paginator("list_queues").paginate(QueueNamePrefix=name, PaginationConfig={"PageSize": 2}))
    assert [len(page["QueueUrls"]) for page in pages] == [2, 2, 1]
    assert sorted(url for page in pages for url in page["QueueUrls"]) == urls
    assert "NextToken" not in pages[-1]


def test_a_url_is_where_the_caller_is(endpoint, queue_url, name):
    assert queue_url == f"{endpoint}/000000000000/{name}"


@pytest.mark.parametrize("host", ["localhost.localstack.cloud", "sqs.us-east-1.localhost.localstack.cloud"])
def test_a_url_has_the_name_that_the_caller_used(program, name, host):
    headers = {
        **credential("sqs"),
        "Host": f"{host}:{program.port}",
        "X-Amz-Target": "AmazonSQS.CreateQueue",
        "Content-Type": "application/x-amz-json-1.0",
    }
    body = call(program.netloc, "POST", "/", headers, f'{{"QueueName":"{name}"}}'.encode()).body.decode()
    assert f"http://sqs.us-east-1.localhost.localstack.cloud:{program.port}/000000000000/{name}" in body


@pytest.mark.parametrize(
    "shape",
    [
        "{endpoint}/000000000000/{name}",
        "{endpoint}/queue/us-east-1/000000000000/{name}",
        "http://sqs.us-east-1.localhost.localstack.cloud:{port}/000000000000/{name}",
        "http://us-east-1.queue.localhost.localstack.cloud:{port}/000000000000/{name}",
        "https://sqs.us-east-1.amazonaws.com/000000000000/{name}",
        "http://somewhere.else.example:9/000000000000/{name}",
        "{name}",
    ],
)
def test_every_shape_of_a_queue_url(sqs, program, queue_url, name, shape):
    url = shape.format(endpoint=program.endpoint, port=program.port, name=name)
    sqs.send_message(QueueUrl=url, MessageBody="hello")
    (message,) = sqs.receive_message(QueueUrl=queue_url)["Messages"]
    assert message["Body"] == "hello"


def test_regions_are_apart(aws, sqs, queue_url, name, refused):
    tokyo = aws("sqs", region="ap-northeast-1")
    assert refused(tokyo.get_queue_url, QueueName=name) == NOT_THERE
    url = tokyo.create_queue(QueueName=name)["QueueUrl"]
    assert attributes(tokyo, url, "QueueArn")["QueueArn"] == f"arn:aws:sqs:ap-northeast-1:000000000000:{name}"
    tokyo.send_message(QueueUrl=url, MessageBody="konnichiwa")
    assert "Messages" not in sqs.receive_message(QueueUrl=queue_url)


def test_accounts_are_apart(aws, sqs, queue_url, name, refused):
    other = aws("sqs", account="222222222222")
    assert refused(other.get_queue_url, QueueName=name) == NOT_THERE
    url = other.create_queue(QueueName=name)["QueueUrl"]
    assert url.endswith(f"/222222222222/{name}") and url != queue_url
    assert attributes(other, url, "QueueArn")["QueueArn"] == f"arn:aws:sqs:us-east-1:222222222222:{name}"
    assert other.list_queues(QueueNamePrefix=name)["QueueUrls"] == [url]
    assert sqs.list_queues(QueueNamePrefix=name)["QueueUrls"] == [queue_url]


def test_a_key_of_another_shape_is_the_default_account(aws):
    sqs = aws("sqs", account="testcontainers-localstack", region="us-west-1")
    url = sqs.create_queue(QueueName=f"t-{uuid.uuid4().hex}")["QueueUrl"]
    assert "/000000000000/" in url
