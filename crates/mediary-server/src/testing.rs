//! A whole server without a listener: real rows, real files, a clock that stands still, and no workers.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Path;
use axum::routing::get;
use axum::{Json, Router};
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt;
use mediary_blob::{Storage, StorageKey};
use mediary_core::{
    AccountId, CompanyId, ConversationId, MediaId, MessageId, Provider, Role, Scope, Timestamp,
};
use mediary_engine::{
    AccountDraft, ApiKeyDraft, AwsProvider, Engine, EngineConfig, EngineParts, Providers, Shutdown,
    UserDraft, Vault,
};
use mediary_store::{
    Actor, ChangeKind, ClaimLimits, ClaimedDownload, ContactKey, EventScope, FinishedDownload,
    IncomingMessage, IngestLimits, IngestPlan, ItemSource, NewMedia, NewWebhookEvent, PlannedItem, Store,
    StoreOptions, Unrecordable,
};
use mediary_testing::ManualClock;
use mediary_testing::database::sqlite_url;
use mediary_testing::installation::{ACCESS_TOKEN, APP_SECRET, DISPLAY_PHONE_NUMBER, PASSWORD, VERIFY_TOKEN};
use mediary_testing::rows::{
    Tenant, WEEK, failed, finished, item, new_company, new_media, picture, webhook_event,
};
use mediary_testing::whatsapp::{NOBODY, aws_client, clients, public_hosts};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt;

use crate::ServerConfig;
use crate::app::App;
use crate::routes;

/// The address of a trusted proxy.
pub(crate) const PROXY: &str = "127.0.0.9";
/// The business account to which an app is subscribed at [`House::with_whatsapp`].
pub(crate) const SUBSCRIBED_WABA: &str = "102290129340398";
/// Another business account of the same token, with a number and an app.
pub(crate) const OTHER_WABA: &str = "102290129340400";
/// A business account of somebody else, which Graph tells nobody of.
pub(crate) const FOREIGN_WABA: &str = "102290129340399";
pub(crate) const PROVIDER_URL: &str = "https://lookaside.fbsbx.com/must-not-leave";

/// One installation.
pub(crate) struct House {
    pub(crate) app: App,
    pub(crate) router: Router,
    pub(crate) engine: Engine,
    pub(crate) store: Store,
    pub(crate) storage: Storage,
    pub(crate) clock: ManualClock,
    pub(crate) shutdown: Shutdown,
    folder: TempDir,
}

/// One tenant, with a key for each role.
pub(crate) struct Company {
    pub(crate) id: CompanyId,
    pub(crate) account: AccountId,
    pub(crate) phone_number_id: String,
    slug: String,
    keys: Vec<(Role, String)>,
}

