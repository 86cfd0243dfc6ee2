//! Global tables of the version of 2017.

use cumulet_core::Value;
use cumulet_testkit::{TestCloud, at, text, value};

use crate::{ACCOUNT, cloud, definition, element, get, item, key, put, s, update};

async fn table(cloud: &TestCloud, view: &str) {
    let units = value!({"ReadCapacityUnits": 5, "WriteCapacityUnits": 5});
    let asked = value!({
        "TableName": "table", "ProvisionedThroughput": (units.clone()),
        "KeySchema": [(element("pk", "HASH")), (element("sk", "RANGE"))],
        "AttributeDefinitions": [
            (definition("pk", "S")), (definition("sk", "N")), (definition("g", "S"))
        ],
        "GlobalSecondaryIndexes": [{
            "IndexName": "global", "KeySchema": [(element("g", "HASH"))],
            "Projection": {"ProjectionType": "ALL"}, "ProvisionedThroughput": units
        }],
        "StreamSpecification": {"StreamEnabled": true, "StreamViewType": view},
    });
    cloud.call("dynamodb.CreateTable", asked).await;
}

fn regions(names: &[&str]) -> Value {
    let region = |name: &&str| value!({"RegionName": (*name)});
    Value::from(names.iter().map(region).collect::<Vec<_>>())
}

fn create(names: &[&str]) -> Value {
    value!({"GlobalTableName": "table", "ReplicationGroup": (regions(names))})
}

/// A global table in Virginia and Ireland; a table of the same sort in Frankfurt.
async fn group() -> [TestCloud; 3] {
    let home = cloud().from(ACCOUNT, "us-east-1");
    let all = ["us-east-1", "eu-west-1", "eu-central-1"].map(|region| home.from(ACCOUNT, region));
    for cloud in &all {
        table(cloud, "NEW_AND_OLD_IMAGES").await;
    }
    let made = home.call("dynamodb.CreateGlobalTable", create(&["us-east-1", "eu-west-1"])).await;
    assert_eq!(text(&made, "GlobalTableDescription.GlobalTableStatus"), "CREATING");
    all
}

async fn told(cloud: &TestCloud) -> Value {
    let seen =
        cloud.call("dynamodb.DescribeGlobalTable", value!({"GlobalTableName": "table"})).await;
    at(&seen, "GlobalTableDescription").clone()
}

#[tokio::test]
async fn tables_that_are_there_become_one() {
    let [home, ireland, frankfurt] = group().await;
    let seen = told(&frankfurt).await;
    assert_eq!(text(&seen, "GlobalTableStatus"), "ACTIVE");
    assert_eq!(text(&seen, "GlobalTableArn"), "arn:aws:dynamodb::000000000000:global-table/table");
    assert_eq!(at(&seen, "ReplicationGroup"), &regions(&["eu-west-1", "us-east-1"]));

    put(&home, item("a", 1, vec![("x", s("y"))])).await;
    home.settle().await;
    let found = get(&ireland, key("a", 1)).await;
    assert_eq!(text(&found, "x.S"), "y");
    assert_eq!(text(&found, "aws:rep:updateregion.S"), "us-east-1");
    assert_eq!(text(&found, "aws:rep:updatetime.N"), "1795305600.000001");
    assert_eq!(at(&found, "aws:rep:deleting.BOOL"), &Value::from(false));
    assert_eq!(get(&home, key("a", 1)).await, found);
    assert_eq!(get(&frankfurt, key("a", 1)).await, Value::Null);
    let gone = value!({"TableName": "table", "Key": (key("a", 1))});
    ireland.call("dynamodb.DeleteItem", gone).await;
    ireland.settle().await;
    assert_eq!(get(&home, key("a", 1)).await, Value::Null);
}

#[tokio::test]
async fn global_tables_are_listed_by_region() {
    let [home, ..] = group().await;
    for (region, count) in [("eu-west-1", 1), ("eu-central-1", 0)] {
        let found = home.call("dynamodb.ListGlobalTables", value!({"RegionName": region})).await;
        assert_eq!(at(&found, "GlobalTables").items().len(), count);
    }
    let found = home.call("dynamodb.ListGlobalTables", value!({"Limit": 1})).await;
    assert_eq!(text(&found, "GlobalTables.0.GlobalTableName"), "table");
    assert_eq!(found.get("LastEvaluatedGlobalTableName"), None);
}

