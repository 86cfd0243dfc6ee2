"""S3 as files of Python: boto3's transfer manager and resources, Arrow (the SDK for C++) and s3fs."""

import io

import boto3
import pytest
import s3fs
from boto3.s3.transfer import TransferConfig

MEGABYTE = 1024 * 1024
LARGE = bytes(range(256)) * 4096 * 13


def test_transfer_manager(s3, bucket, tmp_path):
    parts = TransferConfig(multipart_threshold=5 * MEGABYTE, multipart_chunksize=5 * MEGABYTE, max_concurrency=4)
    sent = []
    s3.upload_fileobj(io.BytesIO(LARGE), bucket, "large", Config=parts, Callback=sent.append)
    assert sum(sent) == len(LARGE)
    assert s3.head_object(Bucket=bucket, Key="large")["ETag"].endswith('-3"')
    s3.copy({"Bucket": bucket, "Key": "large"}, bucket, "copy", Config=parts)
    s3.download_file(bucket, "copy", str(tmp_path / "got"), Config=parts)
    assert (tmp_path / "got").read_bytes() == LARGE


def test_resources(endpoint, name):
    s3 = boto3.resource(
        "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
    bucket = s3.create_bucket(Bucket=name)
    bucket.wait_until_exists()
    bucket.Versioning().enable()
    for i in range(3):
        bucket.put_object(Key=f"a/{i}", Body=b"x" * i)
    assert [(o.key, o.size) for o in bucket.objects.filter(Prefix="a/")] == [("a/0", 0), ("a/1", 1), ("a/2", 2)]
    bucket.Object("b").copy_from(CopySource={"Bucket": name, "Key": "a/2"})
    assert s3.Object(name, "b").get()["Body"].read() == b"xx"
    bucket.objects.delete()
    assert list(bucket.objects.all()) == [] and len(list(bucket.object_versions.all())) == 8
    bucket.object_versions.delete()
    bucket.delete()
    bucket.wait_until_not_exists()


def test_arrow(program, name):
    pyarrow = pytest.importorskip("pyarrow")
    pytest.importorskip("pyarrow.fs")
    files = pyarrow.fs.S3FileSystem(
        access_key="test", secret_key="test", endpoint_override=program.netloc, scheme="http", region="us-east-1",
        allow_bucket_creation=True, allow_bucket_deletion=True,
    )
    files.create_dir(f"{name}/dir/sub")
    with files.open_output_stream(f"{name}/dir/large") as file:
        file.write(LARGE)
    with files.open_input_file(f"{name}/dir/large") as file:
        file.seek(5)
        assert file.read(MEGABYTE) == LARGE[5 : 5 + MEGABYTE]
        assert file.size() == len(LARGE)
    files.copy_file(f"{name}/dir/large", f"{name}/copy")
    files.move(f"{name}/dir/large", f"{name}/moved")
    found = files.get_file_info(pyarrow.fs.FileSelector(name, recursive=True))
    assert sorted((f.path.removeprefix(f"{name}/"), f.is_file) for f in found) == [
        ("copy", True),
        ("dir", False),
        ("dir/sub", False),
        ("moved", True),
    ]
    files.delete_dir(f"{name}/dir")
    files.delete_dir_contents(name)
    files.delete_dir(name)
    assert files.get_file_info(name).type == pyarrow.fs.FileType.NotFound


def test_s3fs(endpoint, name, monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    files = s3fs.S3FileSystem(key="test", secret="test", endpoint_url=endpoint, skip_instance_cache=True)
    files.mkdir(name)
    with files.open(f"{name}/a/large", "wb", block_size=5 * MEGABYTE) as file:
        file.write(LARGE)
    with files.open(f"{name}/a/large", "rb") as file:
        file.seek(-10, 2)
        assert file.read() == LARGE[-10:]
    files.pipe({f"{name}/a/b": b"b", f"{name}/c": b"c"})
    assert files.cat([f"{name}/a/b", f"{name}/c"]) == {f"{name}/a/b": b"b", f"{name}/c": b"c"}
    files.mv(f"{name}/a/large", f"{name}/d")
    assert files.find(name) == [f"{name}/a/b", f"{name}/c", f"{name}/d"]
    assert files.ls(name, detail=False) == [f"{name}/a", f"{name}/c", f"{name}/d"]
    with pytest.raises(FileNotFoundError):
        files.open(f"{name}/a/large", "rb")
    files.rm(name, recursive=True)
    assert not files.exists(name)
