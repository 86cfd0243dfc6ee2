//! RSA with 2048 bits, PKCS #1 v1.5.
//!
//! A signature costs a millisecond or more with a key that keeps its secret. This key has none to
//! keep. So its modulus is the product of 32 primes of 64 bits, and a signature is 32
//! exponentiations of machine words put together by the Chinese remainder theorem: some
//! microseconds. The primes are chosen so that private exponents are short, and what stands before
//! a digest is divided by them once only. To a client the public key looks like any other.

use std::sync::LazyLock;

use sha1::Sha1;
use sha2::{Digest, Sha256};

const PRIMES: usize = 32;
/// Bytes of the modulus and of a signature.
const BYTES: usize = PRIMES * 8;
/// The public exponent, for clients.
pub const EXPONENT: u64 = 65_537;
/// Bits of private exponents, see [`Key::make`].
const EXPONENT_BITS: u32 = 49;

/// The private key.
static KEY: LazyLock<Key> = LazyLock::new(Key::make);
static WITH_SHA1: LazyLock<Padding> = LazyLock::new(|| Padding::new(SHA1, 20));
static WITH_SHA256: LazyLock<Padding> = LazyLock::new(|| Padding::new(SHA256, 32));

/// The modulus, 256 bytes from the highest, for clients.
pub fn modulus() -> Vec<u8> {
    KEY.modulus.iter().rev().flat_map(|word| word.to_be_bytes()).collect()
}

/// The signature of a message by its SHA-1.
pub fn sign_sha1(message: &[u8]) -> Vec<u8> {
    WITH_SHA1.sign(&Sha1::digest(message))
}

/// The signature of a message by its SHA-256.
pub fn sign_sha256(message: &[u8]) -> Vec<u8> {
    WITH_SHA256.sign(&Sha256::digest(message))
}

/// What comes before the digest in a `DigestInfo` (RFC 8017, 9.2, note 1).
const SHA1: &[u8] = &[0x30, 0x21, 0x30, 9, 6, 5, 0x2b, 0x0e, 3, 2, 0x1a, 5, 0, 4, 0x14];
const SHA256: &[u8] =
    &[0x30, 0x31, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 0x20];

/// What stands before a digest (PKCS #1 v1.5), as far as it makes whole words.
struct Padding {
    /// These words modulo each prime.
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
        Self { remainders: KEY.remainders([0; PRIMES], &padding), rest }
    }

    fn sign(&self, digest: &[u8]) -> Vec<u8> {
        let rest = [&self.rest, digest].concat();
        KEY.join(&KEY.raise(KEY.remainders(self.remainders, &rest)))
    }
}

/// A long number, words from the lowest; or one value for each prime.
type Words = [u64; PRIMES];

struct Key {
    modulus: Words,
    factors: Vec<Factor>,
}

struct Factor {
    prime: u64,
    /// The private exponent modulo `prime - 1`.
    exponent: u64,
    /// Montgomery's constants: `-1/prime` and `2^128` modulo 2^64 and modulo the prime.
    inverse: u64,
    square: u64,
    /// The product of all other primes, and its inverse modulo this one in Montgomery's form: for
    /// putting remainders together.
    others: Words,
    weight: u64,
}

impl Key {
    /// The 32 largest primes `p` below 2^64 for which `1 + 2 (p - 1)` is a multiple of the public
    /// exponent: what times that is the private one, of 49 bits. Their product has all its 2048 bits.
    fn make() -> Self {
        // That is so for (EXPONENT + 1) / 2 and for what is an even multiple of EXPONENT away.
        let highest = u64::MAX - (u64::MAX - EXPONENT.div_ceil(2)) % (2 * EXPONENT);
        let suitable = (0..).map(|i| highest - 2 * EXPONENT * i);
        let primes = suitable.filter(|n| is_prime(*n)).take(PRIMES);
        let primes: Vec<u64> = primes.collect();
        let factor = |prime: &u64| {
            let others = || primes.iter().filter(|other| *other != prime);
            let residue = others().fold(1, |all, other| multiply(all, other % prime, *prime));
            let mut factor = Factor {
                prime: *prime,
                exponent: private_exponent(*prime),
                inverse: negative_inverse(*prime),
                square: u64::try_from(u128::MAX % u128::from(*prime)).unwrap_or(0) + 1,
                others: product(others()),
                weight: 0,
            };
            // By Fermat's little theorem.
            factor.weight = factor.to_montgomery(power(residue, prime - 2, *prime));
            factor
        };
        Self { modulus: product(&primes), factors: primes.iter().map(factor).collect() }
    }

