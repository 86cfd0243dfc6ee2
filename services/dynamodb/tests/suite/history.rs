//! Concurrent writers: a record of what they did must be one that a single writer could have made.

use std::sync::Arc;

use cumulet_core::Value;
use cumulet_testkit::{TestCloud, at, value};
use tokio::task::JoinSet;

use crate::{cloud, get, item, key, n, put, table};

const WRITERS: i64 = 8;
const TURNS: i64 = 50;

async fn number(cloud: &TestCloud, key: Value, name: &str) -> i64 {
    let text = at(&get(cloud, key).await, name).get("N").and_then(Value::as_str).map(str::to_owned);
    text.expect("a number").parse().expect("whole")
}

/// Every writer reads a version and writes the next one on condition that it is still that one: each
/// version is written once, and nobody's is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn conditional_writes_are_linear() {
    let cloud = Arc::new(cloud());
    table(&cloud).await;
    put(&cloud, item("a", 1, vec![("version", n(0))])).await;
    let mut writers = JoinSet::new();
    for _ in 0..WRITERS {
        let cloud = Arc::clone(&cloud);
        writers.spawn(async move {
            let mut written = Vec::new();
            while i64::try_from(written.len()).expect("few") < TURNS {
                let seen = number(&cloud, key("a", 1), "version").await;
                let asked = value!({
                    "TableName": "table",
                    "Item": (item("a", 1, vec![("version", n(seen + 1))])),
                    "ConditionExpression": "version = :v",
                    "ExpressionAttributeValues": {":v": (n(seen))},
                });
                match cloud.try_call("dynamodb.PutItem", asked).await {
                    Ok(_) => written.push(seen + 1),
                    Err(error) => assert_eq!(error.code(), "ConditionalCheckFailedException"),
                }
            }
            assert!(written.is_sorted(), "a writer's own versions go up");
            written
        });
    }
    let mut history: Vec<i64> = writers.join_all().await.concat();
    history.sort_unstable();
    assert_eq!(history, (1..=WRITERS * TURNS).collect::<Vec<_>>());
}

/// Transfers between accounts keep the sum, and nobody ever reads half of one.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn transactions_are_never_seen_in_part() {
    let cloud = Arc::new(cloud());
    table(&cloud).await;
    for account in 0..4 {
        put(&cloud, item("account", account, vec![("balance", n(100))])).await;
    }
    let mut tasks = JoinSet::new();
    for writer in 0..WRITERS {
        let cloud = Arc::clone(&cloud);
        tasks.spawn(async move {
            for turn in 0..TURNS {
                let (from, to) = ((writer + turn) % 4, (writer + turn * 3 + 1) % 4);
                if from == to {
                    continue;
                }
                let add = |account: i64, amount: i64, condition: Value| {
                    value!({"Update": {
                        "TableName": "table",
                        "Key": (key("account", account)),
                        "UpdateExpression": "ADD balance :n",
                        "ConditionExpression": condition,
                        "ExpressionAttributeValues": {":n": (n(amount))},
                    }})
                };
                let items =
                    value!([(add(from, -7, "balance <> :n".into())), (add(to, 7, Value::Null))]);
                cloud.call("dynamodb.TransactWriteItems", value!({"TransactItems": items})).await;
            }
        });
    }
    for _ in 0..2 {
        let cloud = Arc::clone(&cloud);
        tasks.spawn(async move {
            for _ in 0..TURNS * 2 {
                let get = |account: i64| {
                    value!({"Get": {"TableName": "table", "Key": (key("account", account))}})
                };
                let items: Vec<_> = (0..4).map(get).collect();
                let seen = cloud.call("dynamodb.TransactGetItems", value!({"TransactItems": items})).await;
                let balance = |response: &Value| -> i64 {
                    let text = at(response, "Item.balance.N").as_str().expect("a number");
                    text.parse().expect("whole")
                };
                let sum: i64 = at(&seen, "Responses").items().iter().map(balance).sum();
                assert_eq!(sum, 400);
            }
        });
    }
    tasks.join_all().await;
}
