//! Read and write sections: all or nothing, alone or together, seen whole.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use cumulet_core::{AwsError, Cx, Kept, Scope, WorldId};
use cumulet_store::{Change, Observer, Store};

use crate::cloud::{Pair, cx, elsewhere, refused};

fn add(store: &Store<Pair>, cx: &Cx, scope: Scope, key: u8, size: u8) {
    let done = store.write(cx, scope, |tx| {
        tx.add(key, size);
        Ok::<(), AwsError>(())
    });
    done.unwrap();
}

fn rows(store: &Store<Pair>, cx: &Cx, scope: Scope) -> Vec<(u8, u8)> {
    store.read(cx, scope, |t| {
        assert_eq!(t.total(), t.sum());
        assert_eq!(t.rows.by().size.len(), t.rows.len());
        t.rows.iter().map(|(k, row)| (*k, row.0)).collect()
    })
}

#[test]
fn scopes_do_not_see_each_other() {
    let (store, cx) = (Store::<Pair>::new(), cx());
    add(&store, &cx, cx.scope(), 1, 10);
    assert_eq!(rows(&store, &cx, cx.scope()), [(1, 10)]);
    assert_eq!(rows(&store, &cx, elsewhere(&cx)), []);
    assert_eq!(store.scopes(cx.world().id()), [cx.scope()]);
}

#[test]
fn a_section_that_fails_or_panics_changes_nothing() {
    let (store, cx) = (Store::<Pair>::new(), cx());
    add(&store, &cx, cx.scope(), 1, 10);
    let failed = store.write_here(&cx, |tx| {
        tx.add(1, 20);
        tx.add(2, 30);
        tx.rows.remove(&1);
        Err::<(), _>(refused())
    });
    assert_eq!(failed.unwrap_err().code(), "Refused");
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        store.write_here(&cx, |tx| -> Result<(), AwsError> {
            tx.add(3, 40);
            panic!("in the middle");
        })
    }));
    assert!(panicked.is_err());
    assert_eq!(rows(&store, &cx, cx.scope()), [(1, 10)]);
    add(&store, &cx, cx.scope(), 2, 20);
    assert_eq!(rows(&store, &cx, cx.scope()), [(1, 10), (2, 20)]);
}

#[test]
fn several_scopes_change_together_or_not_at_all() {
    let (store, cx) = (Store::<Pair>::new(), cx());
    let (here, there) = (cx.scope(), elsewhere(&cx));
    let both = |fail: bool| {
        store.write_many(&cx, &[there, here, there], |tx| {
            tx.of(here)?.add(1, 10);
            tx.of(there)?.add(2, 20);
            if fail { Err(refused()) } else { Ok(()) }
        })
    };
    assert!(both(true).is_err());
    assert_eq!((rows(&store, &cx, here), rows(&store, &cx, there)), (vec![], vec![]));
    both(false).unwrap();
    assert_eq!((rows(&store, &cx, here), rows(&store, &cx, there)), (vec![(1, 10)], vec![(2, 20)]));
    let mut sums = store.read_all(&cx, |_, t| t.sum());
    sums.sort_unstable();
    assert_eq!(sums, [10, 20]);
    let stranger = store.write_many(&cx, &[here], |tx| tx.of(there).map(drop));
    assert_eq!(stranger.unwrap_err().code(), "InternalFailure");
}

#[test]
fn sections_over_several_scopes_do_not_wait_for_each_other_in_a_circle() {
    let (store, cx) = (Store::<Pair>::new(), cx());
    let (here, there) = (cx.scope(), elsewhere(&cx));
    std::thread::scope(|threads| {
        for scopes in [[here, there], [there, here]] {
            let (store, cx) = (&store, &cx);
            threads.spawn(move || {
                for _ in 0..1000 {
                    let moved = store.write_many(cx, &scopes, |tx| {
                        for scope in scopes {
                            let tables = tx.of(scope)?;
                            tables.total.insert((), tables.total() + 1);
                        }
                        Ok::<_, AwsError>(())
                    });
                    moved.unwrap();
                }
            });
        }
    });
    assert_eq!(store.read_all(&cx, |_, t| t.total()), [2000, 2000]);
}

