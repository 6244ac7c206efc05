//! The export of spans to an OpenTelemetry collector.
//!
//! 1. A span that ends goes into a bounded queue, or is counted and dropped where the queue is full: the code that ends it never waits.
//! 2. One task takes them from there in batches and sends them, so a collector that is away, slow or refuses holds up this task alone.
//! 3. A batch is sent a few times where trying again helps, and then counted and dropped.
//! 4. The log has a line when it stops to work and one when it works again, and no more than one a minute.
//! 5. At the end what waits is sent, for a few seconds at most.
//!
//! `opentelemetry-otlp` is not used: it hides why a batch was not taken, and reads settings from the environment by itself.

mod collector;
mod queue;
mod shape;

use std::time::Duration;

use metrics::{Unit, counter, describe_counter};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

use crate::config::Collector;

/// Spans that may wait.
const QUEUE: usize = 2048;
/// How long the end waits for what is not sent yet.
const FLUSH_WITHIN: Duration = Duration::from_secs(3);

const EXPORTED: &str = "mediary_spans_exported_total";
const DROPPED: &str = "mediary_spans_dropped_total";

/// The task that exports.
#[derive(Debug)]
pub(crate) struct Export {
    task: JoinHandle<()>,
    ending: CancellationToken,
}

/// Describes what is counted.
pub(crate) fn describe_metrics() {
    describe_counter!(EXPORTED, Unit::Count, "Spans that the OpenTelemetry collector took.");
    describe_counter!(
        DROPPED,
        Unit::Count,
        "Spans that were not exported: too many waited, or the collector did not take them."
    );
}

/// Starts the export: a layer for the log, and the task behind it.
pub(crate) fn start<S>(collector: &Collector) -> anyhow::Result<(impl Layer<S> + use<S>, Export)>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let sender = collector::Sender::new(collector)?;
    let (queue, waiting) = queue::Queue::bounded(QUEUE);
    let provider = SdkTracerProvider::builder()
        .with_sampler(collector.sampler.clone())
        .with_span_processor(queue)
        .build();
    // What the library would add of itself: where in the code, on which thread, how long it was idle.
    let layer = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("mediary"))
        .with_location(false)
        .with_target(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_context_activation(false)
        .with_filter(filter_fn(is_exported));
    let ending = CancellationToken::new();
    let task = tokio::spawn(queue::export(waiting, sender, ending.clone()));
    Ok((layer, Export { task, ending }))
}

/// Our own spans, in detail, and what is logged in them without being asked for. Whatever a library says may hold a URL.
fn is_exported(metadata: &Metadata<'_>) -> bool {
    let level = if metadata.is_span() { Level::DEBUG } else { Level::INFO };
    metadata.target().starts_with("mediary") && *metadata.level() <= level
}

impl Export {
    /// Sends what waits, within a bound.
    pub(crate) async fn flush(self) {
        self.ending.cancel();
        if tokio::time::timeout(FLUSH_WITHIN, self.task).await.is_err() {
            tracing::warn!("the collector did not take the last spans within {FLUSH_WITHIN:?}");
        }
    }
}

fn count_exported(spans: usize) {
    counter!(EXPORTED).increment(spans as u64);
}

fn count_dropped(spans: usize) {
    counter!(DROPPED).increment(spans as u64);
}
