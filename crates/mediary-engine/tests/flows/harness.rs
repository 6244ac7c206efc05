//! A small world: one company with one WhatsApp account, and WhatsApp itself, all on one clock.

use std::collections::VecDeque;
use std::fs::File;
use std::os::fd::AsFd as _;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use mediary_blob::{Storage, Storages};
use mediary_core::{
    AccountId, CompanyId, MediaPolicy, Provider, Role, Scope, UserId, VariantKind, Visibility,
};
use mediary_derive::pool::Job;
use mediary_derive::virtual_file::Piece;
use mediary_derive::{Derived, Product, Recipe, Workers};
use mediary_engine::{
    AccountDraft, AwsProvider, Caller, Engine, EngineConfig, EngineParts, Identity, May, OpenRequest,
    OpenedMedia, Providers, RequestedContent, Right, Source, Target, Vault, WebhookSender,
};
use mediary_graph::{GraphClient, GraphOptions};
use mediary_simulator::{AccountSpec, AwsSpec, MediaRecord, MediaSpec, Simulator, SimulatorConfig};
use mediary_store::{Actor, AwsSettings, MediaFile, MediaQuery, Store, StoreOptions};
use mediary_testing::ManualClock;
use mediary_testing::bucket::{BUCKET, Bucket};
use mediary_testing::database::sqlite_url;
use mediary_testing::files::{PNG, files_below};
use mediary_testing::installation::{
    ACCESS_TOKEN, APP_SECRET, DISPLAY_PHONE_NUMBER, PHONE_NUMBER_ID, VERIFY_TOKEN, WABA_ID,
};
use mediary_testing::rows::new_company;
use mediary_testing::simulator::{media_node, quick};
use mediary_testing::whatsapp::{
    aws_client, body, change, client_options, graph_options, message, public_hosts, signature_of, webhook,
};
use secrecy::SecretString;
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::oneshot;

const SILENCE_TIMEOUT: Duration = Duration::from_millis(400);

/// Runs flows on every provider, each of which they are given.
macro_rules! on_every_provider {
    ($($flow:ident),+ $(,)?) => {
        crate::harness::on_graph_providers! { $($flow),+ }
        mod aws { $(
            #[tokio::test]
            async fn $flow() {
                super::$flow(mediary_core::Provider::Aws).await;
            }
        )+ }
    };
}
pub(crate) use on_every_provider;

/// On those whose media has temporary URLs, which can fail in ways of their own.
macro_rules! on_graph_providers {
    ($($flow:ident),+ $(,)?) => {
        mod meta { $(
            #[tokio::test]
            async fn $flow() {
                super::$flow(mediary_core::Provider::Meta).await;
            }
        )+ }
        mod dialog360 { $(
            #[tokio::test]
            async fn $flow() {
                super::$flow(mediary_core::Provider::Dialog360).await;
            }
        )+ }
    };
}
pub(crate) use on_graph_providers;

pub(crate) const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:whatsapp";
/// The key of the bucket, too.
pub(crate) const AWS_KEY: &str = "mediary-test:mediary-test-secret";

pub(crate) struct World {
    pub(crate) provider: Provider,
    /// What media at AWS passes through.
    pub(crate) bucket: Option<Bucket>,
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

    /// With an account of this provider.
    pub(crate) async fn of(provider: Provider) -> Self {
        Self::build(provider, None, |_| {}).await
    }

    pub(crate) async fn with(configure: impl FnOnce(&mut EngineConfig)) -> Self {
        Self::build(Provider::Meta, None, configure).await
    }

    /// With somebody who makes variants of stored files.
    pub(crate) async fn deriving(workers: &Arc<WorkersInProcess>) -> Self {
        Self::build(Provider::Meta, Some(workers.clone()), |_| {}).await
    }

