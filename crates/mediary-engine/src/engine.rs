//! The engine as a whole: builds the flows, runs their workers, and is the only interface for server and commands.

mod accounts;
mod files;

use std::{fmt, sync::Arc};

use bytes::Bytes;
use mediary_core::{
    AccountId, CompanyId, ConversationId, MediaId, MessageId, Result, Retention, StorageBackend, Timestamp,
};
use mediary_store::{
    Actor, Backend, Company, MediaFile, MediaSettingsPatch, PolicyPreview, StoredTally, Tally,
};
use tokio::io::AsyncBufRead;

use crate::access::{Access, May, links::Links, rights};
use crate::base::{shutdown::Shutdown, tasks::Tasks};
use crate::context::{Context, EngineConfig, EngineParts};
use crate::events::{bus::EventBus, outbox::Outbox};
use crate::intake::ingest::{self, parked::ParkedItems};
use crate::intake::{self, WebhookSender, import::Import, webhook, webhook::AcceptedWebhook};
use crate::media::archive::Archives;
use crate::media::open::{OpenFiles, Opener};
use crate::media::requests::{self, MediaStatus, RetryOutcome};
use crate::media::{derive::Deriver, fetch::Fetcher, oversized, oversized::OversizedFiles};
use crate::outward::receipts::Receipts;
use crate::outward::send::{self, FileUpload, Library, MessageDraft, PartialUploads, QueuedMessages, Sender};
use crate::upkeep::backfill::{Backfill, BackfillOptions, BackfillOutcome, BackfillReport};
use crate::upkeep::derivations::{Derivations, DeriveReport, DeriveWhich};
use crate::upkeep::inspect::{self, InspectOptions, Inspection, Inspector};
use crate::upkeep::relocate::{Mover, Relocation, RelocationPreview};
use crate::upkeep::sweep::{self, RetentionAct, SweepReport, Sweeper};
use crate::upkeep::{health::Check, health::Health, policies::Policies};
use crate::whatsapp::accounts::AccountDirectory;
use crate::{nodes::relay, storage::trash, transit::inbound_files::InboundFiles};

/// The flows that join store, storage and WhatsApp. Clones are the same engine.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    context: Context,
    access: Access,
    links: Links,
    parked_items: ParkedItems,
    inbound_files: Arc<InboundFiles>,
    files: Arc<OpenFiles>,
    fetcher: Fetcher,
    deriver: Deriver,
    sender: Sender,
    receipts: Receipts,
    opener: Opener,
    archives: Archives,
    policies: Policies,
    mover: Mover,
    inspector: Inspector,
    sweeper: Sweeper,
    backfill: Backfill,
    derivations: Derivations,
    health: Health,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("config", self.config()).finish_non_exhaustive()
    }
}

impl Engine {
    pub fn new(parts: EngineParts) -> Self {
        let access = Access::new(parts.store.clone(), parts.clock.clone());
        let links = Links::new(&parts.vault);
        let inbound_files = Arc::new(InboundFiles::new(parts.config.spool.clone()));
        let files = Arc::new(OpenFiles::new(parts.config.files_kept_open));
        let (events, outbox) = match parts.store.backend() {
            Backend::Sqlite => (EventBus::new(&*parts.clock), None),
            Backend::Postgres => {
                let outbox = Arc::new(Outbox::default());
                (EventBus::shared(outbox.clone()), Some(outbox))
            }
        };
        let cache = files.clone();
        let events = events.observed_by(move |company, name, data| cache.observe(company, name, data));
        let context = Context::new(parts, events, outbox);
        let fetcher = Fetcher::new(context.clone(), inbound_files.clone());
        let deriver = Deriver::new(context.clone());
        let policies = Policies::new(context.clone(), files.clone());
        let mover = Mover::new(context.clone(), files.clone());
        Self(Arc::new(Inner {
            access,
            links,
            parked_items: ParkedItems::new(context.clone()),
            opener: Opener::new(
                context.clone(),
                fetcher.clone(),
                inbound_files.clone(),
                files.clone(),
                deriver.clone(),
            ),
            archives: Archives::new(context.clone()),
            inspector: Inspector::new(context.clone(), files.clone()),
            sweeper: Sweeper::new(context.clone(), files.clone(), mover.clone(), policies.clone()),
            backfill: Backfill::new(context.clone(), fetcher.clone()),
            derivations: Derivations::new(context.clone(), deriver.clone()),
            health: Health::new(context.clone()),
            inbound_files,
            files,
            fetcher,
            deriver,
            sender: Sender::new(context.clone()),
            receipts: Receipts::new(context.clone()),
            policies,
            mover,
            context,
        }))
    }

