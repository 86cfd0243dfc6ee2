//! A certificate of the RSA key: DER by hand, for the one form that is needed (RFC 5280).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::rsa;

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

/// A certificate of the RSA key for a host, signed by itself, in PEM.
pub fn pem(host: &str) -> String {
    armored(&certificate(host))
}

fn certificate(host: &str) -> Vec<u8> {
    let null = || der(5, &[]);
    let rsa = || der(6, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1]);
    let sha256_with_rsa =
        || sequence(&[der(6, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11]), null()]);
    let common_name = sequence(&[der(6, &[0x55, 4, 3]), der(0x0c, host.as_bytes())]);
    let name = || sequence(&[der(0x31, &common_name)]);
    let validity = sequence(&[der(0x17, b"200101000000Z"), der(0x18, b"21200101000000Z")]);
    // The highest bit of the modulus is set, so that a zero byte keeps it positive.
    let mut modulus = vec![0];
    modulus.extend(rsa::modulus());
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
    let signature = rsa::sign_sha256(&body);
    sequence(&[body, sha256_with_rsa(), bits(&signature)])
}

fn armored(der: &[u8]) -> String {
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
