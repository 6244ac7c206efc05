//! What the answers of a run amount to.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;

#[derive(Debug, Default)]
pub(crate) struct Latencies {
    micros: Vec<u64>,
    pub(crate) failed: u64,
}

impl Latencies {
    pub(crate) fn record(&mut self, took: Duration) {
        self.micros.push(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    /// What all of them have seen, once they have ended.
    pub(crate) async fn of(mut tasks: JoinSet<Self>) -> anyhow::Result<Self> {
        let mut all = Self::default();
        while let Some(latencies) = tasks.join_next().await {
            all.merge(latencies?);
        }
        Ok(all)
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.micros.extend(other.micros);
        self.failed += other.failed;
    }

    pub(crate) fn summary(mut self, elapsed: Duration) -> Value {
        self.micros.sort_unstable();
        let at = |part: f64| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "an index within the list"
            )]
            let index = (self.micros.len() as f64 * part) as usize;
            self.micros
                .get(index.min(self.micros.len().saturating_sub(1)))
                .map(|&micros| micros as f64 / 1000.0)
        };
        json!({
            "answers": self.micros.len(),
            "failed": self.failed,
            "seconds": elapsed.as_secs_f64(),
            "rate": self.micros.len() as f64 / elapsed.as_secs_f64(),
            "p50_ms": at(0.50),
            "p99_ms": at(0.99),
            "max_ms": at(1.0),
        })
    }
}
