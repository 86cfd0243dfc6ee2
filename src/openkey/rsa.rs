//! RSA with 2048 bits, PKCS #1 v1.5.
//!
//! A signature costs a millisecond or more with a key that keeps its secret. This key has none to
//! keep. So its modulus is the product of 32 words, and a signature is 32 exponentiations of words
//! put together by the Chinese remainder theorem: two microseconds. The words are chosen so that
//! the private exponent is short, and what stands before a digest is divided by them once only. To
//! a client the public key looks like any other.

use std::sync::LazyLock;

use sha1::Sha1;
use sha2::{Digest, Sha256};

const WORDS: usize = 32;
/// Bytes of the modulus and of a signature.
const BYTES: usize = WORDS * 8;
/// The public exponent, for clients.
pub const EXPONENT: u64 = 65_537;
/// The private one: `EXPONENT * PRIVATE - 1` has so many divisors that enough of them come right
/// before a prime.
const PRIVATE: u64 = 19_073;

/// A long number, words from the lowest; or one value for each of [`FACTORS`].
type Words = [u64; WORDS];

/// What the modulus is the product of. Each is the product of four primes, all of them distinct,
/// that are one more than a divisor of `EXPONENT * PRIVATE - 1`. A search has found them: together
/// they have all 2048 bits.
const FACTORS: Words = [
    0xfffe_f36d_4cdc_563d,
    0xfffe_730b_2a5e_3755,
    0xfffe_3a58_f4e8_d721,
    0xfffd_b9b5_be2c_ab7f,
    0xfffd_61af_ec2e_5b01,
    0xfffd_1e81_2315_af13,
    0xfffc_c737_ec7d_916d,
    0xfffc_9399_f607_2167,
    0xfffc_8816_4fec_a173,
    0xfffb_c538_4c15_c4cf,
    0xfff8_fc88_e781_2e0f,
    0xfff6_9e62_e35e_8017,
    0xfff2_c045_89bf_4f45,
    0xffea_6a7c_9352_460d,
    0xffea_362d_b6ba_51c3,
    0xffe8_c92b_8858_7119,
    0xffda_f0d9_0090_1b25,
    0xffd6_a6aa_b34d_036b,
    0xffc9_feb5_a8a3_e32b,
    0xffb9_8c86_9000_d17d,
    0xffb7_ee74_e1bc_fac1,
    0xffb4_424e_ffd1_15e9,
    0xffb1_6378_71e3_9ec7,
    0xff9b_b36b_20b4_9401,
    0xff72_9f40_7859_500b,
    0xff72_7632_9de8_1e05,
    0xff72_341c_4535_0b19,
    0xfec0_500d_b3a8_2e11,
    0xfd4d_cdd3_5805_3969,
    0xfbbc_cb23_2418_db93,
    0xf84b_f595_935b_5913,
    0xce9f_45f6_294d_de3d,
];

/// The private key.
static KEY: LazyLock<Key> = LazyLock::new(Key::make);
static WITH_SHA1: LazyLock<Padding> = LazyLock::new(|| Padding::new(SHA1, 20));
static WITH_SHA256: LazyLock<Padding> = LazyLock::new(|| Padding::new(SHA256, 32));

/// The modulus, 256 bytes from the highest, for clients.
pub fn modulus() -> [u8; BYTES] {
    bytes(&KEY.modulus)
}

/// The signature of a message by its SHA-1.
pub fn sign_sha1(message: &[u8]) -> [u8; BYTES] {
    WITH_SHA1.sign(&Sha1::digest(message))
}

/// The signature of a message by its SHA-256.
pub fn sign_sha256(message: &[u8]) -> [u8; BYTES] {
    WITH_SHA256.sign(&Sha256::digest(message))
}

/// What comes before the digest in a `DigestInfo` (RFC 8017, 9.2, note 1).
const SHA1: &[u8] = &[0x30, 0x21, 0x30, 9, 6, 5, 0x2b, 0x0e, 3, 2, 0x1a, 5, 0, 4, 0x14];
const SHA256: &[u8] =
    &[0x30, 0x31, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 0x20];

