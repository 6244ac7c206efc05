//! One worker: a process, the socket to it, and what it was started for.

use std::fs::File;
use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixDatagram as StdUnixDatagram;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::Duration;

use serde::Serialize;
use tokio::io::Interest;
use tokio::net::UnixDatagram;
use tokio::time::timeout;

use super::input::{self, Input};
use super::process::{Process, Starter};
use super::room::Place;
use crate::jail::{Level, Limits, Requirement};
use crate::protocol::{Answer, Request, VERSION, answer, socket};
use crate::recipe::{Needs, Recipe};
use crate::{Derived, Error, ErrorKind, Result};

/// How long a worker may take until it is locked up. It takes some milliseconds, on a machine that is busy with other things longer.
pub(super) const START_TIMEOUT: Duration = Duration::from_secs(20);

/// No product is larger, whatever the job: the kernel ends a worker that writes a larger file.
const MAX_FILE_BYTES: u64 = 256 * 1024 * 1024;

#[derive(Debug)]
pub(super) struct Worker {
    process: Process,
    /// Of a kind that the library has no type for: it keeps messages apart as this one does, and has an end besides.
    socket: UnixDatagram,
    level: Level,
    /// Of all its jobs: its limits were made for them.
    needs: Needs,
    jobs: u32,
}

/// Why an exchange with a worker came to nothing.
enum Trouble {
    /// It is gone, or the socket is.
    Gone,
    /// It said something that it must not say.
    Lie(&'static str),
    /// The program's own side failed.
    Own(io::Error),
}

impl Worker {
    pub(super) async fn start(
        starter: &Starter,
        place: Place,
        requirement: Requirement,
        needs: &Needs,
        jobs: u32,
    ) -> Result<Self> {
        let failed =
            |error: io::Error| Error::new(ErrorKind::Worker, format!("a worker cannot be started: {error}"));
        let (ours, theirs) = socket::pair().map_err(failed)?;
        let ours = StdUnixDatagram::from(ours);
        ours.set_nonblocking(true).map_err(failed)?;
        let socket = UnixDatagram::from_std(ours).map_err(failed)?;
        let process = starter.start(theirs, place).await.map_err(failed)?;
        let limits = Limits {
            memory_bytes: needs.memory_bytes,
            cpu_seconds: needs.cpu.as_secs().max(1).saturating_mul(jobs.into()),
            file_bytes: MAX_FILE_BYTES,
        };
        let mut worker = Self { process, socket, level: Level::default(), needs: *needs, jobs: 0 };
        let ready = timeout(START_TIMEOUT, worker.greet(requirement, limits)).await;
        match ready {
            Ok(Ok(level)) => {
                worker.level = level;
                Ok(worker)
            }
            Ok(Err(trouble)) => Err(worker.end(trouble).await),
            Err(_) => Err(Error::new(ErrorKind::Worker, "a worker did not start in time")),
        }
    }

    pub(super) fn level(&self) -> Level {
        self.level
    }

    /// Jobs that it was given.
    pub(super) fn jobs(&self) -> u32 {
        self.jobs
    }

    /// What its limits allow.
    pub(super) fn needs(&self) -> &Needs {
        &self.needs
    }

    /// Whether an idle worker waits as it should: it lives, and has said nothing that nobody asked for.
    pub(super) fn is_well(&self) -> bool {
        let said = socket::receive::<serde::de::IgnoredAny>(&self.socket);
        said.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }

    pub(super) async fn run(mut self, recipe: Recipe, input: &Input) -> Result<(Self, Derived)> {
        self.jobs += 1;
        match timeout(self.needs.time, self.exchange(recipe, input)).await {
            Ok(Ok(Ok(derived))) => Ok((self, derived)),
            Ok(Ok(Err(of_the_file))) => Err(of_the_file),
            Ok(Err(trouble)) => Err(self.end(trouble).await),
            Err(_) => {
                self.process.end().await;
                Err(Error::out_of_time(self.needs.time))
            }
        }
    }

