//! The media file of a message: inserted when it arrives, queued again by a repeat, replaced by an edit, deleted by a revocation.

use std::collections::HashMap;

use mediary_core::{
    AccountId, CompanyId, ConversationId, DownloadStatus, ErrorCode, MediaId, MessageId, Sha256,
    StorageBackend, Timestamp, limits,
};

use super::applied::AppliedChanges;
use super::messages::NewMessage;
use super::types::NewMedia;
use crate::bulk::Bulk;
use crate::db::Tx;
use crate::downloads::NO_ERROR;
use crate::leases::DOWNLOADS;
use crate::record::{Record as _, record};
use crate::value::args;
use crate::writes::{Row, row, update};
use crate::{Result, dialect};

/// The message a media file is of.
#[derive(Clone, Copy)]
pub(super) struct Owner {
    pub(super) company: CompanyId,
    pub(super) account: AccountId,
    pub(super) conversation: ConversationId,
    pub(super) message: MessageId,
    pub(super) sent_at: Timestamp,
    /// Which of the message's files: zero is its own media.
    pub(super) part: u32,
}

/// The part of an attachment. Attachments are numbered from one.
fn part_of(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1)
}

/// Names are sorted regardless of case, and by their beginning.
pub(crate) fn sort_name(file_name: Option<&str>) -> String {
    file_name.unwrap_or_default().chars().take(limits::SHORT_TEXT_CHARS).collect::<String>().to_lowercase()
}

fn row_of(owner: Owner, media: &NewMedia, now: Timestamp) -> Row {
    row! {
        company_id => owner.company,
        account_id => owner.account,
        conversation_id => owner.conversation,
        message_id => owner.message,
        policy => media.policy,
        file_type => media.file_type,
        mime_type => media.mime_type.as_deref(),
        file_name => media.file_name.as_deref(),
        sort_name => sort_name(media.file_name.as_deref()),
        file_size => media.file_size,
        declared_sha256 => media.sha256,
        voice => media.voice,
        animated => media.animated,
        provider_media_id => media.provider_media_id.as_deref(),
        provider_url => media.provider_url.as_deref(),
        provider_url_at => media.provider_url.as_ref().map(|_| owner.sent_at),
        next_attempt_at => media.download_now.then_some(now),
        due => media.download_now,
        expires_at => media.expires_at,
        part => owner.part,
        created_at => now,
        updated_at => now,
    }
}

/// Inserts the media files of new messages.
pub(super) async fn insert(
    tx: &mut Tx,
    now: Timestamp,
    new_messages: &mut [NewMessage],
    applied: &mut AppliedChanges,
) -> Result<()> {
    let mut insert = Bulk::insert("media_files", "RETURNING id, message_id, part");
    for one in new_messages.iter() {
        let owner = Owner {
            company: one.message.company_id,
            account: one.message.account_id,
            conversation: one.conversation_id,
            message: one.id,
            sent_at: one.message.timestamp,
            part: 0,
        };
        let own = one.message.media.iter().map(|media| (0, media));
        let others = one.message.attachments.iter().enumerate();
        for (part, media) in own.chain(others.map(|(index, media)| (part_of(index), media))) {
            insert.push(row_of(Owner { part, ..owner }, media, now));
            applied.downloads_due |= media.download_now;
        }
    }
    let ids: HashMap<MessageId, MediaId> = insert
        .run::<(MediaId, MessageId, u32)>(tx)
        .await?
        .into_iter()
        .filter_map(|(media, message, part)| (part == 0).then_some((message, media)))
        .collect();
    for row in new_messages {
        row.media_id = ids.get(&row.id).copied();
    }
    Ok(())
}

/// Gives up on media that had expired at WhatsApp before an import brought it in.
pub(super) async fn expire(tx: &mut Tx, now: Timestamp, new_messages: &[NewMessage]) -> Result<()> {
    let code = ErrorCode::MediaExpired;
    let mut update = Bulk::with(
        "UPDATE media_files SET download_status = 'failed', last_error_code = k.code, last_error = k.words,
                updated_at = k.at
            FROM k WHERE media_files.company_id = k.company_id AND media_files.id = k.id
                AND media_files.expires_at <= k.at",
    );
    for row in new_messages {
        if let Some(media) = row.media_id {
            update.push(row! {
                company_id => row.message.company_id,
                id => media,
                code => code,
                words => code.sentence(),
                at => now,
            });
        }
    }
    update.execute(tx).await?;
    Ok(())
}

/// Inserts the media file of a message that is stored already.
pub(super) async fn insert_one(
    tx: &mut Tx,
    now: Timestamp,
    owner: Owner,
    media: &NewMedia,
    applied: &mut AppliedChanges,
) -> Result<Option<MediaId>> {
    let mut insert = Bulk::insert("media_files", "ON CONFLICT DO NOTHING RETURNING id");
    insert.push(row_of(owner, media, now));
    applied.downloads_due |= media.download_now;
    let inserted: Vec<(MediaId,)> = insert.run(tx).await?;
    Ok(inserted.first().map(|(id,)| *id))
}

record! {
    /// The columns of a media file that ingest needs.
    pub(super) struct MediaState from media_files as f {
        pub id: MediaId,
        pub provider_media_id: Option<String>,
        pub declared_sha256: Option<Sha256>,
        pub download_status: DownloadStatus,
        pub storage_backend: Option<StorageBackend>,
        pub storage_key: Option<String>,
        pub is_active: bool,
    }
}

