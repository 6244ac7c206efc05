//! A small world: one company with one WhatsApp account, and WhatsApp itself, all on one clock.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use mediary_blob::{Storage, Storages};
use mediary_core::{AccountId, CompanyId, MediaPolicy, Role, Scope, Sees, Sha256, UserId};
use mediary_engine::{
    AccountDraft, Caller, Engine, EngineConfig, EngineParts, May, OpenRequest, OpenedMedia, Right, Source,
    Target, Vault, Wanted, Who,
};
use mediary_graph::{GraphClient, GraphOptions, sign};
use mediary_simulator::{MediaRecord, MediaSpec, Simulator, SimulatorConfig};
use mediary_store::{Actor, MediaFile, MediaQuery, NewCompany, Store, StoreOptions};
use mediary_testing::{ManualClock, START};
use secrecy::SecretString;
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const PHONE_NUMBER_ID: &str = "106540352242922";
pub(crate) const WABA_ID: &str = "102290129340398";
pub(crate) const APP_SECRET: &str = "the-app-secret";
pub(crate) const TOKEN: &str = "the-access-token";
/// The first bytes of a PNG, enough to be known as one.
pub(crate) const PNG: &[u8] =
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";

pub(crate) struct World {
    pub(crate) clock: ManualClock,
    pub(crate) whatsapp: Simulator,
    pub(crate) engine: Engine,
    pub(crate) graph: GraphClient,
    pub(crate) store: Store,
    pub(crate) storage: Storage,
    pub(crate) company: CompanyId,
    pub(crate) account: AccountId,
    pub(crate) caller: Arc<Caller>,
    pub(crate) folder: TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(configure: impl FnOnce(&mut EngineConfig)) -> Self {
        let clock = ManualClock::default();
        let folder = tempfile::tempdir().unwrap();
        let whatsapp = SimulatorConfig { clock: Arc::new(clock.clone()), ..SimulatorConfig::default() };
        let whatsapp = Simulator::start(whatsapp).await.unwrap();
        let url = format!("sqlite://{}", folder.path().join("mediary.db").display());
        let options = StoreOptions { url, max_connections: 4 };
        let store = Store::open(&options, Arc::new(clock.clone())).await.unwrap();
        store.migrate().await.unwrap();
        let storage = Storage::open_local(folder.path()).await.unwrap();
        let mut config = EngineConfig::default();
        configure(&mut config);
        let engine = engine(&clock, &whatsapp, &store, storage.clone(), config);
        let new = NewCompany { name: "Acme".into(), slug: "acme".into(), media_policy: MediaPolicy::Store };
        let company = store.add_company(&new).await.unwrap().id;
        let account = engine
            .accounts()
            .create(company, &draft(PHONE_NUMBER_ID), &Actor::command_line())
            .await
            .unwrap()
            .id;
        let who = Who::User { id: UserId(1), email: "ana@acme.test".into(), name: "Ana".into() };
        let caller = Arc::new(Caller { company_id: company, role: Role::Admin, sees: Sees::Everything, who });
        Self {
            clock,
            graph: graph(&whatsapp),
            whatsapp,
            engine,
            store,
            storage,
            company,
            account,
            caller,
            folder,
        }
    }

    /// Any right of the company's administrator.
    pub(crate) fn may<R: Right>(&self) -> May<R> {
        May::ask(self.caller.clone()).unwrap()
    }

    /// Another process on the same database and storage.
    pub(crate) fn another_engine(&self) -> Engine {
        self.engine_with(self.storage.clone().into())
    }

    /// Another process on the same database, with storage of its own.
    pub(crate) fn engine_with(&self, storages: Storages) -> Engine {
        self.engine_as(storages, EngineConfig::default())
    }

