//! The log: structured lines to standard error, in spans that are exported where a collector is configured.

use std::io::IsTerminal;

use anyhow::Context;
use tracing::Subscriber;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, registry};

use crate::config::{Config, LogFormat};
use crate::spans::{self, Export};

/// A log that was started.
#[derive(Debug)]
pub(crate) struct Log {
    export: Option<Export>,
}

/// Starts logging as configured. Called once.
pub(crate) fn start(config: &Config) -> anyhow::Result<Log> {
    // Postgres remarks on each table that is there already. What the setting says of the driver itself comes later and wins.
    let filter = EnvFilter::try_new(format!("sqlx=warn,{}", config.log))
        .with_context(|| format!("MEDIARY_LOG {:?} is not a filter", config.log))?;
    let (started, export) = match &config.span_export.collector {
        // Without an export nothing of it is asked at each line and span.
        None => (registry().with(filter).with(lines(config)).try_init(), None),
        Some(collector) => {
            let (layer, export) = spans::start(collector)?;
            // What is exported does not depend on what is logged.
            let log = registry().with(lines(config).with_filter(filter)).with(layer);
            (log.try_init(), Some(export))
        }
    };
    started.context("starting the log")?;
    Ok(Log { export })
}

fn lines<S>(config: &Config) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        // It would tell of a line that cannot be written by a panic in whatever runs just then.
        .log_internal_errors(false)
        .with_ansi(std::io::stderr().is_terminal());
    match config.log_format {
        LogFormat::Text => lines.boxed(),
        // Around a line are few spans, and the innermost is the last of them.
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(false).boxed(),
    }
}

impl Log {
    /// Sends the spans that were not exported yet.
    pub(crate) async fn end(self) {
        if let Some(export) = self.export {
            export.flush().await;
        }
    }
}
