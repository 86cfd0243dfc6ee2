//! aws-chunked bodies: AWS's documented examples, every cut of them, and broken ones.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use bytes::Bytes;
use cumulet_sigv4::chunked::{ChunkError, Decoder, MAX_TRAILERS, strip_encoding};
use cumulet_sigv4::{Chain, parse};
use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const SIGNED: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
const SIGNED_TRAILER: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
const UNSIGNED: &str = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";

fn headers(kind: &str, length: usize, trailer: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let text = |text: &str| HeaderValue::try_from(text).unwrap();
    headers.insert("x-amz-content-sha256", text(kind));
    headers.insert("x-amz-decoded-content-length", text(&length.to_string()));
    if !trailer.is_empty() {
        headers.insert("x-amz-trailer", text(trailer));
    }
    headers
}

/// The chain that begins with this seed, in the documentation's day and region.
fn chain(seed: &str) -> Chain {
    let credential = "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request";
    let parts = http::Request::builder()
        .header("x-amz-date", "20130524T000000Z")
        .header(
            "authorization",
            format!("AWS4-HMAC-SHA256 Credential={credential},SignedHeaders=host,Signature={seed}"),
        )
        .body(())
        .unwrap()
        .into_parts()
        .0;
    Chain::new(&parse(&parts).unwrap().unwrap(), SECRET).unwrap()
}

fn decode(
    mut decoder: Decoder,
    body: &[u8],
    step: usize,
) -> Result<(Vec<u8>, HeaderMap), ChunkError> {
    let mut data = Vec::new();
    for piece in body.chunks(step.max(1)) {
        let mut piece = Bytes::copy_from_slice(piece);
        while let Some(decoded) = decoder.decode(&mut piece)? {
            data.extend_from_slice(&decoded);
        }
        assert!(piece.is_empty());
    }
    Ok((data, decoder.finish()?))
}

fn run(headers: &HeaderMap, body: &[u8]) -> Result<(Vec<u8>, HeaderMap), ChunkError> {
    decode(Decoder::new(headers, None)?.expect("aws-chunked"), body, usize::MAX)
}

/// The documentation's body of 65 KiB of `a` in two chunks, with these signatures.
fn documented(signatures: [&str; 3], end: &str) -> Vec<u8> {
    let [first, second, last] = signatures;
    let (big, small) = ("a".repeat(65_536), "a".repeat(1024));
    format!(
        "10000;chunk-signature={first}\r\n{big}\r\n400;chunk-signature={second}\r\n{small}\r\n\
         0;chunk-signature={last}\r\n{end}"
    )
    .into_bytes()
}

const SEED: &str = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9";
const CHUNKS: [&str; 3] = [
    "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
    "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
    "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
];

#[test]
fn the_documented_signed_body() {
    let body = documented(CHUNKS, "\r\n");
    assert_eq!(body.len(), 66_824);
    for step in [1, 7, 1000, 65_625, usize::MAX] {
        let decoder = Decoder::new(&headers(SIGNED, 66_560, ""), Some(chain(SEED)));
        let (data, trailers) = decode(decoder.unwrap().unwrap(), &body, step).unwrap();
        assert!(data.len() == 66_560 && data.iter().all(|b| *b == b'a') && trailers.is_empty());
    }
}

#[test]
fn a_changed_byte_breaks_the_chain() {
    for at in [100, 65_700, 66_700] {
        let mut body = documented(CHUNKS, "\r\n");
        body[at] ^= 1;
        let decoder = Decoder::new(&headers(SIGNED, 66_560, ""), Some(chain(SEED)));
        let error = decode(decoder.unwrap().unwrap(), &body, 4096).unwrap_err();
        assert_eq!(error, ChunkError::Signature, "byte {at}");
    }
}

#[test]
fn the_last_piece_of_a_bad_chunk_is_held_back() {
    let mut body = documented(CHUNKS, "\r\n");
    body[100] ^= 1;
    let decoder = Decoder::new(&headers(SIGNED, 66_560, ""), Some(chain(SEED)));
    let mut decoder = decoder.unwrap().unwrap();
    assert_eq!(decoder.decode(&mut body.into()), Err(ChunkError::Signature));
}

