//! Derivations as jobs, and variants: what a worker gets, what it reports, and what others read.

use mediary_core::{
    CompanyId, ConversationId, DerivationStep, FileType, MediaId, MessageId, Sha256, StorageBackend,
    Timestamp, VariantKind,
};

use crate::LeaseToken;
use crate::record::record;

record! {
    /// A stored file that a worker now makes variants of, under a lease.
    #[derive(Clone, Debug)]
    pub struct ClaimedDerivation from derivations as d {
        pub company_id: CompanyId,
        pub media_id: MediaId = "d.id",
        /// Neither is known of a file in the library.
        pub conversation_id: Option<ConversationId> = "f.conversation_id",
        pub message_id: Option<MessageId> = "f.message_id",
        pub file_type: FileType = "f.file_type",
        /// By the first bytes, or else as WhatsApp declared it.
        pub mime_type: Option<String> = "COALESCE(f.detected_mime_type, f.mime_type)",
        pub voice: bool = "f.voice",
        pub sha256: Sha256 = "f.sha256",
        /// In bytes.
        pub file_size: u64 = "f.file_size",
        pub storage_backend: StorageBackend = "f.storage_backend",
        pub storage_key: String = "f.storage_key",
        /// What is to be made now.
        pub step: DerivationStep,
        /// What the step before could not make, for people.
        pub missing: Option<String>,
        /// Starts since it was queued with this step, this one included.
        pub attempts: i64,
        /// Starts since one came to an end that was recorded, this one included: the others died.
        pub begun: i64,
        pub lease: LeaseToken = "d.lease_owner, d.lease_number",
    }
}

record! {
    /// Something made of a media file, with bytes of its own in storage.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Variant from media_variants as v {
        pub company_id: CompanyId,
        pub media_id: MediaId,
        pub kind: VariantKind,
        pub storage_backend: StorageBackend,
        pub storage_key: String,
        pub mime_type: String,
        /// In bytes.
        pub file_size: u64,
        pub sha256: Sha256,
        /// In pixels.
        pub width: Option<i64>,
        pub height: Option<i64>,
        pub duration_ms: Option<i64>,
        pub created_at: Timestamp,
    }
}

/// A variant whose bytes are stored, and whose key was reserved before.
#[derive(Clone, Debug)]
pub struct NewVariant {
    pub kind: VariantKind,
    pub storage_backend: StorageBackend,
    pub storage_key: String,
    pub mime_type: String,
    /// In bytes.
    pub file_size: u64,
    pub sha256: Sha256,
    /// In pixels.
    pub width: Option<u32>,
    pub height: Option<u32>,
    pub duration_ms: Option<u64>,
}

/// What was made of a file. Facts that are `None` leave the record as it is.
#[derive(Clone, Debug)]
pub struct FinishedDerivation {
    pub company_id: CompanyId,
    pub media_id: MediaId,
    pub lease: LeaseToken,
    /// Of the file that it was made from.
    pub sha256: Sha256,
    /// Of the recipe.
    pub version: u32,
    /// In pixels.
    pub width: Option<u32>,
    pub height: Option<u32>,
    pub duration_ms: Option<u64>,
    pub thumbhash: Option<Vec<u8>>,
    /// Of a document.
    pub pages: Option<u32>,
    /// The people on a contact card.
    pub names: Vec<String>,
    /// Why nothing that browsers play can be made of it, like "HEVC".
    pub unplayable: Option<String>,
    /// Why less was made of it than of others of its kind, for people.
    pub missing: Option<String>,
    /// The step that this is the result of, and the one that is still to come.
    pub step: DerivationStep,
    pub next: Option<DerivationStep>,
    /// They take the place of all earlier ones, as far as these are of this step and of no later version. Where something is missing, only
    /// of those of their kinds.
    pub variants: Vec<NewVariant>,
}

/// A failed attempt.
#[derive(Clone, Debug)]
pub struct FailedDerivation {
    pub company_id: CompanyId,
    pub media_id: MediaId,
    pub lease: LeaseToken,
    /// Of the recipe.
    pub version: u32,
    /// Why, for people.
    pub sentence: String,
    /// When it is tried again by itself; `None` for never.
    pub retry_at: Option<Timestamp>,
}

/// What has been made of a file so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DerivationResult {
    /// In the order of their kinds' names.
    pub variants: Vec<Variant>,
    /// Of a document.
    pub pages: Option<u32>,
    /// The people on a contact card.
    pub names: Vec<String>,
    /// Why nothing that browsers play can be made of it.
    pub unplayable: Option<String>,
    /// Why the last attempt failed, or made less than of other files.
    pub error: Option<String>,
    /// Whether what runs or waits takes minutes.
    pub is_long: bool,
    /// Whether no attempt runs or waits: what is missing will not come by itself.
    pub is_finished: bool,
}

/// Which of a company's stored files are worked on again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueuedDerivations {
    /// Those without a result, or with one of an older recipe than this; videos have a recipe of their own.
    Missing { version: u32, of_videos: u32 },
    /// Those that failed for good.
    Failed,
    /// All that are not queued or worked on now.
    All,
}

/// What one call queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueuedBatch {
    pub queued: u64,
    /// The last file that was looked at. The next call resumes after it.
    pub upto: MediaId,
}
