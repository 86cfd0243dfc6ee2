//! Statements that are none: they are refused, and nothing worse.

use proptest::prelude::*;

use super::statement::Statement;

#[test]
fn no_depth_does_harm() {
    for text in [
        format!("SELECT * FROM t WHERE {}", "(".repeat(8_000)),
        format!("SELECT * FROM t WHERE {}", "NOT ".repeat(2_000)),
        format!("INSERT INTO t VALUE {}", "{'a':".repeat(1_600)),
        format!("SELECT * FROM t WHERE a = {}", "[".repeat(8_000)),
        format!("SELECT * FROM t WHERE {} = 1", "size(".repeat(1_600)),
        format!("UPDATE t SET a = {}", "list_append(".repeat(600)),
    ] {
        assert!(Statement::parse(&text, &[]).is_err());
    }
    let long = ["a = 1"; 800].join(" OR ");
    assert!(Statement::parse(&format!("SELECT * FROM t WHERE {long}"), &[]).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_statement_does_harm(
        words in proptest::collection::vec(prop_oneof![
            Just("SELECT"), Just("*"), Just("FROM"), Just("WHERE"), Just("UPDATE"), Just("SET"),
            Just("INSERT INTO"), Just("VALUE"), Just("DELETE"), Just("AND"), Just("NOT"), Just("IN"),
            Just("BETWEEN"), Just("IS"), Just("MISSING"), Just("("), Just(")"), Just("["), Just("]"),
            Just("{"), Just("}"), Just("<<"), Just(">>"), Just(","), Just("."), Just("="), Just("?"),
            Just("t"), Just("'x'"), Just("1e5"), Just("-"), Just("size"), Just("set_add"),
            Just("RETURNING"), Just("ORDER BY"), Just("é"), Just("\"q\""),
        ], 0..20),
    ) {
        let _ = Statement::parse(&words.join(" "), &[]);
    }
}
