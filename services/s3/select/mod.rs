//! S3 Select: SQL over one object, as `SelectObjectContent` asks for it. Bytes come in as a body
//! and events go out, with one record in memory. It knows no object, no bucket and no wire;
//! Parquet is refused.

mod ast;
mod csv;
mod errors;
mod evaluate;
mod function;
mod json;
mod lexer;
mod like;
mod moment;
mod output;
mod parser;
mod pattern;
mod records;
mod request;
#[cfg(test)]
mod tests;
mod value;

use std::future::poll_fn;
use std::ops::Range;
use std::task::Poll;

use bytes::Bytes;
use cumulet_compress::Unpacker;
use cumulet_core::{AwsError, Body, Timestamp};

use ast::Query;
use evaluate::Row;
use output::Sink;
use records::Records;
pub(crate) use request::Request;
use request::{Header, Input, columns};
use value::Value;

/// Bytes of a record, read or written (AWS's `maxCharsPerRecord`).
const RECORD_MAX: usize = 1 << 20;
/// Bytes of one value of a JSON document, whose rows are records. AWS has no figure for it; it is
/// held as text while a path goes through it.
const DOCUMENT_MAX: usize = 16 << 20;
/// Bytes that a compressed object may hold: as many as an object.
const UNPACKED_MAX: u64 = 5 << 40;
/// Bytes that are unpacked at once.
const PACKED_PIECE: usize = 64 << 10;
/// Bytes of a Records event, about.
const RECORDS_SIZE: usize = 64 << 10;
/// After so many bytes without a sign of life there is one.
const QUIET_MAX: u64 = 16 << 20;

/// A message of the answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Records(Bytes),
    Cont,
    Progress(Stats),
    Stats(Stats),
    End,
}

/// Bytes so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stats {
    /// Read.
    pub(crate) scanned: u64,
    /// Read, after unpacking.
    pub(crate) processed: u64,
    pub(crate) returned: u64,
}

/// What is next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Rows,
    /// The records that nobody has taken yet, and then the error if there is one.
    Records,
    Progress,
    Stats,
    End,
    Over,
}

/// A query under way.
pub(crate) struct Selection {
    body: Body,
    /// If the object is compressed, and what it has not been given yet.
    unpacker: Option<Unpacker>,
    packed: Bytes,
    query: Query,
    input: Input,
    records: Records,
    sink: Sink,
    /// Columns of the query's paths in CSV; `None` before the header is read.
    columns: Option<Vec<Option<usize>>>,
    /// Records that begin outside are passed over.
    range: (u64, u64),
    progress: bool,
    scanned: u64,
    processed: u64,
    quiet: u64,
    returned: u64,
    stage: Stage,
    /// What ended it, if that was no end.
    error: Option<AwsError>,
}

impl Selection {
    /// Asks `request` of a body of `size` bytes.
    #[inline(never)]
    pub(crate) fn new(
        request: Request,
        size: u64,
        body: Body,
        now: Timestamp,
    ) -> Result<Self, AwsError> {
        let (range, records) = (request.range(size)?, request.records());
        let Request { query, input, output, progress, compression, .. } = request;
        let columns = match &input {
            Input::Csv(csv) if csv.header == Header::None => Some(columns(&query.paths, None)?),
            _ => None,
        };
        Ok(Self {
            body,
            unpacker: compression.map(|format| Unpacker::new(format, UNPACKED_MAX)),
            packed: Bytes::new(),
            sink: Sink::new(output, &query, now),
            query,
            input,
            records,
            columns,
            range,
            progress,
            scanned: 0,
            processed: 0,
            quiet: 0,
            returned: 0,
            stage: Stage::Rows,
            error: None,
        })
    }

    /// The next event. An error is the last; before any event it is the request's answer.
    pub(crate) async fn next(&mut self) -> Option<Result<Event, AwsError>> {
        while self.stage == Stage::Rows {
            if self.sink.written.len() >= RECORDS_SIZE {
                return Some(Ok(self.take_records()));
            }
            let step = match self.step() {
                Ok(true) => Ok(None),
                Ok(false) => self.fill().await,
                Err(error) => Err(error),
            };
            match step {
                Ok(None) => {}
                Ok(Some(event)) => return Some(Ok(event)),
                Err(error) => (self.error, self.stage) = (Some(error), Stage::Records),
            }
        }
        self.last()
    }

