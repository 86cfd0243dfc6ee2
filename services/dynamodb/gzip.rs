//! gzip: written without compression, read with (RFC 1951 and 1952).

use cumulet_crc::CRC32;

/// Bytes of a stored block, at most.
const BLOCK_MAX: usize = 0xffff;

/// `data` as a gzip file of stored blocks.
pub(crate) fn pack(data: &[u8]) -> Vec<u8> {
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    let mut blocks = data.chunks(BLOCK_MAX).peekable();
    if data.is_empty() {
        out.extend([1, 0, 0, 0xff, 0xff]);
    }
    while let Some(block) = blocks.next() {
        out.push(u8::from(blocks.peek().is_none()));
        let length = u16::try_from(block.len()).unwrap_or(0);
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(block);
    }
    let low = |number: u64| u32::try_from(number & 0xffff_ffff).unwrap_or(0).to_le_bytes();
    out.extend(low(CRC32.of(data)));
    out.extend(low(data.len() as u64));
    out
}

/// What is in a gzip file of at most `max` bytes; nothing if it is none, or too large.
pub(crate) fn unpack(mut file: &[u8], max: usize) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    while !file.is_empty() {
        let mut bits = Bits { bytes: after_head(file)?, held: 0, count: 0 };
        let start = out.len();
        while !inflate_block(&mut bits, &mut out, start, max)? {}
        let (check, rest) = bits.bytes.split_first_chunk::<4>()?;
        let sum = CRC32.of(out.get(start..)?);
        if u64::from(u32::from_le_bytes(*check)) != sum {
            return None;
        }
        file = rest.get(4..)?;
    }
    Some(out)
}

fn after_head(file: &[u8]) -> Option<&[u8]> {
    let (head, mut rest) = file.split_first_chunk::<10>()?;
    let [0x1f, 0x8b, 8, flags, ..] = *head else { return None };
    if flags & 4 != 0 {
        let (length, more) = rest.split_first_chunk::<2>()?;
        rest = more.get(usize::from(u16::from_le_bytes(*length))..)?;
    }
    for text in [8, 16] {
        if flags & text != 0 {
            let end = rest.iter().position(|byte| *byte == 0)?;
            rest = rest.get(end + 1..)?;
        }
    }
    if flags & 2 != 0 { rest.get(2..) } else { Some(rest) }
}

/// Bits from the lowest on.
struct Bits<'a> {
    bytes: &'a [u8],
    held: u32,
    count: u32,
}

impl Bits<'_> {
    fn take(&mut self, count: u32) -> Option<usize> {
        while self.count < count {
            let (byte, rest) = self.bytes.split_first()?;
            self.held |= u32::from(*byte) << self.count;
            (self.bytes, self.count) = (rest, self.count + 8);
        }
        let taken = self.held & ((1 << count) - 1);
        (self.held, self.count) = (self.held >> count, self.count - count);
        usize::try_from(taken).ok()
    }

    /// Whole bytes follow. Never more than seven bits are held between two reads.
    fn align(&mut self) {
        (self.held, self.count) = (0, 0);
    }
}

/// A canonical prefix code: how many words of each length, and what they stand for in order.
struct Code {
    counts: [usize; 16],
    symbols: Vec<usize>,
}

impl Code {
    fn new(lengths: &[usize]) -> Option<Self> {
        let mut counts = [0; 16];
        for length in lengths.iter().filter(|length| **length > 0) {
            *counts.get_mut(*length)? += 1;
        }
        let mut symbols: Vec<usize> = (0..lengths.len()).collect();
        symbols.retain(|symbol| lengths.get(*symbol).is_some_and(|length| *length > 0));
        symbols.sort_by_key(|symbol| lengths.get(*symbol));
        Some(Self { counts, symbols })
    }

    fn read(&self, bits: &mut Bits<'_>) -> Option<usize> {
        let (mut word, mut first, mut index) = (0, 0, 0);
        for count in self.counts.iter().skip(1) {
            word |= bits.take(1)?;
            if word < first + count {
                return self.symbols.get(index + word.checked_sub(first)?).copied();
            }
            index += count;
            (word, first) = (word << 1, (first + count) << 1);
        }
        None
    }
}

/// One block; whether it is the last.
fn inflate_block(bits: &mut Bits<'_>, out: &mut Vec<u8>, start: usize, max: usize) -> Option<bool> {
    let is_last = bits.take(1)? == 1;
    let (lengths, distances) = match bits.take(2)? {
        0 => {
            bits.align();
            let (length, rest) = bits.bytes.split_first_chunk::<2>()?;
            let length = usize::from(u16::from_le_bytes(*length));
            let (data, rest) = rest.get(2..)?.split_at_checked(length)?;
            out.extend(data);
            bits.bytes = rest;
            return (out.len() <= max).then_some(is_last);
        }
        1 => {
            let lengths: Vec<usize> = (0..288)
                .map(|symbol| match symbol {
                    0..144 | 280.. => 8,
                    144..256 => 9,
                    _ => 7,
                })
                .collect();
            (Code::new(&lengths)?, Code::new(&[5; 30])?)
        }
        2 => dynamic_codes(bits)?,
        _ => return None,
    };
    loop {
        match lengths.read(bits)? {
            byte @ 0..256 => out.push(u8::try_from(byte).ok()?),
            256 => break,
            symbol => {
                let length = run_length(symbol - 257, bits)?;
                let distance = run_distance(distances.read(bits)?, bits)?;
                let from = out.len().checked_sub(distance).filter(|from| *from >= start)?;
                for at in from..from + length {
                    out.push(*out.get(at)?);
                }
            }
        }
        if out.len() > max {
            return None;
        }
    }
    if is_last {
        bits.align();
    }
    Some(is_last)
}

fn run_length(symbol: usize, bits: &mut Bits<'_>) -> Option<usize> {
    Some(match symbol {
        0..8 => symbol + 3,
        28 => 258,
        8..28 => {
            let extra = u32::try_from(symbol / 4 - 1).ok()?;
            ((4 + symbol % 4) << extra) + 3 + bits.take(extra)?
        }
        _ => return None,
    })
}

fn run_distance(symbol: usize, bits: &mut Bits<'_>) -> Option<usize> {
    Some(match symbol {
        0..4 => symbol + 1,
        4..30 => {
            let extra = u32::try_from(symbol / 2 - 1).ok()?;
            ((2 + symbol % 2) << extra) + 1 + bits.take(extra)?
        }
        _ => return None,
    })
}

fn dynamic_codes(bits: &mut Bits<'_>) -> Option<(Code, Code)> {
    const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
    let literals = bits.take(5)? + 257;
    let distances = bits.take(5)? + 1;
    let count = bits.take(4)? + 4;
    let mut of_code = [0; 19];
    for symbol in ORDER.iter().take(count) {
        *of_code.get_mut(*symbol)? = bits.take(3)?;
    }
    let code = Code::new(&of_code)?;
    let mut lengths: Vec<usize> = Vec::new();
    while lengths.len() < literals + distances {
        let (length, times) = match code.read(bits)? {
            16 => (*lengths.last()?, 3 + bits.take(2)?),
            17 => (0, 3 + bits.take(3)?),
            18 => (0, 11 + bits.take(7)?),
            length => (length, 1),
        };
        lengths.extend(std::iter::repeat_n(length, times));
    }
    let (literals, rest) = lengths.split_at_checked(literals)?;
    Some((Code::new(literals)?, Code::new(rest.get(..distances)?)?))
}
