//! Projections.

use super::*;
use crate::encoded;

fn project(text: &str) -> Result<Item, String> {
    let projection = with_placeholders(Kind::Projection, text, |p| p.projection(text))?;
    let it = item([
        ("a", m([("b", n(1)), ("c", l(&[n(0), n(1), m([("d", n(2))])]))])),
        ("x", n(9)),
        ("a.b", n(5)),
    ]);
    let found = projection.project(&it);
    assert_eq!(projection.project(&*encoded::encode(&it)), found);
    Ok(found)
}

#[test]
fn what_is_taken() {
    assert_eq!(project("x, gone"), Ok(item([("x", n(9))])));
    assert_eq!(project("#k"), Ok(item([("a.b", n(5))])));
    assert_eq!(project("a.b, a.gone"), Ok(item([("a", m([("b", n(1))]))])));
    // Elements keep their order and close ranks.
    assert_eq!(
        project("a.c[2].d, a.c[0], a.c[7]"),
        Ok(item([("a", m([("c", l(&[n(0), m([("d", n(2))])]))]))]))
    );
    assert_eq!(project("x.y, a[0]"), Ok(Item::new()));
}

#[test]
fn what_is_wrong_with_a_projection() {
    let paths = "must remove or rewrite one of these paths";
    for (text, reason) in [
        ("", "The expression can not be empty;".to_owned()),
        ("a,", "Syntax error; token: \"<EOF>\", near: \",\"".to_owned()),
        ("foo-bar", "Syntax error; token: \"-\", near: \"foo-bar\"".to_owned()),
        (":s", "Syntax error; token: \":s\", near: \":s\"".to_owned()),
        (
            "a, Comment",
            "Attribute name is a reserved keyword; reserved keyword: Comment".to_owned(),
        ),
        (
            "a, a.b",
            format!(
                "Two document paths overlap with each other; {paths}; path one: [a], path two: [a, b]"
            ),
        ),
        (
            "a.b, a[1]",
            format!(
                "Two document paths conflict with each other; {paths}; path one: [a, b], path two: [a, [1]]"
            ),
        ),
    ] {
        assert_eq!(project(text), Err(format!("Invalid ProjectionExpression: {reason}")), "{text}");
    }
}
