"""Messages as boto3 sees them: sent, received, hidden, delayed, deleted, one by one and in batches."""

import hashlib
import struct
import threading

import pytest

ATTRIBUTES = {
    "text": {"DataType": "String", "StringValue": "ünï"},
    "number": {"DataType": "Number", "StringValue": "3.14"},
    "labelled": {"DataType": "Number.int", "StringValue": "7"},
    "bytes": {"DataType": "Binary", "BinaryValue": bytes(range(256))},
}


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


def md5_of(attributes):
    """What the developer guide says: names in order; each part with its length before it."""

    def part(data):
        data = data.encode() if isinstance(data, str) else data
        return struct.pack(">I", len(data)) + data

    digest = hashlib.md5()
    for name, value in sorted(attributes.items()):
        digest.update(part(name) + part(value["DataType"]))
        if "BinaryValue" in value:
            digest.update(b"\x02" + part(value["BinaryValue"]))
        else:
            digest.update(b"\x01" + part(value["StringValue"]))
    return digest.hexdigest()


def receive(sqs, url, **options):
    return sqs.receive_message(QueueUrl=url, **options).get("Messages", [])


def bodies(messages):
    return sorted(m["Body"] for m in messages)


def count(sqs, url, which=""):
    name = f"ApproximateNumberOfMessages{which}"
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name]


@pytest.mark.parametrize("body", ["hello", " spaced ", "ünï 日本 🎈", "<a>&amp;\r\n\t]]>", "x" * 262144], ids=range(5))
def test_send_receive_delete(sqs, queue_url, body):
    sent = sqs.send_message(QueueUrl=queue_url, MessageBody=body)
    assert sent["MD5OfMessageBody"] == md5(body)
    (message,) = receive(sqs, queue_url)
    assert (message["Body"], message["MessageId"], message["MD5OfBody"]) == (body, sent["MessageId"], md5(body))
    sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
    assert (count(sqs, queue_url), count(sqs, queue_url, "NotVisible")) == ("0", "0")


def test_an_empty_queue_has_no_messages(sqs, queue_url):
    assert "Messages" not in sqs.receive_message(QueueUrl=queue_url)


def test_message_attributes(sqs, queue_url):
    sent = sqs.send_message(QueueUrl=queue_url, MessageBody="x", MessageAttributes=ATTRIBUTES)
    assert sent["MD5OfMessageAttributes"] == md5_of(ATTRIBUTES)
    (message,) = receive(sqs, queue_url, MessageAttributeNames=["All"], VisibilityTimeout=0)
    assert (message["MessageAttributes"], message["MD5OfMessageAttributes"]) == (ATTRIBUTES, md5_of(ATTRIBUTES))


def test_message_attributes_come_when_asked(sqs, queue_url):
    sqs.send_message(QueueUrl=queue_url, MessageBody="x", MessageAttributes=ATTRIBUTES)

    def names(*wanted):
        (message,) = receive(sqs, queue_url, MessageAttributeNames=list(wanted), VisibilityTimeout=0)
        return sorted(message.get("MessageAttributes", {}))

    assert names() == []
    assert names("text", "never was") == ["text"]
    assert names(".*") == sorted(ATTRIBUTES)


def test_system_attributes(sqs, queue_url):
    sqs.send_message(QueueUrl=queue_url, MessageBody="x")
    receive(sqs, queue_url, VisibilityTimeout=0)
    (message,) = receive(sqs, queue_url, MessageSystemAttributeNames=["All"], VisibilityTimeout=0)
    got = message["Attributes"]
    assert got["ApproximateReceiveCount"] == "2" and got["SenderId"]
    assert int(got["SentTimestamp"]) <= int(got["ApproximateFirstReceiveTimestamp"])
    (message,) = receive(sqs, queue_url, AttributeNames=["SenderId"], VisibilityTimeout=0)
    assert list(message["Attributes"]) == ["SenderId"]