    /// What comes after the last row.
    fn last(&mut self) -> Option<Result<Event, AwsError>> {
        if self.stage == Stage::Records {
            self.stage = Stage::Progress;
            if !self.sink.written.is_empty() {
                return Some(Ok(self.take_records()));
            }
        }
        if let Some(error) = self.error.take() {
            self.stage = Stage::Over;
            return Some(Err(error));
        }
        if self.stage == Stage::Progress {
            self.stage = Stage::Stats;
            if self.progress {
                return Some(Ok(Event::Progress(self.stats())));
            }
        }
        let (event, next) = match self.stage {
            Stage::Stats => (Event::Stats(self.stats()), Stage::End),
            Stage::End => (Event::End, Stage::Over),
            _ => return None,
        };
        self.stage = next;
        Some(Ok(event))
    }

    /// Takes one record; false if there is none before more bytes.
    fn step(&mut self) -> Result<bool, AwsError> {
        let more = self.sink.wants_more();
        if more {
            let Some((at, record)) = self.records.next()? else { return Ok(false) };
            if at <= self.range.1 && self.record(at, record)? {
                return Ok(true);
            }
        }
        self.end()?;
        Ok(true)
    }

    /// More bytes, or the end.
    async fn fill(&mut self) -> Result<Option<Event>, AwsError> {
        yield_once().await;
        if let Some(unpacker) = &mut self.unpacker {
            if let Some(bytes) = unpacker.piece().map_err(errors::decompression)? {
                return Ok(self.take(&bytes));
            }
            if !self.packed.is_empty() {
                let piece = self.packed.split_to(self.packed.len().min(PACKED_PIECE));
                unpacker.push(&piece);
                return Ok(None);
            }
        }
        match self.body.next().await.transpose()? {
            None if self.records.is_ended() => self.end()?,
            None => {
                if let Some(unpacker) = &self.unpacker {
                    unpacker.end().map_err(errors::decompression)?;
                }
                self.records.end();
            }
            Some(bytes) => {
                self.scanned += bytes.len() as u64;
                if self.unpacker.is_none() {
                    return Ok(self.take(&bytes));
                }
                self.packed = bytes;
            }
        }
        Ok(None)
    }

    /// Takes bytes of records; now and then there is a sign of life.
    fn take(&mut self, bytes: &[u8]) -> Option<Event> {
        self.records.push(bytes);
        self.processed += bytes.len() as u64;
        self.quiet += bytes.len() as u64;
        if self.quiet <= QUIET_MAX {
            return None;
        }
        self.quiet = 0;
        let stats = self.stats();
        Some(if self.progress { Event::Progress(stats) } else { Event::Cont })
    }

    fn end(&mut self) -> Result<(), AwsError> {
        self.stage = Stage::Records;
        self.sink.end(&self.query)
    }

    fn take_records(&mut self) -> Event {
        let written = std::mem::take(&mut self.sink.written);
        self.quiet = 0;
        self.returned += written.len() as u64;
        Event::Records(written.into())
    }

    fn stats(&self) -> Stats {
        let (first, last) = self.range;
        let in_range = |read: u64| read.min(last.saturating_add(1)).saturating_sub(first);
        let (scanned, processed) = (in_range(self.scanned), in_range(self.processed));
        Stats { scanned, processed, returned: self.returned }
    }

    /// False when no more are wanted.
    fn record(&mut self, at: u64, record: Range<usize>) -> Result<bool, AwsError> {
        let Self { query, input, records, sink, .. } = self;
        let mut text = records.text(record)?;
        let Input::Csv(csv) = input else {
            if at < self.range.0 || text.trim_ascii().is_empty() {
                return Ok(true);
            }
            json::rows(text, &query.from, &mut |value| {
                sink.row(query, Row::Value(&value, &query.paths))
            })?;
            return Ok(sink.wants_more());
        };
        if csv.any_newline {
            text = text.strip_suffix('\r').unwrap_or(text);
        }
        let comment = !csv.comments.is_empty() && text.starts_with(&csv.comments);
        if text.is_empty() || comment {
            return Ok(true);
        }
        let Some(columns) = &self.columns else {
            if csv.header == Header::Use {
                sink.header = csv.dialect.fields(text)?.iter().map(Value::text).collect();
            }
            let header = (csv.header == Header::Use).then_some(sink.header.as_slice());
            self.columns = Some(columns(&query.paths, header)?);
            return Ok(true);
        };
        if at < self.range.0 {
            return Ok(true);
        }
        let fields = csv.dialect.fields(text)?;
        sink.row(query, Row::Fields(&fields, columns))
    }
}

/// Lets others run: bytes at hand never wait, however many there are.
async fn yield_once() {
    let mut yielded = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
