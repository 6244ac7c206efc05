//! A world to test in: the real program, a real database, a folder, and a simulated WhatsApp. Everything a world
//! starts ends with it.

mod api;
mod collector;
mod database;
mod detour;
mod process;

use std::path::{Path, PathBuf};
use std::time::Duration;

use mediary_simulator::{AccountSpec, Simulator, SimulatorConfig};
use mediary_testing::bucket::{ACCESS_KEY_ID, BUCKET, Bucket, SECRET_ACCESS_KEY};
use mediary_testing::files::files_below;
use mediary_testing::installation::{
    ACCESS_TOKEN, APP_SECRET, DISPLAY_PHONE_NUMBER, PASSWORD, PHONE_NUMBER_ID, VERIFY_TOKEN, WABA_ID,
};
use mediary_testing::simulator::quick;
use mediary_testing::wire::free_port;
use secrecy::SecretString;
use serde_json::Value;
use tempfile::TempDir;

pub(crate) use api::Api;
pub(crate) use collector::{Collector, value_of};
pub(crate) use database::{Database, LockedTable};
pub(crate) use detour::Detour;
pub(crate) use process::{Env, Server, run, run_between, run_json};

/// One installation with one company, `acme`, and one account.
pub(crate) struct World {
    folder: TempDir,
    pub(crate) env: Env,
    pub(crate) simulator: Simulator,
    server: Option<Server>,
    port: u16,
    pub(crate) key: String,
    database: Database,
}

impl World {
    /// On the embedded database.
    pub(crate) async fn sqlite() -> Self {
        Self::new(Database::embedded(), &[]).await
    }

    /// On a Postgres database of its own.
    pub(crate) async fn postgres() -> Self {
        Self::new(Database::postgres(), &[]).await
    }

    /// Furnished, with its server running. `settings` are environment variables.
    pub(crate) async fn new(database: Database, settings: &[(&str, &str)]) -> Self {
        let mut world = Self::furnished(database, settings).await;
        world.start();
        world
    }

    /// Furnished, with its server not yet running.
    pub(crate) async fn furnished(database: Database, settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let simulator = Simulator::start(simulator_config(port)).await.unwrap();
        let mut env = Env::from([
            ("MEDIARY_DATA_DIR".to_owned(), folder.path().join("data").display().to_string()),
            ("MEDIARY_LISTEN".to_owned(), format!("127.0.0.1:{port}")),
            ("MEDIARY_GRAPH_URL".to_owned(), simulator.base_url().to_string()),
            ("MEDIARY_DIALOG360_URL".to_owned(), simulator.base_url().to_string()),
            ("MEDIARY_AWS_STAND_IN".to_owned(), simulator.base_url().to_string()),
            ("MEDIARY_MEDIA_HOSTS".to_owned(), "127.0.0.1".to_owned()),
            ("MEDIARY_LOG".to_owned(), "debug,hyper=info,h2=info,reqwest=info,sqlx=info".to_owned()),
            // Waits as in production would make tests wait.
            ("MEDIARY_RETRY_QUICK_FIRST_MS".to_owned(), "20".to_owned()),
            ("MEDIARY_RETRY_SWEEP_MS".to_owned(), "400".to_owned()),
            ("MEDIARY_RETRY_THROTTLED_FIRST_MS".to_owned(), "50".to_owned()),
            ("MEDIARY_RETRY_STORAGE_FIRST_MS".to_owned(), "50".to_owned()),
            ("MEDIARY_SILENCE_TIMEOUT_MS".to_owned(), "1500".to_owned()),
            ("TOKEN".to_owned(), ACCESS_TOKEN.to_owned()),
            ("SECRET".to_owned(), APP_SECRET.to_owned()),
            ("VERIFY".to_owned(), VERIFY_TOKEN.to_owned()),
            ("PASSWORD".to_owned(), PASSWORD.to_owned()),
        ]);
        env.extend(database.env());
        env.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let mut world = Self { folder, env, simulator, server: None, port, key: String::new(), database };
        world.add_company("acme");
        world.add_account("acme", PHONE_NUMBER_ID, &[]);
        world.key = world.add_key("acme", "admin");
        world
    }

