//! Ends well if a panic can be caught and what was under way is dropped, in a binary that is linked as those that ship:
//! `scripts/images` builds and runs it.

#[cfg(image)]
#[path = "../panics.rs"]
mod panics;
#[cfg(image)]
#[path = "../rows.rs"]
mod rows;

use std::panic::catch_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};

static DROPPED: AtomicUsize = AtomicUsize::new(0);

struct Guard;

impl Drop for Guard {
    fn drop(&mut self) {
        DROPPED.fetch_add(1, Ordering::Relaxed);
    }
}

/// As many frames as `depth`, each with something to drop.
#[expect(clippy::panic, reason = "it is what this is about")]
fn fall(depth: usize) -> usize {
    let _guard = Guard;
    match depth {
        0 => panic!("the bottom"),
        _ => std::hint::black_box(fall(depth - 1)) + 1,
    }
}

fn main() {
    #[cfg(image)]
    panics::prepare();
    let here = catch_unwind(|| fall(9)).is_err();
    let there = std::thread::spawn(|| fall(19)).join().is_err();
    assert!(here && there, "not caught");
    assert_eq!(DROPPED.load(Ordering::Relaxed), 30);
}
