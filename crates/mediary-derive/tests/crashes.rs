//! Workers that die by the hundred leave the program as it was. In a program of its own, so that its descriptors and children are its own.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use std::fs;
use std::time::Duration;

use mediary_core::CompanyId;
use mediary_derive::pool::{Input, Job, Pool, Settings};
use mediary_derive::{ErrorKind, Recipe};
use tokio::time::{sleep, timeout};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crashing_jobs_leave_nothing_behind() {
    leave_nothing_behind(300).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes"]
async fn hundred_thousand_crashing_jobs_leave_nothing_behind() {
    leave_nothing_behind(100_000).await;
}

/// Crashes of all kinds.
async fn leave_nothing_behind(jobs: u64) {
    let program = env!("CARGO_BIN_EXE_media-worker-for-tests").into();
    let pool = Pool::new(Settings { max_workers: 2, ..Settings::new(program, Vec::new()) }).unwrap();
    crash(&pool, 50).await;
    let before = Process::look();
    crash(&pool, jobs).await;
    let all_are_buried = async {
        while pool.counters().workers > 0 {
            sleep(Duration::from_millis(2)).await;
        }
    };
    timeout(Duration::from_secs(20), all_are_buried).await.expect("workers are left");
    let after = Process::look();
    println!("{before:?}, after {jobs} crashes {after:?}");
    assert_eq!(after.descriptors, before.descriptors);
    assert_eq!(after.children, 0);
    assert!(after.resident_kib < before.resident_kib + 4 * 1024, "{before:?} {after:?}");
    assert_eq!(pool.counters().jobs_crashed, jobs + 50);
}

async fn crash(pool: &Pool, jobs: u64) {
    let words = ["abort", "exit", "panic"];
    let crashed = |worker: u64| async move {
        for (_, word) in (0..jobs).zip(words.iter().cycle()).skip(worker as usize).step_by(2) {
            let input = Input::from_stream(word.as_bytes(), 100).await.unwrap();
            let job = Job::new(CompanyId(1), Recipe::Audio, input);
            assert_eq!(pool.run(job).await.unwrap_err().kind(), ErrorKind::Worker);
        }
    };
    tokio::join!(crashed(0), crashed(1));
}

/// What the test's own process has.
#[derive(Debug)]
struct Process {
    descriptors: usize,
    /// Dead ones that were not buried count, too.
    children: usize,
    resident_kib: u64,
}

impl Process {
    fn look() -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        let threads = fs::read_dir("/proc/self/task").unwrap();
        let children = threads
            .filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("children")).ok())
            .map(|children| children.split_whitespace().count())
            .sum();
        Self {
            descriptors: fs::read_dir("/proc/self/fd").unwrap().count(),
            children,
            resident_kib: resident.trim().trim_end_matches(" kB").parse().unwrap(),
        }
    }
}
