//! Vector indexes and searches in them.

use cumulet_core::Value;
use cumulet_testkit::{TestCloud, at, text, value};

use crate::{ACCOUNT, ask, cloud, definition, describe, element, n, put, refusal, s};

fn numbers(vector: &[f64]) -> Vec<Value> {
    vector.iter().map(|number| value!({"N": (number.to_string())})).collect()
}

fn vector(numbers_of: &[f64]) -> Value {
    value!({"L": (numbers(numbers_of))})
}

/// An index on `v`, whose vectors have two numbers.
fn index(name: &str, distance: &str, more: Vec<(&str, Value)>) -> Value {
    let mut entries = vec![
        ("IndexName", name.into()),
        ("VectorAttribute", value!({"AttributeName": "v"})),
        ("Projection", value!({"ProjectionType": "ALL"})),
        ("Dimensions", 2.into()),
        ("DistanceFunction", distance.into()),
    ];
    entries.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
    entries.extend(more);
    Value::map(entries)
}

fn schema() -> (&'static str, Value) {
    let elements = value!([
        {"AttributeName": "tenant", "SearchSchemaElementType": "HASH"},
        {"AttributeName": "price", "SearchSchemaElementType": "INLINE_FILTER"},
    ]);
    ("SearchSchema", elements)
}

fn asked(indexes: Vec<Value>) -> Value {
    let is_parted = indexes.iter().any(|index| index.get("SearchSchema").is_some());
    let parts = if is_parted { vec![("tenant", "S"), ("price", "N")] } else { vec![] };
    let definitions = [("pk", "S")].into_iter().chain(parts);
    let definitions: Vec<_> = definitions.map(|(name, kind)| definition(name, kind)).collect();
    value!({
        "TableName": "table",
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [(element("pk", "HASH"))],
        "AttributeDefinitions": definitions,
        "VectorIndexes": indexes,
    })
}

async fn table(cloud: &TestCloud, indexes: Vec<Value>) -> Value {
    cloud.call("dynamodb.CreateTable", asked(indexes)).await
}

fn item(pk: &str, v: &[f64], more: Vec<(&str, Value)>) -> Value {
    let mut entries = vec![("pk", s(pk)), ("v", vector(v))];
    entries.extend(more);
    Value::map(entries)
}

fn search(index: &str, vector: &[f64], more: Vec<(&str, Value)>) -> Value {
    let mut entries = vec![
        ("IndexName", index.into()),
        ("SearchVector", numbers(vector).into()),
        ("TopK", 10.into()),
    ];
    entries.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
    entries.extend(more);
    Value::map(entries)
}

async fn found(cloud: &TestCloud, search: Value) -> Value {
    ask(cloud, "SearchVectors", search).await
}

/// Keys and scores, the nearest first.
async fn ranks(cloud: &TestCloud, search: Value) -> Vec<(String, f64)> {
    let found = found(cloud, search).await;
    let rank = |result: &Value| match at(result, "Score") {
        Value::Float(score) => (text(result, "Item.pk.S").to_owned(), *score),
        other => panic!("{other:?} is no score"),
    };
    at(&found, "SearchResults").items().iter().map(rank).collect()
}

fn of_tenant(condition: &str, mut values: Vec<(&str, Value)>) -> Vec<(&'static str, Value)> {
    values.push((":t", s("t1")));
    vec![
        ("SearchConditionExpression", condition.into()),
        ("ExpressionAttributeValues", Value::map(values)),
    ]
}

