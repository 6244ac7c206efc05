//! Processes: started by one thread, buried by another.
//!
//! A worker ends with the thread that started it, as the kernel takes that thread for its parent. Threads of a runtime come and go;
//! this one stays as long as the pool. Burying waits for the kernel to free the memory of a process, which no other work should
//! wait for.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::sync::oneshot;

use super::Settings;
use super::room::Place;

/// The door to the two threads. They end when it and all processes are gone.
#[derive(Debug)]
pub(super) struct Starter {
    starts: mpsc::Sender<Start>,
    burials: mpsc::Sender<Burial>,
}

#[derive(Debug)]
struct Start {
    stdin: OwnedFd,
    place: Place,
    burials: mpsc::Sender<Burial>,
    reply: oneshot::Sender<io::Result<Process>>,
}

#[derive(Debug)]
struct Burial {
    child: Child,
    place: Place,
    reply: Option<oneshot::Sender<ExitStatus>>,
}

/// A worker's process. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Process {
    /// Taken when it ends.
    alive: Option<(Child, Place)>,
    burials: mpsc::Sender<Burial>,
}

impl Starter {
    pub(super) fn new(settings: &Settings) -> io::Result<Self> {
        let (starts, to_start) = mpsc::channel::<Start>();
        let (burials, to_bury) = mpsc::channel::<Burial>();
        let settings = settings.clone();
        thread::Builder::new().name("media-starter".into()).spawn(move || {
            for Start { stdin, place, burials, reply } in to_start {
                let started =
                    spawn(&settings, stdin).map(|child| Process { alive: Some((child, place)), burials });
                // Nobody may wait for it any more: then it is dropped, and ended by that.
                let _ = reply.send(started);
            }
        })?;
        thread::Builder::new()
            .name("media-reaper".into())
            .spawn(move || to_bury.into_iter().for_each(bury))?;
        Ok(Self { starts, burials })
    }

    pub(super) async fn start(&self, stdin: OwnedFd, place: Place) -> io::Result<Process> {
        let (reply, started) = oneshot::channel();
        let gone = || io::Error::other("the thread that starts workers is gone");
        self.starts.send(Start { stdin, place, burials: self.burials.clone(), reply }).map_err(|_| gone())?;
        started.await.map_err(|_| gone())?
    }
}

impl Process {
    /// Ends it, and says how it ended: by itself, if it did before.
    pub(super) async fn end(mut self) -> Option<ExitStatus> {
        let (reply, ended) = oneshot::channel();
        self.kill(Some(reply));
        ended.await.ok()
    }

    fn kill(&mut self, reply: Option<oneshot::Sender<ExitStatus>>) {
        let Some((mut child, mut place)) = self.alive.take() else { return };
        place.ends();
        // With its group, which is its own: without a jail an external program may have started others. It fails only where there
        // is nobody to end.
        if let Ok(Some(group)) = i32::try_from(child.id()).map(Pid::from_raw) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = child.kill();
        if let Err(mpsc::SendError(burial)) = self.burials.send(Burial { child, place, reply }) {
            bury(burial);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill(None);
    }
}

fn spawn(settings: &Settings, stdin: OwnedFd) -> io::Result<Child> {
    Command::new(&settings.program)
        .args(&settings.arguments)
        .env_clear()
        .envs(settings.environment.iter().map(|(name, value)| (name, value)))
        .current_dir("/")
        // An interrupt from a terminal is for the program alone, which lets its jobs end.
        .process_group(0)
        .stdin(Stdio::from(stdin))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}

fn bury(Burial { mut child, place, reply }: Burial) {
    let status = child.wait();
    drop(place);
    if let (Some(reply), Ok(status)) = (reply, status) {
        // Who asked may have gone.
        let _ = reply.send(status);
    }
}
