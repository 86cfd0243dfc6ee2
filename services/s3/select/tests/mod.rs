//! S3 Select without an object: requests, dialects, events, bounds. Queries are in `queries`.

mod queries;

use bytes::Bytes;
use cumulet_core::{Body, Timestamp};
use proptest::prelude::*;

use super::{Event, RECORD_MAX, Request, Selection, Stats, parser};
use crate::api::{
    CSVInput, CSVOutput, InputSerialization, JSONInput, JSONOutput, OutputSerialization,
    RequestProgress, ScanRange, SelectObjectContentRequest,
};

/// 2026-11-22T04:00:00Z.
const NOW: i64 = 1_795_320_000;

fn request(sql: &str) -> SelectObjectContentRequest {
    SelectObjectContentRequest {
        expression: Some(sql.into()),
        expression_type: Some("SQL".into()),
        ..Default::default()
    }
}

fn csv(header: &str) -> CSVInput {
    CSVInput { file_header_info: Some(header.into()), ..Default::default() }
}

fn from_csv(sql: &str, input: CSVInput) -> SelectObjectContentRequest {
    SelectObjectContentRequest {
        input_serialization: Some(InputSerialization { csv: Some(input), ..Default::default() }),
        output_serialization: Some(OutputSerialization {
            csv: Some(CSVOutput::default()),
            json: None,
        }),
        ..request(sql)
    }
}