#[tokio::test]
async fn the_distance_function_says_what_is_near() {
    let cloud = cloud();
    let three = ["COSINE", "EUCLIDEAN", "DOT_PRODUCT"];
    table(&cloud, three.map(|distance| index(distance, distance, vec![])).to_vec()).await;
    for (pk, v) in [("far", [10.0, 0.0]), ("near", [1.0, 1.0]), ("back", [-2.0, 0.0])] {
        put(&cloud, item(pk, &v, vec![])).await;
    }
    let rank = async |distance: &str| ranks(&cloud, search(distance, &[1.0, 0.0], vec![])).await;
    let want = |wanted: [(&str, f64); 3]| wanted.map(|(pk, score)| (pk.to_owned(), score)).to_vec();
    let cosine = 1.0 - 0.5_f64.sqrt();
    let seen = rank("COSINE").await;
    assert!((seen[1].1 - cosine).abs() < 1e-12, "{seen:?}");
    assert_eq!(seen, want([("far", 0.0), ("near", seen[1].1), ("back", 2.0)]));
    assert_eq!(rank("EUCLIDEAN").await, want([("near", 1.0), ("back", 3.0), ("far", 9.0)]));
    assert_eq!(rank("DOT_PRODUCT").await, want([("far", 10.0), ("near", 1.0), ("back", -2.0)]));

    let two = search("EUCLIDEAN", &[1.0, 0.0], vec![("TopK", 2.into())]);
    assert_eq!(ranks(&cloud, two).await, want([("near", 1.0), ("back", 3.0), ("far", 9.0)])[..2]);
}

#[tokio::test]
async fn a_search_is_about_a_partition_and_may_filter() {
    let cloud = cloud();
    table(&cloud, vec![index("index", "EUCLIDEAN", vec![schema()])]).await;
    for (pk, tenant, price) in [("a", "t1", 5), ("b", "t1", 20), ("c", "t2", 5)] {
        let more = vec![("tenant", s(tenant)), ("price", n(price))];
        put(&cloud, item(pk, &[1.0, 2.0], more)).await;
    }
    put(&cloud, item("unpriced", &[1.0, 2.0], vec![("tenant", s("t1"))])).await;
    put(&cloud, item("unparted", &[1.0, 2.0], vec![("price", n(5))])).await;
    let keys = async |condition: &str, values| {
        let asked = search("index", &[1.0, 2.0], of_tenant(condition, values));
        let mut keys: Vec<_> = ranks(&cloud, asked).await.into_iter().map(|(pk, _)| pk).collect();
        keys.sort_unstable();
        keys
    };
    assert_eq!(keys("tenant = :t", vec![]).await, ["a", "b", "unpriced"]);
    assert_eq!(keys("price = :p AND tenant = :t", vec![(":p", n(20))]).await, ["b"]);
    assert_eq!(keys("tenant = :t AND price < :p", vec![(":p", n(20))]).await, ["a"]);
    let either = "(price = :p OR attribute_not_exists(price)) AND tenant = :t";
    assert_eq!(keys(either, vec![(":p", n(5))]).await, ["a", "unpriced"]);

    let refused = async |condition: &str, values| {
        let asked = search("index", &[1.0, 2.0], of_tenant(condition, values));
        refusal(&cloud, "SearchVectors", asked).await.1
    };
    let wrong = "Invalid SearchConditionExpression: Invalid comparator used in \
                 SearchConditionExpression";
    assert_eq!(refused("tenant < :t", vec![]).await, wrong);
    assert_eq!(refused("tenant = :t OR price = :p", vec![(":p", n(1))]).await, wrong);
    let outside = refused("tenant = :t AND pk = :p", vec![(":p", s("a"))]).await;
    assert_eq!(
        outside,
        "Invalid SearchConditionExpression: Attribute is not in the SearchSchema: [pk]"
    );
    let (_, message) = refusal(&cloud, "SearchVectors", search("index", &[1.0, 2.0], vec![])).await;
    let wanted = "SearchConditionExpression must be provided when SearchSchema has a HASH key";
    assert_eq!(message, wanted);
}

