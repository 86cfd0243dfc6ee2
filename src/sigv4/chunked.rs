//! aws-chunked bodies: a framing of its own inside the HTTP body, with a signature per chunk,
//! with trailers (a checksum, mostly), with both or with neither.
//!
//! ```text
//! 400;chunk-signature=<64 hex digits>      (the extension in signed bodies only)
//! <1024 bytes>
//! 0;chunk-signature=<64 hex digits>
//! x-amz-checksum-crc32c:sOO8/Q==
//! x-amz-trailer-signature:<64 hex digits>
//!
//! ```
//!
//! Lines end in CR LF. The decoder does no I/O: it is fed what arrives, however that is cut.

use crate::canonical::sorted;
use crate::chain::Chain;
use crate::errors::Shape;
use crate::key::hex;
use crate::wording::MISMATCH;
use bytes::{Buf as _, Bytes};
use http::header::CONTENT_ENCODING;
use http::{HeaderMap, HeaderName, HeaderValue};
use sha2::{Digest as _, Sha256};

/// The longest line before a chunk.
pub const MAX_CHUNK_HEADER: usize = 1024;
/// The most that trailers may take, all together.
pub const MAX_TRAILERS: usize = 16 * 1024;
/// Every chunk of a signed body but the last has at least so many bytes.
pub const MIN_CHUNK: u64 = 8 * 1024;

const ENCODING: &str = "aws-chunked";
const TRAILER_SIGNATURE: &str = "x-amz-trailer-signature";

/// Whether an `x-amz-content-sha256` announces an aws-chunked body. (Event streams are no such.)
pub fn is_streaming(content_sha256: &str) -> bool {
    matches!(
        content_sha256,
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
            | "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
            | "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
            | "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"
            | "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER"
    )
}

/// Removes `aws-chunked` from `Content-Encoding`: what stays is the object's own.
pub fn strip_encoding(headers: &mut HeaderMap) {
    let own = codings(headers).filter(|coding| !coding.eq_ignore_ascii_case(ENCODING));
    let own = own.collect::<Vec<_>>().join(",");
    match HeaderValue::try_from(own) {
        Ok(value) if !value.is_empty() => drop(headers.insert(CONTENT_ENCODING, value)),
        _ => drop(headers.remove(CONTENT_ENCODING)),
    }
}

fn codings(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = headers.get_all(CONTENT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim).filter(|coding| !coding.is_empty())
}

/// What is wrong with an aws-chunked body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChunkError {
    /// A signed or trailing body does not say how long it is when decoded.
    NoLength,
    /// A chunk's header, or what follows its data, is malformed.
    Framing,
    /// The body ends within a chunk, or without its last one.
    Truncated,
    /// Decoded, it is longer or shorter than `x-amz-decoded-content-length`.
    Length,
    /// A chunk that is not the last, counted from 1, is too small.
    SmallChunk { index: u64, size: u64 },
    /// A chunk or the trailer is not signed, or not so.
    Signature,
    /// The trailer is malformed, too long, or not what `x-amz-trailer` promised.
    Trailer,
}

impl ChunkError {
    /// The error as S3, the only service with such bodies, tells it.
    pub fn shape(&self) -> Shape {
        let (code, status, message) = match self {
            Self::NoLength => {
                ("MissingContentLength", 411, "You must provide the Content-Length HTTP header.")
            }
            // S3 makes no difference between a broken and a short body.
            Self::Framing | Self::Truncated | Self::Length => {
                ("IncompleteBody", 400, "The request body terminated unexpectedly")
            }
            Self::SmallChunk { .. } => (
                "InvalidChunkSizeError",
                403,
                "Only the last chunk is allowed to have a size less than 8192 bytes",
            ),
            Self::Signature => (MISMATCH.s3_code, MISMATCH.s3_status, MISMATCH.s3_text),
            Self::Trailer => (
                "MalformedTrailerError",
                400,
                "The request contained trailing data that was not well-formed or did not conform to our published schema.",
            ),
        };
        let members = match self {
            Self::SmallChunk { index, size } => {
                // S3 notices at the next chunk, and counts that one.
                vec![("Chunk", (index + 1).to_string()), ("BadChunkSize", size.to_string())]
            }
            _ => Vec::new(),
        };
        Shape { code, status, message: message.to_owned(), members }
    }
}

