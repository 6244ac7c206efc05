//! Sends a message on to other conversations: what it says, and its file by the stored bytes.
//!
//! It goes to all of them or to none. What can be refused is refused before anything is stored, and the messages of all
//! conversations are written in one transaction. Each has bytes of its own, under a key that is reserved in the trash until that
//! transaction: what is left of an attempt that failed is deleted.

use std::borrow::Cow;
use std::collections::BTreeSet;

use mediary_core::{
    ConversationId, Direction, Error, ErrorCode, FileType, MessageId, MessageType, Result, Scope, limits,
};
use mediary_graph::Content;
use mediary_store::{Destination, MediaFile, MessageWithMedia, NewSend};
use serde_json::{Map, Value};

use super::content::{KeptContent, KeptKind};
use super::convert::proved;
use super::draft::{self, FileDraft, PlainContent};
use super::queue::{QueuedMessages, check_client_id, first_with, new_send, publish_new};
use super::source::{copy_of, described, stored_at};
use super::upload::StoredUpload;
use crate::access::{May, rights};
use crate::base::fault;
use crate::base::work::Work;
use crate::context::Context;

/// What WhatsApp takes of a contact card. Cards that it delivers have more.
const CARD_FIELDS: [&str; 7] = ["addresses", "birthday", "emails", "name", "org", "phones", "urls"];
/// The parts of a name, of which WhatsApp wants one besides the whole.
const NAME_PARTS: [&str; 5] = ["first_name", "last_name", "middle_name", "prefix", "suffix"];

/// What is sent on.
enum Original {
    Plain(KeptContent),
    File(Box<MediaFile>, FileDraft),
}

/// Queues copies of a message, one in each of these conversations; their ids, in the same order. Under a client id that is known nothing
/// is done, and those of its first request are returned.
pub(super) async fn forward(
    context: &Context,
    may: &May<rights::Send>,
    id: MessageId,
    conversations: &[ConversationId],
    client_id: Option<&str>,
) -> Result<QueuedMessages> {
    let scope = may.caller().scope();
    check_client_id(client_id)?;
    if let Some(first) = first_with(context, &scope, client_id).await? {
        return Ok(first);
    }
    let row = context.store().message(&scope, id).await?;
    let row = row.ok_or_else(|| Error::not_found("there is no such message"))?;
    check_list(conversations)?;
    let original = original(context, &scope, row).await?;
    for conversation in conversations {
        let found = context.store().conversation(&scope, *conversation).await?;
        found.ok_or_else(|| Error::not_found("there is no such conversation"))?;
    }
    let (kept, files) = match original {
        Original::Plain(kept) => {
            draft::check(&kept)?;
            (kept, Vec::new())
        }
        Original::File(record, file) => copies(context, &record, &file, conversations.len()).await?,
    };
    let queued = queue(context, may, (conversations, client_id), &kept, &files).await?;
    files.into_iter().for_each(StoredUpload::settled);
    Ok(queued)
}

fn check_list(conversations: &[ConversationId]) -> Result<()> {
    let distinct: BTreeSet<_> = conversations.iter().collect();
    let max = limits::FORWARDED_TO_AT_ONCE;
    if !(1..=max).contains(&conversations.len()) || distinct.len() < conversations.len() {
        let rule = format!("must be 1 to {max} ids of conversations, each once");
        return Err(Error::invalid("conversationIds", rule));
    }
    Ok(())
}

/// What a message is made of, if it is one that can be sent on.
async fn original(context: &Context, scope: &Scope, row: MessageWithMedia) -> Result<Original> {
    let MessageWithMedia { message, media, .. } = row;
    if message.revoked {
        return Err(refused("the message was deleted for everybody by its author, and is not sent on"));
    }
    let plain = |kind| Original::Plain(KeptContent { kind, reply_to: None });
    match (message.message_type, media) {
        (MessageType::Text, _) => {
            let text =
                message.text.ok_or_else(|| refused("the message has no text that could be sent on"))?;
            Ok(plain(KeptKind::Text { text, preview_url: false }))
        }
        (MessageType::Location | MessageType::Contacts, _) => {
            Ok(plain(kept_or_received(context, scope, message.id, message.direction).await?))
        }
        (kind, Some(media)) if kind.file_type() == Some(media.file_type) => {
            // Whether somebody may have it, before anything is looked at.
            stored_at(context, &media)?;
            let file = FileDraft {
                kind: media.file_type,
                caption: message.caption,
                file_name: draft::sendable_name(media.file_name.clone()),
                // Sound that was none stays none; a voice note is known by its bytes.
                voice: (media.file_type == FileType::Audio && !media.voice).then_some(false),
                convert: false,
            };
            Ok(Original::File(Box::new(media), file))
        }
        (kind, _) => Err(refused(format!(
            "a message of type {kind} is not sent on; text, files, locations and contact cards are"
        ))),
    }
}

fn refused(detail: impl Into<Cow<'static, str>>) -> Error {
    Error::refused(ErrorCode::Conflict, detail)
}