#[tokio::test]
async fn an_answer_has_what_the_index_has_and_the_vector_when_asked() {
    let cloud = cloud();
    let keys = vec![("Projection", value!({"ProjectionType": "KEYS_ONLY"})), schema()];
    table(&cloud, vec![index("all", "COSINE", vec![]), index("keys", "COSINE", keys)]).await;
    let more = vec![("tenant", s("t1")), ("price", n(5)), ("title", s("x"))];
    put(&cloud, item("a", &[0.123_456_789, 2.0], more)).await;
    let shown =
        async |search: Value| at(&found(&cloud, search).await, "SearchResults.0.Item").clone();

    let whole = value!({"pk": (s("a")), "price": (n(5)), "tenant": (s("t1")), "title": (s("x"))});
    assert_eq!(shown(search("all", &[1.0, 1.0], vec![])).await, whole);
    let vector_too = vec![("ProjectionExpression", "pk, v".into())];
    let found = shown(search("all", &[1.0, 1.0], vector_too)).await;
    // As 32 bits have it.
    assert_eq!(found, value!({"pk": (s("a")), "v": (vector(&[0.123_456_79, 2.0]))}));
    let part = vec![("ProjectionExpression", "v[1]".into())];
    assert_eq!(shown(search("all", &[1.0, 1.0], part)).await, value!({"v": {"L": [{"N": "2"}]}}));
    let keys = shown(search("keys", &[1.0, 1.0], of_tenant("tenant = :t", vec![]))).await;
    assert_eq!(keys, value!({"pk": (s("a")), "price": (n(5)), "tenant": (s("t1"))}));
    let mut beyond = of_tenant("tenant = :t", vec![]);
    beyond.push(("ProjectionExpression", "pk, title".into()));
    assert_eq!(shown(search("keys", &[1.0, 1.0], beyond)).await, value!({"pk": (s("a"))}));
}

#[tokio::test]
async fn an_index_follows_its_items() {
    let cloud = cloud();
    table(&cloud, vec![index("index", "EUCLIDEAN", vec![schema()])]).await;
    let asked = || search("index", &[0.0, 0.0], of_tenant("tenant = :t", vec![]));
    let update = async |expression: &str, values: Value| {
        let asked = value!({
            "TableName": "table", "Key": {"pk": (s("a"))}, "UpdateExpression": expression,
            "ExpressionAttributeValues": values,
        });
        cloud.call("dynamodb.UpdateItem", asked).await;
    };
    let here = |score| vec![("a".to_owned(), score)];
    put(&cloud, item("a", &[3.0, 4.0], vec![("tenant", s("t1"))])).await;
    assert_eq!(ranks(&cloud, asked()).await, here(5.0));
    update("SET v = :v", value!({":v": (vector(&[0.0, 2.0]))})).await;
    assert_eq!(ranks(&cloud, asked()).await, here(2.0));
    update("SET tenant = :t", value!({":t": (s("t2"))})).await;
    assert_eq!(ranks(&cloud, asked()).await, []);
    update("SET tenant = :t", value!({":t": (s("t1"))})).await;
    assert_eq!(ranks(&cloud, asked()).await, here(2.0));
    let gone = value!({
        "TableName": "table", "Key": {"pk": (s("a"))}, "UpdateExpression": "REMOVE v"
    });
    cloud.call("dynamodb.UpdateItem", gone).await;
    assert_eq!(ranks(&cloud, asked()).await, []);
    put(&cloud, item("a", &[3.0, 4.0], vec![("tenant", s("t1"))])).await;
    cloud
        .call("dynamodb.DeleteItem", value!({"TableName": "table", "Key": {"pk": (s("a"))}}))
        .await;
    assert_eq!(ranks(&cloud, asked()).await, []);
}

#[tokio::test]
async fn an_item_with_something_else_than_a_vector_is_refused() {
    let cloud = cloud();
    table(&cloud, vec![index("index", "COSINE", vec![schema()])]).await;
    let refused = async |more: Vec<(&str, Value)>| {
        let mut entries = vec![("pk", s("a"))];
        entries.extend(more);
        refusal(&cloud, "PutItem", value!({"Item": (Value::map(entries))})).await.1
    };
    let start = "One or more parameter values were invalid:";
    assert_eq!(
        refused(vec![("v", vector(&[1.0]))]).await,
        format!("{start} Invalid size for parameter v, Expected: 2, Actual: 1. IndexName: index")
    );
    assert_eq!(
        refused(vec![("v", s("x"))]).await,
        format!("{start} Invalid type for parameter v, Expected: L, Actual: S. IndexName: index")
    );
    assert_eq!(
        refused(vec![("v", value!({"L": [(n(1)), (s("x"))]}))]).await,
        format!(
            "{start} Invalid type for parameter v[1], Expected: N, Actual: S. IndexName: index"
        )
    );
    assert_eq!(
        refused(vec![("v", value!({"L": [(n(1)), {"N": "1e39"}]}))]).await,
        format!(
            "{start} Invalid value for parameter v[1], Expected: a 32-bit float. IndexName: index"
        )
    );
    assert_eq!(
        refused(vec![("price", s("x"))]).await,
        format!("{start} Type mismatch for Index Key price Expected: N Actual: S IndexName: index")
    );
    assert!(
        refused(vec![("tenant", s(""))]).await.contains("cannot contain an empty string value")
    );
    let stored = cloud.call("dynamodb.Scan", value!({"TableName": "table"})).await;
    assert_eq!(at(&stored, "Count").as_i64(), Some(0));
}

