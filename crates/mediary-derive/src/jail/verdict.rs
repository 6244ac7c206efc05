//! What the kernel would answer to a system call: the compiled filters, carried out step by step.
//!
//! Some calls have no safe wrapper to try them with, and nobody can try every number there is. The filters are programs for a small
//! machine (classic BPF), of which they use a handful of instructions; this is that machine.

use seccompiler::{BpfProgram, sock_filter};

use super::filter::Filters;

/// A system call as a filter sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) number: u32,
    pub(crate) architecture: u32,
    pub(crate) arguments: [u64; 6],
}

/// What becomes of it, from the mildest to the strictest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    Allowed,
    /// It fails with this number.
    Fails(u32),
    /// The process ends.
    Ends,
}

/// The architecture's number, as the kernel names it to filters.
#[cfg(target_arch = "x86_64")]
pub(crate) const HERE: u32 = 0xC000_003E;
#[cfg(target_arch = "aarch64")]
pub(crate) const HERE: u32 = 0xC000_00B7;

impl Call {
    pub(crate) fn new(number: libc::c_long, arguments: [u64; 6]) -> Self {
        // No architecture has a number beyond 32 bits.
        Self { number: u32::try_from(number).unwrap_or(u32::MAX), architecture: HERE, arguments }
    }

    /// The word at an offset of `struct seccomp_data`: number, architecture, instruction pointer, arguments.
    fn word(&self, offset: u32) -> Option<u32> {
        let half = |value: u64, high: bool| (if high { value >> 32 } else { value & 0xFFFF_FFFF }) as u32;
        match offset {
            0 => Some(self.number),
            4 => Some(self.architecture),
            16..64 if offset.is_multiple_of(4) => {
                let argument = self.arguments.get((offset as usize - 16) / 8)?;
                Some(half(*argument, offset % 8 == 4))
            }
            _ => None,
        }
    }
}

impl Filters {
    /// The strictest of their verdicts. None if a filter has an instruction that this machine lacks.
    pub(crate) fn verdict(&self, call: &Call) -> Option<Verdict> {
        let Self(filters) = self;
        filters.iter().try_fold(Verdict::Allowed, |strictest, filter| Some(strictest.max(run(filter, call)?)))
    }
}

fn run(program: &BpfProgram, call: &Call) -> Option<Verdict> {
    let mut accumulator = 0_u32;
    let mut at = 0_usize;
    loop {
        let sock_filter { code, jt, jf, k } = *program.get(at)?;
        at += 1;
        let mut jump = |taken: bool| at += usize::from(if taken { jt } else { jf });
        match u32::from(code) {
            LOAD_WORD => accumulator = call.word(k)?,
            AND => accumulator &= k,
            JUMP => at += k as usize,
            JUMP_IF_EQUAL => jump(accumulator == k),
            JUMP_IF_GREATER => jump(accumulator > k),
            JUMP_IF_NOT_LESS => jump(accumulator >= k),
            RETURN => return verdict(k),
            _ => return None,
        }
    }
}

const LOAD_WORD: u32 = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
const AND: u32 = libc::BPF_ALU | libc::BPF_AND | libc::BPF_K;
const JUMP: u32 = libc::BPF_JMP | libc::BPF_JA;
const JUMP_IF_EQUAL: u32 = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
const JUMP_IF_GREATER: u32 = libc::BPF_JMP | libc::BPF_JGT | libc::BPF_K;
const JUMP_IF_NOT_LESS: u32 = libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K;
const RETURN: u32 = libc::BPF_RET | libc::BPF_K;

fn verdict(returned: u32) -> Option<Verdict> {
    match returned & libc::SECCOMP_RET_ACTION_FULL {
        libc::SECCOMP_RET_ALLOW => Some(Verdict::Allowed),
        libc::SECCOMP_RET_ERRNO => Some(Verdict::Fails(returned & libc::SECCOMP_RET_DATA)),
        libc::SECCOMP_RET_KILL_PROCESS => Some(Verdict::Ends),
        _ => None,
    }
}
