//! Tests of single values: text, numbers, addresses, wildcards.

use std::net::IpAddr;

/// A number as patterns compare them: whole ones exactly, others as doubles.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Number {
    whole: Option<i64>,
    double: f64,
}

impl Number {
    pub(crate) fn parse(written: &str) -> Option<Self> {
        let double = written.parse::<f64>().ok().filter(|n| n.is_finite())?;
        Some(Self { whole: written.parse().ok(), double })
    }

    pub(crate) fn of(number: &serde_json::Number) -> Option<Self> {
        Some(Self { whole: number.as_i64(), double: number.as_f64()? })
    }

    pub(crate) fn compare(&self, other: &Self) -> Option<std::cmp::Ordering> {
        match (self.whole, other.whole) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            _ => self.double.partial_cmp(&other.double),
        }
    }

    pub(crate) fn equals(&self, other: &Self) -> bool {
        self.compare(other).is_some_and(std::cmp::Ordering::is_eq)
    }
}

/// An end of a range.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound {
    pub(crate) number: Number,
    /// The number itself is inside.
    pub(crate) included: bool,
}

/// A block of addresses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cidr {
    network: u128,
    mask: u128,
    v4: bool,
}

impl Cidr {
    /// Texts as AWS words them.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let one_slash = text.split_once('/').filter(|(_, bits)| !bits.contains('/'));
        let (address, bits) = one_slash.ok_or("Malformed CIDR, one '/' required")?;
        let bits: i32 = bits.parse().map_err(|_| "Malformed CIDR, mask bits must be an integer")?;
        let ip: IpAddr =
            address.parse().map_err(|_| format!("Nonstandard IP address: {address}"))?;
        let bits =
            u32::try_from(bits).map_err(|_| "Malformed CIDR, mask bits must not be negative")?;
        let (kind, width) = if ip.is_ipv4() { ("IPv4", 32) } else { ("IPv6", 128) };
        if bits > width {
            return Err(format!("{kind} mask bits must be < {width}"));
        }
        let mask = u128::MAX.checked_shl(width - bits).unwrap_or(0);
        Ok(Self { network: number(ip) & mask, mask, v4: ip.is_ipv4() })
    }

    pub(crate) fn contains(&self, text: &str) -> bool {
        let ip: Option<IpAddr> = text.parse().ok();
        ip.is_some_and(|ip| ip.is_ipv4() == self.v4 && number(ip) & self.mask == self.network)
    }
}

fn number(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => u128::from(ip.to_bits()),
        IpAddr::V6(ip) => ip.to_bits(),
    }
}

/// A text with stars, each standing for any characters; `\*` and `\\` are a star and a backslash.
#[derive(Clone, Debug)]
pub(crate) struct Wildcard {
    /// What stands before, between and behind the stars.
    pieces: Vec<String>,
}

impl Wildcard {
    /// Wildcards before the same character in one text, at most. AWS estimates the size of its
    /// automaton here; this refuses what AWS is known to refuse and is no limit of ours.
    const ALIKE_MAX: usize = 4;

    /// The second of the result is whether the fault has a place in the pattern's text.
    pub(crate) fn parse(text: &str) -> Result<Self, (String, bool)> {
        let mut pieces = vec![String::new()];
        let mut chars = text.chars().enumerate().peekable();
        while let Some((_, c)) = chars.next() {
            match c {
                '*' if chars.peek().is_some_and(|(_, next)| *next == '*') => {
                    let at = chars.peek().map_or(0, |(at, _)| *at);
                    return Err((format!("Consecutive wildcard characters at pos {at}"), true));
                }
                '*' => pieces.push(String::new()),
                c => {
                    let literal = if c == '\\' {
                        let next = chars.next().filter(|(_, next)| matches!(next, '*' | '\\'));
                        next.ok_or_else(|| {
                            ("Invalid escape character in wildcard".to_owned(), true)
                        })?
                        .1
                    } else {
                        c
                    };
                    if let Some(piece) = pieces.last_mut() {
                        piece.push(literal);
                    }
                }
            }
        }
        let firsts = || pieces.iter().skip(1).filter_map(|piece| piece.chars().next());
        let alike = |c: char| firsts().filter(|first| *first == c).count();
        if firsts().any(|c| alike(c) > Self::ALIKE_MAX) {
            let text = "Rule is too complex - try using fewer wildcard characters or fewer \
                        repeating character sequences after a wildcard character";
            return Err((text.to_owned(), false));
        }
        Ok(Self { pieces })
    }

    /// Finds the pieces one after the other, each at the first place: what a later place would
    /// leave for the rest, an earlier one leaves too. So nothing is ever tried again.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let Some((first, rest)) = self.pieces.split_first() else { return false };
        let Some((last, middle)) = rest.split_last() else { return text == first };
        let Some(text) = text.strip_prefix(first.as_str()) else { return false };
        let Some(mut text) = text.strip_suffix(last.as_str()) else { return false };
        for piece in middle {
            match text.split_once(piece.as_str()) {
                Some((_, behind)) => text = behind,
                None => return false,
            }
        }
        true
    }
}
