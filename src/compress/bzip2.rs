//! bzip2, read: prefix codes, move to front, the Burrows-Wheeler transform and runs, each undone.
//! The format has no specification but its program; this is what `bzip2 -d` of 1.0.8 accepts.

use std::iter::repeat_n;
use std::mem::take;

use crate::bits::{Bits, Code, Stop};
use crate::output::Output;

/// Symbols that one code of the block's is used for before the next is chosen.
const GROUP: usize = 50;
/// Bytes of a block are so many times the digit in the file's head.
const BLOCK_UNIT: usize = 100_000;

/// Where in a file it is.
#[derive(Default)]
pub(crate) struct Bzip2 {
    state: State,
    /// Bytes of a block, at most.
    max: usize,
    /// Of the stream's blocks so far.
    sum: u32,
}

#[derive(Default)]
enum State {
    #[default]
    Head,
    Block,
    Coded(Box<Coded>),
    Moved(Moved),
}

impl Bzip2 {
    pub(crate) fn is_between(&self) -> bool {
        matches!(self.state, State::Head)
    }

    pub(crate) fn step(&mut self, bits: &mut Bits, output: &mut Output) -> Result<(), Stop> {
        self.state = match &mut self.state {
            State::Head => {
                let (magic, digit) = (bits.take(24)?, bits.index(8)?);
                let digit = digit.wrapping_sub(usize::from(b'0'));
                if magic != 0x42_5a68 || !(1..=9).contains(&digit) {
                    return Err(Stop::Damaged);
                }
                (self.max, self.sum) = (digit * BLOCK_UNIT, 0);
                State::Block
            }
            State::Block => match (bits.take(24)?, bits.take(24)?, bits.take(32)?) {
                (0x31_4159, 0x26_5359, sum) => State::Coded(Box::new(Coded::read(bits, sum)?)),
                (0x17_7245, 0x38_5090, sum) if sum == self.sum => {
                    bits.align();
                    State::Head
                }
                _ => return Err(Stop::Damaged),
            },
            State::Coded(coded) => match coded.step(bits, self.max)? {
                Some(moved) => State::Moved(moved),
                None => return Ok(()),
            },
            State::Moved(moved) => {
                if moved.step(output)? {
                    return Ok(());
                }
                if output.finish().0 != moved.sum {
                    return Err(Stop::Damaged);
                }
                self.sum = self.sum.rotate_left(1) ^ moved.sum;
                State::Block
            }
        };
        Ok(())
    }
}

/// A block as its codes are read.
struct Coded {
    sum: u32,
    /// Where the transform's text begins.
    origin: usize,
    codes: Vec<Code>,
    /// Which code each group of symbols has.
    selectors: Vec<usize>,
    /// Symbols read.
    read: usize,
    /// Bytes, the one that came last first.
    recent: Vec<u8>,
    /// How often that comes again, and its digits so far.
    run: usize,
    digits: u32,
    bytes: Vec<u32>,
}

impl Coded {
    /// The head of a block, after its sum.
    fn read(bits: &mut Bits, sum: u32) -> Result<Self, Stop> {
        if bits.bit()? == 1 {
            return Err(Stop::Damaged);
        }
        let origin = bits.index(24)?;
        let mut recent = Vec::new();
        let used = bits.take(16)?;
        for sixteen in 0..16_u8 {
            let used = if used >> (15 - sixteen) & 1 == 1 { bits.take(16)? } else { 0 };
            recent.extend((0..16).filter(|i| used >> (15 - i) & 1 == 1).map(|i| sixteen * 16 + i));
        }
        let codes = bits.index(3)?;
        let mut order: Vec<usize> = (0..codes).collect();
        let mut selectors = Vec::new();
        for _ in 0..bits.take(15)? {
            let mut at = 0;
            while bits.bit()? == 1 {
                at += 1;
            }
            selectors.push(*to_front(&mut order, at)?);
        }
        let code = |_| read_code(bits, recent.len() + 2);
        let codes = (0..codes).map(code).collect::<Result<_, _>>()?;
        let (bytes, read, run, digits) = (Vec::new(), 0, 0, 0);
        Ok(Self { sum, origin, codes, selectors, read, recent, run, digits, bytes })
    }

