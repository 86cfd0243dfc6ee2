//! Due work: a world's driver, a turned clock, and what forks, snapshots and resets do to it.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use cumulet_core::{
    AwsError, BoxFuture, Clock, Cloud, Cx, Description, Ids, Kept, Model, Origin, Service, State,
    Timestamp, World,
};
use cumulet_store::{Store, Table, Waiters, tables};

tables! {
    /// Names that ring at a moment, and those that have rung.
    struct Bells {
        set: Table<(Timestamp, String), ()>,
        rung: Table<String, Timestamp>,
    }
    next_due = |t| t.set.first().map(|((at, _), ())| *at);
}

/// A service of bells. How one rings depends on its name:
/// `again` sets `echo` for the same moment, `task` rings in a background task that sets `echo`,
/// `slow` rings late, and all others ring at once.
#[derive(Clone, Default)]
struct Tower {
    bells: Arc<Store<Bells>>,
    rung: Waiters,
}

impl State for Tower {
    fn kept(&self) -> &dyn Kept {
        &*self.bells
    }

    fn run_due(&self, cx: Cx) -> BoxFuture<()> {
        let tower = self.clone();
        Box::pin(async move {
            for scope in tower.bells.due(&cx) {
                assert_eq!(scope, cx.scope());
                for name in tower.take_due(&cx) {
                    tower.ring(&cx, name).await;
                }
            }
        })
    }
}

impl Tower {
    fn take_due(&self, cx: &Cx) -> Vec<String> {
        let now = cx.now();
        self.write(cx, |tx| {
            let due: Vec<_> = tx.set.iter().map(|(key, ())| key.clone()).collect();
            let due: Vec<_> = due.into_iter().take_while(|(at, _)| *at <= now).collect();
            for key in &due {
                tx.set.remove(key);
            }
            due.into_iter().map(|(_, name)| name).collect()
        })
    }

    async fn ring(&self, cx: &Cx, name: String) {
        match &*name {
            "again" => self.set(cx, 0, "echo"),
            "slow" => {
                for _ in 0..100 {
                    tokio::task::yield_now().await;
                }
            }
            "task" => {
                let (tower, cx) = (self.clone(), cx.clone());
                cx.clone().spawn(async move {
                    tokio::task::yield_now().await;
                    tower.set(&cx, 0, "echo");
                });
            }
            _ => {}
        }
        self.write(cx, |tx| tx.rung.insert(name, cx.now()));
        self.rung.wake_all(cx.scope(), "rung");
    }

    fn write<R>(&self, cx: &Cx, act: impl FnOnce(&mut Bells) -> R) -> R {
        self.bells.write_here(cx, |tx| Ok::<_, AwsError>(act(tx))).unwrap()
    }

    fn set(&self, cx: &Cx, seconds: u64, name: &str) {
        let at = cx.now().plus(Duration::from_secs(seconds));
        self.write(cx, |tx| tx.set.insert((at, name.to_owned()), ()));
    }

    fn rung(&self, cx: &Cx) -> Vec<String> {
        self.bells.read_here(cx, |t| t.rung.iter().map(|(name, _)| name.clone()).collect())
    }

    async fn until_rung(&self, cx: &Cx, name: &str) {
        let mut waiter = self.rung.wait(cx.scope(), "rung");
        while !self.rung(cx).iter().any(|n| n == name) {
            waiter.woken().await;
        }
    }
}

struct Town {
    tower: Tower,
    cloud: Arc<Cloud>,
    cx: Cx,
}

/// A cloud whose clock stands still.
fn town() -> Town {
    static MODEL: LazyLock<Model> = LazyLock::new(Model::default);
    static TOWER: Description = Description::new("tower", || &MODEL, &[]);
    let tower = Tower::default();
    let clock = Clock::default();
    clock.freeze();
    let cloud = Cloud::new([Service::new(&TOWER, tower.clone())], clock, Ids::default());
    let cx = Cx::background(&cloud, cloud.world());
    Town { tower, cloud, cx }
}

impl Town {
    fn world(&self) -> &Arc<World> {
        self.cloud.world()
    }

    async fn advance(&self, seconds: u64) {
        self.world().advance(&self.cloud, Duration::from_secs(seconds)).await;
    }

    fn rung(&self) -> Vec<String> {
        self.tower.rung(&self.cx)
    }
}

