//! The same attacker in the place of an external program, which is locked up by a profile of its own.
//!
//! It finds a file of its user's in the folder for temporary ones, so that something is there to be harmed.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use nix::unistd::execv;
use rustix::fs::{CWD, Timestamps, utimensat};
use rustix::time::Timespec;

use super::limits::SLEEP;
use super::{
    Attempt, CONTROL, INPUT, NEEDS, Outcome, SHORT_TIME, Scene, Try, by_filter, descriptors, files, kernel,
    limits, network, processes, tried,
};
use crate::jail::tool_filter;
use crate::pool::tool::Task;
use crate::pool::{Input, Pool, Settings};
use crate::recipe::{Needs, Recipe};
use crate::worker::Order;
use crate::{Error, ErrorKind, Result};

const ALL: &[(&str, Try)] = &[
    ("become another program", |_| {
        let program = c"/bin/sh";
        tried(execv(program, &[program]))
    }),
    ("read a file of the user's", |scene| tried(File::open(of_the_user(scene)))),
    ("write to a file of the user's", |scene| tried(File::options().append(true).open(of_the_user(scene)))),
    ("empty a file of the user's", |scene| tried(nix::unistd::truncate(&of_the_user(scene), 0))),
    ("rename a file of the user's", |scene| {
        tried(fs::rename(of_the_user(scene), of_the_user(scene).with_extension("new")))
    }),
    ("delete a file of the user's", |scene| tried(fs::remove_file(of_the_user(scene)))),
    ("give a file of the user's a second name", |scene| {
        tried(fs::hard_link(of_the_user(scene), of_the_user(scene).with_extension("new")))
    }),
    ("change when a file of the user's was written", |scene| {
        let epoch = Timespec { tv_sec: 0, tv_nsec: 0 };
        let times = Timestamps { last_access: epoch, last_modification: epoch };
        tried(utimensat(CWD, of_the_user(scene), &times, rustix::fs::AtFlags::empty()))
    }),
    ("put a library beside the others", |_| {
        files::created(File::create(LIBRARY).map(drop), || fs::remove_file(LIBRARY))
    }),
    ("say without end what is wrong", |_| {
        loop {
            if io::stderr().write_all(b"wrong").is_err() {
                break Outcome::Silent;
            }
        }
    }),
];

const LIBRARY: &str = "/usr/lib/mediary-escape-new";

/// What an external program may try and has no use for, by the names of attempts: names and sizes of files are no secret to it,
/// its own descriptors and threads are its own, and nobody takes what it hands over.
const NO_ESCAPE: &[&str] = &[
    "ask whether /etc/passwd is there",
    "ask for the size of a file system",
    "read a link",
    "ask for the current folder",
    "change the current folder",
    "control a device by a descriptor",
    "make the output smaller",
    "hand a descriptor to the program",
    "start a thread",
    "start threads without end",
    "set a limit that holds already",
    // These need something that is there: it stands above.
    "create a second name for a file",
    "rename a file",
    "delete a file",
    "delete a folder",
    "become another program",
    // Libraries are memory that can be executed. A path is judged by Landlock.
    "map memory that can be executed",
    "map the file so that it can be executed",
    "let memory be executed",
    "let memory be executed by a key",
    "open a file by the newest call",
    "ask for a file by its path and an empty one",
    "lock memory",
    "send to a socket",
];

fn all() -> impl Iterator<Item = &'static (&'static str, Try)> {
    let of_workers = [files::ALL, descriptors::ALL, network::ALL, processes::ALL, kernel::ALL, limits::ALL];
    let of_workers = of_workers.into_iter().flatten().filter(|(name, _)| !NO_ESCAPE.contains(name));
    ALL.iter().chain(of_workers)
}

fn of_the_user(scene: &Scene) -> PathBuf {
    victim(scene.parent.as_raw_pid().cast_unsigned())
}

fn victim(program: u32) -> PathBuf {
    Path::new("/tmp").join(format!("mediary-escape-{program}"))
}

