//! Each of many addresses asked once, one after the other over one connection: how long an answer takes where nothing
//! waits in line.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use serde_json::Value;
use tokio::time::Instant;

use crate::http::{Connection, Target, get};
use crate::latency::Latencies;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// A file with an address on each line, all of one server
    #[arg(long)]
    urls: PathBuf,
    #[arg(long, env = "BENCH_BEARER", hide_env_values = true)]
    bearer: Option<String>,
    /// What every answer has to be
    #[arg(long, default_value_t = 200)]
    status: u16,
}

pub(crate) async fn run(options: Options) -> anyhow::Result<Value> {
    let text = std::fs::read_to_string(&options.urls)?;
    let targets = text.lines().map(str::parse).collect::<anyhow::Result<Vec<Target>>>()?;
    let mut connection = Connection::open(targets.first().context("no addresses")?).await?;
    let (mut latencies, mut elapsed) = (Latencies::default(), Duration::ZERO);
    for target in &targets {
        let request = get(target, options.bearer.as_deref());
        let sent = Instant::now();
        let answer = connection.request(&request).await?;
        let took = sent.elapsed();
        elapsed += took;
        if answer.status == options.status {
            latencies.record(took);
        } else {
            latencies.failed += 1;
        }
    }
    Ok(latencies.summary(elapsed))
}
