//! Objects too large for memory, up and down: what streaming bodies are for.

use std::fmt::Write;
use std::time::Instant;

use crate::client::{Client, Expect, Payload, Request, Result};
use crate::{pattern, process};

const BUCKET: &str = "/bench-big";
const OBJECT: &str = "/bench-big/object";
/// How many parts a multipart upload has.
const PARTS: u64 = 5;

/// Uploads an object in one request and again in parts, downloads and compares both, deletes it: a
/// line of JSON with the seconds of each step, and the server's peak memory in KiB after it.
pub(crate) async fn round_trips(
    client: &mut Client,
    length: u64,
    pid: Option<u32>,
) -> Result<String> {
    client.send(&Request { method: "PUT", path: BUCKET, ..Request::default() }).await?;
    let mut steps = Vec::new();
    for step in ["upload", "download", "upload in parts", "download of parts"] {
        let began = Instant::now();
        match step {
            "upload" => {
                let payload = &Payload::unsigned_pattern(length);
                let put = Request { method: "PUT", path: OBJECT, payload, ..Request::default() };
                client.send(&put).await?;
            }
            "upload in parts" => upload_in_parts(client, length).await?,
            _ => {
                let expect = Expect::Pattern(length);
                let get = Request { path: OBJECT, answer: length, expect, ..Request::default() };
                client.send(&get).await?;
            }
        }
        let seconds = began.elapsed().as_secs_f64();
        let peak = pid.map_or(Ok(0), process::peak_memory)?;
        steps.push(format!(r#"{{"step":"{step}","seconds":{seconds:.2},"peak_kib":{peak}}}"#));
    }
    for path in [OBJECT, BUCKET] {
        client.send(&Request { method: "DELETE", path, ..Request::default() }).await?;
    }
    Ok(format!("[{}]", steps.join(",")))
}

async fn upload_in_parts(client: &mut Client, length: u64) -> Result<()> {
    let start = Request { method: "POST", path: OBJECT, query: "uploads=", ..Request::default() };
    let reply = String::from_utf8_lossy(client.send(&start).await?);
    let id = reply.split(['<', '>']).skip_while(|&tag| tag != "UploadId").nth(1);
    // AWS's own ids need no encoding in a query either.
    let id = format!("uploadId={}", id.ok_or("no UploadId")?);

    // Whole blocks, so that the parts together are the pattern again.
    let size = length.div_ceil(PARTS).next_multiple_of(pattern::BLOCK as u64);
    let mut parts = String::new();
    for (number, start) in (1..).zip((0..length).step_by(usize::try_from(size)?)) {
        let payload = &Payload::unsigned_pattern(size.min(length - start));
        let query = &format!("partNumber={number}&{id}");
        let part = Request { method: "PUT", path: OBJECT, query, payload, ..Request::default() };
        client.send(&part).await?;
        let tag = client.etag();
        write!(parts, "<Part><PartNumber>{number}</PartNumber><ETag>{tag}</ETag></Part>")?;
    }
    let list = format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>");
    let (query, payload) = (&id, &Payload::bytes(list));
    // A failure to complete is a success by status, told from one in the body.
    let expect = Expect::Text("</CompleteMultipartUploadResult>");
    let complete =
        Request { method: "POST", path: OBJECT, query, payload, expect, ..Request::default() };
    client.send(&complete).await?;
    Ok(())
}
