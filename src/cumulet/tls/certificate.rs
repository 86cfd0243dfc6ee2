//! A certificate that signs itself, for names of this machine: X.509 (RFC 5280) in DER (X.690), as
//! far as that takes. It is no authority: whoever trusts it trusts this server and nobody else.

use std::net::IpAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cumulet_core::time::real_now;
use graviola::hashing::{Hash as _, Sha256};
use graviola::signing::ecdsa::{P256, SigningKey};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::config::Config;

/// How long a certificate is good: Apple's systems take none that is good for more than 825.
pub(super) const DAYS: u64 = 820;

/// Names under which this server is called everywhere.
const NAMES: [&str; 12] = [
    "localhost",
    "*.localhost",
    "*.s3.localhost",
    "localhost.localstack.cloud",
    "*.localhost.localstack.cloud",
    "*.s3.localhost.localstack.cloud",
    "*.execute-api.localhost.localstack.cloud",
    "*.lambda-url.us-east-1.localhost.localstack.cloud",
    "cumulet",
    "localstack",
    "host.docker.internal",
    "host.testcontainers.internal",
];

mod tag {
    pub(super) const INTEGER: u8 = 0x02;
    pub(super) const BITS: u8 = 0x03;
    pub(super) const OCTETS: u8 = 0x04;
    pub(super) const OID: u8 = 0x06;
    pub(super) const UTF8: u8 = 0x0c;
    pub(super) const UTC_TIME: u8 = 0x17;
    pub(super) const SEQUENCE: u8 = 0x30;
    pub(super) const SET: u8 = 0x31;
    /// `[number]`, of a kind that the place tells.
    pub(super) const fn implicit(number: u8) -> u8 {
        0x80 | number
    }
    /// `[number]` around something whole.
    pub(super) const fn explicit(number: u8) -> u8 {
        0xa0 | number
    }
}

/// Object identifiers, encoded.
mod oid {
    pub(super) const COMMON_NAME: &[u8] = &[0x55, 4, 3];
    pub(super) const SUBJECT_KEY_ID: &[u8] = &[0x55, 29, 14];
    pub(super) const KEY_USAGE: &[u8] = &[0x55, 29, 15];
    pub(super) const ALTERNATIVE_NAMES: &[u8] = &[0x55, 29, 17];
    pub(super) const BASIC_CONSTRAINTS: &[u8] = &[0x55, 29, 19];
    pub(super) const AUTHORITY_KEY_ID: &[u8] = &[0x55, 29, 35];
    pub(super) const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 29, 37];
    /// 1.3.6.1.5.5.7.3.1
    pub(super) const SERVER: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 1];
    /// 1.2.840.10045.4.3.2
    pub(super) const ECDSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
}

/// What is in the certificate: names by DNS and addresses.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Names(Vec<u8>);

