//! The command line of every build: `cumulet` starts, `cumulet health` asks a running one. What else there
//! is, with the feature `cli`, is in `commands.rs`.

#[cfg(feature = "cli")]
mod aws;
mod client;
#[cfg(feature = "cli")]
mod commands;
#[cfg(feature = "cli")]
mod completions;
#[cfg(feature = "cli")]
mod compose;
#[cfg(feature = "cli")]
mod detached;
#[cfg(feature = "cli")]
mod s3;

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::ExitCode;

use crate::admin::VERSION;
use crate::config::Config;
use crate::start;

const HEAD: &str = "\
Cumulet: AWS on your own machine.

    cumulet                   starts the server, here and now
    cumulet health            ends with 0 if a server answers, else with 1
";

const TAIL: &str = "    cumulet --version         prints the version
    cumulet --help            prints this

The environment configures it, with LocalStack's names; some of them:

    GATEWAY_LISTEN              addresses to listen on   (127.0.0.1:4566)
    LOCALSTACK_HOST             host in returned URLs    (as the caller wrote it)
    SERVICES                    the only services to offer, comma separated
    EAGER_SERVICE_LOADING=1     services count as running from the start
    DEBUG=1, LS_LOG=warn        more or less in the log, on standard error
    EXTRA_CORS_ALLOWED_ORIGINS  web pages that may call the server
    CUSTOM_SSL_CERT_PATH        PEM file with key and certificate for https (its own)
    SHUTDOWN_TIMEOUT            seconds that the end may take (5)
    CUMULET_INIT_DIR            scripts to run           (/etc/localstack/init)
    CUMULET_OUTBOUND            hosts that it may call   (on; off, or a list)
";

enum Command {
    Start,
    Health,
    Print(String),
    #[cfg(feature = "cli")]
    More(commands::Command),
}

/// Does what the command line says.
pub fn run() -> ExitCode {
    let arguments: Result<Vec<_>, _> =
        std::env::args_os().skip(1).map(OsString::into_string).collect();
    #[cfg(feature = "cli")]
    if let Ok(words) = &arguments
        && let Some(code) = commands::by_name(words)
    {
        return code;
    }
    let command = arguments
        .map_err(|word| format!("{} is no Unicode", word.display()))
        .and_then(|words| read(&words.iter().map(String::as_str).collect::<Vec<_>>()));
    let outcome = match command {
        Ok(Command::Start) => start::run(&environment()),
        Ok(Command::Health) => health(&environment()),
        Ok(Command::Print(text)) => io::stdout().write_all(text.as_bytes()),
        #[cfg(feature = "cli")]
        Ok(Command::More(command)) => commands::run(command, environment()),
        Err(error) => Err(io::Error::other([error.as_str(), "; see cumulet --help"].concat())),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "cumulet: {error}");
            ExitCode::FAILURE
        }
    }
}

fn environment() -> Config {
    let utf8 = std::env::vars_os()
        .filter_map(|(n, v)| Some((n.into_string().ok()?, v.into_string().ok()?)));
    Config::read(utf8)
}

/// The grammar is so small that no parser of arguments makes it simpler.
fn read(words: &[&str]) -> Result<Command, String> {
    match words {
        [] => Ok(Command::Start),
        ["health"] => Ok(Command::Health),
        ["--version" | "-V"] => Ok(Command::Print(format!("cumulet {VERSION}\n"))),
        ["--help" | "-h"] => Ok(Command::Print(help())),
        #[cfg(feature = "cli")]
        words => commands::read(words).map(Command::More),
        #[cfg(not(feature = "cli"))]
        [word, ..] => Err(format!("unexpected argument {word}")),
    }
}

fn help() -> String {
    #[cfg(feature = "cli")]
    return [HEAD, &commands::help(), TAIL].concat();
    #[cfg(not(feature = "cli"))]
    [HEAD, TAIL].concat()
}

/// Asks the first address of the configuration.
fn health(config: &Config) -> io::Result<()> {
    let (status, _) = client::ask(config, "HEAD", "/_localstack/health", "")?;
    if status == 200 { Ok(()) } else { Err(io::Error::other(format!("it answers {status}"))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(words: &[&str]) -> Option<&'static str> {
        match read(words).ok()? {
            Command::Start => Some("start"),
            Command::Health => Some("health"),
            Command::Print(text) if text.contains("--help") => Some("help"),
            Command::Print(_) => Some("version"),
            #[cfg(feature = "cli")]
            Command::More(_) => Some("more"),
        }
    }

    #[test]
    fn words_are_commands() {
        assert_eq!(reads(&[]), Some("start"));
        assert_eq!(reads(&["health"]), Some("health"));
        assert_eq!(reads(&["--version"]), Some("version"));
        assert_eq!(reads(&["-h"]), Some("help"));
        assert_eq!(reads(&["--nonsense"]), None);
        assert_eq!(reads(&["health", "now"]), None);
        assert_eq!(reads(&["status"]), cfg!(feature = "cli").then_some("more"));
    }
}