#[test]
fn the_documented_signed_trailer() {
    let end = "x-amz-checksum-crc32c:sOO8/Q==\r\n\
        x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n";
    let signatures = [
        "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
        "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
        "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
    ];
    let seed = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e";
    let headers = headers(SIGNED_TRAILER, 66_560, "x-amz-checksum-crc32c");
    let decoder = || Decoder::new(&headers, Some(chain(seed))).unwrap().unwrap();
    let (_, trailers) = decode(decoder(), &documented(signatures, end), 999).unwrap();
    assert_eq!(trailers["x-amz-checksum-crc32c"], "sOO8/Q==");

    let other = end.replace("sOO8", "sOO9");
    let error = decode(decoder(), &documented(signatures, &other), 999).unwrap_err();
    assert_eq!(error, ChunkError::Signature);
    // A client that ends its trailer by a bare line feed and sets the signature apart.
    let minio = end.replace("sOO8/Q==\r\n", "sOO8/Q==\n\r\n");
    assert!(decode(decoder(), &documented(signatures, &minio), 999).is_ok());
}

#[test]
fn an_unsigned_body_with_a_trailer() {
    let headers = headers(UNSIGNED, 11, "x-amz-checksum-crc32");
    let body = b"6\r\nhello \r\n5\r\nworld\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n";
    let (data, trailers) = run(&headers, body).unwrap();
    assert_eq!(data, b"hello world");
    assert_eq!(trailers["x-amz-checksum-crc32"], "DUoRhQ==");
}

#[test]
fn what_lies_in_one_buffer_is_not_copied() {
    let mut input = Bytes::from_static(b"5\r\nhello\r\n0\r\n\r\n");
    let at = input.as_ptr().wrapping_add(3);
    let mut decoder = Decoder::new(&headers(UNSIGNED, 5, ""), None).unwrap().unwrap();
    assert_eq!(decoder.decode(&mut input).unwrap().unwrap().as_ptr(), at);
    assert_eq!(decoder.decode(&mut input), Ok(None));
    assert_eq!(decoder.finish(), Ok(HeaderMap::new()));
}

#[test]
fn an_encoding_without_a_streaming_hash_is_chunked_too() {
    let mut headers = HeaderMap::new();
    headers.insert("content-encoding", "gzip, aws-chunked".try_into().unwrap());
    let (data, _) = run(&headers, b"2;chunk-signature=0\r\nhi\r\n0\r\nx:y\r\n\r\n").unwrap();
    assert_eq!(data, b"hi");
    strip_encoding(&mut headers);
    assert_eq!(headers["content-encoding"], "gzip");
    assert!(Decoder::new(&headers, None).unwrap().is_none());
    headers.insert("content-encoding", "AWS-chunked".try_into().unwrap());
    strip_encoding(&mut headers);
    assert!(headers.is_empty());
}

#[test]
fn broken_bodies_are_told_apart() {
    let small = format!("5\r\nhello\r\n{:x}\r\n{}\r\n0\r\n\r\n", 9000, "a".repeat(9000));
    let long = format!("0\r\nx-long:{}\r\n\r\n", "a".repeat(MAX_TRAILERS));
    let endless = "1".repeat(2000);
    let cases: [(&str, usize, &str, &[u8], ChunkError); 18] = [
        (UNSIGNED, 5, "", b"", ChunkError::Truncated),
        (UNSIGNED, 5, "", b"5\r\nhel", ChunkError::Truncated),
        (UNSIGNED, 5, "", b"5\r\nhello\r\n", ChunkError::Truncated),
        (UNSIGNED, 5, "", b"5\r\nhello\r\n0\r\n\r", ChunkError::Truncated),
        (UNSIGNED, 5, "", b"5\nhello\r\n0\r\n\r\n", ChunkError::Framing),
        (UNSIGNED, 5, "", b"3\r\nhello\r\n0\r\n\r\n", ChunkError::Framing),
        (UNSIGNED, 5, "", b"+5\r\nhello\r\n0\r\n\r\n", ChunkError::Framing),
        (UNSIGNED, 5, "", b"\r\nhello", ChunkError::Framing),
        (UNSIGNED, 5, "", b"fffffffffffffffff\r\n", ChunkError::Framing),
        (UNSIGNED, 5, "", endless.as_bytes(), ChunkError::Framing),
        (UNSIGNED, 5, "", b"ffffffffffffffff\r\n", ChunkError::Length),
        (UNSIGNED, 6, "", b"5\r\nhello\r\n0\r\n\r\n", ChunkError::Length),
        (UNSIGNED, 4, "", b"5\r\nhello\r\n0\r\n\r\n", ChunkError::Length),
        (UNSIGNED, 0, "", b"0\r\nx-a:b\r\n\r\n", ChunkError::Trailer),
        (UNSIGNED, 0, "x-a", b"0\r\n\r\n", ChunkError::Trailer),
        (UNSIGNED, 0, "x-a", b"0\r\nx-a b\r\n\r\n", ChunkError::Trailer),
        (UNSIGNED, 0, "x-long", long.as_bytes(), ChunkError::Trailer),
        (SIGNED, 9005, "", small.as_bytes(), ChunkError::SmallChunk { index: 1, size: 5 }),
    ];
    for (kind, length, trailer, body, error) in cases {
        let result = run(&headers(kind, length, trailer), body);
        assert_eq!(result.unwrap_err(), error, "{}", String::from_utf8_lossy(body));
    }
    assert!(run(&headers(UNSIGNED, 9005, ""), small.as_bytes()).is_ok());
    assert!(run(&headers(UNSIGNED, 5, ""), b"5\r\nhello\r\n0\r\n").is_ok());
}

