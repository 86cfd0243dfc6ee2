//! Global tables with strong consistency between regions.

use cumulet_core::Value;
use cumulet_testkit::{TestCloud, text, value};

use crate::{ACCOUNT, cloud, definition, describe, element, get, item, key, put, refusal, update};

async fn table(cloud: &TestCloud) {
    let asked = value!({
        "TableName": "table", "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [(element("pk", "HASH")), (element("sk", "RANGE"))],
        "AttributeDefinitions": [(definition("pk", "S")), (definition("sk", "N"))],
    });
    cloud.call("dynamodb.CreateTable", asked).await;
}

fn action(name: &str, region: &str) -> Value {
    Value::map([(name, value!({"RegionName": region}))])
}

fn strong(replicas: &[&str], witness: Option<&str>) -> Value {
    let replicas: Vec<_> = replicas.iter().map(|region| action("Create", region)).collect();
    let witnesses: Vec<_> = witness.iter().map(|region| action("Create", region)).collect();
    let mut asked = vec![
        ("ReplicaUpdates", Value::from(replicas)),
        ("MultiRegionConsistency", "STRONG".into()),
    ];
    if !witnesses.is_empty() {
        asked.push(("GlobalTableWitnessUpdates", Value::from(witnesses)));
    }
    Value::map(asked)
}

/// A table in Virginia and Ohio, with a witness in Oregon.
async fn pair() -> [TestCloud; 2] {
    let home = cloud().from(ACCOUNT, "us-east-1");
    table(&home).await;
    update(&home, strong(&["us-east-2"], Some("us-west-2"))).await;
    let ohio = home.from(ACCOUNT, "us-east-2");
    [home, ohio]
}

