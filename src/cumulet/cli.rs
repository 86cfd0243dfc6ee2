//! The command line: `cumulet` starts, `cumulet health` asks a running one.

use std::ffi::OsString;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

use crate::admin::VERSION;
use crate::config::{Config, Listen};
use crate::start;

const HELP: &str = "\
Cumulet: AWS on your own machine.

    cumulet            starts the server
    cumulet health     ends with 0 if a server answers, else with 1
    cumulet --version  prints the version
    cumulet --help     prints this

The environment configures it, with LocalStack's names; some of them:

    GATEWAY_LISTEN              addresses to listen on   (127.0.0.1:4566)
    LOCALSTACK_HOST             host in returned URLs    (as the caller wrote it)
    SERVICES                    the only services to offer, comma separated
    EAGER_SERVICE_LOADING=1     services count as running from the start
    DEBUG=1, LS_LOG=warn        more or less in the log, on standard error
    EXTRA_CORS_ALLOWED_ORIGINS  web pages that may call the server
    SHUTDOWN_TIMEOUT            seconds that the end may take (5)
    CUMULET_INIT_DIR            scripts to run           (/etc/localstack/init)
    CUMULET_OUTBOUND            hosts that it may call       (on; off, or a list)
";

/// How long `cumulet health` waits for each step.
const PATIENCE: Duration = Duration::from_secs(5);

enum Command {
    Start,
    Health,
    Print(String),
}

/// Does what the command line says.
pub fn run() -> ExitCode {
    let outcome = match read(std::env::args_os().skip(1)) {
        Ok(Command::Start) => start::run(&environment()),
        Ok(Command::Health) => health(&environment()),
        Ok(Command::Print(text)) => io::stdout().write_all(text.as_bytes()),
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

/// The whole grammar is one word, which no parser of arguments makes simpler.
fn read(mut arguments: impl Iterator<Item = OsString>) -> Result<Command, String> {
    let Some(word) = arguments.next() else { return Ok(Command::Start) };
    let command = match word.to_str() {
        Some("health") => Command::Health,
        Some("--version" | "-V") => return Ok(Command::Print(format!("cumulet {VERSION}\n"))),
        Some("--help" | "-h") => return Ok(Command::Print(HELP.to_owned())),
        _ => return Err(format!("unexpected argument {}", word.display())),
    };
    match arguments.next() {
        Some(more) => Err(format!("unexpected argument {}", more.display())),
        None => Ok(command),
    }
}

/// Asks the first address of the configuration.
fn health(config: &Config) -> io::Result<()> {
    let listen = config.listen.first().ok_or_else(|| io::Error::other("no address"))?;
    let status =
        ask(listen).map_err(|error| io::Error::new(error.kind(), format!("{listen}: {error}")))?;
    if status == "200" {
        Ok(())
    } else {
        Err(io::Error::other(format!("{listen} answers {status}")))
    }
}

fn ask(listen: &Listen) -> io::Result<String> {
    let first = listen.addresses().first().copied();
    let mut address = first.ok_or_else(|| io::Error::other("no IP address"))?;
    if address.ip().is_unspecified() {
        let v4 = address.is_ipv4();
        address.set_ip(if v4 { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() });
    }
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(
        b"HEAD /_localstack/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    )?;
    let mut answer = String::new();
    stream.take(1024).read_to_string(&mut answer)?;
    Ok(answer.split(' ').nth(1).unwrap_or("nothing").to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(arguments: &[&str]) -> Option<&'static str> {
        match read(arguments.iter().map(OsString::from)).ok()? {
            Command::Start => Some("start"),
            Command::Health => Some("health"),
            Command::Print(text) if text.contains(VERSION) => Some("version"),
            Command::Print(_) => Some("help"),
        }
    }

    #[test]
    fn commands() {
        assert_eq!(reads(&[]), Some("start"));
        assert_eq!(reads(&["health"]), Some("health"));
        assert_eq!(reads(&["--version"]), Some("version"));
        assert_eq!(reads(&["-h"]), Some("help"));
        assert_eq!(reads(&["--nonsense"]), None);
        assert_eq!(reads(&["start"]), None);
    }
}
