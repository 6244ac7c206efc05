//! Load that the usual tools cannot make: signed webhooks, requests at a fixed pace, readers that take their time,
//! and a bare loop of durable files to measure against. Each command prints one JSON object.

mod durable;
mod http;
mod latency;
mod paced;
mod slow;
mod webhooks;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(about = "Load for Mediary's benchmarks")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Sends signed webhooks and waits for each acknowledgement
    Webhooks(webhooks::Options),
    /// Requests files at a fixed pace over many connections
    Paced(paced::Options),
    /// Reads one file over many connections, slowly
    SlowReaders(slow::Options),
    /// Writes, hashes, syncs and renames files, nothing else
    DurableFiles(durable::Options),
}

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let result = match Arguments::parse().command {
        Command::Webhooks(options) => runtime.block_on(webhooks::run(options))?,
        Command::Paced(options) => runtime.block_on(paced::run(options))?,
        Command::SlowReaders(options) => runtime.block_on(slow::run(options))?,
        Command::DurableFiles(options) => durable::run(&options)?,
    };
    println!("{result}");
    Ok(())
}
