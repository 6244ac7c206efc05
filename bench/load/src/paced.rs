//! Requests at a fixed pace: each has its moment, and its latency counts from that moment, so that a server which
//! stalls is not spared the requests it kept from being sent.

use std::time::Duration;

use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::http::{Connection, Target, get};
use crate::latency::Latencies;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[arg(long)]
    url: Target,
    #[arg(long, env = "BENCH_BEARER", hide_env_values = true)]
    bearer: Option<String>,
    #[arg(long, default_value_t = 1000)]
    connections: u32,
    /// Requests a second over all connections
    #[arg(long, default_value_t = 2000)]
    rate: u32,
    #[arg(long, default_value_t = 5)]
    seconds: u64,
}

pub(crate) async fn run(options: Options) -> anyhow::Result<Value> {
    let request = get(&options.url, options.bearer.as_deref());
    let period = Duration::from_secs(1) * options.connections / options.rate;
    let connections = Connection::open_all(&options.url, options.connections).await?;
    let start = Instant::now() + Duration::from_millis(100);
    let end = start + Duration::from_secs(options.seconds);
    let mut tasks = JoinSet::new();
    for (index, connection) in (0..).zip(connections) {
        let first = start + period * index / options.connections;
        tasks.spawn(send(connection, request.clone(), first, period, end));
    }
    Ok(Latencies::of(tasks).await?.summary(start.elapsed()))
}

async fn send(
    mut connection: Connection,
    request: Vec<u8>,
    first: Instant,
    period: Duration,
    end: Instant,
) -> Latencies {
    let mut latencies = Latencies::default();
    let mut moment = first;
    while moment < end {
        sleep_until(moment).await;
        match connection.request(&request).await {
            Ok(answer) if answer.status == 200 => latencies.record(moment.elapsed()),
            _ => {
                latencies.failed += 1;
                break;
            }
        }
        moment += period;
    }
    latencies
}
