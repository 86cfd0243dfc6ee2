//! The commands that make daily work easier: start in the background, stop, look, wait. They talk HTTP to
//! the server that `GATEWAY_LISTEN` names, on this machine or in a container. Not here: Docker's socket.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::client::{address, ask};
use super::{aws, completions, compose, detached};
use crate::admin::shown;
use crate::config::Config;
use crate::start;

/// Name, what follows it, and what it does.
pub(super) const COMMANDS: [(&str, &str, &str); 12] = [
    ("start", "[-d] [-e NAME=VALUE]...", "starts the server; -d: in the background"),
    ("stop", "", "ends it"),
    ("restart", "", "starts it anew, with nothing in it"),
    ("status", "[services]", "tells whether it runs, and which services"),
    ("wait", "[-t SECONDS]", "returns when it is ready (60)"),
    ("logs", "[-f]", "prints the log of start -d; -f: and what comes"),
    ("health", "", "ends with 0 if a server answers, else with 1"),
    ("config", "show|validate [FILE]", "shows the settings; checks a compose file"),
    ("state", "reset [--init]", "empties it; --init: and runs the ready scripts"),
    (
        "aws",
        "SERVICE OPERATION ...",
        "calls an operation; so does this program by the name awslocal",
    ),
    ("env", "", "prints exports for the shell"),
    ("completions", "bash|zsh|fish", "prints completions for a shell"),
];

/// How long a server may take to be ready, or to be gone, if nothing else is said.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is looked for meanwhile.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// What is to be done.
pub(super) enum Command {
    Start { detached: bool, settings: Vec<(String, String)> },
    Stop,
    Restart,
    Status { services: bool },
    Wait(Duration),
    Logs { follow: bool },
    ShowConfig,
    Validate(String),
    Reset { init: bool },
    Env,
    Completions(&'static str),
    Help(String),
}

/// The lines of `--help`.
pub(super) fn help() -> String {
    COMMANDS
        .iter()
        .filter(|(name, _, _)| *name != "health")
        .map(|(name, usage, about)| {
            let command = format!("{name} {usage}");
            if command.len() > 17 {
                format!("    cumulet {command}\n{:30}{about}\n", "")
            } else {
                format!("    cumulet {command:17} {about}\n")
            }
        })
        .collect()
}

/// The AWS CLI's part: `cumulet aws …`, or this program by the name `awslocal`. It has exit codes of its own.
pub(super) fn by_name(words: &[String]) -> Option<ExitCode> {
    let called = std::env::args_os().next();
    let called = called.as_deref().map(Path::new).and_then(Path::file_name);
    let mut words: Vec<_> = words.iter().map(String::as_str).collect();
    if called.is_none_or(|name| name != "awslocal") {
        if words.first() != Some(&"aws") {
            return None;
        }
        words.remove(0);
    }
    Some(match aws::run(super::environment(), &words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(aws::Failure(code, text)) => {
            let _ = writeln!(io::stderr(), "\n{text}");
            code.into()
        }
    })
}

pub(super) fn read(words: &[&str]) -> Result<Command, String> {
    Ok(match words {
        [name, "--help" | "-h"] | ["help", name] => Command::Help(usage(name)?),
        ["start", options @ ..] => start_options(options)?,
        ["stop"] => Command::Stop,
        ["restart"] => Command::Restart,
        ["status"] => Command::Status { services: false },
        ["status", "services"] => Command::Status { services: true },
        ["wait"] => Command::Wait(PATIENCE),
        ["wait", "-t" | "--timeout", seconds] => Command::Wait(
            (seconds.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()))
                .ok_or_else(|| format!("{seconds} is no number of seconds"))?,
        ),
        ["logs"] => Command::Logs { follow: false },
        ["logs", "-f" | "--follow"] => Command::Logs { follow: true },
        ["config", "show"] => Command::ShowConfig,
        ["config", "validate"] => Command::Validate("docker-compose.yml".to_owned()),
        ["config", "validate", file] => Command::Validate((*file).to_owned()),
        ["state", "reset"] => Command::Reset { init: false },
        ["state", "reset", "--init"] => Command::Reset { init: true },
        ["state", "save" | "load", ..] => {
            return Err("state lives in memory: it cannot be saved or loaded yet".to_owned());
        }
        ["env"] => Command::Env,
        ["completions", shell] => completions::SHELLS
            .into_iter()
            .find(|known| known == shell)
            .map(Command::Completions)
            .ok_or_else(|| format!("no completions for {shell}"))?,
        [name, ..] => match usage(name) {
            Ok(usage) => return Err(format!("it goes like this: {}", usage.trim_end())),
            Err(_) => return Err(format!("unexpected argument {name}")),
        },
        [] => return Err("no command".to_owned()),
    })
}

