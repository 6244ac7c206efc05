//! Every way out of a worker that we know is closed, and the test can tell. In a program of its own: workers without a jail trace the
//! program that started them, and limit it.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use std::fs::File;

use mediary_derive::escape::{Attempt, try_to_escape, try_to_escape_as_tool};
use mediary_derive::jail::Requirement;
use mediary_derive::pool::Settings;
use rustix::io::{FdFlags, fcntl_setfd};
use tokio::sync::Mutex;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn worker_cannot_escape() {
    // What a shell or a service manager may leave to the program, and the program to its children.
    let inherited = File::open("/dev/null").unwrap();
    fcntl_setfd(&inherited, FdFlags::empty()).unwrap();
    let attempts = attempts(Requirement::Required, "escape").await;
    assert!(attempts.len() >= 40, "only {} attempts", attempts.len());
    assert_eq!(names(&attempts, |attempt| !attempt.refused), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn worker_without_landlock_cannot_escape_either() {
    let attempts = attempts(Requirement::Preferred, "escape-without-landlock").await;
    assert_eq!(names(&attempts, |attempt| !attempt.refused), [""; 0]);
}

/// Landlock alone refuses paths, TCP and what concerns other processes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn worker_without_a_filter_opens_no_path_and_reaches_no_process() {
    let attempts = attempts(Requirement::Preferred, "escape-without-seccomp").await;
    let refused = names(&attempts, |attempt| attempt.refused);
    for name in [
        "read /etc/passwd",
        "read the own memory by its path",
        "list the root folder",
        "create a file",
        "write to a device",
        "connect to this machine",
        "send the parent a signal",
        "connect to an abstract socket of the parent",
    ] {
        assert!(refused.contains(&name), "{name}");
    }
}

/// Without a jail most of it is possible. So what refuses it is the jail, and an attacker is one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn worker_without_a_jail_can_escape() {
    let attempts = attempts(Requirement::Off, "escape").await;
    let allowed = names(&attempts, |attempt| !attempt.refused);
    for name in [
        "read /etc/passwd",
        "create a file",
        "make a UDP socket",
        "connect to this machine",
        "connect to an abstract socket of the parent",
        "send the parent a signal",
        "get a handle of the parent",
        "make a program in memory",
        "let others inspect the process",
        "set up io_uring",
    ] {
        assert!(allowed.contains(&name), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn external_program_cannot_escape() {
    let inherited = File::open("/dev/null").unwrap();
    fcntl_setfd(&inherited, FdFlags::empty()).unwrap();
    let attempts = attempts_as_tool(Requirement::Required).await;
    assert!(attempts.len() >= 40, "only {} attempts", attempts.len());
    assert_eq!(names(&attempts, |attempt| !attempt.refused), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn external_program_without_a_jail_can_escape() {
    let attempts = attempts_as_tool(Requirement::Off).await;
    let allowed = names(&attempts, |attempt| !attempt.refused);
    for name in [
        "become another program",
        "read a file of the user's",
        "write to a file of the user's",
        "read /etc/passwd",
        "make a UDP socket",
        "start a process",
        "limit the parent",
        "get a handle of the parent",
    ] {
        assert!(allowed.contains(&name), "{name}");
    }
}

/// The program listens at an abstract socket meanwhile, which is named after it.
static TURN: Mutex<()> = Mutex::const_new(());

async fn attempts(requirement: Requirement, word: &str) -> Vec<Attempt> {
    let _turn = TURN.lock().await;
    let program = env!("CARGO_BIN_EXE_media-worker-for-tests").into();
    let settings = Settings { requirement, ..Settings::new(program, vec![word.into()]) };
    shown(try_to_escape(&settings).await.unwrap())
}

async fn attempts_as_tool(requirement: Requirement) -> Vec<Attempt> {
    let _turn = TURN.lock().await;
    let program = env!("CARGO_BIN_EXE_media-worker-for-tests").into();
    let settings = Settings { requirement, ..Settings::new(program, Vec::new()) };
    shown(try_to_escape_as_tool(&settings, &["escape-as-tool"]).await.unwrap())
}

fn shown(attempts: Vec<Attempt>) -> Vec<Attempt> {
    for Attempt { name, refused, how } in &attempts {
        println!("{} {name}: {how}", if *refused { "refused" } else { "ALLOWED" });
    }
    attempts
}

fn names(attempts: &[Attempt], which: impl Fn(&Attempt) -> bool) -> Vec<&'static str> {
    attempts.iter().filter(|attempt| which(attempt)).map(|attempt| attempt.name).collect()
}
