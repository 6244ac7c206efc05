//! Jobs that take minutes, beside those that take seconds.

use std::time::Duration;

use mediary_core::CompanyId;
use mediary_derive::pool::{Input, Job, Pool, Settings};
use mediary_derive::{Derived, ErrorKind, Needs, Recipe, Result};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use crate::harness::WORKER;

const MIB: u64 = 1024 * 1024;
const SHORT: Needs = Needs {
    memory_bytes: 511 * MIB,
    output_bytes: MIB,
    cpu: Duration::from_secs(20),
    time: Duration::from_secs(60),
    alone: true,
};
const LONG: Needs = Needs { cpu: Duration::from_secs(400), time: Duration::from_secs(1200), ..SHORT };

fn pool(max_workers: usize) -> Pool {
    Pool::new(Settings { max_workers, ..Settings::new(WORKER.into(), Vec::new()) }).unwrap()
}

async fn run(pool: &Pool, company: i64, text: &'static str, needs: Needs) -> Result<Derived> {
    let input = Input::from_stream(text.as_bytes(), 100).await.unwrap();
    pool.run(Job { company: CompanyId(company), recipe: Recipe::Picture, input, needs }).await
}

fn start(pool: &Pool, company: i64, text: &'static str, needs: Needs) -> JoinHandle<Result<Derived>> {
    let pool = pool.clone();
    tokio::spawn(async move { run(&pool, company, text, needs).await })
}

async fn until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < deadline, "{what}");
        sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn long_jobs_leave_a_worker_and_memory_to_short_ones() {
    for max_workers in [1, 2, 8] {
        let pool = pool(max_workers);
        let first = start(&pool, 1, "hang", LONG);
        until("the long job begins", || pool.counters().workers_started == 1).await;
        let more = [start(&pool, 1, "hang", LONG), start(&pool, 2, "hang", LONG)];
        until("two more wait", || pool.counters().jobs_waiting == 2).await;
        for company in 1..4 {
            let short = timeout(Duration::from_secs(20), run(&pool, company, "empty", SHORT)).await;
            assert!(short.expect("it waits for no long job").is_ok());
        }
        assert_eq!(pool.counters().workers_started, 4, "one long job at a time");
        first.abort();
        until("the next long job", || pool.counters().workers_started == 5).await;
        more.iter().for_each(JoinHandle::abort);
    }
}

#[tokio::test]
async fn long_job_begins_after_the_short_ones_that_wait() {
    let pool = pool(2);
    let busy = [start(&pool, 1, "hang", SHORT), start(&pool, 2, "hang", SHORT)];
    until("both workers are busy", || pool.counters().workers_started == 2).await;
    let long = start(&pool, 3, "hang", LONG);
    let short = [start(&pool, 4, "hang", SHORT), start(&pool, 5, "hang", SHORT)];
    until("one short job looks for room, and one waits for its turn", || pool.counters().jobs_waiting == 1)
        .await;
    busy[0].abort();
    until("a third job begins", || pool.counters().workers_started == 3).await;
    short[0].abort();
    until("a fourth job begins", || pool.counters().workers_started == 4).await;
    // If one of these two had been the long one, no fifth would begin.
    short[1].abort();
    until("the long job begins", || pool.counters().workers_started == 5).await;
    assert!(!long.is_finished());
    long.abort();
    busy[1].abort();
}

#[tokio::test]
async fn long_job_begins_among_short_ones_that_never_end() {
    let settings = Settings::new(WORKER.into(), Vec::new());
    let pool = Pool::new(Settings { max_workers: 1, long_patience: Duration::from_millis(100), ..settings })
        .unwrap();
    let never_ending: Vec<JoinHandle<()>> = (1..5)
        .map(|company| {
            let pool = pool.clone();
            tokio::spawn(async move {
                loop {
                    run(&pool, company, "empty", SHORT).await.unwrap();
                }
            })
        })
        .collect();
    until("one has a turn and others wait", || pool.counters().jobs_waiting > 1).await;
    let long = timeout(Duration::from_secs(20), run(&pool, 9, "empty", LONG)).await;
    assert!(long.expect("it has its turn").is_ok());
    never_ending.iter().for_each(JoinHandle::abort);
}

#[tokio::test]
async fn long_job_makes_room_by_ending_idle_workers() {
    let pool = pool(2);
    for company in [1, 2] {
        run(&pool, company, "empty", Needs { alone: false, ..SHORT }).await.unwrap();
    }
    assert_eq!(pool.counters().idle_workers, 2);
    run(&pool, 3, "empty", LONG).await.unwrap();
}

#[tokio::test]
async fn long_job_that_would_take_the_memory_of_short_ones_is_refused() {
    let pool = pool(2);
    let error = run(&pool, 1, "empty", Needs { memory_bytes: 512 * MIB, ..LONG }).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert!(error.sentence().ends_with("and 536870912 are allowed for that"), "{error}");
}
