//! Taking a body in: piece by piece through the hashes that its request needs into a blob, which
//! is there only if everything that the request says about the body is true.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cumulet_core::{AwsError, Body, Cx};
use cumulet_escape::hex;
use cumulet_store::Blob;
use http::HeaderMap;
use md5::{Digest as _, Md5};
use sha2::Sha256;

use crate::checksum::{Algorithm, Checksum, Claim, Hasher};
use crate::errors::{self, UPLOAD_MAX};
use crate::state::S3;

/// What a request says about its body.
#[derive(Debug)]
pub(crate) struct Claims {
    md5: Option<[u8; 16]>,
    /// How an error repeats the MD5.
    show_md5: fn(&[u8]) -> String,
    /// In hexadecimal digits; absent where the payload is not signed as a whole.
    sha256: Option<String>,
    pub(crate) checksum: Claim,
}

/// A body that came in whole and is what it was said to be.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) body: Blob,
    pub(crate) md5: [u8; 16],
    /// Of the algorithm that was asked for.
    pub(crate) checksum: Checksum,
    /// What the request claimed, if it did.
    pub(crate) claimed: Option<Checksum>,
}

impl Claims {
    /// Reads the headers; `md5` and `checksum` are what the model binds of them.
    pub(crate) fn read(
        cx: &Cx,
        md5: Option<&str>,
        show_md5: fn(&[u8]) -> String,
        checksum: Claim,
    ) -> Result<Self, AwsError> {
        let md5 = md5.map(parse_md5).transpose()?;
        Ok(Self { md5, show_md5, sha256: payload_sha256(cx)?, checksum })
    }
}

fn payload_sha256(cx: &Cx) -> Result<Option<String>, AwsError> {
    let Some(header) = cx.header("x-amz-content-sha256") else { return Ok(None) };
    if header == "UNSIGNED-PAYLOAD" || header.starts_with("STREAMING-") {
        return Ok(None);
    }
    if header.len() == 64 && header.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(Some(header.to_ascii_lowercase()));
    }
    Err(errors::invalid_argument(
        "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, or a valid sha256 value.",
        "x-amz-content-sha256",
        header,
    ))
}

/// A body over HTTP says how long it is.
fn check_length(cx: &Cx, body: &Body) -> Result<(), AwsError> {
    let told = ["content-length", "x-amz-decoded-content-length", "transfer-encoding"];
    // HTTP/2 frames say where a body ends.
    let unframed = cx.http().is_some_and(|http| http.version <= http::Version::HTTP_11);
    if unframed && !told.iter().any(|name| cx.header(name).is_some()) {
        return Err(errors::missing_content_length());
    }
    match body.len() {
        Some(len) if len > UPLOAD_MAX => Err(errors::entity_too_large(len)),
        _ => Ok(()),
    }
}

/// Takes a body in and computes its MD5 and its checksum by `algorithm`.
pub(crate) async fn receive(
    s3: &S3,
    cx: &Cx,
    mut body: Body,
    claims: &Claims,
    algorithm: Algorithm,
) -> Result<Received, AwsError> {
    check_length(cx, &body)?;
    let claimed = claims.checksum.algorithm;
    let mut md5 = s3.hashers.md5();
    let mut sha256 = claims.sha256.as_ref().map(|_| Sha256::new());
    let mut checksum = Hasher::new(algorithm);
    let mut other = claimed.filter(|c| *c != algorithm).map(Hasher::new);
    let mut blob = s3.blobs.writer();
    let mut size = 0;
    while let Some(piece) = body.next().await.transpose()? {
        size += piece.len() as u64;
        if size > UPLOAD_MAX {
            return Err(errors::entity_too_large(size));
        }
        checksum.update(&piece);
        if let Some(sha256) = &mut sha256 {
            sha256.update(&piece);
        }
        if let Some(other) = &mut other {
            other.update(&piece);
        }
        let mut rest = &*piece;
        while let Some(piece) = blob.write(&mut rest).await? {
            md5.update(piece).await.map_err(AwsError::internal)?;
        }
    }
    let (blob, last) = blob.finish().await?;
    let md5 = md5.finish(last).await.map_err(AwsError::internal)?;
    let checksum = checksum.finish();
    if let (Some(computed), Some(said)) = (sha256, &claims.sha256) {
        let computed = hex(&computed.finalize());
        if computed != *said {
            return Err(errors::sha256_mismatch(said, computed));
        }
    }
    if let Some(said) = claims.md5.filter(|said| *said != md5) {
        return Err(errors::bad_digest_md5((claims.show_md5)(&said), base64(&md5)));
    }
    let computed = claimed.map(|_| other.map_or(checksum, Hasher::finish));
    let said = match claimed {
        Some(algorithm) if claims.checksum.in_trailer => Some(trailer(&body, algorithm)?),
        _ => claims.checksum.value,
    };
    if let Some(said) = said.filter(|said| computed != Some(*said)) {
        return Err(errors::bad_checksum(said.algorithm.name()));
    }
    Ok(Received { body: blob, md5, checksum, claimed: computed })
}

