//! A pool of workers: what it hands on, what it refuses, and what is left of workers that died.

use std::fs::{self, File, OpenOptions};
use std::process::Command;
use std::time::Duration;

use mediary_core::{CompanyId, VariantKind};
use mediary_derive::jail::Requirement;
use mediary_derive::pool::{Input, Job, Pool, Settings};
use mediary_derive::{Derived, Error, ErrorKind, Needs, Recipe, Result};
use tokio::time::{Instant, sleep, timeout};

use crate::harness::WORKER;

const NEEDS: Needs = Needs {
    memory_bytes: 64 * 1024 * 1024,
    output_bytes: 64 * 1024,
    cpu: Duration::from_secs(5),
    time: Duration::from_secs(30),
    alone: false,
};

const COMPANY: CompanyId = CompanyId(1);

fn settings() -> Settings {
    Settings { max_workers: 2, ..Settings::new(WORKER.into(), Vec::new()) }
}

fn pool() -> Pool {
    Pool::new(settings()).unwrap()
}

async fn job(company: CompanyId, text: &str, needs: Needs) -> Job {
    let input = Input::from_stream(text.as_bytes(), 1 << 20).await.unwrap();
    Job { company, recipe: Recipe::Picture, input, needs }
}

async fn run(pool: &Pool, text: &str) -> Result<Derived> {
    pool.run(job(COMPANY, text, NEEDS).await).await
}

/// The number of the worker that the job ran in.
async fn pid(pool: &Pool, company: CompanyId) -> u32 {
    pool.run(job(company, "pid", NEEDS).await).await.unwrap().facts.pages.unwrap()
}

async fn until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < deadline, "{what}");
        sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn products_and_facts_come_back() {
    let derived = run(&pool(), "copy first").await.unwrap();
    assert_eq!((derived.facts.width, derived.facts.height), (Some(4), Some(3)));
    let products: Vec<_> = derived
        .products
        .iter()
        .map(|product| (product.kind, product.mime_type, &product.bytes[..]))
        .collect();
    let thumb = (VariantKind::Thumb, "image/webp", &b"first"[..]);
    assert_eq!(products, [thumb, (VariantKind::Preview, "image/webp", &b"copy first"[..])]);
}

#[tokio::test]
async fn file_is_read_from_its_start_by_every_job() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, "copy of a file").unwrap();
    let pool = pool();
    let shared = File::open(&path).unwrap();
    for _ in 0..2 {
        let input = Input::from_file(shared.try_clone().unwrap()).unwrap();
        let derived =
            pool.run(Job { company: COMPANY, recipe: Recipe::Picture, input, needs: NEEDS }).await.unwrap();
        assert_eq!(derived.products[0].bytes, b"of a file");
    }
}

#[tokio::test]
async fn file_that_is_open_for_writing_is_given_to_no_worker() {
    let folder = tempfile::tempdir().unwrap();
    let file = OpenOptions::new()
        .create(true)
        .write(true)
        .read(true)
        .truncate(true)
        .open(folder.path().join("file"));
    assert_eq!(Input::from_file(file.unwrap()).unwrap_err().kind(), ErrorKind::Worker);
}

#[tokio::test]
async fn stream_is_kept_up_to_its_limit() {
    assert!(Input::from_stream(&[0; 100_000][..], 100_000).await.is_ok());
    let error = Input::from_stream(&[0; 100_001][..], 100_000).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.sentence()),
        (ErrorKind::TooLarge, "the file has more than 100000 bytes")
    );
}

#[tokio::test]
async fn job_may_take_what_the_size_of_its_file_asks_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recording");
    let recording = vec![0; 1_000_000];
    fs::write(&path, &recording).unwrap();
    let of_stream = Input::from_stream(&recording[..], 1_000_000).await.unwrap();
    let of_file = Input::from_file(File::open(&path).unwrap()).unwrap();
    for input in [of_stream, of_file] {
        assert_eq!(input.bytes(), 1_000_000);
        let needs = Job::new(COMPANY, Recipe::VoiceNote, input).needs;
        assert_eq!(needs, Recipe::VoiceNote.needs(1_000_000));
        assert!(needs.cpu > Recipe::VoiceNote.needs(0).cpu);
    }
}

