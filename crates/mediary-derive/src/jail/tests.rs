//! The filters, asked about every system call that there is.

use libc::c_long;

use super::filter::{ALLOWED, DEADLY, DEADLY_HERE, Filters, compile};
use super::tool_filter::{self, ALIVE, REFUSED, REFUSED_HERE};
use super::verdict::{Call, HERE, Verdict};
use super::*;

const PID: u32 = 4711;

/// Beyond the numbers of any kernel.
const NUMBERS: std::ops::Range<c_long> = 0..1024;

/// Allowed with some arguments only.
const CONDITIONAL: [c_long; 4] = [libc::SYS_mmap, libc::SYS_mprotect, libc::SYS_tgkill, libc::SYS_fcntl];

fn filters() -> Filters {
    compile(PID).unwrap()
}

fn verdict(number: c_long, arguments: [u64; 6]) -> Verdict {
    filters().verdict(&Call::new(number, arguments)).unwrap()
}

#[test]
fn level_says_what_holds() {
    let said = |landlock, seccomp| Level { landlock, seccomp }.to_string();
    assert_eq!(said(Some(7), true), "Landlock 7 (files, TCP, signals, abstract sockets), seccomp");
    assert_eq!(said(Some(4), true), "Landlock 4 (files, TCP), seccomp");
    assert_eq!(said(Some(1), false), "Landlock 1 (files), no seccomp");
    assert_eq!(said(None, true), "no Landlock, seccomp");
}

#[test]
fn system_calls_that_are_not_listed_are_refused_whatever_their_arguments() {
    let filters = filters();
    let arguments = [0, 1, 2, 3, u64::from(PID), 1030, u64::from(u32::MAX), u64::MAX].map(|value| [value; 6]);
    for number in NUMBERS {
        let verdicts = arguments.map(|arguments| filters.verdict(&Call::new(number, arguments)).unwrap());
        if ALLOWED.contains(&number) {
            assert_eq!(verdicts, [Verdict::Allowed; 8], "{number}");
        } else if DEADLY.contains(&number) || DEADLY_HERE.contains(&number) {
            assert_eq!(verdicts, [Verdict::Ends; 8], "{number}");
        } else if !CONDITIONAL.contains(&number) {
            assert_eq!(verdicts, [Verdict::Fails(libc::EPERM.cast_unsigned()); 8], "{number}");
        }
    }
}

#[test]
fn system_calls_of_other_architectures_are_refused() {
    const X86_32: u32 = 0x4000_0003;
    const X32: u32 = 0x4000_0000;
    let filters = filters();
    for number in NUMBERS {
        let call = Call::new(number, [0; 6]);
        assert_eq!(filters.verdict(&Call { architecture: X86_32, ..call }), Some(Verdict::Ends), "{number}");
        let as_x32 = Call { number: call.number | X32, architecture: HERE, ..call };
        assert_ne!(filters.verdict(&as_x32), Some(Verdict::Allowed), "{number}");
    }
}

#[test]
fn memory_is_never_executable() {
    for number in [libc::SYS_mmap, libc::SYS_mprotect] {
        for protection in 0..=u64::from(u8::MAX) {
            let executable = protection & libc::PROT_EXEC.cast_unsigned() as u64 != 0;
            let allowed = verdict(number, [0, 4096, protection, 0x22, 0, 0]) == Verdict::Allowed;
            assert_eq!(allowed, !executable, "{protection:#x}");
        }
    }
}

#[test]
fn signals_reach_the_process_itself_alone() {
    let signal = |pid: u32| verdict(libc::SYS_tgkill, [pid.into(), pid.into(), 6, 0, 0, 0]);
    assert_eq!(signal(PID), Verdict::Allowed);
    for other in [0, 1, PID - 1, PID + 1, u32::MAX] {
        assert_eq!(signal(other), Verdict::Ends, "{other}");
    }
}

