//! The server in the background: its start, and its log. Not here: its end, which needs no process number
//! (`stop` asks the server itself).

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use super::client::{address, ask};
use super::commands::{is_ready, wait_until};
use crate::config::Config;

/// How long init scripts and all may take.
const PATIENCE: Duration = Duration::from_secs(300);
/// How often a log is looked at for more.
const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// Windows' `CREATE_NEW_PROCESS_GROUP` and `DETACHED_PROCESS`.
#[cfg(windows)]
const OWN_GROUP: u32 = 0x208;
/// So much of a log is shown when a start fails.
const TOLD_MAX: u64 = 4096;

/// One log for each port.
fn log_file(config: &Config) -> io::Result<PathBuf> {
    let variable = |name: &str| config.variables.get(name).filter(|value| !value.is_empty());
    let folder = match (variable("XDG_STATE_HOME"), variable("HOME"), variable("TMPDIR")) {
        (Some(state), _, _) => PathBuf::from(state),
        (None, Some(home), _) => Path::new(home).join(".local/state"),
        (None, None, temporary) => PathBuf::from(temporary.map_or("/tmp", String::as_str)),
    };
    Ok(folder.join("cumulet").join(format!("{}.log", address(config)?.port())))
}

/// Starts this program once more, and returns when it is ready.
pub(super) fn start(config: &Config, settings: &[(String, String)]) -> io::Result<()> {
    let address = address(config)?;
    if ask(config, "HEAD", "/_localstack/health", "").is_ok() {
        return Err(io::Error::other(format!("a server answers at {address} already")));
    }
    let path = log_file(config)?;
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let log = File::create(&path)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))?;
    let mut command = Command::new(std::env::current_exe()?);
    // Ctrl-C in this terminal is not for it.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    #[cfg(windows)]
    std::os::windows::process::CommandExt::creation_flags(&mut command, OWN_GROUP);
    let mut child = command
        .envs(settings.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()?;
    let mut ended = None;
    wait_until(PATIENCE, "ready", || {
        ended = child.try_wait().ok().flatten();
        ended.is_some() || is_ready(config)
    })?;
    if let Some(status) = ended {
        let mut told = String::new();
        File::open(&path)?.take(TOLD_MAX).read_to_string(&mut told)?;
        return Err(io::Error::other(format!("it ended with {status}:\n{}", told.trim_end())));
    }
    writeln!(
        io::stdout(),
        "Cumulet is ready at http://{address} (process {}); its log: cumulet logs",
        child.id()
    )
}

/// Prints the log; with `follow` for ever.
pub(super) fn logs(config: &Config, follow: bool) -> io::Result<()> {
    let path = log_file(config)?;
    let mut log = File::open(&path).map_err(|_| {
        io::Error::other(format!(
            "no log at {}: only `cumulet start -d` keeps one (a container's is at `docker logs`)",
            path.display()
        ))
    })?;
    let mut read = 0;
    loop {
        read += io::copy(&mut log, &mut io::stdout().lock())?;
        if !follow {
            return Ok(());
        }
        sleep(LOOK_AGAIN);
        // A new start begins the file anew.
        if log.metadata()?.len() < read {
            read = log.seek(SeekFrom::Start(0))?;
        }
    }
}