    /// Reads one symbol; the whole block at its end.
    fn step(&mut self, bits: &mut Bits, max: usize) -> Result<Option<Moved>, Stop> {
        let code = self.selectors.get(self.read / GROUP).and_then(|code| self.codes.get(*code));
        let symbol = code.ok_or(Stop::Damaged)?.read(bits)?;
        self.read += 1;
        if symbol < 2 {
            // Digits are 1 and 2, the lowest first.
            self.run += (symbol + 1) << self.digits;
            self.digits += 1;
            return if self.run > max { Err(Stop::Damaged) } else { Ok(None) };
        }
        let (run, last) = (take(&mut self.run), self.recent.first().copied());
        self.digits = 0;
        self.bytes.extend(repeat_n(u32::from(last.unwrap_or(0)), run));
        let ended = symbol > self.recent.len();
        if !ended {
            self.bytes.push(u32::from(*to_front(&mut self.recent, symbol - 1)?));
        }
        if self.bytes.len() > max {
            return Err(Stop::Damaged);
        }
        if ended {
            Moved::new(take(&mut self.bytes), self.origin, self.sum).map(Some)
        } else {
            Ok(None)
        }
    }
}

fn to_front<T>(list: &mut [T], at: usize) -> Result<&T, Stop> {
    list.get_mut(..=at).ok_or(Stop::Damaged)?.rotate_right(1);
    list.first().ok_or(Stop::Damaged)
}

/// Lengths of words, each told by its difference from the one before.
fn read_code(bits: &mut Bits, symbols: usize) -> Result<Code, Stop> {
    let mut length = bits.index(5)?;
    let mut lengths = Vec::new();
    for _ in 0..symbols {
        while bits.bit()? == 1 {
            let less = bits.bit()? == 1;
            length = if less { length.saturating_sub(1) } else { length + 1 };
        }
        lengths.push(length);
    }
    Code::new(&lengths)
}

/// A block whose bytes are all there, but in the transform's order.
struct Moved {
    sum: u32,
    /// A byte, and above it where the next one is.
    bytes: Vec<u32>,
    at: usize,
    left: usize,
    /// The last byte, and how often it has come.
    last: u32,
    times: u32,
}

impl Moved {
    fn new(mut bytes: Vec<u32>, origin: usize, sum: u32) -> Result<Self, Stop> {
        let mut places = [0; 256];
        for byte in &bytes {
            *places.get_mut(*byte as usize).ok_or(Stop::Damaged)? += 1;
        }
        let mut before = 0;
        for place in &mut places {
            before += std::mem::replace(place, before);
        }
        for at in 0..bytes.len() {
            let byte = bytes.get(at).ok_or(Stop::Damaged)? & 0xff;
            let place = places.get_mut(byte as usize).ok_or(Stop::Damaged)?;
            let next = u32::try_from(at).map_err(|_| Stop::Damaged)? << 8;
            *bytes.get_mut(*place).ok_or(Stop::Damaged)? |= next;
            *place += 1;
        }
        let at = (bytes.get(origin).ok_or(Stop::Damaged)? >> 8) as usize;
        let left = bytes.len();
        Ok(Self { sum, bytes, at, left, last: 0, times: 0 })
    }

    /// Gives a byte, or how often the last four come again; false at the end.
    fn step(&mut self, output: &mut Output) -> Result<bool, Stop> {
        if self.left == 0 {
            return Ok(false);
        }
        let entry = *self.bytes.get(self.at).ok_or(Stop::Damaged)?;
        (self.left, self.at) = (self.left - 1, (entry >> 8) as usize);
        let byte = entry & 0xff;
        let times = if self.times == 4 {
            self.times = 0;
            byte
        } else {
            self.times = if byte == self.last { self.times + 1 } else { 1 };
            self.last = byte;
            1
        };
        output.extend(repeat_n(u8::try_from(self.last).unwrap_or(0), times as usize));
        Ok(true)
    }
}
