//! Settings of a global table's replicas: their own, and those that all have.

use std::time::Duration;

use cumulet_core::Value;
use cumulet_testkit::{TestCloud, at, text, value};

use crate::{
    ACCOUNT, cloud, definition, describe, element, get, item, key, n, put, refusal, s, update,
};

fn units(read: i64, write: i64) -> Value {
    value!({"ReadCapacityUnits": read, "WriteCapacityUnits": write})
}

fn index(name: &str, by: &str) -> Value {
    value!({
        "IndexName": name, "KeySchema": [(element(by, "HASH"))],
        "Projection": {"ProjectionType": "ALL"}, "ProvisionedThroughput": (units(5, 5))
    })
}

/// A table of 5 units everywhere, in Virginia and Ireland.
async fn pair() -> [TestCloud; 2] {
    let home = cloud().from(ACCOUNT, "us-east-1");
    let asked = value!({
        "TableName": "table", "ProvisionedThroughput": (units(5, 5)),
        "KeySchema": [(element("pk", "HASH")), (element("sk", "RANGE"))],
        "AttributeDefinitions": [
            (definition("pk", "S")), (definition("sk", "N")), (definition("g", "S"))
        ],
        "GlobalSecondaryIndexes": [(index("global", "g"))],
    });
    home.call("dynamodb.CreateTable", asked).await;
    put(&home, item("a", 1, vec![("g", s("x")), ("h", s("y"))])).await;
    update(&home, value!({"ReplicaUpdates": [{"Create": {"RegionName": "eu-west-1"}}]})).await;
    let ireland = home.from(ACCOUNT, "eu-west-1");
    [home, ireland]
}

fn own(change: Value) -> Value {
    let Value::Map(mut entries) = change else { unreachable!("a map") };
    entries.push(("RegionName".to_owned(), "eu-west-1".into()));
    value!({"ReplicaUpdates": [{"Update": (Value::Map(entries))}]})
}

#[tokio::test]
async fn a_replica_says_what_it_has_of_its_own() {
    let [home, ireland] = pair().await;
    let own_units =
        |seen: &Value| at(seen, "Replicas.0").get("ProvisionedThroughputOverride").is_some();
    assert!(!own_units(&describe(&home).await));
    let override_to = |read: i64| {
        value!({
            "ProvisionedThroughputOverride": {"ReadCapacityUnits": read},
            "TableClassOverride": "STANDARD_INFREQUENT_ACCESS",
            "GlobalSecondaryIndexes": [{
                "IndexName": "global", "ProvisionedThroughputOverride": {"ReadCapacityUnits": 7}
            }]
        })
    };
    let told = update(&home, own(override_to(10))).await;
    assert!(!own_units(at(&told, "TableDescription")));

    let seen = describe(&home).await;
    let path = "Replicas.0.ProvisionedThroughputOverride.ReadCapacityUnits";
    assert_eq!(at(&seen, path), &Value::from(10));
    let path =
        "Replicas.0.GlobalSecondaryIndexes.0.ProvisionedThroughputOverride.ReadCapacityUnits";
    assert_eq!(at(&seen, path), &Value::from(7));
    assert_eq!(
        text(&seen, "Replicas.0.ReplicaTableClassSummary.TableClass"),
        "STANDARD_INFREQUENT_ACCESS"
    );
    assert_eq!(at(&seen, "ProvisionedThroughput.ReadCapacityUnits"), &Value::from(5));
    let there = describe(&ireland).await;
    assert_eq!(at(&there, "ProvisionedThroughput.ReadCapacityUnits"), &Value::from(10));
    assert_eq!(at(&there, "ProvisionedThroughput.WriteCapacityUnits"), &Value::from(5));

    update(&home, own(override_to(5))).await;
    assert!(!own_units(&describe(&home).await));
}

#[tokio::test]
async fn units_and_billing_are_the_same_everywhere_until_somebody_says_otherwise() {
    let [home, ireland] = pair().await;
    let ten = value!({"ProvisionedThroughputOverride": {"ReadCapacityUnits": 10}});
    update(&home, own(ten)).await;
    update(&home, value!({"ProvisionedThroughput": (units(5, 20))})).await;
    let there = describe(&ireland).await;
    assert_eq!(at(&there, "ProvisionedThroughput.ReadCapacityUnits"), &Value::from(10));
    assert_eq!(at(&there, "ProvisionedThroughput.WriteCapacityUnits"), &Value::from(20));
    // A change of what was its own takes that away, and goes the other way, too.
    update(&home, value!({"ProvisionedThroughput": (units(6, 20))})).await;
    let there = describe(&ireland).await;
    assert_eq!(at(&there, "ProvisionedThroughput.ReadCapacityUnits"), &Value::from(6));
    update(&ireland, value!({"BillingMode": "PAY_PER_REQUEST"})).await;
    let here = describe(&home).await;
    assert_eq!(text(&here, "BillingModeSummary.BillingMode"), "PAY_PER_REQUEST");
    let bound = value!({"OnDemandThroughputOverride": {"MaxReadRequestUnits": 100}});
    update(&home, own(bound)).await;
    let here = describe(&home).await;
    let path = "Replicas.0.OnDemandThroughputOverride.MaxReadRequestUnits";
    assert_eq!(at(&here, path), &Value::from(100));
}

