//! The least that storing a file durably takes: hash, write, sync, rename, sync of the folder. What any program that
//! promises as much is measured against.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::digest;
use serde_json::{Value, json};
use tokio::time::Instant;

const PIECE: usize = 256 * 1024;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[arg(long)]
    folder: PathBuf,
    #[arg(long, default_value_t = 16)]
    threads: u64,
    #[arg(long)]
    bytes: usize,
    #[arg(long)]
    files: u64,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<Value> {
    fs::create_dir_all(&options.folder)?;
    let content: Vec<u8> = (0..options.bytes).map(|at| (at % 251).to_le_bytes()[0]).collect();
    let next = &AtomicU64::new(0);
    let content = &content;
    let started = Instant::now();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..options.threads)
            .map(|thread| scope.spawn(move || write_some(options, content, next, thread)))
            .collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("no thread panics"))
    })?;
    let seconds = started.elapsed().as_secs_f64();
    let rate = options.files as f64 / seconds;
    let megabytes = rate * options.bytes as f64 / 1e6;
    Ok(json!({ "files": options.files, "seconds": seconds, "rate": rate, "mb_per_second": megabytes }))
}

/// Each thread has its own folder, as each message has in storage.
fn write_some(options: &Options, content: &[u8], next: &AtomicU64, thread: u64) -> anyhow::Result<()> {
    let folder = options.folder.join(thread.to_string());
    fs::create_dir_all(&folder)?;
    let opened = File::open(&folder)?;
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= options.files {
            return Ok(());
        }
        let temporary = folder.join(format!(".{number}.part"));
        let mut file = File::create_new(&temporary)?;
        let mut hash = digest::Context::new(&digest::SHA256);
        for piece in content.chunks(PIECE) {
            hash.update(piece);
            file.write_all(piece)?;
        }
        std::hint::black_box(hash.finish());
        rustix::fs::fdatasync(&file)?;
        fs::rename(&temporary, folder.join(number.to_string()))?;
        rustix::fs::fsync(&opened)?;
    }
}
