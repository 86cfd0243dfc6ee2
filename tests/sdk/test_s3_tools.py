"""Tools that people keep files in S3 with: s3cmd, and rclone and restic where they are installed."""

import os
import shutil
import subprocess
import sys

import pytest

from test_cli import contents, grow


@pytest.fixture
def tool(endpoint, tmp_path):
    """tool(command, ..., **environment): what it prints."""

    def run(*command, **environment):
        given = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "LC_ALL": "C.UTF-8",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            **environment,
        }
        command = [str(part) for part in command]
        done = subprocess.run(command, env=given, capture_output=True, encoding="utf-8", timeout=150)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def needs(name):
    return pytest.mark.skipif(shutil.which(name) is None, reason=f"{name} is not installed")


def test_s3cmd(tool, program, bucket, tmp_path):
    def s3cmd(*arguments):
        place = [f"--host={program.netloc}", f"--host-bucket={program.netloc}", "--no-ssl", "--no-progress"]
        return tool(sys.executable, shutil.which("s3cmd", path=os.path.dirname(sys.executable)), *place, *arguments)

    up, down = tmp_path / "up", tmp_path / "down"
    grow(up)
    down.mkdir()
    s3cmd("sync", "--multipart-chunk-size-mb=5", f"{up}/", f"s3://{bucket}/tree/")
    s3cmd("sync", f"s3://{bucket}/tree/", f"{down}/")
    assert contents(down) == contents(up)
    s3cmd("mv", f"s3://{bucket}/tree/large", f"s3://{bucket}/moved")
    s3cmd("setacl", "--acl-private", f"s3://{bucket}/moved")
    assert f"s3://{bucket}/moved" in s3cmd("ls", f"s3://{bucket}/")
    s3cmd("del", "--recursive", "--force", f"s3://{bucket}/")
    s3cmd("rb", f"s3://{bucket}")


@needs("rclone")
def test_rclone(tool, endpoint, bucket, tmp_path):
    def rclone(*arguments):
        return tool("rclone", "--config", config, "--s3-chunk-size=5M", "--s3-upload-cutoff=5M", *arguments)

    config = tmp_path / "rclone.conf"
    config.write_text(f"[c]\ntype=s3\nprovider=Other\nenv_auth=true\nregion=us-east-1\nendpoint={endpoint}\n")

    up, down = tmp_path / "up", tmp_path / "down"
    grow(up)
    rclone("sync", up, f"c:{bucket}/tree")
    rclone("check", up, f"c:{bucket}/tree", "--download")
    rclone("check", up, f"c:{bucket}/tree")
    rclone("copyto", f"c:{bucket}/tree/large", f"c:{bucket}/tree/copy")
    rclone("sync", f"c:{bucket}/tree", down)
    assert contents(down) == {**contents(up), "copy": contents(up)["large"]}
    rclone("purge", f"c:{bucket}")


@needs("restic")
def test_restic(tool, endpoint, name, tmp_path):
    def restic(*arguments):
        place = {"RESTIC_REPOSITORY": f"s3:{endpoint}/{name}/backup", "RESTIC_PASSWORD": "secret"}
        return tool("restic", *arguments, **place)

    up, down = tmp_path / "up", tmp_path / "down"
    grow(up)
    restic("init")
    restic("backup", up)
    (up / "empty").write_text("no more")
    restic("backup", up)
    restic("check", "--read-data")
    restic("restore", "latest", "--target", down)
    assert contents(down / up.relative_to("/")) == contents(up)
    restic("forget", "--keep-last", "1", "--prune")
    restic("check")