#[tokio::test]
async fn a_global_table_wants_tables_that_are_alike() {
    let home = cloud().from(ACCOUNT, "us-east-1");
    let both = create(&["us-east-1", "eu-west-1"]);
    let refused = async || home.fail("dynamodb.CreateGlobalTable", both.clone()).await;
    table(&home, "NEW_AND_OLD_IMAGES").await;
    let error = refused().await;
    assert_eq!(error.code(), "TableNotFoundException");
    let expected = "Table not found: Table: 'table' not found in region: 'eu-west-1'.";
    assert_eq!(error.message(), expected);

    let ireland = home.from(ACCOUNT, "eu-west-1");
    table(&ireland, "NEW_IMAGE").await;
    assert!(refused().await.message().ends_with("must have a stream of NEW_AND_OLD_IMAGES"));
    ireland.call("dynamodb.DeleteTable", value!({"TableName": "table"})).await;
    table(&ireland, "NEW_AND_OLD_IMAGES").await;
    let more = value!({"ReadCapacityUnits": 5, "WriteCapacityUnits": 6});
    update(&ireland, value!({"ProvisionedThroughput": more})).await;
    assert!(refused().await.message().contains("the same write capacity"));
    let less = value!({"ReadCapacityUnits": 5, "WriteCapacityUnits": 5});
    update(&ireland, value!({"ProvisionedThroughput": less})).await;
    put(&ireland, item("a", 1, vec![])).await;
    assert!(refused().await.message().ends_with("must be empty"));
    ireland.call("dynamodb.DeleteItem", value!({"TableName": "table", "Key": (key("a", 1))})).await;
    home.call("dynamodb.CreateGlobalTable", both.clone()).await;
    let error = refused().await;
    assert_eq!(error.code(), "GlobalTableAlreadyExistsException");
}

#[tokio::test]
async fn regions_come_and_go_and_keep_their_tables() {
    let [home, ireland, frankfurt] = group().await;
    let update = |changes: Value| value!({"GlobalTableName": "table", "ReplicaUpdates": changes});
    let change = |action: &str, region: &str| {
        update(Value::from(vec![Value::map([(action, value!({"RegionName": region}))])]))
    };
    let cases = [
        (change("Create", "eu-west-1"), "ReplicaAlreadyExistsException"),
        (change("Delete", "eu-central-1"), "ReplicaNotFoundException"),
        (change("Create", "eu-west-3"), "TableNotFoundException"),
    ];
    for (asked, code) in cases {
        assert_eq!(home.fail("dynamodb.UpdateGlobalTable", asked).await.code(), code);
    }
    put(&home, item("a", 1, vec![])).await;
    let error = home.fail("dynamodb.UpdateGlobalTable", change("Create", "eu-central-1")).await;
    assert!(error.message().ends_with("must be empty"), "{}", error.message());
    home.call("dynamodb.DeleteItem", value!({"TableName": "table", "Key": (key("a", 1))})).await;
    home.call("dynamodb.UpdateGlobalTable", change("Create", "eu-central-1")).await;
    put(&frankfurt, item("a", 1, vec![])).await;
    home.settle().await;
    assert_eq!(text(&get(&ireland, key("a", 1)).await, "pk.S"), "a");
    put(&ireland, item("c", 1, vec![])).await;
    let more = value!({"ReadCapacityUnits": 5, "WriteCapacityUnits": 6});
    crate::update(&ireland, value!({"ProvisionedThroughput": more})).await;
    let gone = home.call("dynamodb.UpdateGlobalTable", change("Delete", "eu-west-1")).await;
    assert_eq!(text(&get(&home, key("c", 1)).await, "pk.S"), "c");
    let left = at(&gone, "GlobalTableDescription.ReplicationGroup");
    assert_eq!(left, &regions(&["eu-central-1", "us-east-1"]));
    put(&home, item("b", 1, vec![])).await;
    home.settle().await;
    assert_eq!(get(&ireland, key("b", 1)).await, Value::Null);
    assert_eq!(text(&get(&ireland, key("a", 1)).await, "pk.S"), "a");
}