#[test]
fn descriptors_can_be_duplicated_and_asked_for_their_mode() {
    let allowed = [libc::F_GETFD, libc::F_GETFL, libc::F_DUPFD_CLOEXEC];
    for command in 0..2048_i32 {
        let verdict = verdict(libc::SYS_fcntl, [3, command.cast_unsigned().into(), 0, 0, 0, 0]);
        assert_eq!(verdict == Verdict::Allowed, allowed.contains(&command), "{command}");
    }
}

fn of_a_tool(number: c_long, arguments: [u64; 6]) -> Verdict {
    tool_filter::compile(PID).unwrap().verdict(&Call::new(number, arguments)).unwrap()
}

const REFUSED_WITH_EPERM: Verdict = Verdict::Fails(libc::EPERM.cast_unsigned());

#[test]
fn external_program_is_ended_by_what_ends_a_worker_and_refused_what_is_listed() {
    let filters = tool_filter::compile(PID).unwrap();
    for number in NUMBERS {
        let verdict = filters.verdict(&Call::new(number, [0; 6])).unwrap();
        if ALIVE.contains(&number) {
            assert_ne!(verdict, Verdict::Ends, "{number}");
        } else if DEADLY.contains(&number) || DEADLY_HERE.contains(&number) {
            assert_eq!(verdict, Verdict::Ends, "{number}");
        } else if REFUSED.contains(&number) || REFUSED_HERE.contains(&number) {
            assert_eq!(verdict, REFUSED_WITH_EPERM, "{number}");
        } else if !CONDITIONAL.contains(&number) {
            assert_eq!(verdict, Verdict::Allowed, "{number}");
        }
    }
}

#[test]
fn external_program_starts_threads_and_no_processes() {
    let flags = |flags: i32| [flags.cast_unsigned().into(), 0, 0, 0, 0, 0];
    let thread = libc::CLONE_VM | libc::CLONE_SIGHAND | libc::CLONE_THREAD;
    assert_eq!(of_a_tool(libc::SYS_clone, flags(thread)), Verdict::Allowed);
    for process in [0, libc::SIGCHLD, libc::CLONE_VM | libc::CLONE_VFORK, libc::CLONE_NEWUSER] {
        assert_eq!(of_a_tool(libc::SYS_clone, flags(process)), REFUSED_WITH_EPERM, "{process:#x}");
    }
    assert_eq!(of_a_tool(libc::SYS_clone3, [0; 6]), Verdict::Fails(libc::ENOSYS.cast_unsigned()));
}

#[test]
fn external_program_changes_nothing_of_other_processes() {
    assert_eq!(of_a_tool(libc::SYS_prlimit64, [0; 6]), Verdict::Allowed);
    for other in [1, PID, PID + 1] {
        assert_eq!(of_a_tool(libc::SYS_prlimit64, [other.into(), 0, 0, 0, 0, 0]), REFUSED_WITH_EPERM);
    }
    assert_eq!(of_a_tool(libc::SYS_tgkill, [PID.into(), PID.into(), 6, 0, 0, 0]), Verdict::Allowed);
    assert_eq!(of_a_tool(libc::SYS_tgkill, [1, 1, 9, 0, 0, 0]), Verdict::Ends);
    let option = |option: i32| of_a_tool(libc::SYS_prctl, [option.cast_unsigned().into(), 0, 0, 0, 0, 0]);
    assert_eq!(option(libc::PR_SET_NAME), Verdict::Allowed);
    assert_eq!(option(libc::PR_SET_PDEATHSIG), REFUSED_WITH_EPERM);
    let command = |command: i32| of_a_tool(libc::SYS_fcntl, [3, command.cast_unsigned().into(), 0, 0, 0, 0]);
    assert_eq!(command(libc::F_GETFL), Verdict::Allowed);
    assert_eq!(command(libc::F_SETOWN), REFUSED_WITH_EPERM);
}
