//! Repeated messages. Meta may send a message many times; a repeat adds only what is still missing: the content of a placeholder,
//! missing media, and a new attempt for media whose download failed or that an import left without WhatsApp's id.

use std::collections::HashSet;

use mediary_core::{ConversationId, DownloadStatus, MediaId, MessageId, ScanStatus, Timestamp};

use super::applied::{AppliedChanges, ByMessage, MessageKey};
use super::media::{self, Owner};
use super::storable::Storable as _;
use super::types::{ChangeKind, IncomingMessage, IngestItem, NewMedia, PlannedItem};
use crate::bulk::Bulk;
use crate::db::Tx;
use crate::record::{Record as _, record};
use crate::writes::{row, update};
use crate::{Error, ErrorKind, Result, dialect};

record! {
    /// A message that is stored already, and the state of its media.
    struct ExistingMessage from messages as m {
        pub id: MessageId,
        pub conversation_id: ConversationId,
        pub placeholder: bool,
        pub revoked: bool = "m.revoked_at IS NOT NULL",
        pub edited: bool = "m.edited_at IS NOT NULL",
        pub media_id: Option<MediaId> = "f.id",
        pub media_status: Option<DownloadStatus> = "f.download_status",
        pub media_scan: Option<ScanStatus> = "f.scan_status",
        pub media_active: Option<bool> = "f.is_active",
        /// An import may have left it without.
        pub provider_media_id: Option<String> = "f.provider_media_id",
        /// Attachments that are here and cannot come again: those that failed may.
        pub attached: u32 = "(SELECT CAST(COUNT(*) AS BIGINT) FROM media_files p WHERE p.company_id = m.company_id \
            AND p.message_id = m.id AND p.part > 0 AND (p.download_status <> 'failed' OR NOT p.is_active \
                OR p.scan_status = 'quarantined'))",
        pub key: MessageKey = "m.company_id, m.account_id, m.provider_message_id",
    }
}

impl ExistingMessage {
    /// Whether a repeat brings content or media that is missing.
    fn lacks(&self, message: &IncomingMessage) -> bool {
        let media = message.media.is_some();
        !self.revoked
            && (self.placeholder
                || (media && self.media_id.is_none())
                || message.media.as_ref().is_some_and(|media| self.wants(media))
                || message.attachments.len() > self.attached as usize)
    }

    /// Whether its media file can use this one: its download failed, or an import left it without an id. A repeat has the message as
    /// it was sent first, so after an edit with another file it cannot.
    fn wants(&self, media: &NewMedia) -> bool {
        let named = self.provider_media_id.is_some();
        let replaced = self.edited && named && self.provider_media_id != media.provider_media_id;
        // What is stored was sent by us, and WhatsApp's id of it is of no use.
        let is_stored = self.media_status == Some(DownloadStatus::Completed);
        (self.media_status == Some(DownloadStatus::Failed) || !named)
            && !is_stored
            && !replaced
            && self.media_active == Some(true)
            && self.media_scan != Some(ScanStatus::Quarantined)
    }
}

pub(super) async fn apply(
    tx: &mut Tx,
    now: Timestamp,
    repeated: Vec<IncomingMessage>,
    applied: &mut AppliedChanges,
) -> Result<()> {
    // A repeated placeholder adds nothing.
    let mut candidates: Vec<IncomingMessage> =
        repeated.into_iter().filter(|message| !message.placeholder).collect();
    // Most repeats add nothing. The few that seem to are checked again once their messages are locked: the missing content may have
    // come meanwhile, and the messages may have moved to another conversation.
    let existing = look_up(tx, &candidates, "").await?;
    candidates.retain(|message| {
        existing.get(&MessageKey::of(message)).is_some_and(|existing| existing.lacks(message))
    });
    let hold = format!(" ORDER BY m.id{}", dialect::hold_rows(tx.backend(), "m"));
    let mut existing = look_up(tx, &candidates, &hold).await?;
    for message in candidates {
        if let Some(existing) = existing.get_mut(&MessageKey::of(&message)) {
            take_over(tx, now, &message, existing, applied).await?;
        }
    }
    Ok(())
}

/// Fails unless each of these messages is stored already.
pub(super) async fn require(tx: &mut Tx, messages: &[IncomingMessage]) -> Result<()> {
    let existing = look_up(tx, messages, "").await?;
    let known = |message: &IncomingMessage| existing.contains_key(&MessageKey::of(message));
    if messages.iter().all(known) { Ok(()) } else { Err(nobody()) }
}

fn nobody() -> Error {
    Error::new(
        ErrorKind::Unrecordable,
        "neither a sender nor a recipient is named, and no message with this id is known yet",
    )
}

