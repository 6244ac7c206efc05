//! The database of a world: the embedded one, or one of its own on the Postgres that `make test` started.

use std::process::Command;

use super::Env;

const SERVER: &str = "MEDIARY_TEST_POSTGRES";
const SECRET_KEY: &str = "bWVkaWFyeS10ZXN0cy1rZXktb2YtMzItYnl0ZXMtISE=";

pub(crate) struct Database {
    postgres: Option<Postgres>,
}

struct Postgres {
    server: String,
    name: String,
}

impl Database {
    pub(crate) fn embedded() -> Self {
        Self { postgres: None }
    }

    #[expect(clippy::disallowed_methods, reason = "tests learn from the environment where Postgres runs")]
    pub(crate) fn postgres() -> Self {
        let server = std::env::var(SERVER).unwrap_or_else(|_| {
            panic!("{SERVER} is not set: run `make test`, or `xtask/with-postgres.sh cargo test`")
        });
        let name = format!("it_{:016x}", rand::random::<u64>());
        sql(&server, &format!("CREATE DATABASE {name}"));
        Self { postgres: Some(Postgres { server, name }) }
    }

    /// The settings that make the program use it.
    pub(crate) fn env(&self) -> Env {
        let Some(Postgres { server, name }) = &self.postgres else { return Env::new() };
        let base = server.rsplit_once('/').map_or(server.as_str(), |(base, _)| base);
        Env::from([
            ("MEDIARY_DATABASE_URL".to_owned(), format!("{base}/{name}")),
            ("MEDIARY_SECRET_KEY".to_owned(), SECRET_KEY.to_owned()),
        ])
    }
}

impl Database {
    pub(crate) fn end_connections(&self) {
        let Some(Postgres { server, name }) = &self.postgres else { return };
        let statement =
            format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
        sql(server, &statement);
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some(Postgres { server, name }) = &self.postgres {
            sql(server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

fn sql(server: &str, statement: &str) {
    let output = Command::new("psql").args([server, "--quiet", "--command", statement]).output().unwrap();
    assert!(output.status.success(), "{statement}: {}", String::from_utf8_lossy(&output.stderr));
}
