//! Messages of ours as jobs: what is queued, what a worker gets, and how a person's wish ends.

use std::fmt;
use std::time::Duration;

use mediary_core::{
    AccountId, CompanyId, ConversationId, FileType, MediaId, MessageId, MessageStatus, MessageType,
    ScanStatus, Sha256, StorageBackend, Timestamp, UploadId, UserId,
};

use crate::record::record;
use crate::{Change, ContactKey, LeaseToken, Reaction};

/// Where a message goes.
#[derive(Clone, Debug)]
pub enum Destination {
    Conversation(ConversationId),
    /// The conversation of an account with somebody, which is opened if there is none.
    Contact(AccountId, ContactKey),
}

/// A message that is to be sent.
#[derive(Clone)]
pub struct NewSend {
    pub destination: Destination,
    pub message_type: MessageType,
    pub text: Option<String>,
    pub caption: Option<String>,
    /// WhatsApp's id of the message this one answers.
    pub reply_to: Option<String>,
    pub forwarded: bool,
    /// Of a message of type `reaction`.
    pub reaction: Option<Reaction>,
    /// Its media, or the file of its header, which is stored by now.
    pub file: Option<UploadedFile>,
    /// The upload that its file was, and who began that: it is used up.
    pub upload: Option<(UploadId, String)>,
    /// What its sender calls it, and what else is sent with it: the same again is the same.
    pub client_id: Option<String>,
    pub created_by: Option<UserId>,
    /// What WhatsApp's request is made of, as JSON. Only its sender reads it.
    pub content: String,
}

impl NewSend {
    /// Which of the message's files it has: its own media, or what is attached to a message of another type.
    pub(crate) fn file_part(&self) -> u32 {
        u32::from(self.message_type.file_type().is_none())
    }
}

impl fmt::Debug for NewSend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewSend")
            .field("destination", &self.destination)
            .field("message_type", &self.message_type)
            .finish_non_exhaustive()
    }
}

/// A file of ours whose bytes are stored, under a key that was reserved before ([`crate::Store::reserve_upload`]) and that no other
/// record has.
#[derive(Clone)]
pub struct UploadedFile {
    pub file_type: FileType,
    pub mime_type: String,
    /// By the first bytes.
    pub detected_mime_type: Option<String>,
    pub file_name: Option<String>,
    /// In bytes.
    pub file_size: u64,
    pub sha256: Sha256,
    pub voice: bool,
    pub animated: bool,
    pub storage_backend: StorageBackend,
    pub storage_key: String,
    /// For admins, like `s3://bucket/key`.
    pub file_url: String,
    pub scan_status: ScanStatus,
}

impl fmt::Debug for UploadedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UploadedFile")
            .field("file_type", &self.file_type)
            .field("file_size", &self.file_size)
            .field("storage_key", &self.storage_key)
            .finish_non_exhaustive()
    }
}

/// A message that waits to be sent now, or did before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuedSend {
    pub message_id: MessageId,
    pub conversation_id: ConversationId,
    /// Of its file, where this call recorded one.
    pub media_id: Option<MediaId>,
    /// False if the company has a message with this client id already: this is the first one, and nothing was written.
    pub is_new: bool,
    /// Conversations that changed besides its own: of contacts that proved to be one person.
    pub also_changed: Vec<Change>,
}

/// How many messages a claim takes.
#[derive(Clone, Copy, Debug)]
pub struct SendLimits {
    pub batch: usize,
    /// Messages of one company that the owner sends at a time.
    pub per_company: usize,
    /// Messages of one account that are being sent at a time, on all nodes together.
    pub per_account: usize,
    pub lease: Duration,
    /// Of all that is due this message alone.
    pub only: Option<MessageId>,
}

record! {
    /// A message of ours that a worker now sends, under a lease.
    #[derive(Clone)]
    pub struct ClaimedSend from sends as s {
        pub company_id: CompanyId,
        pub message_id: MessageId = "s.id",
        pub account_id: AccountId,
        pub conversation_id: ConversationId = "m.conversation_id",
        pub message_type: MessageType = "m.type",
        /// WhatsApp's id of the person or group that it is for, as far as it is known.
        pub wa_id: Option<String> = "c.wa_id",
        /// Meta's business-scoped id of the person.
        pub user_id: Option<String> = "c.user_id",
        pub is_group: bool = "c.is_group",
        /// What WhatsApp's request is made of, as JSON.
        pub content: String,
        /// Starts since it was queued, this one included and refunded ones not.
        pub attempts: i64,
        /// Whether a call that sends it began and its answer never came: it must not be sent again, but settled as unknown
        /// ([`crate::Store::settle_unknown`]).
        pub asked: bool = "s.asked_at IS NOT NULL",
        pub queued_at: Timestamp = "s.created_at",
        pub lease: LeaseToken = "s.lease_owner, s.lease_number",
    }
}

impl fmt::Debug for ClaimedSend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClaimedSend")
            .field("company_id", &self.company_id)
            .field("message_id", &self.message_id)
            .field("message_type", &self.message_type)
            .field("attempts", &self.attempts)
            .field("asked", &self.asked)
            .field("lease", &self.lease)
            .finish_non_exhaustive()
    }
}

/// What became of the wish to send a message again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetriedSend {
    Queued(ConversationId),
    /// It is in this status, and neither failed nor unknown; or its last attempt is not over yet.
    Refused(MessageStatus),
    /// There is no such message of ours that was sent from here.
    NotFound,
}

/// What became of the wish to take a message back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CancelledSend {
    /// The message is gone, and the bytes of its files go with the next sweep.
    Cancelled { conversation_id: ConversationId, media: Vec<MediaId> },
    /// It is being sent, was sent, or may have been.
    TooLate(MessageStatus),
    /// There is no such message of ours that was sent from here.
    NotFound,
}
