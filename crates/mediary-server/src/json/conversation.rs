use mediary_core::{AccountId, ContactId, ConversationId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Message, Reader, Shape, Time};

/// The thread of one contact with one WhatsApp account.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Conversation {
    #[schema(value_type = i64)]
    id: ConversationId,
    #[schema(value_type = i64)]
    whatsapp_account_id: AccountId,
    contact: Contact,
    #[schema(required)]
    last_message: Option<Message>,
    #[schema(value_type = Time)]
    last_message_at: Timestamp,
    unread_count: i64,
}

/// A person or group the company talks with.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Contact {
    #[schema(value_type = i64)]
    id: ContactId,
    #[schema(required)]
    wa_id: Option<String>,
    /// The business-scoped id, where WhatsApp gives one.
    #[schema(required)]
    user_id: Option<String>,
    #[schema(required)]
    phone: Option<String>,
    #[schema(required)]
    name: Option<String>,
}

impl Shape<mediary_store::Conversation> for Conversation {
    fn shape(row: mediary_store::Conversation, reader: &Reader) -> Self {
        let contact = row.contact;
        Self {
            id: row.id,
            whatsapp_account_id: row.account_id,
            contact: Contact {
                id: contact.id,
                wa_id: contact.wa_id,
                user_id: contact.user_id,
                phone: contact.phone,
                name: contact.name,
            },
            last_message: row.last_message.map(|message| Message::shape(message, reader)),
            last_message_at: row.last_message_at,
            unread_count: row.unread_count,
        }
    }
}
