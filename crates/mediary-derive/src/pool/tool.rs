//! One run of an external program: a worker that becomes it.
//!
//! It has two descriptors, a file to read and memory to write to, and says what went wrong over the socket. Once it has read the file
//! it may be an attacker. So nothing is believed but how it ended, and what it has written is read by a worker like any other file.

use std::fs::File;
use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixDatagram as StdUnixDatagram;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use tokio::io::Interest;
use tokio::net::UnixDatagram;
use tokio::time::{Instant, timeout};

use super::input::{self, Input};
use super::process::{Process, Starter};
use super::room::Place;
use super::worker::{START_TIMEOUT, ending};
use crate::jail::{Limits, Requirement};
use crate::protocol::{Answer, Request, VERSION, socket};
use crate::recipe::Needs;
use crate::{Error, ErrorKind, Result};

/// What an external program is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Task {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
}

/// What it said and wrote.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) output: Input,
    /// The beginning of its errors, which may be the words of an attacker.
    pub(crate) said: String,
    pub(crate) status: ExitStatus,
}

/// Of its errors so much is kept.
const MAX_SAID_BYTES: usize = 1024;
/// A program that says more often what is wrong is ended.
const MAX_MESSAGES: usize = 1000;

/// Runs it to its end.
///
/// # Errors
/// [`ErrorKind::Worker`]: it could not be started, or not be locked up as required. [`ErrorKind::OutOfTime`] and [`ErrorKind::Broken`]: it
/// had to be ended, for which the file is to blame as far as anybody can tell.
pub(super) async fn run(
    starter: &Starter,
    place: Place,
    requirement: Requirement,
    needs: &Needs,
    task: Task,
    input: &Input,
) -> Result<Done> {
    let (ours, theirs) = socket::pair().map_err(|error| failed(&error))?;
    let ours = StdUnixDatagram::from(ours);
    ours.set_nonblocking(true).map_err(|error| failed(&error))?;
    let socket = UnixDatagram::from_std(ours).map_err(|error| failed(&error))?;
    let output = input::memory("mediary-output").map_err(|error| failed(&error))?;
    let limits = Limits {
        memory_bytes: needs.memory_bytes,
        cpu_seconds: needs.cpu.as_secs().max(1),
        file_bytes: needs.output_bytes,
    };
    let Task { program, arguments } = task;
    let request = Request::Tool { version: VERSION, requirement, limits, program, arguments };
    let process = starter.start(theirs, place).await.map_err(|error| failed(&error))?;
    let tool = Tool { process, socket };
    match timeout(START_TIMEOUT, tool.greet(&request, input, &output)).await {
        Ok(greeted) => greeted?,
        Err(_) => return Err(Error::new(ErrorKind::Worker, "an external program did not start in time")),
    }
    tool.finish(needs, output).await
}

/// A process, and the socket that is its standard error.
struct Tool {
    process: Process,
    socket: UnixDatagram,
}

impl Tool {
    async fn greet(&self, request: &Request, input: &Input, output: &File) -> Result<()> {
        let descriptors = [input.as_fd(), output.as_fd()];
        self.socket
            .async_io(Interest::WRITABLE, || socket::send_with(&self.socket, request, &descriptors))
            .await
            .map_err(|error| failed(&error))?;
        let received = self.socket.async_io(Interest::READABLE, || socket::receive(&self.socket)).await;
        match received.map_err(|error| failed(&error))? {
            Some(Answer::Ready { version: VERSION, .. }) => Ok(()),
            Some(Answer::Refused { sentence }) => Err(Error::new(
                ErrorKind::Worker,
                format!("an external program cannot be locked up as required: {sentence}"),
            )),
            _ => Err(failed(&io::ErrorKind::InvalidData.into())),
        }
    }

    /// The socket's end is that of the program. One that closes it, or says too much, is ended.
    async fn finish(self, needs: &Needs, output: File) -> Result<Done> {
        let started = Instant::now();
        let said = match timeout(needs.time, self.listen()).await {
            Ok(said) => said.map_err(|error| failed(&error))?,
            Err(_) => {
                self.process.end().await;
                return Err(Error::out_of_time(needs.time));
            }
        };
        let status = self.process.end().await;
        let Some(said) = said else {
            return Err(Error::broken("an external program found too much wrong with the file"));
        };
        let Some(status) = status.filter(|status| status.signal().is_none()) else {
            return Err(of_ending(status, needs, started.elapsed()));
        };
        Ok(Done { output: Input::from_memory(output)?, said, status })
    }

    /// What it says until its end; `None` if that is too often.
    async fn listen(&self) -> io::Result<Option<String>> {
        let mut said = Vec::new();
        for _ in 0..MAX_MESSAGES {
            let read = || socket::receive_text(&self.socket);
            let text = self.socket.async_io(Interest::READABLE, read).await?;
            if text.is_empty() {
                return Ok(Some(String::from_utf8_lossy(&said).into_owned()));
            }
            said.extend(text.into_iter().take(MAX_SAID_BYTES - said.len()));
        }
        Ok(None)
    }
}

/// SIGKILL comes from the kernel once the processor time is used up, but also where the machine has no memory left, or from an operator.
/// A program cannot have used more processor time than all cores had since it started.
fn of_ending(status: Option<ExitStatus>, needs: &Needs, lived: Duration) -> Error {
    if status.is_none_or(|status| status.signal() != Some(libc::SIGKILL)) {
        return Error::broken(format!("an external program ended: {}", ending(status)));
    }
    let cores =
        std::thread::available_parallelism().map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(1));
    if lived.saturating_mul(cores) < needs.cpu {
        return Error::new(ErrorKind::Worker, "an external program was killed before its time was up");
    }
    Error::out_of_time(needs.cpu)
}

fn failed(error: &io::Error) -> Error {
    Error::new(ErrorKind::Worker, format!("an external program cannot be started: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn program_that_somebody_kills_is_not_taken_for_one_whose_time_is_up() {
        let cpu = Duration::from_secs(20);
        let needs = Needs { memory_bytes: 0, output_bytes: 0, cpu, time: 3 * cpu, alone: true };
        let of = |signal, lived| {
            of_ending(Some(ExitStatus::from_raw(signal)), &needs, Duration::from_secs(lived)).kind()
        };
        assert_eq!(of(libc::SIGKILL, 0), ErrorKind::Worker);
        assert_eq!(of(libc::SIGKILL, 20), ErrorKind::OutOfTime);
        assert_eq!(of(libc::SIGSEGV, 0), ErrorKind::Broken);
    }
}
