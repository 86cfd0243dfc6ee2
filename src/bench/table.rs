//! DynamoDB's part of the operations: a table of items of about 190 bytes, a hundred in each
//! partition.

use crate::client::{Client, Expect, Payload, Request, Result};
use crate::operations::JSON;

/// Items in a partition: what a Query answers.
pub(crate) const PARTITION: u64 = 100;
/// Items that one `BatchWriteItem` stores.
pub(crate) const BATCH: u64 = 25;
/// Bytes of an item as JSON.
const ITEM: u64 = 190;
/// Spreads turns over the table: prime, and larger than any table here.
const STRIDE: u64 = 1_000_003;

pub(crate) async fn create(client: &mut Client, table: &str) -> Result<()> {
    let input = format!(
        r#"{{"TableName":"{table}","BillingMode":"PAY_PER_REQUEST",
            "KeySchema":[{{"AttributeName":"pk","KeyType":"HASH"}},{{"AttributeName":"sk","KeyType":"RANGE"}}],
            "AttributeDefinitions":[{{"AttributeName":"pk","AttributeType":"S"}},{{"AttributeName":"sk","AttributeType":"S"}}]}}"#
    );
    call(client, "CreateTable", input, 0, Expect::Success).await
}

/// Stores the `turn`th item.
pub(crate) async fn put(client: &mut Client, table: &str, turn: u64) -> Result<()> {
    let input = format!(r#"{{"TableName":"{table}","Item":{}}}"#, item(turn));
    call(client, "PutItem", input, 2, Expect::Success).await
}

/// Stores as many items as a batch holds.
pub(crate) async fn put_batch(client: &mut Client, table: &str, turn: u64) -> Result<()> {
    let put = |n| format!(r#"{{"PutRequest":{{"Item":{}}}}}"#, item(turn * BATCH + n));
    let puts = (0..BATCH).map(put).collect::<Vec<_>>().join(",");
    let input = format!(r#"{{"RequestItems":{{"{table}":[{puts}]}}}}"#);
    call(client, "BatchWriteItem", input, 25, Expect::Text("\"UnprocessedItems\":{}")).await
}

/// Reads one of `items` items.
pub(crate) async fn get(client: &mut Client, table: &str, turn: u64, items: u64) -> Result<()> {
    let key = key(turn.wrapping_mul(STRIDE) % items);
    let input = format!(r#"{{"TableName":"{table}","Key":{{{key}}}}}"#);
    call(client, "GetItem", input, ITEM + 9, Expect::Text("\"data\"")).await
}

/// Reads one of the partitions of `items` items.
pub(crate) async fn query(client: &mut Client, table: &str, turn: u64, items: u64) -> Result<()> {
    let partition = turn.wrapping_mul(STRIDE) % (items / PARTITION).max(1);
    let input = format!(
        r#"{{"TableName":"{table}","KeyConditionExpression":"pk = :p",
            "ExpressionAttributeValues":{{":p":{{"S":"partition-{partition:07}"}}}}}}"#
    );
    let answer = ITEM * PARTITION + 150;
    call(client, "Query", input, answer, Expect::Text("\"item-000\"")).await
}

fn key(turn: u64) -> String {
    let (partition, place) = (turn / PARTITION, turn % PARTITION);
    format!(r#""pk":{{"S":"partition-{partition:07}"}},"sk":{{"S":"item-{place:03}"}}"#)
}

fn item(turn: u64) -> String {
    let key = key(turn);
    format!(r#"{{{key},"data":{{"S":"{turn:090}"}},"number":{{"N":"{turn}"}}}}"#)
}

async fn call(
    client: &mut Client,
    operation: &str,
    input: String,
    answer: u64,
    expect: Expect,
) -> Result<()> {
    let target = &format!("DynamoDB_20120810.{operation}");
    let headers = &[JSON, ("x-amz-target", target)];
    let payload = &Payload::bytes(input);
    let request =
        Request { method: "POST", headers, payload, answer, expect, ..Request::default() };
    client.send(&request).await?;
    Ok(())
}