/// What stands before a digest (PKCS #1 v1.5), as far as it makes whole words.
struct Padding {
    /// These words modulo each factor.
    remainders: Words,
    /// What is left of it.
    rest: Vec<u8>,
}

impl Padding {
    fn new(before: &[u8], digest: usize) -> Self {
        let mut padding = vec![0xff; BYTES - digest - before.len() - 1];
        padding.iter_mut().zip([0, 1]).for_each(|(byte, value)| *byte = value);
        padding.push(0);
        padding.extend_from_slice(before);
        let rest = padding.split_off(padding.len() / 8 * 8);
        Self { remainders: KEY.remainders([0; WORDS], &padding), rest }
    }

    fn sign(&self, digest: &[u8]) -> [u8; BYTES] {
        let rest = [&self.rest, digest].concat();
        let signed = KEY.power(&KEY.remainders(self.remainders, &rest), PRIVATE);
        bytes(&KEY.join(&signed))
    }
}

struct Key {
    modulus: Words,
    /// Montgomery's constants: `1/factor` modulo 2^64, and `2^128` modulo the factor.
    inverses: Words,
    squares: Words,
    /// The products of all other factors, and their inverses in Montgomery's form: for putting
    /// remainders together.
    others: [Words; WORDS],
    weights: Words,
}

impl Key {
    fn make() -> Self {
        let key = Self {
            modulus: product(FACTORS.iter()),
            inverses: FACTORS.map(inverse),
            squares: FACTORS.map(|n| low(u128::MAX % u128::from(n)) + 1),
            others: FACTORS.map(|n| product(FACTORS.iter().filter(|other| **other != n))),
            weights: [1; WORDS],
        };
        let mut residues = [0; WORDS];
        for (residue, (others, n)) in residues.iter_mut().zip(key.others.iter().zip(FACTORS)) {
            let shifted = |rest, word: &u64| {
                low((u128::from(rest) << 64 | u128::from(*word)) % u128::from(n))
            };
            *residue = others.iter().rev().fold(0, shifted);
        }
        // Every number to the power of EXPONENT * PRIVATE is itself: one power less is one, two less
        // the inverse.
        let mut weights = key.power(&residues, EXPONENT * PRIVATE - 2);
        key.scale(&mut weights, &key.squares);
        Self { weights, ..key }
    }

    /// Montgomery's products by factor: `a * b / 2^64`. Factors go side by side: one product does
    /// not wait for another.
    fn scale(&self, values: &mut Words, by: &Words) {
        for (((value, by), n), inverse) in
            values.iter_mut().zip(by).zip(FACTORS).zip(&self.inverses)
        {
            let wide = u128::from(*value) * u128::from(*by);
            let taken = u128::from(low(wide).wrapping_mul(*inverse)) * u128::from(n);
            let (rest, under) = high(wide).overflowing_sub(high(taken));
            *value = if under { rest.wrapping_add(n) } else { rest };
        }
    }

    /// The remainders of a long number that goes on with these bytes, whole words of them.
    fn remainders(&self, mut rests: Words, more: &[u8]) -> Words {
        for word in more.chunks_exact(8) {
            let word = word.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
            self.scale(&mut rests, &self.squares);
            for (rest, n) in rests.iter_mut().zip(FACTORS) {
                // No factor is less than half of a word, so that a division is not needed.
                let (sum, over) = rest.overflowing_add(if word >= n { word - n } else { word });
                *rest = if over || sum >= n { sum.wrapping_sub(n) } else { sum };
            }
        }
        rests
    }

    /// Each remainder to the same power, which is not zero.
    fn power(&self, remainders: &Words, exponent: u64) -> Words {
        let mut base = *remainders;
        self.scale(&mut base, &self.squares);
        let mut values = base;
        for bit in (0..exponent.ilog2()).rev() {
            let same = values;
            self.scale(&mut values, &same);
            if exponent >> bit & 1 == 1 {
                self.scale(&mut values, &base);
            }
        }
        self.scale(&mut values, &[1; WORDS]);
        values
    }

