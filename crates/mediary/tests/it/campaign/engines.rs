//! Campaigns within this process: engines on one database take in one history after the other. Without processes, downloads
//! and waits for the disk there are dozens of them in the time of one campaign on nodes, and many transactions at a time: what
//! needs two at one moment is met soon.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use mediary_blob::Storage;
use mediary_core::{Clock as _, CompanyId, MediaPolicy, Provider, Role, SystemClock};
use mediary_engine::{
    AccountDraft, ApiKeyDraft, AwsProvider, Engine, EngineConfig, EngineParts, Providers, Shutdown, Vault,
};
use mediary_server::{Delivery, Server, ServerConfig, Surface, TrustedProxies};
use mediary_store::{Actor, Backend, NewCompany, PageRequest, Store, StoreOptions};
use mediary_testing::database::sqlite_url;
use mediary_testing::installation::{APP_SECRET, DISPLAY_PHONE_NUMBER, WABA_ID};
use mediary_testing::rows::new_company;
use mediary_testing::whatsapp::{NOBODY, aws_client, clients, public_hosts, signature_of};
use secrecy::{ExposeSecret as _, SecretString};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::faults;
use super::history::{self, Picture, Setting};
use super::model::Model;
use super::verdict::{self, threads};
use crate::cluster::Dice;
use crate::harness::{Api, Database};

/// Each has a pool of its own, as a node does, and records two batches at once.
const ON_POSTGRES: usize = 4;
const ON_SQLITE: usize = 2;
const CONNECTIONS: usize = 10;
/// Webhooks under way at once.
const SENDERS: usize = 8;
const SLOW_MS: u64 = 8;
const PEOPLE: usize = 12;
const PICTURES: usize = 16;
const ACCOUNTS: [&str; 2] = ["300000000000001", "300000000000002"];
/// Messages lie this far back at first, in seconds.
const STARTS_AGO: i64 = 100_000;
/// After one history in so many all of it is sent again, and in one in so many are items that only the records refuse. Seldom,
/// for what comes in the same batch goes one by one, and then meets less.
const AGAIN_ONE_IN: u64 = 3;
const REFUSED_ONE_IN: u64 = 8;
/// How long no webhook may be recorded while some wait: less than one is parked that failed, for none may fail.
const RECORDED_WITHIN: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// How long a sweep after the other may bring nothing nearer to what must be.
const STUCK_AFTER: Duration = Duration::from_secs(2);
/// Everything that a history leaves behind.
const FORGET: &str = "DELETE FROM contacts; DELETE FROM webhook_events; DELETE FROM parked_items;
    DELETE FROM message_updates; DELETE FROM waiting_reactions";

/// Runs the histories from that seed on, for so long. Panics with everything that is not as it must be.
pub(super) async fn run(backend: Backend, first_seed: u64, time: Duration) {
    let mut engines = Engines::start(backend).await;
    let started = Instant::now();
    let mut messages = 0;
    for seed in first_seed.. {
        let count = usize::try_from(seed - first_seed).unwrap() + 1;
        let (model, wrong) = engines.history(seed).await;
        messages += model.len();
        let summary = format!(
            "{count} histories on {} engines, {messages} messages, in {:.1?}",
            engines.engines.len(),
            started.elapsed()
        );
        verdict::require(&wrong, seed, &summary);
        if started.elapsed() >= time {
            eprintln!("{summary}");
            break;
        }
        engines = engines.forget().await;
    }
    engines.end().await;
}

struct Engines {
    engines: Vec<Engine>,
    stores: Vec<Store>,
    api: Api,
    company: CompanyId,
    accounts: Vec<i64>,
    shutdown: Shutdown,
    running: Vec<JoinHandle<()>>,
    /// `None` on SQLite.
    database: Option<Database>,
    _folder: TempDir,
}

