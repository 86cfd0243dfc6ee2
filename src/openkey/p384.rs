//! ECDSA with the curve P-384 (FIPS 186-5, SP 800-186) and SHA-384. It is neither constant in time
//! nor fast (a signature takes about a millisecond), for a key that is no secret.

use std::sync::LazyLock;

use sha2::{Digest, Sha384};

const WORDS: usize = 6;
/// A number below 2^384, words from the lowest.
type Words = [u64; WORDS];

/// The field's prime, and the order of the base point.
const PRIME: Words = [
    0x0000_0000_ffff_ffff,
    0xffff_ffff_0000_0000,
    0xffff_ffff_ffff_fffe,
    0xffff_ffff_ffff_ffff,
    0xffff_ffff_ffff_ffff,
    0xffff_ffff_ffff_ffff,
];
const ORDER: Words = [
    0xecec_196a_ccc5_2973,
    0x581a_0db2_48b0_a77a,
    0xc763_4d81_f437_2ddf,
    0xffff_ffff_ffff_ffff,
    0xffff_ffff_ffff_ffff,
    0xffff_ffff_ffff_ffff,
];
/// `b` of the curve `y^2 = x^3 - 3x + b`.
const B: Words = [
    0x2a85_c8ed_d3ec_2aef,
    0xc656_398d_8a2e_d19d,
    0x0314_088f_5013_875a,
    0x181d_9c6e_fe81_4112,
    0x988e_056b_e3f8_2d19,
    0xb331_2fa7_e23e_e7e4,
];
const BASE: (Words, Words) = (
    [
        0x3a54_5e38_7276_0ab7,
        0x5502_f25d_bf55_296c,
        0x59f7_41e0_8254_2a38,
        0x6e1d_3b62_8ba7_9b98,
        0x8eb1_c71e_f320_ad74,
        0xaa87_ca22_be8b_0537,
    ],
    [
        0x7a43_1d7c_90ea_0e5f,
        0x0a60_b1ce_1d7e_819d,
        0xe9da_3113_b5f0_b8c0,
        0xf8f4_1dbd_289a_147c,
        0x5d9e_98bf_9292_dc29,
        0x3617_de4a_9626_2c6f,
    ],
);
/// The key of RFC 6979's example (A.2.6): known to everybody.
const PRIVATE: Words = [
    0xf872_c9ea_60d2_edf5,
    0x96d5_724e_4c70_a825,
    0x9aa4_7740_7871_37d8,
    0xe23c_3b66_7bf2_97ba,
    0x05b1_9875_b665_9f4d,
    0x6b9d_3dad_2e1b_8c1c,
];
const PUBLIC: (Words, Words) = (
    [
        0x64a2_5451_5480_bc13,
        0xdef8_f0ea_9055_8660,
        0x06aa_e528_6b30_0c64,
        0xda9a_8bc4_ae92_e02e,
        0x5686_1802_9f42_7fa5,
        0xec3a_4e41_5b4e_19a4,
    ],
    [
        0x7344_fd25_3326_4720,
        0x288b_231c_3ae0_d4fe,
        0xf54c_a84b_3f1c_9db1,
        0x6708_a593_67f9_dfb9,
        0x4ea8_ef9a_c0c6_2189,
        0x8015_d9b7_2d7d_5724,
    ],
);

static FIELD: LazyLock<Modulus> = LazyLock::new(|| Modulus::new(PRIME));
static SCALARS: LazyLock<Modulus> = LazyLock::new(|| Modulus::new(ORDER));

/// The public key's coordinates, 48 bytes each from the highest, for clients.
pub fn public() -> (Vec<u8>, Vec<u8>) {
    (bytes(&PUBLIC.0), bytes(&PUBLIC.1))
}

/// The signature of a message: `r` and `s`, 48 bytes each, as JSON web tokens have it.
pub fn sign_sha384(message: &[u8]) -> Vec<u8> {
    let digest = Sha384::digest(message);
    // The same message gets the same nonce; another one, almost certainly another.
    let nonce = Sha384::new().chain_update(bytes(&PRIVATE)).chain_update(digest).finalize();
    let (r, s) = sign(&words(&digest), &SCALARS.reduce(words(&nonce)));
    [bytes(&r), bytes(&s)].concat()
}

