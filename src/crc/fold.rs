//! Folding: 16 bytes, taken as a polynomial and multiplied by a power of x, are added to bytes that
//! stand further on, which leaves the CRC of the whole as it was. What remains of any length is 16
//! bytes and a tail.
#![expect(unsafe_code, reason = "calls functions compiled for instructions found at run time")]

use crate::Algorithm;

/// The first four blocks are the lanes, which do not wait for each other.
const LANES: usize = 4;

/// The 16 bytes that stand for all but the tail, and the tail; `None` where there are too few bytes
/// or the processor cannot multiply so.
pub(crate) fn fold<'a>(
    algorithm: &Algorithm,
    register: u64,
    bytes: &'a [u8],
) -> Option<([u8; 16], &'a [u8])> {
    let (blocks, tail) = bytes.as_chunks::<16>();
    let (lanes, blocks) = blocks.split_first_chunk::<LANES>()?;
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("pclmulqdq") {
        // SAFETY: the processor has the instruction.
        return Some((unsafe { x86_64(algorithm, register, lanes, blocks) }, tail));
    }
    #[cfg(target_arch = "aarch64")]
    if std::arch::is_aarch64_feature_detected!("aes") {
        // SAFETY: the processor has the instruction.
        return Some((unsafe { aarch64(algorithm, register, lanes, blocks) }, tail));
    }
    let _ = (algorithm, register, lanes, blocks, tail);
    None
}

#[expect(clippy::cast_possible_truncation, reason = "the low half is wanted")]
fn half(block: u128) -> u64 {
    block as u64
}

macro_rules! fold_with {
    ($name:ident, $feature:literal, $multiply:expr) => {
        #[target_feature(enable = $feature)]
        fn $name(
            algorithm: &Algorithm,
            register: u64,
            lanes: &[[u8; 16]; LANES],
            blocks: &[[u8; 16]],
        ) -> [u8; 16] {
            let onto = |block: u128, by: (u64, u64), next: &[u8; 16]| {
                $multiply(half(block), by.0)
                    ^ $multiply(half(block >> 64), by.1)
                    ^ u128::from_le_bytes(*next)
            };
            let mut lanes = lanes.map(u128::from_le_bytes);
            lanes[0] ^= u128::from(register);
            let (rounds, blocks) = blocks.as_chunks::<LANES>();
            for round in rounds {
                for (lane, next) in lanes.iter_mut().zip(round) {
                    *lane = onto(*lane, algorithm.far, next);
                }
            }
            let [mut block, rest @ ..] = lanes;
            for next in rest.map(u128::to_le_bytes).iter().chain(blocks) {
                block = onto(block, algorithm.near, next);
            }
            block.to_le_bytes()
        }
    };
}

#[cfg(target_arch = "x86_64")]
fold_with!(x86_64, "pclmulqdq", |a: u64, b: u64| {
    use std::arch::x86_64::{_mm_clmulepi64_si128, _mm_set_epi64x};
    let [a, b] = [a, b].map(|n| _mm_set_epi64x(0, n.cast_signed()));
    // SAFETY: both are 16 bytes without rules.
    unsafe { std::mem::transmute::<_, u128>(_mm_clmulepi64_si128::<0>(a, b)) }
});

#[cfg(target_arch = "aarch64")]
fold_with!(aarch64, "aes", |a: u64, b: u64| std::arch::aarch64::vmull_p64(a, b));
