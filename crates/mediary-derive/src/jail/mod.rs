//! A process locks itself up before it reads a file of a stranger.
//!
//! What a decoder needs is memory and the descriptors that it is given. So the process keeps those and gives up the rest, in three
//! layers, each of which would do for most of what an attacker tries:
//!
//! - [`limits`]: memory, processor time, descriptors and processes are counted by the kernel. The process has no
//!   capabilities, gets none by running another program, can be inspected by nobody, and ends with its parent.
//! - [`landlock`]: no path, no TCP port, no signal to others, no socket of another process.
//! - [`filter`]: of the system calls the few that decoders use; others fail, and those that only an attacker makes end the process.
//!
//! An external program (ffmpeg) has a profile of its own, [`lock_for_tool`]: it may read its libraries, and [`tool_filter`] refuses what
//! is listed.
//!
//! Nothing of it needs privileges, namespaces or a helper program. What the kernel lacks is reported ([`Level`]).

pub(crate) mod filter;
mod landlock;
mod limits;
mod requirement;
pub(crate) mod tool_filter;
pub(crate) mod verdict;

#[cfg(test)]
mod tests;

use std::fmt;
use std::os::fd::BorrowedFd;
use std::path::Path;

use serde::{Deserialize, Serialize};

pub use limits::Limits;
pub use requirement::Requirement;

/// How far a process is locked up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Level {
    /// The version of Landlock's interface that holds: 1 guards files, 4 TCP ports too, 6 signals and abstract sockets too.
    pub landlock: Option<u32>,
    /// Whether system calls are filtered.
    pub seccomp: bool,
}

impl Level {
    /// Whether both layers hold. What an older Landlock does not guard, the filter does.
    pub fn is_sufficient(self) -> bool {
        self.landlock.is_some() && self.seccomp
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.landlock {
            None => f.write_str("no Landlock")?,
            Some(abi @ 0..4) => write!(f, "Landlock {abi} (files)")?,
            Some(abi @ 4..6) => write!(f, "Landlock {abi} (files, TCP)")?,
            Some(abi) => write!(f, "Landlock {abi} (files, TCP, signals, abstract sockets)")?,
        }
        f.write_str(if self.seccomp { ", seccomp" } else { ", no seccomp" })
    }
}

/// Closes what the process has inherited beside its standard streams.
pub(crate) fn close_inherited_descriptors() -> Result<(), String> {
    limits::close_inherited_descriptors()
}

/// Locks the calling process up for good. It must have one thread, and no descriptors but its standard streams.
///
/// The error is a sentence: what could not be locked. The process is to end then, as some of its doors may be locked already.
pub(crate) fn lock(requirement: Requirement, limits: &Limits) -> Result<Level, String> {
    limits::be_alone()?;
    limits::apply(limits)?;
    layers(requirement, landlock::apply, || filter::apply(filter::compile(std::process::id())))
}

/// The same for a process that becomes `program` afterwards, which reads `input`.
pub(crate) fn lock_for_tool(
    requirement: Requirement,
    limits: &Limits,
    program: &Path,
    input: BorrowedFd<'_>,
) -> Result<Level, String> {
    limits::be_alone()?;
    limits::apply_for_tool(limits)?;
    layers(
        requirement,
        || landlock::apply_for_tool(program, input),
        || filter::apply(tool_filter::compile(std::process::id())),
    )
}

fn layers(
    requirement: Requirement,
    landlock: impl FnOnce() -> Result<u32, String>,
    filter: impl FnOnce() -> Result<(), String>,
) -> Result<Level, String> {
    if requirement == Requirement::Off {
        return Ok(Level::default());
    }
    let landlock = landlock();
    let seccomp = filter();
    let level = Level { landlock: landlock.as_ref().ok().copied(), seccomp: seccomp.is_ok() };
    if requirement == Requirement::Required && !level.is_sufficient() {
        let missing: Vec<String> = [landlock.err(), seccomp.err()].into_iter().flatten().collect();
        return Err(missing.join("; "));
    }
    Ok(level)
}
