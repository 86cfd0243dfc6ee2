//! From a configuration to a running program, and to its end.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cumulet_core::{Clock, Cloud, Ids, spawn};
use cumulet_store::{Blobs, Platform};
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::admin::{VERSION, in_container};
use crate::config::Config;
use crate::gateway::Gateway;
use crate::init::{Hooks, Stage};
#[cfg(feature = "outbound")]
use crate::outbound::Client;
use crate::server::{Server, Stop, bind, serve};
#[cfg(feature = "tls")]
use crate::tls::Tls;
use crate::{logger, services};

/// LocalStack's volume. Where it is there and can be written to, large bodies and the ready file
/// go there.
const VOLUME: &str = "/var/lib/localstack";
/// Entry points of LocalStack's older images looked for a line `Ready.` in this file of the volume.
const READY_FILE: &str = "logs/localstack_infra.log";

/// How long threads that wait for a disk may hold the end up.
const DISK_TIME: Duration = Duration::from_secs(1);

/// Runs the program until it is told to stop, or to start anew: then this process becomes the next
/// one, with the same number, arguments and environment.
///
/// # Errors
/// It cannot start.
pub(crate) fn run(config: &Config) -> io::Result<()> {
    let began = Instant::now();
    logger::start(config.log);
    log::info!("Cumulet {VERSION}");
    for note in &config.notes {
        log::warn!("{note}");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let stop = Stop::default();
    let outcome = runtime.block_on(main(config, &stop, began));
    runtime.shutdown_timeout(DISK_TIME);
    outcome?;
    if !stop.restarts() {
        return Ok(());
    }
    log::info!("restarting");
    restart(config)
}

/// Without what starts processes (17 KB), the program begins again where it is.
#[cfg(not(all(feature = "init", unix)))]
fn restart(config: &Config) -> io::Result<()> {
    run(config)
}

/// Comes back with an error only.
#[cfg(all(feature = "init", unix))]
fn restart(_: &Config) -> io::Result<()> {
    use std::os::unix::process::CommandExt as _;

    let mut arguments = std::env::args_os();
    let name = arguments.next().unwrap_or_default();
    // Linux has the program by this name also when its file was replaced.
    let own = Path::new("/proc/self/exe");
    let program = if own.exists() { own.to_owned() } else { (&name).into() };
    Err(std::process::Command::new(program).arg0(name).args(arguments).exec())
}

async fn main(config: &Config, stop: &Stop, began: Instant) -> io::Result<()> {
    // First of all: the process with number 1 does not even die of signals that it has not asked for.
    listen_to_signals(stop)?;
    let volume = Path::new(VOLUME);
    unready(volume);
    let hooks = Arc::new(Hooks::new(config));
    let early = async {
        hooks.run(Stage::Boot).await;
        hooks.run(Stage::Start).await;
    };
    if !before(stop, early).await {
        return Ok(());
    }
    let listeners = bind(&config.listen)?;
    let addresses = listeners.iter().map(TcpListener::local_addr).collect::<Result<Vec<_>, _>>()?;
    let cloud = cloud(config)?;
    for world in cloud.worlds() {
        spawn(world.drive(Arc::clone(&cloud)));
    }
    let gateway = gateway(&cloud, config, &addresses, stop, &hooks);
    tell(config, &addresses);
    #[cfg(feature = "dns")]
    if let Some(dns) = crate::dns::Dns::new(config) {
        spawn(dns.serve());
    }
    let quiet = Stop::default();
    let server = Server::new(gateway, quiet.clone());
    #[cfg(feature = "tls")]
    let server = server.with_tls(Tls::open(config, &volume.join("tls"))?);
    let server = spawn(serve(listeners, server));
    if before(stop, hooks.run(Stage::Ready)).await {
        log::info!("ready after {:.1} ms", began.elapsed().as_secs_f64() * 1e3);
        ready(volume)?;
        stop.told().await;
    }
    let end = async {
        hooks.run(Stage::Shutdown).await;
        quiet.now();
        let _ = server.await;
        for world in cloud.worlds() {
            world.idle().await;
        }
    };
    if timeout(config.shutdown, end).await.is_err() {
        log::warn!("not all had ended within {:?} (SHUTDOWN_TIMEOUT)", config.shutdown);
    }
    log::info!("stopped");
    unready(volume);
    Ok(())
}

/// Does `work` to its end, unless there is word to stop before that.
async fn before(stop: &Stop, work: impl Future<Output = ()>) -> bool {
    tokio::select! {
        () = work => true,
        () = stop.told() => false,
    }
}

fn gateway(
    cloud: &Arc<Cloud>,
    config: &Config,
    addresses: &[SocketAddr],
    stop: &Stop,
    hooks: &Arc<Hooks>,
) -> Arc<Gateway> {
    let mut ports: Vec<_> = addresses.iter().map(SocketAddr::port).collect();
    ports.dedup();
    let (stop, hooks) = (stop.clone(), Arc::clone(hooks));
    let gateway = Arc::new(Gateway::new(Arc::clone(cloud), config, &ports, stop, hooks));
    #[cfg(feature = "outbound")]
    {
        let client = Client::new(config, &ports);
        client.answer_own(&gateway);
        cloud.set_outbound(Arc::new(client));
    }
    gateway
}

fn cloud(config: &Config) -> io::Result<Arc<Cloud>> {
    let volume = Path::new(VOLUME);
    let data = volume.is_dir().then(|| volume.join("cumulet"));
    let temporary = config.variables.get("TMPDIR").map_or("/tmp", String::as_str);
    let platform = Platform {
        settings: config
            .variables
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
        blobs: blobs(data.as_deref(), Path::new(temporary))?,
    };
    let wanted = |name: &str| {
        config.services.as_ref().is_none_or(|wanted| wanted.iter().any(|service| service == name))
    };
    for unknown in
        config.services.iter().flatten().filter(|s| !services::NAMES.contains(&s.as_str()))
    {
        log::warn!("SERVICES: {unknown} is no service of this program");
    }
    let cloud = Cloud::new(services::start(&platform, wanted), Clock::default(), Ids::default());
    if config.eager {
        cloud.services().for_each(|service| service.start());
    }
    Ok(cloud)
}

/// Nothing outlives the process yet, so a second one on the same volume does no harm; it only keeps
/// its bodies elsewhere.
fn blobs(data: Option<&Path>, temporary: &Path) -> io::Result<Blobs> {
    Blobs::open(data, temporary).or_else(|error| {
        if data.is_none() || error.kind() != io::ErrorKind::ResourceBusy {
            return Err(error);
        }
        log::warn!("{error}; large bodies go to {}", temporary.display());
        Blobs::open(None, temporary)
    })
}

/// Ctrl-C ends the program, which is all that Windows has.
#[cfg(not(unix))]
fn listen_to_signals(stop: &Stop) -> io::Result<()> {
    let stop = stop.clone();
    spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            stop.now();
        }
    });
    Ok(())
}

