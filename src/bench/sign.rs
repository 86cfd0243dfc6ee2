//! Signature V4 from the client's side, with the signing key kept as long as it serves.
//!
//! Only what the bench sends: paths and queries come encoded and in order.

use std::time::SystemTime;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

const REGION: &str = "us-east-1";
const ACCESS_KEY: &str = "test";
const SECRET_KEY: &str = "AWS4test";

/// Signs the requests of one service.
pub(crate) struct Signer {
    service: &'static str,
    stamp: String,
    scope: String,
    key: Vec<u8>,
}

impl Signer {
    pub(crate) fn new(service: &'static str) -> Self {
        Self { service, stamp: String::new(), scope: String::new(), key: Vec::new() }
    }

    /// The value of `x-amz-date`, now; the signatures that follow are made with it.
    pub(crate) fn date(&mut self) -> String {
        #[expect(clippy::disallowed_methods, reason = "a client has no Cx to ask for the time")]
        let stamp = basic_iso8601(SystemTime::now());
        if stamp != self.stamp {
            let day = stamp.split('T').next().unwrap_or_default();
            self.scope = format!("{day}/{REGION}/{}/aws4_request", self.service);
            self.key = self.scope.split('/').fold(SECRET_KEY.into(), |key, part| mac(&key, part));
            self.stamp = stamp;
        }
        self.stamp.clone()
    }

    /// The value of `authorization` for these headers, all of them signed, in order of name.
    pub(crate) fn authorization(
        &self,
        [method, path, query]: [&str; 3],
        headers: &[(&str, &str)],
        payload: &str,
    ) -> String {
        let mut request = format!("{method}\n{path}\n{query}\n");
        for (name, value) in headers {
            request.extend([*name, ":", *value, "\n"]);
        }
        let names = headers.iter().map(|&(name, _)| name).collect::<Vec<_>>().join(";");
        let (stamp, scope) = (&self.stamp, &self.scope);
        request.extend(["\n", &names, "\n", payload]);
        let request = hex(&Sha256::digest(request.as_bytes()));
        let text = format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{request}");
        let signature = hex(&mac(&self.key, &text));
        let who = format!("Credential={ACCESS_KEY}/{scope}");
        format!("AWS4-HMAC-SHA256 {who}, SignedHeaders={names}, Signature={signature}")
    }
}

/// `Sun, 22 Nov 2026 04:05:06 GMT` put as `20261122T040506Z`.
fn basic_iso8601(time: SystemTime) -> String {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let date = httpdate::fmt_http_date(time);
    let mut words = date.split([' ', ':']).skip(1);
    let mut word = || words.next().unwrap_or_default();
    let (day, month, year) = (word(), word(), word());
    let month = MONTHS.find(month).unwrap_or(0) / 3 + 1;
    format!("{year}{month:02}{day}T{}{}{}Z", word(), word(), word())
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// The bytes in lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(half.into(), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_basic_iso8601() {
        let time = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_440_938_161);
        assert_eq!(basic_iso8601(time), "20150830T123601Z");
    }

    /// The worked example of "Create a signed AWS API request" in the IAM user guide.
    #[test]
    fn the_documented_example_is_signed_alike() {
        let key = ["20150830", "us-east-1", "iam", "aws4_request"]
            .iter()
            .fold(b"AWS4wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_vec(), |k, part| {
                mac(&k, part)
            });
        let (stamp, scope) = ("20150830T123600Z", "20150830/us-east-1/iam/aws4_request");
        let signer = Signer { service: "iam", stamp: stamp.into(), scope: scope.into(), key };
        let headers = [
            ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
            ("host", "iam.amazonaws.com"),
            ("x-amz-date", stamp),
        ];
        let line = ["GET", "/", "Action=ListUsers&Version=2010-05-08"];
        let got = signer.authorization(line, &headers, &hex(&Sha256::digest(b"")));
        let signature = "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";
        assert!(got.ends_with(signature), "{got}");
    }
}
