//! Signatures of messages, and the certificate that clients check them with.
//!
//! SNS signs with RSA, which costs a millisecond or more with a key that keeps its secret. This key
//! has none to keep: it only lets clients that verify go on. So its modulus, 2048 bits as AWS's, is
//! the product of 32 primes of 64 bits, and a signature is 32 exponentiations of machine words put
//! together by the Chinese remainder theorem: some microseconds. To a client the public key looks
//! like any other. Never take this for a signature that proves something.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::Sha1;
use sha2::{Digest, Sha256};

const PRIMES: usize = 32;
/// Bytes of the modulus and of a signature.
const BYTES: usize = PRIMES * 8;
const EXPONENT: u64 = 65_537;

/// The private key.
static KEY: LazyLock<Key> = LazyLock::new(Key::make);
/// The certificate in PEM.
static CERTIFICATE: LazyLock<String> = LazyLock::new(|| pem(&certificate()));

/// The certificate that [`sign`]'s signatures are checked with.
pub(crate) fn certificate_pem() -> &'static str {
    &CERTIFICATE
}

/// The signature of a text in base64: version 1 is SHA-1 with RSA, version 2 SHA-256 with RSA.
pub(crate) fn sign(text: &str, version: char) -> String {
    let digest = if version == '2' {
        info(SHA256, &Sha256::digest(text))
    } else {
        info(SHA1, &Sha1::digest(text))
    };
    STANDARD.encode(KEY.sign(&digest))
}

/// What comes before the digest in a `DigestInfo` (RFC 8017, 9.2, note 1).
const SHA1: &[u8] = &[0x30, 0x21, 0x30, 9, 6, 5, 0x2b, 0x0e, 3, 2, 0x1a, 5, 0, 4, 0x14];
const SHA256: &[u8] =
    &[0x30, 0x31, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 0x20];

fn info(before: &[u8], digest: &[u8]) -> Vec<u8> {
    [before, digest].concat()
}

struct Key {
    /// Words from the lowest.
    modulus: [u64; PRIMES],
    factors: Vec<Factor>,
}

struct Factor {
    prime: u64,
    /// The private exponent modulo `prime - 1`.
    exponent: u64,
    /// Montgomery's constants: `-1/prime` and `2^128` modulo 2^64 and modulo the prime.
    inverse: u64,
    square: u64,
    /// For putting remainders together (Garner): the inverse of the product of all primes before
    /// this one, in Montgomery's form.
    before: u64,
}

impl Key {
    /// The 32 largest primes below 2^64 that suit the exponent. Their product has all its 2048 bits.
    fn make() -> Self {
        let suits = |n: &u64| is_prime(*n) && !(n - 1).is_multiple_of(EXPONENT);
        let primes = (0..).map(|i| u64::MAX - 2 * i).filter(suits).take(PRIMES);
        let mut modulus = [0; PRIMES];
        if let Some(lowest) = modulus.first_mut() {
            *lowest = 1;
        }
        let mut factors: Vec<Factor> = Vec::with_capacity(PRIMES);
        for prime in primes {
            let product = factors.iter().fold(1, |all, f| multiply(all, f.prime % prime, prime));
            let before = power(product, prime - 2, prime);
            let mut factor = Factor {
                prime,
                exponent: private_exponent(prime),
                inverse: negative_inverse(prime),
                square: u64::try_from(u128::MAX % u128::from(prime)).unwrap_or(0) + 1,
                before: 0,
            };
            factor.before = factor.to_montgomery(before);
            factors.push(factor);
            times_plus(&mut modulus, prime, 0);
        }
        Self { modulus, factors }
    }