    pub(crate) async fn build(
        provider: Provider,
        workers: Option<Arc<WorkersInProcess>>,
        configure: impl FnOnce(&mut EngineConfig),
    ) -> Self {
        let clock = ManualClock::default();
        let folder = tempfile::tempdir().unwrap();
        let bucket = if provider == Provider::Aws { Some(Bucket::start().await) } else { None };
        let is_aws = provider == Provider::Aws;
        let account = AccountSpec {
            provider,
            aws: is_aws.then(|| AwsSpec {
                phone_number_id: aws_settings().phone_number_id,
                topic_arn: TOPIC.to_owned(),
            }),
            access_token: is_aws.then(|| SecretString::from(AWS_KEY)),
            ..AccountSpec::default()
        };
        let whatsapp = SimulatorConfig {
            clock: Arc::new(clock.clone()),
            accounts: vec![account],
            buckets: bucket.as_ref().and_then(|bucket| Some(bucket.folder().parent()?.to_owned())),
            ..quick()
        };
        let whatsapp = Simulator::start(whatsapp).await.unwrap();
        let url = sqlite_url(folder.path());
        let options = StoreOptions { url, max_connections: 4 };
        let store = Store::open(&options, Arc::new(clock.clone())).await.unwrap();
        store.migrate().await.unwrap();
        let storage = Storage::open_local(folder.path()).await.unwrap();
        let mut config = EngineConfig::default();
        configure(&mut config);
        let workers = workers.map(|workers| workers as Arc<dyn Workers>);
        let s3 = bucket.as_ref().map(Bucket::url);
        let engine = engine(&clock, &whatsapp, &store, storage.clone(), config, workers, s3);
        let new = new_company("acme");
        let company = store.add_company(&new).await.unwrap().id;
        let account =
            engine.accounts().create(company, &draft_of(provider), &Actor::command_line()).await.unwrap().id;
        let who = Identity::User { id: UserId(1), email: "ana@acme.test".into(), name: "Ana".into() };
        let caller =
            Arc::new(Caller { company_id: company, role: Role::Admin, sees: Visibility::Everything, who });
        Self {
            provider,
            bucket,
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
        let s3 = self.bucket.as_ref().map(Bucket::url);
        engine(&self.clock, &self.whatsapp, &self.store, storages, config, None, s3)
    }

    /// A token that the provider takes in place of the first one.
    pub(crate) fn renewed_token(&self) -> SecretString {
        SecretString::from(if self.provider == Provider::Aws { AWS_KEY } else { "new" })
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
        match self.provider {
            Provider::Meta => {
                self.engine.accept(Some(&signature_of(&body)), body.into()).await.unwrap();
            }
            Provider::Dialog360 => {
                self.engine
                    .accept_from(WebhookSender::Dialog360 { secret: Some(APP_SECRET) }, body.into())
                    .await
                    .unwrap();
            }
            Provider::Aws => {
                for message in self.whatsapp.sns_notifications(PHONE_NUMBER_ID, body.as_bytes()) {
                    self.engine.accept_from(WebhookSender::Aws, message).await.unwrap();
                }
            }
        }
    }

    /// Posts a change of our number.
    pub(crate) async fn post_change(&self, field: &str, value: Value) {
        self.post(&body(&[vec![change(field, value)]])).await;
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
        let wanted = RequestedContent::Bytes { range: None };
        let request = OpenRequest { target, variant: None, wanted };
        self.engine.open(&self.may(), request).await
    }

    /// Files below the storage's media folder, unfinished ones included.
    pub(crate) fn stored_files(&self) -> usize {
        files_below(&self.folder.path().join("media")).len()
    }
}

fn engine(
    clock: &ManualClock,
    whatsapp: &Simulator,
    store: &Store,
    storages: impl Into<Storages>,
    config: EngineConfig,
    media_workers: Option<Arc<dyn Workers>>,
    s3_endpoint: Option<String>,
) -> Engine {
    let url = whatsapp.base_url();
    let aws = AwsProvider::new(aws_client(url.as_str()), s3_endpoint);
    let dialog360 = GraphClient::dialog360(url, &client_options(SILENCE_TIMEOUT)).unwrap();
    Engine::new(EngineParts {
        store: store.clone(),
        storages: storages.into(),
        providers: Providers { meta: graph(whatsapp), dialog360, aws },
        public_hosts: public_hosts(),
        vault: Vault::new([9; 32]),
        clock: Arc::new(clock.clone()),
        media_workers,
        config,
    })
}

/// Makes variants in this process, as no server does. What it has to say of the next files can be prepared.
#[derive(Debug, Default)]
pub(crate) struct WorkersInProcess {
    pub(crate) failures: Mutex<VecDeque<mediary_derive::Error>>,
    pub(crate) jobs: AtomicUsize,
    /// Whether jobs that begin never end.
    pub(crate) hangs: AtomicBool,
    /// Whether videos get posters.
    pub(crate) ffmpeg: AtomicBool,
    /// Why the next video is not converted.
    pub(crate) not_converted: Mutex<Option<String>>,
    /// What the next conversion waits for.
    pub(crate) converted_after: Mutex<Option<oneshot::Receiver<()>>>,
}

#[async_trait]
impl Workers for WorkersInProcess {
    async fn run(&self, job: Job) -> mediary_derive::Result<Derived> {
        self.jobs.fetch_add(1, Ordering::SeqCst);
        if self.hangs.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        if let Some(failure) = self.failures.lock().unwrap().pop_front() {
            return Err(failure);
        }
        let file = File::from(job.input.as_fd().try_clone_to_owned().unwrap());
        if job.recipe == Recipe::Conversion {
            return self.converted(mediary_derive::make(&Recipe::Video, file)?).await;
        }
        let mut derived = mediary_derive::make(&job.recipe, file)?;
        if job.recipe == Recipe::Video && self.has_ffmpeg() {
            derived
                .products
                .extend([VariantKind::Thumb, VariantKind::Poster].map(|kind| made(kind, "image/webp")));
        }
        Ok(derived)
    }