#[tokio::test]
async fn a_write_is_everywhere_before_it_is_answered() {
    let [home, ohio] = pair().await;
    put(&home, item("a", 1, vec![])).await;
    assert_eq!(get(&ohio, key("a", 1)).await, key("a", 1));
    let again = value!({
        "Item": (key("a", 1)), "ConditionExpression": "attribute_not_exists(pk)"
    });
    let (code, _) = refusal(&ohio, "PutItem", again).await;
    assert_eq!(code, "ConditionalCheckFailedException");
    let batch = value!({"RequestItems": {"table": [{"DeleteRequest": {"Key": (key("a", 1))}}]}});
    ohio.call("dynamodb.BatchWriteItem", batch).await;
    assert_eq!(get(&home, key("a", 1)).await, Value::Null);
    let insert = value!({"Statement": "INSERT INTO \"table\" VALUE {'pk': 'b', 'sk': 2}"});
    home.call("dynamodb.ExecuteStatement", insert).await;
    assert_eq!(get(&ohio, key("b", 2)).await, key("b", 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_conditional_writes_in_two_regions_one_wins() {
    let all = pair().await;
    let writers = all.map(|cloud| {
        tokio::spawn(async move {
            let mut won = 0;
            for i in 0..100 {
                let asked = value!({
                    "TableName": "table", "Item": (key("a", i)),
                    "ConditionExpression": "attribute_not_exists(pk)"
                });
                won += u32::from(cloud.try_call("dynamodb.PutItem", asked).await.is_ok());
            }
            won
        })
    });
    let [one, other] = writers;
    assert_eq!(one.await.expect("a writer") + other.await.expect("a writer"), 100);
}

#[tokio::test]
async fn a_witness_is_told_and_is_no_table() {
    let [home, ohio] = pair().await;
    for cloud in [&home, &ohio] {
        let seen = describe(cloud).await;
        assert_eq!(text(&seen, "MultiRegionConsistency"), "STRONG");
        assert_eq!(text(&seen, "GlobalTableWitnesses.0.RegionName"), "us-west-2");
        assert_eq!(seen.get("StreamSpecification"), None);
    }
    let oregon = home.from(ACCOUNT, "us-west-2");
    let error = oregon.fail("dynamodb.DescribeTable", value!({"TableName": "table"})).await;
    assert_eq!(error.code(), "ResourceNotFoundException");
}

#[tokio::test]
async fn a_strong_group_is_born_whole() {
    let home = cloud().from(ACCOUNT, "us-east-1");
    table(&home).await;
    let all = "global tables with MultiRegionConsistency set to STRONG";
    let cases = [
        (strong(&["us-east-2"], None), format!("Unsupported replica count for {all}.")),
        (
            strong(&["us-east-2"], Some("us-west-1")),
            format!("Unsupported Region(s) specified for {all}: [us-west-1]."),
        ),
        (
            strong(&["us-east-2"], Some("us-east-2")),
            "Cannot target multiple regions with the same action".to_owned(),
        ),
        (
            value!({
                "ReplicaUpdates": [(action("Create", "us-east-2"))],
                "GlobalTableWitnessUpdates": [(action("Create", "us-west-2"))]
            }),
            "MultiRegionConsistency must be set as STRONG when GlobalTableWitnessUpdates parameter \
             is present."
                .to_owned(),
        ),
    ];
    for (asked, expected) in cases {
        let (_, message) = refusal(&home, "UpdateTable", asked).await;
        assert_eq!(message, expected);
    }
    put(&home, item("a", 1, vec![])).await;
    let whole = strong(&["us-east-2", "us-west-2"], None);
    let (_, message) = refusal(&home, "UpdateTable", whole.clone()).await;
    assert!(message.starts_with("Only empty tables"), "{message}");
    home.call("dynamodb.DeleteItem", value!({"TableName": "table", "Key": (key("a", 1))})).await;
    update(&home, whole).await;
    put(&home, item("a", 1, vec![])).await;
    assert_eq!(get(&home.from(ACCOUNT, "us-west-2"), key("a", 1)).await, key("a", 1));
}

#[tokio::test]
async fn a_strong_group_goes_whole() {
    let [home, ohio] = pair().await;
    let only = "Deletion of only one table replica is not supported for global tables with \
                MultiRegionConsistency set to STRONG.";
    let (_, message) = refusal(&ohio, "DeleteTable", value!({})).await;
    assert_eq!(message, only);
    let more = value!({"ReplicaUpdates": [(action("Create", "us-west-2"))]});
    let (_, message) = refusal(&home, "UpdateTable", more).await;
    assert!(message.starts_with("Cannot add replicas to a global table with strong"), "{message}");
    let half = value!({"ReplicaUpdates": [(action("Delete", "us-east-2"))]});
    let (_, message) = refusal(&home, "UpdateTable", half).await;
    assert_eq!(message, "Update table delete operation does not include all witnesses.");
    let whole = value!({
        "ReplicaUpdates": [(action("Delete", "us-east-2"))],
        "GlobalTableWitnessUpdates": [(action("Delete", "us-west-2"))]
    });
    update(&home, whole).await;
    put(&home, item("a", 1, vec![])).await;
    let seen = describe(&home).await;
    assert_eq!(seen.get("MultiRegionConsistency"), None);
    home.call("dynamodb.DeleteTable", value!({"TableName": "table"})).await;
}

#[tokio::test]
async fn a_strong_group_has_no_transactions_and_no_expiry() {
    let [home, _] = pair().await;
    let put = value!({"Put": {"TableName": "table", "Item": (key("a", 1))}});
    let error = home.fail("dynamodb.TransactWriteItems", value!({"TransactItems": [put]})).await;
    assert_eq!(error.code(), "ValidationException");
    let get = value!({"Get": {"TableName": "table", "Key": (key("a", 1))}});
    let error = home.fail("dynamodb.TransactGetItems", value!({"TransactItems": [get]})).await;
    assert_eq!(error.code(), "ValidationException");
    let spec = value!({"TimeToLiveSpecification": {"Enabled": true, "AttributeName": "ends"}});
    let (code, _) = refusal(&home, "UpdateTimeToLive", spec).await;
    assert_eq!(code, "ValidationException");
}
