//! Converts a line of an import into a message.

use mediary_core::{Direction, FileType, MessageStatus, MessageType, Timestamp, limits};
use mediary_store::{Account, ContactKey, IncomingMessage, LegacyMedia, NewMedia, Reaction};
use serde_json::Value;

use super::given::{GivenContact, GivenLine};

/// Bytes of an id, which databases keep in their indexes; WhatsApp's own are much shorter.
const ID_BYTES: usize = 512;
/// Digits of a number in WhatsApp; E.164 allows 15.
const WA_ID_DIGITS: usize = 20;
/// The beginning of 2009, the year in which WhatsApp began.
const FIRST_TIME: Timestamp = Timestamp(1_230_768_000_000);
const MEDIA_TYPES: &str = "image, video, audio, document and sticker";

/// The message of a checked line; an error names the field and what is wrong with it.
pub(super) fn message(
    given: GivenLine,
    account: &Account,
    now: Timestamp,
) -> Result<IncomingMessage, String> {
    check_ids(&given)?;
    if given.timestamp < FIRST_TIME {
        return Err(format!(
            "timestamp: {} is before 2009, when there was no WhatsApp; an older system may have written 0 for a \
             time that it lacks; give WhatsApp's time of the message",
            given.timestamp
        ));
    }
    if given.timestamp > now.plus(limits::IMPORT_CLOCK_SKEW) {
        return Err(format!("timestamp: {} has not come yet", given.timestamp));
    }
    let contact = contact(&given.contact)?;
    let reaction = reaction(&given)?;
    let media = media(&given, account, now)?;
    let status = status(given.direction, given.status.as_deref())?;
    let outbound = given.direction == Direction::Outbound;
    let business = account.display_phone_number.as_deref().map(digits);
    if media.is_some()
        && let (Some(text), Some(caption)) = (&given.text, &given.caption)
        && text != caption
    {
        return Err(
            "text: a message with media has a caption and no text besides; give one of both".to_owned()
        );
    }
    let (text, caption) = match &media {
        // What older systems kept as a media message's text is its caption.
        Some((_, node)) => (None, given.caption.or(given.text).or_else(|| node.text("caption"))),
        None => (given.text, given.caption),
    };
    Ok(IncomingMessage {
        company_id: account.company_id,
        account_id: account.id,
        direction: given.direction,
        message_type: given.kind,
        status,
        provider_message_id: given.provider_message_id,
        timestamp: given.timestamp,
        text,
        caption,
        sender_phone: if outbound { business.clone() } else { contact.phone.clone() },
        sender_name: if outbound { None } else { contact.name.clone() },
        receiving_phone: if outbound { contact.phone.clone() } else { business },
        contact,
        reply_to: given.reply_to.filter(|_| reaction.is_none()),
        forwarded: false,
        frequently_forwarded: false,
        reaction,
        error: None,
        raw_payload: given.raw_payload,
        media: media.map(|(media, _)| media),
        attachments: Vec::new(),
        imported: Some(LegacyMedia { url: given.media_url, kind: given.media_type }),
        identity_change: None,
        unread: false,
        placeholder: false,
    })
}

fn check_ids(given: &GivenLine) -> Result<(), String> {
    let ids = [
        ("providerMessageId", Some(&given.provider_message_id)),
        ("providerMediaId", given.provider_media_id.as_ref()),
        ("replyTo", given.reply_to.as_ref()),
        ("contact.userId", given.contact.user_id.as_ref()),
    ];
    for (field, id) in ids {
        if let Some(id) = id
            && (id.len() > ID_BYTES || id.chars().any(|c| c.is_control() || c.is_whitespace()))
        {
            return Err(format!("{field}: must have no spaces, and {ID_BYTES} bytes at most"));
        }
    }
    Ok(())
}

fn contact(given: &GivenContact) -> Result<ContactKey, String> {
    let wa_id = given.wa_id.as_deref().map(wa_id).transpose()?;
    if wa_id.is_none() && given.user_id.is_none() {
        return Err("contact: needs a waId, or a userId".to_owned());
    }
    Ok(ContactKey {
        phone: wa_id.clone(),
        wa_id,
        user_id: given.user_id.clone(),
        name: given.name.clone(),
        group: false,
    })
}

