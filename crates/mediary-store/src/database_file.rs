//! Detects that the file of an embedded database was replaced by another one.
//!
//! SQLite keeps writing to the file that it opened, even if its name leads to another file by now, such as a backup that was moved
//! there while the program runs. Those writes would be lost at the next start. So each write checks the name twice: before it
//! begins, and after its commit but before it is acknowledged. If the file still has its name after the commit, the commit is kept.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// The file as it was when it was opened.
#[derive(Debug)]
pub(crate) struct DatabaseFile {
    path: PathBuf,
    /// Device and inode, by which SQLite, too, identifies files. `None` for a database in memory.
    id: Option<FileId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    fn of(path: &Path) -> std::io::Result<Self> {
        fs::metadata(path).map(|about| Self { device: about.dev(), inode: about.ino() })
    }
}

impl DatabaseFile {
    /// The file that SQLite has just opened at this path.
    pub(crate) fn opened(path: &Path) -> Self {
        Self { path: path.to_owned(), id: FileId::of(path).ok() }
    }

    /// Fails where the name does not lead to the file that was opened. It costs microseconds, less than the write by far, so no
    /// thread is changed for it.
    pub(crate) fn check(&self) -> Result<()> {
        let Some(opened) = self.id else { return Ok(()) };
        match FileId::of(&self.path) {
            Ok(now) if now == opened => Ok(()),
            Ok(_) => Err(self.moved()),
            Err(error) => Err(self.moved().with_source(error)),
        }
    }

    fn moved(&self) -> Error {
        Error::unavailable(format!(
            "the database file {} was moved or replaced while Mediary runs, and nothing is written until it is back; stop \
             Mediary before you change its file",
            self.path.display()
        ))
    }
}
