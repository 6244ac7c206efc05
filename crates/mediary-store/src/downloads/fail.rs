//! Failed downloads, and accounts that have to wait.

use mediary_core::{AccountId, CompanyId, ErrorCode, Timestamp};

use super::types::FailedDownload;
use crate::leases::DOWNLOADS;
use crate::writes::update;
use crate::{Result, Store};

impl Store {
    /// Records a failed try and when the next one is. False if the lease was lost or the file deleted.
    pub async fn fail_download(&self, failed: &FailedDownload) -> Result<bool> {
        let now = self.now();
        let aside = failed.quarantined.as_ref();
        let (sql, args) = update! {
            media_files set {
                download_status = "'failed'",
                last_error_code => failed.code,
                last_error => failed.detail.as_str(),
                last_error_retryable => failed.retryable,
                next_attempt_at => failed.next_attempt_at,
                due => failed.next_attempt_at.is_some_and(|at| at <= now),
                announced_size = "COALESCE(?, announced_size)" => failed.announced_size,
                download_attempts = "download_attempts - ?" => i64::from(failed.refund_attempt),
                mismatch_count = "CASE WHEN ?mismatch_sha256 IS NULL THEN mismatch_count
                    WHEN mismatch_sha256 = ?mismatch_sha256 THEN mismatch_count + 1 ELSE 1 END",
                mismatch_sha256 = "COALESCE(?, mismatch_sha256)" => failed.mismatch,
                storage_backend = "COALESCE(?, storage_backend)" => aside.map(|file| file.storage_backend),
                storage_key = "COALESCE(?, storage_key)" => aside.map(|file| file.storage_key.as_str()),
                file_url = "COALESCE(?, file_url)" => aside.map(|file| file.file_url.as_str()),
                declared_size = "CASE WHEN storage_key IS NULL AND ?storage_key IS NOT NULL THEN file_size
                    ELSE declared_size END",
                file_size = "COALESCE(?, file_size)" => aside.map(|file| file.file_size),
                sha256 = "COALESCE(?, sha256)" => aside.map(|file| file.sha256),
                detected_mime_type = "COALESCE(?, detected_mime_type)"
                    => aside.and_then(|file| file.detected_mime_type.as_deref()),
                scan_status = "CASE WHEN ?storage_key IS NULL THEN scan_status ELSE 'quarantined' END",
                updated_at => now,
            } also [DOWNLOADS.ended()]
            where { company_id => failed.company_id, id => failed.media_id }
            fenced { DOWNLOADS => failed.lease }
        };
        Ok(self.db().execute(sql, args).await? > 0)
    }

    /// Starts no download and sends no message of this account before then, because WhatsApp throttled the token `used` (as it is sealed). Never shortens a
    /// wait. False if the token was renewed meanwhile: the new one is not throttled.
    pub async fn pause_account(
        &self,
        company: CompanyId,
        account: AccountId,
        used: &[u8],
        until: Timestamp,
        reason: ErrorCode,
        detail: &str,
    ) -> Result<bool> {
        // The token is part of the condition, so that it cannot be renewed between a check and the change.
        let (sql, args) = update! {
            whatsapp_accounts set {
                paused_until = "CASE WHEN paused_until > ? THEN paused_until ELSE ? END" => until,
                last_error_code => reason,
                last_error => detail,
                updated_at => self.now(),
            }
            where { company_id => company, id => account, access_token => used }
        };
        Ok(self.db().execute(sql, args).await? > 0)
    }

    /// WhatsApp refused the token `refused` (as it is sealed): nothing of this account is downloaded or sent until it is renewed.
    /// Waiting files and messages stay as they are. False if the token was renewed meanwhile, or the account is not active: a refusal of the previous
    /// token says nothing about the new one.
    pub async fn account_needs_token(
        &self,
        company: CompanyId,
        account: AccountId,
        refused: &[u8],
        detail: &str,
    ) -> Result<bool> {
        let (sql, args) = update! {
            whatsapp_accounts set {
                status = "'needs_token'",
                last_error_code => ErrorCode::ProviderUnauthorized,
                last_error => detail,
                updated_at => self.now(),
            }
            where { company_id => company, id => account, access_token => refused }
            and "status = 'active'"
        };
        Ok(self.db().execute(sql, args).await? > 0)
    }
}
