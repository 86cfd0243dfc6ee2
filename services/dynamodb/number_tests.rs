//! Numbers: texts in, normal form out, exact sums, order.

use cumulet_core::Schema;
use proptest::prelude::*;

use crate::number::{Number, NumberError};

fn n(text: &str) -> Number {
    Number::parse(text).unwrap()
}

fn shown(text: &str) -> String {
    n(text).to_string()
}

#[test]
fn a_number_has_one_form() {
    for (text, form) in [
        ("0", "0"),
        ("-0", "0"),
        ("0e999", "0"),
        ("+1", "1"),
        ("007", "7"),
        ("1.500", "1.5"),
        ("-.5", "-0.5"),
        ("5.", "5"),
        ("1e3", "1000"),
        ("1.25E1", "12.5"),
        ("120e-1", "12"),
        ("0.00100", "0.001"),
        ("123456789012345678901234567890.12345678", "123456789012345678901234567890.12345678"),
        ("100200.0030", "100200.003"),
        ("1e-3", "0.001"),
        (
            "1000000000000000000000000000000000000000000000",
            "1000000000000000000000000000000000000000000000",
        ),
    ] {
        assert_eq!(shown(text), form, "{text}");
    }
}

#[test]
fn what_is_no_number() {
    for text in [
        "", "a", "1a", " 1", "1 ", "1_0", "--1", "1e", "e1", ".", "1.2.3", "NaN", "Infinity",
        "1e1.5",
    ] {
        assert_eq!(Number::parse(text), Err(NumberError::Text(text.to_owned())), "{text}");
    }
    assert_eq!(
        Number::parse("abc").unwrap_err().to_string(),
        "The parameter cannot be converted to a numeric value: abc"
    );
}

#[test]
fn the_range_and_the_precision() {
    let nines = "9".repeat(38);
    assert!(Number::parse(&format!("{nines}e88")).is_ok());
    assert_eq!(Number::parse("1e126"), Err(NumberError::Overflow));
    assert_eq!(Number::parse("-1e126"), Err(NumberError::Overflow));
    assert!(Number::parse("1e-130").is_ok());
    assert_eq!(Number::parse("1e-131"), Err(NumberError::Underflow));
    assert_eq!(Number::parse("1e99999999999999999999"), Err(NumberError::Overflow));
    assert_eq!(Number::parse(&format!("{nines}9")), Err(NumberError::Precision));
    assert_eq!(Number::parse(&format!("{nines}0")).unwrap().to_string(), format!("{nines}0"));
    assert_eq!(Number::parse(&format!("1{}1", "0".repeat(40))), Err(NumberError::Precision));
}

#[test]
fn sums_are_exact() {
    for (a, b, sum) in [
        ("1", "2", "3"),
        ("0.1", "0.2", "0.3"),
        ("1", "-1", "0"),
        ("99", "1", "100"),
        ("1e20", "-1e-10", "99999999999999999999.9999999999"),
        ("-5", "3", "-2"),
        ("0", "-3", "-3"),
    ] {
        assert_eq!(n(a).plus(n(b)).unwrap(), n(sum), "{a} + {b}");
        assert_eq!(n(b).plus(n(a)).unwrap(), n(sum), "{b} + {a}");
    }
    assert_eq!(n("1e37").plus(n("0.1")), Err(NumberError::Precision));
    assert_eq!(n("1e125").plus(n("1e-130")), Err(NumberError::Precision));
    let most = n(&format!("{}e88", "9".repeat(38)));
    assert_eq!(most.plus(n("1e88")), Err(NumberError::Overflow));
    assert_eq!(n("1").minus(n("1e-130")), Err(NumberError::Precision));
}

#[test]
fn what_numbers_weigh() {
    for (text, size) in [
        ("0", 1),
        ("1", 2),
        ("-1", 3),
        ("12", 2),
        ("123", 3),
        ("100", 2),
        ("0.1", 2),
        ("3.14159", 5),
        ("123456", 4),
        ("0.001", 2),
        ("1e125", 2),
    ] {
        assert_eq!(n(text).size(), size, "{text}");
    }
}

/// Texts of numbers, in range for sure.
fn texts() -> impl Strategy<Value = String> {
    (any::<bool>(), "[0-9]{1,38}", -120..80_i32).prop_map(|(minus, digits, power)| {
        format!("{}{digits}e{power}", if minus { "-" } else { "" })
    })
}

proptest! {
    // The folder that failures would be kept in is no crate.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_byte_form_sorts_as_the_numbers_do(a in texts(), b in texts()) {
        let (a, b) = (n(&a), n(&b));
        let bytes = |n: Number| { let mut out = Vec::new(); n.push_ordered(&mut out); out };
        prop_assert_eq!(a.cmp(&b), bytes(a).cmp(&bytes(b)));
        let mut both = bytes(a);
        both.extend(bytes(b));
        let (first, rest) = Number::read_ordered(&both).unwrap();
        prop_assert_eq!(first, a);
        prop_assert_eq!(Number::read_ordered(rest).unwrap(), (b, &[][..]));
    }

    #[test]
    fn what_is_shown_is_read_as_the_same(a in texts()) {
        prop_assert_eq!(n(&shown(&a)), n(&a));
    }

    #[test]
    fn the_wire_has_the_text(a in texts(), small in any::<i64>(), power in 0..4) {
        let model = crate::api::model();
        let shape = model.shapes.iter().position(|s| s.name == "NumberAttributeValue").unwrap();
        for number in [n(&a), n(&format!("{small}e{power}")), n(&format!("{}e{power}", small % 100))] {
            let wire = cumulet_core::dynamic::to_value(Schema { model, shape }, &number);
            prop_assert_eq!(wire, number.to_string().into());
        }
    }

    #[test]
    fn small_sums_are_those_of_integers(a in -10_i64.pow(17)..10_i64.pow(17), b in -10_i64.pow(17)..10_i64.pow(17), e in -100..80_i32) {
        let scaled = |i: i64| n(&format!("{i}e{e}"));
        prop_assert_eq!(scaled(a).plus(scaled(b)).unwrap(), scaled(a + b));
        prop_assert_eq!(scaled(a).minus(scaled(b)).unwrap(), scaled(a - b));
        prop_assert_eq!(scaled(a).cmp(&scaled(b)), a.cmp(&b));
        prop_assert_eq!(Number::from(a).to_i64(), Some(a));
    }
}
