//! Checksums: the algorithms, values as headers and XML carry them, hashing piece by piece, and
//! the checksum of a whole out of those of its parts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cumulet_core::{AwsError, Cx};
use cumulet_crc::{CRC32, CRC32C, CRC64_NVME, Crc};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};
use xxhash_rust::xxh3::Xxh3;
use xxhash_rust::xxh64::Xxh64;

use crate::errors;

/// The algorithms of S3's checksums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Crc32,
    Crc32c,
    Crc64Nvme,
    Sha1,
    Sha256,
    Sha512,
    Md5,
    XxHash64,
    XxHash3,
    XxHash128,
}

use Algorithm::{Crc32, Crc32c, Crc64Nvme};

impl Algorithm {
    pub(crate) const ALL: [Self; 10] = [
        Crc32,
        Crc32c,
        Crc64Nvme,
        Self::Sha1,
        Self::Sha256,
        Self::Sha512,
        Self::Md5,
        Self::XxHash64,
        Self::XxHash3,
        Self::XxHash128,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Crc32 => "CRC32",
            Crc32c => "CRC32C",
            Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
            Self::Md5 => "MD5",
            Self::XxHash64 => "XXHASH64",
            Self::XxHash3 => "XXHASH3",
            Self::XxHash128 => "XXHASH128",
        }
    }

    /// As messages and header names have it.
    pub(crate) fn lower(self) -> String {
        self.name().to_ascii_lowercase()
    }

    pub(crate) fn parse(name: &str) -> Result<Self, AwsError> {
        let found = Self::ALL.into_iter().find(|a| a.name().eq_ignore_ascii_case(name));
        found.ok_or_else(|| {
            errors::invalid_request(
                "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]",
            )
        })
    }

    fn len(self) -> usize {
        match self {
            Crc32 | Crc32c => 4,
            Crc64Nvme | Self::XxHash64 | Self::XxHash3 => 8,
            Self::Md5 | Self::XxHash128 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }

    /// The generator polynomial, reflected, where the algorithm is a CRC.
    fn polynomial(self) -> Option<u64> {
        match self {
            Crc32 => Some(0xedb8_8320),
            Crc32c => Some(0x82f6_3b78),
            Crc64Nvme => Some(0x9a6c_9329_ac4b_c9b5),
            _ => None,
        }
    }
}

/// A checksum's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Checksum {
    pub(crate) algorithm: Algorithm,
    /// As many bytes as the algorithm has, then zeros.
    bytes: [u8; 64],
}

impl Checksum {
    fn new(algorithm: Algorithm, value: &[u8]) -> Self {
        let mut bytes = [0; 64];
        bytes.iter_mut().zip(value).for_each(|(to, from)| *to = *from);
        Self { algorithm, bytes }
    }

    fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.algorithm.len()).unwrap_or_default()
    }

    /// Reads a header's value.
    pub(crate) fn parse(algorithm: Algorithm, text: &str) -> Result<Self, AwsError> {
        let value = STANDARD.decode(text).ok().filter(|v| v.len() == algorithm.len());
        value.map(|v| Self::new(algorithm, &v)).ok_or_else(|| {
            let name = algorithm.lower();
            errors::invalid_request(format!("Value for x-amz-checksum-{name} header is invalid."))
        })
    }

    /// Of no byte at all.
    pub(crate) fn of_nothing(algorithm: Algorithm) -> Self {
        Hasher::new(algorithm).finish()
    }

    /// In base64.
    pub(crate) fn text(&self) -> String {
        STANDARD.encode(self.bytes())
    }

    /// The CRC of this and then `len` bytes whose CRC is `next`; `None` for hashes.
    fn then(&self, next: &Self, len: u64) -> Option<Self> {
        let polynomial = self.algorithm.polynomial()?;
        let width = self.algorithm.len() * 8;
        let number = |c: &Self| c.bytes().iter().fold(0, |n, b| n << 8 | u64::from(*b));
        let shifted = multiply(power_of_x(len, polynomial, width), number(self), polynomial, width);
        let crc = (shifted ^ number(next)) << (64 - width);
        Some(Self::new(self.algorithm, &crc.to_be_bytes()))
    }
}