    pub(crate) fn start(&mut self) -> &Server {
        self.start_with(&["serve"])
    }

    pub(crate) fn start_with(&mut self, args: &[&str]) -> &Server {
        assert!(self.server.is_none(), "the server runs already");
        self.server.insert(Server::start(&self.env, self.folder.path(), args, &self.log_path()))
    }

    /// `serve` in a process that may have only so many files open.
    pub(crate) fn start_with_open_files(&mut self, limit: u32) -> &Server {
        assert!(self.server.is_none(), "the server runs already");
        let (folder, log) = (self.folder.path(), self.log_path());
        self.server.insert(Server::start_with_open_files(limit, &self.env, folder, &["serve"], &log))
    }

    pub(crate) fn server(&mut self) -> &mut Server {
        self.server.as_mut().expect("the server was started")
    }

    /// kill -9.
    pub(crate) fn kill(&mut self) {
        self.server.take().expect("the server was started").kill();
    }

    /// Asks it to stop; true if it ended well.
    pub(crate) fn stop(&mut self) -> bool {
        self.server.take().expect("the server was started").stop()
    }

    /// Forgets a server that has ended by itself.
    pub(crate) fn reap(&mut self) {
        let mut server = self.server.take().expect("the server was started");
        server.wait();
    }

    pub(crate) fn cli(&self, args: &[&str]) -> Value {
        run_json(&self.env, self.folder.path(), args)
    }

    pub(crate) fn cli_output(&self, args: &[&str]) -> std::process::Output {
        run(&self.env, self.folder.path(), args)
    }

    pub(crate) fn add_company(&self, slug: &str) -> i64 {
        let made = self.cli(&["company", "add", "--name", slug, "--slug", slug, "--json"]);
        made["id"].as_i64().unwrap()
    }

    pub(crate) fn add_account(&self, company: &str, phone_number_id: &str, more: &[&str]) -> i64 {
        // WhatsApp is asked whether the token may use it.
        let known = AccountSpec { phone_number_id: phone_number_id.to_owned(), ..AccountSpec::default() };
        self.simulator.put_account(known).unwrap();
        let mut args = vec!["account", "add", "--company", company, "--phone-number-id", phone_number_id];
        let display = format!("+{DISPLAY_PHONE_NUMBER}");
        args.extend(["--display-phone-number", &display, "--name", "Support", "--waba-id", WABA_ID]);
        args.extend([
            "--access-token-env",
            "TOKEN",
            "--app-secret-env",
            "SECRET",
            "--verify-token-env",
            "VERIFY",
        ]);
        args.extend(more);
        args.push("--json");
        self.cli(&args)["id"].as_i64().unwrap()
    }

    /// A new key of that role.
    pub(crate) fn add_key(&self, company: &str, role: &str) -> String {
        let made =
            self.cli(&["api-key", "add", "--company", company, "--name", role, "--role", role, "--json"]);
        made["key"].as_str().unwrap().to_owned()
    }

    /// One more node of this installation, on a port and with a folder of its own; the embedded database, which has
    /// one node, is in the world's.
    pub(crate) fn start_node(&self, number: usize, port: u16, args: &[&str]) -> Server {
        let mut env = self.env.clone();
        env.insert("MEDIARY_LISTEN".to_owned(), format!("127.0.0.1:{port}"));
        if !self.database.is_embedded() {
            let data = self.folder.path().join(format!("node-{number}"));
            env.insert("MEDIARY_DATA_DIR".to_owned(), data.display().to_string());
        }
        Server::start(&env, self.folder.path(), args, &self.folder.path().join(format!("log-{number}")))
    }

