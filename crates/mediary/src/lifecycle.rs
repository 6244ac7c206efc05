//! Stopping in two stages: the first signal finishes the work under way, the second, or the deadline, ends it.

use std::time::Duration;

use anyhow::Context;
use mediary_engine::Shutdown;
use tokio::signal::unix::{SignalKind, signal};

/// How long finishing may take after the first signal.
const DEADLINE: Duration = Duration::from_secs(20);

/// Listens for SIGTERM and SIGINT from now on.
pub(crate) fn on_signals() -> anyhow::Result<Shutdown> {
    let shutdown = Shutdown::default();
    let mut terminate = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listening for SIGINT")?;
    let tokens = shutdown.clone();
    tokio::spawn(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        tracing::info!(deadline_s = DEADLINE.as_secs(), "stopping: finishing work under way");
        tokens.soft.cancel();
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            () = tokio::time::sleep(DEADLINE) => {}
        }
        tracing::warn!("stopping at once");
        tokens.hard.cancel();
    });
    Ok(shutdown)
}
