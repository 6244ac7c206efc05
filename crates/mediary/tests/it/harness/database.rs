//! The database of a world: the embedded one, or one of its own on the Postgres that `make test` started.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use mediary_testing::database::{postgres_server, run};

use super::{Detour, Env};

const SECRET_KEY: &str = "bWVkaWFyeS10ZXN0cy1rZXktb2YtMzItYnl0ZXMtISE=";

pub(crate) struct Database {
    postgres: Option<mediary_testing::database::Database>,
    detour: Option<Detour>,
}

/// A table that nobody else can read until this is dropped.
pub(crate) struct LockedTable(Child);

impl Database {
    pub(crate) fn embedded() -> Self {
        Self { postgres: None, detour: None }
    }

    pub(crate) fn is_embedded(&self) -> bool {
        self.postgres.is_none()
    }

    pub(crate) fn postgres() -> Self {
        Self { postgres: Some(mediary_testing::database::Database::postgres()), detour: None }
    }

    /// One that the program reaches by a way that can be cut.
    pub(crate) async fn postgres_by_detour() -> Self {
        let server = postgres_server();
        let (host, port) = (server.host_str().unwrap(), server.port().unwrap_or(5432));
        Self { detour: Some(Detour::to(&format!("{host}:{port}")).await), ..Self::postgres() }
    }

    /// The settings that make the program use it.
    pub(crate) fn env(&self) -> Env {
        let Some(postgres) = &self.postgres else { return Env::new() };
        let mut url = reqwest::Url::parse(postgres.url()).unwrap();
        if let Some(detour) = &self.detour {
            url.set_host(Some("127.0.0.1")).unwrap();
            url.set_port(Some(detour.address().port())).unwrap();
        }
        Env::from([
            ("MEDIARY_DATABASE_URL".to_owned(), url.to_string()),
            ("MEDIARY_SECRET_KEY".to_owned(), SECRET_KEY.to_owned()),
        ])
    }

    fn server(&self) -> &mediary_testing::database::Database {
        self.postgres.as_ref().expect("the database is Postgres")
    }

    pub(crate) fn end_connections(&self) {
        let Some(postgres) = &self.postgres else { return };
        let name = postgres.name();
        postgres.sql_beside(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        ));
    }

    pub(crate) fn detour(&self) -> &Detour {
        self.detour.as_ref().expect("the database has a detour")
    }

    pub(crate) fn lock_table(&self, table: &str) -> LockedTable {
        let mut psql = Command::new("psql")
            .args([self.url(), "--quiet"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let statement = format!("BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE;\n");
        psql.stdin.as_mut().unwrap().write_all(statement.as_bytes()).unwrap();
        LockedTable(psql)
    }

    /// Refuses every change of a table's rows, as a server with a full disk does.
    pub(crate) fn refuse_changes(&self, table: &str) {
        let statement = format!(
            "CREATE OR REPLACE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
            CREATE TRIGGER no_room BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION no_room()"
        );
        self.sql(&statement);
    }

    /// How many connections of the program wait for somebody's lock.
    pub(crate) fn waiting_for_locks(&self) -> usize {
        let statement = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
            AND application_name = 'mediary' AND wait_event_type = 'Lock'";
        self.sql(statement).trim().parse().unwrap()
    }

    /// Everything in it, as a backup has it.
    pub(crate) fn dump(&self, file: &Path) {
        run("pg_dump", &["--clean", "--if-exists", "--file", file.to_str().unwrap(), self.url()]);
    }

    pub(crate) fn restore(&self, file: &Path) {
        run("psql", &[self.url(), "-qtA", "-v", "ON_ERROR_STOP=1", "-f", file.to_str().unwrap()]);
    }

    pub(crate) fn tables(&self) -> usize {
        let statement = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
        self.sql(statement).trim().parse().unwrap()
    }

    pub(crate) fn sql(&self, statement: &str) -> String {
        self.server().sql(statement)
    }

    pub(crate) fn rows(&self, table: &str) -> usize {
        self.sql(&format!("SELECT count(*) FROM {table}")).trim().parse().unwrap()
    }

    pub(crate) fn url(&self) -> &str {
        self.server().url()
    }

    pub(crate) fn name(&self) -> &str {
        self.server().name()
    }
}

impl Drop for LockedTable {
    fn drop(&mut self) {
        // The end of its input ends it, and with it its transaction.
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}
