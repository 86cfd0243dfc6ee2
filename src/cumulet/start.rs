//! From a configuration to a running program, and to its end.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cumulet_core::{Clock, Cloud, Ids};
use cumulet_store::{Blobs, Platform};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;

use crate::admin::{VERSION, in_container};
use crate::config::Config;
use crate::gateway::Gateway;
#[cfg(feature = "outbound")]
use crate::outbound::Client;
use crate::server::{Stop, bind, serve};
use crate::{logger, services};

/// LocalStack's volume. Where it is there and can be written to, large bodies and the ready file
/// go there.
const VOLUME: &str = "/var/lib/localstack";
/// Entry points of LocalStack's older images looked for a line `Ready.` in this file of the volume.
const READY_FILE: &str = "logs/localstack_infra.log";

/// How long work in the background may go on after the last request.
const DRAIN_TIME: Duration = Duration::from_secs(1);

/// Runs the program until it is told to stop.
///
/// # Errors
/// It cannot start.
pub(crate) fn run(config: &Config) -> io::Result<()> {
    logger::start(config.log);
    log::info!("Cumulet {VERSION}");
    for note in &config.notes {
        log::warn!("{note}");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(main(config));
    // A write to a disk that hangs does not hold the end up.
    runtime.shutdown_timeout(DRAIN_TIME);
    outcome
}

async fn main(config: &Config) -> io::Result<()> {
    let listeners = bind(&config.listen)?;
    let volume = Path::new(VOLUME);
    unready(volume);
    let addresses = listeners.iter().map(TcpListener::local_addr).collect::<Result<Vec<_>, _>>()?;
    let cloud = cloud(config)?;
    for world in cloud.worlds() {
        tokio::spawn(world.drive(Arc::clone(&cloud)));
    }
    let stop = Stop::default();
    let mut ports: Vec<_> = addresses.iter().map(SocketAddr::port).collect();
    ports.dedup();
    let gateway = Arc::new(Gateway::new(Arc::clone(&cloud), config, &ports, stop.clone()));
    #[cfg(feature = "outbound")]
    {
        let client = Client::new(config, &ports);
        client.answer_own(&gateway);
        cloud.set_outbound(Arc::new(client));
    }
    stop_on_signals(&stop)?;
    tell(config, &addresses);
    let server = tokio::spawn(serve(listeners, gateway, stop));
    ready(volume)?;
    let _ = server.await;
    for world in cloud.worlds() {
        let _ = timeout(DRAIN_TIME, world.idle()).await;
    }
    log::info!("stopped");
    unready(volume);
    Ok(())
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

fn stop_on_signals(stop: &Stop) -> io::Result<()> {
    for kind in [SignalKind::terminate(), SignalKind::interrupt()] {
        let (mut signals, stop) = (signal(kind)?, stop.clone());
        tokio::spawn(async move {
            signals.recv().await;
            stop.now();
        });
    }
    Ok(())
}

/// Where it listens, and how safe that is.
fn tell(config: &Config, addresses: &[SocketAddr]) {
    let text: Vec<_> = addresses.iter().map(ToString::to_string).collect();
    log::info!("listening on {}", text.join(", "));
    log::info!("signatures: presigned URLs end when they say so; nothing else is verified");
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
