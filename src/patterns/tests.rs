//! Patterns by table. Error texts and places are those of responses recorded from AWS.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const SNS: Dialect = Dialect::Filter { nested: true };

fn matches(pattern: &Value, document: &Value) -> bool {
    let pattern = Pattern::parse(Dialect::Event, &pattern.to_string()).unwrap();
    pattern.matches(&Document::new(document.clone()))
}

#[test]
fn operators_allow_and_refuse() {
    let yes_and_no = [
        (json!(["a"]), json!("a"), json!("A")),
        (json!([""]), json!(""), json!(null)),
        (json!([1]), json!(1.0), json!("1")),
        (
            json!([9_007_199_254_740_993_i64]),
            json!(9_007_199_254_740_993_i64),
            json!(9_007_199_254_740_992_i64),
        ),
        (json!([true]), json!(true), json!("true")),
        (json!([null]), json!(null), json!("null")),
        (json!([{"prefix": "a-"}]), json!("a-b"), json!("b-a-")),
        (json!([{"prefix": {"equals-ignore-case": "Év"}}]), json!("évA"), json!("ev")),
        (json!([{"suffix": ".png"}]), json!("a.png"), json!("a.PNG")),
        (json!([{"suffix": {"equals-ignore-case": ".png"}}]), json!("a.PNG"), json!(".png2")),
        (json!([{"equals-ignore-case": "aB"}]), json!("Ab"), json!("a")),
        (json!([{"anything-but": "a"}]), json!(null), json!("a")),
        (json!([{"anything-but": ["a", "b"]}]), json!(1), json!("b")),
        (json!([{"anything-but": [1, 2]}]), json!("1"), json!(2.0)),
        (json!([{"anything-but": {"prefix": ["a", "b"]}}]), json!("c"), json!("bc")),
        (json!([{"anything-but": {"suffix": "a"}}]), json!("ab"), json!("ba")),
        (json!([{"anything-but": {"equals-ignore-case": "a"}}]), json!("b"), json!("A")),
        (json!([{"anything-but": {"wildcard": "*/b/*"}}]), json!("a/c/d"), json!("a/b/d")),
        (json!([{"wildcard": "a*c"}]), json!("abcbc"), json!("abcb")),
        (json!([{"wildcard": "a*bc*c"}]), json!("abcc"), json!("abc")),
        (json!([{"wildcard": "*"}]), json!(""), json!(1)),
        (json!([{"wildcard": r"a\*\\"}]), json!(r"a*\"), json!(r"ab\")),
        (json!([{"wildcard": "é*"}]), json!("éa"), json!("e")),
        (json!([{"numeric": ["=", 3]}]), json!(3.0), json!(3.1)),
        (json!([{"numeric": [">", 0, "<=", 5]}]), json!(5), json!(0)),
        (json!([{"numeric": ["<", -1.5]}]), json!(-2), json!(-1.5)),
        (json!([{"cidr": "10.0.0.0/24"}]), json!("10.0.0.255"), json!("10.0.1.0")),
        (json!([{"cidr": "10.0.0.7/32"}]), json!("10.0.0.7"), json!("::ffff:10.0.0.7")),
        (json!([{"cidr": "2001:db8::/32"}]), json!("2001:0db8:0::1"), json!("2001:db9::")),
        (json!([{"exists": true}]), json!(null), json!([])),
        (json!([{"exists": true}]), json!([1]), json!({"a": 1})),
        (json!([{"exists": false}]), json!([]), json!(0)),
        (json!(["x", {"exists": false}]), json!("x"), json!("y")),
        (json!(["a"]), json!(["b", ["a"]]), json!([["b"], {"a": "a"}])),
        (json!([{"anything-but": "a"}]), json!(["a", "b"]), json!(["a"])),
    ];
    for (rules, yes, no) in yes_and_no {
        let pattern = json!({"k": rules});
        assert!(matches(&pattern, &json!({"k": yes})), "{pattern} {yes}");
        assert!(!matches(&pattern, &json!({"k": no})), "{pattern} {no}");
    }
}

#[test]
fn what_is_absent_matches_only_where_that_is_asked() {
    for rules in [json!([{"anything-but": "a"}]), json!([null]), json!([{"exists": true}])] {
        assert!(!matches(&json!({"k": rules}), &json!({})), "{rules}");
    }
    assert!(matches(&json!({"a": {"b": [{"exists": false}]}}), &json!({"a": {"c": 1}})));
    assert!(matches(&json!({"a": {"b": [{"exists": false}]}}), &json!({})));
    // Absent from every element, not from one.
    assert!(!matches(
        &json!({"a": {"b": [{"exists": false}]}}),
        &json!({"a": [{"b": 1}, {"c": 1}]})
    ));
}

#[test]
fn what_stands_below_an_array_is_asked_of_one_element() {
    let pattern = json!({"r": {"a": ["x"], "b": {"c": ["y"]}}});
    assert!(matches(&pattern, &json!({"r": [{"a": "z"}, {"a": "x", "b": [[{"c": "y"}]]}]})));
    assert!(!matches(&pattern, &json!({"r": [{"a": "x"}, {"b": {"c": "y"}}]})));
}

#[test]
fn a_dot_is_a_level_on_both_sides() {
    let yes = json!({"a": {"b": {"c": 1}}});
    for pattern in [json!({"a.b.c": [1]}), json!({"a.b": {"c": [1]}}), json!({"a": {"b.c": [1]}})] {
        for document in [&yes, &json!({"a.b.c": 1}), &json!({"a": {"b.c": 1, "b": 3}})] {
            assert!(matches(&pattern, document), "{pattern} {document}");
        }
        assert!(!matches(&pattern, &json!({"a.b": {"b.c": 1}})));
    }
    assert!(matches(&json!({"a.b": [1], "a": {"c": [2]}}), &json!({"a": {"b": 1}, "a.c": 2})));
}

#[test]
fn one_branch_of_an_or_is_enough() {
    let pattern = json!({"$or": [{"m": ["cpu"]}, {"n": ["ec2"]}],
        "d": {"s": [1], "$or": [{"t": [2]}, {"u": [{"numeric": ["<", 0]}]}]}});
    assert!(matches(&pattern, &json!({"n": "ec2", "d": {"s": 1, "u": -1}})));
    assert!(!matches(&pattern, &json!({"d": {"s": 1, "t": 2}})));
    assert!(!matches(&pattern, &json!({"m": "cpu", "d": {"s": 1, "u": 1}})));
    // A list of match expressions is a field of that name.
    let field = json!({"$or": [{"prefix": "a"}, {"suffix": "b"}]});
    assert!(matches(&field, &json!({"$or": "xb"})));
}

#[test]
fn the_last_one_of_a_name_counts() {
    let pattern = Pattern::parse(Dialect::Event, r#"{"a": [1], "a": [2]}"#).unwrap();
    assert!(pattern.matches(&Document::new(json!({"a": 2}))));
}

/// The text before the place, and the column.
fn fault(dialect: Dialect, pattern: &str) -> (String, Option<u32>) {
    let text = match Pattern::parse(dialect, pattern).unwrap_err() {
        Invalid::Nested => return ("nested".into(), None),
        Invalid::Pattern(text) | Invalid::Syntax(text) => text,
    };
    let column =
        text.rsplit_once("column: ").map(|(_, c)| c.trim_end_matches(']').parse().unwrap());
    (text.split('\n').next().unwrap().to_owned(), column)
}

const MEMBER: &str = "Match value must be String, number, true, false, or null";

/// Policy, text, column.
const REFUSED_POLICIES: &[(&str, &str, Option<u32>)] = &[
    (r#"{"key":[["value"]]}"#, MEMBER, Some(10)),
    (r#"{"key":[{"wrong-operator":true}]}"#, "Unrecognized match type wrong-operator", Some(31)),
    (r#"{"key":[{"wildcard":"a*"}]}"#, "Unrecognized match type wildcard", Some(22)),
    (
        r#"{"key":[{"suffix":"value","prefix":"value2"}]}"#,
        "Only one key allowed in match expression",
        Some(37),
    ),
    (r#"{"key":[]}"#, "Empty arrays are not allowed", Some(10)),
    (r#"{"key":[{"suffix":100}]}"#, "suffix match pattern must be a string", Some(22)),
    (r#"{"key":[{"suffix":[]}]}"#, "suffix match pattern must be a string", Some(20)),
    (r#"{"key":{"suffix":"value"}}"#, "\"suffix\" must be an object or an array", Some(19)),
    (r#"{"key_a":"value_one"}"#, "\"key_a\" must be an object or an array", Some(11)),
    (r#"{"key":[{"cidr":["bad"]}]}"#, "prefix match pattern must be a string", Some(18)),
    (r#"{"key":[{"cidr":"bad"}]}"#, "Malformed CIDR, one '/' required", None),
    (r#"{"key":[{"cidr":"b/6x"}]}"#, "Malformed CIDR, mask bits must be an integer", None),
    (r#"{"key":[{"cidr":"xx.11/8"}]}"#, "Nonstandard IP address: xx.11", None),
    (r#"{"key":[{"numeric":["=","000"]}]}"#, "Value of equals must be numeric", Some(26)),
    (r#"{"key":[{"numeric":[">="]}]}"#, "Value of >= must be numeric", Some(26)),
    (r#"{"key":[{"numeric":[">",20,"<="]}]}"#, "Value of <= must be numeric", Some(33)),
    (
        r#"{"key":[{"numeric":["operator"]}]}"#,
        "Unrecognized numeric range operator: operator",
        Some(32),
    ),
    (
        r#"{"key":[{"numeric":[">",20,"<",30,"<",50]}]}"#,
        "Too many terms in numeric range expression",
        Some(36),
    ),
    (
        r#"{"key":[{"numeric":["<",100,">",10]}]}"#,
        "Too many elements in numeric expression",
        Some(30),
    ),
    (r#"{"key":[{"numeric":[]}]}"#, "Invalid member in numeric match: ]", Some(22)),
    (r#"{"key":[{"numeric":[1,"<="]}]}"#, "Invalid member in numeric match: 1", Some(22)),
    (r#"{"key":[{"numeric":[">",20,30]}]}"#, "Bad value in numeric range: 30", Some(30)),
    (r#"{"key":[{"numeric":[">",20,"test"]}]}"#, "Bad numeric range operator: test", Some(34)),
    (r#"{"key":[{"numeric":[">",3,"<",1]}]}"#, "Bottom must be less than top", Some(33)),
    (
        r#"{"key":[{"exists":null}]}"#,
        "exists match pattern must be either true or false.",
        Some(23),
    ),
    (
        r#"{"key":[{"anything-but":{"suffix":"test"}}]}"#,
        "Unsupported anything-but pattern: suffix",
        Some(36),
    ),
    (
        r#"{"key":[{"anything-but":{"prefix":false}}]}"#,
        "prefix match pattern must be a string",
        Some(40),
    ),
    (
        "{invalid",
        "Unexpected character ('i' (code 105)): was expecting double-quote to start field name",
        Some(2),
    ),
];

#[test]
fn filter_policies_are_refused_in_awss_words() {
    for (pattern, text, column) in REFUSED_POLICIES {
        assert_eq!(fault(SNS, pattern), ((*text).to_owned(), *column), "{pattern}");
    }
    assert_eq!(fault(Dialect::Filter { nested: false }, r#"{"a":{"b":["c"]}}"#).0, "nested");
}

#[test]
fn event_patterns_are_refused_in_awss_words() {
    let list = "Inside anything but list, start|null|boolean is not supported.";
    let folded = "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not \
                  supported.";
    let cases = [
        (r#"["not", "a"]"#, "Filter is not an object", Some(2)),
        (r#"{"int": 42}"#, "\"int\" must be an object or an array", Some(11)),
        (r#"{"resources": []}"#, "Empty arrays are not allowed", Some(17)),
        (r#"{"d": [{"anything-but": ["stopped", null]}]}"#, list, Some(41)),
        (r#"{"d": [{"anything-but": {"equals-ignore-case": 123}}]}"#, folded, Some(51)),
        (
            r#"{"d": [{"anything-but": {"prefix": ""}}]}"#,
            "Null prefix/suffix not allowed",
            Some(38),
        ),
        (
            r#"{"d": [{"anything-but": {"suffix": [null, "a"]}}]}"#,
            "prefix/suffix match pattern must be a string",
            Some(41),
        ),
        (r#"{"d": [{"wildcard": "a:**b"}]}"#, "Consecutive wildcard characters at pos 3", Some(28)),
        (r#"{"d": [{"numeric": 10}]}"#, "Value of numeric must be an array.", Some(22)),
        (
            r#"{"not": closed mark""#,
            "Unrecognized token 'closed': was expecting (JSON String, Number, Array, Object or \
             token 'null', 'true' or 'false')",
            Some(15),
        ),
    ];
    for (pattern, text, column) in cases {
        assert_eq!(fault(Dialect::Event, pattern), (text.to_owned(), column), "{pattern}");
    }
    let complex = r#"{"a": [{"wildcard": "*:*:*:*:*:event-bus/*"}]}"#;
    assert!(fault(Dialect::Event, complex).0.starts_with("Rule is too complex"));
}

#[test]
fn filter_policies_have_limits() {
    let values = |n: usize| (0..n).map(|i| json!(i)).collect::<Vec<_>>();
    let parse = |policy: Value| Pattern::parse(SNS, &policy.to_string()).map(|_| ());
    let complex = Err(Invalid::Pattern("Filter policy is too complex".into()));
    assert_eq!(parse(json!({"k": values(150)})), Ok(()));
    assert_eq!(parse(json!({"k": values(151)})), complex);
    assert_eq!(parse(json!({"a": values(10), "b": {"c": values(8)}})), complex);
    // 5 x (4 x (2 + 6)), as in the guide
    let or = json!({"$or": [{"m": values(3)}, {"n": values(2)}],
        "d": {"s": values(2), "$or": [{"x": values(1)}, {"t": values(3)}]}});
    assert_eq!(parse(or), complex);
    let six = json!({"a": [1], "b": [1], "c": [1], "d": [1], "e": {"f": [1], "g": [1]}});
    let keys = Invalid::Pattern("Filter policy can not have more than 5 keys".into());
    assert_eq!(parse(six), Err(keys));
}

#[test]
fn an_empty_filter_policy_lets_everything_through() {
    let all = Pattern::parse(SNS, "{}").unwrap();
    assert!(all.matches(&Document::new(json!({"a": 1}))));
    assert_eq!(fault(SNS, r#"{"a":{}}"#).0, "Empty objects are not allowed");
    assert_eq!(fault(Dialect::Event, "{}").0, "Empty objects are not allowed");
}

#[test]
fn a_wildcard_never_looks_back() {
    let pattern = json!({"k": [{"wildcard": "*a*aa*aaa*b"}]});
    assert!(!matches(&pattern, &json!({"k": "a".repeat(200_000)})));
}

#[test]
fn json_alone_can_be_checked() {
    assert_eq!(check_json(r#"{"a": [1, {"b": null}]}"#), Ok(()));
    let text = check_json("{invalid").unwrap_err().to_string();
    assert!(text.ends_with("INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: 2]"), "{text}");
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-c.*\\\\/0-9:é]{0,6}".prop_map(Value::from),
        Just(json!(">")),
        Just(json!("10.0.0.0/8")),
    ];
    let name = prop_oneof![
        "[ab.]{0,3}",
        prop::sample::select(vec![
            "$or",
            "prefix",
            "suffix",
            "anything-but",
            "exists",
            "numeric",
            "cidr",
            "wildcard",
            "equals-ignore-case",
        ])
        .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(4, 32, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name.clone(), inner, 0..4)
                .prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn nothing_panics(pattern in values(), document in values()) {
        for dialect in [SNS, Dialect::Filter { nested: false }, Dialect::Event] {
            if let Ok(pattern) = Pattern::parse(dialect, &pattern.to_string()) {
                let document = Document::new(document.clone());
                prop_assert_eq!(pattern.matches(&document), pattern.matches(&document));
            }
        }
    }

    #[test]
    fn no_text_panics(text in ".{0,40}") {
        let _ = Pattern::parse(Dialect::Event, &text);
        let _ = check_json(&format!("{{\"a\": {text}"));
    }
}
