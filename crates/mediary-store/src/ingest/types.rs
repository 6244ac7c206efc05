//! The input and the result of an ingest transaction.

use std::fmt;
use std::time::Duration;

use mediary_core::{
    AccountId, CompanyId, ConversationId, Direction, FileType, MediaId, MediaPolicy, MessageId,
    MessageStatus, MessageType, Sha256, Timestamp, WebhookEventId,
};
use serde::{Deserialize, Serialize};

use crate::waiting_webhooks::WaitingWebhook;

/// Hides texts, numbers and payloads from logs: only ids and words are shown.
macro_rules! redacted {
    ($($type:ident { $($field:ident),* })+) => { $(
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($type))$(.field(stringify!($field), &self.$field))*.finish_non_exhaustive()
            }
        }
    )+ };
}

redacted! {
    IncomingMessage { company_id, account_id, direction, message_type, status, provider_message_id, timestamp }
    IncomingEdit { company_id, account_id, target, timestamp }
    ContactKey { group }
    NewMedia { provider_media_id, file_type, policy, download_now }
    LegacyMedia {}
    ItemSource { company_id, account_id, place }
    Reaction { target }
}

/// How much one ingest transaction takes.
#[derive(Clone, Copy, Debug)]
pub struct IngestLimits {
    pub events: usize,
    pub bytes: usize,
}

/// What is to be written for a batch of webhook events.
#[derive(Debug, Default)]
pub struct IngestPlan {
    pub items: Vec<PlannedItem>,
    /// Remarks that are kept with a processed event, such as an unknown account.
    pub notes: Vec<(WebhookEventId, String)>,
    /// Events that cannot be planned yet: they stay, with an attempt counted.
    pub later: Vec<WebhookEventId>,
    /// Events that are read again when an account has their number, or another secret.
    pub waiting: Vec<WaitingWebhook>,
    /// Items that can never be recorded as they are.
    pub parked: Vec<Unrecordable>,
}

#[derive(Clone, Debug)]
pub struct PlannedItem {
    pub event: WebhookEventId,
    pub item: IngestItem,
    /// Needed to park the item, where items are applied one by one.
    pub source: Option<ItemSource>,
}

/// Where an item comes from.
#[derive(Clone)]
pub struct ItemSource {
    pub company_id: CompanyId,
    pub account_id: AccountId,
    /// Which of its webhook's items it is.
    pub place: i64,
    /// The item as JSON.
    pub raw: String,
}

/// An item that cannot be recorded, and why.
#[derive(Clone, Debug)]
pub struct Unrecordable {
    pub event: WebhookEventId,
    pub source: ItemSource,
    pub reason: String,
    /// Whether this release can never record it, so that a retry helps only after an update.
    pub lasting: bool,
}

#[derive(Clone, Debug)]
pub enum IngestItem {
    Message(Box<IncomingMessage>),
    Status(IncomingStatus),
    Edit(IncomingEdit),
    Revoke(IncomingRevoke),
}

impl IngestItem {
    pub(super) fn company(&self) -> CompanyId {
        match self {
            Self::Message(message) => message.company_id,
            Self::Status(status) => status.company_id,
            Self::Edit(edit) => edit.company_id,
            Self::Revoke(revoke) => revoke.company_id,
        }
    }

    pub(super) fn changes_identity(&self) -> bool {
        matches!(self, Self::Message(message) if message.identity_change.is_some())
    }
}

/// A message as a webhook or an import brings it.
#[derive(Clone)]
pub struct IncomingMessage {
    pub company_id: CompanyId,
    pub account_id: AccountId,
    pub contact: ContactKey,
    pub direction: Direction,
    pub message_type: MessageType,
    pub status: MessageStatus,
    pub provider_message_id: String,
    pub timestamp: Timestamp,
    pub text: Option<String>,
    pub caption: Option<String>,
    pub sender_phone: Option<String>,
    pub sender_name: Option<String>,
    pub receiving_phone: Option<String>,
    /// WhatsApp's id of the message this one answers.
    pub reply_to: Option<String>,
    pub forwarded: bool,
    /// More than five times; then it is `forwarded`, too.
    pub frequently_forwarded: bool,
    pub reaction: Option<Reaction>,
    pub error: Option<(i64, String)>,
    /// As it came; an import may have none.
    pub raw_payload: Option<String>,
    pub media: Option<NewMedia>,
    /// Files besides its own media: parts one, two and so on.
    pub attachments: Vec<NewMedia>,
    /// What an import knows of its media; `None` for what came by webhook.
    pub imported: Option<LegacyMedia>,
    /// The change of number or user id that it reports.
    pub identity_change: Option<Box<IdentityChange>>,
    /// Whether it counts as unread.
    pub unread: bool,
    /// A placeholder whose content comes later under the same id.
    pub placeholder: bool,
}