    /// Runs ingest, downloads, derivations, sends and sweeps until `shutdown`, and returns when all of it has ended.
    pub async fn run(&self, shutdown: Shutdown) -> Result<()> {
        let Inner { context, fetcher, deriver, sender, sweeper, inspector, .. } = &*self.0;
        let released = context.store().release_leases_at_start().await?;
        if released > 0 {
            tracing::info!(released, "took back the jobs of an earlier run");
        }
        let one_by_one = ingest::begin_backlog(context).await;
        let mut tasks = Tasks::new(shutdown);
        for _ in 0..ingest::ingesters(context.store().backend()) {
            tasks.spawn("ingest", context, move |context, shutdown| {
                ingest::run(context, shutdown, one_by_one)
            });
        }
        tasks.spawn("fetch", fetcher, Fetcher::run);
        tasks.spawn("derive", deriver, Deriver::run);
        tasks.spawn("send", sender, Sender::run);
        tasks.spawn("sweep", sweeper, sweep::run);
        tasks.spawn("hourly", sweeper, sweep::run_hourly);
        tasks.spawn("trash", context, trash::run);
        tasks.spawn("daily", inspector, inspect::daily::run);
        tasks.ended().await
    }

    /// Runs everything that is due now, webhooks, downloads, derivations and messages, and returns when nothing is.
    pub async fn run_due(&self) -> Result<()> {
        self.0.backfill.run_due().await?;
        self.0.deriver.run_due().await?;
        self.0.sender.run_due().await.map(|_| ())
    }

    /// Waits for the downloads that viewers started, which belong to no request and no worker.
    pub async fn viewed_files_kept(&self, shutdown: &Shutdown) {
        shutdown.hard.run_until_cancelled(self.0.inbound_files.all_kept()).await;
    }

    /// Publishes events of this process to others on the same database, receives theirs, and takes over from processes that are gone.
    /// Every process that serves requests or runs workers runs this until both have ended: the soft part of this shutdown. Without
    /// other processes it ends at once.
    pub async fn relay(&self, shutdown: Shutdown) {
        relay::run(&self.0.context, shutdown).await;
    }

    /// Frees expired cache entries. To be called every few seconds.
    pub fn upkeep(&self) {
        self.0.files.upkeep();
    }

    /// Authentication, users and API keys.
    pub fn access(&self) -> &Access {
        &self.0.access
    }

    pub fn accounts(&self) -> &AccountDirectory {
        self.0.context.accounts()
    }

    pub fn events(&self) -> &EventBus {
        self.0.context.events()
    }

    pub fn links(&self) -> &Links {
        &self.0.links
    }

    pub fn config(&self) -> &EngineConfig {
        self.0.context.config()
    }

    pub fn now(&self) -> Timestamp {
        self.0.context.now()
    }

    /// Takes a webhook body whose `X-Hub-Signature-256` is `signature`. Returns once it is durable; what fails with
    /// `unauthorized` was not kept, and what fails otherwise Meta has to send again.
    pub async fn accept(&self, signature: Option<&str>, body: Bytes) -> Result<AcceptedWebhook> {
        webhook::accept(&self.0.context, signature, body).await
    }

    /// Takes a webhook that another provider than Meta sends. Returns and fails like [`Engine::accept`].
    pub async fn accept_from(&self, sender: WebhookSender<'_>, body: Bytes) -> Result<()> {
        intake::accept_from(&self.0.context, sender, body).await
    }

    /// Whether Meta's verification request knows a token of ours.
    pub async fn verify_subscription(&self, token: &str) -> Result<bool> {
        webhook::verify_subscription(&self.0.context, token).await
    }

    /// Tries to record one parked item of a company again; the reason, if it stays.
    pub async fn retry_webhook_item(
        &self,
        company: CompanyId,
        id: i64,
        by: &Actor,
    ) -> Result<Option<String>> {
        self.0.parked_items.retry(company, id, by).await
    }

    /// Begins to import messages of a company.
    pub fn import<R: AsyncBufRead + Unpin>(&self, company: CompanyId, input: R) -> Import<R> {
        Import::new(self.0.context.clone(), company, input)
    }

    /// Takes the bytes of a file that is to be sent. Nothing is left of one that is not sent.
    pub async fn receive_file(&self, may: &May<rights::Send>) -> Result<FileUpload> {
        self.0.sender.receive_file(may).await
    }

