//! What WhatsApp is told for courtesy: that messages were read, and that somebody writes.
//!
//! It is told at once or never. No request waits for it or fails by it, no row remembers it, and where too much of it is under way it
//! is left out: the next one says the same. What a process has told is remembered for a while, so that nothing is told twice;
//! another one may tell it again, which WhatsApp takes for the same.

use std::sync::Arc;
use std::time::Duration;

use mediary_core::{ConversationId, Error, ErrorCode, MessageId, Result, Scope};
use mediary_store::NewestIncoming;
use moka::ops::compute::{CompResult, Op};
use moka::sync::Cache;

use crate::access::{May, rights};
use crate::base::company_slots::{CompanySlot, CompanySlots};
use crate::context::Context;
use crate::events::event::{EventData, EventName};

/// Calls under way in this process, and of them those of one company.
const AT_ONCE: usize = 64;
const AT_ONCE_OF_COMPANY: usize = 8;
/// Conversations of which is remembered what was told.
const REMEMBERED: u64 = 10_000;
/// WhatsApp lets a business answer for so long.
const ANSWERED_WITHIN: Duration = Duration::from_secs(24 * 3600);

/// Tells WhatsApp what people of a company do with its messages.
#[derive(Clone, Debug)]
pub(crate) struct Receipts {
    context: Context,
    slots: Arc<CompanySlots>,
    /// The newest message of each conversation that WhatsApp was told is read.
    told: Cache<ConversationId, MessageId>,
}

impl Receipts {
    pub(crate) fn new(context: Context) -> Self {
        let slots = CompanySlots::new(AT_ONCE_OF_COMPANY, AT_ONCE);
        Self { context, slots, told: Cache::new(REMEMBERED) }
    }

    /// Marks a conversation as read, here and then at WhatsApp.
    pub(crate) async fn mark_read(&self, may: &May<rights::MarkRead>, id: ConversationId) -> Result<()> {
        let scope = may.caller().scope();
        if !self.context.store().mark_read(&scope, id).await? {
            return Err(Error::plain(ErrorCode::NotFound));
        }
        let data = EventData { id: id.0, conversation_id: Some(id), ..EventData::default() };
        self.context.events().publish(scope.company(), EventName::ConversationUpdated, data);
        if let Some(slot) = self.slot(&scope) {
            let receipts = self.clone();
            tokio::spawn(async move {
                let _slot = slot;
                receipts.tell_read(&scope, id).await.unwrap_or_else(|error| untold(&error));
            });
        }
        Ok(())
    }

    /// Shows the person of a conversation that somebody writes, for 25 seconds or until a message is sent.
    pub(crate) async fn show_typing(&self, may: &May<rights::Send>, id: ConversationId) -> Result<()> {
        let (context, scope) = (&self.context, may.caller().scope());
        let Some(newest) = context.store().newest_incoming(&scope, id).await? else {
            if context.store().conversation(&scope, id).await?.is_none() {
                return Err(Error::plain(ErrorCode::NotFound));
            }
            let detail =
                "nobody has written in this conversation, and WhatsApp shows typing as an answer alone";
            return Err(Error::refused(ErrorCode::Conflict, detail));
        };
        if newest.sent_at.plus(ANSWERED_WITHIN) < context.now() {
            let detail =
                "the last message that came in is older than the 24 hours within which WhatsApp shows typing";
            return Err(Error::refused(ErrorCode::Conflict, detail));
        }
        // An administrator has to see to an account without a token.
        context.whatsapp().account_of(scope.company(), newest.account_id).await?.token()?;
        if let Some(slot) = self.slot(&scope) {
            let receipts = self.clone();
            tokio::spawn(async move {
                let _slot = slot;
                // It says, too, that the message is read.
                receipts.told.insert(id, newest.id);
                receipts.tell(&scope, &newest, true).await.unwrap_or_else(|error| untold(&error));
            });
        }
        Ok(())
    }

    fn slot(&self, scope: &Scope) -> Option<CompanySlot> {
        let slot = self.slots.try_take(scope.company());
        if slot.is_none() {
            tracing::debug!(company.id = scope.company().0, "a receipt is left out: too many are under way");
        }
        slot
    }

    async fn tell_read(&self, scope: &Scope, id: ConversationId) -> Result<()> {
        let Some(newest) = self.context.store().newest_incoming(scope, id).await? else { return Ok(()) };
        // Looked up and noted in one step: of two that come together one tells it.
        let told = self.told.entry(id).and_compute_with(|before| {
            let before = before.map(moka::Entry::into_value);
            if before == Some(newest.id) { Op::Nop } else { Op::Put(newest.id) }
        });
        if matches!(told, CompResult::Unchanged(_)) {
            return Ok(());
        }
        let told = self.tell(scope, &newest, false).await;
        if told.is_err() {
            self.told.invalidate(&id);
        }
        told
    }

    async fn tell(&self, scope: &Scope, newest: &NewestIncoming, typing: bool) -> Result<()> {
        let context = &self.context;
        let account = context.whatsapp().account_of(scope.company(), newest.account_id).await?;
        if account.row.paused_until.is_some_and(|until| until > context.now()) {
            return Err(Error::plain(ErrorCode::ProviderRateLimited));
        }
        context.whatsapp().carrier(&account)?.mark_read(&newest.provider_message_id, typing).await?;
        Ok(())
    }
}

fn untold(error: &Error) {
    tracing::debug!(error = error as &dyn std::error::Error, "WhatsApp was not told of a receipt");
}
