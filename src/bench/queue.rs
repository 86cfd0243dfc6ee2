//! Queues that hold many messages: what an operation costs there, and what a message takes.

use std::fmt::Write;
use std::time::Duration;

use crate::client::{Client, Result};
use crate::measure::{Load, PATIENCE, count, drive};
use crate::operations::{Operation, Work};
use crate::process;

/// FIFO queues have fewer messages in flight than a quarter of many (SQS quotas: 120,000).
const FIFO_IN_FLIGHT: u64 = 100_000;

/// Fills a queue, measures, takes a quarter of it in flight and measures again: a line of JSON with
/// the median microseconds of each, the server's CPU time for it, and the bytes of memory that a message took.
pub(crate) async fn measure(
    load: &Load,
    messages: u64,
    fifo: bool,
    client: impl Fn() -> Client,
) -> Result<String> {
    let mut clients: Vec<_> = (0..load.connections).map(|_| client()).collect();
    let pid = load.pid.unwrap_or_else(std::process::id);
    let send = Work::queue(&mut client(), fifo).await?;
    let fill = send.other(Operation::SendBatch);
    // The first messages bring what is there once for all of them.
    drive(&fill, &mut clients, 0, 10, PATIENCE).await?;
    let before = process::resident_memory(pid)?;
    drive(&fill, &mut clients, 10, messages / 10, PATIENCE).await?;
    let bytes = (process::resident_memory(pid)? - before) * 1024 / (messages - 100).max(1);
    let steps = [
        ("send", send.other(Operation::Send)),
        ("receive_delete", send.other(Operation::ReceiveDelete)),
    ];
    let time = Duration::from_secs_f64(load.seconds);
    let mut next = messages;
    let mut figures = format!(r#""messages":{messages},"bytes_each":{bytes}"#);
    for state in ["stored", "in_flight"] {
        if state == "in_flight" {
            let taken = if fifo { FIFO_IN_FLIGHT.min(messages / 4) } else { messages / 4 };
            let receive = send.other(Operation::Receive);
            drive(&receive, &mut clients, 0, taken / 10, PATIENCE).await?;
        }
        for (name, work) in &steps {
            let cpu = process::cpu(pid)?;
            let run = drive(work, &mut clients, next, u64::MAX, time).await?;
            let cpu = (process::cpu(pid)? - cpu) * 1e6 / count((run.next.get() - next).max(1));
            next = run.next.get();
            let p50 = run.micros_of(50);
            write!(figures, r#","{name}_{state}":{{"p50_us":{p50},"cpu_us":{cpu:.2}}}"#)?;
        }
    }
    Ok(format!("{{{figures}}}"))
}