fn sign(digest: &Words, nonce: &Words) -> (Words, Words) {
    let r = SCALARS.reduce(Point::base().times(nonce).x());
    let enter = |n: &Words| SCALARS.enter(&SCALARS.reduce(*n));
    let secret = SCALARS.product(&enter(&r), &enter(&PRIVATE));
    let sum = SCALARS.sum(&enter(digest), &secret);
    let s = SCALARS.product(&SCALARS.inverse(&enter(nonce)), &sum);
    (r, SCALARS.leave(&s))
}

fn words(bytes: &[u8]) -> Words {
    let mut words = [0; WORDS];
    for (word, chunk) in words.iter_mut().zip(bytes.rchunks(8)) {
        *word = chunk.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
    }
    words
}

fn bytes(words: &Words) -> Vec<u8> {
    words.iter().rev().flat_map(|word| word.to_be_bytes()).collect()
}

fn low(wide: u128) -> u64 {
    u64::try_from(wide & u128::from(u64::MAX)).unwrap_or(0)
}

/// Adds `by * digit`; what does not fit is the answer.
fn add_scaled(sum: &mut Words, by: &Words, digit: u64) -> u128 {
    let mut carry = 0;
    for (word, by) in sum.iter_mut().zip(by) {
        carry += u128::from(*word) + u128::from(*by) * u128::from(digit);
        *word = low(carry);
        carry >>= 64;
    }
    carry
}

/// What is subtracted wraps around.
fn subtract(from: &mut Words, by: &Words) {
    let mut borrow = false;
    for (word, by) in from.iter_mut().zip(by) {
        let (rest, under) = word.overflowing_sub(*by);
        let (rest, under_again) = rest.overflowing_sub(u64::from(borrow));
        (*word, borrow) = (rest, under || under_again);
    }
}

fn is_at_least(a: &Words, b: &Words) -> bool {
    a.iter().rev().ge(b.iter().rev())
}

/// Arithmetic modulo a number that is odd and has all its 384 bits. Products are Montgomery's:
/// factors have to [`Modulus::enter`].
struct Modulus {
    itself: Words,
    /// `-1/modulus` modulo 2^64.
    inverse: u64,
    /// `2^384` modulo the modulus: one, entered.
    one: Words,
    /// `2^768` modulo the modulus.
    square: Words,
}

impl Modulus {
    fn new(modulus: Words) -> Self {
        let [lowest, ..] = modulus;
        // Newton's method: each step doubles the right bits.
        let inverse = (0..6)
            .fold(lowest, |x, _| x.wrapping_mul(2_u64.wrapping_sub(lowest.wrapping_mul(x))))
            .wrapping_neg();
        let mut one = [0; WORDS];
        subtract(&mut one, &modulus);
        let mut new = Self { itself: modulus, inverse, one, square: one };
        new.square = (0..384).fold(one, |n, _| new.sum(&n, &n));
        new
    }

    /// A number of 384 bits: it is below twice the modulus.
    fn reduce(&self, mut n: Words) -> Words {
        if is_at_least(&n, &self.itself) {
            subtract(&mut n, &self.itself);
        }
        n
    }

    fn sum(&self, a: &Words, b: &Words) -> Words {
        let mut sum = *a;
        if add_scaled(&mut sum, b, 1) > 0 {
            subtract(&mut sum, &self.itself);
        }
        self.reduce(sum)
    }

    fn difference(&self, a: &Words, b: &Words) -> Words {
        let mut rest = *a;
        if !is_at_least(a, b) {
            add_scaled(&mut rest, &self.itself, 1);
        }
        subtract(&mut rest, b);
        rest
    }

    fn product(&self, a: &Words, b: &Words) -> Words {
        let (mut sum, mut over) = ([0; WORDS], 0);
        for digit in b {
            let mut top = over + add_scaled(&mut sum, a, *digit);
            let [lowest, ..] = sum;
            top += add_scaled(&mut sum, &self.itself, lowest.wrapping_mul(self.inverse));
            sum.rotate_left(1);
            sum[WORDS - 1] = low(top);
            over = top >> 64;
        }
        if over > 0 {
            subtract(&mut sum, &self.itself);
        }
        self.reduce(sum)
    }

    fn enter(&self, n: &Words) -> Words {
        self.product(n, &self.square)
    }