/// Locks one file of a message and reads it. This waits for a download that is being finished, so that its bytes are seen.
pub(super) async fn of_message(tx: &mut Tx, owner: Owner) -> Result<Option<MediaState>> {
    let sql = format!(
        "SELECT {} FROM media_files f WHERE f.company_id = $1 AND f.message_id = $2 AND f.part = $3{}",
        MediaState::SELECT,
        dialect::hold_rows(tx.backend(), "f")
    );
    tx.first(sqlx::AssertSqlSafe(sql), args![owner.company, owner.message, owner.part]).await
}

/// Inserts the attachments of a message that are missing, and queues failed ones again. Returns whether there were any. The message
/// is locked, so no other transaction does the same.
pub(super) async fn attach(
    tx: &mut Tx,
    now: Timestamp,
    owner: Owner,
    attachments: &[NewMedia],
    applied: &mut AppliedChanges,
) -> Result<bool> {
    let mut changed = false;
    for (index, media) in attachments.iter().enumerate() {
        let owner = Owner { part: part_of(index), ..owner };
        changed |= insert_one(tx, now, owner, media, applied).await?.is_some()
            || arm_again(tx, now, owner, media, applied).await?;
    }
    Ok(changed)
}

/// Queues a download that failed, or that had no media id, with the new id and URL.
pub(super) async fn arm_again(
    tx: &mut Tx,
    now: Timestamp,
    owner: Owner,
    media: &NewMedia,
    applied: &mut AppliedChanges,
) -> Result<bool> {
    let (sql, args) = update! {
        media_files set {
            provider_media_id => media.provider_media_id.as_deref(),
            provider_url => media.provider_url.as_deref(),
            provider_url_at => media.provider_url.as_ref().map(|_| owner.sent_at),
            declared_sha256 => media.sha256,
            expires_at => media.expires_at,
            next_attempt_at => media.download_now.then_some(now),
            due => media.download_now,
            download_status = "'pending'",
            download_attempts = "0",
            bytes_downloaded = "0",
            mismatch_sha256 = "NULL",
            mismatch_count = "0",
            updated_at => now,
        } also [NO_ERROR]
        where { company_id => owner.company, message_id => owner.message, part => owner.part }
        and "is_active AND scan_status <> 'quarantined' AND (download_status = 'failed' OR provider_media_id IS NULL)"
    };
    let armed = tx.execute(sql, args).await? > 0;
    if owner.part == 0 {
        let sql = "UPDATE messages SET provider_media_id = $3, updated_at = $4
            WHERE company_id = $1 AND id = $2 AND provider_media_id IS NULL";
        tx.execute(sql, args![owner.company, owner.message, media.provider_media_id.as_deref(), now]).await?;
    }
    applied.downloads_due |= armed && media.download_now;
    Ok(armed)
}

/// Replaces the media of a message: the stored bytes are deleted, the new file is downloaded.
pub(super) async fn replace(
    tx: &mut Tx,
    now: Timestamp,
    owner: Owner,
    known: &MediaState,
    media: &NewMedia,
    applied: &mut AppliedChanges,
) -> Result<()> {
    discard(tx, now, owner.company, known).await?;
    let (sql, args) = update! {
        media_files set {
            policy => media.policy,
            file_type => media.file_type,
            mime_type => media.mime_type.as_deref(),
            file_name => media.file_name.as_deref(),
            sort_name => sort_name(media.file_name.as_deref()),
            file_size => media.file_size,
            declared_size = "NULL",
            declared_sha256 => media.sha256,
            voice => media.voice,
            animated => media.animated,
            provider_media_id => media.provider_media_id.as_deref(),
            provider_url => media.provider_url.as_deref(),
            provider_url_at => media.provider_url.as_ref().map(|_| owner.sent_at),
            expires_at => media.expires_at,
            next_attempt_at => media.download_now.then_some(now),
            due => media.download_now,
            updated_at => now,
        } also [
            "download_status = 'pending', download_attempts = 0, bytes_downloaded = 0",
            "detected_mime_type = NULL, sha256 = NULL, width = NULL, height = NULL, duration_ms = NULL, thumbhash = NULL",
            "storage_key = NULL, storage_backend = NULL, file_url = NULL, stored_at = NULL, integrity = NULL",
            "scan_status = 'unscanned', mismatch_sha256 = NULL, mismatch_count = 0",
            NO_ERROR,
            DOWNLOADS.ended(),
        ]
        where { company_id => owner.company, id => known.id }
    };
    tx.execute(sql, args).await?;
    applied.downloads_due |= media.download_now;
    Ok(())
}

/// Records a new media id for the same bytes.
pub(super) async fn rename(
    tx: &mut Tx,
    now: Timestamp,
    owner: Owner,
    known: &MediaState,
    media: &NewMedia,
) -> Result<()> {
    let (sql, args) = update! {
        media_files set {
            provider_media_id => media.provider_media_id.as_deref(),
            provider_url => media.provider_url.as_deref(),
            provider_url_at => media.provider_url.as_ref().map(|_| owner.sent_at),
            expires_at => media.expires_at,
            updated_at => now,
        }
        where { company_id => owner.company, id => known.id }
    };
    tx.execute(sql, args).await?;
    Ok(())
}

/// Marks stored bytes for the next sweep.
async fn discard(tx: &mut Tx, now: Timestamp, company: CompanyId, known: &MediaState) -> Result<()> {
    if let (Some(backend), Some(key)) = (known.storage_backend, known.storage_key.as_deref()) {
        crate::trash::put(tx, now, company, known.id, backend, key).await?;
    }
    Ok(())
}