/// Takes an aws-chunked body apart.
///
/// The data of a signed chunk comes out before its signature is known to be right, all but the
/// chunk's last piece: what was decoded counts only when [`Decoder::finish`] has agreed.
#[derive(Debug)]
pub struct Decoder {
    state: State,
    /// The part of a line that has arrived.
    line: Vec<u8>,
    chain: Option<Chain>,
    hasher: Sha256,
    chunk_signature: String,
    /// Whether the smallest chunk size applies.
    signed: bool,
    index: u64,
    size: u64,
    decoded_length: Option<u64>,
    remaining: Option<u64>,
    /// Names that `x-amz-trailer` gives; `None`: any will do.
    promised: Option<Vec<String>>,
    trailers: HeaderMap,
    /// The trailers as they are signed.
    trailer_text: Vec<u8>,
    trailer_signature: Option<String>,
    /// Bytes of trailers so far.
    trailer_bytes: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Header,
    Data {
        left: u64,
    },
    DataEnd,
    /// After the last chunk; `ended` when the latest line was blank.
    Trailers {
        ended: bool,
    },
}

impl Decoder {
    /// The decoder for a request with these headers, `None` if its body is not aws-chunked. With a
    /// chain, signatures are verified.
    pub fn new(headers: &HeaderMap, chain: Option<Chain>) -> Result<Option<Self>, ChunkError> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let kind = text("x-amz-content-sha256").filter(|kind| is_streaming(kind));
        if kind.is_none() && !codings(headers).any(|c| c.eq_ignore_ascii_case(ENCODING)) {
            return Ok(None);
        }
        let decoded_length = text("x-amz-decoded-content-length").map(str::trim);
        let decoded_length = decoded_length.map(str::parse).transpose();
        let decoded_length = decoded_length.map_err(|_| ChunkError::NoLength)?;
        if kind.is_some() && decoded_length.is_none() {
            return Err(ChunkError::NoLength);
        }
        let signed = kind.is_some_and(|kind| kind.starts_with("STREAMING-AWS4-"));
        let hashed = kind.is_some_and(|kind| kind.starts_with("STREAMING-AWS4-HMAC-"));
        let promised = headers.get_all("x-amz-trailer").iter();
        let promised = promised
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(|name| name.trim().to_ascii_lowercase())
            .filter(|name| !name.is_empty());
        Ok(Some(Self {
            state: State::Header,
            line: Vec::new(),
            chain: chain.filter(|_| hashed),
            hasher: Sha256::new(),
            chunk_signature: String::new(),
            signed,
            index: 0,
            size: MIN_CHUNK,
            decoded_length,
            remaining: decoded_length,
            promised: kind.map(|_| sorted(promised)),
            trailers: HeaderMap::new(),
            trailer_text: Vec::new(),
            trailer_signature: None,
            trailer_bytes: 0,
        }))
    }

    /// How long the body is when decoded, as the client said.
    pub fn decoded_length(&self) -> Option<u64> {
        self.decoded_length
    }

    /// The next piece of data, taken off the front of `input` without copying; `None` when `input`
    /// is used up. Call it until then, and again with what arrives next.
    pub fn decode(&mut self, input: &mut Bytes) -> Result<Option<Bytes>, ChunkError> {
        loop {
            match self.state {
                State::Header => {
                    let Some(line) = self.line(input, MAX_CHUNK_HEADER, ChunkError::Framing)?
                    else {
                        return Ok(None);
                    };
                    self.begin(&line)?;
                }
                State::Data { .. } if input.is_empty() => return Ok(None),
                State::Data { left } => return self.data(left, input).map(Some),
                State::DataEnd => {
                    let Some(line) = self.line(input, 2, ChunkError::Framing)? else {
                        return Ok(None);
                    };
                    if *line != *b"\r" {
                        return Err(ChunkError::Framing);
                    }
                    self.state = State::Header;
                }
                State::Trailers { .. } => {
                    let room = MAX_TRAILERS - self.trailer_bytes;
                    let Some(line) = self.line(input, room, ChunkError::Trailer)? else {
                        return Ok(None);
                    };
                    self.trailer_bytes += line.len() + 1;
                    self.trailer(&line)?;
                }
            }
        }
    }

    /// The end of the body: whether all of it came, and its trailers.
    pub fn finish(self) -> Result<HeaderMap, ChunkError> {
        // Some clients leave the last, empty line out: the chunk without data is the end, too.
        if !matches!(self.state, State::Trailers { .. }) || !self.line.is_empty() {
            return Err(ChunkError::Truncated);
        }
        if self.remaining.is_some_and(|left| left > 0) {
            return Err(ChunkError::Length);
        }
        let sent = self.trailers.keys().map(HeaderName::as_str);
        if self.promised.is_some_and(|promised| promised != sorted(sent)) {
            return Err(ChunkError::Trailer);
        }
        if let Some(chain) = self.chain.filter(|_| !self.trailers.is_empty()) {
            let signature = self.trailer_signature.ok_or(ChunkError::Signature)?;
            chain.verify_trailers(&self.trailer_text, &signature)?;
        }
        Ok(self.trailers)
    }

    /// The next line without its line feed, once it is complete. `limit` is with the line feed.
    fn line(
        &mut self,
        input: &mut Bytes,
        limit: usize,
        too_long: ChunkError,
    ) -> Result<Option<Bytes>, ChunkError> {
        let end = input.iter().take(limit).position(|b| *b == b'\n');
        let length = end.map_or(input.len(), |end| end + 1);
        if self.line.len() + length > limit {
            return Err(too_long);
        }
        let mut piece = input.split_to(length);
        if end.is_none() {
            self.line.extend_from_slice(&piece);
            return Ok(None);
        }
        piece.truncate(length - 1);
        if self.line.is_empty() {
            return Ok(Some(piece));
        }
        self.line.extend_from_slice(&piece);
        Ok(Some(std::mem::take(&mut self.line).into()))
    }

    /// A chunk's header: `size[;chunk-signature=…]`.
    fn begin(&mut self, line: &[u8]) -> Result<(), ChunkError> {
        let line = line.strip_suffix(b"\r").and_then(|line| str::from_utf8(line).ok());
        let mut parts = line.ok_or(ChunkError::Framing)?.split(';').map(str::trim);
        let size = parts.next().and_then(size).ok_or(ChunkError::Framing)?;
        let signature = parts.find_map(|part| part.strip_prefix("chunk-signature="));
        if self.signed && size > 0 && self.size < MIN_CHUNK {
            return Err(ChunkError::SmallChunk { index: self.index, size: self.size });
        }
        if let Some(remaining) = &mut self.remaining {
            *remaining = remaining.checked_sub(size).ok_or(ChunkError::Length)?;
        }
        signature.unwrap_or_default().clone_into(&mut self.chunk_signature);
        self.index += 1;
        self.size = size;
        self.state = State::Data { left: size };
        if size == 0 {
            self.end()?;
            self.state = State::Trailers { ended: false };
        }
        Ok(())
    }

    fn data(&mut self, left: u64, input: &mut Bytes) -> Result<Bytes, ChunkError> {
        let length = usize::try_from(left).map_or(input.len(), |left| left.min(input.len()));
        let piece = input.copy_to_bytes(length);
        if self.chain.is_some() {
            self.hasher.update(&piece);
        }
        let left = left - length as u64;
        self.state = State::Data { left };
        if left == 0 {
            self.end()?;
            self.state = State::DataEnd;
        }
        Ok(piece)
    }

    /// All data of a chunk is there.
    fn end(&mut self) -> Result<(), ChunkError> {
        let Some(chain) = &mut self.chain else { return Ok(()) };
        let sha256 = hex(&self.hasher.finalize_reset());
        chain.verify_chunk(&sha256, &self.chunk_signature)
    }

    /// A line after the last chunk: `name:value`, or blank. Some clients end trailers by a bare line
    /// feed, and have a blank line before the signature.
    fn trailer(&mut self, line: &[u8]) -> Result<(), ChunkError> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        self.state = State::Trailers { ended: line.is_empty() };
        if line.is_empty() {
            return Ok(());
        }
        let line = str::from_utf8(line).map_err(|_| ChunkError::Trailer)?;
        let (name, value) = line.split_once(':').ok_or(ChunkError::Trailer)?;
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
        if name == TRAILER_SIGNATURE {
            self.trailer_signature = Some(value.to_owned());
            return Ok(());
        }
        self.trailer_text.extend_from_slice(format!("{name}:{value}\n").as_bytes());
        let name = HeaderName::try_from(name).map_err(|_| ChunkError::Trailer)?;
        let value = HeaderValue::try_from(value).map_err(|_| ChunkError::Trailer)?;
        let twice = self.trailers.insert(name, value).is_some();
        if twice { Err(ChunkError::Trailer) } else { Ok(()) }
    }
}

fn size(text: &str) -> Option<u64> {
    let digits = (1..=16).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit());
    digits.then(|| u64::from_str_radix(text, 16).ok()).flatten()
}
