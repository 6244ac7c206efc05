//! Items that cannot be recorded, recognized before the database is used: those without a contact, or with ids too long for an index.

use mediary_core::{Direction, storable_text};
use mediary_graph::{Origin, Update, UpdateKind};
use mediary_store::{ContactKey, IdentityChange, IncomingMessage, IngestItem, NewMedia};

/// The longest id of WhatsApp that is stored: Postgres has no index rows above 2.7 KB, and some hold two ids. WhatsApp's own ids
/// have less than 200 bytes.
const ID_BYTES_MAX: usize = 1024;

/// Why an item cannot be recorded, if it cannot.
pub(super) fn fault(item: &IngestItem, update: &Update) -> Option<String> {
    match item {
        IngestItem::Message(message) => of_message(message, update),
        IngestItem::Status(status) => too_long("message id", &status.provider_message_id),
        IngestItem::Edit(edit) => {
            too_long("id of the edited message", &edit.target).or_else(|| of_file(edit.media.as_ref()?))
        }
        IngestItem::Revoke(revoke) => too_long("id of the revoked message", &revoke.target),
    }
}

fn of_message(message: &IncomingMessage, update: &Update) -> Option<String> {
    let contact = &message.contact;
    // The media of a message that is known already belongs to its conversation.
    let of_history = matches!(update.kind, UpdateKind::Message { origin: Origin::HistoryMedia, .. });
    if contact.wa_id.is_none() && contact.user_id.is_none() && !of_history {
        return Some("neither a sender nor a recipient is named".to_owned());
    }
    let who = match message.direction {
        Direction::Inbound => "sender",
        Direction::Outbound => "recipient",
    };
    too_long("message id", &message.provider_message_id)
        .or_else(|| of_contact(who, contact))
        .or_else(|| message.media.iter().chain(&message.attachments).find_map(of_file))
        .or_else(|| of_change(message.identity_change.as_deref()?))
        .or_else(|| too_long("id of the message it reacts to", &message.reaction.as_ref()?.target))
}

fn of_change(change: &IdentityChange) -> Option<String> {
    of_contact("contact", &change.old).or_else(|| of_contact("contact", &change.new))
}

fn of_contact(who: &str, contact: &ContactKey) -> Option<String> {
    let wa_id = contact.wa_id.as_ref().and_then(|id| too_long(&format!("{who}'s WhatsApp id"), id));
    wa_id.or_else(|| too_long(&format!("{who}'s user id"), contact.user_id.as_ref()?))
}

fn of_file(file: &NewMedia) -> Option<String> {
    too_long("media id", file.provider_media_id.as_ref()?)
}

/// Of an id as it is stored, in which U+0000 is longer. Says the limit and not the length: an id that was read once for many
/// items is cut beyond the limit.
fn too_long(what: &str, id: &str) -> Option<String> {
    (storable_text(id).len() > ID_BYTES_MAX)
        .then(|| format!("the {what} is longer than {ID_BYTES_MAX} bytes"))
}
