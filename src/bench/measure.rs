//! Runs an operation over all connections for a time, and counts.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use futures_util::TryStreamExt;
use futures_util::stream::FuturesUnordered;

use crate::client::{Client, Result, Server};
use crate::operations::{Operation, Work};
use crate::process;

/// How long filling may take, and how long after its time a run may still wait for replies.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);

pub(crate) struct Load {
    pub(crate) connections: usize,
    pub(crate) seconds: f64,
    /// Items in the table, where there is one.
    pub(crate) items: u64,
    /// The server's process.
    pub(crate) pid: Option<u32>,
}

/// A run in progress, shared by its connections.
pub(crate) struct Run {
    pub(crate) next: Cell<u64>,
    end: u64,
    until: Instant,
    last: Cell<Instant>,
    micros: RefCell<Vec<u32>>,
}

impl Run {
    /// Microseconds that so many of a hundred turns took at most.
    pub(crate) fn micros_of(&self, per_cent: usize) -> u32 {
        let mut micros = self.micros.borrow_mut();
        micros.sort_unstable();
        micros.get(micros.len().saturating_sub(1) * per_cent / 100).copied().unwrap_or_default()
    }
}

/// Measures the operation: one line of JSON.
pub(crate) async fn measure(
    load: &Load,
    operation: Operation,
    client: impl Fn() -> Client,
) -> Result<String> {
    let mut clients: Vec<_> = (0..load.connections).map(|_| client()).collect();
    let mut first = client();
    let work = Work::prepare(operation, &mut first, load.items).await?;
    if first.server == Server::Aws {
        if let Some((filling, turns)) = work.fill(load.seconds * 1.25) {
            drive(&filling, &mut clients, 0, turns, PATIENCE).await?;
        }
        work.check(&mut first).await?;
    }
    let time = Duration::from_secs_f64(load.seconds);
    let warm = drive(&work, &mut clients, 0, u64::MAX, time / 4).await?;

    let server = load.pid.unwrap_or_else(std::process::id);
    let (server_cpu, own_cpu) = (process::cpu(server)?, process::cpu(std::process::id())?);
    let began = Instant::now();
    let run = drive(&work, &mut clients, warm.next.get(), u64::MAX, time).await?;
    let server_cpu = process::cpu(server)? - server_cpu;
    let own_cpu = process::cpu(std::process::id())? - own_cpu;

    let elapsed = (run.last.get() - began).as_secs_f64();
    let (p50, p99, done) = (run.micros_of(50), run.micros_of(99), run.micros.borrow().len() as u64);
    if done == 0 {
        return Err("no turn was completed".into());
    }
    let (per_second, per_turn) = (1.0 / elapsed, 1e6 / count(done));
    let (rps, cpu, own) = (count(done) * per_second, server_cpu * per_turn, own_cpu * per_second);
    let speed = format!(r#""done":{done},"rps":{rps:.1},"p50_us":{p50},"p99_us":{p99}"#);
    Ok(format!(r#"{{{speed},"cpu_us":{cpu:.2},"client_cores":{own:.2}}}"#))
}

#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 turns")]
pub(crate) fn count(turns: u64) -> f64 {
    turns as f64
}

/// Keeps the connections busy until the last turn or the end of the time.
pub(crate) async fn drive(
    work: &Work,
    clients: &mut [Client],
    start: u64,
    end: u64,
    time: Duration,
) -> Result<Run> {
    let now = Instant::now();
    let run = Run {
        next: Cell::new(start),
        end,
        until: now + time,
        last: Cell::new(now),
        micros: RefCell::default(),
    };
    let all: FuturesUnordered<_> =
        clients.iter_mut().map(|client| connection(work, client, &run)).collect();
    // Tokio's budget would have a busy connection's turn stand back for its neighbours.
    let all = tokio::task::unconstrained(all.try_collect::<()>());
    tokio::time::timeout(time + PATIENCE, all).await??;
    Ok(run)
}

async fn connection(work: &Work, client: &mut Client, run: &Run) -> Result<()> {
    while run.next.get() < run.end && Instant::now() < run.until {
        let turn = run.next.get();
        run.next.set(turn + 1);
        let began = Instant::now();
        if !work.turn(client, turn).await? {
            break;
        }
        let ended = Instant::now();
        run.last.set(ended);
        let micros = (ended - began).as_micros();
        run.micros.borrow_mut().push(u32::try_from(micros).unwrap_or(u32::MAX));
    }
    Ok(())
}
