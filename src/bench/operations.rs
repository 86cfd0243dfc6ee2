//! The operations that are measured: what each sends, what it needs beforehand, how it is checked.

use base64::prelude::{BASE64_STANDARD, Engine};

use crate::client::{Client, Expect, Payload, Request, Result, Server};
use crate::{pattern, table};

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
/// Objects larger than a MiB are written over after so many, to bound what a run stores.
const LARGE_OBJECTS: u64 = 32;
/// Keys in the bucket that is listed.
const KEYS: u64 = 10_000;
/// Messages stored for each second of receiving: more than any server here hands out.
const MESSAGES_PER_SECOND: f64 = 60_000.0;
/// 1,000 keys from the middle of the bucket.
const PAGE: &str = "list-type=2&max-keys=1000&start-after=key-0004999";
pub(crate) const JSON: (&str, &str) = ("content-type", "application/x-amz-json-1.0");

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Operation {
    Put(u64),
    /// 1 KiB in aws-chunked coding with its CRC-32 in a trailer, as the SDKs upload by default.
    PutTrailer,
    Get(u64),
    List,
    Send,
    SendBatch,
    ReceiveDelete,
    PutItem,
    GetItem,
    /// A partition of 100 items.
    Query,
    /// Stores the items that `GetItem` and `Query` read; not measured itself.
    FillTable,
    /// Stores the keys that `List` lists; not measured itself.
    FillBucket,
}

impl Operation {
    /// What can be measured, by name.
    pub(crate) const ALL: [(&str, Self); 12] = [
        ("s3_put_1k", Self::Put(KIB)),
        ("s3_put_1k_trailer", Self::PutTrailer),
        ("s3_get_1k", Self::Get(KIB)),
        ("s3_put_10m", Self::Put(10 * MIB)),
        ("s3_get_10m", Self::Get(10 * MIB)),
        ("s3_list_1000", Self::List),
        ("sqs_send", Self::Send),
        ("sqs_send_batch10", Self::SendBatch),
        ("sqs_recv_delete", Self::ReceiveDelete),
        ("ddb_put", Self::PutItem),
        ("ddb_get", Self::GetItem),
        ("ddb_query100", Self::Query),
    ];

    pub(crate) fn service(self) -> &'static str {
        match self {
            Self::Send | Self::SendBatch | Self::ReceiveDelete => "sqs",
            Self::PutItem | Self::GetItem | Self::Query | Self::FillTable => "dynamodb",
            _ => "s3",
        }
    }
}

/// An operation and the bucket or queue that it is done to.
pub(crate) struct Work {
    operation: Operation,
    payload: Payload,
    /// The bucket's path, the queue's URL, or the table's name.
    place: String,
    /// Items that the table has beforehand.
    items: u64,
}

impl Work {
    /// Makes the bucket, queue or table. `limit` has none and gets the same requests.
    pub(crate) async fn prepare(
        operation: Operation,
        client: &mut Client,
        items: u64,
    ) -> Result<Self> {
        let payload = match operation {
            Operation::Put(length) => Payload::pattern(length),
            Operation::PutTrailer => chunked(KIB),
            Operation::FillBucket => Payload::bytes("x"),
            _ => Payload::pattern(0),
        };
        let name = format!("bench-{:x}", std::process::id());
        let mut place = match operation.service() {
            "s3" => format!("/{name}"),
            "sqs" => format!("http://localhost/{name}"),
            _ => name.clone(),
        };
        if client.server == Server::Aws {
            match operation.service() {
                "s3" => {
                    let put = Request { method: "PUT", path: &place, ..Request::default() };
                    client.send(&put).await?;
                }
                "sqs" => {
                    let input = format!(r#"{{"QueueName":"{name}"}}"#);
                    let reply = sqs(client, "CreateQueue", input, 0, Expect::Success).await?;
                    place = text_member(reply, "QueueUrl").ok_or("a queue without URL")?;
                }
                _ => table::create(client, &place).await?,
            }
        }
        let work = Self { operation, payload, place, items };
        if let (Operation::Get(length), Server::Aws) = (operation, client.server) {
            work.put(client, "one", &[], &Payload::pattern(length)).await?;
        }
        Ok(work)
    }

    /// What has to be stored for `seconds` of this work, and how many turns that takes.
    pub(crate) fn fill(&self, seconds: f64) -> Option<(Self, u64)> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive")]
        let messages = (seconds * MESSAGES_PER_SECOND) as u64;
        let (operation, turns) = match self.operation {
            Operation::List => (Operation::FillBucket, KEYS),
            Operation::ReceiveDelete => (Operation::SendBatch, messages / 10),
            Operation::PutItem | Operation::GetItem | Operation::Query => {
                (Operation::FillTable, self.items / table::BATCH)
            }
            _ => return None,
        };
        let (payload, place) = (Payload::bytes("x"), self.place.clone());
        Some((Self { operation, payload, place, items: self.items }, turns))
    }

    /// Looks at the effect once, more closely than a measured turn can.
    pub(crate) async fn check(&self, client: &mut Client) -> Result<()> {
        match self.operation {
            Operation::Put(_) | Operation::PutTrailer => {
                self.turn(client, 0).await?;
                let length = if let Operation::Put(length) = self.operation { length } else { KIB };
                self.get(client, &self.key(0), length).await
            }
            Operation::List => {
                let page = Request { path: &self.place, query: PAGE, ..Request::default() };
                let page = String::from_utf8_lossy(client.send(&page).await?);
                let keys: Vec<_> = page.split("<Key>").skip(1).collect();
                let ends = (keys.first(), keys.last());
                match ends {
                    (Some(first), Some(last))
                        if keys.len() == 1000
                            && first.starts_with("key-0005000<")
                            && last.starts_with("key-0005999<") =>
                    {
                        Ok(())
                    }
                    _ => Err(format!("a page of {} keys: {ends:?}", keys.len()).into()),
                }
            }
            _ => Ok(()),
        }
    }

