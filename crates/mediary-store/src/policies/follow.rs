//! Applies the current policy to files that are not stored.

use mediary_core::{CompanyId, ConversationId, MediaId, MessageId, Timestamp};
use sqlx::AssertSqlSafe;

use super::{EFFECTIVE, OF_FILE};
use crate::bulk::Bulk;
use crate::db::Tx;
use crate::locks::hold_files;
use crate::scan::UNSAVED;
use crate::transaction::transaction;
use crate::value::args;
use crate::writes::row;
use crate::{Change, ChangeKind, ExpiryPosition, Result, ScannedBatch, Store};

impl Store {
    /// Files of a company that are not stored, may still be at WhatsApp, and are recorded under another policy than the current one:
    /// among the next `rows` of all companies, nearest expiry first. `None` if there are no more.
    pub async fn behind_policy(
        &self,
        company: CompanyId,
        after: Option<ExpiryPosition>,
        rows: u32,
    ) -> Result<Option<ScannedBatch<MediaId, ExpiryPosition>>> {
        let after = self.alive(after);
        let Some(upto) = self.next_unsaved(after, rows).await? else { return Ok(None) };
        // The plus keeps SQLite from the company's own lists, which are in another order.
        let sql = format!(
            "SELECT f.id FROM media_files f WHERE {UNSAVED} AND +f.company_id = $1
                AND (f.expires_at, f.id) > ($2, $3) AND (f.expires_at, f.id) <= ($4, $5)
                AND (f.policy <> {OF_FILE} OR (f.policy = 'stream' AND f.next_attempt_at IS NOT NULL))
            ORDER BY f.expires_at, f.id"
        );
        let args = args![company, after.0, after.1, upto.0, upto.1];
        let found: Vec<(MediaId,)> = self.db().all(AssertSqlSafe(sql), args).await?;
        Ok(Some(ScannedBatch { found: found.into_iter().map(|(media,)| media).collect(), upto }))
    }

    /// Applies the current policy to these files: they become due, or wait for a view.
    pub async fn follow_policy(&self, company: CompanyId, files: &[MediaId]) -> Result<Vec<Change>> {
        let now = self.now();
        transaction!(self.db(), |tx| {
            // The policy that the update reads is locked, so nobody changes it.
            super::hold(tx, company).await?;
            follow(tx, company, files, now).await
        })
    }
}

/// [`Store::follow_policy`] for a caller who holds the company and its accounts ([`super::hold`]).
pub(crate) async fn follow(
    tx: &mut Tx,
    company: CompanyId,
    files: &[MediaId],
    now: Timestamp,
) -> Result<Vec<Change>> {
    hold_files(tx, files.iter().map(|media| (company, *media))).await?;
    let mut update = Bulk::with(format!(
            "UPDATE media_files SET policy = {EFFECTIVE},
                due = CASE WHEN {EFFECTIVE} <> 'store' THEN FALSE
                    WHEN media_files.download_status = 'pending' THEN media_files.provider_media_id IS NOT NULL
                    ELSE media_files.due END,
                next_attempt_at = CASE WHEN {EFFECTIVE} <> 'store' THEN NULL
                    WHEN media_files.download_status = 'pending' AND media_files.provider_media_id IS NOT NULL
                    THEN k.at ELSE media_files.next_attempt_at END,
                download_status = CASE WHEN {EFFECTIVE} = 'store' THEN media_files.download_status
                    ELSE 'pending' END,
                last_error_code = CASE WHEN {EFFECTIVE} = 'store' THEN media_files.last_error_code END,
                last_error = CASE WHEN {EFFECTIVE} = 'store' THEN media_files.last_error END,
                last_error_retryable = {EFFECTIVE} = 'store' AND media_files.last_error_retryable,
                updated_at = k.at
            FROM k JOIN whatsapp_accounts a ON a.company_id = k.company_id
                JOIN companies c ON c.id = a.company_id
            WHERE media_files.company_id = k.company_id AND media_files.id = k.id
                AND a.id = media_files.account_id AND media_files.is_active
                AND (media_files.download_status = 'pending'
                    OR (media_files.download_status = 'failed' AND media_files.last_error_retryable))
            RETURNING media_files.conversation_id, media_files.message_id, media_files.id"
        ),
    );
    for media in files {
        update.push(row! { company_id => company, id => *media, at => now });
    }
    let followed: Vec<(ConversationId, MessageId, MediaId)> = update.run(tx).await?;
    Ok(changes(company, followed))
}

pub(crate) fn changes(company: CompanyId, of: Vec<(ConversationId, MessageId, MediaId)>) -> Vec<Change> {
    let change = |(conversation_id, message, media)| Change {
        company_id: company,
        conversation_id,
        message_id: Some(message),
        media_id: Some(media),
        kind: ChangeKind::MessageUpdated,
    };
    of.into_iter().map(change).collect()
}
