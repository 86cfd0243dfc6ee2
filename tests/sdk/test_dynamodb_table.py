"""Tables as boto3 sees them: waiters, what Terraform reads back, errors."""


def make(dynamodb, name, **more):
    return dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        **{"ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6}, **more},
    )["TableDescription"]


def test_a_table_comes_and_goes(dynamodb, name, refused):
    made = make(dynamodb, name, Tags=[{"Key": "team", "Value": "a"}], DeletionProtectionEnabled=True)
    dynamodb.get_waiter("table_exists").wait(TableName=name)
    seen = dynamodb.describe_table(TableName=made["TableArn"])["Table"]
    assert (seen["TableStatus"], seen["TableId"]) == ("ACTIVE", made["TableId"])
    assert seen["WarmThroughput"] == {"ReadUnitsPerSecond": 5, "WriteUnitsPerSecond": 6, "Status": "ACTIVE"}
    tags = dynamodb.list_tags_of_resource(ResourceArn=made["TableArn"])["Tags"]
    assert tags == [{"Key": "team", "Value": "a"}]
    assert refused(dynamodb.delete_table, TableName=name)[:2] == (400, "ValidationException")
    dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
    assert refused(make, dynamodb=dynamodb, name=name)[1:] == ("ResourceInUseException", f"Table already exists: {name}")
    dynamodb.delete_table(TableName=name)
    dynamodb.get_waiter("table_not_exists").wait(TableName=name)


def test_regions_and_accounts_are_apart(aws, dynamodb, name):
    make(dynamodb, name)
    for elsewhere in (aws("dynamodb", region="eu-west-1"), aws("dynamodb", account="123456789012")):
        assert name not in elsewhere.list_tables()["TableNames"]
        assert make(elsewhere, name)["TableStatus"] == "CREATING"


def test_everything_that_is_wrong_with_a_request_is_told(dynamodb, name, refused):
    make(dynamodb, name)
    unused = {"#n": "x"}
    assert refused(
        dynamodb.get_item,
        TableName=name,
        Key={"id": {"S": "a"}},
        ProjectionExpression="id",
        ExpressionAttributeNames=unused,
    ) == (400, "ValidationException", "Value provided in ExpressionAttributeNames unused in expressions: keys: {#n}")
    missing = refused(dynamodb.get_item, TableName=f"{name}-none", Key={"id": {"S": "a"}})
    assert missing == (400, "ResourceNotFoundException", "Requested resource not found")
    assert refused(dynamodb.put_item, TableName=name, Item={"id": {"S": "a"}}, ReturnValues="ALL_NEW") == (
        400,
        "ValidationException",
        "ReturnValues can only be ALL_OLD or NONE",
    )
