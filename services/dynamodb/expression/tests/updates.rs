//! Updates.

use super::*;
use crate::expression::{Projection, Update};

fn update(text: &str) -> Result<Update, String> {
    with_placeholders(Kind::Update, text, |p| p.update(text))
}

fn apply(text: &str, mut it: Item) -> Result<Item, String> {
    update(text)?.apply(&mut it).map_err(|error| error.message().to_owned())?;
    Ok(it)
}

fn sample() -> Item {
    item([
        ("c", n(1)),
        ("d", n(2)),
        ("items1", l(&[s("0"), s("1"), s("2"), m([("x", n(3))])])),
        ("doc", m([("k", n(1))])),
        ("tags", ss(&["x", "z"])),
    ])
}

#[test]
fn what_updates_do() {
    for (text, name, value) in [
        ("SET c = :s", "c", Some(s("x"))),
        ("SET c = c + :n", "c", Some(n(6))),
        ("SET c = :n - c", "c", Some(n(4))),
        ("SET c = (c - :n)", "c", Some(n(-4))),
        ("set e = if_not_exists(e, :ten) + :n", "e", Some(n(15))),
        ("SET c = if_not_exists(c, :ten)", "c", Some(n(1))),
        (
            "SET items1 = list_append(:l, items1)",
            "items1",
            Some(l(&[n(1), s("0"), s("1"), s("2"), m([("x", n(3))])])),
        ),
        ("SET e = list_append(if_not_exists(e, :l), :l)", "e", Some(l(&[n(1), n(1)]))),
        // Everything is read before anything is written.
        ("SET c = d, d = c", "c", Some(n(2))),
        ("SET c = d, d = c", "d", Some(n(1))),
        ("SET doc.k2 = :n", "doc", Some(m([("k", n(1)), ("k2", n(5))]))),
        (
            "SET items1[9] = :n, items1[7] = :ten REMOVE items1[0], items1[1], items1[3].x",
            "items1",
            Some(l(&[s("2"), m([]), n(10), n(5)])),
        ),
        ("REMOVE c, gone", "c", None),
        ("REMOVE doc.k, doc.gone", "doc", Some(m([]))),
        ("REMOVE items1[1], items1[3]", "items1", Some(l(&[s("0"), s("2")]))),
        ("ADD c :n", "c", Some(n(6))),
        ("ADD doc.n :n", "doc", Some(m([("k", n(1)), ("n", n(5))]))),
        ("ADD tags :ss", "tags", Some(ss(&["x", "y", "z"]))),
        ("ADD e :ss", "e", Some(ss(&["x", "y"]))),
        ("DELETE tags :ss", "tags", Some(ss(&["z"]))),
        ("DELETE gone :ss", "gone", None),
        ("SET c = :n REMOVE d ADD e :n DELETE tags :ss", "e", Some(n(5))),
    ] {
        assert_eq!(apply(text, sample()).unwrap().get(name).cloned(), value, "{text}");
    }
    // An empty set is none.
    let only = item([("tags", ss(&["x"]))]);
    assert_eq!(apply("DELETE tags :ss", only), Ok(Item::new()));
}

#[test]
fn what_cannot_be_applied() {
    let path = "The document path provided in the update expression is invalid for update";
    let operand = "An operand in the update expression has an incorrect data type";
    for (text, error) in [
        (
            "SET e = gone",
            "The provided expression refers to an attribute that does not exist in the item",
        ),
        ("SET c = tags + :n", operand),
        ("SET c = list_append(c, :l)", operand),
        ("ADD tags :n", operand),
        ("ADD c :ss", operand),
        ("DELETE c :ss", operand),
        ("SET gone.a = :n", path),
        ("SET c.a = :n", path),
        ("SET doc[0] = :n", path),
        ("REMOVE gone.a", path),
        ("REMOVE doc.k.a", path),
    ] {
        assert_eq!(apply(text, sample()).unwrap_err(), error, "{text}");
    }
    let deep = (0..31).fold(n(1), |value, _| m([("x", value)]));
    let deeper = apply("SET doc.k = deep", item([("doc", m([])), ("deep", deep)])).unwrap_err();
    assert!(deeper.starts_with("Nesting Levels have exceeded supported limits"), "{deeper}");
    let most = AttributeValue::N(Number::parse("9e125").unwrap());
    assert_eq!(
        apply("SET c = c + c", item([("c", most)])).unwrap_err(),
        "Number overflow. Attempting to store a number with magnitude larger than supported range"
    );
}

#[test]
fn what_is_wrong_with_an_update() {
    let types = "Incorrect operand type for operator or function";
    for (text, reason) in [
        ("", "The expression can not be empty;".to_owned()),
        ("INVALID SYNTAX HERE", "Syntax error; token: \"INVALID\", near: \"INVALID SYNTAX\"".to_owned()),
        ("SET", "Syntax error; token: \"<EOF>\", near: \"SET\"".to_owned()),
        ("SET a = :n,", "Syntax error; token: \"<EOF>\", near: \",\"".to_owned()),
        ("ADD hits : incr", "Syntax error; token: \":\", near: \"hits : incr\"".to_owned()),
        ("SET #, = :n", "Syntax error; token: \"#\", near: \"SET #,\"".to_owned()),
        ("SET a = :n SET b = :n", "The \"SET\" section can only be used once in an update expression;".to_owned()),
        ("SET a = :n, a = :s", "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a]".to_owned()),
        ("SET year = :n", "Attribute name is a reserved keyword; reserved keyword: year".to_owned()),
        ("SET a = :x", "An expression attribute value used in expression is not defined; attribute value: :x".to_owned()),
        ("SET a = a + :s", format!("{types}; operator or function: +, operand type: S")),
        ("SET a = list_append(a, :m)", format!("{types}; operator or function: list_append, operand type: M")),
        ("SET a = size(b)", "The function is not allowed in an update expression; function: size".to_owned()),
        ("SET a = foo(b)", "Invalid function name; function: foo".to_owned()),
        ("SET a = if_not_exists(:n, :n)", "Operator or function requires a document path; operator or function: if_not_exists".to_owned()),
        ("ADD a :s", format!("{types}; operator: ADD, operand type: STRING, typeSet: ALLOWED_FOR_ADD_OPERAND")),
        ("ADD a :l", format!("{types}; operator: ADD, operand type: LIST, typeSet: ALLOWED_FOR_ADD_OPERAND")),
        ("DELETE a :n", format!("{types}; operator: DELETE, operand type: NUMBER, typeSet: ALLOWED_FOR_DELETE_OPERAND")),
    ] {
        assert_eq!(update(text).unwrap_err(), format!("Invalid UpdateExpression: {reason}"), "{text}");
    }
}

#[test]
fn keys_stay() {
    let error = update("SET a = :n REMOVE sk").unwrap().check_keys(["pk", "sk"]).unwrap_err();
    assert_eq!(
        error.message(),
        "One or more parameter values were invalid: Cannot update attribute sk. This attribute is \
         part of the key"
    );
}

#[test]
fn what_was_touched() {
    let parsed = update("SET doc.n = :n, doc.k = :s REMOVE c").unwrap();
    let touched = Projection::of(parsed.paths());
    let mut it = sample();
    assert_eq!(touched.project(&it), item([("c", n(1)), ("doc", m([("k", n(1))]))]));
    parsed.apply(&mut it).unwrap();
    assert_eq!(touched.project(&it), item([("doc", m([("k", s("x")), ("n", n(5))]))]));
}
