use mediary_core::{
    AccountId, CompanyId, ConversationId, Direction, MessageId, MessageStatus, MessageType, Timestamp,
};
use mediary_store::MessageWithMedia;
use mediary_store::client_id_of;
use serde::Serialize;
use utoipa::ToSchema;

use super::{MediaFile, Reader, Shape, Time, words};

/// One WhatsApp message.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Message {
    #[schema(value_type = i64)]
    id: MessageId,
    #[schema(value_type = i64)]
    company_id: CompanyId,
    #[schema(value_type = i64)]
    conversation_id: ConversationId,
    #[schema(value_type = words::Direction)]
    direction: Direction,
    #[serde(rename = "type")]
    #[schema(value_type = words::MessageType)]
    kind: MessageType,
    #[schema(value_type = words::MessageStatus)]
    status: MessageStatus,
    #[schema(required)]
    text: Option<String>,
    #[schema(required)]
    caption: Option<String>,
    #[schema(required)]
    provider_message_id: Option<String>,
    #[schema(required)]
    provider_media_id: Option<String>,
    #[schema(required)]
    media_mime_type: Option<String>,
    #[schema(required)]
    media: Option<MediaFile>,
    /// Further files: of a filled form, of a template's or an interactive message's header, of a carousel.
    attachments: Vec<MediaFile>,
    #[schema(required)]
    sender_phone: Option<String>,
    #[schema(required)]
    sender_name: Option<String>,
    #[schema(required)]
    receiving_phone: Option<String>,
    #[schema(value_type = i64)]
    whatsapp_account_id: AccountId,
    #[schema(required)]
    aws_phone_number_id: Option<String>,
    /// The id of the message that this one answers, if it is known here.
    #[schema(required, value_type = Option<i64>)]
    reply_to: Option<MessageId>,
    /// Whether it answers a message, which may be one that is not here.
    is_reply: bool,
    forwarded: bool,
    /// Whether it was forwarded more than five times; `forwarded` is true then, too.
    frequently_forwarded: bool,
    reactions: Vec<Reaction>,
    edited: bool,
    /// Whether its sender took it back.
    revoked: bool,
    /// What WhatsApp says went wrong.
    #[schema(required)]
    error: Option<MessageError>,
    /// What its sender called it, if it was sent from here and was called anything.
    #[schema(required)]
    client_id: Option<String>,
    /// WhatsApp's own time.
    #[schema(value_type = Time)]
    timestamp: Timestamp,
    #[schema(value_type = Time)]
    created_at: Timestamp,
    #[schema(value_type = Time)]
    updated_at: Timestamp,
}

/// One person's emoji on a message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Reaction {
    emoji: String,
    from: String,
}

/// WhatsApp's error code and words.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessageError {
    code: i64,
    message: String,
}

impl Shape<MessageWithMedia> for Message {
    fn shape(row: MessageWithMedia, reader: &Reader) -> Self {
        let MessageWithMedia { message, media, attachments } = row;
        Self {
            id: message.id,
            company_id: message.company_id,
            conversation_id: message.conversation_id,
            direction: message.direction,
            kind: message.message_type,
            status: message.status,
            text: message.text,
            caption: message.caption,
            provider_message_id: message.provider_message_id,
            provider_media_id: message.provider_media_id,
            media_mime_type: message.media_mime_type,
            media: media.map(|media| MediaFile::shape(media, reader)),
            attachments: attachments.into_iter().map(|file| MediaFile::shape(file, reader)).collect(),
            sender_phone: message.sender_phone,
            sender_name: message.sender_name,
            receiving_phone: message.receiving_phone,
            whatsapp_account_id: message.account_id,
            aws_phone_number_id: message.aws_phone_number_id,
            is_reply: message.reply_to.is_some(),
            reply_to: message.reply_to.and_then(|reply| reply.message_id),
            forwarded: message.forwarded,
            frequently_forwarded: message.frequently_forwarded,
            reactions: message
                .reactions
                .into_iter()
                .map(|r| Reaction { emoji: r.emoji, from: r.from })
                .collect(),
            edited: message.edited,
            revoked: message.revoked,
            error: message.error.map(|e| MessageError { code: e.code, message: e.message }),
            client_id: message.client_id.as_deref().map(|id| client_id_of(id).to_owned()),
            timestamp: message.sent_at,
            created_at: message.created_at,
            updated_at: message.updated_at,
        }
    }
}