fn start_options(mut options: &[&str]) -> Result<Command, String> {
    let (mut detached, mut settings) = (false, Vec::new());
    loop {
        options = match options {
            [] => return Ok(Command::Start { detached, settings }),
            ["-d" | "--detached", rest @ ..] => {
                detached = true;
                rest
            }
            ["-e" | "--env", pair, rest @ ..] => {
                let (name, value) = pair.split_once('=').ok_or("-e takes NAME=VALUE")?;
                settings.push((name.to_owned(), value.to_owned()));
                rest
            }
            [other, ..] => return Err(format!("start: unexpected argument {other}")),
        };
    }
}

fn usage(wanted: &str) -> Result<String, String> {
    let row = COMMANDS.iter().find(|(name, _, _)| *name == wanted);
    let (name, usage, about) = row.ok_or_else(|| format!("no command {wanted}"))?;
    Ok(format!("cumulet {name} {usage}: {about}\n"))
}

pub(super) fn run(command: Command, mut config: Config) -> io::Result<()> {
    match command {
        Command::Start { detached, settings } => {
            let mut variables = config.variables;
            variables.extend(settings.clone());
            config = Config::read(variables);
            if detached { detached::start(&config, &settings) } else { start::run(&config) }
        }
        Command::Stop => stop(&config),
        Command::Restart => restart(&config),
        Command::Status { services } => status(&config, services),
        Command::Wait(patience) => wait_until(patience, "ready", || is_ready(&config)),
        Command::Logs { follow } => detached::logs(&config, follow),
        Command::ShowConfig => print(&settings(&config)),
        Command::Validate(file) => compose::validate(&file),
        Command::Reset { init } => reset(&config, init),
        Command::Env => print(&env(&config)?),
        Command::Completions(shell) => print(&completions::of(shell)),
        Command::Help(text) => print(&text),
    }
}

fn print(text: &str) -> io::Result<()> {
    io::stdout().write_all(text.as_bytes())
}

/// Asks, and takes nothing but 200 for an answer.
fn demand(config: &Config, method: &str, path: &str, body: &str) -> io::Result<String> {
    match ask(config, method, path, body)? {
        (200, body) => Ok(body),
        (status, body) => Err(io::Error::other(format!("{path}: {status} {}", body.trim()))),
    }
}

fn page(config: &Config, path: &str) -> io::Result<Value> {
    Ok(serde_json::from_str(&demand(config, "GET", path, "")?)?)
}

fn at<'a>(page: &'a Value, name: &str) -> &'a Value {
    page.get(name).unwrap_or(&Value::Null)
}

/// Whether init scripts have run and `Ready.` was said.
pub(super) fn is_ready(config: &Config) -> bool {
    page(config, "/_localstack/init/ready").is_ok_and(|ready| at(&ready, "completed") == true)
}

/// Looks again and again until it is so; says that it waits, where somebody looks on.
pub(super) fn wait_until(
    patience: Duration,
    what: &str,
    mut is_so: impl FnMut() -> bool,
) -> io::Result<()> {
    let (began, mut said) = (Instant::now(), !io::stderr().is_terminal());
    while !is_so() {
        if began.elapsed() > patience {
            let text = format!("not {what} within {} s", patience.as_secs_f64());
            return Err(io::Error::new(io::ErrorKind::TimedOut, text));
        }
        if !said && began.elapsed() > Duration::from_secs(1) {
            let _ = writeln!(io::stderr(), "waiting until it is {what} ...");
            said = true;
        }
        sleep(LOOK_AGAIN);
    }
    Ok(())
}

