"""The way in: which service, which browsers, and what becomes of requests that are wrong."""

import hashlib
import base64
import gzip
import http.client
import json
import socket
import xml.etree.ElementTree as ET

import h2.config
import h2.connection
import h2.events
import pytest
from botocore.exceptions import ClientError

from program import call, credential, exchange

FOREIGN = "https://evil.example"


def sqs_json(program, body, target="AmazonSQS.CreateQueue", headers=()):
    headers = {**credential("sqs"), "X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.0", **dict(headers)}
    return call(program.netloc, "POST", "/", headers, body if isinstance(body, bytes) else json.dumps(body).encode())


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("glue", "get_databases", {}),
        ("mq", "list_brokers", {}),
        ("elasticache", "describe_cache_clusters", {}),
        ("cloudfront", "list_distributions", {}),
    ],
)
def test_a_service_that_is_not_there(aws, service, operation, parameters):
    # One service of each protocol; boto3 reads the error only where it has that protocol's shape.
    with pytest.raises(ClientError) as caught:
        getattr(aws(service), operation)(**parameters)
    response = caught.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert not response["Error"]["Code"].isdigit() and service in response["Error"]["Message"]


def test_a_target_of_another_service_than_the_signature(program):
    answer = sqs_json(program, {}, target="DynamoDB_20120810.ListTables")
    assert 400 <= answer.status < 500


def test_an_operation_that_is_none(program):
    answer = sqs_json(program, {}, target="AmazonSQS.BoilTheOcean")
    assert 400 <= answer.status < 500 and "__type" in json.loads(answer.body)


def test_answers_say_who_they_are_from(program, name):
    answer = sqs_json(program, {"QueueName": name})
    assert answer.headers["x-localstack"] and answer.headers["x-amzn-RequestId"]


def test_unknown_members_are_ignored(program, name):
    assert sqs_json(program, {"QueueName": name, "Colour": {"deep": [1, None]}}).status == 200


@pytest.mark.parametrize(
    "body",
    [b'{"QueueName":', b"[]", b'"text"', b'{"QueueName": 5}', b'{"QueueName": ["a"]}', b"\xff\xfe", b"[" * 200_000, b'{"a":' * 200_000],
    ids=["cut", "list", "text", "number", "array", "bytes", "deep list", "deep map"],
)
def test_json_that_is_none(program, body):
    answer = sqs_json(program, body)
    assert answer.status == 400 and "__type" in json.loads(answer.body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not xml",
        b"<Delete><Object><Key>k</Key></Object>",
        b"<Delete><Object></Key></Object></Delete>",
        b"<Remove><Object><Key>k</Key></Object></Remove>",
        b"<a>" * 200_000,
        b'<!DOCTYPE d [<!ENTITY e "x"><!ENTITY f "&e;&e;">]><Delete><Object><Key>&f;</Key></Object></Delete>',
        b'<!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/hostname">]><Delete><Object><Key>&e;</Key></Object></Delete>',
        b"<Delete><Object><Key>\xff</Key></Object></Delete>",
    ],
    ids=["empty", "text", "cut", "crossed", "other root", "deep", "entities", "external", "bytes"],
)
def test_xml_that_is_none(program, bucket, body):
    md5 = base64.b64encode(hashlib.md5(body).digest()).decode()
    answer = call(program.netloc, "POST", f"/{bucket}?delete", {**credential("s3"), "Content-MD5": md5}, body)
    assert (answer.status, ET.fromstring(answer.body).tag) == (400, "Error")


@pytest.mark.parametrize("form", ["Action=CreateQueue", "Action=SendMessage&MessageBody=x", "Action="])
def test_forms_that_lack_something(program, form):
    headers = {**credential("sqs"), "Content-Type": "application/x-www-form-urlencoded"}
    answer = call(program.netloc, "POST", "/", headers, f"{form}&Version=2012-11-05".encode())
    assert answer.status == 400 and ET.fromstring(answer.body).tag.endswith("ErrorResponse")


def test_a_body_that_is_far_too_long(program):
    answer = sqs_json(program, b'{"QueueName":"' + b"x" * (40 << 20) + b'"}')
    assert answer.status in (400, 413)


