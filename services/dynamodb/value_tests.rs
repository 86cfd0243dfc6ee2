//! Values: their compact form, what they weigh, how their keys sort.

use bytes::Bytes;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use crate::encoded;
use crate::number::Number;
use crate::value::{AttributeValue, Item, item_size};

/// Any value, a few levels deep.
pub(crate) fn values() -> impl Strategy<Value = AttributeValue> {
    let number = (-1000_i64..1000).prop_map(Number::from);
    let bytes = vec(any::<u8>(), 0..4).prop_map(Bytes::from);
    let leaf = prop_oneof![
        "[a-c\0]{0,3}".prop_map(AttributeValue::S),
        number.clone().prop_map(AttributeValue::N),
        bytes.clone().prop_map(AttributeValue::B),
        any::<bool>().prop_map(AttributeValue::Bool),
        Just(AttributeValue::Null),
        proptest::collection::btree_set("[a-c]{1,2}", 1..4)
            .prop_map(|set| AttributeValue::Ss(set.into_iter().collect())),
        proptest::collection::btree_set(number, 1..4)
            .prop_map(|set| AttributeValue::Ns(set.into_iter().collect())),
        proptest::collection::btree_set(bytes, 1..4)
            .prop_map(|set| AttributeValue::Bs(set.into_iter().collect())),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(AttributeValue::L),
            btree_map("[a-c]{1,2}", inner, 0..4).prop_map(AttributeValue::M),
        ]
    })
}

/// Any item with attributes of few names, so that expressions find them.
pub(crate) fn items() -> impl Strategy<Value = Item> {
    btree_map("[a-e]", values(), 0..5)
}

#[test]
fn what_an_item_weighs() {
    let s = |text: &str| AttributeValue::S(text.to_owned());
    let list = AttributeValue::L(vec![s("ab"), AttributeValue::Null]);
    assert_eq!(list.size(), 3 + (1 + 2) + (1 + 1));
    let map = AttributeValue::M([("é".to_owned(), s("x"))].into());
    assert_eq!(map.size(), 3 + 1 + 2 + 1);
    let item = Item::from([("pk".to_owned(), s("a")), ("l".to_owned(), list)]);
    assert_eq!(item_size(&item), 3 + 1 + 8);
}

#[test]
fn too_many_levels() {
    let nested = |levels| (0..levels).fold(AttributeValue::Null, |v, _| AttributeValue::L(vec![v]));
    assert_eq!(nested(31).check(), Ok(()));
    assert!(nested(32).check().is_err());
}

fn key(value: &AttributeValue) -> Vec<u8> {
    let mut out = Vec::new();
    value.push_key(&mut out);
    out
}

proptest! {
    // The folder that failures would be kept in is no crate.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_compact_form_keeps_everything(item in items()) {
        let bytes = encoded::encode(&item);
        prop_assert_eq!(&encoded::decode(&bytes), &item);
        for name in ["a", "b", "c", "d", "e", "f"] {
            let found = encoded::get(&bytes, name).map(encoded::EncodedValue::decode);
            prop_assert_eq!(found.as_ref(), item.get(name));
        }
    }

    #[test]
    fn broken_bytes_do_no_harm(bytes in vec(any::<u8>(), 0..40)) {
        encoded::encode(&encoded::decode(&bytes));
    }

    #[test]
    fn keys_sort_as_their_values(a in "[ab\0]{0,4}", b in "[ab\0]{0,4}", after in any::<u8>()) {
        let (x, y) = (AttributeValue::S(a.clone()), AttributeValue::S(b.clone()));
        let (mut m, mut n) = (key(&x), key(&y));
        m.push(after);
        n.push(1);
        if a != b {
            prop_assert_eq!(m.cmp(&n), a.cmp(&b));
        }
        let mut prefix = Vec::new();
        x.push_key_prefix(&mut prefix);
        prop_assert_eq!(key(&y).starts_with(&prefix), b.starts_with(&a));
    }
}
