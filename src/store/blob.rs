//! A body at rest: segments of memory and files, shared and never copied.

use std::collections::VecDeque;
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use cumulet_core::{AwsError, Body};
use http_body::{Frame, SizeHint};
use tokio::task::JoinHandle;

use crate::blobs::BlobFile;

/// Bytes that go to a file and come from it at a time. A reader holds two such pieces at most: the
/// one that is being sent and the next.
pub(crate) const PIECE: usize = 128 << 10;

/// A body at rest. Cheap to clone; its file goes with the last clone and reader.
#[derive(Clone)]
pub struct Blob {
    segments: Segments,
    len: u64,
}

#[derive(Clone)]
enum Segments {
    One(Segment),
    Many(Arc<[Segment]>),
}

#[derive(Clone)]
enum Segment {
    Memory(Bytes),
    File { file: Arc<BlobFile>, start: u64, len: u64 },
}

impl Segment {
    fn len(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::File { len, .. } => *len,
        }
    }

    /// The part of it in `range`, which may reach beyond its end.
    fn slice(&self, range: Range<u64>) -> Self {
        let end = range.end.min(self.len());
        let begin = range.start.min(end);
        match self {
            Self::Memory(bytes) => {
                let at = |n: u64| usize::try_from(n).unwrap_or(bytes.len());
                Self::Memory(bytes.slice(at(begin)..at(end)))
            }
            Self::File { file, start, .. } => {
                Self::File { file: Arc::clone(file), start: start + begin, len: end - begin }
            }
        }
    }
}

impl Blob {
    pub(crate) fn file(file: Arc<BlobFile>, len: u64) -> Self {
        Self { segments: Segments::One(Segment::File { file, start: 0, len }), len }
    }

    /// Several blobs, one after the other; no byte is copied.
    pub fn concat(blobs: impl IntoIterator<Item = Self>) -> Self {
        let blobs = blobs.into_iter().flat_map(|b| b.segments().to_vec());
        Self::of(blobs.filter(|s| s.len() > 0).collect())
    }

    /// A part of it; what lies beyond its end is left out. No byte is copied.
    #[must_use]
    pub fn slice(&self, range: Range<u64>) -> Self {
        let mut at = 0;
        let mut parts = Vec::new();
        for segment in self.segments() {
            let (begin, end) = (at, at + segment.len());
            at = end;
            if begin < range.end && end > range.start {
                let part = range.start.saturating_sub(begin)..range.end - begin;
                parts.push(segment.slice(part));
            }
        }
        Self::of(parts)
    }

    fn of(segments: Vec<Segment>) -> Self {
        let len = segments.iter().map(Segment::len).sum();
        let segments = match <[Segment; 1]>::try_from(segments) {
            Ok([one]) => Segments::One(one),
            Err(none) if none.is_empty() => Segments::One(Segment::Memory(Bytes::new())),
            Err(many) => Segments::Many(many.into()),
        };
        Self { segments, len }
    }

    fn segments(&self) -> &[Segment] {
        match &self.segments {
            Segments::One(one) => std::slice::from_ref(one),
            Segments::Many(many) => many,
        }
    }

    /// Its length in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// True without a byte.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// All of it, to be read once; memory as it is, files piece by piece.
    pub fn body(&self) -> Body {
        match &self.segments {
            Segments::One(Segment::Memory(bytes)) => Body::from(bytes.clone()),
            _ => Body::stream(Reader {
                segments: self.segments().iter().cloned().collect(),
                left: self.len,
                reading: None,
            }),
        }
    }

    /// A part of it, to be read once; what lies beyond its end is left out.
    pub fn read(&self, range: Range<u64>) -> Body {
        self.slice(range).body()
    }
}

impl From<Bytes> for Blob {
    /// Bytes at hand, kept as they are: outside of any bound on memory.
    fn from(bytes: Bytes) -> Self {
        let len = bytes.len() as u64;
        Self { segments: Segments::One(Segment::Memory(bytes)), len }
    }
}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blob({} bytes in {} segments)", self.len, self.segments().len())
    }
}

/// Reads segments one after the other. While a piece of a file is on its way to the client, the
/// next one is read on a blocking thread: a slow disk must not hold up anybody else.
struct Reader {
    segments: VecDeque<Segment>,
    left: u64,
    reading: Option<JoinHandle<io::Result<(Bytes, FileReader)>>>,
}

impl Reader {
    fn start(&mut self, file: FileReader) {
        if file.left > 0 {
            self.reading = Some(tokio::task::spawn_blocking(|| file.piece()));
        }
    }
}

impl http_body::Body for Reader {
    type Data = Bytes;
    type Error = AwsError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, AwsError>>> {
        loop {
            if let Some(reading) = &mut self.reading {
                let read = ready!(Pin::new(reading).poll(cx));
                self.reading = None;
                let (bytes, file) = match read.map_err(io::Error::other).flatten() {
                    Ok(read) => read,
                    Err(error) => {
                        self.segments.clear();
                        return Poll::Ready(Some(Err(AwsError::internal(error))));
                    }
                };
                self.start(file);
                self.left = self.left.saturating_sub(bytes.len() as u64);
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
            match self.segments.pop_front() {
                None => return Poll::Ready(None),
                Some(Segment::Memory(bytes)) => {
                    self.left = self.left.saturating_sub(bytes.len() as u64);
                    return Poll::Ready(Some(Ok(Frame::data(bytes))));
                }
                Some(Segment::File { file, start, len }) => {
                    self.start(FileReader { blob: file, file: None, start, left: len });
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// One segment's file while it is read.
struct FileReader {
    blob: Arc<BlobFile>,
    file: Option<File>,
    start: u64,
    left: u64,
}

impl FileReader {
    fn piece(mut self) -> io::Result<(Bytes, Self)> {
        let named = |e: io::Error| io::Error::new(e.kind(), format!("reading a body: {e}"));
        let mut file = if let Some(file) = self.file.take() {
            file
        } else {
            let mut file = self.blob.open().map_err(named)?;
            file.seek(SeekFrom::Start(self.start)).map_err(named)?;
            file
        };
        let len = self.left.min(PIECE as u64);
        let mut bytes = Vec::with_capacity(usize::try_from(len).unwrap_or(PIECE));
        if file.by_ref().take(len).read_to_end(&mut bytes).map_err(named)? as u64 != len {
            return Err(named(io::ErrorKind::UnexpectedEof.into()));
        }
        self.left -= len;
        self.file = Some(file);
        Ok((bytes.into(), self))
    }
}
