//! Folders below the root, opened one by one and never through a symbolic link.

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{Mode, OFlags, mkdirat, openat};
use rustix::io::Errno;

pub(super) const FOLDER: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
/// Folders are for the program's own user.
pub(super) const FOLDER_MODE: Mode = Mode::RWXU;
/// How often creating a path starts again because a deletion took one of its folders away meanwhile.
const CREATE_ATTEMPTS: u32 = 16;

/// Opens every folder of a path, outermost first.
pub(super) fn open_all(root: &OwnedFd, folders: &[&str]) -> Result<Vec<OwnedFd>, Errno> {
    let mut opened: Vec<OwnedFd> = Vec::with_capacity(folders.len());
    for folder in folders {
        let parent = opened.last().unwrap_or(root).as_fd();
        opened.push(openat(parent, *folder, FOLDER, Mode::empty())?);
    }
    Ok(opened)
}

/// Opens every folder of a path, creating those that are missing, then runs `then` in the innermost. All of it
/// starts again if a folder vanishes on the way: deletions remove folders that are empty at that moment.
/// `created(n)` tells that the first `n` folders exist and the last of them is new.
pub(super) fn create_all<T>(
    root: &OwnedFd,
    folders: &[&str],
    mut created: impl FnMut(usize),
    mut then: impl FnMut(&OwnedFd) -> Result<T, Errno>,
) -> Result<(Vec<OwnedFd>, T), Errno> {
    let mut attempt = 1;
    loop {
        match create_once(root, folders, &mut created, &mut then) {
            Err(Errno::NOENT) if attempt < CREATE_ATTEMPTS => attempt += 1,
            other => return other,
        }
    }
}

fn create_once<T>(
    root: &OwnedFd,
    folders: &[&str],
    created: &mut impl FnMut(usize),
    then: &mut impl FnMut(&OwnedFd) -> Result<T, Errno>,
) -> Result<(Vec<OwnedFd>, T), Errno> {
    let mut opened: Vec<OwnedFd> = Vec::with_capacity(folders.len());
    for (index, folder) in folders.iter().enumerate() {
        let parent = opened.last().unwrap_or(root);
        let child = match openat(parent, *folder, FOLDER, Mode::empty()) {
            Err(Errno::NOENT) => {
                match mkdirat(parent, *folder, FOLDER_MODE) {
                    Ok(()) => created(index + 1),
                    Err(Errno::EXIST) => {}
                    Err(error) => return Err(error),
                }
                openat(parent, *folder, FOLDER, Mode::empty())?
            }
            other => other?,
        };
        opened.push(child);
    }
    let value = then(opened.last().unwrap_or(root))?;
    Ok((opened, value))
}
