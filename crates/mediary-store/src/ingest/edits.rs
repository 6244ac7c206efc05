//! Edits and revocations. They are rare, so they are applied one by one.

use mediary_core::{ConversationId, DownloadStatus, MediaId, MessageId, Timestamp};
use sqlx::AssertSqlSafe;

use super::applied::{AppliedChanges, MessageKey, Updates};
use super::media::{self, Owner};
use super::types::{ChangeKind, IncomingEdit, IncomingRevoke, NewMedia};
use crate::db::Tx;
use crate::record::{Record as _, record};
use crate::value::args;
use crate::writes::update;
use crate::{Result, dialect, trash};

record! {
    /// The message that an edit or a revocation is about.
    struct Target from messages as m {
        pub id: MessageId,
        pub conversation_id: ConversationId,
        pub edited_at: Option<Timestamp>,
        pub revoked_at: Option<Timestamp>,
        /// The fingerprints of the edits in the second of `edited_at`, joined.
        pub edits_of_second: Option<String>,
    }
}

impl Target {
    /// Whether an edit applies. Edits may come in any order, and repeatedly: the newest one stays; of several in one second, the one
    /// that came last for the first time. A revoked message stays revoked.
    fn takes(&self, edit: &IncomingEdit) -> bool {
        let older = self.edited_at.is_some_and(|at| at > edit.timestamp);
        self.revoked_at.is_none() && !older && !self.of_second(edit).any(|known| known == fingerprint(edit))
    }

    /// The fingerprints of edits that were made in the same second and were applied.
    fn of_second(&self, edit: &IncomingEdit) -> impl Iterator<Item = &str> {
        let known = self.edits_of_second.as_deref().filter(|_| self.edited_at == Some(edit.timestamp));
        known.into_iter().flat_map(str::split_whitespace)
    }

    /// The fingerprints with that of this edit added.
    fn of_second_with(&self, edit: &IncomingEdit) -> String {
        let mut all: Vec<&str> = self.of_second(edit).collect();
        let new = fingerprint(edit);
        all.push(&new);
        all[all.len().saturating_sub(EDITS_OF_SECOND)..].join(" ")
    }
}

/// The most edits of one second that are remembered; people type more slowly.
const EDITS_OF_SECOND: usize = 32;

/// A hash that distinguishes the edits of a message. FNV-1a, for it is the same in every release of this program.
fn fingerprint(edit: &IncomingEdit) -> String {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    format!("{:016x}", edit.raw_payload.as_bytes().iter().fold(0xcbf2_9ce4_8422_2325, step))
}

impl IncomingEdit {
    pub(super) fn key(&self) -> MessageKey {
        MessageKey { company: self.company_id, account: self.account_id, id: self.target.clone() }
    }
}

impl IncomingRevoke {
    pub(super) fn key(&self) -> MessageKey {
        MessageKey { company: self.company_id, account: self.account_id, id: self.target.clone() }
    }
}

async fn target(tx: &mut Tx, key: &MessageKey) -> Result<Option<Target>> {
    let sql = format!(
        "SELECT {} FROM messages m WHERE m.company_id = $1 AND m.account_id = $2 AND m.provider_message_id = $3{}",
        Target::SELECT,
        dialect::hold_rows(tx.backend(), "m")
    );
    tx.first(AssertSqlSafe(sql), args![key.company, key.account, key.id.as_str()]).await
}

pub(super) async fn edit_all(
    tx: &mut Tx,
    now: Timestamp,
    edits: Vec<IncomingEdit>,
    early: &mut Updates,
    applied: &mut AppliedChanges,
) -> Result<()> {
    for edit in edits {
        match target(tx, &edit.key()).await? {
            None => early.edits.push(edit),
            Some(target) if !target.takes(&edit) => {}
            Some(target) => apply_edit(tx, now, &edit, &target, applied).await?,
        }
    }
    Ok(())
}

