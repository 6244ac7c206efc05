//! The engine as a whole: what it is made of, and the tasks it runs.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use mediary_blob::Storages;
use mediary_core::{Clock, FileType, MediaPolicy, RetryRules, StorageBackend, Timestamp, limits};
use mediary_graph::GraphClient;
use mediary_store::{Backend, Store};
use secrecy::SecretString;
use tokio::sync::Notify;

use crate::access::Access;
use crate::access::links::Links;
use crate::base::error::Result;
use crate::base::metrics::Meters;
use crate::base::shutdown::Shutdown;
use crate::base::tasks::Tasks;
use crate::base::vault::Vault;
use crate::events::bus::EventBus;
use crate::events::outbox::Outbox;
use crate::intake::ingest;
use crate::media::fetch;
use crate::media::open::OpenFiles;
use crate::nodes::relay;
use crate::transit::arrivals::Arrivals;
use crate::transit::outcome::Ended;
use crate::upkeep::health::LastLook;
use crate::upkeep::{inspect, sweep};
use crate::whatsapp::accounts::AccountDirectory;
use crate::whatsapp::pauses::Gates;
use crate::whatsapp::provider::{self, Gone, Sizes, Urls};

/// What an engine is made of.
#[derive(Debug)]
pub struct EngineParts {
    pub store: Store,
    pub storages: Storages,
    pub graph: GraphClient,
    pub vault: Vault,
    pub clock: Arc<dyn Clock>,
    pub config: EngineConfig,
}

/// How an engine works.
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
    /// The app secret of installations with one Meta app; an account's own wins.
    pub installation_app_secret: Option<SecretString>,
    pub installation_verify_token: Option<SecretString>,
    /// For companies that are yet to be made.
    pub default_policy: MediaPolicy,
    /// The name under which this process holds leases; no two processes share one.
    pub node: String,
    /// How long a webhook body is kept once its records are made.
    pub webhook_retention: Duration,
    /// Where files move whose retention says to archive them.
    pub archive: Option<StorageBackend>,
    /// Where files lie that are passed on while they are fetched to be kept. They have no names there.
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

/// The flows that join store, storage and WhatsApp. Clones are the same engine.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    parts: EngineParts,
    access: Access,
    accounts: AccountDirectory,
    events: EventBus,
    links: Links,
    files: OpenFiles,
    arrivals: Arrivals,
    gates: Gates,
    ended: Ended,
    urls: Urls,
    gone: Gone,
    sizes: Sizes,
    meters: Meters,
    wake: Wake,
    last_look: LastLook,
    /// Held while somebody has a parked item tried again.
    parked_turn: tokio::sync::Mutex<()>,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("config", &self.0.parts.config).finish_non_exhaustive()
    }
}

impl Engine {
    pub fn new(parts: EngineParts) -> Self {
        let outbox = match parts.store.backend() {
            Backend::Sqlite => None,
            Backend::Postgres => Some(Arc::new(Outbox::default())),
        };
        let events = match &outbox {
            None => EventBus::new(&*parts.clock),
            Some(outbox) => EventBus::shared(outbox.clone()),
        };
        Self(Arc::new(Inner {
            access: Access::new(parts.store.clone(), parts.clock.clone()),
            accounts: AccountDirectory::new(
                parts.store.clone(),
                parts.vault.clone(),
                events.clone(),
                parts.config.installation_app_secret.as_ref(),
            ),
            links: Links::new(&parts.vault),
            files: OpenFiles::new(parts.config.files_kept_open),
            arrivals: Arrivals::new(parts.config.spool.clone()),
            gates: Gates::default(),
            ended: Ended::default(),
            urls: provider::urls(),
            gone: provider::gone(),
            sizes: provider::sizes(),
            meters: Meters::new(),
            last_look: LastLook::default(),
            parked_turn: tokio::sync::Mutex::default(),
            wake: Wake { outbox, ..Wake::default() },
            events,
            parts,
        }))
    }

    /// Runs ingest, downloads and sweeps until `shutdown`, and returns when all of it has ended.
    pub async fn run(&self, shutdown: Shutdown) -> Result<()> {
        let released = self.parts().store.release_leases_at_start().await?;
        if released > 0 {
            tracing::info!(released, "took back the downloads of an earlier run");
        }
        let one_by_one = ingest::begin_backlog(self).await.unwrap_or_else(|error| {
            let error: &dyn std::error::Error = &error;
            tracing::error!(error, "the webhooks that waited at the start could not be counted");
            0
        });
        let mut tasks = Tasks::new(shutdown);
        for _ in 0..ingest::ingesters(self.store().backend()) {
            tasks.spawn(
                "ingest",
                self.with(move |engine, shutdown| ingest::run(engine, shutdown, one_by_one)),
            );
        }
        tasks.spawn("fetch", self.with(fetch::run));
        tasks.spawn("sweep", self.with(sweep::run));
        tasks.spawn("hourly", self.with(sweep::run_hourly));
        tasks.spawn("trash", self.with(sweep::trash::run));
        tasks.spawn("daily", self.with(inspect::daily::run));
        tasks.ended().await
    }