    async fn greet(&self, requirement: Requirement, limits: Limits) -> Result<Level, Trouble> {
        self.send(&Request::Start { version: VERSION, requirement, limits }, None).await?;
        match self.receive().await? {
            Answer::Ready { version: VERSION, level } => Ok(level),
            Answer::Ready { .. } => Err(Trouble::Lie("the version of another program")),
            Answer::Refused { sentence } => Err(Trouble::Own(io::Error::other(format!(
                "the worker cannot be locked up as required: {sentence}"
            )))),
            Answer::Made { .. } | Answer::Failed { .. } => Err(Trouble::Lie("the result of no job")),
        }
    }

    async fn exchange(&self, recipe: Recipe, input: &Input) -> Result<Result<Derived>, Trouble> {
        let number = u64::from(self.jobs);
        let output_bytes = self.needs.output_bytes;
        let output = input::output(output_bytes).map_err(Trouble::Own)?;
        let job = Request::Job { number, recipe, output_bytes };
        self.send(&job, Some((input, &output))).await?;
        match self.receive().await? {
            Answer::Made { number: of, made } if of == number => {
                answer::read(made, &output, output_bytes).map(Ok).map_err(Trouble::Lie)
            }
            Answer::Failed { number: of, failure } if of == number => Ok(Err(failure.into_error())),
            _ => Err(Trouble::Lie("the result of another job")),
        }
    }

    async fn send(&self, message: &impl Serialize, with: Option<(&Input, &File)>) -> Result<(), Trouble> {
        let descriptors = with.map(|(input, output)| [input.as_fd(), output.as_fd()]);
        let descriptors = descriptors.as_ref().map_or(&[][..], |both| &both[..]);
        let sent = self
            .socket
            .async_io(Interest::WRITABLE, || socket::send_with(&self.socket, message, descriptors))
            .await;
        sent.map_err(|error| match error.kind() {
            io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => Trouble::Gone,
            _ => Trouble::Own(error),
        })
    }

    async fn receive(&self) -> Result<Answer, Trouble> {
        let received = self.socket.async_io(Interest::READABLE, || socket::receive(&self.socket)).await;
        match received {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => Err(Trouble::Gone),
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Err(Trouble::Gone),
            Err(_) => Err(Trouble::Lie("something that is no answer")),
        }
    }

    /// Ends it after something went wrong: how it ended is what went wrong, if it was gone.
    async fn end(self, trouble: Trouble) -> Error {
        let status = self.process.end().await;
        let sentence = match trouble {
            Trouble::Gone if status.is_some_and(|status| status.signal() == Some(libc::SIGXCPU)) => {
                return Error::out_of_time(self.needs.cpu);
            }
            Trouble::Gone => format!("the worker ended: {}", ending(status)),
            Trouble::Lie(what) => format!("the worker answered with {what}"),
            Trouble::Own(error) => error.to_string(),
        };
        Error::new(ErrorKind::Worker, sentence)
    }
}

pub(super) fn ending(status: Option<ExitStatus>) -> String {
    let Some(status) = status else { return "nobody knows how".to_owned() };
    match (status.signal(), status.code()) {
        (Some(libc::SIGSYS), _) => "it made a system call that is deadly (SIGSYS)".to_owned(),
        (Some(libc::SIGABRT), _) => "it gave up, or had no memory left (SIGABRT)".to_owned(),
        (Some(libc::SIGSEGV | libc::SIGBUS), _) => "it crashed (SIGSEGV)".to_owned(),
        (Some(libc::SIGXFSZ), _) => "it wrote too much (SIGXFSZ)".to_owned(),
        (Some(libc::SIGKILL), _) => {
            "it was killed: memory was short, or somebody did it (SIGKILL)".to_owned()
        }
        (Some(signal), _) => format!("by signal {signal}"),
        (None, code) => format!("with code {}", code.unwrap_or_default()),
    }
}
