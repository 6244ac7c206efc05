//! Media files as records.

use std::fmt;

use mediary_core::{
    AccountId, CompanyId, ConversationId, DownloadStatus, ErrorCode, FileType, Integrity, MediaId,
    MediaPolicy, MessageId, ScanStatus, StorageBackend, Timestamp, UserId,
};

use crate::record::record;

record! {
    /// The record of one message's media, whether or not its bytes are here.
    #[derive(Clone)]
    pub struct MediaFile from media_files as f {
        pub id: MediaId,
        pub company_id: CompanyId,
        pub account_id: AccountId,
        pub conversation_id: ConversationId,
        pub message_id: MessageId,
        /// The policy that applied when it came.
        pub policy: MediaPolicy,
        pub file_type: FileType,
        /// As WhatsApp declared it.
        pub mime_type: Option<String>,
        /// By the first bytes.
        pub detected_mime_type: Option<String>,
        pub file_name: Option<String>,
        /// Declared until the file is stored, then counted.
        pub file_size: Option<i64>,
        /// The hash WhatsApp declared.
        pub declared_sha256: Option<[u8; 32]>,
        /// The hash of the stored bytes.
        pub sha256: Option<[u8; 32]>,
        pub voice: bool,
        pub animated: bool,
        pub width: Option<i64>,
        pub height: Option<i64>,
        pub duration_ms: Option<i64>,
        pub thumbhash: Option<Vec<u8>>,
        pub provider_media_id: Option<String>,
        /// The last temporary URL WhatsApp gave. Never for a client.
        pub provider_url: Option<String>,
        pub provider_url_at: Option<Timestamp>,
        pub storage_key: Option<String>,
        pub storage_backend: Option<StorageBackend>,
        /// Where the bytes are, like `s3://bucket/key`. For admins only.
        pub file_url: Option<String>,
        pub stored_at: Option<Timestamp>,
        pub download_status: DownloadStatus,
        /// Starts that were not refunded.
        pub download_attempts: i64,
        pub bytes_downloaded: i64,
        pub next_attempt_at: Option<Timestamp>,
        pub lease_until: Option<Timestamp>,
        /// When WhatsApp will have forgotten it.
        pub expires_at: Timestamp,
        pub last_error_code: Option<ErrorCode>,
        pub last_error: Option<String>,
        /// Whether another try of what last failed can help.
        pub last_error_retryable: bool,
        pub integrity: Option<Integrity>,
        pub scan_status: ScanStatus,
        pub last_accessed_at: Option<Timestamp>,
        pub uploaded_by: Option<UserId>,
        /// False once it was deleted.
        pub is_active: bool,
        pub created_at: Timestamp,
        pub updated_at: Timestamp,
    }
}

impl fmt::Debug for MediaFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MediaFile")
            .field("id", &self.id)
            .field("company_id", &self.company_id)
            .field("message_id", &self.message_id)
            .field("file_type", &self.file_type)
            .field("download_status", &self.download_status)
            .field("download_attempts", &self.download_attempts)
            .field("is_active", &self.is_active)
            .finish_non_exhaustive()
    }
}