fn from_json(sql: &str, kind: &str) -> SelectObjectContentRequest {
    let json = JSONInput { r#type: Some(kind.into()) };
    SelectObjectContentRequest {
        input_serialization: Some(InputSerialization { json: Some(json), ..Default::default() }),
        output_serialization: Some(OutputSerialization {
            csv: None,
            json: Some(JSONOutput::default()),
        }),
        ..request(sql)
    }
}

/// A body that arrives `size` bytes at a time.
fn pieces(data: &[u8], size: usize) -> Body {
    struct Pieces(Vec<Bytes>);
    impl http_body::Body for Pieces {
        type Data = Bytes;
        type Error = cumulet_core::AwsError;
        fn poll_frame(
            mut self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
            std::task::Poll::Ready(self.0.pop().map(|b| Ok(http_body::Frame::data(b))))
        }
    }
    Body::stream(Pieces(data.chunks(size).rev().map(Bytes::copy_from_slice).collect()))
}

async fn events(
    request: &SelectObjectContentRequest,
    data: &[u8],
    size: usize,
) -> Result<Vec<Event>, String> {
    let code = |e: cumulet_core::AwsError| format!("{}: {}", e.code(), e.message());
    let request = Request::parse(request).map_err(code)?;
    let (len, now) = (data.len() as u64, Timestamp::from_secs(NOW));
    let mut selection = Selection::new(request, len, pieces(data, size), now).map_err(code)?;
    let mut events = Vec::new();
    while let Some(event) = selection.next().await {
        events.push(event.map_err(code)?);
    }
    Ok(events)
}

/// The records that a request answers, or its error; the same whatever pieces the object comes in.
async fn answer(request: &SelectObjectContentRequest, data: &str) -> String {
    let mut answers = Vec::new();
    for size in [1, 7, 1 << 20] {
        let events = events(request, data.as_bytes(), size).await;
        answers.push(events.map_or_else(
            |error| error,
            |events| {
                let records = events.iter().map(|event| match event {
                    Event::Records(bytes) => std::str::from_utf8(bytes).unwrap(),
                    _ => "",
                });
                records.collect()
            },
        ));
    }
    assert!(answers.windows(2).all(|two| two[0] == two[1]), "{answers:?}");
    answers.remove(0)
}

#[tokio::test]
async fn csv_dialects() {
    let all = "SELECT * FROM S3Object";
    let with = |change: fn(&mut CSVInput)| {
        let mut input = CSVInput::default();
        change(&mut input);
        from_csv(all, input)
    };
    for (request, data, expected) in [
        (with(|_| ()), "a,b\r\nc,d\r\n", "a,b\nc,d\n"),
        (with(|_| ()), "\u{feff}a\n#x\n\n1", "a\n1\n"),
        (with(|c| c.file_header_info = Some("IGNORE".into())), "a\nb\n", "b\n"),
        (with(|c| c.field_delimiter = Some("|".into())), "a|b,c\n", "a,\"b,c\"\n"),
        (with(|c| c.record_delimiter = Some("\r\n".into())), "a\nb\r\nc", "\"a\nb\"\nc\n"),
        (with(|c| c.record_delimiter = Some(";;".into())), "a;b;;c;;", "a;b\nc\n"),
        (with(|c| c.quote_character = Some("'".into())), "'a,b',c\"\n", "\"a,b\",\"c\"\"\"\n"),
        (with(|c| c.quote_escape_character = Some("\\".into())), r#""a\"b",c"#, "\"a\"\"b\",c\n"),
        (with(|c| c.comments = Some("//".into())), "#a\n//b\n", "#a\n"),
        (
            with(|c| c.allow_quoted_record_delimiter = Some(true)),
            "\"a\nb\",c\nd\"\n",
            "\"a\nb\",c\n\"d\"\"\"\n",
        ),
        (
            with(|c| c.allow_quoted_record_delimiter = Some(true)),
            "\"a\"\"\n\",\"\"\ne",
            "\"a\"\"\n\",\ne\n",
        ),
        (
            with(|_| ()),
            "\"a\nb\"\n",
            "CSVUnescapedQuote: An unescaped quote was found while parsing the CSV file. To allow quoted record delimiters, set AllowQuotedRecordDelimiter to 'TRUE'.",
        ),
    ] {
        assert_eq!(answer(&request, data).await, expected, "{data}");
    }
}

#[tokio::test]
async fn csv_output() {
    let mut request = from_csv("SELECT * FROM S3Object", CSVInput::default());
    for (output, expected) in [
        (CSVOutput { quote_fields: Some("ALWAYS".into()), ..Default::default() }, "\"a\",\"b\"\n"),
        (CSVOutput { field_delimiter: Some(";".into()), ..Default::default() }, "a;b\n"),
        (CSVOutput { record_delimiter: Some("!".into()), ..Default::default() }, "a,b!"),
    ] {
        request.output_serialization = Some(OutputSerialization { csv: Some(output), json: None });
        assert_eq!(answer(&request, "a,b").await, expected);
    }
    request.output_serialization = from_json("", "LINES").output_serialization;
    assert_eq!(answer(&request, "a,\"b\"\"\"").await, "{\"_1\":\"a\",\"_2\":\"b\\\"\"}\n");
}

#[tokio::test]
async fn wrong_requests() {
    type Change = fn(&mut SelectObjectContentRequest);
    let cases: [(Change, &str); 12] = [
        (
            |r| r.expression = None,
            "MissingRequiredParameter: Expression is required. Please check the service documentation and try again.",
        ),
        (|r| r.expression_type = Some("PartiQL".into()), "InvalidExpressionType"),
        (|r| r.input_serialization = Some(InputSerialization::default()), "InvalidDataSource"),
        (|r| r.output_serialization = None, "MissingRequiredParameter"),
        (
            |r| r.input_serialization.as_mut().unwrap().csv = Some(CSVInput::default()),
            "ObjectSerializationConflict",
        ),
        (
            |r| r.input_serialization.as_mut().unwrap().json = Some(JSONInput::default()),
            "MissingRequiredParameter: Type is required. Please check the service documentation and try again.",
        ),
        (
            |r| {
                let input = r.input_serialization.as_mut().unwrap();
                (input.json, input.parquet) = (None, Some(crate::api::ParquetInput {}));
            },
            "NotImplemented",
        ),
        (
            |r| {
                r.input_serialization.as_mut().unwrap().compression_type = Some("GZIP".into());
                r.scan_range = Some(ScanRange { start: Some(0), end: Some(1) });
            },
            "UnsupportedScanRangeInput",
        ),
        (
            |r| r.input_serialization.as_mut().unwrap().compression_type = Some("ZIP".into()),
            "InvalidCompressionFormat",
        ),
        (
            |r| r.input_serialization = from_csv("", csv("YES")).input_serialization,
            "InvalidFileHeaderInfo",
        ),
        (
            |r| {
                *r = SelectObjectContentRequest {
                    scan_range: Some(ScanRange::default()),
                    ..from_json("SELECT * FROM S3Object", "DOCUMENT")
                }
            },
            "UnsupportedScanRangeInput",
        ),
        (|r| r.scan_range = Some(ScanRange { start: Some(5), end: Some(4) }), "InvalidScanRange"),
    ];
    for (change, expected) in cases {
        let mut request = from_json("SELECT * FROM S3Object", "LINES");
        change(&mut request);
        let answer = answer(&request, "{}").await;
        assert!(answer.starts_with(expected), "{answer}");
    }
}

#[tokio::test]
async fn a_scan_range_takes_the_records_that_begin_in_it() {
    let mut request = from_csv("SELECT s.a FROM S3Object s", csv("USE"));
    for (start, end, expected) in [
        (Some(0), Some(1), ""),
        (Some(2), Some(2), "b\n"),
        (Some(3), Some(4), "c\n"),
        (Some(3), None, "c\nd\n"),
        (None, Some(2), "d\n"),
        (Some(100), None, ""),
    ] {
        request.scan_range = Some(ScanRange { start, end });
        assert_eq!(answer(&request, "a\nb\nc\nd\n").await, expected, "{start:?} {end:?}");
    }
}

#[tokio::test]
async fn events_in_order() {
    let mut request = from_csv("SELECT _1 FROM S3Object", CSVInput::default());
    let stats = Stats { scanned: 8, processed: 8, returned: 4 };
    let records = Event::Records("a\nc\n".into());
    let got = events(&request, b"a,b\nc,d\n", 3).await.unwrap();
    assert_eq!(got, [records, Event::Stats(stats), Event::End]);
    request.request_progress = Some(RequestProgress { enabled: Some(true) });
    let got = events(&request, b"", 3).await.unwrap();
    let none = Stats::default();
    assert_eq!(got, [Event::Progress(none), Event::Stats(none), Event::End]);
}

#[tokio::test]
async fn large_answers_come_in_pieces_and_quiet_scans_show_life() {
    let line = "x".repeat(1000) + "\n";
    let data = line.repeat(20_000);
    let all = from_csv("SELECT * FROM S3Object", CSVInput::default());
    let got = events(&all, data.as_bytes(), 1 << 20).await.unwrap();
    let sizes: Vec<_> = got
        .iter()
        .filter_map(|e| if let Event::Records(r) = e { Some(r.len()) } else { None })
        .collect();
    assert_eq!(sizes.iter().sum::<usize>(), data.len());
    assert!(sizes.iter().all(|size| *size < 128 << 10));
    let none = from_csv("SELECT * FROM S3Object WHERE false", CSVInput::default());
    let got = events(&none, data.as_bytes(), 1 << 20).await.unwrap();
    assert_eq!(got[0], Event::Cont);
}

#[tokio::test]
async fn compressed_objects() {
    let mut request = from_csv("SELECT _2 FROM S3Object", CSVInput::default());
    let data = b"a,b\nc,d\n".repeat(20_000);
    let packed = cumulet_compress::pack(&data);
    request.input_serialization.as_mut().unwrap().compression_type = Some("GZIP".into());
    for size in [1000, packed.len()] {
        let got = events(&request, &packed, size).await.unwrap();
        let stats = Stats {
            scanned: packed.len() as u64,
            processed: data.len() as u64,
            returned: data.len() as u64 / 2,
        };
        assert_eq!(got[got.len() - 2], Event::Stats(stats));
    }
    for wrong in [&packed[..packed.len() - 1], b"a,b\n"] {
        let error = events(&request, wrong, 1000).await.unwrap_err();
        assert!(error.starts_with("TruncatedInput"), "{error}");
    }
    request.input_serialization.as_mut().unwrap().compression_type = Some("BZIP2".into());
    let bzip2 = *b"BZh91AY&SY\x91[\x9d\xa9\x00\x00\x02Q\x00\x00\x10\x00\x04<\x00 \x000\xc0\x08i\xb2\x88#'\x8b\xb9\x22\x9c(HH\xad\xce\xd4\x80";
    let got = events(&request, &bzip2, 5).await.unwrap();
    assert_eq!(got[0], Event::Records("b\nd\n".into()));
}

#[tokio::test]
async fn an_error_comes_after_the_records_before_it() {
    let request =
        Request::parse(&from_csv("SELECT CAST(_1 AS INT) FROM S3Object", CSVInput::default()));
    let data: Body = Bytes::from_static(b"1\n2\nx\n").into();
    let mut selection =
        Selection::new(request.unwrap(), 6, data, Timestamp::from_secs(NOW)).unwrap();
    assert_eq!(selection.next().await.unwrap().unwrap(), Event::Records("1\n2\n".into()));
    assert_eq!(selection.next().await.unwrap().unwrap_err().code(), "CastFailed");
    assert!(selection.next().await.is_none());
}

#[tokio::test]
async fn limits() {
    let (all, b) = ("SELECT * FROM S3Object", "SELECT * FROM S3Object[*].b");
    let long = "x".repeat(RECORD_MAX + 1);
    let large = format!("{{\"a\":[{}0],\"b\":1}}", "0,".repeat(RECORD_MAX));
    for (request, data, code) in [
        (from_csv(all, CSVInput::default()), long, "OverMaxRecordSize"),
        (from_json(all, "DOCUMENT"), large.clone(), "OverMaxRecordSize"),
        (from_json(all, "DOCUMENT"), "[".repeat(100_000), "JSONParsingError"),
    ] {
        let error = events(&request, data.as_bytes(), 1 << 16).await.unwrap_err();
        assert!(error.starts_with(code), "{error}");
    }
    let got = events(&from_json(b, "DOCUMENT"), large.as_bytes(), 1 << 16).await.unwrap();
    assert_eq!(got[0], Event::Records("{\"_1\":1}\n".into()));
}

#[tokio::test]
async fn an_object_is_utf_8() {
    let request = from_csv("SELECT * FROM S3Object", CSVInput::default());
    let data = [b"ab\n".repeat(3000), b"\xff".into()].concat();
    let error = events(&request, &data, 1000).await.unwrap_err();
    assert_eq!(
        error,
        "InvalidTextEncoding: UTF-8 encoding is required. The text encoding error was found near byte 9,000."
    );
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        "SELECT|FROM|WHERE|LIMIT|S3Object|CASE|WHEN|THEN|END|CAST|AS|INT|NOT|IN|LIKE|BETWEEN|AND|IS|NULL|TRIM|SUM|COUNT|DATE_ADD|year",
        "[-+*/%=<>|(),.\\[\\]'\"`]",
        "[a-z_0-9.]{1,4}",
        ".",
    ]
}

proptest! {
    #[test]
    fn the_parser_never_panics(text in ".*", words in prop::collection::vec(word(), 0..40)) {
        let _ = parser::parse(&text);
        let _ = parser::parse(&words.join(" "));
        let _ = parser::parse(&format!("SELECT {} FROM S3Object", words.join(" ")));
    }

    #[test]
    fn no_data_makes_it_panic(data in prop::collection::vec(any::<u8>(), 0..60), text in "[{}\\[\\]:,\"\\\\a1 \n]{0,40}", size in 1_usize..5) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let quoted = CSVInput { allow_quoted_record_delimiter: Some(true), ..csv("USE") };
        for request in [from_csv("SELECT * FROM S3Object", quoted), from_json("SELECT * FROM S3Object[*].a[*]", "DOCUMENT")] {
            let _ = runtime.block_on(events(&request, &data, size));
            let _ = runtime.block_on(events(&request, text.as_bytes(), size));
        }
    }
}
