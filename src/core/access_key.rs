//! Access key ids and the account that stands in them: four letters for the kind, then base32, the
//! first bit set and the account's number in the 40 after it. Ids that AWS issued before 2019
//! carry none; their first bit is not set.

use crate::ids::Ids;
use crate::name::AccountId;

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Characters after the letters of the kind.
const LEN: usize = 16;

impl AccountId {
    /// The account that an access key id carries. The key's kind (`ASIA`, `LKIA`, …) is not looked at.
    pub fn of_access_key(key: &str) -> Option<Self> {
        let rest = key.as_bytes().get(4..).filter(|rest| rest.len() >= LEN)?;
        let digit = |b: &u8| BASE32.iter().position(|digit| digit == b).map(|at| at as u64);
        // Nine characters are 45 bits: the first, 40 of the account, 4 of chance.
        let bits = rest.iter().take(9).try_fold(0, |bits, b| Some(bits << 5 | digit(b)?))?;
        (bits >> 44 == 1).then_some(())?;
        Self::parse(&format!("{:012}", bits >> 4 & 0xff_ffff_ffff))
    }

    /// A new access key id of this account: `kind` is its first four letters.
    pub fn new_access_key(self, kind: &str, ids: &Ids) -> String {
        let chance = ids.bytes::<1>()[0];
        let bits = (1 << 40 | self.number()) << 4 | u64::from(chance & 15);
        let digit = |i: u32| BASE32.get((bits >> (5 * i) & 31) as usize);
        let account = (0..9).rev().filter_map(digit).map(|b| char::from(*b));
        kind.chars().chain(account).chain(ids.text(LEN - 9, BASE32).chars()).collect()
    }

    fn number(self) -> u64 {
        self.as_str().parse().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_carries_its_account() {
        let ids = Ids::new(Some(1));
        for account in ["000000000000", "000000000001", "123456789012", "999999999999"] {
            let account = AccountId::parse(account).unwrap();
            let key = account.new_access_key("LSIA", &ids);
            assert_eq!((key.len(), AccountId::of_access_key(&key)), (20, Some(account)), "{key}");
        }
    }

    #[test]
    fn keys_of_others_are_read_too() {
        let of = |key| AccountId::of_access_key(key).map(|a| a.to_string());
        assert_eq!(of("LKIAQAAAAAAAGGGGGGGG").as_deref(), Some("000000000000"));
        // From a public description of the scheme (Tal Be'ery, 2023).
        assert_eq!(of("ASIAQNZGKIQY56JQ7WML").as_deref(), Some("029608264753"));
        for none in ["", "test", "AKIAIOSFODNN7EXAMPLE", "LKIAQAAAAAAAG", "LKIAQ-AAAAAAGGGGGGGG"] {
            assert_eq!(of(none), None, "{none}");
        }
    }
}
