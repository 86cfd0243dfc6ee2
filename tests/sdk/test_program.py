"""The program itself: its own pages, its settings, its beginning and its end."""

import json
import signal
import subprocess
import threading

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from program import binary, call, credential, free_port

VERSION = "2026.11.0"


def page(program, path, method="GET", body=None):
    """The status, and the JSON of a 2xx."""
    headers = {} if body is None else {"Content-Type": "application/json"}
    answer = call(program.netloc, method, path, headers, None if body is None else json.dumps(body).encode())
    return answer.status, json.loads(answer.body) if answer.status < 300 else None


def states(program):
    return page(program, "/_localstack/health")[1]["services"]


def command(*arguments, **environment):
    return subprocess.run([binary(), *arguments], env=environment, capture_output=True, text=True, timeout=20)


def test_health(program):
    status, health = page(program, "/_localstack/health")
    assert (status, health["version"]) == (200, VERSION) and health["edition"]
    assert {"s3", "sqs"} <= health["services"].keys()
    assert set(health["services"].values()) <= {"available", "running", "disabled"}
    assert call(program.netloc, "HEAD", "/_localstack/health")[::2] == (200, b"")


def test_health_takes_notes(program):
    note = {"features:t": "done", "plain": 1}
    assert page(program, "/_localstack/health", "PUT", note) == (200, {"status": "OK"})
    health = page(program, "/_localstack/health")[1]
    assert (health["features"]["t"], health["plain"]) == ("done", 1)


def test_health_wants_an_action(program):
    assert call(program.netloc, "POST", "/_localstack/health", {}, b"").status == 400


def test_a_service_runs_once_it_is_used(start, aws):
    program = start()
    assert (states(program)["s3"], states(program)["sqs"]) == ("available", "available")
    aws("sqs", url=program.endpoint).list_queues()
    assert (states(program)["s3"], states(program)["sqs"]) == ("available", "running")


def test_info(program):
    _, info = page(program, "/_localstack/info")
    wanted = {"version", "edition", "is_license_activated", "session_id", "machine_id", "system", "is_docker", "server_time_utc", "uptime"}
    assert wanted <= info.keys()
    assert (info["version"], info["is_license_activated"]) == (VERSION, False)


def test_init(program):
    completed = {"BOOT": True, "START": True, "READY": True, "SHUTDOWN": False}
    assert page(program, "/_localstack/init") == (200, {"completed": completed, "scripts": []})
    assert page(program, "/_localstack/init/Ready") == (200, {"completed": True, "scripts": []})
    assert page(program, "/_localstack/init/lunch")[0] == 404


def test_plugins(program):
    status, plugins = page(program, "/_localstack/plugins")
    assert status == 200
    assert all({"name", "is_initialized", "is_loaded"} <= entry.keys() for entries in plugins.values() for entry in entries)


@pytest.mark.parametrize("path", ["/_localstack/config", "/_localstack/diagnose", "/_localstack/usage"])
def test_pages_that_must_be_asked_for(program, path):
    assert page(program, path)[0] == 404


@pytest.mark.parametrize("path", ["/_localstack/none", "/_localstack", "/_aws/none", "/_cumulet/none", "/_localstack/health/none"])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_own_paths_are_never_buckets(program, path, method):
    answer = call(program.netloc, method, path, credential("s3"), None if method == "GET" else b"")
    assert answer.status in (404, 405)
    assert b"NoSuchBucket" not in answer.body and b"NoSuchKey" not in answer.body


def test_debug_opens_the_pages_for_it(start):
    program = start(LOCALSTACK_DEBUG="1")
    status, diagnose = page(program, "/_localstack/diagnose")
    assert status == 200 and {"version", "info", "services", "config"} <= diagnose.keys()
    assert page(program, "/_localstack/usage")[0] == 200


def test_config(start):
    program = start(ENABLE_CONFIG_UPDATES="1")
    assert isinstance(page(program, "/_localstack/config")[1], dict)
    pair = {"variable": "SOME_SETTING", "value": "x"}
    assert page(program, "/_localstack/config", "POST", pair) == (200, pair)
    assert page(program, "/_localstack/config", "POST", {"variable": "a-b", "value": "x"})[0] == 400


def test_reset_empties_everything(start, aws):
    program = start()
    s3, sqs = (aws(service, url=program.endpoint) for service in ("s3", "sqs"))
    s3.create_bucket(Bucket="kept-no-longer")
    s3.put_object(Bucket="kept-no-longer", Key="k", Body=b"x")
    sqs.create_queue(QueueName="kept-no-longer")
    assert call(program.netloc, "POST", "/_localstack/state/reset", {}, b"").status == 200
    assert s3.list_buckets()["Buckets"] == [] and "QueueUrls" not in sqs.list_queues()
    s3.create_bucket(Bucket="kept-no-longer")
    assert "Contents" not in s3.list_objects_v2(Bucket="kept-no-longer")


def test_services_may_be_chosen(start, aws):
    program = start(SERVICES="s3:4566", EAGER_SERVICE_LOADING="1")
    assert states(program)["s3"] == "running"
    assert states(program).get("sqs", "disabled") == "disabled"
    with pytest.raises(ClientError) as caught:
        aws("sqs", url=program.endpoint).list_queues()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_urls_have_the_host_that_is_set(start, aws):
    program = start(LOCALSTACK_HOST="cloud.example:1234")
    url = aws("sqs", url=program.endpoint).create_queue(QueueName="q")["QueueUrl"]
    assert "cloud.example:1234/" in url and url.endswith("/000000000000/q")


def test_unknown_and_outdated_settings_do_no_harm(start):
    program = start(DATA_DIR="/nowhere", LAMBDA_EXECUTOR="local", SERVICES="", SOMETHING_ELSE="1")
    assert states(program)["s3"] == "available"


def test_several_addresses(start):
    other = f"127.0.0.1:{free_port()}"
    program = start(also=[other])
    assert call(program.netloc, "GET", "/_localstack/health").status == 200
    assert call(other, "GET", "/_localstack/health").status == 200


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_told(start, how):
    assert start().stop(how) == 0


def test_it_ends_while_somebody_waits(start, aws):
    program = start()
    sqs = aws("sqs", url=program.endpoint)
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    sent = threading.Event()
    sqs.meta.events.register("before-send.sqs.ReceiveMessage", lambda **_: sent.set())

    def wait():
        try:
            sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)
        except (BotoCoreError, ClientError):
            pass  # cut off or answered: either way the program may end

    waiting = threading.Thread(target=wait)
    waiting.start()
    sent.wait(10)
    assert states(program)["sqs"] == "running"
    assert program.stop() == 0
    waiting.join()


def test_command_line(program):
    assert VERSION in command("--version").stdout
    assert "GATEWAY_LISTEN" in command("--help").stdout
    assert command("--nonsense").returncode != 0
    assert command("health", GATEWAY_LISTEN=program.netloc).returncode == 0
    assert command("health", GATEWAY_LISTEN=f"127.0.0.1:{free_port()}").returncode != 0


def test_a_port_that_is_taken_is_said_and_not_waited_for(program):
    done = command(GATEWAY_LISTEN=program.netloc)
    assert done.returncode != 0 and str(program.port) in done.stderr