/// Where a digest has to be: the model names more, but S3 takes those of clients (s3cmd) that send none.
const DEMANDING: [&str; 8] = [
    "cors",
    "delete",
    "legal-hold",
    "lifecycle",
    "object-lock",
    "replication",
    "retention",
    "tagging",
];

/// Checks a body that is no object by all that its request says of it.
pub(crate) fn check(
    cx: &Cx,
    body: &[u8],
    trailers: Option<&HeaderMap>,
    demanded: bool,
) -> Result<(), AwsError> {
    let mut checked = false;
    if let Some(said) = cx.header("content-md5") {
        let digest: [u8; 16] = parse_md5(said)?;
        let computed: [u8; 16] = Md5::digest(body).into();
        if digest != computed {
            return Err(errors::bad_digest_md5(said, base64(&computed)));
        }
        checked = true;
    }
    // Where none is demanded these headers speak of something else: of the object to complete.
    for algorithm in Algorithm::ALL.into_iter().filter(|_| demanded) {
        let name = format!("x-amz-checksum-{}", algorithm.lower());
        let trailing = || trailers?.get(&name)?.to_str().ok();
        let Some(said) = cx.header(&name).or_else(trailing) else { continue };
        let mut hasher = Hasher::new(algorithm);
        hasher.update(body);
        if Checksum::parse(algorithm, said)? != hasher.finish() {
            return Err(errors::bad_checksum(algorithm.name()));
        }
        checked = true;
    }
    let query = cx.http().and_then(|parts| parts.uri.query()).unwrap_or_default();
    let mut asked = query.split('&').map(|pair| pair.split('=').next().unwrap_or_default());
    if demanded && !checked && asked.any(|name| DEMANDING.contains(&name)) {
        let text = "Missing required header for this request: Content-MD5 OR x-amz-checksum-*";
        return Err(errors::invalid_request(text));
    }
    match payload_sha256(cx)? {
        Some(said) if said != hex(&Sha256::digest(body)) => {
            Err(errors::sha256_mismatch(&said, hex(&Sha256::digest(body))))
        }
        _ => Ok(()),
    }
}

fn parse_md5(text: &str) -> Result<[u8; 16], AwsError> {
    let digest = STANDARD.decode(text).ok().and_then(|d| d.try_into().ok());
    digest.ok_or_else(|| errors::invalid_digest(text))
}

fn trailer(body: &Body, algorithm: Algorithm) -> Result<Checksum, AwsError> {
    let name = format!("x-amz-checksum-{}", algorithm.lower());
    let value = body.trailers().and_then(|t| t.get(name)).and_then(|v| v.to_str().ok());
    let value = value.ok_or_else(|| {
        AwsError::new(
            "MalformedTrailerError",
            400,
            "The request contained trailing data that was not well-formed or did not conform to our published schema.",
        )
    })?;
    Checksum::parse(algorithm, value)
}

/// MD5 and checksum of bytes that are here already.
pub(crate) async fn digest(
    mut body: Body,
    algorithm: Algorithm,
) -> Result<([u8; 16], Checksum), AwsError> {
    let (mut md5, mut checksum) = (Md5::new(), Hasher::new(algorithm));
    while let Some(piece) = body.next().await.transpose()? {
        md5.update(&piece);
        checksum.update(&piece);
    }
    Ok((md5.finalize().into(), checksum.finish()))
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