    /// The remainders of a long number that goes on with these bytes, whole words of them.
    fn remainders(&self, mut rests: Words, more: &[u8]) -> Words {
        for word in more.chunks_exact(8) {
            let word = word.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
            for (rest, factor) in rests.iter_mut().zip(&self.factors) {
                *rest = factor.sum(factor.product(*rest, factor.square), factor.reduce(word));
            }
        }
        rests
    }

    /// Each remainder to the power of its prime's private exponent, four bits at a time. The primes
    /// go side by side: one product does not wait for another.
    fn raise(&self, remainders: Words) -> Words {
        let scale = |values: &mut Words, by: &Words| {
            for ((value, by), factor) in values.iter_mut().zip(by).zip(&self.factors) {
                *value = factor.product(*value, *by);
            }
        };
        let of = |value: fn(&Factor) -> u64| {
            let mut values = [0; PRIMES];
            values.iter_mut().zip(&self.factors).for_each(|(v, factor)| *v = value(factor));
            values
        };
        let mut base = remainders;
        scale(&mut base, &of(|factor| factor.square));
        let mut powers = [of(|factor| factor.to_montgomery(1)); 16];
        let mut last = powers[0];
        for power in powers.iter_mut().skip(1) {
            scale(&mut last, &base);
            *power = last;
        }
        let mut values = powers[0];
        for shift in (0..EXPONENT_BITS).step_by(4).rev() {
            for _ in 0..4 {
                let same = values;
                scale(&mut values, &same);
            }
            let mut chosen = [0; PRIMES];
            for (i, (value, factor)) in chosen.iter_mut().zip(&self.factors).enumerate() {
                let digit = usize::try_from(factor.exponent >> shift & 15).unwrap_or(0);
                *value = powers.get(digit).and_then(|row| row.get(i)).copied().unwrap_or(0);
            }
            scale(&mut values, &chosen);
        }
        scale(&mut values, &[1; PRIMES]);
        values
    }

    /// The number with these remainders, as bytes from the highest: each remainder's share is a
    /// multiple of all other primes.
    fn join(&self, remainders: &Words) -> Vec<u8> {
        let (mut number, mut above) = ([0; PRIMES], 0_u64);
        for (factor, remainder) in self.factors.iter().zip(remainders) {
            let times = factor.product(*remainder, factor.weight);
            let mut carry = 0;
            for (word, other) in number.iter_mut().zip(&factor.others) {
                carry += u128::from(*word) + u128::from(*other) * u128::from(times);
                *word = low(carry);
                carry >>= 64;
            }
            above += low(carry);
        }
        while above > 0 || number.iter().rev().ge(self.modulus.iter().rev()) {
            let mut borrow = false;
            for (word, less) in number.iter_mut().zip(&self.modulus) {
                let (rest, under) = word.overflowing_sub(*less);
                let (rest, under_again) = rest.overflowing_sub(u64::from(borrow));
                (*word, borrow) = (rest, under || under_again);
            }
            above -= u64::from(borrow);
        }
        number.iter().rev().flat_map(|word| word.to_be_bytes()).collect()
    }
}

impl Factor {
    /// Montgomery's product: `a * b / 2^64`, modulo the prime.
    fn product(&self, a: u64, b: u64) -> u64 {
        let (prime, wide) = (u128::from(self.prime), u128::from(a) * u128::from(b));
        let low = low(wide).wrapping_mul(self.inverse);
        let (sum, carry) = wide.overflowing_add(u128::from(low) * prime);
        let high = (sum >> 64) + (u128::from(carry) << 64);
        self::low(if high >= prime { high - prime } else { high })
    }

