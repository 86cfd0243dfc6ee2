"""Starts images without a Docker engine, by runc or chroot, and checks what they promise. No command."""

import contextlib
import json
import os
import secrets
import shutil
import signal
import stat
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

import oci
from program import ROOT, Program, free_address

# Nobody's: no image knows it.
STRANGER = "12345:6789"
# What the modules of Testcontainers set, with values that they set.
MODULES = {
    "DEFAULT_REGION": "us-east-1",
    "DOCKER_HOST": "unix:///var/run/docker.sock",
    "EAGER_SERVICE_LOADING": "1",
    "HOSTNAME_EXTERNAL": "127.0.0.1",
    "LAMBDA_DOCKER_FLAGS": "-l 'org.testcontainers=true' -l 'org.testcontainers.lang=java'",
    "LOCALSTACK_HOST": "127.0.0.1",
    "SERVICES": "s3,sqs",
}
# What Testcontainers for Java starts instead of the entry point, and the script that it then copies.
LOOP = "while [ ! -f /testcontainers_start.sh ]; do sleep 0.1; done; /testcontainers_start.sh"
SCRIPT = """#!/bin/bash
export LAMBDA_DOCKER_FLAGS="-l 'org.testcontainers=true'"
export LOCALSTACK_HOST=127.0.0.1
/usr/local/bin/docker-entrypoint.sh
"""
HOOK = """#!/usr/bin/env bash
set -euo pipefail
words=(from a bash array)
awslocal s3 mb s3://by-a-hook
echo hello | awslocal s3 cp - s3://by-a-hook/greeting
[[ $(awslocal sqs create-queue --queue-name q --query QueueUrl --output text) == *:*/000000000000/q ]]
[[ $(curl -fsS "$AWS_ENDPOINT_URL/_localstack/health") == *'"s3":'* ]]
echo "${words[*]}" > /var/lib/localstack/hook
"""


def runtime():
    """How containers can be started here; None where they cannot."""
    if os.geteuid() != 0:
        return None
    return next((name for name in ("runc", "chroot") if shutil.which(name)), None)


