"""The command line of the full build, against a server of its own."""

import os
import subprocess

import pytest

from program import ROOT, binary, call, free_port

COMPOSE = """
services:
  localstack:
    image: localstack/localstack
    ports:
      - "127.0.0.1:4566:4566"
    environment:
      - DEBUG=${DEBUG:-0}
"""


@pytest.fixture
def cumulet(tmp_path):
    """cumulet(*words): the finished command, for a port of the test's own."""
    port = free_port()
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GATEWAY_LISTEN": f"127.0.0.1:{port}"}

    def run(*words, **more):
        command = [binary(), *words]
        return subprocess.run(command, env={**environment, **more}, capture_output=True, text=True, timeout=30)

    run.netloc = f"127.0.0.1:{port}"
    yield run
    run("stop")


def test_a_day_with_a_server_in_the_background(cumulet):
    assert cumulet("wait", "-t", "0").returncode == 1
    started = cumulet("start", "-d", "-e", "SERVICES=s3")
    assert started.returncode == 0 and f"ready at http://{cumulet.netloc}" in started.stdout, started.stderr
    again = cumulet("start", "-d")
    assert again.returncode == 1 and "already" in again.stderr
    assert cumulet("wait", "-t", "20").returncode == 0
    assert cumulet("health").returncode == 0
    assert f"http://{cumulet.netloc}\n" in cumulet("status").stdout
    services = dict(line.split() for line in cumulet("status", "services").stdout.splitlines())
    assert (services["s3"], services["sqs"]) == ("available", "disabled")
    assert "Ready.\n" in cumulet("logs").stdout
    call(cumulet.netloc, "PUT", "/bucket", {}, b"")
    assert cumulet("state", "reset").returncode == 0
    assert b"<Name>bucket</Name>" not in call(cumulet.netloc, "GET", "/").body
    assert cumulet("restart").returncode == 0
    assert cumulet("stop").returncode == 0
    stopped = cumulet("status")
    assert stopped.returncode == 1 and cumulet.netloc in stopped.stderr


def test_a_start_that_fails_says_why(cumulet):
    failed = cumulet("start", "-d", "-e", "CUSTOM_SSL_CERT_PATH=/nowhere.pem")
    assert failed.returncode == 1 and "/nowhere.pem" in failed.stderr


def test_no_log_without_a_start(cumulet):
    assert "start -d" in cumulet("logs").stderr


def test_settings_are_shown_with_what_is_to_be_said_of_them(cumulet):
    shown = cumulet("config", "show", DATA_DIR="/tmp", LS_LOG="warn").stdout
    assert f"GATEWAY_LISTEN={cumulet.netloc}\n" in shown and "LS_LOG=warn\n" in shown
    assert "# DATA_DIR is deprecated" in shown


def test_a_compose_file_is_judged(cumulet, tmp_path):
    file = tmp_path / "compose.yml"
    file.write_text(COMPOSE)
    assert cumulet("config", "validate", str(file)).stdout.endswith("is good\n")
    file.write_text(COMPOSE.replace(":4566:4566", ":4566:80"))
    bad = cumulet("config", "validate", str(file))
    assert bad.returncode == 1 and "error: localstack: port 4566 is not published" in bad.stdout


def test_a_shell_takes_env_and_completions(cumulet):
    script = f'eval "$({binary()} completions bash)"; eval "$({binary()} env)"; complete -p cumulet; echo $AWS_ENDPOINT_URL'
    port = cumulet.netloc.split(":")[1]
    environment = {"PATH": os.environ["PATH"], "GATEWAY_LISTEN": cumulet.netloc}
    shell = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True)
    assert "restart" in shell.stdout and f"http://localhost:{port}\n" in shell.stdout
    assert cumulet("completions", "tcsh").returncode == 1


def test_our_own_compose_file_is_good(cumulet):
    judged = cumulet("config", "validate", str(ROOT / "docker" / "compose.yaml"))
    assert judged.stdout.endswith("is good\n"), judged.stdout
