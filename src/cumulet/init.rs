//! Init hooks: the scripts and programs that users put into `/etc/localstack/init/*.d`, and how far
//! they have come. Finding and running them is in `scripts.rs`, with the feature `init`; Windows has none.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value, json};

use crate::config::Config;

#[cfg(all(feature = "init", unix))]
mod scripts;

/// Where LocalStack has them.
const FOLDER: &str = "/etc/localstack/init";

/// When a hook runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Before anything else.
    Boot,
    /// Before the server listens.
    Start,
    /// When requests are answered, before `Ready.` is said.
    Ready,
    /// After the program was told to end, while requests are still answered.
    Shutdown,
}

impl Stage {
    /// In their order.
    pub const ALL: [Self; 4] = [Self::Boot, Self::Start, Self::Ready, Self::Shutdown];

    /// As the pages have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Boot => "BOOT",
            Self::Start => "START",
            Self::Ready => "READY",
            Self::Shutdown => "SHUTDOWN",
        }
    }

    /// A stage by its name, in any case.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.name().eq_ignore_ascii_case(name))
    }

    fn folder(self, config: &Config) -> PathBuf {
        let folder = config.variables.get("CUMULET_INIT_DIR").map_or(FOLDER, String::as_str);
        PathBuf::from(folder).join(format!("{}.d", self.name().to_lowercase()))
    }
}

/// All hooks of this start.
#[derive(Debug, Default)]
pub struct Hooks {
    #[cfg(all(feature = "init", unix))]
    scripts: scripts::Scripts,
    completed: Mutex<Vec<Stage>>,
}

impl Hooks {
    /// The hooks that are there now.
    pub fn new(config: &Config) -> Self {
        #[cfg(all(feature = "init", unix))]
        return Self { scripts: scripts::Scripts::new(config), completed: Mutex::default() };
        #[cfg(not(all(feature = "init", unix)))]
        {
            for folder in Stage::ALL.map(|stage| stage.folder(config)) {
                if std::fs::read_dir(&folder).is_ok_and(|mut files| files.next().is_some()) {
                    log::warn!("{} is left alone: this build runs no scripts", folder.display());
                }
            }
            Self::default()
        }
    }

    /// Runs a stage's scripts one after the other. One that fails is logged, and the next one runs.
    #[cfg_attr(
        not(all(feature = "init", unix)),
        expect(clippy::unused_async, reason = "with it, it waits")
    )]
    pub async fn run(&self, stage: Stage) {
        self.with(|completed| completed.retain(|earlier| *earlier != stage));
        #[cfg(all(feature = "init", unix))]
        self.scripts.run(stage).await;
        self.with(|completed| completed.push(stage));
    }

    /// What `/_localstack/init` shows.
    pub fn page(&self) -> Value {
        let mut completed = Map::new();
        for stage in Stage::ALL {
            completed.insert(stage.name().to_owned(), self.is_completed(stage).into());
        }
        json!({"completed": completed, "scripts": self.shown(&Stage::ALL)})
    }

    /// What `/_localstack/init/<stage>` shows.
    pub fn stage_page(&self, stage: Stage) -> Value {
        json!({"completed": self.is_completed(stage), "scripts": self.shown(&[stage])})
    }

    #[cfg(all(feature = "init", unix))]
    fn shown(&self, stages: &[Stage]) -> Vec<Value> {
        self.scripts.shown(stages)
    }

    #[cfg(not(all(feature = "init", unix)))]
    #[expect(clippy::unused_self, reason = "with the feature it has scripts to show")]
    fn shown(&self, _: &[Stage]) -> Vec<Value> {
        Vec::new()
    }

    fn is_completed(&self, stage: Stage) -> bool {
        self.with(|completed| completed.contains(&stage))
    }

    fn with<R>(&self, act: impl FnOnce(&mut Vec<Stage>) -> R) -> R {
        act(&mut self.completed.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
