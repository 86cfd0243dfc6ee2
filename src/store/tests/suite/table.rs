//! Tables against their model, a `BTreeMap`.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use cumulet_store::{AnyTable, Table};
use proptest::prelude::*;

use crate::cloud::{Row, RowIndexes};

type Model = BTreeMap<u8, Row>;

#[derive(Clone, Debug)]
enum Step {
    Insert(u8, Row),
    Remove(u8),
    RemoveRange(u8, u8),
    Keep,
    Undo,
    Snapshot,
    Restore,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => any::<(u8, Row)>().prop_map(|(k, r)| Step::Insert(k, r)),
        6 => any::<u8>().prop_map(Step::Remove),
        1 => any::<(u8, u8)>().prop_map(|(a, b)| Step::RemoveRange(a, b)),
        1 => Just(Step::Keep),
        1 => Just(Step::Undo),
        1 => Just(Step::Snapshot),
        1 => Just(Step::Restore),
    ]
}

fn bound() -> impl Strategy<Value = Bound<u8>> {
    prop_oneof![
        any::<u8>().prop_map(Bound::Included),
        any::<u8>().prop_map(Bound::Excluded),
        Just(Bound::Unbounded),
    ]
}

/// `BTreeMap::range` panics where ours is empty.
fn within(range: (Bound<u8>, Bound<u8>), key: u8) -> bool {
    std::ops::RangeBounds::contains(&range, &key)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_table_is_a_map_with_indexes_that_can_go_back(
        steps in prop::collection::vec(step(), 0..300),
        range in (bound(), bound()),
    ) {
        let (mut table, mut model) = (Table::<u8, Row, RowIndexes>::default(), Model::new());
        let mut kept = model.clone();
        let mut snapshot = (table.clone(), model.clone());
        for step in steps {
            match step {
                Step::Insert(k, row) => prop_assert_eq!(table.insert(k, row), model.insert(k, row)),
                Step::Remove(k) => prop_assert_eq!(table.remove(&k), model.remove(&k)),
                Step::RemoveRange(a, b) => {
                    let before = model.len();
                    model.retain(|k, _| !(a..b).contains(k));
                    prop_assert_eq!(table.remove_range(a..b), before - model.len());
                }
                Step::Keep => {
                    table.keep();
                    kept.clone_from(&model);
                }
                Step::Undo => {
                    table.undo();
                    model.clone_from(&kept);
                }
                Step::Snapshot => {
                    table.keep();
                    kept.clone_from(&model);
                    snapshot = (table.clone(), model.clone());
                }
                Step::Restore => {
                    table = snapshot.0.clone();
                    model.clone_from(&snapshot.1);
                    kept.clone_from(&model);
                }
            }
        }
        agree(&table, &model, range);
        agree(&snapshot.0, &snapshot.1, range);
    }
}

fn agree(table: &Table<u8, Row, RowIndexes>, model: &Model, range: (Bound<u8>, Bound<u8>)) {
    assert!(table.iter().eq(model), "{table:?}");
    assert_eq!((table.len(), table.is_empty()), (model.len(), model.is_empty()));
    assert_eq!((table.first(), table.last()), (model.first_key_value(), model.last_key_value()));
    let part: Vec<_> = model.iter().filter(|(k, _)| within(range, **k)).collect();
    assert!(table.range(range).eq(part.iter().copied()));
    assert!(table.range(range).rev().eq(part.into_iter().rev()));

    let mut sizes: Vec<_> = model.iter().map(|(k, row)| (row.0, *k)).collect();
    sizes.sort_unstable();
    let by = table.by();
    assert!(by.size.iter().eq(sizes.iter().map(|(s, k)| (s, k))));
    let part: Vec<_> =
        sizes.iter().filter(|(s, _)| within(range, *s)).map(|(s, k)| (s, k)).collect();
    assert!(by.size.range(range).eq(part.iter().copied()));
    assert!(by.size.range(range).rev().eq(part.into_iter().rev()));

    let mut tags: Vec<_> = model.iter().filter_map(|(k, row)| Some((row.1?, *k))).collect();
    tags.sort_unstable();
    assert_eq!(by.tag.len(), tags.len());
    assert_eq!(by.tag.first(), tags.first().map(|(t, k)| (t, k)));
    assert_eq!(by.tag.last(), tags.last().map(|(t, k)| (t, k)));
    for (tag, _) in &tags {
        assert!(by.tag.of(tag).eq(tags.iter().filter(|(t, _)| t == tag).map(|(_, k)| k)));
    }
}

#[test]
fn update_changes_a_copy_of_the_row() {
    let mut table: Table<String, Arc<Vec<u8>>> = Table::default();
    table.insert("a".into(), Arc::new(vec![1]));
    let before = table.clone();
    let row = table.update("a", |row| row.push(2)).unwrap();
    assert_eq!((&**table.get("a").unwrap(), &*row), (&vec![1, 2], &vec![1, 2]));
    assert_eq!(**before.get("a").unwrap(), [1]);
    assert_eq!(table.update("b", |row| row.push(3)), None);
}
