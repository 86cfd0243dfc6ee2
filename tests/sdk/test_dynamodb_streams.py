"""Streams, expiry and LocalStack's page for it, as boto3 and plain HTTP see them."""

import time
import urllib.request

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def streams(aws):
    return aws("dynamodbstreams")


@pytest.fixture
def table(dynamodb, name):
    """A table by `id` with a stream of both images; the stream's ARN."""
    made = dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    return made["TableDescription"]["LatestStreamArn"]


def iterator(streams, arn, **how):
    described = streams.describe_stream(StreamArn=arn)["StreamDescription"]
    shard = described["Shards"][-1]["ShardId"]
    how = {"ShardIteratorType": "TRIM_HORIZON", **how}
    return streams.get_shard_iterator(StreamArn=arn, ShardId=shard, **how)["ShardIterator"]


def test_changes_are_read_in_order(dynamodb, streams, table, name):
    item = {"id": {"S": "a"}, "blob": {"B": b"\0\1"}, "set": {"NS": ["1", "2.5"]}}
    dynamodb.put_item(TableName=name, Item=item)
    dynamodb.update_item(
        TableName=name,
        Key={"id": {"S": "a"}},
        UpdateExpression="SET n = :n REMOVE #s",
        ExpressionAttributeNames={"#s": "set"},
        ExpressionAttributeValues={":n": {"N": "7"}},
    )
    dynamodb.delete_item(TableName=name, Key={"id": {"S": "a"}})
    records = streams.get_records(ShardIterator=iterator(streams, table))["Records"]
    assert [record["eventName"] for record in records] == ["INSERT", "MODIFY", "REMOVE"]
    assert [record["eventVersion"] for record in records] == ["1.1"] * 3
    first, second, third = (record["dynamodb"] for record in records)
    assert first["NewImage"] == item == second["OldImage"]
    assert second["NewImage"] == {"id": {"S": "a"}, "blob": {"B": b"\0\1"}, "n": {"N": "7"}} == third["OldImage"]
    assert first["Keys"] == {"id": {"S": "a"}} and "OldImage" not in first and "NewImage" not in third
    numbers = [record["SequenceNumber"] for record in (first, second, third)]
    assert numbers == sorted(numbers, key=int)
    after = iterator(streams, table, ShardIteratorType="AFTER_SEQUENCE_NUMBER", SequenceNumber=numbers[1])
    assert streams.get_records(ShardIterator=after)["Records"] == records[2:]


def test_a_reader_at_the_end_sees_what_comes(dynamodb, streams, table, name):
    dynamodb.put_item(TableName=name, Item={"id": {"S": "before"}})
    got = streams.get_records(ShardIterator=iterator(streams, table, ShardIteratorType="LATEST"))
    assert got["Records"] == []
    dynamodb.batch_write_item(
        RequestItems={name: [{"PutRequest": {"Item": {"id": {"S": str(n)}}}} for n in range(25)]}
    )
    seen = []
    while len(seen) < 25:
        got = streams.get_records(ShardIterator=got["NextShardIterator"], Limit=10)
        assert got["Records"], seen
        seen += [record["dynamodb"]["Keys"]["id"]["S"] for record in got["Records"]]
    assert sorted(seen, key=int) == [str(n) for n in range(25)]


def test_streams_are_listed_and_told_apart(dynamodb, streams, table, name):
    [listed] = streams.list_streams(TableName=name)["Streams"]
    assert listed["StreamArn"] == table and listed["TableName"] == name
    dynamodb.update_table(TableName=name, StreamSpecification={"StreamEnabled": False})
    described = streams.describe_stream(StreamArn=table)["StreamDescription"]
    assert described["StreamStatus"] == "DISABLED"
    assert "EndingSequenceNumber" in described["Shards"][-1]["SequenceNumberRange"]
    absent = table.replace(name, name + "x")
    with pytest.raises(ClientError, match=f"Requested resource not found: Stream: {absent} not found"):
        streams.describe_stream(StreamArn=absent)
    with pytest.raises(ClientError, match="Invalid ShardIterator"):
        streams.get_records(ShardIterator="no iterator")


def test_what_has_expired_is_deleted_by_dynamodb(endpoint, dynamodb, streams, table, name):
    specification = {"Enabled": True, "AttributeName": "until"}
    answer = dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=specification)
    assert answer["TimeToLiveSpecification"] == specification
    now = int(time.time())
    for key, until in [("over", now - 10), ("later", now + 3600)]:
        dynamodb.put_item(TableName=name, Item={"id": {"S": key}, "until": {"N": str(until)}})
    request = urllib.request.Request(f"{endpoint}/_aws/dynamodb/expired", method="DELETE")
    with urllib.request.urlopen(request) as answer:
        assert answer.read() == b'{"ExpiredItems": 1}'
    assert [item["id"]["S"] for item in dynamodb.scan(TableName=name)["Items"]] == ["later"]
    records = streams.get_records(ShardIterator=iterator(streams, table))["Records"]
    assert records[-1]["eventName"] == "REMOVE"
    assert records[-1]["userIdentity"] == {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}


def test_contributor_insights_are_told(dynamodb, table, name):
    assert dynamodb.describe_contributor_insights(TableName=name)["ContributorInsightsStatus"] == "DISABLED"
    dynamodb.update_contributor_insights(TableName=name, ContributorInsightsAction="ENABLE")
    seen = dynamodb.describe_contributor_insights(TableName=name)
    assert seen["ContributorInsightsStatus"] == "ENABLED" and len(seen["ContributorInsightsRuleList"]) == 2
