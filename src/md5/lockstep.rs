//! Four MD5s step by step, so that a processor has always something to do while one of them waits.
//! Vector instructions are no faster at four lanes, and more bodies seldom wait at once.

#![expect(clippy::inline_always, reason = "a step is two instructions a lane: a call is more")]
#![expect(clippy::many_single_char_names, reason = "as RFC 1321 calls them")]

use crate::BLOCK;

pub(crate) const LANES: usize = 4;

/// A word of each lane.
type Words = [u32; LANES];

#[inline(always)]
fn zip([a, b, c, d]: Words, [e, f, g, h]: Words, both: impl Fn(u32, u32) -> u32) -> Words {
    [both(a, e), both(b, f), both(c, g), both(d, h)]
}

#[inline(always)]
fn add(a: Words, b: Words) -> Words {
    zip(a, b, u32::wrapping_add)
}

#[inline(always)]
fn and(a: Words, b: Words) -> Words {
    zip(a, b, |a, b| a & b)
}

#[inline(always)]
fn xor(a: Words, b: Words) -> Words {
    zip(a, b, |a, b| a ^ b)
}

#[inline(always)]
fn or(a: Words, b: Words) -> Words {
    zip(a, b, |a, b| a | b)
}

#[inline(always)]
fn not(a: Words) -> Words {
    a.map(|a| !a)
}

/// RFC 1321, section 3.4: what is added in each step is 2^32 times its sine's absolute value.
#[rustfmt::skip]
const SINES: [u32; 64] = [
    0xd76a_a478, 0xe8c7_b756, 0x2420_70db, 0xc1bd_ceee, 0xf57c_0faf, 0x4787_c62a, 0xa830_4613, 0xfd46_9501,
    0x6980_98d8, 0x8b44_f7af, 0xffff_5bb1, 0x895c_d7be, 0x6b90_1122, 0xfd98_7193, 0xa679_438e, 0x49b4_0821,
    0xf61e_2562, 0xc040_b340, 0x265e_5a51, 0xe9b6_c7aa, 0xd62f_105d, 0x0244_1453, 0xd8a1_e681, 0xe7d3_fbc8,
    0x21e1_cde6, 0xc337_07d6, 0xf4d5_0d87, 0x455a_14ed, 0xa9e3_e905, 0xfcef_a3f8, 0x676f_02d9, 0x8d2a_4c8a,
    0xfffa_3942, 0x8771_f681, 0x6d9d_6122, 0xfde5_380c, 0xa4be_ea44, 0x4bde_cfa9, 0xf6bb_4b60, 0xbebf_bc70,
    0x289b_7ec6, 0xeaa1_27fa, 0xd4ef_3085, 0x0488_1d05, 0xd9d4_d039, 0xe6db_99e5, 0x1fa2_7cf8, 0xc4ac_5665,
    0xf429_2244, 0x432a_ff97, 0xab94_23a7, 0xfc93_a039, 0x655b_59c3, 0x8f0c_cc92, 0xffef_f47d, 0x8584_5dd1,
    0x6fa8_7e4f, 0xfe2c_e6e0, 0xa301_4314, 0x4e08_11a1, 0xf753_7e82, 0xbd3a_f235, 0x2ad7_d2bb, 0xeb86_d391,
];

/// How far each step turns, by round.
const TURNS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];

/// One step of RFC 1321, section 3.4.
#[inline(always)]
fn step(round: usize, i: usize, turns: u32, state: &mut [Words; 4], words: &[Words; 16]) {
    let [a, b, c, d] = *state;
    let word = [i, 5 * i + 1, 3 * i + 5, 7 * i].get(round).copied().unwrap_or_default();
    let word = words.get(word % 16).copied().unwrap_or(a);
    let sine = SINES.get(16 * round + i).copied().unwrap_or_default();
    let sum = add(add(a, word), [sine; LANES]);
    let sum = match round {
        0 => add(sum, xor(d, and(b, xor(c, d)))),
        // The two parts share no bit, so they can be added, the one that waits for `b` last.
        1 => add(add(sum, and(c, not(d))), and(b, d)),
        2 => add(sum, xor(b, xor(c, d))),
        _ => add(sum, xor(c, or(b, not(d)))),
    };
    *state = [d, add(b, sum.map(|sum| sum.rotate_left(turns))), b, c];
}

/// Sixteen steps. Four are written out, after which every word is where it was.
#[inline(always)]
fn round(round: usize, state: &mut [Words; 4], words: &[Words; 16]) {
    let [first, second, third, fourth] = TURNS.get(round).copied().unwrap_or_default();
    for i in [0, 4, 8, 12] {
        step(round, i, first, state, words);
        step(round, i + 1, second, state, words);
        step(round, i + 2, third, state, words);
        step(round, i + 3, fourth, state, words);
    }
}

#[inline(never)]
fn block(state: &mut [Words; 4], blocks: [&[u8; BLOCK]; LANES]) {
    let [a, b, c, d] = blocks.map(|block| block.as_chunks::<4>().0);
    let mut words = [[0; LANES]; 16];
    for ((((word, a), b), c), d) in words.iter_mut().zip(a).zip(b).zip(c).zip(d) {
        *word = [*a, *b, *c, *d].map(u32::from_le_bytes);
    }
    let mut now = *state;
    round(0, &mut now, &words);
    round(1, &mut now, &words);
    round(2, &mut now, &words);
    round(3, &mut now, &words);
    for (words, new) in state.iter_mut().zip(now) {
        *words = add(*words, new);
    }
}

/// The states of four hashes after these blocks; all texts have as many.
pub(crate) fn compress(states: &mut [[u32; 4]; LANES], texts: [&[[u8; BLOCK]]; LANES]) {
    let mut state = transposed(*states);
    let [a, b, c, d] = texts;
    for (((a, b), c), d) in a.iter().zip(b).zip(c).zip(d) {
        block(&mut state, [a, b, c, d]);
    }
    *states = transposed(state);
}

fn transposed([a, b, c, d]: [[u32; 4]; 4]) -> [[u32; 4]; 4] {
    let row = |i: usize| [a, b, c, d].map(|row| row.get(i).copied().unwrap_or_default());
    [row(0), row(1), row(2), row(3)]
}
