//! Other processes, and programs.

use std::ffi::CString;
use std::io::{self, IoSlice, IoSliceMut};
use std::process::Command;
use std::thread;

use nix::fcntl::AtFlags;
use nix::sys::ptrace;
use nix::sys::uio::{RemoteIoVec, process_vm_readv, process_vm_writev};
use nix::unistd::{Pid as NixPid, execve, execveat};
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::process::{
    PidfdFlags, PidfdGetfdFlags, Signal, kill_process, pidfd_getfd, pidfd_open, pidfd_send_signal,
    test_kill_process,
};

use super::{Scene, Try, tried};

pub(super) const ALL: &[(&str, Try)] = &[
    ("ask whether the parent takes signals", |scene| tried(test_kill_process(scene.parent))),
    ("send the parent a signal", |scene| tried(kill_process(scene.parent, Signal::CONT))),
    ("get a handle of the parent", |scene| tried(pidfd_open(scene.parent, PidfdFlags::empty()))),
    ("send a signal by a handle", |scene| tried(pidfd_send_signal(&scene.order.input, Signal::CONT))),
    ("take a descriptor of another process", |scene| {
        tried(pidfd_getfd(&scene.order.input, 0, PidfdGetfdFlags::empty()))
    }),
    ("trace the parent", |scene| tried(ptrace::seize(nix_pid(scene), ptrace::Options::empty()))),
    ("be traced by the parent", |_| tried(ptrace::traceme())),
    ("read the parent's memory", |scene| {
        let mut found = [0];
        tried(process_vm_readv(nix_pid(scene), &mut [IoSliceMut::new(&mut found)], &[SOMEWHERE]))
    }),
    ("write the parent's memory", |scene| {
        tried(process_vm_writev(nix_pid(scene), &[IoSlice::new(&[0])], &[SOMEWHERE]))
    }),
    ("start a thread", |_| tried(thread::Builder::new().spawn(|| ()).map(thread::JoinHandle::join))),
    ("start threads without end", |_| {
        let threads: io::Result<Vec<_>> = (0..64).map(|_| thread::Builder::new().spawn(|| ())).collect();
        tried(threads)
    }),
    ("start a process", |_| tried(Command::new("/bin/true").status())),
    ("become another program", |_| {
        tried(program().and_then(|program| execve(&program, &[&program], NO_WORDS)))
    }),
    ("become the file as a program", |scene| {
        let nameless = CString::default();
        tried(execveat(&scene.order.input, &nameless, &[&nameless], NO_WORDS, AtFlags::AT_EMPTY_PATH))
    }),
    ("become the output as a program", |scene| {
        let nameless = CString::default();
        tried(execveat(&scene.order.output, &nameless, &[&nameless], NO_WORDS, AtFlags::AT_EMPTY_PATH))
    }),
    ("make a program in memory", |_| tried(memfd_create("program", MemfdFlags::empty()))),
];

/// An address that is mapped in no process.
const SOMEWHERE: RemoteIoVec = RemoteIoVec { base: 0, len: 1 };

const NO_WORDS: &[&CString] = &[];

fn nix_pid(scene: &Scene) -> NixPid {
    NixPid::from_raw(scene.parent.as_raw_pid())
}

fn program() -> nix::Result<CString> {
    // A path that exists on no system: as far as the attempt may come.
    CString::new("/tmp/mediary-escape-nothing").map_err(|_| nix::Error::EINVAL)
}
