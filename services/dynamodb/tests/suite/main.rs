//! DynamoDB in process, on a turned clock.

#[cfg(test)]
mod backup;
#[cfg(test)]
mod followers;
#[cfg(test)]
mod global;
#[cfg(test)]
mod group;
#[cfg(test)]
mod history;
#[cfg(test)]
mod index;
#[cfg(test)]
mod item;
#[cfg(test)]
mod legacy;
#[cfg(test)]
mod partiql;
#[cfg(test)]
mod query;
#[cfg(test)]
mod replica;
#[cfg(test)]
mod scaling;
#[cfg(test)]
mod streams;
#[cfg(test)]
mod strong;
#[cfg(test)]
mod table;
#[cfg(test)]
mod transaction;
#[cfg(test)]
mod ttl;
#[cfg(test)]
mod vector;

use cumulet_core::Value;
use cumulet_store::Platform;
use cumulet_testkit::{TestCloud, at, value};

const ACCOUNT: &str = "000000000000";

fn cloud() -> TestCloud {
    TestCloud::new(cumulet_dynamodb::services(&Platform::default()))
}

fn s(text: &str) -> Value {
    value!({"S": text})
}

fn n(number: i64) -> Value {
    value!({"N": (number.to_string())})
}

/// `{"pk": {"S": …}, "sk": {"N": …}}`.
fn key(pk: &str, sk: i64) -> Value {
    value!({"pk": (s(pk)), "sk": (n(sk))})
}

/// A key with more attributes.
fn item(pk: &str, sk: i64, more: Vec<(&str, Value)>) -> Value {
    let mut entries = vec![("pk", s(pk)), ("sk", n(sk))];
    entries.extend(more);
    Value::map(entries)
}

fn definition(name: &str, kind: &str) -> Value {
    value!({"AttributeName": name, "AttributeType": kind})
}

fn element(name: &str, kind: &str) -> Value {
    value!({"AttributeName": name, "KeyType": kind})
}

/// A table by `pk` (text) and `sk` (number), with a global index on `g` and a local one on `l`.
async fn table(cloud: &TestCloud) {
    let by_pk = |range: &str| vec![element("pk", "HASH"), element(range, "RANGE")];
    let asked = value!({
        "TableName": "table",
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": (by_pk("sk")),
        "AttributeDefinitions": [
            (definition("pk", "S")), (definition("sk", "N")), (definition("g", "S")), (definition("l", "S"))
        ],
        "LocalSecondaryIndexes": [{
            "IndexName": "local", "KeySchema": (by_pk("l")), "Projection": {"ProjectionType": "ALL"}
        }],
        "GlobalSecondaryIndexes": [{
            "IndexName": "global",
            "KeySchema": [(element("g", "HASH"))],
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["kept"]}
        }],
    });
    cloud.call("dynamodb.CreateTable", asked).await;
}

async fn put(cloud: &TestCloud, item: Value) {
    cloud.call("dynamodb.PutItem", value!({"TableName": "table", "Item": item})).await;
}

/// The item at a key, `Null` if there is none.
async fn get(cloud: &TestCloud, key: Value) -> Value {
    let found = cloud.call("dynamodb.GetItem", value!({"TableName": "table", "Key": key})).await;
    found.get("Item").cloned().unwrap_or_default()
}

/// What an operation on `table` answers.
async fn ask(cloud: &TestCloud, operation: &str, mut input: Value) -> Value {
    input.set_default("TableName", "table");
    cloud.call(&format!("dynamodb.{operation}"), input).await
}

async fn update(cloud: &TestCloud, change: Value) -> Value {
    ask(cloud, "UpdateTable", change).await
}

async fn describe(cloud: &TestCloud) -> Value {
    at(&ask(cloud, "DescribeTable", value!({})).await, "Table").clone()
}

/// Code and message of the error that an operation on `table` must answer.
async fn refusal(cloud: &TestCloud, operation: &str, mut input: Value) -> (String, String) {
    input.set_default("TableName", "table");
    let error = cloud.fail(&format!("dynamodb.{operation}"), input).await;
    (error.code().to_owned(), error.message().to_owned())
}