#[tokio::test]
async fn worker_serves_one_company() {
    let pool = pool();
    let (first, second) = (CompanyId(1), CompanyId(2));
    let of_first = pid(&pool, first).await;
    assert_eq!(pid(&pool, first).await, of_first);
    let of_second = pid(&pool, second).await;
    assert_ne!(of_second, of_first);
    assert_eq!(pid(&pool, first).await, of_first, "there is room for both");
    let of_third = pid(&pool, CompanyId(3)).await;
    assert_eq!(pid(&pool, first).await, of_first, "the one that waited longest made room");
    assert!(![of_first, of_second].contains(&of_third));
    assert_eq!(pool.counters().workers, 2);
}

#[tokio::test]
async fn worker_has_no_environment() {
    assert_eq!(run(&pool(), "environment").await.unwrap().facts.pages, Some(0));
}

#[tokio::test]
async fn worker_has_no_privileges_and_few_rights() {
    let pool = pool();
    let pid = pid(&pool, COMPANY).await;
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    for line in [
        "CapEff:\t0000000000000000",
        "CapPrm:\t0000000000000000",
        "NoNewPrivs:\t1",
        "Seccomp:\t2",
        "Threads:\t1",
    ] {
        assert!(status.lines().any(|found| found == line), "{line} in {status}");
    }
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let group = stat.rsplit(") ").next().unwrap().split(' ').nth(2);
    assert_eq!(group, Some(&*pid.to_string()), "a group of its own, {stat}");
    let limits = fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
    let limit = |name: &str| {
        let line = limits.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.split_whitespace().map(str::to_owned).take(2).collect::<Vec<_>>()
    };
    assert_eq!(limit("Max cpu time"), ["320", "321"], "64 jobs of 5 seconds");
    assert_eq!(limit("Max open files"), ["16", "16"]);
    assert_eq!(limit("Max processes"), ["0", "0"]);
    assert_eq!(limit("Max core file size"), ["0", "0"]);
}

#[tokio::test]
async fn worker_ends_with_its_program() {
    let mut program = Command::new(WORKER).arg("program").spawn().unwrap();
    let pid = program.id();
    let children = || -> Vec<u32> {
        let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
        let children =
            threads.filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("children")).ok());
        children
            .flat_map(|line| line.split(' ').filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>())
            .collect()
    };
    let is_locked_up = |pid: &u32| {
        fs::read_to_string(format!("/proc/{pid}/status")).is_ok_and(|status| status.contains("Seccomp:\t2"))
    };
    until("no worker computes", || children().iter().any(is_locked_up)).await;
    let worker = children()[0];
    program.kill().unwrap();
    program.wait().unwrap();
    until("the worker lives", || !is_alive(worker)).await;
}

#[tokio::test]
async fn worker_is_ended_after_its_last_job() {
    let pool = Pool::new(Settings { max_jobs: 2, ..settings() }).unwrap();
    let first = pid(&pool, COMPANY).await;
    assert_eq!(pid(&pool, COMPANY).await, first);
    assert_ne!(pid(&pool, COMPANY).await, first);
    assert_eq!(pool.counters().workers_started, 2);
}

#[tokio::test]
async fn worker_is_ended_when_it_was_idle() {
    let pool = Pool::new(Settings { max_idle: Duration::ZERO, ..settings() }).unwrap();
    pid(&pool, COMPANY).await;
    until("the worker is still there", || pool.counters().workers == 0).await;
}

#[tokio::test]
async fn worker_of_a_job_alone_has_no_other_one() {
    let pool = pool();
    let alone = Needs { alone: true, ..NEEDS };
    pid(&pool, COMPANY).await;
    for _ in 0..2 {
        pool.run(job(COMPANY, "empty", alone).await).await.unwrap();
    }
    assert_eq!(pool.counters().workers_started, 3);
    until("a worker waits for jobs that it must not have", || pool.counters().workers == 1).await;
}

#[tokio::test]
async fn worker_is_ended_after_an_error() {
    let pool = pool();
    let error = run(&pool, "broken no end of the picture").await.unwrap_err();
    assert_eq!((error.kind(), error.sentence()), (ErrorKind::Broken, "no end of the picture"));
    until("the worker is still there", || pool.counters().workers == 0).await;
    assert_eq!(pool.counters().jobs_refused, 1);
}