class Container:
    """A running container; its `with` block ends it."""

    def __init__(self, root, config, *, user=None, arguments=None, environment=None, volume=None, before=None):
        self.address = free_address()
        self.url = f"http://{self.address}"
        self.name = f"cumulet-{secrets.token_hex(4)}"
        self.folder = Path(tempfile.mkdtemp(prefix="cumulet-bundle-"))
        user = user or config.get("User") or "0:0"
        variables = dict(pair.split("=", 1) for pair in config["Env"])
        variables |= {"GATEWAY_LISTEN": self.address, **(environment or {})}
        if runtime() == "runc":
            pairs = [f"{name}={value}" for name, value in variables.items()]
            how = {"user": user, "arguments": arguments, "environment": pairs, "volume": volume}
            oci.bundle(self.folder, root, {**config, "Env": []}, **how)
            self.inside = ["runc", "exec", self.name]
            command = ["runc", "run", "--bundle", str(self.folder), self.name]
        else:
            null = Path(root, "dev", "null")
            null.parent.mkdir(exist_ok=True)
            if not null.exists():
                # What runc makes by itself; scripts send their output there.
                os.mknod(null, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
                null.chmod(0o666)
            start = ["env", "-i", *(f"{name}={value}" for name, value in variables.items())]
            self.inside = [*start, shutil.which("chroot"), f"--userspec={user}", str(root)]
            command = [*self.inside, *(arguments or config["Entrypoint"])]
        with before or contextlib.nullcontext():
            self.program = Program(*command)

    def run(self, *command):
        """Runs a command in it, as `docker exec` does; its exit code."""
        return subprocess.run([*self.inside, *command], stdout=subprocess.DEVNULL).returncode

    def page(self, path, **how):
        with urllib.request.urlopen(urllib.request.Request(self.url + path, **how), timeout=20) as answer:
            return answer.read()

    def stop(self):
        """Ends it as `docker stop` does; its exit code."""
        self.program.process.terminate()
        return self.program.process.wait(15)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.program.__exit__()
        shutil.rmtree(self.folder, ignore_errors=True)


def aws_cli():
    """The AWS CLI of the test environment, or whichever there is."""
    local = ROOT / ".venv" / "bin" / "aws"
    return str(local) if local.exists() else shutil.which("aws")


def use(container):
    """The AWS CLI makes a bucket, and an object goes there and back. False where there is no CLI."""
    cli = aws_cli()
    if not cli:
        return False
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
    with tempfile.TemporaryDirectory() as folder:
        there, back = Path(folder, "there"), Path(folder, "back")
        # Longer than what stays in memory where there is a disk.
        there.write_bytes(os.urandom(1 << 20))
        for command in (["mb", "s3://images"], ["cp", there, "s3://images/k"], ["cp", "s3://images/k", back]):
            whole = [cli, "--endpoint-url", container.url, "s3", *map(str, command)]
            subprocess.run(whole, env={**os.environ, **keys}, check=True, stdout=subprocess.DEVNULL)
        assert there.read_bytes() == back.read_bytes(), "the object is not what it was"
    return True


def session(container):
    return json.loads(container.page("/_localstack/info"))["session_id"]


def restart(container):
    """SIGUSR1 to process 1, and another session of the same process."""
    before = session(container)
    container.program.process.send_signal(signal.SIGUSR1)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            if session(container) != before:
                return
        time.sleep(0.01)
    raise AssertionError("no restart after SIGUSR1")


def promises(root, config):
    """Any user, a root that is read-only, health, restart, the end as process 1; the words for a report."""
    told = []
    with Container(root, config, user=STRANGER) as container:
        told.append("used by the AWS CLI" if use(container) else "no AWS CLI to use it with")
        assert container.run("/cumulet", "health") == 0, "health says no"
        restart(container)
        assert container.stop() == 0, "it did not end well"
    if runtime() == "runc":
        with tempfile.TemporaryDirectory() as volume:
            os.chmod(volume, 0o1777)
            marker = Path(volume, "logs", "localstack_infra.log")
            with Container(root, config, user=STRANGER, volume=volume) as container:
                assert marker.read_text() == "Ready.\n"
                use(container)
                assert container.stop() == 0
            assert not marker.exists(), "the ready file outlives the process"
    return told


@contextlib.contextmanager
def copied(path, text):
    """Copies a script into a running container after a moment, as `docker cp` does."""
    path.unlink(missing_ok=True)
    child = os.fork()
    if child == 0:
        time.sleep(0.3)
        path.write_text(text)
        path.chmod(0o777)
        os._exit(0)
    yield
    os.waitpid(child, 0)
    path.unlink()


def contracts(root, config):
    """What Testcontainers' modules and init scripts ask of the image cumulet-compat."""
    root = Path(root)
    hook = root / "etc/localstack/init/ready.d/hook.sh"
    hook.write_text(HOOK)
    hook.chmod(0o755)
    started = root / "testcontainers_start.sh"
    # runc makes the place for a file that the root does not have yet; the root is read-only to it.
    with tempfile.TemporaryDirectory() as volume:
        how = {"environment": MODULES, "volume": volume if runtime() == "runc" else None}
        out = Path(volume if runtime() == "runc" else root / "var/lib/localstack", "hook")
        loop = {"arguments": ["sh", "-c", LOOP], "before": copied(started, SCRIPT)}
        with Container(root, config, **how, **loop) as container:
            assert out.read_text() == "from a bash array\n"
            assert container.run("bash", "-c", "curl -sf $0/_localstack/health", container.url) == 0
            assert container.run("awslocal", "s3api", "head-object", "--bucket", "by-a-hook", "--key", "greeting") == 0
            services = json.loads(container.page("/_localstack/health"))["services"]
            assert services["s3"] == services["sqs"] == "running" and services.get("sns") != "running"
            use(container)
            # The shell is process 1 here, which hands no signal on: whoever stops it kills it.
            container.page("/_localstack/health", method="POST", data=b'{"action":"kill"}')
            assert container.program.process.wait(15) == 0
        out.unlink()
        with Container(root, config, **how) as container:
            assert container.run("/cumulet", "health") == 0
            assert container.stop() == 0
    hook.unlink()
