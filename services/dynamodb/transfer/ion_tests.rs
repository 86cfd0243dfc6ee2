//! Ion: written as AWS shows it, and read back.

use proptest::prelude::*;

use super::ion::{next, push};
use crate::number::Number;
use crate::value::{AttributeValue, Item};

fn read(text: &str) -> Vec<Option<AttributeValue>> {
    let mut at = 0;
    std::iter::from_fn(|| next(text, &mut at).map(|(_, value)| value)).collect()
}

fn item(text: &str) -> Item {
    match read(text).pop() {
        Some(Some(AttributeValue::M(item))) => item,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn items_are_written_as_aws_shows_them() {
    let text = r#"{Authors:$dynamodb_SS::["Author1","Author2"],Id:103.,In:false,Pages:6d2,Price:-1.5,Zero:0.}"#;
    let mut out = String::new();
    push(&mut out, &item(text));
    assert_eq!(out, text);
}

#[test]
fn what_is_written_is_read_again() {
    let text = r#"{'a b':"q\"\\\n\u0001ü🎈",bytes:$dynamodb_BS::[{{AP8=}},{{eA==}}],'null':null,deep:[[],{},{x:[1.]}],sets:$dynamodb_NS::[1.,2d1],'$1':0.001}"#;
    let first = item(text);
    let mut out = String::new();
    push(&mut out, &first);
    assert_eq!(item(&out), first);
    assert_eq!(first["$1"], AttributeValue::N(Number::parse("0.001").unwrap()));
    assert_eq!(first["a b"], AttributeValue::S("q\"\\\n\u{1}ü🎈".to_owned()));
}

#[test]
fn all_that_ion_allows_is_read() {
    let found = item(
        "$ion_1_0 /* a */ { // b\n \"k\" : '''one ''' \n '''two\\x21''', 'n': 1_000e-2, f: null.struct, e: \"\\ud83c\\udf88\", }",
    );
    assert_eq!(found["k"], AttributeValue::S("one two!".to_owned()));
    assert_eq!(found["n"], AttributeValue::N(Number::parse("10").unwrap()));
    assert_eq!(found["f"], AttributeValue::Null);
    assert_eq!(found["e"], AttributeValue::S("🎈".to_owned()));
}

#[test]
fn a_list_around_all_records_is_no_record() {
    assert_eq!(read("$ion_1_0\n[ {a:1}, {a:2} ]\n").len(), 2);
    assert_eq!(read(" \n"), []);
}

#[test]
fn what_is_no_item_ends_with_its_line() {
    let wrong = [
        "{a:",
        "{a:2007-01-01T}",
        "{a:symbol}",
        "{a:(1 2)}",
        "{a:\"x\ny\"}",
        "{a:{{\"clob\"}}}",
        "{a:$dynamodb_SS::[1]}",
        "nan",
        "{a:\"\\q\"}",
    ];
    for wrong in wrong {
        let all = read(&format!("{wrong}\n{{b:1}}"));
        assert_eq!(all.first(), Some(&None), "{wrong}");
        assert!(matches!(all.last(), Some(Some(AttributeValue::M(_)))), "{wrong}");
    }
    assert_eq!(read(&"[".repeat(100_000)), []);
    assert_eq!(read(&"{a:".repeat(100_000)), [None]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_panics(text in ".*") {
        read(&text);
    }
}
