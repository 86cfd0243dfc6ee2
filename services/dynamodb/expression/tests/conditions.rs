//! Conditions.

use super::*;
use crate::encoded;

fn refused(text: &str, reason: &str) {
    assert_eq!(
        condition(text).unwrap_err(),
        format!("Invalid ConditionExpression: {reason}"),
        "{text}"
    );
}

#[test]
fn syntax_errors_show_a_token_between_its_neighbours() {
    for (text, token, near) in [
        ("a", "<EOF>", "a"),
        ("a =", "<EOF>", "="),
        ("a = :s AND", "<EOF>", "AND"),
        ("NOT (a)", "<EOF>", ")"),
        ("hits : incr", ":", "hits : incr"),
        ("foo-bar = :s", "-", "foo-bar"),
        ("attribute_not_exists(", "<EOF>", "("),
        ("contains (a, :s", "<EOF>", ":s"),
        ("a = :s b", "b", ":s b"),
        ("a BETWEEN :n OR :n", "OR", ":n OR :n"),
        ("(a = :s", "<EOF>", ":s"),
        ("a = :s)", ")", ":s)"),
        ("a..b = :s", ".", "..b"),
        ("a[x] = :s", "x", "[x]"),
        ("= :s", "=", "= :s"),
        ("AND = :s", "AND", "AND ="),
        ("_a = :s", "_", "_a"),
    ] {
        refused(text, &format!("Syntax error; token: \"{token}\", near: \"{near}\""));
    }
}

/// Conditions, and what is wrong with them.
const WRONG: &[(&str, &str)] = &[
    ("", "The expression can not be empty;"),
    ("((a = :s))", "The expression has redundant parentheses;"),
    ("name = :s", "Attribute name is a reserved keyword; reserved keyword: name"),
    (
        "a.#x = :s",
        "An expression attribute name used in the document path is not defined; attribute name: #x",
    ),
    (
        "a = :x",
        "An expression attribute value used in expression is not defined; attribute value: :x",
    ),
    ("foo(a)", "Invalid function name; function: foo"),
    (
        "if_not_exists(a, :s)",
        "The function is not allowed in a condition expression; function: if_not_exists",
    ),
    ("size(a)", "The function is not allowed to be used this way in an expression; function: size"),
    (
        "attribute_exists(a) = :s",
        "The function is not allowed to be used this way in an expression; function: attribute_exists",
    ),
    (
        "begins_with(a)",
        "Incorrect number of operands for operator or function; operator or function: begins_with, number of operands: 1",
    ),
    (
        "begins_with(a, :n)",
        "Incorrect operand type for operator or function; operator or function: begins_with, operand type: N",
    ),
    (
        "a < :t",
        "Incorrect operand type for operator or function; operator or function: <, operand type: BOOL",
    ),
    (
        "size(:n) < :n",
        "Incorrect operand type for operator or function; operator or function: size, operand type: N",
    ),
    (
        "attribute_exists(:s)",
        "Operator or function requires a document path; operator or function: attribute_exists",
    ),
    (
        "attribute_type(a, :n)",
        "Incorrect operand type for operator or function; operator or function: attribute_type, operand type: N",
    ),
    (
        "attribute_type(a, :s)",
        "Invalid attribute type name found; type: x, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}",
    ),
    (
        "a = a",
        "The first operand must be distinct from the remaining operands for this operator or function; operator: =, first operand: [a]",
    ),
    (
        "contains(a.b[1], a.b[1])",
        "The first operand must be distinct from the remaining operands for this operator or function; operator: contains, first operand: [a, b, [1]]",
    ),
    (
        "a BETWEEN :ten AND :n",
        "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: {N:10}, upper bound operand: AttributeValue: {N:5}",
    ),
    (
        "a BETWEEN :n AND :s",
        "The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: AttributeValue: {N:5}, upper bound operand: AttributeValue: {S:x}",
    ),
    // The first clause that is wrong is told, whatever is wrong with the later ones.
    (
        "begins_with(a, :n) AND b = :x",
        "Incorrect operand type for operator or function; operator or function: begins_with, operand type: N",
    ),
    (
        "b = :x AND begins_with(a, :n)",
        "An expression attribute value used in expression is not defined; attribute value: :x",
    ),
];

