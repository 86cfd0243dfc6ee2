//! gzip and bzip2, read piece by piece in bounded memory; gzip, written in stored blocks. Small
//! rather than fast, and no compressor.

mod bits;
mod bzip2;
mod gzip;
mod output;
#[cfg(test)]
mod tests;

use bits::{Bits, Stop};
use bzip2::Bzip2;
use gzip::Gzip;
pub use gzip::pack;
use output::Output;

/// Bytes of a piece, about.
const PIECE: usize = 64 << 10;
/// Bytes of the longest step: a head with a name, a comment and more, or a block's codes. Each time
/// that a step wants more than there is, it begins anew.
const STEP_MAX: usize = 256 << 10;

/// How a file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// RFC 1952, of any number of members.
    Gzip,
    /// Of any number of streams; randomised blocks, which nothing has written since 1998, are none.
    Bzip2,
}

/// Why a file cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// It is no such file, cut off, or not what was packed.
    Damaged,
    /// There is more in it than was allowed.
    TooLarge,
}

/// Unpacks a file that arrives in pieces. Holds the bytes that it was given last, with at most 256 KiB
/// of those before, 4 MiB for a block of bzip2 and 200 KiB of what comes out.
pub struct Unpacker {
    format: State,
    bits: Bits,
    output: Output,
    max: u64,
}

enum State {
    Gzip(Gzip),
    Bzip2(Bzip2),
}

impl Unpacker {
    /// For a file that has at most `max` bytes in it.
    pub fn new(format: Format, max: u64) -> Self {
        let is_bzip2 = format == Format::Bzip2;
        let format = match format {
            Format::Gzip => State::Gzip(Gzip::default()),
            Format::Bzip2 => State::Bzip2(Bzip2::default()),
        };
        Self { format, bits: Bits::new(is_bzip2), output: Output::new(is_bzip2), max }
    }

    /// Takes more of the file.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bits.push(bytes);
    }

    /// What comes out next. Nothing: more of the file is needed, or it is at its end.
    pub fn piece(&mut self) -> Result<Option<Vec<u8>>, Error> {
        while self.output.fresh() < PIECE {
            let begin = self.bits.at;
            let step = match &mut self.format {
                State::Gzip(gzip) => gzip.step(&mut self.bits, &mut self.output),
                State::Bzip2(bzip2) => bzip2.step(&mut self.bits, &mut self.output),
            };
            match step {
                Ok(()) if self.output.total() > self.max => return Err(Error::TooLarge),
                Ok(()) => {}
                // A step that wants more than there is has changed nothing else.
                Err(Stop::Short) => {
                    self.bits.at = begin;
                    if self.bits.left() > STEP_MAX {
                        return Err(Error::Damaged);
                    }
                    break;
                }
                Err(Stop::Damaged) => return Err(Error::Damaged),
            }
        }
        Ok(self.output.take())
    }

    /// Whether the file may end here; asked when nothing comes out any more.
    pub fn end(&self) -> Result<(), Error> {
        let between = match &self.format {
            State::Gzip(gzip) => gzip.is_between(),
            State::Bzip2(bzip2) => bzip2.is_between(),
        };
        if between && self.bits.left() == 0 { Ok(()) } else { Err(Error::Damaged) }
    }
}

/// What is in a file, at most `max` bytes.
pub fn unpack(format: Format, file: &[u8], max: usize) -> Result<Vec<u8>, Error> {
    let mut unpacker = Unpacker::new(format, max as u64);
    let mut whole = Vec::new();
    for piece in file.chunks(PIECE) {
        unpacker.push(piece);
        while let Some(bytes) = unpacker.piece()? {
            whole.extend(bytes);
        }
    }
    unpacker.end()?;
    Ok(whole)
}