    /// Does the operation once, as the `turn`th; false when there is nothing left to do it to.
    pub(crate) async fn turn(&self, client: &mut Client, turn: u64) -> Result<bool> {
        match self.operation {
            Operation::Put(_) => self.put(client, &self.key(turn), &[], &self.payload).await?,
            Operation::PutTrailer => {
                let headers = [
                    ("content-encoding", "aws-chunked"),
                    ("x-amz-decoded-content-length", "1024"),
                    ("x-amz-sdk-checksum-algorithm", "CRC32"),
                    ("x-amz-trailer", "x-amz-checksum-crc32"),
                ];
                self.put(client, &self.key(turn), &headers, &self.payload).await?;
            }
            Operation::FillBucket => {
                self.put(client, &format!("key-{turn:07}"), &[], &self.payload).await?;
            }
            Operation::Get(length) => self.get(client, "one", length).await?,
            Operation::List => {
                let expect = Expect::Text("</NextContinuationToken>");
                let (path, query, answer) = (&self.place, PAGE, 230_000);
                let page = Request { path, query, answer, expect, ..Request::default() };
                client.send(&page).await?;
            }
            Operation::Send => {
                let input = format!(r#"{{"QueueUrl":"{}",{}}}"#, self.place, message(turn));
                sqs(client, "SendMessage", input, 150, Expect::Text("MessageId")).await?;
            }
            Operation::SendBatch => {
                let entry =
                    |n: u64| format!(r#"{{"Id":"e{n}",{}}}"#, message(turn.wrapping_mul(10) + n));
                let entries = (0..10).map(entry).collect::<Vec<_>>().join(",");
                let input = format!(r#"{{"QueueUrl":"{}","Entries":[{entries}]}}"#, self.place);
                sqs(client, "SendMessageBatch", input, 1400, Expect::Text("MessageId")).await?;
            }
            Operation::ReceiveDelete => return self.receive_and_delete(client).await,
            Operation::PutItem => table::put(client, &self.place, self.items + turn).await?,
            Operation::GetItem => table::get(client, &self.place, turn, self.items).await?,
            Operation::Query => table::query(client, &self.place, turn, self.items).await?,
            Operation::FillTable => table::put_batch(client, &self.place, turn).await?,
        }
        Ok(true)
    }

    async fn receive_and_delete(&self, client: &mut Client) -> Result<bool> {
        let queue = &self.place;
        let input =
            format!(r#"{{"QueueUrl":"{queue}","MaxNumberOfMessages":1,"VisibilityTimeout":300}}"#);
        let reply = sqs(client, "ReceiveMessage", input, 450, Expect::Success).await?;
        let handle = text_member(reply, "ReceiptHandle");
        let handle = match (handle, client.server) {
            (Some(handle), _) => handle,
            (None, Server::Limit { .. }) => "handle".into(),
            (None, Server::Aws) => return Ok(false),
        };
        let input = format!(r#"{{"QueueUrl":"{queue}","ReceiptHandle":"{handle}"}}"#);
        sqs(client, "DeleteMessage", input, 2, Expect::Success).await?;
        Ok(true)
    }

    async fn put(
        &self,
        client: &mut Client,
        key: &str,
        headers: &[(&str, &str)],
        payload: &Payload,
    ) -> Result<()> {
        let path = &format!("{}/{key}", self.place);
        client
            .send(&Request { method: "PUT", path, headers, payload, ..Request::default() })
            .await?;
        Ok(())
    }

    async fn get(&self, client: &mut Client, key: &str, length: u64) -> Result<()> {
        let (path, expect) = (&format!("{}/{key}", self.place), Expect::Pattern(length));
        client.send(&Request { path, answer: length, expect, ..Request::default() }).await?;
        Ok(())
    }

    /// The key of a turn's object.
    fn key(&self, turn: u64) -> String {
        match self.operation {
            Operation::Put(length) if length > MIB => format!("large-{}", turn % LARGE_OBJECTS),
            _ => format!("put-{turn:08}"),
        }
    }
}

/// The member of a message of about 100 bytes that differs from turn to turn.
fn message(turn: u64) -> String {
    format!(r#""MessageBody":"{turn:0100}""#)
}

/// The pattern in aws-chunked coding, in one chunk, followed by its checksum.
fn chunked(length: u64) -> Payload {
    let data = pattern::head(length);
    let crc32 = BASE64_STANDARD.encode(crc32fast::hash(data).to_be_bytes());
    let end = format!("\r\n0\r\nx-amz-checksum-crc32:{crc32}\r\n\r\n");
    let bytes = [format!("{length:x}\r\n").as_bytes(), data, end.as_bytes()].concat();
    Payload::named(bytes, "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
}

async fn sqs<'a>(
    client: &'a mut Client,
    operation: &str,
    input: String,
    answer: u64,
    expect: Expect,
) -> Result<&'a [u8]> {
    let target = &format!("AmazonSQS.{operation}");
    let headers = &[JSON, ("x-amz-target", target)];
    let payload = &Payload::bytes(input);
    let request =
        Request { method: "POST", headers, payload, answer, expect, ..Request::default() };
    client.send(&request).await
}

/// The first text member of that name in a JSON document that escapes nothing within it.
fn text_member(json: &[u8], name: &str) -> Option<String> {
    let (_, rest) = std::str::from_utf8(json).ok()?.split_once(&format!("\"{name}\""))?;
    rest.split('"').nth(1).map(str::to_owned)
}
