//! Downloads as jobs: what a worker gets and what it reports.

use std::fmt;
use std::time::Duration;

use mediary_core::{
    AccountId, CompanyId, ConversationId, ErrorCode, FileType, Integrity, MediaId, MediaPolicy, MessageId,
    ScanStatus, Sha256, StorageBackend, Timestamp,
};

use crate::record::record;
use crate::{LeaseToken, MediaFile};

/// How many downloads one claim may take.
#[derive(Clone, Copy, Debug)]
pub struct ClaimLimits {
    /// In this claim.
    pub batch: usize,
    /// Running at once for a company, on all nodes together.
    pub per_company: usize,
    /// Running at once for an account.
    pub per_account: Option<usize>,
    pub lease: Duration,
}

record! {
    /// A download that a worker now holds a lease on.
    #[derive(Clone)]
    pub struct ClaimedDownload from media_files as f {
        pub media_id: MediaId = "f.id",
        pub company_id: CompanyId,
        pub conversation_id: ConversationId,
        pub message_id: MessageId,
        pub account_id: AccountId,
        pub provider_media_id: Option<String>,
        pub provider_url: Option<String>,
        pub provider_url_at: Option<Timestamp>,
        pub message_timestamp: Timestamp = "m.sent_at",
        pub file_type: FileType,
        pub mime_type: Option<String>,
        /// The declared hash.
        pub sha256: Option<Sha256> = "f.declared_sha256",
        /// The declared size.
        pub declared_size: Option<u64> = "CASE WHEN f.storage_key IS NULL THEN f.file_size \
            ELSE COALESCE(f.declared_size, f.file_size) END",
        /// Starts that were not refunded, this one included.
        pub attempts: i64 = "f.download_attempts",
        /// The wrong hash of the last attempt, and how many times in a row it came.
        pub mismatch_sha256: Option<Sha256>,
        pub mismatch_count: i64,
        pub expires_at: Timestamp,
        pub policy: MediaPolicy,
        /// The generation of the key to store the file under.
        pub key_generation: u64,
        pub lease: LeaseToken = "f.lease_owner, f.lease_number",
    }
}

impl fmt::Debug for ClaimedDownload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClaimedDownload")
            .field("media_id", &self.media_id)
            .field("company_id", &self.company_id)
            .field("account_id", &self.account_id)
            .field("attempts", &self.attempts)
            .field("lease", &self.lease)
            .finish_non_exhaustive()
    }
}

/// A file that is stored completely.
#[derive(Clone, Debug)]
pub struct FinishedDownload {
    pub media_id: MediaId,
    pub company_id: CompanyId,
    pub lease: LeaseToken,
    pub storage_backend: StorageBackend,
    pub storage_key: String,
    pub file_url: String,
    pub file_size: u64,
    pub sha256: Sha256,
    pub detected_mime_type: Option<String>,
    pub integrity: Integrity,
    pub scan_status: ScanStatus,
    pub stored_at: Timestamp,
}

/// A failed attempt.
#[derive(Clone, Debug)]
pub struct FailedDownload {
    pub media_id: MediaId,
    pub company_id: CompanyId,
    pub lease: LeaseToken,
    pub code: ErrorCode,
    /// A sentence without secrets.
    pub detail: String,
    pub retryable: bool,
    /// When it is tried again by itself; `None` for never.
    pub next_attempt_at: Option<Timestamp>,
    /// The file has at least so many bytes; `None` where it is not about its size.
    pub announced_size: Option<u64>,
    /// Whether this start does not count.
    pub refund_attempt: bool,
    /// The hash that came instead of the declared one.
    pub mismatch: Option<Sha256>,
    /// Bytes that are kept aside for an admin: the record names them, and its scan status is `quarantined`.
    pub quarantined: Option<QuarantinedFile>,
}

/// The bytes of a quarantined file, which is served to nobody.
#[derive(Clone, Debug)]
pub struct QuarantinedFile {
    pub storage_backend: StorageBackend,
    pub storage_key: String,
    pub file_url: String,
    pub file_size: u64,
    pub sha256: Sha256,
    pub detected_mime_type: Option<String>,
}

/// What WhatsApp's Graph API declares about a file; it replaces what the webhook declared.
#[derive(Clone)]
pub struct DeclaredMedia {
    pub mime_type: Option<String>,
    pub sha256: Option<Sha256>,
    pub file_size: Option<u64>,
    pub provider_url: Option<String>,
}

impl fmt::Debug for DeclaredMedia {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeclaredMedia").field("file_size", &self.file_size).finish_non_exhaustive()
    }
}

/// The outcome of a request for a download.
#[derive(Clone, Debug)]
pub enum RequeueOutcome {
    Queued(Box<MediaFile>),
    AlreadyCompleted,
    /// It was deleted.
    NotActive,
    /// The policy is to keep nothing.
    NotKept,
    /// A worker has it already.
    InFlight(Box<MediaFile>),
    /// No such file, or no media id to ask WhatsApp for it with.
    None,
}

/// The state of the queue.
#[derive(Clone, Copy, Debug, Default)]
pub struct DownloadsOverview {
    pub pending_due: u64,
    pub downloading: u64,
    pub failed: u64,
    /// Since when the longest-waiting due download waits.
    pub oldest_due_at: Option<Timestamp>,
    /// Unsaved media that expires at WhatsApp within a day.
    pub expiring_within_a_day: u64,
}