    /// Files that come in several requests.
    pub fn uploads(&self) -> &PartialUploads {
        self.0.sender.uploads()
    }

    /// Queues a message: once this returns it is sent, whatever becomes of this process.
    pub async fn send(&self, may: &May<rights::Send>, draft: MessageDraft) -> Result<QueuedMessages> {
        self.0.sender.queue(may, draft).await
    }

    /// Files that companies keep to send them again.
    pub fn library(&self) -> &Library {
        self.0.sender.library()
    }

    /// Queues copies of a message, one in each of these conversations, or none at all; their ids, in the same order. Under a client id that
    /// is known nothing is done.
    pub async fn forward_message(
        &self,
        may: &May<rights::Send>,
        id: MessageId,
        conversations: &[ConversationId],
        client_id: Option<&str>,
    ) -> Result<QueuedMessages> {
        self.0.sender.forward(may, id, conversations, client_id).await
    }

    /// Sends this message if it is due, and no other one.
    pub async fn send_now(&self, message: MessageId) -> Result<()> {
        self.0.sender.run_only(message).await
    }

    /// Queues a message again that failed, or of which nobody knows whether it arrived.
    pub async fn retry_message(&self, may: &May<rights::Send>, id: MessageId) -> Result<()> {
        send::retry(&self.0.context, may, id).await
    }

    /// Takes a message back that has not left.
    pub async fn take_back_message(&self, may: &May<rights::Send>, id: MessageId) -> Result<()> {
        send::take_back(&self.0.context, may, id).await
    }

    /// Marks a conversation as read. WhatsApp is told of it afterwards, for courtesy.
    pub async fn mark_read(&self, may: &May<rights::MarkRead>, id: ConversationId) -> Result<()> {
        self.0.receipts.mark_read(may, id).await
    }

    /// Shows the person of a conversation that somebody writes.
    pub async fn show_typing(&self, may: &May<rights::Send>, id: ConversationId) -> Result<()> {
        self.0.receipts.show_typing(may, id).await
    }

    /// Queues a file's download to run next, whatever its policy waits for or its failures were.
    pub async fn download_now(
        &self,
        may: &May<rights::StartDownload>,
        id: MediaId,
        by: &Actor,
    ) -> Result<MediaFile> {
        requests::download_now(&self.0.context, may, id, by).await
    }

    /// Queues the company's failed downloads that a retry can help, however often they were tried (at most
    /// `max_attempts` times where that is given), and what an import left without WhatsApp's id as far as that is found,
    /// and waits for a while for how they go.
    pub async fn retry_failed(
        &self,
        may: &May<rights::RetryAll>,
        max_attempts: Option<i64>,
        by: &Actor,
    ) -> Result<RetryOutcome> {
        requests::retry_failed(&self.0.context, may, max_attempts, by).await
    }

    /// Queues a company's files that were refused for their size and that the limits allow now; how many.
    pub async fn allow_oversized(&self, company: CompanyId) -> Result<u64> {
        oversized::allow_within_limits(&self.0.context, company).await
    }

    /// The company's files that WhatsApp still has and that the limits refuse, by type.
    pub async fn oversized(&self, company: CompanyId) -> Result<Vec<OversizedFiles>> {
        oversized::still_refused(&self.0.context, company).await
    }

    /// Deletes a file: at once for everybody, its bytes with the next sweep.
    pub async fn delete_media(&self, may: &May<rights::DeleteMedia>, id: MediaId, by: &Actor) -> Result<()> {
        requests::delete_media(&self.0.context, may, id, by).await
    }

    /// Where a file's download stands.
    pub async fn media_status(&self, may: &May<rights::Read>, id: MediaId) -> Result<MediaStatus> {
        requests::media_status(&self.0.context, may, id).await
    }

    /// Changes what a company wants done with its media. Another policy holds at once: no download begins that it does
    /// not allow, running ones that it does not allow stop, and files that are not here follow. What is kept stays.
    pub async fn update_media_settings(
        &self,
        may: &May<rights::ChangeMediaSettings>,
        patch: &MediaSettingsPatch,
        by: &Actor,
    ) -> Result<Company> {
        self.0.policies.update_media_settings(may, patch, by).await
    }

    /// Whether this installation can do what a retention says.
    pub fn check_retention(&self, retention: Retention) -> Result<()> {
        self.0.policies.check_retention(retention)
    }

