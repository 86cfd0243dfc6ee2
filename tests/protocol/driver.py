"""Our side: the `differential` example of the protocol crate, which answers a line of JSON with a line of JSON."""

import base64
import datetime
import json
import math
import subprocess
from functools import cache

from speakers import ROOT

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


@cache
def executable():
    build = ["cargo", "build", "--locked", "--quiet", "--package", "cumulet-protocol", "--example", "differential"]
    messages = subprocess.run([*build, "--message-format=json"], cwd=ROOT, check=True, stdout=subprocess.PIPE)
    for line in messages.stdout.splitlines():
        message = json.loads(line)
        if message.get("executable") and message["target"]["name"] == "differential":
            return message["executable"]
    raise LookupError("cargo built no example `differential`")


class Driver:
    """One process, for one model and protocol."""

    def __init__(self, speaker):
        self.always = {"model": str(speaker.path), "protocol": speaker.protocol}
        self.process = subprocess.Popen([executable()], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, command, **arguments):
        line = json.dumps({"op": command, **self.always, **arguments}).encode()
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, f"the driver ended at {line.decode()}"
        return json.loads(answer)

    def end(self):
        self.process.stdin.close()
        assert self.process.wait(10) == 0


def to_driver(value):
    """A value in the driver's JSON."""
    match value:
        case dict():
            return {name: to_driver(item) for name, item in value.items()}
        case list():
            return [to_driver(item) for item in value]
        case bytes():
            return {"$blob": base64.b64encode(value).decode()}
        case datetime.datetime():
            return {"$time": (value - EPOCH) // datetime.timedelta(milliseconds=1)}
        case float() if not math.isfinite(value):
            return {"$float": str(value)}
    return value


def from_driver(value):
    """The other way."""
    match value:
        case {"$blob": text}:
            return base64.b64decode(text)
        case {"$time": millis}:
            return EPOCH + datetime.timedelta(milliseconds=millis)
        case {"$float": text}:
            return float(text)
        case dict():
            return {name: from_driver(item) for name, item in value.items()}
        case list():
            return [from_driver(item) for item in value]
    return value