    fn to_montgomery(&self, n: u64) -> u64 {
        self.product(n, self.square)
    }

    /// A word modulo the prime: no prime is less than half of a word, so that a division is not needed.
    fn reduce(&self, word: u64) -> u64 {
        if word >= self.prime { word - self.prime } else { word }
    }

    fn sum(&self, a: u64, b: u64) -> u64 {
        let sum = u128::from(a) + u128::from(b);
        low(if sum >= u128::from(self.prime) { sum - u128::from(self.prime) } else { sum })
    }
}

fn low(wide: u128) -> u64 {
    u64::try_from(wide & u128::from(u64::MAX)).unwrap_or(0)
}

fn multiply(a: u64, b: u64, modulus: u64) -> u64 {
    low(u128::from(a) * u128::from(b) % u128::from(modulus))
}

fn power(base: u64, exponent: u64, modulus: u64) -> u64 {
    (0..64).rev().fold(1, |value, bit| {
        let squared = multiply(value, value, modulus);
        if exponent >> bit & 1 == 1 { multiply(squared, base, modulus) } else { squared }
    })
}

/// Miller and Rabin's test; these bases leave no doubt below 2^64 (Sorenson and Webster 2015).
fn is_prime(n: u64) -> bool {
    let bases = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37];
    if bases.iter().any(|base| n.is_multiple_of(*base)) {
        return false;
    }
    let twos = (n - 1).trailing_zeros();
    bases.iter().all(|base| {
        let mut value = power(*base, (n - 1) >> twos, n);
        value == 1
            || (0..twos).any(|_| {
                let found = value == n - 1;
                value = multiply(value, value, n);
                found
            })
    })
}

/// `d` with `EXPONENT * d = 1` modulo `prime - 1`: `(1 + k (prime - 1)) / EXPONENT` for the `k` that
/// leaves no remainder.
fn private_exponent(prime: u64) -> u64 {
    let order = u128::from(prime - 1);
    let whole = (1..u128::from(EXPONENT)).map(|k| 1 + k * order);
    let mut exact = whole.filter(|n| n % u128::from(EXPONENT) == 0);
    exact.next().map_or(0, |n| low(n / u128::from(EXPONENT)))
}

/// `-1/n` modulo 2^64, by Newton's method: each step doubles the right bits.
fn negative_inverse(n: u64) -> u64 {
    let inverse = (0..6).fold(n, |x, _| x.wrapping_mul(2_u64.wrapping_sub(n.wrapping_mul(x))));
    inverse.wrapping_neg()
}

/// The product of as many numbers as fit.
fn product<'a>(numbers: impl IntoIterator<Item = &'a u64>) -> Words {
    let mut all = [0; PRIMES];
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

    /// Raised to the public exponent, by the slowest of methods, a signature is what was padded.
    fn open(signature: &[u8]) -> Vec<u8> {
        let mut values = KEY.remainders([0; PRIMES], signature);
        for (value, factor) in values.iter_mut().zip(&KEY.factors) {
            *value = power(*value, EXPONENT, factor.prime);
        }
        KEY.join(&values)
    }

    #[test]
    fn the_public_key_opens_a_signature() {
        let sha1 = (sign_sha1(b"text"), Sha1::digest("text").to_vec());
        let sha256 = (sign_sha256(b"text"), Sha256::digest("text").to_vec());
        for (signature, digest) in [sha1, sha256] {
            let opened = open(&signature);
            assert_eq!((opened[0], opened[1], opened[2]), (0, 1, 0xff));
            assert!(opened.ends_with(&digest));
            assert_eq!(opened.len(), BYTES);
        }
    }

    #[test]
    fn the_modulus_has_2048_bits_and_no_prime_twice() {
        assert_eq!(KEY.modulus.last().unwrap() >> 63, 1);
        assert_eq!(KEY.factors.len(), PRIMES);
        assert!(KEY.factors.windows(2).all(|pair| pair[0].prime > pair[1].prime));
        assert!(KEY.factors.iter().all(|factor| factor.exponent >> EXPONENT_BITS == 0));
    }
}