/// The attacker's program, started where ffmpeg would be. The attempt is named by its last argument.
pub fn tool_main(attempt: &str) -> ExitCode {
    match attack(attempt) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn attack(name: &str) -> io::Result<()> {
    let parent = rustix::process::getppid().ok_or(io::ErrorKind::NotFound)?;
    let input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let output = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let order = Order { number: 0, recipe: Recipe::Video, input, output, output_bytes: NEEDS.output_bytes };
    let scene = Scene { order, parent, user: rustix::process::getuid() };
    let outcome = match all().find(|(known, _)| *known == name) {
        // A panic is no refusal.
        Some((_, attempt)) => panic::catch_unwind(AssertUnwindSafe(|| attempt(&scene)))
            .unwrap_or_else(|_| Outcome::Allowed("the attempt failed by itself".to_owned())),
        None => Outcome::Allowed("nothing was tried".to_owned()),
    };
    let said = match outcome {
        Outcome::Refused(how) => format!("{REFUSED}{how}"),
        Outcome::Allowed(how) => how,
        Outcome::Silent => return Ok(()),
    };
    io::stdout().write_all(said.as_bytes())
}

/// Before what the attacker says that was refused.
const REFUSED: &str = "refused: ";

/// Tries every way out of the sandbox of external programs. Workers are those of `settings`; its program plays the attacker when it
/// has these arguments and the name of an attempt after them: it calls [`tool_main`].
///
/// # Errors
/// [`ErrorKind::Worker`]: attackers cannot be started, or cannot be locked up as required, so nothing was tried.
pub async fn try_to_escape_as_tool(settings: &Settings, arguments: &[&str]) -> Result<Vec<Attempt>> {
    let pool = Pool::new(settings.clone())?;
    let level = pool.level().await?;
    let cannot = |what: &str, error: io::Error| Error::new(ErrorKind::Worker, format!("{what}: {error}"));
    let program =
        settings.program.canonicalize().map_err(|error| cannot("the attacker is not there", error))?;
    let _listener =
        network::listener().map_err(|error| cannot("no socket can be made to be reached", error))?;
    let attempt = async |name: &'static str| {
        let words = arguments.iter().copied().chain([name]);
        let task = Task { program: program.clone(), arguments: words.map(str::to_owned).collect() };
        let victim = Victim::new().map_err(|error| cannot("no file can be made to be attacked", error))?;
        run(&pool, task, name, &victim).await
    };
    if attempt(CONTROL).await?.refused {
        return Err(Error::new(ErrorKind::Worker, "the program that is to play the attacker does not"));
    }
    let mut attempts = Vec::new();
    for (name, _) in all() {
        attempts.push(attempt(name).await?);
    }
    let by_filter = by_filter::attempts(level, tool_filter::compile(std::process::id()))?;
    attempts.extend(by_filter.into_iter().filter(|attempt| !NO_ESCAPE.contains(&attempt.name)));
    Ok(attempts)
}

async fn run(pool: &Pool, task: Task, name: &'static str, victim: &Victim) -> Result<Attempt> {
    let time = if name == SLEEP { SHORT_TIME } else { NEEDS.time };
    let input = Input::from_file(victim.open()?)?;
    let (refused, how) = match pool.run_tool(None, task, &input, &Needs { time, ..NEEDS }).await {
        Ok(done) => {
            let said = done.output.beginning().unwrap_or_default();
            match said.strip_prefix(REFUSED) {
                Some(how) => (true, how.to_owned()),
                None => (false, said),
            }
        }
        Err(error) if error.kind() == ErrorKind::Worker => return Err(error),
        Err(ended) => (true, ended.sentence().to_owned()),
    };
    Ok(Attempt { name, refused, how })
}

/// The file of the user's, and the one that attackers are given, until this is dropped.
struct Victim {
    of_the_user: PathBuf,
    given: PathBuf,
}

impl Victim {
    fn new() -> io::Result<Self> {
        let of_the_user = victim(std::process::id());
        let files = Self { given: of_the_user.with_extension("given"), of_the_user };
        for path in [&files.of_the_user, &files.given] {
            File::create(path)?.write_all(INPUT)?;
        }
        Ok(files)
    }

    fn open(&self) -> Result<File> {
        File::open(&self.given)
            .map_err(|error| Error::new(ErrorKind::Worker, format!("the attacker's file is gone: {error}")))
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        for path in [&self.of_the_user, &self.of_the_user.with_extension("new"), &self.given] {
            // One that an attacker has taken away is not missed.
            let _ = fs::remove_file(path);
        }
    }
}