#[tokio::test]
async fn a_search_that_makes_no_sense_is_refused() {
    let cloud = cloud();
    table(&cloud, vec![index("index", "COSINE", vec![])]).await;
    let refused = async |search| refusal(&cloud, "SearchVectors", search).await.1;
    assert_eq!(
        refused(search("index", &[1.0, 2.0, 3.0], vec![])).await,
        "Input search vector dimension 3 does not match vector index dimension 2"
    );
    assert_eq!(
        refused(search("index", &[1.0, 2.0], vec![("TopK", 101.into())])).await,
        "Provided TopK value '101' is out of valid range. The value must be between 1 and 100 \
         inclusive"
    );
    assert_eq!(
        refused(search("other", &[1.0, 2.0], vec![])).await,
        "The table does not have the specified index: other"
    );
    let query = value!({
        "IndexName": "index", "KeyConditionExpression": "pk = :p",
        "ExpressionAttributeValues": {":p": (s("a"))}
    });
    let (_, message) = refusal(&cloud, "Query", query).await;
    assert_eq!(message, "Query operation not supported on this index type.");
}

#[tokio::test]
async fn an_index_of_a_table_that_has_items_is_filled() {
    let cloud = cloud();
    let mut empty = asked(vec![]);
    if let Value::Map(entries) = &mut empty {
        entries.retain(|(name, _)| name != "VectorIndexes");
    }
    cloud.call("dynamodb.CreateTable", empty).await;
    for number in 0..1_200_i32 {
        let more = vec![("tenant", s("t1")), ("price", n(number.into()))];
        put(&cloud, item(&number.to_string(), &[1.0, f64::from(number)], more)).await;
    }
    put(&cloud, value!({"pk": (s("odd")), "tenant": (s("t1")), "v": (s("no vector"))})).await;
    let update = |updates: Vec<Value>| {
        value!({
            "AttributeDefinitions": [(definition("tenant", "S")), (definition("price", "N"))],
            "VectorIndexUpdates": updates,
        })
    };
    let create = |name| value!({"Create": (index(name, "EUCLIDEAN", vec![schema()]))});
    let (code, message) =
        refusal(&cloud, "UpdateTable", update(vec![create("one"), create("two")])).await;
    assert_eq!(code, "LimitExceededException");
    assert_eq!(
        message,
        "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously \
         per table"
    );
    let made = crate::update(&cloud, update(vec![create("one")])).await;
    assert_eq!(text(&made, "TableDescription.TableStatus"), "UPDATING");
    assert_eq!(text(&made, "TableDescription.VectorIndexes.0.IndexStatus"), "CREATING");
    let seen = describe(&cloud).await;
    assert_eq!(at(&seen, "VectorIndexes.0.Backfilling").as_bool(), Some(true));
    let asked = || search("one", &[1.0, 7.0], of_tenant("tenant = :t", vec![]));
    let (_, message) = refusal(&cloud, "SearchVectors", asked()).await;
    assert_eq!(message, "Cannot search backfilling vector index: one");
    let (code, _) = refusal(&cloud, "UpdateTable", update(vec![create("two")])).await;
    assert_eq!(code, "LimitExceededException");

    cloud.settle().await;
    let index = at(&describe(&cloud).await, "VectorIndexes.0").clone();
    assert_eq!((text(&index, "IndexStatus"), index.get("Backfilling")), ("ACTIVE", None));
    assert_eq!(at(&index, "ItemCount").as_i64(), Some(1_200));
    assert_eq!(at(&index, "SearchSchema.1.AttributeName").as_str(), Some("price"));
    assert!(text(&index, "IndexArn").ends_with(":table/table/index/one"));
    assert_eq!(ranks(&cloud, asked()).await[0], ("7".to_owned(), 0.0));

    let delete = value!({"VectorIndexUpdates": [{"Delete": {"IndexName": "one"}}]});
    crate::update(&cloud, delete).await;
    let seen = describe(&cloud).await;
    assert_eq!(seen.get("VectorIndexes"), None);
    assert_eq!(at(&seen, "AttributeDefinitions").items().len(), 1);
    let (_, message) = refusal(&cloud, "SearchVectors", asked()).await;
    assert_eq!(message, "The table does not have the specified index: one");
}

