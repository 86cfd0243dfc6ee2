"""Vector indexes as boto3 sees them."""

import json

import pytest
from botocore.exceptions import ClientError

INDEX = {
    "IndexName": "near",
    "VectorAttribute": {"AttributeName": "embedding"},
    "SearchSchema": [
        {"AttributeName": "category", "SearchSchemaElementType": "HASH"},
        {"AttributeName": "brand", "SearchSchemaElementType": "INLINE_FILTER"},
    ],
    "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["title"]},
    "Dimensions": 3,
    "DistanceFunction": "COSINE",
}
ATTRIBUTES = [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "category", "brand")]
KEY = [{"AttributeName": "pk", "KeyType": "HASH"}]
ITEMS = {"a": [1, 0, 0], "b": [0.6, 0.8, 0], "c": [-1, 0, 0]}


def numbers(vector):
    return [{"N": str(number)} for number in vector]


def search(dynamodb, name, **more):
    asked = {
        "SearchVector": numbers([2, 0, 0]),
        "TopK": 2,
        "SearchConditionExpression": "category = :c",
        "ExpressionAttributeValues": {":c": {"S": "books"}},
    }
    return dynamodb.search_vectors(TableName=name, IndexName="near", **{**asked, **more})


def fill(dynamodb, name):
    for pk, vector in ITEMS.items():
        item = {"pk": {"S": pk}, "category": {"S": "books"}, "title": {"S": pk * 2}, "left": {"S": "out"}}
        dynamodb.put_item(TableName=name, Item={**item, "embedding": {"L": numbers(vector)}})


@pytest.fixture
def table(dynamodb, name):
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=ATTRIBUTES,
        KeySchema=KEY,
        VectorIndexes=[INDEX],
    )
    dynamodb.get_waiter("table_exists").wait(TableName=name)
    fill(dynamodb, name)
    return name


def test_the_nearest_come_first(dynamodb, table):
    found = search(dynamodb, table, ReturnConsumedCapacity="TOTAL")
    items = [(result["Item"]["pk"]["S"], round(result["Score"], 6)) for result in found["SearchResults"]]
    assert items == [("a", 0), ("b", 0.4)]
    first = found["SearchResults"][0]["Item"]
    assert first == {"pk": {"S": "a"}, "category": {"S": "books"}, "title": {"S": "aa"}}
    assert found["ConsumedCapacity"] == {"VectorSearchRequestBytes": 1024.0}


def test_a_table_tells_its_vector_indexes(dynamodb, table):
    (seen,) = dynamodb.describe_table(TableName=table)["Table"]["VectorIndexes"]
    assert seen.items() >= {**INDEX, "IndexStatus": "ACTIVE", "ItemCount": 3}.items()


def test_an_index_comes_later_and_goes(dynamodb, name):
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=ATTRIBUTES[:1],
        KeySchema=KEY,
    )
    fill(dynamodb, name)
    made = dynamodb.update_table(
        TableName=name, AttributeDefinitions=ATTRIBUTES, VectorIndexUpdates=[{"Create": INDEX}]
    )
    assert made["TableDescription"]["TableStatus"] == "UPDATING"
    assert len(search(dynamodb, name)["SearchResults"]) == 2
    dynamodb.update_table(TableName=name, VectorIndexUpdates=[{"Delete": {"IndexName": "near"}}])
    with pytest.raises(ClientError, match="The table does not have the specified index: near"):
        search(dynamodb, name)


def test_what_does_not_fit_is_refused(dynamodb, table):
    item = {"pk": {"S": "d"}, "embedding": {"L": numbers([1, 2])}}
    with pytest.raises(ClientError, match="Invalid size for parameter embedding, Expected: 3, Actual: 2"):
        dynamodb.put_item(TableName=table, Item=item)
    with pytest.raises(ClientError, match="Input search vector dimension 1 does not match"):
        search(dynamodb, table, SearchVector=numbers([1]))


def test_imports_and_bulk_puts_fill_vector_indexes(dynamodb, s3, bucket, name):
    line = {"pk": {"S": "a"}, "category": {"S": "books"}, "embedding": {"L": numbers([1, 0, 0])}}
    s3.put_object(Bucket=bucket, Key="in/items.json", Body=json.dumps({"Item": line}))
    creation = {
        "TableName": name,
        "AttributeDefinitions": ATTRIBUTES,
        "KeySchema": KEY,
        "BillingMode": "PAY_PER_REQUEST",
        "VectorIndexes": [INDEX],
    }
    made = dynamodb.import_table(
        S3BucketSource={"S3Bucket": bucket, "S3KeyPrefix": "in/"},
        InputFormat="DYNAMODB_JSON",
        TableCreationParameters=creation,
    )["ImportTableDescription"]
    assert made["TableCreationParameters"]["VectorIndexes"] == [INDEX]
    quick = {"Delay": 1, "MaxAttempts": 30}
    dynamodb.get_waiter("import_completed").wait(ImportArn=made["ImportArn"], WaiterConfig=quick)
    (result,) = search(dynamodb, name)["SearchResults"]
    assert result["Score"] == 0

    arn = dynamodb.start_bulk_put_items(
        TableName=name,
        InputS3Configuration={"S3Bucket": bucket, "S3KeyPrefix": "in/", "InputFormat": "DYNAMODB_JSON"},
        OutputS3Configuration={"S3Bucket": bucket, "S3KeyPrefix": "out", "OutputType": ["ERROR"]},
    )["BulkOperationDescription"]["BulkOperationArn"]
    dynamodb.get_waiter("bulk_operation_completed").wait(BulkOperationArn=arn, WaiterConfig=quick)
    done = dynamodb.describe_bulk_operation(BulkOperationArn=arn)["BulkOperationDescription"]
    (usage,) = done["BulkOperationUsage"]
    # Three floats, and the names and values of `pk` and `category` and the name of `embedding`.
    assert usage["VectorIndexes"] == {"near": {"BulkPutVectorBytes": 12 + 3 + 13 + 9}}