    fn leave(&self, n: &Words) -> Words {
        self.product(n, &[1, 0, 0, 0, 0, 0])
    }

    /// By Fermat's little theorem: the modulus is prime.
    fn inverse(&self, n: &Words) -> Words {
        let mut exponent = self.itself;
        subtract(&mut exponent, &[2, 0, 0, 0, 0, 0]);
        bits(&exponent).fold(self.one, |power, bit| {
            let squared = self.product(&power, &power);
            if bit { self.product(&squared, n) } else { squared }
        })
    }
}

/// From the highest.
fn bits(n: &Words) -> impl Iterator<Item = bool> {
    n.iter().rev().flat_map(|word| (0..64).rev().map(move |bit| word >> bit & 1 == 1))
}

/// A point in projective coordinates, entered into the field.
#[derive(Clone, Copy)]
struct Point([Words; 3]);

impl Point {
    fn base() -> Self {
        Self([FIELD.enter(&BASE.0), FIELD.enter(&BASE.1), FIELD.one])
    }

    fn x(&self) -> Words {
        let Self([x, _, z]) = self;
        FIELD.leave(&FIELD.product(x, &FIELD.inverse(z)))
    }

    /// Renes, Costello and Batina 2016, algorithm 4: for all pairs of points alike.
    fn plus(&self, other: &Self) -> Self {
        let (Self([x1, y1, z1]), Self([x2, y2, z2])) = (self, other);
        let times = |a: &Words, b: &Words| FIELD.product(a, b);
        let plus = |a: &Words, b: &Words| FIELD.sum(a, b);
        let minus = |a: &Words, b: &Words| FIELD.difference(a, b);
        let thrice = |a: &Words| plus(&plus(a, a), a);
        let (xx, yy, zz) = (times(x1, x2), times(y1, y2), times(z1, z2));
        let crossed = |one: [&Words; 2], other: [&Words; 2], squares: [&Words; 2]| {
            let [[a1, b1], [a2, b2]] = [one, other];
            minus(&times(&plus(a1, b1), &plus(a2, b2)), &plus(squares[0], squares[1]))
        };
        let xy = crossed([x1, y1], [x2, y2], [&xx, &yy]);
        let yz = crossed([y1, z1], [y2, z2], [&yy, &zz]);
        let xz = crossed([x1, z1], [x2, z2], [&xx, &zz]);
        let b = FIELD.enter(&B);
        let step = thrice(&minus(&xz, &times(&b, &zz)));
        let (above, below) = (plus(&yy, &step), minus(&yy, &step));
        let zz3 = thrice(&zz);
        let y = thrice(&minus(&minus(&times(&b, &xz), &zz3), &xx));
        let w = minus(&thrice(&xx), &zz3);
        Self([
            minus(&times(&xy, &above), &times(&yz, &y)),
            plus(&times(&above, &below), &times(&w, &y)),
            plus(&times(&yz, &below), &times(&xy, &w)),
        ])
    }

    fn times(&self, scalar: &Words) -> Self {
        let zero = Self([[0; WORDS], FIELD.one, [0; WORDS]]);
        bits(scalar).fold(zero, |sum, bit| {
            let double = sum.plus(&sum);
            if bit { double.plus(self) } else { double }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(hex: [&str; 2]) -> Words {
        let digit = |digit| u8::try_from(char::from(digit).to_digit(16).unwrap()).unwrap();
        let pair = |pair: &[u8]| digit(pair[0]) << 4 | digit(pair[1]);
        words(&hex.concat().as_bytes().chunks(2).map(pair).collect::<Vec<_>>())
    }

    #[test]
    fn rfc_6979s_example_comes_out() {
        let nonce = number([
            "94ed910d1a099dad3254e9242ae85abde4ba15168eaf0ca8",
            "7a555fd56d10fbca2907e3e83ba95368623b8c4686915cf9",
        ]);
        let r = number([
            "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa7",
            "3d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe46",
        ]);
        let s = number([
            "99ef4aeb15f178cea1fe40db2603138f130e740a19624526",
            "203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8",
        ]);
        assert_eq!(sign(&words(&Sha384::digest("sample")), &nonce), (r, s));
    }

    #[test]
    fn the_public_key_is_the_private_ones() {
        assert_eq!(Point::base().times(&PRIVATE).x(), PUBLIC.0);
    }
}