#[tokio::test]
async fn a_table_that_cannot_have_the_indexes_is_not_made() {
    let cloud = cloud();
    let refused =
        async |asked: Value| cloud.fail("dynamodb.CreateTable", asked).await.message().to_owned();
    let start = "One or more parameter values were invalid:";
    let many = (0..6).map(|number| index(&format!("index{number}"), "COSINE", vec![])).collect();
    assert_eq!(
        refused(asked(many)).await,
        format!("{start} VectorIndex count exceeds the per-table limit of 5")
    );
    let longer = index("two", "COSINE", vec![("Dimensions", 3.into())]);
    assert!(
        refused(asked(vec![index("one", "COSINE", vec![]), longer]))
            .await
            .starts_with(&format!("{start} Attributes cannot be redefined."))
    );
    let long = index("one", "COSINE", vec![("Dimensions", 4_097.into())]);
    assert_eq!(
        refused(asked(vec![long])).await,
        format!("{start} Dimensions must be between 1 and 4096 inclusive")
    );
    let undefined = value!([{"AttributeName": "other", "SearchSchemaElementType": "HASH"}]);
    let undefined = index("one", "COSINE", vec![("SearchSchema", undefined)]);
    assert_eq!(
        refused(asked(vec![undefined])).await,
        format!("{start} One element in SearchSchema is not defined in attribute definitions")
    );
    let same = index("one", "COSINE", vec![]);
    assert_eq!(
        refused(asked(vec![same.clone(), same.clone()])).await,
        format!("{start} Duplicate index name: one")
    );
    let mut provisioned = asked(vec![same]);
    if let Value::Map(entries) = &mut provisioned {
        entries.retain(|(name, _)| name != "BillingMode");
    }
    let units = value!({"ReadCapacityUnits": 1, "WriteCapacityUnits": 1});
    provisioned.set_default("ProvisionedThroughput", units.clone());
    assert!(refused(provisioned).await.contains("PAY_PER_REQUEST"));

    table(&cloud, vec![index("one", "COSINE", vec![])]).await;
    let change = value!({"BillingMode": "PROVISIONED", "ProvisionedThroughput": units});
    assert!(refusal(&cloud, "UpdateTable", change).await.1.contains("PAY_PER_REQUEST"));
}

