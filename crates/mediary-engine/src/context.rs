//! What every flow works with: rows, bytes, WhatsApp, events, wake-ups, the clock, settings and metrics. Knows no flow.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use mediary_blob::Storages;
use mediary_core::{Clock, FileType, MediaPolicy, RetryRules, StorageBackend, Timestamp, limits};
use mediary_derive::Workers;
use mediary_outbound::PublicHosts;
use mediary_store::Store;
use secrecy::SecretString;

use crate::base::metrics::Meters;
use crate::base::vault::Vault;
use crate::base::work::WorkSignals;
use crate::events::bus::EventBus;
use crate::events::outbox::Outbox;
use crate::events::outcomes::EndedDownloads;
use crate::whatsapp::WhatsApp;
use crate::whatsapp::accounts::AccountDirectory;
use crate::whatsapp::pauses::Pauses;
use crate::whatsapp::provider::Providers;

/// The parts of an engine.
#[derive(Debug)]
pub struct EngineParts {
    pub store: Store,
    pub storages: Storages,
    pub providers: Providers,
    /// For files behind links that people send.
    pub public_hosts: PublicHosts,
    pub vault: Vault,
    pub clock: Arc<dyn Clock>,
    /// Make variants of stored files. `None` where decoders may not run: then nothing is made.
    pub media_workers: Option<Arc<dyn Workers>>,
    pub config: EngineConfig,
}

/// The settings of an engine.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// Downloads at once in this process.
    pub workers: usize,
    /// Downloads at once for a company, in all processes together.
    pub downloads_per_company: usize,
    /// Downloads at once for one WhatsApp account, if fewer.
    pub downloads_per_account: Option<usize>,
    pub rules: RetryRules,
    pub inbound_limits: InboundLimits,
    /// The app secret of installations with one Meta app; an account's own secret takes precedence.
    pub installation_app_secret: Option<SecretString>,
    pub installation_verify_token: Option<SecretString>,
    /// The policy of new companies.
    pub default_policy: MediaPolicy,
    /// The name under which this process holds leases; no two processes share one.
    pub node: String,
    /// How long a webhook body is kept once its records are made.
    pub webhook_retention: Duration,
    /// The storage for files whose retention says to archive them.
    pub archive: Option<StorageBackend>,
    /// The folder for files that are proxied while they are downloaded. They are unnamed temporary files.
    pub spool: PathBuf,
    /// Stored files that are kept open for the next view, at most.
    pub files_kept_open: usize,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            workers: limits::WORKERS_DEFAULT,
            downloads_per_company: limits::DOWNLOADS_PER_COMPANY_DEFAULT,
            downloads_per_account: None,
            rules: RetryRules::default(),
            inbound_limits: InboundLimits::default(),
            installation_app_secret: None,
            installation_verify_token: None,
            default_policy: MediaPolicy::Store,
            node: format!("{:016x}", rand::random::<u64>()),
            webhook_retention: Duration::from_secs(30 * 24 * 3600),
            archive: None,
            spool: std::env::temp_dir(),
            files_kept_open: limits::FILES_KEPT_OPEN,
        }
    }
}

/// The largest file that is fetched, by type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InboundLimits {
    pub image: u64,
    pub video: u64,
    pub audio: u64,
    pub document: u64,
    pub sticker: u64,
}

impl Default for InboundLimits {
    fn default() -> Self {
        let all = limits::INBOUND_FILE_BYTES;
        Self { image: all, video: all, audio: all, document: all, sticker: all }
    }
}

impl InboundLimits {
    pub fn of(&self, kind: FileType) -> u64 {
        match kind {
            FileType::Image => self.image,
            FileType::Video => self.video,
            FileType::Audio => self.audio,
            FileType::Document => self.document,
            FileType::Sticker => self.sticker,
        }
    }
}

/// What every flow works with. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Context(Arc<Inner>);

