//! Tries to break out of a worker, in every way we know, and says what came of each.
//!
//! [`main`] plays a decoder that an attacker has taken over: a worker that locks itself up like any other, takes a job, and then
//! tries one thing. [`try_to_escape`] starts one for each attempt, by a pool like any other. What a test cannot try, as there is no
//! safe way to make the system call, is asked of the compiled filters. [`try_to_escape_as_tool`] does the same in the place of an
//! external program.
//!
//! An attempt does no harm where it succeeds: it names files that do not exist, signals that say nothing, and values that hold already.

mod by_filter;
mod descriptors;
mod files;
mod kernel;
mod limits;
mod network;
mod processes;
mod talk;
mod tool;
mod twice;

use std::io;
use std::os::fd::AsFd as _;
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;
use std::time::Duration;

use mediary_core::CompanyId;
use rustix::process::{Pid, Uid, getuid};

use crate::jail::filter;
use crate::pool::{Input, Job, Pool, Settings};
use crate::protocol::answer::{Failure, Made};
use crate::protocol::{Answer, socket};
use crate::recipe::{Needs, Recipe};
use crate::worker::{self, Order};
use crate::{Derived, Error, ErrorKind, Result};

pub use tool::{tool_main, try_to_escape_as_tool};

/// One way out, and whether it was open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// What was tried.
    pub name: &'static str,
    pub refused: bool,
    /// What refused it, or how far it came.
    pub how: String,
}

/// The file that attackers are given.
const INPUT: &[u8] = b"the file of a stranger";

/// What an attacker's job may take.
const NEEDS: Needs = Needs {
    memory_bytes: 64 * 1024 * 1024,
    output_bytes: 1024 * 1024,
    cpu: Duration::from_secs(1),
    time: Duration::from_secs(30),
    alone: true,
};

/// The attacker's time by the clock in attempts to sit it out.
const SHORT_TIME: Duration = Duration::from_millis(500);

/// Something to try within a worker.
type Try = fn(&Scene) -> Outcome;

/// What an attacker has.
#[derive(Debug)]
struct Scene {
    order: Order,
    parent: Pid,
    user: Uid,
}

/// What came of it, as the attacker sees it.
enum Outcome {
    Refused(String),
    Allowed(String),
    /// It has answered by itself, or not at all: the program judges.
    Silent,
}

impl From<io::Result<()>> for Outcome {
    /// Whether somebody refused it. Any other error means that it was looked into.
    fn from(result: io::Result<()>) -> Self {
        match result {
            Ok(()) => Self::Allowed("done".to_owned()),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Self::Refused(error.to_string()),
            Err(error) => Self::Allowed(format!("tried, {error}")),
        }
    }
}

impl From<rustix::io::Result<()>> for Outcome {
    fn from(result: rustix::io::Result<()>) -> Self {
        result.map_err(io::Error::from).into()
    }
}

/// The outcome of something whose result is of no interest.
fn tried<T, E: Into<io::Error>>(result: Result<T, E>) -> Outcome {
    result.map(drop).map_err(Into::into).into()
}

/// An attempt that is no attempt: an attacker who reports that nothing refused it.
const CONTROL: &str = "do nothing";

fn all() -> impl Iterator<Item = &'static (&'static str, Try)> {
    [files::ALL, descriptors::ALL, network::ALL, processes::ALL, kernel::ALL, limits::ALL, talk::ALL]
        .into_iter()
        .flatten()
}

/// The attacker's program: what [`worker::main`] is for honest ones. The attempt is named by the last argument of the program.
pub fn main(attempt: &str) -> ExitCode {
    match attack(attempt) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn attack(name: &str) -> io::Result<()> {
    let (parent, user) = (rustix::process::getppid().ok_or(io::ErrorKind::NotFound)?, getuid());
    worker::start()?;
    if name == twice::NAME {
        return twice::attack();
    }
    let Some(order) = worker::next()? else { return Ok(()) };
    let number = order.number;
    let attempt = all().find(|(known, _)| *known == name).map(|(_, attempt)| attempt);
    let outcome = match attempt {
        Some(attempt) => {
            let scene = Scene { order, parent, user };
            // A panic is no refusal.
            panic::catch_unwind(AssertUnwindSafe(|| attempt(&scene)))
                .unwrap_or_else(|_| Outcome::Allowed("the attempt failed by itself".to_owned()))
        }
        None => Outcome::Allowed("nothing was tried".to_owned()),
    };
    let error = match outcome {
        Outcome::Refused(how) => Error::unsupported(how),
        Outcome::Allowed(how) => Error::broken(how),
        Outcome::Silent => return Ok(()),
    };
    socket::write(io::stdin().as_fd(), &Answer::Failed { number, failure: Failure::of(&error) })
}

/// Tries every way out. The program of `settings` plays the attacker: with its arguments and the name of an attempt after them it
/// calls [`main`].
///
/// # Errors
/// [`ErrorKind::Worker`]: attackers cannot be started, or cannot be locked up as required, so nothing was tried.
pub async fn try_to_escape(settings: &Settings) -> Result<Vec<Attempt>> {
    let level = pool_of(settings, CONTROL)?.level().await?;
    if judged(CONTROL, run(settings, CONTROL).await?).refused {
        return Err(Error::new(ErrorKind::Worker, "the program that is to play the attacker does not"));
    }
    let _listener = network::listener().map_err(|error| {
        Error::new(ErrorKind::Worker, format!("no socket can be made to be reached: {error}"))
    })?;
    let mut attempts = Vec::new();
    for (name, _) in all() {
        attempts.push(judged(name, run(settings, name).await?));
    }
    attempts.push(twice::attempt(settings).await?);
    attempts.extend(by_filter::attempts(level, filter::compile(std::process::id()))?);
    Ok(attempts)
}

/// What a job came to means for the attempt.
fn judged(name: &'static str, result: Result<Derived>) -> Attempt {
    let (refused, how) = match result {
        Ok(_) => (false, "the answer was believed".to_owned()),
        // The attacker reports by the kind of the error, see `attack`; a worker that had to be ended reports nothing.
        Err(error) => (error.kind() != ErrorKind::Broken, error.sentence().to_owned()),
    };
    Attempt { name, refused, how }
}

/// What the job of an attacker came to. An attacker who never began is an error, as nothing was refused.
async fn run(settings: &Settings, name: &'static str) -> Result<Result<Derived>> {
    let time = if name == limits::SLEEP { SHORT_TIME } else { NEEDS.time };
    let job = job(CompanyId(1), INPUT, Needs { time, ..NEEDS }).await?;
    let pool = pool_of(settings, name)?;
    match pool.run(job).await {
        Err(error) if pool.counters().workers_started == 0 => Err(error),
        result => Ok(result),
    }
}

fn pool_of(settings: &Settings, attempt: &str) -> Result<Pool> {
    let mut settings = settings.clone();
    settings.arguments.push(attempt.into());
    Pool::new(settings)
}

async fn job(company: CompanyId, input: &[u8], needs: Needs) -> Result<Job> {
    let input = Input::from_stream(input, input.len() as u64).await?;
    Ok(Job { company, recipe: Recipe::Picture, input, needs })
}

/// An answer that claims to have made something.
fn made(number: u64, made: Made) -> Answer {
    Answer::Made { number, made }
}
