//! Tries that did not work, and accounts that have to wait.

use mediary_core::{AccountId, CompanyId, ErrorCode, Timestamp};

use super::types::FailedDownload;
use crate::value::args;
use crate::{Result, Store};

impl Store {
    /// Records a failed try and when the next one is. False if the lease was lost or the file deleted.
    pub async fn fail_download(&self, failed: &FailedDownload) -> Result<bool> {
        let sql = "UPDATE media_files SET download_status = 'failed', lease_owner = NULL, lease_until = NULL,
                last_error_code = $5, last_error = $6, last_error_retryable = $7, next_attempt_at = $8, due = $9,
                download_attempts = download_attempts - $10,
                mismatch_count = CASE WHEN $11 IS NULL THEN mismatch_count
                    WHEN mismatch_sha256 = $11 THEN mismatch_count + 1 ELSE 1 END,
                mismatch_sha256 = COALESCE($11, mismatch_sha256),
                storage_backend = COALESCE($12, storage_backend), storage_key = COALESCE($13, storage_key),
                file_url = COALESCE($14, file_url), file_size = COALESCE($15, file_size),
                sha256 = COALESCE($16, sha256), detected_mime_type = COALESCE($17, detected_mime_type),
                scan_status = CASE WHEN $13 IS NULL THEN scan_status ELSE 'quarantined' END, updated_at = $18
            WHERE company_id = $1 AND id = $2 AND lease_owner = $3 AND lease_number = $4
                AND download_status = 'downloading' AND is_active";
        let now = self.now();
        let aside = failed.quarantined.as_ref();
        let args = args![
            failed.company_id,
            failed.media_id,
            failed.lease.owner.as_str(),
            failed.lease.number,
            failed.code,
            failed.detail.as_str(),
            failed.retryable,
            failed.next_attempt_at,
            failed.next_attempt_at.is_some_and(|at| at <= now),
            i64::from(failed.refund_attempt),
            failed.mismatch,
            aside.map(|file| file.storage_backend),
            aside.map(|file| file.storage_key.as_str()),
            aside.map(|file| file.file_url.as_str()),
            aside.map(|file| file.file_size),
            aside.map(|file| file.sha256),
            aside.and_then(|file| file.detected_mime_type.as_deref()),
            now,
        ];
        Ok(self.db().execute(sql, args).await? > 0)
    }

    /// Starts nothing of this account before then: WhatsApp asked to wait, of who came with the token `used` (as it is sealed).
    /// Never shortens a wait. False if the token was renewed meanwhile: with the new one there is no reason to wait yet.
    pub async fn pause_account(
        &self,
        company: CompanyId,
        account: AccountId,
        used: &[u8],
        until: Timestamp,
        reason: ErrorCode,
        detail: &str,
    ) -> Result<bool> {
        // The token stands in the condition, so that no renewal falls between a look at it and the change.
        let sql = "UPDATE whatsapp_accounts SET last_error_code = $4, last_error = $5, updated_at = $6,
                paused_until = CASE WHEN paused_until > $3 THEN paused_until ELSE $3 END
            WHERE company_id = $1 AND id = $2 AND access_token = $7";
        let args = args![company, account, until, reason, detail, self.now(), used];
        Ok(self.db().execute(sql, args).await? > 0)
    }

    /// WhatsApp refused the token `refused` (as it is sealed): nothing of this account is downloaded until it is renewed. What
    /// waits stays as it is. False if it was renewed meanwhile, or the account is not active: a new token is not blamed for
    /// what WhatsApp said of the one before.
    pub async fn account_needs_token(
        &self,
        company: CompanyId,
        account: AccountId,
        refused: &[u8],
        detail: &str,
    ) -> Result<bool> {
        let sql =
            "UPDATE whatsapp_accounts SET status = 'needs_token', last_error_code = $3, last_error = $4,
                updated_at = $5
            WHERE company_id = $1 AND id = $2 AND status = 'active' AND access_token = $6";
        let code = ErrorCode::ProviderUnauthorized;
        let args = args![company, account, code, detail, self.now(), refused];
        Ok(self.db().execute(sql, args).await? > 0)
    }
}