    /// PKCS #1 v1.5 of a `DigestInfo`.
    fn sign(&self, digest_info: &[u8]) -> Vec<u8> {
        let mut padded = vec![0xff; BYTES - digest_info.len() - 1];
        padded.iter_mut().zip([0, 1]).for_each(|(byte, value)| *byte = value);
        padded.push(0);
        padded.extend_from_slice(digest_info);
        let words: Vec<u64> = padded
            .chunks_exact(8)
            .map(|chunk| chunk.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)))
            .collect();
        let remainders: Vec<u64> = self.factors.iter().map(|f| f.remainder(&words)).collect();
        self.join(&self.raise(&remainders))
    }

    /// Each remainder to the power of its prime's private exponent, four bits at a time. The primes
    /// go side by side: one product does not wait for another.
    fn raise(&self, remainders: &[u64]) -> Vec<u64> {
        let each = |values: &[u64], other: &[u64]| -> Vec<u64> {
            let pairs = self.factors.iter().zip(values.iter().zip(other));
            pairs.map(|(factor, (a, b))| factor.product(*a, *b)).collect()
        };
        let ones: Vec<u64> = self.factors.iter().map(|factor| factor.to_montgomery(1)).collect();
        let squares: Vec<u64> = self.factors.iter().map(|factor| factor.square).collect();
        let base = each(remainders, &squares);
        let mut powers = vec![ones];
        for _ in 1..16 {
            let next = powers.last().map(|last| each(last, &base));
            powers.extend(next);
        }
        let mut values = powers.first().cloned().unwrap_or_default();
        for shift in (0..64).step_by(4).rev() {
            for _ in 0..4 {
                values = each(&values, &values);
            }
            let digit = |f: &Factor| usize::try_from(f.exponent >> shift & 15).unwrap_or(0);
            let power = |(i, f): (usize, &Factor)| {
                powers.get(digit(f)).and_then(|row| row.get(i)).copied().unwrap_or(0)
            };
            let chosen: Vec<u64> = self.factors.iter().enumerate().map(power).collect();
            values = each(&values, &chosen);
        }
        each(&values, &vec![1; values.len()])
    }

    /// The number with these remainders, as bytes from the highest: its digits in the mixed radix of
    /// the primes, then their sum.
    fn join(&self, remainders: &[u64]) -> Vec<u8> {
        let mut digits: Vec<u64> = Vec::with_capacity(PRIMES);
        for (factor, remainder) in self.factors.iter().zip(remainders) {
            // The value of the digits so far, modulo this prime, from the highest down.
            let lower = digits.iter().zip(&self.factors).rev();
            let known = lower.fold(0, |value, (digit, f)| {
                let scaled = factor.product(value, factor.to_montgomery(f.prime % factor.prime));
                factor.sum(scaled, digit % factor.prime)
            });
            let rest = factor.sum(*remainder, factor.prime - known);
            digits.push(factor.product(rest, factor.before));
        }
        let mut number = [0; PRIMES];
        for (digit, factor) in digits.iter().zip(&self.factors).rev() {
            times_plus(&mut number, factor.prime, *digit);
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

    fn sum(&self, a: u64, b: u64) -> u64 {
        let sum = u128::from(a) + u128::from(b);
        low(if sum >= u128::from(self.prime) { sum - u128::from(self.prime) } else { sum })
    }

    /// A long number, words from the highest, modulo the prime.
    fn remainder(&self, words: &[u64]) -> u64 {
        words
            .iter()
            .fold(0, |rest, word| self.sum(self.product(rest, self.square), word % self.prime))
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

/// `number = number * factor + digit`; what is too long is lost.
fn times_plus(number: &mut [u64; PRIMES], factor: u64, digit: u64) {
    let mut carry = u128::from(digit);
    for word in number {
        carry += u128::from(*word) * u128::from(factor);
        *word = low(carry);
        carry >>= 64;
    }
}

/// A value in DER.
fn der(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = contents.len();
    let mut out = vec![tag];
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            let bytes: Vec<u8> =
                length.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
            out.push(0x80 | u8::try_from(bytes.len()).unwrap_or(0));
            out.extend(bytes);
        }
    }
    out.extend_from_slice(contents);
    out
}

fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    der(0x30, &parts.concat())
}

/// The self-signed certificate (RFC 5280), for `sns.amazonaws.com`, as AWS's are.
fn certificate() -> Vec<u8> {
    let null = || der(5, &[]);
    let rsa = || der(6, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1]);
    let sha256_with_rsa =
        || sequence(&[der(6, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11]), null()]);
    let common_name = sequence(&[der(6, &[0x55, 4, 3]), der(0x0c, b"sns.amazonaws.com")]);
    let name = || sequence(&[der(0x31, &common_name)]);
    let validity = sequence(&[der(0x17, b"200101000000Z"), der(0x18, b"21200101000000Z")]);
    // The highest bit of the modulus is set, so that a zero byte keeps it positive.
    let mut modulus = vec![0];
    modulus.extend(KEY.modulus.iter().rev().flat_map(|word| word.to_be_bytes()));
    let key = sequence(&[der(2, &modulus), der(2, &[1, 0, 1])]);
    let bits = |bytes: &[u8]| der(3, &[&[0], bytes].concat());
    let body = sequence(&[
        der(0xa0, &der(2, &[2])),
        der(2, &[1]),
        sha256_with_rsa(),
        name(),
        validity,
        name(),
        sequence(&[sequence(&[rsa(), null()]), bits(&key)]),
    ]);
    let signature = KEY.sign(&info(SHA256, &Sha256::digest(&body)));
    sequence(&[body, sha256_with_rsa(), bits(&signature)])
}

fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut out = String::from("-----BEGIN CERTIFICATE-----\n");
    for (i, c) in text.chars().enumerate() {
        if i > 0 && i % 64 == 0 {
            out.push('\n');
        }
        out.push(c);
    }
    out.push_str("\n-----END CERTIFICATE-----\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Raised to the public exponent, by the slowest of methods, a signature is what was padded.
    fn open(signature: &[u8]) -> Vec<u8> {
        let words: Vec<u64> =
            signature.chunks_exact(8).map(|c| u64::from_be_bytes(c.try_into().unwrap())).collect();
        let raise = |f: &Factor| power(f.remainder(&words), EXPONENT, f.prime);
        KEY.join(&KEY.factors.iter().map(raise).collect::<Vec<_>>())
    }

    #[test]
    fn the_public_key_opens_a_signature() {
        for version in ['1', '2'] {
            let signature = STANDARD.decode(sign("text", version)).unwrap();
            let opened = open(&signature);
            let digest = if version == '1' {
                Sha1::digest("text").to_vec()
            } else {
                Sha256::digest("text").to_vec()
            };
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
    }
}
