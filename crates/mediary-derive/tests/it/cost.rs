//! What a worker costs: `cargo test --release -p mediary-derive --test it -- --ignored --nocapture --test-threads 1 cost`, on a machine
//! that does nothing else. Without `--release` the filters are compiled slowly. One at a time: a test counts the children of this program.
//!
//! With `MEDIARY_FILES=FOLDER` also what making pictures takes of each picture and PDF in that folder. `Recipe::needs` has its numbers
//! from there.

use std::fs::{self, File};
use std::time::Duration;

use mediary_core::CompanyId;
use mediary_derive::jail::Requirement;
use mediary_derive::pool::{Input, Job, Pool, Settings};
use mediary_derive::{Needs, Recipe};
use tokio::time::{Instant, sleep};

use crate::harness::{WORKER, settings_for_recipes};

const ROUNDS: usize = 500;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures"]
async fn jail_costs_less_than_a_millisecond_a_job() {
    let pools = [Requirement::Off, Requirement::Required].map(|requirement| {
        let max_jobs = u32::MAX;
        Pool::new(Settings {
            requirement,
            max_workers: 2,
            max_jobs,
            ..Settings::new(WORKER.into(), Vec::new())
        })
        .unwrap()
    });
    for (what, alone) in [("job of an idle worker", false), ("start and job of a new worker", true)] {
        let mut times = [const { Vec::new() }; 2];
        for round in 0..=ROUNDS {
            for (pool, times) in pools.iter().zip(&mut times) {
                let took = time(pool, alone).await;
                // The first one starts what the others find.
                if round > 0 {
                    times.push(took);
                }
            }
        }
        let [free, jailed] = times.map(quantiles);
        println!("{what}: without a jail {free:?}, with it {jailed:?} (median, 95 %)");
        assert!(jailed.0 < free.0 + Duration::from_millis(1), "{what}");
    }
    let mut starts = Vec::new();
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        pools[1].level().await.unwrap();
        starts.push(begun.elapsed());
    }
    println!("start to ready: {:?} (median, 95 %)", quantiles(starts));
}

#[tokio::test]
#[ignore = "measures"]
async fn files_are_made_within_their_needs() {
    let folder = std::env::var_os("MEDIARY_FILES").expect("MEDIARY_FILES names a folder with files");
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let recipe = if path.extension().is_some_and(|ending| ending == "pdf") {
            Recipe::Document
        } else {
            Recipe::Picture
        };
        let pool = Pool::new(settings_for_recipes()).unwrap();
        let file = File::open(&path).unwrap();
        let input_bytes = file.metadata().unwrap().len();
        let input = Input::from_file(file).unwrap();
        // It stays after the job, to be looked at.
        let needs = Needs { alone: false, ..recipe.needs(input_bytes) };
        let begun = Instant::now();
        let derived = pool.run(Job { company: CompanyId(1), recipe, input, needs }).await;
        let took = begun.elapsed();
        let name = path.file_name().unwrap().display();
        match derived {
            Ok(derived) => {
                let sizes: Vec<usize> = derived.products.iter().map(|product| product.bytes.len()).collect();
                println!("{name}: {took:?}, {}, products of {sizes:?} bytes", usage_of_the_worker());
            }
            Err(error) => println!("{name}: {took:?}, {error}"),
        }
        drop(pool);
        while !children().is_empty() {
            sleep(Duration::from_millis(2)).await;
        }
    }
}

/// The peaks of its address space and of what is resident, and its time on a processor.
fn usage_of_the_worker() -> String {
    let pid = children();
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line =
        |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim();
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let times = stat.rsplit(") ").next().unwrap().split(' ').skip(11).take(2);
    // Hundredths of a second.
    let ticks: u64 = times.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    format!("address space {}, resident {}, processor {} ms", line("VmPeak:"), line("VmHWM:"), ticks * 10)
}

/// Of the one child that there is, its number.
fn children() -> String {
    let threads = fs::read_dir("/proc/self/task").unwrap();
    let children = threads.filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("children")).ok());
    children.collect::<String>().trim().to_owned()
}

async fn time(pool: &Pool, alone: bool) -> Duration {
    let input = Input::from_stream(&b"empty"[..], 100).await.unwrap();
    let needs = Needs { alone, ..Recipe::Audio.needs(0) };
    let begun = Instant::now();
    pool.run(Job { company: CompanyId(1), recipe: Recipe::Audio, input, needs }).await.unwrap();
    begun.elapsed()
}

fn quantiles(mut times: Vec<Duration>) -> (Duration, Duration) {
    times.sort_unstable();
    (times[times.len() / 2], times[times.len() * 95 / 100])
}