async fn apply_edit(
    tx: &mut Tx,
    now: Timestamp,
    edit: &IncomingEdit,
    target: &Target,
    applied: &mut AppliedChanges,
) -> Result<()> {
    // An edit of media carries the whole new object: a caption it does not have is gone.
    let media = edit.media.as_ref();
    let media_id = media.and_then(|media| media.provider_media_id.as_deref());
    let mime_type = media.and_then(|media| media.mime_type.as_deref());
    let (sql, args) = update! {
        messages set {
            text = "COALESCE(?, text)" => edit.text.as_deref(),
            caption = "CASE WHEN ?has_media THEN ? ELSE COALESCE(?, caption) END" => edit.caption.as_deref(),
            provider_media_id = "COALESCE(?, provider_media_id)" => media_id,
            media_mime_type = "COALESCE(?, media_mime_type)" => mime_type,
            edited_at => edit.timestamp,
            raw_payload => edit.raw_payload.as_str(),
            edits_of_second => target.of_second_with(edit),
            updated_at => now,
        }
        where { company_id => edit.company_id, id => target.id }
        given { has_media => media.is_some() }
    };
    tx.execute(sql, args).await?;
    let owner = Owner {
        company: edit.company_id,
        account: edit.account_id,
        conversation: target.conversation_id,
        message: target.id,
        sent_at: edit.timestamp,
        part: 0,
    };
    let media_id = match media {
        Some(media) => edit_media(tx, now, owner, media, applied).await?,
        None => None,
    };
    let kind = ChangeKind::MessageUpdated;
    applied.message(kind, owner.company, owner.conversation, owner.message, media_id);
    Ok(())
}

async fn edit_media(
    tx: &mut Tx,
    now: Timestamp,
    owner: Owner,
    new: &NewMedia,
    applied: &mut AppliedChanges,
) -> Result<Option<MediaId>> {
    let Some(known) = media::of_message(tx, owner).await? else {
        return media::insert_one(tx, now, owner, new, applied).await;
    };
    if known.provider_media_id == new.provider_media_id {
        return Ok(Some(known.id));
    }
    let same_bytes = new.sha256.is_some() && new.sha256 == known.declared_sha256;
    let settled = matches!(known.download_status, DownloadStatus::Completed | DownloadStatus::Downloading);
    if !known.is_active || (same_bytes && settled) {
        media::rename(tx, now, owner, &known, new).await?;
    } else {
        media::replace(tx, now, owner, &known, new, applied).await?;
    }
    Ok(Some(known.id))
}

pub(super) async fn revoke_all(
    tx: &mut Tx,
    now: Timestamp,
    revokes: Vec<IncomingRevoke>,
    early: &mut Updates,
    applied: &mut AppliedChanges,
) -> Result<()> {
    for revoke in revokes {
        match target(tx, &revoke.key()).await? {
            None => early.revokes.push(revoke),
            Some(target) if target.revoked_at.is_some() => {}
            Some(target) => apply_revoke(tx, now, &revoke, &target, applied).await?,
        }
    }
    Ok(())
}

async fn apply_revoke(
    tx: &mut Tx,
    now: Timestamp,
    revoke: &IncomingRevoke,
    target: &Target,
    applied: &mut AppliedChanges,
) -> Result<()> {
    let sql = "UPDATE messages SET revoked_at = $3, updated_at = $4 WHERE company_id = $1 AND id = $2";
    tx.execute(sql, args![revoke.company_id, target.id, revoke.timestamp, now]).await?;
    let sql = "SELECT f.id FROM media_files f WHERE f.company_id = $1 AND f.message_id = $2
        ORDER BY f.part";
    let files: Vec<(MediaId,)> = tx.all(sql, args![revoke.company_id, target.id]).await?;
    let (company, conversation) = (revoke.company_id, target.conversation_id);
    let first = files.first().map(|(id,)| *id);
    applied.message(ChangeKind::MessageUpdated, company, conversation, target.id, first);
    for (media,) in files {
        if trash::delete_media(tx, now, company, media, None).await? {
            applied.message(ChangeKind::MediaDeleted, company, conversation, target.id, Some(media));
        }
    }
    Ok(())
}
