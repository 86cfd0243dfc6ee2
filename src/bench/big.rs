//! One object too large for memory, up and down: what streaming bodies are for.

use std::time::Instant;

use crate::client::{Client, Expect, Payload, Request, Result};
use crate::process;

const BUCKET: &str = "/bench-big";
const OBJECT: &str = "/bench-big/object";

/// Uploads the object in one request, downloads it, compares every byte and deletes it: one line of JSON
/// with the seconds each way and the server's peak memory in KiB after each.
pub(crate) async fn round_trip(
    client: &mut Client,
    length: u64,
    pid: Option<u32>,
) -> Result<String> {
    let peak = || pid.map_or(Ok(0), process::peak_memory);
    client.send(&Request { method: "PUT", path: BUCKET, ..Request::default() }).await?;

    let payload = &Payload::unsigned_pattern(length);
    let began = Instant::now();
    client.send(&Request { method: "PUT", path: OBJECT, payload, ..Request::default() }).await?;
    let (put_s, put_kib) = (began.elapsed().as_secs_f64(), peak()?);

    let (answer, expect) = (length, Expect::Pattern(length));
    let began = Instant::now();
    client.send(&Request { path: OBJECT, answer, expect, ..Request::default() }).await?;
    let (get_s, get_kib) = (began.elapsed().as_secs_f64(), peak()?);

    for path in [OBJECT, BUCKET] {
        client.send(&Request { method: "DELETE", path, ..Request::default() }).await?;
    }
    Ok(format!(
        r#"{{"put_s":{put_s:.2},"put_kib":{put_kib},"get_s":{get_s:.2},"get_kib":{get_kib}}}"#
    ))
}