/// SIGTERM and SIGINT end the program, SIGUSR1 starts it anew.
#[cfg(unix)]
fn listen_to_signals(stop: &Stop) -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    for (kind, act) in [
        (SignalKind::terminate(), Stop::now as fn(&Stop)),
        (SignalKind::interrupt(), Stop::now),
        (SignalKind::user_defined1(), Stop::restart),
    ] {
        let (mut signals, stop) = (signal(kind)?, stop.clone());
        spawn(async move {
            while signals.recv().await.is_some() {
                act(&stop);
            }
        });
    }
    Ok(())
}

/// Where it listens, and how safe that is.
fn tell(config: &Config, addresses: &[SocketAddr]) {
    let text: Vec<_> = addresses.iter().map(ToString::to_string).collect();
    log::info!("listening on {}", text.join(", "));
    match config.variables.get("S3_SKIP_SIGNATURE_VALIDATION") {
        None => log::info!("signatures: of presigned URLs, if the key's secret is known"),
        Some(set) => log::info!("signatures: as S3_SKIP_SIGNATURE_VALIDATION={set} says"),
    }
    if config.cors.checks_off {
        log::warn!("browsers: pages of every site may call this server (DISABLE_CORS_CHECKS)");
    } else {
        log::info!("browsers: only pages of this server and of allowed origins may call it");
    }
    if !in_container() && addresses.iter().any(|address| !address.ip().is_loopback()) {
        log::warn!(
            "whoever reaches this machine over the network reaches this server, and nobody has to sign in"
        );
    }
}

/// Says that requests are accepted: on standard output, and in the volume if there is one.
fn ready(volume: &Path) -> io::Result<()> {
    let file = volume.join(READY_FILE);
    if volume.is_dir() && file.parent().is_none_or(|folder| std::fs::create_dir_all(folder).is_ok())
    {
        let _ = std::fs::write(file, "Ready.\n");
    }
    let mut out = io::stdout().lock();
    out.write_all(b"Ready.\n")?;
    out.flush()
}

/// Takes the file away, also one that an earlier process has left.
fn unready(volume: &Path) {
    let _ = std::fs::remove_file(volume.join(READY_FILE));
}
