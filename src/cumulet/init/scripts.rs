//! Finding the scripts of a stage and running them. Not here: when a stage has its turn.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::sleep;

use super::Stage;
use crate::config::Config;

/// How deep folders inside a stage's folder are looked into.
const DEPTH_MAX: usize = 16;
/// How often a script is tried that somebody still writes to.
const TRIES: u32 = 20;
/// Between two of these tries.
const TRY_AGAIN: Duration = Duration::from_millis(50);
/// Linux's and macOS' ENOEXEC, which has no stable kind: no `#!` line and no program.
const NO_PROGRAM: i32 = 8;

#[derive(Debug)]
struct Script {
    stage: Stage,
    path: PathBuf,
    state: &'static str,
}

/// The scripts of all stages, and how each went.
#[derive(Debug, Default)]
pub(super) struct Scripts {
    folders: BTreeMap<Stage, PathBuf>,
    /// What scripts find in their environment beside our own.
    environment: Vec<(&'static str, String)>,
    found: Mutex<Vec<Script>>,
}

impl Scripts {
    /// The scripts that are there now.
    pub(super) fn new(config: &Config) -> Self {
        let scripts = Self {
            folders: Stage::ALL.map(|stage| (stage, stage.folder(config))).into(),
            environment: environment(config),
            found: Mutex::default(),
        };
        for stage in Stage::ALL {
            scripts.look(stage);
        }
        scripts
    }

    /// Runs a stage's scripts one after the other.
    pub(super) async fn run(&self, stage: Stage) {
        for path in self.look(stage) {
            let shown = path.display();
            log::info!("init: {shown}");
            self.mark(stage, &path, "RUNNING");
            match self.run_script(&path).await {
                Ok(()) => self.mark(stage, &path, "SUCCESSFUL"),
                Err(why) => {
                    log::error!("init: {shown}: {why}");
                    self.mark(stage, &path, "ERROR");
                }
            }
        }
    }

    /// As the pages show them.
    pub(super) fn shown(&self, stages: &[Stage]) -> Vec<Value> {
        let name = |path: &Path| path.file_name().map(|n| n.to_string_lossy().into_owned());
        self.with(|found| {
            let wanted = found.iter().filter(|script| stages.contains(&script.stage));
            wanted
                .map(|s| json!({"stage": s.stage.name(), "name": name(&s.path), "state": s.state}))
                .collect()
        })
    }

    fn mark(&self, stage: Stage, path: &Path, now: &'static str) {
        self.with(|found| {
            if let Some(script) = found.iter_mut().find(|s| s.stage == stage && s.path == path) {
                script.state = now;
            }
        });
    }

    /// Looks for a stage's scripts (anew: they may have come since) and forgets how they went.
    fn look(&self, stage: Stage) -> Vec<PathBuf> {
        let mut paths = Vec::new();
        if let Some(folder) = self.folders.get(&stage) {
            collect(folder, DEPTH_MAX, &mut paths);
        }
        self.with(|found| {
            found.retain(|script| script.stage != stage);
            let fresh = paths.iter().cloned();
            found.extend(fresh.map(|path| Script { stage, path, state: "UNKNOWN" }));
            found.sort_by_key(|script| script.stage);
        });
        paths
    }

