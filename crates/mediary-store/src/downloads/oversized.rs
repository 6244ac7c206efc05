//! Files that were refused for their size. The limit is a setting of ours, not a property of the file, so a refusal holds only as
//! long as the limit does.

use mediary_core::{CompanyId, ConversationId, FileType, MediaId, MediaPolicy, MessageId};
use sqlx::AssertSqlSafe;

use crate::policies::{self, OF_FILE};
use crate::transaction::transaction;
use crate::value::args;
use crate::{Change, Result, Store, dialect};

/// Files `f` that were refused for their size: the condition of their index.
const OVERSIZED: &str =
    "f.is_active AND f.download_status = 'failed' AND f.last_error_code = 'payload_too_large'
    AND NOT f.last_error_retryable";
/// What is known of their size: at least so many bytes. Nothing is known of some that an older program refused.
const KNOWN_SIZE: &str = "COALESCE(f.announced_size, f.file_size, 0)";

impl Store {
    /// Makes a company's files of this type that were refused for their size, and are not known to exceed `limit`, failures that
    /// another attempt can help: all of them, or `one`. It is due now, unless the policy is `stream`: then the file waits for a view.
    pub async fn allow_oversized(
        &self,
        company: CompanyId,
        file_type: FileType,
        limit: u64,
        one: Option<MediaId>,
        rows: u32,
    ) -> Result<Vec<Change>> {
        let now = self.now();
        // Usually there is nothing to do, which needs no writing transaction.
        if !self.has_allowed(company, file_type, limit).await? {
            return Ok(Vec::new());
        }
        let sql = format!(
            "WITH allowed AS MATERIALIZED (SELECT f.id, {OF_FILE} AS policy FROM media_files f
                    WHERE f.company_id = $1 AND {OVERSIZED} AND f.expires_at > $2 AND f.file_type = $3
                        AND {KNOWN_SIZE} <= $4 AND f.id = COALESCE($5, f.id)
                    ORDER BY f.expires_at, f.id LIMIT $6{})
                UPDATE media_files SET last_error_retryable = TRUE, next_attempt_at = $2, updated_at = $2,
                    policy = (SELECT a.policy FROM allowed a WHERE a.id = media_files.id)
                WHERE company_id = $1 AND id IN (SELECT a.id FROM allowed a)
                RETURNING conversation_id, message_id, id, policy",
            dialect::lock_rows(self.backend())
        );
        transaction!(self.db(), |tx| {
            // The policy that the update reads is locked, and before the files, as by whatever changes a policy. What another
            // transaction holds is skipped, so this one waits for no file, and the next call finds it.
            policies::hold(tx, company).await?;
            let args = args![company, now, file_type, limit, one, rows];
            let allowed: Vec<(ConversationId, MessageId, MediaId, MediaPolicy)> =
                tx.all(AssertSqlSafe(sql.clone()), args).await?;
            let streamed: Vec<MediaId> = allowed
                .iter()
                .filter(|(.., policy)| !policy.keeps_bytes())
                .map(|(_, _, media, _)| *media)
                .collect();
            policies::follow(tx, company, &streamed, now).await?;
            let files =
                allowed.into_iter().map(|(conversation, message, media, _)| (conversation, message, media));
            Ok(policies::changes(company, files.collect()))
        })
    }

    async fn has_allowed(&self, company: CompanyId, file_type: FileType, limit: u64) -> Result<bool> {
        let sql = format!(
            "SELECT f.id FROM media_files f WHERE f.company_id = $1 AND {OVERSIZED} AND f.expires_at > $2
                AND f.file_type = $3 AND {KNOWN_SIZE} <= $4 ORDER BY f.expires_at, f.id LIMIT 1"
        );
        let args = args![company, self.now(), file_type, limit];
        let found: Option<(MediaId,)> = self.db().first(AssertSqlSafe(sql), args).await?;
        Ok(found.is_some())
    }

    /// How many files of this type that WhatsApp still has were refused for their size and are known to exceed `limit`.
    pub async fn count_oversized(&self, company: CompanyId, file_type: FileType, limit: u64) -> Result<u64> {
        let sql = format!(
            "SELECT CAST(COUNT(*) AS BIGINT) FROM media_files f
                WHERE f.company_id = $1 AND {OVERSIZED} AND f.expires_at > $2 AND f.file_type = $3
                    AND {KNOWN_SIZE} > $4"
        );
        let args = args![company, self.now(), file_type, limit];
        let found: Option<(u64,)> = self.db().first(AssertSqlSafe(sql), args).await?;
        Ok(found.map_or(0, |(count,)| count))
    }
}
