//! Sends messages to WhatsApp: each a row with a job, from the moment that it is asked for.
//!
//! A message is sent once, or it is `unknown`. The call that sends is not idempotent, so `asked_at` is committed before it, and a
//! process that finds it without an answer knows that another one died in between and asks no more. Everything before the call can be done again: an
//! upload that is lost leaves an id at WhatsApp that nobody uses.

mod content;
mod conversions;
mod convert;
mod decide;
mod draft;
mod forward;
mod headed;
mod job;
mod library;
mod link;
mod partial;
mod queue;
mod source;
mod upload;
mod wishes;

use std::sync::Arc;
use std::time::Duration;

use mediary_blob::Spools;
use mediary_core::{ConversationId, MessageId, Result};
use mediary_store::{ClaimedSend, SendLimits};

use self::convert::Converter;
pub use self::draft::{
    DraftContent, DraftDestination, FileDraft, FileSource, HeadedContent, HeadedDraft, MessageDraft,
    PlainContent,
};
pub use self::library::{Library, LibraryDraft, LibrarySource};
pub use self::partial::{PartialUploads, UploadContinuation};
pub use self::queue::QueuedMessages;
pub use self::upload::{FileUpload, ReceivedFile};
pub(crate) use self::wishes::{retry, take_back};
use crate::access::{May, rights};
use crate::base::company_slots::CompanySlots;
use crate::base::fault;
use crate::base::jobs::{JobKind, Jobs};
use crate::base::shutdown::Shutdown;
use crate::base::work::Work;
use crate::base::worker::Schedule;
use crate::context::Context;

/// The poll interval of the queue: waits end, and other processes add work.
const POLL: Duration = Duration::from_secs(1);
/// Messages that this process sends at once.
const AT_ONCE: usize = 64;
/// Messages of one company that this process sends at once: uploads that take long leave room for the others.
const AT_ONCE_OF_COMPANY: usize = AT_ONCE / 2;
/// Messages of one account that are sent at once, on all nodes together. How many begin in a second is decided by the store.
const AT_ONCE_OF_ACCOUNT: usize = 16;

/// Sends messages.
#[derive(Clone, Debug)]
pub(crate) struct Sender {
    context: Context,
    /// Links that are being fetched.
    fetched_links: Arc<CompanySlots>,
    converter: Converter,
    library: Library,
    uploads: PartialUploads,
    /// The only message that it sends.
    only: Option<MessageId>,
}

impl Sender {
    pub(crate) fn new(context: Context) -> Self {
        let fetched_links = CompanySlots::new(link::AT_ONCE_OF_COMPANY, link::AT_ONCE);
        let converter = Converter::new(Spools::new(context.config().spool.clone()));
        let library = Library::new(context.clone());
        let uploads = PartialUploads::new(context.clone());
        Self { context, fetched_links, converter, library, uploads, only: None }
    }

    /// Takes the bytes of a file that is to be sent.
    pub(crate) async fn receive_file(&self, may: &May<rights::Send>) -> Result<FileUpload> {
        FileUpload::begin(&self.context, may.caller().company_id).await
    }

    /// Queues a message.
    pub(crate) async fn queue(&self, may: &May<rights::Send>, draft: MessageDraft) -> Result<QueuedMessages> {
        queue::queue(self, may, draft).await
    }

    /// Queues copies of a message, one in each of these conversations.
    pub(crate) async fn forward(
        &self,
        may: &May<rights::Send>,
        id: MessageId,
        conversations: &[ConversationId],
        client_id: Option<&str>,
    ) -> Result<QueuedMessages> {
        forward::forward(&self.context, may, id, conversations, client_id).await
    }

    /// Files that companies keep to send them again.
    pub(crate) fn library(&self) -> &Library {
        &self.library
    }

    /// Sends what is due until the soft stop, and what is being sent to its end.
    pub(crate) async fn run(self, shutdown: Shutdown) {
        let context = self.context.clone();
        let schedule = Schedule::woken(context.work(), Work::Send, POLL);
        self.jobs().run(shutdown, schedule).await;
    }

    /// Sends everything that is due now; how many messages that was.
    pub(crate) async fn run_due(&self) -> Result<usize> {
        self.clone().jobs().run_due().await
    }

    /// Sends this message if it is due.
    pub(crate) async fn run_only(&self, message: MessageId) -> Result<()> {
        Self { only: Some(message), ..self.clone() }.jobs().run_due().await.map(drop)
    }

    /// Files that come in several requests.
    pub(crate) fn uploads(&self) -> &PartialUploads {
        &self.uploads
    }

    fn jobs(self) -> Jobs<Self> {
        Jobs { name: "send", slots: AT_ONCE, kind: self }
    }
}

impl JobKind for Sender {
    type Claim = ClaimedSend;

    async fn claim(&self, free: usize) -> Result<Vec<ClaimedSend>> {
        let config = self.context.config();
        let limits = SendLimits {
            batch: free,
            per_company: AT_ONCE_OF_COMPANY,
            per_account: AT_ONCE_OF_ACCOUNT,
            lease: config.rules.lease,
            only: self.only,
        };
        let claims = self.context.store().claim_sends(&config.node, &limits).await?;
        if !claims.is_empty() {
            fault::point("send.claimed");
        }
        Ok(claims)
    }

    async fn run(self, claim: ClaimedSend) {
        job::run(self.context, claim).await;
    }

    fn in_flight(&self, jobs: usize) {
        self.context.meters().sending.set(u32::try_from(jobs).unwrap_or(u32::MAX));
    }
}
