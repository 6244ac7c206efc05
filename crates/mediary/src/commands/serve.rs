//! `mediary serve`: listener, server, workers, and how they stop together.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use mediary_engine::{Engine, Shutdown};
use mediary_server::{Server, ServerConfig, Surface};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::cli::ServeArgs;
use crate::config::Config;
use crate::lifecycle;
use crate::only_server::OnlyServer;
use crate::open_files::OpenFiles;
use crate::output::{Outcome, print_line};
use crate::wiring::{self, Parts};
use crate::{spans, start_checks};

/// How often metrics are drained into what `/metrics` shows, and files closed that nobody looked at for a while; without it
/// both pile up until somebody asks.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);
/// What starting took is freed by then.
const STARTED_WITHIN: Duration = Duration::from_secs(1);
/// Of such a size the allocator has no block at hand.
const LARGE_BLOCK: usize = 8 * 1024 * 1024;

pub(super) async fn run(config: &Config, args: &ServeArgs) -> anyhow::Result<Outcome> {
    #[cfg(feature = "faults")]
    arm_fault()?;
    let shutdown = lifecycle::on_signals()?;
    if let Some(advice) = OpenFiles::of_now().advice() {
        tracing::warn!("{advice}");
    }
    let metrics = metrics()?;
    let listener = listen(config.listen, "MEDIARY_LISTEN").await?;
    let metrics_listener = match config.metrics_listen {
        Some(address) => Some(listen(address, "MEDIARY_METRICS_LISTEN").await?),
        None => None,
    };
    let parts = wiring::server_parts(config).await?;
    let _only_server = OnlyServer::begin(config)?;
    start_checks::run(config, &parts).await?;
    start_checks::take_storage_into_use(config, &parts).await;
    let (workers, workers_only) = (!args.no_workers, args.workers_only);
    let running = RunningServer { parts, metrics, metrics_listener, shutdown, workers, workers_only };
    // Nobody may read this, and the server serves all the same.
    if let Err(error) =
        print_line(&format!("Mediary listens on {}", config.public_url_for(listener.local_addr()?)))
    {
        tracing::warn!("{error}");
    }
    running.until_stopped(config, listener).await?;
    Ok(Outcome::Done)
}

/// Tests name the place at which this process dies.
#[cfg(feature = "faults")]
#[expect(clippy::disallowed_methods, reason = "not a setting: only a build for tests knows it")]
fn arm_fault() -> anyhow::Result<()> {
    match std::env::var("MEDIARY_FAULT") {
        Ok(fault) => mediary_engine::fault::arm(&fault).map_err(anyhow::Error::msg),
        Err(_) => Ok(()),
    }
}

/// Takes an address. `named_by` is the setting or option that gave it.
pub(super) async fn listen(address: SocketAddr, named_by: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| not_listening(address, &error, named_by))
}

/// Why an address cannot be taken, and what to change.
pub(super) fn not_listening(address: SocketAddr, error: &io::Error, named_by: &str) -> anyhow::Error {
    let why = match error.kind() {
        io::ErrorKind::AddrInUse => format!("another program listens there; {named_by} takes another port"),
        io::ErrorKind::AddrNotAvailable => {
            format!("this machine has no such address; correct {named_by} (0.0.0.0 stands for all it has)")
        }
        io::ErrorKind::PermissionDenied => {
            format!("this user may not take that port; {named_by} takes another one, from 1024 on")
        }
        _ => format!("{error}; {named_by} takes another address and port"),
    };
    anyhow::anyhow!("cannot listen on {address}: {why}")
}

/// Starts counting. Called once in a process, before anything counts.
pub(super) fn metrics() -> anyhow::Result<PrometheusHandle> {
    let handle = PrometheusBuilder::new().install_recorder().context("starting the metrics")?;
    mediary_engine::describe_metrics();
    spans::describe_metrics();
    Ok(handle)
}

/// A server with its workers, from start to stop.
pub(super) struct RunningServer {
    pub(super) parts: Parts,
    pub(super) metrics: PrometheusHandle,
    /// Where metrics are shown, if not beside everything else.
    pub(super) metrics_listener: Option<TcpListener>,
    pub(super) shutdown: Shutdown,
    pub(super) workers: bool,
    pub(super) workers_only: bool,
}

impl RunningServer {
    /// Serves until told to stop, then finishes what runs.
    pub(super) async fn until_stopped(self, config: &Config, listener: TcpListener) -> anyhow::Result<()> {
        let public_url: Url = config.public_url_for(listener.local_addr()?);
        let server = |surface, metrics: Option<&PrometheusHandle>| {
            let config = ServerConfig {
                surface,
                delivery: config.storage.delivery,
                media_origin: config.storage.viewers_go_to(),
                public_url: public_url.clone(),
                trusted_proxies: config.trusted_proxies.clone(),
                connections: OpenFiles::of_now().connections(),
                metrics: metrics.cloned(),
            };
            Server::new(self.parts.engine.clone(), self.parts.store.clone(), config)
        };
        let servers = TaskTracker::new();
        let surface = if self.workers_only { Surface::Operation } else { Surface::Everything };
        let metrics = Some(&self.metrics).filter(|_| self.metrics_listener.is_none());
        servers.spawn(server(surface, metrics).serve(listener, self.shutdown.clone()));
        if let Some(metrics_listener) = self.metrics_listener {
            let operation = server(Surface::Operation, Some(&self.metrics));
            servers.spawn(operation.serve(metrics_listener, self.shutdown.clone()));
        }
        servers.spawn(keep_up(self.metrics.clone(), self.parts.engine.clone(), self.shutdown.clone()));
        servers.close();
        let engine = self.parts.engine.clone();
        let engine_shutdown = self.shutdown.clone();
        let workers = async move {
            if self.workers {
                engine.run(engine_shutdown).await.context("running the workers")
            } else {
                Ok(())
            }
        };
        let work_ended = CancellationToken::new();
        let relaying = Shutdown { soft: work_ended.clone(), hard: self.shutdown.hard.clone() };
        let work = async {
            let result = tokio::try_join!(workers, async {
                servers.wait().await;
                Ok(())
            });
            self.parts.engine.viewed_files_kept(&self.shutdown).await;
            work_ended.cancel();
            result
        };
        let (result, ()) = tokio::join!(work, self.parts.engine.relay(relaying));
        self.parts.store.close().await;
        result.map(|_| ())
    }
}

async fn keep_up(metrics: PrometheusHandle, engine: Engine, shutdown: Shutdown) {
    if shutdown.soft.run_until_cancelled(tokio::time::sleep(STARTED_WITHIN)).await.is_none() {
        return;
    }
    return_freed_memory();
    while shutdown.soft.run_until_cancelled(tokio::time::sleep(UPKEEP_EVERY)).await.is_some() {
        metrics.run_upkeep();
        engine.upkeep();
        return_freed_memory();
    }
}

/// The allocator gives freed memory back to the system when it is next asked for a large block, which a process that rests never does.
fn return_freed_memory() {
    drop(std::hint::black_box(Vec::<u8>::with_capacity(LARGE_BLOCK)));
}
