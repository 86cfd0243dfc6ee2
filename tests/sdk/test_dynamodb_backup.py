"""Backups, points in time, exports and imports as boto3 sees them."""

import base64
import gzip
import hashlib
import json

import pytest

ATTRIBUTES = [{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "N"}]
KEYS = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
ITEM = {
    "pk": {"S": "a"},
    "sk": {"N": "1"},
    "blob": {"B": b"\x00\xff"},
    "blobs": {"BS": [b"x", b"y"]},
    "list": {"L": [{"NULL": True}, {"BOOL": False}, {"M": {"n": {"NS": ["1", "2"]}}}]},
    "text": {"S": 'ünï "🎈"\n'},
}


@pytest.fixture
def table(dynamodb, name):
    """A table with one item of every type, and with its past."""
    dynamodb.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST", AttributeDefinitions=ATTRIBUTES, KeySchema=KEYS
    )
    dynamodb.put_item(TableName=name, Item=ITEM)
    dynamodb.update_continuous_backups(
        TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    return name


def only_item(dynamodb, name):
    dynamodb.get_waiter("table_exists").wait(TableName=name)
    (item,) = dynamodb.scan(TableName=name)["Items"]
    return item


def test_a_backup_is_restored(dynamodb, table):
    arn = dynamodb.create_backup(TableName=table, BackupName="first")["BackupDetails"]["BackupArn"]
    dynamodb.delete_item(TableName=table, Key={"pk": ITEM["pk"], "sk": ITEM["sk"]})
    restored = f"{table}-restored"
    dynamodb.restore_table_from_backup(TargetTableName=restored, BackupArn=arn)
    assert only_item(dynamodb, restored) == ITEM
    summary = dynamodb.describe_table(TableName=restored)["Table"]["RestoreSummary"]
    assert (summary["SourceBackupArn"], summary["RestoreInProgress"]) == (arn, False)
    listed = dynamodb.get_paginator("list_backups").paginate(TableName=table).build_full_result()
    assert [backup["BackupArn"] for backup in listed["BackupSummaries"]] == [arn]


def test_a_point_in_time_is_restored(dynamodb, table):
    before = dynamodb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    before = before["PointInTimeRecoveryDescription"]
    assert before["RecoveryPeriodInDays"] == 35
    dynamodb.delete_item(TableName=table, Key={"pk": ITEM["pk"], "sk": ITEM["sk"]})
    restored = f"{table}-restored"
    dynamodb.restore_table_to_point_in_time(
        SourceTableName=table, TargetTableName=restored, RestoreDateTime=before["EarliestRestorableDateTime"]
    )
    assert only_item(dynamodb, restored) == ITEM
    with pytest.raises(dynamodb.exceptions.InvalidRestoreTimeException):
        dynamodb.restore_table_to_point_in_time(
            SourceTableName=table, TargetTableName=f"{table}-late", RestoreDateTime=4102444800
        )


def test_an_export_comes_back_as_an_import(dynamodb, s3, table):
    s3.create_bucket(Bucket=table)
    arn = dynamodb.describe_table(TableName=table)["Table"]["TableArn"]
    begun = dynamodb.export_table_to_point_in_time(TableArn=arn, S3Bucket=table, S3Prefix="out")
    dynamodb.get_waiter("export_completed").wait(ExportArn=begun["ExportDescription"]["ExportArn"])
    export = dynamodb.describe_export(ExportArn=begun["ExportDescription"]["ExportArn"])["ExportDescription"]
    assert (export["ExportStatus"], export["ItemCount"]) == ("COMPLETED", 1)

    def read(key):
        return s3.get_object(Bucket=table, Key=key)["Body"].read()

    summary = read(export["ExportManifest"])
    md5 = base64.b64encode(hashlib.md5(summary).digest())
    assert read(export["ExportManifest"].replace(".json", ".md5")) == md5
    (line,) = read(json.loads(summary)["manifestFilesS3Key"]).splitlines()
    files = json.loads(line)
    data = read(files["dataFileS3Key"])
    assert files["md5Checksum"] == base64.b64encode(hashlib.md5(data).digest()).decode()
    assert files["etag"] in s3.head_object(Bucket=table, Key=files["dataFileS3Key"])["ETag"]
    item = json.loads(gzip.decompress(data))["Item"]
    assert (item["text"], item["blob"]) == (ITEM["text"], {"B": "AP8="})

    listed = dynamodb.list_exports(TableArn=arn)["ExportSummaries"]
    assert [summary["ExportArn"] for summary in listed] == [export["ExportArn"]]
    imported = run_import(
        dynamodb,
        f"{table}-again",
        S3BucketSource={"S3Bucket": table, "S3KeyPrefix": files["dataFileS3Key"]},
        InputFormat="DYNAMODB_JSON",
        InputCompressionType="GZIP",
    )
    assert (imported["ImportStatus"], imported["ImportedItemCount"], imported["ErrorCount"]) == ("COMPLETED", 1, 0)
    assert only_item(dynamodb, f"{table}-again") == ITEM


def run_import(dynamodb, name, **source):
    creation = {
        "TableName": name,
        "AttributeDefinitions": ATTRIBUTES,
        "KeySchema": KEYS,
        "BillingMode": "PAY_PER_REQUEST",
    }
    begun = dynamodb.import_table(TableCreationParameters=creation, **source)["ImportTableDescription"]
    assert begun["ImportStatus"] == "IN_PROGRESS"
    return dynamodb.describe_import(ImportArn=begun["ImportArn"])["ImportTableDescription"]


@pytest.mark.parametrize("compression", ["NONE", "GZIP"])
def test_csv_is_imported(dynamodb, s3, name, compression):
    text = 'pk,sk,note\r\na,1,"one, ""two""\nthree"\nb,2,\nc,no number,x\nd,4\n'.encode()
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="in/1.csv", Body=gzip.compress(text) if compression == "GZIP" else text)
    imported = run_import(
        dynamodb,
        name,
        S3BucketSource={"S3Bucket": name, "S3KeyPrefix": "in/"},
        InputFormat="CSV",
        InputCompressionType=compression,
    )
    assert (imported["ProcessedItemCount"], imported["ImportedItemCount"], imported["ErrorCount"]) == (4, 2, 2)
    key = {"pk": {"S": "a"}, "sk": {"N": "1"}}
    found = dynamodb.get_item(TableName=name, Key=key)["Item"]
    assert found == {**key, "note": {"S": 'one, "two"\nthree'}}


def test_a_bucket_that_is_not_there_fails_the_work(dynamodb, table):
    arn = dynamodb.describe_table(TableName=table)["Table"]["TableArn"]
    begun = dynamodb.export_table_to_point_in_time(TableArn=arn, S3Bucket=f"{table}-absent")
    export = dynamodb.describe_export(ExportArn=begun["ExportDescription"]["ExportArn"])["ExportDescription"]
    assert (export["ExportStatus"], export["FailureCode"]) == ("FAILED", "S3NoSuchBucket")
    imported = run_import(
        dynamodb, f"{table}-again", S3BucketSource={"S3Bucket": f"{table}-absent"}, InputFormat="CSV"
    )
    assert (imported["ImportStatus"], imported["FailureCode"]) == ("FAILED", "S3NoSuchBucket")