def test_a_connection_outlives_errors(program, bucket):
    connection = http.client.HTTPConnection(program.netloc, timeout=20)
    headers = credential("s3")
    assert exchange(connection, "GET", f"/{bucket}", headers).status == 200
    opened = connection.sock
    assert exchange(connection, "GET", f"/{bucket}/none", headers).status == 404
    assert exchange(connection, "PUT", f"/{bucket}/k", {**headers, "Content-MD5": "AAA="}, b"x").status == 400
    assert exchange(connection, "POST", f"/{bucket}?delete", headers, b"<Delete>").status == 400
    assert exchange(connection, "POST", "/", credential("glue"), b"{}").status == 501
    assert exchange(connection, "GET", "/_localstack/none").status == 404
    assert exchange(connection, "HEAD", f"/{bucket}/none", headers)[::2] == (404, b"")
    assert exchange(connection, "GET", f"/{bucket}", headers).status == 200
    assert connection.sock is opened
    connection.close()


def test_a_header_twice_is_a_list(program, s3, bucket):
    headers = [*credential("s3").items(), ("x-amz-meta-a", "1"), ("X-Amz-Meta-A", "2")]
    assert call(program.netloc, "PUT", f"/{bucket}/k", headers, b"").status == 200
    assert s3.head_object(Bucket=bucket, Key="k")["Metadata"] == {"a": "1,2"}


def raw(program, data):
    """What comes back until the program closes, for bytes that no client library would send."""
    with socket.create_connection(("127.0.0.1", program.port), timeout=20) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        try:
            while piece := connection.recv(65536):
                received += piece
        except ConnectionResetError:
            pass
        return received


@pytest.mark.parametrize("signed", [False, True])
def test_names_of_headers_are_spelled_as_by_aws_but_for_sdks(program, s3, bucket, signed):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    headers = dict(credential("s3")) if signed else {}
    connection = http.client.HTTPConnection(program.netloc, timeout=20)
    connection.request("GET", f"/{bucket}/k", headers=headers)
    names = {name for name, _ in connection.getresponse().getheaders()}
    connection.close()
    spelled = {"ETag", "Last-Modified", "Content-Type", "Content-Length", "Date"}
    assert ({name.lower() for name in spelled} if signed else spelled) <= names
    assert "x-amz-request-id" in names


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
        b"PUT /b/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n",
        b"GET /%zz%00%ff HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: AWS4-HMAC-SHA256 Credential=/////\r\n\r\n",
    ],
    ids=["no host", "two hosts", "odd host", "two lengths", "no colon", "odd path", "tls", "long path", "odd credential"],
)
def test_odd_requests_are_refused_and_survived(program, request_bytes):
    answer = raw(program, request_bytes)
    assert answer == b"" or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 200")), answer[:200]
    assert not answer.startswith(b"HTTP/1.1 5")
    assert call(program.netloc, "GET", "/_localstack/health").status == 200


def test_a_body_that_ends_early_is_not_stored(program, s3, bucket):
    head = f"PUT /{bucket}/k HTTP/1.1\r\nHost: {program.netloc}\r\nContent-Length: 100\r\n\r\n"
    assert b" 200 " not in raw(program, head.encode() + b"only this")
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_expect_100_continue(program, bucket):
    head = f"PUT /{bucket}/k HTTP/1.1\r\nHost: {program.netloc}\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
    with socket.create_connection(("127.0.0.1", program.port), timeout=20) as connection:
        connection.sendall(head.encode())
        assert connection.recv(1024).startswith(b"HTTP/1.1 100 ")
        connection.sendall(b"hello")
        assert connection.recv(1024).startswith(b"HTTP/1.1 200 ")
    assert call(program.netloc, "GET", f"/{bucket}/k").body == b"hello"


class Http2:
    """HTTP/2 by prior knowledge, one request at a time."""

    def __init__(self, program):
        self.netloc = program.netloc
        self.socket = socket.create_connection(("127.0.0.1", program.port), timeout=20)
        self.connection = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self.connection.initiate_connection()

    def request(self, method, path, headers=(), body=b""):
        stream = self.connection.get_next_available_stream_id()
        pseudo = [(":method", method), (":path", path), (":scheme", "http"), (":authority", self.netloc)]
        fields = [(name.lower(), value) for name, value in dict(headers).items()]
        self.connection.send_headers(stream, pseudo + fields, end_stream=not body)
        if body:
            self.connection.send_data(stream, body, end_stream=True)
        self.socket.sendall(self.connection.data_to_send())
        status, received = None, b""
        while data := self.socket.recv(65536):
            for event in self.connection.receive_data(data):
                if isinstance(event, h2.events.ResponseReceived):
                    status = int(dict(event.headers)[":status"])
                elif isinstance(event, h2.events.DataReceived):
                    received += event.data
                    self.connection.acknowledge_received_data(event.flow_controlled_length, stream)
                elif isinstance(event, h2.events.StreamEnded):
                    return status, received
            self.socket.sendall(self.connection.data_to_send())
        raise AssertionError("closed before the answer was whole")


