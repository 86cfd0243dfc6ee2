//! Identifiers and other chance: from the operating system, or repeatable in a seeded world.

use std::sync::{Mutex, PoisonError};

/// The only source of randomness.
pub struct Ids {
    pool: Mutex<Pool>,
}

struct Pool {
    seed: Option<u64>,
    bytes: [u8; 512],
    left: usize,
}

impl std::fmt::Debug for Ids {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ids")
    }
}

impl Default for Ids {
    fn default() -> Self {
        Self::new(None)
    }
}

impl Ids {
    /// Random bytes from the operating system; with a seed, the same ones every time.
    pub fn new(seed: Option<u64>) -> Self {
        Self { pool: Mutex::new(Pool { seed, bytes: [0; 512], left: 0 }) }
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut out = [0; N];
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        for byte in &mut out {
            *byte = pool.next();
        }
        out
    }

    /// A random version 4 UUID: `f81d4fae-7dec-41d0-a765-00a0c91e6bf6`.
    pub fn uuid(&self) -> String {
        hyphenated(&self.uuid_bytes())
    }

    /// The same without a place of its own in memory.
    pub fn uuid_text(&self) -> UuidText {
        UuidText::of(&self.uuid_bytes())
    }

    /// The 16 bytes of a random version 4 UUID.
    pub fn uuid_bytes(&self) -> [u8; 16] {
        version_4(self.bytes())
    }

    /// `len` lower case hexadecimal digits.
    pub fn hex(&self, len: usize) -> String {
        self.text(len, b"0123456789abcdef")
    }

    /// `len` characters out of `alphabet`, whose length should divide 256 for even chances.
    pub fn text(&self, len: usize, alphabet: &[u8]) -> String {
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        (0..len)
            .filter_map(|_| alphabet.get(usize::from(pool.next()) % alphabet.len().max(1)))
            .map(|b| char::from(*b))
            .collect()
    }
}

/// Sixteen bytes as those of a version 4 UUID.
pub fn version_4(mut bytes: [u8; 16]) -> [u8; 16] {
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    bytes
}

/// A UUID's usual form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UuidText([u8; 36]);

impl UuidText {
    fn of(uuid: &[u8; 16]) -> Self {
        let digit = |d: u8| if d < 10 { b'0' + d } else { b'a' + d - 10 };
        let mut text = [b'-'; 36];
        let mut places =
            text.iter_mut().enumerate().filter(|(i, _)| !matches!(i, 8 | 13 | 18 | 23));
        for byte in uuid {
            for digit in [digit(byte >> 4), digit(byte & 15)] {
                if let Some((_, place)) = places.next() {
                    *place = digit;
                }
            }
        }
        Self(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// A UUID's usual form, on its own.
pub fn hyphenated(uuid: &[u8; 16]) -> String {
    UuidText::of(uuid).as_str().to_owned()
}

impl Pool {
    fn next(&mut self) -> u8 {
        if self.left == 0 {
            self.refill();
        }
        self.left -= 1;
        self.bytes.get(self.left).copied().unwrap_or(0)
    }

    fn refill(&mut self) {
        self.left = self.bytes.len();
        if let Some(seed) = &mut self.seed {
            for chunk in self.bytes.chunks_mut(8) {
                // SplitMix64 (Steele, Lea, Flood 2014).
                *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let z = (*seed ^ (*seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                let len = chunk.len();
                chunk.copy_from_slice((z ^ (z >> 31)).to_le_bytes().get(..len).unwrap_or(&[0; 8]));
            }
        } else if let Err(error) = getrandom::fill(&mut self.bytes) {
            // Ids need not be secret, but they must differ: the time is left as their source.
            log::error!("the operating system gives no random bytes: {error}");
            self.seed = Some(crate::time::real_now().millis().cast_unsigned());
            self.refill();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_and_the_system_does_not() {
        let (a, b) = (Ids::new(Some(7)), Ids::new(Some(7)));
        assert_eq!(a.uuid(), b.uuid());
        assert_ne!(a.uuid(), a.uuid());
        assert_ne!(Ids::default().uuid(), Ids::default().uuid());
    }

    #[test]
    fn a_uuid_is_version_4() {
        let id = Ids::default().uuid();
        assert_eq!((id.len(), id.as_bytes()[14]), (36, b'4'));
    }
}