    /// What another policy would be about: for one account, or for all that have none of their own.
    pub async fn preview_policy(
        &self,
        may: &May<rights::ChangeMediaSettings>,
        account: Option<AccountId>,
    ) -> Result<PolicyPreview> {
        self.0.policies.preview_policy(may, account).await
    }

    /// What another retention would delete or archive at once: of one account, or of all that have none of their own.
    pub async fn preview_retention(
        &self,
        may: &May<rights::ChangeMediaSettings>,
        account: Option<AccountId>,
        retention: Retention,
    ) -> Result<Tally> {
        self.0.policies.preview_retention(may, account, retention).await
    }

    /// Erases what is kept of accounts whose policy is to keep nothing: of one, or of all of them. How much it is; the
    /// bytes go gradually.
    pub async fn erase_kept(
        &self,
        may: &May<rights::EraseMedia>,
        account: Option<AccountId>,
        by: &Actor,
    ) -> Result<Tally> {
        self.0.policies.erase_kept(may, account, by).await
    }

    /// How much is kept of accounts whose policy is to keep nothing. Fails if there is no such account.
    pub async fn kept_against_policy(
        &self,
        company: CompanyId,
        account: Option<AccountId>,
    ) -> Result<StoredTally> {
        self.0.policies.kept_against_policy(company, account).await
    }

    /// Erases at once what is kept of accounts whose policy is to keep nothing, telling how many files went each time.
    pub async fn erase_kept_now(
        &self,
        company: CompanyId,
        account: Option<AccountId>,
        by: &Actor,
        gone: impl FnMut(usize),
    ) -> Result<()> {
        self.0.policies.erase_kept_now(company, account, by, gone).await
    }

    /// Sweeps everything once.
    pub async fn sweep(&self) -> Result<SweepReport> {
        self.sweep_and_tell(|_| {}).await
    }

    /// Sweeps everything once, and tells of each file that retention deleted or archived.
    pub async fn sweep_and_tell(&self, tell: impl FnMut(RetentionAct) + Send) -> Result<SweepReport> {
        self.0.sweeper.sweep_and_tell(tell).await
    }

    /// Counts what a sweep would do, and tells of each file that retention would delete or archive.
    pub async fn sweep_preview(&self, tell: impl FnMut(RetentionAct) + Send) -> Result<SweepReport> {
        self.0.sweeper.sweep_preview(tell).await
    }

    /// Counts the company's files that are elsewhere.
    pub async fn files_to_relocate(
        &self,
        company: CompanyId,
        to: StorageBackend,
    ) -> Result<RelocationPreview> {
        self.0.mover.files_to_relocate(company, to).await
    }

    /// Moves the company's files, a few at a time, and tells how each went.
    pub async fn relocate_files(
        &self,
        company: CompanyId,
        to: StorageBackend,
        tell: impl FnMut(MediaId, Relocation),
    ) -> Result<()> {
        self.0.mover.relocate_files(company, to, tell).await
    }

    /// Looks at every recorded file of a company.
    pub async fn inspect_records(
        &self,
        company: CompanyId,
        options: InspectOptions,
        found: &mut Inspection,
    ) -> Result<()> {
        self.0.inspector.inspect_records(company, options, found).await
    }

    /// Looks for files that no record names, in every storage: a company's, or anybody's.
    pub async fn inspect_storage(
        &self,
        company: Option<CompanyId>,
        options: InspectOptions,
        found: &mut Inspection,
    ) -> Result<()> {
        self.0.inspector.inspect_storage(company, options, found).await
    }

    /// Checks the storage of every company that nobody has checked for a day; how many. One whose check fails does not
    /// hold up the others.
    pub async fn check_storage_where_due(&self) -> Result<u64> {
        self.0.inspector.check_storage_where_due().await
    }

    /// Fetches what has no bytes yet, telling `each` file's outcome. Can be broken off and begun again at any time.
    pub async fn backfill(
        &self,
        options: BackfillOptions,
        each: impl FnMut(MediaId, BackfillOutcome) + Send,
    ) -> Result<BackfillReport> {
        self.0.backfill.run(options, each).await
    }

    /// Has variants made of stored files of these companies, telling now and then how many files are left.
    pub async fn derive(
        &self,
        companies: &[CompanyId],
        which: DeriveWhich,
        tell: impl FnMut(u64) + Send,
    ) -> Result<DeriveReport> {
        self.0.derivations.run(companies, which, tell).await
    }

    /// Whether database and storage answered a moment ago, and whether storage holds downloads back now.
    pub async fn health(&self) -> Vec<Check> {
        self.0.health.check().await
    }
}