#[test]
fn a_fork_goes_its_own_way_and_a_reset_forgets() {
    let (store, cx) = (Store::<Pair>::new(), cx());
    add(&store, &cx, cx.scope(), 1, 10);
    let (here, fork) = (cx.world().id(), WorldId(7));
    store.fork(here, fork);
    add(&store, &cx, cx.scope(), 2, 20);
    store.fork(fork, here);
    assert_eq!(rows(&store, &cx, cx.scope()), [(1, 10)]);
    store.reset(here);
    assert_eq!(rows(&store, &cx, cx.scope()), []);
    assert_eq!(store.scopes(fork), [Scope { world: fork, ..cx.scope() }]);
}

#[test]
fn a_fork_shows_every_write_whole_or_not_at_all() {
    let (store, cx) = (Store::<Pair>::new(), cx());
    std::thread::scope(|threads| {
        for scope in [cx.scope(), elsewhere(&cx)] {
            let (store, cx) = (&store, &cx);
            threads.spawn(move || {
                (0..2000).for_each(|i: u16| {
                    add(store, cx, scope, i.to_le_bytes()[0], i.to_be_bytes()[0] + 1);
                });
            });
        }
        for i in 1..=100 {
            let cut = WorldId(i);
            let alone = cx.world().alone();
            store.fork(cx.world().id(), cut);
            drop(alone);
        }
    });
    for scope in [cx.scope(), elsewhere(&cx)] {
        assert_eq!(rows(&store, &cx, scope).len(), 256);
    }
    let home = cx.world().id();
    for i in 1..=100 {
        store.fork(WorldId(i), home);
        store.read_all(&cx, |_, t| assert_eq!(t.total(), t.sum()));
    }
}

#[test]
fn the_observer_is_told_once_of_each_write_that_stands() {
    #[derive(Default)]
    struct Log(Mutex<Vec<Vec<String>>>);
    impl Observer for Log {
        fn committed(&self, record: &[Change<'_>]) {
            let text = |c: &Change<'_>| {
                let key = c.key.downcast_ref::<u8>().map_or("()".into(), u8::to_string);
                format!("{} {} {key} {}", c.scope.region, c.table, c.value.is_some())
            };
            self.0.lock().unwrap().push(record.iter().map(text).collect());
        }
    }
    let (store, cx) = (Store::<Pair>::new(), cx());
    add(&store, &cx, cx.scope(), 9, 9);
    let log = Arc::new(Log::default());
    assert!(store.observe(Arc::clone(&log) as Arc<dyn Observer>));
    add(&store, &cx, cx.scope(), 1, 10);
    let _ = store.write_here(&cx, |tx| {
        tx.add(5, 5);
        Err::<(), _>(refused())
    });
    let there = elsewhere(&cx);
    let both = store.write_many(&cx, &[cx.scope(), there], |tx| {
        tx.of(cx.scope())?.rows.remove(&1);
        tx.of(there)?.add(2, 2);
        Ok::<_, AwsError>(())
    });
    both.unwrap();
    let told = log.0.lock().unwrap();
    assert_eq!(
        *told,
        [
            vec!["us-east-1 rows 1 true", "us-east-1 total () true"],
            vec!["eu-west-1 rows 2 true", "eu-west-1 total () true", "us-east-1 rows 1 false"],
        ]
    );
}

#[cfg(debug_assertions)]
#[test]
#[should_panic(expected = "a section inside a section")]
fn a_section_inside_a_section_is_found() {
    let (store, cx) = (Store::<Pair>::new(), cx());
    store.read_here(&cx, |_| store.read_here(&cx, |_| ()));
}
