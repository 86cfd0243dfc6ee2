//! The cloud in this process: the services that are compiled in, and the worlds they serve.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::ids::Ids;
use crate::outbound::{Nowhere, Outbound};
use crate::service::{Kept, Service};
use crate::time::{Clock, Timestamp};
use crate::world::{World, WorldId};

/// All services and worlds of a process.
#[derive(Debug)]
pub struct Cloud {
    services: BTreeMap<&'static str, Arc<Service>>,
    worlds: Mutex<BTreeMap<WorldId, Arc<World>>>,
    default: Arc<World>,
    next: AtomicU64,
    outbound: OnceLock<Arc<dyn Outbound>>,
}

/// A consistent picture of a world, to be restored as often as wanted. Dropping it forgets it.
#[derive(Debug)]
pub struct Snapshot {
    cloud: Arc<Cloud>,
    id: WorldId,
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        self.cloud.replace(self.id, |kept| kept.reset(self.id));
    }
}

impl Cloud {
    /// A cloud of these services with one world that follows `clock`.
    pub fn new(services: impl IntoIterator<Item = Service>, clock: Clock, ids: Ids) -> Arc<Self> {
        // Neither is collected: that brings a sort along.
        let (mut all, mut worlds) = (BTreeMap::new(), BTreeMap::new());
        all.extend(services.into_iter().map(|s| (s.name(), Arc::new(s))));
        let default = Arc::new(World::new(WorldId(0), clock, ids));
        worlds.insert(WorldId(0), Arc::clone(&default));
        let (next, outbound) = (AtomicU64::new(1), OnceLock::new());
        Arc::new(Self { services: all, worlds: Mutex::new(worlds), default, next, outbound })
    }

    /// The service called `name` (LocalStack's name, the feature's and the folder's).
    pub fn service(&self, name: &str) -> Option<&Arc<Service>> {
        self.services.get(name)
    }

    /// All services, by name.
    pub fn services(&self) -> impl Iterator<Item = &Arc<Service>> {
        self.services.values()
    }

    /// The way to other hosts.
    pub fn outbound(&self) -> &dyn Outbound {
        self.outbound.get().map_or(&Nowhere, |client| &**client)
    }

    /// Gives the cloud its client, once: after its making, since the client may have to know who
    /// answers for the cloud's own hosts. False if there is one already.
    pub fn set_outbound(&self, client: Arc<dyn Outbound>) -> bool {
        self.outbound.set(client).is_ok()
    }

    /// The world of callers that name none.
    pub fn world(&self) -> &Arc<World> {
        &self.default
    }

    /// All worlds.
    pub fn worlds(&self) -> Vec<Arc<World>> {
        self.worlds.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// A new world that starts as a copy of `from` and then goes its own way. Needs a driver
    /// ([`World::drive`]) for its due work.
    pub fn fork(&self, from: &World) -> Arc<World> {
        let id = self.fresh_id();
        self.copy(from, id);
        let world = Arc::new(World::new(id, from.clock().fork(), Ids::default()));
        let mut worlds = self.worlds.lock().unwrap_or_else(PoisonError::into_inner);
        worlds.insert(id, Arc::clone(&world));
        world
    }

    /// Empties a world: state and background tasks.
    pub fn reset(&self, world: &World) {
        world.abort_tasks();
        let _alone = world.alone();
        self.replace(world.id(), |kept| kept.reset(world.id()));
    }

    /// Keeps the state that a world has now.
    pub fn snapshot(self: &Arc<Self>, world: &World) -> Snapshot {
        let id = self.fresh_id();
        self.copy(world, id);
        Snapshot { cloud: Arc::clone(self), id }
    }

    /// Puts a world back to the state of a snapshot.
    pub fn restore(&self, world: &World, snapshot: &Snapshot) {
        world.abort_tasks();
        let _alone = world.alone();
        self.replace(world.id(), |kept| kept.fork(snapshot.id, world.id()));
        // Whatever is due in the restored state, the driver has not heard of it.
        world.due_at(Timestamp::from_millis(i64::MIN));
    }

    fn copy(&self, from: &World, to: WorldId) {
        let _alone = from.alone();
        self.replace(to, |kept| kept.fork(from.id(), to));
    }

    fn fresh_id(&self) -> WorldId {
        WorldId(self.next.fetch_add(1, Ordering::Relaxed))
    }

    fn replace(&self, world: WorldId, act: impl Fn(&dyn Kept)) {
        for service in self.services.values() {
            act(service.state().kept());
            service.state().replaced(world);
        }
    }
}
