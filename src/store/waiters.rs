//! What long polls listen on: lines of waiters, by scope and key.
//!
//! Invariants:
//! - First come, first woken: a waiter keeps its place in the line while it waits again.
//! - A waiter that is not in its line has been woken. Whoever registers, then looks, then waits
//!   misses nothing: what came before the look is seen, what comes after it wakes.
//! - A wake-up is for somebody: a waiter that goes away with one unused passes it on.
//! - A line without waiters takes no memory. Waiters are never part of tables or snapshots.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cumulet_core::{Scope, WorldId};
use tokio::sync::Notify;

type Key = (Scope, String);
/// Waiters by their number: those with smaller ones came earlier.
type Line = BTreeMap<u64, Arc<Notify>>;

/// All lines of a service. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Waiters(Arc<Mutex<Lines>>);

#[derive(Debug, Default)]
struct Lines {
    by_key: BTreeMap<Key, Line>,
    last: u64,
}

impl Waiters {
    /// Takes a place at the end of a line. Look only after this, then [`Waiter::woken`].
    ///
    /// ```
    /// # use cumulet_store::Waiters;
    /// # async fn receive(waiters: &Waiters, scope: cumulet_core::Scope,
    /// #     look: impl Fn() -> Option<u8>) -> u8 {
    /// let mut waiter = waiters.wait(scope, "queue");
    /// loop {
    ///     if let Some(message) = look() {
    ///         waiter.served();
    ///         return message;
    ///     }
    ///     waiter.woken().await; // beside the deadline and `cx.gone()` in a `select!`
    /// }
    /// # }
    /// ```
    pub fn wait(&self, scope: Scope, key: &str) -> Waiter {
        let mut lines = self.lines();
        lines.last += 1;
        let waiter = Waiter {
            waiters: self.clone(),
            key: (scope, key.to_owned()),
            number: lines.last,
            notify: Arc::default(),
            woken: false,
        };
        lines.enter(&waiter);
        waiter
    }

    /// Wakes the first in a line, if any.
    pub fn wake_one(&self, scope: Scope, key: &str) {
        self.wake(scope, key, 1);
    }

    /// Wakes the first `count` in a line: after as many arrivals.
    pub fn wake(&self, scope: Scope, key: &str, count: usize) {
        let mut lines = self.lines();
        if lines.by_key.is_empty() {
            return;
        }
        lines.wake(&(scope, key.to_owned()), count);
    }

    /// Wakes everybody in a line: what they wait for has changed or gone.
    pub fn wake_all(&self, scope: Scope, key: &str) {
        self.wake(scope, key, usize::MAX);
    }

    /// Wakes everybody in a world: its state was replaced.
    pub fn wake_world(&self, world: WorldId) {
        let mut lines = self.lines();
        let keys: Vec<Key> =
            lines.by_key.keys().filter(|(scope, _)| scope.world == world).cloned().collect();
        for key in keys {
            lines.wake(&key, usize::MAX);
        }
    }

    /// How many wait, in all lines.
    pub fn len(&self) -> usize {
        self.lines().by_key.values().map(Line::len).sum()
    }

    /// True if nobody waits.
    pub fn is_empty(&self) -> bool {
        self.lines().by_key.is_empty()
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lines {
    fn enter(&mut self, waiter: &Waiter) {
        let line = self.by_key.entry(waiter.key.clone()).or_default();
        line.insert(waiter.number, Arc::clone(&waiter.notify));
    }

    /// False if the waiter was not in its line any more.
    fn leave(&mut self, waiter: &Waiter) -> bool {
        let Some(line) = self.by_key.get_mut(&waiter.key) else { return false };
        let was_there = line.remove(&waiter.number).is_some();
        if line.is_empty() {
            self.by_key.remove(&waiter.key);
        }
        was_there
    }

    fn wake(&mut self, key: &Key, count: usize) {
        let Some(line) = self.by_key.get_mut(key) else { return };
        for _ in 0..count {
            let Some((_, first)) = line.pop_first() else { break };
            first.notify_one();
        }
        if line.is_empty() {
            self.by_key.remove(key);
        }
    }
}

/// A place in a line.
#[derive(Debug)]
pub struct Waiter {
    waiters: Waiters,
    key: Key,
    number: u64,
    notify: Arc<Notify>,
    /// It was woken and has neither been served nor waited again since.
    woken: bool,
}

impl Waiter {
    /// Returns when woken; back at its place in the line by then, so look again. May be dropped
    /// and called again without losing anything.
    pub async fn woken(&mut self) {
        self.woken = false;
        self.notify.notified().await;
        self.woken = true;
        self.waiters.lines().enter(self);
    }

    /// Goes away with what it was woken for, so that nobody is woken in its stead.
    pub fn served(mut self) {
        self.woken = false;
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let mut lines = self.waiters.lines();
        if !lines.leave(self) || self.woken {
            lines.wake(&self.key, 1);
        }
    }
}
