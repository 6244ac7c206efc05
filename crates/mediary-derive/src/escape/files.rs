//! Files by their paths.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{PermissionsExt as _, chown, chroot, symlink};

use rustix::fs::{CWD, FileType, Mode, mknodat, statfs};

use super::{Outcome, Try, tried};

pub(super) const ALL: &[(&str, Try)] = &[
    ("read /etc/passwd", |_| tried(File::open("/etc/passwd"))),
    ("read the own memory by its path", |_| tried(File::open("/proc/self/mem"))),
    ("read the parent's environment", |scene| {
        tried(File::open(format!("/proc/{}/environ", scene.parent.as_raw_pid())))
    }),
    ("write to a device", |_| tried(OpenOptions::new().write(true).open("/dev/null"))),
    ("open the file again, for writing", |scene| {
        let path = format!("/proc/self/fd/{}", scene.order.input.as_raw_fd());
        tried(OpenOptions::new().write(true).open(path))
    }),
    ("list the root folder", |_| tried(fs::read_dir("/"))),
    ("ask whether /etc/passwd is there", |_| tried(fs::metadata("/etc/passwd"))),
    ("ask for the size of a file system", |_| tried(statfs("/"))),
    ("read a link", |_| tried(fs::read_link("/proc/self/exe"))),
    ("ask for the current folder", |_| tried(std::env::current_dir())),
    ("change the current folder", |_| tried(std::env::set_current_dir("/"))),
    ("change the root folder", |_| tried(chroot(NOTHING))),
    ("create a file", |_| created(File::create(NEW).map(drop), || fs::remove_file(NEW))),
    ("create a folder", |_| created(fs::create_dir(NEW), || fs::remove_dir(NEW))),
    ("create a pipe with a name", |_| {
        let made = mknodat(CWD, NEW, FileType::Fifo, Mode::RUSR, 0);
        created(made.map_err(io::Error::from), || fs::remove_file(NEW))
    }),
    ("create a symbolic link", |_| created(symlink(NOTHING, NEW), || fs::remove_file(NEW))),
    ("create a second name for a file", |_| tried(fs::hard_link(NOTHING, NEW))),
    ("rename a file", |_| tried(fs::rename(NOTHING, NEW))),
    ("delete a file", |_| tried(fs::remove_file(NOTHING))),
    ("delete a folder", |_| tried(fs::remove_dir(NOTHING))),
    ("change who may read a file", |_| {
        tried(fs::set_permissions(NOTHING, fs::Permissions::from_mode(0o777)))
    }),
    ("change whose file it is", |_| tried(chown(NOTHING, Some(0), Some(0)))),
    ("watch files", |_| tried(rustix::fs::inotify::init(rustix::fs::inotify::CreateFlags::CLOEXEC))),
];

/// A path where nothing is, in a folder that everybody may write to.
const NOTHING: &str = "/tmp/mediary-escape-nothing";
const NEW: &str = "/tmp/mediary-escape-new";

/// What was created is taken away again.
pub(super) fn created(result: io::Result<()>, remove: impl Fn() -> io::Result<()>) -> Outcome {
    if result.is_ok() {
        // It is of no use to anybody: what counts is that it could be made.
        let _ = remove();
    }
    tried(result)
}
