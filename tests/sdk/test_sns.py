"""Topics as boto3 sees them, with an HTTP subscriber that confirms and verifies signatures as AWS's guide says."""

import base64
import http.server
import json
import queue
import ssl
import threading
import urllib.request

import pytest
import rsa

SIGNED = {
    "Notification": ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
    "SubscriptionConfirmation": ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
}
HASHES = {"1": "SHA-1", "2": "SHA-256"}


@pytest.fixture(scope="session")
def sns(aws):
    return aws("sns")


@pytest.fixture
def subscriber():
    """A web server of the test's own: its URL, and what it was sent as (headers, text)."""
    sent = queue.Queue()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            sent.put((dict(self.headers), text))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/in", lambda: sent.get(timeout=10)
    server.shutdown()


def fetch(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()


def public_key(certificate):
    """The modulus stands in the certificate as a positive integer of 2048 bits, the exponent behind it."""
    der = ssl.PEM_cert_to_DER_cert(certificate)
    start = der.index(b"\x02\x82\x01\x01\x00") + 5
    assert der[start + 256 : start + 261] == b"\x02\x03\x01\x00\x01"
    return rsa.PublicKey(int.from_bytes(der[start : start + 256], "big"), 65537)


def verify(message):
    lines = [f"{name}\n{message[name]}\n" for name in SIGNED[message["Type"]] if name in message]
    key = public_key(fetch(message["SigningCertURL"]))
    used = rsa.verify("".join(lines).encode(), base64.b64decode(message["Signature"]), key)
    assert used == HASHES[message["SignatureVersion"]]


@pytest.mark.parametrize("version", ["1", "2"])
def test_an_http_subscriber_confirms_and_verifies(sns, name, subscriber, version):
    url, receive = subscriber
    topic = sns.create_topic(Name=name, Attributes={"SignatureVersion": version})["TopicArn"]
    pending = sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=url)
    assert pending["SubscriptionArn"] == "pending confirmation"
    headers, text = receive()
    assert headers["x-amz-sns-message-type"] == "SubscriptionConfirmation"
    verify(json.loads(text))
    confirmed = fetch(json.loads(text)["SubscribeURL"])
    arn = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"][0]["SubscriptionArn"]
    assert f"<SubscriptionArn>{arn}</SubscriptionArn>" in confirmed
    sns.publish(TopicArn=topic, Message="häl\"lo\n", Subject="s")
    headers, text = receive()
    assert headers["x-amz-sns-subscription-arn"] == arn
    message = json.loads(text)
    assert (message["Message"], message["Subject"]) == ("häl\"lo\n", "s")
    verify(message)
    fetch(message["UnsubscribeURL"])
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []


def test_a_queue_gets_what_its_policy_lets_through(sns, sqs, name):
    topic = sns.create_topic(Name=name)["TopicArn"]
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = {"FilterPolicy": json.dumps({"store": ["a"], "n": [{"numeric": [">", 1]}]})}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=policy)
    for number in ["1", "2"]:
        attributes = {
            "store": {"DataType": "String.Array", "StringValue": '["b", "a"]'},
            "n": {"DataType": "Number", "StringValue": number},
        }
        sns.publish(TopicArn=topic, Message=number, MessageAttributes=attributes)
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    bodies = [json.loads(message["Body"]) for message in messages]
    assert [body["Message"] for body in bodies] == ["2"]
    assert bodies[0]["MessageAttributes"]["n"] == {"Type": "Number", "Value": "2"}
    verify(bodies[0])


def test_a_fifo_topic_feeds_a_fifo_queue_in_order(sns, sqs, name):
    fifo = f"{name}.fifo"
    attributes = {"FifoTopic": "true", "ContentBasedDeduplication": "true"}
    topic = sns.create_topic(Name=fifo, Attributes=attributes)["TopicArn"]
    url = sqs.create_queue(QueueName=fifo, Attributes={"FifoQueue": "true"})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    entries = [{"Id": str(i), "Message": str(i % 5), "MessageGroupId": "g"} for i in range(10)]
    told = sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
    assert [entry["Id"] for entry in told["Successful"]] == [str(i) for i in range(10)]
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert [message["Body"] for message in messages] == ["0", "1", "2", "3", "4"]


def test_lists_are_paged(sns, name):
    for i in range(101):
        sns.create_topic(Name=f"{name}-{i}")
    pages = sns.get_paginator("list_topics").paginate()
    found = [topic["TopicArn"] for page in pages for topic in page["Topics"]]
    assert len([arn for arn in found if f":{name}-" in arn]) == 101
    assert len(found) == len(set(found))


def test_errors_are_boto3s(sns, name, refused):
    arn = f"arn:aws:sns:us-east-1:000000000000:{name}"
    assert refused(sns.publish, TopicArn=arn, Message="m") == (404, "NotFound", "Topic does not exist")
    assert refused(sns.create_topic, Name="a b")[:2] == (400, "InvalidParameter")
