//! A file as bits, from either end of a byte, and prefix codes.

/// Why a step has not been made.
#[derive(Debug)]
pub(crate) enum Stop {
    /// It needs more of the file.
    Short,
    Damaged,
}

pub(crate) struct Bits {
    bytes: Vec<u8>,
    /// The next bit.
    pub(crate) at: usize,
    high_first: bool,
}

impl Bits {
    pub(crate) fn new(high_first: bool) -> Self {
        Self { bytes: Vec::new(), at: 0, high_first }
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.at / 8);
        self.at %= 8;
        self.bytes.extend_from_slice(bytes);
    }

    /// Bytes that are left, the one that was begun included.
    pub(crate) fn left(&self) -> usize {
        self.bytes.len() - self.at / 8
    }

    pub(crate) fn bit(&mut self) -> Result<u32, Stop> {
        let byte = *self.bytes.get(self.at / 8).ok_or(Stop::Short)?;
        let place = self.at % 8;
        self.at += 1;
        Ok(u32::from(byte >> if self.high_first { 7 - place } else { place }) & 1)
    }

    /// A number of at most 32 bits, which begins with the end that bytes begin with.
    pub(crate) fn take(&mut self, count: usize) -> Result<u32, Stop> {
        let mut taken = 0;
        for place in 0..count {
            let bit = self.bit()?;
            taken |= bit << if self.high_first { count - 1 - place } else { place };
        }
        Ok(taken)
    }

    pub(crate) fn index(&mut self, count: usize) -> Result<usize, Stop> {
        Ok(self.take(count)? as usize)
    }

    /// Goes to the next whole byte.
    pub(crate) fn align(&mut self) {
        self.at = self.at.next_multiple_of(8);
    }

    /// At most `max` whole bytes, at least one.
    pub(crate) fn bytes(&mut self, max: usize) -> Result<&[u8], Stop> {
        let rest = self.bytes.get(self.at / 8..).filter(|rest| !rest.is_empty());
        let rest = rest.ok_or(Stop::Short)?;
        let bytes = rest.get(..max).unwrap_or(rest);
        self.at += bytes.len() * 8;
        Ok(bytes)
    }
}

/// Bits of a word, at most: deflate has 15, bzip2 20.
const WORD_MAX: usize = 20;

/// A canonical prefix code: how many words of each length, and what they stand for in order.
pub(crate) struct Code {
    counts: [u32; WORD_MAX + 1],
    symbols: Vec<usize>,
}

impl Code {
    pub(crate) fn new(lengths: &[usize]) -> Result<Self, Stop> {
        let mut counts = [0; WORD_MAX + 1];
        for length in lengths.iter().filter(|length| **length > 0) {
            *counts.get_mut(*length).ok_or(Stop::Damaged)? += 1;
        }
        // By length, without a sort's code.
        let of = |wanted| (0..lengths.len()).filter(move |at| lengths.get(*at) == Some(&wanted));
        let symbols = (1..=WORD_MAX).flat_map(of).collect();
        Ok(Self { counts, symbols })
    }

    pub(crate) fn read(&self, bits: &mut Bits) -> Result<usize, Stop> {
        let (mut word, mut first, mut index) = (0, 0, 0);
        for count in self.counts.iter().skip(1) {
            word |= bits.bit()?;
            if word < first + count {
                let at = index + word.checked_sub(first).ok_or(Stop::Damaged)?;
                return self.symbols.get(at as usize).copied().ok_or(Stop::Damaged);
            }
            index += count;
            (word, first) = (word << 1, (first + count) << 1);
        }
        Err(Stop::Damaged)
    }
}