#[test]
fn a_length_is_required() {
    let mut headers = headers(UNSIGNED, 0, "");
    headers.insert("x-amz-decoded-content-length", "abc".try_into().unwrap());
    assert_eq!(Decoder::new(&headers, None).unwrap_err().shape().code, "MissingContentLength");
    headers.remove("x-amz-decoded-content-length");
    assert_eq!(Decoder::new(&headers, None).unwrap_err(), ChunkError::NoLength);
}

#[test]
fn a_small_chunk_is_told_as_s3_tells_it() {
    let shape = ChunkError::SmallChunk { index: 1, size: 3 }.shape();
    assert_eq!((shape.code, shape.status), ("InvalidChunkSizeError", 403));
    assert_eq!(shape.members, [("Chunk", "2".to_owned()), ("BadChunkSize", "3".to_owned())]);
}

proptest! {
    #[test]
    fn a_body_decodes_the_same_however_it_is_cut(
        chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..50), 0..8),
        step in 1_usize..60,
    ) {
        let mut chain = chain(SEED);
        let mut body = Vec::new();
        for chunk in &chunks {
            let signature = chain.sign_chunk(chunk);
            body.extend(format!("{:x};chunk-signature={signature}\r\n", chunk.len()).bytes());
            body.extend(chunk);
            body.extend(b"\r\n");
        }
        body.extend(format!("0;chunk-signature={}\r\nx-a:1\r\n", chain.sign_chunk(b"")).bytes());
        let signature = chain.sign_trailers(b"x-a:1\n");
        body.extend(format!("x-amz-trailer-signature:{signature}\r\n\r\n").bytes());

        let plain = chunks.concat();
        let headers = headers(SIGNED_TRAILER, plain.len(), "x-a");
        let decoder = Decoder::new(&headers, Some(self::chain(SEED))).unwrap().unwrap();
        match decode(decoder, &body, step) {
            // Small chunks are allowed in the last place only.
            Err(error) => {
                let size = chunks[0].len() as u64;
                prop_assert_eq!(error, ChunkError::SmallChunk { index: 1, size });
                prop_assert!(chunks.len() > 1);
            }
            Ok((data, trailers)) => {
                prop_assert_eq!(data, plain);
                prop_assert_eq!(&trailers["x-a"], "1");
            }
        }
    }

    #[test]
    fn garbage_is_an_error_and_the_same_one_however_it_is_cut(
        body in "([0-9a-f]{1,2}|;|\r\n|\n|x-a:b|[a-z]{1,4}|é){0,24}",
        step in 1_usize..10,
    ) {
        let mut headers = HeaderMap::new();
        headers.insert("content-encoding", "aws-chunked".try_into().unwrap());
        let decoder = || Decoder::new(&headers, None).unwrap().unwrap();
        let whole = decode(decoder(), body.as_bytes(), usize::MAX);
        prop_assert_eq!(decode(decoder(), body.as_bytes(), step), whole);
    }
}