def test_a_received_message_is_hidden_until_it_is_given_back(sqs, queue_url):
    sqs.send_message(QueueUrl=queue_url, MessageBody="x")
    (message,) = receive(sqs, queue_url)
    assert receive(sqs, queue_url) == []
    assert (count(sqs, queue_url), count(sqs, queue_url, "NotVisible")) == ("0", "1")
    sqs.change_message_visibility(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    assert bodies(receive(sqs, queue_url)) == ["x"]


def test_a_hidden_message_comes_back_by_itself(sqs, queue_url):
    sqs.send_message(QueueUrl=queue_url, MessageBody="x")
    (first,) = receive(sqs, queue_url, VisibilityTimeout=1)
    (second,) = receive(sqs, queue_url, WaitTimeSeconds=10)
    assert first["MessageId"] == second["MessageId"] and first["ReceiptHandle"] != second["ReceiptHandle"]


def test_a_delayed_message_waits(sqs, queue_url):
    sqs.send_message(QueueUrl=queue_url, MessageBody="x", DelaySeconds=2)
    assert (receive(sqs, queue_url), count(sqs, queue_url, "Delayed")) == ([], "1")
    assert bodies(receive(sqs, queue_url, WaitTimeSeconds=10)) == ["x"]


def test_a_queue_delays_unless_the_message_says_otherwise(sqs, name):
    url = sqs.create_queue(QueueName=name, Attributes={"DelaySeconds": "900"})["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="late")
    sqs.send_message(QueueUrl=url, MessageBody="now", DelaySeconds=0)
    assert bodies(receive(sqs, url, MaxNumberOfMessages=10)) == ["now"]


def test_a_waiting_receive_wakes_on_arrival(aws, sqs, queue_url):
    # The client gives up long before the wait is over: only a wake-up brings the message in time.
    patient = aws("sqs", read_timeout=8)
    send = threading.Thread(target=sqs.send_message, kwargs={"QueueUrl": queue_url, "MessageBody": "x"})
    patient.meta.events.register("before-send.sqs.ReceiveMessage", lambda **_: send.start())
    assert bodies(receive(patient, queue_url, WaitTimeSeconds=20)) == ["x"]
    send.join()


def test_a_queue_may_wait_by_itself(aws, sqs, name):
    url = sqs.create_queue(QueueName=name, Attributes={"ReceiveMessageWaitTimeSeconds": "20"})["QueueUrl"]
    patient = aws("sqs", read_timeout=8)
    send = threading.Thread(target=sqs.send_message, kwargs={"QueueUrl": url, "MessageBody": "x"})
    patient.meta.events.register("before-send.sqs.ReceiveMessage", lambda **_: send.start())
    assert bodies(receive(patient, url)) == ["x"]
    send.join()
    assert receive(sqs, url, WaitTimeSeconds=0) == []


def test_batches(sqs, queue_url):
    entries = [{"Id": f"id-{i}", "MessageBody": f"body {i}", "MessageAttributes": ATTRIBUTES} for i in range(10)]
    sent = sqs.send_message_batch(QueueUrl=queue_url, Entries=entries)
    assert "Failed" not in sent
    assert [(s["Id"], s["MD5OfMessageBody"], s["MD5OfMessageAttributes"]) for s in sent["Successful"]] == [
        (e["Id"], md5(e["MessageBody"]), md5_of(ATTRIBUTES)) for e in entries
    ]
    messages = []
    while len(messages) < 10:
        some = receive(sqs, queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=5)
        assert some
        messages += some
    assert bodies(messages) == sorted(e["MessageBody"] for e in entries)

    handles = [{"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(messages)]
    hidden = sqs.change_message_visibility_batch(
        QueueUrl=queue_url, Entries=[{**h, "VisibilityTimeout": 60} for h in handles]
    )
    assert len(hidden["Successful"]) == 10
    deleted = sqs.delete_message_batch(QueueUrl=queue_url, Entries=handles)
    assert [d["Id"] for d in deleted["Successful"]] == [h["Id"] for h in handles]
    assert count(sqs, queue_url, "NotVisible") == "0"


def test_a_batch_fails_by_entry(sqs, queue_url):
    sqs.send_message(QueueUrl=queue_url, MessageBody="x")
    (message,) = receive(sqs, queue_url)
    result = sqs.delete_message_batch(
        QueueUrl=queue_url,
        Entries=[{"Id": "good", "ReceiptHandle": message["ReceiptHandle"]}, {"Id": "bad", "ReceiptHandle": "garbage"}],
    )
    assert [s["Id"] for s in result["Successful"]] == ["good"]
    (failed,) = result["Failed"]
    assert (failed["Id"], failed["Code"], failed["SenderFault"]) == ("bad", "ReceiptHandleIsInvalid", True)


@pytest.mark.parametrize(
    ("ids", "code"),
    [
        ([], "AWS.SimpleQueueService.EmptyBatchRequest"),
        (["a"] * 2, "AWS.SimpleQueueService.BatchEntryIdsNotDistinct"),
        (["not allowed"], "AWS.SimpleQueueService.InvalidBatchEntryId"),
        (["x" * 81], "AWS.SimpleQueueService.InvalidBatchEntryId"),
        ([str(i) for i in range(11)], "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"),
    ],
    ids=["empty", "twice", "space", "long", "eleven"],
)
def test_batches_that_are_none(sqs, queue_url, refused, ids, code):
    entries = [{"Id": i, "MessageBody": "x"} for i in ids]
    assert refused(sqs.send_message_batch, QueueUrl=queue_url, Entries=entries)[:2] == (400, code)
    assert count(sqs, queue_url) == "0"


def test_a_batch_that_is_too_long(sqs, queue_url, refused):
    entries = [{"Id": "a", "MessageBody": "x" * 1048576}, {"Id": "b", "MessageBody": "x"}]
    assert refused(sqs.send_message_batch, QueueUrl=queue_url, Entries=entries) == (
        400,
        "AWS.SimpleQueueService.BatchRequestTooLong",
        "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.",
    )


@pytest.mark.parametrize(
    ("option", "value", "reason"),
    [
        ("MaxNumberOfMessages", 0, "Must be between 1 and 10, if provided."),
        ("MaxNumberOfMessages", 11, "Must be between 1 and 10, if provided."),
        ("WaitTimeSeconds", -1, "Must be >= 0 and <= 20, if provided."),
        ("WaitTimeSeconds", 21, "Must be >= 0 and <= 20, if provided."),
    ],
)
def test_options_out_of_bounds(sqs, queue_url, refused, option, value, reason):
    assert refused(sqs.receive_message, QueueUrl=queue_url, **{option: value}) == (
        400,
        "InvalidParameterValue",
        f"Value {value} for parameter {option} is invalid. Reason: {reason}",
    )


def test_messages_that_are_none(sqs, queue_url, refused):
    def send(**message):
        return refused(sqs.send_message, QueueUrl=queue_url, **message)

    too_long = "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes."
    assert send(MessageBody="x" * 1048577) == (400, "InvalidParameterValue", too_long)
    assert send(MessageBody="") == (400, "MissingParameter", "The request must contain the parameter MessageBody.")
    assert send(MessageBody="\x01")[:2] == (400, "InvalidMessageContents")
    assert send(MessageBody="x", DelaySeconds=901)[:2] == (400, "InvalidParameterValue")
    nameless = {"a": {"DataType": "Text", "StringValue": "x"}}
    assert send(MessageBody="x", MessageAttributes=nameless)[:2] == (400, "InvalidParameterValue")
    assert count(sqs, queue_url) == "0"


def test_receipt_handles_that_are_none(sqs, queue_url, refused):
    assert refused(sqs.delete_message, QueueUrl=queue_url, ReceiptHandle="garbage")[1] == "ReceiptHandleIsInvalid"
    sqs.send_message(QueueUrl=queue_url, MessageBody="x")
    (message,) = receive(sqs, queue_url)
    handle = {"QueueUrl": queue_url, "ReceiptHandle": message["ReceiptHandle"]}
    sqs.delete_message(**handle)
    assert sqs.delete_message(**handle)["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert refused(sqs.change_message_visibility, **handle, VisibilityTimeout=5)[1] == "InvalidParameterValue"