    /// A task of this engine.
    fn with<F, R>(&self, run: R) -> impl Fn(Shutdown) -> F + use<F, R>
    where
        R: Fn(Self, Shutdown) -> F,
    {
        let engine = self.clone();
        move |shutdown| run(engine.clone(), shutdown)
    }

    /// Waits for the downloads that viewers began, which belong to no request and no worker.
    pub async fn viewed_files_kept(&self, shutdown: &Shutdown) {
        shutdown.hard.run_until_cancelled(self.arrivals().all_kept()).await;
    }

    /// Publishes to other processes on the same database what happens here, receives what happens there, and takes over from
    /// those that are gone. Every process that answers or works runs it until all of that has ended: the soft part of
    /// this shutdown. Without other processes it ends at once.
    pub async fn relay(&self, shutdown: Shutdown) {
        relay::run(self.clone(), shutdown).await;
    }

    /// Gives back what caches hold beyond its time. To be called every few seconds.
    pub fn upkeep(&self) {
        self.files().upkeep();
    }

    /// Who may come in.
    pub fn access(&self) -> &Access {
        &self.0.access
    }

    pub fn accounts(&self) -> &AccountDirectory {
        &self.0.accounts
    }

    pub fn events(&self) -> &EventBus {
        &self.0.events
    }

    pub fn links(&self) -> &Links {
        &self.0.links
    }

    pub fn config(&self) -> &EngineConfig {
        &self.0.parts.config
    }

    pub fn now(&self) -> Timestamp {
        self.0.parts.clock.now()
    }

    pub(crate) fn parts(&self) -> &EngineParts {
        &self.0.parts
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.parts.store
    }

    pub(crate) fn files(&self) -> &OpenFiles {
        &self.0.files
    }

    pub(crate) fn gates(&self) -> &Gates {
        &self.0.gates
    }

    pub(crate) fn ended(&self) -> &Ended {
        &self.0.ended
    }

    pub(crate) fn urls(&self) -> &Urls {
        &self.0.urls
    }

    pub(crate) fn gone(&self) -> &Gone {
        &self.0.gone
    }

    pub(crate) fn sizes(&self) -> &Sizes {
        &self.0.sizes
    }

    pub(crate) fn arrivals(&self) -> &Arrivals {
        &self.0.arrivals
    }

    pub(crate) fn meters(&self) -> &Meters {
        &self.0.meters
    }

    pub(crate) fn last_look(&self) -> &LastLook {
        &self.0.last_look
    }

    pub(crate) fn parked_turn(&self) -> &tokio::sync::Mutex<()> {
        &self.0.parked_turn
    }

    pub(crate) fn wake(&self) -> &Wake {
        &self.0.wake
    }

    /// What goes to other processes, where there may be some.
    pub(crate) fn outbox(&self) -> Option<&Arc<Outbox>> {
        self.0.wake.outbox.as_ref()
    }
}

/// Tells the tasks that there is work, so that they need not look all the time.
#[derive(Debug, Default)]
pub(crate) struct Wake {
    ingest: Notify,
    fetch: Notify,
    sweep: Notify,
    trash: Notify,
    /// To other processes: this one may be without workers, or have all of them busy.
    outbox: Option<Arc<Outbox>>,
}

impl Wake {
    pub(crate) fn ingest(&self) {
        if let Some(outbox) = &self.outbox {
            outbox.ingest();
        }
        self.ingest_here();
    }

    pub(crate) fn fetch(&self) {
        if let Some(outbox) = &self.outbox {
            outbox.fetch();
        }
        self.fetch_here();
    }

    pub(crate) fn ingest_here(&self) {
        self.ingest.notify_one();
    }

    pub(crate) fn fetch_here(&self) {
        self.fetch.notify_one();
    }

    pub(crate) fn sweep(&self) {
        self.sweep.notify_one();
        self.trash.notify_one();
    }

    pub(crate) async fn ingest_due(&self) {
        self.ingest.notified().await;
    }

    pub(crate) async fn fetch_due(&self) {
        self.fetch.notified().await;
    }

    pub(crate) async fn sweep_due(&self) {
        self.sweep.notified().await;
    }

    pub(crate) async fn trash_due(&self) {
        self.trash.notified().await;
    }
}
