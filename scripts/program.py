"""Builds the program, starts it, reads its memory: what `bench` and `images` share. No command."""

import json
import os
import platform
import re
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def say(*words):
    """Progress: results alone go to stdout."""
    print(*words, file=sys.stderr, flush=True)


def build(*arguments):
    """The executables that `cargo build` makes, by name."""
    command = ["cargo", "build", "--message-format=json-render-diagnostics", *arguments]
    say("+", *command)
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(done.returncode)
    messages = map(json.loads, done.stdout.splitlines())
    return {m["target"]["name"]: m["executable"] for m in messages if m.get("executable")}


def services():
    """The features that are services, as src/cumulet/Cargo.toml has them."""
    manifest = (ROOT / "src" / "cumulet" / "Cargo.toml").read_text()
    return sorted(re.findall(r'^([a-z0-9-]+) = \[.*"dep:cumulet-\1"', manifest, re.M))


def image_target(machine=None):
    """A machine's target for static binaries; None where another machine's is not to be had."""
    own = platform.machine()
    musl = f"{machine or own}-unknown-linux-musl"
    for command in ("true", f"rustup target add {musl}"):
        script = f"{command} >&2 && rustup target list --installed"
        done = subprocess.run(script, shell=True, capture_output=True, text=True)
        if musl in done.stdout.split():
            return musl
    if machine and machine != own:
        return None
    version = subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True).stdout
    return version.split("host: ")[1].split()[0]


def build_image(*features, target=None, target_dir=None, example=None):
    """The program, or an example of it, as it ships: profile `image`, static, slim."""
    # A directory of its own: other flags would have everything in the usual one built again.
    directory = target_dir or ROOT / "target" / "images"
    target = target or image_target()
    how = ["--config", str(ROOT / "scripts" / "image.toml"), "--profile", "image"]
    where = ["--target", target, "--target-dir", str(directory)]
    what = ["--example", example] if example else ["--bin", "cumulet"]
    built = build("-p", "cumulet", *what, *how, *where, *features)[example or "cumulet"]
    if "-musl" not in target:
        return built
    out = Path(built).parent / "slim" / Path(built).name
    out.parent.mkdir(exist_ok=True)
    subprocess.run([build("-p", "cumulet-slim")["slim"], built, out], check=True, stdout=sys.stderr)
    return str(out)


def free_address():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


def memory(pid, field="VmRSS"):
    """Resident memory in MB (10^6 bytes); `VmHWM` is the most that it ever was."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024 / 1e6
    sys.exit(f"process {pid} has no {field}")


class Program:
    """A running server that has printed `Ready.`; ended when its `with` block is left."""

    def __init__(self, *command, **env):
        began = time.monotonic()
        self.process = subprocess.Popen(
            command, env={**os.environ, **env}, stdout=subprocess.PIPE, text=True
        )
        if not any(line == "Ready.\n" for line in self.process.stdout):
            sys.exit(f"{command[0]} ended before it was ready")
        self.start_ms = (time.monotonic() - began) * 1000
        self.pid = self.process.pid
        # Whatever it prints later is read, so that it never waits for us.
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def cumulet(executable, address):
    """Starts the program quietly: a line for each request would be measured too."""
    return Program(executable, GATEWAY_LISTEN=address, LS_LOG="warn")