#[tokio::test]
async fn settings_are_seen_and_changed_for_all_regions() {
    let [home, ireland, _] = group().await;
    let settings = async |cloud: &TestCloud| {
        let asked = value!({"GlobalTableName": "table"});
        let seen = cloud.call("dynamodb.DescribeGlobalTableSettings", asked).await;
        at(&seen, "ReplicaSettings").clone()
    };
    let asked = value!({
        "GlobalTableName": "table", "GlobalTableProvisionedWriteCapacityUnits": 7,
        "GlobalTableGlobalSecondaryIndexSettingsUpdate": [{
            "IndexName": "global", "ProvisionedWriteCapacityUnits": 8
        }],
        "ReplicaSettingsUpdate": [{
            "RegionName": "eu-west-1", "ReplicaProvisionedReadCapacityUnits": 9,
            "ReplicaTableClass": "STANDARD_INFREQUENT_ACCESS"
        }]
    });
    let told = home.call("dynamodb.UpdateGlobalTableSettings", asked).await;
    assert_eq!(text(&told, "ReplicaSettings.0.ReplicaStatus"), "UPDATING");
    let seen = settings(&ireland).await;
    let number = |path: &str| at(&seen, path).clone();
    assert_eq!(number("0.ReplicaProvisionedReadCapacityUnits"), Value::from(9));
    assert_eq!(number("1.ReplicaProvisionedReadCapacityUnits"), Value::from(5));
    for region in 0..2 {
        let path = format!("{region}.ReplicaProvisionedWriteCapacityUnits");
        assert_eq!(number(&path), Value::from(7));
        let index = format!("{region}.ReplicaGlobalSecondaryIndexSettings.0");
        let path = format!("{index}.ProvisionedWriteCapacityUnits");
        assert_eq!(number(&path), Value::from(8));
    }
    let class = text(&seen, "0.ReplicaTableClassSummary.TableClass");
    assert_eq!(class, "STANDARD_INFREQUENT_ACCESS");

    let asked = value!({"GlobalTableName": "table", "GlobalTableBillingMode": "PAY_PER_REQUEST"});
    home.call("dynamodb.UpdateGlobalTableSettings", asked).await;
    let seen = settings(&ireland).await;
    assert_eq!(text(&seen, "0.ReplicaBillingModeSummary.BillingMode"), "PAY_PER_REQUEST");
    let asked = value!({"GlobalTableName": "table", "GlobalTableProvisionedWriteCapacityUnits": 7});
    let error = home.fail("dynamodb.UpdateGlobalTableSettings", asked).await;
    assert!(error.message().contains("BillingMode is PayPerRequest"), "{}", error.message());
    let asked = value!({"GlobalTableName": "table", "GlobalTableBillingMode": "PROVISIONED"});
    let error = home.fail("dynamodb.UpdateGlobalTableSettings", asked).await;
    assert!(error.message().contains("must be specified"), "{}", error.message());
}

#[tokio::test]
async fn with_a_vector_index_a_global_table_stays_paid_for_by_request() {
    let home = cloud().from(ACCOUNT, "us-east-1");
    for region in ["us-east-1", "eu-west-1"] {
        let asked = value!({
            "TableName": "table", "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [(element("pk", "HASH"))], "AttributeDefinitions": [(definition("pk", "S"))],
            "VectorIndexes": [{
                "IndexName": "vectors", "VectorAttribute": {"AttributeName": "v"}, "Dimensions": 2,
                "Projection": {"ProjectionType": "ALL"}, "DistanceFunction": "COSINE"
            }],
            "StreamSpecification": {
                "StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES"
            },
        });
        home.from(ACCOUNT, region).call("dynamodb.CreateTable", asked).await;
    }
    home.call("dynamodb.CreateGlobalTable", create(&["us-east-1", "eu-west-1"])).await;
    let read =
        |region: &str| value!({"RegionName": region, "ReplicaProvisionedReadCapacityUnits": 5});
    let asked = value!({
        "GlobalTableName": "table", "GlobalTableBillingMode": "PROVISIONED",
        "GlobalTableProvisionedWriteCapacityUnits": 5,
        "ReplicaSettingsUpdate": [(read("us-east-1")), (read("eu-west-1"))]
    });
    let error = home.fail("dynamodb.UpdateGlobalTableSettings", asked).await;
    assert!(error.message().contains("Vector indexes are only supported"), "{}", error.message());
}

#[tokio::test]
async fn settings_name_regions_and_indexes_that_are_there() {
    let [home, ..] = group().await;
    let of_region = |region: &str| {
        let nine = value!({"RegionName": region, "ReplicaProvisionedReadCapacityUnits": 9});
        value!({"GlobalTableName": "table", "ReplicaSettingsUpdate": [nine]})
    };
    let of_index = value!({
        "GlobalTableName": "table", "GlobalTableGlobalSecondaryIndexSettingsUpdate": [{
            "IndexName": "ghost", "ProvisionedWriteCapacityUnits": 8
        }]
    });
    let cases = [
        (of_region("eu-central-1"), "ReplicaNotFoundException"),
        (of_index, "IndexNotFoundException"),
        (
            value!({"GlobalTableName": "other", "GlobalTableBillingMode": "PAY_PER_REQUEST"}),
            "GlobalTableNotFoundException",
        ),
    ];
    for (asked, code) in cases {
        assert_eq!(home.fail("dynamodb.UpdateGlobalTableSettings", asked).await.code(), code);
    }
}

#[tokio::test]
async fn a_global_table_of_one_version_is_none_of_the_other() {
    let [home, ..] = group().await;
    let create = value!({"Create": {"RegionName": "eu-west-2"}});
    let asked = value!({"TableName": "table", "ReplicaUpdates": [create]});
    let error = home.fail("dynamodb.UpdateTable", asked).await;
    assert_eq!(error.code(), "ResourceInUseException");
    let asked = value!({"TableName": "table"});
    let error = home.fail("dynamodb.DescribeTableReplicaAutoScaling", asked).await;
    assert_eq!(error.code(), "ResourceNotFoundException");
}
