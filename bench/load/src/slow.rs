//! Readers that take their time: each connection asks for one large file and takes a little of it at a time.

use std::time::Duration;

use anyhow::ensure;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::http::{Target, get};

/// The kernel on our side keeps little, so that the server's side feels the pace.
const RECEIVE_BUFFER: u32 = 32 * 1024;
const TICKS_PER_SECOND: u32 = 4;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[arg(long)]
    url: Target,
    #[arg(long, env = "BENCH_BEARER", hide_env_values = true)]
    bearer: Option<String>,
    #[arg(long, default_value_t = 1000)]
    connections: u32,
    #[arg(long, default_value_t = 64 * 1024)]
    bytes_per_second: u32,
    #[arg(long, default_value_t = 10)]
    seconds: u64,
}

pub(crate) async fn run(options: Options) -> anyhow::Result<Value> {
    let request = get(&options.url, options.bearer.as_deref());
    let address = options.url.address.parse()?;
    let end = Instant::now() + Duration::from_secs(options.seconds);
    let step = usize::try_from(options.bytes_per_second / TICKS_PER_SECOND)?;
    let mut tasks = JoinSet::new();
    for _ in 0..options.connections {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
        let mut stream = socket.connect(address).await?;
        stream.write_all(&request).await?;
        tasks.spawn(read_slowly(stream, step, end));
    }
    let (mut bytes, mut failed) = (0, 0);
    while let Some(result) = tasks.join_next().await {
        match result? {
            Ok(read) => bytes += read,
            Err(_) => failed += 1,
        }
    }
    Ok(json!({ "connections": options.connections, "failed": failed, "bytes": bytes }))
}

async fn read_slowly(mut stream: TcpStream, step: usize, end: Instant) -> anyhow::Result<u64> {
    let mut buffer = vec![0; step];
    let mut ticks = interval(Duration::from_secs(1) / TICKS_PER_SECOND);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut bytes = 0;
    while Instant::now() < end {
        ticks.tick().await;
        let read = stream.read_exact(&mut buffer).await?;
        if bytes == 0 {
            ensure!(buffer.starts_with(b"HTTP/1.1 200"), "refused");
        }
        bytes += read as u64;
    }
    Ok(bytes)
}
