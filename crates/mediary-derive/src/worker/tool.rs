//! A worker that becomes an external program, once it is locked up.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// Becomes the program. What is returned is why it could not.
pub(super) fn become_program(
    program: &Path,
    arguments: &[String],
    input: OwnedFd,
    output: OwnedFd,
) -> io::Error {
    let socket = match io::stdin().as_fd().try_clone_to_owned() {
        Ok(socket) => socket,
        Err(error) => return error,
    };
    Command::new(program)
        .args(arguments)
        .env_clear()
        .stdin(Stdio::from(input))
        .stdout(Stdio::from(output))
        .stderr(Stdio::from(socket))
        .exec()
}
