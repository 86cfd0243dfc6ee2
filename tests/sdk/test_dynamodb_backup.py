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


QUICK = {"Delay": 1, "MaxAttempts": 30}


def until_done(look, status):
    """What `look` sees when the work that it looks at is over."""
    while (seen := look())[status] == "IN_PROGRESS":
        pass
    return seen


def only_item(dynamodb, name):
    dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig=QUICK)
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
    arn_of_export = begun["ExportDescription"]["ExportArn"]
    dynamodb.get_waiter("export_completed").wait(ExportArn=arn_of_export, WaiterConfig=QUICK)
    export = dynamodb.describe_export(ExportArn=arn_of_export)["ExportDescription"]
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
    arn = begun["ImportArn"]
    return until_done(lambda: dynamodb.describe_import(ImportArn=arn)["ImportTableDescription"], "ImportStatus")


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


def test_a_table_is_exported_as_ion_and_imported_again(dynamodb, s3, table):
    s3.create_bucket(Bucket=table)
    arn = dynamodb.describe_table(TableName=table)["Table"]["TableArn"]
    begun = dynamodb.export_table_to_point_in_time(TableArn=arn, S3Bucket=table, ExportFormat="ION")
    arn_of_export = begun["ExportDescription"]["ExportArn"]
    dynamodb.get_waiter("export_completed").wait(ExportArn=arn_of_export, WaiterConfig=QUICK)
    (key,) = [entry["Key"] for entry in s3.list_objects_v2(Bucket=table)["Contents"] if "/data/" in entry["Key"]]
    line = gzip.decompress(s3.get_object(Bucket=table, Key=key)["Body"].read()).decode()
    assert line.startswith("$ion_1_0 {Item:{blob:{{AP8=}},blobs:$dynamodb_BS::[{{eA==}},{{eQ==}}],list:[null,false,"), line
    imported = run_import(
        dynamodb,
        f"{table}-again",
        S3BucketSource={"S3Bucket": table, "S3KeyPrefix": key},
        InputFormat="ION",
        InputCompressionType="GZIP",
    )
    assert imported["ImportStatus"] == "COMPLETED", imported
    assert only_item(dynamodb, f"{table}-again") == ITEM
    page = dynamodb.list_imports(PageSize=1)
    listed = page["ImportSummaryList"]
    while token := page.get("NextToken"):
        page = dynamodb.list_imports(PageSize=1, NextToken=token)
        listed += page["ImportSummaryList"]
    assert imported["ImportArn"] in [summary["ImportArn"] for summary in listed]


def test_items_are_put_in_bulk(dynamodb, s3, table):
    s3.create_bucket(Bucket=table)
    keys = [{"pk": {"S": "bulk"}, "sk": {"N": str(i)}} for i in range(2500)]
    lines = [{"Item": key} for key in keys] + [{"Item": {"pk": {"S": "no sort key"}}}]
    lines.append({"Item": {"pk": ITEM["pk"], "sk": ITEM["sk"]}, "ConditionExpression": "attribute_not_exists(pk)"})
    body = gzip.compress("\n".join(map(json.dumps, lines)).encode())
    s3.put_object(Bucket=table, Key="in/lines.json.gz", Body=body)
    begun = dynamodb.start_bulk_put_items(
        TableName=table,
        InputS3Configuration={
            "S3Bucket": table,
            "S3KeyPrefix": "in/",
            "InputFormat": "DYNAMODB_JSON",
            "InputCompressionType": "GZIP",
        },
        OutputS3Configuration={"S3Bucket": table, "S3KeyPrefix": "out", "OutputType": ["CONDITION_CHECK_FAILURE"]},
    )["BulkOperationDescription"]
    arn = begun["BulkOperationArn"]
    dynamodb.get_waiter("bulk_operation_completed").wait(BulkOperationArn=arn, WaiterConfig=QUICK)
    done = dynamodb.describe_bulk_operation(BulkOperationArn=arn)["BulkOperationDescription"]
    assert done["BulkOperationStatus"] == "COMPLETED_WITH_ERRORS"
    assert (done["ProcessedItemCount"], done["FailedItemCount"]) == (2502, 1)
    assert done["ProcessedInputBytes"] == done["TotalInputBytes"] == len(body)
    assert dynamodb.scan(TableName=table, Select="COUNT")["Count"] == 2501
    (key,) = [o["Key"] for o in s3.list_objects_v2(Bucket=table, Prefix="out/")["Contents"] if o["Key"].endswith(".gz")]
    report = json.loads(gzip.decompress(s3.get_object(Bucket=table, Key=key)["Body"].read()))
    assert report["ExistingItem"]["text"] == ITEM["text"]
    listed = dynamodb.get_paginator("list_bulk_operations").paginate(PaginationConfig={"PageSize": 1})
    assert arn in [o["BulkOperationArn"] for page in listed for o in page["BulkOperationsSummaryList"]]
    with pytest.raises(dynamodb.exceptions.ResourceNotFoundException):
        dynamodb.cancel_bulk_operation(BulkOperationArn=f"{arn}0")


def test_a_bucket_that_is_not_there_fails_the_work(dynamodb, table):
    arn = dynamodb.describe_table(TableName=table)["Table"]["TableArn"]
    begun = dynamodb.export_table_to_point_in_time(TableArn=arn, S3Bucket=f"{table}-absent")
    arn = begun["ExportDescription"]["ExportArn"]
    export = until_done(lambda: dynamodb.describe_export(ExportArn=arn)["ExportDescription"], "ExportStatus")
    assert (export["ExportStatus"], export["FailureCode"]) == ("FAILED", "S3NoSuchBucket")
    imported = run_import(
        dynamodb, f"{table}-again", S3BucketSource={"S3Bucket": f"{table}-absent"}, InputFormat="CSV"
    )
    assert (imported["ImportStatus"], imported["FailureCode"]) == ("FAILED", "S3NoSuchBucket")