/// The names that this server may be called by, as the configuration knows them.
pub(super) fn names(config: &Config) -> Names {
    let mut dns: Vec<_> = NAMES.iter().map(|name| (*name).to_owned()).collect();
    let mut addresses = vec![[127, 0, 0, 1].into(), IpAddr::from(1_u128.to_be_bytes())];
    let public = config.public_host.as_deref().and_then(|host| host.rsplit_once(':'));
    let own = [public.map(|(host, _)| host), config.variables.get("HOSTNAME").map(String::as_str)];
    for name in own.into_iter().flatten() {
        match name.trim_start_matches('[').trim_end_matches(']').parse() {
            Ok(address) => addresses.push(address),
            Err(_) => dns.extend([name.to_ascii_lowercase(), format!("*.{name}").to_lowercase()]),
        }
    }
    addresses.extend(config.listen.iter().filter_map(|l| l.host.parse::<IpAddr>().ok()));
    addresses.retain(|address| !address.is_unspecified());
    dns.retain(|name| name.is_ascii());
    let by_name = dns.iter().map(|name| tlv(tag::implicit(2), &[name.as_bytes()]));
    let by_address = addresses.iter().map(|address| match address {
        IpAddr::V4(ip) => tlv(tag::implicit(7), &[&ip.octets()]),
        IpAddr::V6(ip) => tlv(tag::implicit(7), &[&ip.octets()]),
    });
    let mut all = Vec::new();
    for name in by_name.chain(by_address) {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    Names(tlv(tag::SEQUENCE, &[&all.concat()]))
}

/// Whether a certificate that was made earlier has just these names.
pub(super) fn is_for(pem: &[u8], names: &Names) -> bool {
    CertificateDer::from_pem_slice(pem)
        .is_ok_and(|der| der.windows(names.0.len()).any(|window| window == names.0))
}

/// A new certificate and its key, both as PEM.
pub(super) fn make(names: &Names) -> Option<(String, String)> {
    let key = SigningKey::<P256>::generate().ok()?;
    let (mut public, mut private, mut signature) = ([0; 128], [0; 256], [0; 128]);
    let public = key.to_spki_der(&mut public).ok()?;
    let mut serial = [0; 16];
    graviola::random::fill(&mut serial).ok()?;
    // Positive, and of one length.
    serial[0] = serial[0] & 0x3f | 0x40;
    let body = body(names, public, &serial);
    let signature = key.sign_asn1::<Sha256>(&[&body], &mut signature).ok()?;
    let whole = tlv(tag::SEQUENCE, &[&body, &algorithm(), &bits(0, signature)]);
    let private = key.to_pkcs8_der(&mut private).ok()?;
    Some((pem("CERTIFICATE", &whole), pem("PRIVATE KEY", private)))
}

fn body(names: &Names, public: &[u8], serial: &[u8]) -> Vec<u8> {
    let now = real_now();
    let until = now.plus(Duration::from_secs(DAYS * 86_400));
    let common_name =
        tlv(tag::SEQUENCE, &[&tlv(tag::OID, &[oid::COMMON_NAME]), &tlv(tag::UTF8, &[b"Cumulet"])]);
    let name = tlv(tag::SEQUENCE, &[&tlv(tag::SET, &[&common_name])]);
    let time = |text: String| tlv(tag::UTC_TIME, &[text.as_bytes()]);
    let validity = [time(utc(&now.iso8601_millis())), time(utc(&until.iso8601_millis()))].concat();
    let version = tlv(tag::explicit(0), &[&tlv(tag::INTEGER, &[&[2]])]);
    let extensions = tlv(tag::SEQUENCE, &[&extensions(names, public)]);
    tlv(
        tag::SEQUENCE,
        &[
            &version,
            &tlv(tag::INTEGER, &[serial]),
            &algorithm(),
            &name,
            &tlv(tag::SEQUENCE, &[&validity]),
            &name,
            public,
            &tlv(tag::explicit(3), &[&extensions]),
        ],
    )
}

fn extensions(names: &Names, public: &[u8]) -> Vec<u8> {
    let hash = Sha256::hash(public);
    let id = hash.as_ref().get(..20).unwrap_or_default();
    let usage = tlv(tag::SEQUENCE, &[&tlv(tag::OID, &[oid::SERVER])]);
    [
        extension(oid::ALTERNATIVE_NAMES, false, &names.0),
        extension(oid::BASIC_CONSTRAINTS, true, &tlv(tag::SEQUENCE, &[])),
        // digitalSignature alone.
        extension(oid::KEY_USAGE, true, &bits(7, &[0x80])),
        extension(oid::EXTENDED_KEY_USAGE, false, &usage),
        extension(oid::SUBJECT_KEY_ID, false, &tlv(tag::OCTETS, &[id])),
        extension(
            oid::AUTHORITY_KEY_ID,
            false,
            &tlv(tag::SEQUENCE, &[&tlv(tag::implicit(0), &[id])]),
        ),
    ]
    .concat()
}

fn extension(id: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    const TRUE: &[u8] = &[1, 1, 0xff];
    let critical = if critical { TRUE } else { &[] };
    tlv(tag::SEQUENCE, &[&tlv(tag::OID, &[id]), critical, &tlv(tag::OCTETS, &[value])])
}

fn algorithm() -> Vec<u8> {
    tlv(tag::SEQUENCE, &[&tlv(tag::OID, &[oid::ECDSA_SHA256])])
}

fn bits(unused: u8, bytes: &[u8]) -> Vec<u8> {
    tlv(tag::BITS, &[&[unused], bytes])
}

/// `2026-11-22T07:00:00.000Z` as `261122070000Z`; good until 2049.
fn utc(iso8601: &str) -> String {
    let digits: String = iso8601.chars().filter(char::is_ascii_digit).collect();
    format!("{}Z", digits.get(2..14).unwrap_or_default())
}

/// Tag, length and value.
fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let value = parts.concat();
    let length = value.len().to_be_bytes();
    let significant = length.iter().skip_while(|byte| **byte == 0).copied();
    let mut out = vec![tag];
    if value.len() < 0x80 {
        out.extend(u8::try_from(value.len()));
    } else {
        let bytes: Vec<_> = significant.collect();
        out.extend(u8::try_from(bytes.len()).map(|count| 0x80 | count));
        out.extend(bytes);
    }
    out.extend(value);
    out
}

fn pem(label: &str, der: &[u8]) -> String {
    let mut out = format!("-----BEGIN {label}-----\n");
    for (number, c) in STANDARD.encode(der).chars().enumerate() {
        if number > 0 && number % 64 == 0 {
            out.push('\n');
        }
        out.push(c);
    }
    out + &format!("\n-----END {label}-----\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_as_many_bytes_as_they_need() {
        assert_eq!(tlv(4, &[b"ab", b"c"]), [4, 3, b'a', b'b', b'c']);
        assert_eq!(tlv(4, &[&[0; 0x80]])[..3], [4, 0x81, 0x80]);
        assert_eq!(tlv(4, &[&[0; 0x1234]])[..4], [4, 0x82, 0x12, 0x34]);
    }

    #[test]
    fn a_certificate_is_good_for_the_names_that_it_was_made_for() {
        let read = |host: &str| Config::read([("LOCALSTACK_HOST".to_owned(), host.to_owned())]);
        let one = names(&read("cloud.test"));
        let (certificate, key) = make(&one).unwrap();
        assert!(key.starts_with("-----BEGIN PRIVATE KEY-----\n"));
        assert!(is_for(certificate.as_bytes(), &one));
        assert!(!is_for(certificate.as_bytes(), &names(&read("10.1.2.3:80"))));
        assert!(!is_for(b"nothing", &one));
    }
}
