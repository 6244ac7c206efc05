//! Which system calls an external program may make.
//!
//! What it asks for is not known as well as what our own decoders do: it differs from one release and one distribution to the next.
//! So all is allowed but what is listed. Paths are guarded by Landlock ([`super::landlock`]), and what that does not see is refused
//! here: names, owners and times of files, and what one process may do to another one of the same user. What only an attacker asks
//! for ends the process, as it does in a worker.
//!
//! `execve` has to be allowed, as this program becomes the other one by it, after it was locked up. It gives nothing away: whatever
//! is started has the same limits, rules and filters, and Landlock lets nothing be started but the program itself.

use libc::c_long;
use seccompiler::{BackendError, SeccompAction};

use super::filter::{
    DEADLY, DEADLY_HERE, Filters, Rules, any_arguments, equal, fails_with, masked, other_than, program,
};

/// Deadly to a worker, and what an external program begins with: it is started, and may have threads.
pub(super) const ALIVE: &[c_long] = &[libc::SYS_execve, libc::SYS_clone, libc::SYS_clone3];

/// Refused whatever the arguments are.
pub(super) const REFUSED: &[c_long] = &[
    // What Landlock does not see of files.
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    libc::SYS_fchmodat2,
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_utimensat,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    libc::SYS_fremovexattr,
    libc::SYS_flock,
    libc::SYS_name_to_handle_at,
    libc::SYS_inotify_init1,
    libc::SYS_fanotify_init,
    // Memory, queues and semaphores of other processes.
    libc::SYS_shmget,
    libc::SYS_shmat,
    libc::SYS_shmctl,
    libc::SYS_semget,
    libc::SYS_semop,
    libc::SYS_semctl,
    libc::SYS_msgget,
    libc::SYS_msgsnd,
    libc::SYS_msgrcv,
    libc::SYS_msgctl,
    libc::SYS_mq_open,
    libc::SYS_mq_unlink,
    libc::SYS_vmsplice,
    // Who it is, and how much of the machine it gets.
    libc::SYS_setuid,
    libc::SYS_setgid,
    libc::SYS_setreuid,
    libc::SYS_setregid,
    libc::SYS_setresuid,
    libc::SYS_setresgid,
    libc::SYS_setfsuid,
    libc::SYS_setfsgid,
    libc::SYS_setgroups,
    libc::SYS_setsid,
    libc::SYS_setpgid,
    libc::SYS_setpriority,
    libc::SYS_ioprio_set,
    libc::SYS_sched_setattr,
    libc::SYS_sched_setparam,
    libc::SYS_sched_setscheduler,
    libc::SYS_sched_setaffinity,
    libc::SYS_migrate_pages,
    libc::SYS_move_pages,
    // The machine.
    libc::SYS_syslog,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_vhangup,
    // Filters of its own.
    libc::SYS_seccomp,
];

/// The old names of some of them.
#[cfg(target_arch = "x86_64")]
pub(super) const REFUSED_HERE: &[c_long] = &[
    libc::SYS_chmod,
    libc::SYS_chown,
    libc::SYS_lchown,
    libc::SYS_utime,
    libc::SYS_utimes,
    libc::SYS_futimesat,
    libc::SYS_inotify_init,
];

#[cfg(target_arch = "aarch64")]
pub(super) const REFUSED_HERE: &[c_long] = &[];

/// What it may not set for itself: to outlive its parent, to be inspected, to get privileges, to filter.
const REFUSED_OPTIONS: [i32; 7] = [
    libc::PR_SET_PDEATHSIG,
    libc::PR_SET_DUMPABLE,
    libc::PR_SET_NO_NEW_PRIVS,
    libc::PR_SET_PTRACER,
    libc::PR_SET_CHILD_SUBREAPER,
    libc::PR_SET_SECCOMP,
    libc::PR_SET_MM,
];

/// What it may not do with a descriptor: have signals sent to others, or keep others waiting.
const REFUSED_COMMANDS: [i32; 4] = [libc::F_SETOWN, F_SETOWN_EX, F_SETSIG, libc::F_SETLEASE];

/// The library does not name them on every architecture; the kernel numbers them alike.
const F_SETSIG: i32 = 10;
const F_SETOWN_EX: i32 = 15;

/// The filters for the process of this number.
pub(crate) fn compile(pid: u32) -> Result<Filters, BackendError> {
    let mut deadly = any_arguments(DEADLY.iter().chain(DEADLY_HERE).filter(|call| !ALIVE.contains(call)));
    deadly.insert(libc::SYS_tgkill, vec![other_than(0, pid)?]);

    let mut refused = any_arguments(REFUSED.iter().chain(REFUSED_HERE));
    // A thread is all that may be started.
    refused.insert(libc::SYS_clone, vec![masked(0, libc::CLONE_THREAD, 0)?]);
    // Of another process: its limits need no rights beyond those of its user.
    refused.insert(libc::SYS_prlimit64, vec![other_than(0, 0)?]);
    refused.insert(libc::SYS_prctl, one_of(0, &REFUSED_OPTIONS)?);
    refused.insert(libc::SYS_fcntl, one_of(1, &REFUSED_COMMANDS)?);

    // Its flags lie in memory, where no filter sees them. A C library without it uses `clone`.
    let missing = any_arguments([libc::SYS_clone3].iter());

    // The one that refuses further filters comes last.
    let matching = |rules: Rules, then| program(rules, SeccompAction::Allow, then);
    Ok(Filters(vec![
        matching(deadly, SeccompAction::KillProcess)?,
        matching(missing, fails_with(libc::ENOSYS))?,
        matching(refused, fails_with(libc::EPERM))?,
    ]))
}

fn one_of(argument: u8, values: &[i32]) -> Result<Vec<seccompiler::SeccompRule>, BackendError> {
    values.iter().map(|value| equal(argument, value.cast_unsigned())).collect()
}