    /// The number with these remainders: each remainder's share is a multiple of all other factors.
    fn join(&self, remainders: &Words) -> Words {
        let (mut number, mut above) = ([0; WORDS], 0_u64);
        let mut shares = *remainders;
        self.scale(&mut shares, &self.weights);
        for (others, share) in self.others.iter().zip(shares) {
            let mut carry = 0;
            for (word, other) in number.iter_mut().zip(others) {
                carry += u128::from(*word) + u128::from(*other) * u128::from(share);
                *word = low(carry);
                carry >>= 64;
            }
            above += low(carry);
        }
        while above > 0 || number.iter().rev().ge(self.modulus.iter().rev()) {
            // By the highest words: at most the quotient, and seldom less.
            let [.., top] = number;
            let [.., by] = self.modulus;
            let times = (u128::from(above) << 64 | u128::from(top)) / (u128::from(by) + 1);
            let mut borrow = 0;
            for (word, less) in number.iter_mut().zip(&self.modulus) {
                borrow += u128::from(*less) * times.max(1);
                let (rest, under) = word.overflowing_sub(low(borrow));
                *word = rest;
                borrow = (borrow >> 64) + u128::from(under);
            }
            above -= low(borrow);
        }
        number
    }
}

fn low(wide: u128) -> u64 {
    u64::try_from(wide & u128::from(u64::MAX)).unwrap_or(0)
}

fn high(wide: u128) -> u64 {
    low(wide >> 64)
}

fn bytes(words: &Words) -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    for (bytes, word) in bytes.chunks_exact_mut(8).zip(words.iter().rev()) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    bytes
}

/// `1/n` modulo 2^64, by Newton's method: each step doubles the right bits.
fn inverse(n: u64) -> u64 {
    (0..6).fold(n, |x, _| x.wrapping_mul(2_u64.wrapping_sub(n.wrapping_mul(x))))
}

/// The product of as many numbers as fit.
fn product<'a>(numbers: impl Iterator<Item = &'a u64>) -> Words {
    let mut all = [0; WORDS];
    all.iter_mut().take(1).for_each(|lowest| *lowest = 1);
    for number in numbers {
        let mut carry = 0;
        for word in &mut all {
            carry += u128::from(*word) * u128::from(*number);
            *word = low(carry);
            carry >>= 64;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_key_opens_a_signature() {
        let sha1 = (sign_sha1(b"text"), Sha1::digest("text").to_vec());
        let sha256 = (sign_sha256(b"text"), Sha256::digest("text").to_vec());
        for (signature, digest) in [sha1, sha256] {
            let remainders = KEY.remainders([0; WORDS], &signature);
            let opened = bytes(&KEY.join(&KEY.power(&remainders, EXPONENT)));
            assert_eq!((opened[0], opened[1], opened[2]), (0, 1, 0xff));
            assert!(opened.ends_with(&digest));
        }
    }

    #[test]
    fn the_modulus_has_2048_bits_and_no_prime_twice() {
        assert_eq!(KEY.modulus.last().unwrap() >> 63, 1);
        let mut primes = Vec::new();
        for mut factor in FACTORS {
            for n in (3..).step_by(2) {
                if n * n > factor {
                    break;
                }
                if factor.is_multiple_of(n) {
                    primes.push(n);
                    factor /= n;
                }
            }
            primes.push(factor);
        }
        assert_eq!(primes.len(), 4 * WORDS);
        primes.sort_unstable();
        assert!(primes.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(primes.iter().all(|p| (EXPONENT * PRIVATE - 1).is_multiple_of(p - 1)));
    }

    #[test]
    fn a_number_comes_back_from_its_remainders() {
        for seed in 1..100_u64 {
            let mut number: Words =
                std::array::from_fn(|i| (i as u64 + seed).wrapping_mul(0x9e37_79b9_7f4a_7c15));
            number[WORDS - 1] >>= seed % 3 + 1;
            assert_eq!(KEY.join(&KEY.remainders([0; WORDS], &bytes(&number))), number);
        }
    }
}
