//! A service's tables by scope, and the only ways to them: read and write sections.
//!
//! Invariants:
//! - A section holds the world's shared latch and the locks of its scopes, and is synchronous: no
//!   lock lives across an await. Locks are taken in the order latch, scopes in their order.
//! - A write section is all or nothing, also when it panics; it leaves no lock poisoned.
//! - No section inside a section (of any store): it could wait for itself. Debug builds panic.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use cumulet_core::{AwsError, Cx, Kept, Scope, Timestamp, World, WorldId};

use crate::discard::discard;
use crate::tables::{Change, Observer, Tables};

type Worlds<T> = BTreeMap<WorldId, BTreeMap<Scope, Arc<RwLock<T>>>>;

/// A service's tables in every scope of every world.
pub struct Store<T> {
    worlds: RwLock<Worlds<T>>,
    observer: OnceLock<Arc<dyn Observer>>,
}

impl<T> Default for Store<T> {
    fn default() -> Self {
        Self { worlds: RwLock::default(), observer: OnceLock::new() }
    }
}

impl<T: Tables> Store<T> {
    /// A store without a row.
    pub fn new() -> Self {
        Self::default()
    }

    /// Looks at one scope's tables. A scope that nobody has written to is empty.
    pub fn read<R>(&self, cx: &Cx, scope: Scope, look: impl FnOnce(&T) -> R) -> R {
        let _inside = Inside::enter(cx, scope);
        let _shared = cx.world().share();
        match self.find(scope) {
            Some(tables) => look(&lock_shared(&tables)),
            None => look(&T::default()),
        }
    }

    /// The same in the caller's own scope.
    pub fn read_here<R>(&self, cx: &Cx, look: impl FnOnce(&T) -> R) -> R {
        self.read(cx, cx.scope(), look)
    }

    /// Looks at the tables of every scope of the caller's world, one scope after the other.
    pub fn read_all<R>(&self, cx: &Cx, mut look: impl FnMut(Scope, &T) -> R) -> Vec<R> {
        let _inside = Inside::enter(cx, cx.scope());
        let _shared = cx.world().share();
        let scopes = self.of_world(cx.world().id());
        scopes.iter().map(|(scope, tables)| look(*scope, &lock_shared(tables))).collect()
    }

    /// Changes one scope's tables: all of what `act` does, or nothing if it fails or panics.
    ///
    /// # Errors
    /// Those of `act`.
    pub fn write<R, E>(
        &self,
        cx: &Cx,
        scope: Scope,
        act: impl FnOnce(&mut T) -> Result<R, E>,
    ) -> Result<R, E> {
        let _inside = Inside::enter(cx, scope);
        let _shared = cx.world().share();
        let tables = self.find_or_make(scope);
        let mut section = Section::open(scope, &tables);
        let result = act(&mut section.tables)?;
        self.commit(cx.world(), &mut [section]);
        Ok(result)
    }

    /// The same in the caller's own scope.
    ///
    /// # Errors
    /// Those of `act`.
    pub fn write_here<R, E>(
        &self,
        cx: &Cx,
        act: impl FnOnce(&mut T) -> Result<R, E>,
    ) -> Result<R, E> {
        self.write(cx, cx.scope(), act)
    }

    /// Changes the tables of several scopes of one world: everywhere or nowhere. A scope may be
    /// named twice.
    ///
    /// # Errors
    /// Those of `act`.
    pub fn write_many<R, E>(
        &self,
        cx: &Cx,
        scopes: &[Scope],
        act: impl FnOnce(&mut Sections<'_, '_, T>) -> Result<R, E>,
    ) -> Result<R, E> {
        let _inside = Inside::enter(cx, scopes.first().copied().unwrap_or(cx.scope()));
        let _shared = cx.world().share();
        let scopes: BTreeSet<Scope> = scopes.iter().copied().collect();
        let tables: Vec<_> = scopes.into_iter().map(|s| (s, self.find_or_make(s))).collect();
        let mut open: Vec<_> = tables.iter().map(|(s, t)| Section::open(*s, t)).collect();
        let result = act(&mut Sections(&mut open))?;
        self.commit(cx.world(), &mut open);
        Ok(result)
    }

    /// The scopes of a world that have been written to.
    pub fn scopes(&self, world: WorldId) -> Vec<Scope> {
        self.of_world(world).into_iter().map(|(scope, _)| scope).collect()
    }

    /// The scopes of the caller's world in which work is due now.
    pub fn due(&self, cx: &Cx) -> Vec<Scope> {
        let now = cx.now();
        let due = |scope, tables: &T| tables.next_due().filter(|at| *at <= now).map(|_| scope);
        self.read_all(cx, due).into_iter().flatten().collect()
    }

