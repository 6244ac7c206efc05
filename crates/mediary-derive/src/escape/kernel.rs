//! What the kernel keeps of a process: names, limits, privileges, and the jail itself.

use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::personality::{self, Persona};
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use rustix::process::{
    DumpableBehavior, Resource, Rlimit, prlimit, set_dumpable_behavior, set_parent_process_death_signal,
    setpriority_process, setrlimit, setsid,
};
use rustix::thread::{
    CapabilitySet, CapabilitySets, set_capabilities, set_no_new_privs, set_thread_groups, set_thread_uid,
};
use seccompiler::sock_filter;

use super::{Try, tried};

pub(super) const ALL: &[(&str, Try)] = &[
    ("make a namespace of users", |_| tried(unshare(CloneFlags::CLONE_NEWUSER))),
    ("make a namespace of networks", |_| tried(unshare(CloneFlags::CLONE_NEWNET))),
    ("enter another namespace", |scene| tried(setns(&scene.order.input, CloneFlags::CLONE_NEWNS))),
    ("mount a file system", |_| tried(mount("none", NOTHING, "tmpfs", MountFlags::empty(), None))),
    ("unmount a file system", |_| tried(unmount(NOTHING, UnmountFlags::empty()))),
    ("become another user", |scene| tried(set_thread_uid(scene.user))),
    ("join other groups", |_| tried(set_thread_groups(&[]))),
    ("take capabilities", |_| {
        let (none, all) = (CapabilitySet::empty(), CapabilitySet::all());
        tried(set_capabilities(None, CapabilitySets { effective: all, permitted: all, inheritable: none }))
    }),
    ("leave the session", |_| tried(setsid())),
    ("get more of the processor", |_| tried(setpriority_process(None, 0))),
    ("lift the limit of memory", |_| tried(setrlimit(Resource::As, Rlimit { current: None, maximum: None }))),
    ("set a limit that holds already", |_| tried(setrlimit(Resource::Core, NO_CORE))),
    ("limit the parent", |scene| tried(prlimit(Some(scene.parent), Resource::Core, NO_CORE))),
    ("let others inspect the process", |_| tried(set_dumpable_behavior(DumpableBehavior::Dumpable))),
    ("outlive the parent", |_| tried(set_parent_process_death_signal(None))),
    ("get privileges by programs again", |_| tried(set_no_new_privs(false))),
    ("run as another kind of program", |_| tried(personality::set(Persona::READ_IMPLIES_EXEC))),
    ("put a filter of its own before the jail's", |_| {
        tried(seccompiler::apply_filter(&[ALLOW]).map_err(|error| match error {
            seccompiler::Error::Prctl(error) | seccompiler::Error::Seccomp(error) => error,
            other => std::io::Error::other(other),
        }))
    }),
];

const NO_CORE: Rlimit = Rlimit { current: Some(0), maximum: Some(0) };

const NOTHING: &str = "/tmp/mediary-escape-nothing";

/// A filter that allows everything.
const ALLOW: sock_filter =
    sock_filter { code: (libc::BPF_RET | libc::BPF_K) as u16, jt: 0, jf: 0, k: libc::SECCOMP_RET_ALLOW };
