//! The descriptors that a worker has, and those that it should not have.

use std::fs::File;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::os::unix::fs::FileExt as _;

use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

use super::{NEEDS, Outcome, Scene, Try, tried};

pub(super) const ALL: &[(&str, Try)] = &[
    ("find an inherited descriptor", |scene| inherited(scene)),
    ("write to the file", |scene| any_error(scene.order.input.write_at(b"!", 0).map(drop))),
    ("shorten the file", |scene| any_error(scene.order.input.set_len(0))),
    ("lock the file against others", |scene| tried(scene.order.input.lock())),
    ("control a device by a descriptor", |scene| tried(rustix::io::ioctl_fionbio(&scene.order.input, false))),
    ("write beyond the output", |scene| any_error(scene.order.output.write_all_at(b"!", NEEDS.output_bytes))),
    ("make the output larger", |scene| any_error(scene.order.output.set_len(NEEDS.output_bytes + 1))),
    ("make the output smaller", |scene| any_error(scene.order.output.set_len(0))),
    ("keep more descriptors than allowed", |scene| hoarded(&scene.order.input)),
    ("hand a descriptor to the program", |scene| tried(handed(&scene.order.input))),
];

/// Descriptors do not exceed this number in any process that starts us.
const LAST_DESCRIPTOR: i32 = 4096;

/// By closing each number: closing succeeds where something was open.
fn inherited(scene: &Scene) -> Outcome {
    let known = [scene.order.input.as_raw_fd(), scene.order.output.as_raw_fd()];
    let open: Vec<i32> = (3..LAST_DESCRIPTOR)
        .filter(|number| !known.contains(number) && nix::unistd::close(*number).is_ok())
        .collect();
    match open.as_slice() {
        [] => Outcome::Refused("there is none".to_owned()),
        _ => Outcome::Allowed(format!("found {open:?}")),
    }
}

fn hoarded(file: &File) -> Outcome {
    let copies: io::Result<Vec<File>> = (0..64).map(|_| file.try_clone()).collect();
    any_error(copies.map(drop))
}

fn handed(file: &File) -> io::Result<()> {
    let descriptors = [file.as_fd()];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    control.push(SendAncillaryMessage::ScmRights(&descriptors));
    sendmsg(io::stdin(), &[IoSlice::new(b"{}")], &mut control, SendFlags::empty())?;
    Ok(())
}

/// What must not succeed, whatever the reason that it does not.
fn any_error(result: io::Result<()>) -> Outcome {
    match result {
        Ok(()) => Outcome::Allowed("done".to_owned()),
        Err(error) => Outcome::Refused(error.to_string()),
    }
}