/// `a * b` modulo the polynomial; the highest of `width` bits is the lowest power.
fn multiply(a: u64, mut b: u64, polynomial: u64, width: usize) -> u64 {
    let mut product = 0;
    for bit in (0..width).rev() {
        if a >> bit & 1 == 1 {
            product ^= b;
        }
        b = if b & 1 == 1 { b >> 1 ^ polynomial } else { b >> 1 };
    }
    product
}

/// x to the power of the bits in `bytes` bytes, modulo the polynomial.
fn power_of_x(mut bytes: u64, polynomial: u64, width: usize) -> u64 {
    let one = 1 << (width - 1);
    let mut square = one >> 8;
    let mut power = one;
    while bytes > 0 {
        if bytes & 1 == 1 {
            power = multiply(power, square, polynomial, width);
        }
        square = multiply(square, square, polynomial, width);
        bytes >>= 1;
    }
    power
}

/// How an object's checksum came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Over all of its bytes.
    FullObject,
    /// Over the checksums of its parts.
    Composite,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::FullObject => "FULL_OBJECT",
            Self::Composite => "COMPOSITE",
        }
    }

    pub(crate) fn parse(name: &str) -> Result<Self, AwsError> {
        match name {
            "FULL_OBJECT" => Ok(Self::FullObject),
            "COMPOSITE" => Ok(Self::Composite),
            _ => Err(errors::invalid_request("Value for x-amz-checksum-type header is invalid.")),
        }
    }
}

/// The checksum of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ObjectChecksum {
    pub(crate) value: Checksum,
    /// The number of parts, where it was made of theirs.
    pub(crate) parts: Option<usize>,
}

impl ObjectChecksum {
    pub(crate) fn kind(&self) -> Kind {
        if self.parts.is_some() { Kind::Composite } else { Kind::FullObject }
    }

    /// In base64; with the number of parts after a hyphen, where it was made of theirs.
    pub(crate) fn text(&self) -> String {
        match self.parts {
            Some(parts) => format!("{}-{parts}", self.value.text()),
            None => self.value.text(),
        }
    }

    /// The checksum of these parts, each with its length, in order; `None` without parts, or where
    /// theirs do not give it.
    pub(crate) fn of(kind: Kind, parts: &[(Checksum, u64)]) -> Option<Self> {
        let (first, rest) = parts.split_first()?;
        match kind {
            Kind::FullObject => {
                let whole = rest.iter().try_fold(first.0, |a, (b, len)| a.then(b, *len))?;
                Some(Self { value: whole, parts: None })
            }
            Kind::Composite => {
                let mut hasher = Hasher::new(first.0.algorithm);
                for (part, _) in parts {
                    hasher.update(part.bytes());
                }
                Some(Self { value: hasher.finish(), parts: Some(parts.len()) })
            }
        }
    }
}

impl From<Checksum> for ObjectChecksum {
    fn from(value: Checksum) -> Self {
        Self { value, parts: None }
    }
}

/// A checksum being computed.
pub(crate) enum Hasher {
    Crc(Algorithm, Crc),
    Sha1(Sha1),
    Sha256(Sha256),
    Sha512(Sha512),
    Md5(Md5),
    XxHash64(Xxh64),
    /// Boxed: it holds half a kilobyte.
    XxHash3(Box<Xxh3>),
    XxHash128(Box<Xxh3>),
}

