"""The steps of action.yml, run as the shell scripts that they are, with a `docker` that starts the program here."""

import contextlib
import os
import signal
import subprocess
import urllib.request

import pytest
import yaml
from program import ROOT, binary, free_port

ACTION = yaml.safe_load((ROOT / "action.yml").read_text())

# Remembers what it was told; `run` starts the program with the settings of its --env options.
DOCKER = """#!/usr/bin/env bash
printf '%s\\n' "$@" > "$TOLD"
settings=()
while (($#)); do
    case $1 in --env) settings+=("$2"); shift ;; esac
    shift
done
env "${settings[@]}" GATEWAY_LISTEN="127.0.0.1:$PORT" "$PROGRAM" >/dev/null 2>&1 &
echo $! > "$TOLD.pid"
"""


@pytest.fixture
def run(tmp_path):
    """run(name, **inputs): a step's script; its `docker` and the port in its URLs are the test's own."""
    port, told = free_port(), tmp_path / "told"
    (tmp_path / "docker").write_text(DOCKER)
    (tmp_path / "docker").chmod(0o755)

    def step(name, **inputs):
        inputs = {key: spec.get("default", "") for key, spec in ACTION["inputs"].items()} | inputs
        step = next(step for step in ACTION["runs"]["steps"] if step["name"] == name)
        environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": str(tmp_path)}
        environment |= {"TOLD": str(told), "PORT": str(port), "PROGRAM": binary()}
        for variable, value in step.get("env", {}).items():
            for key, given in inputs.items():
                value = value.replace(f"${{{{ inputs.{key} }}}}", given)
            assert "${{" not in value
            environment[variable] = value
        assert "${{" not in step["run"]
        script = step["run"].replace("127.0.0.1:4566/", f"127.0.0.1:{port}/")
        subprocess.run(["bash", "-c", script], env=environment, check=True, timeout=60)

    step.told = lambda: told.read_text().splitlines()
    step.url = f"http://127.0.0.1:{port}"
    yield step
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        os.kill(int(told.with_suffix(".pid").read_text()), signal.SIGTERM)


def test_it_starts_with_the_configuration_and_waits(run):
    run("Start", **{"image-tag": "2026.11.0", "configuration": "SERVICES=s3, LS_LOG=warn"})
    assert run.told()[-1] == "cumulet/cumulet-compat:2026.11.0"
    assert [word for word in run.told() if "=" in word] == ["SERVICES=s3", "LS_LOG=warn"]
    assert "127.0.0.1:4566:4566" in run.told()
    run("Wait until it is ready")
    with urllib.request.urlopen(f"{run.url}/_localstack/health", timeout=20) as health:
        assert b'"sqs":"disabled"' in health.read()


def test_no_configuration_is_none(run):
    run("Start")
    assert run.told()[-1] == "cumulet/cumulet-compat:latest" and "--env" not in run.told()


def test_the_inputs_of_setup_localstack_are_there():
    assert {"image-tag", "configuration", "skip-startup", "skip-wait", "install-awslocal"} <= ACTION["inputs"].keys()
    assert all(step["shell"] == "bash" for step in ACTION["runs"]["steps"])
