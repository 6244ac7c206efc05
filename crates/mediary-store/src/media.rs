//! Media files as records.

use std::fmt;

use mediary_core::{
    AccountId, CompanyId, ConversationId, DeletionReason, DownloadStatus, ErrorCode, FileType, Integrity,
    MediaId, MediaPolicy, MessageId, ScanStatus, Scope, Sha256, StorageBackend, Timestamp, UserId,
};

use sqlx::AssertSqlSafe;

use crate::downloads::NO_ERROR;
use crate::people::audit;
use crate::record::{Record as _, record};
use crate::scope::and_seen;
use crate::transaction::transaction;
use crate::value::{Value, args};
use crate::writes::update;
use crate::{Actor, Result, Store, trash};

record! {
    /// The record of one file of a message, whether or not its bytes are here, or of one in the company's library.
    #[derive(Clone)]
    pub struct MediaFile from media_files as f {
        pub id: MediaId,
        pub company_id: CompanyId,
        /// These three are of a file of a message; one in the library has none of them, but a name there.
        pub account_id: Option<AccountId>,
        pub conversation_id: Option<ConversationId>,
        pub message_id: Option<MessageId>,
        pub library_name: Option<String>,
        /// Zero is the message's own media.
        pub part: u32,
        /// The policy under which it was stored, or under which it waits.
        pub policy: MediaPolicy,
        pub file_type: FileType,
        /// As WhatsApp declared it.
        pub mime_type: Option<String>,
        /// By the first bytes.
        pub detected_mime_type: Option<String>,
        pub file_name: Option<String>,
        /// What is known: [`Self::stored_size`], or else [`Self::declared_size`].
        pub file_size: Option<i64>,
        /// As WhatsApp declared it; of a file that a program before this column stored, the counted one.
        pub declared_size: Option<i64> = "CASE WHEN f.storage_key IS NULL THEN f.file_size \
            ELSE COALESCE(f.declared_size, f.file_size) END",
        /// As it was counted when the bytes were stored or quarantined; `None` while there are none.
        pub stored_size: Option<i64> = "CASE WHEN f.storage_key IS NOT NULL THEN f.file_size END",
        /// As the media host announced it to the running download; used for its progress only.
        pub announced_size: Option<i64>,
        /// The hash WhatsApp declared.
        pub declared_sha256: Option<Sha256>,
        /// The hash of the stored bytes.
        pub sha256: Option<Sha256>,
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
        /// The generation of the storage key that the next download uses.
        pub key_generation: u64,
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
        /// When it expires at WhatsApp.
        pub expires_at: Timestamp,
        pub last_error_code: Option<ErrorCode>,
        pub last_error: Option<String>,
        /// Whether a retry of the last failure can help.
        pub last_error_retryable: bool,
        pub integrity: Option<Integrity>,
        pub scan_status: ScanStatus,
        pub last_accessed_at: Option<Timestamp>,
        pub uploaded_by: Option<UserId>,
        /// False once it was deleted.
        pub is_active: bool,
        /// Why it was deleted, if no user or program did it.
        pub deletion_reason: Option<DeletionReason>,
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

impl Store {
    async fn media_where(
        &self,
        scope: &Scope,
        condition: &str,
        args: Vec<Value>,
    ) -> Result<Option<MediaFile>> {
        let sql = format!(
            "SELECT {} FROM media_files f WHERE f.company_id = $1{} AND {condition}",
            MediaFile::SELECT,
            and_seen(scope, "f.conversation_id")
        );
        self.db().first(AssertSqlSafe(sql), args).await
    }

    pub async fn media(&self, scope: &Scope, id: MediaId) -> Result<Option<MediaFile>> {
        self.media_where(scope, "f.id = $2", args![scope.company(), id]).await
    }

    /// The message's own media.
    pub async fn media_by_message(&self, scope: &Scope, message: MessageId) -> Result<Option<MediaFile>> {
        self.media_by_part(scope, message, 0).await
    }

    /// One of a message's files.
    pub async fn media_by_part(
        &self,
        scope: &Scope,
        message: MessageId,
        part: u32,
    ) -> Result<Option<MediaFile>> {
        self.media_where(scope, "f.message_id = $2 AND f.part = $3", args![scope.company(), message, part])
            .await
    }

    /// The newest file with this id of WhatsApp's.
    pub async fn media_by_provider_id(
        &self,
        scope: &Scope,
        provider_media_id: &str,
    ) -> Result<Option<MediaFile>> {
        let condition = "f.provider_media_id = $2 ORDER BY f.is_active DESC, f.id DESC LIMIT 1";
        self.media_where(scope, condition, args![scope.company(), provider_media_id]).await
    }

    /// Deletes a media file: the record stays and says so, its bytes go with the next sweep. False if there is none,
    /// or it was deleted before.
    pub async fn delete_media(
        &self,
        company: CompanyId,
        id: MediaId,
        user: Option<UserId>,
        by: &Actor,
    ) -> Result<bool> {
        let now = self.now();
        transaction!(self.db(), |tx| {
            let deleted = trash::delete_media(tx, now, company, id, user).await?;
            if deleted {
                audit::note(tx, now, company, by, "media.deleted", &format!("media:{id}")).await?;
            }
            Ok(deleted)
        })
    }

    /// Releases a quarantined file; `None` if it is not quarantined, or its bytes are gone.
    pub async fn release_quarantine(
        &self,
        company: CompanyId,
        id: MediaId,
        by: &Actor,
    ) -> Result<Option<MediaFile>> {
        let now = self.now();
        let released = transaction!(self.db(), |tx| {
            let (sql, args) = update! {
                media_files set {
                    download_status = "'completed'",
                    scan_status = "'released'",
                    integrity = "COALESCE(integrity, 'undeclared')",
                    stored_at = "COALESCE(stored_at, ?updated_at)",
                    next_attempt_at = "NULL",
                    due = "FALSE",
                    updated_at => now,
                } also [NO_ERROR]
                where { company_id => company, id => id }
                and "is_active AND scan_status = 'quarantined' AND download_status = 'failed' AND storage_key IS NOT NULL"
            };
            if tx.execute(sql, args).await? == 0 {
                return Ok(false);
            }
            audit::note(tx, now, company, by, "media.released", &format!("media:{id}")).await?;
            Ok(true)
        })?;
        if released { self.media(&Scope::system(company), id).await } else { Ok(None) }
    }
}
