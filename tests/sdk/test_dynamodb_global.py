"""Global tables as boto3 sees them."""

import time

import pytest

KEYS = [{"AttributeName": "pk", "KeyType": "HASH"}]
ATTRIBUTES = [{"AttributeName": "pk", "AttributeType": "S"}]
STREAM = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
KEY = {"pk": {"S": "a"}}


@pytest.fixture
def make(aws, name):
    """make(*regions, **more): a table of the test's name in each, and their clients."""

    def tables(*regions, **more):
        clients = [aws("dynamodb", region=region) for region in regions]
        for client in clients:
            client.create_table(
                TableName=name, BillingMode="PAY_PER_REQUEST", AttributeDefinitions=ATTRIBUTES, KeySchema=KEYS, **more
            )
        return clients

    return tables


def soon(client, name):
    """The item, once it is there."""
    end = time.monotonic() + 5
    while True:
        item = client.get_item(TableName=name, Key=KEY).get("Item")
        if item or time.monotonic() > end:
            return item


def test_a_replica_has_the_items_and_settings_of_its_own(make, aws, name):
    (home,) = make("us-east-1")
    home.put_item(TableName=name, Item=KEY)
    own = {"RegionName": "eu-west-1", "TableClassOverride": "STANDARD_INFREQUENT_ACCESS"}
    home.update_table(TableName=name, ReplicaUpdates=[{"Create": own}])
    (replica,) = home.describe_table(TableName=name)["Table"]["Replicas"]
    assert (replica["RegionName"], replica["ReplicaStatus"]) == ("eu-west-1", "ACTIVE")
    assert replica["ReplicaTableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"

    ireland = aws("dynamodb", region="eu-west-1")
    ireland.get_waiter("table_exists").wait(TableName=name)
    assert soon(ireland, name) == KEY
    ireland.update_time_to_live(
        TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "ends"}
    )
    seen = home.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert seen == {"TimeToLiveStatus": "ENABLED", "AttributeName": "ends"}

    ireland.delete_table(TableName=name)
    assert "Replicas" not in home.describe_table(TableName=name)["Table"]


def test_a_strong_group_reads_everywhere_what_was_written_anywhere(make, aws, name, refused):
    (home,) = make("us-east-1")
    home.update_table(
        TableName=name,
        MultiRegionConsistency="STRONG",
        ReplicaUpdates=[{"Create": {"RegionName": "us-east-2"}}],
        GlobalTableWitnessUpdates=[{"Create": {"RegionName": "us-west-2"}}],
    )
    ohio = aws("dynamodb", region="us-east-2")
    ohio.put_item(TableName=name, Item=KEY)
    assert home.get_item(TableName=name, Key=KEY, ConsistentRead=True)["Item"] == KEY
    assert refused(ohio.delete_table, TableName=name)[1] == "ValidationException"


def test_a_global_table_of_2017_is_made_of_tables(make, name):
    home, ireland = make("us-east-1", "eu-west-1", StreamSpecification=STREAM)
    group = [{"RegionName": "eu-west-1"}, {"RegionName": "us-east-1"}]
    made = home.create_global_table(GlobalTableName=name, ReplicationGroup=group)["GlobalTableDescription"]
    assert made["ReplicationGroup"] == group
    assert ireland.describe_global_table(GlobalTableName=name)["GlobalTableDescription"]["GlobalTableStatus"] == "ACTIVE"
    ireland.put_item(TableName=name, Item=KEY)
    assert soon(home, name)["aws:rep:updateregion"] == {"S": "eu-west-1"}
    listed = home.list_global_tables()["GlobalTables"]
    assert {"GlobalTableName": name, "ReplicationGroup": group} in listed
    settings = home.describe_global_table_settings(GlobalTableName=name)["ReplicaSettings"]
    assert [replica["ReplicaBillingModeSummary"]["BillingMode"] for replica in settings] == ["PAY_PER_REQUEST"] * 2


def test_auto_scaling_of_replicas_is_kept(make, name):
    (home,) = make("us-east-1")
    home.update_table(TableName=name, ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}])
    home.update_table(
        TableName=name,
        BillingMode="PROVISIONED",
        ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
    )
    policy = {"TargetTrackingScalingPolicyConfiguration": {"TargetValue": 70.5}}
    home.update_table_replica_auto_scaling(
        TableName=name,
        ProvisionedWriteCapacityAutoScalingUpdate={
            "MinimumUnits": 2, "MaximumUnits": 10, "ScalingPolicyUpdate": policy
        },
    )
    seen = home.describe_table_replica_auto_scaling(TableName=name)["TableAutoScalingDescription"]["Replicas"]
    assert [replica["RegionName"] for replica in seen] == ["eu-west-1", "us-east-1"]
    for replica in seen:
        (kept,) = replica["ReplicaProvisionedWriteCapacityAutoScalingSettings"]["ScalingPolicies"]
        assert kept["TargetTrackingScalingPolicyConfiguration"] == {"TargetValue": 70.5}
