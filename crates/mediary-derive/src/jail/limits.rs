//! What the kernel counts for a process, and what a process may give up of itself.

use std::fs;
use std::io;

use rustix::process::{
    DumpableBehavior, Resource, Rlimit, Signal, set_dumpable_behavior, set_parent_process_death_signal,
    setrlimit,
};
use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities, set_no_new_privs};
use serde::{Deserialize, Serialize};

/// What a locked-up process may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Memory beyond what the program has mapped when it starts.
    pub memory_bytes: u64,
    /// Time on a processor, from the start to the end of the process.
    pub cpu_seconds: u64,
    /// The size of a file that it writes.
    pub file_bytes: u64,
}

/// Standard streams, the two descriptors of a job, and some that a decoder may duplicate.
const MAX_OPEN_FILES: u64 = 16;

/// What a program with its libraries may have mapped when it starts. An allocator that takes more in advance would hand that out
/// beyond the limit.
const MAX_PROGRAM_BYTES: u64 = 256 * 1024 * 1024;

/// What an external program with its libraries may map: ffmpeg of Debian 12 has 214 of them, in 350 MB. Of that, what can be written
/// counts as its memory.
const MAX_TOOL_PROGRAM_BYTES: u64 = 1024 * 1024 * 1024;

/// The kernel counts the threads of all processes of a user, so this is far beyond what a server has. It does not count root's.
const MAX_TASKS_OF_USER: u64 = 4096;

/// The last of the standard streams.
const LAST_STANDARD_STREAM: i32 = 2;

/// Closes what the parent was given by a shell or a service manager without the mark that keeps it from children.
pub(crate) fn close_inherited_descriptors() -> Result<(), String> {
    let sentence = |error: io::Error| format!("the open descriptors cannot be listed: {error}");
    let open: Vec<i32> = fs::read_dir("/proc/self/fd")
        .map_err(sentence)?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|number| *number > LAST_STANDARD_STREAM)
        .collect();
    for number in open {
        // One of them was the listing's own, and is closed by now.
        let _ = nix::unistd::close(number);
    }
    Ok(())
}

/// Landlock and the filter hold for the thread that asks for them, so there must be no other one.
pub(super) fn be_alone() -> Result<(), String> {
    let threads = fs::read_dir("/proc/self/task")
        .map_err(|error| format!("the threads cannot be counted: {error}"))?
        .count();
    if threads == 1 {
        Ok(())
    } else {
        Err(format!("the process has {threads} threads, and one can be locked up"))
    }
}

pub(super) fn apply(limits: &Limits) -> Result<(), String> {
    let program = program_bytes()?;
    if program > MAX_PROGRAM_BYTES {
        return Err(format!("the program takes {program} bytes of memory before it does anything"));
    }
    set(limits, &[(Resource::As, program.saturating_add(limits.memory_bytes)), (Resource::Nproc, 0)])?;
    // Its end by SIGXCPU says that its time was up. SIGKILL would say as much of short memory.
    let [soft, hard] = [0, 1].map(|more| Some(limits.cpu_seconds.saturating_add(more)));
    set_limit(Resource::Cpu, Rlimit { current: soft, maximum: hard })?;
    give_up()
}

/// The same for an external program: what it maps when it starts is not known, and it may have threads.
pub(super) fn apply_for_tool(limits: &Limits) -> Result<(), String> {
    let all = limits.memory_bytes.saturating_add(MAX_TOOL_PROGRAM_BYTES);
    set(
        limits,
        &[
            // ffmpeg would take SIGXCPU for a wish and go on, so there is none.
            (Resource::Cpu, limits.cpu_seconds),
            (Resource::Data, limits.memory_bytes),
            (Resource::As, all),
            (Resource::Nproc, MAX_TASKS_OF_USER),
        ],
    )?;
    give_up()
}

fn set(limits: &Limits, further: &[(Resource, u64)]) -> Result<(), String> {
    let usual = [
        (Resource::Fsize, limits.file_bytes),
        (Resource::Nofile, MAX_OPEN_FILES),
        (Resource::Core, 0),
        (Resource::Memlock, 0),
    ];
    for &(resource, most) in further.iter().chain(&usual) {
        set_limit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    Ok(())
}

fn set_limit(resource: Resource, limit: Rlimit) -> Result<(), String> {
    let most = limit.maximum.unwrap_or_default();
    setrlimit(resource, limit).map_err(|error| format!("{resource:?} cannot be limited to {most}: {error}"))
}

fn give_up() -> Result<(), String> {
    let nothing = CapabilitySet::empty();
    let given_up = set_no_new_privs(true)
        .and_then(|()| {
            set_capabilities(
                None,
                CapabilitySets { effective: nothing, permitted: nothing, inheritable: nothing },
            )
        })
        .and_then(|()| set_dumpable_behavior(DumpableBehavior::NotDumpable))
        .and_then(|()| set_parent_process_death_signal(Some(Signal::KILL)));
    given_up.map_err(|error| format!("privileges cannot be given up: {error}"))
}

/// The address space that the program itself takes.
fn program_bytes() -> Result<u64, String> {
    let text = fs::read_to_string("/proc/self/statm")
        .map_err(|error| format!("the program's size cannot be read: {error}"))?;
    let pages: u64 = text
        .split(' ')
        .next()
        .and_then(|pages| pages.parse().ok())
        .ok_or_else(|| "the program's size cannot be understood".to_owned())?;
    Ok(pages.saturating_mul(rustix::param::page_size() as u64))
}
