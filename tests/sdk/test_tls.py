"""https on the same port as http: certificates, HTTP/2, URLs in answers."""

import http.client
import shutil
import socket
import ssl
import subprocess

import h2.connection
import pytest

from program import call


@pytest.fixture(scope="session")
def certificate(program):
    """What the server shows, as a file."""
    return fetch(program, program.log.with_name("cert.pem"))


def fetch(program, path):
    path.write_text(ssl.get_server_certificate(("127.0.0.1", program.port)))
    return str(path)


def trusting(certificate, *protocols):
    context = ssl.create_default_context(cafile=certificate)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    if protocols:
        context.set_alpn_protocols(protocols)
    return context


def secure(program, certificate, name="localhost", *protocols):
    plain = socket.create_connection(("127.0.0.1", program.port), timeout=20)
    return trusting(certificate, *protocols).wrap_socket(plain, server_hostname=name)


@pytest.mark.parametrize(
    "name", ["localhost", "127.0.0.1", "bucket.s3.localhost.localstack.cloud", "localhost.localstack.cloud", "bucket.s3.localhost"]
)
def test_the_certificate_is_for_the_names_that_people_use(program, certificate, name):
    with secure(program, certificate, name) as stream:
        assert stream.version() == "TLSv1.3"


def test_boto3_by_https(program, certificate, aws):
    url = f"https://localhost:{program.port}"
    import boto3

    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
    s3 = boto3.client("s3", endpoint_url=url, verify=certificate, **keys)
    s3.create_bucket(Bucket="by-https")
    s3.put_object(Bucket="by-https", Key="k", Body=b"x" * 200_000)
    assert s3.get_object(Bucket="by-https", Key="k")["Body"].read() == b"x" * 200_000
    # The same server, in the clear.
    assert "by-https" in [bucket["Name"] for bucket in aws("s3").list_buckets()["Buckets"]]


def test_urls_follow_the_callers_scheme(program, certificate):
    import boto3

    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
    url = f"https://localhost:{program.port}"
    sqs = boto3.client("sqs", endpoint_url=url, verify=certificate, **keys)
    assert sqs.create_queue(QueueName="by-https")["QueueUrl"].startswith(f"https://localhost:{program.port}/")


def test_use_ssl_is_for_urls_that_follow_nobody(start, aws):
    program = start(USE_SSL="1", LOCALSTACK_HOST="cloud.example:1234")
    url = aws("sqs", url=program.endpoint).create_queue(QueueName="q")["QueueUrl"]
    assert url.startswith("https://") and "cloud.example:1234/" in url


def test_http2_is_agreed_upon(program, certificate):
    with secure(program, certificate, "localhost", "h2", "http/1.1") as stream:
        assert stream.selected_alpn_protocol() == "h2"
        connection = h2.connection.H2Connection()
        connection.initiate_connection()
        head = {":method": "GET", ":scheme": "https", ":authority": "localhost", ":path": "/_localstack/health"}
        connection.send_headers(1, list(head.items()), end_stream=True)
        stream.sendall(connection.data_to_send())
        status = None
        while status is None:
            for event in connection.receive_data(stream.recv(65536)):
                if isinstance(event, h2.events.ResponseReceived):
                    status = dict(event.headers)[b":status"]
    assert status == b"200"


def test_http1_where_nobody_asks_for_more(program, certificate):
    context = trusting(certificate, "http/1.1")
    connection = http.client.HTTPSConnection("localhost", program.port, context=context, timeout=20)
    connection.request("GET", "/_localstack/health")
    assert connection.getresponse().status == 200
    connection.close()


def test_a_custom_certificate(start, tmp_path):
    openssl = shutil.which("openssl")
    if not openssl:
        pytest.skip("openssl is not installed")
    key, certificate, both = (tmp_path / name for name in ("k.pem", "c.pem", "both.pem"))
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=own.test"]
    command += ["-addext", "subjectAltName=DNS:own.test", "-keyout", key, "-out", certificate]
    subprocess.run(command, check=True, capture_output=True)
    both.write_text(key.read_text() + certificate.read_text())
    program = start(CUSTOM_SSL_CERT_PATH=str(both))
    with secure(program, str(certificate), "own.test") as stream:
        assert stream.getpeercert()["subject"] == ((("commonName", "own.test"),),)
    assert call(program.netloc, "GET", "/_localstack/health").status == 200
