//! The database of a world: the embedded one, or one of its own on the Postgres that `make test` started.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::{Detour, Env};

const SERVER: &str = "MEDIARY_TEST_POSTGRES";
const SECRET_KEY: &str = "bWVkaWFyeS10ZXN0cy1rZXktb2YtMzItYnl0ZXMtISE=";

pub(crate) struct Database {
    postgres: Option<Postgres>,
}

struct Postgres {
    server: String,
    name: String,
    detour: Option<Detour>,
}

/// A table that nobody else can read until this is dropped.
pub(crate) struct Locked(Child);

impl Database {
    pub(crate) fn embedded() -> Self {
        Self { postgres: None }
    }

    pub(crate) fn is_embedded(&self) -> bool {
        self.postgres.is_none()
    }

    #[expect(clippy::disallowed_methods, reason = "tests learn from the environment where Postgres runs")]
    pub(crate) fn postgres() -> Self {
        let server = std::env::var(SERVER).unwrap_or_else(|_| {
            panic!("{SERVER} is not set: run `make test`, or `xtask/with-postgres.sh cargo test`")
        });
        let name = format!("it_{:016x}", rand::random::<u64>());
        sql(&server, &format!("CREATE DATABASE {name}"));
        Self { postgres: Some(Postgres { server, name, detour: None }) }
    }

    /// One that the program reaches by a way that can be cut.
    pub(crate) async fn postgres_by_detour() -> Self {
        let mut database = Self::postgres();
        if let Some(postgres) = &mut database.postgres {
            let url = reqwest::Url::parse(&postgres.server).unwrap();
            let (host, port) = (url.host_str().unwrap(), url.port().unwrap_or(5432));
            postgres.detour = Some(Detour::to(&format!("{host}:{port}")).await);
        }
        database
    }

    /// The settings that make the program use it.
    pub(crate) fn env(&self) -> Env {
        let Some(Postgres { server, name, detour }) = &self.postgres else { return Env::new() };
        let mut url = reqwest::Url::parse(server).unwrap();
        url.set_path(name);
        if let Some(detour) = detour {
            url.set_host(Some("127.0.0.1")).unwrap();
            url.set_port(Some(detour.address().port())).unwrap();
        }
        Env::from([
            ("MEDIARY_DATABASE_URL".to_owned(), url.to_string()),
            ("MEDIARY_SECRET_KEY".to_owned(), SECRET_KEY.to_owned()),
        ])
    }

    pub(crate) fn end_connections(&self) {
        let Some(Postgres { server, name, .. }) = &self.postgres else { return };
        let statement =
            format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
        sql(server, &statement);
    }

    pub(crate) fn detour(&self) -> &Detour {
        self.postgres
            .as_ref()
            .and_then(|postgres| postgres.detour.as_ref())
            .expect("the database has a detour")
    }

    pub(crate) fn lock_table(&self, table: &str) -> Locked {
        let mut psql = Command::new("psql")
            .args([&self.url(), "--quiet"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let statement = format!("BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE;\n");
        psql.stdin.as_mut().unwrap().write_all(statement.as_bytes()).unwrap();
        Locked(psql)
    }

    /// Refuses every change of a table's rows, as a server with a full disk does.
    pub(crate) fn refuse_changes(&self, table: &str) {
        let statement = format!(
            "CREATE OR REPLACE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
            CREATE TRIGGER no_room BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION no_room()"
        );
        sql(&self.url(), &statement);
    }

    /// How many connections of the program wait for somebody's lock.
    pub(crate) fn waiting_for_locks(&self) -> usize {
        let statement = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
            AND application_name = 'mediary' AND wait_event_type = 'Lock'";
        sql(&self.url(), statement).trim().parse().unwrap()
    }

    /// Everything in it, as a backup has it.
    pub(crate) fn dump(&self, file: &Path) {
        run("pg_dump", &["--clean", "--if-exists", "--file", file.to_str().unwrap(), &self.url()]);
    }

    pub(crate) fn restore(&self, file: &Path) {
        run("psql", &[&self.url(), "-qtA", "-v", "ON_ERROR_STOP=1", "-f", file.to_str().unwrap()]);
    }

    pub(crate) fn tables(&self) -> usize {
        let statement = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
        sql(&self.url(), statement).trim().parse().unwrap()
    }

    pub(crate) fn sql(&self, statement: &str) -> String {
        sql(&self.url(), statement)
    }

    pub(crate) fn rows(&self, table: &str) -> usize {
        sql(&self.url(), &format!("SELECT count(*) FROM {table}")).trim().parse().unwrap()
    }

    pub(crate) fn url(&self) -> String {
        let Postgres { server, name, .. } = self.postgres.as_ref().expect("the database is Postgres");
        let mut url = reqwest::Url::parse(server).unwrap();
        url.set_path(name);
        url.to_string()
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        // The end of its input ends it, and with it its transaction.
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some(Postgres { server, name, .. }) = &self.postgres {
            sql(server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

/// What a statement printed.
fn sql(server: &str, statement: &str) -> String {
    run("psql", &[server, "-qtA", "--command", statement])
}

fn run(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output().unwrap();
    assert!(output.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
