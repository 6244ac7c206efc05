//! What only ffmpeg can make: a picture of a video. It is no part of Mediary, and nothing needs it: without it videos have their size,
//! their duration and no poster.
//!
//! It is started for each file, under a profile of its own (`jail`). What it writes is read by a worker, so that nothing that
//! people get was written by it.

mod command;
mod posters;

use std::env;
use std::ffi::OsStr;
use std::fmt;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

pub use posters::PoolWithFfmpeg;

use crate::pool::tool::Task;
use crate::pool::{Input, Pool};
use crate::{Error, ErrorKind, Result};

/// The name of the program.
const NAME: &str = "ffmpeg";
/// What is shown of its version.
const MAX_VERSION_CHARS: usize = 40;

/// An ffmpeg that runs here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ffmpeg {
    program: PathBuf,
    version: String,
}

impl fmt::Display for Ffmpeg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ffmpeg {} ({})", self.version, self.program.display())
    }
}

impl Ffmpeg {
    /// The first one in the folders of a search path like `PATH`, if there is any. It is started as it will be for files, to see that it runs.
    ///
    /// # Errors
    /// [`ErrorKind::Worker`]: there is one, and it does not run in its sandbox.
    pub async fn find(path: &OsStr, pool: &Pool) -> Result<Option<Self>> {
        match program_in(path) {
            Some(program) => Self::at(program, pool).await.map(Some),
            None => Ok(None),
        }
    }

    /// The one at this path.
    ///
    /// # Errors
    /// [`ErrorKind::Worker`]: it does not run in its sandbox.
    pub async fn at(program: PathBuf, pool: &Pool) -> Result<Self> {
        let failed = |how: &str| {
            Error::new(ErrorKind::Worker, format!("{} does not run in its sandbox: {how}", program.display()))
        };
        let task = Task { program: program.clone(), arguments: command::version() };
        let nothing = Input::from_stream(&b""[..], 0).await?;
        let done = pool.run_tool(None, task, &nothing, &command::FRAME_NEEDS).await;
        let done = done.map_err(|error| failed(error.sentence()))?;
        if !done.status.success() {
            return Err(failed(&printable(&done.said)));
        }
        let text = done.output.beginning().map_err(|error| failed(&error.to_string()))?;
        let version = text.strip_prefix("ffmpeg version ").and_then(|rest| rest.split_whitespace().next());
        let version = version.ok_or_else(|| failed("it says no version"))?;
        Ok(Self { version: printable(version), program })
    }
}

/// A file of this name that may be run, by its own path: rules name files, not links to them.
fn program_in(path: &OsStr) -> Option<PathBuf> {
    env::split_paths(path).map(|folder| folder.join(NAME)).find(|file| may_run(file))?.canonicalize().ok()
}

fn may_run(file: &Path) -> bool {
    file.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

fn printable(text: &str) -> String {
    text.trim().chars().filter(|letter| !letter.is_control()).take(MAX_VERSION_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File, Permissions};

    use super::*;

    #[test]
    fn program_is_the_first_of_the_path_that_may_be_run_and_no_folder() {
        let folder = tempfile::tempdir().unwrap();
        let [nothing, a_folder, text, program, later] =
            ["nothing", "folder", "text", "program", "later"].map(|name| folder.path().join(name));
        for place in [&a_folder, &text, &program, &later] {
            fs::create_dir(place).unwrap();
        }
        fs::create_dir(a_folder.join("ffmpeg")).unwrap();
        File::create(text.join("ffmpeg")).unwrap();
        for place in [&program, &later] {
            File::create(place.join("ffmpeg"))
                .unwrap()
                .set_permissions(Permissions::from_mode(0o755))
                .unwrap();
        }
        let path = env::join_paths([&nothing, &a_folder, &text, &program, &later]).unwrap();
        assert_eq!(program_in(&path), Some(program.join("ffmpeg").canonicalize().unwrap()));
        assert_eq!(program_in(text.as_os_str()), None);
    }
}
