//! The processes that read the files of strangers. Each is this program, started again as `mediary media-worker`, which locks itself up
//! before it reads a byte (`mediary_derive::jail`).

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

use mediary_core::limits;
use mediary_derive::ffmpeg::{Ffmpeg, PoolWithFfmpeg};
use mediary_derive::jail::{Level, Requirement};
use mediary_derive::pool::{Pool, Settings};
use mediary_derive::{Error, Result, Workers, escape, make, worker};

use crate::output;

/// The argument of a worker. People have no use for it, so `--help` does not name it.
const WORKER: &str = "media-worker";
/// Before the name of a way out of the sandbox: the worker plays a decoder that a file has taken over, and tries it.
const ESCAPE: &str = "--escape";
/// The same in the place of ffmpeg.
const ESCAPE_AS_FFMPEG: &str = "--escape-as-ffmpeg";

/// What is said where there is no ffmpeg.
pub(crate) const NO_FFMPEG: &str = "videos get no posters, and those that browsers cannot play (HEVC, 3GP) are not converted: ffmpeg is not installed (once it is, restart, and run `mediary derive --missing` for those that are here)";

/// By this name a process starts its own program, also after the file was replaced by that of another release.
const OWN_PROGRAM: &str = "/proc/self/exe";
/// What mimalloc takes in advance counts as memory of the program, and would be handed out beyond the limit of a job.
const NOTHING_IN_ADVANCE: (&str, &str) = ("MIMALLOC_ARENA_RESERVE", "0");

/// Is a worker to its end, if this process was started as one. A worker has one thread and reads no configuration, so this comes
/// before anything else.
pub(crate) fn main() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next()? != WORKER {
        return None;
    }
    let code = match (arguments.next(), arguments.next()) {
        (Some(option), Some(attempt)) if option == ESCAPE => escape::main(&attempt.to_string_lossy()),
        (Some(option), Some(attempt)) if option == ESCAPE_AS_FFMPEG => {
            escape::tool_main(&attempt.to_string_lossy())
        }
        _ => worker::main(make),
    };
    if code != ExitCode::SUCCESS {
        // Of a worker that a server started this goes nowhere.
        output::eprint_line(
            "mediary: media-worker is a part of the server, which starts it and hands it files",
        );
    }
    Some(code)
}

/// Workers that were started, and what was found out about them.
#[derive(Debug)]
pub(crate) struct StartedWorkers {
    pub(crate) workers: Arc<dyn Workers>,
    level: Level,
    /// As it names itself; without one, videos get no posters.
    ffmpeg: Option<String>,
}

impl StartedWorkers {
    /// Tells the log of a server what its workers can do.
    pub(crate) fn report(&self) {
        if self.level.is_sufficient() {
            tracing::info!(guards = %self.level, "media files are read in a sandbox");
        }
        match &self.ffmpeg {
            Some(ffmpeg) => tracing::info!(ffmpeg, "videos get posters"),
            None => tracing::info!("{NO_FFMPEG}"),
        }
    }
}

/// Workers, with a warning in the log where they are locked up less than they can be. None where that is less than required, or none
/// can be started: then nothing is made of media files, and everything else works.
pub(crate) async fn start(requirement: Requirement) -> Option<StartedWorkers> {
    match pool(requirement).await {
        Ok((pool, level)) => {
            if let Some(warning) = warning(requirement, level) {
                tracing::warn!(guards = %level, "{warning}");
            }
            Some(with_ffmpeg(pool, level).await)
        }
        Err(error) => {
            tracing::warn!("{}", advice(&error));
            None
        }
    }
}

/// Whether ffmpeg is there is looked for once: one that is installed later is found by the next start.
async fn with_ffmpeg(pool: Pool, level: Level) -> StartedWorkers {
    let found = find_ffmpeg(&pool).await.unwrap_or_else(|error| {
        tracing::warn!("ffmpeg cannot be used: {error}");
        None
    });
    let ffmpeg = found.as_ref().map(ToString::to_string);
    let workers: Arc<dyn Workers> = match found {
        Some(found) => Arc::new(PoolWithFfmpeg::new(pool, found)),
        None => Arc::new(pool),
    };
    StartedWorkers { workers, level, ffmpeg }
}

/// The ffmpeg that is used here, if there is any.
pub(crate) async fn ffmpeg(requirement: Requirement) -> Result<Option<Ffmpeg>> {
    let (pool, _) = pool(requirement).await?;
    find_ffmpeg(&pool).await
}

async fn find_ffmpeg(pool: &Pool) -> Result<Option<Ffmpeg>> {
    Ffmpeg::find(&std::env::var_os("PATH").unwrap_or_default(), pool).await
}

/// How far workers are locked up here: one is started to see.
pub(crate) async fn level(requirement: Requirement) -> Result<Level> {
    pool(requirement).await.map(|(_, level)| level)
}

/// Tries every way out of a worker that is known.
pub(crate) async fn try_to_escape(requirement: Requirement) -> Result<Vec<escape::Attempt>> {
    escape::try_to_escape(&settings(requirement, &[WORKER, ESCAPE])).await
}

/// The same in the place of ffmpeg, which has a sandbox of its own.
pub(crate) async fn try_to_escape_as_ffmpeg(requirement: Requirement) -> Result<Vec<escape::Attempt>> {
    escape::try_to_escape_as_tool(&settings(requirement, &[WORKER]), &[WORKER, ESCAPE_AS_FFMPEG]).await
}

/// What is wrong with workers that are locked up so far.
pub(crate) fn warning(requirement: Requirement, level: Level) -> Option<&'static str> {
    match requirement {
        _ if level.is_sufficient() => None,
        Requirement::Off => Some(
            "media files are read without a sandbox, for MEDIARY_MEDIA_SANDBOX is off: one that takes a decoder over may do what this user may",
        ),
        Requirement::Required | Requirement::Preferred => Some(
            "this kernel cannot give media files a whole sandbox, and MEDIARY_MEDIA_SANDBOX lets them be read all the same: a kernel from \
             5.13 on with Landlock enabled can",
        ),
    }
}

/// Why nothing is made of media files, and what to do.
pub(crate) fn advice(error: &Error) -> String {
    format!(
        "nothing is made of media files (no thumbnails, no waveforms): {error}; they need a kernel from 5.13 on with Landlock enabled and \
         a container or unit that allows its system calls, or MEDIARY_MEDIA_SANDBOX=preferred, which reads them with what protection there is"
    )
}

async fn pool(requirement: Requirement) -> Result<(Pool, Level)> {
    let pool = Pool::new(settings(requirement, &[WORKER]))?;
    let level = pool.level().await?;
    Ok((pool, level))
}

fn settings(requirement: Requirement, arguments: &[&str]) -> Settings {
    let usual = Settings::new(OWN_PROGRAM.into(), arguments.iter().map(OsString::from).collect());
    let (name, value) = NOTHING_IN_ADVANCE;
    Settings {
        environment: vec![(name.into(), value.into())],
        requirement,
        max_workers: usual.max_workers.min(limits::MEDIA_WORKERS),
        max_memory_bytes: limits::MEDIA_WORKERS_MEMORY_BYTES,
        ..usual
    }
}
