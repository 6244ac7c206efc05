//! Messages as records.

use std::fmt;

use mediary_core::{
    AccountId, CompanyId, ConversationId, Direction, MessageId, MessageStatus, MessageType, Timestamp, UserId,
};
use serde::{Deserialize, Serialize};

use crate::MediaFile;
use crate::record::{Columns, Read, ReadError, record};

/// One emoji of one person on a message.
#[derive(Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct MessageReaction {
    pub emoji: String,
    pub from: String,
}

impl fmt::Debug for MessageReaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageReaction").finish_non_exhaustive()
    }
}

/// The message that another one answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyTo {
    /// `None` while that message is not known here.
    pub message_id: Option<MessageId>,
    pub provider_message_id: String,
}

/// What WhatsApp says went wrong with a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageError {
    pub code: i64,
    pub message: String,
}

impl Read for Option<ReplyTo> {
    const WIDTH: usize = 2;
    fn read(columns: &mut Columns<'_>) -> Result<Self, ReadError> {
        let (provider_message_id, message_id) = <(Option<String>, Option<MessageId>)>::read(columns)?;
        Ok(provider_message_id.map(|provider_message_id| ReplyTo { message_id, provider_message_id }))
    }
}

impl Read for Option<MessageError> {
    const WIDTH: usize = 2;
    fn read(columns: &mut Columns<'_>) -> Result<Self, ReadError> {
        let (code, message) = <(Option<i64>, Option<String>)>::read(columns)?;
        Ok(code.map(|code| MessageError { code, message: message.unwrap_or_default() }))
    }
}

impl Read for Vec<MessageReaction> {
    const WIDTH: usize = 1;
    fn read(columns: &mut Columns<'_>) -> Result<Self, ReadError> {
        let json = Option::<String>::read(columns)?;
        json.map_or(Ok(Vec::new()), |json| serde_json::from_str(&json).map_err(ReadError::new))
    }
}

record! {
    /// One WhatsApp message, as people see it.
    #[derive(Clone)]
    pub struct Message from messages as m {
        pub id: MessageId,
        pub company_id: CompanyId,
        pub conversation_id: ConversationId,
        pub account_id: AccountId,
        pub aws_phone_number_id: Option<String> = "(SELECT a.aws_phone_number_id FROM whatsapp_accounts a \
            WHERE a.company_id = m.company_id AND a.id = m.account_id)",
        pub direction: Direction,
        pub message_type: MessageType,
        pub status: MessageStatus,
        pub text: Option<String>,
        pub caption: Option<String>,
        pub provider_message_id: Option<String>,
        pub provider_media_id: Option<String>,
        pub media_mime_type: Option<String>,
        pub sender_phone: Option<String>,
        pub sender_name: Option<String>,
        pub receiving_phone: Option<String>,
        pub reply_to: Option<ReplyTo> = "m.reply_to, (SELECT r.id FROM messages r WHERE r.company_id = m.company_id \
            AND r.account_id = m.account_id AND r.provider_message_id = m.reply_to)",
        pub forwarded: bool,
        pub reactions: Vec<MessageReaction>,
        pub edited: bool,
        pub revoked: bool,
        pub error: Option<MessageError> = "m.error_code, m.error_message",
        /// WhatsApp's own time.
        pub sent_at: Timestamp,
        pub created_by: Option<UserId>,
        pub created_at: Timestamp,
        pub updated_at: Timestamp,
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.id)
            .field("company_id", &self.company_id)
            .field("conversation_id", &self.conversation_id)
            .field("direction", &self.direction)
            .field("message_type", &self.message_type)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// A message with its media joined in.
#[derive(Clone, Debug)]
pub struct MessageWithMedia {
    pub message: Message,
    pub media: Option<MediaFile>,
}

impl Read for MessageWithMedia {
    const WIDTH: usize = Message::WIDTH + MediaFile::WIDTH;
    fn read(columns: &mut Columns<'_>) -> Result<Self, ReadError> {
        Ok(Self { message: Message::read(columns)?, media: columns.outer()? })
    }
}
