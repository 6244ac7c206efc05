//! Converts one message of a webhook into a record.

use std::time::Duration;

use aws_lc_rs::digest;
use data_encoding::HEXLOWER;
use mediary_core::{Direction, MessageStatus, MessageType, Timestamp, limits, same_number, storable_text};
use mediary_graph::{Content, MediaObject, Message, Origin, Profile, ReportedError, SystemEvent};
use mediary_store::{
    ContactKey, IdentityChange, IncomingEdit, IncomingMessage, IncomingRevoke, IngestItem, NewMedia, Reaction,
};

use crate::base::metrics;
use crate::whatsapp::accounts::KnownAccount;

/// The account that an update came for, and when.
pub(super) struct Receipt<'a> {
    pub(super) account: &'a KnownAccount,
    /// The business number, as digits.
    pub(super) business_number: &'a str,
    pub(super) received_at: Timestamp,
}

/// How long media is tried that should have expired, by the time of its message, when its webhook arrives: webhooks may be late or
/// replayed, and only WhatsApp knows whether the media is still there.
const LATE_MEDIA_LIFE: Duration = Duration::from_secs(24 * 3600);

/// Everything that one message means for the records.
pub(super) fn items(
    receipt: &Receipt<'_>,
    message: &Message,
    sender: Option<&Profile>,
    origin: &Origin,
) -> Vec<IngestItem> {
    let account = &receipt.account.row;
    match &message.content {
        Content::Edit { original_message_id, content } => {
            let media = match &**content {
                Content::Media(object) => new_media(receipt, message, object, origin),
                _ => None,
            };
            vec![IngestItem::Edit(IncomingEdit {
                company_id: account.company_id,
                account_id: account.id,
                target: original_message_id.clone(),
                timestamp: time_of(receipt, message),
                text: text_of(content, message),
                caption: caption_of(content),
                media,
                raw_payload: message.raw.clone(),
            })]
        }
        Content::Revoke { original_message_id } => vec![IngestItem::Revoke(IncomingRevoke {
            company_id: account.company_id,
            account_id: account.id,
            target: original_message_id.clone(),
            timestamp: time_of(receipt, message),
        })],
        _ => vec![IngestItem::Message(Box::new(incoming(receipt, message, sender, origin)))],
    }
}

/// The first of the errors that WhatsApp gives, as code and words.
pub(super) fn reported(errors: &[ReportedError]) -> Option<(i64, String)> {
    let error = errors.first()?;
    let words = error.details.as_ref().or(error.message.as_ref()).or(error.title.as_ref());
    Some((error.code, words.cloned().unwrap_or_default()))
}

fn incoming(
    receipt: &Receipt<'_>,
    message: &Message,
    sender: Option<&Profile>,
    origin: &Origin,
) -> IncomingMessage {
    let account = &receipt.account.row;
    let direction = direction_of(receipt, message, origin);
    let media = match &message.content {
        Content::Media(object) => new_media(receipt, message, object, origin),
        _ => None,
    };
    let reaction = match &message.content {
        Content::Reaction { message_id, emoji } => {
            Some(Reaction { target: message_id.clone(), emoji: emoji.clone() })
        }
        _ => None,
    };
    let outbound = direction == Direction::Outbound;
    let context = message.context.as_ref();
    let fresh = matches!(origin, Origin::Inbound | Origin::Standby);
    let identity_change = match &message.content {
        // By now another person may have the old number of a change that is long past.
        Content::System(event) if fresh => identity_change(message, event).map(Box::new),
        _ => None,
    };
    IncomingMessage {
        company_id: account.company_id,
        account_id: account.id,
        contact: contact_of(message, sender, origin, outbound),
        direction,
        message_type: type_of(&message.content, media.is_some()),
        status: status_of(origin, outbound),
        provider_message_id: message.id.clone().unwrap_or_else(|| synthetic_id(message)),
        timestamp: time_of(receipt, message),
        text: text_of(&message.content, message),
        caption: caption_of(&message.content),
        sender_phone: message.from.clone(),
        sender_name: if outbound { None } else { sender.and_then(name_of) },
        receiving_phone: if outbound { message.to.clone() } else { Some(receipt.business_number.to_owned()) },
        reply_to: context.and_then(|context| context.message_id.clone()),
        forwarded: context.is_some_and(|context| context.forwarded),
        frequently_forwarded: context.is_some_and(|context| context.frequently_forwarded),
        identity_change,
        unread: fresh && !outbound && reaction.is_none(),
        reaction,
        error: reported(&message.errors),
        raw_payload: Some(message.raw.clone()),
        media,
        attachments: attachments_of(receipt, message, origin),
        imported: None,
        placeholder: matches!(message.content, Content::MediaPlaceholder),
    }
}