/// WhatsApp's id of a person is the digits of the number, however people write it.
fn wa_id(text: &str) -> Result<String, String> {
    let written = |c: char| c.is_ascii_digit() || c.is_whitespace() || "+-().".contains(c);
    let wa_id = digits(text);
    if !text.chars().all(written) || !(1..=WA_ID_DIGITS).contains(&wa_id.len()) {
        return Err(format!("contact.waId: must be the digits of a phone number, {WA_ID_DIGITS} at most"));
    }
    Ok(wa_id)
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn reaction(given: &GivenLine) -> Result<Option<Reaction>, String> {
    if given.kind != MessageType::Reaction {
        return match given.emoji {
            Some(_) => Err(format!("emoji: belongs to messages of type reaction, not {}", given.kind)),
            None => Ok(None),
        };
    }
    let target = given.reply_to.clone();
    let target = target.ok_or("replyTo: a reaction needs the providerMessageId of its message")?;
    Ok(Some(Reaction { target, emoji: given.emoji.clone() }))
}

/// A message that the older system did not send is not sent by Mediary either.
fn status(direction: Direction, given: Option<&str>) -> Result<MessageStatus, String> {
    use MessageStatus::{Delivered, Failed, Played, Read, Received, Sent};
    let allowed: &[MessageStatus] = match direction {
        Direction::Inbound => &[Received],
        Direction::Outbound => &[Sent, Delivered, Read, Played, Failed],
    };
    let Some(given) = given else { return Ok(allowed[0]) };
    let status = allowed.iter().copied().find(|status| status.as_str() == given);
    status.ok_or_else(|| {
        let allowed: Vec<&str> = allowed.iter().map(|status| status.as_str()).collect();
        let one = if allowed.len() > 1 { "one of: " } else { "" };
        format!("status: of an {direction} message must be {one}{}", allowed.join(", "))
    })
}

/// The media of a message, and what its payload says about it.
fn media(given: &GivenLine, account: &Account, now: Timestamp) -> Result<Option<(NewMedia, Node)>, String> {
    let Some(file_type) = given.kind.file_type() else {
        let fields = [("mediaUrl", &given.media_url), ("providerMediaId", &given.provider_media_id)];
        return match fields.iter().find(|(_, value)| value.is_some()) {
            Some((field, _)) => Err(format!(
                "{field}: a message of type {} has no media; types with media are {MEDIA_TYPES}",
                given.kind
            )),
            None => Ok(None),
        };
    };
    let expires_at = given.timestamp.plus(limits::PROVIDER_MEDIA_LIFE);
    let policy = account.effective_policy;
    let alive = given.provider_media_id.is_some() && expires_at > now;
    let node = Node::of(given, file_type);
    let media = NewMedia {
        provider_media_id: given.provider_media_id.clone(),
        file_type,
        mime_type: mime_type(given).or_else(|| node.text("mime_type")),
        file_name: given.file_name.clone().or_else(|| node.text("filename")),
        sha256: node.text("sha256").as_deref().and_then(|text| text.parse().ok()),
        file_size: None,
        voice: node.flag("voice"),
        animated: node.flag("animated"),
        provider_url: None,
        policy,
        download_now: alive && policy.downloads_on_arrival(),
        expires_at,
    };
    Ok(Some((media, node)))
}

/// Older systems have either, and some write a MIME type into both.
fn mime_type(given: &GivenLine) -> Option<String> {
    let by_kind = || given.media_type.clone().filter(|kind| kind.contains('/'));
    given.mime_type.clone().or_else(by_kind)
}

/// What WhatsApp's own payload, where an older system kept it, says about the media.
struct Node(Value);

impl Node {
    fn of(given: &GivenLine, file_type: FileType) -> Self {
        let payload = given.raw_payload.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok());
        let node = payload.and_then(|mut payload| payload.get_mut(file_type.as_str()).map(Value::take));
        Self(node.unwrap_or_default())
    }

    fn text(&self, key: &str) -> Option<String> {
        self.0.get(key)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
    }

    fn flag(&self, key: &str) -> bool {
        self.0.get(key).is_some_and(|flag| flag == true)
    }
}
