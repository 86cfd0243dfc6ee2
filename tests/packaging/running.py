"""The program under test, and the end of what a test's shell has started."""

import os
import signal
import socket
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


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


def stop(pid_file):
    """Ends the process that wrote its number there, if it did."""
    try:
        os.kill(int(pid_file.read_text()), signal.SIGTERM)
    except (FileNotFoundError, ProcessLookupError):
        pass
