//! gzip: written without compression, read with (RFC 1951 and 1952).

use cumulet_crc::CRC32;

use crate::bits::{Bits, Code, Stop};
use crate::output::Output;

/// Bytes of a stored block, at most.
const BLOCK_MAX: usize = 0xffff;

/// `data` as a gzip file of stored blocks.
pub fn pack(data: &[u8]) -> Vec<u8> {
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

/// Where in a file it is.
#[derive(Default)]
pub(crate) struct Gzip {
    state: State,
    /// The block is its member's last.
    last: bool,
}

#[derive(Default)]
enum State {
    #[default]
    Head,
    Block,
    Stored(usize),
    /// Codes of bytes and lengths, and of distances.
    Coded(Box<[Code; 2]>),
    Tail,
}

impl Gzip {
    pub(crate) fn is_between(&self) -> bool {
        matches!(self.state, State::Head)
    }

    pub(crate) fn step(&mut self, bits: &mut Bits, output: &mut Output) -> Result<(), Stop> {
        self.state = match &mut self.state {
            State::Head => {
                skip_head(bits)?;
                State::Block
            }
            State::Block => {
                let last = bits.bit()? == 1;
                let state = block(bits)?;
                self.last = last;
                state
            }
            State::Stored(0) => self.after_block(),
            State::Stored(left) => {
                let bytes = bits.bytes(*left)?;
                *left -= bytes.len();
                output.extend(bytes.iter().copied());
                return Ok(());
            }
            State::Coded(codes) => {
                let [lengths, distances] = &**codes;
                let symbol = lengths.read(bits)?;
                if let Ok(byte) = u8::try_from(symbol) {
                    output.extend([byte]);
                    return Ok(());
                }
                if symbol > 256 {
                    let length = run_length(symbol - 257, bits)?;
                    let distance = run_distance(distances.read(bits)?, bits)?;
                    return output.copy(distance, length);
                }
                self.after_block()
            }
            State::Tail => {
                bits.align();
                let expected = (bits.take(32)?, bits.take(32)?);
                if output.finish() != expected {
                    return Err(Stop::Damaged);
                }
                State::Head
            }
        };
        Ok(())
    }

    fn after_block(&self) -> State {
        if self.last { State::Tail } else { State::Block }
    }
}

fn skip_head(bits: &mut Bits) -> Result<(), Stop> {
    if (bits.take(8)?, bits.take(8)?, bits.take(8)?) != (0x1f, 0x8b, 8) {
        return Err(Stop::Damaged);
    }
    let flags = bits.take(8)?;
    bits.take(32)?;
    bits.take(16)?;
    if flags & 4 != 0 {
        for _ in 0..bits.take(16)? {
            bits.take(8)?;
        }
    }
    for text in [8, 16] {
        while flags & text != 0 && bits.take(8)? != 0 {}
    }
    if flags & 2 != 0 {
        bits.take(16)?;
    }
    Ok(())
}

/// The beginning of a block, after its first bit.
fn block(bits: &mut Bits) -> Result<State, Stop> {
    match bits.take(2)? {
        0 => {
            bits.align();
            let (length, inverse) = (bits.take(16)?, bits.take(16)?);
            let is_length = length ^ inverse == 0xffff;
            if is_length { Ok(State::Stored(length as usize)) } else { Err(Stop::Damaged) }
        }
        1 => {
            let lengths: Vec<usize> = (0..288)
                .map(|symbol| match symbol {
                    0..144 | 280.. => 8,
                    144..256 => 9,
                    _ => 7,
                })
                .collect();
            Ok(State::Coded(Box::new([Code::new(&lengths)?, Code::new(&[5; 30])?])))
        }
        2 => dynamic_codes(bits),
        _ => Err(Stop::Damaged),
    }
}

fn run_length(symbol: usize, bits: &mut Bits) -> Result<usize, Stop> {
    Ok(match symbol {
        0..8 => symbol + 3,
        28 => 258,
        8..28 => {
            let extra = symbol / 4 - 1;
            ((4 + symbol % 4) << extra) + 3 + bits.index(extra)?
        }
        _ => return Err(Stop::Damaged),
    })
}

fn run_distance(symbol: usize, bits: &mut Bits) -> Result<usize, Stop> {
    Ok(match symbol {
        0..4 => symbol + 1,
        4..30 => {
            let extra = symbol / 2 - 1;
            ((2 + symbol % 2) << extra) + 1 + bits.index(extra)?
        }
        _ => return Err(Stop::Damaged),
    })
}

fn dynamic_codes(bits: &mut Bits) -> Result<State, Stop> {
    const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
    let literals = bits.index(5)? + 257;
    let distances = bits.index(5)? + 1;
    let count = bits.index(4)? + 4;
    let mut of_code = [0; 19];
    for symbol in ORDER.iter().take(count) {
        *of_code.get_mut(*symbol).ok_or(Stop::Damaged)? = bits.index(3)?;
    }
    let code = Code::new(&of_code)?;
    let mut lengths: Vec<usize> = Vec::new();
    while lengths.len() < literals + distances {
        let (length, times) = match code.read(bits)? {
            16 => (*lengths.last().ok_or(Stop::Damaged)?, 3 + bits.index(2)?),
            17 => (0, 3 + bits.index(3)?),
            18 => (0, 11 + bits.index(7)?),
            length => (length, 1),
        };
        lengths.extend(std::iter::repeat_n(length, times));
    }
    let (literals, rest) = lengths.split_at_checked(literals).ok_or(Stop::Damaged)?;
    let distances = rest.get(..distances).ok_or(Stop::Damaged)?;
    Ok(State::Coded(Box::new([Code::new(literals)?, Code::new(distances)?])))
}