    pub(crate) fn engine_as(&self, storages: Storages, config: EngineConfig) -> Engine {
        engine(&self.clock, &self.whatsapp, &self.store, storages, config)
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    pub(crate) async fn set_policy(&self, policy: MediaPolicy) {
        let settings = mediary_store::MediaSettingsPatch { policy: Some(policy), ..Default::default() };
        self.engine.update_media_settings(&self.may(), &settings, &Actor::command_line()).await.unwrap();
    }

    pub(crate) async fn png(&self, seed: u8) -> MediaRecord {
        self.upload([PNG, &[seed; 1000]].concat(), "image/png").await
    }

    pub(crate) async fn upload(&self, bytes: impl Into<Bytes>, mime: &str) -> MediaRecord {
        self.whatsapp.add_media(&MediaSpec::bytes(bytes, mime)).await.unwrap()
    }

    /// Posts a webhook body as WhatsApp would.
    pub(crate) async fn post(&self, body: &Value) {
        let body = body.to_string();
        let signature = sign(body.as_bytes(), APP_SECRET.as_bytes());
        self.engine.accept(Some(&signature), body.into()).await.unwrap();
    }

    /// Has a message with this media arrive, and everything done that is due.
    pub(crate) async fn arrive(&self, wamid: &str, kind: &str, media: &MediaRecord) -> MediaFile {
        self.announce(wamid, kind, media).await;
        self.engine.run_due().await.unwrap();
        self.media_of(&media.id).await
    }

    /// Has a message with this media arrive; nothing is done yet.
    pub(crate) async fn announce(&self, wamid: &str, kind: &str, media: &MediaRecord) {
        self.post(&webhook(message(wamid, kind, media_node(media)))).await;
    }

    pub(crate) async fn media_of(&self, provider_media_id: &str) -> MediaFile {
        self.store
            .media_by_provider_id(&Scope::system(self.company), provider_media_id)
            .await
            .unwrap()
            .unwrap()
    }

    pub(crate) async fn all_media(&self) -> Vec<MediaFile> {
        self.store.media_list(&Scope::system(self.company), &MediaQuery::default()).await.unwrap().items
    }

    pub(crate) async fn open(&self, target: Target) -> mediary_core::Result<OpenedMedia> {
        let wanted = Wanted::Bytes { range: None };
        let request = OpenRequest { target, variant: None, wanted };
        self.engine.open(&self.may(), request).await
    }

    /// Files below the storage's media folder, unfinished ones included.
    pub(crate) fn stored_files(&self) -> usize {
        count_files(&self.folder.path().join("media"))
    }
}

fn engine(
    clock: &ManualClock,
    whatsapp: &Simulator,
    store: &Store,
    storages: impl Into<Storages>,
    config: EngineConfig,
) -> Engine {
    Engine::new(EngineParts {
        store: store.clone(),
        storages: storages.into(),
        graph: graph(whatsapp),
        vault: Vault::new([9; 32]),
        clock: Arc::new(clock.clone()),
        config,
    })
}

fn graph(whatsapp: &Simulator) -> GraphClient {
    let options = GraphOptions {
        graph_url: whatsapp.base_url(),
        version: "v26.0".into(),
        media_hosts: vec!["127.0.0.1".into()],
        connect_timeout: Duration::from_secs(1),
        silence_timeout: Duration::from_millis(400),
        user_agent: "mediary-test".into(),
    };
    GraphClient::new(options).unwrap()
}

pub(crate) fn draft(phone_number_id: &str) -> AccountDraft {
    AccountDraft {
        phone_number_id: phone_number_id.into(),
        waba_id: Some(WABA_ID.into()),
        display_phone_number: Some("+15550783881".into()),
        name: "Support".into(),
        access_token: Some(SecretString::from(TOKEN)),
        app_secret: Some(SecretString::from(APP_SECRET)),
        verify_token: Some(SecretString::from("the-verify-token")),
        media_policy: None,
    }
}

/// The media node of a message, as a webhook declares it.
pub(crate) fn media_node(media: &MediaRecord) -> Value {
    let sha256 = media.sha256.parse::<Sha256>().unwrap().to_base64();
    json!({"id": media.id, "mime_type": media.mime_type, "sha256": sha256})
}

pub(crate) fn message(wamid: &str, kind: &str, node: Value) -> Value {
    let seconds = (START.millis() / 1000).to_string();
    json!({"from": "15550100001", "id": wamid, "timestamp": seconds, "type": kind, kind: node})
}

/// One message, from a contact called Ana.
pub(crate) fn webhook(message: Value) -> Value {
    let contact = json!({"profile": {"name": "Ana"}, "wa_id": "15550100001"});
    change("messages", json!({"contacts": [contact], "messages": [message]}))
}

/// One change of our number.
pub(crate) fn change(field: &str, mut value: Value) -> Value {
    value["messaging_product"] = "whatsapp".into();
    value["metadata"] = json!({"display_phone_number": "15550783881", "phone_number_id": PHONE_NUMBER_ID});
    let change = json!({"field": field, "value": value});
    json!({"object": "whatsapp_business_account", "entry": [{"id": WABA_ID, "changes": [change]}]})
}

pub(crate) async fn read_all(opened: OpenedMedia) -> Vec<u8> {
    let mut all = Vec::new();
    match opened.source {
        Source::Stored(file) => {
            while let Some(part) = Some(file.read_at(all.len() as u64, 1 << 18).await.unwrap()) {
                if part.is_empty() {
                    return all;
                }
                all.extend_from_slice(&part);
            }
        }
        Source::Proxied(mut passing) => {
            while let Some(chunk) = passing.next().await.unwrap() {
                all.extend_from_slice(&chunk);
            }
        }
        Source::Described => {}
    }
    all
}

fn count_files(folder: &std::path::Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries
        .map(|entry| entry.unwrap().path())
        // The marker of the whole folder is nobody's.
        .filter(|path| !path.ends_with(".mediary"))
        .map(|path| if path.is_dir() { count_files(&path) } else { 1 })
        .sum()
}
