"""The program under test as a process of its own, and plain HTTP to it where an SDK would be too polite."""

import http.client
import os
import queue
import signal
import socket
import subprocess
import threading
import time
from collections import namedtuple
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 20
STOP_SECONDS = 15

Answer = namedtuple("Answer", "status headers body")


def binary():
    """CUMULET_BIN, else the debug build, made first if there is none."""
    if given := os.environ.get("CUMULET_BIN"):
        return given
    built = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug" / "cumulet"
    if not built.exists():
        subprocess.run(["cargo", "build"], cwd=ROOT, check=True)
    return str(built)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Program:
    """Started when made; accepts requests once the constructor returns."""

    def __init__(self, directory, also=(), under=(), **settings):
        """`directory` takes what it writes; `also` are more addresses; `under` is a command that starts it;
        `settings` its environment."""
        self.port = free_port()
        self.netloc = f"127.0.0.1:{self.port}"
        self.endpoint = f"http://{self.netloc}"
        self.log = Path(directory, "cumulet.log")
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(directory),
            "TMPDIR": str(directory),
            "GATEWAY_LISTEN": ",".join([self.netloc, *also]),
            **settings,
        }
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*under, binary()], env=environment, stdout=subprocess.PIPE, stderr=log, text=True
            )
        self.lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        try:
            self.wait_for("Ready.")
        except BaseException:
            self.process.kill()
            raise

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put(None)

    def wait_for(self, wanted):
        """Reads standard output up to the line that is exactly `wanted`."""
        deadline = time.monotonic() + READY_SECONDS
        while True:
            try:
                line = self.lines.get(timeout=max(0, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no {wanted!r} within {READY_SECONDS} s: {self.logged()}") from None
            assert line is not None, f"ended before {wanted!r}: {self.logged()}"
            if line == wanted + "\n":
                return

    def logged(self):
        return self.log.read_text(errors="replace")[-4000:]

    def stop(self, with_signal=signal.SIGTERM):
        """Asks it to end; the exit code."""
        self.process.send_signal(with_signal)
        try:
            return self.process.wait(STOP_SECONDS)
        finally:
            self.process.kill()


def call(netloc, method="GET", path="/", headers=(), body=None):
    """One request as it stands: nothing is signed, encoded or followed. `headers` is a dict or pairs."""
    connection = http.client.HTTPConnection(netloc, timeout=20)
    try:
        return exchange(connection, method, path, headers, body)
    finally:
        connection.close()


def exchange(connection, method="GET", path="/", headers=(), body=None):
    """The same on a connection that stays open."""
    pairs = list(headers.items() if isinstance(headers, dict) else headers)
    names = {name.lower() for name, _ in pairs}
    connection.putrequest(method, path, skip_host="host" in names, skip_accept_encoding=True)
    for name, value in pairs:
        connection.putheader(name, value)
    if body is not None and not names & {"content-length", "transfer-encoding"}:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    response = connection.getresponse()
    return Answer(response.status, response.headers, response.read())


def credential(service, region="us-east-1", key="test"):
    """An Authorization header that names a service, a region and a key; its signature is nonsense."""
    scope = f"{key}/20260101/{region}/{service}/aws4_request"
    return {
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature={'0' * 64}"
    }