struct Inner {
    store: Store,
    storages: Storages,
    whatsapp: WhatsApp,
    public_hosts: PublicHosts,
    clock: Arc<dyn Clock>,
    media_workers: Option<Arc<dyn Workers>>,
    config: EngineConfig,
    events: EventBus,
    ended_downloads: EndedDownloads,
    work: WorkSignals,
    outbox: Option<Arc<Outbox>>,
    meters: Meters,
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("config", &self.0.config).finish_non_exhaustive()
    }
}

impl Context {
    /// With `events`, and the outbox to other processes where there may be some.
    pub(crate) fn new(parts: EngineParts, events: EventBus, outbox: Option<Arc<Outbox>>) -> Self {
        let EngineParts { store, storages, providers, public_hosts, vault, clock, media_workers, config } =
            parts;
        let secret = config.installation_app_secret.as_ref();
        let accounts = AccountDirectory::new(store.clone(), vault, events.clone(), secret);
        let work = match outbox.clone() {
            None => WorkSignals::default(),
            Some(outbox) => WorkSignals::publishing(move |work| outbox.work(work)),
        };
        let whatsapp = WhatsApp {
            store: store.clone(),
            providers,
            clock: clock.clone(),
            rules: config.rules,
            accounts,
            pauses: Pauses::default(),
        };
        Self(Arc::new(Inner {
            store,
            storages,
            whatsapp,
            public_hosts,
            clock,
            media_workers,
            config,
            events,
            ended_downloads: EndedDownloads::default(),
            work,
            outbox,
            meters: Meters::new(),
        }))
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    pub(crate) fn storages(&self) -> &Storages {
        &self.0.storages
    }

    pub(crate) fn whatsapp(&self) -> &WhatsApp {
        &self.0.whatsapp
    }

    pub(crate) fn public_hosts(&self) -> &PublicHosts {
        &self.0.public_hosts
    }

    pub(crate) fn accounts(&self) -> &AccountDirectory {
        &self.0.whatsapp.accounts
    }

    pub(crate) fn pauses(&self) -> &Pauses {
        &self.0.whatsapp.pauses
    }

    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.clock
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    pub(crate) fn media_workers(&self) -> Option<&Arc<dyn Workers>> {
        self.0.media_workers.as_ref()
    }

    pub(crate) fn config(&self) -> &EngineConfig {
        &self.0.config
    }

    pub(crate) fn events(&self) -> &EventBus {
        &self.0.events
    }

    /// How downloads end, in this process and in others.
    pub(crate) fn ended_downloads(&self) -> &EndedDownloads {
        &self.0.ended_downloads
    }

    pub(crate) fn work(&self) -> &WorkSignals {
        &self.0.work
    }

    /// What goes to other processes, where there may be some.
    pub(crate) fn outbox(&self) -> Option<&Arc<Outbox>> {
        self.0.outbox.as_ref()
    }

    pub(crate) fn meters(&self) -> &Meters {
        &self.0.meters
    }
}

#[cfg(test)]
impl Context {
    /// A context of its own: SQLite and storage in this folder, nobody at WhatsApp, and a clock that the test moves.
    pub(crate) async fn for_test(folder: &std::path::Path, clock: &mediary_testing::ManualClock) -> Self {
        use mediary_testing::whatsapp::{NOBODY, public_hosts};

        let clock: Arc<dyn Clock> = Arc::new(clock.clone());
        let url = mediary_testing::database::sqlite_url(folder);
        let options = mediary_store::StoreOptions { url, max_connections: 1 };
        let store = Store::open(&options, clock.clone()).await.unwrap();
        store.migrate().await.unwrap();
        let events = EventBus::new(&*clock);
        let parts = EngineParts {
            store,
            storages: mediary_blob::Storage::open_local(folder).await.unwrap().into(),
            providers: {
                let [meta, dialog360] = mediary_testing::whatsapp::clients(NOBODY);
                let aws = mediary_testing::whatsapp::aws_client(NOBODY);
                Providers { meta, dialog360, aws: crate::whatsapp::aws::AwsProvider::new(aws, None) }
            },
            public_hosts: public_hosts(),
            vault: Vault::new([1; 32]),
            clock,
            media_workers: None,
            config: EngineConfig::default(),
        };
        Self::new(parts, events, None)
    }
}
