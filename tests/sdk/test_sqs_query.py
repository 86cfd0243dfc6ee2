"""SQS in its older protocol: forms posted anywhere, and plain GETs on a queue's URL."""

import hashlib
import json
import xml.etree.ElementTree as ET
from urllib.parse import urlencode, urlsplit

import pytest

from program import call, credential

NAMESPACE = "{http://queue.amazonaws.com/doc/2012-11-05/}"


@pytest.fixture
def query(program):
    """query(action, path=, **parameters): the status and the parsed answer."""

    def run(action, path="/", method="POST", **parameters):
        form = urlencode({"Action": action, "Version": "2012-11-05", **parameters})
        headers = credential("sqs")
        if method == "GET":
            answer = call(program.netloc, "GET", f"{path}?{form}", headers)
        else:
            headers["Content-Type"] = "application/x-www-form-urlencoded; charset=utf-8"
            answer = call(program.netloc, "POST", path, headers, form.encode())
        assert answer.headers["Content-Type"].startswith("text/xml")
        return answer.status, ET.fromstring(answer.body)

    return run


def find(root, *path):
    return root.findtext("/".join(NAMESPACE + step for step in path))


def test_create_send_receive(query, name):
    status, root = query("CreateQueue", QueueName=name, **{"Attribute.1.Name": "DelaySeconds", "Attribute.1.Value": "0"})
    url = find(root, "CreateQueueResult", "QueueUrl")
    assert (status, root.tag) == (200, f"{NAMESPACE}CreateQueueResponse")
    assert find(root, "ResponseMetadata", "RequestId")

    _, root = query("SendMessage", QueueUrl=url, MessageBody="ü & <b>")
    assert find(root, "SendMessageResult", "MD5OfMessageBody") == hashlib.md5("ü & <b>".encode()).hexdigest()

    _, root = query("ReceiveMessage", QueueUrl=url, **{"AttributeName.1": "All"})
    message = ("ReceiveMessageResult", "Message")
    assert find(root, *message, "Body") == "ü & <b>"
    received = root.findall("/".join(NAMESPACE + step for step in (*message, "Attribute")))
    attributes = {find(a, "Name"): find(a, "Value") for a in received}
    assert attributes["ApproximateReceiveCount"] == "1"

    status, root = query("DeleteMessage", QueueUrl=url, ReceiptHandle=find(root, *message, "ReceiptHandle"))
    assert (status, root.tag) == (200, f"{NAMESPACE}DeleteMessageResponse")


def test_the_same_queue_as_in_json(query, sqs, queue_url):
    query(
        "SendMessage",
        QueueUrl=queue_url,
        MessageBody="x",
        **{
            "MessageAttribute.1.Name": "colour",
            "MessageAttribute.1.Value.DataType": "String",
            "MessageAttribute.1.Value.StringValue": "red",
        },
    )
    (message,) = sqs.receive_message(QueueUrl=queue_url, MessageAttributeNames=["All"])["Messages"]
    assert message["MessageAttributes"] == {"colour": {"DataType": "String", "StringValue": "red"}}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_on_the_url_of_the_queue(query, sqs, queue_url, method):
    path = urlsplit(queue_url).path
    status, root = query("SendMessage", path=path, method=method, MessageBody="x")
    assert status == 200 and find(root, "SendMessageResult", "MessageId")
    (message,) = sqs.receive_message(QueueUrl=queue_url)["Messages"]
    assert message["Body"] == "x"


def test_on_the_url_of_a_queue_in_another_region(program, aws, name):
    sqs = aws("sqs", region="eu-west-1")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    path = f"/queue/eu-west-1/000000000000/{name}?Action=SendMessage&MessageBody=unsigned"
    assert call(program.netloc, "GET", path).status == 200
    assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "unsigned"


def test_batch(query, queue_url):
    entries = {}
    for i in (1, 2):
        entries |= {f"SendMessageBatchRequestEntry.{i}.Id": f"e{i}", f"SendMessageBatchRequestEntry.{i}.MessageBody": f"b{i}"}
    _, root = query("SendMessageBatch", QueueUrl=queue_url, **entries)
    results = root.findall(f"{NAMESPACE}SendMessageBatchResult/{NAMESPACE}SendMessageBatchResultEntry")
    assert [find(r, "Id") for r in results] == ["e1", "e2"]


def test_attributes(query, queue_url, name):
    _, root = query("GetQueueAttributes", QueueUrl=queue_url, **{"AttributeName.1": "QueueArn", "AttributeName.2": "DelaySeconds"})
    listed = root.findall(f"{NAMESPACE}GetQueueAttributesResult/{NAMESPACE}Attribute")
    assert {find(a, "Name"): find(a, "Value") for a in listed} == {
        "QueueArn": f"arn:aws:sqs:us-east-1:000000000000:{name}",
        "DelaySeconds": "0",
    }


def test_errors(query, name):
    status, root = query("GetQueueUrl", QueueName=name)
    assert (status, root.tag) == (400, f"{NAMESPACE}ErrorResponse")
    assert find(root, "Error", "Type") == "Sender"
    assert find(root, "Error", "Code") == "AWS.SimpleQueueService.NonExistentQueue"
    assert find(root, "Error", "Message") == "The specified queue does not exist for this wsdl version."
    assert find(root, "RequestId")


def test_an_action_that_is_none(query):
    status, root = query("BoilTheOcean")
    assert (status, find(root, "Error", "Code")) == (400, "InvalidAction")


def test_a_json_error_has_the_old_code_in_a_header(program, name):
    headers = {**credential("sqs"), "X-Amz-Target": "AmazonSQS.GetQueueUrl", "Content-Type": "application/x-amz-json-1.0"}
    answer = call(program.netloc, "POST", "/", headers, json.dumps({"QueueName": name}).encode())
    assert answer.status == 400
    assert answer.headers["x-amzn-query-error"] == "AWS.SimpleQueueService.NonExistentQueue;Sender"
    error = json.loads(answer.body)
    assert error["__type"].endswith("QueueDoesNotExist")
    assert error["message"] == "The specified queue does not exist."