/// What a message made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Made {
    pub(crate) conversation: ConversationId,
    pub(crate) message: MessageId,
    pub(crate) media: MediaId,
    /// What could not be recorded of its webhook.
    pub(crate) parked: i64,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Company {
    pub(crate) fn key(&self, role: Role) -> &str {
        let found = self.keys.iter().find(|(of, _)| *of == role);
        &found.expect("there is a key for each role").1
    }

    pub(crate) fn email(&self, role: Role) -> String {
        format!("{role}@{}.test", self.slug)
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {:?}", self.body))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The problem's code, after checking that it is a whole problem.
    pub(crate) fn code(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        let body = self.json();
        assert_eq!(body["status"], self.status.as_u16());
        assert!(!body["requestId"].as_str().unwrap().is_empty());
        body["code"].as_str().unwrap().to_owned()
    }

    /// The code, and the first wrong field, which has its message.
    pub(crate) fn code_and_field(&self) -> (String, String) {
        let (code, body) = (self.code(), self.json());
        assert_eq!(body["errors"][0]["message"], body["detail"], "{body}");
        (code, body["errors"][0]["field"].as_str().unwrap_or_default().to_owned())
    }

    /// The first wrong field of a `validation_error`.
    pub(crate) fn field(&self) -> String {
        assert_eq!(self.code(), "validation_error");
        self.json()["errors"][0]["field"].as_str().unwrap_or_default().to_owned()
    }
}

impl House {
    /// With nobody where WhatsApp would be.
    pub(crate) async fn open() -> Self {
        Self::beside(NOBODY).await
    }

    /// Beside a WhatsApp that knows every number, and [`ACCESS_TOKEN`] alone.
    pub(crate) async fn with_whatsapp() -> Self {
        let number = async |Path((_, id)): Path<(String, String)>, headers: HeaderMap| {
            let known =
                headers.get("authorization").is_some_and(|value| *value == format!("Bearer {ACCESS_TOKEN}"));
            let refused = serde_json::json!({"error": {"code": 190, "message": "Malformed access token"}});
            match known {
                true => (StatusCode::OK, Json(serde_json::json!({ "id": id }))),
                false => (StatusCode::UNAUTHORIZED, Json(refused)),
            }
        };
        // 360dialog's form, whose one number is 777.
        let health = async |headers: HeaderMap| {
            let number = serde_json::json!({"entity_type": "PHONE_NUMBER", "id": "777"});
            match headers.get("d360-api-key").is_some_and(|key| *key == ACCESS_TOKEN) {
                true => (StatusCode::OK, Json(serde_json::json!({"health_status": {"entities": [number]}}))),
                false => (StatusCode::UNAUTHORIZED, Json(serde_json::json!({"error": "Unauthorized"}))),
            }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let subscribed = async |Path((_, id)): Path<(String, String)>| {
            let app = serde_json::json!({"whatsapp_business_api_data": {"id": "1"}});
            let apps =
                if [SUBSCRIBED_WABA, OTHER_WABA].contains(&id.as_str()) { vec![app] } else { Vec::new() };
            seen_list(&id, &apps)
        };
        let numbers = async |Path((_, id)): Path<(String, String)>| {
            let ids = if id == OTHER_WABA { vec!["9"] } else { vec!["776", "777", "778"] };
            seen_list(&id, &ids.into_iter().map(|id| serde_json::json!({ "id": id })).collect::<Vec<_>>())
        };
        let graph = Router::new()
            .route("/{version}/{id}", get(number))
            .route("/{version}/{id}/subscribed_apps", get(subscribed))
            .route("/{version}/{id}/phone_numbers", get(numbers))
            .route("/health_status", get(health));
        // Ends with the test's runtime.
        tokio::spawn(async { axum::serve(listener, graph).await.unwrap() });
        Self::beside(&format!("http://{address}")).await
    }

    async fn beside(graph_url: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = ManualClock::default();
        let options = StoreOptions { url: sqlite_url(folder.path()), max_connections: 4 };
        let store = Store::open(&options, Arc::new(clock.clone())).await.unwrap();
        store.migrate().await.unwrap();
        let storage = Storage::open_local(&folder.path().join("files")).await.unwrap();
        let [meta, dialog360] = clients(graph_url);
        let engine = Engine::new(EngineParts {
            store: store.clone(),
            storages: storage.clone().into(),
            providers: Providers { meta, dialog360, aws: AwsProvider::new(aws_client(NOBODY), None) },
            public_hosts: public_hosts(),
            vault: Vault::new([7; 32]),
            clock: Arc::new(clock.clone()),
            media_workers: None,
            config: EngineConfig::default(),
        });
        let config = ServerConfig {
            surface: crate::Surface::Everything,
            delivery: crate::Delivery::Proxy,
            media_origin: None,
            public_url: "https://media.example".parse().unwrap(),
            trusted_proxies: PROXY.parse().unwrap(),
            connections: mediary_core::limits::CONNECTIONS,
            metrics: None,
        };
        let shutdown = Shutdown::default();
        let app = App::new(engine.clone(), store.clone(), config, shutdown.soft.clone());
        Self { router: routes::router(&app), app, engine, store, storage, clock, shutdown, folder }
    }

    /// Where database and files lie.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// A tenant with one WhatsApp account and a key for each role.
    pub(crate) async fn company(&self, slug: &str) -> Company {
        let id = self.store.add_company(&new_company(slug)).await.unwrap().id;
        let phone_number_id = format!("1065403522429{}", id.0);
        let secret = |text: &str| Some(SecretString::from(text.to_owned()));
        let draft = AccountDraft {
            provider: Provider::Meta,
            aws: None,
            phone_number_id: phone_number_id.clone(),
            waba_id: None,
            display_phone_number: Some(format!("+{DISPLAY_PHONE_NUMBER}")),
            name: "Support".to_owned(),
            access_token: secret(ACCESS_TOKEN),
            app_secret: secret(APP_SECRET),
            verify_token: secret(VERIFY_TOKEN),
            media_policy: None,
        };
        let account = self.engine.accounts().create(id, &draft, &Actor::command_line()).await.unwrap().id;
        let mut keys = Vec::new();
        for role in Role::ALL {
            let draft = ApiKeyDraft { name: role.to_string(), role: *role, expires_at: None };
            let made = self.engine.access().create_api_key(id, &draft, &Actor::command_line()).await.unwrap();
            keys.push((*role, made.key.expose_secret().to_owned()));
        }
        Company { id, account, phone_number_id, slug: slug.to_owned(), keys }
    }

    /// A person who can log in with [`PASSWORD`].
    pub(crate) async fn user(&self, company: &Company, role: Role) {
        let draft = UserDraft {
            email: company.email(role),
            name: format!("The {role}"),
            role,
            password: SecretString::from(PASSWORD.to_owned()),
        };
        self.engine.access().create_user(company.id, &draft, &Actor::command_line()).await.unwrap();
    }

    /// The cookie of a person who logs in now.
    pub(crate) async fn cookie(&self, company: &Company, role: Role) -> String {
        let body = serde_json::json!({"email": company.email(role), "password": PASSWORD});
        let answer = self.send(post("/api/auth/login", None, &body)).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.header("set-cookie").split(';').next().unwrap().to_owned()
    }

    /// A message with an image whose bytes are not here yet.
    pub(crate) async fn message(&self, company: &Company, wamid: &str) -> Made {
        self.record(company, wamid, incoming(company, wamid, self.engine.now())).await
    }

    /// The same with another caption and text.
    pub(crate) async fn said(&self, company: &Company, wamid: &str, text: &str) -> Made {
        let (caption, text) = (Some(text.to_owned()), Some(text.to_owned()));
        let message = IncomingMessage { caption, text, ..incoming(company, wamid, self.engine.now()) };
        self.record(company, wamid, message).await
    }

    async fn record(&self, company: &Company, wamid: &str, message: IncomingMessage) -> Made {
        let item = item(message);
        let scope = EventScope { accounts: vec![company.account], installation: false };
        let event = NewWebhookEvent { received_at: self.engine.now(), ..webhook_event(scope) };
        self.store.inbox_append(event).await.unwrap();
        let limits = IngestLimits { events: 1, bytes: 1_000_000 };
        let plan = |events: &[mediary_store::WebhookEvent]| {
            let items = events.iter().map(|event| event.id).zip([item.clone()]);
            let items = items.map(|(event, item)| PlannedItem { event, item, source: None }).collect();
            // Another item of the same webhook cannot be recorded.
            let (reason, raw) = (format!("{wamid} of {}", company.slug), "{}".to_owned());
            let source = ItemSource { company_id: company.id, account_id: company.account, place: 0, raw };
            let parked = events.iter().map(|event| event.id).zip([(reason, source)]);
            let parked = parked
                .map(|(event, (reason, source))| Unrecordable { event, source, reason, lasting: true })
                .collect();
            IngestPlan { items, parked, ..IngestPlan::default() }
        };
        let outcome = self.store.ingest(limits, plan).await.unwrap();
        let created =
            outcome.changes.iter().find(|change| change.kind == ChangeKind::MessageCreated).unwrap();
        let message = created.message_id.unwrap();
        let media = self.store.media_by_message(&Scope::system(company.id), message).await.unwrap().unwrap();
        let parked = self.store.parked_items(company.id, &Default::default()).await.unwrap().items;
        let parked = parked.last().unwrap().id;
        Made { conversation: created.conversation_id, message, media: media.id, parked }
    }

    /// The same, its bytes stored.
    pub(crate) async fn stored(&self, company: &Company, wamid: &str, bytes: &[u8], mime: &str) -> Made {
        let made = self.message(company, wamid).await;
        let claimed = self.claim().await;
        let claimed = claimed.into_iter().find(|claimed| claimed.media_id == made.media).unwrap();
        self.finish(&claimed, bytes, mime).await;
        made
    }

    /// A message of another person with an image that is stored.
    pub(crate) async fn stored_from(
        &self,
        company: &Company,
        phone: &str,
        wamid: &str,
        bytes: &[u8],
    ) -> Made {
        let phone = Some(phone.to_owned());
        let contact = ContactKey { wa_id: phone.clone(), phone: phone.clone(), ..ContactKey::default() };
        let message = incoming(company, wamid, self.engine.now());
        let message = IncomingMessage { contact, sender_phone: phone, ..message };
        let made = self.record(company, wamid, message).await;
        for claimed in self.claim().await {
            self.finish(&claimed, bytes, "image/png").await;
        }
        made
    }

    /// A message of another person with this text, and a file with this name.
    pub(crate) async fn wordy_from(&self, company: &Company, phone: &str, wamid: &str, text: &str) -> Made {
        let phone = Some(phone.to_owned());
        let contact = ContactKey { wa_id: phone.clone(), phone, ..ContactKey::default() };
        let mut message = incoming(company, wamid, self.engine.now());
        message.media = message.media.map(|media| NewMedia { file_name: Some(text.to_owned()), ..media });
        let message = IncomingMessage { contact, caption: Some(text.to_owned()), ..message };
        self.record(company, wamid, message).await
    }

    /// A message whose file has a name and is stored.
    pub(crate) async fn stored_named(
        &self,
        company: &Company,
        wamid: &str,
        name: &str,
        bytes: &[u8],
    ) -> Made {
        let mut message = incoming(company, wamid, self.engine.now());
        message.media = message.media.map(|media| NewMedia { file_name: Some(name.to_owned()), ..media });
        let made = self.record(company, wamid, message).await;
        for claimed in self.claim().await {
            self.finish(&claimed, bytes, "image/png").await;
        }
        made
    }

    /// A message whose own file and one attachment are stored.
    pub(crate) async fn stored_with_attachment(
        &self,
        company: &Company,
        wamid: &str,
        [own, attached]: [&[u8]; 2],
        mime: &str,
    ) -> Made {
        let mut message = incoming(company, wamid, self.engine.now());
        let id = Some(format!("{wamid}.attached"));
        message
            .attachments
            .extend(message.media.clone().map(|own| NewMedia { provider_media_id: id, ..own }));
        let made = self.record(company, wamid, message).await;
        for claimed in self.claim().await {
            let bytes = if claimed.media_id == made.media { own } else { attached };
            self.finish(&claimed, bytes, mime).await;
        }
        made
    }

    async fn claim(&self) -> Vec<ClaimedDownload> {
        let limits =
            ClaimLimits { batch: 8, per_company: 8, per_account: None, lease: Duration::from_secs(60) };
        self.store.claim_downloads("test", &limits).await.unwrap()
    }

    async fn finish(&self, claimed: &ClaimedDownload, bytes: &[u8], mime: &str) {
        let id = claimed.provider_media_id.as_deref().unwrap();
        let key = StorageKey::media(claimed.company_id, claimed.message_id, id);
        let mut upload = self.storage.create(&key).await.unwrap();
        upload.write(Bytes::copy_from_slice(bytes)).await.unwrap();
        let stored = upload.finish().await.unwrap();
        let finished = FinishedDownload {
            storage_backend: self.storage.backend(),
            storage_key: key.to_string(),
            file_url: self.storage.location(&key),
            file_size: stored.size,
            sha256: stored.sha256,
            detected_mime_type: Some(mime.to_owned()),
            stored_at: self.engine.now(),
            ..finished(claimed)
        };
        assert!(self.store.finish_download(finished).await.unwrap());
    }

    /// Lets the download of a file fail that is due now.
    pub(crate) async fn fails(&self, media: MediaId) {
        let claimed = self.claim().await;
        let claimed = claimed.into_iter().find(|claimed| claimed.media_id == media).unwrap();
        assert!(self.store.fail_download(&failed(&claimed, None)).await.unwrap());
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body =
            body.collect().await.map_or_else(|error| panic!("{error}"), http_body_util::Collected::to_bytes);
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub(crate) async fn get(&self, path: &str, key: &str) -> Answer {
        self.send(request("GET", path, Some(key)).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post_empty(&self, path: String, key: &str) -> Answer {
        self.send(request("POST", &path, Some(key)).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, key: &str, body: &Value) -> Answer {
        self.send(post(path, Some(key), body)).await
    }
}

/// A list of a business account, as Graph answers who may see it.
fn seen_list(waba_id: &str, items: &[Value]) -> (StatusCode, Json<Value>) {
    let unknown = serde_json::json!({"error": {"code": 100, "error_subcode": 33,
        "message": "Unsupported get request. Object with ID does not exist"}});
    match waba_id == FOREIGN_WABA {
        true => (StatusCode::BAD_REQUEST, Json(unknown)),
        false => (StatusCode::OK, Json(serde_json::json!({ "data": items }))),
    }
}

/// A request with a key.
pub(crate) fn request(method: &str, path: &str, key: Option<&str>) -> http::request::Builder {
    let request = Request::builder().method(method).uri(path).header(header::HOST, "media.example");
    match key {
        Some(key) => request.header(header::AUTHORIZATION, format!("Bearer {key}")),
        None => request,
    }
}

/// A request with a JSON body.
pub(crate) fn with_json(method: &str, path: &str, key: Option<&str>, body: &Value) -> Request<Body> {
    let request = request(method, path, key).header(header::CONTENT_TYPE, "application/json");
    request.body(Body::from(body.to_string())).unwrap()
}

pub(crate) fn post(path: &str, key: Option<&str>, body: &Value) -> Request<Body> {
    with_json("POST", path, key, body)
}

fn incoming(company: &Company, wamid: &str, now: Timestamp) -> IncomingMessage {
    let phone = Some("15551234567".to_owned());
    let contact = ContactKey {
        wa_id: phone.clone(),
        phone: phone.clone(),
        name: Some("Ben".to_owned()),
        ..ContactKey::default()
    };
    let media = NewMedia {
        provider_media_id: Some(wamid.to_owned()),
        mime_type: Some("image/png".to_owned()),
        sha256: None,
        provider_url: Some(PROVIDER_URL.to_owned()),
        expires_at: now.plus(WEEK),
        ..new_media(wamid)
    };
    let tenant = Tenant { company: company.id, account: company.account };
    IncomingMessage {
        contact,
        timestamp: now,
        caption: Some("look".to_owned()),
        sender_phone: phone,
        sender_name: Some("Ben".to_owned()),
        receiving_phone: Some(DISPLAY_PHONE_NUMBER.to_owned()),
        raw_payload: Some("{}".to_owned()),
        media: Some(media),
        ..picture(tenant, wamid)
    }
}
