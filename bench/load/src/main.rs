//! Load that the usual tools cannot make: signed webhooks, requests at a fixed pace or one by one, readers that take
//! their time, an upstream that is far away, files for workers; and what we are measured against: bare loops of durable files and of
//! objects. Each command prints one JSON object.

mod derive;
mod durable;
mod http;
mod late;
mod latency;
mod objects;
mod once;
mod paced;
mod sends;
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
    /// Requests each of many addresses once, one after the other
    Once(once::Options),
    /// Stands before an upstream and lets requests through late, until it is killed
    Late(late::Options),
    /// Sends messages through the API and waits for each answer
    Sends(sends::Options),
    /// Writes, hashes, syncs and renames files, nothing else
    DurableFiles(durable::Options),
    /// Sends files to a bucket, nothing else
    PutObjects(objects::Options),
    /// Hands files to locked-up workers of the program, nothing else
    Derive(derive::Options),
    /// Makes of a voice note what browsers play, nothing else
    Remux(derive::RemuxOptions),
}

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let result = match Arguments::parse().command {
        Command::Webhooks(options) => runtime.block_on(webhooks::run(options))?,
        Command::Paced(options) => runtime.block_on(paced::run(options))?,
        Command::SlowReaders(options) => runtime.block_on(slow::run(options))?,
        Command::Once(options) => runtime.block_on(once::run(options))?,
        Command::Late(options) => runtime.block_on(late::run(options))?,
        Command::Sends(options) => runtime.block_on(sends::run(options))?,
        Command::DurableFiles(options) => durable::run(&options)?,
        Command::PutObjects(options) => runtime.block_on(objects::run(options))?,
        Command::Derive(options) => runtime.block_on(derive::run(options))?,
        Command::Remux(options) => derive::remux(&options)?,
    };
    println!("{result}");
    Ok(())
}
