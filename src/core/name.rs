//! Names that have a rule: accounts, regions, ARNs.

use std::fmt;

/// A 12-digit account number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId([u8; 12]);

impl AccountId {
    /// `000000000000`: the account of callers whose key names none.
    pub const DEFAULT: Self = Self([b'0'; 12]);

    /// Exactly twelve digits.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: [u8; 12] = text.as_bytes().try_into().ok()?;
        digits.iter().all(u8::is_ascii_digit).then_some(Self(digits))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("000000000000")
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A region's name, such as `eu-central-1`: lower case letters, digits and hyphens, at most 31. Regions
/// are in the order of their names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region {
    bytes: [u8; 31],
    len: u8,
}

impl Region {
    /// `us-east-1`: the region of callers that name none, and home of what is global.
    pub const US_EAST_1: Self = Self::literal(b"us-east-1");
    /// The scope of partition-wide state (bucket names, IAM); no caller can name it.
    pub const GLOBAL: Self = Self::literal(b"*");

    const fn literal(text: &[u8]) -> Self {
        let mut bytes = [0; 31];
        let (target, _) = bytes.split_at_mut(text.len());
        target.copy_from_slice(text);
        #[expect(clippy::cast_possible_truncation, reason = "literals above are short")]
        Self { len: text.len() as u8, bytes }
    }

    /// Letters, digits and hyphens, two hyphens at least, a digit at the end.
    pub fn parse(text: &str) -> Option<Self> {
        let well_formed = text.len() <= 31
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && text.bytes().filter(|b| *b == b'-').count() >= 2
            && text.as_bytes().last().is_some_and(u8::is_ascii_digit);
        well_formed.then(|| Self::literal(text.as_bytes()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        self.bytes
            .get(..usize::from(self.len))
            .and_then(|b| std::str::from_utf8(b).ok())
            .unwrap_or_default()
    }

    /// The partition that the region belongs to: `aws`, `aws-cn`, `aws-us-gov`, …
    pub fn partition(&self) -> &'static str {
        let name = self.as_str();
        match name {
            _ if name.starts_with("cn-") => "aws-cn",
            _ if name.starts_with("us-gov-") => "aws-us-gov",
            _ if name.starts_with("us-iso-") => "aws-iso",
            _ if name.starts_with("us-isob-") => "aws-iso-b",
            _ if name.starts_with("eusc-") => "aws-eusc",
            _ => "aws",
        }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// `arn:partition:service:region:account:resource`, its parts as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Arn<'a> {
    /// `aws`, `aws-cn`, …
    pub partition: &'a str,
    /// `sqs`.
    pub service: &'a str,
    /// Empty for global resources.
    pub region: &'a str,
    /// Empty for resources without an account (buckets).
    pub account: &'a str,
    /// All the rest, colons included.
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Splits an ARN; its parts are not looked into.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        if parts.next()? != "arn" {
            return None;
        }
        Some(Self {
            partition: parts.next().filter(|p| !p.is_empty())?,
            service: parts.next().filter(|p| !p.is_empty())?,
            region: parts.next()?,
            account: parts.next()?,
            resource: parts.next().filter(|p| !p.is_empty())?,
        })
    }
}

impl fmt::Display for Arn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, service, region, account, resource } = self;
        write!(f, "arn:{partition}:{service}:{region}:{account}:{resource}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_twelve_digits() {
        assert_eq!(AccountId::parse("123456789012").unwrap().as_str(), "123456789012");
        assert_eq!(AccountId::parse("12345678901"), None);
        assert_eq!(AccountId::parse("12345678901a"), None);
    }

    #[test]
    fn a_region_has_a_form() {
        assert_eq!(Region::parse("ap-southeast-1").unwrap().as_str(), "ap-southeast-1");
        assert_eq!(Region::parse("us-gov-west-1").unwrap().partition(), "aws-us-gov");
        for odd in ["", "*", "auto", "EU-west-1", "us-east", "a-b-ccccccccccccccccccccccccccc-1"] {
            assert_eq!(Region::parse(odd), None, "{odd}");
        }
    }

    #[test]
    fn an_arn_keeps_the_colons_of_its_resource() {
        let text = "arn:aws:logs:us-east-1:000000000000:log-group:a:b";
        let arn = Arn::parse(text).unwrap();
        assert_eq!((arn.service, arn.resource), ("logs", "log-group:a:b"));
        assert_eq!(arn.to_string(), text);
        assert_eq!(Arn::parse("arn:aws:s3"), None);
    }
}
