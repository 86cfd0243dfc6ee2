//! A world: one complete, separate cloud inside the process, with its clock, its chance, its
//! background tasks and its due work. What it holds lives in the services' stores, by [`WorldId`].

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};

use crate::cloud::Cloud;
use crate::cx::Cx;
use crate::ids::Ids;
use crate::name::{AccountId, Region};
use crate::time::{Clock, Timestamp};

/// A future on the heap that any thread may run.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Runs `task` in the background, as no world's own. Boxed: a task of its own for every type of future
/// is two kilobytes of code.
///
/// # Panics
/// Outside of a runtime.
pub fn spawn(task: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    let task: BoxFuture<()> = Box::pin(task);
    tokio::spawn(task)
}

/// The number of a world in this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorldId(pub u64);

/// Where state is found: every table belongs to one world, account and region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope {
    /// The world.
    pub world: WorldId,
    /// The owner.
    pub account: AccountId,
    /// The region, or [`Region::GLOBAL`].
    pub region: Region,
}

/// One cloud: its clock, ids, tasks and due work.
#[derive(Debug)]
pub struct World {
    id: WorldId,
    clock: Clock,
    ids: Ids,
    latch: RwLock<()>,
    tasks: Mutex<JoinSet<()>>,
    /// Tasks and runs of due work that are not at rest.
    busy: AtomicUsize,
    /// Until when the others rest, and how many of them.
    resting: Mutex<BTreeMap<Timestamp, usize>>,
    idle: Notify,
    /// The moment the driver sleeps until; a write that makes something due earlier wakes it.
    wake_at: AtomicI64,
    wake: Notify,
}

impl World {
    /// A new, empty world.
    pub fn new(id: WorldId, clock: Clock, ids: Ids) -> Self {
        Self {
            id,
            clock,
            ids,
            latch: RwLock::new(()),
            tasks: Mutex::new(JoinSet::new()),
            busy: AtomicUsize::new(0),
            resting: Mutex::default(),
            idle: Notify::new(),
            wake_at: AtomicI64::new(i64::MAX),
            wake: Notify::new(),
        }
    }

    /// Its number.
    pub fn id(&self) -> WorldId {
        self.id
    }

    /// Its clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Its source of identifiers.
    pub fn ids(&self) -> &Ids {
        &self.ids
    }

    /// Held by every section that reads or writes state.
    pub fn share(&self) -> RwLockReadGuard<'_, ()> {
        self.latch.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Held by whoever needs all state of this world to stand still: a snapshot.
    pub fn alone(&self) -> RwLockWriteGuard<'_, ()> {
        self.latch.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that some work falls due at `at`. Cheap when the driver wakes before that anyway.
    pub fn due_at(&self, at: Timestamp) {
        if at.millis() < self.wake_at.fetch_min(at.millis(), Ordering::AcqRel) {
            self.wake.notify_one();
        }
    }

    /// Runs `task` in the background. It belongs to this world: ended at reset, drained at
    /// shutdown, and waited for when the clock is turned.
    pub fn spawn(self: &Arc<Self>, task: impl Future<Output = ()> + Send + 'static) {
        self.spawn_boxed(Box::pin(task));
    }

    fn spawn_boxed(self: &Arc<Self>, task: BoxFuture<()>) {
        let busy = Busy::new(self);
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        let task: BoxFuture<()> = Box::pin(async move {
            task.await;
            drop(busy);
        });
        tasks.spawn(task);
    }

    /// Ends all background tasks.
    pub fn abort_tasks(&self) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
    }

    /// Waits until no background task is at work; those that rest until later do not count.
    pub async fn idle(&self) {
        loop {
            let idle = self.idle.notified();
            // In this order: who goes from rest to work is busy before it is no longer late.
            if !self.is_anybody_late() && self.busy.load(Ordering::Acquire) == 0 {
                return;
            }
            idle.await;
        }
    }

    /// Sleeps inside a background task, so that turning the clock does not wait for it.
    pub async fn rest_until(self: &Arc<Self>, at: Timestamp) {
        let _awake = Rest::new(self, at);
        self.clock.sleep_until(at).await;
    }

    /// Whether somebody rests whose time has come: woken, but not at work yet.
    fn is_anybody_late(&self) -> bool {
        let first = self.resting().first_key_value().map(|(at, _)| *at);
        first.is_some_and(|at| at <= self.clock.now())
    }

    fn resting(&self) -> MutexGuard<'_, BTreeMap<Timestamp, usize>> {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        self.busy.fetch_add(1, Ordering::AcqRel);
    }

    fn pause(&self) {
        if self.busy.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.idle.notify_waiters();
        }
    }

    /// Turns the clock forward and returns when the work that fell due on the way is done.
    pub async fn advance(self: &Arc<Self>, cloud: &Arc<Cloud>, by: Duration) {
        self.clock.advance(by);
        self.settle(cloud).await;
    }

    /// Runs everything that is due now and waits for its consequences, and for what falls due by
    /// them.
    pub async fn settle(self: &Arc<Self>, cloud: &Arc<Cloud>) {
        // A bound against work that makes itself due again at once.
        for _ in 0..10_000 {
            let ran = self.run_due(cloud).await;
            self.idle().await;
            if !ran && self.next_due(cloud).is_none_or(|at| at > self.clock.now()) {
                break;
            }
        }
    }

    /// Runs what is due in every service; false if nothing was.
    async fn run_due(self: &Arc<Self>, cloud: &Arc<Cloud>) -> bool {
        let _busy = Busy::new(self);
        let now = self.clock.now();
        let mut ran = false;
        for service in cloud.services() {
            if service.state().kept().next_due(self.id).is_some_and(|at| at <= now) {
                ran = true;
                service.state().run_due(Cx::background(cloud, self)).await;
            }
        }
        ran
    }

    /// When the next work falls due.
    fn next_due(&self, cloud: &Cloud) -> Option<Timestamp> {
        cloud.services().filter_map(|s| s.state().kept().next_due(self.id)).min()
    }

    /// Runs due work as the clock goes, for ever. One driver per world.
    pub async fn drive(self: Arc<Self>, cloud: Arc<Cloud>) {
        loop {
            self.wake_at.store(i64::MAX, Ordering::Release);
            while self.run_due(&cloud).await {}
            let wake = self.wake.notified();
            if let Some(at) = self.next_due(&cloud) {
                self.wake_at.fetch_min(at.millis(), Ordering::AcqRel);
                tokio::select! {
                    () = self.clock.sleep_until(at) => {}
                    () = wake => {}
                }
            } else {
                wake.await;
            }
        }
    }
}

/// Held by whoever works.
struct Busy(Arc<World>);

impl Busy {
    fn new(world: &Arc<World>) -> Self {
        world.work();
        Self(Arc::clone(world))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.pause();
    }
}

/// Held by a task that rests.
struct Rest<'a> {
    world: &'a World,
    until: Timestamp,
}

impl<'a> Rest<'a> {
    fn new(world: &'a World, until: Timestamp) -> Self {
        *world.resting().entry(until).or_default() += 1;
        world.pause();
        Self { world, until }
    }
}

impl Drop for Rest<'_> {
    /// At work first, then no longer at rest: it counts as one of the two throughout.
    fn drop(&mut self) {
        self.world.work();
        let mut resting = self.world.resting();
        if let Entry::Occupied(mut tasks) = resting.entry(self.until) {
            *tasks.get_mut() -= 1;
            if *tasks.get() == 0 {
                tasks.remove();
            }
        }
    }
}