#[tokio::test]
async fn turning_the_clock_does_what_falls_due_and_no_more() {
    let town = town();
    town.tower.set(&town.cx, 10, "ten");
    town.tower.set(&town.cx, 11, "eleven");
    town.advance(9).await;
    assert!(town.rung().is_empty());
    town.advance(1).await;
    assert_eq!(town.rung(), ["ten"]);
}

#[tokio::test]
async fn turning_the_clock_waits_for_the_consequences() {
    let town = town();
    for (name, all) in [("again", vec!["again", "echo"]), ("task", vec!["echo", "task"])] {
        town.cloud.reset(town.world());
        town.tower.set(&town.cx, 10, name);
        town.advance(10).await;
        assert_eq!(town.rung(), all);
    }
}

#[tokio::test]
async fn turning_the_clock_wakes_all_who_rest_and_waits_for_them() {
    let town = town();
    for i in 0..200 {
        let (tower, cx) = (town.tower.clone(), town.cx.clone());
        town.cx.spawn(async move {
            cx.rest(Duration::from_secs(5)).await;
            tower.ring(&cx, format!("{i}")).await;
        });
    }
    town.world().idle().await;
    town.advance(4).await;
    assert_eq!(town.rung().len(), 0);
    town.advance(1).await;
    assert_eq!(town.rung().len(), 200);
}

#[tokio::test]
async fn turning_the_clock_waits_for_what_the_driver_has_begun() {
    let town = town();
    let driver = tokio::spawn(Arc::clone(town.world()).drive(Arc::clone(&town.cloud)));
    town.tower.set(&town.cx, 10, "slow");
    tokio::task::yield_now().await;
    town.cx.clock().advance(Duration::from_secs(10));
    while town.tower.bells.next_due(town.world().id()).is_some() {
        tokio::task::yield_now().await;
    }
    assert!(town.rung().is_empty());
    town.world().settle(&town.cloud).await;
    assert_eq!(town.rung(), ["slow"]);
    driver.abort();
}

#[tokio::test]
async fn the_driver_hears_of_every_write_and_of_a_restored_state() {
    let town = town();
    town.tower.set(&town.cx, 0, "kept");
    let snapshot = town.cloud.snapshot(town.world());
    town.cloud.reset(town.world());
    let driver = tokio::spawn(Arc::clone(town.world()).drive(Arc::clone(&town.cloud)));
    town.tower.set(&town.cx, 3600, "later");
    tokio::task::yield_now().await;
    town.tower.set(&town.cx, 0, "now");
    town.tower.until_rung(&town.cx, "now").await;
    tokio::task::yield_now().await;
    town.cloud.restore(town.world(), &snapshot);
    town.tower.until_rung(&town.cx, "kept").await;
    assert_eq!(town.rung(), ["kept"]);
    driver.abort();
}

#[tokio::test]
async fn the_driver_follows_a_running_clock() {
    let town = town();
    town.cx.clock().resume();
    let driver = tokio::spawn(Arc::clone(town.world()).drive(Arc::clone(&town.cloud)));
    town.tower.write(&town.cx, |tx| {
        let soon = town.cx.now().plus(Duration::from_millis(20));
        tx.set.insert((soon, "soon".to_owned()), ())
    });
    town.tower.until_rung(&town.cx, "soon").await;
    driver.abort();
}

#[tokio::test]
async fn forks_snapshots_and_resets_take_due_work_along() {
    let town = town();
    town.tower.set(&town.cx, 10, "bell");
    let snapshot = town.cloud.snapshot(town.world());
    let fork = town.cloud.fork(town.world());
    let there = Cx::new(&town.cloud, &fork, Origin::local());

    fork.advance(&town.cloud, Duration::from_secs(10)).await;
    assert_eq!((town.tower.rung(&there), town.rung()), (vec!["bell".to_owned()], vec![]));

    town.cloud.reset(town.world());
    town.advance(10).await;
    assert!(town.rung().is_empty());

    for _ in 0..2 {
        town.cloud.restore(town.world(), &snapshot);
        assert!(town.rung().is_empty());
        town.advance(0).await;
        assert_eq!(town.rung(), ["bell"]);
    }
    drop(snapshot);
    assert_eq!(town.rung(), ["bell"]);
}
