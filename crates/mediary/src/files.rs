//! Files and folders that a command was given: why one cannot be used, in words and with what to do about it.

use std::fs::DirBuilder;
use std::io::{self, ErrorKind};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use rustix::io::Errno;

/// Makes a folder that is not there yet. Customers' files are nobody else's business, also on a machine with several users.
pub(crate) fn make_private_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Why a file or folder cannot be read.
pub(crate) fn unreadable(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "there is no such file or folder; check its name and where it is".to_owned(),
        ErrorKind::PermissionDenied => "this user may not read it; allow it".to_owned(),
        _ => unusable(error),
    }
}

/// Why a file or folder cannot be made or written.
pub(crate) fn unwritable(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "the folder it belongs in is not there; make that first".to_owned(),
        ErrorKind::PermissionDenied => "this user may not write there; allow it".to_owned(),
        ErrorKind::AlreadyExists => "there is a file of that name; name another one".to_owned(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "the disk is full; make room".to_owned(),
        ErrorKind::ReadOnlyFilesystem => "its file system is read-only; name another place".to_owned(),
        _ => unusable(error),
    }
}

fn unusable(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotADirectory => "a part of its path is a file and no folder; correct the path".to_owned(),
        ErrorKind::IsADirectory => "it is a folder; name a file".to_owned(),
        ErrorKind::InvalidFilename => "its name is too long; choose a shorter one".to_owned(),
        _ if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => {
            "it is a link that leads back to itself; remove the link".to_owned()
        }
        // What is left is rare, and the system's own words say it best; its number is of no use.
        _ => {
            let words = error.to_string();
            words.split(" (os error ").next().unwrap_or(&words).to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_the_system_have_words_and_no_numbers() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), "").unwrap();
        std::os::unix::fs::symlink("circle", folder.path().join("circle")).unwrap();
        let read = |path: &str| unreadable(&std::fs::read(folder.path().join(path)).unwrap_err());
        assert!(read("none").starts_with("there is no such file"));
        assert!(read("file/below").starts_with("a part of its path is a file"));
        assert!(read("circle").starts_with("it is a link that leads back to itself"));
        assert!(read(".").starts_with("it is a folder"));
        assert!(read(&"a".repeat(300)).starts_with("its name is too long"));
        let write = |path: &str| unwritable(&std::fs::write(folder.path().join(path), "").unwrap_err());
        assert!(write("none/file").starts_with("the folder it belongs in is not there"));
        let rare = io::Error::from_raw_os_error(Errno::IO.raw_os_error());
        assert_eq!(unreadable(&rare), "Input/output error");
    }
}
