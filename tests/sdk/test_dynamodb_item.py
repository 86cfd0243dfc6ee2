"""Items as boto3's client and its resource see them: types, conditions, pages, batches, transactions."""

from decimal import Decimal

import boto3
import pytest
from boto3.dynamodb.conditions import Attr, Key
from boto3.dynamodb.types import Binary
from botocore.exceptions import ClientError


@pytest.fixture
def table(endpoint, name):
    """A table by `pk` and `sk` with an index on `group`, as a resource."""
    resource = boto3.resource(
        "dynamodb",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    made = resource.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "N"},
            {"AttributeName": "group", "AttributeType": "B"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-group",
                "KeySchema": [{"AttributeName": "group", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    made.wait_until_exists()
    return made


def test_every_type_comes_back(table):
    item = {
        "pk": "a",
        "sk": Decimal("-1.5"),
        "text": "ünï 🎈",
        "empty": "",
        "number": Decimal("12345678901234567890123456789012345678"),
        "small": Decimal("1E-130"),
        "bytes": Binary(bytes(range(256))),
        "yes": True,
        "nothing": None,
        "texts": {"a", "b"},
        "numbers": {Decimal(1), Decimal("2.5")},
        "blobs": {Binary(b"x"), Binary(b"\0")},
        "list": [1, "two", [3, {"four": None}]],
        "map": {"": "empty name", "deep": {"er": [Decimal("0.1")]}},
    }
    table.put_item(Item=item)
    assert table.get_item(Key={"pk": "a", "sk": Decimal("-1.5")})["Item"] == item


def test_conditions_of_the_resource(table):
    for number in range(10):
        table.put_item(Item={"pk": "a", "sk": number, "odd": number % 2 == 1, "group": b"\xff"})
    range_of = Key("pk").eq("a") & Key("sk").between(2, 8)
    found = table.query(KeyConditionExpression=range_of, FilterExpression=Attr("odd").eq(True), ScanIndexForward=False)
    assert [item["sk"] for item in found["Items"]] == [7, 5, 3] and found["ScannedCount"] == 7
    assert table.query(IndexName="by-group", KeyConditionExpression=Key("group").eq(b"\xff"))["Count"] == 10
    assert table.scan(FilterExpression=Attr("sk").is_in([1, 2]) & Attr("none").not_exists())["Count"] == 2
    with pytest.raises(ClientError) as caught:
        table.put_item(Item={"pk": "a", "sk": 1}, ConditionExpression=Attr("odd").eq(False))
    assert caught.value.response["Error"]["Code"] == "ConditionalCheckFailedException"


def test_pages_of_an_index_end(table, dynamodb):
    with table.batch_writer() as batch:
        for number in range(60):
            batch.put_item(Item={"pk": f"p{number}", "sk": 0, "group": b"same"})
    pages = dynamodb.get_paginator("query").paginate(
        TableName=table.name,
        IndexName="by-group",
        KeyConditionExpression="#g = :g",
        ExpressionAttributeNames={"#g": "group"},
        ExpressionAttributeValues={":g": {"B": b"same"}},
        PaginationConfig={"PageSize": 7},
    )
    seen = [item["pk"]["S"] for page in pages for item in page["Items"]]
    assert len(seen) == 60 == len(set(seen))


def test_a_transaction_says_what_was_in_its_way(table, dynamodb):
    table.put_item(Item={"pk": "a", "sk": 1, "left": 5})
    key = {"pk": {"S": "a"}, "sk": {"N": "1"}}
    take = {
        "TableName": table.name,
        "Key": key,
        "UpdateExpression": "SET #l = #l - :n",
        "ConditionExpression": "#l >= :n",
        "ExpressionAttributeNames": {"#l": "left"},
        "ExpressionAttributeValues": {":n": {"N": "6"}},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    put = {"TableName": table.name, "Item": {**key, "pk": {"S": "b"}}}
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException) as caught:
        dynamodb.transact_write_items(TransactItems=[{"Put": put}, {"Update": take}])
    none, failed = caught.value.response["CancellationReasons"]
    assert none == {"Code": "None"} and failed["Item"]["left"] == {"N": "5"}
    take["ExpressionAttributeValues"] = {":n": {"N": "5"}}
    dynamodb.transact_write_items(TransactItems=[{"Put": put}, {"Update": take}])
    both = [{"Get": {"TableName": table.name, "Key": {**key, "pk": {"S": pk}}}} for pk in "ab"]
    got = dynamodb.transact_get_items(TransactItems=both)["Responses"]
    assert got[0]["Item"]["left"] == {"N": "0"} and got[1]["Item"]["pk"] == {"S": "b"}