/// History does not say who wrote a message otherwise than by its sender's number.
fn direction_of(receipt: &Receipt<'_>, message: &Message, origin: &Origin) -> Direction {
    let by_business = message.from.as_deref().is_some_and(|from| same_number(from, receipt.business_number));
    match origin {
        Origin::Echo => Direction::Outbound,
        Origin::History { .. } | Origin::HistoryMedia if by_business => Direction::Outbound,
        _ => Direction::Inbound,
    }
}

fn status_of(origin: &Origin, outbound: bool) -> MessageStatus {
    if !outbound {
        return MessageStatus::Received;
    }
    let Origin::History { status: Some(status), .. } = origin else { return MessageStatus::Sent };
    match status.as_str() {
        "DELIVERED" => MessageStatus::Delivered,
        "READ" => MessageStatus::Read,
        "PLAYED" => MessageStatus::Played,
        "ERROR" => MessageStatus::Failed,
        _ => MessageStatus::Sent,
    }
}

/// A media message without its media id cannot be fetched: it is kept as unsupported, with all that came.
fn type_of(content: &Content, has_media: bool) -> MessageType {
    match content {
        Content::Text { .. } => MessageType::Text,
        Content::Media(object) if has_media => object.file_type.into(),
        Content::Location { .. } => MessageType::Location,
        Content::Contacts(_) => MessageType::Contacts,
        Content::Reaction { .. } => MessageType::Reaction,
        Content::Interactive { .. } => MessageType::Interactive,
        Content::Template { .. } => MessageType::Template,
        Content::Button { .. } => MessageType::Button,
        Content::Order(_) => MessageType::Order,
        Content::System(_) | Content::RequestWelcome => MessageType::System,
        _ => MessageType::Unsupported,
    }
}

fn text_of(content: &Content, message: &Message) -> Option<String> {
    let text = match content {
        Content::Text { body } => Some(body.clone()),
        Content::Media(_) => None,
        _ => message.display_text(),
    };
    text.map(|text| storable_text(&text).into_owned())
}

fn caption_of(content: &Content) -> Option<String> {
    match content {
        Content::Media(object) => object.caption.clone(),
        _ => None,
    }
}

/// WhatsApp's time, or ours if theirs is missing or impossible: a message from the future would stay the newest of its thread
/// forever.
fn time_of(receipt: &Receipt<'_>, message: &Message) -> Timestamp {
    message.timestamp.filter(|at| can_be(*at, receipt.received_at)).unwrap_or(receipt.received_at)
}

/// Whether something that arrived then can have happened at that time, by clocks that differ a little.
pub(super) fn can_be(at: Timestamp, received_at: Timestamp) -> bool {
    at <= received_at.plus(limits::CLOCKS_DIFFER_BY)
}

fn contact_of(message: &Message, sender: Option<&Profile>, origin: &Origin, outbound: bool) -> ContactKey {
    if let Some(group) = &message.group_id {
        return ContactKey {
            wa_id: Some(group.clone()),
            user_id: None,
            phone: None,
            name: None,
            group: true,
        };
    }
    let (phone, user_id) =
        if outbound { (&message.to, &message.to_user_id) } else { (&message.from, &message.from_user_id) };
    let thread = match origin {
        Origin::History { thread, .. } => thread.as_ref(),
        _ => None,
    };
    let phone = phone.as_ref().or(thread).cloned();
    ContactKey {
        wa_id: sender.and_then(|sender| sender.wa_id.clone()).or_else(|| phone.clone()),
        user_id: user_id.clone().or_else(|| sender.and_then(|sender| sender.user_id.clone())),
        phone,
        name: sender.and_then(name_of),
        group: false,
    }
}