/// A location or contact cards: as they were sent from here, or as WhatsApp delivered them.
async fn kept_or_received(
    context: &Context,
    scope: &Scope,
    id: MessageId,
    direction: Direction,
) -> Result<KeptKind> {
    let lost = || refused("what WhatsApp delivered of the message is not kept, so it cannot be sent on");
    let source = context.store().message_source(scope, id).await?.ok_or_else(lost)?;
    if let Some(sent) = source.sent.filter(|_| direction == Direction::Outbound) {
        return Ok(KeptContent::of_text(&sent)?.kind);
    }
    let content = source.received.as_deref().and_then(Content::of_raw);
    let plain = match content {
        Some(Content::Location {
            latitude: Some(latitude),
            longitude: Some(longitude),
            name,
            address,
            ..
        }) => PlainContent::Location { latitude, longitude, name, address },
        Some(Content::Contacts(Value::Array(cards))) => {
            PlainContent::Contacts(cards.into_iter().map(sendable_card).collect())
        }
        _ => return Err(lost()),
    };
    Ok(plain.kept(None)?.kind)
}

/// A contact card without what WhatsApp delivers and does not take.
fn sendable_card(card: Value) -> Value {
    let Value::Object(mut card) = card else { return card };
    card.retain(|field, _| CARD_FIELDS.contains(&field.as_str()));
    if let Some(Value::Object(name)) = card.get_mut("name") {
        complete_name(name);
    }
    Value::Object(card)
}

fn complete_name(name: &mut Map<String, Value>) {
    let has_part = NAME_PARTS.iter().any(|part| name.get(*part).is_some_and(|part| part.is_string()));
    if let Some(whole) = name.get("formatted_name").filter(|_| !has_part).cloned() {
        name.insert("first_name".to_owned(), whole);
    }
}

/// So many copies of a stored file, durable one after the other, and what each message says of its own.
async fn copies(
    context: &Context,
    record: &MediaFile,
    file: &FileDraft,
    count: usize,
) -> Result<(KeptContent, Vec<StoredUpload>)> {
    let mut files = Vec::with_capacity(count);
    let mut kept = None;
    for _ in 0..count {
        let (content, stored) = copy(context, record, file).await?;
        kept = Some(content);
        files.push(stored);
    }
    let kept = kept.ok_or_else(|| Error::new(ErrorCode::Internal, "send a message on to nobody"))?;
    Ok((kept, files))
}

/// One copy. The first one also shows whether WhatsApp takes the file, before anything is kept of it.
async fn copy(
    context: &Context,
    record: &MediaFile,
    file: &FileDraft,
) -> Result<(KeptContent, StoredUpload)> {
    let received = copy_of(context, record).await?;
    let accepted = draft::accept(file, &proved(&received))?;
    let kept = KeptContent { kind: KeptKind::File(accepted), reply_to: None };
    draft::check(&kept)?;
    Ok((kept, received.store(context).await?))
}

async fn queue(
    context: &Context,
    may: &May<rights::Send>,
    (conversations, client_id): (&[ConversationId], Option<&str>),
    kept: &KeptContent,
    files: &[StoredUpload],
) -> Result<QueuedMessages> {
    let scope = may.caller().scope();
    let mut files = files.iter();
    let new = |conversation: &ConversationId| {
        let file = files.next().zip(kept.kind.file());
        let file = file.map(|(stored, file)| described(context, stored, file)).transpose()?;
        let new = new_send(may, Destination::Conversation(*conversation), kept, file)?;
        Ok(NewSend { forwarded: true, client_id: client_id.map(str::to_owned), ..new })
    };
    let all: Vec<NewSend> = conversations.iter().map(new).collect::<Result<_>>()?;
    let queued = context.store().queue_sends(&scope, &all).await?;
    fault::point("send.queued");
    // Another request with the same client id may have come in between: then these are its messages.
    let are_new = queued.iter().all(|one| one.is_new);
    if are_new {
        queued.iter().for_each(|one| publish_new(context, scope.company(), one));
        context.work().wake(Work::Send);
        context.work().wake(Work::Derive);
    }
    Ok(QueuedMessages { ids: queued.into_iter().map(|one| one.message_id).collect(), are_new })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn list_of_conversations_has_bounds_and_no_doubles() {
        let ids = |count: i64| (1..=count).map(ConversationId).collect::<Vec<_>>();
        check_list(&ids(1)).unwrap();
        check_list(&ids(20)).unwrap();
        for wrong in [ids(0), ids(21), [ids(3), ids(1)].concat()] {
            assert_eq!(check_list(&wrong).unwrap_err().field(), Some("conversationIds"), "{wrong:?}");
        }
    }

    #[test]
    fn contact_card_is_sent_on_without_what_whatsapp_does_not_take() {
        let delivered = json!({"name": {"formatted_name": "Ana Lima"}, "phones": [{"phone": "+1555", "wa_id": "1555"}],
            "vcard": "BEGIN:VCARD", "origin": "other"});
        let sent = json!({"name": {"formatted_name": "Ana Lima", "first_name": "Ana Lima"},
            "phones": [{"phone": "+1555", "wa_id": "1555"}]});
        assert_eq!(sendable_card(delivered), sent);
        let whole = json!({"name": {"formatted_name": "Ana Lima", "last_name": "Lima"}});
        assert_eq!(sendable_card(whole.clone()), whole);
    }
}