#[test]
fn what_is_wrong_with_a_condition() {
    for (text, reason) in WRONG {
        refused(text, reason);
    }
}

#[test]
fn limits() {
    let or = |terms: usize| vec!["a = :s"; terms].join(" OR ");
    assert!(condition(&or(300)).is_ok());
    refused(&or(301), "The expression contains too many operators; operator count: 301");
    let list = |length: usize| format!("a IN ({})", vec![":s"; length].join(", "));
    assert!(condition(&list(100)).is_ok());
    refused(
        &list(101),
        "Incorrect number of operands for operator or function; operator or function: IN, number of operands: 101",
    );
    refused(
        &format!("{} = :s", "a".repeat(4092)),
        "Expression size has exceeded the maximum allowed size; expression size: 4097",
    );
    let deep = format!("a{} = :s", ".b".repeat(32));
    refused(&deep, "The document path has too many nesting elements; nesting levels: 33");
    // No depth of parentheses harms the stack.
    assert!(condition(&"(".repeat(4096)).is_err());
    assert!(condition(&"NOT ".repeat(1000)).is_err());
}

#[test]
fn what_matches() {
    let it = item([
        ("word", s("hello")),
        ("five", n(5)),
        // Counted in UTF-16: 1 + 2 + 2.
        ("wide", s("é𝄞𝄞")),
        ("set1", ss(&["x", "y"])),
        ("doc", m([("list1", l(&[n(1), s("x")]))])),
        ("a.b", n(5)),
        ("nil", AttributeValue::Null),
        ("bytes1", AttributeValue::B(vec![0, 1, 2].into())),
    ]);
    let bytes = encoded::encode(&it);
    for (text, expected) in [
        ("five = :n", true),
        ("five <> :n", false),
        ("five = :s", false),
        ("gone = :n", false),
        ("gone <> :n", true),
        ("NOT gone = :n", true),
        ("five < :ten and five >= :n", true),
        ("five > :s", false),
        (":ten > five", true),
        ("#k = :n", true),
        ("five BETWEEN :n AND :ten", true),
        ("gone BETWEEN :n AND :ten", false),
        ("five IN (:s, :ten, :n)", true),
        ("attribute_exists(doc.list1[1]) AND attribute_not_exists(doc.list1[2])", true),
        ("doc.list1[1] = :s", true),
        ("contains(doc.list1, :s)", true),
        ("contains(set1, :s)", true),
        ("contains(set1, :n)", false),
        ("contains(word, :s)", false),
        ("contains(bytes1, :b)", true),
        ("set1 = :ss", true),
        ("begins_with(word, :s)", false),
        ("size(word) = :n", true),
        ("size(wide) = :n", true),
        ("(size(set1)) < five", true),
        ("size(gone) < :n", false),
        ("size(five) < :n", false),
        ("word = :s OR five = :n AND attribute_exists(nil)", true),
        ("(word = :s OR five = :n) AND attribute_exists(gone)", false),
    ] {
        let parsed = condition(text).unwrap();
        assert_eq!(parsed.matches(&it), expected, "{text}");
        assert_eq!(parsed.matches(&*bytes), expected, "{text}, encoded");
    }
    assert!(condition("attribute_not_exists(a)").unwrap().matches(&()));
}

#[test]
fn filters_leave_keys_alone() {
    let parsed = condition("a = :s AND size(pk) > :n").unwrap();
    assert_eq!(parsed.roots().into_iter().collect::<Vec<_>>(), ["a", "pk"]);
    let error = parsed.check_no_keys("Filter Expression", ["sk", "pk"]).unwrap_err();
    assert_eq!(
        error.message(),
        "Filter Expression can only contain non-primary key attributes: Primary key attribute: pk"
    );
}