#[tokio::test]
async fn worker_that_dies_is_one_failed_job() {
    let pool = pool();
    let says = |error: Error| {
        assert_eq!(error.kind(), ErrorKind::Worker);
        error.sentence().to_owned()
    };
    assert_eq!(says(run(&pool, "exit").await.unwrap_err()), "the worker ended: with code 7");
    assert!(says(run(&pool, "abort").await.unwrap_err()).ends_with("(SIGABRT)"));
    let panicked = says(run(&pool, "panic at the words of the file").await.unwrap_err());
    assert!(
        panicked.starts_with("the decoder failed at ") && panicked.contains("media-worker-for-tests.rs:")
    );
    assert!(!panicked.contains("words of the file"));
    assert!(run(&pool, "empty").await.is_ok());
    let counters = pool.counters();
    assert_eq!((counters.jobs_crashed, counters.jobs_made, counters.workers_started), (3, 1, 4));
}

#[tokio::test]
async fn worker_that_takes_too_long_is_ended() {
    let pool = pool();
    let short = Needs { time: Duration::from_millis(100), ..NEEDS };
    let error = pool.run(job(COMPANY, "hang", short).await).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.sentence()),
        (ErrorKind::OutOfTime, "the file took longer than 0.1 seconds to read")
    );
    assert_eq!(pool.counters().workers, 0);
}

#[tokio::test]
async fn file_that_is_computed_without_end_is_to_blame() {
    let pool = pool();
    let a_second = Needs { cpu: Duration::from_secs(1), time: Duration::from_secs(60), alone: true, ..NEEDS };
    let error = pool.run(job(COMPANY, "hang", a_second).await).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.sentence()),
        (ErrorKind::OutOfTime, "the file took longer than 1 seconds to read")
    );
    assert_eq!((pool.counters().workers, pool.counters().jobs_crashed), (0, 1));
}

/// Nobody knows who did it, and it is worth another try.
#[tokio::test]
async fn worker_that_is_killed_is_no_proof_against_its_file() {
    let pool = pool();
    let pid = pid(&pool, COMPANY).await;
    let killed = async {
        until("it runs", || pool.counters().idle_workers == 0).await;
        kill(pid).await;
    };
    let (ended, ()) = tokio::join!(run(&pool, "hang"), killed);
    let error = ended.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Worker);
    assert!(error.sentence().ends_with("(SIGKILL)"), "{error}");
}

#[tokio::test]
async fn worker_that_was_killed_while_it_was_idle_costs_no_job() {
    let pool = pool();
    let first = pid(&pool, COMPANY).await;
    kill(first).await;
    assert_ne!(pid(&pool, COMPANY).await, first);
    assert_eq!(pool.counters().jobs_crashed, 0);
}

#[tokio::test]
async fn dropped_job_ends_its_worker() {
    let pool = pool();
    assert!(timeout(Duration::from_millis(100), run(&pool, "hang")).await.is_err());
    until("the worker is still there", || pool.counters().workers == 0).await;
    assert!(run(&pool, "empty").await.is_ok());
}

