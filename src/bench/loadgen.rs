//! The load generator behind `scripts/bench`: one thread that keeps `--conc` connections busy with
//! one operation, each sending its next request when the reply to its last is read and checked.
//!
//! `cumulet-bench` is a tool of the people who work on Cumulet. No crate depends on it, and nothing
//! of it ships. It stands by itself, down to its own signing, so that a mistake of the server's
//! crates cannot hide behind the same mistake here. One line of JSON on stdout has the figures; any
//! reply that is not right ends the run with an error.

mod big;
mod client;

mod measure;
mod operations;
mod pattern;
mod process;
mod queue;
mod sign;
mod table;

use std::io::Write;
use std::net::SocketAddr;

use client::{Client, Result, Server};
use lexopt::prelude::{Long, Short, Value, ValueExt};
use measure::Load;
use operations::Operation;

const HELP: &str = "\
Usage: loadgen [OPTIONS] ADDRESS OPERATION
       loadgen --big BYTES [OPTIONS] ADDRESS
       loadgen --queue MESSAGES [--fifo] [OPTIONS] ADDRESS
       loadgen --list

  --conc N     connections (1)
  --secs S     how long to measure (1); a quarter of it is spent beforehand to warm up
  --items N    items in the table beforehand (100000)
  --pid PID    the server's process, for its CPU time and memory
  --limit      the server is `limit`
  --limit-md5  the server is `limit` and is to hash uploads
  --big BYTES  uploads, downloads and deletes objects of that size
  --queue N    measures a queue with so many messages
  --list       prints the operations";

struct Options {
    load: Load,
    server: Server,
    big: Option<u64>,
    queue: Option<u64>,
    fifo: bool,
    list: bool,
    places: Vec<String>,
}

fn options() -> Result<Options> {
    let mut options = Options {
        load: Load { connections: 1, seconds: 1.0, items: 100_000, pid: None },
        server: Server::Aws,
        big: None,
        queue: None,
        fifo: false,
        list: false,
        places: Vec::new(),
    };
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("conc") => options.load.connections = arguments.value()?.parse()?,
            Long("secs") => options.load.seconds = arguments.value()?.parse()?,
            Long("items") => options.load.items = arguments.value()?.parse()?,
            Long("pid") => options.load.pid = Some(arguments.value()?.parse()?),
            Long("limit") => options.server = Server::Limit { md5: false },
            Long("limit-md5") => options.server = Server::Limit { md5: true },
            Long("big") => options.big = Some(arguments.value()?.parse()?),
            Long("queue") => options.queue = Some(arguments.value()?.parse()?),
            Long("fifo") => options.fifo = true,
            Long("list") => options.list = true,
            Long("help") | Short('h') => return Err(HELP.into()),
            Value(place) => options.places.push(place.string()?),
            _ => return Err(argument.unexpected().into()),
        }
    }
    Ok(options)
}

fn run(options: &Options) -> Result<String> {
    if options.list {
        return Ok(Operation::ALL.map(|(name, _)| name).join("\n"));
    }
    let mut places = options.places.iter();
    let address: SocketAddr = places.next().ok_or(HELP)?.parse()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    if let Some(bytes) = options.big {
        let mut client = Client::new(address, options.server, "s3");
        return runtime.block_on(big::round_trips(&mut client, bytes, options.load.pid));
    }
    if let Some(messages) = options.queue {
        let client = || Client::new(address, options.server, "sqs");
        return runtime.block_on(queue::measure(&options.load, messages, options.fifo, client));
    }
    let wanted = places.next().ok_or(HELP)?;
    let (_, operation) =
        Operation::ALL.into_iter().find(|(name, _)| name == wanted).ok_or("no such operation")?;
    let client = || Client::new(address, options.server, operation.service());
    runtime.block_on(measure::measure(&options.load, operation, client))
}

fn main() -> std::process::ExitCode {
    match options().and_then(|options| run(&options)) {
        Ok(line) => {
            let written = writeln!(std::io::stdout(), "{line}");
            written.map_or(std::process::ExitCode::FAILURE, |()| std::process::ExitCode::SUCCESS)
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error}");
            std::process::ExitCode::FAILURE
        }
    }
}
