"""What stock tooling asks of cumulet-compat, with its own scripts and this machine's shells; scripts/images does the
same with the image itself."""

import http.server
import os
import subprocess
import threading
import urllib.request
from pathlib import Path

import pytest
from program import binary, free_port

COMPAT = Path(__file__).resolve().parents[2] / "docker" / "compat"

# The modules of Testcontainers: Java sends a loop, then copies a script; Go, .NET, Node and Python set variables.
MODULES = {
    "DEFAULT_REGION": "us-east-1",
    "EAGER_SERVICE_LOADING": "1",
    "HOSTNAME_EXTERNAL": "127.0.0.1",
    "LAMBDA_DOCKER_FLAGS": "-l 'org.testcontainers=true'",
    "LOCALSTACK_HOST": "127.0.0.1",
    "SERVICES": "s3,sqs",
}


@pytest.fixture
def image(tmp_path):
    """Folders as the image has them: the scripts and the program, by name."""
    for script in COMPAT.iterdir():
        (tmp_path / script.name).symlink_to(script)
    (tmp_path / "cumulet").symlink_to(binary())
    return tmp_path


def environment(image, **more):
    return {"PATH": f"{image}:{os.environ['PATH']}", "HOME": str(image), "TMPDIR": str(image), **more}


def test_the_loop_of_the_java_module(image):
    port, script = free_port(), image / "testcontainers_start.sh"
    loop = f"while [ ! -f {script} ]; do sleep 0.1; done; {script}"
    settings = environment(image, GATEWAY_LISTEN=f"127.0.0.1:{port}", **MODULES)
    shell = subprocess.Popen(["sh", "-c", loop], env=settings, stdout=subprocess.PIPE, text=True)
    copied = image / "copy"
    copied.write_text(f'#!/bin/bash\nexport LAMBDA_DOCKER_FLAGS="-l \'a=b\'"\n{image}/docker-entrypoint.sh\n')
    copied.chmod(0o777)
    copied.rename(script)
    assert "Ready.\n" in iter(shell.stdout.readline, "")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/_localstack/health", timeout=20) as health:
        assert b'"s3":"running"' in health.read()
    kill = urllib.request.Request(f"http://127.0.0.1:{port}/_localstack/health", b'{"action":"kill"}')
    urllib.request.urlopen(kill, timeout=20).close()
    assert shell.wait(20) == 0
    shell.stdout.close()


def test_the_entry_point_hands_arguments_on(image):
    command = [image / "docker-entrypoint.sh", "--version"]
    done = subprocess.run(command, env=environment(image), capture_output=True, text=True)
    assert done.stdout.startswith("cumulet ")


class Echo(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(404 if self.path == "/none" else 200)
        self.end_headers()
        length = int(self.headers.get("Content-Length", 0))
        text = f"{self.command} {self.path} {self.headers.get('X-Own', '')} "
        self.wfile.write(text.encode() + self.rfile.read(length))

    do_POST = do_GET

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def echo():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def curl(tmp_path):
    """curl(*words): the stand-in, by whichever wget takes busybox's options."""
    probe = subprocess.run(["sh", "-c", "command -v busybox && busybox wget --help"], capture_output=True)
    if probe.returncode:
        pytest.skip("busybox is not installed")
    path = subprocess.run(["sh", "-c", "command -v busybox"], capture_output=True, text=True).stdout.strip()
    (tmp_path / "wget").symlink_to(path)

    def run(*words):
        settings = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
        return subprocess.run([COMPAT / "curl", *words], env=settings, capture_output=True, text=True, timeout=20)

    return run


def test_curl_for_health_checks_and_init_scripts(curl, echo):
    assert curl("-f", f"http://{echo}/a").stdout == "GET /a  "
    assert curl("-fsS", "-H", "X-Own: two words", f"{echo}/a").stdout == "GET /a two words "
    assert curl("-s", "-X", "POST", "-d", '{"a": \'b\'}', f"{echo}/a").stdout == 'POST /a  {"a": \'b\'}'
    assert curl("-s", "-o", "/dev/null", f"{echo}/a").stdout == ""
    assert curl("-sf", f"{echo}/none").returncode != 0
    refused = curl("--upload-file", "x", f"{echo}/a")
    assert refused.returncode == 2 and "--upload-file" in refused.stderr


def test_awslocal_is_the_programs_own(image):
    (image / "sh").symlink_to("/bin/sh")
    done = subprocess.run(["/bin/sh", COMPAT / "awslocal", "--version"], env={"PATH": str(image)}, capture_output=True, text=True)
    assert "cumulet/" in done.stdout


def test_awslocal_is_the_aws_cli_where_there_is_one(image):
    (image / "aws").write_text('#!/bin/sh\necho "$AWS_ACCESS_KEY_ID $@"\n')
    (image / "aws").chmod(0o755)
    done = subprocess.run(["sh", COMPAT / "awslocal", "s3", "ls"], env=environment(image), capture_output=True, text=True)
    assert done.stdout == "test --endpoint-url http://127.0.0.1:4566 s3 ls\n"
