//! What has come out of a file: the bytes that nobody has taken yet, those before them that may
//! come again, and the check sum.

use cumulet_crc::{CRC32, Crc};

use crate::bits::Stop;

/// How far back deflate copies from.
const WINDOW: usize = 32 << 10;

pub(crate) struct Output {
    bytes: Vec<u8>,
    /// How many of them have been taken, and how many are in the sum.
    taken: usize,
    summed: usize,
    /// Bytes before `bytes`, and where the current member began.
    dropped: u64,
    start: u64,
    crc: Crc,
    /// bzip2's CRC begins with a byte's highest bit.
    mirrored: bool,
}

impl Output {
    pub(crate) fn new(mirrored: bool) -> Self {
        let (bytes, crc) = (Vec::new(), Crc::new(&CRC32));
        Self { bytes, taken: 0, summed: 0, dropped: 0, start: 0, crc, mirrored }
    }

    pub(crate) fn total(&self) -> u64 {
        self.dropped + self.bytes.len() as u64
    }

    pub(crate) fn fresh(&self) -> usize {
        self.bytes.len() - self.taken
    }

    pub(crate) fn extend(&mut self, bytes: impl IntoIterator<Item = u8>) {
        self.bytes.extend(bytes);
    }

    /// Repeats what came `distance` bytes ago, also what it has just repeated.
    pub(crate) fn copy(&mut self, distance: usize, length: usize) -> Result<(), Stop> {
        if distance as u64 > self.total() - self.start {
            return Err(Stop::Damaged);
        }
        let from = self.bytes.len().checked_sub(distance).ok_or(Stop::Damaged)?;
        for at in from..from + length {
            self.bytes.push(*self.bytes.get(at).ok_or(Stop::Damaged)?);
        }
        Ok(())
    }

    /// A piece for whoever reads.
    pub(crate) fn take(&mut self) -> Option<Vec<u8>> {
        self.sum();
        let piece = self.bytes.get(self.taken..).filter(|piece| !piece.is_empty())?.to_vec();
        let old = self.bytes.len().saturating_sub(WINDOW);
        self.bytes.drain(..old);
        self.dropped += old as u64;
        (self.taken, self.summed) = (self.bytes.len(), self.bytes.len());
        Some(piece)
    }

    /// The sum and the length of the member, modulo 2^32; another one follows.
    pub(crate) fn finish(&mut self) -> (u32, u32) {
        self.sum();
        let crc = std::mem::replace(&mut self.crc, Crc::new(&CRC32)).value();
        let length = self.total() - self.start;
        self.start = self.total();
        let low = |number: u64| u32::try_from(number & 0xffff_ffff).unwrap_or(0);
        let crc = low(crc);
        (if self.mirrored { crc.reverse_bits() } else { crc }, low(length))
    }

    fn sum(&mut self) {
        let bytes = self.bytes.get(self.summed..).unwrap_or(&[]);
        if self.mirrored {
            let mirrored: Vec<u8> = bytes.iter().map(|byte| byte.reverse_bits()).collect();
            self.crc.update(&mirrored);
        } else {
            self.crc.update(bytes);
        }
        self.summed = self.bytes.len();
    }
}