impl Hasher {
    pub(crate) fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Crc32 => Self::Crc(algorithm, Crc::new(&CRC32)),
            Crc32c => Self::Crc(algorithm, Crc::new(&CRC32C)),
            Crc64Nvme => Self::Crc(algorithm, Crc::new(&CRC64_NVME)),
            Algorithm::Sha1 => Self::Sha1(Sha1::new()),
            Algorithm::Sha256 => Self::Sha256(Sha256::new()),
            Algorithm::Sha512 => Self::Sha512(Sha512::new()),
            Algorithm::Md5 => Self::Md5(Md5::new()),
            Algorithm::XxHash64 => Self::XxHash64(Xxh64::new(0)),
            Algorithm::XxHash3 => Self::XxHash3(Box::default()),
            Algorithm::XxHash128 => Self::XxHash128(Box::default()),
        }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Crc(_, crc) => crc.update(bytes),
            Self::Sha1(h) => h.update(bytes),
            Self::Sha256(h) => h.update(bytes),
            Self::Sha512(h) => h.update(bytes),
            Self::Md5(h) => h.update(bytes),
            Self::XxHash64(h) => h.update(bytes),
            Self::XxHash3(h) | Self::XxHash128(h) => h.update(bytes),
        }
    }

    pub(crate) fn finish(self) -> Checksum {
        match self {
            Self::Crc(algorithm, crc) => {
                let value = crc.value() << (64 - 8 * algorithm.len());
                Checksum::new(algorithm, &value.to_be_bytes())
            }
            Self::Sha1(h) => Checksum::new(Algorithm::Sha1, &h.finalize()),
            Self::Sha256(h) => Checksum::new(Algorithm::Sha256, &h.finalize()),
            Self::Sha512(h) => Checksum::new(Algorithm::Sha512, &h.finalize()),
            Self::Md5(h) => Checksum::new(Algorithm::Md5, &h.finalize()),
            Self::XxHash64(h) => Checksum::new(Algorithm::XxHash64, &h.digest().to_be_bytes()),
            Self::XxHash3(h) => Checksum::new(Algorithm::XxHash3, &h.digest().to_be_bytes()),
            Self::XxHash128(h) => Checksum::new(Algorithm::XxHash128, &h.digest128().to_be_bytes()),
        }
    }
}

/// What a request says about the checksum of its body.
#[derive(Clone, Debug, Default)]
pub(crate) struct Claim {
    /// The algorithm, if it names one.
    pub(crate) algorithm: Option<Algorithm>,
    /// The value; absent where it comes in a trailer, or S3 is to compute it.
    pub(crate) value: Option<Checksum>,
    /// The value comes in a trailer.
    pub(crate) in_trailer: bool,
}

impl Claim {
    /// Reads the members that the model binds (see [`given!`](crate::given)) and the headers that
    /// it does not.
    pub(crate) fn read(
        cx: &Cx,
        given: [(Algorithm, Option<&str>); 10],
        named: Option<&str>,
    ) -> Result<Self, AwsError> {
        let mut values = given.into_iter().filter_map(|(a, value)| Some((a, value?)));
        let value = values.next();
        if values.next().is_some() {
            return Err(errors::invalid_request(
                "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
            ));
        }
        let named = named.map(Algorithm::parse).transpose()?;
        if let Some((algorithm, text)) = value {
            let value = Some(Checksum::parse(algorithm, text)?);
            return Ok(Self { algorithm: Some(algorithm), value, in_trailer: false });
        }
        if let Some(algorithm) = cx.header("x-amz-trailer").and_then(trailing) {
            return Ok(Self { algorithm: Some(algorithm), value: None, in_trailer: true });
        }
        if named.is_some() && cx.http().is_some() {
            return Err(errors::invalid_request(
                "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.",
            ));
        }
        Ok(Self { algorithm: named, value: None, in_trailer: false })
    }
}

fn trailing(names: &str) -> Option<Algorithm> {
    let mut names = names.split(',').map(str::trim);
    names.find_map(|name| Algorithm::parse(name.strip_prefix("x-amz-checksum-")?).ok())
}

/// The checksum members of an input, for [`Claim::read`].
#[macro_export]
macro_rules! given {
    ($input:expr) => {
        [
            ($crate::checksum::Algorithm::Crc32, $input.checksum_crc32.as_deref()),
            ($crate::checksum::Algorithm::Crc32c, $input.checksum_crc32_c.as_deref()),
            ($crate::checksum::Algorithm::Crc64Nvme, $input.checksum_crc64_nvme.as_deref()),
            ($crate::checksum::Algorithm::Sha1, $input.checksum_sha1.as_deref()),
            ($crate::checksum::Algorithm::Sha256, $input.checksum_sha256.as_deref()),
            ($crate::checksum::Algorithm::Sha512, $input.checksum_sha512.as_deref()),
            ($crate::checksum::Algorithm::Md5, $input.checksum_md5.as_deref()),
            ($crate::checksum::Algorithm::XxHash64, $input.checksum_xxhash64.as_deref()),
            ($crate::checksum::Algorithm::XxHash3, $input.checksum_xxhash3.as_deref()),
            ($crate::checksum::Algorithm::XxHash128, $input.checksum_xxhash128.as_deref()),
        ]
    };
}

