//! The log: structured lines to standard error.

use std::io::IsTerminal;

use anyhow::Context;
use tracing_subscriber::EnvFilter;

use crate::config::{Config, LogFormat};

/// Starts logging as configured. Called once.
pub(crate) fn start(config: &Config) -> anyhow::Result<()> {
    // Postgres remarks on each table that is there already. What the setting says of the driver itself comes later and wins.
    let filter = EnvFilter::try_new(format!("sqlx=warn,{}", config.log))
        .with_context(|| format!("MEDIARY_LOG {:?} is not a filter", config.log))?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        // It would tell of a line that cannot be written by a panic in whatever runs just then.
        .log_internal_errors(false)
        .with_ansi(std::io::stderr().is_terminal());
    match config.log_format {
        LogFormat::Text => builder.try_init(),
        // Around a line are few spans, and the innermost is the last of them.
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(false).try_init(),
    }
    .map_err(|error| anyhow::anyhow!("starting the log: {error}"))
}