    /// Tells `observer` of every write from now on. The first observer stays; false if there is
    /// one already.
    pub fn observe(&self, observer: Arc<dyn Observer>) -> bool {
        self.observer.set(observer).is_ok()
    }

    fn commit(&self, world: &World, sections: &mut [Section<'_, T>]) {
        if let Some(observer) = self.observer.get() {
            let mut record = Vec::new();
            for section in &*sections {
                let scope = section.scope;
                section.tables.each(&mut |table, rows| {
                    rows.changes(&mut |key, value| {
                        record.push(Change { scope, table, key, value });
                    });
                });
            }
            if !record.is_empty() {
                observer.committed(&record);
            }
        }
        for section in sections {
            section.keep();
            if let Some(at) = section.tables.next_due() {
                world.due_at(at);
            }
        }
    }

    fn find(&self, scope: Scope) -> Option<Arc<RwLock<T>>> {
        self.worlds().get(&scope.world)?.get(&scope).cloned()
    }

    fn find_or_make(&self, scope: Scope) -> Arc<RwLock<T>> {
        let found = self.find(scope);
        found.unwrap_or_else(|| {
            let mut worlds = self.worlds_mut();
            Arc::clone(worlds.entry(scope.world).or_default().entry(scope).or_default())
        })
    }

    fn of_world(&self, world: WorldId) -> Vec<(Scope, Arc<RwLock<T>>)> {
        let worlds = self.worlds();
        let scopes = worlds.get(&world).into_iter().flatten();
        scopes.map(|(scope, tables)| (*scope, Arc::clone(tables))).collect()
    }

    fn worlds(&self) -> RwLockReadGuard<'_, Worlds<T>> {
        self.worlds.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn worlds_mut(&self) -> RwLockWriteGuard<'_, Worlds<T>> {
        self.worlds.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Tables> Kept for Store<T> {
    fn next_due(&self, world: WorldId) -> Option<Timestamp> {
        self.of_world(world).iter().filter_map(|(_, tables)| lock_shared(tables).next_due()).min()
    }

    fn fork(&self, from: WorldId, to: WorldId) {
        // Not collected: that brings a sort along, for every service.
        let mut copy = BTreeMap::new();
        for (scope, tables) in self.of_world(from) {
            let tables = T::clone(&lock_shared(&tables));
            copy.insert(Scope { world: to, ..scope }, Arc::new(RwLock::new(tables)));
        }
        let before = self.worlds_mut().insert(to, copy);
        discard(before);
    }

    fn reset(&self, world: WorldId) {
        let before = self.worlds_mut().remove(&world);
        discard(before);
    }
}

/// A panic poisons the lock, but the section has undone its changes by then.
fn lock_shared<T>(tables: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    tables.read().unwrap_or_else(PoisonError::into_inner)
}

/// The open sections of [`Store::write_many`].
pub struct Sections<'s, 'l, T: Tables>(&'s mut [Section<'l, T>]);

impl<T: Tables> Sections<'_, '_, T> {
    /// The tables of one of the scopes that were asked for.
    ///
    /// # Errors
    /// `InternalFailure` for any other scope.
    pub fn of(&mut self, scope: Scope) -> Result<&mut T, AwsError> {
        let section = self.0.iter_mut().find(|s| s.scope == scope);
        let section = section.ok_or_else(|| AwsError::internal("a scope that is not locked"))?;
        Ok(&mut section.tables)
    }
}

/// One scope, locked for writing. Dropped before [`Section::keep`] it undoes what was changed.
struct Section<'a, T: Tables> {
    scope: Scope,
    tables: RwLockWriteGuard<'a, T>,
}

impl<'a, T: Tables> Section<'a, T> {
    fn open(scope: Scope, tables: &'a RwLock<T>) -> Self {
        Self { scope, tables: tables.write().unwrap_or_else(PoisonError::into_inner) }
    }

    fn keep(&mut self) {
        self.tables.each_mut(&mut |table| table.keep());
    }
}

impl<T: Tables> Drop for Section<'_, T> {
    fn drop(&mut self) {
        self.tables.each_mut(&mut |table| table.undo());
    }
}

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Finds sections inside sections, and scopes of another world than the latch's, in debug builds.
struct Inside;

impl Inside {
    fn enter(cx: &Cx, scope: Scope) -> Self {
        debug_assert_eq!(scope.world, cx.world().id(), "a scope of another world");
        debug_assert!(!INSIDE.replace(true), "a section inside a section");
        Self
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.set(false);
    }
}
