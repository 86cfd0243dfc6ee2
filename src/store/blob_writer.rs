//! Writes a new blob: small ones into memory, larger ones into a file.
//!
//! Bytes are gathered and go to the file in pieces on a blocking thread, while the next piece is
//! gathered: a disk that is full of unwritten pages can stall a write for seconds, and there may
//! be as few as two worker threads. Memory stays flat: two pieces.

use std::io::{self, Write as _};
use std::sync::Arc;

use bytes::Bytes;
use cumulet_core::AwsError;
use tokio::task::JoinHandle;

use crate::blob::{Blob, PIECE};
use crate::blobs::{Reserved, Room, SMALL_MAX, Spool};

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
    Nothing,
    /// Pieces that stay in memory.
    Memory(Vec<Blob>),
    /// A piece on its way to the file; comes back with the file and its buffer.
    File(JoinHandle<io::Result<(Spool, Vec<u8>)>>),
    Failed,
}

impl BlobWriter {
    pub(crate) fn new(room: Arc<Room>) -> Self {
        Self { room, buffer: Vec::new(), len: 0, before: Before::Nothing }
    }

    /// How many bytes were written.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// True if nothing was written.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Writes on.
    ///
    /// # Errors
    /// 503 `ServiceUnavailable` if there is no room, 500 `InternalFailure` if the disk fails. Nothing
    /// can be written after that.
    pub async fn write(&mut self, mut bytes: &[u8]) -> Result<(), AwsError> {
        while !bytes.is_empty() {
            let limit = if matches!(self.before, Before::Nothing) { SMALL_MAX } else { PIECE };
            let room = limit.saturating_sub(self.buffer.len()).min(bytes.len());
            let (now, later) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
            self.buffer.extend_from_slice(now);
            self.len += now.len() as u64;
            bytes = later;
            if !bytes.is_empty() {
                self.flush().await?;
            }
        }
        Ok(())
    }

    /// The blob.
    ///
    /// # Errors
    /// Those of [`BlobWriter::write`].
    pub async fn finish(mut self) -> Result<Blob, AwsError> {
        if matches!(self.before, Before::File(_)) {
            self.flush().await?;
        }
        match self.before {
            Before::Nothing => keep(&self.room, self.buffer),
            Before::Memory(mut pieces) => {
                pieces.push(keep(&self.room, self.buffer)?);
                Ok(Blob::concat(pieces))
            }
            Before::File(writing) => {
                let written = writing.await.map_err(io::Error::other).flatten();
                let (spool, _) = written.map_err(|error| failed(&error))?;
                Ok(Blob::file(spool.blob, self.len))
            }
            Before::Failed => Err(AwsError::internal("the body could not be written")),
        }
    }

    async fn flush(&mut self) -> Result<(), AwsError> {
        let result = self.try_flush().await;
        if result.is_err() {
            self.before = Before::Failed;
        }
        result
    }

    /// May be dropped at its await: nothing has moved by then.
    async fn try_flush(&mut self) -> Result<(), AwsError> {
        let (spool, spare) = match &mut self.before {
            Before::Nothing if self.room.is_memory() => {
                self.before = Before::Memory(Vec::new());
                return Ok(());
            }
            Before::Nothing => (None, Vec::new()),
            Before::Memory(pieces) => {
                pieces.push(keep(&self.room, std::mem::take(&mut self.buffer))?);
                return Ok(());
            }
            Before::File(writing) => {
                let written = writing.await.map_err(io::Error::other).flatten();
                let (spool, spare) = written.map_err(|error| failed(&error))?;
                (Some(spool), spare)
            }
            Before::Failed => return Err(AwsError::internal("the body could not be written")),
        };
        let full = std::mem::replace(&mut self.buffer, spare);
        let room = Arc::clone(&self.room);
        self.before = Before::File(tokio::task::spawn_blocking(move || {
            let spool = spool.map_or_else(|| room.create(), Ok)?;
            write_piece(spool, full)
        }));
        Ok(())
    }
}

fn write_piece(mut spool: Spool, mut piece: Vec<u8>) -> io::Result<(Spool, Vec<u8>)> {
    spool.file.write_all(&piece)?;
    piece.clear();
    Ok((spool, piece))
}

/// Bytes that stay in memory: one allocation of their exact size.
fn keep(room: &Arc<Room>, bytes: Vec<u8>) -> Result<Blob, AwsError> {
    struct Kept(Box<[u8]>, #[expect(dead_code, reason = "held until the bytes go")] Reserved);
    impl AsRef<[u8]> for Kept {
        fn as_ref(&self) -> &[u8] {
            &self.0
        }
    }
    Ok(Blob::from(match room.reserve(bytes.len())? {
        Some(reserved) => Bytes::from_owner(Kept(bytes.into_boxed_slice(), reserved)),
        None => Bytes::from(bytes.into_boxed_slice()),
    }))
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
        let error = failed(&write_piece(spool, vec![1; 10]).unwrap_err());
        assert_eq!((error.code(), error.status().as_u16()), ("ServiceUnavailable", 503));
        assert_eq!(fs::read_dir(blobs.folder().unwrap()).unwrap().count(), 0);
    }
}