/// Removes items without a contact whose message is neither stored nor among the items, and returns why they cannot be recorded. A
/// batch may have very many of them, which would be too slow to find one by one.
pub(super) async fn take_unknown(
    tx: &mut Tx,
    items: &mut Vec<PlannedItem>,
) -> Result<(Vec<PlannedItem>, Error)> {
    let mut nameless = Vec::new();
    let mut here = HashSet::new();
    for planned in &*items {
        let IngestItem::Message(message) = &planned.item else { continue };
        let message = IncomingMessage::clone(message).storable();
        if message.names_somebody() {
            here.insert(MessageKey::of(&message));
        } else {
            nameless.push(message);
        }
    }
    let known = look_up(tx, &nameless, "").await?;
    let is_unknown = |planned: &mut PlannedItem| {
        let IngestItem::Message(message) = &planned.item else { return false };
        let message = IncomingMessage::clone(message).storable();
        let key = MessageKey::of(&message);
        !message.names_somebody() && !known.contains_key(&key) && !here.contains(&key)
    };
    Ok((items.extract_if(.., is_unknown).collect(), nobody()))
}

async fn look_up(
    tx: &mut Tx,
    messages: &[IncomingMessage],
    hold: &str,
) -> Result<ByMessage<ExistingMessage>> {
    let after = format!(
        "SELECT {} FROM k CROSS JOIN messages m
            LEFT JOIN media_files f ON f.company_id = m.company_id AND f.message_id = m.id AND f.part = 0
            WHERE m.company_id = k.company_id AND m.account_id = k.account_id AND m.provider_message_id = k.name{hold}",
        ExistingMessage::SELECT
    );
    let mut select = Bulk::with(after);
    for message in messages {
        select.push(row! {
            company_id => message.company_id,
            account_id => message.account_id,
            name => message.provider_message_id.as_str(),
        });
    }
    let found: Vec<ExistingMessage> = select.run(tx).await?;
    Ok(found.into_iter().map(|existing| (existing.key.clone(), existing)).collect())
}

async fn take_over(
    tx: &mut Tx,
    now: Timestamp,
    message: &IncomingMessage,
    existing: &mut ExistingMessage,
    applied: &mut AppliedChanges,
) -> Result<()> {
    if existing.revoked {
        return Ok(());
    }
    let owner = Owner {
        company: message.company_id,
        account: message.account_id,
        conversation: existing.conversation_id,
        message: existing.id,
        sent_at: message.timestamp,
        part: 0,
    };
    let attached = media::attach(tx, now, owner, &message.attachments, applied).await?;
    let lacks_media = message.media.is_some() && existing.media_id.is_none();
    if existing.placeholder || lacks_media {
        fill(tx, now, message, existing.id).await?;
        existing.placeholder = false;
        if let Some(media) = message.media.as_ref().filter(|_| lacks_media) {
            existing.media_id = media::insert_one(tx, now, owner, media, applied).await?;
            existing.media_status = Some(DownloadStatus::Pending);
            existing.provider_media_id.clone_from(&media.provider_media_id);
        }
    } else if let Some(media) = message.media.as_ref()
        && existing.wants(media)
    {
        media::arm_again(tx, now, owner, media, applied).await?;
        existing.media_status = Some(DownloadStatus::Pending);
        existing.provider_media_id.clone_from(&media.provider_media_id);
    } else if !attached {
        return Ok(());
    }
    let kind = ChangeKind::MessageUpdated;
    applied.message(kind, owner.company, owner.conversation, owner.message, existing.media_id);
    Ok(())
}

/// Fills a placeholder with its content. The content of an edit that came meanwhile is newer, and stays.
async fn fill(tx: &mut Tx, now: Timestamp, message: &IncomingMessage, id: MessageId) -> Result<()> {
    let media = message.media.as_ref();
    let media_id = media.and_then(|media| media.provider_media_id.as_deref());
    let mime_type = media.and_then(|media| media.mime_type.as_deref());
    let (sql, args) = update! {
        messages set {
            type => message.message_type,
            text = "CASE WHEN edited_at IS NULL THEN ? ELSE COALESCE(text, ?) END" => message.text.as_deref(),
            caption = "CASE WHEN edited_at IS NULL THEN ? ELSE caption END" => message.caption.as_deref(),
            provider_media_id = "CASE WHEN edited_at IS NULL THEN ? ELSE COALESCE(provider_media_id, ?) END" => media_id,
            media_mime_type = "CASE WHEN edited_at IS NULL THEN ? ELSE COALESCE(media_mime_type, ?) END" => mime_type,
            raw_payload = "CASE WHEN edited_at IS NULL THEN ? ELSE raw_payload END" => message.raw_payload.as_deref(),
            placeholder = "FALSE",
            error_code = "NULL",
            error_message = "NULL",
            updated_at => now,
        }
        where { company_id => message.company_id, id => id }
    };
    tx.execute(sql, args).await?;
    Ok(())
}
