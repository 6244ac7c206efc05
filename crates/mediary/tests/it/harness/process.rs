//! The real program as a child process: started on a free port, ended by its id, leaving nothing behind.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

const READY_WITHIN: Duration = Duration::from_secs(30);
const LISTENS: &str = "Mediary listens on ";

pub(crate) type Env = BTreeMap<String, String>;

const PROGRAM: &str = env!("CARGO_BIN_EXE_mediary");

fn command(env: &Env, folder: &Path, args: &[&str]) -> Command {
    prepared(Command::new(PROGRAM), env, folder, args)
}

fn prepared(mut command: Command, env: &Env, folder: &Path, args: &[&str]) -> Command {
    command.args(args).env_clear().envs(env).current_dir(folder);
    command
}

/// Runs a command to its end.
pub(crate) fn run(env: &Env, folder: &Path, args: &[&str]) -> Output {
    command(env, folder, args).stdin(Stdio::null()).output().unwrap()
}

/// Runs a command with something to read, and its two outputs where they are given to go.
pub(crate) fn run_between(
    env: &Env,
    folder: &Path,
    args: &[&str],
    input: &str,
    (stdout, stderr): (Stdio, Stdio),
) -> Output {
    let mut command = command(env, folder, args);
    let mut child = command.stdin(Stdio::piped()).stdout(stdout).stderr(stderr).spawn().unwrap();
    // One that reads nothing may have ended.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// Runs a command that prints one JSON object and ends well.
pub(crate) fn run_json(env: &Env, folder: &Path, args: &[&str]) -> serde_json::Value {
    let output = run(env, folder, args);
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "mediary {args:?} ended with {}: {err}", output.status);
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("mediary {args:?} printed {out:?}: {error}"))
}

/// What a server wrote last.
fn last_lines(log: &Path) -> String {
    let log = std::fs::read_to_string(log).unwrap();
    let lines: Vec<_> = log.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

/// A running server.
pub(crate) struct Server {
    child: Child,
}

impl Server {
    /// Starts `mediary` with these arguments and waits until it says where it listens. Its log goes to `log`.
    pub(crate) fn start(env: &Env, folder: &Path, args: &[&str], log: &Path) -> Self {
        Self::spawn(command(env, folder, args), log)
    }

    /// Starts it in a process that may have only so many files open.
    pub(crate) fn start_with_open_files(
        limit: u32,
        env: &Env,
        folder: &Path,
        args: &[&str],
        log: &Path,
    ) -> Self {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", &format!("ulimit -n {limit} && exec \"$0\" \"$@\""), PROGRAM]);
        Self::spawn(prepared(shell, env, folder, args), log)
    }

    fn spawn(mut command: Command, log: &Path) -> Self {
        let file = std::fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(file).spawn().unwrap();
        let stdout = child.stdout.take().unwrap();
        let (sender, receiver) = mpsc::channel();
        // Reads on after the first line, so that the child never blocks on a full pipe.
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if line.starts_with(LISTENS) {
                    let _ = sender.send(());
                }
            }
        });
        receiver.recv_timeout(READY_WITHIN).unwrap_or_else(|_| {
            let ended = child.try_wait().unwrap();
            panic!("the server did not say where it listens (ended: {ended:?}):\n{}", last_lines(log))
        });
        Self { child }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// kill -9, as a crash or a power cut would end it.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGSTOP: it hangs, and knows nothing of it.
    pub(crate) fn pause(&self) {
        self.signal(rustix::process::Signal::STOP);
    }

    pub(crate) fn go_on(&self) {
        self.signal(rustix::process::Signal::CONT);
    }

    fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.child), signal).unwrap();
    }

    /// Asks it to stop and waits; true if it ended well.
    pub(crate) fn stop(mut self) -> bool {
        self.signal(rustix::process::Signal::TERM);
        self.child.wait().unwrap().success()
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits until it has ended by itself.
    pub(crate) fn wait(&mut self) -> std::process::ExitStatus {
        self.child.wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