def test_http2_by_prior_knowledge(program, bucket):
    client = Http2(program)
    assert client.request("GET", "/_localstack/health")[0] == 200
    assert client.request("PUT", f"/{bucket}/k", credential("s3"), b"hello")[0] == 200
    assert client.request("GET", f"/{bucket}/k", credential("s3")) == (200, b"hello")
    assert client.request("GET", f"/{bucket}/none", credential("s3"))[0] == 404
    client.socket.close()


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": FOREIGN},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": FOREIGN, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    ],
    ids=["origin", "null", "site", "no-cors"],
)
def test_foreign_pages_are_refused_before_anything_happens(program, sqs, name, headers):
    refused = sqs_json(program, {"QueueName": name}, headers=headers)
    assert refused.status == 403 and "Access-Control-Allow-Origin" not in refused.headers
    form = {**credential("sqs"), **headers, "Content-Type": "application/x-www-form-urlencoded"}
    assert call(program.netloc, "POST", "/", form, f"Action=CreateQueue&QueueName={name}".encode()).status == 403
    assert call(program.netloc, "POST", "/_localstack/state/reset", headers, b"").status == 403
    assert call(program.netloc, "GET", "/_localstack/health", headers).status == 403
    assert "QueueUrls" not in sqs.list_queues(QueueNamePrefix=name)


def test_a_foreign_page_makes_no_bucket(program, s3, name):
    assert call(program.netloc, "PUT", f"/{name}", {"Origin": FOREIGN}, b"").status == 403
    assert call(program.netloc, "HEAD", f"/{name}").status == 404


def test_a_rebound_name_is_refused(program):
    # The page comes from evil.example, which has since become an address of this machine.
    host = f"evil.example:{program.port}"
    page = {"Host": host, "Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"}
    assert call(program.netloc, "GET", "/_localstack/health", page).status == 403


@pytest.mark.parametrize("origin", ["http://localhost:{port}", "http://127.0.0.1:{port}", "https://app.localstack.cloud"])
def test_own_pages_are_welcome(program, name, origin):
    origin = origin.format(port=program.port)
    answer = sqs_json(program, {"QueueName": name}, headers={"Origin": origin})
    assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (200, origin)


def test_compressed_bodies(program, name):
    body = gzip.compress(json.dumps({"QueueName": name}).encode())
    answer = sqs_json(program, body, headers={"Content-Encoding": "gzip"})
    assert (answer.status, name in str(answer.body)) == (200, True)
    cut = sqs_json(program, body[:-1], headers={"Content-Encoding": "gzip"})
    assert cut.status == 400


def preflight(program, origin):
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-amz-target"}
    return call(program.netloc, "OPTIONS", "/", asked)


def test_preflight(program):
    welcome = preflight(program, f"http://localhost:{program.port}")
    assert welcome.status in (200, 204)
    assert "POST" in welcome.headers["Access-Control-Allow-Methods"]
    assert "x-amz-target" in welcome.headers["Access-Control-Allow-Headers"].lower()
    assert "Access-Control-Allow-Origin" not in preflight(program, FOREIGN).headers


def test_more_origins_may_be_allowed(start):
    program = start(EXTRA_CORS_ALLOWED_ORIGINS="https://one.example,https://two.example")
    assert call(program.netloc, "GET", "/_localstack/health", {"Origin": "https://two.example"}).status == 200
    assert call(program.netloc, "GET", "/_localstack/health", {"Origin": FOREIGN}).status == 403


def test_what_is_no_browser_needs_no_permission(program):
    assert call(program.netloc, "POST", "/_localstack/health", {"User-Agent": "curl/8"}, b"").status == 400
    odd = {"Host": "some-compose-name:4566"}
    assert call(program.netloc, "GET", "/_localstack/health", odd).status == 200