fn name_of(profile: &Profile) -> Option<String> {
    profile.name.clone().or_else(|| profile.username.clone())
}

/// The same item always gets the same id, so that a message without one is still recorded once.
fn synthetic_id(message: &Message) -> String {
    let hash = digest::digest(&digest::SHA256, message.raw.as_bytes());
    format!("raw.{}", HEXLOWER.encode(hash.as_ref()))
}

fn new_media(
    receipt: &Receipt<'_>,
    message: &Message,
    object: &MediaObject,
    origin: &Origin,
) -> Option<NewMedia> {
    let Some(provider_media_id) = object.id.clone() else {
        metrics::extraction_failed();
        tracing::warn!(
            company.id = receipt.account.row.company_id.0,
            account.id = receipt.account.row.id.0,
            message.kind = %message.kind,
            keys = ?object.present_keys,
            "media_extraction_failed: a media message came without a media id and is kept as unsupported"
        );
        return None;
    };
    Some(announced(receipt, message, object, provider_media_id, origin))
}

/// The files of a form, a header or a carousel. Those beyond the limit stay in the raw payload.
fn attachments_of(receipt: &Receipt<'_>, message: &Message, origin: &Origin) -> Vec<NewMedia> {
    if message.attachments.overfull {
        metrics::extraction_failed();
        tracing::warn!(
            company.id = receipt.account.row.company_id.0,
            account.id = receipt.account.row.id.0,
            message.kind = %message.kind,
            files = message.attachments.files.len(),
            "media_extraction_failed: a message names more files than are fetched of one"
        );
    }
    let named = message.attachments.files.iter().filter_map(|object| Some((object, object.id.clone()?)));
    named.map(|(object, id)| announced(receipt, message, object, id, origin)).collect()
}

fn announced(
    receipt: &Receipt<'_>,
    message: &Message,
    object: &MediaObject,
    provider_media_id: String,
    origin: &Origin,
) -> NewMedia {
    let policy = receipt.account.policy;
    NewMedia {
        provider_media_id: Some(provider_media_id),
        file_type: object.file_type,
        mime_type: object.mime_type.clone(),
        file_name: object.file_name.clone(),
        sha256: object.sha256.as_deref().and_then(|text| text.parse().ok()),
        file_size: object.file_size,
        voice: object.voice,
        animated: object.animated,
        provider_url: object.url.clone(),
        policy,
        download_now: policy.downloads_on_arrival(),
        expires_at: expires_at(receipt, message, origin),
    }
}

/// When the media expires at WhatsApp, counted from the message; the media of past conversations is made
/// available again, whatever the age of its message.
fn expires_at(receipt: &Receipt<'_>, message: &Message, origin: &Origin) -> Timestamp {
    let from = match origin {
        Origin::HistoryMedia => receipt.received_at,
        _ => time_of(receipt, message).min(receipt.received_at),
    };
    let expires_at = from.plus(limits::PROVIDER_MEDIA_LIFE);
    if expires_at > receipt.received_at { expires_at } else { receipt.received_at.plus(LATE_MEDIA_LIFE) }
}

/// A customer's change of number or id, if the old and the new one are given.
fn identity_change(message: &Message, event: &SystemEvent) -> Option<IdentityChange> {
    let key = |wa_id: Option<String>, user_id: Option<String>| ContactKey {
        phone: wa_id.clone(),
        wa_id,
        user_id,
        name: None,
        group: false,
    };
    let old = key(
        event.previous_wa_id.clone().or_else(|| message.from.clone()),
        event.previous_user_id.clone().or_else(|| message.from_user_id.clone()),
    );
    let new = key(event.wa_id.clone(), event.user_id.clone());
    let named = |key: &ContactKey| key.wa_id.is_some() || key.user_id.is_some();
    let differs = (new.wa_id.is_some() && new.wa_id != old.wa_id)
        || (new.user_id.is_some() && new.user_id != old.user_id);
    (named(&old) && differs).then_some(IdentityChange { old, new })
}