fn stop(config: &Config) -> io::Result<()> {
    demand(config, "POST", "/_localstack/health", r#"{"action":"kill"}"#)?;
    wait_until(config.shutdown + PATIENCE, "gone", || {
        ask(config, "HEAD", "/_localstack/health", "").is_err()
    })
}

fn restart(config: &Config) -> io::Result<()> {
    let session = || page(config, "/_localstack/info").map(|info| at(&info, "session_id").clone());
    let before = session()?;
    demand(config, "POST", "/_localstack/health", r#"{"action":"restart"}"#)?;
    wait_until(config.shutdown + PATIENCE, "back", || {
        session().is_ok_and(|now| now != before) && is_ready(config)
    })
}

fn status(config: &Config, services: bool) -> io::Result<()> {
    let info = page(config, "/_localstack/info")?;
    let health = page(config, "/_localstack/health")?;
    let states = at(&health, "services").as_object().into_iter().flatten();
    let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    if services {
        let rows = states.map(|(name, state)| format!("{name:24} {}\n", text(state)));
        return print(&rows.collect::<String>());
    }
    let (version, uptime) = (text(at(&info, "version")), at(&info, "uptime"));
    let running = states.clone().filter(|(_, state)| **state == "running").count();
    print(&format!(
        "version   {version}\naddress   http://{}\nuptime    {uptime} s\nready     {}\nservices  {}, {running} in use\n",
        address(config)?,
        if is_ready(config) { "yes" } else { "no" },
        states.count(),
    ))
}

fn reset(config: &Config, init: bool) -> io::Result<()> {
    let path = if init { "/_localstack/state/reset?init=1" } else { "/_localstack/state/reset" };
    demand(config, "POST", path, "").map(drop)
}

/// What the environment comes to, and what is to be said of it.
fn settings(config: &Config) -> String {
    let plain = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items = items.iter().filter_map(Value::as_str);
            items.collect::<Vec<_>>().join(",")
        }
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let rows = shown(config).into_iter().map(|(name, value)| format!("{name}={}\n", plain(&value)));
    let notes = config.notes.iter().map(|note| format!("# {note}\n"));
    rows.chain(notes).collect()
}

fn env(config: &Config) -> io::Result<String> {
    let port = address(config)?.port();
    Ok(format!(
        "export AWS_ENDPOINT_URL=http://localhost:{port}\nexport AWS_ACCESS_KEY_ID=test\nexport AWS_SECRET_ACCESS_KEY=test\nexport AWS_DEFAULT_REGION=us-east-1\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_told_with_how_it_goes() {
        let error = |words: &[&str]| read(words).err().unwrap();
        assert_eq!(error(&["stpo"]), "unexpected argument stpo");
        assert!(error(&["wait", "-t"]).contains("cumulet wait [-t SECONDS]"));
        assert!(error(&["wait", "-t", "soon"]).contains("soon is no number"));
        assert!(error(&["start", "-e", "X"]).contains("NAME=VALUE"));
        assert!(error(&["state", "save"]).contains("in memory"));
        assert!(read(&["stop", "--help"]).is_ok() && read(&["help", "nothing"]).is_err());
    }

    #[test]
    fn start_takes_settings() {
        let Ok(Command::Start { detached, settings }) = read(&["start", "-e", "A=b=c", "-d"])
        else {
            panic!("no start")
        };
        assert!(detached);
        assert_eq!(settings, [("A".to_owned(), "b=c".to_owned())]);
    }

    #[test]
    fn env_has_the_port() {
        let listen = ("GATEWAY_LISTEN".to_owned(), "0.0.0.0:4510".to_owned());
        assert!(env(&Config::read([listen])).unwrap().contains("=http://localhost:4510\n"));
    }
}
