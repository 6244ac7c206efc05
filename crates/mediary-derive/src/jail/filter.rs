//! Which system calls a locked-up process may make.
//!
//! There are two filters, and the kernel takes the stricter verdict of the two. The first is a list of what decoders use, some of
//! it with conditions; everything else fails with EPERM, because libraries ask for things that they can do without (how many
//! processors there are), and a file must not be lost to that. The second is a list of what only an attacker asks for: it ends the
//! process.
//!
//! Paths cannot be seen by a filter. So whatever takes one is absent from the first list, `newfstatat` and `statx` among it, which
//! some C libraries use to ask for the size of an open file: a recipe seeks to the end instead.

use std::collections::BTreeMap;

use libc::c_long;
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch,
};

/// Allowed whatever the arguments are: bytes of open descriptors, memory, time, and the end.
pub(super) const ALLOWED: &[c_long] = &[
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_pread64,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_pwrite64,
    libc::SYS_lseek,
    libc::SYS_fstat,
    libc::SYS_close,
    libc::SYS_recvmsg,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_futex,
    libc::SYS_sched_yield,
    libc::SYS_getrandom,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

/// What only an attacker asks for: other processes, other programs, the network, and the kernel's newest doors.
pub(super) const DEADLY: &[c_long] = &[
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_memfd_create,
    libc::SYS_memfd_secret,
    libc::SYS_clone,
    libc::SYS_clone3,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_process_mrelease,
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_send_signal,
    libc::SYS_kcmp,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_open_by_handle_at,
    libc::SYS_personality,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_quotactl,
];

#[cfg(target_arch = "x86_64")]
pub(super) const DEADLY_HERE: &[c_long] = &[
    libc::SYS_fork,
    libc::SYS_vfork,
    libc::SYS_kexec_file_load,
    libc::SYS_iopl,
    libc::SYS_ioperm,
    libc::SYS_modify_ldt,
];

#[cfg(target_arch = "aarch64")]
pub(super) const DEADLY_HERE: &[c_long] = &[libc::SYS_kexec_file_load];

/// Filters that hold together, in the order in which they are applied.
#[derive(Debug)]
pub(crate) struct Filters(pub(crate) Vec<BpfProgram>);

/// Calls, each with what its arguments have to be like; without rules, whatever they are.
pub(super) type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// The filters for the process of this number: it may end itself by a signal, and nobody else.
pub(crate) fn compile(pid: u32) -> Result<Filters, BackendError> {
    let mut allowed = any_arguments(ALLOWED.iter());
    let without = |bits: i32| masked(2, bits, 0);
    allowed.insert(libc::SYS_mmap, vec![without(libc::PROT_EXEC)?]);
    allowed.insert(libc::SYS_mprotect, vec![without(libc::PROT_EXEC)?]);
    allowed.insert(libc::SYS_tgkill, vec![equal(0, pid)?]);
    let harmless = [libc::F_GETFD, libc::F_GETFL, libc::F_DUPFD_CLOEXEC];
    allowed.insert(
        libc::SYS_fcntl,
        harmless.iter().map(|command| equal(1, command.cast_unsigned())).collect::<Result<_, _>>()?,
    );

    let mut deadly = any_arguments(DEADLY.iter().chain(DEADLY_HERE));
    deadly.insert(libc::SYS_tgkill, vec![other_than(0, pid)?]);

    // The one that allows little comes last, as it allows no further filter.
    Ok(Filters(vec![
        program(deadly, SeccompAction::Allow, SeccompAction::KillProcess)?,
        program(allowed, fails_with(libc::EPERM), SeccompAction::Allow)?,
    ]))
}

/// For good, and for this thread and what it starts.
pub(super) fn apply(filters: Result<Filters, BackendError>) -> Result<(), String> {
    let Filters(filters) = filters.map_err(|error| format!("the filter cannot be made: {error}"))?;
    filters
        .iter()
        .try_for_each(|filter| seccompiler::apply_filter(filter))
        .map_err(|error| format!("system calls cannot be filtered: {error}"))
}

/// A filter: what becomes of the calls that match, and of all others.
pub(super) fn program(
    rules: Rules,
    others: SeccompAction,
    matching: SeccompAction,
) -> Result<BpfProgram, BackendError> {
    let here: TargetArch = std::env::consts::ARCH.try_into()?;
    SeccompFilter::new(rules, others, matching, here)?.try_into()
}

pub(super) fn any_arguments<'c>(calls: impl Iterator<Item = &'c c_long>) -> Rules {
    calls.map(|call| (*call, Vec::new())).collect()
}

pub(super) fn fails_with(number: i32) -> SeccompAction {
    SeccompAction::Errno(number.cast_unsigned())
}

pub(super) fn masked(argument: u8, mask: i32, value: u64) -> Result<SeccompRule, BackendError> {
    let mask = u64::from(mask.cast_unsigned());
    SeccompRule::new(vec![SeccompCondition::new(
        argument,
        SeccompCmpArgLen::Dword,
        SeccompCmpOp::MaskedEq(mask),
        value,
    )?])
}

pub(super) fn equal(argument: u8, value: u32) -> Result<SeccompRule, BackendError> {
    compared(argument, SeccompCmpOp::Eq, value)
}

pub(super) fn other_than(argument: u8, value: u32) -> Result<SeccompRule, BackendError> {
    compared(argument, SeccompCmpOp::Ne, value)
}

fn compared(argument: u8, how: SeccompCmpOp, value: u32) -> Result<SeccompRule, BackendError> {
    SeccompRule::new(vec![SeccompCondition::new(argument, SeccompCmpArgLen::Dword, how, value.into())?])
}
