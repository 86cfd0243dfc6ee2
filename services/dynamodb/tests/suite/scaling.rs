//! Auto scaling of a global table's replicas.

use cumulet_core::Value;
use cumulet_testkit::{TestCloud, at, text, value};

use crate::{ACCOUNT, ask, cloud, definition, element, refusal};

/// A table of one unit everywhere, in Virginia and Ireland.
async fn pair() -> [TestCloud; 2] {
    let home = cloud().from(ACCOUNT, "us-east-1");
    let units = value!({"ReadCapacityUnits": 1, "WriteCapacityUnits": 1});
    let asked = value!({
        "TableName": "table", "ProvisionedThroughput": (units.clone()),
        "KeySchema": [(element("pk", "HASH"))],
        "AttributeDefinitions": [(definition("pk", "S")), (definition("g", "S"))],
        "GlobalSecondaryIndexes": [{
            "IndexName": "global", "KeySchema": [(element("g", "HASH"))],
            "Projection": {"ProjectionType": "ALL"}, "ProvisionedThroughput": units
        }],
    });
    home.call("dynamodb.CreateTable", asked).await;
    let create = value!({"Create": {"RegionName": "eu-west-1"}});
    crate::update(&home, value!({"ReplicaUpdates": [create]})).await;
    let ireland = home.from(ACCOUNT, "eu-west-1");
    [home, ireland]
}

fn settings(min: i64, max: i64) -> Value {
    value!({
        "MinimumUnits": min, "MaximumUnits": max,
        "ScalingPolicyUpdate": {"TargetTrackingScalingPolicyConfiguration": {"TargetValue": 70}}
    })
}

async fn update(cloud: &TestCloud, asked: Value) -> Value {
    let told = ask(cloud, "UpdateTableReplicaAutoScaling", asked).await;
    at(&told, "TableAutoScalingDescription").clone()
}

async fn describe(cloud: &TestCloud) -> Value {
    let seen = ask(cloud, "DescribeTableReplicaAutoScaling", value!({})).await;
    at(&seen, "TableAutoScalingDescription.Replicas").clone()
}

#[tokio::test]
async fn settings_are_kept_by_region_and_index() {
    let [home, ireland] = pair().await;
    let off = value!({"AutoScalingDisabled": true, "ScalingPolicies": []});
    let write = "ReplicaProvisionedWriteCapacityAutoScalingSettings";
    let read = "ReplicaProvisionedReadCapacityAutoScalingSettings";
    let asked = value!({
        "ProvisionedWriteCapacityAutoScalingUpdate": (settings(3, 10)),
        "GlobalSecondaryIndexUpdates": [{
            "IndexName": "global", "ProvisionedWriteCapacityAutoScalingUpdate": (settings(4, 10))
        }],
        "ReplicaUpdates": [{
            "RegionName": "eu-west-1",
            "ReplicaProvisionedReadCapacityAutoScalingUpdate": (settings(5, 10))
        }]
    });
    let told = update(&home, asked).await;
    assert_eq!(at(&told, &format!("Replicas.0.{write}")), &off);

    for cloud in [&home, &ireland] {
        let seen = describe(cloud).await;
        let regions: Vec<_> = seen.items().iter().map(|r| text(r, "RegionName")).collect();
        assert_eq!(regions, ["eu-west-1", "us-east-1"]);
        for region in 0..2 {
            assert_eq!(at(&seen, &format!("{region}.{write}.MinimumUnits")), &Value::from(3));
            let index = format!("{region}.GlobalSecondaryIndexes.0");
            let path = format!("{index}.ProvisionedWriteCapacityAutoScalingSettings.MinimumUnits");
            assert_eq!(at(&seen, &path), &Value::from(4));
        }
        let policy = format!("0.{read}.ScalingPolicies.0.PolicyName");
        assert_eq!(text(&seen, &policy), "DynamoDBReadCapacityUtilization:table/table");
        assert_eq!(at(&seen, &format!("1.{read}")), &off);
    }
    // What is below the least is raised to it.
    let seen = crate::describe(&ireland).await;
    let units = |path: &str| at(&seen, path).clone();
    assert_eq!(units("ProvisionedThroughput.ReadCapacityUnits"), Value::from(5));
    assert_eq!(units("ProvisionedThroughput.WriteCapacityUnits"), Value::from(3));
    let path = "GlobalSecondaryIndexes.0.ProvisionedThroughput.WriteCapacityUnits";
    assert_eq!(units(path), Value::from(4));

    let asked =
        value!({"ProvisionedWriteCapacityAutoScalingUpdate": {"AutoScalingDisabled": true}});
    update(&home, asked).await;
    assert_eq!(at(&describe(&ireland).await, &format!("0.{write}")), &off);
}

#[tokio::test]
async fn settings_have_rules() {
    let [home, _] = pair().await;
    let write = |settings: Value| value!({"ProvisionedWriteCapacityAutoScalingUpdate": settings});
    let read = |region: &str| {
        let read = settings(1, 2);
        value!({"RegionName": region, "ReplicaProvisionedReadCapacityAutoScalingUpdate": read})
    };
    let failed = "Failed to update settings for global table with name: ‘table’";
    let cases = [
        (value!({}), format!("{failed} because at least one update parameter must be specified.")),
        (
            value!({"ReplicaUpdates": [{"RegionName": "eu-west-1"}]}),
            format!(
                "{failed} because at least one update parameter must be specified for region: \
                 ‘eu-west-1’."
            ),
        ),
        (
            value!({"ReplicaUpdates": [(read("eu-west-1")), (read("eu-west-1"))]}),
            format!("{failed} because the regions: ‘[eu-west-1]’ were specified more than once."),
        ),
        (
            value!({"ReplicaUpdates": [(read("eu-west-2"))]}),
            format!("{failed} because a replica does not exist in regions: ‘[eu-west-2]’."),
        ),
        (
            value!({"GlobalSecondaryIndexUpdates": [{
                "IndexName": "ghost", "ProvisionedWriteCapacityAutoScalingUpdate": (settings(1, 2))
            }]}),
            format!(
                "{failed} because the global secondary indexes with names: ‘[ghost]’ do not exist."
            ),
        ),
        (
            write(value!({"MinimumUnits": 1})),
            format!(
                "{failed}: Parameters 'MaximumUnits', 'ScalingPolicyUpdate' are required unless auto \
                 scaling is being disabled."
            ),
        ),
        (write(settings(3, 2)), "Maximum capacity cannot be less than minimum capacity".to_owned()),
    ];
    for (asked, expected) in cases {
        let (_, message) = refusal(&home, "UpdateTableReplicaAutoScaling", asked).await;
        assert_eq!(message, expected);
    }
    crate::update(&home, value!({"BillingMode": "PAY_PER_REQUEST"})).await;
    let asked = write(settings(1, 2));
    let (_, message) = refusal(&home, "UpdateTableReplicaAutoScaling", asked).await;
    assert!(
        message.contains("Replicas 'EU-WEST-1', 'US-EAST-1' BillingMode is PayPer"),
        "{message}"
    );
}

#[tokio::test]
async fn a_table_alone_has_none() {
    let home = cloud().from(ACCOUNT, "us-east-1");
    crate::table(&home).await;
    let (code, message) = refusal(&home, "DescribeTableReplicaAutoScaling", value!({})).await;
    assert_eq!(code, "ResourceNotFoundException");
    assert_eq!(message, "Global table with name: 'table' does not exist.");
}
