//! System calls that nobody can try safely: what the compiled filters say of them.

use libc::c_long;
use seccompiler::BackendError;

use super::Attempt;
use crate::jail::Level;
use crate::jail::filter::Filters;
use crate::jail::verdict::{Call, Verdict};
use crate::{Error, ErrorKind, Result};

const EXECUTABLE: u64 = (libc::PROT_READ | libc::PROT_EXEC) as u64;

/// A name, a number, and the arguments where they matter.
const CALLS: &[(&str, c_long, [u64; 6])] = &[
    ("map memory that can be executed", libc::SYS_mmap, [0, 4096, EXECUTABLE, 0x22, u64::MAX, 0]),
    ("map the file so that it can be executed", libc::SYS_mmap, [0, 4096, EXECUTABLE, 0x02, 3, 0]),
    ("let memory be executed", libc::SYS_mprotect, [4096, 4096, EXECUTABLE, 0, 0, 0]),
    ("let memory be executed by a key", libc::SYS_pkey_mprotect, [4096, 4096, EXECUTABLE, 0, 0, 0]),
    ("attach shared memory of System V", libc::SYS_shmat, [0; 6]),
    ("copy the process", libc::SYS_clone, [0; 6]),
    ("copy the process by the newest call", libc::SYS_clone3, [0; 6]),
    ("set up io_uring", libc::SYS_io_uring_setup, [8, 4096, 0, 0, 0, 0]),
    ("enter io_uring", libc::SYS_io_uring_enter, [3, 1, 0, 0, 0, 0]),
    ("load a program into the kernel", libc::SYS_bpf, [5, 4096, 72, 0, 0, 0]),
    ("watch the processor's counters", libc::SYS_perf_event_open, [4096, 0, 0, 0, 0, 0]),
    ("handle page faults", libc::SYS_userfaultfd, [1, 0, 0, 0, 0, 0]),
    ("read the kernel's keys", libc::SYS_keyctl, [0; 6]),
    ("add a key", libc::SYS_add_key, [0; 6]),
    ("request a key", libc::SYS_request_key, [0; 6]),
    ("send a signal to a thread of another process", libc::SYS_tgkill, [1, 1, 9, 0, 0, 0]),
    ("open a file by its handle", libc::SYS_open_by_handle_at, [3, 4096, 0, 0, 0, 0]),
    ("open a file by the newest call", libc::SYS_openat2, [0, 4096, 4096, 24, 0, 0]),
    ("ask for a file by its path and an empty one", libc::SYS_newfstatat, [3, 4096, 4096, 0x1000, 0, 0]),
    ("load a module", libc::SYS_init_module, [4096, 4096, 4096, 0, 0, 0]),
    ("load a module of a file", libc::SYS_finit_module, [3, 4096, 0, 0, 0, 0]),
    ("start another kernel", libc::SYS_kexec_load, [0; 6]),
    ("restart the machine", libc::SYS_reboot, [0xFEE1_DEAD, 0x2812_1969, 0, 0, 0, 0]),
    ("set the clock", libc::SYS_clock_settime, [0, 4096, 0, 0, 0, 0]),
    ("change the name of the machine", libc::SYS_sethostname, [4096, 1, 0, 0, 0, 0]),
    ("swap memory to a file", libc::SYS_swapon, [4096, 0, 0, 0, 0, 0]),
    ("send a signal by a file's owner", libc::SYS_fcntl, [3, libc::F_SETOWN as u64, 1, 0, 0, 0]),
    ("copy memory into a pipe", libc::SYS_vmsplice, [1, 4096, 1, 0, 0, 0]),
    ("lock memory", libc::SYS_mlockall, [1, 0, 0, 0, 0, 0]),
    ("send to a socket", libc::SYS_sendmsg, [0, 4096, 0, 0, 0, 0]),
];

/// Where no filter holds, nothing is refused by one.
pub(super) fn attempts(level: Level, filters: Result<Filters, BackendError>) -> Result<Vec<Attempt>> {
    let filters = filters
        .map_err(|error| Error::new(ErrorKind::Worker, format!("the filter cannot be made: {error}")))?;
    let judge = |&(name, number, arguments): &(&'static str, c_long, [u64; 6])| {
        let (refused, how) = match level.seccomp.then(|| filters_say(&filters, number, arguments)) {
            None => (false, "there is no filter"),
            Some(Some(Verdict::Fails(_))) => (true, "refused by the filter"),
            Some(Some(Verdict::Ends)) => (true, "the filter ends the process"),
            Some(Some(Verdict::Allowed)) => (false, "the filter allows it"),
            Some(None) => (false, "the filter is not understood"),
        };
        Attempt { name, refused, how: how.to_owned() }
    };
    Ok(CALLS.iter().map(judge).collect())
}

fn filters_say(filters: &Filters, number: c_long, arguments: [u64; 6]) -> Option<Verdict> {
    filters.verdict(&Call::new(number, arguments))
}
