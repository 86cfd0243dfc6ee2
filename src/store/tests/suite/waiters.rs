//! Lines of long polls.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};

use cumulet_core::Scope;
use cumulet_store::{Waiter, Waiters};

use crate::cloud::{cx, elsewhere};

/// Whether a waiter has been woken by now.
fn is_woken(waiter: &mut Waiter) -> bool {
    pin!(waiter.woken()).poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

fn line<const N: usize>(waiters: &Waiters, scope: Scope) -> [Waiter; N] {
    std::array::from_fn(|_| waiters.wait(scope, "q"))
}

#[test]
fn the_first_to_come_is_the_first_to_be_woken() {
    let (waiters, scope) = (Waiters::default(), cx().scope());
    let [mut a, mut b, mut c] = line(&waiters, scope);
    waiters.wake_one(scope, "q");
    assert_eq!((is_woken(&mut b), is_woken(&mut a)), (false, true));
    waiters.wake_one(scope, "q");
    assert_eq!((is_woken(&mut b), is_woken(&mut a)), (false, true), "a has kept its place");
    a.served();
    waiters.wake(scope, "q", 2);
    assert_eq!((is_woken(&mut b), is_woken(&mut c)), (true, true));
    waiters.wake_all(scope, "q");
    assert_eq!((is_woken(&mut b), is_woken(&mut c)), (true, true));
}

#[test]
fn lines_are_apart_and_nobody_there_means_nothing_kept() {
    let cx = cx();
    let waiters = Waiters::default();
    waiters.wake_one(cx.scope(), "q");
    let [mut a] = line(&waiters, cx.scope());
    waiters.wake_one(cx.scope(), "other");
    waiters.wake_one(elsewhere(&cx), "q");
    assert!(!is_woken(&mut a), "also not by what came before it");
    assert_eq!(waiters.len(), 1);
    waiters.wake_world(cx.world().id());
    assert!(is_woken(&mut a));
    a.served();
    assert!(waiters.is_empty());
}

#[test]
fn who_goes_away_passes_its_wake_up_on() {
    let (waiters, scope) = (Waiters::default(), cx().scope());
    let [a, mut b, mut c, mut d] = line(&waiters, scope);
    waiters.wake_one(scope, "q");
    drop(a);
    assert!(is_woken(&mut b), "a never looked");
    drop(b);
    assert!(is_woken(&mut c), "b did not say that it was served");
    waiters.wake_one(scope, "q");
    c.served();
    assert!(is_woken(&mut d), "c was served once and woken twice");
    assert!(!is_woken(&mut d));
    drop(d);
    assert!(waiters.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_wake_up_is_lost() {
    const JOBS: usize = 20_000;
    let (waiters, scope) = (Waiters::default(), cx().scope());
    let (jobs, done) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let take = |jobs: &AtomicUsize| {
        jobs.fetch_update(Ordering::AcqRel, Ordering::Acquire, |n| n.checked_sub(1)).is_ok()
    };
    let workers: Vec<_> = (0..8)
        .map(|_| {
            let (waiters, jobs, done) = (waiters.clone(), Arc::clone(&jobs), Arc::clone(&done));
            tokio::spawn(async move {
                while done.load(Ordering::Acquire) < JOBS {
                    let mut waiter = waiters.wait(scope, "q");
                    while !take(&jobs) {
                        if done.load(Ordering::Acquire) >= JOBS {
                            return;
                        }
                        waiter.woken().await;
                    }
                    waiter.served();
                    if done.fetch_add(1, Ordering::AcqRel) + 1 == JOBS {
                        waiters.wake_all(scope, "q");
                    }
                }
            })
        })
        .collect();
    for _ in 0..JOBS {
        jobs.fetch_add(1, Ordering::AcqRel);
        waiters.wake_one(scope, "q");
    }
    for worker in workers {
        worker.await.unwrap();
    }
    assert_eq!(done.load(Ordering::Acquire), JOBS);
    assert!(waiters.is_empty());
}
