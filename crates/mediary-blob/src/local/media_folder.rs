//! The folder that holds all files, told from the bare mount point that is left when its volume goes away.
//!
//! When an empty folder is taken into use, or one of before there were markers, a small file with a random id is written into
//! it once. Why no file is taken for lost, and none written where it is hidden when the volume comes back:
//!
//! 1. A process that has seen a marker takes only a folder with the same id for the one in use, and never makes the
//!    folder again. What it does not find counts as absent only if that folder is there.
//! 2. An upload opens the folder, reads the marker through that handle, and makes everything below from it, so a volume that goes
//!    between the two takes the upload with it. Before the file gets its name the folder is looked at again.
//! 3. Before a process has seen a marker, an empty folder may be a new one or a bare mount point. Nothing is found missing in it; it
//!    is taken into use only by the first write, and who starts has asked the records before (`is_empty`).

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{AtFlags, Dir, Mode, OFlags, fchmod, fsync, linkat, mkdirat, openat, renameat, unlinkat};
use rustix::io::{Errno, read, write};

use super::Inner;
use super::folder::{FOLDER, FOLDER_MODE};
use crate::error::{Error, ErrorKind, Result};

/// The first part of every file's key.
pub(super) const MEDIA: &str = "media";
/// No part of a key begins with a dot.
const MARKER: &str = ".mediary";

const READ: OFlags = OFlags::RDONLY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC).union(OFlags::NONBLOCK);
const CREATE: OFlags = OFlags::WRONLY.union(OFlags::CREATE).union(OFlags::EXCL).union(OFlags::CLOEXEC);
/// It holds no secret, and a command that another user ran must not lock the server out.
const MARKER_MODE: Mode = Mode::RUSR.union(Mode::WUSR).union(Mode::RGRP).union(Mode::ROTH);

/// The id in a marker: 32 hexadecimal digits.
pub(super) type FolderId = [u8; 32];

/// What lies where the folder belongs.
enum FolderState {
    /// The folder in use.
    InUse(OwnedFd),
    /// A folder with files and without a marker.
    Unmarked,
    /// Nothing, or a folder without files; none was seen before.
    Empty,
    /// Nothing, or another folder than the one in use.
    Away,
}

impl Inner {
    /// Fails unless the folder that is in use is there, so that what is not found in it is missing.
    pub(super) fn media_is_there(&self, doing: &str) -> Result<()> {
        match self.look(doing)? {
            FolderState::InUse(_) | FolderState::Unmarked => Ok(()),
            FolderState::Empty | FolderState::Away => Err(self.away(doing)),
        }
    }

    /// Whether there may be something to list or to delete; a folder that was never in use holds nothing.
    pub(super) fn media_was_used(&self, doing: &str) -> Result<bool> {
        match self.look(doing)? {
            FolderState::InUse(_) | FolderState::Unmarked => Ok(true),
            FolderState::Empty => Ok(false),
            FolderState::Away => Err(self.away(doing)),
        }
    }

    /// Whether no company has a file in it, for all that can be seen.
    pub(super) fn media_is_empty(&self) -> Result<bool> {
        Ok(matches!(self.look("look into the media folder")?, FolderState::Empty | FolderState::Away))
    }

    /// The folder in use, for writing; a new one is made and marked.
    pub(super) fn media_in_use(&self, doing: &str) -> Result<OwnedFd> {
        for _ in 0..2 {
            match self.look(doing)? {
                FolderState::InUse(folder) => return Ok(folder),
                FolderState::Unmarked | FolderState::Empty => {
                    self.mark().map_err(|error| Error::io(doing, error))?;
                }
                FolderState::Away => break,
            }
        }
        Err(self.away(doing))
    }

    fn look(&self, doing: &str) -> Result<FolderState> {
        self.looked().map_err(|error| Error::io(doing, error))
    }

    fn looked(&self) -> std::result::Result<FolderState, Errno> {
        let known = self.folder_id.get();
        let folder = match openat(&self.root, MEDIA, FOLDER, Mode::empty()) {
            Err(Errno::NOENT) if known.is_some() => return Ok(FolderState::Away),
            Err(Errno::NOENT) => return Ok(FolderState::Empty),
            folder => folder?,
        };
        Ok(match read_marker(&folder)? {
            Some(id) if *self.folder_id.get_or_init(|| id) == id => FolderState::InUse(folder),
            Some(_) => FolderState::Away,
            None if known.is_some() => FolderState::Away,
            None if has_files(&folder)? => FolderState::Unmarked,
            None => FolderState::Empty,
        })
    }

    /// Writes the marker under a name of its own and links it, so that of several processes one gives the id to all.
    fn mark(&self) -> std::result::Result<(), Errno> {
        match mkdirat(&self.root, MEDIA, FOLDER_MODE) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(error),
        }
        let folder = openat(&self.root, MEDIA, FOLDER, Mode::empty())?;
        let temporary = format!("{MARKER}.{:016x}", rand::random::<u64>());
        let marked = write_marker(&folder, &temporary);
        let linked =
            marked.and_then(|()| match linkat(&folder, &*temporary, &folder, MARKER, AtFlags::empty()) {
                Err(Errno::EXIST) => Ok(()),
                // File systems without links: the last of several to begin wins, and the others find out by its id.
                Err(Errno::PERM | Errno::OPNOTSUPP | Errno::NOSYS) => {
                    renameat(&folder, &*temporary, &folder, MARKER)
                }
                linked => linked,
            });
        // Renamed, or never made, it is not there.
        let _ = unlinkat(&folder, &*temporary, AtFlags::empty());
        linked?;
        fsync(&folder)?;
        fsync(&self.root)
    }

    fn away(&self, doing: &str) -> Error {
        Error::new(ErrorKind::Away, format!("{doing} in {}", self.path.join(MEDIA).display()))
    }
}

fn read_marker(folder: &OwnedFd) -> std::result::Result<Option<FolderId>, Errno> {
    let marker = match openat(folder, MARKER, READ, Mode::empty()) {
        Err(Errno::NOENT) => return Ok(None),
        marker => marker?,
    };
    let mut id: FolderId = [0; 32];
    let mut filled = 0;
    while filled < id.len() {
        match read(&marker, &mut id[filled..])? {
            0 => break,
            more => filled += more,
        }
    }
    Ok(Some(id))
}

fn write_marker(folder: &OwnedFd, name: &str) -> std::result::Result<(), Errno> {
    let file = openat(folder, name, CREATE, MARKER_MODE)?;
    // Whatever the process's mask says.
    fchmod(&file, MARKER_MODE)?;
    let text = format!("{:032x}\n", rand::random::<u128>());
    let mut left = text.as_bytes();
    while !left.is_empty() {
        left = &left[write(&file, left)?..];
    }
    fsync(&file)
}

/// Whether a company's folder is in it; a probe that a killed process left, or what a file system puts there, is none.
fn has_files(folder: &OwnedFd) -> std::result::Result<bool, Errno> {
    for entry in Dir::read_from(folder.as_fd())? {
        if entry?.file_name().to_bytes().iter().all(u8::is_ascii_digit) {
            return Ok(true);
        }
    }
    Ok(false)
}