/// Values from an older system by which WhatsApp's id of a message's media can be found.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct LegacyMedia {
    pub url: Option<String>,
    pub kind: Option<String>,
}

/// Who a message is from or to, by whatever ids the webhook gives.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ContactKey {
    pub wa_id: Option<String>,
    /// Meta's business-scoped user id.
    pub user_id: Option<String>,
    pub phone: Option<String>,
    pub name: Option<String>,
    pub group: bool,
}

#[derive(Clone)]
pub struct Reaction {
    /// WhatsApp's id of the message reacted to.
    pub target: String,
    /// `None` takes the reaction back.
    pub emoji: Option<String>,
}

/// A media object that came with a message.
#[derive(Clone, Serialize, Deserialize)]
pub struct NewMedia {
    /// `None` only in an import, which leaves it to be found later.
    pub provider_media_id: Option<String>,
    pub file_type: FileType,
    pub mime_type: Option<String>,
    pub file_name: Option<String>,
    pub sha256: Option<Sha256>,
    pub file_size: Option<u64>,
    pub voice: bool,
    pub animated: bool,
    /// The temporary URL of the webhook itself.
    pub provider_url: Option<String>,
    pub policy: MediaPolicy,
    /// Whether its download is due at once.
    pub download_now: bool,
    pub expires_at: Timestamp,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct IncomingStatus {
    pub company_id: CompanyId,
    pub account_id: AccountId,
    pub provider_message_id: String,
    pub status: MessageStatus,
    pub timestamp: Timestamp,
    pub error: Option<(i64, String)>,
    /// The message of ours that it is about, as we named it to WhatsApp.
    #[serde(default)]
    pub callback: Option<MessageId>,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct IncomingEdit {
    pub company_id: CompanyId,
    pub account_id: AccountId,
    /// WhatsApp's id of the edited message.
    pub target: String,
    pub timestamp: Timestamp,
    pub text: Option<String>,
    pub caption: Option<String>,
    pub media: Option<NewMedia>,
    pub raw_payload: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct IncomingRevoke {
    pub company_id: CompanyId,
    pub account_id: AccountId,
    pub target: String,
    pub timestamp: Timestamp,
}

impl IncomingMessage {
    /// Whether the contact is known. The media of past conversations may come without it.
    pub(super) fn names_somebody(&self) -> bool {
        self.contact.wa_id.is_some() || self.contact.user_id.is_some()
    }
}

/// Somebody has a new number or a new user id.
#[derive(Clone, Debug)]
pub struct IdentityChange {
    pub old: ContactKey,
    pub new: ContactKey,
}

/// What one ingest transaction did.
#[derive(Clone, Debug, Default)]
pub struct IngestOutcome {
    pub events: usize,
    pub changes: Vec<Change>,
    /// Whether downloads became due.
    pub downloads_due: bool,
    /// How long the newest event of the batch had waited.
    pub newest_lag: Duration,
    /// Items that were parked, and webhooks that wait for an account or its secret.
    pub parked: usize,
    pub waiting: usize,
    /// Webhooks left for later, because another transaction changes identities in their company.
    pub busy: usize,
}

/// A record that changed, for live events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    pub company_id: CompanyId,
    pub conversation_id: ConversationId,
    pub message_id: Option<MessageId>,
    pub media_id: Option<MediaId>,
    pub kind: ChangeKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    MessageCreated,
    MessageUpdated,
    ConversationUpdated,
    MediaDeleted,
}