impl Engines {
    async fn start(backend: Backend) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (database, count) = match backend {
            Backend::Postgres => (Some(postgres()), ON_POSTGRES),
            Backend::Sqlite => (None, ON_SQLITE),
        };
        let file = || sqlite_url(folder.path());
        let url = database.as_ref().map_or_else(file, |database| database.url().to_owned());
        let (mut engines, mut stores) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let options = StoreOptions { url: url.clone(), max_connections: CONNECTIONS };
            let store = Store::open(&options, Arc::new(SystemClock)).await.unwrap();
            store.migrate().await.unwrap();
            engines.push(engine(&store, &folder).await);
            stores.push(store);
        }
        let (company, accounts) = company(&stores[0], &engines[0]).await;
        if let Some(database) = &database {
            database.sql(&faults::slow_statements(SLOW_MS));
        }
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let config = ServerConfig {
            surface: Surface::Everything,
            delivery: Delivery::Proxy,
            media_origin: None,
            public_url: url.parse().unwrap(),
            trusted_proxies: TrustedProxies::default(),
            connections: 64,
            metrics: None,
        };
        let shutdown = Shutdown::default();
        let server = Server::new(engines[0].clone(), stores[0].clone(), config);
        let mut running = vec![tokio::spawn(server.serve(listener, shutdown.clone()))];
        for engine in engines.clone() {
            let shutdown = shutdown.clone();
            running.push(tokio::spawn(async move { engine.run(shutdown).await.unwrap() }));
        }
        let key = ApiKeyDraft { name: "campaign".to_owned(), role: Role::Admin, expires_at: None };
        let key =
            engines[0].access().create_api_key(company, &key, &Actor::command_line()).await.unwrap().key;
        let api = Api::new(url, key.expose_secret());
        Self { running, engines, stores, api, company, accounts, shutdown, database, _folder: folder }
    }

    /// As if nothing had come yet.
    async fn forget(self) -> Self {
        let Some(database) = &self.database else {
            self.end().await;
            return Self::start(Backend::Sqlite).await;
        };
        database.sql(FORGET);
        self
    }

    async fn end(self) {
        self.shutdown.soft.cancel();
        self.shutdown.hard.cancel();
        for task in self.running {
            task.await.unwrap();
        }
        for store in self.stores {
            store.close().await;
        }
    }

    /// One history, and what is wrong after it.
    async fn history(&self, seed: u64) -> (Model, Vec<String>) {
        let mut dice = Dice(seed);
        let pictures = (0..PICTURES).map(|_| Picture::invented(&mut dice)).collect();
        let starts_at = SystemClock.now().millis() / 1000 - STARTS_AGO;
        let (tag, accounts) = (format!("{:03}", seed % 1000), ACCOUNTS.map(str::to_owned));
        let history = history::write(
            &mut dice,
            Setting {
                tag,
                accounts,
                starts_at,
                people: PEOPLE,
                kinds: &history::MOSTLY_TIED,
                pictures,
                refused: seed.is_multiple_of(REFUSED_ONE_IN),
            },
        );
        let mut model = Model::of(&history.facts, "pending");
        self.deliver(history.bodies.clone()).await;
        let unrecordable = history.unrecordable;
        let mut wrong =
            verdict::settles(STUCK_AFTER, async || self.differences(&model, unrecordable).await).await;
        if wrong.is_empty() && seed % AGAIN_ONE_IN == 1 {
            let before = verdict::contents(&threads(&self.api).await);
            self.deliver(history.bodies).await;
            let after = verdict::contents(&threads(&self.api).await);
            let changed = before.iter().zip(&after).filter(|(before, after)| before != after);
            wrong.extend(changed.map(|(before, after)| format!("sent again, {before} became {after}")));
            model.told_again = true;
            let look = async || self.differences(&model, 2 * unrecordable).await;
            wrong.extend(verdict::settles(STUCK_AFTER, look).await);
        }
        (model, wrong)
    }

    /// Until every webhook is recorded, or none is for a while.
    async fn recorded(&self) {
        let (mut fewest, mut since) = (u64::MAX, Instant::now());
        loop {
            let waiting = self.stores[0].inbox_depth().await.unwrap().waiting;
            if waiting < fewest {
                (fewest, since) = (waiting, Instant::now());
            }
            if waiting == 0 || since.elapsed() > RECORDED_WITHIN {
                return;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Each sender hands one body after the other to an engine; until all are recorded.
    async fn deliver(&self, bodies: Vec<Vec<u8>>) {
        let bodies = Arc::new(Mutex::new(bodies.into_iter()));
        let senders = (0..SENDERS).map(|number| {
            let (engine, bodies) = (self.engines[number % self.engines.len()].clone(), bodies.clone());
            tokio::spawn(async move {
                loop {
                    let Some(body) = bodies.lock().unwrap().next() else { return };
                    let signature = signature_of(&body);
                    engine.accept(Some(&signature), body.into()).await.unwrap();
                }
            })
        });
        for sender in futures_util::future::join_all(senders).await {
            sender.unwrap();
        }
        self.recorded().await;
    }

    async fn differences(&self, model: &Model, unrecordable: usize) -> Vec<String> {
        let mut wrong = model.differences(&threads(&self.api).await, &self.accounts);
        let open = self.stores[0].inbox_depth().await.unwrap().waiting;
        if open > 0 {
            wrong.push(format!("{open} webhooks are not recorded"));
        }
        let parked = self.stores[0].parked_items(self.company, &PageRequest::default()).await.unwrap().items;
        let count = self.stores[0].parked_item_count().await.unwrap();
        if count != unrecordable as u64 {
            wrong.push(format!("{count} items were parked instead of {unrecordable}"));
        }
        verdict::compare_reasons(parked.iter().map(|item| item.reason.as_str()), &mut wrong);
        if !wrong.is_empty() {
            // What missed each other is found by the sweep.
            self.engines[0].sweep().await.unwrap();
        }
        wrong
    }
}

/// A database on which who waits in a circle is found at once, and of which nothing is to outlive a crash.
fn postgres() -> Database {
    let database = Database::postgres();
    let name = database.name();
    for setting in ["deadlock_timeout = '20ms'", "synchronous_commit = off"] {
        database.sql(&format!("ALTER DATABASE {name} SET {setting}"));
    }
    database
}

async fn engine(store: &Store, folder: &TempDir) -> Engine {
    let [meta, dialog360] = clients(NOBODY);
    Engine::new(EngineParts {
        store: store.clone(),
        storages: Storage::open_local(folder.path()).await.unwrap().into(),
        providers: Providers { meta, dialog360, aws: AwsProvider::new(aws_client(NOBODY), None) },
        public_hosts: public_hosts(),
        vault: Vault::new([7; 32]),
        clock: Arc::new(SystemClock),
        media_workers: None,
        config: EngineConfig::default(),
    })
}

/// A company with two accounts, whose media waits until somebody looks at it.
async fn company(store: &Store, engine: &Engine) -> (CompanyId, Vec<i64>) {
    let new = NewCompany { media_policy: MediaPolicy::OnView, ..new_company("acme") };
    let company = store.add_company(&new).await.unwrap().id;
    let mut accounts = Vec::new();
    for number in ACCOUNTS {
        accounts.push(
            engine.accounts().create(company, &draft(number), &Actor::command_line()).await.unwrap().id.0,
        );
    }
    (company, accounts)
}

fn draft(phone_number_id: &str) -> AccountDraft {
    AccountDraft {
        provider: Provider::Meta,
        aws: None,
        phone_number_id: phone_number_id.to_owned(),
        waba_id: Some(WABA_ID.to_owned()),
        display_phone_number: Some(format!("+{DISPLAY_PHONE_NUMBER}")),
        name: "Support".to_owned(),
        access_token: Some(SecretString::from("token")),
        app_secret: Some(SecretString::from(APP_SECRET)),
        verify_token: None,
        media_policy: None,
    }
}