    /// Takes every connection to the database away, as a network that breaks would.
    pub(crate) fn cut_off_from_database(&self) {
        self.database.end_connections();
    }

    /// The way to the database.
    pub(crate) fn detour(&self) -> &Detour {
        self.database.detour()
    }

    pub(crate) fn lock_table(&self, table: &str) -> LockedTable {
        self.database.lock_table(table)
    }

    pub(crate) fn refuse_changes(&self, table: &str) {
        self.database.refuse_changes(table);
    }

    /// A backup of the database.
    pub(crate) fn dump_database(&self) -> PathBuf {
        let file = self.folder.path().join("backup.sql");
        self.database.dump(&file);
        file
    }

    pub(crate) fn restore_database(&self, backup: &Path) {
        self.database.restore(backup);
    }

    /// What any statement prints on a Postgres database.
    pub(crate) fn sql(&self, statement: &str) -> String {
        self.database.sql(statement)
    }

    /// How many rows a table of a Postgres database has.
    pub(crate) fn rows(&self, table: &str) -> usize {
        self.database.rows(table)
    }

    /// How many of the program's connections wait for a lock.
    pub(crate) fn waiting_for_locks(&self) -> usize {
        self.database.waiting_for_locks()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn webhook_url(&self) -> String {
        format!("{}/api/webhooks/whatsapp", self.url())
    }

    /// The API as the admin key sees it.
    pub(crate) fn api(&self) -> Api {
        Api::new(self.url(), &self.key)
    }

    pub(crate) fn api_as(&self, key: &str) -> Api {
        Api::new(self.url(), key)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn log_path(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// Every file below the media folder, with its bytes.
    pub(crate) fn stored_files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let media = self.data().join("media");
        // A server that is asked whether it is ready writes and deletes one.
        with_bytes(files_below(&media).into_iter().filter(|path| !path.starts_with(media.join("probe"))))
    }

    /// Waits until the simulator has delivered every webhook.
    pub(crate) async fn delivered(&self) {
        self.simulator.flush(Duration::from_secs(30)).await.unwrap();
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let tail: Vec<_> = log.lines().rev().take(40).collect();
            eprintln!("The server's last lines:");
            tail.iter().rev().for_each(|line| eprintln!("  {line}"));
        }
    }
}

/// The settings of a program that keeps its files in a bucket.
pub(crate) fn bucket_settings(bucket: &Bucket) -> Vec<(&'static str, String)> {
    vec![
        ("MEDIA_STORAGE_BACKEND", "s3".to_owned()),
        ("AWS_S3_BUCKET", BUCKET.to_owned()),
        ("AWS_ENDPOINT_URL", bucket.url()),
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY.to_owned()),
    ]
}

/// Every object of a bucket, with its bytes.
pub(crate) fn objects(bucket: &Bucket) -> Vec<(PathBuf, Vec<u8>)> {
    with_bytes(files_below(&bucket.folder()))
}

/// What is renamed or removed at this moment is no finding.
fn with_bytes(paths: impl IntoIterator<Item = PathBuf>) -> Vec<(PathBuf, Vec<u8>)> {
    paths.into_iter().filter_map(|path| std::fs::read(&path).ok().map(|bytes| (path, bytes))).collect()
}

fn simulator_config(port: u16) -> SimulatorConfig {
    let webhook_url = format!("http://127.0.0.1:{port}/api/webhooks/whatsapp").parse().unwrap();
    let mut config = SimulatorConfig {
        webhook_url: Some(webhook_url),
        access_token: Some(SecretString::from(ACCESS_TOKEN)),
        accounts: vec![AccountSpec { phone_number_id: PHONE_NUMBER_ID.to_owned(), ..AccountSpec::default() }],
        ..quick()
    };
    // A killed server is back within a second or two.
    config.options.webhooks.retry_waits_ms = vec![50; 100];
    config
}
