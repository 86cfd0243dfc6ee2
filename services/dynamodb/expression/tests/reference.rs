//! Random conditions, against an evaluator that knows nothing but the plainest rules: it walks the
//! text's own tree, on decoded items, and compares numbers as integers.

use proptest::prelude::*;

use super::*;
use crate::encoded;
use crate::value_tests::items;

/// A condition, to be written and to be evaluated.
#[derive(Clone, Debug)]
enum Plain {
    Compare(&'static str, String, String),
    Between(String, String, String),
    In(String, Vec<String>),
    Call(&'static str, String, String),
    Exists(bool, String),
    Not(Box<Self>),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
}

/// What a placeholder or a path of the form `a` or `a.b` or `a[1]` stands for.
fn value(operand: &str, item: &Item, values: &Item) -> Option<AttributeValue> {
    if operand.starts_with(':') {
        return values.get(operand).cloned();
    }
    if let Some((root, key)) = operand.split_once('.') {
        let AttributeValue::M(map) = item.get(root)? else { return None };
        return map.get(key).cloned();
    }
    if let Some((root, index)) = operand.trim_end_matches(']').split_once('[') {
        let AttributeValue::L(list) = item.get(root)? else { return None };
        return list.get(index.parse::<usize>().unwrap()).cloned();
    }
    item.get(operand).cloned()
}

fn ordered(a: &AttributeValue, b: &AttributeValue) -> Option<i8> {
    let sign = |less: bool, equal: bool| {
        if equal {
            0
        } else if less {
            -1
        } else {
            1
        }
    };
    match (a, b) {
        (AttributeValue::S(a), AttributeValue::S(b)) => {
            Some(sign(a.as_bytes() < b.as_bytes(), a == b))
        }
        (AttributeValue::B(a), AttributeValue::B(b)) => Some(sign(a < b, a == b)),
        (AttributeValue::N(a), AttributeValue::N(b)) => {
            let (a, b): (i64, i64) =
                (a.to_string().parse().unwrap(), b.to_string().parse().unwrap());
            Some(sign(a < b, a == b))
        }
        _ => None,
    }
}

fn holds(plain: &Plain, item: &Item, values: &Item) -> bool {
    let of = |operand: &str| value(operand, item, values);
    let both = |a: &str, b: &str| Some((of(a)?, of(b)?));
    let order = |a: &str, b: &str| both(a, b).and_then(|(a, b)| ordered(&a, &b));
    match plain {
        Plain::Compare("=", a, b) => both(a, b).is_some_and(|(a, b)| a == b),
        Plain::Compare("<>", a, b) => both(a, b).is_none_or(|(a, b)| a != b),
        Plain::Compare("<", a, b) => order(a, b) == Some(-1),
        Plain::Compare(">", a, b) => order(a, b) == Some(1),
        Plain::Compare("<=", a, b) => matches!(order(a, b), Some(-1 | 0)),
        Plain::Compare(_, a, b) => matches!(order(a, b), Some(0 | 1)),
        Plain::Between(a, low, high) => {
            matches!(order(a, low), Some(0 | 1)) && matches!(order(a, high), Some(-1 | 0))
        }
        Plain::In(a, list) => list.iter().any(|b| both(a, b).is_some_and(|(a, b)| a == b)),
        Plain::Exists(wanted, a) => of(a).is_some() == *wanted,
        Plain::Call("begins_with", a, b) => match both(a, b) {
            Some((AttributeValue::S(a), AttributeValue::S(b))) => a.get(..b.len()) == Some(&b),
            Some((AttributeValue::B(a), AttributeValue::B(b))) => a.get(..b.len()) == Some(&b),
            _ => false,
        },
        Plain::Call(_, a, b) => match both(a, b) {
            Some((AttributeValue::L(list), b)) => list.contains(&b),
            Some((AttributeValue::Ss(set), AttributeValue::S(b))) => set.contains(&b),
            Some((AttributeValue::Ns(set), AttributeValue::N(b))) => set.contains(&b),
            Some((AttributeValue::Bs(set), AttributeValue::B(b))) => set.contains(&b),
            Some((AttributeValue::S(a), AttributeValue::S(b))) => a.contains(&b),
            Some((AttributeValue::B(a), AttributeValue::B(b))) => {
                (0..=a.len()).any(|at| a.slice(at..).starts_with(&b))
            }
            _ => false,
        },
        Plain::Not(a) => !holds(a, item, values),
        Plain::And(a, b) => holds(a, item, values) && holds(b, item, values),
        Plain::Or(a, b) => holds(a, item, values) || holds(b, item, values),
    }
}

fn written(plain: &Plain) -> String {
    // Parentheses where another operator may be inside: never around parentheses.
    let inner = |p: &Plain| match p {
        Plain::And(..) | Plain::Or(..) | Plain::Not(_) => format!("({})", written(p)),
        _ => written(p),
    };
    match plain {
        Plain::Compare(symbol, a, b) => format!("{a} {symbol} {b}"),
        Plain::Between(a, low, high) => format!("{a} BETWEEN {low} AND {high}"),
        Plain::In(a, list) => format!("{a} IN({})", list.join(",")),
        Plain::Call(name, a, b) => format!("{name}({a}, {b})"),
        Plain::Exists(true, a) => format!("attribute_exists ( {a} )"),
        Plain::Exists(false, a) => format!("attribute_not_exists({a})"),
        Plain::Not(a) => format!("NOT {}", inner(a)),
        Plain::And(a, b) => format!("{} AND {}", inner(a), inner(b)),
        Plain::Or(a, b) => format!("{}\tor {}", inner(a), inner(b)),
    }
}

fn path() -> impl Strategy<Value = String> {
    prop_oneof!["[a-e]", "[a-e]\\.[a-c]", "[a-e]\\[[0-2]\\]"]
}

fn operand() -> impl Strategy<Value = String> {
    prop_oneof![path(), ":[snb][0-2]"]
}

fn plains() -> impl Strategy<Value = Plain> {
    let symbols = prop_oneof![Just("="), Just("<>"), Just("<"), Just("<="), Just(">"), Just(">=")];
    let leaf = prop_oneof![
        (symbols, path(), operand()).prop_map(|(symbol, a, b)| Plain::Compare(symbol, a, b)),
        (path(), path(), path()).prop_map(|(a, b, c)| Plain::Between(a, b, c)),
        (path(), proptest::collection::vec(operand(), 1..3)).prop_map(|(a, b)| Plain::In(a, b)),
        (path(), prop_oneof![path(), ":[sb][0-2]"]).prop_map(|(a, b)| Plain::Call(
            "begins_with",
            a,
            b
        )),
        (path(), operand()).prop_map(|(a, b)| Plain::Call("contains", a, b)),
        (any::<bool>(), path()).prop_map(|(wanted, a)| Plain::Exists(wanted, a)),
    ];
    leaf.prop_recursive(4, 12, 2, |inner| {
        let two = (inner.clone().prop_map(Box::new), inner.clone().prop_map(Box::new));
        prop_oneof![
            inner.prop_map(|a| Plain::Not(Box::new(a))),
            two.clone().prop_map(|(a, b)| Plain::And(a, b)),
            two.prop_map(|(a, b)| Plain::Or(a, b)),
        ]
    })
}

proptest! {
    // The folder that failures would be kept in is no crate.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn conditions_hold_as_their_plainest_reading_does(
        plain in plains(), it in items(), texts in proptest::array::uniform3("[a-c]{0,2}"),
        numbers in proptest::array::uniform3(-1000_i64..1000),
    ) {
        let text = written(&plain);
        let mut values = Item::new();
        for (i, (text, number)) in texts.iter().zip(numbers).enumerate() {
            values.insert(format!(":s{i}"), s(text));
            values.insert(format!(":n{i}"), n(number));
            values.insert(format!(":b{i}"), AttributeValue::B(text.clone().into_bytes().into()));
        }
        let mut placeholders =
            Placeholders::new(None, Some(&values), &[(Kind::Filter, Some(&text))]).unwrap();
        match placeholders.condition(Kind::Filter, &text) {
            Ok(parsed) => {
                let expected = holds(&plain, &it, &values);
                prop_assert_eq!(parsed.matches(&it), expected, "{}", text);
                prop_assert_eq!(parsed.matches(&*encoded::encode(&it)), expected, "{}", text);
            }
            // The one thing that these texts can have wrong.
            Err(error) => prop_assert!(
                error.message().contains("must be distinct from the remaining operands"),
                "{}: {}", text, error.message()
            ),
        }
    }

    #[test]
    fn no_text_does_harm(text in "[a-c#:()\\[\\].,<>=+ 0-9ANDORNOTbetweenInsize]{0,60}") {
        let _ = condition(&text);
        let _ = with_placeholders(Kind::Update, &text, |p| p.update(&format!("SET {text}")));
        let _ = with_placeholders(Kind::Projection, &text, |p| p.projection(&text));
    }

    #[test]
    fn updates_do_as_their_plainest_reading_does(
        it in items(), changes in proptest::collection::btree_map("[a-e]", changes(), 1..5),
    ) {
        let values = item([(":n", n(7)), (":set", ss(&["a", "zz"])), (":l", l(&[n(1)]))]);
        let mut sections: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        let mut expected = Some(it.clone());
        for (name, (section, rest)) in &changes {
            sections.entry(section).or_default().push(format!("{name}{rest}"));
            let old = it.get(name);
            let new = changed(section, rest, old, &it, &values);
            match (&mut expected, new) {
                (Some(expected), Some(New::Is(value))) => {
                    drop(expected.insert(name.clone(), value));
                }
                (Some(expected), Some(New::Gone)) => drop(expected.remove(name)),
                (expected, _) => *expected = None,
            }
        }
        let texts: Vec<_> =
            sections.iter().map(|(name, all)| format!("{name} {}", all.join(", "))).collect();
        // All values are used, so that none is refused for that.
        let text = texts.join(" ");
        let mut placeholders =
            Placeholders::new(None, Some(&values), &[(Kind::Update, Some(&text))]).unwrap();
        let parsed = placeholders.update(&text).unwrap();
        let mut found = it;
        let outcome = parsed.apply(&mut found);
        match expected {
            Some(expected) => prop_assert_eq!(outcome.map(|()| found).unwrap(), expected, "{}", text),
            None => prop_assert!(outcome.is_err(), "{}", text),
        }
    }
}

/// A section, and what is written in it behind the attribute's name.
fn changes() -> impl Strategy<Value = (&'static str, &'static str)> {
    prop_oneof![
        Just(("SET", " = :n")),
        Just(("SET", " = a")),
        Just(("SET", " = b - :n")),
        Just(("SET", " = if_not_exists(c, :n)")),
        Just(("SET", " = list_append(d, :l)")),
        Just(("REMOVE", "")),
        Just(("ADD", " :n")),
        Just(("ADD", " :set")),
        Just(("DELETE", " :set")),
    ]
}

/// What an update makes of an attribute.
enum New {
    Is(AttributeValue),
    Gone,
}

/// Nothing where the update must fail.
fn changed(
    section: &str,
    rest: &str,
    old: Option<&AttributeValue>,
    item: &Item,
    values: &Item,
) -> Option<New> {
    type V = AttributeValue;
    let given = rest.split([' ', ',', ')']).find_map(|word| values.get(word)).cloned();
    let number =
        |value: &V| if let V::N(n) = value { n.to_string().parse::<i64>().ok() } else { None };
    match (section, rest, old, given) {
        ("REMOVE", ..) | ("DELETE", _, None, _) => Some(New::Gone),
        ("SET", " = a", ..) => item.get("a").cloned().map(New::Is),
        ("SET", " = b - :n", _, Some(by)) => {
            Some(New::Is(n(number(item.get("b")?)? - number(&by)?)))
        }
        ("SET", " = if_not_exists(c, :n)", _, given) => {
            item.get("c").cloned().or(given).map(New::Is)
        }
        ("SET", " = list_append(d, :l)", _, Some(V::L(more))) => match item.get("d")? {
            V::L(list) => Some(New::Is(V::L([list.clone(), more].concat()))),
            _ => None,
        },
        ("SET" | "ADD", _, None, given) | ("SET", _, _, given) => given.map(New::Is),
        ("ADD", _, Some(V::N(_)), Some(by)) => Some(New::Is(n(number(old?)? + number(&by)?))),
        ("ADD", _, Some(V::Ss(set)), Some(V::Ss(more))) => {
            let both: std::collections::BTreeSet<_> = set.iter().chain(&more).cloned().collect();
            Some(New::Is(V::Ss(both.into_iter().collect())))
        }
        ("DELETE", _, Some(V::Ss(set)), Some(V::Ss(less))) => {
            let left: Vec<_> = set.iter().filter(|text| !less.contains(text)).cloned().collect();
            Some(if left.is_empty() { New::Gone } else { New::Is(V::Ss(left)) })
        }
        _ => None,
    }
}