    fn with<R>(&self, act: impl FnOnce(&mut Vec<Script>) -> R) -> R {
        act(&mut self.found.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Runs one script to its end; ends it when this is dropped.
    async fn run_script(&self, path: &Path) -> Result<(), String> {
        // Asked for before the child is there, so that its end cannot be missed.
        let mut ended = signal(SignalKind::child()).map_err(|error| error.to_string())?;
        let mut running = self.start(path).await?;
        loop {
            match running.0.try_wait() {
                Ok(Some(status)) if status.success() => return Ok(()),
                Ok(Some(status)) => return Err(status.to_string()),
                Ok(None) => drop(ended.recv().await),
                Err(error) => return Err(error.to_string()),
            }
        }
    }

    async fn start(&self, path: &Path) -> Result<Running, String> {
        let interpreter = interpreter(path);
        // LocalStack too runs Python files with its own Python, whatever their first line says.
        let mut direct = is_executable(path) && interpreter != Some("python3");
        let mut tries = 0;
        loop {
            let command = match (direct, interpreter) {
                (false, Some(interpreter)) => self.command(interpreter).arg(path).spawn(),
                _ => self.command(path).spawn(),
            };
            let error = match command {
                Ok(child) => return Ok(Running(child)),
                Err(error) => error,
            };
            let unreadable = error.raw_os_error() == Some(NO_PROGRAM)
                || error.kind() == io::ErrorKind::PermissionDenied;
            if direct && interpreter.is_some() && unreadable {
                direct = false;
            } else if error.kind() == io::ErrorKind::ExecutableFileBusy && tries < TRIES {
                tries += 1;
                sleep(TRY_AGAIN).await;
            } else if error.kind() == io::ErrorKind::NotFound {
                return Err(missing(path, interpreter.filter(|_| !direct)));
            } else {
                return Err(error.to_string());
            }
        }
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.stdin(Stdio::null());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// Files of a folder by name, then those of its folders, as LocalStack has them.
fn collect(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    let (folders, files): (Vec<_>, Vec<_>) = paths.into_iter().partition(|path| path.is_dir());
    found.extend(files.into_iter().filter(|p| interpreter(p).is_some() || is_executable(p)));
    if depth > 0 {
        for folder in &folders {
            collect(folder, depth - 1, found);
        }
    }
}

fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

/// What runs a script that cannot run by itself.
fn interpreter(path: &Path) -> Option<&'static str> {
    match path.extension()?.to_str()? {
        "sh" => Some("sh"),
        "py" => Some("python3"),
        _ => None,
    }
}

/// Why a script that is there was "not found".
fn missing(path: &Path, interpreter: Option<&str>) -> String {
    let named = interpreter.map(str::to_owned).or_else(|| first_line(path));
    match named {
        Some(name) => format!(
            "its interpreter {name} is not here; the image cumulet-compat has sh and bash, other images run static programs only"
        ),
        None => "it, or the loader that it needs, is not here".to_owned(),
    }
}

/// The interpreter that a script's first line asks for.
fn first_line(path: &Path) -> Option<String> {
    let mut line = Vec::new();
    let file = io::Read::take(fs::File::open(path).ok()?, 256);
    io::BufReader::new(file).read_until(b'\n', &mut line).ok()?;
    let line = String::from_utf8(line).ok()?;
    Some(line.strip_prefix("#!")?.trim().to_owned())
}

/// A child that does not outlive its handle.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail where it has ended already, which is well.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What makes SDKs and command lines in scripts call this server: set where nothing else is, and
/// with the address that it has for itself, whatever it is called outside.
fn environment(config: &Config) -> Vec<(&'static str, String)> {
    let variables = &config.variables;
    let mut wanted = BTreeMap::from([("AWS_DEFAULT_REGION", "us-east-1".to_owned())]);
    if let Some(listen) = config.listen.first() {
        let host = if listen.host.contains(':') { "[::1]" } else { "127.0.0.1" };
        wanted.insert("AWS_ENDPOINT_URL", format!("http://{host}:{}", listen.port));
    }
    let home = variables.get("HOME").map_or("/", String::as_str);
    let has_credentials = ["AWS_PROFILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"]
        .iter()
        .any(|name| variables.contains_key(*name))
        || Path::new(home).join(".aws/credentials").exists();
    if !has_credentials {
        wanted.insert("AWS_ACCESS_KEY_ID", "test".to_owned());
        wanted.insert("AWS_SECRET_ACCESS_KEY", "test".to_owned());
    }
    wanted.into_iter().filter(|(name, _)| !variables.contains_key(*name)).collect()
}

#[cfg(test)]
mod tests;
