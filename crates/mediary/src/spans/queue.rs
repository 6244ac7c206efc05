//! Spans that have ended, on their way to the collector.

use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};
use tokio::sync::mpsc::{self, Receiver};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::collector::{Refusal, Sender};
use super::{count_dropped, count_exported};

/// Spans that are sent together, and how long the first of them waits for others.
const BATCH: usize = 512;
const GATHER: Duration = Duration::from_secs(1);
/// How often a batch is sent, and the waits in between, which double.
const TRIES: u32 = 4;
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// A collector that fails now and then is reported no more often than this.
const REPORT_EVERY: Duration = Duration::from_secs(60);

/// Where spans go as they end.
#[derive(Debug)]
pub(super) struct Queue(mpsc::Sender<SpanData>);

impl Queue {
    pub(super) fn bounded(spans: usize) -> (Self, Receiver<SpanData>) {
        let (sender, receiver) = mpsc::channel(spans);
        (Self(sender), receiver)
    }
}

impl SpanProcessor for Queue {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        if span.span_context.is_sampled() && self.0.try_send(span).is_err() {
            count_dropped(1);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// Sends what comes until `ending`, then what is there.
pub(super) async fn export(mut spans: Receiver<SpanData>, sender: Sender, ending: CancellationToken) {
    let mut trouble = Trouble::default();
    while let Some(batch) = next(&mut spans, &ending).await {
        let count = batch.len();
        match send(&sender, batch, &ending).await {
            Ok(()) => {
                count_exported(count);
                trouble.over(&sender);
            }
            Err(refusal) => {
                count_dropped(count);
                trouble.occurred(&sender, &refusal, count);
            }
        }
    }
}

/// The next batch; none once it ends and nothing waits any more.
async fn next(spans: &mut Receiver<SpanData>, ending: &CancellationToken) -> Option<Vec<SpanData>> {
    let mut batch = Vec::new();
    let gathering = async {
        spans.recv_many(&mut batch, BATCH).await;
        let until = tokio::time::Instant::now() + GATHER;
        while (1..BATCH).contains(&batch.len()) {
            let room = BATCH - batch.len();
            match tokio::time::timeout_at(until, spans.recv_many(&mut batch, room)).await {
                Ok(0) | Err(_) => break,
                Ok(_) => {}
            }
        }
    };
    // What was taken before it ends is in the batch.
    if ending.run_until_cancelled(gathering).await.is_none() {
        spans.close();
        if batch.len() < BATCH {
            let room = BATCH - batch.len();
            spans.recv_many(&mut batch, room).await;
        }
    }
    Some(batch).filter(|batch| !batch.is_empty())
}

/// Sends a batch, again where that may help; once it ends, without waiting.
async fn send(sender: &Sender, batch: Vec<SpanData>, ending: &CancellationToken) -> Result<(), Refusal> {
    let body = sender.encoded(batch);
    let mut wait = FIRST_WAIT;
    for _ in 1..TRIES {
        match sender.send(body.clone()).await {
            Err(refusal) if refusal.may_pass && !ending.is_cancelled() => {}
            done => return done,
        }
        ending.run_until_cancelled(tokio::time::sleep(wait)).await;
        wait *= 2;
    }
    sender.send(body).await
}

/// The reports in the log of a collector that takes no spans.
#[derive(Debug, Default)]
struct Trouble {
    is_on: bool,
    reported: Option<Instant>,
    dropped: usize,
}

impl Trouble {
    fn occurred(&mut self, sender: &Sender, refusal: &Refusal, dropped: usize) {
        self.dropped += dropped;
        if self.is_on || self.reported.is_some_and(|at| at.elapsed() < REPORT_EVERY) {
            return;
        }
        (self.is_on, self.reported) = (true, Some(Instant::now()));
        tracing::warn!(
            collector = sender.origin(),
            why = refusal.why,
            "spans are not exported; they are dropped and counted until the collector takes them again"
        );
    }

    fn over(&mut self, sender: &Sender) {
        if std::mem::take(&mut self.is_on) {
            let dropped = std::mem::take(&mut self.dropped);
            tracing::info!(collector = sender.origin(), dropped, "spans are exported again");
        }
    }
}