/// Sets the checksum member of an output that belongs to `$algorithm`.
#[macro_export]
macro_rules! show_checksum {
    ($output:expr, $algorithm:expr, $text:expr) => {
        match $algorithm {
            $crate::checksum::Algorithm::Crc32 => $output.checksum_crc32 = Some($text),
            $crate::checksum::Algorithm::Crc32c => $output.checksum_crc32_c = Some($text),
            $crate::checksum::Algorithm::Crc64Nvme => $output.checksum_crc64_nvme = Some($text),
            $crate::checksum::Algorithm::Sha1 => $output.checksum_sha1 = Some($text),
            $crate::checksum::Algorithm::Sha256 => $output.checksum_sha256 = Some($text),
            $crate::checksum::Algorithm::Sha512 => $output.checksum_sha512 = Some($text),
            $crate::checksum::Algorithm::Md5 => $output.checksum_md5 = Some($text),
            $crate::checksum::Algorithm::XxHash64 => $output.checksum_xxhash64 = Some($text),
            $crate::checksum::Algorithm::XxHash3 => $output.checksum_xxhash3 = Some($text),
            $crate::checksum::Algorithm::XxHash128 => $output.checksum_xxhash128 = Some($text),
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checksum(algorithm: Algorithm, bytes: &[u8]) -> Checksum {
        let mut hasher = Hasher::new(algorithm);
        hasher.update(bytes);
        hasher.finish()
    }

    /// The check values of the catalogue of parametrised CRC algorithms, and FIPS 180's.
    #[test]
    fn algorithms_are_the_known_ones() {
        for (algorithm, text) in [
            (Crc32, "y/Q5Jg=="),
            (Crc32c, "4waSgw=="),
            (Crc64Nvme, "rosUhgp5mIg="),
            (Algorithm::Sha1, "98O8HYCOBHMq32eZZczDTKeuNEE="),
            (Algorithm::Sha256, "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU="),
        ] {
            let is = checksum(algorithm, b"123456789");
            assert_eq!(is.text(), text);
            assert_eq!(Checksum::parse(algorithm, &is.text()).unwrap(), is);
        }
    }

    #[test]
    fn a_crc_is_made_of_those_of_the_parts() {
        let (a, b, c) = (vec![b'a'; 5000], vec![b'b'; 777], b"c".to_vec());
        let whole = [a.clone(), b.clone(), c.clone()].concat();
        for algorithm in [Crc32, Crc32c, Crc64Nvme] {
            let parts: Vec<_> =
                [&a, &b, &c].iter().map(|p| (checksum(algorithm, p), p.len() as u64)).collect();
            let of = ObjectChecksum::of(Kind::FullObject, &parts).unwrap();
            assert_eq!(of, checksum(algorithm, &whole).into());
        }
    }

    #[test]
    fn a_composite_names_the_number_of_its_parts() {
        let part = (checksum(Algorithm::Sha256, b"x"), 1);
        let text = ObjectChecksum::of(Kind::Composite, &[part, part]).unwrap().text();
        assert!(text.ends_with("=-2"), "{text}");
        assert_eq!(ObjectChecksum::of(Kind::FullObject, &[part, part]), None);
    }

    #[test]
    fn a_value_has_its_algorithms_length() {
        assert!(Checksum::parse(Crc32, "AAAAAA==").is_ok());
        for bad in ["AAAA", "not base64", ""] {
            assert_eq!(Checksum::parse(Crc32, bad).unwrap_err().code(), "InvalidRequest");
        }
    }
}
