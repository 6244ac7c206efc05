//! A database for one test: a file in a folder of its own, or one of its own on the Postgres that `make test` starts.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;
use url::Url;

const SERVER: &str = "MEDIARY_TEST_POSTGRES";

/// A database with nothing in it. It ends with this value.
#[derive(Debug)]
pub struct Database {
    url: String,
    /// Of the file, where it is SQLite.
    folder: Option<TempDir>,
}

impl Database {
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { url: sqlite_url(folder.path()), folder: Some(folder) }
    }

    pub fn postgres() -> Self {
        let mut url = postgres_server();
        let name = format!("test_{:016x}", rand::random::<u64>());
        psql(url.as_str(), &format!("CREATE DATABASE {name}"));
        url.set_path(&name);
        Self { url: url.into(), folder: None }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its name on the server.
    pub fn name(&self) -> &str {
        self.url.rsplit('/').next().unwrap_or_default()
    }

    /// What any statement prints on Postgres.
    pub fn sql(&self, statement: &str) -> String {
        psql(&self.url, statement)
    }

    /// The same from another database of its server.
    pub fn sql_beside(&self, statement: &str) -> String {
        psql(postgres_server().as_str(), statement)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if self.folder.is_none() {
            let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name());
            let dropped = try_run("psql", &[postgres_server().as_str(), "-qtA", "--command", &statement]);
            // A second panic would end all tests of the program.
            assert!(dropped.is_ok() || std::thread::panicking(), "{dropped:?}");
        }
    }
}

/// The file that a server with this folder has.
pub fn sqlite_url(folder: &Path) -> String {
    format!("sqlite://{}", folder.join("mediary.db").display())
}

/// The database that is there when Postgres starts.
pub fn postgres_server() -> Url {
    #[expect(clippy::disallowed_methods, reason = "tests learn from the environment where Postgres runs")]
    let server = std::env::var(SERVER);
    let server = server.unwrap_or_else(|_| {
        panic!("{SERVER} is not set: run `make test`, or `xtask/with-postgres.sh cargo test`")
    });
    server.parse().unwrap()
}

fn psql(url: &str, statement: &str) -> String {
    run("psql", &[url, "-qtA", "--command", statement])
}

/// What a program printed, which must end well.
pub fn run(program: &str, args: &[&str]) -> String {
    try_run(program, args).unwrap_or_else(|why| panic!("{why}"))
}

fn try_run(program: &str, args: &[&str]) -> Result<String, String> {
    let output = Command::new(program).args(args).output().map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8(output.stdout).unwrap())
    } else {
        Err(format!("{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr)))
    }
}
