//! A whole server, asked over a socket. Server and client share one thread, so both are counted; the database's own
//! threads are not.

use std::cell::Cell;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use mediary_blob::Storage;
use mediary_core::{Clock as _, CompanyId, Provider, Role, SystemClock};
use mediary_engine::{
    AccountDraft, ApiKeyDraft, AwsProvider, Engine, EngineConfig, EngineParts, Providers, Shutdown, Vault,
};
use mediary_server::{Delivery, Server, ServerConfig, Surface};
use mediary_store::{Actor, Store, StoreOptions};
use mediary_testing::ManualClock;
use mediary_testing::database::sqlite_url;
use mediary_testing::rows::new_company;
use mediary_testing::whatsapp::{NOBODY, aws_client, clients, public_hosts};
use secrecy::{ExposeSecret, SecretString};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

/// After so long a key is no longer remembered, and its use is recorded again.
const KEY_USE_NOTED_AGAIN: Duration = Duration::from_secs(3600);

pub(crate) struct House {
    runtime: Runtime,
    address: SocketAddr,
    pub(crate) engine: Engine,
    pub(crate) company: CompanyId,
    key: String,
    clock: Arc<ManualClock>,
    accounts: Cell<usize>,
    _folder: TempDir,
}

impl House {
    pub(crate) fn open() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::new(SystemClock.now()));
        let (engine, store) = runtime.block_on(engine(&folder, clock.clone()));
        let (company, key) = runtime.block_on(company(&engine));
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let config = ServerConfig {
            surface: Surface::Everything,
            delivery: Delivery::Proxy,
            media_origin: None,
            public_url: "https://media.example".parse().unwrap(),
            trusted_proxies: "127.0.0.0/8".parse().unwrap(),
            connections: 64,
            metrics: None,
        };
        let server = Server::new(engine.clone(), store, config);
        runtime.spawn(server.serve(listener, Shutdown::default()));
        Self { runtime, address, engine, company, key, clock, accounts: Cell::new(0), _folder: folder }
    }

    /// Makes accounts until there are so many: number 1, 2, …, with secrets and a verify token of their own.
    pub(crate) fn accounts(&self, count: usize) {
        while self.accounts.get() < count {
            let number = self.accounts.get() + 1;
            let secret = |what: &str| Some(SecretString::from(format!("{what}-of-number-{number}")));
            let draft = AccountDraft {
                provider: Provider::Meta,
                aws: None,
                phone_number_id: number.to_string(),
                waba_id: None,
                display_phone_number: None,
                name: "Support".to_owned(),
                access_token: secret("access-token"),
                app_secret: secret("app-secret"),
                verify_token: secret("verify-token"),
                media_policy: None,
            };
            let by = Actor::command_line();
            self.wait(self.engine.accounts().create(self.company, &draft, &by)).unwrap();
            self.accounts.set(number);
        }
    }

    /// Has everything that is remembered of accounts forgotten, so that it is read again now and not at some moment.
    pub(crate) fn forget_accounts(&self) {
        self.accounts(self.accounts.get() + 1);
    }

    /// Has the key read again by the next request. Whether it is still remembered would depend on how slow the machine is.
    pub(crate) fn forget_key(&self) {
        self.clock.advance(KEY_USE_NOTED_AGAIN);
    }

    pub(crate) fn wait<T>(&self, what: impl Future<Output = T>) -> T {
        self.runtime.block_on(what)
    }

    /// Sends a request and reads the answer to its end. `head` is the request's line and headers.
    pub(crate) fn ask(&self, head: &str, body: &[u8]) {
        let fixed = "host: media.example\r\nconnection: close";
        let head = format!("{head}\r\n{fixed}\r\ncontent-length: {}\r\n\r\n", body.len());
        self.wait(async {
            let mut socket = TcpStream::connect(self.address).await.unwrap();
            socket.write_all(head.as_bytes()).await.unwrap();
            socket.write_all(body).await.unwrap();
            let mut answer = Vec::new();
            socket.read_to_end(&mut answer).await.unwrap();
            let refused = [&b"HTTP/1.1 2"[..], b"HTTP/1.1 3", b"HTTP/1.1 4"];
            assert!(
                refused.iter().any(|status| answer.starts_with(status)),
                "{}",
                String::from_utf8_lossy(&answer)
            );
        });
    }

    pub(crate) fn key(&self) -> &str {
        &self.key
    }
}

/// `clock` stands, so that what is looked up again after a while is not counted, however slow the machine. It starts at this
/// moment: what is sent has times of its own, and none of them may lie ahead.
async fn engine(folder: &TempDir, clock: Arc<ManualClock>) -> (Engine, Store) {
    let url = sqlite_url(folder.path());
    let store = Store::open(&StoreOptions { url, max_connections: 2 }, clock.clone()).await.unwrap();
    store.migrate().await.unwrap();
    let storage = Storage::open_local(&folder.path().join("files")).await.unwrap();
    let [meta, dialog360] = clients(NOBODY);
    let parts = EngineParts {
        store: store.clone(),
        storages: storage.into(),
        providers: Providers { meta, dialog360, aws: AwsProvider::new(aws_client(NOBODY), None) },
        public_hosts: public_hosts(),
        vault: Vault::new([7; 32]),
        clock,
        media_workers: None,
        config: EngineConfig::default(),
    };
    (Engine::new(parts), store)
}

/// A company, and an admin's key.
async fn company(engine: &Engine) -> (CompanyId, String) {
    let company = engine.access().create_company(&new_company("acme")).await.unwrap().id;
    let draft = ApiKeyDraft { name: "key".to_owned(), role: Role::Admin, expires_at: None };
    let made = engine.access().create_api_key(company, &draft, &Actor::command_line()).await.unwrap();
    (company, made.key.expose_secret().to_owned())
}
