"""What LocalStack adds to SQS: messages looked at without receiving them, headers past AWS's limits."""


def with_headers(sqs, **headers):
    def add(request, **_):
        for name, value in headers.items():
            request.headers[f"x-localstack-sqs-override-{name.replace('_', '-')}"] = value

    sqs.meta.events.register("before-sign.sqs.ReceiveMessage", add)


def fill(sqs, url, count):
    for n in range(count):
        sqs.send_message(QueueUrl=url, MessageBody=str(n))


def test_more_than_ten_at_once(aws, queue_url):
    sqs = aws("sqs")
    with_headers(sqs, message_count="12")
    fill(sqs, queue_url, 12)
    assert len(sqs.receive_message(QueueUrl=queue_url)["Messages"]) == 12


def test_waits_for_as_many_as_asked_for(aws, queue_url):
    sqs = aws("sqs")
    with_headers(sqs, wait_time_seconds="1")
    fill(sqs, queue_url, 2)
    assert len(sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=2)["Messages"]) == 2
    assert "Messages" not in sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=2)


def test_a_look_receives_nothing(aws, endpoint, queue_url):
    sqs, look = aws("sqs"), aws("sqs", url=f"{endpoint}/_aws/sqs/messages")
    fill(sqs, queue_url, 2)
    for _ in range(2):
        seen = look.receive_message(QueueUrl=queue_url)["Messages"]
        assert [m["Attributes"]["ApproximateReceiveCount"] for m in seen] == ["0", "0"]
    assert len(sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10)["Messages"]) == 2
