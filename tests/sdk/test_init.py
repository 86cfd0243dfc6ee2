"""Init hooks and the program's life: what runs when, what a restart keeps, how it ends."""

import json
import signal

import pytest

from program import call


@pytest.fixture
def hooks(tmp_path):
    """hooks(path, text): an executable hook; its folder is in `hooks.folder`."""

    def add(path, text):
        script = tmp_path / "init" / path
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text(text)
        script.chmod(0o755)

    add.folder = str(tmp_path / "init")
    add.out = tmp_path / "out"
    return add


def page(program, path):
    return json.loads(call(program.netloc, "GET", path).body)


CALL = """
import sys, urllib.request
url = sys.argv[1] if len(sys.argv) > 1 else __import__("os").environ["AWS_ENDPOINT_URL"]
print(urllib.request.urlopen(url + "/_localstack/health").status)
"""


def test_every_stage_runs_once_and_in_order(start, hooks):
    for stage in ("boot", "start", "ready", "shutdown"):
        hooks(f"{stage}.d/a.sh", f"#!/bin/sh\necho {stage} >> {hooks.out}\n")
    program = start(CUMULET_INIT_DIR=hooks.folder)
    shown = page(program, "/_localstack/init")
    assert shown["completed"] == {"BOOT": True, "START": True, "READY": True, "SHUTDOWN": False}
    assert shown["scripts"][2] == {"stage": "READY", "name": "a.sh", "state": "SUCCESSFUL"}
    assert shown["scripts"][3] == {"stage": "SHUTDOWN", "name": "a.sh", "state": "UNKNOWN"}
    assert hooks.out.read_text() == "boot\nstart\nready\n"
    assert program.stop() == 0
    assert hooks.out.read_text() == "boot\nstart\nready\nshutdown\n"


@pytest.mark.parametrize("stage", ["ready", "shutdown"])
def test_scripts_call_the_server_that_runs_them(start, hooks, stage):
    hooks(f"{stage}.d/call.py", f"{CALL}\nopen({str(hooks.out)!r}, 'w').write('called')")
    program = start(CUMULET_INIT_DIR=hooks.folder, LOCALSTACK_HOST="far.example:1")
    assert program.stop() == 0
    assert hooks.out.read_text() == "called"


def test_a_script_that_fails_is_said_and_stops_nothing(start, hooks):
    hooks("ready.d/1.sh", "#!/bin/sh\nexit 7\n")
    hooks("ready.d/2.sh", "#!/no/such/bash\n")
    program = start(CUMULET_INIT_DIR=hooks.folder)
    states = [script["state"] for script in page(program, "/_localstack/init/ready")["scripts"]]
    assert states == ["ERROR", "ERROR"]
    assert "exit status: 7" in program.logged() and "/no/such/bash is not here" in program.logged()


def test_reset_runs_them_again_when_asked(start, hooks):
    hooks("ready.d/a.sh", f"#!/bin/sh\necho x >> {hooks.out}\n")
    program = start(CUMULET_INIT_DIR=hooks.folder)
    for query, runs in (("", 1), ("?init=0", 1), ("?init=1", 2)):
        assert call(program.netloc, "POST", f"/_localstack/state/reset{query}", {}, b"").status == 200
        assert len(hooks.out.read_text()) == 2 * runs


def test_it_ends_while_a_script_does_not(start, hooks):
    hooks("shutdown.d/a.sh", "#!/bin/sh\nexec tail -f /dev/null\n")
    program = start(CUMULET_INIT_DIR=hooks.folder, SHUTDOWN_TIMEOUT="0.2")
    assert program.stop() == 0
    assert "SHUTDOWN_TIMEOUT" in program.logged()


@pytest.mark.parametrize("how", ["signal", "health"])
def test_a_restart_is_the_same_process_with_nothing_in_it(start, hooks, aws, how):
    hooks("ready.d/a.sh", f"#!/bin/sh\necho x >> {hooks.out}\n")
    program = start(CUMULET_INIT_DIR=hooks.folder)
    aws("s3", url=program.endpoint).create_bucket(Bucket="before")
    session = page(program, "/_localstack/info")["session_id"]
    if how == "signal":
        program.process.send_signal(signal.SIGUSR1)
    else:
        answer = call(program.netloc, "POST", "/_localstack/health", {}, b'{"action":"restart"}')
        assert (answer.status, answer.body) == (200, b"ok")
    program.wait_for("Ready.")
    assert program.process.poll() is None
    assert page(program, "/_localstack/info")["session_id"] != session
    assert aws("s3", url=program.endpoint).list_buckets()["Buckets"] == []
    assert hooks.out.read_text() == "x\nx\n"
    assert program.stop() == 0


def test_kill_ends_it_well(start):
    program = start()
    answer = call(program.netloc, "POST", "/_localstack/health", {}, b'{"action":"kill"}')
    assert (answer.status, answer.body) == (200, b"ok")
    assert program.process.wait(20) == 0
