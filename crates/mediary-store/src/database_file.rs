//! Detects that the file of an embedded database was replaced by another one.
//!
//! SQLite keeps writing to the file that it opened, even if its name leads to another file by now, such as a backup that was moved
//! there while the program runs. Those writes would be lost at the next start. So each write checks the name twice: before it
//! begins, and after its commit but before it is acknowledged. If the file still has its name after the commit, the commit is kept.
//!
//! A file that is overwritten in place keeps its name. SQLite notices as soon as it reads a page that it does not have in memory, but
//! one connection later than the other: so once any has noticed, nothing is read or written until the next start.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::{Error, ErrorKind, Result, dialect};

/// The file as it was when it was opened.
#[derive(Debug)]
pub(crate) struct DatabaseFile {
    path: PathBuf,
    /// Device and inode, by which SQLite, too, identifies files. `None` for a database in memory.
    id: Option<FileId>,
    damaged: AtomicBool,
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
    /// Fails for a file that has a second name. SQLite keeps its log beside the name it was opened by, so two programs that open one
    /// file by two names do not see each other's log, and damage the file.
    pub(crate) fn check_names(path: &Path) -> Result<()> {
        match fs::metadata(path) {
            Ok(about) if about.is_file() && about.nlink() > 1 => Err(Error::new(
                ErrorKind::Unusable,
                format!(
                    "the database file {} has a second name (a hard link), by which another program may open it; remove the other \
                     name, or make a copy instead",
                    path.display()
                ),
            )),
            _ => Ok(()),
        }
    }

    /// The file that SQLite has just opened at this path.
    pub(crate) fn opened(path: &Path) -> Self {
        Self { path: path.to_owned(), id: FileId::of(path).ok(), damaged: AtomicBool::new(false) }
    }

    /// Remembers a failure that shows the file to be damaged.
    pub(crate) fn note<T>(&self, done: Result<T>) -> Result<T> {
        if let Err(error) = &done
            && *error.kind() == ErrorKind::Damaged
        {
            self.damaged.store(true, Ordering::Relaxed);
        }
        done
    }

    /// Fails once the file was found to be damaged.
    pub(crate) fn check_content(&self) -> Result<()> {
        if self.damaged.load(Ordering::Relaxed) {
            return Err(Error::new(ErrorKind::Damaged, dialect::DAMAGED));
        }
        Ok(())
    }

    /// Fails where the file is damaged, or the name does not lead to the file that was opened. It costs microseconds, less than the write by far, so no
    /// thread is changed for it.
    pub(crate) fn check(&self) -> Result<()> {
        self.check_content()?;
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