    fn has_ffmpeg(&self) -> bool {
        self.ffmpeg.load(Ordering::SeqCst)
    }

    fn at_once(&self) -> usize {
        2
    }
}

impl WorkersInProcess {
    async fn converted(&self, mut derived: Derived) -> mediary_derive::Result<Derived> {
        let after = self.converted_after.lock().unwrap().take();
        if let Some(after) = after {
            let _ = after.await;
        }
        derived.missing = self.not_converted.lock().unwrap().take();
        if derived.missing.is_none() {
            derived.products.push(made(VariantKind::Playable, "video/mp4"));
        }
        Ok(derived)
    }
}

/// As ffmpeg and a worker would make it.
fn made(kind: VariantKind, mime_type: &'static str) -> Product {
    let bytes = kind.as_str().as_bytes().to_vec();
    Product { kind, mime_type, width: Some(64), height: Some(36), duration_ms: None, bytes }
}

fn graph(whatsapp: &Simulator) -> GraphClient {
    let options = graph_options(whatsapp.base_url().as_str());
    GraphClient::new(GraphOptions { silence_timeout: SILENCE_TIMEOUT, ..options }).unwrap()
}

fn draft_of(provider: Provider) -> AccountDraft {
    let is_aws = provider == Provider::Aws;
    let aws = is_aws.then(aws_settings);
    let token = if is_aws { AWS_KEY } else { ACCESS_TOKEN };
    AccountDraft { provider, aws, access_token: Some(SecretString::from(token)), ..draft(PHONE_NUMBER_ID) }
}

pub(crate) fn aws_settings() -> AwsSettings {
    AwsSettings {
        phone_number_id: "phone-number-id-0123456789abcdef0123456789abcdef".to_owned(),
        region: "us-east-1".to_owned(),
        bucket: BUCKET.to_owned(),
        topic_arn: TOPIC.to_owned(),
    }
}

pub(crate) fn draft(phone_number_id: &str) -> AccountDraft {
    AccountDraft {
        provider: Provider::Meta,
        aws: None,
        phone_number_id: phone_number_id.into(),
        waba_id: Some(WABA_ID.into()),
        display_phone_number: Some(format!("+{DISPLAY_PHONE_NUMBER}")),
        name: "Support".into(),
        access_token: Some(SecretString::from(ACCESS_TOKEN)),
        app_secret: Some(SecretString::from(APP_SECRET)),
        verify_token: Some(SecretString::from(VERIFY_TOKEN)),
        media_policy: None,
    }
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
        Source::Mapped { file, map } => {
            for piece in map.range(0..map.length()) {
                match piece {
                    Piece::Own(own) => all.extend_from_slice(own),
                    Piece::Original(range) => {
                        let mut reader = file.reader(range);
                        while let Some(chunk) = reader.next().await.unwrap() {
                            all.extend_from_slice(&chunk);
                        }
                    }
                }
            }
        }
        Source::Described | Source::BeingMade { .. } => {}
    }
    all
}