#[tokio::test]
async fn an_index_is_made_and_deleted_everywhere() {
    let [home, ireland] = pair().await;
    let change = value!({
        "AttributeDefinitions": [(definition("h", "S"))],
        "GlobalSecondaryIndexUpdates": [{"Create": (index("later", "h"))}]
    });
    update(&home, change).await;
    let asked = value!({
        "TableName": "table", "IndexName": "later", "KeyConditionExpression": "h = :h",
        "ExpressionAttributeValues": {":h": (s("y"))}
    });
    let found = ireland.call("dynamodb.Query", asked).await;
    assert_eq!(at(&found, "Items").items().len(), 1);
    let gone = value!({"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "global"}}]});
    update(&ireland, gone).await;
    let seen = describe(&home).await;
    let names: Vec<_> = at(&seen, "GlobalSecondaryIndexes").items().iter().collect();
    assert_eq!(names.iter().map(|i| text(i, "IndexName")).collect::<Vec<_>>(), ["later"]);
    assert_eq!(at(&seen, "AttributeDefinitions").items().len(), 3);
}

#[tokio::test]
async fn expiry_and_encryption_are_everywhere_and_protection_is_not() {
    let [home, ireland] = pair().await;
    let spec = value!({"Enabled": true, "AttributeName": "ends"});
    let asked = value!({"TableName": "table", "TimeToLiveSpecification": spec});
    ireland.call("dynamodb.UpdateTimeToLive", asked).await;
    let seen = home.call("dynamodb.DescribeTimeToLive", value!({"TableName": "table"})).await;
    assert_eq!(text(&seen, "TimeToLiveDescription.AttributeName"), "ends");
    let soon = TestCloud::START.plus(Duration::from_secs(5)).millis() / 1000;
    put(&home, item("b", 1, vec![("ends", n(soon))])).await;
    home.advance(Duration::from_mins(2)).await;
    assert_eq!(get(&ireland, key("b", 1)).await, Value::Null);

    update(&home, value!({"DeletionProtectionEnabled": true})).await;
    assert_eq!(at(&describe(&ireland).await, "DeletionProtectionEnabled"), &Value::from(false));
    update(&home, value!({"SSESpecification": {"Enabled": true, "SSEType": "KMS"}})).await;
    let there = describe(&ireland).await;
    assert!(text(&there, "SSEDescription.KMSMasterKeyArn").starts_with("arn:aws:kms:eu-west-1:"));
    assert!(text(&there, "Replicas.0.KMSMasterKeyId").starts_with("arn:aws:kms:us-east-1:"));
}

#[tokio::test]
async fn a_key_of_ones_own_is_said_for_every_region() {
    let home = cloud().from(ACCOUNT, "us-east-1");
    crate::table(&home).await;
    let create = |key: Value| {
        let Value::Map(mut entries) = key else { unreachable!("a map") };
        entries.push(("RegionName".to_owned(), "eu-west-1".into()));
        value!({"ReplicaUpdates": [{"Create": (Value::Map(entries))}]})
    };
    let each = "One or more parameter values were invalid: KMSMasterKeyId must be specified for \
                each replica.";
    let theirs = value!({"KMSMasterKeyId": "abc"});
    let (_, message) = refusal(&home, "UpdateTable", create(theirs.clone())).await;
    assert_eq!(message, each);
    let sse = value!({"Enabled": true, "SSEType": "KMS", "KMSMasterKeyId": "own"});
    update(&home, value!({"SSESpecification": sse})).await;
    let (_, message) = refusal(&home, "UpdateTable", create(value!({}))).await;
    assert_eq!(message, each);
    let aws = value!({"KMSMasterKeyId": "alias/aws/dynamodb"});
    let (_, message) = refusal(&home, "UpdateTable", create(aws)).await;
    assert!(message.ends_with("Customer Managed CMK or AWS Managed CMK."), "{message}");
    update(&home, create(theirs.clone())).await;
    let seen = describe(&home).await;
    let arn = "arn:aws:kms:eu-west-1:000000000000:key/abc";
    assert_eq!(text(&seen, "Replicas.0.KMSMasterKeyId"), arn);
    let (_, message) = refusal(&home, "UpdateTable", own(theirs)).await;
    assert_eq!(message, each);
}

#[tokio::test]
async fn changes_of_replicas_have_rules() {
    let [home, ireland] = pair().await;
    let create = |region: &str| value!({"Create": {"RegionName": region}});
    let eight = value!({"ProvisionedThroughputOverride": {"ReadCapacityUnits": 8}});
    let bound = value!({"OnDemandThroughputOverride": {"MaxReadRequestUnits": 8}});
    let cases = [
        (
            value!({"ReplicaUpdates": [(create("eu-west-2")), (create("eu-west-3"))]}),
            "Update table operation with more than one create or delete replica actions not allowed",
        ),
        (
            value!({"ReplicaUpdates": [(create("eu-west-2"))], "TableClass": "STANDARD"}),
            "Replica modification must be the only operation in the request",
        ),
        (
            value!({"DisassociationProtectionEnabled": true, "MultiRegionConsistency": "STRONG"}),
            "DisassociationProtection modification must be the only operation in the request",
        ),
        (
            value!({"ReplicaUpdates": [{}]}),
            "There are no actions specified in the Replica Update Action of the request.",
        ),
        (
            own(value!({})),
            "There are no actions specified in the Replica Update Action of the request.",
        ),
        (
            own(bound),
            "MaxReadRequestUnits for OnDemandThroughput cannot be specified when the table BillingMode \
          is PROVISIONED",
        ),
        (
            value!({"ReplicaUpdates": [{"Delete": {"RegionName": "eu-west-3"}}]}),
            "Please retry the request without these replicas: [eu-west-3].",
        ),
        (
            value!({"ReplicaUpdates": [{"Delete": {"RegionName": "us-east-1"}}]}),
            "Cannot add or delete the local region through ReplicaUpdates. Use CreateTable, \
          DeleteTable, or UpdateTable as required.",
        ),
        (
            value!({"StreamSpecification": {"StreamEnabled": false}}),
            "Disabling Stream is not allowed for a Global Table replica.",
        ),
        (
            value!({"GlobalTableSettingsReplicationMode": "ENABLED"}),
            "Only ENABLED and DISABLED settings replication are supported for a Regional Table.",
        ),
    ];
    for (asked, expected) in cases {
        let (code, message) = refusal(&home, "UpdateTable", asked).await;
        assert_eq!(code, "ValidationException");
        assert!(message.ends_with(expected), "{message}");
    }
    update(&ireland, value!({"DeletionProtectionEnabled": true})).await;
    let delete = value!({"ReplicaUpdates": [{"Delete": {"RegionName": "eu-west-1"}}]});
    let (_, message) = refusal(&home, "UpdateTable", delete).await;
    assert!(message.starts_with("Cannot delete table table in region eu-west-1"), "{message}");
    update(&home, value!({"BillingMode": "PAY_PER_REQUEST"})).await;
    let (_, message) = refusal(&home, "UpdateTable", own(eight)).await;
    assert!(message.ends_with("when BillingMode is PAY_PER_REQUEST"), "{message}");
}

#[tokio::test]
async fn a_replica_begins_a_stream_and_no_tags() {
    let home = cloud().from(ACCOUNT, "us-east-1");
    crate::table(&home).await;
    let arn = "arn:aws:dynamodb:us-east-1:000000000000:table/table";
    let tags = value!({"ResourceArn": arn, "Tags": [{"Key": "a", "Value": "b"}]});
    home.call("dynamodb.TagResource", tags).await;
    let told = update(&home, value!({"ReplicaUpdates": [{"Create": {"RegionName": "eu-west-1"}}]}));
    let told = told.await;
    assert_eq!(at(&told, "TableDescription.Replicas").items().len(), 0);
    let path = "TableDescription.StreamSpecification.StreamViewType";
    assert_eq!(text(&told, path), "NEW_AND_OLD_IMAGES");
    let ireland = home.from(ACCOUNT, "eu-west-1");
    let there = describe(&ireland).await;
    assert_eq!(text(&there, "StreamSpecification.StreamViewType"), "NEW_AND_OLD_IMAGES");
    assert_eq!(text(&there, "GlobalTableSettingsReplicationMode"), "ENABLED_WITH_OVERRIDES");
    let asked = value!({"ResourceArn": (text(&there, "TableArn"))});
    let tags = ireland.call("dynamodb.ListTagsOfResource", asked).await;
    assert_eq!(at(&tags, "Tags").items().len(), 0);
}

#[tokio::test]
async fn a_released_replica_goes_on_alone() {
    let [home, ireland] = pair().await;
    assert_eq!(at(&describe(&ireland).await, "DisassociationProtectionEnabled"), &true.into());
    let alone = value!({"ReplicaUpdates": [{
        "Disassociate": {"RegionName": "eu-west-1", "DisassociationMode": "WAIT_FOR_REPLICATION"}
    }]});
    let (_, message) = refusal(&ireland, "UpdateTable", alone.clone()).await;
    assert!(message.ends_with("Disassociation protection is enabled for the replica"), "{message}");
    update(&ireland, value!({"DisassociationProtectionEnabled": false})).await;
    put(&home, item("b", 1, vec![])).await;
    update(&ireland, alone).await;
    put(&home, item("c", 1, vec![])).await;
    home.settle().await;
    assert_eq!(get(&ireland, key("b", 1)).await, key("b", 1));
    assert_eq!(get(&ireland, key("c", 1)).await, Value::Null);
    for cloud in [&home, &ireland] {
        let seen = describe(cloud).await;
        assert_eq!(seen.get("Replicas").or(seen.get("GlobalTableVersion")), None);
    }
}
