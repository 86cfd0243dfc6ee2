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
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded; charset=utf-8");

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
    /// To a topic with one queue.
    Publish,
    CallerIdentity,
    /// Receives ten messages and keeps them; not measured itself.
    Receive,
    /// Stores the keys that `List` lists; not measured itself.
    FillBucket,
}

impl Operation {
    /// What can be measured, by name.
    pub(crate) const ALL: [(&str, Self); 14] = [
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
        ("sns_publish_sqs", Self::Publish),
        ("sts_caller", Self::CallerIdentity),
    ];

    pub(crate) fn service(self) -> &'static str {
        match self {
            Self::Send | Self::SendBatch | Self::ReceiveDelete | Self::Receive => "sqs",
            Self::Publish => "sns",
            Self::CallerIdentity => "sts",
            Self::PutItem | Self::GetItem | Self::Query | Self::FillTable => "dynamodb",
            _ => "s3",
        }
    }
}

/// An operation and the bucket, queue or topic that it is done to.
pub(crate) struct Work {
    operation: Operation,
    payload: Payload,
    /// The bucket's path, the queue's URL, the topic's ARN or the table's name.
    place: String,
    /// Items that the table has beforehand.
    items: u64,
    fifo: bool,
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
        let place = match (operation.service(), client.server) {
            ("s3", Server::Aws) => {
                let path = &format!("/{name}");
                client.send(&Request { method: "PUT", path, ..Request::default() }).await?;
                path.clone()
            }
            ("s3", _) => format!("/{name}"),
            ("sqs", Server::Aws) => create_queue(client, &name, "{}").await?,
            ("sqs", _) => format!("http://localhost/{name}"),
            ("sns", Server::Aws) => topic_with_queue(client, &name).await?,
            ("dynamodb", Server::Aws) => {
                table::create(client, &name).await?;
                name
            }
            _ => name,
        };
        let work = Self { operation, payload, place, items, fifo: false };
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
        Some((Self { payload: Payload::bytes("x"), ..self.other(operation) }, turns))
    }

    /// Another operation on the same thing.
    pub(crate) fn other(&self, operation: Operation) -> Self {
        let (payload, place) = (Payload::pattern(0), self.place.clone());
        Self { operation, payload, place, items: self.items, fifo: self.fifo }
    }

    /// Sending to a new queue.
    pub(crate) async fn queue(client: &mut Client, fifo: bool) -> Result<Self> {
        let name = format!("depth-{:x}", std::process::id());
        let (name, attributes) =
            if fifo { (format!("{name}.fifo"), r#"{"FifoQueue":"true"}"#) } else { (name, "{}") };
        let place = create_queue(client, &name, attributes).await?;
        Ok(Self { operation: Operation::Send, payload: Payload::pattern(0), place, items: 0, fifo })
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
                let input = format!(r#"{{"QueueUrl":"{}",{}}}"#, self.place, self.message(turn));
                sqs(client, "SendMessage", input, 150, Expect::Text("MessageId")).await?;
            }
            Operation::SendBatch => {
                let message = |n| self.message(turn.wrapping_mul(10) + n);
                let entry = |n: u64| format!(r#"{{"Id":"e{n}",{}}}"#, message(n));
                let entries = (0..10).map(entry).collect::<Vec<_>>().join(",");
                let input = format!(r#"{{"QueueUrl":"{}","Entries":[{entries}]}}"#, self.place);
                sqs(client, "SendMessageBatch", input, 1400, Expect::Text("MessageId")).await?;
            }
            Operation::ReceiveDelete => return self.receive_and_delete(client).await,
            Operation::PutItem => table::put(client, &self.place, self.items + turn).await?,
            Operation::GetItem => table::get(client, &self.place, turn, self.items).await?,
            Operation::Query => table::query(client, &self.place, turn, self.items).await?,
            Operation::FillTable => table::put_batch(client, &self.place, turn).await?,
            Operation::Receive => {
                let most = r#""MaxNumberOfMessages":10,"VisibilityTimeout":43200"#;
                let input = format!(r#"{{"QueueUrl":"{}",{most}}}"#, self.place);
                sqs(client, "ReceiveMessage", input, 4500, Expect::Text("MessageId")).await?;
            }
            Operation::Publish => {
                let input = format!("&TopicArn={}&Message={turn:0100}", self.place);
                form(client, "Publish", "2010-03-31", &input, 294, "<MessageId>").await?;
            }
            Operation::CallerIdentity => {
                form(client, "GetCallerIdentity", "2011-06-15", "", 404, "<Arn>").await?;
            }
        }
        Ok(true)
    }

    /// The members of a message of about 100 bytes that differ from turn to turn. Groups of a FIFO
    /// queue have ten messages.
    fn message(&self, turn: u64) -> String {
        let body = format!(r#""MessageBody":"{turn:0100}""#);
        if !self.fifo {
            return body;
        }
        let group = turn / 10;
        format!(r#"{body},"MessageGroupId":"g{group}","MessageDeduplicationId":"d{turn}""#)
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

/// A new queue's URL.
async fn create_queue(client: &mut Client, name: &str, attributes: &str) -> Result<String> {
    let input = format!(r#"{{"QueueName":"{name}","Attributes":{attributes}}}"#);
    let reply = sqs(client, "CreateQueue", input, 0, Expect::Success).await?;
    text_member(reply, "QueueUrl").ok_or_else(|| "a queue without URL".into())
}

/// The ARN of a new topic, which a new queue subscribes to.
async fn topic_with_queue(client: &mut Client, name: &str) -> Result<String> {
    create_queue(&mut client.to("sqs"), name, "{}").await?;
    let version = "2010-03-31";
    let input = format!("&Name={name}");
    let reply = form(client, "CreateTopic", version, &input, 0, "<TopicArn>").await?;
    let reply = String::from_utf8_lossy(reply).into_owned();
    let topic = reply.split(['<', '>']).skip_while(|&tag| tag != "TopicArn").nth(1);
    let topic = topic.ok_or("a topic without ARN")?.to_owned();
    let queue = topic.replace(":sns:", ":sqs:");
    let input = format!("&TopicArn={topic}&Protocol=sqs&Endpoint={queue}");
    form(client, "Subscribe", version, &input, 0, "<SubscriptionArn>").await?;
    Ok(topic)
}

/// Calls an operation in the query protocol.
async fn form<'a>(
    client: &'a mut Client,
    action: &str,
    version: &str,
    input: &str,
    answer: u64,
    expect: &'static str,
) -> Result<&'a [u8]> {
    let payload = &Payload::bytes(format!("Action={action}&Version={version}{input}"));
    let (headers, expect) = (&[FORM], Expect::Text(expect));
    let request =
        Request { method: "POST", headers, payload, answer, expect, ..Request::default() };
    client.send(&request).await
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