#[tokio::test]
async fn writes_and_searches_tell_their_bytes() {
    let cloud = cloud();
    let wide =
        vec![("Dimensions", 512.into()), ("Projection", value!({"ProjectionType": "KEYS_ONLY"}))];
    table(&cloud, vec![index("wide", "COSINE", wide)]).await;
    let write = async |operation: &str, mut asked: Value| {
        asked.set_default("ReturnConsumedCapacity", "INDEXES");
        ask(&cloud, operation, asked).await
    };
    let of = |answer: &Value| {
        let capacity = at(answer, "ConsumedCapacity").get("VectorIndexes").cloned()?;
        Some(at(&capacity, "wide.VectorWriteRequestBytes").clone())
    };
    let full = item("abc", &[0.5; 512], vec![("title", s("not projected"))]);
    let put = write("PutItem", value!({"Item": (full.clone())})).await;
    // Four bytes a number, and `v`, `pk` and `abc`.
    assert_eq!(of(&put), Some(Value::Float(2_054.0)));
    let same = write("PutItem", value!({"Item": (item("abc", &[0.5; 512], vec![]))})).await;
    assert_eq!(of(&same), None);
    let put = write("PutItem", value!({"Item": {"pk": (s("def"))}})).await;
    assert_eq!(of(&put), None);
    let gone = write("DeleteItem", value!({"Key": {"pk": (s("def"))}})).await;
    assert_eq!(of(&gone), None);
    let twice = value!({"TransactItems": [{"Put": {"TableName": "table", "Item": full}}]});
    cloud
        .call("dynamodb.DeleteItem", value!({"TableName": "table", "Key": {"pk": (s("abc"))}}))
        .await;
    let mut twice = twice;
    twice.set_default("ReturnConsumedCapacity", "INDEXES");
    let done = cloud.call("dynamodb.TransactWriteItems", twice).await;
    let bytes = at(&done, "ConsumedCapacity.0.VectorIndexes.wide.VectorWriteRequestBytes");
    assert_eq!(*bytes, Value::Float(2_054.0));

    let more = vec![("ReturnConsumedCapacity", "TOTAL".into())];
    let found = found(&cloud, search("wide", &[0.5; 512], more)).await;
    let bytes = at(&found, "ConsumedCapacity.VectorSearchRequestBytes");
    assert_eq!(*bytes, Value::Float(2_048.0 + 5.0));
}

#[tokio::test]
async fn a_restored_table_has_its_vector_indexes_unless_they_are_left_out() {
    let cloud = cloud();
    let two = vec![index("one", "COSINE", vec![]), index("two", "EUCLIDEAN", vec![schema()])];
    table(&cloud, two).await;
    put(&cloud, item("a", &[1.0, 1.0], vec![("tenant", s("t1"))])).await;
    let asked = value!({"TableName": "table", "BackupName": "backup"});
    let made = cloud.call("dynamodb.CreateBackup", asked).await;
    let arn = text(&made, "BackupDetails.BackupArn").to_owned();
    let seen = cloud.call("dynamodb.DescribeBackup", value!({"BackupArn": (arn.clone())})).await;
    let features = "BackupDescription.SourceTableFeatureDetails.VectorIndexes";
    assert_eq!(text(&seen, &format!("{features}.1.DistanceFunction")), "EUCLIDEAN");
    let all = value!({"BackupArn": (arn.clone()), "TargetTableName": "all"});
    cloud.call("dynamodb.RestoreTableFromBackup", all).await;
    let mut searched = search("one", &[1.0, 1.0], vec![]);
    searched.set_default("TableName", "all");
    assert_eq!(at(&found(&cloud, searched).await, "SearchResults").items().len(), 1);
    let some = value!({
        "BackupArn": arn, "TargetTableName": "some",
        "VectorIndexOverride": [(index("one", "COSINE", vec![]))]
    });
    let made = cloud.call("dynamodb.RestoreTableFromBackup", some).await;
    assert_eq!(at(&made, "TableDescription.VectorIndexes").items().len(), 1);
    assert_eq!(at(&made, "TableDescription.AttributeDefinitions").items().len(), 1);
}

#[tokio::test]
async fn a_replica_has_the_vector_indexes_of_its_group() {
    let cloud = cloud();
    table(&cloud, vec![index("one", "EUCLIDEAN", vec![])]).await;
    put(&cloud, item("a", &[1.0, 1.0], vec![])).await;
    let change = async |asked: Value| {
        crate::update(&cloud, asked).await;
        cloud.settle().await;
    };
    change(value!({"ReplicaUpdates": [{"Create": {"RegionName": "eu-west-1"}}]})).await;
    change(value!({"VectorIndexUpdates": [{"Create": (index("two", "COSINE", vec![]))}]})).await;
    change(value!({"VectorIndexUpdates": [{"Delete": {"IndexName": "one"}}]})).await;
    let there = cloud.from(ACCOUNT, "eu-west-1");
    let seen = describe(&there).await;
    assert_eq!(text(&seen, "VectorIndexes.0.IndexName"), "two");
    assert_eq!(at(&seen, "VectorIndexes").items().len(), 1);
    let found = ranks(&there, search("two", &[2.0, 2.0], vec![])).await;
    assert_eq!(found, [("a".to_owned(), 0.0)]);
}
