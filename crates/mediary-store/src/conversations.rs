//! Conversations as records.

use std::fmt;

use mediary_core::{AccountId, CompanyId, ContactId, ConversationId, Timestamp};

use crate::record::{Columns, Read, ReadError, record};
use crate::{MessageWithMedia, PageRequest};

/// A person (or group) the company talks with.
#[derive(Clone)]
pub struct Contact {
    pub id: ContactId,
    pub wa_id: Option<String>,
    pub user_id: Option<String>,
    pub phone: Option<String>,
    pub name: Option<String>,
    pub is_group: bool,
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contact")
            .field("id", &self.id)
            .field("is_group", &self.is_group)
            .finish_non_exhaustive()
    }
}

impl Read for Contact {
    const WIDTH: usize = 6;
    fn read(columns: &mut Columns<'_>) -> Result<Self, ReadError> {
        Ok(Self {
            id: Read::read(columns)?,
            wa_id: Read::read(columns)?,
            user_id: Read::read(columns)?,
            phone: Read::read(columns)?,
            name: Read::read(columns)?,
            is_group: Read::read(columns)?,
        })
    }
}

record! {
    /// The thread of one contact with one account, without its last message.
    #[derive(Clone, Debug)]
    pub(crate) struct Thread from conversations as v {
        pub id: ConversationId,
        pub company_id: CompanyId,
        pub account_id: AccountId,
        pub contact: Contact = "c.id, c.wa_id, c.user_id, c.phone, c.name, c.is_group",
        pub last_message_at: Timestamp,
        pub unread_count: i64,
        pub created_at: Timestamp,
        pub updated_at: Timestamp,
    }
}

/// The thread of one contact with one account.
#[derive(Clone, Debug)]
pub struct Conversation {
    pub id: ConversationId,
    pub company_id: CompanyId,
    pub account_id: AccountId,
    pub contact: Contact,
    pub last_message: Option<MessageWithMedia>,
    pub last_message_at: Timestamp,
    pub unread_count: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// Which conversations.
#[derive(Clone, Debug, Default)]
pub struct ConversationQuery {
    pub page: PageRequest,
    /// Part of a contact's name, number or id; case does not matter.
    pub search: Option<String>,
}
