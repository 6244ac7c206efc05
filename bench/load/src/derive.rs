//! Files handed to locked-up workers as the server hands them over, and nothing else; and what is made of them without a worker.

use std::fs::{self, File};
use std::io::Cursor;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use mediary_core::CompanyId;
use mediary_derive::Recipe;
use mediary_derive::audio::{self, Playable};
use mediary_derive::jail::Requirement;
use mediary_derive::pool::{Input, Job, Pool, Settings};
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::latency::Latencies;

/// As the server has its workers.
const WORKER: &str = "media-worker";
const ENVIRONMENT: (&str, &str) = ("MIMALLOC_ARENA_RESERVE", "0");

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The program whose workers read the files
    #[arg(long)]
    program: PathBuf,
    /// Handed over in turn
    #[arg(long, required = true, num_args = 1..)]
    files: Vec<PathBuf>,
    #[arg(long)]
    jobs: usize,
    #[arg(long, default_value_t = 1)]
    at_once: usize,
    /// What is made of recordings, where pictures are made smaller unless given
    #[arg(long)]
    recordings: bool,
    /// Workers are not locked up
    #[arg(long)]
    no_jail: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RemuxOptions {
    #[arg(long)]
    file: PathBuf,
    #[arg(long)]
    times: u32,
}

struct Load {
    options: Options,
    pool: Pool,
    next: AtomicUsize,
}

pub(crate) async fn run(options: Options) -> anyhow::Result<Value> {
    let (name, value) = ENVIRONMENT;
    let settings = Settings::new(options.program.clone(), vec![WORKER.into()]);
    let settings = Settings {
        environment: vec![(name.into(), value.into())],
        requirement: if options.no_jail { Requirement::Off } else { Requirement::Required },
        max_workers: options.at_once,
        max_memory_bytes: u64::MAX,
        // So that a worker ends by itself, and its time on the processor counts.
        max_jobs: u32::try_from(options.jobs)?,
        ..settings
    };
    let load = Arc::new(Load { pool: Pool::new(settings)?, next: AtomicUsize::new(0), options });
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..load.options.at_once {
        tasks.spawn(hand_over(load.clone()));
    }
    let mut all = Latencies::default();
    while let Some(latencies) = tasks.join_next().await {
        all.merge(latencies??);
    }
    let elapsed = start.elapsed();
    while load.pool.counters().workers > 0 {
        sleep(Duration::from_millis(1)).await;
    }
    Ok(all.summary(elapsed))
}

async fn hand_over(load: Arc<Load>) -> anyhow::Result<Latencies> {
    let recipe = if load.options.recordings { Recipe::Audio } else { Recipe::Picture };
    let mut latencies = Latencies::default();
    loop {
        let number = load.next.fetch_add(1, Ordering::Relaxed);
        if number >= load.options.jobs {
            return Ok(latencies);
        }
        let path = &load.options.files[number % load.options.files.len()];
        let begun = Instant::now();
        let input = Input::from_file(File::open(path)?)?;
        let derived = load.pool.run(Job::new(CompanyId(1), recipe, input)).await;
        let derived = derived.with_context(|| path.display().to_string())?;
        ensure!(!derived.products.is_empty(), "nothing was made of {}", path.display());
        latencies.record(begun.elapsed());
    }
}

/// A voice note in the form that browsers play, as often as asked for; what once takes on the processor.
pub(crate) fn remux(options: &RemuxOptions) -> anyhow::Result<Value> {
    let note = fs::read(&options.file)?;
    let before = on_the_processor();
    for _ in 0..options.times {
        let made = audio::playable(Cursor::new(&note))?;
        ensure!(matches!(made, Playable::Remuxed(_)), "it is not remuxed");
    }
    let took = on_the_processor().saturating_sub(before) / options.times.max(1);
    Ok(json!({ "cpu_ms": took.as_secs_f64() * 1000.0 }))
}

fn on_the_processor() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}
