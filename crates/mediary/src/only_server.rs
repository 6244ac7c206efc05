//! An embedded database has one server at a time: at its start it releases every download that is under way, as left by an
//! earlier run, and its live events reach nobody who listens to another one.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use anyhow::bail;
use mediary_store::embedded_file;
use secrecy::ExposeSecret;

use crate::config::Config;
use crate::files;

/// Ends with the process, however that ends.
#[derive(Debug)]
pub(crate) struct OnlyServer(#[expect(dead_code, reason = "held for its lock")] File);

impl OnlyServer {
    /// Becomes the one server of an open embedded database; behind Postgres there may be many. Commands need not.
    ///
    /// The lock is on a file of its own: to close the database's would give up the locks that SQLite has on it.
    pub(crate) fn begin(config: &Config) -> anyhow::Result<Option<Self>> {
        let Some(database) = embedded_file(config.database_url.expose_secret()) else { return Ok(None) };
        // Two ways to one file are one database.
        let database = database.canonicalize().unwrap_or(database);
        let mut path = database.clone().into_os_string();
        path.push("-server");
        let path = PathBuf::from(path);
        let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
        let file = file.map_err(|error| {
            anyhow::anyhow!("{} cannot be opened: {}", path.display(), files::unwritable(&error))
        })?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(TryLockError::WouldBlock) => bail!(
                "another server runs on the database {}: SQLite takes one server at a time. Stop that one first; to run several, \
                 use Postgres (MEDIARY_DATABASE_URL)",
                database.display()
            ),
            Err(TryLockError::Error(error)) => {
                tracing::warn!(
                    %error,
                    "this file system has no locks: see to it that no second server runs on this database"
                );
                Ok(Some(Self(file)))
            }
        }
    }
}
