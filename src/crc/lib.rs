//! CRC-32, CRC-32C and CRC-64/NVME, one code for all three: carry-less multiplication where the
//! processor has it, else a table made at first use.
//!
//! The usual crates carry tables that no compressor makes smaller: 73 KB of the S3 image.

mod fold;

use std::sync::OnceLock;

/// A reflected CRC that begins and ends with all bits turned.
#[derive(Debug)]
pub struct Algorithm {
    /// 32 or 64.
    bits: u32,
    polynomial: u64,
    /// What folds 64 bytes into the next 64, and 16 into the next 16.
    far: (u64, u64),
    near: (u64, u64),
    table: OnceLock<[u64; 256]>,
}

/// CRC-32 of zip, PNG and AWS's event streams.
pub static CRC32: Algorithm = Algorithm::new(32, 0xedb8_8320);
/// CRC-32C, Castagnoli's.
pub static CRC32C: Algorithm = Algorithm::new(32, 0x82f6_3b78);
/// CRC-64 of the NVM Express specification.
pub static CRC64_NVME: Algorithm = Algorithm::new(64, 0x9a6c_9329_ac4b_c9b5);

/// A byte moved through the register.
fn shift(byte: u64, polynomial: u64) -> u64 {
    (0..8).fold(byte, |register, _| times_x(register, polynomial))
}

/// The highest power is the lowest bit, so that multiplying by x shifts right.
const fn times_x(value: u64, polynomial: u64) -> u64 {
    if value & 1 == 1 { value >> 1 ^ polynomial } else { value >> 1 }
}

/// x to the power of `exponent` modulo the polynomial, at the top of 64 bits. The product of two
/// such numbers comes out multiplied by x, so exponents are one less than the distance.
const fn power(bits: u32, polynomial: u64, mut exponent: u32) -> u64 {
    let mut value = 1 << (bits - 1);
    while exponent > 0 {
        value = times_x(value, polynomial);
        exponent -= 1;
    }
    value << (64 - bits)
}

impl Algorithm {
    const fn new(bits: u32, polynomial: u64) -> Self {
        Self {
            bits,
            polynomial,
            far: (power(bits, polynomial, 575), power(bits, polynomial, 511)),
            near: (power(bits, polynomial, 191), power(bits, polynomial, 127)),
            table: OnceLock::new(),
        }
    }

    fn ones(&self) -> u64 {
        u64::MAX >> (64 - self.bits)
    }

    /// The CRC of `bytes`.
    pub fn of(&'static self, bytes: &[u8]) -> u64 {
        let mut crc = Crc::new(self);
        crc.update(bytes);
        crc.value()
    }
}

/// A CRC being computed.
#[derive(Clone, Debug)]
pub struct Crc {
    algorithm: &'static Algorithm,
    register: u64,
}

impl Crc {
    /// Of nothing yet.
    pub fn new(algorithm: &'static Algorithm) -> Self {
        Self { algorithm, register: algorithm.ones() }
    }

    /// Takes more bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        let bytes = match fold::fold(self.algorithm, self.register, bytes) {
            Some((rest, tail)) => {
                self.register = 0;
                self.bytewise(&rest);
                tail
            }
            None => bytes,
        };
        self.bytewise(bytes);
    }

    fn bytewise(&mut self, bytes: &[u8]) {
        let Algorithm { polynomial, table, .. } = self.algorithm;
        let table =
            table.get_or_init(|| std::array::from_fn(|byte| shift(byte as u64, *polynomial)));
        for byte in bytes {
            let [index, ..] = (self.register ^ u64::from(*byte)).to_le_bytes();
            let moved = table.get(usize::from(index)).copied().unwrap_or_default();
            self.register = self.register >> 8 ^ moved;
        }
    }

    /// The CRC of all bytes so far, in the low bits.
    pub fn value(&self) -> u64 {
        self.register ^ self.algorithm.ones()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: [&Algorithm; 3] = [&CRC32, &CRC32C, &CRC64_NVME];

    /// The check values of the catalogue of parametrised CRC algorithms.
    #[test]
    fn they_are_the_known_ones() {
        let values = ALL.map(|algorithm| algorithm.of(b"123456789"));
        assert_eq!(values, [0xcbf4_3926, 0xe306_9283, 0xae8b_1486_0a79_9888]);
    }

    proptest! {
        #[test]
        fn folding_in_pieces_is_going_byte_by_byte(
            bytes in prop::collection::vec(any::<u8>(), 0..400),
            cut in 0_usize..400,
        ) {
            for algorithm in ALL {
                let mut plain = Crc::new(algorithm);
                plain.bytewise(&bytes);
                let (head, tail) = bytes.split_at(cut.min(bytes.len()));
                let mut folded = Crc::new(algorithm);
                folded.update(head);
                folded.update(tail);
                prop_assert_eq!(plain.value(), folded.value());
            }
        }
    }
}
