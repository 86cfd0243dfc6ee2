//! Writes a new blob: into memory as long as there is room for it, else into a file.
//!
//! Bytes are gathered and go to the file in pieces on a blocking thread, while the next piece is
//! gathered: a disk that is full of unwritten pages can stall a write for seconds, and there may
//! be as few as two worker threads. What goes to a file takes the memory of two pieces.

use std::io::{self, Write as _};
use std::mem;
use std::sync::Arc;

use bytes::Bytes;
use cumulet_core::AwsError;
use tokio::task::{JoinError, JoinHandle};

use crate::blob::{Blob, PIECE};
use crate::blobs::{Room, Spool};

/// Writes one blob. Dropped unfinished, it leaves nothing behind.
#[derive(Debug)]
pub struct BlobWriter {
    room: Arc<Room>,
    buffer: Vec<u8>,
    len: u64,
    before: Before,
}

/// What went before the buffer.
#[derive(Debug)]
enum Before {
    /// Pieces in memory.
    Memory(Vec<Bytes>),
    /// Pieces on their way to the file; the last comes back with the file.
    File(JoinHandle<io::Result<(Spool, Bytes)>>),
    Failed,
}

impl BlobWriter {
    pub(crate) fn new(room: Arc<Room>) -> Self {
        Self { room, buffer: Vec::new(), len: 0, before: Before::Memory(Vec::new()) }
    }

    /// How many bytes were written.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// True if nothing was written.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Writes on until a piece is full: that piece, for whoever wants to look at it too.
    ///
    /// # Errors
    /// 503 `ServiceUnavailable` if there is no room, 500 `InternalFailure` if the disk fails. Nothing
    /// can be written after that.
    pub async fn write(&mut self, bytes: &mut &[u8]) -> Result<Option<Bytes>, AwsError> {
        if self.buffer.capacity() == 0 && self.len > 0 {
            self.buffer.reserve_exact(PIECE);
        }
        let room = PIECE.saturating_sub(self.buffer.len());
        let (now, later) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
        self.buffer.extend_from_slice(now);
        self.len += now.len() as u64;
        *bytes = later;
        if self.buffer.len() < PIECE { Ok(None) } else { self.flush().await.map(Some) }
    }

    /// The blob, and its last piece, which is not full.
    ///
    /// # Errors
    /// Those of [`BlobWriter::write`].
    pub async fn finish(mut self) -> Result<(Blob, Bytes), AwsError> {
        let last = if self.buffer.is_empty() { Bytes::new() } else { self.flush().await? };
        let blob = match self.before {
            Before::Memory(pieces) => Blob::concat(pieces.into_iter().map(Blob::from)),
            Before::File(writing) => Blob::file(written(writing.await)?.0.blob, self.len),
            Before::Failed => return Err(broken()),
        };
        Ok((blob, last))
    }

    /// May be dropped at its await: nothing has moved by then.
    async fn flush(&mut self) -> Result<Bytes, AwsError> {
        let (spool, mut pieces, spare) = match &mut self.before {
            Before::Memory(pieces) => (None, mem::take(pieces), Vec::new()),
            Before::File(writing) => {
                let done = writing.await;
                self.before = Before::Failed;
                let (spool, piece) = written(done)?;
                (Some(spool), Vec::new(), reused(piece))
            }
            Before::Failed => return Err(broken()),
        };
        let piece = Bytes::from(mem::replace(&mut self.buffer, spare).into_boxed_slice());
        let kept = match spool {
            None => self.room.keep(&piece, self.len)?,
            Some(_) => None,
        };
        self.before = if let Some(kept) = kept {
            pieces.push(kept);
            Before::Memory(pieces)
        } else {
            pieces.push(piece.clone());
            let room = Arc::clone(&self.room);
            Before::File(tokio::task::spawn_blocking(move || {
                let mut spool = spool.map_or_else(|| room.create(), Ok)?;
                pieces.iter().try_for_each(|piece| spool.file.write_all(piece))?;
                Ok((spool, pieces.pop().unwrap_or_default()))
            }))
        };
        Ok(piece)
    }
}

/// The memory of a piece that is written, if nobody looks at it any more.
fn reused(piece: Bytes) -> Vec<u8> {
    let mut room = if piece.is_unique() { Vec::from(piece) } else { Vec::new() };
    room.clear();
    room
}

fn written<T>(done: Result<io::Result<T>, JoinError>) -> Result<T, AwsError> {
    done.map_err(io::Error::other).flatten().map_err(|error| failed(&error))
}

fn broken() -> AwsError {
    AwsError::internal("the body could not be written")
}

fn failed(error: &io::Error) -> AwsError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            log::error!("a body could not be written: {error}");
            let message = "There is no space left on the disk that keeps the bodies.";
            AwsError::new("ServiceUnavailable", 503, message)
        }
        _ => AwsError::internal(format!("a body could not be written: {error}")),
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs;

    use crate::blobs::Blobs;

    use super::*;

    #[test]
    fn a_full_disk_says_so_and_keeps_nothing() {
        let blobs = Blobs::open(None, &std::env::temp_dir()).unwrap();
        let mut spool = blobs.room().create().unwrap();
        spool.file = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let error = failed(&spool.file.write_all(b"x").unwrap_err());
        drop(spool);
        assert_eq!((error.code(), error.status().as_u16()), ("ServiceUnavailable", 503));
        assert_eq!(fs::read_dir(blobs.folder().unwrap()).unwrap().count(), 0);
    }
}