#[tokio::test]
async fn jobs_wait_for_room_and_memory() {
    let two_fit = 2 * (NEEDS.memory_bytes + NEEDS.output_bytes);
    for (max_workers, max_memory_bytes) in [(2, 1 << 30), (8, two_fit)] {
        let pool = Pool::new(Settings { max_workers, max_memory_bytes, ..settings() }).unwrap();
        let mut hanging = Vec::new();
        for company in 0..3 {
            let (pool, job) = (pool.clone(), job(CompanyId(company), "hang", NEEDS).await);
            hanging.push(tokio::spawn(async move { pool.run(job).await }));
        }
        until("two are running", || pool.counters().workers_started == 2).await;
        assert!(timeout(Duration::from_millis(50), run(&pool, "empty")).await.is_err(), "there is no room");
        assert_eq!((pool.counters().workers, pool.counters().memory_bytes), (2, two_fit));
        hanging[0].abort();
        until("the third one has its turn", || pool.counters().workers_started == 3).await;
        hanging.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

#[tokio::test]
async fn company_does_not_wait_for_all_jobs_of_another() {
    let pool = Pool::new(Settings { max_workers: 1, ..settings() }).unwrap();
    let start = |company: i64, job| {
        let pool = pool.clone();
        async move { pool.run(job).await.map(|_| company) }
    };
    let holds_the_worker = tokio::spawn(start(9, job(CompanyId(9), "hang", NEEDS).await));
    until("it runs", || pool.counters().workers_started == 1).await;
    let mut ended = tokio::task::JoinSet::new();
    for count in 0..100 {
        ended.spawn(start(1, job(CompanyId(1), "empty", NEEDS).await));
        // The first one has the turn, and waits for room.
        until("it waits", || pool.counters().jobs_waiting == count).await;
    }
    ended.spawn(start(2, job(CompanyId(2), "empty", NEEDS).await));
    until("it waits", || pool.counters().jobs_waiting == 100).await;
    holds_the_worker.abort();
    let mut before = 0;
    while ended.join_next().await.unwrap().unwrap().unwrap() == 1 {
        before += 1;
    }
    assert!(before <= 2, "{before} of 100 jobs were served before the other company's first");
}

#[tokio::test]
async fn job_that_never_fits_is_refused() {
    let pool = Pool::new(Settings { max_memory_bytes: NEEDS.memory_bytes, ..settings() }).unwrap();
    assert_eq!(run(&pool, "empty").await.unwrap_err().kind(), ErrorKind::TooLarge);
}

#[tokio::test]
async fn products_beyond_the_output_are_refused() {
    let small = Needs { output_bytes: 4, ..NEEDS };
    let error = pool().run(job(COMPANY, "copy of it", small).await).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.sentence()),
        (ErrorKind::TooLarge, "what was made of it has more than 4 bytes")
    );
}

#[tokio::test]
async fn sandbox_is_required_unless_it_is_not() {
    let without = |requirement| {
        let settings = Settings { requirement, arguments: vec!["without-landlock".into()], ..settings() };
        Pool::new(settings).unwrap()
    };
    let error = run(&without(Requirement::Required), "empty").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.sentence()),
        (ErrorKind::Worker, "the worker cannot be locked up as required: this kernel has no Landlock")
    );
    let preferred = without(Requirement::Preferred);
    assert!(run(&preferred, "empty").await.is_ok());
    assert_eq!(preferred.level().await.unwrap().to_string(), "no Landlock, seccomp");
    let off = Pool::new(Settings { requirement: Requirement::Off, ..settings() }).unwrap();
    assert_eq!(off.level().await.unwrap().to_string(), "no Landlock, no seccomp");
    assert!(run(&off, "empty").await.is_ok());
}

#[tokio::test]
async fn program_that_took_memory_in_advance_reads_nothing() {
    let pool = Pool::new(Settings { arguments: vec!["large".into()], ..settings() }).unwrap();
    let error = run(&pool, "empty").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Worker);
    assert!(error.sentence().ends_with("bytes of memory before it does anything"), "{error}");
}

#[tokio::test]
async fn folder_is_given_to_no_worker() {
    assert_eq!(Input::from_file(File::open("/").unwrap()).unwrap_err().kind(), ErrorKind::Worker);
}

#[tokio::test]
async fn worker_does_not_serve_jobs_that_may_take_something_else() {
    let pool = pool();
    let first = pid(&pool, COMPANY).await;
    let larger = Needs { memory_bytes: NEEDS.memory_bytes + 1, ..NEEDS };
    let derived = pool.run(job(COMPANY, "pid", larger).await).await.unwrap();
    assert_ne!(derived.facts.pages, Some(first));
}

#[tokio::test]
async fn program_that_cannot_be_started_is_a_failed_job() {
    let pool = Pool::new(Settings { program: "/nothing/here".into(), ..settings() }).unwrap();
    let error = run(&pool, "empty").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Worker);
    assert_eq!(pool.counters().workers, 0);
}

/// Kills a process, and waits until it is dead, though not buried.
async fn kill(pid: u32) {
    let process = rustix::process::Pid::from_raw(pid.cast_signed()).unwrap();
    rustix::process::kill_process(process, rustix::process::Signal::KILL).unwrap();
    until("the worker lives", || !is_alive(pid)).await;
}

fn is_alive(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}
